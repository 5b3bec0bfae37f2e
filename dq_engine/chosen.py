"""What was asked for -> the extracts to check: paths or ``dq.toml``, suites, names of columns, other extracts of rules."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from dq_engine.addresses import is_remote
from dq_engine.config import Config, ConfiguredExtract
from dq_engine.errors import UsageError
from dq_engine.feeds import Extract, Files, Find, Other, Shelf, find_files, find_together, named_apart, other_extract, with_others
from dq_engine.model import Feed
from dq_engine.parameters import Given
from dq_engine.selection import selection
from dq_engine.suite import Suite, with_parameters


class _Wanted(Struct, frozen=True):
    """Files that are one extract, the suite that somebody named for them, and what ``dq.toml`` says of them."""

    files: Files
    suite: Path | None
    configured: ConfiguredExtract = ConfiguredExtract("")


def extracts(
    paths: Sequence[str],
    suite: Path | None,
    config: Config | None,
    named: Sequence[str] = (),
    given: Given | None = None,
    find: Find = find_files,
) -> list[Extract]:
    """The extracts to check, each with its suite and the other extracts that its rules speak of.

    ``paths`` are files, folders or globs (none: the extracts of ``config``); ``suite`` is for all of them; ``named`` has texts
    NAME=PATH; ``given`` has the parameters of the suites; ``find`` gives the files that a path stands for. Files that suites
    claim for several purposes make an extract for each.
    Raises :class:`UsageError` with everything that is wrong, not the first thing alone.
    """
    shelf = Shelf([config.root / folder for folder in config.dq.suites] if config else [])
    troubles: list[UsageError] = []
    if paths:
        wanted = list(_of_paths(paths, suite, find, troubles))
    elif config and config.extracts:
        wanted = list(_of_config(config, suite, find, troubles))
    else:
        raise UsageError("nothing to check: give a path, or list the extracts of the project in dq.toml")
    found: list[tuple[Extract, _Wanted]] = []
    for files, item in zip(named_apart([item.files for item in wanted]), wanted, strict=True):
        try:
            found += [(extract, item) for extract in _claimed(files, item, shelf, given)]
        except UsageError as error:
            troubles.append(error)
    others = dict(_given(named, shelf, find, troubles))
    by_name = {extract.name: extract for extract, _ in found}
    chosen = [_with_configured(extract, item, by_name, config, shelf, find, troubles) for extract, item in found]
    if troubles:
        combined = UsageError("\n".join(dict.fromkeys(str(error) for error in troubles)))
        combined.exit_code = min(error.exit_code for error in troubles)
        raise combined
    return with_others(chosen, others, shelf)


def looked_into(paths: Sequence[str], config: Config | None) -> list[Path]:
    """The folders that are looked into for the extracts: those that are named, and those where patterns begin."""
    places = [Path(path) for path in paths]
    if not paths and config is not None:
        given = [[item.path] if isinstance(item.path, str) else item.path for item in config.extracts]
        places = [config.root / place for each in given for place in each]
    begins = (next((above for above in place.parents if not glob.has_magic(str(above))), place) for place in places)
    looked = (
        place if place.exists() or not glob.has_magic(str(place)) else begin for place, begin in zip(places, begins, strict=True)
    )
    return [place for place in looked if place.is_dir()]


def _of_paths(paths: Sequence[str], suite: Path | None, find: Find, troubles: list[UsageError]) -> Iterator[_Wanted]:
    for path in paths:
        try:
            yield from (_Wanted(files, suite) for files in find(path, whole=suite is not None))
        except UsageError as error:
            troubles.append(error)


def _of_config(config: Config, suite: Path | None, find: Find, troubles: list[UsageError]) -> Iterator[_Wanted]:
    for item in config.extracts:
        places = [item.path] if isinstance(item.path, str) else item.path
        try:
            files = find_together([_path(config, place) for place in places], find)
        except UsageError as error:
            troubles.append(error)
            continue
        files = msgspec.structs.replace(files, name=item.name or files.name)
        yield _Wanted(files, suite or (config.root / item.suite if item.suite else None), item)


def _claimed(files: Files, item: _Wanted, shelf: Shelf, given: Given | None) -> Iterator[Extract]:
    """The extracts that files are: one for each suite, called after its purpose where that is not the first one."""
    try:
        suites = [shelf.read(item.suite)] if item.suite is not None else shelf.claim(item.files)
    except UsageError:
        if not files.problem:
            raise
        nothing = Suite(files.name, Feed(files.name), (), "not known", "", {})  # its files might have told
        yield Extract(files.name, files.paths, nothing, origins=files.origins, problem=files.problem)
        return
    suites = [suite if given is None else with_parameters(suite, given) for suite in suites]
    own = item.configured
    for term in own.ignore:
        fits = selection([term], [])
        if not any(fits(check) for suite in suites for check in suite.checks):
            raise UsageError(f'dq.toml: ignore of the extract {files.name}: no check fits "{term}"')
    for suite in suites:
        name = files.name if suite is suites[0] else f"{files.name}/{suite.feed.purpose}"
        yield Extract(
            name,
            files.paths,
            suite,
            files.partitioned,
            own.columns,
            own.types,
            tuple(own.ignore),
            verify_statistics=own.verify_statistics,
            origins=files.origins,
            problem=files.problem,
        )


def _given(named: Sequence[str], shelf: Shelf, find: Find, troubles: list[UsageError]) -> Iterator[tuple[str, Other]]:
    for text in named:
        name, equals, path = text.partition("=")
        try:
            if not equals or not name or not path or is_remote(name):
                given = "" if is_remote(name) else f" {text}"  # an address may hold a secret
                raise UsageError(f"--with{given}: expected NAME=PATH, such as practices=data/practices.parquet")
            yield name, other_extract(name, find_together([path], find), shelf)
        except UsageError as error:
            troubles.append(error)


def _with_configured(
    extract: Extract,
    item: _Wanted,
    by_name: Mapping[str, Extract],
    config: Config | None,
    shelf: Shelf,
    find: Find,
    troubles: list[UsageError],
) -> Extract:
    """The extract with the other extracts that ``dq.toml`` names for it: extracts of the project by name, or paths."""
    others = []
    for name, place in item.configured.with_.items():
        if known := by_name.get(place):
            others.append(known.as_other(name))
            continue
        try:
            assert config is not None
            others.append(other_extract(name, find_together([_path(config, place)], find), shelf))
        except UsageError as error:
            troubles.append(error)
    return msgspec.structs.replace(extract, others=tuple(others))


def _path(config: Config, place: str) -> str:
    """A path of ``dq.toml``, to which it is relative, unless it is an address."""
    return place if is_remote(place) else str(config.root / place)
