"""Footers and page headers of Parquet files as values that can be changed; numbers of fields are those of ``parquet.thrift``.

Format: https://github.com/apache/parquet-format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from dq_engine.thrift import I32, I64, Fields, Value, read, written

MAGIC = b"PAR1"

NUM_ROWS, ROW_GROUPS = 3, 4
"""Of the footer."""
COLUMNS, GROUP_ROWS, SORTING = 1, 3, 4
"""Of a row group."""
OFFSET_INDEX, OFFSET_INDEX_LENGTH, COLUMN_INDEX, COLUMN_INDEX_LENGTH = 4, 5, 6, 7
"""Of a column chunk."""
META = 3
PHYSICAL, PATH, CODEC, VALUES, SIZE_HERE, DATA_PAGE, DICTIONARY_PAGE, STATISTICS, BLOOM, BLOOM_LENGTH, SIZES = (
    1, 3, 4, 5, 7, 9, 11, 12, 14, 15, 16,
)  # fmt: skip
"""Of the meta data of a column chunk."""
OLD_MAX, OLD_MIN, NULLS, DISTINCT, MAX, MIN, MAX_EXACT, MIN_EXACT = 1, 2, 3, 4, 5, 6, 7, 8
"""Of statistics."""
PAGE_KIND, PAGE_SIZE, PAGE_SIZE_HERE, PAGE_CHECKSUM, PAGE_V1, PAGE_DICTIONARY, PAGE_V2 = 1, 2, 3, 4, 5, 7, 8
"""Of a page header."""


def parted(content: bytes) -> tuple[bytes, Fields]:
    """What comes before the footer, and the footer."""
    length = int.from_bytes(content[-8:-4], "little")
    return content[: -8 - length], read(content, len(content) - 8 - length)[0]


def joined(body: bytes, footer: Fields) -> bytes:
    """A file of a body and a footer."""
    end = written(footer)
    return body + end + len(end).to_bytes(4, "little") + MAGIC


def changed(content: bytes, change: Callable[[Fields], None]) -> bytes:
    """The file with its footer changed in place by ``change``."""
    body, footer = parted(content)
    change(footer)
    return joined(body, footer)


def groups(footer: Fields) -> list[Fields]:
    """The row groups."""
    found: list[Fields] = footer[ROW_GROUPS].value.items
    return found


def chunks(footer: Fields, *columns: str) -> Iterator[Fields]:
    """The meta data of the chunks of columns, by their names; of all columns if none is named."""
    for group in groups(footer):
        for chunk in group[COLUMNS].value.items:
            if META in chunk:
                meta = chunk[META].value
                if not columns or ".".join(part.decode() for part in meta[PATH].value.items) in columns:
                    yield meta


class Page(NamedTuple):
    """A page of a chunk: where its header begins, the header, where its content begins."""

    start: int
    header: Fields
    content: int

    @property
    def end(self) -> int:
        """Where the next page begins."""
        size: int = self.header[PAGE_SIZE_HERE].value
        return self.content + size


def pages(content: bytes, meta: Fields) -> Iterator[Page]:
    """The pages of a column chunk, the dictionary among them."""
    offsets = [meta[field].value for field in (DICTIONARY_PAGE, DATA_PAGE) if field in meta and meta[field].value > 0]
    place = min(offsets)
    end = place + meta[SIZE_HERE].value
    while place < end:
        page = Page(place, *read(content, place))
        yield page
        place = page.end


def with_pages(content: bytes, change: Callable[[Fields, bytes], tuple[Fields, bytes]], *columns: str) -> bytes:
    """The file with each page of ``columns`` changed; its pages are laid out anew, without indexes and bloom filters.

    ``change`` takes and gives the header and the content of a page, and leaves ``PAGE_SIZE_HERE`` alone: that is put right.
    """
    _, footer = parted(content)
    body = bytearray(MAGIC)
    wanted = {id(meta) for meta in chunks(footer, *columns)}
    for group in groups(footer):
        for chunk in group[COLUMNS].value.items:
            meta = chunk[META].value
            found = list(pages(content, meta))
            start = len(body)
            firsts: dict[bool, int] = {}
            for page in found:
                header, inside = dict(page.header), content[page.content : page.end]
                if id(meta) in wanted:
                    header, inside = change(header, inside)
                header[PAGE_SIZE_HERE] = Value(I32, len(inside))
                firsts.setdefault(PAGE_DICTIONARY in header, len(body))
                body += written(header) + inside
            for field, dictionary in ((DATA_PAGE, False), (DICTIONARY_PAGE, True)):
                if dictionary in firsts:
                    meta[field] = Value(I64, firsts[dictionary])
            meta[SIZE_HERE] = Value(I64, len(body) - start)
            for field in (BLOOM, BLOOM_LENGTH):
                meta.pop(field, None)
            for field in (OFFSET_INDEX, OFFSET_INDEX_LENGTH, COLUMN_INDEX, COLUMN_INDEX_LENGTH):
                chunk.pop(field, None)
    return joined(bytes(body), footer)
