"""Rules of ``quality`` in an ODCS 3 contract -> expectations. Pure.

https://bitol-io.github.io/open-data-contract-standard/latest/data-quality says what metrics count. Where a count must be 0 the
rule is the expectation that says so of each row; other numbers of rows become a query that counts them. ``mustBeBetween``
excludes both ends: the standard calls it "equivalent to mustBeGreaterThan and mustBeLessThan". How many rows a repeated value
counts for it does not say, so ``duplicateValues`` is carried over only where there may be none. ``sql`` gives one value, to
which the operator applies; no value breaks the rule. ``custom`` rules of Great Expectations are expectations already.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from msgspec.structs import fields

from dq_engine.catalog import CATALOG
from dq_engine.errors import SourceError
from dq_engine.interchange import document, queries
from dq_engine.interchange.draft import Draft, Part, Rule, rule_name
from dq_engine.model import Dimension, Severity

OPERATORS = {
    "mustBe": "=",
    "mustNotBe": "<>",
    "mustBeGreaterThan": ">",
    "mustBeGreaterOrEqualTo": ">=",
    "mustBeGreaterThanOrEqualTo": ">=",
    "mustBeLessThan": "<",
    "mustBeLessOrEqualTo": "<=",
    "mustBeLessThanOrEqualTo": "<=",
}
BETWEEN = {"mustBeBetween": ("> {}", "AND", "< {}"), "mustNotBeBetween": ("<= {}", "OR", ">= {}")}
"""Operators that take two numbers: both ends are outside (see above)."""
METRICS = {
    "nullCheck": "nullValues",
    "uniqueCheck": "duplicateValues",
    "duplicateCount": "duplicateValues",
    "validValues": "invalidValues",
    "countCheck": "rowCount",
}
"""What 3.0 called metrics, in ``rule``."""
ROWS, PERCENT = ("rows", "row"), ("percent", "%")
STANDARD = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")
NONE = ("nullCheck", "uniqueCheck", "validValues")
"""Rules of 3.0 that need no number: there may be none."""
DIMENSIONS: dict[str, Dimension] = {
    **dict.fromkeys(("accuracy", "ac"), "accuracy"),
    **dict.fromkeys(("completeness", "cp"), "completeness"),
    **dict.fromkeys(("conformity", "cf", "validity"), "validity"),
    **dict.fromkeys(("consistency", "cs"), "consistency"),
    **dict.fromkeys(("coverage", "cv"), "coverage"),
    **dict.fromkeys(("timeliness", "tm"), "timeliness"),
    **dict.fromkeys(("uniqueness", "uq"), "uniqueness"),
}
SEVERITIES: dict[str, Severity] = {
    **dict.fromkeys(("critical", "error", "blocker", "high", "fatal", "major"), "critical"),
    **dict.fromkeys(("warning", "warn", "medium", "minor"), "warning"),
    **dict.fromkeys(("info", "low", "information", "informational", "notice"), "info"),
}
EXPECTATIONS = ("greatexpectations", "great_expectations", "great-expectations", "gx")
DESCRIBING = (
    *(
        "businessImpact",
        "method",
        "schedule",
        "scheduler",
        "scheduleCronExpression",
        "tags",
        "authoritativeDefinitions",
        "customProperties",
    ),
    *("id", "name", "title"),
)


OWN = "dq"
"""The custom property that holds what is dq's own."""


def own(part: Part) -> dict[str, Any] | None:
    """What dq says in the custom properties of a part, if it wrote that; others stay where they are."""
    properties = part.raw.get("customProperties")
    for custom in properties if isinstance(properties, list) else []:
        if isinstance(custom, dict) and custom.get("property") == OWN and isinstance(custom.get("value"), dict):
            if len(part.raw["customProperties"]) == 1:
                part.left.pop("customProperties", None)
            return dict(custom["value"])
    return None


def look_at_pattern(draft: Draft, path: str, pattern: str) -> None:
    """Says where ECMA-262, whose patterns contracts have, and Python may differ."""
    if re.search(r"\\[dwWsSb]|\$", pattern) and not pattern.isascii():
        draft.look(
            path, pattern, r"\d, \w, \s and \b are Python's, which know letters and digits beyond ASCII; those of ECMA-262 do not"
        )


class Rules:
    """Reads the rules of one schema object, and puts those that dq wrote in the order that they had."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.written: list[tuple[int, _Rule]] = []

    def read(self, part: Part, column: str | None) -> None:
        """Reads ``quality`` of an object, or of the property that is called ``column``."""
        for one in part.parts("quality"):
            rule = _Rule(one, column, self.draft)
            if rule.ours is None:
                rule.read()
            else:
                place = rule.ours.get("place")
                self.written.append((place if isinstance(place, int) else len(self.written), rule))

    def end(self) -> None:
        """Adds the rules that dq wrote."""
        for _, rule in sorted(self.written, key=lambda found: found[0]):
            rule.read()


class _Rule:
    """Reads one rule."""

    def __init__(self, part: Part, column: str | None, draft: Draft) -> None:
        self.part, self.column, self.draft, self.was = part, column, draft, dict(part.raw)
        self.ours = own(part)
        """What dq says of a rule that it wrote; None for one of others."""

    def read(self) -> None:
        part = self.part
        given = part.text("type") or ("text" if set(part.raw) <= {"description", "name", "id"} else "library")
        said = self.said()
        if given == "text":
            self.gone(f"it is said in words only: {part.raw.get('description') or ''}".rstrip(": "))
        elif given == "sql":
            self.sql(said)
        elif given == "custom":
            self.custom(said)
        elif given == "library":
            self.library(said)
        else:
            self.gone(f'expected one of library, sql, custom, text as its type; got "{given}"')
        for key, value in part.left.items():
            if key in DESCRIBING:
                self.draft.left_out(part.at(key), value)
            else:
                self.draft.look(part.at(key), value, "it has no effect: dq does not know this key")

    def said(self) -> Rule:
        part = self.part
        severity = (part.text("severity") or "").strip().lower()
        dimension = (part.text("dimension") or "").strip().lower()
        if severity and severity not in SEVERITIES:
            self.draft.look(part.at("severity"), severity, "no severity that dq knows; the rule is critical")
        if dimension and dimension not in DIMENSIONS:
            self.draft.look(part.at("dimension"), dimension, "no dimension that dq knows; the rule has that of its expectation")
        name = part.text("name") or part.text("id")
        return Rule(
            severity=SEVERITIES.get(severity, "critical") if severity else None,
            name=rule_name(name),
            dimension=DIMENSIONS.get(dimension),
            description=part.text("description"),
        )

    def gone(self, why: str) -> None:
        self.draft.gone(self.part.path, self.was, why)
        self.part.left = {}

    def carry(self, said: Rule, *rules: tuple[str, dict[str, Any]]) -> None:
        if self.ours is not None:
            kept = {key: value for key, value in self.ours.get("entry", {}).items() if key not in ("type", "kwargs")}
            self.takes([{"type": name, "kwargs": kwargs, **kept} for name, kwargs in rules], said)
        elif len(rules) > 1:
            plain = Rule(severity=said.severity, dimension=said.dimension)
            self.draft.rule(self.part.path, self.was, list(rules), plain)
        else:
            self.draft.rule(self.part.path, self.was, list(rules), said)

    def takes(self, entries: list[dict[str, Any]], said: Rule) -> None:
        """Adds expectations that are written already; a severity that the contract has by now comes before theirs."""
        if said.severity is not None:
            entries = [{**e, "severity": said.severity} if e.get("severity", "critical") != said.severity else e for e in entries]
        self.draft.takes(self.part.path, self.was, entries)

    # ------------------------------------------------------------------------------------------------------- what must be

    def test(self) -> str | None:
        """The operators of the rule, as SQL about ``found``; None if there is none. Faults are the source's."""
        tests = []
        for key, sign in OPERATORS.items():
            if key in self.part.raw:
                value = self.part.value(key)
                if isinstance(value, bool | int | float) or (key in ("mustBe", "mustNotBe") and isinstance(value, str)):
                    tests.append(f"found {sign} {queries.value(value) if not isinstance(value, bool) else str(value).upper()}")
                else:
                    self.part.faults.add(self.part.at(key), "expected a number")
        for key, (low, word, high) in BETWEEN.items():
            if key in self.part.raw:
                ends = self.part.items(key)
                if len(ends) == 2 and all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends):
                    first, last = (queries.value(end) for end in ends)
                    tests.append(f"(found {low.format(first)} {word} found {high.format(last)})")
                    why = "both ends are outside what is allowed, as the standard says; some tools allow them"
                    self.draft.look(self.part.at(key), ends, why)
                else:
                    self.part.faults.add(self.part.at(key), "expected two numbers, the smaller one first")
        return " AND ".join(tests) or None

    # ------------------------------------------------------------------------------------------------------------ library

    def library(self, said: Rule) -> None:
        part = self.part
        named = part.text("metric") or part.text("rule") or ""
        part.value("rule")
        metric = METRICS.get(named, named)
        arguments = part.mapping("arguments")
        unit = (part.text("unit") or "rows").lower()
        values = arguments.items("validValues") or part.items("validValues")
        raw, test = {key: part.raw[key] for key in (*OPERATORS, *BETWEEN) if key in part.raw}, self.test()
        if test is None and named in NONE:
            test, raw = "found = 0", {"mustBe": 0}
        if test is None:
            self.gone("expected an operator, such as mustBe: 0")
        elif unit not in (*ROWS, *PERCENT):
            self.gone(f'expected rows or percent as its unit; got "{unit}"')
        elif metric == "rowCount":
            self.row_count(said, raw, test, unit)
        elif metric == "duplicateValues":
            self.duplicates(said, raw, unit, arguments)
        elif self.column is None:
            self.gone(f'the metric "{metric}" is one of a property' if metric else "expected the name of a metric")
        elif metric == "nullValues":
            null = "expect_column_values_to_not_be_null", {"column": self.column}
            if unit in PERCENT and not no_row(raw, unit) and (share := share_below(raw)):
                rule = "expect_column_proportion_of_non_null_values_to_be_between"
                self.carry(said, (rule, {"column": self.column, **share}))
            else:
                self.counted(said, raw, test, unit, [null], f"{queries.name(self.column)} IS NULL")
        elif metric == "missingValues":
            self.missing(said, raw, test, unit, arguments)
        elif metric == "invalidValues":
            self.invalid(said, raw, test, unit, values, arguments.text("pattern") or part.text("pattern"))
        else:
            self.gone(f'"{metric}" is no metric of the standard; expected {", ".join(STANDARD)}')
        self.draft.rest(arguments)

    def counted(
        self,
        said: Rule,
        raw: dict[str, Any],
        test: str,
        unit: str,
        rules: list[tuple[str, dict[str, Any]]],
        predicate: str | None,
    ) -> None:
        """A count of rows: where none is allowed, by the ``rules``; else by a query with the SQL of such a row."""
        if no_row(raw, unit):
            self.carry(said, *rules)
        elif predicate is None:
            self.gone("a number of rows that break this rule is not counted; only none can be said")
        elif unit in ROWS:
            found = f"SELECT count(*) FROM {queries.BATCH} WHERE {predicate}"
            self.carry(said, queries.query(queries.unkept(found, test)))
        else:
            found = f"SELECT 100.0 * count_if({predicate}) / count(*) FROM {queries.BATCH}"
            self.carry(said, queries.query(queries.unkept(found, test)))

    def row_count(self, said: Rule, raw: dict[str, Any], test: str, unit: str) -> None:
        bounds = {"mustBeGreaterThan": "min_value", "mustBeLessThan": "max_value"}
        if unit in PERCENT:
            self.gone("a number of rows has no percentage")
        elif len(raw) == 1 and isinstance(raw.get("mustBe"), int):
            self.carry(said, ("expect_table_row_count_to_equal", {"value": raw["mustBe"]}))
        elif all(key.replace("ThanOrEqualTo", "Than").replace("OrEqualTo", "Than") in bounds for key in raw):
            kwargs: dict[str, Any] = {}
            for key, value in raw.items():
                end = bounds[key.replace("ThanOrEqualTo", "Than").replace("OrEqualTo", "Than")]
                kwargs |= {end: value} | ({} if "OrEqualTo" in key else {f"strict_{end[:3]}": True})
            self.carry(said, ("expect_table_row_count_to_be_between", kwargs))
        else:
            self.carry(said, queries.query(queries.unkept(f"SELECT count(*) FROM {queries.BATCH}", test)))

    def duplicates(self, said: Rule, raw: dict[str, Any], unit: str, arguments: Part) -> None:
        columns = arguments.texts("properties") or ([self.column] if self.column else [])
        if not no_row(raw, unit):
            self.gone("the standard does not say how many rows a repeated value counts for; only that there is none can be said")
        elif not columns:
            self.gone("expected the properties that are unique together, in arguments")
        elif len(columns) == 1:
            self.carry(said, ("expect_column_values_to_be_unique", {"column": columns[0]}))
        else:
            self.carry(said, ("expect_compound_columns_to_be_unique", {"column_list": columns}))

    def missing(self, said: Rule, raw: dict[str, Any], test: str, unit: str, arguments: Part) -> None:
        values = arguments.items("missingValues")
        if not values:
            self.gone("expected the values that count as missing, in arguments")
            return
        column = {"column": str(self.column)}
        others = [value for value in values if value is not None]
        rules: list[tuple[str, dict[str, Any]]] = [("expect_column_values_to_not_be_null", column)] if None in values else []
        if others:
            rules.append(("expect_column_values_to_not_be_in_set", {**column, "value_set": others}))
        name = queries.name(str(self.column))
        parts = [f"{name} IS NULL"] if None in values else []
        parts += [f"{name} IN ({', '.join(map(queries.value, others))})"] if others and plain(others) else []
        self.counted(said, raw, test, unit, rules, f"({' OR '.join(parts)})" if not others or plain(others) else None)

    def invalid(self, said: Rule, raw: dict[str, Any], test: str, unit: str, values: list[Any], pattern: str | None) -> None:
        column = {"column": str(self.column)}
        rules: list[tuple[str, dict[str, Any]]] = []
        predicate = None
        if values:
            rules.append(("expect_column_values_to_be_in_set", {**column, "value_set": values}))
            listed = ", ".join(map(queries.value, values)) if plain(values) else ""
            predicate = f"{queries.name(str(self.column))} NOT IN ({listed})" if listed else None
        if pattern is not None:
            rules.append(("expect_column_values_to_match_regex", {**column, "regex": pattern}))
            look_at_pattern(self.draft, self.part.at("arguments"), pattern)
            predicate = None
        share = raw.get("mustBeLessOrEqualTo", raw.get("mustBeLessThanOrEqualTo"))
        if not rules:
            self.gone("expected validValues or a pattern, in arguments")
        elif len(rules) == 1 and pattern is not None and unit not in ROWS and len(raw) == 1 and isinstance(share, int | float):
            name, kwargs = rules[0]
            self.carry(said, (name, {**kwargs, "mostly": float(1 - Decimal(str(share)) / 100)}))
            self.draft.look(self.part.path, self.was, "the percentage is of the rows that have a value")
        else:
            self.counted(said, raw, test, unit, rules, predicate)

    # --------------------------------------------------------------------------------------------------------- SQL, custom

    def sql(self, said: Rule) -> None:
        text, test = self.part.text("query"), self.test()
        if not text or test is None:
            self.gone("expected a query and an operator, such as mustBe: 0")
            return
        names = {"object": queries.BATCH, "table": queries.BATCH, "schema": queries.BATCH, "model": queries.BATCH}
        names |= {key: queries.name(self.column) for key in ("property", "column", "field") if self.column}
        pieces = re.split(r"\$?\{(\w+)\}", text.strip().rstrip("; \t\n"))
        if unknown := [word for word in pieces[1::2] if word not in names]:
            self.gone(f"{{{unknown[0]}}} stands for nothing that is known here")
            return
        found = "".join(names[piece] if place % 2 else queries.escaped(piece) for place, piece in enumerate(pieces))
        self.carry(said, queries.query(queries.unkept(found, test)))
        if self.ours is None:
            self.draft.look(
                self.part.path, self.was, "the query is run as DuckDB reads it; it was written for the server of the contract"
            )

    def custom(self, said: Rule) -> None:
        engine = (self.part.text("engine") or "").lower()
        raw = self.part.value("implementation")
        if engine not in EXPECTATIONS:
            self.gone(f'rules of the engine "{engine}" are not translated')
            return
        try:
            value = document.read(raw, self.part.faults.origin) if isinstance(raw, str) else raw
        except SourceError as error:
            for problem in error.problems:
                self.part.faults.add(self.part.at("implementation"), problem.message)
            return
        entries = value if isinstance(value, list) else [value]
        if not entries or not all(isinstance(entry, dict) for entry in entries):
            self.gone("expected an expectation, with type and kwargs, as its implementation")
        else:
            self.takes([self.expectation(dict(entry), said) for entry in entries], said)

    def expectation(self, raw: dict[str, Any], said: Rule) -> dict[str, Any]:
        """An expectation of Great Expectations, with what the contract says beside it."""
        name = raw.pop("type", None) or raw.pop("expectation_type", None)
        given = raw.pop("kwargs", None) or {}
        cls = CATALOG.get(str(name))
        known = [field.name for field in fields(cls)] if cls else []
        kwargs = {_snake(key) if key not in known and _snake(key) in known else key: value for key, value in given.items()}
        if self.column and "column" in known and "column" not in kwargs:
            kwargs = {"column": self.column, **kwargs}
        plain = {} if self.ours is not None else self.draft.entry(str(name), kwargs, said)
        return {**plain, "type": name, "kwargs": kwargs, **raw}


def plain(values: list[Any]) -> bool:
    """Whether values are texts and numbers, which a query can be asked for."""
    return all(isinstance(value, str | int | float) and not isinstance(value, bool) for value in values)


def no_row(raw: dict[str, Any], unit: str) -> bool:
    """Whether operators allow no row at all: below 1 is none of rows, and may be many as a percentage."""
    none = [{"mustBe": 0}, {"mustBeLessOrEqualTo": 0}, {"mustBeLessThanOrEqualTo": 0}]
    return raw in none or (unit in ROWS and raw == {"mustBeLessThan": 1})


def share_below(raw: dict[str, Any]) -> dict[str, Any] | None:
    """The share of other rows that operators ask for, where they say how high a percentage may be; None if they say else."""
    if len(raw) == 1 and "mustBeLess" in next(iter(raw)):
        (sign, most), *_ = raw.items()
        return {"min_value": float(1 - Decimal(str(most)) / 100)} | ({"strict_min": True} if sign == "mustBeLessThan" else {})
    return None


def _snake(key: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()
