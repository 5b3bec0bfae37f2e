"""Thrift's compact protocol, in which footers and page headers of Parquet files are written. Pure.

A struct is a dict from the numbers of fields to :class:`Value`. What is read and written again is the same to the byte.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
"""The types of the protocol; the value of a field of type TRUE or FALSE is in its type."""
DEEPEST = 64
"""Structs and lists within each other: Parquet's own are no deeper than ten."""

Fields = dict[int, "Value"]


class Malformed(ValueError):
    """The bytes are no Thrift, or end too early."""


class Value(NamedTuple):
    """A value with its type; that of a list is :class:`Listed`, that of a struct its fields."""

    type: int
    value: Any


class Listed(NamedTuple):
    """The elements of a list, and their type."""

    type: int
    items: list[Any]


def read(content: bytes, place: int = 0) -> tuple[Fields, int]:
    """The struct that begins at ``place``, and where it ends. Raises :class:`Malformed`."""
    reader = _Reader(content, place)
    try:
        return reader.fields(0), reader.place
    except (IndexError, struct.error):
        raise Malformed("ends too early") from None


class _Reader:
    def __init__(self, content: bytes, place: int) -> None:
        self.content, self.place = content, place

    def varint(self) -> int:
        number = shift = 0
        while True:
            byte = self.content[self.place]
            self.place += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7
            if shift > 63:
                raise Malformed("a number of more than 64 bits")

    def integer(self) -> int:
        number = self.varint()
        return (number >> 1) ^ -(number & 1)

    def taken(self, length: int) -> bytes:
        end = self.place + length
        if end > len(self.content):
            raise IndexError
        start, self.place = self.place, end
        return self.content[start:end]

    def fields(self, depth: int) -> Fields:
        if depth > DEEPEST:
            raise Malformed("too many structs within each other")
        found: Fields = {}
        last = 0
        while header := self.content[self.place]:
            self.place += 1
            kind = header & 0x0F
            last = last + (header >> 4) if header >> 4 else self.integer()
            found[last] = Value(kind, kind == TRUE if kind in (TRUE, FALSE) else self.value(kind, depth))
        self.place += 1
        return found

    def value(self, kind: int, depth: int) -> Any:
        found: Any
        match kind:
            case 1 | 2:
                found = self.taken(1) == b"\x01"
            case 3:
                found = self.taken(1)[0]
            case 4 | 5 | 6:
                found = self.integer()
            case 7:
                (found,) = struct.unpack("<d", self.taken(8))
            case 8:
                found = self.taken(self.varint())
            case 9 | 10:
                found = self.listed(depth)
            case 12:
                found = self.fields(depth + 1)
            case _:
                raise Malformed(f"a type {kind}, which Parquet does not use")
        return found

    def listed(self, depth: int) -> Listed:
        if depth > DEEPEST:
            raise Malformed("too many lists within each other")
        (header,) = self.taken(1)
        kind, count = header & 0x0F, header >> 4
        if count == 15:
            count = self.varint()
        if count > len(self.content) - self.place:
            raise Malformed("a list of more elements than there are bytes")
        return Listed(kind, [self.value(kind, depth + 1) for _ in range(count)])


def written(fields: Fields) -> bytes:
    """A struct as bytes."""
    out, last = bytearray(), 0
    for number, (said, value) in sorted(fields.items()):
        boolean = said in (TRUE, FALSE)
        kind = (TRUE if value else FALSE) if boolean else said
        delta = number - last
        out += bytes([delta << 4 | kind]) if 0 < delta < 16 else bytes([kind]) + _integer(number)
        out += b"" if boolean else _value(kind, value)
        last = number
    return bytes(out) + b"\0"


def _value(kind: int, value: Any) -> bytes:
    match kind:
        case 1 | 2:
            out = b"\x01" if value else b"\x02"
        case 3:
            out = bytes([value])
        case 4 | 5 | 6:
            out = _integer(value)
        case 7:
            out = struct.pack("<d", value)
        case 8:
            out = _varint(len(value)) + bytes(value)
        case 9 | 10:
            count = len(value.items)
            out = bytes([count << 4 | value.type]) if count < 15 else bytes([0xF0 | value.type]) + _varint(count)
            out += b"".join(_value(value.type, item) for item in value.items)
        case 12:
            out = written(value)
        case _:
            raise Malformed(f"a type {kind}, which Parquet does not use")
    return out


def _integer(number: int) -> bytes:
    return _varint((number << 1) ^ (number >> 63))


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
