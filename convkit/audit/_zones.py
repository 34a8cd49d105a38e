"""Which byte of a file belongs to what: the place and the nature of what was found decide whether it counts."""

from __future__ import annotations

import math
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from convkit.audit._attributes import is_device, is_made, is_maker, is_text
from convkit.audit._reader import PIXEL_DATA, Element, Reading

_LARGE = 1 << 18
"""Bytes of a binary value from which on it is searched as strictly as pixels: tables and waveforms, not text."""

_BLOCK = 4096
"""Bytes whose distribution is looked at."""

_MOST_COMMON = 64
"""Times that a byte may be in such a block: 16 are expected of noise, and text has spaces and an e 200 times."""


class Nature(StrEnum):
    """What some bytes are."""

    PERSON = "person"  # PN
    TEXT = "text"  # written for people
    TOKEN = "token"  # noqa: S105 (codes, AE titles)
    UID = "uid"
    DATE = "date"
    NUMBER = "number"  # in digits: DS, IS
    BINARY = "binary"  # numbers in bytes
    KEPT = "kept"  # tells which device it was, or characterises a person
    MAKER = "maker"  # names of makers and models
    MADE = "made"  # what makers write: versions, options, kernels
    BYTES = "bytes"  # unknown or binary, or outside of all elements
    PIXELS = "pixels"
    DOCUMENT = "document"  # readable text that is no DICOM
    NAME = "name"  # of a file or folder


class Zone(NamedTuple):
    """A stretch of bytes.

    Attributes
    ----------
    start, end : int
    nature : Nature
    location : str
        Tag path, or what stands there.
    """

    start: int
    end: int
    nature: Nature
    location: str


@dataclass(slots=True)
class Zones:
    """The zones of some bytes, in order; gaps between them are bytes of no element."""

    zones: list[Zone]
    rest: Nature = Nature.BYTES
    prefix: str = ""
    _starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.zones.sort()
        self._starts = [zone.start for zone in self.zones]

    def at(self, offset: int) -> Zone:
        """The zone of a byte."""
        index = bisect_right(self._starts, offset) - 1
        if index >= 0 and offset < self.zones[index].end:
            return self.zones[index]
        start = self.zones[index].end if index >= 0 else 0
        end = self._starts[index + 1] if index + 1 < len(self._starts) else 1 << 62
        return Zone(start, end, self.rest, f"{self.prefix}byte {offset}")

    def gaps(self, length: int) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of what belongs to no zone."""
        position = 0
        for zone in self.zones:
            if zone.start > position:
                yield position, zone.start
            position = max(position, zone.end)
        if position < length:
            yield position, length


_NATURES = {
    "PN": Nature.PERSON,
    "UI": Nature.UID,
    "DA": Nature.DATE,
    "DT": Nature.DATE,
    "TM": Nature.DATE,
    "AS": Nature.TOKEN,
    "AE": Nature.TOKEN,
    "CS": Nature.TOKEN,
    "DS": Nature.NUMBER,
    "IS": Nature.NUMBER,
    **dict.fromkeys(["US", "SS", "UL", "SL", "FL", "FD", "AT", "OF", "OD", "OL", "SV", "UV", "OV"], Nature.BINARY),
}


def dicom_zones(reading: Reading) -> Zones:
    """The zones of a DICOM file; what lies before, between and behind the elements is bytes."""
    zones = [Zone(0, 128, Nature.BYTES, "preamble")] if reading.has_preamble else []
    for element in reading.elements:
        if element.vr == "SQ" or element.end <= element.start:
            continue
        if element.tag in PIXEL_DATA:
            zones.extend(_pixel_zones(reading, element))
        else:
            zones.append(Zone(element.start, element.end, _nature(element), element.path))
    # A sequence in the clothes of UN holds its items: these are told, not the whole.
    holders = {each.parent.rpartition("[")[0] for each in reading.elements if each.parent}
    zones = [zone for zone in zones if zone.location not in holders]
    if reading.end < len(reading.data):
        zones.append(Zone(reading.end, len(reading.data), Nature.BYTES, "trailing bytes"))
    return Zones(_apart(zones))


def _apart(zones: list[Zone]) -> list[Zone]:
    """The zones without those that begin inside another."""
    kept: list[Zone] = []
    for zone in sorted(zones):
        if not kept or zone.start >= kept[-1].end:
            kept.append(zone)
    return kept


def _nature(element: Element) -> Nature:
    if is_maker(element):
        return Nature.MAKER
    if is_made(element):
        return Nature.MADE
    if is_device(element):
        return Nature.KEPT
    if element.vr in _NATURES:
        return _NATURES[element.vr]
    if is_text(element):
        return Nature.TEXT
    return Nature.PIXELS if element.end - element.start > _LARGE else Nature.BYTES


def _pixel_zones(reading: Reading, element: Element) -> Iterable[Zone]:
    if element.is_fragment:
        return compressed_zones(reading.data, element.start, element.end, element.path)
    padding = _padding(reading, element)
    pixels = Zone(element.start, element.end - padding, Nature.PIXELS, element.path)
    if padding <= 1:  # PS3.5 8.1.1: one byte to make the length even
        return [pixels._replace(end=element.end)]
    return [pixels, Zone(pixels.end, element.end, Nature.BYTES, f"{element.path} padding")]


def _padding(reading: Reading, element: Element) -> int:
    """Bytes of native pixel data beyond the pixels that the header tells of."""
    found = {e.tag: reading.raw(e) for e in reading.elements if e.parent == element.parent and e.tag >> 16 == 0x28}
    order = "big" if reading.is_big_endian else "little"
    size = 1
    for tag in (0x00280010, 0x00280011, 0x00280100, 0x00280002):
        size *= int.from_bytes(found.get(tag, b"")[:2], "big" if order == "big" else "little")
    frames = found.get(0x00280008, b"1").strip(b" \0") or b"1"
    size *= int(frames) if frames.isdigit() else 1
    size = (size + 7) // 8
    return max(0, element.end - element.start - size) if size else 0


def compressed_zones(data: bytes, start: int, end: int, location: str) -> list[Zone]:
    """A compressed picture: comments and application segments of JPEG and JPEG 2000 are bytes, the rest pixels."""
    zones: list[Zone] = []
    position = start + 2
    head = data[start : start + 3]
    if head[:2] not in {b"\xff\xd8", b"\xff\x4f"} or head[2:] != b"\xff":
        return [Zone(start, end, Nature.PIXELS, location)]
    last = start
    while position + 4 <= end and data[position] == 0xFF:
        marker, size = data[position + 1], int.from_bytes(data[position + 2 : position + 4], "big")
        if marker in {0xDA, 0x90, 0x93} or size < 2:
            break
        stop = min(end, position + 2 + size)
        if marker in {0xFE, 0x64} or 0xE0 <= marker <= 0xEF:
            zones += [Zone(last, position + 4, Nature.PIXELS, location)]
            zones += [Zone(position + 4, stop, Nature.BYTES, f"{location} comment")]
            last = stop
        position = stop
    tail = _after_picture(data, last, end)
    zones.append(Zone(last, tail, Nature.PIXELS, location))
    if tail < end:
        zones.append(Zone(tail, end, Nature.BYTES, f"{location} padding"))
    return [zone for zone in zones if zone.end > zone.start]


def _after_picture(data: bytes, start: int, end: int) -> int:
    """Where the last picture of some bytes ends, by its end marker."""
    found = data.rfind(b"\xff\xd9", start, end)
    return found + 2 if found >= 0 else end


def file_zones(data: bytes, prefix: str) -> Zones:
    """The zones of a picture or NIfTI file; other binary data have none and are bytes as a whole."""
    if data[:2] == b"\xff\xd8":
        return Zones(compressed_zones(data, 0, len(data), f"{prefix}picture"), prefix=prefix)
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return Zones(_png_zones(data, prefix), prefix=prefix)
    if data[344:347] in {b"n+1", b"ni1"} or data[4:7] == b"n+2":
        return _nifti_zones(data, prefix)
    return Zones(_dense_zones(data, prefix), prefix=prefix)


def _dense_zones(data: bytes, prefix: str) -> list[Zone]:
    """Blocks in which every byte is about as common as any other: compressed, so that text in them is chance."""
    zones: list[Zone] = []
    for start in range(0, len(data) - _BLOCK + 1, _BLOCK):
        counts = np.bincount(np.frombuffer(data, dtype=np.uint8, count=_BLOCK, offset=start), minlength=256)
        if counts.max() > _MOST_COMMON:
            continue
        if zones and zones[-1].end == start:
            zones[-1] = zones[-1]._replace(end=start + _BLOCK)
        else:
            zones.append(Zone(start, start + _BLOCK, Nature.PIXELS, f"{prefix}compressed bytes at {start}"))
    return zones


def _png_zones(data: bytes, prefix: str) -> list[Zone]:
    zones, position = [], 8
    while position + 12 <= len(data):
        size, name = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        stop = min(len(data), position + 8 + size)
        nature = Nature.PIXELS if name in {b"IDAT", b"fdAT", b"zTXt", b"iCCP"} else Nature.BYTES
        zones.append(Zone(position + 8, stop, nature, f"{prefix}{name.decode('latin-1')} at byte {position}"))
        position = stop + 4
    return zones


def _nifti_zones(data: bytes, prefix: str) -> Zones:
    """Header and extensions are bytes, the values are pixels."""
    if data[4:7] == b"n+2":
        offset = int.from_bytes(data[168:176], "little")
    else:
        told = struct.unpack_from("<f", data, 108)[0]
        offset = int(told) if math.isfinite(told) and abs(told) < 1e9 else 0
    offset = offset if 348 <= offset <= len(data) else 352
    return Zones([Zone(offset, len(data), Nature.PIXELS, f"{prefix}image")], prefix=f"{prefix}header ")
