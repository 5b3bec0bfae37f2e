"""The world of the samples: its draws, codes, people and lists, judged by plain Python where that is possible."""

import hashlib

import pytest

from dq_engine.sample import world
from tests.sample.conftest import MakeWorld


def python_bits(seed: int, key: str) -> int:
    """The draw as it is described: 62 bits of the MD5 of seed and key."""
    return int.from_bytes(hashlib.md5(f"{seed}|{key}".encode()).digest(), "little") >> 66


def check_digit(nine: str) -> int | None:
    """The check digit by Modulus 11; None where there is none."""
    remainder = sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
    return {0: 0, 1: None}.get(remainder, 11 - remainder)


@pytest.mark.parametrize("seed", [1, 7])
def test_draws_are_those_of_md5(make_world: MakeWorld, seed: int) -> None:
    keys = ["", "T90001|gender", "ü", *(f"key {number}" for number in range(200))]
    connection = make_world(seed)
    for key in keys:
        drawn = connection.execute("SELECT draw(?, 1000), slice(bits(?), 20, 97), chosen(?, ['a', 'b', 'c'])", [key, key, key])
        bits = python_bits(seed, key)
        assert drawn.fetchone() == (bits % 1000, (bits >> 20) % 2**20 % 97, "abc"[bits % 3])


def test_nhs_numbers_are_valid_and_of_no_issued_range(make_world: MakeWorld) -> None:
    (numbers,) = zip(*make_world(1, 2).execute("SELECT nhs_number FROM patient").fetchall(), strict=True)
    assert len(numbers) > 8000
    assert len(set(numbers)) == len(numbers)
    assert all(len(number) == 10 and number[0] == "8" and check_digit(number[:9]) == int(number[9]) for number in numbers)


def test_nhs_numbers_of_fifty_million_patients_differ(make_world: MakeWorld) -> None:
    """The multiplier scatters all numbers below 50 million over as many places; each place has a number of its own."""
    sampled = "SELECT count(DISTINCT nhs_number(n)), count(*) FROM (SELECT unnest(range(?, ?)) AS n)"
    connection = make_world()
    for start in (0, 24_990_000, 49_980_000):
        assert connection.execute(sampled, [start, start + 20_000]).fetchone() == (20_000, 20_000)
    places = connection.execute("SELECT count(DISTINCT scattered_number(n)) FROM range(500000) r(n)").fetchone()
    assert places == (500_000,)
    assert 31_415_927 % 2
    assert 31_415_927 % 5


def test_wrong_check_digits_are_wrong(make_world: MakeWorld) -> None:
    rows = make_world().execute("SELECT nhs_number, wrong_check_digit(nhs_number) FROM patient").fetchall()
    assert all(wrong[:9] == right[:9] and check_digit(wrong[:9]) != int(wrong[9]) for right, wrong in rows)


@pytest.mark.parametrize(("scale", "practices"), [(1, 2), (3, 4), (17, 18), (40, 18)])
def test_481_pcgts_have_as_many_practices_as_the_scale_says(make_world: MakeWorld, scale: int, practices: int) -> None:
    connection = make_world(1, scale)
    assert connection.execute("SELECT count(*), count(DISTINCT pcgt_code), max(pcgt_code) FROM pcgt").fetchone() == (
        481,
        481,
        "9Y0",
    )
    assert connection.execute("SELECT DISTINCT count(*) FROM practice GROUP BY pcgt_code").fetchall() == [(practices,)]
    forms = "regexp_full_match(practice_code, 'T9[0-9]{4}') AND regexp_full_match(pcgt_code, '[89][A-NP-Z][0-9]')"
    last = f"T{90000 + 481 * practices}"
    assert connection.execute(f"SELECT bool_and({forms}), max(practice_code) FROM practice").fetchone() == (True, last)


def test_rows_for_each_practice_grow_with_the_scale_and_are_one_at_least(make_world: MakeWorld) -> None:
    assert make_world(1, 1).execute("SELECT per(5), per(0.1)").fetchone() == (5, 1)
    assert make_world(1, 2).execute("SELECT per(6), per(0.1)").fetchone() == (8, 1)
    assert make_world(1, 1700).execute("SELECT per(5)").fetchone() == (944,)


@pytest.mark.parametrize(("seed", "scale", "periods"), [(1, 1, 2), (9, 3, 4)])
def test_lists_add_up(make_world: MakeWorld, seed: int, scale: int, periods: int) -> None:
    connection = make_world(seed, scale, periods)
    cells = connection.execute("SELECT practice_code, period_no, sex, age_band, patients FROM practice_list").fetchall()
    lists: dict[tuple[str, int], int] = {}
    seen: dict[tuple[str, int], set[tuple[str, str]]] = {}
    for practice, period, sex, band, patients in cells:
        assert patients > 0
        lists[practice, period] = lists.get((practice, period), 0) + patients
        seen.setdefault((practice, period), set()).add((sex, band))
    whole = connection.execute("SELECT practice_code, period_no, pcgt_code, patients FROM practice_total").fetchall()
    assert lists == {(practice, period): patients for practice, period, _, patients in whole}
    assert all(bands == {(sex, band) for sex in ("MALE", "FEMALE") for band in world.AGE_BANDS} for bands in seen.values())
    assert all(2500 <= patients <= 16500 for patients in lists.values())
    assert all(
        abs(lists[practice, period + 1] / size - 1) < 0.02 for (practice, period), size in lists.items() if period < periods
    )
    populations: dict[tuple[str, int], int] = {}
    for _, period, pcgt, patients in whole:
        populations[pcgt, period] = populations.get((pcgt, period), 0) + patients
    stated = connection.execute("SELECT pcgt_code, period_no, patients FROM pcgt_total").fetchall()
    assert populations == {(pcgt, period): patients for pcgt, period, patients in stated}


def test_totals_of_cells_are_those_of_their_bands(make_world: MakeWorld) -> None:
    rows = make_world().execute("SELECT practice_code, period_no, sex, age_band, patients FROM practice_cell").fetchall()
    bands: dict[tuple[str, int, str], int] = {}
    totals: dict[tuple[str, int, str], int] = {}
    for practice, period, sex, band, patients in rows:
        if band == "ALL":
            totals[practice, period, sex] = patients
        else:
            for of in (sex, "ALL"):
                bands[practice, period, of] = bands.get((practice, period, of), 0) + patients
    assert len(totals) == 962 * 2 * 3
    assert bands == totals


def test_patients_are_of_their_practice_and_plausible(make_world: MakeWorld) -> None:
    connection = make_world()
    wrong = """SELECT count(*) FROM patient LEFT JOIN practice USING (practice_code, pcgt_code)
        LEFT JOIN lsoa USING (lsoa_code, pcgt_code)
        WHERE practice.practice_code IS NULL OR lsoa.lsoa_no IS NULL OR registration_date < date_of_birth OR gender NOT IN ('1', '2')
        OR registration_date >= DATE '2024-10-01' OR (active AND opted_out) OR ethnic_category NOT SIMILAR TO '[A-HJ-NPRSZ]'
        OR NOT regexp_full_match(patient.postcode, 'ZZ1?[0-9] [0-9][A-Z]{2}') OR age_on(DATE '2024-10-01', date_of_birth) NOT BETWEEN 0 AND 110"""
    assert connection.execute(wrong).fetchone() == (0,)
    shares = connection.execute("SELECT avg(opted_out::INT), avg(active::INT), avg((gender = '1')::INT) FROM patient").fetchone()
    assert shares is not None
    assert [round(20 * share) for share in shares] == [1, 14, 10]


def test_another_seed_is_another_world_of_the_same_places(make_world: MakeWorld) -> None:
    one, other = make_world(1), make_world(2)
    codes = "SELECT practice_code, pcgt_code FROM practice ORDER BY 1"
    lists = "SELECT practice_code, list_size FROM practice ORDER BY 1"
    assert one.execute(codes).fetchall() == other.execute(codes).fetchall()
    assert one.execute(lists).fetchall() != other.execute(lists).fetchall()


@pytest.mark.parametrize(("scale", "periods"), [(0, 2), (1, 0), (-3, -3)])
def test_world_without_rows_is_refused(scale: int, periods: int) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        world.statements(1, scale, periods)
