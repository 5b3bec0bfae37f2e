"""Paths and suites -> extracts: which files belong together, and which suite checks them.

A suite claims an extract by its feed's name: the file is called ``list_sizes.parquet`` or ``list_sizes_2024-03.parquet``, or lies
in a folder called ``list_sizes``. Suites are looked for in the project's folders, then in ``expectations`` folders in or above
the working folder, then beside or above the extract, then among those that come with the engine: what a sender puts beside the
data does not come before what the project says. An extract that no suite claims is an error.
"""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from dq_engine.errors import UsageError
from dq_engine.model import EXTRACT, ORDERED, PURPOSES, Feed, FieldType
from dq_engine.privacy import shown
from dq_engine.suite import Check, Suite, parse_suite

SUFFIXES = (".parquet", ".pq")
FOLDER = "expectations"
_GLOB = re.compile(r"[*?\[\]]")
LINKS = "links"
"""The folder for links in that for temporary files."""
_PARTITION = re.compile(r"[^/=]+=[^/]*")


class NothingFound(UsageError):
    """A folder or a glob without any Parquet file: there is nothing to check."""

    exit_code = 4


class Unclaimed(UsageError):
    """An extract of which no suite bears the name."""


class Origin(Struct, frozen=True):
    """Where a file came from: its address, without any secret, and what its store calls its state ("": it does not say).

    All files whose addresses begin with ``listed`` have an entry in the folder in which this one was put ("": some may not).
    """

    url: str
    etag: str = ""
    version: str = ""
    listed: str = ""


class Files(Struct, frozen=True):
    """Files that are one extract. ``partitioned``: they lie in ``key=value`` folders, whose keys are columns.

    ``origins`` has for each file where it came from, None for one that lies here; it is empty where all do. ``problem`` says why
    files that lie elsewhere are not to be had.
    """

    name: str
    paths: tuple[Path, ...]
    partitioned: bool = False
    origins: tuple[Origin | None, ...] = ()
    problem: str = ""

    @property
    def folders(self) -> tuple[str, ...]:
        """The names of the folders in which the first file lies, the innermost last."""
        return tuple(Path(located(self.paths[:1], self.origins[:1])[0]).parent.parts)


class Other(Struct, frozen=True):
    """Another extract that an extract is held against: what rules call it, its files, and what its suite says of its columns.

    ``columns`` maps names in the files to the names that rules use, ``types`` those names to types as which values are read.
    ``verify_statistics``: nothing is believed that its footers say of values. ``problem`` says why there are no files, if there
    are none.
    """

    name: str
    files: tuple[Path, ...] = ()
    feed: Feed = Feed("other")
    partitioned: bool = False
    columns: Mapping[str, str] = {}
    types: Mapping[str, FieldType] = {}
    problem: str = ""
    verify_statistics: bool = False
    origins: tuple[Origin | None, ...] = ()


class Extract(Struct, frozen=True):
    """Files, and the suite that checks them; ``columns``, ``types`` and ``verify_statistics`` as in :class:`Other`.

    ``ignore``: terms for checks that are not for these files, as ``--ignore`` takes them. ``origins`` and ``problem`` as in
    :class:`Files`.
    """

    name: str
    files: tuple[Path, ...]
    suite: Suite
    partitioned: bool = False
    columns: Mapping[str, str] = {}
    types: Mapping[str, FieldType] = {}
    ignore: tuple[str, ...] = ()
    others: tuple[Other, ...] = ()
    verify_statistics: bool = False
    origins: tuple[Origin | None, ...] = ()
    problem: str = ""

    def as_other(self, name: str) -> Other:
        """The extract as one that others are held against, and call ``name``."""
        return Other(
            name,
            self.files,
            self.suite.feed,
            self.partitioned,
            self.columns,
            self.types,
            unavailable(name, self.problem),
            self.verify_statistics,
            self.origins,
        )


def located(files: Sequence[Path], origins: Sequence[Origin | None]) -> list[str]:
    """Where files are, as people and other programs find them."""
    return [
        str(path) if origin is None else origin.url for path, origin in zip(files, origins or [None] * len(files), strict=True)
    ]


def unavailable(name: str, problem: str) -> str:
    """Why another extract is not to be had; "" where nothing is wrong with its files."""
    return f'the extract "{name}" cannot be read: {problem}' if problem else ""


def readable(files: Sequence[Path], directory: Path, prefix: str = "") -> list[str]:
    """The absolute paths for DuckDB. A name that it would take for a pattern, or cannot spell, is reached by a link.

    The link lies in folders of the same partitions as the file, so that DuckDB reads their values from its path, too.
    """
    paths = []
    for number, path in enumerate(files):
        if _GLOB.search(str(path)) or not str(path).isprintable() or shown(path.name) != path.name:
            folder = directory / LINKS
            for part in filter(_PARTITION.fullmatch, path.parent.parts):
                folder /= part if part.isprintable() and not _GLOB.search(part) else ""
            folder.mkdir(parents=True, exist_ok=True)
            link = folder / f"{prefix}{number}.parquet"
            link.unlink(missing_ok=True)
            link.symlink_to(path)
            paths.append(str(link))
        else:
            paths.append(str(path))
    return paths


# ----------------------------------------------------------------------------------------------------------------- files


def find_files(argument: str, *, whole: bool = False) -> list[Files]:
    """The extracts that a path stands for: a file, a quoted glob, or a folder.

    In a folder each Parquet file is one extract, and each folder of ``key=value`` folders is one; with ``whole``, or where the
    folder holds such folders itself, everything in it is one. Raises :class:`UsageError`.
    """
    path = Path(argument)
    if path.is_dir():
        found = [_together(path)] if whole or _is_partitioned(path) else list(_in_folder(path, frozenset()))
        if not any(files.paths for files in found):
            raise NothingFound(f"{argument}: the folder holds no Parquet file (looked for {' and '.join(SUFFIXES)})")
        return found
    if path.is_file():
        return [Files(shown(path.stem), (_absolute(path),))]
    if path.exists() or path.is_symlink():
        raise UsageError(f"{argument}: is not a regular file" if path.exists() else f"{argument}: is a link to nothing")
    if _GLOB.search(argument):
        matches = sorted(Path(match) for match in glob.glob(argument, recursive=True))  # noqa: PTH207  ** and absolute patterns
        paths = tuple(_absolute(match) for match in matches if match.is_file())
        if not paths:
            raise NothingFound(f"{argument}: no file matches")
        name = paths[0].stem if len(paths) == 1 else named(path)
        return [Files(shown(name), paths, _has_partitions(paths))]
    near = f" (is it {_nearest(path)}?)" if _nearest(path) else ""
    raise UsageError(f"{argument}: no such file or folder{near}")


class Find(Protocol):
    """Gives the extracts that a path stands for, as :func:`find_files` does."""

    def __call__(self, argument: str, *, whole: bool = False) -> list[Files]:
        """The extracts. Raises :class:`UsageError`."""
        ...


def named(pattern: Path) -> str:
    """What the extract is called whose files a pattern finds."""
    return _GLOB.sub("", pattern.stem).strip("_-. ") or pattern.parent.name or "extract"


def find_together(arguments: Sequence[str], find: Find = find_files) -> Files:
    """The one extract that paths stand for together: files, globs or whole folders. The first one names it.

    Raises :class:`UsageError`, also if there is no path.
    """
    if not arguments:
        raise UsageError("no path is given: name at least one file, folder or glob")
    found = [files for argument in arguments for files in find(argument, whole=True)]
    paths = tuple(path for files in found for path in files.paths)
    origins = tuple(origin for files in found for origin in files.origins or (None,) * len(files.paths))
    problem = next((files.problem for files in found if files.problem), "")
    return Files(found[0].name, paths, any(files.partitioned for files in found), origins if any(origins) else (), problem)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100  a loop of links must not stop it, as it stops Path.resolve


def _visible(folder: Path, above: frozenset[str]) -> Iterator[tuple[Path, frozenset[str]]]:
    """The entries of a folder that count, each with the folders that it is in; a folder within itself (by a link) does not."""
    within = above | {os.path.realpath(folder)}
    for entry in sorted(folder.iterdir()):
        if not entry.name.startswith((".", "_")) and os.path.realpath(entry) not in within:
            yield entry, within


def _in_folder(folder: Path, above: frozenset[str]) -> Iterator[Files]:
    for entry, within in _visible(folder, above):
        if entry.is_dir() and _is_partitioned(entry):
            yield _together(entry)
        elif entry.is_dir():
            yield from _in_folder(entry, within)
        elif _is_data(entry):
            yield Files(shown(entry.stem), (_absolute(entry),))


def _together(folder: Path) -> Files:
    paths = tuple(_all_files(folder, frozenset()))
    return Files(shown(_absolute(folder).name), paths, _has_partitions(paths))


def _all_files(folder: Path, above: frozenset[str]) -> Iterator[Path]:
    for entry, within in _visible(folder, above):
        if entry.is_dir():
            yield from _all_files(entry, within)
        elif _is_data(entry):
            yield _absolute(entry)


def _is_data(entry: Path) -> bool:
    """Whether an entry of a folder is Parquet by its name. Raises :class:`UsageError` for one that cannot be read like a file."""
    if entry.suffix.lower() not in SUFFIXES:
        return False
    if not entry.is_file():
        raise UsageError(f"{entry}: is not a regular file" if entry.exists() else f"{entry}: is a link to nothing")
    return True


def _is_partitioned(folder: Path) -> bool:
    return any(entry.is_dir() and _PARTITION.fullmatch(entry.name) for entry in folder.iterdir())


def _has_partitions(paths: Iterable[Path]) -> bool:
    return any(_PARTITION.fullmatch(part) for path in paths for part in path.parent.parts)


def _nearest(path: Path) -> str:
    import difflib  # noqa: PLC0415  only for a message

    if not path.parent.is_dir():
        return ""
    near = difflib.get_close_matches(path.name, [entry.name for entry in path.parent.iterdir()], n=1)
    return str(path.parent / near[0]) if near else ""


def named_apart(found: Sequence[Files]) -> list[Files]:
    """The same extracts with names that differ: of two with one name, each gets the names of folders above it."""
    names = [files.name for files in found]
    parts = [list(reversed(files.folders[1:])) for files in found]
    depth = 0
    while depth < 32 and len(set(names)) < len(names):
        doubled = {name for name in names if names.count(name) > 1}
        names = [
            f"{shown(parts[n][depth])}/{name}" if name in doubled and depth < len(parts[n]) else name
            for n, name in enumerate(names)
        ]
        depth += 1
    seen: dict[str, int] = {}
    result = []
    for files, name in zip(found, names, strict=True):
        seen[name] = seen.get(name, 0) + 1
        result.append(msgspec.structs.replace(files, name=name if seen[name] == 1 else f"{name}#{seen[name]}"))
    return result


# ---------------------------------------------------------------------------------------------------------------- suites


def read_suite(path: Path) -> Suite:
    """The suite in a file. Raises :class:`UsageError` if the file cannot be read, ``SuiteError`` if the suite is not valid."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UsageError(f"{path}: is not a regular file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = f" (is it {_nearest(path)}?)" if _nearest(path) else ""
        raise UsageError(f"{path}: no such suite{near}") from None
    except IsADirectoryError:
        raise UsageError(f"{path}: is a folder; a suite is a JSON file") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not a suite: not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    return parse_suite(text, shown(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)))


class Shelf:
    """The suites that can be found by the name of their feed."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = list(folders)
        self._read: dict[Path, Suite] = {}
        self._feeds: dict[Path, dict[str, list[Path]]] = {}

    def claim(self, files: Files) -> list[Suite]:
        """The suites whose feed's name the files bear: one for each purpose that suites of that feed have.

        Raises :class:`Unclaimed` if there is none, and :class:`UsageError` if there are two for one purpose.
        """
        looked: list[Path] = []
        for folder in self._places(None if any(files.origins) else files.paths[0].parent):
            if folder in looked:
                continue
            looked.append(folder)
            feeds = self._feeds_in(folder)
            feed = _claimed(files, feeds)
            if feed is not None:
                return self._one_per_purpose(files, feed, feeds[feed])
        places = ", ".join(str(folder) for folder in looked if folder.is_dir()) or "no folder called expectations"
        known = sorted({feed for folder in looked for feed in self._feeds_in(folder)})
        raise Unclaimed(
            f"{files.paths[0].name}: no suite claims it. Name the suite with --suite, or call the file after a feed"
            f" ({', '.join(known) or 'none is known'}). Looked in: {places}"
        )

    def of_feed(self, feed: str, start: Path) -> list[Suite]:
        """The suites of the feed of that name, as :meth:`claim` would find them for a file in the folder ``start``."""
        for folder in self._places(start):
            if paths := self._feeds_in(folder).get(feed):
                return self._one_per_purpose(Files(feed, (start,)), feed, paths)
        return []

    def _one_per_purpose(self, files: Files, feed: str, paths: Sequence[Path]) -> list[Suite]:
        found: dict[str, Path] = {}
        for path in paths:
            purpose = self.read(path).feed.purpose
            if purpose in found:
                both = f"{found[purpose]} and {path}"
                raise UsageError(f"{files.name}: more than one suite is for {feed}: {both}. Choose one with --suite")
            found[purpose] = path
        return [self.read(found[purpose]) for purpose in PURPOSES if purpose in found]

    def read(self, path: Path) -> Suite:
        """The suite in a file, read once."""
        if path not in self._read:
            self._read[path] = read_suite(path)
        return self._read[path]

    def _places(self, data: Path | None) -> Iterator[Path]:
        """Where suites are looked for: also beside and above the folder of ``data``, if they lie here."""
        yield from self.folders
        for start in (Path.cwd(), *([] if data is None else [data])):
            for above in (start, *start.parents):
                yield above / FOLDER
        yield shipped()

    def _feeds_in(self, folder: Path) -> dict[str, list[Path]]:
        if folder not in self._feeds:
            found: dict[str, list[Path]] = {}
            for path, feed in _feeds_of_suites(folder).items() if folder.is_dir() else ():
                found.setdefault(feed, []).append(path)
            self._feeds[folder] = found
        return self._feeds[folder]


def suite_files(folder: Path) -> list[Path]:
    """The suites in a folder and below it; other JSON files are passed over, those that are not JSON are not."""
    return list(_feeds_of_suites(folder))


def _feeds_of_suites(folder: Path) -> dict[Path, str]:
    """The suites in a folder and below it, each with its feed."""
    return {path: feed for path in sorted(folder.rglob("*.json")) if (feed := _feed_of(path)) is not None}


def shipped() -> Path:
    """The folder of the suites that come with the engine."""
    here = Path(__file__).resolve().parent
    packaged = here / "_expectations"
    return packaged if packaged.is_dir() else here.parent / FOLDER


def _feed_of(path: Path) -> str | None:
    """The feed of a suite file, by a first look; a file that cannot be read counts by its name. None: it is no suite."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return path.stem
    if not isinstance(raw, dict) or "expectations" not in raw:
        return None
    meta = raw.get("meta")
    own = meta.get("dq") if isinstance(meta, dict) else None
    feed = own.get("feed") if isinstance(own, dict) else None
    return feed if isinstance(feed, str) else path.stem


def _claimed(files: Files, feeds: Iterable[str]) -> str | None:
    """The feed that the name of the files, or of a folder above them, begins with; the longest."""
    names = [files.name, *(part for part in reversed(files.folders) if not _PARTITION.fullmatch(part))]
    for name in names:
        plain = name.lower().replace("-", "_").replace(" ", "_").replace(".", "_")
        fitting = [feed for feed in feeds if plain == feed or (name == files.name and plain.startswith(feed + "_"))]
        if fitting:
            return max(fitting, key=len)
    return None


# -------------------------------------------------------------------------------------------------------- other extracts


def with_others(extracts: Sequence[Extract], given: Mapping[str, Other], shelf: Shelf) -> list[Extract]:
    """The extracts, each with the other extracts that its suite speaks of.

    Another extract is one that somebody named (``given``, or that the extract has already), else the nearest one of that feed in
    the same run, else one that lies beside the extract. Where there is none, or more than one, the problem says so: the checks
    that need it cannot be evaluated. SQL of a suite's own speaks of those that somebody named by their names.
    """
    return [_with_others(_as_spoken(extract, given), given, extracts, shelf) for extract in extracts]


def _with_others(extract: Extract, given: Mapping[str, Other], extracts: Sequence[Extract], shelf: Shelf) -> Extract:
    needed = dict.fromkeys(name for check in extract.suite.checks for name in check.others)
    others = {name: _other(extract, name, given, extracts, shelf) for name in needed}
    return msgspec.structs.replace(extract, others=tuple(_apart(others)))


def _as_spoken(extract: Extract, given: Mapping[str, Other]) -> Extract:
    """The extract with checks whose queries need those of the named extracts whose names are words of theirs."""
    named = dict.fromkeys([*(other.name for other in extract.others), *given])
    words = {name: re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE) for name in named}

    def spoken(check: Check) -> Check:
        queries = "\n".join(check.expectation.queries())
        found = [name for name, word in words.items() if word.search(queries)] if queries else []
        return msgspec.structs.replace(check, others=tuple(dict.fromkeys([*check.others, *found]))) if found else check

    checks = tuple(map(spoken, extract.suite.checks))
    return msgspec.structs.replace(extract, suite=msgspec.structs.replace(extract.suite, checks=checks))


def _apart(others: Mapping[str, Other]) -> Iterator[Other]:
    """The others, but for those whose names SQL would take for that of another table: it does not tell A from a."""
    taken = {EXTRACT, ORDERED}
    for name, other in others.items():
        problem = f'the extract "{name}" needs another name: a table that queries read is called so already'
        yield Other(name, problem=problem) if name.casefold() in taken else other
        taken.add(name.casefold())


def _other(extract: Extract, name: str, given: Mapping[str, Other], extracts: Sequence[Extract], shelf: Shelf) -> Other:
    if own := next((other for other in extract.others if other.name == name), given.get(name)):
        return msgspec.structs.replace(own, name=name)
    of_feed = {e.files: e for e in extracts if name in (e.suite.feed.feed, e.name)}
    found = [extract.as_other(name) for extract in of_feed.values()]
    nearest = _nearest_to(home_of(extract.files), found) or list(_beside(extract, name, shelf))
    if len(nearest) == 1:
        return nearest[0]
    say = f"say which it is: --with {name}=PATH"
    if nearest:
        names = ", ".join(shown(other.files[0].name) for other in nearest)
        return Other(name, problem=f'needs the extract "{name}", and there are {len(nearest)} of them ({names}): {say}')
    return Other(name, problem=f'needs the extract "{name}", which is neither in this run nor beside the file: {say}')


def home_of(files: Sequence[Path]) -> Path:
    """The folder of an extract's files, above any ``key=value`` folders."""
    return next(folder for folder in files[0].parents if not _PARTITION.fullmatch(folder.name))


def _nearest_to(home: Path, found: Sequence[Other]) -> list[Other]:
    """Those whose folder has the longest way in common with ``home``."""
    common = [len(os.path.commonpath([home, home_of(other.files)])) for other in found]
    return [other for other, length in zip(found, common, strict=True) if length == max(common)]


def _beside(extract: Extract, name: str, shelf: Shelf) -> Iterator[Other]:
    """The extracts of a feed that lie in the folder of an extract, or beside that folder if it is named after a feed."""
    home = home_of(extract.files)
    folders = [home, home.parent] if home.name.startswith(extract.suite.feed.feed) else [home]
    for folder in folders:
        for entry in sorted(folder.iterdir()):
            if not entry.name.lower().startswith(name) or not (entry.is_dir() or _is_data(entry)):
                continue
            files = _together(entry) if entry.is_dir() else Files(shown(entry.stem), (_absolute(entry),))
            other = other_extract(name, files, shelf) if files.paths else Other(name)
            if other.files and name in (other.feed.feed, files.name):
                yield other


def other_extract(name: str, files: Files, shelf: Shelf) -> Other:
    """The files as another extract; a suite that claims them says what its columns are."""
    try:
        feed = shelf.claim(files)[0].feed
    except UsageError:
        feed = Feed(name)
    return Other(name, files.paths, feed, files.partitioned, problem=unavailable(name, files.problem), origins=files.origins)
