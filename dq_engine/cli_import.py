"""The commands ``dq import`` and ``dq export``: schemas, contracts and tests of other tools <-> suites, with a report of every
part."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dq_engine import terminal

if TYPE_CHECKING:
    from dq_engine.interchange import Imported
    from dq_engine.interchange.odcs_export import Written
    from dq_engine.model import Problem

EXIT_CODES = (
    "Exit codes: 0 all was carried over; 1 something was not, or a suite has a fault; 2 wrong usage, or an unusable file; "
    "3 a suite could not be written; 130 interrupted."
)
EXPORT_CODES = "Exit codes: 0 written; 2 wrong usage, or an invalid suite; 3 the file could not be written; 130 interrupted."


class Form(StrEnum):
    """What a file is, where its content does not say so by itself."""

    FRICTIONLESS = "frictionless"
    ODCS = "odcs"
    DBT = "dbt"


class To(StrEnum):
    """What suites become."""

    ODCS = "odcs"


class Format(StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Table Schemas, datapackage.json, ODCS contracts, dbt's schema.yml or manifest.json.", metavar="FILE..."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A folder for the suites, or for one suite a file, such as suite.json.", show_default=False
        ),
    ] = None,
    from_: Annotated[Form | None, typer.Option("--from", help="What the files are.", show_default="by their content")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only report: write nothing.")] = False,
    format: Annotated[Format, typer.Option(help="How the report is written.")] = Format.TEXT,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing of files that are carried over whole.")] = False,
) -> None:
    """Make suites of schemas, data contracts and tests of other tools, and say what becomes of each part. Reads no data."""
    from dq_engine import libraries  # noqa: PLC0415
    from dq_engine.errors import UsageError  # noqa: PLC0415

    if output is None and not check:
        raise UsageError("where do the suites go? Give a folder with --output, or --check for the report alone")
    libraries.needed(libraries.CONTRACTS, "dq import", "contracts")
    done, unusable = _imported(files, from_)
    targets = {} if check or output is None else _targets(done, output, force=force)
    texts = {(path, suite.name): suite.text for path, found in done for suite in found.suites}
    for key, target in targets.items():
        terminal.write_file(target, texts[key].encode())
    if format is Format.JSON:
        terminal.write(json.dumps(_as_json(done, targets), indent=2) + "\n", raw=True)
    else:
        for path, found in done:
            if not (quiet and found.complete):
                terminal.write("\n".join(_told(path, found, targets)) + "\n")
    if unusable:
        raise typer.Exit(2)
    if not all(found.complete for _, found in done):
        raise typer.Exit(1)


def export(
    suites: Annotated[list[Path], typer.Argument(help="Suites; each becomes a schema object of the contract.")],
    to: Annotated[To, typer.Option(help="What they become.")] = To.ODCS,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The contract, such as contract.odcs.yaml.", show_default="standard output"),
    ] = None,
    name: Annotated[str, typer.Option(help="The name of the contract.", show_default="those of the suites")] = "",
    id: Annotated[str, typer.Option(help="Its id.", show_default="a UUID of the names of the suites")] = "",
    version: Annotated[str, typer.Option(help="Its version.")] = "1.0.0",
    status: Annotated[str, typer.Option(help="Its status: proposed, draft, active, deprecated or retired.")] = "draft",
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write suites as an Open Data Contract Standard 3.1 contract; dq import makes the same suites of it again."""
    from dq_engine import libraries  # noqa: PLC0415
    from dq_engine.errors import UsageError  # noqa: PLC0415

    libraries.needed(libraries.CONTRACTS, "dq export", "contracts")
    from dq_engine.interchange import odcs_export  # noqa: PLC0415

    if output is not None and output.exists() and not force:
        raise UsageError(f"{output}: is there already, and nothing was written. Give --force, or another name with --output")
    written = _suites(suites)
    text = odcs_export.as_yaml(written, odcs_export.Contract(name, id, version, status))
    if output is None:
        terminal.write(text, raw=True)
    else:
        terminal.write_file(output, text.encode())
        rules = sum(len(one.suite.checks) for one in written)
        terminal.write(f"{output}: a contract of {len(written)} suite{'' if len(written) == 1 else 's'} with {rules} rules\n")


def _suites(paths: Iterable[Path]) -> list[Written]:
    """The suites, each once. Raises :class:`dq_engine.errors.SuiteError` with every fault of all of them."""
    from dq_engine.errors import SuiteError, UsageError  # noqa: PLC0415
    from dq_engine.interchange.odcs_export import Written  # noqa: PLC0415
    from dq_engine.suite import parse_suite, read_json  # noqa: PLC0415

    found: list[Written] = []
    problems: list[Problem] = []
    for path in dict.fromkeys(paths):
        text = _read(path)
        try:
            found.append(Written(parse_suite(text, str(path)), read_json(text, infinite=True)))
        except SuiteError as error:
            problems += error.problems
    if problems:
        raise SuiteError(problems)
    names = [one.suite.name for one in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f'two of the suites are called "{twice}"; a contract has one object of a name')
    return found


def _imported(paths: Iterable[Path], form: Form | None) -> tuple[list[tuple[Path, Imported]], int]:
    """What becomes of each file, and how many cannot be used, each of which is complained of."""
    from dq_engine import interchange  # noqa: PLC0415
    from dq_engine.errors import UsageError  # noqa: PLC0415

    done: list[tuple[Path, Imported]] = []
    unusable = 0
    for path in dict.fromkeys(paths):
        try:
            done.append((path, interchange.imported(_read(path), str(path), form.value if form else None)))
        except UsageError as error:
            unusable += 1
            terminal.say(str(error))
    return done, unusable


def _read(path: Path) -> str:
    from dq_engine.errors import UsageError  # noqa: PLC0415

    if path.exists() and not path.is_file():
        raise UsageError(f"{path}: is not a regular file")
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {(error.strerror or 'unknown reason').lower()}") from None


Targets = dict[tuple[Path, str], Path]
"""Where each suite of each file is written, by the file and the name of the suite."""


def _targets(done: list[tuple[Path, Imported]], output: Path, *, force: bool) -> Targets:
    from dq_engine.errors import UsageError  # noqa: PLC0415
    from dq_engine.interchange.draft import slug  # noqa: PLC0415

    keys = [(path, suite.name) for path, found in done for suite in found.suites]
    alone = len(keys) == 1 and bool(output.suffix) and not output.is_dir()
    if output.exists() and not output.is_dir() and not alone:
        raise UsageError(f"{output}: is a file; {len(keys)} suites need a folder")
    targets: Targets = {}
    for key in keys:
        target = output if alone else output / f"{slug(key[1])}.json"
        if key in targets or target in targets.values():
            raise UsageError(f"{target}: two of the suites would be written there; import their files one by one")
        if target.exists() and not force:
            raise UsageError(f"{target}: is there already, and nothing was written. Give --force, or another place with --output")
        targets[key] = target
    return targets


# ------------------------------------------------------------------------------------------------------------- the report


def _told(path: Path, found: Imported, targets: Targets) -> list[str]:
    from dq_engine.report import changes_text  # noqa: PLC0415
    from dq_engine.report.words import clean  # noqa: PLC0415

    version = f" {found.version}" if found.version else ""
    number = f"{len(found.suites) or 'no'} suite{'' if len(found.suites) == 1 else 's'}"
    lines = [f"{path}: {found.format}{version}, {number}", *changes_text.lines(found.changes)]
    for suite in found.suites:
        target = targets.get((path, suite.name))
        whole = "all" if suite.carried == suite.rules else f"{suite.carried} of"
        lines += [
            f"{suite.name}: {whole} {suite.rules} rule{'' if suite.rules == 1 else 's'} carried over",
            f"  written to {target}" if target else "  not written",
            *changes_text.lines(suite.changes),
        ]
    return [clean(line) for line in lines]


def _as_json(done: list[tuple[Path, Imported]], targets: Targets) -> dict[str, Any]:
    from dq_engine.report import changes_text  # noqa: PLC0415

    return {
        "files": [
            {
                "file": str(path),
                "format": found.format,
                "version": found.version,
                "complete": found.complete,
                "changes": changes_text.as_json(found.changes),
                "suites": [
                    {
                        "name": suite.name,
                        "written": str(targets[path, suite.name]) if (path, suite.name) in targets else None,
                        "complete": suite.complete,
                        "rules": suite.rules,
                        "carried_over": suite.carried,
                        "changes": changes_text.as_json(suite.changes),
                    }
                    for suite in found.suites
                ],
            }
            for path, found in done
        ]
    }
