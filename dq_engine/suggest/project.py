"""The text of a new project's ``dq.toml``. Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

from msgspec import Struct

SUITES = "suites"
"""The folder of the suites of a new project."""


class Entry(Struct, frozen=True):
    """An extract of the project: its path, and its suite, which was proposed; "" where one that is there already claims it.

    ``claimed`` is the name of that suite.
    """

    path: str
    suite: str = ""
    claimed: str = ""


def settings(entries: Sequence[Entry], made: dt.date) -> str:
    """``dq.toml``, with a word on each setting."""
    listed = "\n".join(_listed(entry, made) for entry in entries) if entries else EXAMPLE
    return f"{HEAD}\n{listed}"


def _listed(entry: Entry, made: dt.date) -> str:
    lines = ["[[extracts]]", f"path = {json.dumps(entry.path, ensure_ascii=False)}"]
    if entry.suite:
        lines.append(
            f"# Proposed by dq init on {made.isoformat()}, and accepted by nobody yet: read it, and raise what must not fail."
        )
        lines.append(f"suite = {json.dumps(entry.suite, ensure_ascii=False)}")
    else:
        lines.append(f"# Checked by the suite {entry.claimed}, which is found by the name of the file.")
    return "\n".join(lines) + "\n"


HEAD = f"""\
# What `dq check` checks in this project, and how. Paths are relative to this file.

[dq]
suites = ["{SUITES}"]      # folders of suites; those that come with dq are found as well
results = "dq-results"   # where each run is stored
fail_on = "critical"     # from which severity on a failed check fails the run: critical, warning, info or never
# memory_limit = "2GB"     # memory of a scan; without it most of the machine
# timeout = 600            # seconds that one extract may take
# verify_statistics = true # believe nothing that files say of their values: for senders who are not trusted

# [dq.parameters]          # values of {{"$PARAMETER": ...}} in suites
# last_month = 6400

# [gate]                   # what a release must be like, beyond fail_on: for dq check --gate
# unused_waivers = "fail"

# Each extract that `dq check` checks when no path is named: a file, a folder or a glob. Without `suite`, the suite is found by
# the name of the file. `columns` and `types` rename columns, and read text as another type.
"""
EXAMPLE = """\
# [[extracts]]
# path = "data/list_sizes/*.parquet"
# suite = "suites/list_sizes.json"
"""
