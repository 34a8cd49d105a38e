"""The lean header reader: walks the elements once and keeps a fixed table of raw values.

It reads the first kilobytes of a file and jumps over long values. Anything unusual (no meta header, big endian,
deflated, an unexpected value representation, a length that leaves the file) makes it decline, and pydicom reads
the file instead (`convkit.dicom.full`). Where it answers, it gives the same answer; a test holds the two together.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from struct import Struct

from convkit.dicom.attributes import TagTable
from convkit.dicom.syntaxes import DEFLATED, EXPLICIT_BIG_ENDIAN, IMPLICIT_LITTLE_ENDIAN, is_standard

WINDOW = 16384
"""Bytes read at a time: most headers fit, and a read of this size costs no more than one of a page."""

LONGEST_VALUE = 1 << 16
"""A value that is kept is at most this long; a longer one under a tag of the table is not what it should be."""

UNDEFINED = 0xFFFFFFFF

_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())

_EXPLICIT = Struct("<I2sH").unpack_from
_IMPLICIT = Struct("<II").unpack_from
_LENGTH = Struct("<I").unpack_from

_ITEM = 0xE000FFFE
_ITEM_END = 0xE00DFFFE
_SEQUENCE_END = 0xE0DDFFFE
_TRANSFER_SYNTAX = 0x00100002
_MEDIA_CLASS = 0x00020002
_PIXELS = {0x00087FE0: "FloatPixelData", 0x00097FE0: "DoubleFloatPixelData", 0x00107FE0: "PixelData"}


class Declined(Exception):  # noqa: N818 (not an error: the other reader takes over)
    """A file for the full reader."""


class Cut(Declined):
    """A value runs past the end of the file."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a reader found; the common answer of both readers.

    Attributes
    ----------
    transfer_syntax, media_class : str
        From the file meta information; the class is empty where absent.
    raw : tuple of bytes or None
        Little-endian raw value for each place of the table; padding as in the file. Sequences give ``b""``.
    pixel_keyword : str
        ``PixelData``, ``FloatPixelData``, ``DoubleFloatPixelData``, or empty.
    pixel_offset : int or None
        Where the value starts in the file; None where it lies in a deflated stream.
    pixel_length : int
        Bytes; -1 where undefined (encapsulated).
    """

    transfer_syntax: str
    media_class: str
    raw: tuple[bytes | None, ...]
    pixel_keyword: str
    pixel_offset: int | None
    pixel_length: int


class _Window:
    """A piece of the file in memory; `at(position)` moves it."""

    __slots__ = ("base", "data", "file", "size")

    def __init__(self, file: io.FileIO, size: int) -> None:
        self.file = file
        self.size = size
        self.base = 0
        self.data: bytes = file.read(WINDOW) or b""

    def at(self, position: int, need: int = WINDOW) -> bytes:
        self.file.seek(position)
        self.base = position
        self.data = self.file.read(max(need, WINDOW)) or b""
        return self.data


def parse(file: io.FileIO, size: int, table: TagTable) -> Parsed:
    """Read the header of an open file.

    Raises
    ------
    Declined
        The file is unusual; read it with pydicom.
    """
    window = _Window(file, size)
    data = window.data
    if data[128:132] != b"DICM":
        raise Declined
    syntax, media_class, position = _meta(data)
    if syntax in {"", EXPLICIT_BIG_ENDIAN, DEFLATED} or not is_standard(syntax):
        raise Declined
    raw: list[bytes | None] = [None] * table.width
    walk = _walk_implicit if syntax == IMPLICIT_LITTLE_ENDIAN else _walk_explicit
    keyword, offset, length = walk(window, position, table, raw)
    return Parsed(syntax, media_class, owned(raw, table), keyword, offset, length)


def owned(raw: list[bytes | None], table: TagTable) -> tuple[bytes | None, ...]:
    """The raw values, less private elements whose block belongs to another creator (PS3.5 7.8.1)."""
    for place, creator in table.creators.items():
        owner = raw[creator]
        if owner is None or owner.strip(b" \0") != table.attributes[place].creator.encode():
            raw[place] = None
    return tuple(raw)


def _meta(data: bytes) -> tuple[str, str, int]:
    """Transfer syntax, media storage class, and where the data set starts (PS3.10 7.1)."""
    position, end = 132, len(data) - 12
    syntax = media_class = b""
    while position <= end:
        tag, vr, length = _EXPLICIT(data, position)
        if tag & 0xFFFF != 2:
            return _uid(syntax), _uid(media_class), position
        start = position + 8
        if vr in _LONG_VRS:
            (length,) = _LENGTH(data, start)
            start += 4
        elif vr not in _SHORT_VRS:
            raise Declined
        value = data[start : start + length]
        if tag == _TRANSFER_SYNTAX:
            syntax = value
        elif tag == _MEDIA_CLASS:
            media_class = value
        position = start + length
    raise Declined


def _uid(value: bytes) -> str:
    return value.rstrip(b"\0 ").decode("latin-1")


def _walk_explicit(  # noqa: C901, PLR0912 (the innermost loop: a call an element would double its time)
    window: _Window, start: int, table: TagTable, raw: list[bytes | None]
) -> tuple[str, int | None, int]:
    """Walk an explicit VR little-endian data set (PS3.5 7.1.2); fills `raw`, returns where the pixels are."""
    data, base, size = window.data, window.base, window.size
    slots, long_vrs, short_vrs = table.slots, _LONG_VRS, _SHORT_VRS
    here, limit = start - base, len(data) - 12
    while True:
        if here > limit:
            if base + here >= size:
                return _no_pixels(base + here, size)
            data = window.at(base + here)
            base, here, limit = window.base, 0, len(data) - 12
            if limit < 0:
                if len(data) < 8:
                    raise Cut
                data = window.data = data + bytes(12)  # a last short element; zeros are never read as a value
                limit = len(data) - 12
        tag, vr, length = _EXPLICIT(data, here)
        value = here + 8
        if vr in long_vrs:
            (length,) = _LENGTH(data, value)
            value += 4
            if tag in _PIXELS:
                return _PIXELS[tag], base + value, -1 if length == UNDEFINED else length
            if length == UNDEFINED:
                after = _skip_items(window, base + value, is_explicit=vr != b"UN")
                if tag in slots:
                    raw[slots[tag][0]] = _sequence(slots[tag][1])
                data, base = window.data, window.base
                here, limit = after - base, len(data) - 12
                continue
        elif vr not in short_vrs:
            raise Declined
        here = value + length
        if base + here > size:
            raise Cut
        if tag in slots:
            slot, expected = slots[tag]
            if vr != expected:
                if vr == b"SQ" or not _is_same_kind(vr, expected):
                    raise Declined
            elif vr == b"SQ":
                raw[slot] = b""
                continue
            if length > LONGEST_VALUE:
                raise Declined
            if here > len(data):
                data = window.at(base + value, length + 12)
                base, value, here, limit = window.base, 0, length, len(data) - 12
            raw[slot] = data[value:here]


def _walk_implicit(  # noqa: C901 (as above)
    window: _Window, start: int, table: TagTable, raw: list[bytes | None]
) -> tuple[str, int | None, int]:
    """Walk an implicit VR little-endian data set (PS3.5 7.1.3); fills `raw`, returns where the pixels are."""
    data, base, size = window.data, window.base, window.size
    slots = table.slots
    here = start - base
    while True:
        if here + 8 > len(data):
            if base + here >= size:
                return _no_pixels(base + here, size)
            data = window.at(base + here)
            base, here = window.base, 0
            if len(data) < 8:
                raise Cut
        tag, length = _IMPLICIT(data, here)
        value = here + 8
        if tag in _PIXELS:
            return _PIXELS[tag], base + value, -1 if length == UNDEFINED else length
        if length == UNDEFINED:
            after = _skip_items(window, base + value, is_explicit=False)
            if tag in slots:
                raw[slots[tag][0]] = _sequence(slots[tag][1])
            data, base = window.data, window.base
            here = after - base
            continue
        here = value + length
        if base + here > size:
            raise Cut
        if tag in slots:
            slot, expected = slots[tag]
            if expected == b"SQ":
                raw[slot] = b""
                continue
            if length > LONGEST_VALUE:
                raise Declined
            if here > len(data):
                data = window.at(base + value, length + 8)
                base, value, here = window.base, 0, length
            raw[slot] = data[value:here]


def _no_pixels(position: int, size: int) -> tuple[str, int | None, int]:
    if position > size:
        raise Cut
    return "", None, 0


def _sequence(expected: bytes) -> bytes:
    if expected != b"SQ":
        raise Declined
    return b""


def _is_same_kind(vr: bytes, expected: bytes) -> bool:
    """True where both representations hold the same raw bytes: US and SS of Pixel Padding Value, text kinds."""
    return {vr, expected} <= {b"US", b"SS"} or {vr, expected} <= {b"LO", b"SH", b"CS"}


def _skip_items(window: _Window, position: int, *, is_explicit: bool) -> int:
    """Position after a sequence of undefined length (PS3.5 7.5.2)."""
    while True:
        tag, length = _item_header(window, position)
        position += 8
        if tag == _SEQUENCE_END:
            return position
        if tag != _ITEM:
            raise Declined
        position = _skip_item(window, position, is_explicit=is_explicit) if length == UNDEFINED else position + length
        if position > window.size:
            raise Cut


def _skip_item(window: _Window, position: int, *, is_explicit: bool) -> int:
    """Position after an item of undefined length: walk its elements up to its delimiter."""
    while True:
        tag, vr, length = _element_header(window, position)
        if tag == _ITEM_END:
            return position + 8
        if not is_explicit:
            (length,) = _LENGTH(window.data, position + 4 - window.base)
            position += 8
        elif vr in _LONG_VRS:
            (length,) = _LENGTH(window.data, position + 8 - window.base)
            position += 12
        elif vr in _SHORT_VRS:
            position += 8
        else:
            raise Declined
        if length == UNDEFINED:
            position = _skip_items(window, position, is_explicit=is_explicit and vr != b"UN")
        else:
            position += length
        if position > window.size:
            raise Cut


def _item_header(window: _Window, position: int) -> tuple[int, int]:
    tag, length = _IMPLICIT(_bytes_at(window, position, 8), position - window.base)
    return tag, length


def _element_header(window: _Window, position: int) -> tuple[int, bytes, int]:
    tag, vr, length = _EXPLICIT(_bytes_at(window, position, 12), position - window.base)
    return tag, vr, length


def _bytes_at(window: _Window, position: int, count: int) -> bytes:
    """The window's bytes, moved so that `count` bytes at `position` are in it."""
    here = position - window.base
    if not 0 <= here <= len(window.data) - count:
        window.at(position)
        if len(window.data) < 8:
            raise Cut
        if len(window.data) < count:
            window.data += bytes(count)  # the last delimiter of a file has only eight bytes
    return window.data
