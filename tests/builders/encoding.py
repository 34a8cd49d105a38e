"""DICOM bytes element by element, for headers that no sane writer would make (PS3.5 7, PS3.10 7.1)."""

from __future__ import annotations

from collections.abc import Iterable
from struct import pack

UNDEFINED = 0xFFFFFFFF
LONG_VRS = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"))

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


def element(tag: int, vr: str, value: bytes, *, explicit: bool = True, length: int | None = None) -> bytes:
    """One element, little endian, value as it is; `length` overrides the true one."""
    head = pack("<HH", tag >> 16, tag & 0xFFFF)
    size = len(value) if length is None else length
    if not explicit:
        return head + pack("<I", size) + value
    if vr in LONG_VRS:
        return head + vr.encode() + b"\0\0" + pack("<I", size) + value
    return head + vr.encode() + pack("<H", size) + value


def even(value: bytes, pad: bytes = b" ") -> bytes:
    """The value, padded to even length."""
    return value + pad * (len(value) % 2)


def item(content: bytes, *, undefined: bool = False) -> bytes:
    """An item of a sequence, or a fragment of encapsulated pixel data (PS3.5 7.5)."""
    if undefined:
        return _marker(_ITEM, UNDEFINED) + content + _marker(_ITEM_END, 0)
    return _marker(_ITEM, len(content)) + content


def sequence(
    tag: int, items: Iterable[bytes], *, explicit: bool = True, undefined: bool = False, vr: str = "SQ"
) -> bytes:
    """A sequence element of defined or undefined length; `vr` UN with undefined length has implicit items."""
    content = b"".join(items)
    if undefined:
        return element(tag, vr, content + _marker(_SEQUENCE_END, 0), explicit=explicit, length=UNDEFINED)
    return element(tag, vr, content, explicit=explicit)


def encapsulated(fragments: Iterable[bytes]) -> bytes:
    """Pixel Data of undefined length with an empty offset table (PS3.5 A.4)."""
    content = item(b"") + b"".join(item(f) for f in fragments) + _marker(_SEQUENCE_END, 0)
    return element(0x7FE00010, "OB", content, length=UNDEFINED)


def part10(elements: Iterable[bytes], syntax: str = EXPLICIT, *, media_class: str = "") -> bytes:
    """A file: preamble, file meta information, and the elements of the data set."""
    meta = element(0x00020002, "UI", even(media_class.encode(), b"\0")) if media_class else b""
    meta += element(0x00020010, "UI", even(syntax.encode(), b"\0"))
    group_length = element(0x00020000, "UL", pack("<I", len(meta)))
    return bytes(128) + b"DICM" + group_length + meta + b"".join(elements)


def _marker(tag: int, length: int) -> bytes:
    return pack("<HHI", tag >> 16, tag & 0xFFFF, length)
