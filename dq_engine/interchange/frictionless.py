r"""Frictionless Table Schema and Data Package, versions 1 and 2 -> suites, one for each resource. Pure.

The rules are those of https://datapackage.org/standard/table-schema/ (of 2.0, which says how 1.0 is read):

- ``missingValues`` are no values: ``required`` forbids them beside NULL, and no other constraint judges them. In a column of
  text each of them is one; in a column of numbers those are that spell a number. A column of another type cannot hold them.
- ``primaryKey``: unique, and each of its fields required. (frictionless-py lets a key with some NULLs pass, its issue 1623.)
- ``uniqueKeys`` and ``foreignKeys`` are those of SQL: a key with a NULL is not judged.
- ``pattern`` is a regular expression of XML Schema, which speaks of the whole value.
- ``fieldsMatch`` is "exact" where it is not given: the fields, in their order.
- Types are those of columns of the extract: Parquet has types, so ``format`` of dates, ``trueValues`` and the like, which say
  how a text is read, have no effect. (Where dates are text in an extract, the type is wrong, and a check says so.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dq_engine.interchange import queries
from dq_engine.interchange.draft import COLUMN_TYPES, PLAIN, Draft, Faults, Imported, Part, Rule, base, slug
from dq_engine.interchange.forms import FORMS, INEXACT, number_of
from dq_engine.model import FieldType

NAME = "Frictionless Table Schema"
TYPES: dict[str, tuple[FieldType | None, list[str]]] = {
    "string": ("text", COLUMN_TYPES["text"]),
    "number": ("decimal", COLUMN_TYPES["decimal"]),
    "integer": ("integer", COLUMN_TYPES["integer"]),
    "boolean": ("boolean", COLUMN_TYPES["boolean"]),
    "date": ("date", COLUMN_TYPES["date"]),
    "datetime": ("timestamp", COLUMN_TYPES["timestamp"]),
    "time": (None, ["TIME"]),
    "year": ("integer", COLUMN_TYPES["integer"]),
    "yearmonth": ("text", COLUMN_TYPES["text"]),
    "duration": (None, ["INTERVAL"]),
}
NUMBERS = ("number", "integer", "year")
READING = "it says how a text is read; a column of Parquet has its type"
DOCUMENTS = (
    *("$schema", "profile", "title", "description", "homepage", "keywords", "licenses", "sources", "contributors", "created"),
    *("image", "version", "id", "path", "format", "mediatype", "encoding", "bytes", "hash", "dialect", "type", "rdfType", "name"),
    *("example", "scheme", "compression", "extrapaths", "licences", "views", "categoriesOrdered", "$id"),
)
"""Keys that describe, and check nothing."""
ANCHORS = re.compile(r"(?<!\\)(?:\\\\)*(?:\^|\$)")


def recognised(raw: Any) -> bool:
    """Whether a value looks like a package, a resource or a schema."""
    if not isinstance(raw, dict):
        return False
    inner = raw.get("schema")
    schema = inner if isinstance(inner, dict) else raw
    return isinstance(raw.get("resources"), list) or (isinstance(schema.get("fields"), list) and "kind" not in raw)


def imported(raw: dict[str, Any], name: str) -> Imported:
    """The suites of a package, a resource or a schema; ``name`` is what one without a name is called.

    Raises :class:`dq_engine.errors.SourceError`.
    """
    faults = Faults(name)
    top = Part(raw, "$", faults)
    whole = Draft(name, {})
    file = base(name)
    stem = file.partition(".")[0] or file
    if "resources" in raw:
        resources = top.parts("resources")
        names = [resource.text("name") or f"{stem}_{place + 1}" for place, resource in enumerate(resources)]
        origin = {"format": NAME, "package": raw.get("name"), "file": file}
        drafts = [_resource(part, own, origin) for part, own in zip(resources, names, strict=True)]
        whole.rest(top, known=DOCUMENTS)
    elif "schema" in raw:
        drafts = [_resource(top, top.text("name") or stem, {"format": NAME, "file": file})]
    else:
        drafts = [_schema(top, Draft(stem, {"format": NAME, "file": file}))]
    faults.end()
    return Imported(NAME, _version(raw), tuple(draft.finished() for draft in drafts if draft), tuple(whole.changes))


def _version(raw: dict[str, Any]) -> str | None:
    found = re.search(r"profiles/(\d+\.\d+)/", raw["$schema"]) if isinstance(raw.get("$schema"), str) else None
    return found[1] if found else None


def _resource(part: Part, name: str, origin: dict[str, Any]) -> Draft:
    draft = Draft(name, {key: value for key, value in origin.items() if value})
    draft.feed |= {key: text for key in ("title", "description") if (text := part.text(key))}
    schema = part.raw.get("schema")
    if isinstance(schema, dict):
        _schema(part.mapping("schema"), draft)
    else:
        why = "it stands in a file of its own: import that file" if isinstance(schema, str) else "there is no schema to import"
        draft.gone(part.at("schema"), part.value("schema"), why)
    draft.rest(part, known=DOCUMENTS)
    return draft


def _schema(part: Part, draft: Draft) -> Draft:
    missing = _missing(part, None)
    fields = part.parts("fields")
    names = [field.text("name") for field in fields]
    for field, name in zip(fields, names, strict=True):
        if not name:
            part.faults.add(field.at("name"), "is missing: a field has a name")
    known = [name for name in names if name]
    if len(set(known)) < len(known):
        part.faults.add(part.at("fields"), "two of the fields have the same name, so rules about them are not clear")
    tokens: dict[str, list[Any]] = {}
    _columns(part, draft, known)
    for field, name in zip(fields, names, strict=True):
        if name:
            tokens[name] = _Field(field, name, draft, missing).read()
    _keys(part, draft, tokens)
    draft.rest(part, known=DOCUMENTS)
    return draft


def _missing(part: Part, default: list[str] | None) -> list[str]:
    """``missingValues``: texts, or objects with a value; [""] if nothing says otherwise."""
    if "missingValues" not in part.raw:
        return [""] if default is None else default
    found = []
    for place, item in enumerate(part.items("missingValues")):
        text = item.get("value") if isinstance(item, dict) else item
        if isinstance(text, str):
            found.append(text)
        else:
            part.faults.add(f"{part.at('missingValues')}[{place}]", "expected text, or an object with a value that is text")
    return found


def _columns(part: Part, draft: Draft, names: list[str]) -> None:
    given = part.text("fieldsMatch")
    path, match = part.at("fieldsMatch" if given else "fields"), given or "exact"
    if match in ("superset", "partial"):
        draft.gone(path, match, "no expectation says that columns may be absent; rules about absent columns are errors")
    elif match not in ("exact", "equal", "subset"):
        part.faults.add(path, f'expected one of exact, equal, subset, superset, partial; got "{match}"')
    elif not names:
        part.faults.add(part.at("fields"), "expected at least one field")
    elif match == "exact":
        draft.rule(path, given, [("expect_table_columns_to_match_ordered_list", {"column_list": names})])
    else:
        kwargs = {"column_set": names, "exact_match": match == "equal"}
        draft.rule(path, given, [("expect_table_columns_to_match_set", kwargs)])


class _Field:
    """Reads one field."""

    def __init__(self, part: Part, name: str, draft: Draft, missing: list[str]) -> None:
        self.part, self.name, self.draft = part, name, draft
        self.missing = _missing(part, missing)
        self.type = part.text("type") or "any"
        self.tokens: list[Any] = []
        """The values of the column that stand for none."""

    def read(self) -> list[Any]:
        if self.type in NUMBERS:
            self.tokens = [number for text in self.missing if (number := number_of(text)) is not None]
        elif self.type in ("string", "any", "yearmonth"):
            self.tokens = self.missing
        self.described()
        self.typed()
        for part in [self.part.mapping("constraints")]:
            self.constraints(part)
            self.draft.rest(part)
        self.categories()
        self.draft.rest(self.part, known=DOCUMENTS)
        return self.tokens

    def described(self) -> None:
        texts = [text for key in ("title", "description") if (text := self.part.text(key))]
        self.draft.column(self.name, description=": ".join(texts), type=TYPES.get(self.type, (None, []))[0])
        for key in ("example", "examples"):  # a value of somebody, perhaps
            if self.part.value(key) is not None:
                self.draft.left_out(self.part.at(key), None, "examples check nothing, and are not kept")

    def rule(self, path: str, was: Any, *rules: tuple[str, dict[str, Any]], judged: list[Any] | None = None) -> None:
        """Carries a rule over; values of ``judged`` that stand for none are left to other rules (default: all that do)."""
        self.draft.rule(path, was, list(rules), _without(self.name, self.tokens if judged is None else judged))

    def typed(self) -> None:
        path, given = self.part.at("type"), self.type
        form = (self.part.text("format") or "default").removeprefix("fmt:")
        if given in TYPES:
            types = [*TYPES[given][1], *(["UUID"] if form == "uuid" else [])]
            self.draft.rule(path, given, [("expect_column_values_to_be_in_type_list", {"column": self.name, "type_list": types})])
        elif given != "any":
            self.draft.gone(path, given, "no expectation says that a value is of this type")
        if given == "year":
            self.rule(
                path, given, ("expect_column_values_to_be_between", {"column": self.name, "min_value": 0, "max_value": 9999})
            )
        if given == "yearmonth":
            kwargs = {"column": self.name, "regex": r"\A[0-9]{4}-(?:0[1-9]|1[0-2])\Z"}
            self.rule(path, given, ("expect_column_values_to_match_regex", kwargs))
        at = self.part.at("format")
        if given == "string" and form in FORMS:
            self.rule(at, form, ("expect_column_values_to_match_regex", {"column": self.name, "regex": FORMS[form]}))
            if form in INEXACT:
                self.draft.look(at, form, INEXACT[form])
        elif given == "string" and form != "default":
            self.draft.gone(at, form, "no expectation says that a text has this form")
        elif form != "default":
            self.draft.left_out(at, form, READING)
        for key in ("trueValues", "falseValues", "bareNumber", "decimalChar", "groupChar", "delimiter", "itemType"):
            if (value := self.part.value(key)) is not None:
                self.draft.left_out(self.part.at(key), value, READING)

    def constraints(self, part: Part) -> None:
        column = {"column": self.name}
        if part.yes("required"):
            self.draft.rule(part.at("required"), True, required(self.name, self.tokens))
        if part.yes("unique"):
            self.rule(part.at("unique"), True, ("expect_column_values_to_be_unique", column))
        for key, end in (("minLength", "min_value"), ("maxLength", "max_value")):
            if (value := part.value(key)) is not None:
                lengths = {**column, end: value}
                broken = (
                    [t for t in self.tokens if (len(str(t)) < value if end == "min_value" else len(str(t)) > value)]
                    if (isinstance(value, int))
                    else self.tokens
                )
                self.measured(part.at(key), value, lengths, broken)
        for key, end, strict in (
            ("minimum", "min_value", None),
            ("maximum", "max_value", None),
            ("exclusiveMinimum", "min_value", "strict_min"),
            ("exclusiveMaximum", "max_value", "strict_max"),
        ):
            if (value := part.value(key)) is not None:
                bounds = {**column, end: self.typed_value(value)} | ({strict: True} if strict else {})
                self.rule(part.at(key), value, ("expect_column_values_to_be_between", bounds))
        if (pattern := part.text("pattern")) is not None:
            self.pattern(part.at("pattern"), pattern)
        if values := part.items("enum"):
            self.among(part.at("enum"), values)
        if (schema := part.value("jsonSchema")) is not None:
            self.rule(
                part.at("jsonSchema"), schema, ("expect_column_values_to_match_json_schema", {**column, "json_schema": schema})
            )

    def measured(self, path: str, was: Any, kwargs: dict[str, Any], tokens: list[Any]) -> None:
        if self.type in ("string", "any", "yearmonth"):
            self.rule(path, was, ("expect_column_value_lengths_to_be_between", kwargs), judged=tokens)
        else:
            self.draft.gone(path, was, f"no expectation says how many parts a value of type {self.type} has")

    def pattern(self, path: str, pattern: str) -> None:
        if "-[" in pattern:
            why = "classes from which others are taken away ([a-z-[aeiou]]) mean something else in Python"
            self.draft.gone(path, pattern, why)
            return
        regex = {"column": self.name, "regex": rf"\A(?:{pattern})\Z"}
        self.rule(path, pattern, ("expect_column_values_to_match_regex", regex))
        if ANCHORS.search(re.sub(r"\[\^?", "[", pattern)):
            why = "^ and $ are plain characters in XML Schema; here they are ends of the value, as most tools take them"
            self.draft.look(path, pattern, why)
        elif re.search(r"\\[wWsS]", pattern):
            why = r"\w and \s are Python's: of signs beyond letters XML Schema counts more as \w, and fewer blanks as \s"
            self.draft.look(path, pattern, why)

    def among(self, path: str, values: list[Any]) -> None:
        wanted = [self.typed_value(value) for value in values]
        tokens = [token for token in self.tokens if token not in wanted]
        self.rule(path, values, ("expect_column_values_to_be_in_set", {"column": self.name, "value_set": wanted}), judged=tokens)

    def typed_value(self, value: Any) -> Any:
        """A bound or member as the column has it: a constraint may spell a number as text."""
        number = number_of(value) if self.type in NUMBERS else None
        if self.type == "boolean" and isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        return value if number is None else number

    def categories(self) -> None:
        values = self.part.items("categories")
        if values:
            named = [value.get("value") if isinstance(value, dict) else value for value in values]
            self.among(self.part.at("categories"), named)


def required(column: str, tokens: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    """The expectations that a column has a value in every row, and none that stands for no value."""
    rules: list[tuple[str, dict[str, Any]]] = [("expect_column_values_to_not_be_null", {"column": column})]
    return [*rules, ("expect_column_values_to_not_be_in_set", {"column": column, "value_set": tokens})] if tokens else rules


def _without(column: str, tokens: list[Any]) -> Rule:
    """That a rule judges no row in which a column has one of the tokens."""
    condition = list(_comparisons([column], {column: tokens}))
    return Rule(condition=condition[0]) if condition else PLAIN


def _comparisons(columns: list[str], tokens: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    for column in columns:
        values = tokens.get(column, [])
        if values:
            one = len(values) == 1
            yield {
                "type": "comparison",
                "column": {"name": column},
                "operator": "!=" if one else "NOT_IN",
                "parameter": values[0] if one else values,
            }


def _keys(part: Part, draft: Draft, tokens: dict[str, list[Any]]) -> None:
    path, key = part.at("primaryKey"), part.texts("primaryKey")
    if key:
        needed = [rule for column in key for rule in required(column, tokens.get(column, []))]
        unique = "expect_column_values_to_be_unique", {"column": key[0]}
        compound = "expect_compound_columns_to_be_unique", {"column_list": key}
        draft.rule(path, key, [*needed, unique if len(key) == 1 else compound])
    for place, given in enumerate(part.items("uniqueKeys")):
        where = f"{part.at('uniqueKeys')}[{place}]"
        columns = [given] if isinstance(given, str) else given
        if not isinstance(columns, list) or not columns or not all(isinstance(column, str) for column in columns):
            part.faults.add(where, "expected a list of names of fields")
        elif len(columns) == 1:
            said = _without(columns[0], tokens.get(columns[0], []))
            draft.rule(where, columns, [("expect_column_values_to_be_unique", {"column": columns[0]})], said)
        else:
            kwargs = {"column_list": columns, "ignore_row_if": "any_value_is_missing"}
            draft.rule(where, columns, [("expect_compound_columns_to_be_unique", kwargs)], _all_there(columns, tokens))
    for foreign in part.parts("foreignKeys"):
        _foreign(foreign, draft, tokens)


def _all_there(columns: list[str], tokens: dict[str, list[Any]]) -> Rule:
    found = list(_comparisons(columns, tokens))
    if not found:
        return PLAIN
    return Rule(condition=found[0] if len(found) == 1 else {"type": "and", "conditions": found})


def _foreign(part: Part, draft: Draft, tokens: dict[str, list[Any]]) -> None:
    columns, reference = part.texts("fields"), part.mapping("reference")
    other, there = reference.text("resource") or "", reference.texts("fields")
    if not columns or len(columns) != len(there):
        part.faults.add(part.path, "expected as many fields as there are fields of the reference, and at least one")
        return
    if not other:
        condition = _all_there(columns, tokens)
        if condition is PLAIN:
            draft.rule(part.path, part.raw, [queries.query(queries.orphans(columns, there))])
        else:
            tests = [f"{queries.name(c)} NOT IN ({', '.join(map(queries.value, tokens[c]))})" for c in columns if tokens.get(c)]
            draft.rule(
                part.path, part.raw, [queries.query(f"{queries.orphans(columns, there)} AND child.{' AND child.'.join(tests)}")]
            )
    elif len(columns) == 1:
        kwargs = {"column": columns[0], "other": slug(other), "other_column": there[0]}
        draft.rule(part.path, part.raw, [("expect_column_values_to_exist_in_other_extract", kwargs)], _all_there(columns, tokens))
    else:
        more = {"column_list": columns, "other": slug(other), "other_column_list": there, "ignore_row_if": "any_value_is_missing"}
        draft.rule(
            part.path, part.raw, [("expect_compound_columns_to_exist_in_other_extract", more)], _all_there(columns, tokens)
        )
    draft.rest(reference)
    draft.rest(part, known=DOCUMENTS)
