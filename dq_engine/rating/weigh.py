"""SQL that adds up the measures of runs to tallies: of each part, for each organisation, in each wave. Pure.

It stands on the Parquet files of runs (:mod:`dq_engine.run_tables`), and on three small tables that are made first: ``dq_wave``
(which period of which run belongs to which wave), ``dq_belongs`` (which code counts for which organisation) and ``dq_rule``
(which check or field is behind which part, with its weight).

A rule's share is that of the judged values that keep it; a part's score is the mean of the shares of its rules, by their weights.
So a rule about few things (do the list sizes reconcile?) is not drowned by one about many rows, and the item score is the mean
of the item scores, as in the Data Quality Maturity Index. What is judged for practices is added up for their PCG/T first, rule
by rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dq_engine.model import Level
from dq_engine.rating.parts import COVERAGE
from dq_engine.scores import PartRules, Wave
from dq_engine.sql import text

MEASURES, FIELDS = "dq_measure", "dq_field"
"""The views of the measures of checks and of fields."""
NOBODY = "('(none)', '(not a code)')"
"""What stands for organisations that are not known, whose measures are nobody's."""


def views(measures: Sequence[str], fields: Sequence[str]) -> list[str]:
    """The views of the files."""
    return [f"CREATE VIEW {name} AS SELECT * FROM {reading(files)}" for name, files in ((MEASURES, measures), (FIELDS, fields))]


def reading(files: Sequence[str]) -> str:
    """SQL of the relation over Parquet files of one shape."""
    return f"read_parquet([{', '.join(map(text, files))}])"


def waves(found: Iterable[Wave], *, by_run: bool) -> str:
    """The statement that makes ``dq_wave``: which run tells of a feed in a period of a wave, and each belongs to which wave.

    A period belongs to the wave in which its last day lies; what has no period belongs to all. Of several runs that tell of the
    same feed and period the newest counts; with ``by_run`` a wave is a run, called by its id.
    """
    if by_run:
        return "CREATE TEMP TABLE dq_wave AS SELECT DISTINCT run AS wave, run, feed, period FROM dq_told"
    rows = ", ".join(f"({text(wave.name)}, {_day(wave.first)}, {_day(wave.last)})" for wave in found)
    ends = "TRY_CAST(split_part(t.period, '/', 2) AS DATE)"
    inside = f"coalesce({ends} >= w.first, w.first IS NULL) AND coalesce({ends} <= w.last, w.last IS NULL)"
    newest = "SELECT feed, period, arg_max(run, (started, run)) AS run FROM dq_told GROUP BY feed, period"
    return (
        f"CREATE TEMP TABLE dq_wave AS SELECT w.wave, t.run, t.feed, t.period\nFROM ({newest}) t, "
        f"(VALUES {rows}) w (wave, first, last)\nWHERE t.period IS NULL OR ({inside})"
    )


def _day(day: str) -> str:
    return f"CAST({text(day)} AS DATE)" if day else "CAST(NULL AS DATE)"


def told() -> str:
    """The statement that makes ``dq_told``: which run tells of which feed and period."""
    columns = "run, started, feed, period"
    both = " UNION ".join(
        f"SELECT DISTINCT {columns} FROM {view} WHERE organisation IS NOT NULL AND purpose = 'quality'"
        for view in (MEASURES, FIELDS)
    )
    return f"CREATE TEMP TABLE dq_told AS {both}"


def last_days() -> str:
    """The last days of the periods that there are."""
    return (
        "SELECT DISTINCT split_part(period, '/', 2) FROM dq_told WHERE period LIKE '%/%' AND "
        "TRY_CAST(split_part(period, '/', 2) AS DATE) IS NOT NULL ORDER BY 1"
    )


def belongs(codes: Mapping[str, str]) -> str:
    """The statement that makes ``dq_belongs``: for whom the measures of a code count. Others count for themselves, if they are
    of the level that is rated, and else for nobody.
    """
    listed = ", ".join(f"({text(code)}, {text(whole)})" for code, whole in codes.items()) or "(NULL, NULL)"
    return f"CREATE TEMP TABLE dq_belongs AS SELECT * FROM (VALUES {listed}) t (code, organisation)"


def rules(parts: Sequence[PartRules], level: Level) -> str:
    """The statement that makes ``dq_rule``; a part is known by its place. ``level``: of the organisations that are rated."""
    listed = ", ".join(
        f"({place}, {part.level == level}, {text(rule.run)}, {text(rule.extract)}, "
        f"{text('check' if rule.check else 'column')}, {text(rule.check or rule.column)}, {rule.weight!r})"
        for place, part in enumerate(parts)
        for rule in part.rules
    )
    none = "(-1, FALSE, NULL, NULL, NULL, NULL, 0.0)"
    columns = "part, own, run, extract, kind, name, weight"
    return f"CREATE OR REPLACE TEMP TABLE dq_rule AS SELECT * FROM (VALUES {listed or none}) t ({columns})"


def split() -> str:
    """Which run, extract and check or column was counted by organisation."""
    return " UNION ".join(
        f'SELECT DISTINCT run, extract, "{name}" FROM {view} WHERE organisation IS NOT NULL'
        for view, name in ((MEASURES, "check"), (FIELDS, "column"))
    )


def tallies(parts: Sequence[PartRules]) -> str:
    """Rows of wave, organisation, place of the part, numerator, denominator, records, kept and judged, in this order."""
    coverage = [place for place, part in enumerate(parts) if part.part.measure == COVERAGE]
    exact = f"part IN ({', '.join(map(str, coverage)) or 'NULL'})"
    by = "wave, organisation, part"
    return (
        f"SELECT {by}, sum(share * weight) AS numerator, sum(weight) AS denominator, "
        f"CASE WHEN {exact} THEN NULL ELSE max(records) END AS records, sum(kept) AS kept, sum(judged) AS judged\n"
        f"FROM ({_checks()}\nUNION ALL BY NAME\n{_fields()})\nGROUP BY {by}\nORDER BY {by}"
    )


def _rows(view: str, name: str, numbers: str) -> str:
    """The measures of a view by wave, the organisation that they count for, and the part."""
    return (
        "SELECT w.wave, CASE WHEN r.own THEN coalesce(b.organisation, m.organisation) ELSE b.organisation END AS organisation,\n"
        "       r.part, r.weight, r.run, r.extract, r.name,\n"
        f"       {numbers}\n"
        f"FROM {view} m JOIN dq_rule r ON r.run = m.run AND r.extract = m.extract AND r.kind = '{name}' "
        f'AND r.name = m."{name}"\n'
        "JOIN dq_wave w ON w.run = m.run AND w.feed = m.feed AND w.period IS NOT DISTINCT FROM m.period\n"
        "LEFT JOIN dq_belongs b ON b.code = m.organisation\n"
        f"WHERE m.organisation IS NOT NULL AND m.organisation NOT IN {NOBODY} AND (r.own OR b.organisation IS NOT NULL)"
    )


BY_RULE = "wave, organisation, part, weight, run, extract, name"


def _checks() -> str:
    """The share of each check: of the judged, those that keep the rule. Things that are no rows are no records."""
    numbers = "m.denominator, m.unexpected_count, m.unit"
    return (
        f"SELECT {BY_RULE}, 1.0 - sum(unexpected_count) / sum(denominator) AS share, "
        "sum(CASE WHEN unit = 'rows' THEN denominator END) AS records, sum(denominator - unexpected_count) AS kept, "
        f"sum(denominator) AS judged\nFROM ({_rows(MEASURES, 'check', numbers)})\nGROUP BY {BY_RULE}\nHAVING sum(denominator) > 0"
    )


def _fields() -> str:
    """The item score of each field, by the formula of :func:`dq_engine.rating.dqmi.item_score`."""
    numbers = 'm.records, m.valid + m.other + m."default" AS right_ones, m."default" AS defaults, m.tolerance'
    excess = (
        "CASE WHEN any_value(tolerance) IS NULL THEN 0 ELSE greatest(0, sum(defaults) - any_value(tolerance) * sum(records)) END"
    )
    return (
        f"SELECT {BY_RULE}, greatest(0, (sum(right_ones) - {excess}) / sum(records)) AS share, "
        "sum(records) AS records, sum(right_ones) AS kept, sum(records) AS judged\n"
        f"FROM ({_rows(FIELDS, 'column', numbers)})\nGROUP BY {BY_RULE}\nHAVING sum(records) > 0"
    )


def by_rule(places: Sequence[int], organisation: str, wave: str) -> str:
    """What each rule behind parts found for one organisation: part, run, extract, name, weight, share, kept and judged."""
    return (
        "SELECT part, run, extract, name, weight, share, kept, judged\n"
        f"FROM ({_checks()}\nUNION ALL BY NAME\n{_fields()})\nWHERE {_chosen(places, organisation, wave)}\n"
        "ORDER BY part, share, extract, name"
    )


def _chosen(places: Sequence[int], organisation: str, wave: str) -> str:
    listed = ", ".join(map(str, places)) or "NULL"
    return f"part IN ({listed}) AND organisation = {text(organisation)} AND wave = {text(wave)}"


def classes(places: Sequence[int], organisation: str, wave: str) -> str:
    """The classes of the values of the fields behind parts: part, run, extract, column, five counts, tolerance."""
    names = [f'"{name}"' for name in ("valid", "other", "default", "invalid", "missing")]
    numbers = ", ".join(f"m.{name}" for name in (*names, "tolerance"))
    sums = ", ".join(f"sum({name})" for name in names)
    return (
        f"SELECT part, run, extract, name, {sums}, any_value(tolerance)\nFROM ({_rows(FIELDS, 'column', numbers)})\n"
        f"WHERE {_chosen(places, organisation, wave)}\nGROUP BY part, run, extract, name\nORDER BY part, name"
    )
