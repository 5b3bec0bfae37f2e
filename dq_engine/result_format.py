"""``result_format``: how much of what was found Great Expectations' results hold, in its own words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from dq_engine.errors import UsageError

Level = Literal["BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE"]
LEVELS: tuple[Level, ...] = get_args(Level)
PARTIAL, COMPLETE = 20, 200
"""Great Expectations' own caps on the failing values that it lists in part, and at all."""


class ResultFormat(Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of Great Expectations' ``result_format``, with its defaults.

    ``partial_unexpected_count``: how many failing values are listed in part, 0 for none and no counts of them.
    ``unexpected_index_column_names``: the columns by which failing rows are named, else by their place.
    ``include_unexpected_rows``: list the failing rows. ``return_unexpected_index_query``: give the query that finds them (None:
    only at COMPLETE). ``exclude_unexpected_values``: list no failing value. ``map_expectation_unexpected_rows_as_dict`` is taken
    without effect: rows are always objects here.
    """

    result_format: Level = "SUMMARY"
    partial_unexpected_count: Annotated[int, Meta(ge=0)] = PARTIAL
    unexpected_index_column_names: tuple[str, ...] | None = None
    include_unexpected_rows: bool = False
    return_unexpected_index_query: bool | None = None
    exclude_unexpected_values: bool = False
    map_expectation_unexpected_rows_as_dict: bool = False

    @property
    def listed(self) -> int:
        """How many failing rows a result has something of."""
        if self.result_format == "BOOLEAN_ONLY":
            return 0
        return COMPLETE if self.result_format == "COMPLETE" else min(self.partial_unexpected_count, COMPLETE)


def read(raw: str | Mapping[str, Any] | ResultFormat) -> ResultFormat:
    """The format that a level or a dict of Great Expectations means. Raises :class:`UsageError`."""
    if isinstance(raw, ResultFormat):
        return raw
    values = {"result_format": raw} if isinstance(raw, str) else dict(raw)
    level = values.get("result_format", "SUMMARY")
    if level not in LEVELS:
        raise UsageError(f'result format: expected one of {", ".join(LEVELS)}; got "{level}"')
    try:
        return msgspec.convert(values, ResultFormat)
    except msgspec.ValidationError as error:
        raise UsageError(f"result format: {error}") from None
