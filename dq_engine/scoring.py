"""Stored runs -> :class:`Scores`: reads the runs, lets the worker add up their measures, and rates. No extract is looked at."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dq_engine import run_tables, store
from dq_engine.errors import StoreError, UsageError, WorkerDied, WorkerError
from dq_engine.model import Level, Organisation, Run
from dq_engine.process import WorkerProcess
from dq_engine.rating import instrument as instruments
from dq_engine.rating import parts as behind
from dq_engine.rating import sampling, study, waves, weigh
from dq_engine.rating.dimensions import dimensions, indices
from dq_engine.rating.lists import members_in, organisations_in
from dq_engine.rating.rate import NOTHING, Terms, parts_of, rate, terms_of
from dq_engine.rating.records import nearest
from dq_engine.scores import (
    OVERALL,
    DimensionScore,
    Dqmi,
    Explanation,
    FieldClasses,
    NotCounted,
    Part,
    Rating,
    RuleScore,
    RunReference,
    Scores,
    Tally,
    Term,
    TermExplained,
    Wave,
)

SCORES_VERSION = 1
"""The version of the shape of the scores as JSON."""
EXAMPLES = 5
"""Codes that a note spells out."""


class Asked(Struct, frozen=True, kw_only=True):
    """What may be chosen for scores; named as the flags of ``dq score``.

    ``instrument``: its file (None: the one that comes with dq). ``level``: of the organisations that are rated (None: the
    instrument's). ``by``: "region", "kind". ``sample``: how many organisations to draw, or the file of a sample; ``strata``: by
    what they are drawn. ``waves``: texts as :func:`dq_engine.rating.waves.waves` reads them. ``organisations``: a file that says
    what registers of the runs do not. ``dimensions``: whether the scores of each dimension and the DQMI are wanted, too.
    """

    instrument: Path | None = None
    level: Level | None = None
    by: tuple[study.By, ...] = ()
    sample: int | Path | None = None
    strata: tuple[study.By, ...] = ("region",)
    allocation: sampling.Allocation = "proportional"
    seed: int = 1
    waves: tuple[str, ...] = ()
    organisations: Path | None = None
    dimensions: bool = True


class Scorer:
    """Runs that are open in a worker, with an instrument: what they say can be asked for again and again.

    The worker can do other things in between; then the runs are opened again. Raises :class:`dq_engine.errors.UsageError` for
    what was asked wrongly, :class:`dq_engine.errors.StoreError` for runs that cannot be read,
    :class:`dq_engine.errors.WorkerError` if the worker fails.
    """

    def __init__(self, runs: Sequence[Path], worker: WorkerProcess, asked: Asked) -> None:
        self.worker, self.asked = worker, asked
        self.stored = _stored(runs)
        self.runs = [run for run, _ in self.stored]
        self.instrument, self.reference = instruments.read(asked.instrument or instruments.default())
        self.level: Level = asked.level or self.instrument.level
        self.sources = behind.sources(self.runs)
        self.expanded = parts_of(self.instrument, self.sources)
        named = [part for terms in self.expanded.values() for part, _ in terms]
        every = behind.all_parts(self.runs) if asked.dimensions else []
        self.parts = behind.behind([*every, *named], self.runs)
        on_trial = behind.behind([part for part in every if part.measure == behind.ITEM_SCORE], self.runs, experimental=True)
        self.weighed = weigh.weighed([*self.parts, *on_trial], self.level)
        self.registered = self._registered()
        self.population = self._population()
        self.belongs = self._belongs()
        self.sample = self._sample()
        self.by_run = len(self.runs) > 1 and not asked.waves
        self.waves: list[Wave] = []
        self.too_few: list[Wave] = []
        self._mark = f"dq_opened_{secrets.token_hex(8)}"
        self._open()

    # ---------------------------------------------------------------------------------------------------------- what there is

    def _registered(self) -> dict[str, Organisation]:
        """All organisations that registers of the runs know, the newest run last, and then the file that was given."""
        found: dict[str, Organisation] = {}
        for _, path in self.stored:
            try:
                found |= {organisation.code: organisation for organisation in run_tables.organisations(path, self.worker)}
            except WorkerDied:
                raise
            except WorkerError as error:
                raise _damaged(path / run_tables.ORGANISATIONS, error) from None
        if self.asked.organisations is not None:
            found |= {o.code: o for o in organisations_in(self.asked.organisations, self.worker, self.level, found)}
        return found

    def _population(self) -> dict[str, str]:
        """The organisations that there are, with the stratum of each; empty where no register says."""
        return {
            code: " ".join(getattr(organisation, name) or study.NOT_KNOWN for name in self.asked.strata)
            for code, organisation in sorted(self.registered.items())
            if organisation.level == self.level
        }

    def _belongs(self) -> dict[str, str | None]:
        """For whom what is counted for each registered code is: itself, for a practice its PCG/T, or nobody."""
        return {
            code: code if one.level == self.level else one.parent or None if self.level == "pcgt" else None
            for code, one in self.registered.items()
        }

    def _sample(self) -> sampling.Sample | None:
        asked = self.asked.sample
        if asked is None:
            return None
        if not self.population:
            raise UsageError(
                "--sample: no register among the runs says which organisations there are; check one with the others, or give "
                "--organisations"
            )
        if isinstance(asked, int):
            return sampling.draw(self.population, asked, self.asked.allocation, self.asked.seed)
        members, sizes = members_in(asked, self.worker, self.population)
        if not sizes:
            return sampling.take(members, self.population)
        if self.asked.by:
            raise UsageError(
                f"--by {self.asked.by[0]}: the sample has strata of its own, which say nothing of groups: leave --by out, or "
                "stratum_size in the sample"
            )
        return sampling.take_from(members, sizes, self.population)

    # ---------------------------------------------------------------------------------------------------------- the worker

    def _open(self) -> None:
        """Opens the tables of the runs in the worker, and makes those that say what counts where."""
        measures, fields = ([path / name for _, path in self.stored] for name in (run_tables.MEASURES, run_tables.FIELDS))
        relations = [weigh.reading([str(path) for path in paths]) for paths in (measures, fields)]
        settings = {"temp_directory": str(self.worker.directory / "spill")}
        others = {"fields": {"files": [str(path) for path in fields], "relation": relations[1]}}
        asked = {"files": [str(path) for path in measures], "relation": relations[0], "settings": settings, "others": others}
        try:
            opened = self.worker.ask({"op": "open", "written": [], **asked})
        except WorkerDied:
            raise
        except WorkerError as error:
            raise _damaged(measures[error.place or 0], error) from None
        if trouble := opened["others"]["fields"].get("trouble"):
            raise _damaged(fields[opened["others"]["fields"]["place"]], trouble)
        for statement in weigh.counts(*relations):
            self._query(statement)
        if not self.waves:
            self.waves, self.too_few = self._waves()
        for statement in (
            weigh.waves(self.waves, by_run=self.by_run),
            weigh.belongs(self.belongs),
            *self.weighed.statements,
            f"CREATE TEMP TABLE {self._mark} AS SELECT 1",
        ):
            self._query(statement)

    def _waves(self) -> tuple[list[Wave], list[Wave]]:
        if self.by_run:
            return [Wave(run.id) for run in self.runs], []
        return waves.waves(self.asked.waves, dict(self._query(weigh.periods())) if self.asked.waves else {})

    def _ready(self) -> None:
        """Opens the runs again, if the worker has opened something else or is another one."""
        try:
            self.worker.ask({"op": "query", "sql": f"SELECT * FROM {self._mark}"})
        except WorkerError:
            self._open()

    def _query(self, sql: str) -> list[list[Any]]:
        try:
            rows: list[list[Any]] = self.worker.ask({"op": "query", "sql": sql})["rows"]
        except WorkerError as error:
            if isinstance(error, WorkerDied) or error.kind == "OutOfMemoryException":
                raise
            raise _damaged(", ".join(str(path) for _, path in self.stored), error) from error
        return rows

    # -------------------------------------------------------------------------------------------------------------- scores

    def scores(self, progress: Callable[[str, float], None] = lambda phase, fraction: None) -> Scores:
        """The ratings of all organisations, and the tables that they make."""
        progress("adding up", 0.0)
        self._ready()
        sums = self._sums()
        codes = self._rated_codes(sums)
        ratings: list[Rating] = []
        scored: list[DimensionScore] = []
        found: list[Dqmi] = []
        for place, wave in enumerate(self.waves):
            progress("rating", 0.3 + 0.5 * place / len(self.waves))
            for code in codes:
                tallies, on_trial = self._tallies(sums.get((place, code)))
                ratings += rate(self.instrument, self.expanded, tallies, wave.name, code, self.sources)
                if self.asked.dimensions:
                    scored += dimensions(tallies, self.sources, wave.name, code)
                    found += indices(tallies, wave.name, code, experimental=False)
                    found += indices(tallies | on_trial, wave.name, code, experimental=True)
        progress("making tables", 0.8)
        known = self.population or dict.fromkeys(codes, "")
        rows, changes = study.tables(ratings, self.registered, known, self.sample, self.asked.by, self.waves)
        not_counted = tuple(self._not_counted())
        progress("done", 1.0)
        return Scores(
            version=SCORES_VERSION,
            instrument=self.reference,
            level=self.level,
            runs=tuple(RunReference(run.id, run.started, str(path)) for run, path in self.stored),
            waves=tuple(self.waves),
            ratings=tuple(ratings),
            tables=tuple(rows),
            changes=tuple(changes),
            dimensions=tuple(scored),
            parts=tuple(self.parts),
            dqmi=tuple(found),
            not_counted=not_counted,
            sample=self.sample.reference if self.sample else None,
            notes=tuple(self._notes({code for _, code in sums}, codes)),
            organisations=tuple(self.registered[code] for code in codes if code in self.registered),
            titles={
                item.id: f"{self.instrument.sources[item.source]}: {self.instrument.functions[item.function]}"
                for item in self.instrument.items
            },
        )

    def _sums(self, codes: Iterable[str] | None = None) -> dict[tuple[int, str], weigh.Sums]:
        """What the rules of each organisation come to, by the place of the wave; only from counts of ``codes``, if given."""
        found = (weigh.Sums(*row) for row in self._query(weigh.sums(codes)))
        return {(sums.wave, sums.organisation): sums for sums in found}

    def _tallies(self, sums: weigh.Sums | None) -> tuple[dict[Part, Tally], dict[Part, Tally]]:
        """The tallies of the parts, in their order, and those of the item scores with the items on trial."""
        tallies: dict[Part, Tally] = {}
        on_trial: dict[Part, Tally] = {}
        for place, tally in sorted(weigh.tallies_of(sums, self.weighed)) if sums else ():
            (tallies if place < len(self.parts) else on_trial)[self.weighed.parts[place].part] = tally
        return tallies, on_trial

    def _rated_codes(self, sums: Mapping[tuple[int, str], weigh.Sums]) -> list[str]:
        """The organisations to rate: those of the sample, or of the population, or else all that sent something.

        Coverage alone is counted of organisations that sent nothing, too.
        """
        if self.sample is not None:
            return sorted(self.sample.members)
        if self.population:
            return sorted(self.population)
        return sorted(
            {code for (_, code), own in sums.items() if any(part.measure != behind.COVERAGE for part in self._tallies(own)[0])}
        )

    def _not_counted(self) -> list[NotCounted]:
        told = {tuple(row) for row in self._query(weigh.told())}
        return behind.not_counted(self.runs, lambda *key: key in told)

    def _notes(self, found: Iterable[str], codes: Sequence[str]) -> Iterator[str]:
        if not self.population:
            yield "No register says which organisations there are: those that sent something are taken for all."
        elif strangers := sorted(set(found) - set(self.population)):
            yield f"{len(strangers):,} codes in the data are in no register, and are not rated: {_some(strangers)}"
        if not codes:
            yield "There is nobody to rate."
        practices = [one for one in self.registered.values() if one.level != self.level]
        homeless = sum(not practice.parent for practice in practices)
        if self.level == "pcgt" and homeless:
            yield f"{homeless:,} of {len(practices):,} practices are in no PCG/T by the registers: their data count for nobody."
        if self.level == "pcgt" and not practices and any(part.level != self.level for part in self.parts):
            yield "No register says which PCG/T a practice belongs to: data of practices count for nobody."
        if self.too_few:
            yield (
                f"Fewer than one in {waves.FEW} organisations have data of {_some([wave.name for wave in self.too_few])}, "
                "which is taken for a mistake and is no wave; NAME=FIRST..LAST asks for one in spite of that."
            )

    # -------------------------------------------------------------------------------------------------------- explanations

    def explain(self, organisation: str, item: str, wave: str | None = None) -> Explanation:
        """The way from the rating of an item for an organisation down to the counts; ``wave`` None: the last one.

        Raises :class:`UsageError` for an organisation, item or wave that is not known.
        """
        self._ready()
        codes = [organisation, *(code for code, whole in self.belongs.items() if whole == organisation and code != organisation)]
        sums = self._sums(codes)
        place = self._place(wave)
        self._refuse_unknown(organisation, item, wave if place is None else None, {code for _, code in sums})
        assert place is not None
        chosen = self.waves[place].name
        tallies, _ = self._tallies(sums.get((place, organisation)))
        ratings = rate(self.instrument, self.expanded, tallies, chosen, organisation, self.sources)
        rule = next((rule for rule in self.instrument.items if rule.id == item), None)
        terms = self.expanded.get(item, ())
        return Explanation(
            instrument=self.reference,
            organisation=self.registered.get(organisation, Organisation(organisation, self.level)),
            question=rule.question if rule else "The mean of all items that are rated, by their weights.",
            provenance=rule.provenance if rule else self.instrument.provenance,
            bands=(rule.bands if rule else ()) or self.instrument.scale.bands,
            rating=next(found for found in ratings if found.item == item),
            terms=tuple(
                self._explained(terms, self._terms(terms, tallies), self._rule_scores(terms, codes, organisation, place))
            ),
            items=() if rule else tuple(found for found in ratings if found.item != OVERALL),
            not_counted=tuple(self._left_out(terms)),
        )

    def _place(self, wave: str | None) -> int | None:
        """The place of the wave of that name, or of the last one; None: there is none of that name."""
        names = [known.name for known in self.waves]
        return len(names) - 1 if wave is None else names.index(wave) if wave in names else None

    def _refuse_unknown(self, organisation: str, item: str, wave: str | None, found: set[str]) -> None:
        """Refuses an organisation that is neither registered nor ``found`` in data, an unknown item, and the ``wave``, if any."""
        ids = [*(rule.id for rule in self.instrument.items), OVERALL]
        troubles = []
        if item not in ids:
            troubles.append(f'the instrument has no item "{item}"{nearest(item, ids)}; it has {", ".join(ids)}')
        if organisation not in (self.population or found):
            troubles.append(f"there is no organisation {organisation}{self._elsewhere(organisation)}")
        if wave is not None:
            troubles.append(f'there is no wave "{wave}"; there are {", ".join(known.name for known in self.waves)}')
        if troubles:
            raise UsageError("\n".join(troubles))

    def _elsewhere(self, organisation: str) -> str:
        """What is known of an organisation that is not among those that are rated."""
        known = self.registered.get(organisation)
        if known is None:
            return f" among the {len(self.population):,} of this level" if self.population else " in the data"
        within = f" in {known.parent}" if known.parent and self.level == "pcgt" else ""
        return f" among those that are rated: it is a {_LEVEL[known.level]}{within}, and ratings are of {_LEVEL[self.level]}s"

    def _terms(self, terms: Terms, tallies: Mapping[Part, Tally]) -> dict[Part, Term]:
        """What each term did to a rating; those that came to nothing, too, where that counts as 0."""
        found = {term.part: term for term in terms_of(terms, tallies)}
        if self.instrument.non_submission != "zero":
            return found
        missing = {part: weight for part, weight in terms if part not in found and part.feed in self.sources}
        there = sum(weight for part, weight in terms if part in found)
        whole = there + sum(missing.values())
        counted = {
            part: msgspec.structs.replace(term, weight=term.weight * there / whole, pull=term.pull * there / whole)
            for part, term in found.items()
        }
        return counted | {
            part: Term(part, weight / whole, 0.0, 0.0, 0.0, weight / whole, NOTHING) for part, weight in missing.items()
        }

    def _rule_scores(self, terms: Terms, codes: Sequence[str], organisation: str, wave: int) -> dict[Part, list[RuleScore]]:
        """What the rules behind each term found for the organisation."""
        wanted = {part for part, _ in terms}
        places = [place for place, part in enumerate(self.parts) if part.part in wanted]
        statements = {
            (extract.feed, outcome.check): outcome.statement
            for run in self.runs
            for extract in run.extracts
            for outcome in extract.outcomes
        }
        found: dict[Part, list[RuleScore]] = {}
        for row in self._query(weigh.by_rule(places, codes, organisation, wave)):
            one = weigh.Found(*row)
            part = self.parts[one.part].part
            rule = msgspec.structs.replace(self.weighed.rules[one.rule], run=one.runs, extract=one.extracts)
            if rule.check:
                said, classes = statements[part.feed, rule.check], None
            else:
                said = f"The values of {rule.column}, as a data item"
                classes = FieldClasses(one.valid, one.other, one.default, one.invalid, one.missing, one.tolerance)
            found.setdefault(part, []).append(RuleScore(rule, said, one.share, one.kept, one.judged, classes))
        return found

    @staticmethod
    def _explained(
        terms: Terms, known: Mapping[Part, Term], rules: Mapping[Part, Sequence[RuleScore]]
    ) -> Iterator[TermExplained]:
        return (TermExplained(part, weight, known.get(part), tuple(rules.get(part, ()))) for part, weight in terms)

    def _left_out(self, terms: Terms) -> Iterator[NotCounted]:
        """The checks and fields of the feeds and measures of an item that add nothing to it."""
        wanted = {(part.feed, part.measure) for part, _ in terms}
        feeds = {extract.name: extract.feed for run in self.runs for extract in run.extracts}
        return (one for one in self._not_counted() if (feeds[one.extract], one.dimension) in wanted)


_LEVEL: dict[Level, str] = {"practice": "practice", "pcgt": "PCG/T"}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:EXAMPLES]) + (", …" if len(names) > EXAMPLES else "")


# ------------------------------------------------------------------------------------------------------------------ runs


def _stored(paths: Sequence[Path]) -> list[tuple[Run, Path]]:
    """The runs in directories, each once, the oldest first. Raises :class:`UsageError` and :class:`StoreError`."""
    directories: dict[Path, None] = {}
    troubles = []
    for path in paths:
        try:
            directories[store.run_directory(path).resolve()] = None
        except UsageError as error:
            troubles.append(str(error))
    if not paths:
        troubles.append("there is no run to score: give the directory of one")
    if troubles:
        raise UsageError("\n".join(troubles))
    stored = sorted(((store.load(path), path) for path in directories), key=lambda found: (found[0].started, found[0].id))
    by_id: dict[str, list[Path]] = {}
    for run, path in stored:
        by_id.setdefault(run.id, []).append(path)
    if twice := [f"{id}: {', '.join(map(str, copies))}" for id, copies in by_id.items() if len(copies) > 1]:
        raise UsageError("\n".join(f"a run is given more than once, and would count so: {copies}" for copies in twice))
    return stored


def _damaged(where: Path | str, what: object) -> StoreError:
    return StoreError(f"{where}: {what}: the run is damaged, or of another version of dq; check again")
