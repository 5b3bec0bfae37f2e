"""The suites that come with dq, on real NHS open data: ``python -m tests.realdata.product`` writes expectations/REAL_DATA.md.

Needs the folder that DQ_REAL_DATA names. ``dq.toml`` beside this file maps the columns.
"""

import json
import os
import tempfile
import textwrap
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

The suites of this folder, unchanged, on real NHS open data of the same shape. Written by `python -m tests.realdata.product`; a test
compares it with a fresh run where the data are there. They are no part of this repository
([tests/realdata/README.md](../tests/realdata/README.md) names their publishers and licence).

[dq.toml](../tests/realdata/dq.toml) says which file is which feed, what its columns are called, and as which type text is read. Rules that
a file cannot answer are *skipped*: it has no such column, or there is no other extract of its time. The reasons are in that file.

**Somebody looked at the rows of each failure; the last column says what they are.** Many are true of the data and no fault of theirs; some
show that a rule is wrong about the world, and say so. "At" is how many organisations it concerns. The HES file is artificial data that
NHS Digital published: each column was sampled on its own, so what it breaks between columns is no finding about hospitals.

## In short
"""
HEAD = ("feed", "file", "rows", "organisations", "passed", "failed", "nothing to judge", "skipped")
RULES = ("rule", "what should hold", "fails for", "of", "at", "what it is")

NONE_FAILED = "None of the rules that the file can answer failed."


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
    """The page about a run. An extract of which every rule was skipped is left out."""
    told = [extract for extract in extracts if any(outcome["status"] != "skipped" for outcome in extract["outcomes"])]
    parts = [INTRO, *table(HEAD), *map(in_short, told)]
    for extract in told:
        failed = [outcome for outcome in extract["outcomes"] if outcome["status"] == "fail"]
        suite = Path(extract["suite"]["path"])
        parts += ["", f"## {extract['name']}: [{extract['title']}]({suite.parent.name}/{suite.stem}.md)", ""]
        parts += [*table(RULES), *(row(extract["name"], outcome) for outcome in failed)] if failed else [NONE_FAILED]
    return "\n".join(parts) + "\n"


def table(head: tuple[str, ...]) -> list[str]:
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]


def in_short(extract: dict[str, Any]) -> str:
    statuses = Counter(outcome["status"] for outcome in extract["outcomes"])
    counts = [f"{statuses[status]}" for status in ("pass", "fail", "vacuous", "skipped")]
    organisations = f"{extract['organisations']:,}" if "organisations" in extract else "not counted"
    file, rows = Path(extract["files"][0]["path"]).stem, f"{extract['rows']:,}"
    return f"| {' | '.join([extract['name'], f'`{file}`', rows, organisations, *counts])} |"


def row(extract: str, outcome: dict[str, Any]) -> str:
    unit = "" if outcome.get("unit", "rows") == "rows" else f" {outcome['unit']}"
    cells = [
        f"`{outcome['check']}` ({outcome['severity']})",
        textwrap.shorten(outcome["statement"], 95, placeholder=" …").replace("|", "\\|"),
        f"{outcome['unexpected_count']:,}",
        f"{outcome['denominator']:,}{unit}",
        f"{outcome['failing_organisations']:,}" if "failing_organisations" in outcome else "",
        MEANINGS.get(extract, {}).get(outcome["check"], ""),
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(run(Path(os.environ["DQ_REAL_DATA"]).resolve())), encoding="utf-8")
