"""The command ``dq convert``: old and foreign Great Expectations suites -> suites of 1.x, and a report of every change."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dq_engine import terminal

if TYPE_CHECKING:
    from dq_engine.convert import Conversion

EXIT_CODES = (
    "Exit codes: 0 all was carried over; 1 something was not, or has a fault; 2 wrong usage, or no suite; "
    "3 a suite could not be written; 130 interrupted."
)
ENDING = ".gx1.json"
"""How the names of converted suites end that are written beside the old ones."""


class Format(StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"


def convert(
    suites: Annotated[list[Path], typer.Argument(help="Suites, or folders: then all suites in and below each.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help=f"The converted suite, such as new.json, or a folder. Default: beside each, with a name that ends in {ENDING}.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only report: write nothing.")] = False,
    format: Annotated[Format, typer.Option(help="How the report is written.")] = Format.TEXT,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing of suites that are carried over whole.")] = False,
) -> None:
    """Convert suites of Great Expectations before 1.0, and say all that changes. Reads no data."""
    done, unusable = _converted(suites)
    several = len(done) > 1 or any(path.is_dir() for path in suites)
    targets = {} if check else _targets(done, output, several=several, force=force)
    for path, _, conversion in done:
        if path in targets:
            terminal.write_file(targets[path], conversion.text.encode())
    if format is Format.JSON:
        terminal.write(json.dumps(_as_json(done, targets), indent=2) + "\n", raw=True)
    else:
        for path, _, conversion in done:
            if not (quiet and conversion.complete):
                terminal.write("\n".join(_told(path, conversion, targets.get(path))) + "\n")
    if unusable:
        raise typer.Exit(2)
    if not all(conversion.complete for _, _, conversion in done):
        raise typer.Exit(1)


class _PassedOver(Exception):
    """A JSON file in a folder is no suite."""


Converted = tuple[Path, Path, "Conversion"]
"""A file, its place below what was given, and what becomes of it."""


def _converted(given: Iterable[Path]) -> tuple[list[Converted], int]:
    """The suites, and how many files cannot be used, each of which is complained of. Exits where there is none at all."""
    from dq_engine.errors import UsageError  # noqa: PLC0415

    done: list[Converted] = []
    unusable = passed_over = 0
    for path, below, named in _files(given):
        try:
            done.append((path, below, _read(path, named=named)))
        except UsageError as error:
            unusable += 1
            terminal.say(str(error))
        except _PassedOver:
            passed_over += 1
    if not done and not unusable:
        others = f" among {passed_over} JSON file{'' if passed_over == 1 else 's'}" if passed_over else ""
        terminal.say(f"no suite was found{others}")
        raise typer.Exit(2)
    return done, unusable


def _files(given: Iterable[Path]) -> Iterator[tuple[Path, Path, bool]]:
    """Each file once, with its place below what was given, and whether it was named and not only found in a folder."""
    seen: set[Path] = set()
    for path in given:
        for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
            below = file.relative_to(path) if path.is_dir() else Path(path.name)
            found = path.is_dir() and (file.name.endswith(ENDING) or any(part.startswith(".") for part in below.parts))
            if not found and file.absolute() not in seen:
                seen.add(file.absolute())
                yield file, below, not path.is_dir()


def _read(path: Path, *, named: bool) -> Conversion:
    from dq_engine import convert as conversions  # noqa: PLC0415
    from dq_engine.errors import UsageError  # noqa: PLC0415
    from dq_engine.suite import NotUsable  # noqa: PLC0415

    if path.exists() and not path.is_file():
        raise UsageError(f"{path}: is not a regular file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{path}: no such suite") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not a suite: not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    try:
        return conversions.convert(text, path.stem)
    except conversions.NoSuite as error:
        if not named:
            raise _PassedOver from None
        raise UsageError(f"{path}: {error}") from None
    except NotUsable as error:
        raise UsageError(f"{path}: {error}") from None


def _targets(done: list[Converted], output: Path | None, *, several: bool, force: bool) -> dict[Path, Path]:
    """Where each suite is written; beside the old ones not those that are of 1.x already."""
    from dq_engine.errors import UsageError  # noqa: PLC0415

    if output is not None and several and output.exists() and not output.is_dir():
        raise UsageError(f"{output}: is a file; several suites need a folder")
    targets: dict[Path, Path] = {}
    for path, below, conversion in done:
        if output is not None:
            target = output / below if several or output.is_dir() or not output.suffix else output
        elif conversion.changes:
            target = path.with_name(path.stem + ENDING)
        else:
            continue
        if target in targets.values():
            raise UsageError(f"{target}: two of the suites would be written there; convert them one by one")
        if target.exists() and not force:
            raise UsageError(f"{target}: is there already, and nothing was written. Give --force, or another name with --output")
        targets[path] = target
    return targets


# ------------------------------------------------------------------------------------------------------------- the report


def _told(path: Path, conversion: Conversion, target: Path | None) -> list[str]:
    from dq_engine.report import changes_text  # noqa: PLC0415
    from dq_engine.report.words import clean  # noqa: PLC0415

    version = f" {conversion.version}" if conversion.version else " before 1.0" if conversion.old else " 1.x"
    if not conversion.changes:
        return [clean(f"{path}: is a suite of 1.x already, and nothing has to change")]
    whole = "all" if conversion.carried == conversion.expectations else f"{conversion.carried} of"
    lines = [
        f"{path}: a suite of Great Expectations{version}, {whole} {conversion.expectations} "
        f"expectation{'' if conversion.expectations == 1 else 's'} carried over",
        f"  written to {target}" if target else "  not written",
    ]
    return [clean(line) for line in [*lines, *changes_text.lines(conversion.changes)]]


def _as_json(done: list[Converted], written: dict[Path, Path]) -> dict[str, Any]:
    from dq_engine.report import changes_text  # noqa: PLC0415

    return {
        "suites": [
            {
                "file": str(path),
                "written": str(written[path]) if path in written else None,
                "name": conversion.name,
                "version": conversion.version,
                "old": conversion.old,
                "complete": conversion.complete,
                "expectations": conversion.expectations,
                "carried_over": conversion.carried,
                "changes": changes_text.as_json(conversion.changes),
            }
            for path, _, conversion in done
        ]
    }
