"""What may leave: for each column of an extract, whether its values may be shown. Pure."""

from __future__ import annotations

import glob
import re

import msgspec

from dq_engine.model import Column, Feed, Field, Sensitivity

STRICTNESS: tuple[Sensitivity, ...] = ("public", "sensitive", "identifying")
_PARTITION = re.compile(r"(?<=[^/=]=)[^/]+(?=/|$)")
_LONG_NUMBER = re.compile(r"\d{9,}")


def sensitivity(column: str, feed: Feed) -> Sensitivity:
    """How sensitive a column is. Rules find a column without regard to case, and so does this; of several the strictest."""
    if column in feed.columns:
        return feed.columns[column].sensitivity
    folded = [field.sensitivity for name, field in feed.columns.items() if name.casefold() == column.casefold()]
    return max(folded, key=STRICTNESS.index, default=Field().sensitivity)


def disclose(column: Column, feed: Feed, *, show_values: bool) -> Column:
    """The column, marked by whether its values may be shown.

    Public columns always; sensitive ones (the default) only when somebody asks for values; identifying ones never.
    """
    level = sensitivity(column.name, feed)
    shown = level == "public" or (show_values and level == "sensitive")
    return msgspec.structs.replace(column, shown=shown)


def pattern(path: str) -> str:
    """A pattern for the path, as glob and DuckDB read it: ``*`` stands for what :func:`shown` leaves out."""
    return "*".join(glob.escape(piece) for piece in re.split(f"{_PARTITION.pattern}|{_LONG_NUMBER.pattern}", path))


def shown(path: str) -> str:
    """A path, or a part of one, as it may be shown.

    The values of ``key=value`` folders are values of a column, and a number of nine digits or more may be somebody's: both are
    left out. Bytes that are no text are spelled with a backslash.
    """
    return _LONG_NUMBER.sub("…", _PARTITION.sub("…", path)).encode("utf-8", "backslashreplace").decode()
