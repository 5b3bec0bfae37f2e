"""Tests of dbt -> expectations. Pure.

What a test means is what its SQL says; a row that it gives is a failure:

- dbt (macros/generic_test_sql of dbt-adapters): ``not_null``; ``unique``, ``accepted_values`` and ``relationships``, which pass
  over NULL.
- dbt_utils (macros/generic_tests): ``accepted_range`` and ``expression_is_true`` pass over NULL (``NOT NULL`` is no row);
  ``unique_combination_of_columns`` groups, so NULL equals NULL; ``relationships_where``, ``not_null_proportion``,
  ``not_constant``, ``at_least_one``, ``not_empty_string``, ``equal_rowcount``, ``recency`` in days.
- dbt_expectations (macros/schema_tests), nearly Great Expectations' names: but ``expect_column_values_to_be_in_set`` gives rows
  of NULL, too.

``severity`` error is critical, warn a warning. ``where`` is a row condition, where that can be translated, and else a part of a
query. ``error_if`` and ``warn_if`` other than "!= 0" count the rows that a test gives: the rule becomes a query that counts
them as the test does (``unique`` counts values, ``accepted_values`` different values). With both, the rule is two expectations,
of either severity.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from dq_engine.interchange import queries
from dq_engine.interchange.draft import Draft, Rule, rule_name, slug
from dq_engine.model import Severity
from dq_engine.trial import faults_of

SETTINGS = (
    "severity",
    "where",
    "error_if",
    "warn_if",
    "fail_calc",
    "limit",
    "enabled",
    "store_failures",
    "store_failures_as",
    "tags",
    "meta",
)
STEERING = (
    "limit",
    "enabled",
    "store_failures",
    "store_failures_as",
    "tags",
    "meta",
    "database",
    "schema",
    "alias",
    "group",
    "docs",
)
"""Settings that say nothing of the data."""
DIALECT = "the SQL is run as DuckDB reads it; it was written for the database of the dbt project"
ANY = "!= 0"
"""The number of failures that fails a test, if nothing says otherwise."""
Expectation = tuple[str, dict[str, Any]]


class Unsaid(Exception):
    """A test that no expectation says; the message says why."""


class Meaning(Struct, frozen=True):
    """What a test means: expectations, and the SELECT of its failures among ``rows`` (SQL of a table), if it can be written.

    ``others`` are extracts of which the SELECT speaks; ``where`` is a condition of the test itself, beside that of its settings;
    ``look`` is what somebody should look at.
    """

    expectations: list[Expectation]
    failures: Callable[[str], str] | None = None
    others: tuple[str, ...] = ()
    where: str | None = None
    look: str = ""


class Test(Struct, frozen=True):
    """One test as dbt has it: its name, with the package before it; its ``own_name`` in the project, arguments, settings."""

    path: str
    was: Any
    name: str
    arguments: dict[str, Any]
    settings: dict[str, Any]
    column: str | None
    own_name: str = ""
    description: str = ""
    adapter: str = ""

    def into(self, draft: Draft) -> None:
        """Adds what the test means to a suite, or says why it cannot."""
        settings = {key: value for key, value in self.settings.items() if value is not None}
        if settings.get("enabled") is False:
            draft.left_out(self.path, self.was, "it is disabled: dbt does not run it either")
            return
        try:
            self.carried(draft, settings)
        except Unsaid as error:
            draft.gone(self.path, self.was, str(error))

    def carried(self, draft: Draft, settings: dict[str, Any]) -> None:
        """Raises :class:`Unsaid`."""
        if jinja([self.arguments_without_reference(), settings, self.column]):
            raise Unsaid("it depends on Jinja, which is not evaluated")
        if settings.get("fail_calc", "count(*)") != "count(*)":
            raise Unsaid("it counts failures in a way of its own (fail_calc)")
        if self.column is not None and not isinstance(self.column, str):
            raise Unsaid("expected the name of a column")
        means = meaning(self.name, dict(self.arguments), self.column)
        where = " AND ".join(f"({one})" for one in (settings.get("where"), means.where) if one) or None
        name = rule_name(self.own_name)
        entries = []
        for severity, threshold in thresholds(settings):
            said = Rule(severity=severity, description=self.description or None, name=name)
            entries += self.entries(draft, means, where, threshold, said)
        foreign = self.adapter != "duckdb" and where and any(entry["type"] == queries.QUERY for entry in entries)
        look = "" if means.look == DIALECT and self.adapter == "duckdb" else means.look or (DIALECT if foreign else "")
        if draft.takes(self.path, self.was, entries) and look:
            draft.look(self.path, self.was, look)

    def arguments_without_reference(self) -> dict[str, Any]:
        """The arguments, but for those that name another table: these are read."""
        return {key: value for key, value in self.arguments.items() if key not in ("to", "compare_model")}

    def entries(self, draft: Draft, means: Meaning, where: str | None, threshold: str, said: Rule) -> list[dict[str, Any]]:
        """The expectations for one severity: of rows, where none may fail, or else a query that counts failures."""
        plain = threshold == ANY
        if plain and means.expectations:
            conditioned = Rule(
                severity=said.severity,
                name=said.name if len(means.expectations) == 1 else None,
                description=said.description if len(means.expectations) == 1 else None,
                condition=where,
                parser=None if where is None else "sqlalchemy",
            )
            entries = [draft.entry(name, kwargs, conditioned) for name, kwargs in means.expectations]
            if where is None or not any(fault for entry in entries for fault in faults_of(entry)):
                return entries
        if means.failures is None:
            raise Unsaid(
                "its condition (where) cannot be translated"
                if plain
                else "its failures are not counted by dq, so error_if and warn_if cannot be said"
            )
        query = means.failures(queries.rows(where))
        if not plain:
            query = f"SELECT failures FROM (SELECT count(*) AS failures FROM ({query})) WHERE failures {threshold}"
        name, kwargs = queries.query(query)
        return [
            draft.entry(
                name, kwargs, Rule(severity=said.severity, name=said.name, description=said.description, others=means.others)
            )
        ]


def thresholds(settings: dict[str, Any]) -> list[tuple[Severity, str]]:
    """How many failures fail a test, at each severity (https://docs.getdbt.com/reference/resource-configs/severity).

    With severity error: a failure if ``error_if`` is true, a warning if ``warn_if`` is; with warn ``error_if`` is skipped.
    """
    severity = str(settings.get("severity", "error")).strip().lower()
    if severity not in ("error", "warn"):
        raise Unsaid(f'expected error or warn as its severity; got "{severity}"')
    error, warn = (_threshold(settings.get(key, ANY)) for key in ("error_if", "warn_if"))
    if severity == "warn":
        return [("warning", warn)]
    return [("critical", error)] if error in (warn, ANY) else [("critical", error), ("warning", warn)]


def _threshold(text: Any) -> str:
    found = re.fullmatch(r"\s*(>=|<=|<>|!=|==|=|>|<)\s*(\d+)\s*", str(text))
    if not found:
        raise Unsaid(f'expected a comparison with a number, such as ">10"; got "{text}"')
    sign = {"<>": "!=", "==": "="}.get(found[1], found[1])
    return ANY if (sign, int(found[2])) in (("!=", 0), (">", 0), (">=", 1)) else f"{sign} {int(found[2])}"


def jinja(value: Any) -> bool:
    """Whether Jinja stands anywhere in a value."""
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(jinja(item) for item in inner)


def referred(text: Any) -> str | None:
    """What another extract is called that ``ref('practices')`` or ``source('nhs', 'practices')`` names."""
    plain = str(text).strip().removeprefix("{{").removesuffix("}}").strip()
    plain = re.sub(r"^get_where_subquery\((.*)\)$", r"\1", plain)
    found = re.fullmatch(
        r"""(?:ref|source)\(\s*(?:(['"])[^'"]+\1\s*,\s*)?(['"])(?P<name>[^'"]+)\2\s*(?:,\s*v(?:ersion)?\s*=\s*\S+)?\)""", plain
    )
    return slug(found["name"]) if found else None


# ------------------------------------------------------------------------------------------------------ what tests mean


def meaning(name: str, arguments: dict[str, Any], column: str | None) -> Meaning:
    """What a test means. Raises :class:`Unsaid`."""
    package, _, test = name.rpartition(".")
    test = test.removeprefix("test_") if package == "" and test.startswith("test_") else test
    found = {"": CORE, "dbt": CORE, "dbt_utils": UTILS}.get(package, {}).get(test)
    given = _Arguments(arguments, column)
    if found is not None:
        means = found(given)
    elif package == "dbt_expectations" and test in EXPECTATIONS:
        means = EXPECTATIONS[test](given, test)
    else:
        raise Unsaid(f"what {name} means is in a macro, which dq does not know")
    if given.left:
        raise Unsaid(f"dq does not know what {', '.join(sorted(given.left))} means here")
    return means


class _Arguments:
    """The arguments of a test: what is taken from them, and what is left."""

    def __init__(self, given: dict[str, Any], column: str | None) -> None:
        self.given, self.own = given, column
        self.left = {key: value for key, value in given.items() if value is not None}

    def take(self, key: str, default: Any = None) -> Any:
        value = self.left.pop(key, None)
        return default if value is None else value

    def need(self, key: str) -> Any:
        if (value := self.take(key)) is None:
            raise Unsaid(f"expected the argument {key}")
        return value

    def text(self, key: str) -> str:
        value = self.need(key)
        if not isinstance(value, str):
            raise Unsaid(f"expected text as {key}")
        return value

    def texts(self, key: str) -> list[str]:
        value = self.need(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Unsaid(f"expected a list of names as {key}")
        return list(value)

    def values(self, key: str) -> list[Any]:
        value = self.need(key)
        if not isinstance(value, list) or not value or any(isinstance(item, list | dict) or item is None for item in value):
            raise Unsaid(f"expected a list of values as {key}")
        return list(value)

    @property
    def column(self) -> str:
        if not (found := self.own or self.take("column_name")):
            raise Unsaid("expected a test of a column")
        return str(found)

    def other(self, key: str = "to") -> str:
        """Another extract, by the table that an argument names."""
        if not (found := referred(self.need(key))):
            raise Unsaid(f"expected ref('name') or source('name', 'table') as {key}; other Jinja is not evaluated")
        return found


def _not_null(given: _Arguments) -> Meaning:
    column = given.column
    rule = ("expect_column_values_to_not_be_null", {"column": column})
    return Meaning([rule], lambda rows: f"SELECT * FROM {rows} WHERE {queries.name(column)} IS NULL")


def _unique(given: _Arguments) -> Meaning:
    column = given.column
    name = queries.name(column)
    rule = ("expect_column_values_to_be_unique", {"column": column})
    return Meaning([rule], lambda rows: f"SELECT {name} FROM {rows} WHERE {name} IS NOT NULL GROUP BY {name} HAVING count(*) > 1")


def _accepted_values(given: _Arguments) -> Meaning:
    column, values = given.column, given.values("values")
    given.take("quote")
    rule = ("expect_column_values_to_be_in_set", {"column": column, "value_set": values})
    listed = ", ".join(queries.value(value) for value in values)
    name = queries.name(column)
    return Meaning([rule], lambda rows: f"SELECT DISTINCT {name} FROM {rows} WHERE {name} NOT IN ({listed})")


def _relationships(given: _Arguments) -> Meaning:
    column, other, field = given.column, given.other(), given.text("field")
    rule = ("expect_column_values_to_exist_in_other_extract", {"column": column, "other": other, "other_column": field})
    name, there = queries.name(column), queries.name(field)
    known = f"SELECT {there} FROM {queries.name(other)} WHERE {there} IS NOT NULL"
    failures = f"WHERE {name} IS NOT NULL AND {name} NOT IN ({known})"
    return Meaning([rule], lambda rows: f"SELECT * FROM {rows} {failures}", (other,))


def _relationships_where(given: _Arguments) -> Meaning:
    column, other, field = given.column, given.other(), given.text("field")
    where, there = given.take("from_condition"), given.take("to_condition")
    kwargs: dict[str, Any] = {"column": column, "other": other, "other_column": field}
    if there not in (None, "1=1"):
        kwargs["other_condition"] = there
    return Meaning(
        [("expect_column_values_to_exist_in_other_extract", kwargs)], where=None if where in (None, "1=1") else str(where)
    )


def _combination(given: _Arguments) -> Meaning:
    columns = given.texts("combination_of_columns")
    given.take("quote_columns")
    if not columns:
        raise Unsaid("expected columns as combination_of_columns")
    names = ", ".join(map(queries.name, columns))
    rule = ("expect_compound_columns_to_be_unique", {"column_list": columns, "ignore_row_if": "never"})
    failures = f"GROUP BY {names} HAVING count(*) > 1"
    return Meaning([rule] if len(columns) > 1 else [], lambda rows: f"SELECT {names} FROM {rows} {failures}")


def _bound(value: Any) -> Any:
    """A number, or a date in quotes, as a bound. Raises :class:`Unsaid` for other SQL."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = str(value).strip()
    if found := re.fullmatch(
        r"(?:(?:cast\(\s*)?(?:date|timestamp)?\s*)?'(\d{4}-\d\d-\d\d(?:[ T][\d:.]+)?)'(?:\s*as\s+\w+\s*\)|::\w+)?", text, re.I
    ):
        return found[1]
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text) if "." in text else int(text)
    raise Unsaid(f"expected a number or a date in quotes as a bound; got SQL: {text}")


def _range(given: _Arguments) -> Meaning:
    column, kwargs = given.column, {}
    for key in ("min_value", "max_value"):
        if (value := given.take(key)) is not None:
            kwargs[key] = _bound(value)
    if given.take("inclusive", True) is False:
        kwargs |= {f"strict_{key[:3]}": True for key in list(kwargs)}
    rule = ("expect_column_values_to_be_between", {"column": column, **kwargs})
    sign = "" if any(key.startswith("strict") for key in kwargs) else "="
    tests = [
        f"NOT ({queries.name(column)} {way}{sign} {queries.value(kwargs[key])})"
        for key, way in (("min_value", ">"), ("max_value", "<"))
        if key in kwargs
    ]
    return Meaning([rule], lambda rows: f"SELECT * FROM {rows} WHERE {' OR '.join(tests)}")


def _expression(given: _Arguments) -> Meaning:
    expression, column = given.text("expression"), given.own
    given.take("column_name")
    said = queries.escaped(expression if column is None else f"{column} {expression}")
    return Meaning([], lambda rows: f"SELECT * FROM {rows} WHERE NOT ({said})", look=DIALECT)


def _aggregate(test: str) -> Callable[[_Arguments], Meaning]:
    """A test that gives a row where an aggregate of the column says so."""

    def means(given: _Arguments) -> Meaning:
        broken = test.format(queries.name(given.column).replace("{", "{{").replace("}", "}}"))
        return Meaning([], lambda rows: f"SELECT count(*) AS rows_considered FROM {rows} HAVING {broken}")

    return means


def _proportion(given: _Arguments) -> Meaning:
    column, low, high = given.column, given.need("at_least"), given.take("at_most", 1)
    kwargs = {"column": column, "min_value": low} | ({} if high in (1, 1.0) else {"max_value": high})
    return Meaning([("expect_column_proportion_of_non_null_values_to_be_between", kwargs)])


def _not_empty(given: _Arguments) -> Meaning:
    trimmed = given.take("trim_whitespace", True)
    regex = r"\A[ \t\n\r]*\Z" if trimmed else r"\A\Z"
    return Meaning([("expect_column_values_to_not_match_regex", {"column": given.column, "regex": regex})])


def _equal_rows(given: _Arguments) -> Meaning:
    return Meaning([("expect_table_row_count_to_equal_other_table", {"other_table_name": given.other("compare_model")})])


def _recency(given: _Arguments) -> Meaning:
    field, part, count = given.text("field"), given.text("datepart"), given.need("interval")
    given.take("ignore_time_component")
    if part != "day" or not isinstance(count, int):
        raise Unsaid("ages are counted in whole days")
    look = "ages are counted from the day of the run, not from its hour"
    return Meaning([("expect_column_max_to_be_fresh", {"column": field, "max_age_days": count})], look=look)


CORE: dict[str, Callable[[_Arguments], Meaning]] = {
    "not_null": _not_null,
    "unique": _unique,
    "accepted_values": _accepted_values,
    "relationships": _relationships,
}
UTILS: dict[str, Callable[[_Arguments], Meaning]] = {
    "unique_combination_of_columns": _combination,
    "accepted_range": _range,
    "expression_is_true": _expression,
    "relationships_where": _relationships_where,
    "not_null_proportion": _proportion,
    "not_constant": _aggregate("count(DISTINCT {}) = 1"),
    "at_least_one": _aggregate("count({}) = 0"),
    "not_empty_string": _not_empty,
    "equal_rowcount": _equal_rows,
    "recency": _recency,
}


def _same(*known: str, column: bool = True) -> Callable[[_Arguments, str], Meaning]:
    """A test of dbt_expectations that is Great Expectations' own, with those arguments."""

    def means(given: _Arguments, name: str) -> Meaning:
        kwargs: dict[str, Any] = {"column": given.column} if column else {}
        for key in known:
            if (value := given.take(key)) is not None:
                kwargs[RENAMED.get(key, key)] = _bound(value) if key in ("min_value", "max_value") else value
        if given.take("strictly", False):
            kwargs |= {f"strict_{key[:3]}": True for key in ("min_value", "max_value") if key in kwargs}
        for key in ("quote_values", "quote_columns", "is_raw", "transform"):
            if given.take(key) not in (None, True, False, "upper"):
                raise Unsaid(f"what {key} says is SQL of the project")
        condition = given.take("row_condition")
        return Meaning([(name, kwargs)], where=None if condition is None else str(condition))

    return means


def _in_set(given: _Arguments, name: str) -> Meaning:
    """Rows of NULL are failures, too: the join that looks for a value finds none for NULL."""
    found = _same("value_set")(given, name)
    return Meaning([*found.expectations, ("expect_column_values_to_not_be_null", {"column": given.column})], where=found.where)


def _column_set(given: _Arguments, name: str) -> Meaning:
    given.take("transform")
    return Meaning([(name, {"column_set": given.texts("column_list"), "exact_match": True})])


RENAMED = {"column_type": "type_", "column_type_list": "type_list"}
BOUNDS = ("min_value", "max_value")
EXPECTATIONS: dict[str, Callable[[_Arguments, str], Meaning]] = {
    **{
        f"expect_column_{what}_to_be_between": _same(*BOUNDS)
        for what in ("values", "max", "min", "mean", "median", "sum", "stdev", "value_lengths", "unique_value_count")
    },
    "expect_column_proportion_of_unique_values_to_be_between": _same(*BOUNDS),
    "expect_column_values_to_not_be_null": _same(),
    "expect_column_values_to_be_null": _same(),
    "expect_column_values_to_be_unique": _same(),
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_not_be_in_set": _same("value_set"),
    "expect_column_distinct_values_to_equal_set": _same("value_set"),
    "expect_column_distinct_values_to_contain_set": _same("value_set"),
    "expect_column_distinct_values_to_be_in_set": _same("value_set"),
    "expect_column_value_lengths_to_equal": _same("value"),
    "expect_column_values_to_match_regex": _same("regex"),
    "expect_column_values_to_not_match_regex": _same("regex"),
    "expect_column_values_to_match_regex_list": _same("regex_list", "match_on"),
    "expect_column_values_to_not_match_regex_list": _same("regex_list"),
    "expect_column_values_to_match_like_pattern": _same("like_pattern"),
    "expect_column_values_to_not_match_like_pattern": _same("like_pattern"),
    "expect_column_values_to_be_of_type": _same("column_type"),
    "expect_column_values_to_be_in_type_list": _same("column_type_list"),
    "expect_column_to_exist": _same(),
    "expect_compound_columns_to_be_unique": _same("column_list", "ignore_row_if", column=False),
    "expect_table_row_count_to_be_between": _same(*BOUNDS, column=False),
    "expect_table_row_count_to_equal": _same("value", column=False),
    "expect_table_column_count_to_equal": _same("value", column=False),
    "expect_table_column_count_to_be_between": _same(*BOUNDS, column=False),
    "expect_table_columns_to_match_set": _column_set,
    "expect_table_columns_to_match_ordered_list": _same("column_list", column=False),
}
