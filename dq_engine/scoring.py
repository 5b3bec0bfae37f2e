"""Stored runs -> :class:`Scores`: reads the runs, lets the worker add up their measures, and rates. No extract is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dq_engine import run_tables, store
from dq_engine.errors import UsageError
from dq_engine.model import Level, Organisation
from dq_engine.process import WorkerProcess
from dq_engine.rating import instrument as instruments
from dq_engine.rating import parts as behind
from dq_engine.rating import sampling, study, waves, weigh
from dq_engine.rating.dimensions import dimensions, indices
from dq_engine.rating.rate import Terms, parts_of, rate, terms_of
from dq_engine.rating.records import Wanted, read_records
from dq_engine.scores import (
    OVERALL,
    DimensionScore,
    Dqmi,
    Explanation,
    FieldClasses,
    Part,
    PartRules,
    Rating,
    RuleScore,
    RunReference,
    Scores,
    Tally,
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

    Raises :class:`dq_engine.errors.UsageError` for what was asked wrongly, :class:`dq_engine.errors.StoreError` for runs that
    cannot be read, :class:`dq_engine.errors.WorkerError` if the worker fails.
    """

    def __init__(self, runs: Sequence[Path], worker: WorkerProcess, asked: Asked) -> None:
        self.worker, self.asked = worker, asked
        directories = dict.fromkeys(store.run_directory(path).resolve() for path in runs)
        self.stored = sorted(
            ((store.load(path), path) for path in directories), key=lambda found: (found[0].started, found[0].id)
        )
        self.runs = [run for run, _ in self.stored]
        self.instrument, self.reference = instruments.read(asked.instrument or instruments.default())
        self.level: Level = asked.level or self.instrument.level
        self.sources = behind.sources(self.runs)
        self.expanded = parts_of(self.instrument, self.sources)
        named = [part for terms in self.expanded.values() for part, _ in terms]
        self.parts = behind.behind([*behind.all_parts(self.runs), *named], self.runs)
        self.registered = self._registered()
        self.population = self._population()
        self.sample = self._sample()
        self._open()
        self.by_run = len(self.runs) > 1 and not asked.waves
        self.waves = self._waves()
        self._prepare()

    # ---------------------------------------------------------------------------------------------------------- what there is

    def _registered(self) -> dict[str, Organisation]:
        """All organisations that registers of the runs know, the newest run last, and then the file that was given."""
        found = {o.code: o for _, path in self.stored for o in run_tables.organisations(path, self.worker)}
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

    def _open(self) -> None:
        measures, fields = ([str(path / name) for _, path in self.stored] for name in (run_tables.MEASURES, run_tables.FIELDS))
        others = {"fields": {"files": fields, "relation": weigh.reading(fields)}}
        settings = {"temp_directory": str(self.worker.directory / "spill")}
        self._ask({"op": "open", "files": measures, "relation": weigh.reading(measures), "settings": settings, "others": others})
        for statement in (*weigh.views(measures, fields), weigh.told()):
            self._query(statement)

    def _waves(self) -> list[Wave]:
        if self.by_run:
            found = [Wave(run.id) for run in self.runs]
        else:
            last_days = [row[0] for row in self._query(weigh.last_days())]
            found = waves.waves(self.asked.waves, last_days)
        self._query(weigh.waves(found, by_run=self.by_run))
        return found

    def _prepare(self) -> None:
        self._query(weigh.rules(self.parts, self.level))
        within = {
            code: organisation.parent
            for code, organisation in self.registered.items()
            if organisation.level != self.level and organisation.parent
        }
        self._query(weigh.belongs(within if self.level == "pcgt" else {}))

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
        return sampling.take(members_in(asked, self.worker), self.population)

    # -------------------------------------------------------------------------------------------------------------- scores

    def scores(self, progress: Callable[[str, float], None] = lambda phase, fraction: None) -> Scores:
        """The ratings of all organisations, and the tables that they make."""
        progress("adding up", 0.0)
        tallies = self.tallies(self.parts)
        codes = self._rated_codes(tallies)
        ratings: list[Rating] = []
        scored: list[DimensionScore] = []
        found: list[Dqmi] = []
        for place, wave in enumerate(self.waves):
            progress("rating", 0.3 + 0.5 * place / len(self.waves))
            for code in codes:
                own = tallies.get((wave.name, code), {})
                ratings += rate(self.instrument, self.expanded, own, wave.name, code, self.sources)
                if self.asked.dimensions:
                    scored += dimensions(own, self.sources, wave.name, code)
                    found += indices(own, wave.name, code, experimental=False)
        if self.asked.dimensions:
            found += self._experimental(codes)
        progress("making tables", 0.8)
        known = self.population or dict.fromkeys(codes, "")
        rows, changes = study.tables(ratings, self.registered, known, self.sample, self.asked.by, self.waves)
        split = {tuple(row) for row in self._query(weigh.split())}
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
            not_counted=tuple(behind.not_counted(self.runs, lambda *key: key in split)),
            sample=self.sample.reference if self.sample else None,
            notes=tuple(self._notes(tallies, codes)),
            titles={
                item.id: f"{self.instrument.sources[item.source]}: {self.instrument.functions[item.function]}"
                for item in self.instrument.items
            },
        )

    def tallies(self, parts: Sequence[PartRules]) -> dict[tuple[str, str], dict[Part, Tally]]:
        """What the rules behind ``parts``, which are those that were prepared, say of each organisation in each wave."""
        found: dict[tuple[str, str], dict[Part, Tally]] = {}
        for wave, code, place, numerator, denominator, records, kept, judged in self._query(weigh.tallies(parts)):
            found.setdefault((wave, code), {})[parts[place].part] = Tally(numerator, denominator, records, kept, judged)
        return found

    def _experimental(self, codes: Sequence[str]) -> list[Dqmi]:
        """The index with the items on trial."""
        wanted = [part.part for part in self.parts if part.part.measure in ("item_score", "coverage") and not part.part.columns]
        parts = behind.behind(wanted, self.runs, experimental=True)
        self._query(weigh.rules(parts, self.level))
        found = self.tallies(parts)
        self._query(weigh.rules(self.parts, self.level))
        return [
            index
            for wave in self.waves
            for code in codes
            for index in indices(found.get((wave.name, code), {}), wave.name, code, experimental=True)
        ]

    def _rated_codes(self, tallies: Iterable[tuple[str, str]]) -> list[str]:
        """The organisations to rate: those of the sample, or of the population, or else all that sent something."""
        if self.sample is not None:
            return sorted(self.sample.members)
        return sorted(self.population) or sorted({code for _, code in tallies})

    def _notes(self, tallies: Mapping[tuple[str, str], Any], codes: Sequence[str]) -> Iterable[str]:
        if not self.population:
            yield "No register says which organisations there are: those that sent something are taken for all."
        elif strangers := sorted({code for _, code in tallies} - set(self.population)):
            listed = ", ".join(strangers[:EXAMPLES]) + (", …" if len(strangers) > EXAMPLES else "")
            yield f"{len(strangers):,} codes in the data are in no register, and are not rated: {listed}"
        elif not codes:
            yield "There is nobody to rate."
        practices = [o for o in self.registered.values() if o.level != self.level]
        homeless = sum(not organisation.parent for organisation in practices)
        if self.level == "pcgt" and homeless:
            yield f"{homeless:,} of {len(practices):,} practices are in no PCG/T by the registers: their data count for nobody."
        if self.level == "pcgt" and not practices and any(part.level != self.level for part in self.parts):
            yield "No register says which PCG/T a practice belongs to: data of practices count for nobody."

    # -------------------------------------------------------------------------------------------------------- explanations

    def explain(self, organisation: str, item: str, wave: str | None = None) -> Explanation:
        """The way from the rating of an item for an organisation down to the counts; ``wave`` None: the last one."""
        self._known(organisation, item)
        chosen = self.waves[-1].name if wave is None else wave
        if chosen not in {known.name for known in self.waves}:
            raise UsageError(f'there is no wave "{chosen}"; known: {", ".join(known.name for known in self.waves)}')
        tallies = self.tallies(self.parts).get((chosen, organisation), {})
        ratings = rate(self.instrument, self.expanded, tallies, chosen, organisation, self.sources)
        rating = next(found for found in ratings if found.item == item)
        rule = next((rule for rule in self.instrument.items if rule.id == item), None)
        terms = self.expanded.get(item, ())
        return Explanation(
            instrument=self.reference,
            organisation=self.registered.get(organisation, Organisation(organisation, self.level)),
            question=rule.question if rule else "The mean of all items that are rated, by their weights.",
            provenance=rule.provenance if rule else self.instrument.provenance,
            bands=(rule.bands if rule else ()) or self.instrument.scale.bands,
            rating=rating,
            terms=tuple(self._explained(terms, rating, tallies, organisation, chosen)),
            items=() if rule else tuple(found for found in ratings if found.item != OVERALL),
            not_counted=tuple(self._left_out(terms)),
        )

    def _known(self, organisation: str, item: str) -> None:
        ids = [*(rule.id for rule in self.instrument.items), OVERALL]
        troubles = []
        if item not in ids:
            troubles.append(f'the instrument has no item "{item}"; it has {", ".join(ids)}')
        known = self.population or {code for _, code in self.tallies(self.parts)}
        if organisation not in known:
            troubles.append(f"there is no organisation {organisation} among the {len(known):,} of this level")
        if troubles:
            raise UsageError("\n".join(troubles))

    def _explained(
        self, terms: Terms, rating: Rating, tallies: Mapping[Part, Tally], organisation: str, wave: str
    ) -> Iterable[TermExplained]:
        places = {part.part: place for place, part in enumerate(self.parts)}
        wanted = [places[part] for part, _ in terms if part in places]
        rules: dict[int, list[RuleScore]] = {}
        statements = {
            (run.id, extract.name, outcome.check): outcome.statement
            for run in self.runs
            for extract in run.extracts
            for outcome in extract.outcomes
        }
        classes = {tuple(row[:4]): FieldClasses(*row[4:]) for row in self._query(weigh.classes(wanted, organisation, wave))}
        for place, run, extract, name, weight, share, kept, judged in self._query(weigh.by_rule(wanted, organisation, wave)):
            known = next(
                rule
                for rule in self.parts[place].rules
                if (rule.run, rule.extract, rule.check or rule.column) == (run, extract, name) and rule.weight == weight
            )
            own = classes.get((place, run, extract, name))
            said = statements.get((run, extract, known.check), f"The values of {known.column}, as a data item")
            rules.setdefault(place, []).append(RuleScore(known, said, share, kept, judged, own))
        found = {term.part: term for term in terms_of(terms, tallies)}
        for part, weight in terms:
            yield TermExplained(part, weight, found.get(part), tuple(rules.get(places.get(part, -1), ())))

    def _left_out(self, terms: Terms) -> Iterable[Any]:
        split = {tuple(row) for row in self._query(weigh.split())}
        feeds = {part.feed for part, _ in terms}
        names = {extract.name for run in self.runs for extract in run.extracts if extract.feed in feeds}
        measures = {part.measure for part, _ in terms}
        return (
            one
            for one in behind.not_counted(self.runs, lambda *key: key in split)
            if one.extract in names and one.dimension in measures
        )

    # ---------------------------------------------------------------------------------------------------------- the worker

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.worker.ask({"written": [], **request})

    def _query(self, sql: str) -> list[list[Any]]:
        rows: list[list[Any]] = self._ask({"op": "query", "sql": sql})["rows"]
        return rows


def organisations_in(path: Path, worker: WorkerProcess, level: Level, known: Mapping[str, Organisation]) -> list[Organisation]:
    """The organisations that a file lists: ``organisation``, and ``level``, ``parent``, ``region``, ``kind`` where it has them.

    What the file leaves out stays as it is ``known``; a level that it leaves out is ``level``.
    """
    names = ("level", "parent", "region", "kind")
    records = read_records(path, worker, [Wanted("organisation", filled=True), *(Wanted(name, required=False) for name in names)])
    found: dict[str, Organisation] = {}
    troubles = []
    for record in records.rows:
        code = record.values["organisation"]
        said = {name: value for name in names if (value := record.values.get(name, ""))}
        if said.get("level", level) not in ("practice", "pcgt"):
            troubles.append(f"{records.path}: row {record.number}: level must be practice or pcgt")
            continue
        if code in found:
            troubles.append(f"{records.path}: row {record.number}: an organisation stands twice")
        found[code] = msgspec.structs.replace(known.get(code, Organisation(code, level)), **said)
    if troubles:
        raise UsageError("\n".join(troubles[:20]))
    return list(found.values())


def members_in(path: Path, worker: WorkerProcess) -> list[sampling.Member]:
    """The members of a sample in a file: ``organisation``, and ``stratum`` and ``responded`` (yes, no) where it has them."""
    wanted = [Wanted("organisation", filled=True), Wanted("stratum", required=False), Wanted("responded", required=False)]
    records = read_records(path, worker, wanted)
    answers = {"": True, "yes": True, "true": True, "1": True, "y": True, "no": False, "false": False, "0": False, "n": False}
    troubles = [
        f"{records.path}: row {record.number}: responded must be yes or no"
        for record in records.rows
        if record.values.get("responded", "").lower() not in answers
    ]
    if troubles:
        raise UsageError("\n".join(troubles[:20]))
    return [
        sampling.Member(
            record.values["organisation"],
            record.values.get("stratum") or None,
            answers[record.values.get("responded", "").lower()],
        )
        for record in records.rows
    ]
