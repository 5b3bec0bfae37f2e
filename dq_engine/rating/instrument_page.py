"""An instrument -> its page for people: what is rated, from what, by which scale, what is assumed. Pure; Markdown out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dq_engine.rating.faults import number
from dq_engine.scores import NOTICE, Band, Instrument, ItemRule, Provenance, TermRule

NON_SUBMISSION = {"not_rated": "is left out of the rating", "zero": "counts as a score of 0"}
MEASURES = (
    "`item_score`: the mean, over the columns that are data items, of the share of values that are valid and complete, without "
    "default codes in excess of what is tolerated. The six dimensions: the mean, over the rules of that dimension, of the share "
    "of judged values that keep the rule. `coverage`: what came, of what was expected. Where columns are named, only what is "
    "about one of them counts."
)


def page(instrument: Instrument) -> str:
    """The page of an instrument."""
    parts = [
        f"# {instrument.title}",
        f"Every rating by this instrument is a {NOTICE}.",
        instrument.description,
        _facts(instrument),
        f"## Scale\n\n{_bands(instrument.scale.bands)}\n\n{_provenance(instrument.scale.provenance)}",
        f"## Items\n\n{MEASURES}",
        *(_item(item, instrument) for item in instrument.items),
        "Generated from the instrument beside this page; do not edit.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(instrument: Instrument) -> str:
    least = f"less than {_percent(instrument.least_weight)} of the weight was measured"
    facts = [
        ("name and version", f"`{instrument.name}` {instrument.version}"),
        ("provenance", _provenance(instrument.provenance)),
        ("rates", "general practices" if instrument.level == "practice" else "primary care groups and trusts (PCG/Ts)"),
        ("a measure without data", NON_SUBMISSION[instrument.non_submission]),
        ("not rated", f"an item of which {least}"),
    ]
    return _table(("", ""), facts)


def _bands(bands: Sequence[Band]) -> str:
    rows = [(band.rating, f"{number(band.from_)} to {'' if band is bands[-1] else 'below '}{number(band.to)}") for band in bands]
    return _table(("rating", "score"), rows)


def _item(item: ItemRule, instrument: Instrument) -> str:
    parts = [
        f"### {instrument.sources[item.source]}: {instrument.functions[item.function]}",
        f"`{item.id}`: {item.question}",
        _table(("weight", "measure", "feed", "columns"), map(_term, item.terms)),
        _bands(item.bands) if item.bands else "",
        f"Its share in the overall rating: {number(item.weight)}." if any(each.weight != 1 for each in instrument.items) else "",
        _provenance(item.provenance),
    ]
    return "\n\n".join(part for part in parts if part)


def _term(term: TermRule) -> tuple[str, ...]:
    columns = ", ".join(f"`{column}`" for column in term.columns) or "all"
    feed = f"`{term.feed}`" if term.feed else "each of the source"
    return (_percent(term.weight), f"`{term.measure}`", feed, columns)


def _provenance(provenance: Provenance) -> str:
    said = f"{provenance.status.capitalize()}. {provenance.source.rstrip('.')}."
    return f"{said} {provenance.notes}".strip()


def _percent(share: float) -> str:
    return f"{share * 100:.10g} %"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [[" ".join(cell.split()).replace("|", "\\|").replace("<", "&lt;") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [names, ["---"] * len(names), *lines])
