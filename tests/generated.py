"""The generated pages: ``python -m tests.generated`` writes them anew; a test says when that is due."""

from collections.abc import Callable
from pathlib import Path

from dq_engine import explain

ROOT = Path(__file__).resolve().parent.parent
PAGES: dict[str, Callable[[], str]] = {
    "expectations/README.md": explain.reference,
    "expectations/schema/suite.schema.json": lambda: explain.as_text(explain.suite_schema()),
    "expectations/schema/run.schema.json": lambda: explain.as_text(explain.run_schema()),
}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (ROOT / name).write_text(make(), encoding="utf-8")
