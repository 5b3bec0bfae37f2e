"""A bundle with a changed byte is refused, whatever the byte; so is one that lacks something, has more, or comes from elsewhere."""

import itertools
import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dq_engine import bundle, signing, store
from dq_engine.bundle import ATTESTATION, MANIFEST, BundledFile, Envelope, Verification
from dq_engine.errors import StoreError
from dq_engine.verify import LARGEST, verify
from tests.command import dq, dq_here
from tests.released import FILES, copied, envelope_of, keys, manifest_of, released, unsigned


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released project; only to be read."""
    return released(tmp_path_factory.mktemp("verified"))


@pytest.fixture
def spoilt(done: Path, tmp_path: Path) -> Path:
    """A copy of its bundle, to be spoilt, in a folder that has nothing else of the project."""
    return copied(done, tmp_path)


def looked_at(done: Path, folder: Path, *, unsigned: bool = False) -> Verification:
    """The verification with the key of the project, or whoever signed."""
    return verify(folder, [] if unsigned else [signing.public_key(done / "key.pem.pub")], unsigned=unsigned)


def faults(done: Path, folder: Path, *, unsigned: bool = False) -> dict[str, str]:
    """What is wrong with a bundle, by file; nothing is green that has a fault."""
    found = looked_at(done, folder, unsigned=unsigned)
    assert found.verified == (not found.faults)
    return {fault.file: fault.words for fault in found.faults}


# ------------------------------------------------------------------------------------------------------------ what is whole


def test_a_bundle_is_verified_anywhere_without_the_project(done: Path, spoilt: Path) -> None:
    shutil.copy(done / "key.pem.pub", spoilt.parent)
    seen = dq(spoilt.parent, "verify", "bundle", "--key", "key.pem.pub")
    assert (seen.returncode, seen.stderr) == (0, "")
    first, *lines = seen.stdout.splitlines()
    assert first.startswith("WARNED, genuine: passed (nothing failed at critical or above): 2 of 3 checks passed")
    assert f"  signed with key {envelope_of(spoilt)['signatures'][0]['keyid']}" in lines
    assert "  files: 5 of 5 are as they were released" in lines
    assert "  extracts: not checked, 0 of 4 files; --data DIR says where they are" in lines


def test_extracts_are_held_against_the_bundle_if_they_are_there(done: Path, tmp_path: Path) -> None:
    shutil.copytree(done / "rows", tmp_path / "data" / "rows")
    asked = ("verify", str(done / "bundle"), "--key", str(done / "key.pem.pub"), "--data", "data")
    seen = dq_here(tmp_path, *asked)
    assert seen.returncode == 1
    assert seen.stdout == "REFUSED: 1 fault\n  known.parquet: extract: is not there\n"
    shutil.copy(done / "known.parquet", tmp_path)
    seen = dq_here(tmp_path, *asked, "--data", ".")
    assert (seen.returncode, "  extracts: 4 of 4 files checked" in seen.stdout) == (0, True)
    pq.write_table(pa.table({"n": [0, 1, 3]}), tmp_path / "known.parquet")
    seen = dq_here(tmp_path, *asked, "--data", ".")
    assert (seen.returncode, "known.parquet: extract: has changed" in seen.stdout) == (1, True)


def test_the_result_for_machines(done: Path, spoilt: Path) -> None:
    key = ("--key", str(done / "key.pem.pub"), "--format", "json")
    seen = json.loads(dq_here(done, "verify", "bundle", *key, "--data", ".").stdout)
    assert (seen["verified"], seen["signed"], seen["faults"]) == (True, True, [])
    assert (seen["data_files"], seen["data_checked"], seen["manifest"]["run"]["result"]) == (4, 4, "WARNED")
    (spoilt / "suites" / "rows.json").unlink()
    ended = dq_here(spoilt.parent, "verify", "bundle", *key)
    seen = json.loads(ended.stdout)
    assert (ended.returncode, seen["verified"]) == (1, False)
    assert seen["faults"] == [{"file": "suites/rows.json", "words": "is not there"}]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("bundle",), "say whose signature is believed: --key FILE"),
        (("nowhere", "--key", "key.pem.pub"), "nowhere: is not there: a bundle is a folder"),
        (("key.pem", "--key", "key.pem.pub"), "key.pem: is not a folder"),
        (("bundle", "--key", "key.pem"), "key.pem: is a private key: a bundle is verified with the public one"),
        (("bundle", "--key", "known.parquet"), "known.parquet: is not a public key"),
        (("bundle", "--key", "key.pem.pub", "--data", "nowhere"), "nowhere: is no folder"),
    ],
)
def test_what_cannot_be_asked_for(options: tuple[str, ...], says: str, done: Path) -> None:
    ended = dq_here(done, "verify", *options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert says in ended.stderr


# ----------------------------------------------------------------------------------------------------------- changed bytes


def places(name: str, raw: bytes) -> list[int]:
    """Some bytes of a file: its first, its last, some by chance; of the attestation some of each part."""
    chance = random.Random(name)
    found = {0, len(raw) - 1, *(chance.randrange(len(raw)) for _ in range(12))}
    if name == ATTESTATION:
        envelope = json.loads(raw)
        for text in (envelope["payload"], envelope["payloadType"], *envelope["signatures"][0].values()):
            start = raw.index(text.encode())
            found |= {start, start + len(text) - 1, *(start + chance.randrange(len(text)) for _ in range(8))}
    return sorted(found)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_changed_byte_is_refused_and_the_file_named(name: str, done: Path, spoilt: Path) -> None:
    raw = (spoilt / name).read_bytes()
    for place, change in zip(places(name, raw), itertools.cycle((1, 0x20, 0x80)), strict=False):
        changed = bytearray(raw)
        changed[place] ^= change
        (spoilt / name).write_bytes(changed)
        assert list(faults(done, spoilt)) == [name], (place, change)
    ended = dq_here(spoilt.parent, "verify", "bundle", "--key", str(done / "key.pem.pub"))
    assert ended.returncode == 1
    assert ended.stdout.startswith(f"REFUSED: 1 fault\n  {name}: ")
    (spoilt / name).write_bytes(raw)
    assert faults(done, spoilt) == {}


@pytest.mark.parametrize(
    "spell", [lambda raw: raw + b"\n", lambda raw: raw.replace(b": ", b":", 1), lambda raw: b"\xef\xbb\xbf" + raw]
)
def test_an_attestation_that_is_only_spelled_otherwise_is_refused(
    spell: Callable[[bytes], bytes], done: Path, spoilt: Path
) -> None:
    """Base64 and JSON can spell the same in many ways; a changed byte is a changed byte."""
    (spoilt / ATTESTATION).write_bytes(spell((spoilt / ATTESTATION).read_bytes()))
    assert list(faults(done, spoilt)) == [ATTESTATION]


# --------------------------------------------------------------------------------------------------- more, less, others


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_is_gone_is_named(name: str, done: Path, spoilt: Path) -> None:
    (spoilt / name).unlink()
    assert faults(done, spoilt)[name] == "is not there"


def test_what_is_there_besides_is_named_all_at_once(done: Path, spoilt: Path) -> None:
    (spoilt / "suites" / "rows.json").rename(spoilt / "suites" / "other.json")
    (spoilt / "run" / "seal.json").write_text("{}")
    (spoilt / "empty").mkdir()
    (spoilt / ".hidden").write_text("")
    (spoilt / "link").symlink_to("/etc/hostname")
    (spoilt / "folder").symlink_to(spoilt / "run")
    os.mkfifo(spoilt / "pipe")
    (spoilt / os.fsdecode(b"\xff.json")).write_text("")
    assert {name: words.partition(":")[0] for name, words in faults(done, spoilt).items()} == {
        "suites/rows.json": "is not there",
        "suites/other.json": "is not in the manifest",
        "run/seal.json": "is not in the manifest",
        ".hidden": "is not in the manifest",
        "\\xff.json": "is not in the manifest",
        "empty": "is an empty folder that the manifest does not know",
        "link": "is a link",
        "folder": "is a link",
        "pipe": "is no ordinary file",
    }


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_link_to_the_very_file_is_refused(name: str, done: Path, spoilt: Path) -> None:
    (spoilt / name).unlink()
    (spoilt / name).symlink_to(done / "bundle" / name)
    assert name in faults(done, spoilt)


def test_no_part_of_another_bundle_of_the_same_run_will_do(done: Path, spoilt: Path, tmp_path: Path) -> None:
    made = dq_here(done, "release", "-o", str(tmp_path / "other"), "--key", "key.pem", "--scores")
    assert made.returncode == 0, made.stderr
    shutil.copy(tmp_path / "other" / MANIFEST, spoilt)
    assert list(faults(done, spoilt)) == [MANIFEST]
    shutil.copy(tmp_path / "other" / ATTESTATION, spoilt)
    assert faults(done, spoilt) == {"instrument.json": "is not there", "scores.json": "is not there"}


def test_a_bundle_is_believed_only_if_one_of_the_given_keys_signed_it(done: Path, tmp_path: Path) -> None:
    for kind in ("ed25519", "ecdsa"):
        keys(tmp_path, f"{kind}.pem", "--type", kind)
    others = ("--key", "ed25519.pem.pub", "--key", "ecdsa.pem.pub")
    ended = dq_here(tmp_path, "verify", str(done / "bundle"), *others)
    assert ended.returncode == 1
    assert (
        "attestation.dsse.json: is signed with key" in ended.stdout and "which is none of those that were given" in ended.stdout
    )
    assert dq_here(tmp_path, "verify", str(done / "bundle"), *others, "--key", str(done / "key.pem.pub")).returncode == 0


def test_a_key_id_is_no_proof(done: Path, spoilt: Path, tmp_path: Path) -> None:
    """Somebody else signs, and says that it was the key of the project."""
    keys(tmp_path, "forger.pem")
    envelope = bundle.decode((spoilt / ATTESTATION).read_bytes(), Envelope)
    forged = signing.sign(envelope.payload, signing.signer(tmp_path / "forger.pem", None))
    named = msgspec.structs.replace(forged.signatures[0], keyid=envelope.signatures[0].keyid)
    for signatures in ((named,), (*envelope.signatures, *forged.signatures), (envelope.signatures[0],) * 2):
        (spoilt / ATTESTATION).write_bytes(bundle.encode(msgspec.structs.replace(envelope, signatures=signatures)))
        assert list(faults(done, spoilt)) == [ATTESTATION]


# --------------------------------------------------------------------------------------------------------------- unsigned


def test_an_unsigned_bundle_is_verified_only_if_somebody_says_that_it_may_be(done: Path, spoilt: Path) -> None:
    """Also one whose signature was taken away."""
    envelope = envelope_of(spoilt)
    (spoilt / ATTESTATION).write_text(json.dumps(envelope | {"signatures": []}, indent=2) + "\n", encoding="ascii")
    key = ("--key", str(done / "key.pem.pub"))
    ended = dq_here(spoilt.parent, "verify", "bundle", *key)
    assert (ended.returncode, "attestation.dsse.json: is unsigned: anybody can have made it" in ended.stdout) == (1, True)
    ended = dq_here(spoilt.parent, "verify", "bundle", *key, "--allow-unsigned")
    assert (ended.returncode, ended.stdout.startswith("WARNED, unsigned, and whole: ")) == (0, True)
    assert "  signature: none; anybody can have made this bundle" in ended.stdout
    signed = dq_here(done, "verify", "bundle", "--allow-unsigned")
    assert (signed.returncode, "  signature: not checked, as no --key was given" in signed.stdout) == (0, True)
    (spoilt / "run" / "run.json").write_bytes(b"{}")
    assert dq_here(spoilt.parent, "verify", "bundle", "--allow-unsigned").returncode == 1


# ------------------------------------------------------------------------------------- what a forger without a key can write


@pytest.mark.parametrize("path", ["../key.pem", "/etc/hostname", "run/../run/run.json", "run//run.json", "", ".", "a\nb", "a\\b"])
def test_no_path_leads_out_of_the_bundle(path: str, done: Path, spoilt: Path) -> None:
    (spoilt.parent / "key.pem").write_text("x")
    manifest = manifest_of(spoilt)
    unsigned(spoilt, msgspec.structs.replace(manifest, files=(*manifest.files, BundledFile(path, 1, bundle.sha256(b"x")))))
    found = faults(done, spoilt, unsigned=True)
    assert found == {MANIFEST: f"lists a path that leads out of the bundle, or is none: {path!r}"}


def test_a_file_that_is_listed_twice(done: Path, spoilt: Path) -> None:
    manifest = manifest_of(spoilt)
    unsigned(spoilt, msgspec.structs.replace(manifest, files=(*manifest.files, manifest.files[0])))
    assert faults(done, spoilt, unsigned=True)[manifest.files[0].path] == "is listed more than once in the manifest"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
        b'{"payload":' * 100_000,
        b'{"payload": "", "payloadType": "application/vnd.in-toto+json", "signatures": [], "signatures": []}',
        b'{"payload": "", "payloadType": "application/vnd.in-toto+json", "signatures": [], "more": 1}',
        b'{"payload": "%%", "payloadType": "application/vnd.in-toto+json", "signatures": []}',
        b'{\n  "payload": "",\n  "payloadType": "application/vnd.in-toto+json",\n  "signatures": []\n}\n',
        b'{\n  "payload": "e30=",\n  "payloadType": "application/json",\n  "signatures": []\n}\n',
    ],
    ids=[
        "empty",
        "no text",
        "null",
        "deep lists",
        "deep objects",
        "a key twice",
        "a key more",
        "no base64",
        "no payload",
        "type",
    ],
)
@pytest.mark.parametrize("name", [ATTESTATION, MANIFEST])
def test_texts_that_are_no_attestation_and_no_manifest(name: str, text: bytes, done: Path, spoilt: Path) -> None:
    if name == MANIFEST:
        statement = bundle.decode(bundle.decode((spoilt / ATTESTATION).read_bytes(), Envelope).payload, bundle.Statement)
        subject = bundle.ResourceDescriptor(MANIFEST, {"sha256": bundle.sha256(text)})
        spoken = bundle.encode(msgspec.structs.replace(statement, subject=(subject,)))
        (spoilt / ATTESTATION).write_bytes(bundle.encode(signing.sign(spoken, None)))
    (spoilt / name).write_bytes(text)
    assert list(faults(done, spoilt, unsigned=True)) == [name]


def test_a_huge_file_is_refused_before_it_is_read(done: Path, spoilt: Path) -> None:
    with (spoilt / ATTESTATION).open("r+b") as file:
        file.truncate(LARGEST + 1)
    assert "is too large" in faults(done, spoilt)[ATTESTATION]


def rewritten(spoilt: Path, raw: bytes) -> None:
    """Puts another record of the run into a bundle, and lists it rightly."""
    (spoilt / "run" / "run.json").write_bytes(raw)
    manifest = manifest_of(spoilt)
    own = BundledFile("run/run.json", len(raw), bundle.sha256(raw))
    files = tuple(own if file.path == own.path else file for file in manifest.files)
    envelope = bundle.decode((spoilt / ATTESTATION).read_bytes(), Envelope)
    statement = bundle.decode(envelope.payload, bundle.Statement)
    manifest = msgspec.structs.replace(manifest, files=files)
    text = bundle.encode(manifest)
    (spoilt / MANIFEST).write_bytes(text)
    first = bundle.ResourceDescriptor(MANIFEST, {"sha256": bundle.sha256(text)})
    spoken = msgspec.structs.replace(statement, subject=(first, *statement.subject[1:]))
    (spoilt / ATTESTATION).write_bytes(bundle.encode(signing.sign(bundle.encode(spoken), None)))


@pytest.mark.parametrize(
    ("old", "new", "file", "says"),
    [
        ('"verdict": "passed', '"verdict": "all passed', MANIFEST, "says another run.verdict than run/run.json"),
        ('"exit_code": 0', '"exit_code": 1', MANIFEST, "says another run.result than run/run.json"),
        ('"status": "fail"', '"status": "pass"', MANIFEST, "says another run.checks than run/run.json"),
        ('"rows": 3', '"rows": 4', MANIFEST, "says another run.extracts than run/run.json"),
        ('"check": "seven"', '"check": "eight"', ATTESTATION, "says another predicate.warnedTests than the manifest and run"),
        ('"id": "', '"id": "x", "id": "', "run/run.json", "a key stands in it twice"),
        ('"version": 2', '"version": "2"', "run/run.json", "is not the record of a run"),
        ('"parameters": {}', '"parameters": ' + '{"a":' * 5000 + "1" + "}" * 5000, "run/run.json", "nested too deeply"),
    ],
)
def test_a_record_that_says_something_else_than_the_manifest(
    old: str, new: str, file: str, says: str, done: Path, spoilt: Path
) -> None:
    text = (spoilt / "run" / "run.json").read_text(encoding="utf-8")
    assert old in text
    rewritten(spoilt, text.replace(old, new, 1).encode())
    found = looked_at(done, spoilt, unsigned=True).faults
    assert [fault for fault in found if fault.file == file and says in fault.words], found


def changed_manifest(spoilt: Path, **changes: Any) -> None:
    unsigned(spoilt, msgspec.structs.replace(manifest_of(spoilt), **changes))


def test_a_manifest_that_contradicts_itself(done: Path, spoilt: Path) -> None:
    manifest = manifest_of(spoilt)
    (suite,) = manifest.suites
    for changes, says in (
        ({"suites": ()}, "lists other suites than those of run/run.json"),
        ({"suites": (msgspec.structs.replace(suite, path="run/run.json"),)}, "says two things of run/run.json"),
        ({"instrument": bundle.BundledInstrument("a", "1", "suites/rows.json", "0")}, "says two things of suites/rows.json"),
        ({"despite": bundle.Despite("so", "me")}, "says why a run is released that passed"),
        (
            {"files": tuple(f for f in manifest.files if f.path != "run/run.json")},
            "does not list run/run.json, which belongs to a run",
        ),
        ({"files": tuple(f for f in manifest.files if "fields" not in f.path)}, "does not list run/fields.parquet"),
    ):
        changed_manifest(spoilt, **changes)
        found = looked_at(done, spoilt, unsigned=True).faults
        assert [fault for fault in found if fault.file == MANIFEST and says in fault.words], (says, found)
        (spoilt / MANIFEST).write_bytes(bundle.encode(manifest))
    unsigned(spoilt, manifest, subject=(bundle.ResourceDescriptor(MANIFEST, {"sha512": "0"}),))
    assert list(faults(done, spoilt, unsigned=True)) == [MANIFEST]
    unsigned(spoilt, manifest, predicate_type="https://example.org/other")
    assert faults(done, spoilt, unsigned=True) == {ATTESTATION: "says another predicateType than the manifest and run/run.json"}


def test_a_bundle_of_a_later_dq_cannot_be_read(done: Path, spoilt: Path) -> None:
    changed_manifest(spoilt, version=99)
    with pytest.raises(StoreError, match=r"manifest.json: is of another version of dq \(99"):
        verify(spoilt, [], unsigned=True)
    record = json.loads((done / "bundle" / "run" / "run.json").read_bytes())
    shutil.copytree(done / "bundle", spoilt, dirs_exist_ok=True)
    rewritten(spoilt, json.dumps({"version": 99, "id": record["id"]}).encode())
    with pytest.raises(StoreError, match=r"run.json: is the record of another version of dq \(99"):
        verify(spoilt, [], unsigned=True)


def test_nothing_that_steers_a_terminal_is_printed(done: Path, spoilt: Path) -> None:
    run = store.decode((spoilt / "run" / "run.json").read_bytes(), "run.json")
    run = msgspec.structs.replace(run, verdict="\x1b[2Jpassed\u202e")
    (spoilt / "\x1b[31mred").write_text("")
    manifest = msgspec.structs.replace(manifest_of(spoilt), run=bundle.released_run(run))
    unsigned(spoilt, manifest, run)
    for form in ("text", "json"):
        said = dq_here(spoilt.parent, "verify", "bundle", "--allow-unsigned", "--format", form)
        assert said.returncode == 1 and "\x1b" not in said.stdout and "\u202e" not in said.stdout
