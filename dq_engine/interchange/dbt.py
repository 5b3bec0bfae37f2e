"""dbt's properties files (schema.yml) and ``target/manifest.json`` -> suites, one for each model, source table, seed or
snapshot. Pure.

https://docs.getdbt.com/reference/resource-properties/data-tests. What a test means is in
:mod:`~dq_engine.interchange.dbt_tests`. Jinja is not evaluated: what depends on it is not carried over. Tests of a properties
file may have their arguments beside the name, or (from 1.10) under ``arguments``; settings stand under ``config``, or beside.
Constraints and ``data_type`` are rules where a contract is enforced: dbt itself passes over them elsewhere. Freshness of a
source is a rule where it is counted in whole days.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dq_engine.catalog.types import base_of, kind_of, meant
from dq_engine.interchange import dbt_tests, queries
from dq_engine.interchange.draft import Draft, Faults, Imported, Part, Rule, base
from dq_engine.model import FieldType, Severity
from dq_engine.suite import kind

NAME = "dbt"
RESOURCES = ("models", "sources", "seeds", "snapshots")
OF_MANIFEST = ("model", "seed", "snapshot", "source")
DOCUMENTS = (
    *(
        "version",
        "description",
        "docs",
        "meta",
        "tags",
        "quote",
        "label",
        "group",
        "access",
        "latest_version",
        "versions",
        "config",
    ),
    *(
        "deprecation_date",
        "loader",
        "database",
        "schema",
        "identifier",
        "quoting",
        "overrides",
        "external",
        "loaded_at_field",
        "granularity",
    ),
    *(
        "time_spine",
        "anchors",
        "freshness",
        "policy_tags",
        "primary_key",
        "data_type",
        "dimension",
        "entity",
        "loaded_at_query",
        "name",
    ),
)
"""Keys that describe, or steer dbt."""
ELSEWHERE = (
    *(
        "exposures",
        "metrics",
        "macros",
        "unit_tests",
        "analyses",
        "semantic_models",
        "saved_queries",
        "groups",
        "data_tests",
        "functions",
    ),
    *("version", "anchors"),
)
"""What a properties file has beside tables: nothing of it checks rows of a table."""
KINDS: dict[str, FieldType] = {
    "integer": "integer",
    "decimal": "decimal",
    "float": "float",
    "text": "text",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamp",
}
PERIODS = {"day": 1, "hour": 1 / 24, "minute": 1 / 1440}
CONSTRAINED = ("not_null", "unique", "primary_key", "foreign_key", "check", "custom")


def recognised(raw: Any) -> bool:
    """Whether a value looks like properties or a manifest of dbt."""
    return _is_manifest(raw) or (isinstance(raw, dict) and any(isinstance(raw.get(key), list) for key in RESOURCES))


def _is_manifest(raw: Any) -> bool:
    metadata = raw.get("metadata") if isinstance(raw, dict) else None
    return isinstance(metadata, dict) and "/dbt/manifest/" in str(metadata.get("dbt_schema_version", "")) and "nodes" in raw


def imported(raw: dict[str, Any], name: str) -> Imported:
    """The suites of a properties file or a manifest. Raises :class:`dq_engine.errors.SourceError`."""
    faults = Faults(name)
    whole = Draft(base(name), {})
    if _is_manifest(raw):
        version = str(raw["metadata"].get("dbt_version") or "")
        drafts = _manifest(raw, {"format": "dbt manifest", "version": version, "file": base(name)}, faults, whole)
    else:
        version = ""
        drafts = list(_properties(Part(raw, "$", faults), {"format": "dbt properties", "file": base(name)}, whole))
    faults.end()
    suites = []
    for draft in drafts:
        if draft.rules:
            suites.append(draft.finished())
        else:
            whole.changes += draft.changes
            whole.left_out(draft.meta["dbt"], None, "it has no test, so no suite is made of it")
    return Imported(NAME, version or None, tuple(suites), tuple(whole.changes))


# ------------------------------------------------------------------------------------------------------------ schema.yml


def _properties(top: Part, origin: dict[str, Any], whole: Draft) -> Iterator[Draft]:
    for key in ("models", "seeds", "snapshots"):
        for part in top.parts(key):
            if draft := _named(part, part.text("name"), origin):
                _table(part, draft)
                yield draft
    for source in top.parts("sources"):
        shared = source.mapping("config")
        for part in source.parts("tables"):
            if draft := _named(part, part.text("name"), origin):
                for key in ("freshness", "loaded_at_field"):
                    for holder in (source.raw, shared.raw):
                        if key in holder and key not in part.raw:
                            part.left[key] = holder[key]
                _table(part, draft)
                yield draft
        source.left.pop("freshness", None)
        whole.rest(source, known=DOCUMENTS)
    for key in [key for key in top.left if key in ELSEWHERE]:
        whole.left_out(top.at(key), None, "no rule about rows of a table")
        top.left.pop(key)
    whole.rest(top)


def _named(part: Part, name: str | None, origin: dict[str, Any]) -> Draft | None:
    if not name:
        part.faults.add(part.at("name"), "is missing: a table has a name")
        return None
    draft = Draft(name, origin)
    draft.meta["dbt"] = part.path
    return draft


def _table(part: Part, draft: Draft) -> None:
    """One table of a properties file."""
    draft.feed["description"] = part.text("description") or ""
    draft.feed = {key: value for key, value in draft.feed.items() if value}
    _owner(part.raw, draft)
    columns = part.parts("columns")
    for test in _tests(part):
        _test(test, None, draft)
    for column in columns:
        if not (name := column.text("name")):
            column.faults.add(column.at("name"), "is missing: a column has a name")
            continue
        draft.column(name, description=column.text("description"), type=_type(column.raw.get("data_type")))
        for test in _tests(column):
            _test(test, name, draft)
    config = _config(part.raw)
    contract = config.get("contract") or part.raw.get("contract") or {}
    _contract(part, columns, draft, enforced=isinstance(contract, dict) and contract.get("enforced") is True)
    part.left.pop("contract", None)
    _fresh(part, draft)
    for column in columns:
        draft.rest(column, known=DOCUMENTS)
    draft.rest(part, known=DOCUMENTS)


def _config(raw: dict[str, Any]) -> dict[str, Any]:
    """The settings of a table, if it has any."""
    found = raw.get("config")
    return found if isinstance(found, dict) else {}


def _owner(raw: dict[str, Any], draft: Draft) -> None:
    config = _config(raw)
    for meta in (config.get("meta"), raw.get("meta")):
        if isinstance(meta, dict) and isinstance(meta.get("owner"), str):
            draft.feed["owner"] = meta["owner"]


def _tests(part: Part) -> Iterator[tuple[str, Any, Part]]:
    """Each test with its place: text, or an object."""
    for key in ("tests", "data_tests"):
        for place, raw in enumerate(part.items(key)):
            yield f"{part.at(key)}[{place}]", raw, part


def _test(found: tuple[str, Any, Part], column: str | None, draft: Draft) -> None:
    """A test of a properties file: its name alone, ``{name: arguments}``, or ``{test_name: name, …}``."""
    path, raw, part = found
    if isinstance(raw, str):
        dbt_tests.Test(path, raw, raw, {}, {}, column).into(draft)
        return
    if not isinstance(raw, dict) or not raw:
        part.faults.add(path, f"expected a test, as text or an object; got {kind(raw)}")
        return
    if "test_name" in raw:
        name, beside = str(raw["test_name"]), {key: value for key, value in raw.items() if key != "test_name"}
    else:
        name = next(iter(raw))
        given = raw[name] if raw[name] is not None else {}
        if not isinstance(given, dict):
            part.faults.add(path, f"expected the arguments of {name}, an object; got {kind(given)}")
            return
        beside = {**given, **{key: value for key, value in raw.items() if key != name}}
    config = beside.pop("config", None) or {}
    arguments = beside.pop("arguments", None) or {}
    if not isinstance(config, dict) or not isinstance(arguments, dict):
        part.faults.add(path, "expected objects as config and arguments")
        return
    settings = {**{key: beside.pop(key) for key in dbt_tests.SETTINGS if key in beside}, **config}
    own_name, description = (str(beside.pop(key, None) or "") for key in ("name", "description"))
    dbt_tests.Test(path, raw, name, {**beside, **arguments}, settings, column, own_name, description).into(draft)


# --------------------------------------------------------------------------------------------------------- manifest.json


def _manifest(raw: dict[str, Any], origin: dict[str, Any], faults: Faults, whole: Draft) -> list[Draft]:
    nodes = {key: value for key in ("nodes", "sources") for key, value in _objects(raw, key, faults)}
    drafts: dict[str, Draft] = {}
    tables = {identity: node for identity, node in nodes.items() if node.get("resource_type") in OF_MANIFEST}
    for identity, node in tables.items():
        part = Part(node, _place(identity), faults)
        if draft := _named(part, part.text("name"), origin):
            drafts[identity] = draft
    adapter = str(raw["metadata"].get("adapter_type") or "")
    for identity, node in nodes.items():
        if node.get("resource_type") == "test":
            _tested(Part(node, _place(identity), faults), drafts, whole, adapter)
    for identity, draft in drafts.items():
        node = tables[identity]
        part = Part(node, _place(identity), faults)
        draft.feed |= {"description": node["description"]} if node.get("description") else {}
        _owner(node, draft)
        columns = [
            Part(one, f"{part.at('columns')}.{name}", faults)
            for name, one in _objects(node, "columns", faults, part.at("columns"))
        ]
        for column in columns:
            description = column.raw.get("description")
            draft.column(str(column.raw.get("name")), description=description, type=_type(column.raw.get("data_type")))
        contract = node.get("contract") or {}
        _contract(part, columns, draft, enforced=isinstance(contract, dict) and contract.get("enforced") is True)
        _fresh(part, draft)
    for identity in raw.get("disabled") or {}:
        whole.left_out(f"$.disabled[{identity!r}]".replace("'", '"'), None, "it is disabled: dbt does not run it either")
    return list(drafts.values())


def _objects(raw: dict[str, Any], key: str, faults: Faults, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    found = raw.get(key) or {}
    if not isinstance(found, dict):
        faults.add(path or f"$.{key}", f"expected an object; got {kind(found)}")
        return
    for name, value in found.items():
        if isinstance(value, dict):
            yield name, value
        else:
            faults.add(f"{path or '$.' + key}.{name}", f"expected an object; got {kind(value)}")


def _place(identity: str) -> str:
    return f'${".sources" if identity.startswith("source.") else ".nodes"}["{identity}"]'


def _tested(part: Part, drafts: dict[str, Draft], whole: Draft, adapter: str) -> None:
    path, metadata = part.path, part.mapping("test_metadata")
    upstream = part.mapping("depends_on").texts("nodes")
    owner = part.text("attached_node") or next((one for one in reversed(upstream) if one in drafts), None)
    called, description, beside = part.text("name") or "", part.text("description") or "", part.text("column_name")
    was: dict[str, Any] = {"name": called, "file": part.text("original_file_path")}
    draft = drafts.get(str(owner), whole)
    if not metadata.raw:
        draft.gone(
            path, was, "a test in SQL of its own, with Jinja, which is not evaluated. State it as unexpected_rows_expectation"
        )
        return
    arguments = dict(metadata.mapping("kwargs").raw)
    name, namespace = metadata.text("name") or "", metadata.text("namespace")
    column = arguments.pop("column_name", None) or beside
    arguments.pop("model", None)
    name = f"{namespace}.{name}" if namespace else name
    config = {key: value for key, value in part.mapping("config").raw.items() if key in dbt_tests.SETTINGS}
    was |= {"test": name, "column": column, "arguments": arguments, "config": {k: v for k, v in config.items() if v is not None}}
    if draft is whole:
        draft.gone(path, was, "the table that it tests is not in the manifest, or disabled")
        return
    dbt_tests.Test(path, was, name, arguments, config, column, called, description, adapter).into(draft)


# ----------------------------------------------------------------------------------------------- contracts and freshness


def _type(given: Any) -> FieldType | None:
    """The type of a suite that a ``data_type`` means, if it is one."""
    types = meant(base_of(given)) if isinstance(given, str) else None
    return KINDS.get(kind_of(types[0])) if types else None


def _contract(part: Part, columns: list[Part], draft: Draft, *, enforced: bool) -> None:
    names = [str(column.raw.get("name")) for column in columns]
    if enforced and names:
        kwargs = {"column_set": names, "exact_match": True}
        draft.rule(part.at("contract"), {"enforced": True}, [("expect_table_columns_to_match_set", kwargs)])
    for column, name in zip(columns, names, strict=True):
        given = column.text("data_type")
        if given and not enforced:
            draft.left_out(column.at("data_type"), given, "no contract is enforced, so dbt checks no types")
        elif given and not meant(base_of(given)):
            draft.gone(column.at("data_type"), given, "no type that dq knows")
        elif given:
            kwargs = {"column": name, "type_": base_of(given)}
            draft.rule(column.at("data_type"), given, [("expect_column_values_to_be_of_type", kwargs)])
        for one in column.parts("constraints"):
            _constraint(one, [name], draft, enforced=enforced)
    for one in part.parts("constraints"):
        _constraint(one, one.texts("columns"), draft, enforced=enforced)


def _constraint(part: Part, columns: list[str], draft: Draft, *, enforced: bool) -> None:
    """https://docs.getdbt.com/reference/resource-properties/constraints"""
    given, was = part.text("type") or "", dict(part.raw)
    to, others = part.text("to"), part.texts("to_columns")
    target = dbt_tests.referred(to) if to else None
    expression = part.text("expression") or ""
    nulls: list[tuple[str, dict[str, Any]]] = [("expect_column_values_to_not_be_null", {"column": column}) for column in columns]
    unique: tuple[str, dict[str, Any]] = ("expect_compound_columns_to_be_unique", {"column_list": columns})
    if len(columns) == 1:
        unique = ("expect_column_values_to_be_unique", {"column": columns[0]})
    elif given == "unique":
        unique[1]["ignore_row_if"] = "any_value_is_missing"
    if not enforced:
        draft.left_out(part.path, was, "no contract is enforced, so dbt passes over constraints")
    elif given not in CONSTRAINED or (not columns and given != "check"):
        draft.gone(part.path, was, "expected a constraint with a type that dbt knows, and its columns")
    elif given == "not_null":
        draft.rule(part.path, was, nulls)
    elif given == "unique":
        draft.rule(part.path, was, [unique])
    elif given == "primary_key":
        draft.rule(part.path, was, [*nulls, unique])
    elif given == "foreign_key" and target and len(others) == len(columns) == 1:
        kwargs = {"column": columns[0], "other": target, "other_column": others[0]}
        draft.rule(part.path, was, [("expect_column_values_to_exist_in_other_extract", kwargs)])
    elif given == "check" and expression and not dbt_tests.jinja(expression):
        draft.rule(part.path, was, [queries.query(f"SELECT * FROM {queries.BATCH} WHERE NOT ({queries.escaped(expression)})")])
        draft.look(part.path, was, dbt_tests.DIALECT)
    else:
        draft.gone(part.path, was, "what it says is a text for the database, which is not evaluated")


def _fresh(part: Part, draft: Draft) -> None:
    """``freshness`` of a source, if it is counted in whole days: how old the newest row may be."""
    config = _config(part.raw)
    given = part.value("freshness") or config.get("freshness")
    field = part.value("loaded_at_field") or config.get("loaded_at_field")
    if not isinstance(given, dict):
        return
    severities: dict[str, Severity] = {"warn_after": "warning", "error_after": "critical"}
    for key, severity in severities.items():
        after = given.get(key)
        if not isinstance(after, dict) or after.get("count") is None:
            continue
        path, count = f"{part.at('freshness')}.{key}", after.get("count")
        days = count * PERIODS.get(str(after.get("period")), 0) if isinstance(count, int) else 0
        if not days or days != int(days) or given.get("filter"):
            draft.gone(path, after, "ages are counted in whole days of all rows")
        elif not isinstance(field, str) or not re.fullmatch(r"\w+", field):
            draft.gone(path, after, "expected the name of a column as loaded_at_field")
        else:
            rule = ("expect_column_max_to_be_fresh", {"column": field, "max_age_days": int(days)})
            draft.rule(path, after, [rule], Rule(severity=severity))
