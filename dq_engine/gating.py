"""A stored run, a policy and what it names -> the run with its waivers and the gate's verdict. Reads files; writes none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dq_engine import differences as compared
from dq_engine import gate, results, run_tables, store, waivers
from dq_engine.differences import Differences, Sums
from dq_engine.errors import ConfigError, StoreError, UsageError, WorkerDied, WorkerError
from dq_engine.model import Run, Waiver
from dq_engine.policy import Minimum, Policy
from dq_engine.process import WorkerProcess
from dq_engine.run_tables import MEASURES
from dq_engine.scores import OVERALL, STEPS, Scores
from dq_engine.significance import Counts
from dq_engine.sql import text

SHORT = 10
"""Organisations below a minimum that are named."""


class Terms(Struct, frozen=True, kw_only=True):
    """By what a run is judged: the policy, the folder that its paths are relative to, and today.

    ``fail_on``: where the policy says none. ``waivers``, ``baseline``: what is used in place of the policy's; ``itself``: the run
    is its own baseline, so that nothing in it is worse.
    """

    policy: Policy
    root: Path
    today: dt.date
    fail_on: str = "critical"
    waivers: Path | None = None
    baseline: Path | None = None
    itself: bool = False

    @property
    def waivers_file(self) -> Path | None:
        """The file of the waivers, if there is one."""
        return self.waivers or (self.root / self.policy.waivers if self.policy.waivers else None)

    @property
    def baseline_folder(self) -> Path | None:
        """The directory of the baseline, if there is one."""
        return self.baseline or (self.root / self.policy.baseline if self.policy.baseline else None)


def read_waivers(path: Path | None) -> tuple[Waiver, ...]:
    """The waivers in a file; none without one. Raises :class:`ConfigError`."""
    if path is None:
        return ()
    try:
        return waivers.parse(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file of waivers") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the waivers cannot be read ({type(error).__name__})") from None


def ready(terms: Terms, *, gate: bool) -> None:
    """Looks at what the ``terms`` name, before any work is done.

    Raises :class:`UsageError` or :class:`StoreError` for what cannot be used.
    """
    troubles = []
    try:
        read_waivers(terms.waivers_file)
    except ConfigError as error:
        troubles.append(str(error))
    if gate:
        policy, baseline = terms.policy, terms.baseline_folder
        named = [required.organisations for required in policy.required if isinstance(required.organisations, str)]
        named += [minimum.instrument for minimum in policy.minimum if minimum.instrument]
        troubles += [
            f"{terms.root / path}: the gate needs it, and it is not there" for path in named if not (terms.root / path).exists()
        ]
        if baseline is not None and not terms.itself:
            try:
                store.load(store.run_directory(baseline))
            except UsageError as error:
                troubles.append(f"baseline: {error}, and make it the baseline with --update-baseline")
    if troubles:
        raise ConfigError("\n".join(troubles))


def waived(run: Run, directory: Path, terms: Terms, worker: WorkerProcess) -> Run:
    """The run with the waivers that hold today, and its verdict with them. ``directory`` holds its Parquet files.

    Raises :class:`ConfigError` for waivers that cannot be read, :class:`StoreError` for files of the run that cannot.
    """
    known = read_waivers(terms.waivers_file)
    by_organisation = any(waiver.organisations for waiver in known)
    run = waivers.applied(run, known, _failing(directory, worker) if by_organisation else {}, terms.today)
    exit_code, verdict = results.conclude(run.extracts, terms.fail_on)
    return msgspec.structs.replace(run, exit_code=exit_code, verdict=verdict)


def gated(run: Run, directory: Path, terms: Terms, worker: WorkerProcess) -> Run:
    """The run with its waivers and the verdict of the gate, as its exit code and verdict. ``directory`` holds its Parquet files.

    Raises :class:`UsageError` for waivers, organisations or an instrument that cannot be read, and :class:`StoreError` for a run
    or a baseline that cannot be compared.
    """
    run = waived(run, directory, terms, worker)
    policy = terms.policy
    baseline = directory if terms.itself else terms.baseline_folder
    facts = gate.Facts(
        failing=_failing(directory, worker) if policy.failing_organisations else {},
        present=_present(directory, worker) if policy.required else {},
        required=[_codes(required.organisations, terms.root, worker) for required in policy.required],
        reached=[_reached(minimum, directory, terms, worker) for minimum in policy.minimum],
        differences=None if baseline is None else between(baseline, run, directory, worker, policy, itself=terms.itself),
    )
    verdict = gate.judged(run, policy, facts, policy.fail_on or terms.fail_on)
    return msgspec.structs.replace(run, gate=verdict, exit_code=verdict.exit_code, verdict=verdict.words)


def between(
    baseline: Path, later: Run, directory: Path, worker: WorkerProcess, policy: Policy, *, itself: bool = False
) -> Differences:
    """In what a run, whose Parquet files are in ``directory``, differs from a stored one; ``itself``: from itself.

    Raises :class:`UsageError` if there is no run, and :class:`StoreError` if it cannot be read or compared.
    """
    place = baseline if itself else store.run_directory(baseline)
    earlier = later if itself else store.load(place)
    pairs = [(was.name, now.name) for was, now in compared.paired(earlier, later) if was is not None and now is not None]
    return compared.differences(
        earlier,
        later,
        _sums(place, directory, pairs, worker),
        false_alarms=policy.false_alarms,
        least_rise=policy.least_rise,
    )


# ------------------------------------------------------------------------------------------------------ counts of organisations

_SUMMED = (
    'SELECT extract, "check", organisation, sum(unexpected_count)::BIGINT AS unexpected, '
    "sum(element_count - missing_count)::BIGINT AS judged FROM {table} WHERE organisation IS NOT NULL GROUP BY ALL"
)


def _failing(directory: Path, worker: WorkerProcess) -> dict[tuple[str, str], dict[str, int]]:
    table = directory.resolve() / MEASURES
    sql = f"SELECT * FROM ({_SUMMED.format(table=run_tables.parquet(table))}) WHERE unexpected > 0 ORDER BY ALL"
    found: dict[tuple[str, str], dict[str, int]] = {}
    for extract, check, organisation, unexpected, _ in _rows([table], sql, worker):
        found.setdefault((extract, check), {})[organisation] = unexpected
    return found


def _present(directory: Path, worker: WorkerProcess) -> dict[str, set[str]]:
    """The organisations that have rows in each extract: of which values were counted, or rows."""
    measures, fields = (directory.resolve() / name for name in (MEASURES, run_tables.FIELDS))
    sql = (
        f"SELECT extract, organisation FROM {run_tables.parquet(fields)} WHERE organisation IS NOT NULL AND records > 0 UNION "
        f"SELECT extract, organisation FROM {run_tables.parquet(measures)} "
        "WHERE organisation IS NOT NULL AND unit = 'rows' AND element_count > 0"
    )
    found: dict[str, set[str]] = {}
    for extract, organisation in _rows([measures, fields], sql, worker):
        found.setdefault(extract, set()).add(organisation)
    return found


def _sums(earlier: Path, later: Path, pairs: Sequence[tuple[str, str]], worker: WorkerProcess) -> Sums:
    """What both runs counted at the organisations where anything is unexpected in one of them."""
    if not pairs:
        return {}
    before, after = (folder.resolve() / MEASURES for folder in (earlier, later))
    named = ", ".join(f"({text(was)}, {text(now)})" for was, now in pairs)
    renamed = f"SELECT b.* REPLACE (p.now AS extract) FROM b JOIN (VALUES {named}) p(was, now) ON b.extract = p.was"
    numbers = ", ".join(f"coalesce({side}.{name}, 0)" for side in ("r", "a") for name in ("unexpected", "judged"))
    sql = (
        f"WITH b AS ({_SUMMED.format(table=run_tables.parquet(before))}), "
        f"a AS ({_SUMMED.format(table=run_tables.parquet(after))}), r AS ({renamed}) "
        f'SELECT extract, "check", organisation, {numbers} FROM r FULL JOIN a USING (extract, "check", organisation) '
        "WHERE coalesce(r.unexpected, 0) + coalesce(a.unexpected, 0) > 0 ORDER BY ALL"
    )
    found: dict[tuple[str, str], dict[str, Counts]] = {}
    for extract, check, organisation, *counts in _rows([before, after], sql, worker):
        found.setdefault((extract, check), {})[organisation] = Counts(*counts)
    return found


def _rows(tables: Sequence[Path], sql: str, worker: WorkerProcess) -> list[list[Any]]:
    first, *others = dict.fromkeys(tables)
    request = {
        "op": "open",
        "files": [str(first)],
        "relation": run_tables.parquet(first),
        "settings": {},
        "others": {f"{place}": {"files": [str(path)], "relation": run_tables.parquet(path)} for place, path in enumerate(others)},
        "written": [],
    }
    try:
        worker.ask(request)
        rows: list[list[Any]] = worker.ask({"op": "query", "sql": sql})["rows"]
    except WorkerDied:
        raise
    except WorkerError as error:
        raise StoreError(f"{' or '.join(map(str, tables))}: {error}: the run is damaged, or of another version of dq") from None
    return rows


def _codes(said: list[str] | str, root: Path, worker: WorkerProcess) -> Collection[str]:
    """The organisations that are required: as the policy lists them, or in the file that it names."""
    if not isinstance(said, str):
        return said
    from dq_engine.rating.lists import organisations_in  # noqa: PLC0415  few policies name a file

    return [organisation.code for organisation in organisations_in(root / said, worker, "pcgt", {})]


# ------------------------------------------------------------------------------------------------------------------ minimums


def _reached(minimum: Minimum, directory: Path, terms: Terms, worker: WorkerProcess) -> gate.Reached:
    from dq_engine.scoring import Asked, Scorer  # noqa: PLC0415  few policies have a minimum

    instrument = None if minimum.instrument is None else terms.root / minimum.instrument
    asked = Asked(instrument=instrument, level=minimum.level, dimensions=minimum.dqmi is not None)
    scorer = Scorer([directory], worker, asked)
    scores = scorer.scores()
    if minimum.dqmi is None:
        return _rated(minimum, scores, {item.id: item.source for item in scorer.instrument.items})
    feeds = {extract.feed for run in scorer.runs for extract in run.extracts if minimum.source in (None, extract.source)}
    return _indexed(minimum, scores, feeds)


def _rated(minimum: Minimum, scores: Scores, sources: Mapping[str, str]) -> gate.Reached:
    """How many organisations are rated so, or better, for each item of the source; or for all items together."""
    items = {item for item, source in sources.items() if source == minimum.source} if minimum.source else {OVERALL}
    wanted = STEPS[minimum.rating]
    steps: dict[str, list[int]] = {}
    for rating in scores.ratings:
        if rating.item in items:
            steps.setdefault(rating.organisation, []).append(STEPS[rating.rating])
    rated = {code: [step for step in found if step] for code, found in steps.items()}
    what = f"rating {minimum.rating} or better {f'of {minimum.source}' if minimum.source else 'of all items together'}"
    return _counted(minimum, what, {code: min(found) >= wanted for code, found in rated.items() if found}, len(rated))


def _indexed(minimum: Minimum, scores: Scores, feeds: Collection[str]) -> gate.Reached:
    """How many organisations have that Data Quality Maturity Index in each feed of the source, in the feed, or over all feeds."""
    wanted = feeds if minimum.source else {minimum.feed or ""}
    assert minimum.dqmi is not None
    indices: dict[str, list[float]] = {}
    known = set()
    for index in scores.dqmi:
        if index.feed in wanted and not index.experimental:
            known.add(index.organisation)
            if index.dqmi is not None:
                indices.setdefault(index.organisation, []).append(index.dqmi)
    where = minimum.source or minimum.feed
    what = f"DQMI of {minimum.dqmi:.4g} or more {f'of {where}' if where else 'over all feeds'}"
    return _counted(minimum, what, {code: min(found) >= minimum.dqmi for code, found in indices.items()}, len(known))


def _counted(minimum: Minimum, what: str, reaching: Mapping[str, bool], known: int) -> gate.Reached:
    short = sorted(code for code, reached in reaching.items() if not reached)
    return gate.Reached(minimum, what, sum(reaching.values()), len(reaching), known - len(reaching), tuple(short[:SHORT]))


def update_baseline(run: Path, place: Path) -> None:
    """Makes a stored run the baseline at a place, whole or not at all. Raises :class:`StoreError` and :class:`UsageError`."""
    if place.exists() and not (place / store.RUN).is_file() and any(place.iterdir()):
        raise UsageError(f"{place}: holds something that is no run: the baseline needs a folder of its own")
    try:
        store.copy_run(run, place)
    except OSError as error:
        raise StoreError(f"{place}: the baseline could not be written: {store.words(error)}") from None
