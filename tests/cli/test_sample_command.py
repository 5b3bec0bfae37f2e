"""``dq sample``: what it writes is what ``dq check`` can read, and what cannot be done is said."""

from pathlib import Path

from tests.command import dq, dq_here


def test_samples_are_written_and_can_be_checked_as_they_are(tmp_path: Path) -> None:
    made = dq(tmp_path, "sample", "world", "--feed", "pcgts", "--feed", "allocations", "--seed", "3")
    assert made.returncode == 0, made.stderr
    lines = made.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "world/allocations.parquet",
        "world/pcgts.parquet",
        "world/_key/answer_key.parquet",
    ]
    checked = dq_here(tmp_path, "check", "world", "--ignore", "id:*lists*", "--ignore", "id:*practices*", "--no-results")
    assert "allocations" in checked.stdout and "pcgts" in checked.stdout
    assert "answer_key" not in checked.stdout + checked.stderr


def test_quiet_says_nothing(tmp_path: Path) -> None:
    made = dq_here(tmp_path, "sample", "world", "--feed", "allocations", "--quiet")
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")


def test_unknown_feed_is_wrong_usage_and_the_known_ones_are_listed(tmp_path: Path) -> None:
    made = dq_here(tmp_path, "sample", "world", "--feed", "prescribings")
    assert made.returncode == 2
    assert "prescribings" in made.stderr and "allocations" in made.stderr
    assert not (tmp_path / "world").exists()


def test_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "world").write_text("a file")
    made = dq_here(tmp_path, "sample", "world", "--feed", "allocations")
    assert made.returncode == 2
    assert "world" in made.stderr and "Traceback" not in made.stderr


def test_scale_and_periods_below_one_are_wrong_usage(tmp_path: Path) -> None:
    for option in ("--scale", "--periods"):
        assert dq_here(tmp_path, "sample", "world", option, "0").returncode == 2
