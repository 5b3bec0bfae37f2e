"""What frictionless, the library of the standard's authors, says of the package beside this file: the rows that break each rule.

It brings some forty packages, so CI does not install it: ``python -m venv V && V/bin/pip install frictionless``, then
``V/bin/python tests/interchange/record_frictionless.py``.
"""

import json
import re
from pathlib import Path

import frictionless

PACKAGE = Path(__file__).parent / "frictionless"


def main() -> None:
    report = frictionless.validate(str(PACKAGE / "datapackage.json"))
    found: dict[str, dict[str, int]] = {}
    for task in report.tasks:
        broken = found.setdefault(task.name, {})
        for error in task.errors:
            constraint = re.search(r'constraint "(\w+)"', error.note)
            field = getattr(error, "field_name", "") or ",".join(getattr(error, "field_names", []) or [])
            rule = f"{error.type}:{field}:{constraint[1] if constraint else ''}".rstrip(":")
            broken[rule] = broken.get(rule, 0) + 1
    recorded = {"frictionless": frictionless.__version__, "broken": found}
    (PACKAGE / "verdicts.json").write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main()
