"""Addresses of what lies elsewhere: a text -> where that is, and what may be told of it. Pure.

An address can hold secrets: a name and a password, a signature in its query. These are in no text that is shown or stored.
"""

from __future__ import annotations

import os
import re

from msgspec import Struct

from dq_engine.errors import UsageError
from dq_engine.privacy import shown

SCHEMES = ("s3", "http", "https")
"""The schemes of addresses that are read."""
LONGEST = 255
"""Bytes of the name of a file or folder."""
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(.*)", re.DOTALL)
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HOST = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(:\d+)?")
_QUERY = re.compile(r"\?[\w.~%-]+=[^/]*$")
_GLOB = re.compile(r"[*?\[]")


class Address(Struct, frozen=True):
    """Where something lies: ``path`` is what its store calls it, with all that it needs; ``url`` is what may be told of it."""

    scheme: str
    path: str
    url: str

    @property
    def stem(self) -> str | None:
        """What stands in ``path`` before the first sign of a glob; None where there is none."""
        stem = _GLOB.split(self.path)[0]
        return stem if self.scheme == "s3" and stem != self.path else None


def is_remote(argument: str) -> bool:
    """Whether a path is an address."""
    return _ADDRESS.match(argument) is not None


def is_name(part: str) -> bool:
    """Whether a part of a path can be the name of a file or folder here."""
    return part not in ("", ".", "..") and "\0" not in part and len(os.fsencode(part)) <= LONGEST


def address(argument: str) -> Address:
    """The address in a text. Raises :class:`UsageError`, which repeats nothing of it that may be secret."""
    found = _ADDRESS.fullmatch(argument)
    assert found is not None
    scheme, host, rest = found[1].lower(), found[2], found[3]
    scheme = "s3" if scheme == "s3a" else scheme
    is_s3, queried = scheme == "s3", _QUERY.search(rest) is not None
    path = rest if is_s3 and not queried else re.split(r"[?#]", rest)[0]
    usable = (_BUCKET if is_s3 else _HOST).fullmatch(host) is not None
    url = f"{scheme}://{host}{path}" if usable else f"{scheme}://…"  # a password may hold any character, "/" too
    why = ""
    if scheme not in SCHEMES:
        why = f"{scheme}:// is not read: extracts are files here, or at s3:// or https://"
    elif "@" in argument and not usable:
        why = "holds a name or a password: credentials are found as those of AWS are (AWS_PROFILE and the like), never in a path"
    elif is_s3 and queried:
        why = "has a query, and only the path of a file is read"
    elif is_s3 and not usable:
        why = "is not a path that can be read: expected s3://BUCKET/PATH"
    elif any(part and not is_name(part) for part in path.split("/")):
        why = "is not a path that can be read: it has a part that cannot be the name of a file"
    elif not is_s3 and (not usable or not path.strip("/") or path.endswith("/")):
        why = "names no file: folders and globs are read from s3:// only"
    if why:
        raise UsageError(f"{shown(url)}: {why}")
    return Address(scheme, f"{host}{path}" if is_s3 else argument.partition("#")[0], url)
