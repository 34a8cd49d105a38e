"""Where the frames of encapsulated Pixel Data lie: fragments, and the tables that tell frames apart (PS3.5 A.4).

Nothing is decoded here. A table that leads nowhere is left aside where the fragments themselves tell the frames apart.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import BinaryIO, NamedTuple

from convkit.dicom import syntaxes
from convkit.errors import PixelError

_ITEM = 0xE000FFFE
_DELIMITER = 0xE0DDFFFE
"""Tags (FFFE,E000) and (FFFE,E0DD), read as one little-endian number."""

_HEAD = struct.Struct("<II")
"""Tag and length of an item."""

_UNDEFINED_LENGTH = 0xFFFFFFFF

MOST_FRAGMENTS = 1 << 22
"""A file with more is refused: its index alone would fill the memory. The largest slides have some 100,000 tiles."""

_END_OF_IMAGE = b"\xff\xd9"
"""The last marker of JPEG (EOI), JPEG-LS (EOI) and JPEG 2000 (EOC); in none of them can it occur within coded data."""

_END_BYTES = 10
"""How far from the end of a fragment that marker is looked for, because of filling behind it; as in pydicom."""

_STARTS = {
    **dict.fromkeys(syntaxes.JPEG | syntaxes.JPEG_LS, re.compile(rb"\xff\xd8\xff")),
    **dict.fromkeys(syntaxes.JPEG_2000, re.compile(rb"\xff\x4f\xff\x51|\x00\x00\x00\x0cjP  ")),
    syntaxes.RLE: re.compile(rb"[\x01-\x0f]\x00\x00\x00\x40\x00\x00\x00"),
}
"""How a picture begins: SOI, SOC and SIZ, or a JP2 file; in RLE, 1 to 15 segments of which the first follows the header
(PS3.5 G.5)."""

_START_BYTES = 8

Span = tuple[int, int]
"""Position in the file, and length in bytes."""


class FrameIndex(NamedTuple):
    """Where the compressed frames of an object lie.

    Attributes
    ----------
    fragments : tuple of (offset, length)
        Values of the fragments, in the order of the file; offsets count from its start.
    starts : tuple of int
        Index of the first fragment of each frame, and behind them that after the last fragment of the last frame.
    surplus : int
        How many frames there are beyond those that the header promises.
    where : str
        Path of the file, for messages.
    """

    fragments: tuple[Span, ...]
    starts: tuple[int, ...]
    surplus: int
    where: str

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return len(self.starts) - 1

    def spans(self, frame: int) -> tuple[Span, ...]:
        """Where the fragments of a frame lie; it counts from 0."""
        return self.fragments[self.starts[frame] : self.starts[frame + 1]]

    def read(self, file: BinaryIO, frame: int) -> bytes:
        """The stream of a frame; it counts from 0.

        Raises
        ------
        PixelError
            The file ends inside it.
        """
        parts = []
        for offset, length in self.spans(frame):
            part = _read(file, offset, length)
            if len(part) < length:
                raise PixelError(
                    f"The file ends inside frame {frame + 1}.",
                    self.where,
                    "Copy the file again from its source.",
                    "pixels.truncated",
                )
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


class ExtendedOffsets(NamedTuple):
    """The Extended Offset Table (PS3.3 C.7.6.3.1.8).

    Attributes
    ----------
    offsets : bytes
        Value of (7FE0,0001) ExtendedOffsetTable.
    lengths : bytes
        Value of (7FE0,0002) ExtendedOffsetTableLengths; empty where it is missing.
    """

    offsets: bytes
    lengths: bytes = b""


def index_frames(  # noqa: PLR0913 (the value, and what the header says of it)
    file: BinaryIO,
    start: int,
    frames: int,
    *,
    transfer_syntax: str,
    extended: ExtendedOffsets | None = None,
    where: str = "",
) -> FrameIndex:
    """Find the frames of encapsulated Pixel Data.

    Parameters
    ----------
    file : binary file that can seek
        The whole file, or `io.BytesIO` of a value in memory.
    start : int
        Position of the value of Pixel Data: of the item of the Basic Offset Table.
    frames : int
        Number of Frames of the header.
    transfer_syntax : str
        Tells what a picture begins with, where no table tells the frames apart.
    extended : ExtendedOffsets or None
    where : str
        Path of the file, for messages.

    Raises
    ------
    PixelError
        There are fewer frames than promised (`pixels.truncated`), or no fragments at all (`pixels.fragments`).
    """
    table, items, fragments = _scan(file, start, where)
    tables = [*_extended_table(extended), _words(table, "I")]
    for offsets in tables:
        starts = _starts_of(offsets, items)
        if starts and len(starts) >= frames:
            exact = _exact(fragments, starts, extended) if offsets is tables[0] else fragments
            return _index(exact, [*starts, len(fragments)], frames, where)
    return _index(fragments, _starts_without_table(file, fragments, frames, transfer_syntax), frames, where)


def _index(fragments: Sequence[Span], starts: Sequence[int], frames: int, where: str) -> FrameIndex:
    found = len(starts) - 1
    if found < frames:
        raise PixelError(
            f"Pixel Data hold {found} frames in {len(fragments)} fragments, and the header promises {frames}.",
            where,
            "Copy the file again from its source.",
            "pixels.truncated",
        )
    return FrameIndex(tuple(fragments), tuple(starts), found - frames, where)


def _scan(file: BinaryIO, start: int, where: str) -> tuple[bytes, list[int], list[Span]]:
    """The Basic Offset Table, positions of the items after it (the first is 0), and the fragments in them."""
    end = file.seek(0, 2)
    items = _items(file, start, end)
    table = next(items, None)
    if table is None:
        raise _not_encapsulated(where)
    content = _read(file, table[0], min(table[1], max(end - table[0], 0)))
    fragments: list[Span] = []
    for fragment in items:
        if len(fragments) == MOST_FRAGMENTS:
            raise PixelError(f"Pixel Data have more than {MOST_FRAGMENTS} fragments.", where, "", "pixels.too-large")
        fragments.append(fragment)
    first = fragments[0][0] if fragments else 0
    return content, [offset - first for offset, _ in fragments], fragments


def _items(file: BinaryIO, start: int, end: int) -> Iterator[Span]:
    """Yield the values of items up to the delimiter, the end of the file, or what is no item."""
    place = start
    while True:
        tag, length = _head(file, place)
        if tag == _DELIMITER or place + _HEAD.size > end:
            return
        if tag != _ITEM or length == _UNDEFINED_LENGTH:
            return
        yield place + _HEAD.size, length
        place += _HEAD.size + length
        # A length shall be even (PS3.5 7.5); after an odd one, some writers have a filling byte and some have none.
        if length % 2 and _head(file, place)[0] not in {_ITEM, _DELIMITER}:
            place += 1


def _head(file: BinaryIO, place: int) -> tuple[int, int]:
    """Tag and length at a place; zeros where the file has ended."""
    tag, length = _HEAD.unpack(_read(file, place, _HEAD.size).ljust(_HEAD.size, b"\x00"))
    return tag, length


def _not_encapsulated(where: str) -> PixelError:
    return PixelError(
        "Pixel Data do not begin with an item, as they must in a compressed file.", where, "", "pixels.fragments"
    )


def _extended_table(extended: ExtendedOffsets | None) -> list[tuple[int, ...]]:
    return [_words(extended.offsets, "Q")] if extended else []


def _words(content: bytes, kind: str) -> tuple[int, ...]:
    """Little-endian numbers of a table; what is no whole number at its end is left out."""
    count = len(content) // struct.calcsize(f"<{kind}")
    return struct.unpack_from(f"<{count}{kind}", content)


def _starts_of(offsets: Sequence[int], items: Sequence[int]) -> list[int]:
    """Index of the fragment that each offset leads to; empty where one leads nowhere, or back (PS3.5 A.4)."""
    if not offsets or offsets[0] != 0 or any(b <= a for a, b in pairwise(offsets)):
        return []
    places = {item: index for index, item in enumerate(items)}
    starts = [places.get(offset, -1) for offset in offsets]
    return [] if -1 in starts else starts


def _exact(fragments: Sequence[Span], starts: Sequence[int], extended: ExtendedOffsets | None) -> list[Span]:
    """Fragments without their filling byte, where the table of lengths tells."""
    lengths = _words(extended.lengths, "Q") if extended else ()
    spans = list(fragments)
    if len(lengths) == len(starts) == len(spans):  # one fragment a frame (PS3.3 C.7.6.3.1.8)
        spans = [(offset, min(there, said)) for (offset, there), said in zip(spans, lengths, strict=True)]
    return spans


def _starts_without_table(file: BinaryIO, fragments: Sequence[Span], frames: int, syntax: str) -> list[int]:
    """Index of the first fragment of each frame, and the end, from the fragments alone."""
    count = len(fragments)
    filled = [index for index, (_, length) in enumerate(fragments) if length]
    if count > frames and len(filled) == frames:  # empty fragments, as some writers leave at the end
        return [*filled, count]
    if count <= frames:
        return list(range(count + 1))
    if syntax in _STARTS:
        return [0, *_borders(file, fragments, syntax, has_many=frames > 1), count]
    # Deflated frames have one fragment each (PS3.5 A.4.13); where it is only one frame, all may be parts of it.
    return [0, count] if frames == 1 else list(range(count + 1))


def _borders(file: BinaryIO, fragments: Sequence[Span], syntax: str, *, has_many: bool) -> Iterator[int]:
    """Yield the fragments that another frame begins with.

    Several frames: after the end marker, as in pydicom. One frame: only where another picture begins, too. RLE has no
    end marker.
    """
    needs_end, needs_start = syntax != syntaxes.RLE, not has_many or syntax == syntaxes.RLE
    tail = b""
    for place, ((offset, length), (after, _)) in enumerate(pairwise(fragments), start=1):
        tail += _read(file, offset + max(length - _END_BYTES, 0), min(length, _END_BYTES))
        tail = tail[-_END_BYTES:]  # across fragments, as one may end inside the marker
        is_border = not needs_end or _END_OF_IMAGE in tail
        if is_border and needs_start:
            is_border = _STARTS[syntax].match(_read(file, after, _START_BYTES)) is not None
        if is_border:
            tail = b""
            yield place


def _read(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
