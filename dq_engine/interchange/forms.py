"""Forms of text that standards name ("email", "uuid"), as patterns. Pure.

Sources: RFC 3986 for a URI (a scheme, then no blank), RFC 4122 for a UUID, RFC 4648 for base64, RFC 791 and RFC 4291 for
addresses. What is a valid email address no pattern says; the one here asks for one @ between two parts without blanks, the
second with a dot.
"""

from __future__ import annotations

import re
from typing import Any

_HEX = "[0-9a-fA-F]"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
FORMS = {
    "email": r"\A[^@\s]+@[^@\s]+\.[^@\s]+\Z",
    "uri": r"\A[A-Za-z][A-Za-z0-9+.-]*:\S+\Z",
    "uuid": rf"\A{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\Z",
    "binary": r"\A(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z",
    "ipv4": rf"\A{_BYTE}(?:\.{_BYTE}){{3}}\Z",
    "hostname": rf"\A(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\Z",
}
INEXACT = {
    "email": "checked by its form only: one @, a dot after it, no blanks",
    "uri": "checked by its form only: a scheme, a colon, no blanks",
}
"""What the pattern of a form does not say."""


def number_of(text: Any) -> int | float | None:
    """The number that a value of a source is, or spells; None if it is none."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return None
    if isinstance(text, str):
        if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text.strip(), re.ASCII):
            return None
        return int(text) if re.fullmatch(r"\s*[+-]?\d{1,300}\s*", text, re.ASCII) else float(text)
    return text
