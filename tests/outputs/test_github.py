"""Workflow commands, read back as GitHub's documentation says that its runner reads them; and the summary of a step."""

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import msgspec
import pytest

from dq_engine.model import Run
from dq_engine.report import github
from dq_engine.report.origins import Origin

from .conftest import FILE, SUITE, each_kind


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    message: str


def unescaped(text: str, *codes: str) -> str:
    return re.sub("%(" + "|".join(codes) + ")", lambda found: unquote(found[0]), text)


def parsed(line: str) -> Command:
    """``::name key=value,key=value::message``: %25, %0D and %0A are escapes everywhere, %3A and %2C in properties."""
    found = re.fullmatch("::([a-z]+) ([^:]*)::(.*)", line)
    assert found, line
    properties = dict(part.split("=", maxsplit=1) for part in found[2].split(","))
    codes = ("25", "0D", "0A")
    return Command(
        found[1], {key: unescaped(value, *codes, "3A", "2C") for key, value in properties.items()}, unescaped(found[3], *codes)
    )


def commands(run: Run, origin: Origin) -> list[Command]:
    return [parsed(line) for line in github.render(run, origin).decode().splitlines()]


@each_kind
def test_an_error_stands_for_an_exit_code_that_is_not_0(kind: str, runs: dict[str, Run], origin: Origin) -> None:
    found = commands(runs[kind], origin)
    assert {command.name for command in found} <= {"error", "warning", "notice"}
    assert runs[kind].exit_code == 0 or found[0].name == "error"


def test_each_outcome_is_as_loud_as_it_should_be(runs: dict[str, Run], origin: Origin) -> None:
    found = {command.properties["title"]: command.name for command in commands(runs["error"], origin)}
    assert found == {
        "rows: code_present: failed": "error",
        "rows: sex_known: failed": "error",
        "rows: nowhere_known: not evaluated": "error",
        "rows: sex_valid: failed": "warning",
        "rows: empty_valid: nothing to judge": "warning",
        "rows: code_listed: failed": "notice",
    }
    assert commands(runs["passing"], origin) == []
    (waived,) = (command for command in commands(runs["waived"], origin) if command.properties["title"].endswith("waived"))
    assert waived.name == "notice"
    assert waived.message.endswith(": waived by A. Lead until 2030-05-31: the sender mends it | in May")


def test_it_points_to_the_expectation(runs: dict[str, Run], origin: Origin, world: Path) -> None:
    for command in commands(runs["hostile"], origin):
        assert command.properties["file"] == SUITE
        lines = (world / SUITE).read_text(encoding="utf-8").split("\n")
        assert lines[int(command.properties["line"]) - 1][int(command.properties["col"]) - 1 :] == "{"


def test_hostile_texts_end_no_command_and_begin_none(runs: dict[str, Run], origin: Origin) -> None:
    raw = github.render(runs["hostile"], origin).decode()
    assert not set("\x1b\u202e\ufeff\x00\r") & set(raw)
    assert len(raw.splitlines()) == 3
    assert {"add-mask" in command.properties["title"] for command in commands(runs["hostile"], origin)} == {True}
    assert FILE.partition("\u202e")[0].removesuffix(".parquet") in commands(runs["hostile"], origin)[0].properties["title"]


@pytest.mark.parametrize(("count", "left"), [(10, ""), (11, "1 error"), (40, "30 errors")])
def test_what_github_would_drop_is_counted(count: int, left: str, runs: dict[str, Run], origin: Origin) -> None:
    (extract,) = runs["failing"].extracts
    outcomes = tuple(msgspec.structs.replace(extract.outcomes[0], check=f"c{number}") for number in range(count))
    many = msgspec.structs.replace(runs["failing"], extracts=(msgspec.structs.replace(extract, outcomes=outcomes),))
    found = commands(many, origin)
    assert sum(command.name == "error" for command in found) == 10
    assert len(found) == 10 + bool(left)
    if left:
        assert found[-1].message == f"GitHub keeps 10 annotations of a kind for each step. Not annotated here: {left}"


def test_no_more_than_ten_notices_with_the_one_that_counts(runs: dict[str, Run], origin: Origin) -> None:
    (extract,) = runs["tolerated"].extracts
    info = next(outcome for outcome in extract.outcomes if outcome.severity == "info")
    outcomes = tuple(msgspec.structs.replace(info, check=f"c{number}") for number in range(12))
    many = msgspec.structs.replace(runs["tolerated"], extracts=(msgspec.structs.replace(extract, outcomes=outcomes),))
    found = commands(many, origin)
    assert len(found) == 10
    assert found[-1].message.endswith("Not annotated here: 3 notices")
