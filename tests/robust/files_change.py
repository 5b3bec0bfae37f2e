"""Ways to damage a Parquet file. Each takes the bytes and a source of chance, and gives other bytes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dq_engine.thrift import BINARY, DOUBLE, FALSE, I16, I32, I64, LIST, STRUCT, TRUE, Fields, Listed, Malformed, Value
from tests.robust import footer as f
from tests.robust import lies

Change = Callable[[bytes, random.Random], bytes]
NUMBERS = (0, 1, -1, 2, 7, 63, 127, 128, 255, 2**15, 2**24, 2**31 - 1, -(2**31), 2**32, 2**40, 2**62, 2**63 - 1, -(2**63))


def _flipped(content: bytes, chance: random.Random, start: int, end: int) -> bytes:
    out = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        if end > start:
            out[chance.randrange(start, end)] ^= 1 << chance.randrange(8)
    return bytes(out)


def _body_ends(content: bytes) -> int:
    return len(content) - 8 - int.from_bytes(content[-8:-4], "little")


def bits_of_pages(content: bytes, chance: random.Random) -> bytes:
    """Bits flipped before the footer."""
    return _flipped(content, chance, 4, _body_ends(content))


def bits_of_footer(content: bytes, chance: random.Random) -> bytes:
    """Bits flipped in the footer."""
    return _flipped(content, chance, _body_ends(content), len(content))


def bytes_of_anything(content: bytes, chance: random.Random) -> bytes:
    """A few bytes replaced."""
    out, place = bytearray(content), chance.randrange(len(content))
    out[place : place + chance.choice((1, 2, 4, 8, 16))] = chance.randbytes(chance.choice((1, 2, 4, 8, 16)))
    return bytes(out)


def cut(content: bytes, chance: random.Random) -> bytes:
    """The end is missing, or a piece from the middle."""
    start = chance.randrange(len(content))
    return content[:start] if chance.random() < 0.3 else content[:start] + content[start + chance.randrange(1, 200) :]


def moved(content: bytes, chance: random.Random) -> bytes:
    """A range is zeroed, doubled, or put over another."""
    out, start, length = bytearray(content), chance.randrange(len(content)), chance.randrange(1, 300)
    piece = bytes(out[start : start + length])
    match chance.randrange(3):
        case 0:
            out[start : start + length] = bytes(len(piece))
        case 1:
            out[start:start] = piece
        case _:
            other = chance.randrange(len(content))
            out[other : other + length] = piece
    return bytes(out)


def length_of_footer(content: bytes, chance: random.Random) -> bytes:
    """The footer is said to have another length."""
    said = int.from_bytes(content[-8:-4], "little")
    other = chance.choice((0, 1, said - 1, said + 1, said * 2, len(content), 2**31 - 1, 2**32 - 1, chance.randrange(said * 2)))
    return content[:-8] + (other % 2**32).to_bytes(4, "little") + content[-4:]


def _values(fields: Fields) -> Iterator[tuple[Any, Any]]:
    """Every value in a struct: what holds it, and its place there."""
    for number, (kind, value) in fields.items():
        yield fields, number
        if kind == STRUCT:
            yield from _values(value)
        if kind == LIST:
            for place, item in enumerate(value.items):
                if value.type == STRUCT:
                    yield from _values(item)
                else:
                    yield value, place


def _other(kind: int, value: Any, chance: random.Random) -> Any:
    if kind in (TRUE, FALSE):
        return not value
    if kind in (I16, I32, I64, 3):
        other = chance.choice((*NUMBERS, value + 1, value - 1, value * 2, -value, value ^ (1 << chance.randrange(8))))
        return other % 256 if kind == 3 else max(-(2**63), min(2**63 - 1, other))
    if kind == DOUBLE:
        return chance.choice((0.0, float("nan"), float("inf"), -1.0))
    if kind == BINARY:
        return chance.choice((b"", value[:-1], value + b"\0", chance.randbytes(len(value)), b"\xff" * len(value), value * 100))
    if kind == LIST:
        items = list(value.items)
        match chance.randrange(4):
            case 0:
                items = items[:-1]
            case 1:
                items += items[-1:]
            case 2:
                chance.shuffle(items)
            case _:
                items = []
        return Listed(value.type, items)
    return {number: found for number, found in value.items() if chance.random() < 0.8}


def _altered(fields: Fields, chance: random.Random) -> None:
    """Changes, drops or doubles one value somewhere in a struct."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        found = list(_values(fields))
        if not found:
            return
        holder, place = chance.choice(found)
        if isinstance(holder, Listed):
            holder.items[place] = _other(holder.type, holder.items[place], chance)
        elif chance.random() < 0.15:
            holder.pop(place)
        elif chance.random() < 0.1:
            holder[chance.randrange(1, 17)] = holder[place]
        else:
            holder[place] = Value(holder[place].type, _other(holder[place].type, holder[place].value, chance))


def fields_of_footer(content: bytes, chance: random.Random) -> bytes:
    """Fields of the footer have other values, or are missing."""
    return f.changed(content, lambda footer: _altered(footer, chance))


def statistics(content: bytes, chance: random.Random) -> bytes:
    """Statistics, numbers of rows and the like lie, some of them more than once."""
    known = [*lies.STATISTICS.values(), *lies.REFUSED.values(), _minimum(chance)]
    chosen = chance.sample(known, chance.choice((1, 1, 2, 3)))

    def lie(footer: Fields) -> None:
        for change in chosen:
            change(footer)

    return f.changed(content, lie)


def _minimum(chance: random.Random) -> Callable[[Fields], None]:
    """Minima and maxima with bytes of chance, and NULLs by chance."""

    def change(said: Fields, meta: Fields) -> None:
        for field in (f.MIN, f.MAX, f.OLD_MIN, f.OLD_MAX):
            if field in said and chance.random() < 0.5:
                said[field] = Value(BINARY, chance.randbytes(len(said[field].value)))
        if chance.random() < 0.5:
            said[f.NULLS] = Value(I64, chance.choice((0, 1, meta[f.VALUES].value, meta[f.VALUES].value // 2)))

    return lies.of_statistics(change)


def headers_of_pages(content: bytes, chance: random.Random) -> bytes:
    """Headers of pages have other sizes, numbers, encodings; the pages are laid out anew around them."""
    rate = chance.choice((0.02, 0.1, 1.0))

    def change(header: Fields, inside: bytes) -> tuple[Fields, bytes]:
        if chance.random() < rate:
            _altered(header, chance)
        return header, inside

    return f.with_pages(content, change)


def contents_of_pages(content: bytes, chance: random.Random) -> bytes:
    """Pages are cut, doubled, or have the content of another page."""
    _, footer = f.parted(content)
    known = [content[page.content : page.end] for meta in f.chunks(footer) for page in f.pages(content, meta)]
    rate = chance.choice((0.05, 0.2))

    def change(header: Fields, inside: bytes) -> tuple[Fields, bytes]:
        if chance.random() < rate:
            choices: Sequence[bytes] = (chance.choice(known), inside[: len(inside) // 2], inside * 2, b"", bytes(len(inside)))
            return header, chance.choice(choices)
        return header, inside

    return f.with_pages(content, change)


def chunks(content: bytes, chance: random.Random) -> bytes:
    """Chunks and row groups change their places."""

    def change(footer: Fields) -> None:
        metas = list(f.chunks(footer))
        if not metas:
            return
        one, other = chance.choice(metas), chance.choice(metas)
        match chance.randrange(3):
            case 0:
                for field in (f.DATA_PAGE, f.DICTIONARY_PAGE, f.SIZE_HERE):
                    if field in other:
                        one[field] = other[field]
            case 1:
                groups = footer[f.ROW_GROUPS].value.items
                groups.append(chance.choice(groups))
                footer[f.NUM_ROWS] = Value(I64, sum(group[f.GROUP_ROWS].value for group in groups))
            case _:
                one[f.STATISTICS] = other.get(f.STATISTICS, Value(STRUCT, {}))

    return f.changed(content, change)


OF_FOOTER: tuple[Change, ...] = (bits_of_footer, length_of_footer, fields_of_footer, statistics, chunks)
OF_PAGES: tuple[Change, ...] = (bits_of_pages, headers_of_pages, contents_of_pages)
ANYWHERE: tuple[Change, ...] = (bytes_of_anything, cut, moved)


def mutated(content: bytes, chance: random.Random) -> tuple[str, bytes]:
    """The file damaged in one way, and the name of that way."""
    change = chance.choice((*OF_FOOTER, *OF_FOOTER, *OF_PAGES, *OF_PAGES, *ANYWHERE))
    for _ in range(20):
        try:
            done = change(content, chance)
        except (Malformed, KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError, MemoryError):
            continue  # the change broke what it would have had to write
        if done != content:
            return change.__name__, done
    return bits_of_pages.__name__, bits_of_pages(content, chance)
