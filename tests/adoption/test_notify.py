"""Webhooks, sent to real servers: what they are told, and what becomes of a run that nobody can be told of."""

import hashlib
import hmac
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dq_engine import config
from dq_engine.errors import ConfigError
from tests.command import dq_here

from .servers import close, serving, status

HOSTILE = "<!channel> @everyone [x](http://evil.example) **b** & <at>all</at>"
VALUE = "7654321"
"""A value of the data, in columns that are not public."""
CODE = {0: "good.parquet", 1: "bad.parquet", 3: "torn.parquet", 4: "none.parquet"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    rules = [
        {
            "type": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "code", "value_set": ["A"]},
            "meta": {"dq": {"rule": "known"}},
        },
        {
            "type": "expect_column_max_to_be_between",
            "kwargs": {"column": "n", "max_value": 5},
            "description": f"Says {HOSTILE}",
        },
    ]
    suite = {"name": "lists", "meta": {"dq": {"feed": "lists"}}, "expectations": rules}
    (tmp_path / "suite.json").write_text(json.dumps(suite), encoding="utf-8")
    for name, rows in {"good": "('A', 1)", "bad": f"('A', 1), ('{VALUE}', {VALUE})"}.items():
        duckdb.sql(f"SELECT * FROM (VALUES {rows}) t(code, n)").write_parquet(str(tmp_path / f"{name}.parquet"))
    duckdb.sql("SELECT 'A' AS code, 1 AS n LIMIT 0").write_parquet(str(tmp_path / "none.parquet"))
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 no extract")
    return tmp_path


def notify(project: Path, *tables: dict[str, Any]) -> None:
    lines = ["[[notify]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in table.items()) for table in tables]
    (project / "dq.toml").write_text("\n".join(lines), encoding="utf-8")


def check(project: Path, file: str = "bad.parquet", *more: str) -> tuple[int, str]:
    done = dq_here(project, "check", file, "--suite", "suite.json", "--quiet", *more)
    return done.returncode, done.stderr


# -------------------------------------------------------------------------------------------------------------- what is told


def test_programs_get_the_verdict_the_counts_and_the_failures_signed_and_no_value(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DQ_WEBHOOK_SECRET", "s3cret")
    with serving(204) as server:
        monkeypatch.setenv("DQ_WEBHOOK", f"{server.url}/hooks/T0K3N?key=QU3RY")
        notify(project, {"url_env": "DQ_WEBHOOK", "secret_env": "DQ_WEBHOOK_SECRET"})
        assert check(project, "bad.parquet", "--show-values") == (1, "")
    (request,) = server.requests
    told = json.loads(request.body)
    (run,) = (project / "dq-results").iterdir()
    assert request.path == "/hooks/T0K3N?key=QU3RY"
    assert request.headers["x-dq-signature-256"] == "sha256=" + hmac.new(b"s3cret", request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-dq-run"] == told["run"] == run.name
    assert (told["result"], told["exit_code"]) == ("failed", 1)
    assert told["verdict"] == json.loads((run / "run.json").read_bytes())["verdict"]
    assert told["checks"] == {"error": 0, "fail": 2, "vacuous": 0, "waived": 0, "skipped": 0, "pass": 0}
    assert told["extracts"] == [{"name": "bad", "feed": "lists", "rows": 2}]
    first = told["problems"][0]
    assert (first["check"], first["decides"], first["found"]) == ("known", True, "1 of 2 (50 %) rows")
    assert VALUE in (run / "run.json").read_text(encoding="utf-8"), "the run has it, as was asked for"
    assert not re.search(rb"7,?654,?321", request.body)
    stored = "".join(path.read_text(errors="ignore") for path in run.iterdir())
    assert not re.search("T0K3N|QU3RY|s3cret", stored)


@pytest.mark.parametrize("code", CODE)
def test_each_end_of_a_run_is_told_to_those_who_want_it(code: int, project: Path) -> None:
    ends = {0: "passed", 1: "failed", 3: "error", 4: "unchecked"}
    with serving(200) as server:
        wanted = [{"url": f"{server.url}/{end}", "on": [end]} for end in ends.values()]
        notify(project, {"url": f"{server.url}/default"}, *wanted)
        assert check(project, CODE[code])[0] == code
    assert [request.path for request in server.requests] == [*(["/default"] if code else []), f"/{ends[code]}"]
    assert json.loads(server.requests[-1].body)["result"] == ends[code]
    assert code == 0 or json.loads(server.requests[-1].body)["problems"][0]["decides"]


def test_nobody_hears_that_a_run_passed_if_the_command_did_not(project: Path) -> None:
    (project / "file").touch()
    with serving(200) as server:
        notify(project, {"url": server.url})
        assert check(project, "good.parquet", "--format", "json", "--output", "file/run.json")[0] == 3
    (told,) = (json.loads(request.body) for request in server.requests)
    assert (told["result"], told["exit_code"]) == ("error", 3)
    assert "the results could not be written" in told["verdict"]


def test_a_run_that_is_not_stored_is_told_to_nobody(project: Path) -> None:
    with serving(200) as server:
        notify(project, {"url": server.url})
        assert check(project, "bad.parquet", "--no-results") == (1, "")
    assert server.requests == []


def test_nothing_that_others_wrote_means_anything_to_slack_or_teams(project: Path) -> None:
    with serving(200) as server:
        notify(project, {"url": server.url, "format": "slack"}, {"url": server.url, "format": "teams"})
        assert check(project)[0] == 1
    slack, teams = (json.loads(request.body) for request in server.requests)
    assert set(slack) == {"text", "mrkdwn", "unfurl_links", "unfurl_media", "blocks"}
    texts = [block["text"] for block in slack["blocks"]]
    assert {text["type"] for text in texts} == {"plain_text"}
    assert not any(re.search("[<>]|&(?!amp;|lt;|gt;)", text["text"]) for text in [*texts, slack])
    assert any("Says &lt;!channel&gt;" in text["text"] for text in texts)
    (attachment,) = teams["attachments"]
    assert (teams["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    runs = [run for block in attachment["content"]["body"] for run in block["inlines"]]
    assert {run["type"] for run in runs} == {"TextRun"}, "in which no Markdown is read"
    assert "entities" not in json.dumps(teams), "without which <at> mentions nobody"
    assert any(f"Says {HOSTILE}" in run["text"] for run in runs)
    assert all(VALUE.encode() not in request.body for request in server.requests)


# ---------------------------------------------------------------------------------------------------------- what goes wrong


def test_a_server_that_is_busy_is_asked_again(project: Path) -> None:
    with serving(503, close, 200) as server:
        notify(project, {"url": server.url, "required": True})
        assert check(project) == (1, "")
    assert len(server.requests) == 3
    assert len({request.body for request in server.requests}) == 1


@pytest.mark.parametrize("code", [302, 307])
def test_a_redirect_is_not_followed(code: int, project: Path) -> None:
    with serving(200) as elsewhere, serving(status(code, Location=f"{elsewhere.url}/stolen")) as server:
        notify(project, {"url": f"{server.url}/T0K3N", "required": True})
        ended, said = check(project)
    assert (ended, elsewhere.requests, len(server.requests)) == (3, [], 1)
    assert said == f"dq: notify[0] at 127.0.0.1 was not told: the answer was {code} (redirects are not followed)\n"


@pytest.mark.parametrize("required", [True, False])
def test_a_server_that_refuses_is_named_by_its_host_alone(project: Path, *, required: bool) -> None:
    with serving(403) as server:
        notify(project, {"url": f"{server.url}/T0K3N?key=QU3RY", "required": required})
        code, said = check(project)
    assert code == (3 if required else 1)
    assert said == "dq: notify[0] at 127.0.0.1 was not told: the answer was 403\n"
    assert len(server.requests) == 1


def test_a_server_that_hangs_or_dribbles_is_given_up_in_time(project: Path) -> None:
    ended = threading.Event()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        ended.wait(20)

    def dribble(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not ended.wait(0.05):
            handler.wfile.write(b"X-More: 1\r\n")

    with serving(hang, dribble) as server:
        notify(project, *[{"url": f"{server.url}/T0K3N", "timeout": 0.3}] * 2)
        before = time.monotonic()
        code, said = check(project)
        ended.set()
    assert time.monotonic() - before < 10
    assert (code, said.count("no answer in 0.3 s")) == (1, 2)


def test_nobody_there(project: Path) -> None:
    with serving(200) as server:
        pass
    notify(project, {"url": f"{server.url}/T0K3N"})
    assert check(project) == (1, "dq: notify[0] at 127.0.0.1 was not told: no answer (ConnectionRefusedError)\n")


def test_a_variable_that_is_not_set_is_said_before_any_work_if_it_matters(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DQ_WEBHOOK", raising=False)
    notify(project, {"url_env": "DQ_WEBHOOK", "required": True})
    assert check(project) == (2, "dq: notify[0] is required, but the environment variable DQ_WEBHOOK is not set\n")
    assert not (project / "dq-results").exists()
    notify(project, {"url_env": "DQ_WEBHOOK"})
    assert check(project) == (1, "dq: notify[0] was not told: the environment variable DQ_WEBHOOK is not set\n")
    monkeypatch.setenv("DQ_WEBHOOK", "https://user:T0K3N@example.org/")
    assert "T0K3N" not in check(project)[1]


def test_every_fault_of_the_tables_is_said_and_no_address_is_repeated(tmp_path: Path) -> None:
    tables = {
        'on = ["never"]\nurl = "https://example.org/T0K3N"': "notify[0].on[0]: ",
        "timeout = 5": "notify[1]: expected either url or url_env",
        'url = "http://example.org/T0K3N"': "notify[2].url: is not encrypted",
        'url = "https://a:T0K3N@example.org/"': "notify[3].url: holds a name or a password",
        'url = "file:///T0K3N"': "notify[4].url: is not an address",
        'url = "https://[T0K3N"': "notify[5].url: is not an address",
        'url = "https://example.org:T0K3N"': "notify[6].url: is not an address",
        'urll = "https://example.org/T0K3N"': "notify[7].urll: unknown setting",
        'url = "https://example.org/T0K3N\\nX-Y: 1"': "notify[8].url: is not an address",
        'url = ["https://example.org/T0K3N"]': "notify[9].url: ",
        'format = "xml"\nurl_env = "X"': "notify[10].format: ",
    }
    with pytest.raises(ConfigError) as refused:
        config.parse("\n".join(f"[[notify]]\n{table}" for table in tables), tmp_path / "dq.toml")
    assert [fault for fault in tables.values() if fault not in str(refused.value)] == []
    assert "T0K3N" not in str(refused.value)
    with pytest.raises(ConfigError, match=r"expected \[\[notify\]\], with two brackets"):
        config.parse('[notify]\nurl = "https://example.org/T0K3N"', tmp_path / "dq.toml")
    (loopback,) = config.parse('[[notify]]\nurl = "http://[::1]:8000/"', tmp_path / "dq.toml").notify
    assert loopback.on == ("failed", "error", "unchecked")
