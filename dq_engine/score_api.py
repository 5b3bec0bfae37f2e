"""The Python API of scoring: :func:`score` and :func:`explain_rating`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, get_args

from dq_engine import libraries, store
from dq_engine.errors import UsageError
from dq_engine.model import Level, Run
from dq_engine.process import WorkerProcess
from dq_engine.rating.sampling import Allocation
from dq_engine.rating.study import By
from dq_engine.scores import Explanation, Scores
from dq_engine.scoring import Asked, Scorer

Source = str | PathLike[str] | Run
"""A run: its directory, a folder of runs (then its newest), or what :func:`dq_engine.check` gave."""
CHOICES: dict[str, tuple[str, ...]] = {
    "level": get_args(Level),
    "by": get_args(By),
    "strata": get_args(By),
    "allocation": get_args(Allocation),
}
"""What options that are words may be."""


def score(
    runs: Source | Iterable[Source],
    *,
    instrument: str | PathLike[str] | None = None,
    level: str | None = None,
    by: Sequence[str] = (),
    sample: int | str | PathLike[str] | None = None,
    strata: Sequence[str] = ("region",),
    allocation: str = "proportional",
    seed: int = 1,
    waves: Sequence[str] = (),
    organisations: str | PathLike[str] | None = None,
    dimensions: bool = True,
    worker: WorkerProcess | None = None,
) -> Scores:
    """Rates the organisations that runs tell of, by an instrument, and makes the tables of the study. Looks at no extract.

    ``runs``: directories of runs, folders of runs (then the newest in each), or what :func:`dq_engine.check` gave; several runs
    without ``waves`` are a wave each. ``instrument``: its file, else the one that comes with dq. ``level``: "practice" or "pcgt",
    else the instrument's. ``by``: "region", "kind", for rows of the tables by group. ``sample``: how many organisations to draw
    at random from ``strata`` (as ``by``), "proportional" or "equal" in ``allocation``, with ``seed``; or the file of a sample.
    ``waves``: "tracker", "month", "quarter", "year", or stretches such as "spring=2024-03..2024-05". ``organisations``: a file
    that says what registers among the runs do not. ``dimensions``: whether the scores of each dimension and the Data Quality
    Maturity Index are wanted, which take longer. ``worker`` is one to use, so that many calls need not start one each.

    A rating is modelled, and no survey response. Raises :class:`dq_engine.UsageError` for what was asked wrongly (with every
    fault of an instrument), and :class:`dq_engine.StoreError` for runs that cannot be read.
    """
    asked = asked_for(
        instrument=instrument,
        level=level,
        by=by,
        sample=sample,
        strata=strata,
        allocation=allocation,
        seed=seed,
        waves=waves,
        organisations=organisations,
        dimensions=dimensions,
    )
    with _scorer(runs, asked, worker) as scorer:
        return scorer.scores()


def explain_rating(
    runs: Source | Iterable[Source],
    organisation: str,
    item: str,
    *,
    wave: str | None = None,
    instrument: str | PathLike[str] | None = None,
    level: str | None = None,
    waves: Sequence[str] = (),
    organisations: str | PathLike[str] | None = None,
    worker: WorkerProcess | None = None,
) -> Explanation:
    """The way from one rating down to the counts: its terms, the rules behind each, and what would lift it one step.

    ``organisation`` is a code, ``item`` the id of an item of the instrument, such as "hospital.commission", or "overall";
    ``wave`` the name of one, else the last. The other options, and what it raises, are as for :func:`score`.
    """
    asked = asked_for(instrument=instrument, level=level, waves=waves, organisations=organisations, dimensions=False)
    with _scorer(runs, asked, worker) as scorer:
        return scorer.explain(organisation, item, wave)


def asked_for(
    *,
    instrument: str | PathLike[str] | None = None,
    sample: int | str | PathLike[str] | None = None,
    organisations: str | PathLike[str] | None = None,
    **options: Any,
) -> Asked:
    """What was asked, if it can be asked for. Raises :class:`UsageError` with all that cannot, or if a library is lacking."""
    troubles = []
    for name, known in CHOICES.items():
        given = options.get(name)
        words = [given] if isinstance(given, str) else [*(given or ())]
        troubles += [
            f'{name}: "{word}" is none of {", ".join(known)}' for word in words if not isinstance(word, str) or word not in known
        ]
        if name in ("by", "strata") and name in options:
            options[name] = tuple(words)
    if isinstance(sample, int) and sample < 1:
        troubles.append(f"sample: a sample has at least 1 organisation; got {sample}")
    if troubles:
        raise UsageError("\n".join(troubles))
    waves = options.pop("waves", ())
    if sample is not None:
        libraries.needed(libraries.SAMPLES, "a sample")
    return Asked(
        instrument=None if instrument is None else Path(instrument),
        sample=sample if sample is None or isinstance(sample, int) else Path(sample),
        organisations=None if organisations is None else Path(organisations),
        waves=(waves,) if isinstance(waves, str) else tuple(waves),
        **options,
    )


@contextmanager
def _scorer(runs: Source | Iterable[Source], asked: Asked, worker: WorkerProcess | None) -> Iterator[Scorer]:
    with ExitStack() as stack:
        used = worker if worker is not None else stack.enter_context(WorkerProcess())
        yield Scorer(stack.enter_context(_stored(runs, used)), used, asked)


@contextmanager
def _stored(runs: Source | Iterable[Source], worker: WorkerProcess) -> Iterator[list[Path]]:
    """The directories of runs; what is not stored yet is, for a while."""
    listed: list[Any] = [runs] if isinstance(runs, str | PathLike | Run) or not isinstance(runs, Iterable) else list(runs)
    if not listed:
        raise UsageError("there is no run to score: give the directory of one, or a run")
    if strange := [type(run).__name__ for run in listed if not isinstance(run, str | PathLike | Run)]:
        raise UsageError(f"cannot score a {strange[0]}: expected the directory of a run, or a run")
    with worker.folder() as folder:
        yield [store.save(run, Path(folder), worker) if isinstance(run, Run) else Path(run) for run in listed]
