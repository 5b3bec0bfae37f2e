"""Whatever text a suite is, it is read, or refused by words. ``python -m tests.fuzz.suite_reader --folder FOLDER --minutes 30``.

The first line of an input says what the rest is read as: a suite, the arguments of a type of expectation, a parameter, a
condition in one of the languages, a pattern, an old suite, a ``dq.toml``.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from dq_engine import config, convert, parameters, regex
from dq_engine.catalog import CATALOG, conditions
from dq_engine.catalog.base import Scope
from dq_engine.catalog.types import kind_of
from dq_engine.errors import ConfigError, NotEvaluable, SuiteError
from dq_engine.model import Column, Table
from dq_engine.plan import make_plan
from dq_engine.sql import Incomparable, ident
from dq_engine.suite import LARGEST, NotUsable, Suite, checked_with, parse_suite, with_parameters
from tests.robust import suites_mutants as mutants

Change = Callable[[bytes, int], bytes]
ROOT = Path(__file__).resolve().parents[2]
NOW = dt.datetime(2026, 1, 2, 3, 4, 5)
GIVEN = parameters.Given({"x": 3, "y": "2024-01-01", "least": 0.5, "names": ["a", "b"], "none": None}, NOW)
TYPES = {
    **{
        "n_int": "BIGINT",
        "n_dec": "DECIMAL(18,3)",
        "n_float": "DOUBLE",
        "t": "VARCHAR",
        "b": "BOOLEAN",
        "d": "DATE",
        "ts": "TIMESTAMP",
    },
    **{
        "tz": "TIMESTAMP WITH TIME ZONE",
        "tm": "TIME",
        "u": "UUID",
        "raw": "BLOB",
        "l": "BIGINT[]",
        "s": "STRUCT(a INTEGER)",
        "nil": '"NULL"',
    },
    **{"Case": "INTEGER", "case": "INTEGER", "sel ect": "INTEGER", 'we "ird': "VARCHAR"},
}
COLUMNS = {name: Column(name, ident(name), kind, kind_of(kind), 0) for name, kind in TYPES.items()}
TABLE = Table(tuple(COLUMNS.values()), 100)
LONGEST_MESSAGE = 3_000
"""Characters that may be said of one fault."""
PARSERS = {"condition": None, "pandas": "pandas", "spark": "spark", "sqlalchemy": "sqlalchemy", "col": "great_expectations"}


class Wrong(AssertionError):
    """What should not be."""


def judge(data: bytes) -> list[str]:
    """Reads an input; gives what was said of it. Raises if anything but a refusal in words comes of it."""
    head, _, rest = data.partition(b"\n")
    what, _, name = head.decode("utf-8", "replace").partition(" ")
    text = rest.decode("utf-8", "replace")
    if what == "arguments":
        return _read(_with_arguments(name, text))
    if what in PARSERS:
        return _condition(text, PARSERS[what])
    readers = {"parameter": _parameter, "pattern": _pattern, "old": _old, "toml": _toml}
    return readers.get(what, _read)(text)


def said(error: Exception) -> list[str]:
    """What an error says, which must be words for people and not too many."""
    message = str(error)
    if not message.strip() or "Traceback" in message:
        raise Wrong("an error without words")
    if len(message) > LONGEST_MESSAGE:
        raise Wrong(f"an error of {len(message)} characters")
    return [message]


def read(text: str, origin: str = "suite.json") -> Suite | tuple[str, ...]:
    """The suite, or what is said of its faults; raises :class:`Wrong` if that is not as it should be."""
    try:
        return parse_suite(text, origin)
    except SuiteError as error:
        if not error.problems:
            raise Wrong("a suite is refused without a reason") from None
        for problem in error.problems:
            if problem.file != origin or not problem.message.strip() or not (problem.path.startswith("$") or problem.path == ""):
                raise Wrong(f"a fault without a place: {problem}") from None
            if (
                problem.path == ""
                and "JSON" not in problem.message
                and "too large" not in problem.message
                and "twice" not in problem.message
            ):
                raise Wrong(f"a fault without a path: {problem}") from None
            if len(str(problem)) > LONGEST_MESSAGE:
                raise Wrong(f"a message of {len(str(problem))} characters at {problem.path[:100]}") from None
        return tuple(problem.message for problem in error.problems)


def _read(text: str) -> list[str]:
    found = read(text)
    if isinstance(found, tuple):
        return list(found[:5])
    try:
        checked_with(found, GIVEN)
    except SuiteError as error:
        said(error) if len(error.problems) < 10 else None
    suite = with_parameters(found, GIVEN)
    told = [str(check.statement) for check in (*found.checks, *suite.checks)]
    if not all(one.strip() for one in told):
        raise Wrong("a rule that says nothing")
    plan = make_plan(list(suite.checks), Scope(TABLE, None, today=NOW.date()), suite.feed, [])
    if len(plan.checks) != len(found.checks):
        raise Wrong("a check is lost")
    return [type(check.expectation).__name__ for check in found.checks] + [planned.problem for planned in plan.checks]


def _with_arguments(name: str, text: str) -> str:
    return f'{{"name": "one", "expectations": [{{"type": {json.dumps(name)}, "kwargs": {text}}}]}}'


def _parameter(text: str) -> list[str]:
    try:
        expression = parameters.parse(text)
        parameters.from_texts([f"x={text}"])
        return [type(parameters.evaluated(expression, GIVEN)).__name__]
    except (parameters.InvalidExpression, parameters.NotAnswered) as error:
        return said(error)


def _condition(text: str, parser: str | None) -> list[str]:
    raw: Any = text
    if text.startswith("{"):
        try:
            raw = json.loads(text)
            json.dumps(raw, ensure_ascii=False).encode()  # halves of surrogate pairs: no suite that is read has them
        except (ValueError, RecursionError):
            return []
    if not isinstance(raw, dict | str):
        return []
    try:
        read = conditions.read(raw, parser)
        if not conditions.spoken(read).strip():
            raise Wrong("a condition that says nothing")
        conditions.columns(read)
        conditions.predicate(read, Scope(TABLE).column)
        return [type(read).__name__]
    except (Incomparable, NotEvaluable) as error:
        return [str(error)[:300]]
    except conditions.InvalidCondition as error:
        return said(error)


def _pattern(text: str) -> list[str]:
    try:
        made = regex.to_re2(text)
    except (regex.UnsupportedPattern, regex.InvalidPattern) as error:
        return said(error)
    if not re.fullmatch("[ -~]*", made):
        raise Wrong("a pattern that is not printable ASCII")
    return ["made"]


def _old(text: str) -> list[str]:
    try:
        found = convert.convert(text, "old")
    except NotUsable as error:
        return said(error)
    remains = any(change.kind == "remains" for change in found.changes)
    if len(found.text) <= LARGEST and remains != isinstance(read(found.text), tuple):
        raise Wrong("what remains to be done was not said")
    if not all(change.why for change in found.changes):
        raise Wrong("a change without a reason")
    return [change.kind for change in found.changes]


def _toml(text: str) -> list[str]:
    try:
        config.parse(text, Path("dq.toml"))
        return ["dq.toml"]
    except ConfigError as error:
        return [line for part in str(error).splitlines()[:20] for line in said(ConfigError(part))]


# ----------------------------------------------------------------------------------------------------------------- inputs


def seeds() -> Iterator[bytes]:
    """Inputs to begin with: examples, suites, conditions, patterns, expressions."""
    for name, cls in CATALOG.items():
        for case in cls.examples:
            yield f"arguments {name}\n{json.dumps(case.arguments, ensure_ascii=False)}".encode()
    for path in sorted((ROOT / "tests/suite/invalid").glob("*.json")):
        yield b"suite\n" + path.read_bytes()
    for path in sorted((ROOT / "tests/convert").glob("*.json")):
        yield b"old\n" + path.read_bytes()
    for path in sorted((ROOT / "expectations").glob("p*/*.json")):
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw["expectations"] = raw["expectations"][:4]
        yield b"suite\n" + json.dumps(raw, ensure_ascii=False).encode()
    for condition in mutants.CONDITIONS:
        for parser in PARSERS:
            text = condition if isinstance(condition, str) else json.dumps(condition)
            yield f"{parser}\n".encode() + text.encode("utf-8", "replace")
    for what, texts in (("pattern", mutants.PATTERNS), ("parameter", mutants.EXPRESSIONS)):
        yield from (f"{what}\n".encode() + text.encode("utf-8", "replace") for text in texts)
    yield b"toml\n" + (ROOT / "tests/realdata/dq.toml").read_bytes()[:3000]
    yield b"toml\n" + b"\n".join(line.strip() for line in (config.__doc__ or "").encode().split(b"\n")[4:])


def mutated(data: bytes, most: int, chance: Random, change: Change) -> bytes:
    """Another input: as libFuzzer changes bytes, or as our mutants change suites."""
    head, _newline, rest = data.partition(b"\n")
    if chance.random() < 0.05:
        return change(data, most)
    if chance.random() < 0.05 and head.startswith(b"arguments"):
        head = b"arguments " + chance.choice(list(CATALOG)).encode()
    if chance.random() < 0.6:
        return head + b"\n" + change(rest, max(1, most - len(head) - 1))
    try:
        raw = json.loads(rest)
    except (ValueError, RecursionError):
        raw = None
    if raw is None or len(rest) > 8000:
        made = mutants.by_bytes(rest, chance, rest)
    elif head.startswith(b"arguments"):
        name = head.decode("utf-8", "replace").partition(" ")[2]
        entry = {"type": name, "kwargs": raw}
        if isinstance(raw, dict) and chance.random() < 0.7:
            entry = mutants.by_meaning({"expectations": [entry]}, chance, list(TYPES))["expectations"][0]
        else:
            entry["kwargs"] = mutants.by_structure(raw, chance)
        head = f"arguments {entry.get('type')}".encode("utf-8", "replace").replace(b"\n", b" ")
        made = json.dumps(entry.get("kwargs")).encode()
    else:
        raw = mutants.by_meaning(raw, chance, list(TYPES)) if chance.random() < 0.5 else mutants.by_structure(raw, chance)
        made = json.dumps(raw).encode()
    return (head + b"\n" + made)[:most]


if __name__ == "__main__":
    from tests.fuzz.driver import main

    main("suite_reader")
