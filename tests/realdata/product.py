"""The suites that come with dq, on real NHS open data: ``python -m tests.realdata.product`` writes expectations/REAL_DATA.md.

Needs the folder that DQ_REAL_DATA names. ``dq.toml`` beside this file maps the columns.
"""

import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.command import dq

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "expectations" / "REAL_DATA.md"
MEANINGS: dict[str, dict[str, str]] = json.loads((HERE / "meanings.json").read_text(encoding="utf-8"))
"""What a failure means, by extract and rule: somebody looked at the rows."""
INTRO = """\
# What the suites find in real data

The suites of this folder, unchanged, on real NHS open data of the same shape. `tests/realdata/dq.toml` says which file is which feed, what
its columns are called, as which type text is read, and which rules are not for a file (those are *skipped*, and counted as such).
Written by `python -m tests.realdata.product`; a test compares it with a fresh run where the data are there. The data are not part of this
repository ([tests/realdata/README.md](../tests/realdata/README.md) names their publishers and licence).

A count is never without what it is of. "At" is how many organisations it concerns. The HES file is artificial data that NHS Digital
published: each column was sampled on its own, so what it breaks between columns or extracts is no finding about hospitals.
"""


def run(real_data: Path) -> list[dict[str, Any]]:
    """The extracts of a run over the real data, as ``run.json`` has them."""
    with tempfile.TemporaryDirectory() as temporary:
        project = Path(temporary)
        (project / "data").symlink_to(real_data)
        (project / "dq.toml").write_text((HERE / "dq.toml").read_text(encoding="utf-8"), encoding="utf-8")
        done = dq(project, "check", "--no-results", "--format", "json", "--quiet", deadline=300)
        assert done.stdout, done.stderr
        extracts: list[dict[str, Any]] = json.loads(done.stdout)["extracts"]
        return extracts


def page(extracts: list[dict[str, Any]]) -> str:
    """The page about a run."""
    parts = [
        INTRO,
        "## In short\n",
        "| feed | file | rows | organisations | passed | failed | nothing to judge | skipped | not evaluable |",
    ]
    parts.append("|---|---|---|---|---|---|---|---|---|")
    for extract in extracts:
        statuses = Counter(outcome["status"] for outcome in extract["outcomes"])
        counts = [f"{statuses[status]}" for status in ("pass", "fail", "vacuous", "skipped", "error")]
        file = Path(extract["files"][0]["path"]).name
        cells = [extract["name"], f"`{file}`", f"{extract['rows']:,}", f"{extract.get('organisations', 0):,}", *counts]
        parts.append(f"| {' | '.join(cells)} |")
    for extract in extracts:
        parts += [
            "",
            f"## {extract['title']}",
            "",
            "| rule | what should hold | fails for | of | at | what it is |",
            "|---|---|---|---|---|---|",
        ]
        parts += [row(extract["name"], outcome) for outcome in extract["outcomes"] if outcome["status"] == "fail"]
    return "\n".join(parts) + "\n"


def row(extract: str, outcome: dict[str, Any]) -> str:
    unit = "" if outcome.get("unit", "rows") == "rows" else f" {outcome['unit']}"
    at = f"{outcome['failing_organisations']:,}" if "failing_organisations" in outcome else ""
    cells = [
        f"`{outcome['check']}` ({outcome['severity']})",
        outcome["statement"].replace("|", "\\|"),
        f"{outcome['unexpected_count']:,}",
        f"{outcome['denominator']:,}{unit}",
        at,
        MEANINGS.get(extract, {}).get(outcome["check"], ""),
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(run(Path(os.environ["DQ_REAL_DATA"]).resolve())), encoding="utf-8")
