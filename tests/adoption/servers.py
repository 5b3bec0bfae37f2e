"""A real web server on this machine that keeps what it is sent, and answers as it is told, well or badly."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[BaseHTTPRequestHandler], None]


class Server(NamedTuple):
    url: str
    requests: list[Request]
    ended: threading.Event


@contextlib.contextmanager
def serving(*answers: Answer | int) -> Iterator[Server]:
    """A server whose n-th answer is the n-th of these, and then always the last: a status, or what is done instead."""
    requests: list[Request] = []
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            requests.append(Request(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            answer = answers[min(len(requests), len(answers)) - 1]
            if callable(answer):
                answer(self)
            else:
                status(answer)(self)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_port}", requests, ended)
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def status(code: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()

    return answer


def close(handler: BaseHTTPRequestHandler) -> None:
    """No answer: the connection ends."""
    handler.close_connection = True
    handler.connection.close()
