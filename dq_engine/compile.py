"""Plan -> SQL text. The only module that knows how a count is phrased. Pure.

Every query reads the view ``dq_extract``, in which NaN is NULL. A count is ``coalesce(count_if(…), 0)``, of the ways to say it
in DuckDB the fastest, and 0 rather than NULL where there are no rows; in groups it is ``count(CASE WHEN … THEN 1 END)``, the
fastest there (half the memory, too).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec
from msgspec import Struct

from dq_engine import sql
from dq_engine.catalog.base import NEVER
from dq_engine.catalog.periods import last_day, last_of_month, of_month, own_days, own_interval, spans, spans_table
from dq_engine.model import (
    CLASS,
    EXTRACT,
    NO_PERIOD,
    ORDERED,
    BoundsFact,
    Column,
    Count,
    Derived,
    ExtremumFact,
    Figure,
    GroupScalar,
    ItemNumber,
    Items,
    Key,
    Scalar,
    Table,
    WrongValues,
)
from dq_engine.plan import Plan, scans

MOST_EXAMPLES = 20
"""Kinds of failing values that are kept per check."""
MOST_ORGANISATIONS = 100_000
"""More different values than this are no organisations."""
MOST_GROUPS = 500_000
"""More pairs of an organisation and a period than this are not counted one by one."""
NO_ORGANISATION, NO_CODE = "(none)", "(not a code)"
"""What stands for rows without an organisation, and for organisations whose code has not the form of one."""


def read_parquet(files: Sequence[str], *, partitioned: bool) -> str:
    """SQL of the relation over the files; NaN is looked for even where statistics seem to rule it out."""
    listed = ", ".join(sql.text(file) for file in files)
    options = f"can_have_nan = true, hive_partitioning = {str(partitioned).lower()}, hive_types_autocast = false"
    return f"read_parquet([{listed}], {options})"


ROW_NAMES = frozenset({'"file_index"', '"file_row_number"', '"dq_row"'})
"""Identifiers of columns that leave no room for the place of a row."""


def ordered_view(table: Table, files: Sequence[str], rows: Sequence[int], *, partitioned: bool) -> str:
    """The view of the extract in which rows know their place; ``rows`` are the numbers of rows of the files."""
    columns = ", ".join(_readable(column) for column in table.columns)
    before = [sum(rows[:place]) for place in range(len(files))]
    place = f"CAST(list_extract({before}, CAST(file_index AS BIGINT) + 1) + file_row_number AS BIGINT) AS dq_row"
    relation = read_parquet(files, partitioned=partitioned)
    return f"CREATE OR REPLACE VIEW {ORDERED} AS SELECT {columns}, {place}\nFROM {relation}"


def view(table: Table, files: Sequence[str], *, partitioned: bool) -> str:
    """The view through which every other query reads the table: the columns by their names, with NaN as NULL."""
    columns = ", ".join(_readable(column) for column in table.columns)
    return f"CREATE OR REPLACE VIEW {table.view} AS SELECT {columns}\nFROM {read_parquet(files, partitioned=partitioned)}"


def _readable(column: Column) -> str:
    """A column as the view gives it: NaN is NULL, and a column without a type is one of whole numbers."""
    stored = column.stored or column.sql
    if column.kind == "float":
        return f"nullif({stored}, 'NaN'::{column.type}) AS {column.sql}"
    if column.kind == "null":
        return f"CAST({stored} AS INTEGER) AS {column.sql}"
    return column.sql if stored == column.sql else f"{stored} AS {column.sql}"


def organisation(column: Column) -> str:
    """SQL of the organisation of a row. Only what has the form of a code is shown, unless the column is public.

    Two or three capitals (RAE), or up to nine letters and digits with a digit among them (A81001, 5D7, E54000050), but no
    number of seven digits or more: no names, dates of birth or NHS numbers.
    """
    return _code(f"CAST({column.sql} AS VARCHAR)", shown=column.shown)


def _code(code: str, *, shown: bool) -> str:
    """SQL of the label of an organisation by its code, a text."""
    if shown:
        return f"coalesce({code}, '{NO_ORGANISATION}')"
    short_word = f"regexp_matches({code}, '\\A[A-Z]{{2,3}}\\z')"
    with_digit = f"regexp_matches({code}, '\\A[A-Za-z0-9]{{2,9}}\\z') AND regexp_matches({code}, '[0-9]')"
    form = f"{short_word} OR ({with_digit} AND NOT regexp_matches({code}, '\\A[0-9]{{7,}}\\z'))"
    return f"CASE WHEN {code} IS NULL THEN '{NO_ORGANISATION}' WHEN {form} THEN {code} ELSE '{NO_CODE}' END"


def row_scan(metrics: Sequence[Count | Scalar], table: Table, by: Column | None, period: Column | None = None) -> str:
    """One row of numbers, ``m1`` and so on; with ``by``, a row for each organisation ``o`` and period ``p``, too.

    ``o`` is NULL in the row for the whole; without ``period``, ``p`` is "". The metrics read one relation.
    """
    relation = next((metric.relation for metric in metrics if isinstance(metric, Count)), EXTRACT)
    prefix = _unlike_columns(table)
    own, of_period = (sql.ident(f"{prefix}{name}") for name in ("organisation", "period"))
    classes = {of: sql.ident(f"{prefix}class {n}") for n, of in enumerate(dict.fromkeys(_classes(metrics)), 1)}
    numbers = [f"{phrase(metric, classes, grouped=by is not None)} AS m{place}" for place, metric in enumerate(metrics, 1)]
    derived = [f"{of} AS {name}" for of, name in classes.items()]
    if by is None:
        return f"SELECT {_lines(numbers)}\nFROM {_derived(derived, relation)}"
    derived = [f"{organisation(by)} AS {own}", *([f"{_group(period)} AS {of_period}"] if period else []), *derived]
    groups = [own] if period is None else [own, of_period]
    chosen = [f"{own} AS o", f"{_interval(period, of_period)} AS p", *numbers]
    return f"SELECT {_lines(chosen)}\nFROM {_derived(derived, relation)}\nGROUP BY GROUPING SETS ((), ({', '.join(groups)}))"


def _unlike_columns(table: Table) -> str:
    """What no column of the table begins with: who sends the extract chooses their names, and could choose one of ours."""
    names = [column.sql.casefold() for column in table.columns]
    tried = (f"dq{number or ''}:" for number in range(len(names) + 1))
    return next(prefix for prefix in tried if not any(name.startswith(f'"{prefix}') for name in names))


def _classes(metrics: Sequence[Count | Scalar]) -> Iterator[str]:
    return (metric.classes for metric in metrics if isinstance(metric, Count) and metric.classes is not None)


def _derived(expressions: Sequence[str], relation: str) -> str:
    """What is read, by the name of the extract, with further columns."""
    read = _as_extract(relation)
    return f"(SELECT *, {_lines(expressions)}\nFROM {read}) AS {EXTRACT}" if expressions else read


def _as_extract(relation: str) -> str:
    """A relation by the name of the extract."""
    return relation if relation == EXTRACT else f"{relation} AS {EXTRACT}"


def _group(period: Column) -> str:
    """SQL by which the rows of one period are grouped: for days the last one of their month, else the interval as text."""
    return last_of_month(period.sql) if spans(period) is None else own_interval(period)


def _interval(period: Column | None, grouped: str) -> str:
    """SQL of the interval (ISO 8601) of a period that is ``grouped``; what names none has a word of its own."""
    if period is None:
        return "''"
    return f"coalesce({of_month(grouped) if spans(period) is None else grouped}, '{NO_PERIOD}')"


def readable(column: Column, what: str) -> str:
    """The query that fails if the organisation, or the period, of a row cannot be read."""
    return f"SELECT max({organisation(column) if what == 'organisation' else _group(column)})\nFROM {EXTRACT}"


def phrase(metric: Count | Scalar, classes: Mapping[str, str] = MappingProxyType({}), *, grouped: bool = False) -> str:
    """SQL of one number over rows, or over groups of them; ``classes`` says in which columns classes are found."""
    if isinstance(metric, Scalar):
        return metric.sql
    if metric.predicate is None:
        return "count(*)"
    if metric.predicate == NEVER:
        return "0"
    predicate = metric.predicate if metric.classes is None else metric.predicate.replace(CLASS, classes[metric.classes])
    return f"count(CASE WHEN {predicate} THEN 1 END)" if grouped else f"coalesce(count_if({predicate}), 0)"


def key_scan(key: Key, metrics: Sequence[GroupScalar]) -> str:
    """One row of numbers over the groups of a key."""
    return f"SELECT {_lines([metric.sql for metric in metrics])}\nFROM ({groups(key)})"


def groups(key: Key) -> str:
    """SQL of the groups of a key: ``k1`` …, and ``n``, the rows in the group."""
    columns = ", ".join(f"{column} AS k{place}" for place, column in enumerate(key.columns, 1))
    where = f" WHERE {key.where}" if key.where else ""
    return f"SELECT {columns}, count(*) AS n FROM {EXTRACT}{where} GROUP BY {_places(len(key.columns))}"


def item_scan(items: Items, metrics: Sequence[ItemNumber]) -> str:
    """One row of numbers over items; if they belong to organisations, rows as :func:`row_scan` gives them."""
    numbers = [f"{metric.sql} AS m{place}" for place, metric in enumerate(metrics, 1)]
    if not items.split:
        return f"SELECT {_lines(numbers)}\nFROM ({items.sql})"
    code = _code("organisation", shown=items.coded)
    labelled = f"SELECT *, {code} AS o, coalesce({items.period}, '') AS p\nFROM ({items.sql})"
    return f"SELECT {_lines(['o', 'p', *numbers])}\nFROM ({labelled})\nGROUP BY GROUPING SETS ((), (o, p))"


def figure_scan(select: str, metrics: Sequence[Figure]) -> str:
    """One row of the numbers of a SELECT of its own."""
    return f"SELECT {', '.join(metric.name for metric in metrics)} FROM (\n{select}\n)"


def made(aid: Derived) -> str:
    """The statement that makes a table or a view for metrics to read."""
    return f"CREATE OR REPLACE TEMP {'VIEW' if aid.view else 'TABLE'} {aid.name} AS {aid.sql}"


def footer_scan(metrics: Sequence[Count | Scalar], table: Table, files: Sequence[str]) -> str:
    """One row: what the footers' minima and maxima say of each metric; NULL where they do not say."""
    columns = {column.name: column for column in table.columns}
    answers = []
    for metric in metrics:
        assert isinstance(metric.fact, BoundsFact | ExtremumFact)
        said = metric.fact.proof if isinstance(metric.fact, BoundsFact) else metric.fact.sql
        answers.append(f"(SELECT {said} FROM ({_bounds(columns[metric.fact.column])}) WHERE complete)")
    listed = ", ".join(sql.text(file) for file in files)
    return (
        "WITH chunks AS MATERIALIZED (SELECT path_in_schema, row_group_num_rows AS n, stats_null_count AS nulls, "
        "CASE WHEN min_is_exact THEN stats_min_value END AS low, CASE WHEN max_is_exact THEN stats_max_value END AS high "
        f"FROM parquet_metadata([{listed}]))\nSELECT {_lines(answers)}"
    )


def _bounds(column: Column) -> str:
    low, high = f"TRY_CAST(low AS {column.type})", f"TRY_CAST(high AS {column.type})"
    return (
        f"SELECT min({low}) AS lo, max({high}) AS hi, "
        f"bool_and(coalesce(nulls = n OR ({low} IS NOT NULL AND {high} IS NOT NULL), false)) AS complete "
        f"FROM chunks WHERE n > 0 AND path_in_schema = {sql.text(column.footer or column.name)}"
    )


# --------------------------------------------------------------------------------------- what is asked of failed checks


def duplicates_by_organisation(key: Key, by: Column, period: Column | None) -> str:
    """Per organisation ``o`` and period ``p``, the rows ``n`` whose key occurs more than once in the whole extract."""
    columns = ", ".join(f"{column} AS k{place}" for place, column in enumerate(key.columns, 1))
    names = ", ".join(f"k{place}" for place in range(1, len(key.columns) + 1))
    where = f" WHERE {key.where}" if key.where else ""
    label = "NULL" if period is None else _group(period)
    inner = (
        f"SELECT {columns}, {organisation(by)} AS o, {label} AS grouped, count(*) AS n\n"
        f"FROM {EXTRACT}{where} GROUP BY {_places(len(key.columns) + 2)}"
    )
    totals = f"SELECT o, grouped, n, sum(n) OVER (PARTITION BY {names}) AS total FROM ({inner})"
    counted = f"SELECT o, grouped, sum(n) AS n FROM ({totals}) WHERE total > 1 GROUP BY ALL"
    return f"SELECT o, {_interval(period, 'grouped')} AS p, CAST(n AS BIGINT) AS n FROM ({counted})"


def register(code: Column, said: Mapping[str, Column], period: Column | None) -> str:
    """What a register says of each organisation in its latest period: code, parent, region and kind.

    ``said`` has the columns of the last three; "" stands for what they do not say. Of several rows of the latest period the last
    by the alphabet is taken, so that the order of the rows is irrelevant. Rows without a code of the right form are left out.
    """
    latest = "NULL::DATE" if period is None else last_day(period, period.sql) if spans(period) is None else own_days(period)[1]
    texts = {name: f"CAST({column.sql} AS VARCHAR)" for name, column in said.items()}
    if "parent" in said:
        code_of_parent = organisation(said["parent"])
        texts["parent"] = f"CASE WHEN {code_of_parent} NOT IN ('{NO_ORGANISATION}', '{NO_CODE}') THEN {code_of_parent} END"
    names = ("parent", "region", "kind")
    columns = ", ".join(f"coalesce({texts.get(name, 'NULL')}, '') AS {name}" for name in names)
    rows = f"SELECT {organisation(code)} AS code, coalesce({latest}, DATE '0001-01-01') AS latest, {columns}\nFROM {EXTRACT}"
    entries = ", ".join(f"'{name}': {name}" for name in ("latest", *names))
    last = f"SELECT code, max({{{entries}}}) AS said\nFROM ({rows})"
    known = f"code NOT IN ('{NO_ORGANISATION}', '{NO_CODE}')"
    chosen = ", ".join(f"said.{name}" for name in names)
    return f"SELECT code, {chosen}\nFROM ({last}\nWHERE {known} GROUP BY code)\nORDER BY code\nLIMIT {MOST_ORGANISATIONS + 1}"


class Failing(Struct, frozen=True):
    """A failed row check: the predicate of its failing rows, the columns to show, and all columns that the predicate reads.

    ``relation`` is where the rows are, if not in the extract.
    """

    predicate: str
    shown: tuple[Column, ...]
    read: tuple[str, ...]
    relation: str = EXTRACT


def row_examples(failed: Sequence[Failing]) -> str:
    """Kinds of failing values of all failed row checks, in one query.

    Gives rows of (place of the check, shape, value as JSON or NULL, rows, kinds in all), at most ``MOST_EXAMPLES`` per check,
    commonest first. Failing rows are first grouped by the values that their checks read, so that a value is masked once and
    not once per row.
    """
    together: dict[tuple[object, ...], list[int]] = {}
    for place, check in enumerate(failed):
        together.setdefault(check.read if check.relation == EXTRACT else (place,), []).append(place)
    failing = "\nUNION ALL ".join(_failing({place: failed[place] for place in places}) for places in together.values())
    most = max(len(check.shown) for check in failed)
    kinds = f"SELECT e.c AS c, {_masked(most)} AS s, e.v AS v, sum(n) AS n FROM ({failing}) WHERE e IS NOT NULL GROUP BY ALL"
    ranks = "count(*) OVER (PARTITION BY c) AS kinds, row_number() OVER (PARTITION BY c ORDER BY n DESC, s, v) AS place"
    ranked = f"SELECT *, {ranks} FROM ({kinds})"
    return f"SELECT c, s, v, n, kinds FROM ({ranked}) WHERE place <= {MOST_EXAMPLES} ORDER BY c, place"


def _failing(checks: dict[int, Failing]) -> str:
    """The failing values of checks that read the same columns, each with the number of its rows."""
    first = checks[min(checks)]
    read = first.read
    any_failed = " OR ".join(f"({check.predicate})" for check in checks.values())
    rows = _unlike(read)
    values = f"SELECT {', '.join(read)}, count(*) AS {rows} FROM {_as_extract(first.relation)} WHERE {any_failed} GROUP BY ALL"
    kinds = {
        place: f"{{'c': {place}, 't': {_texts(check.shown)}, 'l': {_labels(check.shown)}, 'v': {_value(check.shown)}}}"
        for place, check in checks.items()
    }
    if len(kinds) == 1:
        return f"SELECT {kinds[min(kinds)]} AS e, {rows} AS n FROM ({values}) AS {EXTRACT}"
    cases = [f"CASE WHEN {checks[place].predicate} THEN {kind} END" for place, kind in kinds.items()]
    return f"SELECT unnest([{_lines(cases)}]) AS e, {rows} AS n FROM ({values}) AS {EXTRACT}"


def _texts(columns: Sequence[Column]) -> str:
    return f"[{', '.join(sql.as_text(_zero(column)) for column in columns)}]"


def _zero(column: Column) -> Column:
    """The column with -0.0 as 0.0: grouping takes them for one value, and either could stand for it."""
    return msgspec.structs.replace(column, sql=f"({column.sql} + 0)") if column.kind == "float" else column


def _labels(columns: Sequence[Column]) -> str:
    names = [""] if len(columns) == 1 else [column.name + " " for column in columns]
    return f"[{', '.join(map(sql.text, names))}]"


def _masked(most: int) -> str:
    """The shape of up to ``most`` texts ``e.t`` with their labels ``e.l``: masked here, and not again in each check's case."""
    parts = [f"e.l[{n}] || coalesce({sql.masked(f'e.t[{n}]')}, 'NULL')" for n in range(1, most + 1)]
    return " || ".join(
        [parts[0], *(f"CASE WHEN len(e.l) >= {n} THEN ' | ' || {part} ELSE '' END" for n, part in enumerate(parts[1:], 2))]
    )


def _unlike(names: Sequence[str]) -> str:
    """A name for the number of rows that none of the columns beside it has."""
    taken = {name.casefold() for name in names}
    return next(name for number in range(len(names) + 1) if (name := f'"dq_rows_{number}"') not in taken)


def key_examples(key: Key, columns: Sequence[Column], violation: str, *, by_rows: bool) -> str:
    """Kinds of failing keys of one check; rows as :func:`row_examples` gives them. Counts rows, or else different values."""
    renamed = [
        Column(column.name, f"k{place}", column.type, column.kind, shown=column.shown) for place, column in enumerate(columns, 1)
    ]
    if all(column.shown for column in columns):  # each key is a kind of its own, and no more are masked than are shown
        names = ", ".join(column.sql for column in renamed)
        counted = "n" if by_rows else "1"
        failing = f"SELECT {names}, {counted} AS n, count(*) OVER () AS kinds FROM ({groups(key)}) WHERE {violation}"
        first = f"{failing} ORDER BY n DESC, {names} LIMIT {MOST_EXAMPLES}"
        return f"SELECT 0, {_shape(renamed)}, {_value(renamed)}, n, kinds FROM ({first}) ORDER BY n DESC, {names}"
    counted = "sum(n)" if by_rows else "count(*)"
    failing = f"SELECT {_shape(renamed)} AS s, {_value(renamed)} AS v, n FROM ({groups(key)}) WHERE {violation}"
    kinds = f"SELECT s, v, {counted} AS n FROM ({failing}) GROUP BY s, v"
    return f"SELECT 0, s, v, n, count(*) OVER () AS kinds FROM ({kinds}) ORDER BY n DESC, s, v LIMIT {MOST_EXAMPLES}"


def item_examples(items: Items) -> str:
    """Kinds of failing items; rows as :func:`row_examples` gives them."""
    failing = f"SELECT {_shape(items.shown)} AS s, {_value(items.shown)} AS v FROM ({items.sql}) WHERE unexpected AND NOT missing"
    kinds = f"SELECT s, v, count(*) AS n FROM ({failing}) GROUP BY s, v"
    return f"SELECT 0, s, v, n, count(*) OVER () AS kinds FROM ({kinds}) ORDER BY n DESC, s, v LIMIT {MOST_EXAMPLES}"


def _shape(columns: Sequence[Column]) -> str:
    shapes = [f"coalesce({sql.masked(sql.as_text(_zero(column)))}, 'NULL')" for column in columns]
    if len(columns) == 1:
        return shapes[0]
    return " || ' | ' || ".join(
        f"{sql.text(column.name + ' ')} || {shape}" for column, shape in zip(columns, shapes, strict=True)
    )


def _value(columns: Sequence[Column]) -> str:
    if not all(column.shown for column in columns):
        return "NULL::VARCHAR"
    if len(columns) == 1:
        return f"CAST(to_json({_zero(columns[0]).sql}) AS VARCHAR)"
    pairs = ", ".join(f"{sql.text(column.name)}, {_zero(column).sql}" for column in columns)
    return f"CAST(json_object({pairs}) AS VARCHAR)"


def _places(count: int) -> str:
    return ", ".join(str(place) for place in range(1, count + 1))


def _lines(expressions: Sequence[str]) -> str:
    return ",\n       ".join(expressions)


def purpose_of(metrics: Sequence[Figure]) -> str:
    """What a SELECT of its own is for."""
    return "query of the suite" if any(metric.queries for metric in metrics) else "figures"


def written(plan: Plan) -> list[tuple[str, str]]:
    """The queries that the plan makes on an extract, each with its purpose, in the order in which they run."""
    wanted = scans(plan)
    queries = [("periods", spans_table(column, plan.table.view)) for column in plan.periods]
    queries += [("derived", made(aid)) for aid in plan.aids() if isinstance(aid, Derived)]
    queries += [(f"values for the test {aid.test}", aid.values) for aid in plan.aids() if isinstance(aid, WrongValues)]
    queries += [("rows", row_scan(metrics, plan.table, plan.organisation, plan.period)) for metrics in wanted.rows]
    queries += [(f"key {', '.join(key.columns)}", key_scan(key, metrics)) for key, metrics in wanted.keys.items()]
    queries += [("items", item_scan(items, metrics)) for items, metrics in wanted.items.items()]
    queries += [(purpose_of(metrics), figure_scan(select, metrics)) for select, metrics in wanted.figures.items()]
    return queries
