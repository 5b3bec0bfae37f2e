"""What a Parquet file really holds, by its pages: for files whose footers are not to be believed.

Every page has a header with the number of its values. :func:`counted` walks over all of them and says how many rows there are; a
footer that says otherwise is refused. So is a page that is not whole, of which DuckDB 2.0 reads what memory happens to hold: one
that is cut short or does not unpack to its size; and one whose checksum, if it has one, is another.

What else a footer claims DuckDB is told to ignore (:mod:`dq_engine.sources`), but for one thing: it does not read a chunk of
which the footer says that all its values are NULL. Such claims are listed, and put to the test by :func:`excerpt`: the chunks
alone, in a file with and a file without the claim.

Sources: https://github.com/apache/parquet-format (``parquet.thrift``); DuckDB pull request 23464 (columns that are all NULL).
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from dq_engine.thrift import I64, LIST, STRUCT, Fields, Listed, Malformed, Value, read, written

MAGIC = b"PAR1"
FIRST_LOOK = 512
"""Bytes that are read of a page to find its header; headers with statistics of long texts are longer."""
COPIED = 1 << 20
"""Bytes that are copied at once."""

SCHEMA, ROWS, GROUPS = 2, 3, 4
TYPE, REPETITION, NAME, CHILDREN = 1, 3, 4, 5
COLUMNS, SIZE, GROUP_ROWS = 1, 2, 3
ELSEWHERE, META = 1, 3
CODEC, VALUES, SIZE_HERE, DATA, DICTIONARY, STATISTICS = 4, 5, 7, 9, 11, 12
NULLS = 3
PAGE_KIND, PAGE_SIZE, PAGE_SIZE_HERE, CHECKSUM, V1, V2 = 1, 2, 3, 4, 5, 8
LEVELS, COMPRESSED = (5, 6), 7
REPEATED = 2
UNCOMPRESSED, GZIP = 0, 2


class Contradiction(Exception):
    """The pages are not what the footer says, or it cannot be found out; the message is for people."""


class Claim(NamedTuple):
    """The place of a top-level column, its name, and the row groups that have chunks of it which are said to be all NULL."""

    column: int
    name: str
    groups: tuple[int, ...]


class Counted(NamedTuple):
    """The number of rows of a file, by its pages, its footer, and what is left to be put to the test."""

    rows: int
    footer: Fields
    claims: tuple[Claim, ...]


class _Leaf(NamedTuple):
    """A column of values: its place among the top-level columns, the name of that one, whether values repeat within a row."""

    column: int
    name: str
    repeats: bool


def counted(file: BinaryIO) -> Counted:
    """Counts the rows of a file page by page. Raises :class:`Contradiction`."""
    try:
        return _counted(file)
    except (Malformed, KeyError, IndexError, TypeError, AttributeError, OverflowError):
        raise Contradiction("cannot be read as Parquet: its footer or a page is damaged") from None


def _counted(file: BinaryIO) -> Counted:
    size = os.fstat(file.fileno()).st_size
    footer = _footer(file, size)
    leaves = list(_leaves(footer))
    groups = footer[GROUPS].value.items if GROUPS in footer else []
    chunks = [[chunk[META].value for chunk in group[COLUMNS].value.items] for group in groups]
    if sum(max(meta[SIZE_HERE].value, 0) for metas in chunks for meta in metas) > size:
        raise Contradiction("its footer says that more bytes belong to its columns than the file has")
    claimed: dict[tuple[int, str], dict[int, None]] = {}
    total = 0
    for place, (group, metas) in enumerate(zip(groups, chunks, strict=True)):
        rows: int = group[GROUP_ROWS].value
        if len(metas) != len(leaves):
            raise Contradiction(f"row group {place + 1} has {len(metas):,} columns of {len(leaves):,}")
        known = False
        for leaf, meta, chunk in zip(leaves, metas, group[COLUMNS].value.items, strict=True):
            if ELSEWHERE in chunk:
                raise Contradiction(f'column "{leaf.name}" is in another file')
            values = meta[VALUES].value
            found, found_rows = _of_chunk(file, meta, leaf)
            if found != values or (not leaf.repeats and found != rows) or (leaf.repeats and found_rows not in (None, rows)):
                what = f"{found:,} values" if found_rows is None else f"{found_rows:,} rows"
                said = f"{values:,} values in {rows:,} rows"
                raise Contradiction(
                    f'row group {place + 1} has pages with {what} of column "{leaf.name}"; its footer says {said}'
                )
            known = known or found_rows is not None
            nulls = meta[STATISTICS].value.get(NULLS) if STATISTICS in meta else None
            if nulls is not None and values and nulls.value == values:
                claimed.setdefault((leaf.column, leaf.name), {})[place] = None
        if rows and not known:
            raise Contradiction("holds only lists, in pages that do not say their number of rows: it cannot be verified")
        total += rows
    claims = tuple(Claim(column, name, tuple(found)) for (column, name), found in claimed.items())
    return Counted(total, footer, claims)


def _footer(file: BinaryIO, size: int) -> Fields:
    end = os.pread(file.fileno(), 8, max(size - 8, 0))
    length = int.from_bytes(end[:4], "little")
    if end[4:] != MAGIC or length > size - 12:
        raise Contradiction("is not a Parquet file with a footer that can be read")
    footer, _ = read(os.pread(file.fileno(), length, size - 8 - length))
    return footer


def _leaves(footer: Fields) -> Iterator[_Leaf]:
    """The columns of values, in the order in which chunks have them."""
    elements = footer[SCHEMA].value.items
    open_groups: list[tuple[int, bool]] = [(elements[0][CHILDREN].value, False)]
    column, name = -1, ""
    for element in elements[1:]:
        while open_groups and open_groups[-1][0] == 0:
            open_groups.pop()
        if not open_groups:
            raise Malformed("a schema with more columns than it says")
        left, repeats = open_groups[-1]
        open_groups[-1] = (left - 1, repeats)
        if len(open_groups) == 1:
            column, name = column + 1, element[NAME].value.decode("utf-8", "replace")
        repeats = repeats or (REPETITION in element and element[REPETITION].value == REPEATED)
        children = element[CHILDREN].value if CHILDREN in element else 0
        if children:
            open_groups.append((children, repeats))
        elif TYPE in element:
            yield _Leaf(column, name, repeats)


def _start(meta: Fields) -> int:
    """Where DuckDB begins to read a chunk."""
    dictionary: int = meta[DICTIONARY].value if DICTIONARY in meta else 0
    data: int = meta[DATA].value
    return dictionary if dictionary >= len(MAGIC) else data


def _of_chunk(file: BinaryIO, meta: Fields, leaf: _Leaf) -> tuple[int, int | None]:
    """The numbers of values and of rows in the pages of a chunk; None where its pages do not say of rows."""
    place, length, codec = _start(meta), meta[SIZE_HERE].value, meta[CODEC].value
    end = place + length
    values, rows, all_say = 0, 0, True
    while place < end:
        header, begins = _header(file, place, end)
        place = begins + header[PAGE_SIZE_HERE].value
        if place > end or place < begins:
            raise Contradiction(f'a page of column "{leaf.name}" is longer than the footer leaves room for')
        if not _is_whole(file, header, begins, codec):
            raise Contradiction(f'a page of column "{leaf.name}" is damaged')
        for version in (V1, V2):
            if version in header:
                own = header[version].value
                values += own[1].value
                rows += own[3].value if version == V2 else 0
                all_say = all_say and version == V2
    if not leaf.repeats:
        return values, values
    return values, rows if all_say else None


def _is_whole(file: BinaryIO, header: Fields, begins: int, codec: int) -> bool:
    """Whether the content of a page has the size and the checksum (CRC-32 of what is stored) that its header says.

    Of the codecs DuckDB does not compare sizes after unpacking for gzip alone.
    """
    here, whole = header[PAGE_SIZE_HERE].value, header[PAGE_SIZE].value
    own = header[V2].value if V2 in header else {}
    levels = sum(own[field].value for field in LEVELS if field in own)
    packed = codec != UNCOMPRESSED and (COMPRESSED not in own or own[COMPRESSED].value)
    if not 0 <= levels <= min(here, whole) or (here != whole if not packed else here == levels < whole):
        return False
    if CHECKSUM in header:
        found = 0
        for content in _read(file, begins, here):
            found = zlib.crc32(content, found)
        if found != header[CHECKSUM].value & 0xFFFFFFFF:
            return False
    return not packed or codec != GZIP or _unpacked(file, begins + levels, here - levels, whole - levels) == whole - levels


def _unpacked(file: BinaryIO, place: int, length: int, most: int) -> int | None:
    """The bytes to which what gzip has packed unpacks, at most one more than ``most``; None if it is damaged."""
    stream, found = zlib.decompressobj(zlib.MAX_WBITS | 32), 0
    try:
        for content in _read(file, place, length):
            left = content
            while left and found <= most:
                found += len(stream.decompress(left, min(COPIED, most + 1 - found)))
                left = stream.unconsumed_tail
    except zlib.error:
        return None
    return found


def _header(file: BinaryIO, place: int, end: int) -> tuple[Fields, int]:
    """The header of the page at ``place``, and where its content begins."""
    look = FIRST_LOOK
    while True:
        content = os.pread(file.fileno(), min(look, end - place), place)
        try:
            header, length = read(content)
            return header, place + length
        except Malformed:
            if len(content) < look:
                raise
            look *= 16


def excerpt(file: BinaryIO, footer: Fields, claim: Claim, to: BinaryIO, *, believed: bool) -> None:
    """Writes the chunks that a claim is about, as a Parquet file of one column; its statistics stay if they are ``believed``."""
    places = [place for place, leaf in enumerate(_leaves(footer)) if leaf.column == claim.column]
    own = dict(footer)
    own[SCHEMA] = Value(LIST, Listed(STRUCT, _schema_of(footer, claim.column)))
    to.write(MAGIC)
    groups = []
    for number in claim.groups:
        group = footer[GROUPS].value.items[number]
        chunks = []
        for place in places:
            meta = dict(group[COLUMNS].value.items[place][META].value)
            moved = to.tell() - _start(meta)
            _copy(file, _start(meta), meta[SIZE_HERE].value, to)
            for field in (DATA, DICTIONARY):
                if field in meta and meta[field].value >= len(MAGIC):
                    meta[field] = Value(I64, meta[field].value + moved)
            kept = {field: value for field, value in meta.items() if field <= STATISTICS and (believed or field != STATISTICS)}
            chunks.append({2: Value(I64, 0), META: Value(STRUCT, kept)})
        groups.append({COLUMNS: Value(LIST, Listed(STRUCT, chunks)), SIZE: group[SIZE], GROUP_ROWS: group[GROUP_ROWS]})
    own[GROUPS] = Value(LIST, Listed(STRUCT, groups))
    own[ROWS] = Value(I64, sum(group[GROUP_ROWS].value for group in groups))
    own.pop(7, None)  # the order of columns, of which there is but one left
    content = written(own)
    to.write(content + len(content).to_bytes(4, "little") + MAGIC)


def _schema_of(footer: Fields, column: int) -> list[Fields]:
    """The schema with one of its top-level columns."""
    root, *elements = footer[SCHEMA].value.items
    place = 0
    for _ in range(column):
        place = _after(elements, place)
    return [{**root, CHILDREN: Value(root[CHILDREN].type, 1)}, *elements[place : _after(elements, place)]]


def _after(elements: Sequence[Fields], place: int) -> int:
    """Where the element that follows one with all its children is."""
    open_elements = 1
    while open_elements:
        children = elements[place].get(CHILDREN)
        open_elements += (children.value if children else 0) - 1
        place += 1
    return place


def _copy(file: BinaryIO, place: int, length: int, to: BinaryIO) -> None:
    for content in _read(file, place, length):
        to.write(content)


def _read(file: BinaryIO, place: int, length: int) -> Iterator[bytes]:
    """What stands in a part of the file, in pieces."""
    while length > 0:
        content = os.pread(file.fileno(), min(length, COPIED), place)
        if not content:
            raise Malformed("ends too early")
        yield content
        place, length = place + len(content), length - len(content)
