"""What compressed streams carry beside the picture: comments, camera data, thumbnails, and bytes behind the end.

No attribute names these, so no rule of a profile is for them. Only segments that no decoder needs are left out; coded
data are never touched, so that the picture stays the same bit by bit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from struct import Struct
from typing import NamedTuple

from convkit.dicom.sequences import ITEM

_HEAD = Struct("<HHI")
_OFFSET = Struct("<I")
_SIZE = Struct(">H").unpack_from
_LENGTH = Struct(">I")

_END = b"\xff\xd9"

_COMMENT, _FIRST_APP, _LAST_APP, _SCAN = 0xFE, 0xE0, 0xEF, 0xDA
_KEPT_APPS = {0xE0: (b"JFIF\0", 14), 0xE8: (b"mrfx", 5), 0xEE: (b"Adobe", 12)}
"""Application segments that decoders ask for the colour space, and their bytes without the length: JFIF without its
thumbnail (ISO 10918-5 10.1), the colour transforms of JPEG-LS as HP has them, Adobe."""

_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""In coded data a byte FF is followed by 0 (JPEG, ISO 10918-1 B.1.1.5) or by a byte below 80 (JPEG-LS, ISO 14495-1),
or it starts a restart marker, which belongs to them."""

_J2K_START = b"\xff\x4f\xff\x51"
_J2K_TILE, _J2K_DATA, _J2K_COMMENT, _J2K_LENGTHS = 0xFF90, 0xFF93, 0xFF64, 0xFF55
_TILE_BYTES = 12
"""SOT with its marker (ISO 15444-1 A.4.2)."""


class _Odd(Exception):  # noqa: N818 (not an error: the stream stays as it is)
    """A stream is not built as it should be."""


def bare(value: bytes) -> bytes | None:
    """Encapsulated pixel data whose streams hold nothing but the picture; None where nothing is to be left out.

    Parameters
    ----------
    value : bytes
        All items, without the delimiter after them (PS3.5 A.4).

    Returns
    -------
    bytes or None
        With a basic offset table that fits; without one where it did not fit before.
    """
    table, fragments = _items(value)
    if table is None:
        return None
    streams = list(_streams(fragments))
    stripped = [_stripped(stream) for stream in streams]
    new_table = _table(table, streams, stripped)
    if all(one is None for one in stripped) and new_table == table:
        return None
    kept = [stream if one is None else [one] for stream, one in zip(streams, stripped, strict=True)]
    return b"".join([_item(new_table), *(_item(fragment) for stream in kept for fragment in stream)])


def _streams(fragments: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield the fragments of each stream; a stream is known by how it begins."""
    stream: list[bytes] = []
    for fragment in fragments:
        if stream and (_kind(fragment) or not _kind(stream[0])):
            yield stream
            stream = []
        stream.append(fragment)
    if stream:
        yield stream


def _kind(fragment: bytes) -> type[_Jpeg | _Jpeg2000 | _Jp2] | None:
    return next((one for one in (_Jpeg, _Jpeg2000, _Jp2) if fragment.startswith(one.START)), None)


def _stripped(stream: list[bytes]) -> bytes | None:
    """A stream without what is beside the picture, in one fragment; None where it stays as it is."""
    kind = _kind(stream[0])
    if kind is None:
        return None  # of a kind without comments, or none that anybody could read
    whole = stream[0] if len(stream) == 1 else b"".join(stream)
    try:
        left = kind(whole).bare()
    except (_Odd, IndexError):
        return None
    left += bytes(len(left) % 2)
    return None if whole.rstrip(b"\0") == left.rstrip(b"\0") else left


# --- items -----------------------------------------------------------------------------------------------


class _Items(NamedTuple):
    table: bytes | None
    fragments: list[bytes]


def _items(value: bytes) -> _Items:
    """Basic offset table and fragments; no table where the value is not made of items."""
    found: list[bytes] = []
    here = 0
    while here + 8 <= len(value):
        group, number, length = _HEAD.unpack_from(value, here)
        if group << 16 | number != ITEM or here + 8 + length > len(value):
            return _Items(None, [])
        found.append(value[here + 8 : here + 8 + length])
        here += 8 + length
    return _Items(found[0], found[1:]) if found and here == len(value) else _Items(None, [])


def _item(content: bytes) -> bytes:
    return _HEAD.pack(ITEM >> 16, ITEM & 0xFFFF, len(content)) + content


def _table(table: bytes, streams: list[list[bytes]], stripped: list[bytes | None]) -> bytes:
    """The basic offset table of what is left (PS3.5 A.4); empty where it is none, whatever stands in it."""
    places: dict[int, int] = {}
    old = new = 0
    for stream, left in zip(streams, stripped, strict=True):
        if left is not None:
            places[old] = new
            new += len(left) + 8
        for fragment in stream:
            if left is None:
                places[old] = new
                new += len(fragment) + 8
            old += len(fragment) + 8
    offsets = [_OFFSET.unpack_from(table, here)[0] for here in range(0, len(table) - 3, 4)]
    if len(table) % 4 or any(offset not in places for offset in offsets):
        return b""
    return b"".join(_OFFSET.pack(places[offset]) for offset in offsets)


# --- JPEG and JPEG-LS ------------------------------------------------------------------------------------


class _Jpeg:
    """A stream of markers and segments (ISO 10918-1 B.1.1)."""

    START = b"\xff\xd8\xff"

    def __init__(self, data: bytes) -> None:
        self._data = data

    def bare(self) -> bytes:
        data, here = self._data, 2
        kept = [data[:2]]
        while here + 1 < len(data):
            if data[here] != 0xFF:
                raise _Odd
            marker = data[here + 1]
            if marker == 0xFF:  # filling
                here += 1
                continue
            if data[here : here + 2] == _END:
                return b"".join([*kept, _END])
            end = here + 2 if marker in range(0xD0, 0xD8) or marker == 1 else self._end_of(here)
            kept.append(self._needed(marker, here, end))
            here = end
        return b"".join([*kept, data[here:]])  # the stream goes on in the next fragment

    def _end_of(self, here: int) -> int:
        """Where a segment ends, a scan with its coded data."""
        data = self._data
        end = here + 2 + int(_SIZE(data, here + 2)[0]) if here + 4 <= len(data) else len(data) + 1
        if end > len(data):
            raise _Odd
        if data[here + 1] != _SCAN:
            return end
        after = _MARKER.search(data, end)
        return after.start() if after else len(data)

    def _needed(self, marker: int, here: int, end: int) -> bytes:
        """What decoders need of a segment."""
        segment = self._data[here:end]
        if not _FIRST_APP <= marker <= _LAST_APP:
            return b"" if marker == _COMMENT else segment
        start, length = _KEPT_APPS.get(marker, (None, 0))
        if start is None or not segment.startswith(start, 4) or len(segment) < 4 + length:
            return b""
        content = segment[4 : 4 + length]
        if marker == _FIRST_APP:
            content = content[:-2] + b"\0\0"  # the size of the thumbnail
        return segment[:2] + (length + 2).to_bytes(2, "big") + content


# --- JPEG 2000 -------------------------------------------------------------------------------------------


class _Jpeg2000:
    """A codestream: a main header, tile-parts with a header each, an end (ISO 15444-1 A)."""

    START = _J2K_START

    def __init__(self, data: bytes) -> None:
        self._data = data

    def bare(self) -> bytes:
        data = self._data
        main, here = self._header(2, {_J2K_TILE})
        parts: list[bytes] = []
        is_moved = False
        while self._marker(here) == _J2K_TILE:
            length = int(_LENGTH.unpack_from(data, here + 6)[0]) if here + _TILE_BYTES <= len(data) else 1
            end = here + length if length else self._last(here)  # 0: up to the end of the stream
            header, start = self._header(here + _TILE_BYTES, {_J2K_DATA})
            if not start < end <= len(data):
                raise _Odd
            whole = b"".join([data[here : here + _TILE_BYTES], *header, data[start:end]])
            is_moved = is_moved or len(whole) != end - here
            parts.append(whole[:6] + _LENGTH.pack(len(whole) if length else 0) + whole[10:])
            here = end
            if here == len(data):
                return b"".join([data[:2], *self._lengths(main, is_moved=is_moved), *parts])
        if data[here : here + 2] != _END:
            raise _Odd
        return b"".join([data[:2], *self._lengths(main, is_moved=is_moved), *parts, _END])

    def _last(self, here: int) -> int:
        """Where the end of the stream stands: in coded data no such marker can be (ISO 15444-1 D.4.1)."""
        found = self._data.find(_END, here)
        if found < 0:
            raise _Odd
        return found

    def _marker(self, here: int) -> int:
        return self._data[here] << 8 | self._data[here + 1]

    def _header(self, here: int, ends: set[int]) -> tuple[list[bytes], int]:
        """The segments of a header without comments, and where it ends."""
        data, kept = self._data, list[bytes]()
        while (marker := self._marker(here)) not in ends:
            if marker < 0xFF00 or here + 4 > len(data):
                raise _Odd
            end = here + 2 + int(_SIZE(data, here + 2)[0])
            if end > len(data):
                raise _Odd
            if marker != _J2K_COMMENT:
                kept.append(data[here:end])
            here = end
        return kept, here

    @staticmethod
    def _lengths(main: list[bytes], *, is_moved: bool) -> list[bytes]:
        """Lengths of tile-parts (TLM), which nobody needs, are left out where they are others now."""
        return [one for one in main if not (is_moved and one.startswith(_J2K_LENGTHS.to_bytes(2, "big")))]


class _Jp2:
    """A codestream in a file of boxes (ISO 15444-1 I), which DICOM does not know (PS3.5 A.4.4) and readers forgive."""

    START = b"\0\0\0\x0cjP  "

    def __init__(self, data: bytes) -> None:
        self._data = data

    def bare(self) -> bytes:
        data, here = self._data, 0
        while here + 8 <= len(data):
            length, kind, start = int(_LENGTH.unpack_from(data, here)[0]), data[here + 4 : here + 8], here + 8
            if length == 1:
                length, start = int.from_bytes(data[here + 8 : here + 16], "big"), here + 16
            end = here + length if length else len(data)
            if end <= start or end > len(data) or (kind == b"jp2h" and b"pclr" in data[start:end]):
                raise _Odd  # a palette would be lost
            if kind == b"jp2c":
                return _Jpeg2000(data[start:end]).bare()
            here = end
        raise _Odd
