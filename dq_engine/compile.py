"""Plan -> SQL text. The only module that knows how a count is phrased. Pure.

Every query reads the view ``dq_extract``, in which NaN is NULL. A count is ``coalesce(count_if(…), 0)``, of the ways to say it
in DuckDB the fastest, and 0 rather than NULL where there are no rows; in groups it is ``count(CASE WHEN … THEN 1 END)``, the
fastest there (half the memory, too).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from dq_engine import sql
from dq_engine.catalog.base import NEVER
from dq_engine.catalog.periods import last_day, last_of_month, of_month, own_days, own_interval, spans, spans_table
from dq_engine.model import (
    EXTRACT,
    NO_PERIOD,
    ORDERED,
    BoundsFact,
    Classes,
    Column,
    Count,
    Derived,
    ExtremumFact,
    Figure,
    GroupScalar,
    InClass,
    ItemNumber,
    Items,
    Key,
    MiddleFact,
    Scalar,
    Table,
    WrongValues,
)
from dq_engine.plan import Plan
from dq_engine.scans import MEASURED, ByValue, Tuning, scans

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
    columns = ", ".join(as_read(column) for column in table.columns)
    relation = read_parquet(files, partitioned=partitioned)
    return f"CREATE OR REPLACE VIEW {ORDERED} AS SELECT {columns}, {place_of_row(rows)} AS dq_row\nFROM {relation}"


def place_of_row(rows: Sequence[int]) -> str:
    """SQL of the place of a row that is read from files with so many ``rows``, counted from 0 over all of them."""
    before = [sum(rows[:place]) for place in range(len(rows))]
    return f"CAST(list_extract({before}, CAST(file_index AS BIGINT) + 1) + file_row_number AS BIGINT)"


def view(table: Table, files: Sequence[str], *, partitioned: bool) -> str:
    """The view through which every other query reads the table: the columns by their names, with NaN as NULL."""
    columns = ", ".join(as_read(column) for column in table.columns)
    return f"CREATE OR REPLACE VIEW {table.view} AS SELECT {columns}\nFROM {read_parquet(files, partitioned=partitioned)}"


def as_read(column: Column) -> str:
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


def row_scan(metrics: Sequence[Count | Scalar], table: Table, *, suspects: bool = False) -> str:
    """One row of numbers, ``m1`` and so on, of metrics that read one relation; see :func:`_rows` for ``suspects``."""
    read, classes = _rows(metrics, table, suspects=suspects)
    return f"SELECT {_numbered(phrase(metric, classes) for metric in metrics)}\nFROM {read}"


def split_scan(metrics: Sequence[Count], table: Table, by: Column, period: Column | None, *, suspects: bool = False) -> str:
    """A row of numbers by organisation ``o`` and period ``p``, as :func:`row_scan` gives one; without ``period``, ``p`` is ""."""
    prefix = unlike_columns(table)
    own, of_period = (sql.ident(f"{prefix}{name}") for name in ("organisation", "period"))
    read, classes = _rows(metrics, table, [f"{by.sql} AS {own}", f"{_group(period)} AS {of_period}"], suspects=suspects)
    numbers = _numbered(phrase(metric, classes, grouped=True) for metric in metrics)
    counted = f"SELECT {own}, {of_period}, {numbers}\nFROM {read}\nGROUP BY 1, 2"
    return _labelled(counted, msgspec.structs.replace(by, sql=own), period, of_period, len(metrics))


def _rows(
    metrics: Sequence[Count | Scalar], table: Table, further: Sequence[str] = (), *, suspects: bool
) -> tuple[str, dict[Classes, str]]:
    """The rows in which metrics are counted, with ``further`` columns, and the columns in which their classes are found.

    With ``suspects``, only rows for which one of the metrics is true are counted: the others are looked at once and add nothing.
    """
    prefix = unlike_columns(table)
    relation = next((metric.relation for metric in metrics if isinstance(metric, Count)), EXTRACT)
    listed = (
        metric.predicate.classes for metric in metrics if isinstance(metric, Count) and isinstance(metric.predicate, InClass)
    )
    classes = {of: sql.ident(f"{prefix}class {n}") for n, of in enumerate(dict.fromkeys(listed), 1)}
    columns = [*further, *(f"{_place(of.conditions)} AS {name}" for of, name in classes.items())]
    read = as_extract(relation)
    if suspects:
        counts = [metric for metric in metrics if isinstance(metric, Count)]
        wrong = dict.fromkeys(predicate for count in counts for predicate in count.implied)
        read += "\nWHERE " + "\n   OR ".join(f"({predicate})" for predicate in wrong)
    return (f"(SELECT *, {lines(columns)}\nFROM {read}) AS {EXTRACT}" if columns else read), classes


def _labelled(counted: str, by: Column, period: Column | None, grouped: str, numbers: int) -> str:
    """Counts by the raw value of the organisation and by period -> by what may be shown of them. There are few such groups."""
    sums = _numbered(f"CAST(sum(m{place}) AS BIGINT)" for place in range(1, numbers + 1))
    labels = f"SELECT {organisation(by)} AS o, {_interval(period, grouped)} AS p, * FROM ({counted})"
    return f"SELECT o, p, {sums}\nFROM ({labels})\nGROUP BY 1, 2"


def value_scan(each: ByValue, table: Table) -> str:
    """One row of numbers: those of the counts, then those of the groups, found on the different values of a column."""
    groups_by, found = _values(each.column, each.counts, table)
    counts = (f"CAST(coalesce(sum(CASE WHEN {found[count]} THEN n END), 0) AS BIGINT)" for count in each.counts)
    return f"SELECT {_numbered([*counts, *(metric.sql for metric in each.groups)])}\nFROM {groups_by}"


def value_split(column: Column, counts: Sequence[Count], table: Table, by: Column, period: Column | None) -> str:
    """As :func:`split_scan`, for counts on the different values of a column: only rows with one that is counted are read."""
    prefix = unlike_columns(table)
    own, of_period, value = (sql.ident(f"{prefix}{name}") for name in ("organisation", "period", "value"))
    groups_by, found = _values(column, counts, table)
    any_of = " OR ".join(found.values())
    wrong = (
        f"SELECT {column.sql} AS {value}, {', '.join(found.values())}\n"
        f"FROM {groups_by}\nWHERE CASE WHEN n > 0 THEN {any_of} END"  # else DuckDB would judge each row before it groups them
    )
    rows = f"SELECT {by.sql} AS {own}, {_group(period)} AS {of_period}, {column.sql} AS {value} FROM {EXTRACT}"
    numbers = _numbered(f"count(CASE WHEN {flag} THEN 1 END)" for flag in found.values())
    counted = f"SELECT {own}, {of_period}, {numbers}\nFROM ({rows}) JOIN ({wrong}) USING ({value})\nGROUP BY 1, 2"
    return _labelled(counted, msgspec.structs.replace(by, sql=own), period, of_period, len(counts))


def _values(column: Column, counts: Sequence[Count], table: Table) -> tuple[str, dict[Count, str]]:
    """The different values of a column with their rows ``n`` (and as ``k1``), and the columns that say which of them are counted.

    What several counts have in common, a predicate or a class, is evaluated once.
    """
    prefix = unlike_columns(table)
    different = f"SELECT {column.sql}, count(*) AS n FROM {EXTRACT} WHERE {column.sql} IS NOT NULL GROUP BY 1"
    plain = {count: count.reads(of_value=True) for count in counts if not isinstance(count.predicate, InClass)}
    found = {predicate: sql.ident(f"{prefix}is {place}") for place, predicate in enumerate(dict.fromkeys(plain.values()), 1)}
    judged = lines([f"{column.sql} AS k1", *(f"({predicate}) AS {name}" for predicate, name in found.items())])
    read = f"(SELECT *, {judged}\nFROM ({different}) AS {EXTRACT}) AS {EXTRACT}"
    columns = {count: found[predicate] for count, predicate in plain.items()}
    classed: dict[Classes, list[tuple[Count, int]]] = {}
    for count in counts:
        if isinstance(count.predicate, InClass):
            classed.setdefault(count.predicate.classes, []).append((count, count.predicate.place))
    for number, (classes, members) in enumerate(classed.items(), 1):
        of_class = sql.ident(f"{prefix}class {number}")
        names = {count: sql.ident(f"{prefix}class {number}.{place}") for count, place in members}
        flags = lines([f"({of_class} = {place}) AS {names[count]}" for count, place in members])
        placed = f"SELECT *, {_place(classes.of_value, found)} AS {of_class}\nFROM {read}"
        read = f"(SELECT *, {flags}\nFROM ({placed}) AS {EXTRACT}) AS {EXTRACT}"
        columns |= names
    return read, columns


def _place(conditions: Sequence[Sequence[str]], found: Mapping[str, str] = MappingProxyType({})) -> str:
    """SQL of the place of the class in which a row is; ``found`` are columns that say whether a condition is true."""
    either = {place: " OR ".join(found.get(one, f"({one})") for one in any_of) for place, any_of in enumerate(conditions)}
    cases = " ".join(f"WHEN {condition} THEN {place}" for place, condition in either.items() if condition)
    return f"CASE {cases} ELSE {len(conditions)} END"


def _numbered(expressions: Iterable[str]) -> str:
    return lines([f"{expression} AS m{place}" for place, expression in enumerate(expressions, 1)])


def unlike_columns(table: Table, stored: Iterable[str] = ()) -> str:
    """What no column of the table begins with: who sends the extract chooses their names, and could choose one of ours.

    ``stored`` are identifiers that columns have in the files, if these are spoken of, too.
    """
    names = [name.casefold() for name in (*(column.sql for column in table.columns), *stored)]
    tried = (f"dq{number or ''}:" for number in range(len(names) + 1))
    return next(prefix for prefix in tried if not any(name.startswith(f'"{prefix}') for name in names))


def as_extract(relation: str) -> str:
    """A relation by the name of the extract."""
    return relation if relation == EXTRACT else f"{relation} AS {EXTRACT}"


def _group(period: Column | None) -> str:
    """SQL by which the rows of one period are grouped: for days the last one of their month, else the interval as text."""
    if period is None:
        return "NULL"
    return last_of_month(period.sql) if spans(period) is None else own_interval(period)


def _interval(period: Column | None, grouped: str) -> str:
    """SQL of the interval (ISO 8601) of a period that is ``grouped``; what names none has a word of its own."""
    if period is None:
        return "''"
    return f"coalesce({of_month(grouped) if spans(period) is None else grouped}, '{NO_PERIOD}')"


def readable(column: Column, what: str) -> str:
    """The query that fails if the organisation, or the period, of a row cannot be read."""
    return f"SELECT max({organisation(column) if what == 'organisation' else _group(column)})\nFROM {EXTRACT}"


def phrase(metric: Count | Scalar, classes: Mapping[Classes, str] = MappingProxyType({}), *, grouped: bool = False) -> str:
    """SQL of one number over rows, or over groups of them; ``classes`` says in which columns classes are found."""
    if isinstance(metric, Scalar):
        return metric.sql
    if metric.predicate is None:
        return "count(*)"
    if metric.predicate == NEVER:
        return "0"
    predicate = metric.predicate
    if isinstance(predicate, InClass):
        predicate = f"{classes[predicate.classes]} = {predicate.place}"
    return f"count(CASE WHEN {predicate} THEN 1 END)" if grouped else f"coalesce(count_if({predicate}), 0)"


def key_scan(key: Key, metrics: Sequence[GroupScalar]) -> str:
    """One row of numbers over the groups of a key."""
    return f"SELECT {lines([metric.sql for metric in metrics])}\nFROM ({groups(key)})"


def where_of(key: Key) -> str:
    """The WHERE clause of the rows that have a key; "" for all."""
    return f" WHERE {key.where}" if key.where else ""


def groups(key: Key) -> str:
    """SQL of the groups of a key: ``k1`` …, and ``n``, the rows in the group."""
    columns = ", ".join(f"{column} AS k{place}" for place, column in enumerate(key.columns, 1))
    return f"SELECT {columns}, count(*) AS n FROM {EXTRACT}{where_of(key)} GROUP BY {_places(len(key.columns))}"


def item_scan(items: Items, metrics: Sequence[ItemNumber]) -> str:
    """One row of numbers over items; if they belong to organisations, rows as :func:`row_scan` gives them."""
    numbers = [f"{metric.sql} AS m{place}" for place, metric in enumerate(metrics, 1)]
    if not items.split:
        return f"SELECT {lines(numbers)}\nFROM ({items.sql})"
    code = _code("organisation", shown=items.coded)
    labelled = f"SELECT *, {code} AS o, coalesce({items.period}, '') AS p\nFROM ({items.sql})"
    return f"SELECT {lines(['o', 'p', *numbers])}\nFROM ({labelled})\nGROUP BY GROUPING SETS ((), (o, p))"


def middle_scan(scalars: Sequence[Scalar]) -> str:
    """One row of numbers that the values in the middle are enough for; all of them are of the same values.

    Equal values are grouped first, which needs little memory where there are few different ones, and else some disk.
    """
    facts = [scalar.fact for scalar in scalars if isinstance(scalar.fact, MiddleFact)]
    (value,) = {fact.value for fact in facts}
    different = f"SELECT {value} AS x, count(*) AS n FROM {EXTRACT} WHERE {value} IS NOT NULL GROUP BY 1"
    ranked = f"SELECT x, n, sum(n) OVER (ORDER BY x) AS upto, sum(n) OVER () AS total FROM ({different})"
    middle = f"SELECT x FROM ({ranked}) WHERE upto > (total - 1) // 2 AND upto - n <= total // 2"
    return f"SELECT {_numbered(fact.sql for fact in facts)}\nFROM ({middle})"


def figure_scan(select: str, metrics: Sequence[Figure]) -> str:
    """One row of the numbers of a SELECT of its own."""
    return f"SELECT {', '.join(metric.name for metric in metrics)} FROM (\n{select}\n)"


def made(aid: Derived) -> str:
    """The statement that makes a table or a view for metrics to read."""
    return f"CREATE OR REPLACE TEMP {'VIEW' if aid.view else 'TABLE'} {aid.name} AS {aid.sql}"


def footer_scan(metrics: Sequence[Count | Scalar], table: Table, files: Sequence[str]) -> str:
    """One row: what the footers' minima and maxima say of each metric; NULL where they do not say."""
    columns = {column.name: column for column in table.columns}
    answers: dict[str, list[str]] = {}
    for place, metric in enumerate(metrics, 1):
        assert isinstance(metric.fact, BoundsFact | ExtremumFact)
        said = metric.fact.proof if isinstance(metric.fact, BoundsFact) else metric.fact.sql
        answers.setdefault(metric.fact.column, []).append(f"CASE WHEN complete THEN {said} END AS m{place}")
    listed = ", ".join(sql.text(file) for file in files)
    said_of = [f"(SELECT {lines(said)}\nFROM ({_bounds(columns[name])}))" for name, said in answers.items()]
    return (
        "WITH chunks AS MATERIALIZED (SELECT path_in_schema, row_group_num_rows AS n, stats_null_count AS nulls, "
        "CASE WHEN min_is_exact THEN stats_min_value END AS low, CASE WHEN max_is_exact THEN stats_max_value END AS high "
        f"FROM parquet_metadata([{listed}]))\n"
        f"SELECT {', '.join(f'm{place}' for place in range(1, len(metrics) + 1))}\nFROM {', '.join(said_of)}"
    )


def _bounds(column: Column) -> str:
    low, high = f"TRY_CAST(low AS {column.type})", f"TRY_CAST(high AS {column.type})"
    return (
        f"SELECT min({low}) AS lo, max({high}) AS hi, "
        f"bool_and(coalesce(nulls = n OR ({low} IS NOT NULL AND {high} IS NOT NULL), false)) AS complete "
        f"FROM chunks WHERE n > 0 AND path_in_schema = {sql.text(column.footer or column.name)}"
    )


# ------------------------------------------------------------------------------ repeated keys by organisation, registers


def duplicates_by_organisation(key: Key, by: Column, period: Column | None) -> str:
    """Per organisation ``o`` and period ``p``, the rows ``n`` whose key occurs more than once in the whole extract."""
    columns = ", ".join(f"{column} AS k{place}" for place, column in enumerate(key.columns, 1))
    names = ", ".join(f"k{place}" for place in range(1, len(key.columns) + 1))
    inner = (
        f"SELECT {columns}, {by.sql} AS own, {_group(period)} AS grouped, count(*) AS n\n"
        f"FROM {EXTRACT}{where_of(key)} GROUP BY {_places(len(key.columns) + 2)}"
    )
    totals = f"SELECT own, grouped, n, sum(n) OVER (PARTITION BY {names}) AS total FROM ({inner})"
    counted = f"SELECT own, grouped, sum(n) AS m1 FROM ({totals}) WHERE total > 1 GROUP BY 1, 2"
    labelled = _labelled(counted, msgspec.structs.replace(by, sql="own"), period, "grouped", 1)
    return f"SELECT o, p, m1 AS n FROM ({labelled})"


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


def _places(count: int) -> str:
    return ", ".join(str(place) for place in range(1, count + 1))


def lines(expressions: Sequence[str]) -> str:
    """Expressions of a SELECT, each on a line of its own."""
    return ",\n       ".join(expressions)


def purpose_of(metrics: Sequence[Figure]) -> str:
    """What a SELECT of its own is for."""
    return "query of the suite" if any(metric.queries for metric in metrics) else "figures"


def written(plan: Plan, tuning: Tuning = MEASURED) -> list[tuple[str, str]]:
    """The queries that the plan makes on an extract, each with its purpose, in the order in which they run."""
    wanted, by, period = scans(plan, tuning=tuning), plan.organisation, plan.period
    queries = [("periods", spans_table(column, plan.table.view)) for column in plan.periods]
    queries += [("derived", made(aid)) for aid in plan.aids() if isinstance(aid, Derived)]
    queries += [(f"values for the test {aid.test}", aid.values) for aid in plan.aids() if isinstance(aid, WrongValues)]
    for metrics in wanted.rows:
        counts = [metric for metric in metrics if isinstance(metric, Count) and by is not None]
        others = [metric for metric in metrics if metric not in counts]
        queries += [("rows", split_scan(counts, plan.table, by, period))] if by is not None and counts else []
        queries += [("rows", row_scan(others, plan.table))] if others else []
    queries += [(f"different values of {each.column.name}: {each.why}", value_scan(each, plan.table)) for each in wanted.values]
    if wanted.suspects:
        found = row_scan(wanted.suspects, plan.table, suspects=True)
        split = found if by is None else split_scan(wanted.suspects, plan.table, by, period, suspects=True)
        queries.append(("suspect rows: hardly any row is expected to break these rules", split))
    queries += [(f"key {', '.join(key.columns)}", key_scan(key, metrics)) for key, metrics in wanted.keys.items()]
    queries += [("items", item_scan(items, metrics)) for items, metrics in wanted.items.items()]
    queries += [(purpose_of(metrics), figure_scan(select, metrics)) for select, metrics in wanted.figures.items()]
    return queries
