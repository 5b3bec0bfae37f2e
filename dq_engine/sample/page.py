"""The feeds of the samples -> a page that lists their planted defects. Pure; Markdown out."""

from __future__ import annotations

from dq_engine.sample.feed import Breaks, Defect
from dq_engine.sample.feeds import feed_names, load_feed

INTRO = """\
# Planted defects

What is wrong in the samples on purpose, by feed, and which rules of the suites it breaks (of another feed where named). How
often a defect falls differs by PCG/T and by source of the records; `_key/answer_key.parquet` has the counts for each rule and
organisation. Generated from `dq_engine/sample/feeds`; do not edit.

A row has one defect at most. `dq sample --plant FEED=TIMES` makes defects more or less frequent in a feed, or in the feeds of a
source. Rows that are then befallen more than once have a heavy defect, where the feed has any: one that spoils most of the row.
"""


def page() -> str:
    """Every feed with its defects."""
    parts = [INTRO]
    for name in feed_names():
        rows = [_row(name, defect) for defect in load_feed(name).defects]
        parts.append("\n".join([f"## {name}", "", "| defect | what is wrong | breaks |", "|---|---|---|", *rows, ""]))
    return "\n".join(parts).rstrip() + "\n"


def _row(feed: str, defect: Defect) -> str:
    rules = ", ".join(dict.fromkeys(_rule(feed, breaks) for breaks in defect.breaks))
    return f"| {defect.name}{' (heavy)' if defect.heavy else ''} | {defect.what} | {rules} |"


def _rule(feed: str, breaks: Breaks) -> str:
    return f"`{breaks.rule}`" if breaks.feed in ("", feed) else f"`{breaks.rule}` of {breaks.feed}"
