"""The measurement protocol of Siemens MR: lines of ``key = value`` in a text inside the header.

The text lies between ``### ASCCONV BEGIN`` and ``### ASCCONV END ###``: in the CSA series header of the V line, in
(0021,1019) of creator SIEMENS MR SDS 01 of the XA line, there inside the functional groups where the object is
enhanced. The format is not published; what is used here was told by reading protocols of VB12 to XA30, and the names
are those of the public vendor notes of dcm2niix and of ismrmrd's siemens_to_ismrmrd. A header without protocol gives
an empty one, whose every value is absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from convkit.dicom.header import Header
from convkit.dicom.sequences import Item, items_of

_BEGIN, _END = b"### ASCCONV BEGIN", b"### ASCCONV END"
_KEYWORDS = ("SiemensCSASeriesHeader", "SiemensXAProtocol")
_PHOENIX = b"MrPhoenixProtocol\0"
_CREATOR = b"SIEMENS MR SDS 01"
_GROUP, _NESTED, _PROTOCOL = 0x0021, 0xFE, 0x19
_BLOCKS = range(0x10, 0x100)
_NUMBER = re.compile(rb"0[xX][0-9a-fA-F]+|[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?")
_INDEXED = rb"\n%%s\[(\d{1,4})\][ \t]*=[ \t]*(%s)" % _NUMBER.pattern
_BEFORE = b"\n."


class Protocol(NamedTuple):
    """A protocol, whose lines are looked up when asked for.

    Attributes
    ----------
    data : bytes
        Its lines, each with a line feed before it; empty where there is none.
    """

    data: bytes

    def number(self, key: str) -> float | None:
        """The number of the first line whose key is this one, or ends with it after a dot; None where absent."""
        found = _NUMBER.match(self._value(key))
        return None if found is None else _as_number(found[0])

    def integer(self, key: str) -> int | None:
        """The same as an integer; None where it is no whole number."""
        found = self.number(key)
        return None if found is None or found != int(found) else int(found)

    def text(self, key: str) -> str:
        r"""The text of a line without its quotation marks: ``""Head_32""`` is Head_32; empty where absent."""
        return self._value(key).strip(b' "\t').decode("latin-1")

    def indexed(self, key: str) -> dict[int, float]:
        """Index to number of the lines ``key[0]``, ``key[1]`` and so on; lines that are zero may be left out."""
        lines = re.finditer(_INDEXED % re.escape(key.encode()), self.data)
        found = ((int(line[1]), _as_number(line[2])) for line in lines)
        return {index: number for index, number in found if number is not None}

    def _value(self, key: str) -> bytes:
        """What follows the equals sign; empty where there is no such line."""
        wanted = key.encode()
        place = self.data.find(wanted)
        while place > 0:
            end = self.data.find(b"\n", place)
            line = self.data[place + len(wanted) : end if end >= 0 else len(self.data)].lstrip(b" \t")
            if self.data[place - 1] in _BEFORE and line.startswith(b"="):
                return line[1:].strip(b" \t\r")
            place = self.data.find(wanted, place + 1)
        return b""


NONE = Protocol(b"")


def protocol_of(header: Header) -> Protocol:
    """The protocol of an image; an empty one where the header has none."""
    for data in _carriers(header):
        # VB17 to VE11 hold an older form of the protocol, too; the one that the console reads back comes last.
        begin = data.find(_BEGIN, max(data.find(_PHOENIX), 0))
        begin = data.find(_BEGIN) if begin < 0 else begin
        if begin >= 0:
            end = data.find(_END, begin)
            return Protocol(b"\n" + data[begin : end if end >= 0 else len(data)])
    return NONE


def has_protocol(header: Header) -> bool:
    """True for MR images of Siemens: those of their headers in which a protocol may be."""
    # The private creators were checked when the header was read (PS3.5 7.8.1).
    is_siemens = any(map(header.has_far, _KEYWORDS)) or header.has("SiemensXAImageType")
    return is_siemens and header.text("Modality") == "MR"


def _carriers(header: Header) -> Iterator[bytes]:
    """Yield the values that may hold a protocol."""
    for keyword in _KEYWORDS:
        value = header.far(keyword)
        if value is not None:
            yield value.data
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for item in items_of(header.far(keyword))[:1]:
            yield from _nested(item)


def _nested(item: Item) -> Iterator[bytes]:
    """Yield what a functional group holds as protocol: (0021,xxFE) > (0021,xx19) of the creator."""
    for outer in _owned(item, _NESTED):
        for inner in item.items(outer):
            for tag in _owned(inner, _PROTOCOL):
                yield inner.find(tag) or b""


def _owned(item: Item, low: int) -> Iterator[int]:
    """Yield the tags of an item that belong to the creator and have this low byte (PS3.5 7.8.1)."""
    blocks = set()
    for element in item.elements():
        group, number = element.tag >> 16, element.tag & 0xFFFF
        if group != _GROUP:
            continue
        if number in _BLOCKS:
            if item.value(element).strip(b" \0") == _CREATOR:
                blocks.add(number)
        elif number >> 8 in blocks and number & 0xFF == low:
            yield element.tag


def _as_number(text: bytes) -> float | None:
    try:
        return float(int(text, 16)) if text[:2].lower() == b"0x" else float(text)
    except ValueError:
        return None
