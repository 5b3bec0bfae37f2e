"""Feed -> SQL: the rows with their defects, and what the defects break. Pure.

Both statements stand on the same *marked* rows: the clean row and ``dq_defect``, the number (from 1) of the defect that befalls
it, or 0. One draw from the key of a row decides. The range of the draw is laid out in slots, one for each defect, as wide as
its ``per_10_000`` times the factors of PCG/T and source; a row whose draw falls into a slot has that defect if it may have it.
Where a feed is planted more than once, the slots come after a range of draws for rows that are befallen more than once, which
have a heavy defect (``dq_engine.sample.chance``). What befalls rows together is drawn before, from their common text.
"""

from __future__ import annotations

from fractions import Fraction

from dq_engine.model import Source
from dq_engine.sample.chance import DRAWN, SLOTS_OF_A_DRAW, Range, chances, laid_out
from dq_engine.sample.feed import Breaks, Column, Defect, Feed
from dq_engine.sample.world import QUARTERS
from dq_engine.sql import ident, text

SOURCE_HALVES: dict[Source, int] = {
    "primary_care": 2,
    "hospital": 1,
    "community": 4,
    "mental_health": 4,
    "social_care": 6,
}
"""How often defects befall the feeds of a source, in halves: the factors are 1, 0.5, 2, 2 and 3."""
DRAWN_TOGETHER = 80_000
"""The draw that decides on what befalls rows together is below this."""
MOST_QUARTERS = max(QUARTERS)


def check(feed: Feed) -> None:
    """Raises ValueError if a feed contradicts itself: columns or defects by one name, unknown columns, too many defects."""
    names = [column.name for column in feed.columns]
    defects = [defect.name for defect in feed.defects]
    changed = {name for defect in feed.defects if not isinstance(defect.change, str) for name in defect.change}
    if len(set(names)) < len(names) or len(set(defects)) < len(defects):
        raise ValueError(f"{feed.name}: two columns or two defects have one name")
    if unknown := sorted(({feed.organisation} | changed) - set(names)):
        raise ValueError(f"{feed.name}: no such column: {', '.join(unknown)}")
    most = _bounds(feed)[-1] * MOST_QUARTERS * SOURCE_HALVES[feed.source] // 8
    if most > DRAWN:
        room = 8 * DRAWN // (100 * MOST_QUARTERS * SOURCE_HALVES[feed.source])
        raise ValueError(f"{feed.name}: per_10_000 of all defects may be {room} together, and is {_bounds(feed)[-1] // 100}")


def rows(feed: Feed, *, ordered: bool = True) -> str:
    """SELECT of the rows of the file, ``ordered`` as the feed says or as they come."""
    copies = " ".join(f"WHEN {number} THEN {marks}" for number, defect in _numbered(feed) if (marks := _copies(defect, number)))
    marked = _marked(feed)
    if copies:
        marked = f"SELECT *, unnest(CASE dq_defect {copies} ELSE [dq_defect] END) AS dq_mark\nFROM ({marked})"
    else:
        marked = f"SELECT *, dq_defect AS dq_mark\nFROM ({marked})"
    chosen = ", ".join(ident(column.name) for column in feed.columns)
    order = f"\nORDER BY {feed.order}, dq_key, dq_mark" if ordered and feed.order else ""
    return f"SELECT {chosen}\nFROM ({_changed(feed, 'dq_mark', marked)}){order}"


def breaches(feed: Feed) -> str:
    """SELECT of what the defects of a feed break: feed, rule, organisation, item, once, unexpected."""
    cases = "\n".join(
        f"WHEN {number} THEN [{', '.join(_breach(feed, breaks) for breaks in defect.breaks)}]"
        for number, defect in _numbered(feed)
        if defect.breaks
    )
    if not cases:
        return "SELECT '' AS feed, '' AS rule, '' AS organisation, '' AS item, FALSE AS once, 0 AS unexpected WHERE FALSE"
    broken = f"SELECT unnest(CASE dq_mark\n{cases}\nEND) AS b\nFROM ({_changed(feed, 'dq_mark', _befallen(feed))})"
    return (
        "SELECT b.feed AS feed, b.rule AS rule, coalesce(b.organisation, '(none)') AS organisation, "
        "coalesce(b.item, '') AS item, b.once AS once, sum(b.planted)::BIGINT AS unexpected\n"
        f"FROM ({broken})\nWHERE b IS NOT NULL\nGROUP BY ALL"
    )


def befallen(feed: Feed) -> str:
    """SELECT of how many rows each defect befell: defect, planted."""
    names = " ".join(f"WHEN {number} THEN {text(defect.name)}" for number, defect in _numbered(feed))
    if not names:
        return "SELECT '' AS defect, 0 AS planted WHERE FALSE"
    return f"SELECT CASE dq_mark {names} END AS defect, count(*) AS planted\nFROM ({_befallen(feed)})\nGROUP BY ALL"


def _numbered(feed: Feed) -> list[tuple[int, Defect]]:
    return list(enumerate(feed.defects, 1))


def _copies(defect: Defect, number: int) -> str:
    """The marks of the rows that a befallen row becomes, where that is not simply the changed row."""
    if defect.change == "repeat":
        return f"[{number}, {number}]"
    if defect.change == "drop":
        return "[]"
    return f"[0, {number}]" if defect.extra else ""


def _bounds(feed: Feed) -> list[int]:
    """Where the slots of the defects end, in draws of a PCG/T and a source with the factor 1; 0 where there is no defect."""
    bounds = [0]
    for defect in feed.defects:
        bounds.append(bounds[-1] + (0 if defect.together else 100 * defect.per_10_000))
    return bounds


def _befallen(feed: Feed) -> str:
    """SELECT of the marked rows that have a defect."""
    # an empty list and not a WHERE: DuckDB would carry that down to the relation, and draw again and again
    return f"SELECT *, unnest(if(dq_defect > 0, [dq_defect], [])) AS dq_mark\nFROM ({_marked(feed, likely=True)})"


def _marked(feed: Feed, *, likely: bool = False) -> str:
    """SELECT of the clean rows with ``dq_defect``; beside the output columns, it has those of the relation called otherwise.

    ``likely``: without most of the rows that have no defect.
    """
    names = ", ".join(text(column.name) for column in feed.columns)
    outputs = ",\n       ".join(_output(column) for column in feed.columns)
    clean = (
        f"SELECT COLUMNS(lambda name: name NOT IN ({names})),\n       {outputs},\n"
        f"       CAST({feed.key} AS VARCHAR) AS dq_key, {feed.pcgt} AS dq_pcgt\nFROM {feed.relation}"
    )
    if not feed.defects:
        return f"SELECT *, 0 AS dq_defect FROM ({clean})"
    ranges = _ranges(feed)
    beyond = max((each.end for each in ranges.values()), default=0)
    drawn = f"SELECT *, draw('defect|{feed.name}|' || dq_key, {DRAWN}) AS dq_draw\nFROM ({clean})"
    # most draws are beyond all slots, whatever the factor: they are told by a comparison
    factored = f"SELECT *, if(dq_draw < {beyond}, quarters(dq_pcgt), NULL) AS dq_quarters\nFROM ({drawn})"
    heavy = [number for number, defect in _numbered(feed) if defect.heavy]
    slots = " ".join(f"WHEN {quarters} THEN {_slot(each, len(heavy))}" for quarters, each in ranges.items())
    slotted = f"SELECT *, CASE dq_quarters {slots} WHEN 0 THEN NULL END AS dq_slot\nFROM ({factored})"
    together = [number for number, defect in _numbered(feed) if defect.together]
    if likely and not together:
        slotted += f"\nWHERE dq_draw < {beyond}"
    cases = [
        *(f"WHEN {_befalls_all(feed, number)} THEN {number}" for number in together),
        "WHEN dq_slot IS NULL THEN 0",
        *(f"WHEN dq_slot = {-place} THEN {_if_it_may(feed, number)}" for place, number in enumerate(heavy, 1)),
        *(
            f"WHEN dq_slot < {bound} THEN {_if_it_may(feed, number)}"
            for (number, defect), bound in zip(_numbered(feed), _bounds(feed)[1:], strict=True)
            if not defect.together
        ),
    ]
    listed = "\n".join(cases)
    return f"SELECT *, CASE {listed}\nELSE 0 END AS dq_defect\nFROM ({slotted})"


def _ranges(feed: Feed) -> dict[int, Range]:
    """Where the draws of befallen rows lie, by the factor of the PCG/T in quarters; {} if all defects befall rows together."""
    slots = _bounds(feed)[-1]
    apart = any(defect.heavy for defect in feed.defects)
    return {
        quarters: laid_out(_share(feed, Fraction(slots, DRAWN), quarters), slots, feed.times, apart=apart)
        for quarters in QUARTERS
        if quarters and slots
    }


def _share(feed: Feed, share: Fraction, quarters: int) -> Fraction:
    """The usual share of rows with a defect, from what it is for a PCG/T and a source with the factor 1."""
    return share * quarters * SOURCE_HALVES[feed.source] / 8


def _slot(drawn: Range, heavy: int) -> str:
    """SQL of the slot of a draw, or -1, -2, … for the ``heavy`` defects."""
    slot = f"{SLOTS_OF_A_DRAW} * (dq_draw - {drawn.more}) // {drawn.unit}"
    return f"if(dq_draw < {drawn.more}, -1 - dq_draw % {heavy}, {slot})" if drawn.more else slot


def _if_it_may(feed: Feed, number: int) -> str:
    """SQL of the number of the defect if the row may have it, else 0."""
    return f"if({feed.defects[number - 1].where}, {number}, 0)"


def _befalls_all(feed: Feed, number: int) -> str:
    """SQL that is true for all rows of a befallen group."""
    defect, ends = feed.defects[number - 1], []
    for quarters in QUARTERS:
        usual = min(Fraction(1), _share(feed, Fraction(defect.per_10_000, 10_000), quarters))
        ends.append(f"WHEN {quarters} THEN {round(sum(chances(usual, feed.times)) * DRAWN_TOGETHER)}")
    drawn = f"draw('defect|{feed.name}|{defect.name}|' || {defect.together}, {DRAWN_TOGETHER})"
    return f"({defect.where}) AND {drawn} < CASE quarters(dq_pcgt) {' '.join(ends)} END"


def _output(column: Column) -> str:
    return f"CAST({column.sql} AS {column.type}) AS {ident(column.name)}"


def _changed(feed: Feed, mark: str, marked: str) -> str:
    """SELECT of ``marked`` with the changes of the defect whose number is in ``mark``."""
    changes = []
    for column in feed.columns:
        cases = " ".join(
            f"WHEN {number} THEN {defect.change[column.name]}"
            for number, defect in _numbered(feed)
            if not isinstance(defect.change, str) and column.name in defect.change
        )
        if cases:
            name = ident(column.name)
            changes.append(f"CAST(CASE {mark} {cases} ELSE {name} END AS {column.type}) AS {name}")
    if not changes:
        return marked
    listed = ",\n       ".join(changes)
    return f"SELECT * REPLACE ({listed})\nFROM ({marked})"


def _breach(feed: Feed, breaks: Breaks) -> str:
    """What a planted row breaks: a struct, or NULL where it does not break the rule."""
    organisation, item = breaks.organisation or ident(feed.organisation), breaks.item or "NULL"
    fields = (
        f"'feed': {text(breaks.feed or feed.name)}, 'rule': {text(breaks.rule)}, "
        f"'organisation': CAST({organisation} AS VARCHAR), 'item': CAST({item} AS VARCHAR), "
        f"'once': {breaks.once}, 'planted': {breaks.rows}"
    )
    return f"CASE WHEN {breaks.where} THEN {{{fields}}} END"
