"""The pieces of a table that is not finished: a file beside the table to which every piece is appended.

Each piece has its length and a checksum before it, so that the last one, cut by a kill or a full disk, is known for
what it is. The first line says what the pieces are of: those of a run with other options are of no use.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import NamedTuple, Self

_MARK = b"convkit pieces 1\n"
_HEAD = Struct("<QI")
MOST_BYTES = 1 << 31
"""Of a piece; a longer one is no piece."""


class Span(NamedTuple):
    """Where a piece lies.

    Attributes
    ----------
    offset, length : int
    """

    offset: int
    length: int


def unfinished_path(path: Path) -> Path:
    """Where the pieces of a table lie until it is finished."""
    return path.with_name(f".{path.name}.unfinished")


class Unfinished:
    """The file of the pieces, open.

    Parameters
    ----------
    path : Path
        Made where missing.
    made_of : str
        What the pieces are of; those that are of something else are dropped.
    """

    def __init__(self, path: Path, made_of: str) -> None:
        self._path = path
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._first = _MARK + made_of.encode() + b"\n"
        if self._file.read(len(self._first)) != self._first:
            self._file.seek(0)
            self._file.truncate()
            self._file.write(self._first)
        self._end = len(self._first)

    def pieces(self) -> Iterator[tuple[Span, bytes]]:
        """Yield what an earlier run has left, and cut off what is not whole; once, before anything is appended."""
        self._file.seek(self._end)
        while True:
            head = self._file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                break
            length, checksum = _HEAD.unpack(head)
            data = self._file.read(length) if length <= MOST_BYTES else b""
            if len(data) < length or zlib.crc32(data) != checksum:
                break
            yield Span(self._end + _HEAD.size, length), data
            self._end += _HEAD.size + length
        self._file.seek(self._end)
        self._file.truncate()

    def append(self, data: bytes) -> Span:
        """Add a piece."""
        self._file.seek(self._end)
        self._file.write(_HEAD.pack(len(data), zlib.crc32(data)))
        self._file.write(data)
        self._file.flush()
        span = Span(self._end + _HEAD.size, len(data))
        self._end += _HEAD.size + len(data)
        return span

    def read(self, span: Span) -> bytes:
        """The bytes of a piece."""
        self._file.seek(span.offset)
        return self._file.read(span.length)

    def remove(self) -> None:
        """Close and delete the file: the table is finished."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; one without a piece has nothing to go on with, and is deleted."""
        if self._file.closed:
            return
        if self._file.seek(0, os.SEEK_END) == len(self._first):
            self.remove()
        self._file.close()
