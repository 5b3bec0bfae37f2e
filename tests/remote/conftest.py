"""Extracts at an S3 server of this machine, and secrets that nothing may repeat."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.remote import servers

KEY, SECRET, TOKEN = "AKIAZQXJKVWPFHGT0001", "zqxjkv/SECRET/wpfhgt+0002", "zqxjkvTOKENwpfhgt0003"
SECRETS = ("zqxjkv", "wpfhgt")
"""What is in all secrets of the tests, in lower case."""
RULES = [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "code"}, "id": "there"},
    {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "n", "max_value": 2},
        "id": "small",
        "severity": "warning",
    },
]
KNOWN = {
    "type": "expect_column_values_to_exist_in_other_extract",
    "kwargs": {"column": "code", "other": "known", "other_column": "code"},
    "id": "known",
}


@pytest.fixture(scope="session")
def s3() -> Iterator[servers.S3]:
    """The server; one for each process that runs tests."""
    if not servers.installed():
        pytest.skip('moto[s3], flask, flask-cors or s3fs is not installed: pip install "dq-engine[test,s3]"')
    with servers.s3() as server:
        yield server


@pytest.fixture
def front(s3: servers.S3) -> Iterator[servers.Front]:
    with servers.Front(s3) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, front: servers.Front) -> Path:
    """A project with a suite; its user has secret keys for S3 in the environment."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "S3FS_LOGGING_LEVEL", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL": front.url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": TOKEN,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
    }.items():
        monkeypatch.setenv(name, value)
    for feed, rules in {"rows": RULES, "others": [*RULES, KNOWN]}.items():
        path = tmp_path / "expectations" / f"{feed}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"name": feed, "expectations": rules, "meta": {"dq": {"feed": feed}}}))
    return tmp_path


def rows(*codes: str | None) -> bytes:
    """A Parquet file with these codes, numbered."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"code": pa.array(codes, pa.string()), "n": pa.array(range(1, len(codes) + 1), pa.int64())}), sink)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]
