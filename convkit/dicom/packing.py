"""Headers as compact bytes, for an index that stands for its files: what a reader kept of each, and nothing else.

Little endian. A packed header is: one byte for the pixel keyword; offset and length of the pixels (8 bytes each, offset
-1 where there is none); lengths of transfer syntax and media storage class (2 each); number of values and of far values
(2 each); the two texts; the places of the values in the table (2 each), their lengths (4 each), the values; then for
each far value place (2), offset (8), length (8), encoding (1), bytes held (4), and the bytes; at the end the CRC-32 of
all before, because a header that was damaged must not decide on a volume. `LAYOUT` names it.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import compress, repeat
from operator import is_not
from struct import Struct, unpack, unpack_from
from struct import error as StructError  # noqa: N812 (it is a class)
from struct import pack as pack_numbers
from typing import cast
from zlib import crc32

from convkit.dicom.attributes import Attribute, TagTable
from convkit.dicom.lean import Far, Parsed

LAYOUT = 2
"""Version of what is written here; another one is not read."""

MOST_BYTES = 1 << 16
"""A longer header is not packed: its file is read again."""

_HEAD = Struct("<BqqHHHH")
_FAR = Struct("<HQQBI")
_CHECK = Struct("<I")
_PIXELS = ("", "PixelData", "FloatPixelData", "DoubleFloatPixelData")

Rows = list[list[object]]
"""Attributes as JSON holds them."""


def pack(parsed: Parsed) -> bytes | None:
    """A header as bytes; None where it is unusually long."""
    raw = parsed.raw
    there = bytes(map(is_not, raw, repeat(None)))
    found = cast(list[bytes], list(compress(raw, there)))
    syntax, media = parsed.transfer_syntax.encode("latin-1"), parsed.media_class.encode("latin-1")
    offset = -1 if parsed.pixel_offset is None else parsed.pixel_offset
    counts = len(syntax), len(media), len(found), len(parsed.far)
    head = _HEAD.pack(_PIXELS.index(parsed.pixel_keyword), offset, parsed.pixel_length, *counts)
    far = [_FAR.pack(f.place, f.offset, f.length, f.is_explicit, len(f.held)) + f.held for f in parsed.far]
    lengths = _lengths(len(found)).pack(*map(len, found))
    content = b"".join((head, syntax, media, _places(there), lengths, *found, *far))
    packed = content + _CHECK.pack(crc32(content))
    return packed if len(packed) <= MOST_BYTES else None


@lru_cache(maxsize=1024)
def _places(there: bytes) -> bytes:
    """Places of the values that are there, packed; files of a series have the same."""
    places = list(compress(range(len(there)), there))
    return pack_numbers(f"<{len(places)}H", *places)


@lru_cache(maxsize=1024)
def _lengths(count: int) -> Struct:
    """Lengths of so many values."""
    return Struct(f"<{count}I")


@lru_cache(maxsize=1024)
def _unpacked_places(packed: bytes) -> tuple[int, ...]:
    return unpack(f"<{len(packed) // 2}H", packed)


def described(table: TagTable) -> Rows:
    """A table in words that JSON holds, to tell later which value is which."""
    return [list(attribute) for attribute in table.attributes]


class Unpacking:
    """Makes headers of bytes, for a table that may ask for less than was packed.

    Parameters
    ----------
    rows : rows of `described`
    table : TagTable

    Raises
    ------
    KeyError
        The table asks for what was not kept.
    """

    def __init__(self, rows: Rows, table: TagTable) -> None:
        kept = {_same(Attribute(*row)): place for place, row in enumerate(rows)}  # type: ignore[arg-type]
        self._size = len(table.attributes)
        self._to: list[int] = [-1] * len(rows)
        for place, attribute in enumerate(table.attributes):
            self._to[kept[_same(attribute)]] = place

    def parsed(self, packed: bytes) -> Parsed:
        """A header.

        Raises
        ------
        ValueError
            The bytes are none.
        """
        try:
            content = packed[: -_CHECK.size]
            if _CHECK.unpack_from(packed, len(content))[0] != crc32(content):
                raise ValueError("no packed header")
            return self._parsed(content)
        except (StructError, IndexError, UnicodeDecodeError) as err:
            raise ValueError("no packed header") from err

    def _parsed(self, packed: bytes) -> Parsed:
        keyword, offset, length, syntaxes, medias, count, fars = _HEAD.unpack_from(packed)
        start = _HEAD.size
        syntax = packed[start : start + syntaxes].decode("latin-1")
        start += syntaxes
        media = packed[start : start + medias].decode("latin-1")
        start += medias
        if count > len(self._to):
            raise ValueError("no packed header")
        places = _unpacked_places(packed[start : start + 2 * count])
        start += 2 * count
        known = _lengths(count)
        lengths = known.unpack_from(packed, start)
        start += known.size
        raw: list[bytes | None] = [None] * self._size
        to = self._to
        for place, size in zip(places, lengths, strict=True):
            end = start + size
            if (target := to[place]) >= 0:
                raw[target] = packed[start:end]
            start = end
        far = self._far(packed, start, fars) if fars else ()
        if not fars and start != len(packed):
            raise ValueError("no packed header")
        return Parsed(syntax, media, tuple(raw), _PIXELS[keyword], None if offset < 0 else offset, length, far)

    def _far(self, packed: bytes, start: int, count: int) -> tuple[Far, ...]:
        found = []
        for _ in range(count):
            place, offset, length, is_explicit, held = unpack_from("<HQQBI", packed, start)
            start += _FAR.size
            if self._to[place] >= 0:
                value = packed[start : start + held]
                found.append(Far(self._to[place], offset, length, bool(is_explicit), value))
            start += held
        if start != len(packed):
            raise ValueError("no packed header")
        return tuple(found)


def _same(attribute: Attribute) -> tuple[int, str, str, bool]:
    """What makes the raw values of two attributes the same."""
    return attribute.tag, attribute.vr, attribute.creator, attribute.is_far


def reads(rows: object, table: TagTable) -> bool:
    """True where rows are those of `described`, and all that a table asks for was kept."""
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == 5 for row in rows):
        return False
    kept = {repr(row[1:]) for row in rows}
    return all(repr(list(attribute[1:])) in kept for attribute in table.attributes)
