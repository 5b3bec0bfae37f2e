"""The commands ``dq suggest`` and ``dq init``: extracts -> proposals, suites and a project that a person goes on from."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dq_engine import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dq_engine.feeds import Files
    from dq_engine.process import WorkerProcess
    from dq_engine.suggest.project import Entry
    from dq_engine.suggest.proposals import Document

EXIT_CODES = (
    "Exit codes: 0 done; 2 wrong usage, a file of proposals that is not valid, or proposals that nobody decided; "
    "3 an extract cannot be read; 130 interrupted."
)
INIT_EXIT_CODES = (
    "Exit codes: 0 done; 2 wrong usage, or there is a dq.toml already; 3 an extract cannot be read; 130 interrupted."
)
SURE = 0.99
"""The confidence from which on ``dq init`` takes a rule into a suite."""
MemoryLimit = Annotated[str | None, typer.Option(help='Memory of a scan, such as "512MB".  [default: most of the machine]')]
Public = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="This column's values may be written down: a name or pattern. May be repeated."),
]


def suggest(
    context: typer.Context,
    extracts: Annotated[list[str] | None, typer.Argument(help="Files, folders or quoted globs, each an extract.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the proposals, or with --apply the suite, to this file.")
    ] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Rows to read, of an extract with more. Default: 1,000,000.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Read all rows.")] = False,
    confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Propose what at least this share of rows keeps, with 95 % certainty.")
    ] = 0.9,
    public: Public = None,
    feed: Annotated[str | None, typer.Option(help="The name of the feed. Default: made of the file's name.")] = None,
    suite: Annotated[
        Path | None, typer.Option("--suite", "-s", help="Propose what this suite has not; --apply adds to its rules.")
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TERM", help="Accept by rule: all, confidence>=0.99, or a term of dq check --select. May be repeated."
        ),
    ] = None,
    review: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Decide about the proposals of this file, one after the other.")
    ] = None,
    apply: Annotated[Path | None, typer.Option(metavar="FILE", help="Make a suite of what is accepted in this file.")] = None,
    memory_limit: MemoryLimit = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Propose a suite for extracts: rules with reasons and confidence, for a person to accept or refuse."""
    from dq_engine.errors import UsageError  # noqa: PLC0415

    if sum(given is not None for given in (extracts, review, apply)) != 1:
        raise UsageError(
            "say one of these: dq suggest EXTRACT…, dq suggest --review FILE, or dq suggest --apply FILE --output SUITE"
        )
    if sample is not None and all_:
        raise UsageError("--sample and --all contradict each other: leave one out")
    if review is not None:
        _review(review)
    elif apply is not None:
        _apply(apply, output, suite, accept or [])
    else:
        from dq_engine.suggest import proposals  # noqa: PLC0415
        from dq_engine.suggest.study import SAMPLE, Wanted  # noqa: PLC0415

        wanted = Wanted(
            sample=None if all_ else sample or SAMPLE,
            public=tuple(public or ()),
            least=confidence,
            feed=_feed(feed),
            existing=_suite(suite),
            settings=_settings(memory_limit),
        )
        found = proposals.decided(_studied(context, _found(extracts or []), wanted, quiet=quiet), accept or [])
        _tell(found, output, quiet=quiet)


def _feed(name: str | None) -> str | None:
    from dq_engine.errors import UsageError  # noqa: PLC0415
    from dq_engine.suggest.words import slug  # noqa: PLC0415

    if name is not None and slug(name) != name:
        raise UsageError(f'--feed {name}: expected small letters, digits and underscores, such as "{slug(name)}"')
    return name


def _suite(path: Path | None) -> Any:
    from dq_engine.feeds import read_suite  # noqa: PLC0415

    return None if path is None else read_suite(path)


def _settings(memory_limit: str | None) -> dict[str, str]:
    from dq_engine.config import MEMORY  # noqa: PLC0415
    from dq_engine.errors import UsageError  # noqa: PLC0415

    if memory_limit is not None and not MEMORY.fullmatch(memory_limit):
        raise UsageError(f'--memory-limit: expected a size such as "512MB"; got "{memory_limit}"')
    return {} if memory_limit is None else {"memory_limit": memory_limit}


def _found(paths: Sequence[str]) -> list[Files]:
    """The extracts that paths stand for. Raises :class:`dq_engine.errors.UsageError` with everything that is wrong."""
    from dq_engine.errors import UsageError  # noqa: PLC0415
    from dq_engine.feeds import find_files, named_apart  # noqa: PLC0415

    found: list[Files] = []
    troubles = []
    for path in paths:
        try:
            found += find_files(path)
        except UsageError as error:
            troubles.append(str(error))
    if troubles:
        raise UsageError("\n".join(troubles))
    return named_apart(found)


def _studied(context: typer.Context, found: Sequence[Files], wanted: Any, *, quiet: bool) -> Document:
    from dq_engine.suggest import proposals  # noqa: PLC0415
    from dq_engine.suggest.study import study  # noqa: PLC0415

    today = dt.datetime.now(dt.UTC).date()
    worker: WorkerProcess
    with terminal.worker_of(context) as worker, terminal.progress(len(found), quiet=quiet) as observer:
        return proposals.document(study(worker, found, wanted, today, observer), today)


def _tell(found: Document, output: Path | None, *, quiet: bool) -> None:
    """Writes the proposals to a file, or as text to standard output; what was left out is said in either case."""
    from dq_engine.suggest import proposals  # noqa: PLC0415
    from dq_engine.suggest.review import in_words  # noqa: PLC0415

    for extract in found.extracts:
        of = "" if extract.read == extract.rows else f", of which a sample of {extract.read:,} was read"
        title = f"{extract.extract}: {len(extract.proposals)} proposals from {extract.rows:,} rows{of}"
        if output is None:
            told = [
                title,
                "",
                *(in_words(one) + "\n" for one in extract.proposals),
                *(f"left out: {note}" for note in extract.notes),
            ]
            terminal.write("\n".join(told) + "\n")
        elif not quiet:
            terminal.say("\n".join([title, *(f"left out: {note}" for note in extract.notes)]))
    if output is None:
        terminal.write(f"\n{found.method}\n")
        return
    terminal.write_file(output, proposals.written(found))
    if not quiet:
        next_ = f"dq suggest --review {output}, then dq suggest --apply {output} --output SUITE"
        terminal.say(f"written to {output}; {len(found.undecided())} to decide: {next_}")


# ---------------------------------------------------------------------------------------------------- deciding, applying


def _document(path: Path) -> Document:
    from dq_engine.errors import UsageError  # noqa: PLC0415
    from dq_engine.suggest import proposals  # noqa: PLC0415

    try:
        return proposals.read(path.read_text(encoding="utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is no file of proposals: not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {(error.strerror or 'unknown reason').lower()}") from None


def _review(path: Path) -> None:
    from dq_engine.suggest import proposals, review  # noqa: PLC0415

    def ask(question: str) -> str | None:
        print(question, end="", file=sys.stderr, flush=True)
        return sys.stdin.readline() or None if sys.stdin is not None else None

    def tell(words: str) -> None:
        terminal.say(words)

    found = _document(path)
    tell(found.method)
    done = review.review(found, ask, tell, lambda so_far: terminal.write_file(path, proposals.written(so_far)))
    left = len(done.undecided())
    accepted = sum(one.accepted is True for extract in done.extracts for one in extract.proposals)
    terminal.say(f"{accepted} accepted, {left} to decide; kept in {path}")


def _apply(path: Path, output: Path | None, suite: Path | None, terms: Sequence[str]) -> None:
    from dq_engine.errors import UsageError  # noqa: PLC0415
    from dq_engine.suggest import proposals, suites  # noqa: PLC0415
    from dq_engine.suite import read_json  # noqa: PLC0415

    if output is None:
        raise UsageError("--apply writes a suite: say where to, with --output")
    found = proposals.decided(_document(path), terms)
    if left := found.undecided():
        listed = ", ".join(one.rule for one in left[:5]) + (" …" if len(left) > 5 else "")
        how = f"decide with dq suggest --review {path}, or say --accept all or --accept 'confidence>=0.99'; refuse with false"
        raise UsageError(f"{path}: nobody decided about {len(left)} proposals ({listed}): {how}")
    several = len(found.extracts) > 1
    if several and suite is not None:
        raise UsageError(f"--suite {suite}: the proposals are for {len(found.extracts)} suites, and cannot be added to one")
    _suite(suite)
    existing = None if suite is None else read_json(suite.read_text(encoding="utf-8-sig"), infinite=True)
    for extract in found.extracts:
        accepted = sum(one.accepted is True for one in extract.proposals)
        if not accepted:
            raise UsageError(f"{path}: no proposal for {extract.extract} is accepted: a suite without a rule checks nothing")
        place = output / f"{extract.feed['feed']}.json" if several else output
        if several:
            _folder(output)
        terminal.write_file(place, suites.suite(extract, found.made, existing))
        terminal.say(f"{place}: {accepted} of {len(extract.proposals)} proposals; next: dq lint {place}")


def _folder(path: Path) -> None:
    from dq_engine.errors import UsageError  # noqa: PLC0415

    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path}: cannot be made: {(error.strerror or 'unknown reason').lower()}") from None


# ------------------------------------------------------------------------------------------------------------------ init


def init(
    context: typer.Context,
    extracts: Annotated[
        list[str] | None, typer.Argument(help="Files, folders or quoted globs. None: a project without extracts.")
    ] = None,
    directory: Annotated[Path, typer.Option("--directory", "-C", help="The folder of the project; it is made.")] = Path(),
    public: Public = None,
    memory_limit: MemoryLimit = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Make a project that works: dq.toml, and suites for extracts that no suite claims, as proposals. Overwrites nothing."""
    from dq_engine import config  # noqa: PLC0415
    from dq_engine.errors import UsageError  # noqa: PLC0415
    from dq_engine.suggest import project  # noqa: PLC0415

    place = directory / config.NAME
    if place.exists() or place.is_symlink():
        raise UsageError(f"{place}: is there already, and nothing is overwritten. For further extracts: dq suggest EXTRACT")
    found = _found(extracts or [])
    claims = {files.paths: _claim(files) for files in found}
    unclaimed = [files for files in found if not claims[files.paths]]
    _folder(directory)
    proposed = _proposed(context, unclaimed, directory, public or [], memory_limit, quiet=quiet)
    entries = [_entry(files, directory, proposed.get(files.paths, ""), claims[files.paths]) for files in found]
    terminal.write_file(place, project.settings(entries, dt.datetime.now(dt.UTC).date()).encode())
    where = "" if directory == Path() else f"cd {directory} && "
    terminal.say(f"written: {place}")
    first = f"{where}dq check" if entries else f"list your extracts in {place}, then {where}dq check"
    example = str((extracts or ["EXTRACT"])[0])
    terminal.say(f"next: {first}")
    terminal.say(f"then: dq suggest {example} --output proposals.json, to see why each rule is proposed and to decide")


def _claim(files: Files) -> str:
    """The name of the suite that claims the files; "" if none does."""
    from dq_engine.feeds import Shelf, Unclaimed  # noqa: PLC0415

    try:
        return Shelf([]).claim(files)[0].name
    except Unclaimed:
        return ""


def _proposed(
    context: typer.Context,
    found: Sequence[Files],
    directory: Path,
    public: Sequence[str],
    memory_limit: str | None,
    *,
    quiet: bool,
) -> dict[tuple[Path, ...], str]:
    """Writes a suite for each of the extracts, unless it is there; gives their paths, relative to the project."""
    from dq_engine.suggest import project, proposals, suites  # noqa: PLC0415
    from dq_engine.suggest.study import Wanted  # noqa: PLC0415

    if not found:
        return {}
    wanted = Wanted(public=tuple(public), least=SURE, severity="warning", settings=_settings(memory_limit))
    made = proposals.decided(_studied(context, found, wanted, quiet=quiet), ["all"], by=suites.NOBODY)
    _folder(directory / project.SUITES)
    paths = {}
    for files, extract in zip(found, made.extracts, strict=True):
        paths[files.paths] = relative = f"{project.SUITES}/{extract.feed['feed']}.json"
        place = directory / relative
        if place.exists():
            terminal.say(f"{place}: is there already, and stays as it is")
            continue
        terminal.write_file(place, suites.suite(extract, made.made))
        terminal.say(
            f"written: {place}, {len(extract.proposals)} rules that nobody accepted yet; all are warnings, and fail no run"
        )
    return paths


def _entry(files: Files, directory: Path, suite: str, claimed: str) -> Entry:
    from dq_engine.errors import UsageError  # noqa: PLC0415
    from dq_engine.suggest.project import Entry  # noqa: PLC0415

    common = files.paths[0] if len(files.paths) == 1 else Path(os.path.commonpath([path.parent for path in files.paths]))
    path = os.path.relpath(common, directory.resolve())
    try:
        path.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{files.name}: its path is no text, and cannot stand in dq.toml") from None
    return Entry(path, suite, claimed)
