"""Open Data Contract Standard 3 (https://bitol-io.github.io/open-data-contract-standard/) -> suites, one for each schema
object. Pure.

What a property says of itself becomes expectations as the standard describes it: ``required``, ``unique``, ``primaryKey`` (all
its columns required, and together unique), ``logicalType`` (of the column of the extract), ``logicalTypeOptions`` (``pattern``
is one of ECMA-262, which is searched for), ``enum`` (3.2), ``relationships`` (3.1; a foreign key of SQL: NULL is not judged).
Rules of ``quality`` are read by :mod:`~dq_engine.interchange.odcs_quality`. ``servers`` are never taken over: they hold where
data are and how to get at them.

A contract that dq wrote (:mod:`~dq_engine.interchange.odcs_export`) says so in ``customProperties`` called ``dq``, which hold
what the standard has no place for; the types of its columns describe, and check nothing, as in the suite that it came from.
"""

from __future__ import annotations

import re
from typing import Any

from dq_engine.catalog.types import base_of, meant
from dq_engine.interchange import odcs_quality, queries
from dq_engine.interchange.draft import COLUMN_TYPES, Draft, Faults, Imported, Part, base, slug
from dq_engine.interchange.forms import FORMS, INEXACT
from dq_engine.interchange.odcs_quality import own
from dq_engine.model import FieldType

NAME = "Open Data Contract Standard"
TYPES: dict[str, tuple[FieldType | None, list[str]]] = {
    "string": ("text", COLUMN_TYPES["text"]),
    "integer": ("integer", COLUMN_TYPES["integer"]),
    "number": ("decimal", COLUMN_TYPES["decimal"]),
    "boolean": ("boolean", COLUMN_TYPES["boolean"]),
    "date": ("date", COLUMN_TYPES["date"]),
    "timestamp": ("timestamp", COLUMN_TYPES["timestamp"]),
    "time": (None, ["TIME"]),
    "object": (None, ["STRUCT", "MAP", "JSON"]),
    "array": (None, ["ARRAY"]),
    "map": (None, ["MAP"]),
    "vector": (None, ["ARRAY"]),
}
BITS = {f"{sign}{bits}": (sign, bits) for sign in "iu" for bits in (8, 16, 32, 64, 128)}
DOCUMENTS = (
    *(
        "id",
        "name",
        "version",
        "status",
        "tenant",
        "domain",
        "dataProduct",
        "tags",
        "price",
        "roles",
        "support",
        "authoritativeDefinitions",
    ),
    *(
        "contractCreatedTs",
        "context",
        "slaDefaultElement",
        "businessName",
        "physicalType",
        "dataGranularityDescription",
        "deprecated",
    ),
    *(
        "synonyms",
        "semanticType",
        "partitioned",
        "partitionKeyPosition",
        "encryptedName",
        "transformSourceObjects",
        "transformLogic",
    ),
    *(
        "transformDescription",
        "criticalDataElement",
        "customProperties",
        "logicalType",
        "physicalName",
        "usage",
        "purpose",
        "limitations",
    ),
    *("kind", "apiVersion", "description"),
)
"""Keys that describe, and check nothing."""
SENSITIVITY = {
    **dict.fromkeys(("public", "open"), "public"),
    **dict.fromkeys(("sensitive", "internal", "confidential", "restricted", "private"), "sensitive"),
    **dict.fromkeys(
        ("identifying", "personal", "pii", "phi", "special category", "highly confidential", "secret"), "identifying"
    ),
}
"""Who may see values, by words that contracts have for it. The standard has none of its own."""
LATENCY = ("latency", "ly", "freshness")
DAYS = {
    **dict.fromkeys(("d", "day", "days"), 1),
    **dict.fromkeys(("w", "wk", "week", "weeks"), 7),
    **dict.fromkeys(("y", "yr", "years"), 366),
}
DATES_OF_LIFE = ("generalavailability", "ga", "endofsupport", "es", "endoflife", "el")


def recognised(raw: Any) -> bool:
    """Whether a value looks like a contract of this standard."""
    return isinstance(raw, dict) and (
        raw.get("kind") == "DataContract" or ("apiVersion" in raw and isinstance(raw.get("schema"), list))
    )


def imported(raw: dict[str, Any], name: str) -> Imported:
    """The suites of a contract. Raises :class:`dq_engine.errors.SourceError`."""
    faults = Faults(name)
    top = Part(raw, "$", faults)
    version = str(raw.get("apiVersion") or "")
    if not re.fullmatch(r"v?3\.\d+(\.\d+)?", version):
        faults.add("$.apiVersion", f'expected a version 3 of the standard, such as v3.1.0; got "{version}"')
    whole = Draft(base(name), {})
    origin = {
        "format": NAME,
        "version": version,
        "contract": raw.get("id"),
        "contract_version": raw.get("version"),
        "file": base(name),
    }
    origin = {key: str(value) for key, value in origin.items() if value is not None}
    owner = _owner(top)
    purpose = top.mapping("description")
    description = " ".join(text for key in ("purpose", "usage", "limitations") if (text := purpose.text(key)))
    whole.rest(purpose, known=DOCUMENTS)
    if top.value("servers") is not None:
        whole.left_out("$.servers", None, "where data are, and how to get at them, is not taken over")
    contract = _Contract(top.parts("schema"), version, faults)
    drafts = [contract.suite(part, dict(origin), owner, description) for part in contract.objects]
    contract.promises(top, drafts, whole)
    whole.rest(top, known=DOCUMENTS)
    faults.end()
    suites = [draft.finished() for draft in drafts if draft.rules or _nothing(draft, whole)]
    return Imported(NAME, version, tuple(suites), tuple(whole.changes))


def _nothing(draft: Draft, whole: Draft) -> bool:
    """Says of an object without a rule that no suite is made of it."""
    whole.changes += draft.changes
    whole.left_out(f'$.schema ("{draft.name}")', None, "it has no rule, so no suite is made of it")
    return False


def _owner(top: Part) -> str:
    """Who answers for the data: the owner in the team, else the team."""
    team = top.value("team")
    members = team.get("members") if isinstance(team, dict) else team
    for member in members if isinstance(members, list) else []:
        if isinstance(member, dict) and str(member.get("role", "")).strip().lower() in ("owner", "data owner", "product owner"):
            return str(member.get("name") or member.get("username") or "")
    return str(team.get("name") or "") if isinstance(team, dict) else ""


class _Contract:
    """Reads the schema objects of one contract, which speak of one another."""

    def __init__(self, objects: list[Part], version: str, faults: Faults) -> None:
        self.objects, self.faults = objects, faults
        self.early = version.removeprefix("v").startswith("3.0")
        """Whether a date may be a timestamp: 3.0 has no type of its own for these."""
        self.names: dict[str, str] = {}
        self.columns: dict[tuple[str, str], str] = {}
        for part in objects:
            name = part.raw.get("name")
            if not isinstance(name, str) or not name:
                faults.add(part.at("name"), "is missing: a schema object has a name")
                continue
            for key in (name, part.raw.get("id"), part.raw.get("physicalName")):
                self.names[str(key)] = name
            for raw in part.raw.get("properties") or [] if isinstance(part.raw.get("properties"), list) else []:
                if isinstance(raw, dict) and isinstance(raw.get("name"), str):
                    for key in (raw["name"], raw.get("id")):
                        self.columns[name, str(key)] = _column(raw)

    def suite(self, part: Part, origin: dict[str, Any], owner: str, description: str) -> Draft:
        draft = Draft(part.text("name") or "unnamed", origin)
        written = own(part)
        ours = written or {}
        draft.feed |= {
            "title": part.text("businessName") or "",
            "description": part.text("description") or description,
            "owner": owner,
        }
        draft.feed = {key: value for key, value in {**draft.feed, **ours.get("feed", {})}.items() if value}
        draft.top = {key: value for key, value in ours.get("suite", {}).items() if key in ("id", "notes", "suite_parameters")}
        draft.meta = ours.get("meta", {})
        properties = [_Property(one, self, draft, typed=written is None) for one in part.parts("properties")]
        rules = odcs_quality.Rules(draft)
        for one in properties:
            one.described()
            rules.read(one.part, one.column)
        rules.read(part, None)
        rules.end()
        if properties and written is None:
            columns = {"column_set": [one.column for one in properties], "exact_match": False}
            draft.rule(part.at("properties"), None, [("expect_table_columns_to_match_set", columns)])
        for one in properties:
            one.rules()
        self.primary_key(part, properties, draft)
        for relation in part.parts("relationships"):
            self.relationship(relation, draft, relation.value("from"), relation.value("to"))
        draft.rest(part, known=DOCUMENTS)
        return draft

    def primary_key(self, part: Part, properties: list[_Property], draft: Draft) -> None:
        keys = sorted((one for one in properties if one.primary is not None), key=lambda one: one.primary or 0)
        if not keys:
            return
        columns = [one.column for one in keys]
        unique = "expect_column_values_to_be_unique", {"column": columns[0]}
        compound = "expect_compound_columns_to_be_unique", {"column_list": columns}
        needed: list[tuple[str, dict[str, Any]]] = [
            ("expect_column_values_to_not_be_null", {"column": column}) for column in columns
        ]
        draft.rule(f"{part.at('properties')}[*].primaryKey", columns, [*needed, unique if len(keys) == 1 else compound])

    def relationship(self, part: Part, draft: Draft, source: Any, target: Any) -> None:
        part.value("type")
        was = {"from": source, "to": target}
        here = [self.place(one) for one in (source if isinstance(source, list) else [source])]
        there = [self.place(one) for one in (target if isinstance(target, list) else [target])]
        draft.rest(part, known=DOCUMENTS)
        if None in here or None in there or len(here) != len(there):
            draft.gone(part.path, was, "expected columns of this contract on both sides, and as many of them")
            return
        mine, theirs = [one for one in here if one], [one for one in there if one]
        if {one[0] for one in mine} != {draft.name} or len({one[0] for one in theirs}) != 1:
            draft.gone(part.path, was, "a key is of columns of this object, and speaks of columns of one other")
            return
        columns, other, others = [one[1] for one in mine], theirs[0][0], [one[1] for one in theirs]
        if other == draft.name:
            draft.rule(part.path, was, [queries.query(queries.orphans(columns, others))])
        elif len(columns) == 1:
            kwargs: dict[str, Any] = {"column": columns[0], "other": slug(other), "other_column": others[0]}
            draft.rule(part.path, was, [("expect_column_values_to_exist_in_other_extract", kwargs)])
        else:
            kwargs = {
                "column_list": columns,
                "other": slug(other),
                "other_column_list": others,
                "ignore_row_if": "any_value_is_missing",
            }
            draft.rule(part.path, was, [("expect_compound_columns_to_exist_in_other_extract", kwargs)])

    def place(self, reference: Any) -> tuple[str, str] | None:
        """The object and the column that a reference speaks of: ``object.column``, or ``schema/ID/properties/ID``."""
        if isinstance(reference, tuple):
            return reference
        if not isinstance(reference, str):
            return None
        full = re.fullmatch(r"/?schema/([^/]+)/properties/([^/]+)", reference)
        short = re.fullmatch(r"([^./#:]+)\.([^./#:]+)", reference)
        found = full or short
        if found is None or found[1] not in self.names:
            return None
        name = self.names[found[1]]
        column = self.columns.get((name, found[2]))
        return None if column is None else (name, column)

    def promises(self, top: Part, drafts: list[Draft], whole: Draft) -> None:
        """``slaProperties``: how old the newest row may be becomes a rule; other promises are not checked."""
        for part in top.parts("slaProperties"):
            name, value, unit = part.text("property") or "", part.value("value"), (part.text("unit") or "").lower()
            element, was = part.text("element") or "", dict(part.raw)
            named = [one.strip() for one in element.split(",") if one.strip()]
            if name.lower() in DATES_OF_LIFE:
                whole.left_out(part.path, was, "a date in the life of the contract, and no rule about the data")
                continue
            days = value * DAYS[unit] if isinstance(value, int | float) and unit in DAYS else None
            targets = [self.element(one, drafts) for one in named]
            if name.lower() not in LATENCY:
                whole.gone(part.path, was, "a promise about the service, which no look at an extract can check")
            elif days is None or days != int(days):
                whole.gone(part.path, was, "expected a number of whole days (unit d): ages are counted in days")
            elif not targets or None in targets:
                whole.gone(part.path, was, "expected the column of a date or time, such as object.column, as its element")
            for draft, column in [one for one in targets if one]:
                if name.lower() in LATENCY and days is not None and days == int(days) and None not in targets:
                    rule = ("expect_column_max_to_be_fresh", {"column": column, "max_age_days": int(days)})
                    if draft.rule(part.path, was, [rule]):
                        why = "read as the greatest age of the newest row on the day of the check: the standard leaves that open"
                        draft.look(part.path, was, why)

    def element(self, reference: str, drafts: list[Draft]) -> tuple[Draft, str] | None:
        if "." not in reference and len(drafts) == 1:
            reference = f"{drafts[0].name}.{reference}"
        found = self.place(reference)
        return next(((draft, found[1]) for draft in drafts if found and draft.name == found[0]), None)


def _column(raw: dict[str, Any]) -> str:
    """What the extract calls a property."""
    physical = raw.get("physicalName")
    return physical if isinstance(physical, str) and physical else str(raw.get("name") or "")


class _Property:
    """Reads one property; ``typed``: whether its type is a rule."""

    def __init__(self, part: Part, contract: _Contract, draft: Draft, *, typed: bool) -> None:
        self.part, self.contract, self.draft, self.typed = part, contract, draft, typed
        self.column = _column(part.raw)
        if not part.text("name"):
            part.faults.add(part.at("name"), "is missing: a property has a name")
        self.logical = part.text("logicalType")
        self.physical = part.text("physicalType")
        key = part.yes("primaryKey")
        position = part.value("primaryKeyPosition")
        self.primary = (position if isinstance(position, int) and position > 0 else 10_000) if key else None
        if key and part.raw.get("physicalName") not in (None, part.raw.get("name")):
            draft.look(part.at("physicalName"), self.column, "the extract is expected to call the column so")

    def described(self) -> None:
        part, ours = self.part, own(self.part)
        description = ": ".join(text for key in ("businessName", "description") if (text := part.text(key)))
        given = part.text("classification")
        sensitivity = SENSITIVITY.get((given or "").strip().lower())
        if given and sensitivity is None:
            why = 'no word for who may see values that dq knows; the column is "sensitive": values are shown as shapes only'
            self.draft.look(part.at("classification"), given, why)
        self.draft.column(
            self.column, description=description, type=TYPES.get(self.logical or "", (None, []))[0], sensitivity=sensitivity
        )
        self.draft.column(self.column, **(ours or {}))
        for key in ("examples", "items", "map"):
            if (value := part.value(key)) is not None and key == "examples":
                self.draft.left_out(part.at(key), None, "examples check nothing, and are not kept")
            elif value is not None:
                self.draft.gone(part.at(key), value, "rules are about columns, not about what is in their lists and objects")
        for inner in part.parts("properties"):
            self.draft.gone(inner.path, inner.raw, "rules are about columns, not about what is in their lists and objects")

    def rules(self) -> None:
        part, column = self.part, {"column": self.column}
        if self.typed:
            self.of_type()
        elif self.logical:
            self.draft.left_out(part.at("logicalType"), self.logical)
        if part.yes("required"):
            self.draft.rule(part.at("required"), True, [("expect_column_values_to_not_be_null", column)])
        if part.yes("unique"):
            self.draft.rule(part.at("unique"), True, [("expect_column_values_to_be_unique", column)])
        if members := part.parts("enum"):
            values = [member.raw.get("value") for member in members]
            self.draft.rule(part.at("enum"), values, [("expect_column_values_to_be_in_set", {**column, "value_set": values})])
        options = part.mapping("logicalTypeOptions")
        self.options(options)
        self.draft.rest(options, known=("timezone", "defaultTimezone"))
        for one in part.parts("relationships"):
            self.contract.relationship(one, self.draft, (self.draft.name, self.column), one.value("to"))
        self.draft.rest(part, known=DOCUMENTS)

    def of_type(self) -> None:
        part, types = self.part, TYPES.get(self.logical or "", (None, []))[1]
        if self.logical == "date" and self.contract.early:
            types = [*types, *COLUMN_TYPES["timestamp"]]
        path, was = part.at("logicalType"), self.logical
        if self.logical and not types:
            self.draft.gone(path, self.logical, f"no logical type of the standard; expected one of {', '.join(TYPES)}")
        elif not self.logical and self.physical:
            path, was = part.at("physicalType"), self.physical
            types = [base_of(self.physical)] if meant(base_of(self.physical)) else []
            if not types:
                self.draft.gone(path, was, "no type that dq knows; a logicalType would say what it holds")
        elif self.physical:
            self.draft.left_out(
                part.at("physicalType"), self.physical, "the type where the data come from; an extract has its logical type"
            )
        if types:
            kwargs = {"column": self.column, "type_list": types}
            self.draft.rule(path, was, [("expect_column_values_to_be_in_type_list", kwargs)])

    def options(self, part: Part) -> None:
        column = {"column": self.column}
        for key, end in (("minLength", "min_value"), ("maxLength", "max_value")):
            if (value := part.value(key)) is not None:
                self.draft.rule(part.at(key), value, [("expect_column_value_lengths_to_be_between", {**column, end: value})])
        for key, end, strict in (
            ("minimum", "min_value", None),
            ("maximum", "max_value", None),
            ("exclusiveMinimum", "min_value", "strict_min"),
            ("exclusiveMaximum", "max_value", "strict_max"),
        ):
            if (value := part.value(key)) is not None:
                bounds = {**column, end: value} | ({strict: True} if strict else {})
                self.draft.rule(part.at(key), value, [("expect_column_values_to_be_between", bounds)])
        if (pattern := part.text("pattern")) is not None:
            self.draft.rule(part.at("pattern"), pattern, [("expect_column_values_to_match_regex", {**column, "regex": pattern})])
            odcs_quality.look_at_pattern(self.draft, part.at("pattern"), pattern)
        if (factor := part.value("multipleOf")) is not None:
            self.multiple(part.at("multipleOf"), factor)
        if (form := part.text("format")) is not None:
            self.form(part.at("format"), form)

    def multiple(self, path: str, factor: Any) -> None:
        if isinstance(factor, int) and not isinstance(factor, bool) and factor > 0:
            query = f"SELECT * FROM {queries.BATCH} WHERE {queries.name(self.column)} % {queries.value(factor)} <> 0"
            self.draft.rule(path, factor, [queries.query(query)])
        else:
            self.draft.gone(path, factor, "multiples of what is no whole number are not judged: fractions are rounded")

    def form(self, path: str, form: str) -> None:
        column = {"column": self.column}
        if self.logical == "string" and form in FORMS:
            self.draft.rule(path, form, [("expect_column_values_to_match_regex", {**column, "regex": FORMS[form]})])
            if form in INEXACT:
                self.draft.look(path, form, INEXACT[form])
        elif self.logical == "integer" and form in BITS:
            sign, bits = BITS[form]
            low, high = (0, 2**bits - 1) if sign == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            self.draft.rule(path, form, [("expect_column_values_to_be_between", {**column, "min_value": low, "max_value": high})])
        elif self.logical in ("date", "timestamp", "time", "number"):
            self.draft.left_out(path, form, "it says how a value is written or stored; a column of Parquet has its type")
        else:
            self.draft.gone(path, form, "no expectation says that a value has this form")
