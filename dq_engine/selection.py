"""``--select`` and ``--ignore``: which checks of the suites are run.

A term is ``key:pattern`` or a pattern alone. Keys: id, type, column, dimension, severity. Patterns are those of a shell (``*``,
``?``); a pattern alone is tried on the id, the type (with or without ``expect_``) and the columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from dq_engine.catalog.base import suggestion
from dq_engine.errors import UsageError
from dq_engine.suite import Check

KEYS: dict[str, Callable[[Check], tuple[str, ...]]] = {
    "id": lambda check: (check.id,),
    "type": lambda check: (check.expectation.name, check.expectation.name.removeprefix("expect_")),
    "column": lambda check: check.columns,
    "dimension": lambda check: (check.dimension,),
    "severity": lambda check: (check.severity,),
}
ANYWHERE = ("id", "type", "column")


def selection(select: Sequence[str], ignore: Sequence[str]) -> Callable[[Check], bool]:
    """Whether a check is run: it fits a term of ``select`` (or there is none) and no term of ``ignore``.

    Raises :class:`UsageError` for an unknown key, or a term that is no text.
    """
    wanted, unwanted = [_term(term) for term in select], [_term(term) for term in ignore]

    def selected(check: Check) -> bool:
        return (not wanted or any(fits(check) for fits in wanted)) and not any(fits(check) for fits in unwanted)

    return selected


def _term(term: str) -> Callable[[Check], bool]:
    key, colon, pattern = term.partition(":")
    if (spelled := term.encode("utf-8", "backslashreplace").decode()) != term:
        raise UsageError(f'cannot select by "{spelled}": it holds half of a surrogate pair, or bytes that are not UTF-8')
    if colon and key not in KEYS:
        raise UsageError(f'cannot select by "{key}"{suggestion(key, list(KEYS)) or "."} Known: {", ".join(KEYS)}')
    keys = (key,) if colon else ANYWHERE
    wanted = pattern if colon else term
    return lambda check: any(fnmatchcase(value, wanted) for name in keys for value in KEYS[name](check))
