"""An S3 server on this machine (moto's), and one before it that misbehaves for files whose paths say so."""

import contextlib
import http.client
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

SERVING = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""
BUCKET = "extracts"
OWNER = {"Authorization": "AWS4-HMAC-SHA256 Credential=tests/1/us-east-1/s3/", "x-amz-acl": "public-read"}
"""The headers of who puts files there, for all to read."""


@contextlib.contextmanager
def s3() -> Iterator["S3"]:
    """A server without files; it ends with the test, or with the process of the tests."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        assert server.stdout is not None
        try:
            yield S3(int(server.stdout.readline()))
        finally:
            server.kill()


def installed() -> bool:
    return all(find_spec(name) for name in ("moto", "flask", "flask_cors", "s3fs"))


class S3:
    """The server, as those see it who put files there."""

    def __init__(self, port: int) -> None:
        self.port = port
        assert self.ask("PUT", f"/{BUCKET}")[0] == 200

    def put(self, key: str, content: bytes) -> None:
        assert self.ask("PUT", f"/{BUCKET}/{key}", content)[0] == 200

    def put_folder(self, key: str, folder: Path) -> None:
        for path in sorted(folder.rglob("*.parquet")):
            self.put(f"{key}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request(method, path, body, dict(OWNER if headers is None else headers))
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()


ERROR = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>{said}</Message><AWSAccessKeyId>{said}</AWSAccessKeyId></Error>"


class Front(ThreadingHTTPServer):
    """A server that passes everything on to S3, and spoils the answers about files in folders that are called after a fault.

    ``seen`` are the headers of all requests. ``…/refused/STATUS-CODE/…`` is answered by that error of S3, which repeats
    the headers and the address of the request, as S3 does with some of them (the code ``Echo``: the access key itself); other faults are methods of the handler.
    """

    daemon_threads = True

    def __init__(self, behind: S3) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = behind
        self.seen: list[dict[str, str]] = []
        self.asked: Counter[str] = Counter()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.ended = threading.Event()

    def __enter__(self) -> "Front":
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Those who hang up are none of our business."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Front

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.server.seen.append(dict(self.headers))
        path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        parts = path.split("/")
        fault = next((part for part in parts if hasattr(self, f"fault_{part}")), None)
        forwarded = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        status, headers, body = self.server.behind.ask(self.command, self.path, headers=forwarded)
        prefix = query.get("prefix", "")
        if "refused" in (parts := [*parts, *([] if prefix.endswith("/") else prefix.split("/"))]):
            status_text, _, code = parts[parts.index("refused") + 1].partition("-")
            code = self.headers["Authorization"].partition("=")[2].partition("/")[0] if code == "Echo" else code
            said = f"{self.path} {self.headers}".replace("&", "&amp;").replace("<", "&lt;")
            self.answer(int(status_text), {"Content-Type": "application/xml"}, ERROR.format(code=code, said=said).encode())
        elif fault is None:
            self.answer(status, headers, body)
        else:
            self.server.asked[f"{self.command} {path}"] += 1
            getattr(self, f"fault_{fault}")(status, headers, body)

    def answer(self, status: int, headers: Mapping[str, str], body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "date", "server", "transfer-encoding"):
                self.send_header(name, value)
        length = (
            length
            if length is not None
            else int(headers.get("Content-Length", len(body)) if self.command == "HEAD" else len(body))
        )
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def fault_cut(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """The connection breaks off in the middle of a file."""
        self.answer(status, headers, body[: len(body) // 2], length=len(body) if self.command == "GET" else None)
        self.close_connection = self.command == "GET"

    def fault_short(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Half of a file comes, as if that were all."""
        self.answer(status, headers, body[: len(body) // 2])

    def fault_long(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.answer(status, headers, body + b"more")

    def fault_wrong(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Bytes that do not have the checksum that is sent with them."""
        self.answer(status, {**headers, "x-amz-checksum-crc32": "AAAAAA=="}, body)

    def fault_busy(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """The first two requests for a file are one too many."""
        if self.command == "GET" and self.server.asked[f"GET {urlsplit(self.path).path}"] <= 2:
            self.answer(503, {}, ERROR.format(code="SlowDown", said="").encode())
        else:
            self.answer(status, headers, body)

    def fault_changing(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Somebody writes the file anew while it is read: before the last of its bytes has come."""
        if self.command == "GET":
            self.server.behind.ask("PUT", urlsplit(self.path).path, body + b"new")
        self.answer(status, headers, body)

    def fault_hanging(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """The first half of a file comes, and then nothing any more."""
        if self.command == "HEAD":
            self.answer(status, headers, body)
        else:
            self.answer(status, headers, body[: len(body) // 2], length=len(body))
            self.server.ended.wait()

    def fault_dying(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """The server ends in the middle of a file."""
        if self.command == "GET":
            self.server.socket.close()
        self.fault_cut(status, headers, body)

    def fault_huge(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """A file of a petabyte, as it says."""
        self.answer(status, {**headers, "Content-Length": str(10**15)}, body, length=10**15)
