"""``dq import``: what it writes, what it says, and the exit codes by which a job knows."""

import json
from pathlib import Path

import pytest

from tests.command import dq, dq_here
from tests.interchange.judged import HERE

PACKAGE = str(HERE / "frictionless" / "datapackage.json")
MANIFEST = str(HERE / "dbt" / "manifest.json")


def test_suites_are_written_and_can_be_used_as_they_are(tmp_path: Path) -> None:
    done = dq(tmp_path, "import", PACKAGE, "-o", "suites")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in tmp_path.rglob("*.json")) == ["list_sizes.json", "practices.json"]
    assert dq_here(tmp_path, "lint", "suites").returncode == 0
    again = dq_here(tmp_path, "import", PACKAGE, "-o", "suites")
    assert again.returncode == 2
    assert "nothing was written" in again.stderr
    assert dq_here(tmp_path, "import", PACKAGE, "-o", "suites", "--force", "--quiet").returncode == 0
    assert str(HERE) not in (tmp_path / "suites" / "practices.json").read_text(), "where the file was is nobody's business"


def test_what_is_lost_is_told_and_ends_with_1(tmp_path: Path) -> None:
    done = dq_here(tmp_path, "import", MANIFEST, "--check")
    assert done.returncode == 1
    assert "list_sizes: 11 of 13 rules carried over\n  not written\n  not carried over (2):" in done.stdout
    assert list(tmp_path.iterdir()) == []
    report = json.loads(dq_here(tmp_path, "import", MANIFEST, "--check", "--format", "json").stdout)
    (suite,) = (one for one in report["files"][0]["suites"] if one["name"] == "list_sizes")
    assert (suite["rules"], suite["carried_over"], suite["complete"]) == (13, 11, False)


def test_one_suite_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"fields": [{"name": "a", "type": "string"}]}')
    assert dq_here(tmp_path, "import", "s.json", "-o", "new.json").returncode == 0
    assert json.loads((tmp_path / "new.json").read_text())["name"] == "s"
    assert dq_here(tmp_path, "import", PACKAGE, "-o", "new.json").returncode == 2


@pytest.mark.parametrize(
    ("text", "more", "why"),
    [
        ('{"a": 1}', [], "is nothing that can be imported: expected a Table Schema or Data Package"),
        ("[1]", [], "got a list"),
        ('{"expectations": [], "name": "x"}', [], "is a suite of Great Expectations"),
        ('{"fields": [], "models": []}', [], "Say which with --from frictionless or --from dbt"),
        ('{"models": []}', ["--from", "odcs"], "is not an Open Data Contract Standard 3 contract"),
        ("a: [", [], "is neither JSON nor YAML"),
    ],
)
def test_what_cannot_be_used_ends_with_2(tmp_path: Path, text: str, more: list[str], why: str) -> None:
    (tmp_path / "f.yml").write_text(text)
    done = dq_here(tmp_path, "import", "f.yml", PACKAGE, "--check", *more)
    assert done.returncode == 2
    assert f"dq: f.yml: {why}" in done.stderr or why in done.stderr


def test_a_place_for_the_suites_is_asked_for(tmp_path: Path) -> None:
    done = dq_here(tmp_path, "import", PACKAGE)
    assert done.returncode == 2
    assert "--output" in done.stderr
    assert dq_here(tmp_path, "import", "absent.yml", "--check").returncode == 2
