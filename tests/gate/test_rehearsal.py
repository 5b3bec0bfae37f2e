"""A release from beginning to end: a world is made, gated, made worse at one practice, waived, released, verified and tampered with."""

import json
from pathlib import Path

import duckdb
import pytest

from tests.command import dq_here
from tests.gate.project import newest

ROOT = Path(__file__).resolve().parents[2]
FEEDS = ("pcgts", "practices", "list_sizes")
PRACTICE = "T90064"


def spoil(path: Path, practice: str) -> None:
    """The practice leaves out every third list size."""
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT * EXCLUDE (file_row_number) REPLACE "
            "(if(org_code = $practice AND file_row_number % 3 = 0, NULL, number_of_patients) AS number_of_patients) "
            f"FROM read_parquet('{path}', file_row_number = true)) TO '{path}.spoilt' (FORMAT parquet)",
            {"practice": practice},
        )
    Path(f"{path}.spoilt").replace(path)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a release manager does, up to the bundle; each step says so if it does not go as expected."""
    folder = tmp_path_factory.mktemp("release")
    made = dq_here(folder, "sample", "world", *(word for feed in FEEDS for word in ("--feed", feed)), "--quiet")
    assert made.returncode == 0, made.stderr
    (folder / "waivers.toml").write_text("")
    extracts = "".join(f'[[extracts]]\npath = "world/{feed}.parquet"\n' for feed in FEEDS)
    required = "".join(f'[[gate.required]]\nfeed = "{feed}"\n' for feed in FEEDS)
    (folder / "dq.toml").write_text(
        f'[dq]\nsuites = ["{ROOT / "expectations"}"]\n{extracts}[gate]\nwaivers = "waivers.toml"\nbaseline = "baseline"\n{required}'
    )

    first = dq_here(folder, "check", "--gate", "--update-baseline")
    assert first.returncode == 0, first.stdout
    assert "The gate is open" in first.stdout

    spoil(folder / "world/list_sizes.parquet", PRACTICE)
    worse = dq_here(folder, "check", "--gate")
    assert worse.returncode == 1, worse.stdout
    gate = newest(folder).gate
    assert gate is not None
    closing = [(found.rule, found.extract, found.check, found.organisation) for found in gate.findings if found.exit_code]
    assert closing == [("baseline", "list_sizes", "patients_present", PRACTICE)], "exactly that is named"
    assert f"patients_present (critical) got worse at {PRACTICE}: from 0 of 87 (0 %) to " in worse.stdout
    refused = dq_here(folder, "release", "--output", "early", "--unsigned")
    assert refused.returncode == 1
    assert not (folder / "early").exists()

    (folder / "waivers.toml").write_text(
        '[[waivers]]\ncheck = "patients_present"\nextract = "list_sizes"\nowner = "J. Smith, IM&T lead"\n'
        f'reason = "Moved to another system; sends again in March."\nexpires = 2099-03-31\norganisations = ["{PRACTICE}"]\n'
    )
    waived = dq_here(folder, "check", "--gate")
    assert waived.returncode == 0, waived.stdout
    assert "waived by J. Smith, IM&T lead until 2099-03-31" in waived.stdout

    assert dq_here(folder, "keygen", "release.pem").returncode == 0
    bundled = dq_here(folder, "release", "--key", "release.pem", "--output", "bundle")
    assert bundled.returncode == 0, bundled.stderr
    return folder


def tampered(content: bytes) -> bytes:
    """The same with one bit of the byte in the middle changed."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def verified(folder: Path, *options: str) -> tuple[int, str]:
    done = dq_here(folder, "verify", "bundle", "--key", "release.pem.pub", *options)
    return done.returncode, done.stdout


def test_the_bundle_and_its_extracts_are_verified(released: Path) -> None:
    code, said = verified(released, "--data", "world")
    assert code == 0, said
    assert f"extracts: {len(FEEDS)} of {len(FEEDS)} files checked" in said
    manifest = json.loads((released / "bundle/manifest.json").read_text())
    assert "J. Smith" in json.dumps(manifest), "a waived failure is waived in the bundle, too"


@pytest.mark.parametrize("name", ["manifest.json", "attestation.dsse.json", "run/run.json", "run/measures.parquet"])
def test_a_changed_byte_is_refused(released: Path, name: str) -> None:
    path = released / "bundle" / name
    before = path.read_bytes()
    try:
        path.write_bytes(tampered(before))
        code, said = verified(released)
        assert code == 1
        assert said.startswith("REFUSED"), said
    finally:
        path.write_bytes(before)
    assert verified(released)[0] == 0


def test_a_changed_extract_is_refused(released: Path) -> None:
    path = released / "world/list_sizes.parquet"
    before = path.read_bytes()
    try:
        path.write_bytes(tampered(before))
        code, said = verified(released, "--data", "world")
        assert code == 1
        assert "list_sizes" in said
    finally:
        path.write_bytes(before)
