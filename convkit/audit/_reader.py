"""A small DICOM reader of the auditor's own: it walks bytes, survives damage, and tells what lies where.

It knows the encoding (PS3.5 7) and nothing of what an object means. Damage ends a walk with a problem, never with
an exception; what was not walked is still there as bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

_DEFLATED = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"

_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_SHORT = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS"}
    | {b"ST", b"TM", b"UI", b"UL", b"US"}
)
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_DEEPEST = 60
"""Levels of nesting; nothing real has 10, and a made file must not exhaust the stack."""

_INFLATED_MOST = 1 << 31
"""Bytes of an inflated data set: a made file must not exhaust the memory."""

PIXEL_DATA = frozenset({0x7FE00010, 0x7FE00008, 0x7FE00009})


class Element(NamedTuple):
    """One element and where its value lies in `Reading.data`.

    Attributes
    ----------
    tag : int
    vr : str
        As written, or from the dictionary under implicit VR; ``UN`` where unknown.
    start, end : int
        Of the value, in bytes.
    parent : str
        Path of the item that holds it, with a slash at the end; empty at the top.
    is_fragment : bool
        True for a piece of compressed pixel data.
    """

    tag: int
    vr: str
    start: int
    end: int
    parent: str = ""
    is_fragment: bool = False

    @property
    def path(self) -> str:
        """Such as ``(0040,0275)[0]/(0032,1060)``."""
        return f"{self.parent}{tag_text(self.tag)}"

    @property
    def is_private(self) -> bool:
        """True in groups of odd number."""
        return bool(self.tag >> 16 & 1)


@dataclass(slots=True)
class Reading:
    """What a walk through a DICOM file found.

    Attributes
    ----------
    data : bytes
        The file; the data set is inflated where it was deflated.
    elements : list of Element
        In the order of the file, sequences before their items.
    transfer_syntax : str
    problems : list of (what, path)
    end : int
        Where the walk ended; bytes beyond it are no elements.
    """

    data: bytes
    elements: list[Element] = field(default_factory=list)
    transfer_syntax: str = ""
    is_implicit: bool = False
    is_big_endian: bool = False
    has_preamble: bool = True
    problems: list[tuple[str, str]] = field(default_factory=list)
    end: int = 0

    def raw(self, element: Element) -> bytes:
        """The bytes of a value."""
        return self.data[element.start : element.end]

    def text(self, element: Element, encoding: str = "latin-1") -> str:
        """A value as text, without padding."""
        return self.raw(element).decode(encoding, "replace").strip(" \0")


def tag_text(tag: int) -> str:
    """A tag as ``(0010,0010)``."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def keyword(tag: int) -> str:
    """The keyword of a tag, empty for private and unknown ones."""
    entry = dictionary(tag)
    return entry[4] if entry else ""


def dictionary(tag: int) -> tuple[str, str, str, str, str] | None:
    """(VR, VM, name, retired, keyword) of a tag."""
    entry = DicomDictionary.get(tag)
    if entry is None and tag >> 24 in {0x50, 0x60}:  # repeating groups: PS3.5 7.6
        entry = RepeatersDictionary.get(f"{tag >> 24:02X}xx{tag & 0xFFFF:04X}")
    return entry


def looks_like_dicom(data: bytes) -> bool:
    """True for a file with the DICM mark, and for a data set that begins without one."""
    if data[128:132] == b"DICM":
        return True
    if len(data) < 16 or data[1:2] != b"\0" or data[0] not in {2, 8} or data[3:4] != b"\0":
        return False
    if data[4:6] in _LONG | _SHORT:
        return True
    return int.from_bytes(data[4:8], "little") <= len(data) - 8 and data[2] <= 0x18


def read(data: bytes) -> Reading:
    """Walk through a DICOM file as far as it can be followed."""
    reading = Reading(data)
    position = 132 if data[128:132] == b"DICM" else 0
    reading.has_preamble = position == 132
    position = _read_meta(reading, position)
    _settle_syntax(reading, position)
    if reading.transfer_syntax == _DEFLATED:
        position = _inflate(reading, position)
    walk = _Walk(reading)
    reading.end = walk.elements(position, len(reading.data), parent="", depth=0)
    return reading


def _read_meta(reading: Reading, position: int) -> int:
    """Group 0002 is explicit little endian whatever follows: PS3.10 7.1."""
    data = reading.data
    while position + 8 <= len(data) and data[position : position + 2] == b"\x02\0":
        tag = 0x00020000 | int.from_bytes(data[position + 2 : position + 4], "little")
        vr, start, length = _explicit_header(data, position, "<")
        if vr is None or start + length > len(data):
            reading.problems.append(("The file meta information is damaged", tag_text(tag)))
            break
        element = Element(tag, vr, start, start + length)
        reading.elements.append(element)
        if tag == 0x00020010:
            reading.transfer_syntax = reading.text(element)
        position = start + length
    return position


def _settle_syntax(reading: Reading, position: int) -> None:
    """Implicit or explicit, by what stands there: files that say one and are the other are common enough."""
    reading.is_big_endian = reading.transfer_syntax == _BIG_ENDIAN
    here = reading.data[position + 4 : position + 6]
    reading.is_implicit = here not in _LONG | _SHORT
    if reading.transfer_syntax == _DEFLATED:
        reading.is_implicit = False


def _inflate(reading: Reading, position: int) -> int:
    stream = zlib.decompressobj(-15)
    try:
        inflated = stream.decompress(reading.data[position:], _INFLATED_MOST)
    except zlib.error:
        reading.problems.append(("The deflated data set is damaged", ""))
        inflated = b""
    reading.data = reading.data[:position] + inflated + stream.unused_data
    return position


def _explicit_header(data: bytes, position: int, order: str) -> tuple[str | None, int, int]:
    """(VR, start of the value, length) at an explicit element; no VR where there is none."""
    vr = data[position + 4 : position + 6]
    if vr in _SHORT:
        return vr.decode(), position + 8, int(struct.unpack_from(order + "H", data, position + 6)[0])
    if (vr in _LONG or (vr.isalpha() and vr.isupper())) and position + 12 <= len(data):
        return vr.decode(), position + 12, int(struct.unpack_from(order + "L", data, position + 8)[0])
    return None, position + 8, 0


class _Walk:
    """The walk through one data set: how it is encoded, and where its findings go."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.data = reading.data
        self.order = ">" if reading.is_big_endian else "<"
        self._tag = struct.Struct(self.order + "HH")
        self._long = struct.Struct(self.order + "L")
        self.is_implicit = reading.is_implicit

    def elements(self, position: int, end: int, *, parent: str, depth: int, until_delimiter: bool = False) -> int:
        """Walk elements up to `end` or to the delimiter of an item; the position behind them."""
        while position + 8 <= end:
            tag = self.tag_at(position)
            if tag in {_ITEM_END, _SEQUENCE_END} and until_delimiter:
                return position + 8
            vr, start, length = self._header(tag, position)
            if vr is None or (tag == 0 and length == 0):
                self._damaged("An element cannot be read", f"{parent}{tag_text(tag)}")
                return position
            if length != _UNDEFINED and start + length > end:
                self._damaged("An element is longer than what holds it", f"{parent}{tag_text(tag)}")
                self.reading.elements.append(Element(tag, vr, start, end, parent))
                return end
            position = self._element(Element(tag, vr, start, start, parent), length, end, depth)
        if any(self.data[position:end]):
            self._damaged("The data end inside the header of an element", parent.rstrip("/"))
        return position

    def _element(self, element: Element, length: int, end: int, depth: int) -> int:
        """Take one element in, and what it holds; the position behind it."""
        if length == _UNDEFINED and (element.tag in PIXEL_DATA or element.vr in {"OB", "OW"}):
            return self._fragments(element, end)
        if element.vr == "SQ" or length == _UNDEFINED or self._hides_items(element, length):
            stop = end if length == _UNDEFINED else element.start + length
            self.reading.elements.append(element._replace(end=stop if length != _UNDEFINED else element.start))
            if depth >= _DEEPEST:
                self._damaged("Sequences are nested too deeply", element.path)
                return stop
            return self._items(element, stop, depth, is_open=length == _UNDEFINED)
        self.reading.elements.append(element._replace(end=element.start + length))
        return element.start + length

    def _hides_items(self, element: Element, length: int) -> bool:
        """True for a sequence in the clothes of UN or OB: it begins with an item that fits."""
        if element.vr not in {"UN", "OB"} or length < 8 or element.tag in PIXEL_DATA:
            return False
        tag, size = struct.unpack_from("<L", self.data, element.start)[0], self._size(element.start, "<")
        if tag != 0xE000FFFE or not (size == _UNDEFINED or size + 8 <= length):
            return False
        return size == _UNDEFINED or size >= 8 or size == 0

    def _size(self, position: int, order: str) -> int:
        return int(struct.unpack_from(order + "L", self.data, position + 4)[0])

    def _items(self, sequence: Element, end: int, depth: int, *, is_open: bool) -> int:
        inner = self
        if sequence.vr in {"UN", "OB"}:  # PS3.5 6.2.2 note 2: the content of UN is implicit little endian
            inner = self._as_found_in(sequence)
        position, number = sequence.start, 0
        while position + 8 <= end:
            tag, length = inner.tag_at(position), inner.length_at(position + 4)
            if tag == _SEQUENCE_END and is_open:
                return position + 8
            if tag != _ITEM:
                self._damaged("A sequence holds something that is no item", sequence.path)
                return end if not is_open else position
            parent = f"{sequence.path}[{number}]/"
            if length == _UNDEFINED:
                position = inner.elements(position + 8, end, parent=parent, depth=depth + 1, until_delimiter=True)
            else:
                stop = min(position + 8 + length, end)
                inner.elements(position + 8, stop, parent=parent, depth=depth + 1)
                position = stop
            number += 1
        if is_open:
            self._damaged("A sequence does not end", sequence.path)
        return end

    def _as_found_in(self, sequence: Element) -> _Walk:
        """A walk for the items of UN: implicit little endian, or explicit where a writer has erred."""
        inner = _Walk(self.reading)
        inner.order, inner._tag, inner._long = "<", struct.Struct("<HH"), struct.Struct("<L")
        vr = self.data[sequence.start + 12 : sequence.start + 14]
        inner.is_implicit = vr not in _LONG | _SHORT
        return inner

    def _fragments(self, element: Element, end: int) -> int:
        """Compressed pixel data: PS3.5 A.4."""
        position = element.start
        while position + 8 <= end:
            tag, length = self.tag_at(position), self._long.unpack_from(self.data, position + 4)[0]
            if tag == _SEQUENCE_END:
                return position + 8
            if tag != _ITEM or position + 8 + length > end:
                break
            start = position + 8
            self.reading.elements.append(element._replace(start=start, end=start + length, is_fragment=True))
            position = start + length
        self._damaged("Compressed pixel data do not end", element.path)
        self.reading.elements.append(element._replace(start=min(position, end), end=end, is_fragment=True))
        return end

    def tag_at(self, position: int) -> int:
        """The tag at a place."""
        group, number = self._tag.unpack_from(self.data, position)
        return int(group) << 16 | int(number)

    def length_at(self, position: int) -> int:
        """A length of four bytes."""
        return int(self._long.unpack_from(self.data, position)[0])

    def _header(self, tag: int, position: int) -> tuple[str | None, int, int]:
        if not self.is_implicit and tag >> 16 != 0xFFFE:
            vr, start, length = _explicit_header(self.data, position, self.order)
            if vr is not None:
                return vr, start, length
            return None, start, 0
        length = int(self._long.unpack_from(self.data, position + 4)[0])
        return implicit_vr(tag), position + 8, length

    def _damaged(self, what: str, path: str) -> None:
        self.reading.problems.append((what, path))


def implicit_vr(tag: int) -> str:
    """The VR that a tag has under implicit VR; UN for what the dictionary does not know."""
    if tag & 0xFFFF == 0:
        return "UL"
    if tag >> 16 & 1:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UN"
    entry = dictionary(tag)
    return entry[0].split(" or ")[-1] if entry else "UN"


def values_of(reading: Reading) -> Iterator[tuple[Element, bytes]]:
    """The elements that hold a value themselves, with its bytes."""
    for element in reading.elements:
        if element.end > element.start and element.vr != "SQ":
            yield element, reading.raw(element)
