"""``dq suggest`` and ``dq init`` as people use them: what is proposed, decided, applied and checked."""

import json
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dq_engine import WorkerProcess, check
from tests.command import dq_here

SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"


def nhs_number(place: int) -> str:
    """A valid NHS number for the place, or that of the next one that has one."""
    while True:
        nine = f"{400_000_000 + place * 7:09}"
        check_digit = (11 - sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11) % 11
        if check_digit < 10:
            return nine + str(check_digit)
        place += 1_000_003


@pytest.fixture(scope="module")
def stays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stays of patients: 600 rows with one NULL practice, one placeholder and one stay that ends before it begins."""
    file = tmp_path_factory.mktemp("stays") / "stays_2024.parquet"
    rows = [
        (
            f"2024-{1 + place % 6:02}",
            None if place == 7 else f"A81{place % 40:03}",
            "9999999999" if place == 11 else nhs_number(place),
            ("MALE", "FEMALE", "SECRETIVE")[place % 3],
            f"P{place:06}",
            place % 37,
            None if place % 100 == 0 else 0.5,
            place,
        )
        for place in range(600)
    ]
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t (period VARCHAR, practice_code VARCHAR, nhs_number VARCHAR, sex_as_told VARCHAR, stay VARCHAR, "
            "nights INTEGER, share_paid DOUBLE, place INTEGER)"
        )
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute(
            "COPY (SELECT * EXCLUDE (place), DATE '2024-01-01' + place AS admitted, "
            "DATE '2024-01-01' + place + CASE WHEN place = 13 THEN -1 ELSE nights END AS discharged, NULL::VARCHAR AS never "
            f"FROM t ORDER BY place) TO '{file}' (FORMAT parquet)"
        )
    return file


def proposed(file: Path, folder: Path, *options: str) -> dict[str, dict[str, Any]]:
    """The proposals for the only extract, by their names."""
    done = dq_here(folder, "suggest", str(file), "--output", "proposals.json", "--quiet", *options)
    assert done.returncode == 0, done.stderr
    (extract,) = json.loads((folder / "proposals.json").read_text())["extracts"]
    return {one["rule"]: one for one in extract["proposals"]}


def test_what_an_analyst_would_expect_is_proposed_with_counts_and_confidence(stays: Path, tmp_path: Path) -> None:
    rules = proposed(stays, tmp_path)
    number = rules["nhs_number_is_nhs_number"]
    assert number["type"] == "expect_column_values_to_be_valid_nhs_number" and "mostly" not in number["kwargs"]
    assert "0 of 600 values break it; with 95 % confidence fewer than 0.5 % of such rows do" in number["reason"]
    assert (number["confidence"], number["basis"], number["accepted"]) == (0.99501, "all rows", None)
    assert rules["nhs_number_is_no_placeholder"]["kwargs"]["mostly"] == 0.99
    assert "1 of 600 values breaks it; these are faults, or it is no rule" in rules["nhs_number_is_no_placeholder"]["reason"]
    assert "1 of 600 values is NULL" in rules["practice_code_present"]["reason"]
    assert rules["practice_code_is_practice_code"]["kwargs"] == {"column": "practice_code", "kind": "practice"}
    assert rules["period_is_month"]["type"] == "expect_column_values_to_match_regex"
    assert rules["stay_unique"]["severity"] == "critical"
    assert rules["nights_not_negative"]["kwargs"] == {"column": "nights", "min_value": 0}
    assert rules["share_paid_is_share"]["kwargs"] == {"column": "share_paid", "min_value": 0, "max_value": 1}
    assert rules["discharged_admitted_in_order"]["kwargs"]["mostly"] == 0.99
    assert rules["admitted_not_in_future"]["kwargs"]["max_value"] == {"$PARAMETER": "now()"}
    assert rules["rows_as_usual"]["kwargs"] == {"min_value": 300, "max_value": 1200}
    assert rules["rows_as_usual"]["confidence"] is None


def test_what_is_foolish_is_not_proposed(stays: Path, tmp_path: Path) -> None:
    rules = proposed(stays, tmp_path)
    about = {name: [one["type"] for one in rules.values() if one["kwargs"].get("column") == name] for name in ("stay", "never")}
    assert about["never"] == [], "of a column without values nothing can be said"
    assert not any("in_set" in one["type"] for one in rules.values()), "values that nobody called public are not written down"
    assert "admitted_discharged_in_order" not in rules
    assert "nhs_number_shape" not in rules and "nhs_number_not_padded" not in rules, "what another rule implies"


def test_columns_are_known_for_what_they_are(stays: Path, tmp_path: Path) -> None:
    proposed(stays, tmp_path)
    (extract,) = json.loads((tmp_path / "proposals.json").read_text())["extracts"]
    feed = extract["feed"]
    assert (feed["feed"], feed["organisation_column"], feed["period_column"]) == ("stays", "practice_code", "period")
    told = {name: column["sensitivity"] for name, column in feed["columns"].items()}
    assert told["nhs_number"] == "identifying" and told["practice_code"] == told["period"] == "public"
    assert told["sex_as_told"] == "sensitive"
    assert any("--public" in note and "sex_as_told" in note for note in extract["notes"])


def test_values_are_written_only_of_columns_that_somebody_calls_public(stays: Path, tmp_path: Path) -> None:
    secrets = ["SECRETIVE", "A81001", nhs_number(0), nhs_number(5), "P000001"]
    for options in ((), ("--sample", "300"), ("--confidence", "0")):
        proposed(stays, tmp_path, *options)
        told = (tmp_path / "proposals.json").read_text()
        assert not [secret for secret in secrets if secret in told], options
        shown = dq_here(tmp_path, "suggest", str(stays), *options)
        assert not [secret for secret in secrets if secret in shown.stdout + shown.stderr], options
    rules = proposed(stays, tmp_path, "--public", "s*", "--public", "nhs_number", "--public", "nights")
    assert rules["sex_as_told_known"]["kwargs"]["value_set"] == ["FEMALE", "MALE", "SECRETIVE"]
    assert "of which 3 made the rule" in rules["sex_as_told_known"]["reason"]
    assert rules["nights_in_known_range"]["kwargs"] == {"column": "nights", "min_value": 0, "max_value": 60}
    (extract,) = json.loads((tmp_path / "proposals.json").read_text())["extracts"]
    assert extract["feed"]["columns"]["nhs_number"]["sensitivity"] == "identifying", "whatever somebody says"


def test_values_that_are_nhs_numbers_are_never_listed(tmp_path: Path) -> None:
    numbers = [nhs_number(place) for place in range(5)]
    with duckdb.connect() as connection:
        listed = ", ".join(f"('{number}')" for number in numbers * 100)
        connection.execute(f"COPY (FROM (VALUES {listed}) t(who)) TO '{tmp_path}/few.parquet' (FORMAT parquet)")
    proposed(tmp_path / "few.parquet", tmp_path, "--public", "*")
    told = (tmp_path / "proposals.json").read_text()
    assert "who_is_nhs_number" in told and not any(number in told for number in numbers)


def test_a_column_that_is_not_there_cannot_be_public(stays: Path, tmp_path: Path) -> None:
    done = dq_here(tmp_path, "suggest", str(stays), "--public", "practise_code")
    assert done.returncode == 2
    assert '--public practise_code: no column is called so; did you mean "practice_code"?' in done.stderr


def test_nothing_is_a_suite_until_a_person_decided(stays: Path, tmp_path: Path) -> None:
    rules = proposed(stays, tmp_path)
    done = dq_here(tmp_path, "suggest", "--apply", "proposals.json", "--output", "suite.json")
    assert done.returncode == 2 and f"nobody decided about {len(rules)} proposals" in done.stderr
    assert not (tmp_path / "suite.json").exists()
    answers = "y\nn\nwhat?\ni\n" + "n\n" * 3
    stopped = answered(tmp_path, answers)
    assert "2 accepted" in stopped.stderr and f"{len(rules) - 6} to decide" in stopped.stderr
    kept = json.loads((tmp_path / "proposals.json").read_text())["extracts"][0]["proposals"]
    assert [one["accepted"] for one in kept[:7]] == [True, False, True, False, False, False, None]
    assert kept[2]["severity"] == "info"
    resumed = answered(tmp_path, "n\n" * (len(rules) - 6))
    assert "2 accepted, 0 to decide" in resumed.stderr
    done = dq_here(tmp_path, "suggest", "--apply", "proposals.json", "--output", "suite.json")
    assert done.returncode == 0, done.stderr
    suite = json.loads((tmp_path / "suite.json").read_text())
    assert len(suite["expectations"]) == 2
    assert suite["meta"]["dq_suggest"]["accepted"] == {"a person": 2}
    assert "Proposed by dq suggest from 600 rows of stays_2024.parquet on 20" in suite["expectations"][1]["notes"]


def answered(folder: Path, answers: str) -> subprocess.CompletedProcess[str]:
    """``dq suggest --review`` with answers as somebody types them, who then goes away."""
    import sys

    words = [sys.executable, "-m", "dq_engine", "suggest", "--review", "proposals.json"]
    return subprocess.run(words, cwd=folder, input=answers, capture_output=True, text=True, timeout=60, check=False)


def test_what_is_accepted_by_rule_says_so_and_the_suite_passes_on_its_own_extract(
    stays: Path, tmp_path: Path, worker: WorkerProcess
) -> None:
    rules = proposed(stays, tmp_path, "--accept", "confidence>=0.995")
    assert {one["accepted_by"] for one in rules.values()} == {None, "confidence>=0.995"}
    assert all(one["confidence"] >= 0.995 for one in rules.values() if one["accepted"])
    done = dq_here(tmp_path, "suggest", "--apply", "proposals.json", "--output", "suite.json", "--accept", "all")
    assert done.returncode == 0, done.stderr
    suite = json.loads((tmp_path / "suite.json").read_text())
    who = suite["meta"]["dq_suggest"]["accepted"]
    assert set(who) == {"the rule confidence>=0.995, not by a person", "the rule all, not by a person"}
    assert dq_here(tmp_path, "lint", "suite.json").returncode == 0
    run = check(str(stays), suite, worker=worker)
    assert [outcome.check for outcome in run.outcomes if outcome.status != "pass"] == []
    assert "period_present" in [outcome.check for outcome in run.outcomes]


def test_a_suite_that_is_there_gets_only_what_it_has_not(stays: Path, tmp_path: Path) -> None:
    own = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "period"}, "meta": {"dq": {"rule": "stay_unique"}}}
    (tmp_path / "own.json").write_text(json.dumps({"name": "stays", "expectations": [own], "meta": {"team": "ours"}}))
    rules = proposed(stays, tmp_path, "--suite", "own.json", "--accept", "all")
    assert "period_present" not in rules
    done = dq_here(tmp_path, "suggest", "--apply", "proposals.json", "--suite", "own.json", "--output", "more.json")
    assert done.returncode == 0, done.stderr
    merged = json.loads((tmp_path / "more.json").read_text())
    assert merged["expectations"][0] == own and merged["meta"]["team"] == "ours"
    assert len(merged["expectations"]) == 1 + len(rules)
    assert "stay_unique_2" in [one["meta"]["dq"]["rule"] for one in merged["expectations"]]
    assert dq_here(tmp_path, "lint", "more.json").returncode == 0


def test_every_fault_of_a_file_of_proposals_is_told_with_its_place(stays: Path, tmp_path: Path) -> None:
    proposed(stays, tmp_path, "--accept", "all")
    document = json.loads((tmp_path / "proposals.json").read_text())
    one, two, three = document["extracts"][0]["proposals"][:3]
    one["accepted"] = "yes"
    two["kwargs"] = {"min_valu": 1}
    three["acepted"] = True
    (tmp_path / "proposals.json").write_text(json.dumps(document))
    done = dq_here(tmp_path, "suggest", "--apply", "proposals.json", "--output", "suite.json")
    assert done.returncode == 2
    assert "proposals.json: $.extracts[0].proposals[0].accepted: expected true or false" in done.stderr
    assert (
        'proposals.json: $.extracts[0].proposals[1].kwargs.min_valu: unknown argument; did you mean "min_value"?' in done.stderr
    )
    assert "proposals.json: $.extracts[0].proposals[2]" in done.stderr
    for text, says in (("[]", "is no file of proposals"), ('{"expectations": []}', "is a suite"), ("{", "is not JSON")):
        (tmp_path / "proposals.json").write_text(text)
        assert says in dq_here(tmp_path, "suggest", "--review", "proposals.json").stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "say one of these"),
        (("x.parquet", "--review", "y"), "say one of these"),
        (("x.parquet", "--all", "--sample", "5"), "contradict each other"),
        (("x.parquet",), "no such file or folder"),
        (("--apply", "none.json"), "say where to, with --output"),
        (("--apply", "none.json", "-o", "s"), "none.json: cannot be read: no such file"),
        (("x.parquet", "--feed", "My Feed"), 'such as "my_feed"'),
    ],
)
def test_wrong_usage_is_told(arguments: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = dq_here(tmp_path, "suggest", *arguments)
    assert done.returncode == 2 and says in done.stderr


def test_what_is_no_extract_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_text("this is no Parquet")
    for command in ("suggest", "init"):
        done = dq_here(tmp_path, command, "broken.parquet")
        assert done.returncode == 3 and "is not a Parquet file" in done.stderr
    assert not (tmp_path / "dq.toml").exists()


def test_a_sample_says_that_it_is_one_and_keys_are_compared_in_all_rows(stays: Path, tmp_path: Path) -> None:
    rules = proposed(stays, tmp_path, "--sample", "400")
    again = proposed(stays, tmp_path, "--sample", "400")
    assert rules == again, "the same rows are drawn each time"
    nights = rules["nights_not_negative"]
    assert nights["basis"] == "a sample" and 330 < nights["judged"] < 470
    assert f"in a sample of {nights['judged']} of 600 rows" in nights["reason"]
    assert rules["stay_unique"]["basis"] == "all rows" and rules["stay_unique"]["judged"] == 600
    assert rules["period_present"]["judged"] == 600, "the footers know of all rows which values are NULL"


def test_codes_of_one_extract_are_looked_for_in_a_register_among_the_others(tmp_path: Path) -> None:
    files = [str(SAMPLES / f"{name}.parquet") for name in ("practices", "appointments")]
    done = dq_here(tmp_path, "suggest", *files, "--output", "proposals.json", "--quiet", "--accept", "all")
    assert done.returncode == 0, done.stderr
    extracts = {one["extract"]: one for one in json.loads((tmp_path / "proposals.json").read_text())["extracts"]}
    (found,) = [one for one in extracts["appointments"]["proposals"] if one["rule"] == "gp_code_in_practices"]
    assert found["kwargs"]["other_column"] == "organisation_code" and found["exceptions"] > 0
    done = dq_here(tmp_path, "suggest", "--apply", "proposals.json", "--output", "suites")
    assert done.returncode == 0 and sorted(path.name for path in (tmp_path / "suites").iterdir()) == [
        "appointments.json",
        "practices.json",
    ]


# ------------------------------------------------------------------------------------------------------------------ init


def test_init_makes_a_project_that_checks_at_once(stays: Path, tmp_path: Path) -> None:
    shipped = SAMPLES / "allocations.parquet"
    made = dq_here(tmp_path, "init", str(stays), str(shipped), "--quiet")
    assert made.returncode == 0, made.stderr
    assert "next: dq check" in made.stderr and "nobody accepted yet; all are warnings" in made.stderr
    assert [path.name for path in (tmp_path / "suites").iterdir()] == ["stays.json"], "that of allocations comes with dq"
    done = dq_here(tmp_path, "check", "--no-results")
    assert done.returncode == 1, "the samples have defects"
    assert "stays_2024 · 600 rows" in done.stdout and "allocations · 480 rows" in done.stdout
    suite = json.loads((tmp_path / "suites" / "stays.json").read_text())
    assert {one["severity"] for one in suite["expectations"]} == {"warning"}
    assert list(suite["meta"]["dq_suggest"]["accepted"]) == ["nobody: proposed by dq init"]
    assert dq_here(tmp_path, "check", str(stays), "--suite", "suites/stays.json", "--no-results").returncode == 0


def test_init_overwrites_nothing(stays: Path, tmp_path: Path) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "stays.json").write_text("mine")
    made = dq_here(tmp_path, "init", str(stays))
    assert made.returncode == 0 and "is there already, and stays as it is" in made.stderr
    assert (tmp_path / "suites" / "stays.json").read_text() == "mine"
    before = (tmp_path / "dq.toml").read_text()
    again = dq_here(tmp_path, "init", str(stays))
    assert again.returncode == 2 and "nothing is overwritten" in again.stderr
    assert (tmp_path / "dq.toml").read_text() == before


def test_init_without_an_extract_makes_a_project_to_go_on_from(tmp_path: Path) -> None:
    made = dq_here(tmp_path, "init", "--directory", "new")
    assert made.returncode == 0 and (tmp_path / "new" / "dq.toml").is_file()
    done = dq_here(tmp_path / "new", "check")
    assert done.returncode == 2 and "nothing to check" in done.stderr


def test_odd_extracts_have_proposals_or_a_word(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            'COPY (SELECT 1 AS "a b", [1, 2] AS list, {\'x\': 1} AS struct, NULL AS nothing, \'x\' AS "Ünï""c\'ode", TRUE AS yes, '
            "TIMESTAMPTZ '2024-01-01 00:00:00+00' AS zoned, TIME '12:00' AS at, 'x'::BLOB AS blob, 'NaN'::DOUBLE AS nan "
            f"FROM range(50)) TO '{tmp_path}/odd.parquet' (FORMAT parquet)"
        )
        connection.execute(f"COPY (SELECT 1 AS a WHERE FALSE) TO '{tmp_path}/empty.parquet' (FORMAT parquet)")
    for name in ("odd", "empty"):
        rules = proposed(tmp_path / f"{name}.parquet", tmp_path, "--confidence", "0", "--accept", "all")
        assert "columns_as_known" in rules
        assert dq_here(tmp_path, "suggest", "--apply", "proposals.json", "--output", "suite.json").returncode == 0
        done = dq_here(tmp_path, "check", f"{name}.parquet", "--suite", "suite.json", "--no-results")
        assert done.returncode == 0, done.stdout
