"""A suite -> the page for whoever answers for the data: what the feed is, its columns, its rules and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from dq_engine.model import SEVERITIES, Field
from dq_engine.reference import Fact, FeedColumn, FeedPage, FeedRule
from dq_engine.suite import Suite

LEVELS = {"practice": "general practices", "pcgt": "primary care groups and trusts (PCG/Ts)"}
SHOWN = {
    "public": "yes",
    "sensitive": "as shapes; values only with `--show-values`",
    "identifying": "never: it identifies people",
}
ITEMS = {"current": "yes", "experimental": "on trial", None: ""}
ITEMS_NOTE = (
    "Data items are what the Data Quality Maturity Index is made of; those on trial count only in its experimental form. A code "
    'for "not known" lowers the score of its item, unless it is tolerated.'
)


def describe(suite: Suite) -> FeedPage:
    """The owner's page of the feed that a suite is for, as values."""
    feed = suite.feed
    targets = " These are targets: a rule that fails says that one is missed, not that the data are wrong." * (
        feed.purpose == "targets"
    )
    return FeedPage(
        feed=feed.feed,
        title=feed.title or feed.feed,
        description=f"{feed.description}{targets}",
        level=feed.level,
        source=_words(feed.source),
        purpose=feed.purpose,
        owner=feed.owner or "Not stated.",
        facts=_facts(suite),
        columns=tuple(
            FeedColumn(name, field.type or "", field.description, _codes(field), ITEMS[field.item], SHOWN[field.sensitivity])
            for name, field in feed.columns.items()
        ),
        columns_note=ITEMS_NOTE if any(field.item for field in feed.columns.values()) else "",
        rules=tuple(
            FeedRule(check.id, check.expectation.name, check.statement, check.severity, check.dimension, _notes(check.notes))
            for check in sorted(suite.checks, key=lambda check: SEVERITIES.index(check.severity), reverse=True)
        ),
    )


def page(suite: Suite) -> str:
    """The owner's page of the feed that a suite is for, in Markdown."""
    feed = describe(suite)
    parts = [
        f"# {feed.title}",
        feed.description,
        _table(("", ""), [_row(fact.label, fact.text) for fact in feed.facts]),
        f"## Whose it is\n\n{feed.owner}",
        "## Columns",
        _columns(feed.columns),
        *([feed.columns_note] if feed.columns_note else []),
        "## Rules",
        _rules(feed.rules),
        "Generated from the suite beside this page; do not edit.",
    ]
    return "\n\n".join(parts) + "\n"


def index(suites: Mapping[str, Suite]) -> str:
    """A page that lists feeds, in Markdown; ``suites`` maps the address of a suite's page to the suite."""
    rows = []
    for address, suite in suites.items():
        feed = describe(suite)
        link = f"[{feed.feed}]({address})"
        rows.append(_row(link, feed.title, feed.level, feed.source, feed.purpose, str(len(feed.rules))))
    intro = (
        "# Feeds\n\nA page for each suite: what the data are, who answers for them, their columns, their rules and where each "
        "rule comes from. [SOURCES.md](SOURCES.md) has what is known and what is not. Generated; do not edit."
    )
    table = _table(("feed", "title", "level", "source", "for", "rules"), rows)
    return f"{intro}\n\n{table}\n"


# ---------------------------------------------------------------------------------------------------------- suite -> values


def _facts(suite: Suite) -> tuple[Fact, ...]:
    feed = suite.feed
    others = sorted({name for check in suite.checks for name in check.others})
    facts = [
        Fact("file", f"`{feed.feed}.parquet`, or any file that is checked with this suite"),
        Fact("level", f"data about {LEVELS[feed.level]}"),
        Fact("source of the records", _words(feed.source)),
        Fact("organisation", f"`{feed.organisation_column}`" if feed.organisation_column else "none"),
        Fact("period", f"`{feed.period_column}`" if feed.period_column else "none"),
        Fact("held against", ", ".join(f"`{name}`" for name in others) or "nothing else"),
    ]
    if feed.register is not None:
        named = msgspec.structs.asdict(feed.register).items()
        facts.append(Fact("register of organisations", ", ".join(f"{key} `{column}`" for key, column in named if column)))
    return tuple(facts)


def _codes(field: Field) -> str:
    default, other = (", ".join(f"`{code}`" for code in codes) for codes in (field.default_codes, field.other_codes))
    tolerated = (
        f" (tolerated{'' if field.tolerance == 1 else f' up to {field.tolerance * 100:.10g} %'})" if field.tolerance else ""
    )
    return "; ".join(part for part in (f"{default}{tolerated}", f"other: {other}" if other else "") if part)


def _notes(notes: str | list[str]) -> str:
    return notes if isinstance(notes, str) else " ".join(notes)


def _words(name: str) -> str:
    return name.replace("_", " ")


# ------------------------------------------------------------------------------------------------------ values -> Markdown


def _columns(columns: Iterable[FeedColumn]) -> str:
    return _table(
        ("column", "type", "meaning", 'codes for "not known"', "data item", "shown in results"),
        [_row(f"`{one.name}`", one.type, one.meaning, one.codes, one.item, one.shown) for one in columns],
    )


def _rules(rules: Iterable[FeedRule]) -> str:
    return _table(
        ("rule", "what holds", "severity", "dimension", "where it comes from"),
        [_row(f"`{rule.name}`", rule.statement, rule.severity, rule.dimension, rule.notes) for rule in rules],
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    """Text as it can stand in a cell of a table: on one line, with no bar and no mark-up of its own but code and links."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _table(head: Iterable[str], rows: Iterable[str]) -> str:
    names = list(head)
    return "\n".join([f"| {' | '.join(names)} |", "|" + "---|" * len(names), *rows])
