"""A file to a tree: as much of it is read as its header takes; long native pixel data stay where they are."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import pairwise
from typing import NamedTuple

from convkit.dicom.deflated import check_inflated, may_be_too_large
from convkit.dicom.sequences import UNDEFINED
from convkit.dicom.syntaxes import DEFLATED, is_standard
from convkit.dicom.tree.layout import Layout, Layouts, Match
from convkit.dicom.tree.nodes import (
    META,
    META_GROUP,
    META_LENGTH,
    PIXEL_DATA,
    PREAMBLE_BYTES,
    TRANSFER_SYNTAX,
    Coding,
    Element,
    Span,
    Tree,
    uid_of,
)
from convkit.dicom.tree.walk import Short, Walk
from convkit.errors import InputError, NotDicomError
from convkit.storage import files

SPAN_BYTES = 1 << 16
"""Pixel data of this length stay in the file."""

FIRST_BYTES = 1 << 16
"""Bytes read at a time: most headers, and many whole files."""

_FIRST = PREAMBLE_BYTES + 4
"""Where file meta information starts."""


def read_tree(
    path: str, file: files.Raw | None = None, *, before_pixels: bool = False, without_private: bool = False
) -> Tree:
    """All elements of a file.

    Parameters
    ----------
    path : str
    file : file without a buffer, or None
        The file where it is open already; it stays so.
    before_pixels : bool
        Stop at the group of the pixel data: for who only wants to know what is said, and will not write it.
    without_private : bool
        Leave private elements out, as far as they have plain values: for who will drop them all anyway.

    Raises
    ------
    NotDicomError
        The file is not DICOM.
    InputError
        The file cannot be read, ends inside an element, or is not encoded as it says.
    """
    try:
        with files.opened(path) if file is None else nullcontext(file) as opened:
            source = _Bytes(opened, files.stamp(opened)[0])
            extent = _Extent(before_pixels=before_pixels, without_private=without_private)
            return _Reader(path, source, extent).tree()
    except OSError as err:
        raise files.unreadable(path, err) from err


class Alike(NamedTuple):
    """A file whose header is laid out as others before, of which only the rest was read.

    Attributes
    ----------
    path : str
    transfer_syntax : str
    layout : Layout
    varying : list of Element
        Elements of the header that are not those of the others.
    rest : list of Element
        Pixel data, and what stands behind them.
    """

    path: str
    transfer_syntax: str
    layout: Layout
    varying: list[Element]
    rest: list[Element]


def read_alike(
    path: str, layouts: Layouts, file: files.Raw | None = None, *, before_pixels: bool = False
) -> Alike | Tree:
    """All elements of a file, or only those in which it differs from others that were read with these layouts.

    Parameters
    ----------
    path : str
    layouts : Layouts
        What is remembered of other files; this one is added to it.
    file : file without a buffer, or None
        As in `read_tree`.
    before_pixels : bool
        As in `read_tree`; nothing is said of the rest, then.

    Raises
    ------
    NotDicomError, InputError
        As `read_tree`.
    """
    try:
        with files.opened(path) if file is None else nullcontext(file) as opened:
            size = files.stamp(opened)[0]
            is_whole = size <= FIRST_BYTES and not before_pixels
            source = _Bytes(opened, size, FIRST_BYTES if is_whole else layouts.reach or FIRST_BYTES)
            return _Reader(path, source, _Extent(before_pixels=before_pixels)).alike(layouts)
    except OSError as err:
        raise files.unreadable(path, err) from err


def tree_of(data: bytes, name: str = "<data set>") -> Tree:
    """All elements of a file that is held in memory; no value of it is a span.

    Raises
    ------
    NotDicomError, InputError
        As `read_tree`.
    """
    return _Reader(name, _Bytes(io.BytesIO(data), len(data)), _Extent(span_bytes=len(data) + 1)).tree()


class _Bytes:
    """The bytes of a file that have been read so far: all up to long pixel data, and all after them.

    Attributes
    ----------
    data : bytes
        From `base` on.
    base : int
    size : int
        Of the file.
    """

    __slots__ = ("_file", "base", "data", "size")

    def __init__(self, file: files.Raw | io.BytesIO, size: int, first: int = FIRST_BYTES) -> None:
        self._file = file
        self.size = size
        self.move(0, first)

    def move(self, base: int, first: int = FIRST_BYTES) -> None:
        """Begin at another place."""
        self.base = base
        self.data = self._read(base, min(first, self.size - base))

    def grow(self) -> bool:
        """Read more behind what is there; False where there is no more."""
        start = self.base + len(self.data)
        if start >= self.size:
            return False
        self.data += self._read(start, min(max(len(self.data), FIRST_BYTES), self.size - start))
        return True

    def is_filling(self, position: int) -> bool:
        """True where nothing but zeros is left of the file."""
        start = position - self.base
        if self.data[start : start + 8].strip(b"\0"):
            return False
        if self.data[start:].strip(b"\0"):
            return False
        rest = range(self.base + len(self.data), self.size, FIRST_BYTES)
        # What is looked at here is not kept: a file may be filled up with more than the memory holds.
        return not any(self._read(place, min(FIRST_BYTES, self.size - place)).strip(b"\0") for place in rest)

    def _read(self, start: int, length: int) -> bytes:
        if not length:
            return b""
        if type(self._file) is io.FileIO:
            return os.pread(self._file.fileno(), length, start)
        self._file.seek(start)
        return self._file.read(length) or b""


class _Extent(NamedTuple):
    """How much of a file is read: see `read_tree`; from `span_bytes` on, pixel data stay in it."""

    span_bytes: int = SPAN_BYTES
    before_pixels: bool = False
    without_private: bool = False


class _Reader:
    """Walks one file."""

    def __init__(self, path: str, source: _Bytes, extent: _Extent) -> None:
        self._path = path
        self._source = source
        self._extent = extent

    def tree(self) -> Tree:
        return self._whole(*self._beginning())

    def _beginning(self) -> tuple[list[Element], str, int]:
        """File meta information, transfer syntax, and where the data set starts."""
        data = self._source.data
        if data[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] != b"DICM":
            raise NotDicomError("The file is not DICOM.", self._path, "", "input.not-dicom")
        meta, start = self._meta(_FIRST)
        syntax = next((uid_of(e) for e in meta if e.tag == TRANSFER_SYNTAX), "")
        if not is_standard(syntax):
            raise self._broken("(0002,0010) TransferSyntaxUID is missing or unknown.")
        return meta, syntax, start

    def _whole(self, meta: list[Element], syntax: str, start: int) -> Tree:
        preamble = self._source.data[:PREAMBLE_BYTES]
        if syntax == DEFLATED:
            inflated = self._inflated(start)
            elements = Walk(inflated, Coding.of(syntax), self._path).elements(0, len(inflated))
        else:
            elements = self._elements(start, Coding.of(syntax))
        meta = [each for each in meta if each.tag != META_LENGTH]
        return Tree(self._path, preamble, meta, elements, syntax)

    def alike(self, layouts: Layouts) -> Alike | Tree:
        found = self._match(layouts)
        if found is None and len(self._source.data) < FIRST_BYTES and self._source.grow():
            found = self._match(layouts)
        if found is not None:
            alike = self._alike(*found)
            if alike is not None:
                return alike
            self._source.move(0)
        data = self._source.data
        meta, syntax, start = self._beginning()
        tree = self._whole(meta, syntax, start)
        if found is None and syntax != DEFLATED:
            layouts.learn(meta, tree.elements, data, _FIRST)
        return tree

    def _match(self, layouts: Layouts) -> tuple[Walk, Match, str] | None:
        """The header as one that is remembered, by the bytes that are there, and its transfer syntax."""
        data = self._source.data
        found = layouts.beginning(Walk(data, META, self._path), _FIRST)
        if found is None or found.transfer_syntax == DEFLATED or data[PREAMBLE_BYTES:_FIRST] != b"DICM":
            return None
        walk = Walk(data, Coding.of(found.transfer_syntax), self._path)
        match = layouts.match(walk, found.end)
        return None if match is None else (walk, match, found.transfer_syntax)

    def _alike(self, walk: Walk, match: Match, syntax: str) -> Alike | None:
        """A file with a header that matches; None where what follows is not what it should be."""
        if match.end == self._source.size:
            return Alike(self._path, syntax, match.layout, match.elements, [])
        if not walk.is_of_pixels(match.end):
            return None
        rest = [] if self._extent.before_pixels else self._elements(match.end, walk.coding)
        return Alike(self._path, syntax, match.layout, match.elements, rest) if _is_ascending(rest) else None

    def _meta(self, start: int) -> tuple[list[Element], int]:
        """File meta information, and where it ends: at the first element of another group (its length may be wrong)."""
        found: list[Element] = []
        here = start
        while True:
            walk = Walk(self._source.data, META, self._path)
            try:
                while here + 8 <= len(walk.data) and walk.tag_at(here) >> 16 == META_GROUP:
                    element, here = walk.one(here)
                    found.append(element)
            except Short as err:
                if self._source.grow():
                    continue
                raise self._cut() from err
            return found, here

    def _inflated(self, start: int) -> bytes:
        while self._source.grow():
            pass
        packed = self._source.data[start:]
        try:
            if may_be_too_large(len(packed)):
                pieces = (packed[place : place + FIRST_BYTES] for place in range(0, len(packed), FIRST_BYTES))
                check_inflated(pieces, self._path)
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            return inflater.decompress(packed) + inflater.flush()
        except zlib.error as err:
            raise self._broken("The deflated data set is damaged.") from err

    def _elements(self, start: int, coding: Coding) -> list[Element]:
        """The elements of the data set; what is missing of the file is read when it is met."""
        found: list[Element] = []
        position, source = start, self._source
        walk: Walk | None = None
        while position < source.size:
            if walk is None or walk.data is not source.data:
                walk = Walk(source.data, coding, self._path, without_private=self._extent.without_private)
            here = walk.plain(position - source.base, len(walk.data), found)
            position = source.base + here
            if position == source.size or (self._extent.before_pixels and walk.is_of_pixels(here)):
                break
            if source.is_filling(position):
                break  # behind the last element of many a file; none begins with eight zeros
            try:
                span = self._span(walk, here)
                if span is not None:
                    found.append(span)
                    position = _end_of(span)
                    source.move(position)
                    continue
                element, end = walk.element(here, len(walk.data))
            except Short as err:
                if source.grow():
                    continue
                raise self._cut() from err
            found.append(element)
            position = source.base + end
        return found

    def _span(self, walk: Walk, here: int) -> Element | None:
        """Long native pixel data, left in the file."""
        head = walk.head(here)
        if head.tag not in PIXEL_DATA or head.length == UNDEFINED or head.length < self._extent.span_bytes:
            return None
        offset = self._source.base + head.start
        if offset + head.length > self._source.size:
            raise self._cut()
        return Element(head.tag, head.vr, Span(offset, head.length))

    def _cut(self) -> InputError:
        what = "The file ends inside an element."
        return InputError(what, self._path, "Copy it again from its source.", "input.cut-header")

    def _broken(self, what: str) -> InputError:
        return InputError(what, self._path, "", "header.inconsistent")


def _is_ascending(elements: Sequence[Element]) -> bool:
    return all(first.tag < second.tag for first, second in pairwise(elements))


def _end_of(element: Element) -> int:
    assert isinstance(element.value, Span)  # noqa: S101 (it was made so a line before)
    return element.value.offset + element.value.length
