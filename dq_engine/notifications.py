"""Tells those whom ``dq.toml`` names of a run, by HTTP. Of an address only its host is ever told.

The standard library's ``urllib`` is enough for one small POST, and goes by the proxies of the machine. No redirect is followed:
the body and its signature are for that address alone.
"""

from __future__ import annotations

import http.client
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

from dq_engine._version import __version__
from dq_engine.errors import ConfigError, DqError
from dq_engine.model import Run
from dq_engine.notify import ENDED, SIGNATURE, Notify, Target, signature, target
from dq_engine.report import webhook

PAUSES = (0.25, 1.0)
"""Seconds before the second and the third attempt."""
AGAIN = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which another attempt may do."""


class _Failed(DqError):
    """Nobody could be told; ``again``: another attempt may do."""

    def __init__(self, why: str, *, again: bool = False) -> None:
        self.again = again
        super().__init__(why)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        """None: an answer that leads elsewhere is an error."""


def ready(notifications: Sequence[Notify]) -> None:
    """Raises :class:`ConfigError`, before any work is done, if one that is required lacks its variables."""
    for place, one in enumerate(notifications):
        if one.required:
            try:
                target(one, os.environ)
            except ConfigError as error:
                raise ConfigError(f"notify[{place}] is required, but {error}") from None


def tell(run: Run, notifications: Sequence[Notify]) -> tuple[list[str], list[str]]:
    """Tells all who want to hear of a run that ended so: what went wrong with those required, and with others, in words."""
    troubles: tuple[list[str], list[str]] = ([], [])
    for place, one in enumerate(notifications):
        if ENDED.get(run.exit_code, "error") not in one.on:
            continue
        name = f"notify[{place}]"
        try:
            there = target(one, os.environ)
            name += f" at {there.host}"
            _send(one, there, run)
        except DqError as error:
            troubles[not one.required].append(f"{name} was not told: {error}")
    return troubles


def _send(one: Notify, there: Target, run: Run) -> None:
    body = webhook.render(run, one.format)
    headers = {"Content-Type": "application/json", "User-Agent": f"dq/{__version__}", "X-DQ-Run": run.id}
    if there.secret is not None:
        headers[SIGNATURE] = signature(body, there.secret)
    for pause in (*PAUSES, None):
        try:
            _in_time(urllib.request.Request(there.url, body, headers, method="POST"), there, one.timeout)  # noqa: S310  checked
        except _Failed as failed:
            if pause is None or not failed.again:
                raise
            time.sleep(pause)
        else:
            return


def _in_time(request: urllib.request.Request, there: Target, seconds: float) -> None:
    """One attempt, given up when its time is over, however slowly the other side answers."""
    failed: list[_Failed] = []

    def attempt() -> None:
        try:
            _post(request, there, seconds)
        except _Failed as error:
            failed.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise _Failed(f"no answer in {seconds:g} s")
    if failed:
        raise failed[0]


def _post(request: urllib.request.Request, there: Target, seconds: float) -> None:
    proxies = [urllib.request.ProxyHandler({})] if there.local else []
    try:
        with urllib.request.build_opener(_NoRedirect, *proxies).open(request, timeout=seconds):
            return
    except urllib.error.HTTPError as error:
        error.close()
        led = " (redirects are not followed)" if 300 <= error.code < 400 else ""
        raise _Failed(f"the answer was {error.code}{led}", again=error.code in AGAIN) from None
    except TimeoutError:
        raise _Failed(f"no answer in {seconds:g} s") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(cause, TimeoutError):
            raise _Failed(f"no answer in {seconds:g} s") from None
        raise _Failed(f"no answer ({type(cause).__name__})", again=True) from None
