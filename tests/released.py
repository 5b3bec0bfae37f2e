"""A small project that can be released, and what the tests of bundles share.

``rows`` lies in folders of partitions, is held against ``known.parquet``, and passes; one rule of a lesser severity fails. Values
of persons, and a value of a partition, are such as can be searched for.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dq_engine import bundle, store
from dq_engine.bundle import Manifest, Statement
from dq_engine.model import Run
from tests.command import dq_here

PEOPLE = ("Persephone", "Zebulon", "Wilhelmina")
PARTITION = "ward-of-persephone"
SUITE: dict[str, Any] = {
    "name": "rows",
    "meta": {"dq": {"feed": "rows"}},
    "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "person"}, "id": "person_there"},
        {
            "type": "expect_column_values_to_exist_in_other_extract",
            "kwargs": {"column": "n", "other": "known", "other_column": "n"},
            "id": "known",
        },
        {
            "type": "expect_column_value_lengths_to_equal",
            "kwargs": {"column": "person", "value": 7},
            "id": "seven",
            "severity": "warning",
        },
    ],
}
CHECK = ("check", "rows", "--suite", "suites/rows.json", "--with", "known=known.parquet", "--quiet")
RUN_FILES = {"run/run.json", "run/measures.parquet", "run/fields.parquet", "run/organisations.parquet"}
FILES = RUN_FILES | {"suites/rows.json", "manifest.json", "attestation.dsse.json"}


def project(folder: Path, *options: str) -> Path:
    """Makes the project in a folder, and checks it."""
    (folder / "suites").mkdir(parents=True)
    (folder / "suites" / "rows.json").write_text(json.dumps(SUITE), encoding="utf-8")
    for place, person in enumerate(PEOPLE):
        ward = folder / "rows" / f"ward={PARTITION if place == 0 else place}"
        ward.mkdir(parents=True)
        pq.write_table(pa.table({"n": [place], "person": [person]}), ward / "part.parquet")
    pq.write_table(pa.table({"n": [0, 1, 2]}), folder / "known.parquet")
    done = dq_here(folder, *CHECK, *options)
    assert done.returncode in (0, 1), done.stderr
    return folder


def stored(folder: Path) -> Path:
    """The directory of the newest run."""
    return store.run_directory(folder / "dq-results")


def rewrite(directory: Path, **changes: Any) -> None:
    """Changes what the record of a stored run says, as if it had been stored so."""
    record = json.loads((directory / "run.json").read_text(encoding="utf-8"))
    (directory / "run.json").write_text(json.dumps(record | changes), encoding="utf-8")
    (directory / "seal.json").unlink(missing_ok=True)


def keys(folder: Path, name: str = "key.pem", *options: str) -> tuple[str, str]:
    """Makes a pair of keys, and gives the paths of the private and the public one."""
    done = dq_here(folder, "keygen", name, *options)
    assert done.returncode == 0, done.stderr
    return name, f"{name}.pub"


def released(folder: Path, *options: str) -> Path:
    """The project, with a bundle in ``bundle`` that is signed with ``key.pem``."""
    project(folder)
    private, _ = keys(folder)
    done = dq_here(folder, "release", "--output", "bundle", "--key", private, "--quiet", *options, deadline=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stderr
    return folder


def copied(folder: Path, to: Path) -> Path:
    """A copy of a bundle, to be spoilt."""
    return Path(shutil.copytree(folder / "bundle", to / "bundle"))


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def envelope_of(folder: Path) -> dict[str, Any]:
    envelope: dict[str, Any] = json.loads((folder / "attestation.dsse.json").read_text(encoding="ascii"))
    return envelope


def manifest_of(folder: Path) -> Manifest:
    return bundle.decode((folder / "manifest.json").read_bytes(), Manifest)


def unsigned(folder: Path, manifest: Manifest, run: Run | None = None, **of_statement: Any) -> None:
    """Puts a manifest into a bundle, and an attestation to it that nobody signed: what a forger without a key can do."""
    import msgspec

    from dq_engine import signing

    raw = bundle.encode(manifest)
    (folder / "manifest.json").write_bytes(raw)
    record = run or store.decode((folder / "run" / "run.json").read_bytes(), "run.json")
    statement = bundle.statement(manifest, bundle.sha256(raw), record)
    statement = msgspec.structs.replace(statement, **of_statement)
    assert isinstance(statement, Statement)
    (folder / "attestation.dsse.json").write_bytes(bundle.encode(signing.sign(bundle.encode(statement), None)))
