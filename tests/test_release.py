"""A bundle is what was checked, whole, signed and nothing else; what did not pass or has changed since is not released."""

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from google.protobuf import json_format
from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult as Predicate
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage

from dq_engine import bundle, store
from dq_engine.model import ExtractRun, Gate, GateFinding, Outcome, Run, SuiteReference, Waiver
from tests.cli.test_score import lacking
from tests.command import dq, dq_here
from tests.released import (
    CHECK,
    FILES,
    PARTITION,
    PEOPLE,
    envelope_of,
    files_in,
    keys,
    manifest_of,
    project,
    released,
    rewrite,
    stored,
)
from tests.scored import write_world


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released project; only to be read."""
    return released(tmp_path_factory.mktemp("released"))


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A project that was checked, with a key, not yet released."""
    project(tmp_path)
    keys(tmp_path)
    return tmp_path


RELEASE = ("release", "--output", "bundle", "--key", "key.pem")


# ---------------------------------------------------------------------------------------------------- what a bundle holds


def test_the_bundle_holds_the_run_and_the_suite_as_they_were(done: Path) -> None:
    made = done / "bundle"
    assert files_in(made) == FILES
    for name in ("run.json", "measures.parquet", "fields.parquet", "organisations.parquet"):
        assert (made / "run" / name).read_bytes() == (stored(done) / name).read_bytes()
    assert (made / "suites" / "rows.json").read_bytes() == (done / "suites" / "rows.json").read_bytes()
    assert files_in(done) & {".bundle"} == set() and not list(done.glob(".*partial"))


def test_the_manifest_says_which_files_which_engine_and_what_came_out(done: Path) -> None:
    manifest, run = manifest_of(done / "bundle"), store.load(stored(done))
    for file in manifest.files:
        content = (done / "bundle" / file.path).read_bytes()
        assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert {file.path for file in manifest.files} == FILES - {"manifest.json", "attestation.dsse.json"}
    assert (manifest.run.id, manifest.run.verdict, manifest.run.exit_code) == (run.id, run.verdict, 0)
    assert manifest.run.engine == run.engine and set(run.engine) == {"dq", "duckdb", "python"}
    assert manifest.run.checks == {"planned": 3, "pass": 2, "fail": 1} and manifest.run.result == "WARNED"
    (extract,) = manifest.run.extracts
    parts = [done / "rows" / f"ward={name}" / "part.parquet" for name in (1, 2, PARTITION)]
    assert [(file.name, file.rows, file.sha256) for file in extract.files] == [
        ("ward=…/part.parquet", 1, hashlib.sha256(part.read_bytes()).hexdigest()) for part in parts
    ]
    (other,) = extract.others
    assert [file.name for file in other.files] == ["known.parquet"]


def test_no_value_and_no_path_of_the_machine_is_in_what_the_release_adds(done: Path) -> None:
    """The record of the run names the files by their paths; nothing else does."""
    added = files_in(done / "bundle") - {"run/run.json"}
    for name in sorted(added):
        content = (done / "bundle" / name).read_bytes()
        if name == "attestation.dsse.json":
            content += base64.b64decode(envelope_of(done / "bundle")["payload"])
        for secret in (*PEOPLE, PARTITION, str(done), str(Path.cwd())):
            assert secret.encode() not in content, name
    record = (done / "bundle" / "run" / "run.json").read_bytes()
    assert not [secret for secret in (*PEOPLE, PARTITION) if secret.encode() in record]


def test_a_bundle_of_a_run_with_shown_values_says_that_it_holds_some(tmp_path: Path) -> None:
    project(tmp_path, "--show-values")
    said = dq_here(tmp_path, "release", "--output", "bundle", "--unsigned")
    assert said.returncode == 0
    assert "the run was made with --show-values: run/run.json holds values of the extracts" in said.stderr
    seen = dq_here(tmp_path, "verify", "bundle", "--allow-unsigned").stdout
    assert "run/run.json holds values of the extracts" in seen


def test_ratings_are_those_of_dq_score_and_the_bundle_can_be_rated_again(tmp_path: Path) -> None:
    write_world(tmp_path)
    keys(tmp_path)
    dq_here(tmp_path, "check", ".", "--fail-on", "never", "--quiet")
    assert dq_here(tmp_path, *RELEASE, "--instrument", "small.json").returncode == 0
    made = tmp_path / "bundle"
    assert files_in(made) >= {"instrument.json", "scores.json", "run/run.json"}
    again = json.loads(
        dq_here(tmp_path, "score", "bundle/run", "--instrument", "bundle/instrument.json", "--format", "json").stdout
    )
    kept = json.loads((made / "scores.json").read_text(encoding="ascii"))
    assert kept["instrument"].pop("path") == "instrument.json" and kept["runs"][0].pop("path") == "run"
    assert str(tmp_path) not in json.dumps(kept)
    again["instrument"].pop("path"), again["runs"][0].pop("path")
    assert kept == again and kept["ratings"]
    seen = dq_here(tmp_path, "verify", "bundle", "--key", "key.pem.pub", "--data", ".")
    assert seen.returncode == 0
    assert "rated by small 1.0.0: modelled ratings" in seen.stdout
    assert "extracts: 2 of 2 files checked" in seen.stdout


def test_extracts_go_with_the_bundle_only_if_somebody_says_so(world: Path) -> None:
    assert dq_here(world, *RELEASE, "--include-extracts").returncode == 0
    made = world / "bundle"
    for path in (*(world / "rows").rglob("*.parquet"), world / "known.parquet"):
        inside = path.relative_to(world / "rows") if path.is_relative_to(world / "rows") else path.name
        assert (made / "extracts" / inside).read_bytes() == path.read_bytes()
    assert made.stat().st_mode & 0o077 == 0
    shutil.rmtree(world / "rows")
    seen = dq_here(world, "verify", "bundle", "--key", "key.pem.pub")
    assert seen.returncode == 0 and "extracts: 4 of 4 files checked" in seen.stdout


def test_the_commands_of_the_readme_release_and_verify_a_project(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"## Releases\n.*?```sh\n(.*?)```", readme, re.DOTALL)
    project(tmp_path)
    (tmp_path / "dq.toml").write_text(
        '[[extracts]]\npath = "rows"\nsuite = "suites/rows.json"\nwith = { known = "known.parquet" }\n', encoding="utf-8"
    )
    (tmp_path / "received").mkdir()
    commands = [command.partition("#")[0].split() for line in block.splitlines() for command in line.split("&&")]
    assert [command[1] for command in commands] == ["keygen", "check", "release", "verify"]
    for command in commands:
        if command[1] == "verify":
            for name in ("rows", "known.parquet"):
                shutil.move(tmp_path / name, tmp_path / "received" / name)
        ended = dq_here(tmp_path, *command[1:])
        assert ended.returncode == 0, ended.stderr
    assert "extracts: 4 of 4 files checked" in ended.stdout


# ------------------------------------------------------------------------------------------------- what others' tools see


def verified_by_cryptography_alone(key: bytes, envelope: dict[str, Any]) -> bytes:
    """The payload, its signature verified as protocol.md of DSSE says, without anything that dq or securesystemslib have."""
    body, kind = base64.b64decode(envelope["payload"], validate=True), envelope["payloadType"].encode()
    encoded = b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(body)).encode(), body])
    (signature,) = (base64.b64decode(one["sig"], validate=True) for one in envelope["signatures"])
    public = serialization.load_pem_public_key(key)
    if isinstance(public, ed25519.Ed25519PublicKey):
        public.verify(signature, encoded)
    elif isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(signature, encoded, ec.ECDSA(hashes.SHA256()))
    else:
        assert isinstance(public, rsa.RSAPublicKey)
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        public.verify(signature, encoded, pss, hashes.SHA256())
    return body


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_the_signature_is_one_of_dsse_by_a_key_of_each_kind(kind: str, world: Path) -> None:
    keys(world, "other.pem", "--type", kind)
    assert dq_here(world, "release", "--output", "bundle", "--key", "other.pem").returncode == 0
    envelope = envelope_of(world / "bundle")
    assert set(envelope) == {"payload", "payloadType", "signatures"}
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    verified_by_cryptography_alone((world / "other.pem.pub").read_bytes(), envelope)
    assert dq_here(world, "verify", "bundle", "--key", "other.pem.pub").returncode == 0


def test_the_payload_is_an_in_toto_statement_about_the_extracts_with_the_predicate_of_test_results(done: Path) -> None:
    body = verified_by_cryptography_alone((done / "key.pem.pub").read_bytes(), envelope_of(done / "bundle"))
    message = json_format.Parse(body, StatementMessage())
    Statement.copy_from_pb(message).validate()
    assert message.predicate_type == "https://in-toto.io/attestation/test-result/v0.1"
    subjects = {subject.name: dict(subject.digest) for subject in message.subject}
    assert len(subjects) == len(message.subject) == 4
    assert set(subjects) == {"manifest.json", "ward=…/part.parquet", "ward=…/part.parquet#2", "ward=…/part.parquet#3"}
    checked = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (done / "rows").rglob("*.parquet")}
    manifest = hashlib.sha256((done / "bundle" / "manifest.json").read_bytes()).hexdigest()
    assert {digest["sha256"] for digest in subjects.values()} == {*checked, manifest}
    predicate = json_format.ParseDict(json.loads(body)["predicate"], Predicate())
    assert predicate.result == "WARNED"
    assert [*predicate.passed_tests] == ["rows/person_there", "rows/known"]
    assert [*predicate.warned_tests] == ["rows/seven"] and not predicate.failed_tests
    assert [one.name for one in predicate.configuration] == ["suites/rows.json", "known.parquet"]
    assert predicate.configuration[0].digest["sha256"] == hashlib.sha256((done / "suites/rows.json").read_bytes()).hexdigest()


# ---------------------------------------------------------------------------------------------------- what is not released


def refused(folder: Path, code: int, *says: str, options: tuple[str, ...] = RELEASE) -> None:
    ended = dq_here(folder, *options)
    assert ended.returncode == code, ended.stderr
    for words in says:
        assert words in ended.stderr, ended.stderr
    assert not (folder / "bundle").exists() and not list(folder.glob(".*partial"))


def test_a_run_that_did_not_pass_is_released_only_with_a_reason_and_a_name(tmp_path: Path) -> None:
    project(tmp_path, "--fail-on", "warning")
    keys(tmp_path)
    refused(tmp_path, 1, "is not released: failed: 1 of 3 checks failed", "--despite-verdict REASON --by NAME")
    refused(tmp_path, 2, "go together", options=(*RELEASE, "--despite-verdict", "we need it"))
    refused(tmp_path, 2, "go together", options=(*RELEASE, "--despite-verdict", "", "--by", "A. Body"))
    made = dq_here(tmp_path, *RELEASE, "--despite-verdict", "we need it", "--by", "A. Body")
    assert made.returncode == 0 and "FAILED" in made.stderr
    statement = json.loads(base64.b64decode(envelope_of(tmp_path / "bundle")["payload"]))
    assert statement["predicate"]["result"] == "FAILED"
    assert statement["predicate"]["failedTests"] == ["rows/seven"]
    assert statement["predicate"]["dqReleasedDespite"] == {"reason": "we need it", "by": "A. Body"}
    seen = dq_here(tmp_path, "verify", "bundle", "--key", "key.pem.pub")
    assert seen.returncode == 1
    assert seen.stdout.startswith("FAILED, genuine: failed: 1 of 3 checks failed")
    assert "released despite that by A. Body: we need it" in seen.stdout
    assert dq_here(tmp_path, "verify", "bundle", "--key", "key.pem.pub", "--allow-failed").returncode == 0


def test_a_project_with_a_gate_releases_what_the_gate_let_through(world: Path) -> None:
    (world / "dq.toml").write_text('[dq]\nresults = "dq-results"\n[gate]\nfail_on = "warning"\n')
    refused(world, 1, "the project has a gate, and did not ask it: dq check --gate does")
    assert dq_here(world, *CHECK, "--gate").returncode == 1
    refused(world, 1, "is not released")
    (world / "dq.toml").write_text('[dq]\nresults = "dq-results"\n[gate]\nfail_on = "critical"\n')
    assert dq_here(world, *CHECK, "--gate").returncode == 0
    assert dq_here(world, *RELEASE).returncode == 0
    gate = manifest_of(world / "bundle").run.gate
    assert gate is not None and gate.words == store.load(stored(world)).verdict


def test_a_run_that_passed_needs_no_excuse(world: Path) -> None:
    refused(world, 2, "the run passed", options=(*RELEASE, "--despite-verdict", "we need it", "--by", "A. Body"))


def test_a_run_without_checksums_cannot_be_released(tmp_path: Path) -> None:
    project(tmp_path, "--no-checksums")
    keys(tmp_path)
    refused(tmp_path, 1, "no checksum says which files were checked (rows): check again without --no-checksums")


def test_what_has_changed_since_the_check_is_named_all_at_once(world: Path) -> None:
    pq.write_table(pa.table({"n": [0, 1, 2, 9]}), world / "known.parquet")
    part = world / "rows" / "ward=1" / "part.parquet"
    raw = bytearray(part.read_bytes())
    raw[len(raw) // 2] ^= 1
    part.write_bytes(raw)
    refused(
        world,
        3,
        "2 of 4 files are not those that were checked",
        "known.parquet: has changed:",
        "ward=…/part.parquet: is none of the 3 files of that name",
    )


def test_an_extract_that_is_gone_or_only_moved(world: Path) -> None:
    (world / "known.parquet").rename(world / "elsewhere.parquet")
    refused(world, 3, "known.parquet: is not there", "--data DIR says where they are")
    (world / "there").mkdir()
    (world / "elsewhere.parquet").rename(world / "there" / "known.parquet")
    shutil.move(world / "rows", world / "there" / "moved")
    assert dq_here(world, *RELEASE, "--data", "there").returncode == 0


def test_a_suite_that_has_changed_is_not_passed_off_as_the_one_that_was_run(world: Path) -> None:
    suite = world / "suites" / "rows.json"
    text = suite.read_text()
    suite.write_text(text + "\n")
    refused(world, 3, "suites/rows.json: the suite has changed since the run: check again")
    suite.unlink()
    refused(world, 3, "suites/rows.json: the suite is not there")
    suite.write_text(text.replace("{", "{\r\n", 1))
    dq_here(world, *CHECK)
    assert dq_here(world, *RELEASE).returncode == 0, "lines that end otherwise are read as lines"
    kept = (world / "bundle" / "suites" / "rows.json").read_bytes()
    assert hashlib.sha256(kept).hexdigest() == store.load(stored(world)).extracts[0].suite.sha256


@pytest.mark.parametrize("name", ["run.json", "measures.parquet"])
def test_a_stored_run_that_was_changed_is_not_released(name: str, world: Path) -> None:
    path = stored(world) / name
    path.write_bytes(
        path.read_bytes().replace(b'"seconds"', b'"seconds" ', 1) if name == "run.json" else path.read_bytes() + b" "
    )
    refused(world, 3, "was changed after it was stored", name)


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--key", "key.pem"), 2, "bundle: is there already"),
        (("--key", "nowhere.pem"), 2, "nowhere.pem: the private key cannot be read: no such file"),
        (("--key", "key.pem.pub"), 2, "key.pem.pub: the file is not a private key that can be used"),
        (("--key", "key.pem", "--unsigned"), 2, "say who signs: --key FILE, or --unsigned if nobody does, not both"),
        ((), 2, "say who signs: --key FILE"),
        (("--key", "key.pem", "--by", "A. Body"), 2, "go together"),
        (("nowhere", "--key", "key.pem"), 2, "nowhere: is not there: check something first"),
    ],
)
def test_what_cannot_be_asked_for(options: tuple[str, ...], code: int, says: str, done: Path) -> None:
    ended = dq_here(done, "release", "--output", "bundle", *options)
    assert (ended.returncode, says in ended.stderr) == (code, True), ended.stderr


def test_a_fault_of_the_instrument_is_told_and_nothing_is_written(world: Path) -> None:
    (world / "wrong.json").write_text("{}")
    refused(world, 2, "wrong.json", options=(*RELEASE, "--instrument", "wrong.json"))


def test_a_folder_that_cannot_be_written_to(done: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = dq_here(done, "release", "--output", str(tmp_path / "file" / "bundle"), "--key", "key.pem")
    assert ended.returncode == 3
    assert "the bundle could not be written" in ended.stderr


def test_without_the_libraries_it_says_how_to_get_them(done: Path, tmp_path: Path) -> None:
    environment, output = lacking(tmp_path, "securesystemslib"), str(tmp_path / "bundle")
    ended = dq(done, "release", "--output", output, "--key", "key.pem", environment=environment)
    assert ended.returncode == 2
    assert 'needs securesystemslib, which is not installed: pip install "dq-engine[release]"' in ended.stderr
    assert dq(done, "release", "--output", output, "--unsigned", environment=environment).returncode == 0


# ------------------------------------------------------------------------------------------------------------------ keys


def test_a_private_key_is_for_its_owner_alone_and_never_replaced(tmp_path: Path) -> None:
    private, public = keys(tmp_path)
    assert (tmp_path / private).stat().st_mode & 0o777 == 0o600
    before = (tmp_path / private).read_bytes()
    again = dq_here(tmp_path, "keygen", private)
    assert again.returncode == 2 and "key.pem, key.pem.pub: is there already; a key is never replaced" in again.stderr
    (tmp_path / private).unlink()
    assert dq_here(tmp_path, "keygen", private).returncode == 2, "the public key of another is in the way"
    assert not (tmp_path / private).exists() and b"PRIVATE" in before and b"PUBLIC" in (tmp_path / public).read_bytes()


def test_a_key_with_a_passphrase(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (world / "passphrase").write_text("xyzzy-plugh\n")
    (world / "wrong").write_text("xyzzy-plough\n")
    made = dq_here(world, "keygen", "locked.pem", "--passphrase-file", "passphrase")
    assert "with a passphrase" in made.stdout and b"ENCRYPTED" in (world / "locked.pem").read_bytes()
    locked = ("release", "--output", "bundle", "--key", "locked.pem")
    refused(world, 2, "locked.pem: the key has a passphrase: say it by --passphrase-file", "DQ_KEY_PASSPHRASE", options=locked)
    for wrong in ("wrong", "empty"):
        (world / "empty").write_text("")
        refused(world, 2, "passphrase", options=(*locked, "--passphrase-file", wrong))
    monkeypatch.setenv("DQ_KEY_PASSPHRASE", "xyzzy-plugh")
    ended = dq_here(world, *locked)
    assert ended.returncode == 0
    for said in (made.stdout, made.stderr, ended.stdout, ended.stderr):
        assert "plugh" not in said
    assert dq_here(world, "verify", "bundle", "--key", "locked.pem.pub").returncode == 0


def test_keys_that_are_of_no_use(world: Path) -> None:
    (world / "none.pem").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    (world / "huge.pem").write_bytes(b"x" * 100_000)
    other = ec.generate_private_key(ec.SECP256K1())
    none = serialization.NoEncryption()
    (world / "other.pem").write_bytes(other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none))
    for name, says in {"none": "is not a private key", "huge": "is too large for", "other": "is not a private key"}.items():
        refused(world, 2, f"{name}.pem: ", says, options=("release", "--output", "bundle", "--key", f"{name}.pem"))


# ------------------------------------------------------------------------------------------------------------ the result


def outcome(check: str, status: str, severity: str = "critical", **more: Any) -> Outcome:
    return Outcome(check, "rows", "expect_x", {}, "x", status, severity, "validity", **more)  # type: ignore[arg-type]


WAIVER = Waiver("waived", "A. Body", "known", "2027-01-01")
ALL = (
    outcome("passed", "pass"),
    outcome("critical", "fail"),
    outcome("warning", "fail", "warning"),
    outcome("waived", "fail", waiver=WAIVER),
    outcome("error", "error"),
    outcome("vacuous", "vacuous"),
    outcome("skipped", "skipped"),
)


def predicate_of(
    outcomes: tuple[Outcome, ...], exit_code: int, fail_on: str = "critical", gate: Gate | None = None
) -> dict[str, Any]:
    """The predicate of a run with these outcomes."""
    extract = ExtractRun(
        "rows", "rows", "", "practice", "primary_care", SuiteReference("s", "s.json", "0"), len(outcomes), outcomes
    )
    run = Run(
        version=2, id="1", started="now", seconds=0.0, engine={}, options={"fail_on": fail_on}, extracts=(extract,),
        planned=len(outcomes), exit_code=exit_code, verdict="so", gate=gate,
    )  # fmt: skip
    manifest = bundle.Manifest(version=1, released="now", released_with={}, run=bundle.released_run(run), suites=(), files=())
    predicate: dict[str, Any] = json.loads(bundle.encode(bundle.statement(manifest, "0", run)))["predicate"]
    return predicate


def test_checks_are_listed_by_what_they_did_to_the_verdict() -> None:
    failed = predicate_of(ALL, 3)
    assert (failed["result"], failed["failedTests"]) == ("FAILED", ["rows/critical", "rows/error"])
    assert failed["warnedTests"] == ["rows/warning", "rows/waived", "rows/vacuous"] and failed["passedTests"] == ["rows/passed"]
    assert predicate_of(ALL, 1, "warning")["failedTests"] == ["rows/critical", "rows/warning", "rows/error"]
    warned = predicate_of(ALL, 0, "never")
    assert (warned["result"], warned["failedTests"]) == ("WARNED", []) and len(warned["warnedTests"]) == 5
    passed = predicate_of((ALL[0], ALL[-1]), 0)
    assert (passed["result"], passed["warnedTests"], passed["passedTests"]) == ("PASSED", [], ["rows/passed"])


def test_where_a_gate_decided_its_findings_say_which_checks_failed() -> None:
    findings = (GateFinding("fail_on", 1, "x", "rows", "warning"), GateFinding("known", 0, "y", "rows", "critical"))
    judged = predicate_of(ALL[:4], 1, gate=Gate(1, "new failures", findings))
    assert judged["failedTests"] == ["rows/warning"]
    assert judged["warnedTests"] == ["rows/critical", "rows/waived"]


def test_names_of_files_are_what_they_do_not_have_in_common() -> None:
    assert bundle.names_of([]) == []
    assert bundle.names_of(["/a/b/x.parquet"]) == ["x.parquet"]
    assert bundle.names_of(["/a/b/2023/x.parquet", "/a/b/2024/x.parquet"]) == ["2023/x.parquet", "2024/x.parquet"]
    assert bundle.names_of(["/a/month=…/x.parquet", "/a/month=…/x.parquet"]) == ["month=…/x.parquet"] * 2


def test_the_run_of_a_later_version_of_dq_is_not_read(world: Path) -> None:
    rewrite(stored(world), version=99)
    refused(world, 3, "as version 99 of a run's record", "upgrade dq")
