"""The pages of the reference as values: an expectation's, a feed's. ``explain`` and ``feed_page`` make them; what renders them
needs neither the catalogue nor a suite.

Texts are plain, but for code, which stands between backticks: :func:`pieces` takes them apart.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from dq_engine.model import Dimension, Kahn, Level, Purpose, Severity

EVERY_RULE_TAKES = (
    "Every expectation also takes `severity` (critical, warning, info), `notes`, `description`, `id` and `meta`; where rows or "
    'values are judged, `row_condition` too. In place of any argument may stand `{"$PARAMETER": "…"}`.'
)
"""What the arguments of a page leave out."""


def pieces(text: str) -> tuple[tuple[str, bool], ...]:
    """A text, cut at its backticks: each piece, without them, and whether it is code.

    A backtick without a second one is an ordinary character, and so are two with nothing between them.
    """
    found = enumerate(re.split("`([^`]+)`", text))
    return tuple((piece, place % 2 == 1) for place, piece in found if piece)


# ---------------------------------------------------------------------------------------------------------- expectations


class Section(Struct, frozen=True):
    """A labelled part of the documentation of an expectation: Why, NULLs, Inferred, See also."""

    label: str
    text: str


class Argument(Struct, frozen=True):
    """An argument of an expectation. ``type`` is in words; ``default`` as JSON writes it, "" if the argument is ``required``."""

    name: str
    type: str
    default: str
    required: bool
    meaning: str


class ExampleColumn(Struct, frozen=True):
    """A column of an example with its values, from the first row to the last. No value is NaN: NULL stands for it."""

    name: str
    values: tuple[Any, ...]


class ExampleExtract(Struct, frozen=True):
    """Another extract that an example is held against: what the rule calls it, and its columns."""

    name: str
    data: tuple[ExampleColumn, ...]


class ExampleCase(Struct, frozen=True):
    """An example: arguments, the data they are tried on, whether these pass, how many are ``unexpected`` (None: not stated)."""

    title: str
    arguments: dict[str, Any]
    data: tuple[ExampleColumn, ...]
    passes: bool
    unexpected: int | None
    others: tuple[ExampleExtract, ...]


class RulePage(Struct, frozen=True):
    """The reference of one expectation.

    ``dimension`` is what a rule has unless its ``meta.dq.dimension`` says otherwise; ``kahn`` the category of Kahn et al. 2016,
    ``context`` its context in words.
    """

    name: str
    summary: str
    sections: tuple[Section, ...]
    dimension: Dimension
    kahn: Kahn
    context: str
    arguments: tuple[Argument, ...]
    examples: tuple[ExampleCase, ...]


# ----------------------------------------------------------------------------------------------------------------- feeds


class Fact(Struct, frozen=True):
    """One thing that is said of a feed as a whole, such as its level."""

    label: str
    text: str


class FeedColumn(Struct, frozen=True):
    """A column of a feed; what is not known of it is "".

    ``codes`` are those that stand for "not known", ``item`` says whether it is a data item of the Data Quality Maturity Index,
    ``shown`` whether its values are shown in results; all in words.
    """

    name: str
    type: str
    meaning: str
    codes: str
    item: str
    shown: str


class FeedRule(Struct, frozen=True):
    """A rule of a feed: what it is called, of which expectation it is, what holds; ``notes`` say where it comes from."""

    name: str
    expectation: str
    statement: str
    severity: Severity
    dimension: Dimension
    notes: str


class FeedPage(Struct, frozen=True):
    """What the owner of a feed reads of it; ``rules`` are in the order of their severity, critical ones first.

    ``source`` and ``owner`` are in words. ``columns_note`` says what data items are, "" if no column is one.
    """

    feed: str
    title: str
    description: str
    level: Level
    source: str
    purpose: Purpose
    owner: str
    facts: tuple[Fact, ...]
    columns: tuple[FeedColumn, ...]
    columns_note: str
    rules: tuple[FeedRule, ...]
