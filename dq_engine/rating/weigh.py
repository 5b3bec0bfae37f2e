"""SQL that adds up the counts of runs to tallies: of each part, for each organisation, in each wave. Pure.

It stands on the Parquet files of runs (:mod:`dq_engine.run_tables`) and on small tables that say what counts where. ``dq_told``:
what there are counts of. ``dq_wave``: which period of which run belongs to which wave. ``dq_belongs``: for whom the counts of a
code are. ``dq_rule``: which check or field is which rule. ``dq_part``: which rule is behind which part, with its weight.

A rule's share is that of the judged values that keep it. A part's score is the mean of the shares of its rules, by their weights:
so a rule about few things (do the list sizes reconcile?) is not drowned by one about many rows, and the item score is the mean of
the scores of the data items, as in the Data Quality Maturity Index. Counts are added up before shares are made of them: those of
a rule in several extracts, and in several periods of a wave, and those of practices for their PCG/T.

Sums are of whole numbers and of decimals, which come out the same in whatever order the rows are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from dq_engine.compile import NO_CODE, NO_ORGANISATION
from dq_engine.model import Level
from dq_engine.rating.parts import COVERAGE
from dq_engine.scores import PartRules, Rule, Tally, Wave
from dq_engine.sql import ident, text

NOBODY = f"({text(NO_ORGANISATION)}, {text(NO_CODE)})"
"""What stands for organisations that are not known, whose counts are nobody's."""
CLASSES = ("valid", "other", "default", "invalid", "missing")
DECIMAL = "DECIMAL(38, 18)"
"""The type of what is added up and is no whole number."""


def reading(files: Sequence[str]) -> str:
    """SQL of the relation over Parquet files of one shape."""
    return f"read_parquet([{', '.join(map(text, files))}])"


def counts(measures: str, fields: str) -> list[str]:
    """The statements that make ``dq_count``, what was counted of organisations by checks and of fields, and ``dq_told``.

    ``measures`` and ``fields`` are relations as :func:`reading` makes them.
    ``kept`` of ``judged`` keep the rule; of the values of a field those that are valid, other or default. Things that are no rows
    (totals, expected submissions) are no ``records``.
    """
    shared = "run, started, feed, extract, organisation, period"
    chosen = f"WHERE purpose = 'quality' AND organisation NOT IN {NOBODY}"
    of_check = {
        "judged": "denominator",
        "kept": "denominator - unexpected_count",
        "records": "CASE WHEN unit = 'rows' THEN denominator END",
        "tolerance": "NULL",
        **dict.fromkeys(CLASSES, "0"),
    }
    of_field = {
        "judged": "records",
        "kept": 'valid + other + "default"',
        "records": "records",
        "tolerance": "tolerance",
        **{name: ident(name) for name in CLASSES},
    }
    selects = [
        f"SELECT {shared}, '{kind}' AS kind, {ident(kind)} AS name, "
        + ", ".join(f"CAST({number} AS DOUBLE) AS {ident(name)}" for name, number in numbers.items())
        + f"\nFROM {relation} {chosen}"
        for kind, relation, numbers in (("check", measures, of_check), ("column", fields, of_field))
    ]
    told = "SELECT DISTINCT run, started, feed, extract, kind, name, period FROM dq_count"
    return ["CREATE VIEW dq_count AS\n" + "\nUNION ALL\n".join(selects), f"CREATE TEMP TABLE dq_told AS {told}"]


# ----------------------------------------------------------------------------------------------------------------- waves


def told() -> str:
    """Which run, extract and check or column has counts of organisations."""
    return "SELECT DISTINCT run, extract, name FROM dq_told"


def periods() -> str:
    """The periods that there are, and how many organisations have counts of each."""
    return "SELECT period, count(DISTINCT organisation) FROM dq_count WHERE period IS NOT NULL GROUP BY period ORDER BY period"


def waves(found: Iterable[Wave], *, by_run: bool) -> str:
    """The statement that makes ``dq_wave``: which period of which run tells of a feed in which wave (its place).

    A period belongs to the wave in which its last day lies. Of several runs that tell of a feed in the same period the newest
    counts. What has no period belongs to the waves for which its run counts; of feeds that have no periods at all the newest run
    belongs to all waves. Periods that cannot be read belong to a wave without bounds only. With ``by_run`` a wave is what one
    run tells, and called by its id.
    """
    listed = ", ".join(f"({n}, {text(wave.name)}, {_day(wave.first)}, {_day(wave.last)})" for n, wave in enumerate(found))
    with_waves = f"WITH waves(wave, called, first, last) AS (VALUES {listed})"
    making = "CREATE TEMP TABLE dq_wave AS"
    if by_run:
        return f"{making} {with_waves}\nSELECT DISTINCT wave, run, feed, period FROM dq_told JOIN waves ON called = run"
    end = "TRY_CAST(split_part(period, '/', 2) AS DATE)"
    inside = f"coalesce({end} >= first, first IS NULL) AND coalesce({end} <= last, last IS NULL)"
    newest = "arg_max(run, (started, run)) AS run"
    return (
        f"{making} {with_waves},\n"
        f"dated AS (SELECT feed, period, {newest} FROM dq_told WHERE period IS NOT NULL GROUP BY feed, period),\n"
        f"undated AS (SELECT feed, {newest} FROM dq_told GROUP BY feed HAVING count(period) = 0),\n"
        f"chosen AS (SELECT wave, run, feed, period FROM dated, waves WHERE {inside})\n"
        "SELECT * FROM chosen UNION ALL SELECT DISTINCT wave, run, feed, NULL FROM chosen\n"
        "UNION ALL SELECT wave, run, feed, NULL FROM undated, waves"
    )


def _day(day: str) -> str:
    return f"CAST({text(day)} AS DATE)" if day else "CAST(NULL AS DATE)"


# ------------------------------------------------------------------------------------------------- organisations and rules


def belongs(codes: Mapping[str, str | None]) -> str:
    """The statement that makes ``dq_belongs``: for whom the counts of each known code are; None: for nobody.

    Codes that are not known are organisations themselves, if the feed is by organisations of the level that is rated, and
    count for nobody else.
    """
    listed = ", ".join(f"({text(code)}, {_text(whole)})" for code, whole in codes.items()) or "(NULL, NULL)"
    return f"CREATE TEMP TABLE dq_belongs AS SELECT * FROM (VALUES {listed}) t (code, organisation)"


def _text(value: str | None) -> str:
    return "NULL" if value is None else text(value)


class Weighed(Struct, frozen=True):
    """Parts and the rules behind them, with the statements that make ``dq_rule`` and ``dq_part``.

    A part is known by its place among ``parts``, a rule by its place among ``rules``. What the same check of a feed judges, with
    the same weight, is one rule, in however many extracts and runs. ``scales``: the greatest weight in each part; the table has
    weights relative to it, so that any fit.
    """

    parts: tuple[PartRules, ...]
    rules: tuple[Rule, ...]
    scales: tuple[float, ...]
    statements: tuple[str, str]


def weighed(parts: Sequence[PartRules], level: Level) -> Weighed:
    """The parts, ready to be weighed for organisations of ``level``."""
    places: dict[tuple[str, str, str, float], int] = {}
    rules: list[Rule] = []
    known: dict[str, None] = {}
    shares: dict[str, None] = {}
    scales = tuple(max(rule.weight for rule in part.rules) for part in parts)
    for place, (part, scale) in enumerate(zip(parts, scales, strict=True)):
        for rule in part.rules:
            number = places.setdefault((part.part.feed, rule.check, rule.column, rule.weight), len(rules))
            if number == len(rules):
                rules.append(rule)
            kind, name = ("check", rule.check) if rule.check else ("column", rule.column)
            told = ", ".join(map(text, (rule.run, rule.extract, kind, name)))
            known[f"({number}, {part.level == level}, {told})"] = None
            shares[f"({place}, {number}, {rule.weight / scale!r})"] = None
    listed = ", ".join(known) or "(-1, FALSE, NULL, NULL, NULL, NULL)"
    weights = ", ".join(shares) or "(-1, -1, 1.0)"
    return Weighed(
        tuple(parts),
        tuple(rules),
        scales,
        (
            f"CREATE TEMP TABLE dq_rule AS SELECT * FROM (VALUES {listed}) t (rule, own, run, extract, kind, name)",
            "CREATE TEMP TABLE dq_part AS SELECT part, rule, "
            f"CAST(weight AS {DECIMAL}) AS weight FROM (VALUES {weights}) t (part, rule, weight)",
        ),
    )


# --------------------------------------------------------------------------------------------------------------- tallies


def _shares(codes: Iterable[str] | None, *further: str) -> str:
    """SELECT of the share that keeps each rule, by wave and organisation; only from counts of ``codes``, if they are given.

    Of a field it is the item score, by the formula of :func:`dq_engine.rating.dqmi.item_score`; where there is no tolerance,
    each default is accepted.
    """
    chosen = "" if codes is None else f"\n  WHERE c.organisation IN ({', '.join(map(text, codes))})"
    excess = 'greatest(0, sum("default") - coalesce(tolerance, 1) * sum(judged))'
    numbers = [
        f"greatest(0, sum(kept) - {excess}) / sum(judged) AS share",
        *(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in ("records", "kept", "judged")),
    ]
    return (
        f"SELECT wave, whose AS organisation, rule, {', '.join([*numbers, *further])}\nFROM (\n"
        "  SELECT c.*, w.wave, r.rule,\n"
        "         CASE WHEN b.code IS NOT NULL THEN b.organisation WHEN r.own THEN c.organisation END AS whose\n"
        "  FROM dq_count c\n"
        "  JOIN dq_rule r ON r.run = c.run AND r.extract = c.extract AND r.kind = c.kind AND r.name = c.name\n"
        "  JOIN dq_wave w ON w.run = c.run AND w.feed = c.feed AND w.period IS NOT DISTINCT FROM c.period\n"
        f"  LEFT JOIN dq_belongs b ON b.code = c.organisation{chosen}\n"
        ")\nWHERE whose IS NOT NULL\nGROUP BY wave, whose, rule, tolerance\nHAVING sum(judged) > 0"
    )


class Sums(NamedTuple):
    """What one organisation's rules come to in one wave, part by part: lists as JSON, which :func:`tallies_of` reads."""

    wave: int
    organisation: str
    parts: str
    numerators: str
    denominators: str
    records: str
    kept: str
    judged: str


def sums(codes: Iterable[str] | None = None) -> str:
    """SELECT of :class:`Sums`, in the order of waves and organisations; only from counts of ``codes``, if they are given.

    A row for each organisation: rows for each part would take many times as long on their way from the worker.
    """
    columns = ("part", "numerator", "denominator", "records", "kept", "judged")
    return (
        f"SELECT wave, organisation, {', '.join(f'to_json(list({name}))' for name in columns)}\nFROM (\n"
        f"SELECT wave, organisation, part, CAST(sum(CAST(share * weight AS {DECIMAL})) AS DOUBLE) AS numerator, "
        "CAST(sum(weight) AS DOUBLE) AS denominator, max(records) AS records, "
        "CAST(sum(kept) AS BIGINT) AS kept, CAST(sum(judged) AS BIGINT) AS judged\n"
        f"FROM ({_shares(codes)}) JOIN dq_part USING (rule)\nGROUP BY wave, organisation, part\nHAVING sum(weight) > 0\n"
        ")\nGROUP BY wave, organisation\nORDER BY wave, organisation"
    )


_WHOLE = msgspec.json.Decoder(list[int])
_SOME = msgspec.json.Decoder(list[int | None])
_REAL = msgspec.json.Decoder(list[float])


def tallies_of(sums: Sums, weighed: Weighed) -> Iterator[tuple[int, Tally]]:
    """The place of each part that has data, and its tally."""
    columns = (
        _WHOLE.decode(sums.parts),
        _REAL.decode(sums.numerators),
        _REAL.decode(sums.denominators),
        _SOME.decode(sums.records),
        _WHOLE.decode(sums.kept),
        _WHOLE.decode(sums.judged),
    )
    for place, numerator, denominator, records, kept, judged in zip(*columns, strict=True):
        scale = weighed.scales[place]
        sampled = weighed.parts[place].part.measure != COVERAGE
        yield place, Tally(scale * numerator, scale * denominator, records if sampled else None, kept, judged)


# ---------------------------------------------------------------------------------------------------------- explanations


class Found(NamedTuple):
    """What a rule found for one organisation: where (runs and extracts), its share, counts, and of a field the classes."""

    part: int
    rule: int
    runs: str
    extracts: str
    share: float
    kept: int
    judged: int
    tolerance: float | None
    valid: int
    other: int
    default: int
    invalid: int
    missing: int


def by_rule(places: Sequence[int], codes: Iterable[str], organisation: str, wave: int) -> str:
    """SELECT of :class:`Found` for the rules behind the parts at ``places``, the worst first; only from counts of ``codes``."""
    where = [f"string_agg(DISTINCT {name}, ', ' ORDER BY {name}) AS {name}s" for name in ("run", "extract")]
    classes = [f"CAST(sum({ident(name)}) AS BIGINT) AS {ident(name)}" for name in CLASSES]
    listed = ", ".join(map(str, places)) or "NULL"
    names = ", ".join(map(ident, Found._fields))
    return (
        f"SELECT {names}\nFROM ({_shares(codes, *where, 'tolerance', *classes)}) JOIN dq_part USING (rule)\n"
        f"WHERE part IN ({listed}) AND organisation = {text(organisation)} AND wave = {wave}\n"
        "ORDER BY part, share, extracts, rule"
    )
