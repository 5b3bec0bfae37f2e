"""Extracts at s3:// and https:// are checked as those of this machine are, and what goes wrong there passes nothing."""

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import pytest

import dq_engine
from dq_engine import WorkerProcess, store
from dq_engine.model import ExtractRun, Run
from tests.command import dq_here
from tests.remote.conftest import KEY, SECRET, SECRETS, TOKEN, rows
from tests.remote.servers import BUCKET, S3, Front
from tests.waiting import until


def newest(folder: Path) -> Run:
    return store.load(max((folder / "dq-results").iterdir()))


def judged(extract: ExtractRun) -> dict[str, tuple[str, int | None, int | None]]:
    return {o.check: (o.status, o.unexpected_count, o.element_count) for o in extract.outcomes}


def leaks(folder: Path, *said: str) -> list[str]:
    """What holds one of the secrets: a text, or a file that a command left behind."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in ("credentials", "config")]
    written = {str(path): path.read_bytes().decode("latin-1") for path in files}
    texts = {**written, **{str(place): text for place, text in enumerate(said)}}
    return [name for name, text in texts.items() if any(secret in f"{name} {text}".lower() for secret in SECRETS)]


# ----------------------------------------------------------------------------------------------------- what can be checked

GOOD, BAD = rows("a", "b"), rows("a", None, "c")
PATHS = {
    "file": ("rows.parquet", {"rows.parquet": BAD}),
    "folder": ("", {"rows_1.parquet": GOOD, "deep/rows_2.parquet": BAD, "_tmp/rows_3.parquet": GOOD, "readme.txt": b"?"}),
    "slash": ("deep/", {"deep/rows_2.parquet": BAD}),
    "glob": ("rows*.parquet", {"rows_1.parquet": GOOD, "rows_2.parquet": BAD, "deep/rows_3.parquet": GOOD}),
    "deep glob": ("**/rows_[12].parquet", {"rows_1.parquet": GOOD, "deep/rows_2.parquet": BAD, "deep/rows_3.parquet": GOOD}),
    "partitions": ("rows", {"rows/month=2024-01/a.parquet": GOOD, "rows/month=2024-02/a.parquet": BAD}),
    "brackets": ("rows [1].parquet", {"rows [1].parquet": BAD}),
    "umlaut": ("rows_ä+%25 b.parquet", {"rows_ä+%25 b.parquet": BAD}),
}


def test_what_is_elsewhere_is_checked_as_what_is_here(folder: Path, s3: S3) -> None:
    for case, (_, files) in PATHS.items():
        for name, content in files.items():
            here = folder / case / name
            here.parent.mkdir(parents=True, exist_ok=True)
            here.write_bytes(content)
            s3.put(quote(f"{case}/{name}"), content)
    runs = []
    for start in ("", f"s3://{BUCKET}/"):
        places = [f"{start}{case}/{argument}" for case, (argument, _) in PATHS.items()]
        assert dq_here(folder, "check", *places, "--results", f"results-{len(runs)}").returncode == 1
        runs.append(store.load(next((folder / f"results-{len(runs)}").iterdir())))
    local, remote = runs
    assert len(local.extracts) == len(PATHS) + 1
    assert [e.name for e in local.extracts] == [e.name for e in remote.extracts]
    assert list(map(judged, local.extracts)) == list(map(judged, remote.extracts))
    for mine, theirs in zip(local.extracts, remote.extracts, strict=True):
        assert [f.path.replace(str(folder), f"s3://{BUCKET}") for f in mine.files] == [f.path for f in theirs.files]
        assert [(f.bytes, f.rows, f.sha256) for f in mine.files] == [(f.bytes, f.rows, f.sha256) for f in theirs.files]
        assert {f.etag for f in theirs.files} <= {hashlib.md5(content).hexdigest() for content in (GOOD, BAD)}
        assert [view.replace(str(folder), f"s3://{BUCKET}") for view in mine.views] == list(theirs.views)
    assert any("month=*/*.parquet" in view for extract in remote.extracts for view in extract.views)
    assert "dq-" not in json.dumps([e.problem + "".join(e.views) for e in remote.extracts])


def test_all_that_a_project_names_may_be_elsewhere(folder: Path, s3: S3, front: Front) -> None:
    s3.put("project/1.parquet", GOOD)
    s3.put("project/2.parquet", rows("a"))
    s3.put("project/register.parquet", rows("a"))
    (folder / "here.parquet").write_bytes(rows("b"))
    (folder / "dq.toml").write_text(f"""
        [dq.remote]
        anonymous = true
        [[extracts]]
        name = "others"
        path = ["here.parquet", "s3://{BUCKET}/project/[12].parquet"]
        suite = "expectations/others.json"
        with = {{ known = "s3://{BUCKET}/project/register.parquet" }}
    """)
    done = dq_here(folder, "check")
    assert done.returncode == 1
    assert "downloaded 3 of 3 files" in done.stderr
    (extract,) = newest(folder).extracts
    assert judged(extract)["known"] == ("fail", 2, 4)
    assert extract.rows == 4
    assert [Path(file.path).name for file in extract.files] == ["here.parquet", "1.parquet", "2.parquet"]
    assert [file.path for file in extract.others[0].files] == [f"s3://{BUCKET}/project/register.parquet"]
    assert any(f"s3://{BUCKET}/project/register.parquet" in view for view in extract.views)
    assert not any("Authorization" in headers for headers in front.seen)


def test_another_extract_is_found_beside_one_and_only_what_is_needed_is_downloaded(folder: Path, s3: S3) -> None:
    for name in ("others", "known", "unrelated"):
        s3.put(f"beside/{name}.parquet", GOOD)
    done = dq_here(folder, "check", f"s3://{BUCKET}/beside/others.parquet")
    assert done.returncode == 0
    assert "downloaded 2 of 2 files" in done.stderr
    missing = dq_here(folder, "check", f"s3://{BUCKET}/beside/unknown.parquet", "--suite", "expectations/others.json")
    assert missing.returncode == 2
    assert f"no such file or folder (is it s3://{BUCKET}/beside/known.parquet?)" in missing.stderr


def test_plan_reads_the_footers_of_a_file_elsewhere(folder: Path, s3: S3) -> None:
    s3.put("plan/rows.parquet", GOOD)
    done = dq_here(folder, "plan", "expectations/rows.json", f"s3://{BUCKET}/plan/rows.parquet")
    assert done.returncode == 0
    assert "rows: 2 columns, 2 rows" in done.stdout
    missing = dq_here(folder, "plan", "expectations/rows.json", "s3://no-such-bucket/rows.parquet")
    assert missing.returncode == 3
    assert "s3://no-such-bucket/rows.parquet: there is no such bucket" in missing.stderr


def test_python_checks_what_is_elsewhere_also_where_an_event_loop_runs(folder: Path, s3: S3, worker: WorkerProcess) -> None:
    s3.put("python/rows.parquet", BAD)
    s3.put("python/known.parquet", rows("a"))

    async def cell() -> Run:
        source, others = f"s3://{BUCKET}/python/rows.parquet", {"known": f"s3://{BUCKET}/python/known.parquet"}
        return dq_engine.check(source, folder / "expectations/others.json", others=others, worker=worker)

    (extract,) = asyncio.run(cell()).extracts
    assert judged(extract) == {"there": ("fail", 1, 3), "small": ("fail", 1, 3), "known": ("fail", 1, 3)}


def test_a_file_that_did_not_change_is_downloaded_and_not_scanned_again(folder: Path, s3: S3) -> None:
    s3.put("again/rows.parquet", BAD)
    command = ("check", f"s3://{BUCKET}/again/rows.parquet")
    assert "not scanned again" not in dq_here(folder, *command).stdout
    again = dq_here(folder, *command)
    assert "not scanned again" in again.stdout
    assert "downloaded 1 of 1 files" in again.stderr
    s3.put("again/rows.parquet", rows("a", None, "d"))
    assert "not scanned again" not in dq_here(folder, *command).stdout


def test_names_of_files_are_shown_as_those_of_this_machine_are(folder: Path, s3: S3) -> None:
    s3.put("rows/name=zqxjkv/rows_9434765919.parquet", GOOD)
    done = dq_here(folder, "check", f"s3://{BUCKET}/rows/")
    (extract,) = newest(folder).extracts
    assert [file.path for file in extract.files] == [f"s3://{BUCKET}/rows/name=…/rows_….parquet"]
    assert leaks(folder, done.stdout, done.stderr) == []


def test_a_file_of_a_web_server_is_checked_and_its_signature_told_nowhere(folder: Path, s3: S3, front: Front) -> None:
    s3.put("web/rows.parquet", BAD)
    url = f"{front.url}/{BUCKET}/web/rows.parquet"
    signed = f"{url}?X-Amz-Credential={KEY}&X-Amz-Signature={TOKEN}"
    done = dq_here(folder, "check", signed, "--with", f"known={signed}", "--suite", "expectations/others.json")
    assert done.returncode == 1
    (extract,) = newest(folder).extracts
    assert judged(extract)["known"] == ("pass", 0, 3)
    assert [file.path for file in (*extract.files, *extract.others[0].files)] == [url, url]
    twice = dq_here(folder, "check", signed, f"{signed}0", "--suite", "expectations/rows.json")
    gone = dq_here(folder, "check", signed.replace("rows", "gone"), "--suite", "expectations/rows.json")
    wrong = dq_here(folder, "check", GOOD_PATH, "--with", signed)
    as_suite = dq_here(folder, "check", GOOD_PATH, "--suite", signed)
    assert [d.returncode for d in (twice, gone, wrong, as_suite)] == [2, 2, 2, 2]
    assert leaks(folder, *(d.stdout + d.stderr for d in (done, twice, gone, wrong, as_suite))) == []


# -------------------------------------------------------------------------------------------------------- what is not there

GOOD_PATH = f"s3://{BUCKET}/good/rows.parquet"
WRONG = {
    f"s3://{BUCKET}/nothing/": "no such file or folder",
    f"s3://{BUCKET}/unusable/": "cannot be a file here",
    f"s3://{KEY}:{SECRET}@{BUCKET}/rows.parquet": "holds a name or a password",
    f"s3://{BUCKET}/rows.parquet?X-Amz-Signature={TOKEN}": "has a query",
    "s3://*/rows.parquet": "expected s3://BUCKET/PATH",
    "s3://../rows.parquet": "expected s3://BUCKET/PATH",
    f"s3://{BUCKET}/../../../../{__file__}": "it has a part that cannot be the name of a file",
    f"s3://{BUCKET}/{300 * 'a'}.parquet": "it has a part that cannot be the name of a file",
    f"https://{KEY}@localhost/rows.parquet": "holds a name or a password",
    f"https://localhost/folder/?{TOKEN}": "names no file",
    f"ftp://localhost/rows.parquet?{TOKEN}": "ftp:// is not read",
    f"file:///etc/passwd#{TOKEN}": "file:// is not read",
}


def test_what_is_not_there_or_cannot_be_meant_is_wrong_usage(folder: Path, s3: S3) -> None:
    s3.put("unusable/a//rows.parquet", GOOD)
    s3.put("good/rows.parquet", GOOD)
    done = dq_here(folder, "check", *WRONG, GOOD_PATH, "--suite", "expectations/rows.json")
    assert done.returncode == 2
    for words in WRONG.values():
        assert words in done.stderr
    assert leaks(folder, done.stdout, done.stderr) == []


@pytest.mark.parametrize("path", ["nothing*.parquet", "text/"])
def test_a_pattern_or_a_folder_without_parquet_is_nothing_to_check(path: str, folder: Path, s3: S3) -> None:
    s3.put("text/readme.txt", b"?")
    done = dq_here(folder, "check", f"s3://{BUCKET}/{path}")
    assert done.returncode == 4
    assert ("no file matches" if "*" in path else "the folder holds no Parquet file") in done.stderr


# --------------------------------------------------------------------------------------------------------- what goes wrong

FAULTS = {
    "refused/403-AccessDenied": "access is denied",
    "refused/403-InvalidAccessKeyId": "the server does not know the access key",
    "refused/403-SignatureDoesNotMatch": "the secret key does not fit the access key",
    "refused/400-ExpiredToken": "the session token is not valid any more",
    "refused/301-PermanentRedirect": "is in another region",
    "refused/400-Echo": "the server refuses the request",
    "cut": "the connection broke off (4 tries)",
    "short": "was cut off",
    "long": "changed while it was being downloaded",
    "wrong": "its bytes do not have the checksum that the server gives for them (4 tries)",
    "changing": "changed while it was being downloaded",
    "hanging": "took longer than the time limit allows",
    "huge": "are missing: set TMPDIR to a folder on a larger disk",
}


def test_what_goes_wrong_elsewhere_is_an_error_of_that_extract_alone(folder: Path, s3: S3) -> None:
    s3.put("good/rows.parquet", GOOD)
    for fault in [*FAULTS, "busy"]:
        s3.put(f"{fault}/rows.parquet", GOOD)
    paths = {fault: f"s3://{BUCKET}/{fault}/rows.parquet" for fault in FAULTS if fault != "huge"}
    busy = f"s3://{BUCKET}/busy/rows.parquet"
    done = dq_here(folder, "check", *paths.values(), busy, GOOD_PATH, "s3://no-such-bucket/rows/", "--timeout", "9")
    assert done.returncode == 3
    assert "failed tries" in done.stderr
    problems = {extract.problem.partition(": ")[0]: extract.problem for extract in newest(folder).extracts}
    for fault, path in paths.items():
        assert FAULTS[fault] in problems[path], fault
    assert "there is no such bucket" in problems["s3://no-such-bucket/rows/"]
    statuses = {extract.name: {o.status for o in extract.outcomes} for extract in newest(folder).extracts}
    assert statuses.pop("good/rows") == statuses.pop("busy/rows") == {"pass"}
    assert set(map(frozenset, statuses.values())) == {frozenset({"error"})}
    assert leaks(folder, done.stdout, done.stderr) == []


def test_a_download_for_which_there_is_no_room_is_not_begun(folder: Path, s3: S3) -> None:
    s3.put("huge/rows.parquet", GOOD)
    done = dq_here(folder, "check", f"s3://{BUCKET}/huge/rows.parquet")
    assert done.returncode == 3
    assert "have 1000.0 TB" in done.stdout
    assert FAULTS["huge"] in done.stdout


def test_another_extract_that_cannot_be_had_costs_only_the_checks_that_need_it(folder: Path, s3: S3) -> None:
    s3.put("lacking/others.parquet", GOOD)
    s3.put("cut/known.parquet", GOOD)
    for known, words in {"no-such-bucket": "there is no such bucket", f"{BUCKET}/cut": "the connection broke off"}.items():
        done = dq_here(folder, "check", f"s3://{BUCKET}/lacking/others.parquet", "--with", f"known=s3://{known}/known.parquet")
        assert done.returncode == 3
        assert f'the extract "known" cannot be read: s3://{known}/known.parquet: {words}' in done.stdout
        assert [o.status for o in newest(folder).extracts[0].outcomes] == ["pass", "pass", "error"]


@pytest.mark.parametrize("endpoint", ["dying", "password", "nonsense"])
def test_a_server_that_cannot_be_reached_is_an_error(
    endpoint: str, folder: Path, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put("dying/rows.parquet", GOOD)
    with Front(s3) as dying:
        urls = {"dying": dying.url, "password": f"http://{KEY}:{TOKEN}@127.0.0.1:1"}
        monkeypatch.setenv("AWS_ENDPOINT_URL", urls.get(endpoint, f"http://{KEY}:{TOKEN}@[:"))
        done = dq_here(folder, "check", f"s3://{BUCKET}/dying/rows.parquet")
    assert done.returncode == 3
    assert (
        "not valid: look at AWS_ENDPOINT_URL" if endpoint == "nonsense" else "the server cannot be reached (4 tries)"
    ) in done.stdout
    assert leaks(folder, done.stdout, done.stderr) == []


# ------------------------------------------------------------------------------------------------------------- credentials


@pytest.mark.parametrize("where", ["profile", "no such profile", "nowhere"])
def test_credentials_are_found_as_those_of_aws_are(
    where: str, folder: Path, s3: S3, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put("good/rows.parquet", GOOD)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    (folder / "credentials").write_text(f"[{TOKEN}]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    if where != "nowhere":
        monkeypatch.setenv("AWS_PROFILE", TOKEN if where == "profile" else f"{TOKEN}-2")
    done = dq_here(folder, "check", GOOD_PATH)
    words = {
        "profile": "passed: 2 of 2",
        "no such profile": "there is no such profile as AWS_PROFILE names",
        "nowhere": "no credentials were found: set AWS_PROFILE",
    }
    assert done.returncode == (0 if where == "profile" else 3)
    assert words[where] in done.stdout
    assert any(KEY in headers.get("Authorization", "") for headers in front.seen) == (where == "profile")
    assert leaks(folder, done.stdout, done.stderr) == []


def test_neither_tracebacks_nor_logs_of_libraries_tell_secrets(folder: Path, s3: S3) -> None:
    s3.put("good/rows.parquet", GOOD)
    s3.put("refused/403-InvalidAccessKeyId/rows.parquet", GOOD)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "dq_engine",
            "check",
            GOOD_PATH,
            f"s3://{BUCKET}/refused/403-InvalidAccessKeyId/rows.parquet",
        ],
        cwd=folder,
        env={**os.environ, "DQ_TRACEBACK": "1", "S3FS_LOGGING_LEVEL": "DEBUG"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 3
    assert "the server does not know the access key" in done.stdout
    assert "Traceback" not in done.stderr
    assert leaks(folder, done.stdout, done.stderr) == []


def test_the_process_that_runs_sql_of_suites_gets_no_credentials(folder: Path) -> None:
    with WorkerProcess() as worker:
        environment = Path(f"/proc/{worker.pid}/environ").read_text(encoding="latin-1")
    assert "AWS_" not in environment
    assert "PATH=" in environment


# ---------------------------------------------------------------------------------------------------------- what is left


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_was_downloaded_goes_with_the_command(number: int, folder: Path, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put("hanging/rows.parquet", b"?" * 100_000)
    temporary = folder / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-m", "dq_engine", "check", f"s3://{BUCKET}/hanging/rows.parquet"]
    with subprocess.Popen(command, cwd=folder, env={**os.environ, "TMPDIR": str(temporary)}, stderr=subprocess.PIPE) as process:
        staged = until(lambda: [path for path in temporary.rglob("rows.parquet") if path.stat().st_size])
        (private,) = temporary.iterdir()
        assert private.stat().st_mode & 0o777 == 0o700
        assert all(private in path.parents for path in staged)
        process.send_signal(number)
        process.wait(60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    until(lambda: not list(temporary.iterdir()))


def test_nothing_of_a_run_stays_in_the_folder_for_temporary_files(folder: Path, s3: S3, worker: WorkerProcess) -> None:
    s3.put("good/rows.parquet", GOOD)
    before = set(worker.directory.iterdir()) if worker.directory.exists() else set()
    dq_engine.check(GOOD_PATH, folder / "expectations/rows.json", worker=worker)
    assert {path.name for path in set(worker.directory.iterdir()) - before} <= {"spill", "links"}
    assert not list(Path(tempfile.gettempdir()).glob("s3"))
