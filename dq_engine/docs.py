"""Stored runs -> a site of HTML pages. Reads runs and lets them be scored; writes pages, whole or not at all; reads no extract.

A site is a folder of its own. The pages of a run are made once, and kept with a short record of the run, from which later runs
know what was before them: one more run costs its own pages and those that tell of the newest run.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from importlib import metadata, resources
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from dq_engine import explain, history, locks, run_tables, store
from dq_engine._version import __version__
from dq_engine.disclosure import HES, method
from dq_engine.errors import StoreError, UsageError
from dq_engine.findings import Findings
from dq_engine.history import RunState
from dq_engine.process import WorkerProcess
from dq_engine.rating import instrument as instruments
from dq_engine.report.html import organisation_pages, places, run_pages, site_pages
from dq_engine.report.html.about import Past, RunAbout, SiteAbout
from dq_engine.report.html.figures import Exact, Figures, Published
from dq_engine.report.html.pages import Pages, Site
from dq_engine.scores import OVERALL, STEPS, Instrument, Scores
from dq_engine.scoring import Asked, Scorer
from dq_engine.store import Head

Audience = Literal["internal", "public"]
MARK, SUMMARY = "site.json", "summary.json"
"""The file that says that a folder is a site of ours; the record of a run among its pages."""
STAGING, OLD = ".new", ".old"
"""The folder of pages that are not in their place yet; how the names of folders end whose place was taken."""
NOTICES = {
    "internal": "For those who work with the data: exact counts, shapes of values, never the values themselves.",
    "public": f"For the public. {method()}",
}
Progress = Callable[[str, float], None]


class Wanted(Struct, frozen=True):
    """What site is wanted: for whom, and how data are to be rated."""

    audience: Audience = "internal"
    scoring: Asked = Asked(by=("region", "kind"), dimensions=False)


class Mark(Struct, frozen=True):
    """What a site says of itself: ``stamp`` is a checksum of all that its pages depend on, besides the runs."""

    made_by: str
    audience: Audience
    stamp: str
    newest: str


class Summary(Struct, frozen=True):
    """A run among the pages of a site; ``stamp`` is that of its pages.

    ``items`` are the items that were rated, and ``ratings`` the ratings of each organisation, a digit for each item: 1 very
    poor … 5 very good, 0 not rated.
    """

    stamp: str
    state: RunState
    items: tuple[str, ...]
    ratings: dict[str, str]


class Built(Struct, frozen=True):
    """What was built: the first page, the pages that were written, their bytes, the runs that the site tells of, seconds.

    ``left_out``: why runs before the newest are not in the site.
    """

    index: Path
    pages: int
    bytes: int
    runs: int
    seconds: float
    left_out: tuple[str, ...] = ()


def runs_in(given: Iterable[Path]) -> list[Path]:
    """The directories of runs: those that are given, and all in folders of runs. Raises :class:`UsageError`."""
    found: dict[str, Path] = {}
    for path in given:
        directories = [path] if (path / store.RUN).is_file() else sorted(run.parent for run in path.glob(f"[!.]*/{store.RUN}"))
        if not directories:
            raise UsageError(f"{path}: {'holds no run' if path.is_dir() else 'is not there'}: check something first")
        found |= {directory.name: directory for directory in directories}
    return [found[name] for name in sorted(found)]


def newest(runs: Sequence[Path]) -> Path:
    """The directory of the run that was started last. Raises :class:`StoreError`."""
    return max(runs, key=store.head)


def build(
    runs: Sequence[Path], output: Path, wanted: Wanted, worker: WorkerProcess, progress: Progress = lambda phase, fraction: None
) -> Built:
    """Builds the site of the runs in the folder ``output``, or brings it up to date. ``runs`` as for :func:`runs_in`.

    Processes that do so at the same time wait for each other. Runs whose pages are there already stay in the site, also if they
    are not among ``runs``, as long as their pages are for the same audience and of the same version of dq. Raises
    :class:`UsageError` if ``output`` holds something else, :class:`StoreError` if the newest run cannot be read (others are left
    out then) or pages cannot be written.
    """
    return _Build(runs, output, wanted, worker, progress).build()


class _Build:
    def __init__(self, runs: Sequence[Path], output: Path, wanted: Wanted, worker: WorkerProcess, progress: Progress) -> None:
        self.runs = runs
        self.output, self.wanted, self.worker, self.progress = output, wanted, worker, progress
        self.figures: Figures = Exact() if wanted.audience == "internal" else Published()
        self.pages = Pages(Site(NOTICES[wanted.audience], __version__, public=wanted.audience == "public"))
        self.rules = explain.rule_pages()
        self.stamp = _stamp(wanted)
        self.started = time.monotonic()
        self.written = self.bytes = 0
        self.left_out: list[str] = []
        self.staging = output / STAGING

    def build(self) -> Built:
        self.refuse_others()
        heads = self.heads({})
        try:
            self.output.mkdir(parents=True, exist_ok=True)
            self.progress("waiting for the site", 0.0)
            with locks.alone(self.output):
                count = self.build_alone(heads)
        except OSError as error:
            raise StoreError(f"{self.output}: the pages could not be written: {store.words(error)}") from None
        seconds = time.monotonic() - self.started
        return Built(self.output / "index.html", self.written, self.bytes, count, seconds, tuple(self.left_out))

    def heads(self, known: Mapping[Path, Head]) -> dict[Path, Head]:
        """The runs that are given, which may be more than when they were ``known``. Raises :class:`StoreError`."""
        return {path: known.get(path) or store.head(path) for path in runs_in(self.runs)}

    def build_alone(self, heads: Mapping[Path, Head]) -> int:
        """Builds while no other process builds here; gives how many runs the site tells of."""
        self.refuse_others()
        try:
            for left in (self.staging, *self.output.glob(f".*{OLD}"), *self.output.glob(f"runs/.*{OLD}")):
                shutil.rmtree(left, ignore_errors=True)  # by a build that was killed
            self.staging.mkdir()
            return self.bring_up_to_date(self.kept(), {head: path for path, head in self.heads(heads).items()})
        finally:
            shutil.rmtree(self.staging, ignore_errors=True)

    # ------------------------------------------------------------------------------------------------ what is there already

    def refuse_others(self) -> None:
        """Raises :class:`UsageError` if the folder holds something that is no site of ours."""
        if self.output.exists() and not self.output.is_dir():
            raise UsageError(f"{self.output}: is a file; give a folder for the pages")
        ours = (STAGING, f".{MARK}.")
        there = [entry.name for entry in self.output.iterdir() if not entry.name.startswith(ours)] if self.output.is_dir() else []
        if there and MARK not in there:
            raise UsageError(f"{self.output}: holds something else; give an empty folder, or one with pages of dq")

    def kept(self) -> dict[Head, Summary]:
        """The runs whose pages are there and can stay."""
        found = {}
        for path in sorted((self.output / "runs").glob(f"*/{SUMMARY}")):
            try:
                summary = msgspec.json.decode(path.read_bytes(), type=Summary)
            except (OSError, msgspec.DecodeError):
                continue  # its pages are made again, or go
            if summary.stamp == self.stamp:
                found[Head(summary.state.started, summary.state.id)] = summary
        return found

    # ------------------------------------------------------------------------------------------------------------- the work

    def bring_up_to_date(self, known: Mapping[Head, Summary], given: Mapping[Head, Path]) -> int:
        """Writes what is not there yet, and gives how many runs the site tells of."""
        order = sorted({*known, *given})
        newest = order[-1]
        first_new = next((place for place, run in enumerate(order) if run not in known), len(order))
        stale = [run for run in order[first_new:] if run not in known or run in given]
        if newest not in stale and (stale or self.told_of() != newest.id):
            stale.append(newest)
        if absent := [run.id for run in stale if run not in given]:
            raise UsageError(
                f"{absent[0]}: its pages must be made again, and it is not among the runs that are given: give it, too"
            )
        past: list[Summary] = []
        for run in order:
            if run in stale:
                self.progress(f"run {stale.index(run) + 1} of {len(stale)}", stale.index(run) / len(stale))
                try:
                    past.append(self.run(given[run], past, newest=run == newest))
                except StoreError as error:
                    if run == newest:
                        raise
                    self.left_out.append(str(error))
            else:
                past.append(known[run])
        if stale:
            self.write(_assets())
            self.write([site_pages.runs_page([summary.state for summary in past], self.pages)])
            self.say_of_itself("")  # a build that is killed while it puts its pages is followed by one that makes them again
            self.put({places.name(summary.state.id, places.RUN_ID) for summary in past})
            self.say_of_itself(newest.id)
        self.progress("done", 1.0)
        return len(past)

    def say_of_itself(self, newest: str) -> None:
        """Writes the mark of the site, with the run that its first page tells of; "" for none."""
        mark = Mark(f"dq {__version__}", self.wanted.audience, self.stamp, newest)
        store.replace_file(self.output / MARK, msgspec.json.format(msgspec.json.encode(mark), indent=2))

    def told_of(self) -> str:
        """The run that the first page tells of; "" if that is not known."""
        try:
            return msgspec.json.decode((self.output / MARK).read_bytes(), type=Mark).newest
        except (OSError, msgspec.DecodeError):
            return ""

    def run(self, directory: Path, past: Sequence[Summary], *, newest: bool) -> Summary:
        """Writes the pages of a run, and those of the site if it is the newest."""
        run = store.load(directory)
        findings = Findings(directory, self.worker, None if self.figures.internal else HES)
        scores, instrument, why = self.scores(directory, self.wanted.scoring)
        levels = findings.levels()
        registered = tuple(run_tables.organisations(directory, self.worker))
        about = RunAbout(
            run=run,
            earlier=tuple(summary.state for summary in past),
            figures=self.figures,
            rules=frozenset(rule.name for rule in self.rules),
            organisations=frozenset(organisation_pages.known(registered, levels, scores)),
            worst=findings.worst(),
            fields=findings.fields(),
            scores=scores,
            instrument=instrument,
            no_ratings=why,
        )
        made, where = run_pages.pages(about, self.pages, newest=newest)
        self.write(made)
        items = (*(item.id for item in instrument.items), OVERALL) if instrument else ()
        state = history.state(run, counts=self.figures.internal)
        summary = Summary(self.stamp, state, items, _digits(scores, items))
        self.write([(places.run(run.id, SUMMARY), msgspec.json.encode(summary))])
        if newest:
            site = SiteAbout(
                run=about,
                past=tuple(Past(one.state.id, one.state.started, one.items, one.ratings) for one in [*past, summary]),
                rules=self.rules,
                levels=levels,
                registered=registered,
                found=findings.by_organisation,
                places=where,
                waves=self.by_wave(directory, scores),
            )
            self.write(site_pages.pages(site, self.pages))
        return summary

    def by_wave(self, directory: Path, scores: Scores | None) -> Scores | None:
        """The ratings of a run wave by wave: those that were asked for, or else months; None if there are not several."""
        if scores is None or self.wanted.scoring.waves:
            return scores if scores and len(scores.waves) > 1 else None
        try:
            scorer = Scorer([directory], self.worker, msgspec.structs.replace(self.wanted.scoring, waves=("month",), by=()))
        except UsageError:
            return None  # no data have a period
        return scorer.scores() if len(scorer.waves) > 1 else None

    def scores(self, directory: Path, asked: Asked) -> tuple[Scores | None, Instrument | None, str]:
        """The ratings that follow from a run; or why there are none."""
        try:
            scorer = Scorer([directory], self.worker, asked)
            scores = scorer.scores()
        except StoreError as error:
            return None, None, f"Nothing could be rated: {error}"
        return scores, scorer.instrument, " ".join(scores.notes)

    # ----------------------------------------------------------------------------------------------------------- the files

    def write(self, made: Iterable[tuple[str, bytes]]) -> None:
        for place, content in made:
            path = self.staging / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            self.written += place.endswith(".html")
            self.bytes += len(content)

    def put(self, runs: Collection[str]) -> None:
        """Puts what was written in its place, folder by folder, the first page last; takes away what is left of other runs."""
        (self.output / "runs").mkdir(exist_ok=True)
        for run in (self.staging / "runs").glob("*/"):
            _swap(run, self.output / "runs" / run.name)
        stays = {entry.name for entry in self.staging.iterdir()}
        for entry in sorted(self.staging.iterdir(), key=lambda entry: entry.name == "index.html"):
            if entry.name == "runs":
                for page in entry.glob("*.html"):
                    page.replace(self.output / "runs" / page.name)
            elif entry.is_dir():
                _swap(entry, self.output / entry.name)
            else:
                entry.replace(self.output / entry.name)
        for page in self.output.glob("*.html"):
            if page.name not in stays:
                page.unlink()
        for run in (self.output / "runs").glob("*/"):
            if run.name not in runs:
                shutil.rmtree(run)


def _swap(new: Path, place: Path) -> None:
    store.put_folder(new, place, place.with_name(f".{place.name}{OLD}"))


def _assets() -> Iterator[tuple[str, bytes]]:
    for asset in sorted(resources.files("dq_engine.report.html").joinpath("assets").iterdir(), key=lambda asset: asset.name):
        yield f"assets/{asset.name}", asset.read_bytes()


def _digits(scores: Scores | None, items: Sequence[str]) -> dict[str, str]:
    """The ratings of each organisation, a digit for each item."""
    if scores is None:
        return {}
    found: dict[str, dict[str, int]] = {}
    for rating in scores.ratings:
        found.setdefault(rating.organisation, {})[rating.item] = STEPS[rating.rating]
    return {code: "".join(str(own.get(item, 0)) for item in items) for code, own in found.items()}


def _stamp(wanted: Wanted) -> str:
    """A checksum of all that pages depend on, besides the runs: dq, its templates and components, instrument, options.

    Raises :class:`UsageError` for an instrument that is none.
    """
    _, instrument = instruments.read(wanted.scoring.instrument or instruments.default())
    components = metadata.version("nhsuk-frontend-jinja")
    digest = hashlib.sha256(repr((__version__, wanted, instrument.sha256, components)).encode())
    html = resources.files("dq_engine.report.html")
    for folder in ("templates", "assets"):
        for file in sorted(html.joinpath(folder).iterdir(), key=lambda file: file.name):
            digest.update(file.read_bytes())
    return digest.hexdigest()
