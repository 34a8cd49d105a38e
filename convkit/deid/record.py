"""What a file says of its own de-identification (PS3.15 E.1.1, E.3; PS3.3 C.7.1.1, C.12.1; CID 7050).

Only what was really applied: nothing is called clean that nobody has looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from convkit._version import __version__
from convkit.deid.charsets import padded
from convkit.deid.profile import Part
from convkit.dicom.tree import Element, Item

IMPLEMENTATION_UID = "2.25.217424126186425911836407389171263862549"
"""Of convkit as the writer of files (PS3.10 7.1)."""

VERSION_NAME = "CONVKIT"

_LONGEST_METHOD = 64

_REMOVED, _METHOD, _METHOD_CODES = 0x00120062, 0x00120063, 0x00120064
_BURNED_IN, _TIMES_MODIFIED, _EQUIPMENT = 0x00280301, 0x00280303, 0x0018A001

RECORD = frozenset({_REMOVED, _METHOD, _METHOD_CODES, _BURNED_IN, _TIMES_MODIFIED, _EQUIPMENT})
"""Tags of all that is said of the de-identification."""

CLEAN_PIXELS = Part("pixels", "113101", "Clean Pixel Data Option")


class Applied(NamedTuple):
    """What was done to a file.

    Attributes
    ----------
    parts : tuple of Part
        Profile and options.
    times : str
        UNMODIFIED, MODIFIED or REMOVED (PS3.3 C.12.1.1.10).
    is_clean : bool
        Somebody has looked for text in the pixels, and none is left.
    """

    parts: tuple[Part, ...]
    times: str
    is_clean: bool = False


def recorded(elements: Sequence[Element], applied: Applied) -> list[Element]:
    """The elements with the record among them, in the order of their tags; an older record is replaced.

    Equipment that contributed before stays: each adds an item of its own (PS3.3 C.12.1).
    """
    new = {element.tag: element for element in _record(applied)}
    before = next((element for element in elements if element.tag == _EQUIPMENT), None)
    if before is not None and before.items:
        new[_EQUIPMENT] = Element(_EQUIPMENT, before.vr, b"", [*before.items, *(new[_EQUIPMENT].items or ())])
    kept = [element for element in elements if element.tag not in new]
    return sorted((*kept, *new.values()), key=lambda element: element.tag)


def _record(applied: Applied) -> Iterable[Element]:
    parts = (*applied.parts, CLEAN_PIXELS) if applied.is_clean else applied.parts
    methods = [f"convkit {__version__}", *(part.meaning for part in parts)]
    yield _text(_REMOVED, "CS", "YES")
    yield _text(_METHOD, "LO", "\\".join(_short(method) for method in methods))
    yield Element(_METHOD_CODES, "SQ", b"", [_coded(p.code, "DCM", p.meaning) for p in parts if p.code])
    yield _text(_TIMES_MODIFIED, "CS", applied.times)
    if applied.is_clean:
        yield _text(_BURNED_IN, "CS", "NO")
    purpose = Element(0x0040A170, "SQ", b"", [_coded("109104", "DCM", "De-identifying Equipment")])
    equipment = [_text(0x00080070, "LO", "convkit"), _text(0x00181020, "LO", __version__), purpose]
    yield Element(_EQUIPMENT, "SQ", b"", [Item(equipment)])


def _short(text: str) -> str:
    return text.replace("\\", " ")[:_LONGEST_METHOD].strip()


def _text(tag: int, vr: str, text: str) -> Element:
    return Element(tag, vr, padded(text.encode("ascii", "replace")))


def _coded(value: str, scheme: str, meaning: str) -> Item:
    """A code sequence item (PS3.3 8.8)."""
    return Item([_text(0x00080100, "SH", value), _text(0x00080102, "SH", scheme), _text(0x00080104, "LO", meaning)])


def meta_of(sop_class: bytes, sop_instance: bytes, transfer_syntax: str) -> list[Element]:
    """File meta information of a new file: nothing of the old one but what the object is (PS3.10 7.1)."""
    return [
        Element(0x00020001, "OB", b"\0\1"),
        Element(0x00020002, "UI", sop_class),
        Element(0x00020003, "UI", sop_instance),
        Element(0x00020010, "UI", padded(transfer_syntax.encode("ascii"), b"\0")),
        Element(0x00020012, "UI", padded(IMPLEMENTATION_UID.encode("ascii"), b"\0")),
        Element(0x00020013, "SH", padded(VERSION_NAME.encode("ascii"))),
    ]
