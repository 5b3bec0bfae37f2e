"""The tables ``[[notify]]`` of ``dq.toml``: who is told of a run, when and how. Values only.

::

    [[notify]]
    url_env = "DQ_WEBHOOK"           # the variable with the address, which is a secret; where it is not set, nobody is told
    url = "https://ci.example.nhs.uk/hook"  # or the address itself
    on = ["failed", "error", "unchecked"]   # and "passed"
    format = "slack"                 # json, slack or teams
    secret_env = "DQ_WEBHOOK_SECRET" # the variable with the secret that signs the body: X-DQ-Signature-256: sha256=HMAC
    timeout = 10                     # seconds for one attempt
    required = true                  # exit code 3 if nobody could be told
    insecure = true                  # http:// to another machine than this one
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from dq_engine.errors import ConfigError

Ended = Literal["passed", "failed", "error", "unchecked"]
"""How a run ended: what its exit code 0, 1, 3 or 4 means."""
ENDED: Mapping[int, Ended] = {0: "passed", 1: "failed", 3: "error", 4: "unchecked"}
SIGNATURE = "X-DQ-Signature-256"
"""The header with the signature of a body; made as GitHub makes its X-Hub-Signature-256."""


class Notify(Struct, frozen=True, forbid_unknown_fields=True):
    """One who is told: an address or the variable that holds it, on which ends of a run, and in which format."""

    url: str | None = None
    url_env: str | None = None
    on: tuple[Ended, ...] = ("failed", "error", "unchecked")
    format: Literal["json", "slack", "teams"] = "json"
    secret_env: str | None = None
    timeout: Annotated[float, Meta(gt=0, le=300)] = 10.0
    required: bool = False
    insecure: bool = False


class Target(NamedTuple):
    """Where something is sent: ``host`` is all of the address that may be told."""

    url: str
    host: str
    local: bool
    secret: bytes | None


def faults(notify: Notify, path: str) -> list[str]:
    """What is wrong with a table at ``path``; nothing of an address is repeated."""
    found = []
    if (notify.url is None) == (notify.url_env is None):
        found.append(f"{path}: expected either url or url_env")
    if notify.url is not None and (why := _wrong(notify.url, insecure=notify.insecure)):
        found.append(f"{path}.url: {why}")
    return found


def target(notify: Notify, environment: Mapping[str, str]) -> Target:
    """Where to send, by the variables of the environment. Raises :class:`ConfigError` if one is not there or holds no address."""
    for name in filter(None, (notify.url_env, notify.secret_env)):
        if not environment.get(name):
            raise ConfigError(f"the environment variable {name} is not set")
    url = notify.url or environment[notify.url_env or ""]
    if why := _wrong(url, insecure=notify.insecure):
        raise ConfigError(f"{f'the environment variable {notify.url_env}' if notify.url_env else 'the address'} {why}")
    host = urlsplit(url).hostname or ""
    secret = environment[notify.secret_env].encode("utf-8", "surrogateescape") if notify.secret_env else None
    return Target(url, host, _loopback(host), secret)


def signature(body: bytes, secret: bytes) -> str:
    """The value of the header that proves that a body comes from who knows the secret: HMAC-SHA256 (RFC 2104), hexadecimal."""
    return f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"


def _wrong(url: str, *, insecure: bool) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        parts.port  # noqa: B018  raises for what is no port
    except ValueError:
        return "is not an address"
    if parts.scheme not in ("https", "http") or not host or not url.isascii() or not url.isprintable() or " " in url:
        return "is not an address: expected https://…"
    if parts.username is not None:
        return "holds a name or a password: sign with secret_env"
    if parts.scheme == "http" and not insecure and not _loopback(host):
        return "is not encrypted: expected https://…, or insecure = true"
    return ""


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
