"""Instruments: the one that comes with dq, those that are refused, and what can be done with one.

Bad instruments stand in ``invalid``, each beside the exact message that it gets: one problem a line.
``python -m tests.rating.test_instrument`` writes the messages anew.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dq_engine
from dq_engine import explain
from dq_engine.catalog.shapes import ItemExpectation, KeyExpectation, RowExpectation
from dq_engine.errors import InstrumentError, UsageError
from dq_engine.rating import instrument
from dq_engine.rating.instrument_page import page
from dq_engine.scores import MEASURES, NOTICE, RATINGS, Band, Instrument, ItemRule, Provenance, Scale, TermRule
from dq_engine.suite import Check, Suite

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "invalid"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
DEFAULT, REFERENCE = instrument.read(instrument.default())
SUITES = {
    suite.feed.feed: suite
    for folder in ("practice", "pcgt")
    for path in sorted((ROOT / "expectations" / folder).glob("*.json"))
    if (suite := dq_engine.load_suite(path)).feed.purpose == "quality"
}
TERMS = [pytest.param(item, term, id=f"{item.id}-{place}") for item in DEFAULT.items for place, term in enumerate(item.terms)]


# -------------------------------------------------------------------------------------------------- the one that comes with dq


def test_the_default_is_the_five_sources_by_the_three_functions() -> None:
    """Found in D. Jones's slides: https://cdn.slideserve.com/gunda/primary-care-trusts-modernising-the-nhs."""
    assert list(DEFAULT.sources) == ["primary_care", "hospital", "community", "mental_health", "social_care"]
    assert list(DEFAULT.functions) == ["improve_health", "commission", "develop_services"]
    assert [item.id for item in DEFAULT.items] == [
        f"{source}.{function}" for source in DEFAULT.sources for function in DEFAULT.functions
    ]
    assert [band.rating for band in DEFAULT.scale.bands] == list(RATINGS)
    assert DEFAULT.level == "pcgt"


def test_the_default_says_that_it_is_assumed_wherever_a_number_stands() -> None:
    stated = [DEFAULT.provenance, DEFAULT.scale.provenance, *(item.provenance for item in DEFAULT.items)]
    assert {provenance.status for provenance in stated} == {"assumed"}
    assert "not found" in DEFAULT.description
    assert "no published cut-points were found" in DEFAULT.scale.provenance.source


def test_the_default_speaks_of_feeds_and_columns_that_there_are() -> None:
    assert instrument.faults(DEFAULT, {name: suite.feed.columns for name, suite in SUITES.items()}) == []


def test_every_feed_but_the_register_of_pcgts_feeds_an_item_of_its_source() -> None:
    named = {(item.source, term.feed) for item in DEFAULT.items for term in item.terms}
    assert named == {(suite.feed.source, name) for name, suite in SUITES.items() if name != "pcgts"}


def test_the_shares_in_the_notes_of_the_cut_points_are_right() -> None:
    """Of records of ten values, those without a fault: the share of right values to the power of ten."""
    notes = DEFAULT.scale.provenance.notes
    for band in DEFAULT.scale.bands[1:]:
        (stated,) = re.findall(rf"{band.from_} (?:leaves )?(\d+) %", notes)
        assert int(stated) == round(100 * band.from_**10)


@pytest.mark.parametrize("item", DEFAULT.items, ids=lambda item: item.id)
def test_the_weights_of_the_default_are_twentieths_that_sum_to_1(item: ItemRule) -> None:
    weights = [Decimal(str(term.weight)) for term in item.terms]
    assert sum(weights) == 1
    assert all(weight % Decimal("0.05") == 0 for weight in weights)


def counts_for_each_organisation(check: Check, suite: Suite) -> bool:
    """Rules about statistics of a whole extract, and queries of a suite, are not counted for each organisation."""
    if isinstance(check.expectation, ItemExpectation):
        return suite.feed.organisation_column in check.columns
    return isinstance(check.expectation, RowExpectation | KeyExpectation)


def measured(term: TermRule, suite: Suite) -> list[str]:
    """What in a suite gives a figure for each organisation that the term can use."""
    if term.measure == "item_score":  # of the data items of the Data Quality Maturity Index
        return [column for column in term.columns if suite.feed.columns[column].item == "current"]
    return [
        check.id
        for check in suite.checks
        if check.dimension == term.measure
        and counts_for_each_organisation(check, suite)
        and (not term.columns or set(term.columns) & set(check.columns))
    ]


@pytest.mark.parametrize(("item", "term"), TERMS)
def test_there_is_something_that_measures_each_term_of_the_default(item: ItemRule, term: TermRule) -> None:
    assert term.feed is not None
    assert measured(term, SUITES[term.feed]), f"{term} of {item.id} would never have data"


@pytest.mark.parametrize(("item", "term"), [each for each in TERMS if each.values[1].columns])
def test_each_column_of_a_term_of_the_default_adds_something(item: ItemRule, term: TermRule) -> None:
    for column in term.columns:
        alone = msgspec.structs.replace(term, columns=(column,))
        assert measured(alone, SUITES[str(term.feed)]), f"{column} adds nothing to {item.id}"


@pytest.mark.parametrize("source", [source for source in DEFAULT.sources if source != "primary_care"])
def test_the_items_of_a_source_with_one_feed_differ(source: str) -> None:
    items = [set(item.terms) for item in DEFAULT.items if item.source == source]
    assert all(a != b for place, a in enumerate(items) for b in items[:place])


def test_the_file_of_the_default_is_as_dump_writes_it() -> None:
    assert instrument.default().read_bytes() == instrument.dump(DEFAULT)


# ------------------------------------------------------------------------------------------------------------------ refusals


def refusal(text: str, origin: str = "instrument.json") -> str:
    """What is said of an instrument that is not valid."""
    with pytest.raises(InstrumentError) as refused:
        instrument.parse(text, origin)
    return str(refused.value)


def refusal_of(name: str) -> str:
    path = FOLDER / f"{name}.json"
    return refusal(path.read_text(encoding="utf-8"), path.name) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_bad_instrument_gets_exactly_this_message(name: str) -> None:
    assert refusal_of(name) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def test_every_message_belongs_to_an_instrument() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_line_names_the_file_and_a_place_in_it(name: str) -> None:
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        file, place, what = line.split(": ", maxsplit=2)
        assert file == f"{name}.json"
        assert place.startswith(("$", "is "))
        assert what
        assert line.isprintable()


def test_instrument_that_is_nested_too_deeply_or_too_large() -> None:
    assert refusal("[" * 100_000) == "instrument.json: is not usable JSON: it is nested too deeply"
    assert refusal(" " * 5_000_000).endswith("is too large for an instrument: 5,000,000 characters, of at most 4,194,304")


def test_unknown_feeds_and_columns_are_faults_only_where_feeds_are_known() -> None:
    odd = TermRule("completeness", 0.5, "hospital_activty", ("nhs_number",)), TermRule("validity", 0.5, "patients", ("pos_code",))
    item = msgspec.structs.replace(DEFAULT.items[0], terms=odd)
    changed = msgspec.structs.replace(DEFAULT, items=(item, *DEFAULT.items[1:]))
    known = {"hospital_activity": ["nhs_number"], "patients": ["nhs_number", "postcode"]}
    assert instrument.faults(changed) == []
    found = instrument.faults(changed, known)[:2]
    assert [fault.path for fault in found] == ["$.items[0].terms[0].feed", "$.items[0].terms[1].columns[0]"]
    assert [fault.message for fault in found] == [
        'unknown feed "hospital_activty"; did you mean "hospital_activity"?',
        'unknown column "pos_code"; did you mean "postcode"?',
    ]
    assert found[0].hint == "Known: hospital_activity, patients."
    with pytest.raises(InstrumentError, match="did you mean"):
        instrument.parse(instrument.dump(changed).decode(), "instrument.json", known)


def test_faults_of_an_instrument_that_was_not_read_from_a_file() -> None:
    nan = msgspec.structs.replace(DEFAULT, least_weight=float("nan"))
    assert instrument.faults(nan) == [("$.least_weight", "expected a number from 0 to 1; got nan", "")]


# --------------------------------------------------------------------------------------------------------- reading and writing

FEWER = settings(max_examples=40, deadline=None)

words = st.text(st.characters(exclude_categories=("C",)), min_size=1, max_size=6).filter(str.strip)
names = st.sampled_from(["commission", "improve_health", "x1", "a"])
provenances = st.builds(Provenance, st.sampled_from(["assumed", "published", "calibrated"]), words, st.just("") | words)


@st.composite
def some_bands(draw: st.DrawFn) -> tuple[Band, ...]:
    cuts = sorted(draw(st.lists(st.floats(0.001, 0.999), min_size=4, max_size=4, unique=True)))
    return tuple(Band(*band) for band in zip(RATINGS, [0.0, *cuts], [*cuts, 1.0], strict=True))


@st.composite
def some_terms(draw: st.DrawFn) -> tuple[TermRule, ...]:
    columns = st.sampled_from([(), ("a",), ("b", "a"), ("NHS number", "é")])
    keys = draw(st.lists(st.tuples(st.sampled_from(MEASURES), st.none() | names, columns), min_size=1, max_size=4, unique=True))
    parts = draw(st.lists(st.integers(1, 100), min_size=len(keys), max_size=len(keys)))
    return tuple(TermRule(key[0], part / sum(parts), *key[1:]) for key, part in zip(keys, parts, strict=True))


@st.composite
def instruments(draw: st.DrawFn) -> Instrument:
    """Instruments without a fault."""
    sources = draw(st.dictionaries(st.sampled_from(list(DEFAULT.sources)), words, min_size=1, max_size=2))
    functions = draw(st.dictionaries(names, words, min_size=1, max_size=2))
    items = [
        ItemRule(
            id=f"{source}.{function}",
            source=source,
            function=function,
            question=draw(words),
            terms=draw(some_terms()),
            provenance=draw(provenances),
            weight=draw(st.floats(0.01, 100)),
            bands=draw(st.just(()) | some_bands()),
        )
        for source in sources
        for function in functions
    ]
    return Instrument(
        name=draw(words),
        version="{}.{}.{}".format(*draw(st.tuples(*[st.integers(0, 99)] * 3))),
        title=draw(words),
        provenance=draw(provenances),
        sources=sources,
        functions=functions,
        scale=Scale(draw(some_bands()), draw(provenances)),
        items=tuple(draw(st.permutations(items))),
        description=draw(st.just("") | words),
        level=draw(st.sampled_from(["practice", "pcgt"])),
        non_submission=draw(st.sampled_from(["not_rated", "zero"])),
        least_weight=draw(st.floats(0, 1)),
    )


@FEWER
@given(instruments())
def test_what_was_written_is_read_as_it_was(some: Instrument) -> None:
    assert instrument.faults(some) == []
    written = instrument.dump(some)
    assert instrument.parse(written.decode(), "instrument.json") == some
    assert instrument.dump(instrument.parse(written.decode(), "instrument.json")) == written


@FEWER
@given(instruments())
def test_what_is_written_keeps_to_the_schema(some: Instrument) -> None:
    jsonschema.validate(json.loads(instrument.dump(some)), explain.instrument_schema())


@pytest.mark.parametrize(
    "name",
    ["keys_unknown_and_missing", "types", "bands_in_per_cent", "term_weights", "terms_none", "term_of_unknown_measure"],
)
def test_the_schema_refuses_what_an_editor_should_mark(name: str) -> None:
    raw = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(raw, explain.instrument_schema())


def test_the_reference_says_which_file_it_was(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    data = b"\xef\xbb\xbf" + instrument.dump(DEFAULT)
    path.write_bytes(data)
    read, reference = instrument.read(path)
    assert read == DEFAULT
    assert (reference.name, reference.version, reference.provenance) == ("tracker-imt", "1.0.0", DEFAULT.provenance)
    assert reference.path == str(path)
    assert reference.sha256 == hashlib.sha256(data).hexdigest()
    assert REFERENCE.path.endswith("expectations/instruments/tracker-imt.json")


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "tracker-imt.json").write_bytes(b"\xff\xfe")
    os.mkfifo(tmp_path / "pipe.json")
    for name, message in {
        "pipe.json": "is not a regular file",
        "tracker_imt.json": 'no such instrument; did you mean "tracker-imt.json"?',
        "other/deep.json": "no such instrument",
        "": "is a folder; an instrument is a JSON file",
        "tracker-imt.json": "is not an instrument: not UTF-8 text",
    }.items():
        with pytest.raises(UsageError) as refused:
            instrument.read(tmp_path / name)
        assert str(refused.value) == f"{tmp_path / name}: {message}"


def test_the_page_says_that_ratings_are_modelled_and_shows_every_term() -> None:
    text = page(DEFAULT)
    assert NOTICE in text
    assert "| very poor | 0 to below 0.87 |" in text
    assert "| very good | 0.99 to 1 |" in text
    assert "| 25 % | `item_score` | `hospital_activity` | `primary_diagnosis` |" in text
    assert text.count("\n| 5 % |") == sum(term.weight == 0.05 for item in DEFAULT.items for term in item.terms)


# --------------------------------------------------------------------------------------------------------------- comparison


def changed(path: str, value: Any) -> Callable[[Any], None]:
    """Sets what stands at a path, such as ``items.0.weight``, or appends to a list (``items.+``)."""

    def change(raw: Any) -> None:
        *above, last = path.split(".")
        for key in above:
            raw = raw[int(key) if key.isdigit() else key]
        if last == "+":
            raw.append(value)
        else:
            raw[int(last) if last.isdigit() else last] = value

    return change


def removed(path: str) -> Callable[[Any], None]:
    def change(raw: Any) -> None:
        *above, last = path.split(".")
        for key in above:
            raw = raw[int(key) if key.isdigit() else key]
        del raw[int(last) if last.isdigit() else last]

    return change


def both(*changes: Callable[[Any], None]) -> Callable[[Any], None]:
    def change(raw: Any) -> None:
        for each in changes:
            each(raw)

    return change


BANDS = [{"rating": rating, "from": place / 5, "to": (place + 1) / 5} for place, rating in enumerate(RATINGS)]
FIRST = "item primary_care.improve_health: "
DIFFERENCES: list[tuple[Callable[[Any], None], list[str]]] = [
    (changed("version", "2.0.0"), ['version: from "1.0.0" to "2.0.0"']),
    (changed("least_weight", 0.75), ["least_weight: from 0.5 to 0.75"]),
    (changed("non_submission", "zero"), ['non_submission: from "not_rated" to "zero"']),
    (changed("provenance.status", "calibrated"), ['provenance: status: from "assumed" to "calibrated"']),
    (changed("sources.pharmacy", "Pharmacies"), ["source pharmacy: added"]),
    (removed("functions.commission"), ["function commission: removed"]),
    (changed("sources.hospital", "Hospitals"), ['source hospital: from "Hospital EPR" to "Hospitals"']),
    (
        both(changed("scale.bands.1.to", 0.94), changed("scale.bands.2.from", 0.94)),
        ['scale: band "poor": from 0.87–0.93 to 0.87–0.94', 'scale: band "fair": from 0.93–0.97 to 0.94–0.97'],
    ),
    (changed("scale.provenance.source", "Answers"), ["scale: provenance: source: from"]),
    (removed("items.14"), ["item social_care.develop_services: removed"]),
    (lambda raw: raw["items"].append(raw["items"][0] | {"id": "new"}), ["item new: added"]),
    (changed("items.0.weight", 2), [f"{FIRST}weight: from 1 to 2"]),
    (changed("items.0.question", "How good?"), [f"{FIRST}question: from"]),
    (
        changed("items.0.terms.0.weight", 0.3),
        [f"{FIRST}term item_score of clinical_events (code, code_system, event_date, nhs_number): weight: from 0.2 to 0.3"],
    ),
    (removed("items.0.terms.1"), [f"{FIRST}term consistency of clinical_events: removed"]),
    (
        changed("items.0.terms.+", {"measure": "validity", "weight": 0.1}),
        [f"{FIRST}term validity of all feeds of the source: added"],
    ),
    (
        changed("items.0.terms.1.columns", ["code"]),
        [f"{FIRST}term consistency of clinical_events: removed", f"{FIRST}term consistency of clinical_events (code): added"],
    ),
    (changed("items.0.bands", BANDS), [f"{FIRST}bands of its own now"]),
    (changed("items.0.provenance.notes", "Asked."), [f"{FIRST}provenance: notes: from"]),
]


@pytest.mark.parametrize(("change", "lines"), DIFFERENCES, ids=[lines[0][:60] for _, lines in DIFFERENCES])
def test_differences_are_told_in_words(change: Callable[[Any], None], lines: list[str]) -> None:
    raw = msgspec.json.decode(instrument.dump(DEFAULT))
    change(raw)
    found = instrument.compare(DEFAULT, msgspec.convert(raw, Instrument))
    assert [line[: len(expected)] for line, expected in zip(found, lines, strict=True)] == lines
    assert all(line.isprintable() for line in found)


@FEWER
@given(instruments(), st.randoms(use_true_random=False))
def test_an_instrument_does_not_differ_from_itself_in_another_order(some: Instrument, random: Any) -> None:
    items = [msgspec.structs.replace(item, terms=tuple(random.sample(item.terms, len(item.terms)))) for item in some.items]
    other = msgspec.structs.replace(some, items=tuple(random.sample(items, len(items))))
    assert instrument.compare(some, other) == []


@FEWER
@given(instruments(), instruments())
def test_there_are_as_many_differences_the_other_way_round(a: Instrument, b: Instrument) -> None:
    assert len(instrument.compare(a, b)) == len(instrument.compare(b, a))


if __name__ == "__main__":
    for each in NAMES:
        (FOLDER / f"{each}.txt").write_text(refusal_of(each), encoding="utf-8")
