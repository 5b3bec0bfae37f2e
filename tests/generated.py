"""The generated pages: ``python -m tests.generated`` writes them anew; a test says when that is due."""

from collections.abc import Callable
from pathlib import Path

from dq_engine import explain, feed_page, load_suite
from dq_engine.rating import instrument, instrument_page
from dq_engine.sample import page

ROOT = Path(__file__).resolve().parent.parent
PAGES: dict[str, Callable[[], str]] = {
    "expectations/README.md": explain.reference,
    "expectations/schema/suite.schema.json": lambda: explain.as_text(explain.suite_schema()),
    "expectations/schema/run.schema.json": lambda: explain.as_text(explain.run_schema()),
    "expectations/schema/instrument.schema.json": lambda: explain.as_text(explain.instrument_schema()),
    "expectations/schema/scores.schema.json": lambda: explain.as_text(explain.scores_schema()),
}
PAGES["sample_data/DEFECTS.md"] = page.page
SUITES = {
    path.relative_to(ROOT).as_posix(): path
    for folder in ("practice", "pcgt", "targets")
    for path in sorted((ROOT / "expectations" / folder).glob("*.json"))
}
for name, path in SUITES.items():
    PAGES[name.replace(".json", ".md")] = lambda path=path: feed_page.page(load_suite(path))  # type: ignore[misc]
PAGES["expectations/FEEDS.md"] = lambda: feed_page.index(
    {name.removeprefix("expectations/").replace(".json", ".md"): load_suite(path) for name, path in SUITES.items()}
)
for path in sorted((ROOT / "expectations" / "instruments").glob("*.json")):
    name = path.with_suffix(".md").relative_to(ROOT).as_posix()
    PAGES[name] = lambda path=path: instrument_page.page(instrument.read(path)[0])  # type: ignore[misc]

if __name__ == "__main__":
    for name, make in PAGES.items():
        (ROOT / name).write_text(make(), encoding="utf-8")
