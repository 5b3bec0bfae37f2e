"""What may leave: for each column of an extract, whether its values may be shown. Pure."""

from __future__ import annotations

import re

import msgspec

from dq_engine.model import Column, Feed, Field

_UNKNOWN = Field()
_PARTITION = re.compile(r"(?<=[^/=]=)[^/]+(?=/)")


def disclose(column: Column, feed: Feed, *, show_values: bool) -> Column:
    """The column, marked by whether its values may be shown.

    Public columns always; sensitive ones (the default) only when somebody asks for values; identifying ones never.
    """
    sensitivity = feed.columns.get(column.name, _UNKNOWN).sensitivity
    shown = sensitivity == "public" or (show_values and sensitivity == "sensitive")
    return msgspec.structs.replace(column, shown=shown)


def path_shown(path: str) -> str:
    """A path as it may be shown: the values of ``key=value`` folders are values of a column, and are left out."""
    return _PARTITION.sub("…", path)
