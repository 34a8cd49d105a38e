"""What compressed streams carry beside the picture: comments, camera data, thumbnails, and bytes behind the end.

No attribute names these, so no rule of a profile is for them. Only segments that no decoder needs are left out; coded
data are never touched, so that the picture stays the same bit by bit.
"""

from __future__ import annotations

import re
from itertools import accumulate
from struct import Struct
from typing import NamedTuple

from convkit.dicom.sequences import ITEM

_HEAD = Struct("<HHI")
_OFFSET = Struct("<I")
_SIZE = Struct(">H").unpack_from
_LENGTH = Struct(">I")

_END = b"\xff\xd9"

_COMMENT, _FIRST_APP, _LAST_APP, _SCAN = 0xFE, 0xE0, 0xEF, 0xDA
_KEPT_APPS = {0xE0: b"JFIF\0", 0xE8: b"", 0xEE: b"Adobe"}
"""Application segments that decoders ask for the colour space: JFIF, SPIFF and the transforms of JPEG-LS, Adobe."""

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
    stripped = [_stripped(one) for one in fragments]
    if stripped == fragments:
        return None
    return b"".join([_item(_table(table, fragments, stripped)), *map(_item, stripped)])


def _stripped(fragment: bytes) -> bytes:
    """A fragment as it is, but for what is beside the picture; streams are known by how they begin."""
    kind = next((one for one in (_Jpeg, _Jpeg2000) if fragment.startswith(one.START)), None)
    if kind is None:
        return fragment  # the next part of a stream, or of a kind without comments
    try:
        stream = kind(fragment).bare()
    except (_Odd, IndexError):
        return fragment
    stream += bytes(len(stream) % 2)
    return fragment if fragment.rstrip(b"\0") == stream.rstrip(b"\0") else stream


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


def _table(table: bytes, before: list[bytes], after: list[bytes]) -> bytes:
    """The basic offset table of fragments that have become shorter (PS3.5 A.4)."""
    starts, moved = ([0, *accumulate(len(one) + 8 for one in fragments)] for fragments in (before, after))
    places = dict(zip(starts, moved, strict=True))
    offsets = [_OFFSET.unpack_from(table, here)[0] for here in range(0, len(table) - 3, 4)]
    if any(offset not in places for offset in offsets):
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
            if self._is_needed(marker, here, end):
                kept.append(data[here:end])
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

    def _is_needed(self, marker: int, here: int, end: int) -> bool:
        if not _FIRST_APP <= marker <= _LAST_APP:
            return marker != _COMMENT
        start = _KEPT_APPS.get(marker)
        return start is not None and self._data.startswith(start, here + 4, end)


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
            length = int(_LENGTH.unpack_from(data, here + 6)[0]) if here + _TILE_BYTES <= len(data) else 0
            end = here + length
            if not length or end > len(data):
                return b"".join([data[:2], *main, *parts, data[here:]])  # up to the end, or on in the next fragment
            header, start = self._header(here + _TILE_BYTES, {_J2K_DATA})
            whole = b"".join([data[here : here + _TILE_BYTES], *header, data[start:end]])
            is_moved = is_moved or len(whole) != length
            parts.append(whole[:6] + _LENGTH.pack(len(whole)) + whole[10:])
            here = end
            if here == len(data):
                return b"".join([data[:2], *self._lengths(main, is_moved=is_moved), *parts])
        if data[here : here + 2] != _END:
            raise _Odd
        return b"".join([data[:2], *self._lengths(main, is_moved=is_moved), *parts, _END])

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
