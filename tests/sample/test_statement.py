"""Feeds as SQL: what befalls rows, and what the key says of it, on small feeds of one's own."""

import hashlib
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Any

import duckdb
import pytest

from dq_engine.sample import statement
from dq_engine.sample.chance import chances
from dq_engine.sample.feed import Breaks, Column, Defect, Feed
from tests.sample.conftest import MakeWorld

ROWS = 20_000
RELATION = f"(SELECT i, pcgt_code AS of, quarters(pcgt_code) AS quarters FROM range({ROWS}) r(i) JOIN pcgt ON pcgt_no = i % 481 ORDER BY i)"
COLUMNS = (
    Column("code", "VARCHAR", "of"),
    Column("number", "INTEGER", "i"),
    Column("word", "VARCHAR", "if(i % 2 = 0, 'even', 'odd')"),
)


def feed(*defects: Defect, **changes: Any) -> Feed:
    plain = Feed("toys", "practice", "primary_care", "code", "of", RELATION, "i", COLUMNS, defects)
    return plain._replace(**changes)


@pytest.fixture(scope="module")
def world(make_world: MakeWorld) -> duckdb.DuckDBPyConnection:
    return make_world()


def rows_of(world: duckdb.DuckDBPyConnection, of: Feed) -> list[tuple[Any, ...]]:
    return world.execute(statement.rows(of)).fetchall()


def broken_by(world: duckdb.DuckDBPyConnection, of: Feed) -> list[tuple[Any, ...]]:
    return sorted(world.execute(statement.breaches(of)).fetchall())


CHANGE = Defect("changed", "Changed.", {"word": "upper(word)", "number": "-number"}, (Breaks("rule"),), per_10_000=200)


def test_defects_fall_where_the_draw_says(world: duckdb.DuckDBPyConnection) -> None:
    """Plain Python draws for each row, and lays out the slots, as the module says."""
    second = Defect("second", "Second.", {"word": "NULL"}, (Breaks("other"),), per_10_000=100, where="word = 'odd'")
    wanted = []
    for i, code, quarters in world.execute(f"SELECT i, of, quarters FROM {RELATION}").fetchall():
        word = "odd" if i % 2 else "even"
        draw = (int.from_bytes(hashlib.md5(f"1|defect|toys|{i}".encode()).digest(), "little") >> 66) % 1_000_000
        factor = quarters / 4
        if draw < 200 * 100 * factor:
            wanted.append((code, -i, word.upper()))
        elif draw < 300 * 100 * factor and word == "odd":
            wanted.append((code, i, None))
        else:
            wanted.append((code, i, word))
    found = rows_of(world, feed(CHANGE, second))
    assert found == wanted
    assert 500 < sum(word in ("ODD", "EVEN") for _, _, word in found) < 700
    assert 100 < sum(word is None for _, _, word in found) < 200


@pytest.mark.parametrize(("source", "factor"), [("primary_care", 1), ("hospital", 0.5), ("community", 2), ("social_care", 3)])
def test_sources_have_their_factors(world: duckdb.DuckDBPyConnection, source: Any, factor: float) -> None:
    befallen = world.execute(statement.befallen(feed(CHANGE, source=source))).fetchall()
    assert befallen == [("changed", pytest.approx(0.02 * 1.5 * factor * ROWS, rel=0.15))]


def test_pcgts_with_the_factor_0_have_no_defects_and_others_have(world: duckdb.DuckDBPyConnection) -> None:
    without = {code for (code,) in world.execute("SELECT pcgt_code FROM pcgt WHERE factor = 0").fetchall()}
    befallen = {code for code, number, _ in rows_of(world, feed(CHANGE)) if number < 0}
    assert len(without) > 50
    assert not without & befallen
    assert len(befallen) > 200


def test_rows_stand_twice_or_are_missing_or_are_added(world: duckdb.DuckDBPyConnection) -> None:
    defects = (
        Defect("twice", "Twice.", "repeat", (Breaks("once", rows=2),), per_10_000=200),
        Defect("missing", "Missing.", "drop", (Breaks("there"),), per_10_000=200),
        Defect("added", "Added.", {"code": "NULL"}, (Breaks("coded"),), per_10_000=200, extra=True),
    )
    of = feed(*defects)
    planted = dict(world.execute(statement.befallen(of)).fetchall())
    found = Counter(number for _, number, _ in rows_of(world, of))
    added = Counter(number for code, number, _ in rows_of(world, of) if code is None)
    assert all(planted[name] > 300 for name in ("twice", "missing", "added"))
    assert Counter(found.values())[2] == planted["twice"] + planted["added"]
    assert ROWS - len(found) == planted["missing"]
    assert len(added) == planted["added"]
    assert all(found[number] == 2 for number in added)
    key = broken_by(world, of)
    assert sum(count for _, rule, *_, count in key if rule == "once") == 2 * planted["twice"]
    assert [row for row in key if row[1] == "coded"] == [("toys", "coded", "(none)", "", False, planted["added"])]


def test_rows_that_share_a_text_are_befallen_together(world: duckdb.DuckDBPyConnection) -> None:
    silent = Defect("silent", "Nothing was sent.", "drop", (Breaks("covered", once=True),), per_10_000=1000, together="code")
    of = feed(silent, CHANGE)
    sent = Counter(code for code, _, _ in rows_of(world, of))
    complete = Counter(code for code, _, _ in rows_of(world, feed()))
    missing = set(complete) - set(sent)
    assert 40 < len(missing) < 110
    assert all(sent[code] == complete[code] for code in sent)
    key = broken_by(world, of)
    assert [row[2:] for row in key if row[1] == "covered"] == [(code, "", True, complete[code]) for code in sorted(missing)]
    assert sum(count for _, rule, *_, count in key if rule == "rule") > 400


def test_breaks_say_whom_and_what_and_which(world: duckdb.DuckDBPyConnection) -> None:
    breaks = (
        Breaks("own"),
        Breaks("of_the_clean_row", feed="others", organisation="of"),
        Breaks("odd_ones", where="word = 'ODD'"),
        Breaks("by_item", once=True, item="number % 3"),
    )
    key = broken_by(world, feed(CHANGE._replace(change={"code": "lower(code)", **CHANGE.change}, breaks=breaks)))  # type: ignore[dict-item]
    changed = [(code, number, word) for code, number, word in rows_of(world, feed(CHANGE)) if number < 0]
    own = Counter(code.lower() for code, _, _ in changed)
    assert {row[2]: row[5] for row in key if row[:2] == ("toys", "own")} == own
    assert {row[2]: row[5] for row in key if row[:2] == ("others", "of_the_clean_row")} == Counter(code for code, _, _ in changed)
    odd = Counter(code.lower() for code, _, word in changed if word == "ODD")
    assert {row[2]: row[5] for row in key if row[1] == "odd_ones"} == odd
    items = Counter((code.lower(), str(-(-number % 3))) for code, number, _ in changed)
    assert {(row[2], row[3]): row[5] for row in key if row[1] == "by_item"} == items


def test_order_is_made_where_it_is_asked_for(world: duckdb.DuckDBPyConnection) -> None:
    found = rows_of(world, feed(CHANGE, order="word DESC, number"))
    assert [word for *_, word in found] == sorted((word for *_, word in found), reverse=True)
    assert sorted(found) == sorted(rows_of(world, feed(CHANGE)))


def test_feed_without_defects_is_clean_and_has_no_key(world: duckdb.DuckDBPyConnection) -> None:
    assert len(rows_of(world, feed())) == ROWS
    assert broken_by(world, feed()) == []
    assert world.execute(statement.befallen(feed())).fetchall() == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (feed(CHANGE, CHANGE), "one name"),
        (feed(columns=(*COLUMNS, COLUMNS[0])), "one name"),
        (feed(CHANGE._replace(change={"wrod": "1"})), "no such column: wrod"),
        (feed(organisation="org"), "no such column: org"),
        (feed(CHANGE._replace(per_10_000=2501)), "may be 2500 together, and is 2501"),
        (feed(CHANGE._replace(per_10_000=834), source="social_care"), "may be 833 together, and is 834"),
    ],
)
def test_feeds_that_contradict_themselves_are_refused(wrong: Feed, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        statement.check(wrong)


# ----------------------------------------------------------------------------------------------------------- several times

HEAVY = (
    Defect("empty", "Empty.", {"word": "NULL"}, (Breaks("there"),), per_10_000=5, heavy=True),
    Defect("upside_down", "Turned.", {"word": "reverse(word)"}, (Breaks("upright"),), per_10_000=5, heavy=True),
)


def befallen_rows(world: duckdb.DuckDBPyConnection, of: Feed) -> set[int]:
    """The numbers of the rows that are not as they would be without defects."""
    return {number for (_, number, word) in rows_of(world, of) if word not in ("even", "odd")}


def heavily_befallen(world: duckdb.DuckDBPyConnection, of: Feed) -> set[int]:
    """The numbers of those that have a heavy defect."""
    return {number for (_, number, word) in rows_of(world, of) if word in (None, "neve", "ddo")}


def test_many_times_befall_more_rows_and_the_same_ones(world: duckdb.DuckDBPyConnection) -> None:
    shout = CHANGE._replace(change={"word": "upper(word)"})
    planted = {times: feed(shout, *HEAVY, times=Fraction(times)) for times in ("0.5", "1", "2", "8", "40", "1000")}
    befallen = [befallen_rows(world, of) for of in planted.values()]
    assert all(fewer < more for fewer, more in pairwise(befallen))
    may_be = {i for (i,) in world.execute(f"SELECT i FROM {RELATION} WHERE quarters > 0").fetchall()}
    assert befallen[-1] <= may_be
    assert len(befallen[-1]) > 0.999 * len(may_be)
    heavy = [heavily_befallen(world, of) for of in planted.values()]
    assert [len(each) for each in heavy] == sorted({len(each) for each in heavy})


@pytest.mark.parametrize("times", ["0.5", "3", "7.5"])
def test_rows_are_befallen_once_and_more_as_often_as_is_said(world: duckdb.DuckDBPyConnection, times: str) -> None:
    """The numbers of rows are those that as many draws give, within four standard deviations."""
    found: Counter[str] = Counter()
    for defect, count in world.execute(statement.befallen(feed(CHANGE, *HEAVY, times=Fraction(times)))).fetchall():
        found["once" if defect == "changed" else "more"] += count
    wanted: Counter[str] = Counter()
    for (quarters,) in world.execute(f"SELECT quarters FROM {RELATION}").fetchall():
        once, more = chances(Fraction(210 * quarters, 40_000), Fraction(times))
        wanted["once"] += float(once) * 200 / 210
        wanted["more"] += float(more) + float(once) * 10 / 210
    assert all(abs(found[kind] - wanted[kind]) < 4 * wanted[kind] ** 0.5 for kind in ("once", "more"))
    assert sum(wanted.values()) > 200


def test_without_a_heavy_defect_rows_have_one_of_the_others(world: duckdb.DuckDBPyConnection) -> None:
    other = CHANGE._replace(name="other", change={"word": "NULL"}, per_10_000=100)
    planted = dict(world.execute(statement.befallen(feed(CHANGE, other, times=Fraction(1000)))).fetchall())
    assert planted["changed"] == pytest.approx(2 * planted["other"], rel=0.05)


def test_what_befalls_rows_together_is_planted_several_times_too(world: duckdb.DuckDBPyConnection) -> None:
    silent = Defect("silent", "Nothing was sent.", "drop", (Breaks("covered", once=True),), per_10_000=500, together="code")
    sent = [{code for code, _, _ in rows_of(world, feed(silent, times=Fraction(times)))} for times in (1, 4, 1000)]
    assert sent[0] > sent[1] > sent[2]
    assert sent[2] == {code for (code,) in world.execute("SELECT pcgt_code FROM pcgt WHERE factor = 0").fetchall()}


def test_key_is_that_of_the_rows_however_many_times(world: duckdb.DuckDBPyConnection) -> None:
    of = feed(CHANGE, *HEAVY, times=Fraction(30))
    words = Counter(word for _, _, word in rows_of(world, of))
    key: Counter[str] = Counter()
    for _, rule, *_, count in broken_by(world, of):
        key[rule] += count
    assert key == {"rule": words["EVEN"] + words["ODD"], "there": words[None], "upright": words["neve"] + words["ddo"]}
    assert min(key.values()) > 500
