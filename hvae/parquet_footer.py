"""What the footer of a Parquet file says of its column chunks, read from its bytes.

pyarrow builds an object for each column chunk when it is asked for one. If the footer is damaged in certain
places (the size statistics, in pyarrow 26), that ends the process instead of raising an error. So those of a
stranger's file are read here: a struct in Thrift's compact protocol, as parquet.thrift has it.
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from typing import Any, NamedTuple

DEEPEST = 16
"""Structs and lists within each other; a footer has eight."""

STOP, TRUE, FALSE = 0, 1, 2
"""Types of values; `_value` has the others."""
ROW_GROUPS, COLUMNS, META_DATA, CODEC, UNCOMPRESSED_SIZE = 4, 1, 3, 4, 6
"""Numbers of fields: of FileMetaData, RowGroup and ColumnChunk, and two of ColumnMetaData."""

CODECS = {0: "UNCOMPRESSED", 1: "SNAPPY"}


class Chunk(NamedTuple):
    """A column chunk: its codec, None for one that is not in `CODECS`, and its bytes when unpacked."""

    codec: str | None
    unpacked: int


def column_chunks(data: bytes) -> list[Chunk]:
    """Return the column chunks of all row groups in a Parquet file's bytes. Raises ValueError."""
    length = int.from_bytes(data[-8:-4], "little")
    if not 0 < length <= len(data) - 12:
        raise ValueError("its footer is longer than the file")
    footer = _Reader(data[-8 - length : -8]).struct(0)
    chunks = []
    for group in _structs(footer, ROW_GROUPS):
        for column in _structs(group, COLUMNS):
            about = column.get(META_DATA)
            if not isinstance(about, dict):
                raise ValueError("a column chunk says nothing about itself")
            codec, size = about.get(CODEC), about.get(UNCOMPRESSED_SIZE)
            if not (isinstance(codec, int) and isinstance(size, int) and size >= 0):
                raise ValueError("a column chunk has no codec or no size")
            chunks.append(Chunk(CODECS.get(codec), size))
    return chunks


def _structs(struct: dict[int, Any], field: int) -> list[dict[int, Any]]:
    values = struct.get(field, [])
    if not (isinstance(values, list) and all(isinstance(value, dict) for value in values)):
        raise ValueError("its footer does not list row groups and columns")
    return values


class _Reader:
    """Reads values one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def struct(self, depth: int) -> dict[int, Any]:
        """Return the fields of a struct by their numbers."""
        if depth > DEEPEST:
            raise ValueError("its footer is nested too deeply")
        fields: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) & 0x0F != STOP:
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            kind = head & 0x0F
            # A boolean's value is in its type.
            fields[number] = kind == TRUE if kind in (TRUE, FALSE) else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        match kind:
            case 1 | 2 | 3:  # a byte; in a list, a boolean is one
                return self._byte()
            case 4 | 5 | 6:  # an integer of 16, 32 or 64 bits
                return self._zigzag()
            case 7:  # a double
                return self._bytes(8)
            case 8:  # text
                return self._bytes(self._varint())
            case 9 | 10:  # a list or a set
                head = self._byte()
                count = head >> 4 if head >> 4 < 15 else self._varint()
                return [self._value(head & 0x0F, depth + 1) for _ in range(self._plausible(count, depth))]
            case 11:  # a map
                if not (count := self._varint()):
                    return []
                kinds = self._byte()
                return [
                    (self._value(kinds >> 4, depth + 1), self._value(kinds & 0x0F, depth + 1))
                    for _ in range(self._plausible(count, depth))
                ]
            case 12:
                return self.struct(depth + 1)
        raise ValueError("its footer has a value of no known type")

    def _plausible(self, count: int, depth: int) -> int:
        """Return how many entries a list has; each takes a byte at least."""
        if count > len(self._data) - self._at or depth > DEEPEST:
            raise ValueError("its footer has a list that is longer than the footer")
        return count

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) < count:
            raise ValueError("its footer is cut off")
        self._at += count
        return found

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise ValueError("its footer has a number without an end")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
