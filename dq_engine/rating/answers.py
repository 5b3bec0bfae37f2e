"""The answers of a survey: organisation, item, answer, and wave where several stretches of time are scored.

Answers are the labels from "very poor" to "very good", in capitals or not, or 1 to 5, where **1 is very poor**. A blank is no
answer. What is wrong with a survey is listed all at once, by row.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path

from msgspec import Struct

from dq_engine.errors import UsageError
from dq_engine.model import Rated
from dq_engine.process import WorkerProcess
from dq_engine.rating.records import Records, Wanted, coded, faulty, in_rows, nearest, read_records
from dq_engine.rating.waves import EVERYTHING
from dq_engine.scores import RATINGS, Instrument, Rating

SURVEY = (Wanted("organisation", filled=True), Wanted("item", filled=True), Wanted("answer"), Wanted("wave", required=False))
"""The columns of a survey."""
_NUMBERED = re.compile(r"([1-5])(?:\.0+)?")


class Answer(Struct, frozen=True):
    """What somebody of an organisation answered for an item; ``answer`` is None where the survey has a blank."""

    row: int
    wave: str
    organisation: str
    item: str
    answer: Rated | None


def read_survey(path: Path, worker: WorkerProcess) -> Records:
    """The rows of a survey, ``.csv`` or ``.parquet``. Raises :class:`UsageError` with every fault of the file."""
    return read_records(path, worker, SURVEY)


def survey_answers(
    survey: Records, instrument: Instrument, ratings: Sequence[Rating], organisations: Collection[str]
) -> tuple[Answer, ...]:
    """The answers of a survey that is about these ratings; ``organisations`` are all that there are, rated or not.

    Raises :class:`UsageError` with every fault: unknown organisations, items and waves, answers off the scale, and more than one
    answer for the same organisation, item and wave.
    """
    waves = list(dict.fromkeys(rating.wave for rating in ratings))
    if not waves:
        raise UsageError("there are no ratings that a survey could be about")
    with_waves = any(row.values["wave"] for row in survey.rows)
    if with_waves and waves == [EVERYTHING.name]:
        raise faulty(survey.path, ['has a column "wave", but the scores are not split into waves: say which there are'])
    if len(waves) > 1 and not with_waves:
        raise faulty(survey.path, [f"does not say which wave an answer is of: add a column wave; the waves are {_listed(waves)}"])
    known = {"organisation": frozenset(organisations), "item": frozenset(item.id for item in instrument.items), "wave": waves}
    unknown: dict[tuple[str, str], list[int]] = {}
    same: dict[tuple[str, str, str], list[int]] = {}
    answers: list[Answer] = []
    for row in survey.rows:
        values = row.values if with_waves else {**row.values, "wave": waves[0]}
        answer = _on_scale(values["answer"])
        for column, expected in known.items():
            if values[column] not in expected:
                unknown.setdefault((column, values[column]), []).append(row.number)
        if values["answer"] and answer is None:
            unknown.setdefault(("answer", values["answer"]), []).append(row.number)
        same.setdefault((values["wave"], values["organisation"], values["item"]), []).append(row.number)
        answers.append(Answer(row.number, values["wave"], values["organisation"], values["item"], answer))
    faults = [(rows[0], partial(_unknown, rows, *fault, known)) for fault, rows in unknown.items()]
    faults += [(rows[0], partial(_repeated, rows, with_waves)) for rows in same.values() if len(rows) > 1]
    if faults:
        raise faulty(survey.path, [words for _, words in sorted(faults, key=itemgetter(0))])
    return tuple(answers)


def _on_scale(said: str) -> Rated | None:
    """The rating that a text means: a label, in capitals or not, or a number from 1, very poor, to 5; None: neither."""
    if numbered := _NUMBERED.fullmatch(said):
        return RATINGS[int(numbered[1]) - 1]
    words = " ".join(re.split(r"[\s_-]+", said.casefold()))
    return next((rating for rating in RATINGS if rating == words), None)


def _unknown(rows: Sequence[int], column: str, value: str, known: Mapping[str, Collection[str]]) -> str:
    where = in_rows(rows)
    if column == "answer":
        return f"{where}: the answer {coded(value)} is not on the scale: {', '.join(RATINGS)}, or 1 to 5 (1 is {RATINGS[0]})"
    if column == "wave":
        return f"{where}: the wave is none that was scored: {_listed(known['wave'])}"
    hint = nearest(value, known[column])
    if column == "item":
        return f"{where}: the item is none of the instrument's {len(known['item'])}{hint}"
    return f"{where}: the organisation {coded(value)} is none of the {len(known['organisation']):,} that there are{hint}"


def _repeated(rows: Sequence[int], with_waves: bool) -> str:
    wave = " in the same wave" if with_waves else ""
    return f"{in_rows(rows)}: answers for the same organisation and item{wave}: keep one"


def _listed(names: Collection[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
