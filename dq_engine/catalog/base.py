"""What all expectations have in common: arguments, faults, examples, and what they are evaluated on. Pure."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from dq_engine.errors import NotEvaluable
from dq_engine.model import (
    EXTRACT,
    Aid,
    Column,
    Dimension,
    Judgement,
    Kahn,
    Metric,
    Number,
    Table,
)

Numbers = Mapping[Metric, Number]
NEVER = "FALSE"
"""SQL that is true for no row."""
ColumnName = Annotated[str, Meta(description="The column that the rule is about.", min_length=1)]
Mostly = Annotated[float, Meta(description="The share of the judged rows that must keep the rule, 0 to 1.", ge=0, le=1)]


class Fault(Struct, frozen=True):
    """A fault between the arguments of one expectation; ``argument`` says where, "" for the expectation as a whole."""

    argument: str
    message: str


class Case(Struct, frozen=True):
    """An example that documents an expectation and tests it.

    ``data`` maps columns to values, ``types`` a column to its DuckDB type where it is not plain from the values. ``others`` has
    the data of other extracts by name; ``types`` calls their columns "name.column".
    """

    title: str
    data: dict[str, list[Any]]
    arguments: dict[str, Any]
    passes: bool
    unexpected: int | None = None
    types: dict[str, str] = {}
    others: dict[str, dict[str, list[Any]]] = {}


class Scope(Struct, frozen=True):
    """What a check is evaluated on: the table, and the SQL of its row condition (None: all rows).

    ``others`` are the other extracts by name, each a table or the reason for which there is none. ``organisation`` and ``period``
    are the columns by which counts are split, if there are any. ``today`` is the day on which the run looks at the data.
    """

    table: Table
    where: str | None = None
    others: Mapping[str, Table | str] = {}
    organisation: Column | None = None
    today: dt.date = dt.date.min
    period: Column | None = None

    def column(self, name: str) -> Column:
        """The column of that name (upper and lower case are told apart only where two names need it)."""
        return find_column(self.table, name)

    def other(self, name: str) -> Table:
        """The other extract of that name. Raises :class:`NotEvaluable` where there is none, with the reason."""
        found = self.others.get(name, f'needs the extract "{name}", which is not there')
        if isinstance(found, str):
            raise NotEvaluable(found)
        return found


def find_column(table: Table, name: str) -> Column:
    """The column called ``name``; without regard to case if that is unambiguous. Raises :class:`NotEvaluable`."""
    holder = "the extract" if table.view == EXTRACT else f"the other extract, {table.view},"
    exact = [column for column in table.columns if column.name == name]
    if len(exact) > 1:
        raise NotEvaluable(f'{holder} has {len(exact)} columns called "{name}": none of them can be checked')
    if exact:
        return exact[0]
    folded = [column for column in table.columns if column.name.casefold() == name.casefold()]
    if len(folded) == 1:
        return folded[0]
    if folded:
        raise NotEvaluable(f'column "{name}" could be any of {", ".join(c.name for c in folded)}: write it exactly')
    raise NotEvaluable(f'{holder} has no column "{name}"{suggestion(name, [c.name for c in table.columns])}')


def suggestion(name: str, known: Sequence[str]) -> str:
    """ "; did you mean …?" for the nearest known name, or nothing."""
    folded = {item.casefold(): item for item in reversed(known)}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f'; did you mean "{folded[near[0]]}"?' if near else ""


def scalar_column(scope: Scope, name: str) -> Column:
    """The column, if its values can be compared. Raises :class:`NotEvaluable` for lists, structs and maps."""
    column = scope.column(name)
    if column.kind == "nested":
        raise NotEvaluable(f'column "{name}" is nested ({column.type}); only null, type and existence rules apply to it')
    return column


def named(*names: str | None) -> tuple[str, ...]:
    """The columns that arguments name, each once and in that order; an argument that names none is left out."""
    return tuple(dict.fromkeys(name for name in names if name))


def number(value: Number) -> int:
    """A count among the numbers, as a whole number; what was not counted (no rows) is 0."""
    return int(value) if isinstance(value, int | float) else 0


class Expectation(Struct, frozen=True, kw_only=True):
    """Base of all expectations: an instance holds the arguments of one check.

    Class attributes: ``name`` (the full GX id), ``dimension``, ``kahn``, ``examples``. ``conditional`` says whether
    ``row_condition`` is accepted, ``dated`` whether the answer depends on the day of the run (``Scope.today``). A class without
    ``name`` is a shape, not an expectation.

    ``kahn`` is the category of Kahn et al. 2016 (eGEMs 4(1):1244). Values keep to a format or an allowed set: conformance.value;
    columns, keys and references are as agreed: conformance.relational; computed values agree: conformance.computational; what
    should be there is: completeness; nothing stands twice: plausibility.uniqueness; sizes, distributions and relations can be
    believed: plausibility.atemporal; so can order and change in time: plausibility.temporal.
    """

    name: ClassVar[str] = ""
    dimension: ClassVar[Dimension] = "validity"
    kahn: ClassVar[Kahn] = "conformance.value"
    examples: ClassVar[tuple[Case, ...]] = ()
    conditional: ClassVar[bool] = True
    dated: ClassVar[bool] = False

    def faults(self) -> Iterator[Fault]:
        """Faults that the types of the arguments do not show. None by default."""
        return iter(())

    def subject(self) -> tuple[str, ...]:
        """The names of the columns that the rule speaks about."""
        return ()

    def others(self) -> tuple[str, ...]:
        """The names of the other extracts that the rule holds this one against."""
        return ()

    def periods(self) -> tuple[str, ...]:
        """The columns whose values the rule reads as periods."""
        return ()

    def queries(self) -> tuple[str, ...]:
        """SQL of the suite's own in the rule: it may speak of other extracts by the names that somebody gave them."""
        return ()

    def statement(self) -> str:
        """The rule as one English sentence without a full stop."""
        raise NotImplementedError

    def metrics(self, scope: Scope) -> dict[str, Metric]:
        """The numbers that the check needs, by the names that ``judge`` uses. Raises :class:`NotEvaluable`."""
        raise NotImplementedError

    def aids(self, scope: Scope) -> tuple[Aid, ...]:
        """What the metrics read beside the extract, in the order in which it is made. Nothing by default."""
        return ()

    def judge(self, scope: Scope, numbers: Mapping[str, Number]) -> Judgement:
        """What the numbers mean."""
        raise NotImplementedError

    def gx_result(self, judgement: Judgement) -> dict[str, Any] | None:
        """What Great Expectations' result holds; None for a rule about rows, whose result is made of its counts."""
        return {"observed_value": judgement.observed}

    def listings(self) -> dict[str, str]:
        """SELECTs of JSON objects, one column each: what Great Expectations lists by these keys in ``details``."""
        return {}

    def observed(self, scope: Scope) -> str:
        """SQL of the observed value, over the rows considered, of a rule that is about one; "" for any other rule."""
        return ""


def kept(judged: int, unexpected: int, mostly: float) -> bool:
    """GX's rule for ``mostly``: the share of judged rows that are not unexpected is at least ``mostly``."""
    return judged == 0 or (judged - unexpected) / judged >= mostly
