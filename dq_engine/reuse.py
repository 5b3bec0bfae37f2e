"""Results of an earlier run for extracts of which nothing changed: they are taken from the results folder, not worked out again.

Nothing changed if the :mod:`fingerprint <dq_engine.fingerprint>` is the same (suite, checks, options, engine …) and each file has
the checksum that it had. Sizes only tell that a file is not worth reading for that, and times nothing at all. Whatever is in
doubt (a damaged run, a file that changes meanwhile) means that the extract is scanned.
"""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dq_engine import run_tables, store
from dq_engine.checksums import Checksums
from dq_engine.errors import StoreError, WorkerError
from dq_engine.feeds import Extract, Origin
from dq_engine.fingerprint import fingerprint, needed
from dq_engine.model import File, Measure, Organisation, OtherExtract, Run, SuiteReference
from dq_engine.opening import file_of, told
from dq_engine.process import WorkerProcess
from dq_engine.run import Checked
from dq_engine.seal import SEAL, contents, likeness
from dq_engine.seal import read as read_seal
from dq_engine.suite import Check
from dq_engine.versions import Changed, Version, settled, version

NEWEST = 256
"""How many runs are looked at, the newest first."""


class Asked(Struct, frozen=True):
    """An extract with what is asked of it: its fingerprint ("": nothing can be taken for it), and its files as they are.

    ``others`` are the files of those other extracts that are needed, by name.
    """

    extract: Extract
    fingerprint: str
    files: tuple[Version, ...] = ()
    others: tuple[tuple[str, tuple[Version, ...]], ...] = ()

    @property
    def versions(self) -> list[Version]:
        """The files of the extract, then those of the others."""
        return [*self.files, *(version for _, versions in self.others for version in versions)]

    def records(self, digests: Mapping[Version, str]) -> tuple[tuple[File, ...], tuple[OtherExtract, ...]]:
        """The files, and those of the others, as a run tells of them; with their digests, if these are known."""

        def records(versions: Sequence[Version], origins: Sequence[Origin | None]) -> tuple[File, ...]:
            return tuple(
                told(msgspec.structs.replace(file_of(version), sha256=digests.get(version, "")), origin)
                for version, origin in zip(versions, origins or itertools.repeat(None), strict=False)
            )

        origins = {other.name: other.origins for other in self.extract.others}
        others = tuple(OtherExtract(name, records(versions, origins[name])) for name, versions in self.others)
        return records(self.files, self.extract.origins), others


class Earlier:
    """The runs in a folder of results. They may be those of many projects; what is no run is not looked at."""

    def __init__(self, results: Path) -> None:
        self.results = results

    def likely(self, wanted: Mapping[str, str]) -> dict[str, dict[str, Path]]:
        """For each likeness (with the name of its extract) that is there: the contents that it was found with, and the run."""
        found: dict[str, dict[str, Path]] = {}
        for directory in self._newest():
            try:
                raw = (directory / SEAL).read_bytes()
            except OSError:
                continue
            sealed = read_seal(raw) if any(asked.encode() in raw for asked in wanted) else None
            for extract in sealed.extracts if sealed else ():
                if wanted.get(extract.likeness) == extract.name:
                    found.setdefault(extract.likeness, {}).setdefault(extract.contents, directory)
        return found

    def _newest(self) -> Iterator[Path]:
        try:
            names = sorted((entry.name for entry in self.results.iterdir() if not entry.name.startswith(".")), reverse=True)
        except OSError:
            return
        yield from (self.results / name for name in names[:NEWEST])


class Reuse:
    """What one run takes from earlier ones, extract by extract, by their places in the run.

    ``wanted`` are the checks that are asked of each extract, ``options`` those of the run, by name, ``counts`` the folder for
    counts by organisation and period. With ``fresh`` nothing is taken, and what is found is marked for later runs all the same.
    """

    def __init__(
        self,
        earlier: Earlier,
        extracts: Sequence[Extract],
        wanted: Sequence[Sequence[Check]],
        options: Mapping[str, Any],
        today: dt.date,
        worker: WorkerProcess,
        checksums: Checksums,
        counts: Path,
        *,
        fresh: bool,
    ) -> None:
        self.worker, self.checksums, self.counts = worker, checksums, counts
        self.asked = [
            _asked(extract, checks, fingerprint(extract, checks, options, today.isoformat()))
            for extract, checks in zip(extracts, wanted, strict=True)
        ]
        likenesses = {
            likeness(asked.fingerprint, *asked.records({})): place
            for place, asked in enumerate(self.asked)
            if asked.fingerprint and not fresh
        }
        names = {alike: self.asked[place].extract.name for alike, place in likenesses.items()}
        self.found = {likenesses[alike]: found for alike, found in (earlier.likely(names) if names else {}).items()}
        self.runs: dict[Path, Run | None] = {}
        self.open: Path | None = None
        for place in sorted(self.found):
            checksums.begin(self.asked[place].versions)

    def taken(self, place: int, timeout: float | None, progress: Callable[[str, float], None]) -> Checked | None:
        """The results of the extract at that place of the run, if an earlier run has them; waits ``timeout`` seconds at most."""
        if place not in self.found:
            return None
        progress("comparing with an earlier run", 0.0)
        asked, started = self.asked[place], time.monotonic()
        files = run_tables.count_files(self.counts, place)
        try:
            digests: dict[Version, str] = {}
            for file in asked.versions:
                left = None if timeout is None else max(0.0, timeout - (time.monotonic() - started))
                if (digest := self.checksums.of(file, left)) is None:
                    return None
                digests[file] = digest
            own, others = asked.records(digests)
            directory = self.found[place].get(contents(own, others))
            run = self.run(directory) if directory else None
            if directory is None or run is None:
                return None
            done = self.of(run, directory, asked, files, own, others)
            if any(version(Path(file.path)) != file for file in asked.versions):
                done = None
        except (Changed, OSError, WorkerError, StoreError):
            done = None
        if done is None:
            self.open = None
            files.measures.unlink(missing_ok=True)
            files.fields.unlink(missing_ok=True)
            return None
        progress("done", 1.0)
        return msgspec.structs.replace(done, run=msgspec.structs.replace(done.run, seconds=round(time.monotonic() - started, 3)))

    def run(self, directory: Path) -> Run | None:
        """The run in a directory; None if it is not what was written there. Raises :class:`StoreError` and OSError."""
        if directory not in self.runs:
            self.runs[directory] = _whole(directory)
        return self.runs[directory]

    def of(
        self,
        run: Run,
        directory: Path,
        asked: Asked,
        counts: run_tables.CountFiles,
        own: tuple[File, ...],
        others: tuple[OtherExtract, ...],
    ) -> Checked | None:
        """What a stored run holds of an extract, with its files as they are now; None if it is not all there."""
        name = asked.extract.name
        place = next((n for n, extract in enumerate(run.extracts) if extract.name == name), None)
        if place is None or run.extracts[place].fingerprint != asked.fingerprint:
            return None
        stored = run.extracts[place]
        written = [path for n in range(len(self.asked)) for path in _paths(run_tables.count_files(self.counts, n))]
        if self.open != directory:
            run_tables.open_stored(directory, written, self.worker)
            self.open = directory
        fields = run_tables.copied(directory, stored, counts, self.worker)
        organisations: list[Organisation] = []
        if stored.registered:
            before = sum(extract.registered for extract in run.extracts[:place])
            organisations = run_tables.registered(directory, before, stored.registered, self.worker)
        if len(organisations) != stored.registered or run.engine.get("duckdb") != self.worker.version:
            return None
        suite = asked.extract.suite
        places = {check.id: check.at for check in suite.checks}
        record = msgspec.structs.replace(
            stored,
            suite=SuiteReference(suite.name, suite.origin, suite.sha256),
            outcomes=tuple(msgspec.structs.replace(o, at=places.get(o.check), waiver=None) for o in stored.outcomes),
            files=_with_rows(own, stored.files),
            others=others,
            reused=stored.reused or run.id,
            split=None,
        )
        measures = [
            Measure(name, o.check, None, o.element_count, o.missing_count, o.unexpected_count)
            for o in stored.outcomes
            if o.element_count is not None and o.missing_count is not None and o.unexpected_count is not None
        ]
        return Checked(record, measures, fields, organisations, smooth=True)

    def marked(self, place: int, done: Checked) -> Checked:
        """What was found by a scan, with the fingerprint by which a later run may take it, if it may.

        It may not if something could not be evaluated or answered.
        """
        self.open = None
        asked, run = self.asked[place], done.run
        evaluated = done.smooth and not run.problem and all(outcome.status != "error" for outcome in run.outcomes)
        files = [*run.files, *(file for other in run.others for file in other.files)]
        if not asked.fingerprint or not evaluated or not all(file.sha256 for file in files):
            return done
        return msgspec.structs.replace(done, run=msgspec.structs.replace(run, fingerprint=asked.fingerprint))


def _asked(extract: Extract, wanted: Sequence[Check], fingerprint: str) -> Asked:
    names = needed(wanted)
    others = [other for other in extract.others if other.name in names]
    if not fingerprint or not wanted or extract.problem or any(other.problem for other in others):
        return Asked(extract, "")
    try:
        own = tuple(map(settled, extract.files))
        return Asked(extract, fingerprint, own, tuple((other.name, tuple(map(settled, other.files))) for other in others))
    except OSError:
        return Asked(extract, "")


def _with_rows(files: Sequence[File], before: Sequence[File]) -> tuple[File, ...]:
    """The files with the numbers of rows that they have in an earlier record."""
    return tuple(msgspec.structs.replace(file, rows=known.rows) for file, known in zip(files, before, strict=True))


def _whole(directory: Path) -> Run | None:
    sealed = read_seal((directory / SEAL).read_bytes())
    names = {store.RUN, *run_tables.TABLES}
    if sealed is None or set(sealed.files) != names:
        return None
    digests = {name: store.digest(directory / name) for name in names}
    return store.load(directory) if digests == sealed.files else None


def _paths(files: run_tables.CountFiles) -> tuple[Path, Path]:
    return files.measures, files.fields
