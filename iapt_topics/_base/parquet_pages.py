"""Sizes of the pages of a Parquet file, as each page says them and not as the footer does.

A reader makes room for what a page says, so the footer may say what it likes. A header is a struct
in Thrift's compact protocol: its fields 2 and 3 are the page's size unpacked and packed.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path

_UNPACKED, _PACKED = 2, 3
_BINARY, _LIST, _SET, _STRUCT = 8, 9, 10, 12
_FIXED = {1: 1, 2: 1, 3: 1, 7: 8}  # bytes of truth values, of a byte and of a double


def unpacked_sizes(path: Path, chunks: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Bytes that each chunk's pages unpack to; a chunk is given by its start and length.

    Raises
    ------
    ValueError, IndexError
        If a header is none.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for start, length in chunks:
            at, size = start, 0
            while at < start + length:
                at, sizes = _struct(data, at)
                if min(sizes.get(_UNPACKED, -1), sizes.get(_PACKED, -1)) < 0:
                    raise ValueError("a page without a size")
                size += sizes[_UNPACKED]
                at += sizes[_PACKED]
            yield size


def _struct(data: mmap.mmap, at: int) -> tuple[int, dict[int, int]]:
    """Where a struct ends, and its whole numbers by their field."""
    found: dict[int, int] = {}
    field = 0
    while head := data[at]:
        at += 1
        if head >> 4:
            field += head >> 4
        else:
            at, number = _varint(data, at)
            field = _signed(number)
        kind = head & 15
        if kind in (4, 5, 6):  # whole numbers of 16, 32 and 64 bits
            at, number = _varint(data, at)
            found[field] = _signed(number)
        elif kind > 2:  # a truth value is told by its kind alone
            at = _after(data, at, kind)
    return at + 1, found


def _after(data: mmap.mmap, at: int, kind: int) -> int:
    """Where a value ends."""
    if kind in _FIXED:
        return at + _FIXED[kind]
    if kind in (4, 5, 6):
        return _varint(data, at)[0]
    if kind == _BINARY:
        at, size = _varint(data, at)
        return at + size
    if kind == _STRUCT:
        return _struct(data, at)[0]
    if kind in (_LIST, _SET):
        size, inner, at = data[at] >> 4, data[at] & 15, at + 1
        if size == 15:
            at, size = _varint(data, at)
        for _ in range(size):
            at = _after(data, at, inner)
        return at
    raise ValueError(f"a page header with a value of kind {kind}")  # of maps there are none


def _varint(data: mmap.mmap, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return at, number
    raise ValueError("a number without end in a page header")


def _signed(number: int) -> int:
    return (number >> 1) ^ -(number & 1)
