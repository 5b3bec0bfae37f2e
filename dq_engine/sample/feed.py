"""What a feed of the samples is: columns and defects as SQL text, and which rules each defect breaks. Values only."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, NamedTuple

from dq_engine.model import Level, Source


class Column(NamedTuple):
    """A column of the file: its name, DuckDB's name of its type, and SQL over the columns of the feed's relation."""

    name: str
    type: str
    sql: str


class Breaks(NamedTuple):
    """A rule that a defect breaks, and how often.

    ``rule`` is ``meta.dq.rule`` in the suite of ``feed`` ("": the defect's own feed). ``organisation``, ``item`` and ``where``
    are SQL over the columns of the defective row, as they stand after the defect. ``organisation``: whom the engine counts it
    for ("": the feed's organisation column; NULL is counted as "(none)"). ``rows``: unexpected rows that each planted row
    makes; a repeated row breaks uniqueness for 2. ``once``: one for each ``item`` of the organisation (a period, for
    instance; "": the organisation fails once), however many rows were planted. ``where``: which of the planted rows break it.
    """

    rule: str
    feed: str = ""
    organisation: str = ""
    rows: int = 1
    once: bool = False
    item: str = ""
    where: str = "TRUE"


class Defect(NamedTuple):
    """Something that is wrong with a row.

    ``name`` is unique in the feed; ``what`` says in one sentence what is wrong. ``change`` maps output columns to SQL over the
    clean row; or the row stands twice (``repeat``), or is missing (``drop``). ``where`` is SQL over the clean row: which rows
    it may befall; the clean row has the output columns, and those of the relation that are called otherwise.
    ``per_10_000`` of these rows are befallen, times the factors of the PCG/T and of the source of the feed. With ``extra``
    the changed row is added to the clean one, so that a key which other feeds refer to stays. ``together`` is SQL of a text over
    the clean row: rows that share it are befallen all or not at all (a practice that sent nothing), and by nothing else.
    A ``heavy`` defect spoils most of a row; rows that are befallen more than once have one of these in place of two others.
    """

    name: str
    what: str
    change: dict[str, str] | Literal["repeat", "drop"]
    breaks: tuple[Breaks, ...]
    where: str = "TRUE"
    per_10_000: int = 20
    extra: bool = False
    together: str = ""
    heavy: bool = False


class Feed(NamedTuple):
    """A feed: where its clean rows come from, and what is planted in them.

    ``organisation`` is the suite's organisation column. ``pcgt`` is SQL of the code of the PCG/T of a row, whose factor
    decides how often defects fall. ``relation`` stands after FROM. ``key`` is SQL of a text that no two clean rows share: all
    draws about the row come from it. ``order`` names the columns that the file of a small world is ordered by, and then by the
    key; "" where the relation comes in the order that is wanted. Files of large worlds have the order of the relation.
    ``times``: how many times as often as usual defects befall rows (0 to 1,000); see ``dq_engine.sample.chance``.
    """

    name: str
    level: Level
    source: Source
    organisation: str
    pcgt: str
    relation: str
    key: str
    columns: tuple[Column, ...]
    defects: tuple[Defect, ...]
    order: str = ""
    times: Fraction = Fraction(1)
