"""Private elements that are known to be safe: by their creator and the last two digits, never by their tag.

PS3.15 Table E.3.10-1, and what an object itself declares safe in (0008,0300) PrivateDataElementCharacteristicsSequence
(PS3.3 C.12.1). A block without a creator has no meaning, so nothing in it is safe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal, NamedTuple

from convkit.deid.charsets import whole_text
from convkit.deid.requirements import TABLES
from convkit.dicom.tree import Element, Item

CHARACTERISTICS = 0x00080300
_GROUP, _CREATOR, _STATUS, _SAFE_NUMBERS = 0x00080301, 0x00080302, 0x00080303, 0x00080304


class Place(NamedTuple):
    """A private element, whatever block it lies in.

    Attributes
    ----------
    group : int
    creator : str
    number : int
        Last two digits of its tag.
    """

    group: int
    creator: str
    number: int


@cache
def safe() -> Mapping[Place, str]:
    """VR of each element of the table; empty where the table has none."""
    rows = (line.split("\t") for line in (TABLES / "safe_private.tsv").read_text("utf-8").splitlines())
    return MappingProxyType(
        {Place(int(group, 16), creator, int(number, 16)): vr.split("/")[0] for creator, group, number, vr, _ in rows}
    )


class Blocks:
    """Creators of the private blocks among the elements of one data set or item."""

    def __init__(self, elements: Iterable[Element]) -> None:
        self._creators = {
            (each.tag >> 16, each.tag & 0xFF): whole_text(each)
            for each in elements
            if each.tag >> 16 & 1 and 0x10 <= each.tag & 0xFFFF <= 0xFF
        }

    def place_of(self, tag: int) -> Place | None:
        """The place of a private element; None where no creator owns it."""
        creator = self._creators.get((tag >> 16, tag >> 8 & 0xFF), "")
        return Place(tag >> 16, creator, tag & 0xFF) if creator else None


_SIZES = {"AT": 4, "FD": 8, "FL": 4, "OF": 4, "OW": 2, "SL": 4, "SS": 2, "UL": 4, "US": 2}
_WORDING = re.compile(rb"(?=(?:.*[A-Za-z]){4})[ -~]{8,}[\0 ]*")
"""Bytes that are words: as binary numbers they would make no sense."""

_NUMBERS_IN_TEXT = frozenset({"DS", "IS"})
_WORDS = frozenset({"LO", "LT", "SH", "ST", "UT"})
"""They are cleaned anyway."""


def vr_of(place: Place, element: Element) -> str | None:
    """VR of a private element that is safe; None where its value is not of the kind that the table calls safe.

    Somebody may have written words into what should be a number.
    """
    known = safe().get(place, "")
    if not known or element.items is not None or not isinstance(element.value, bytes):
        return known or element.vr
    is_of_kind = element.vr in {"", "UN", known} or {element.vr, known} <= _NUMBERS_IN_TEXT or known in _WORDS
    if not is_of_kind or len(element.value) % _SIZES.get(known, 1):
        return None
    return None if known in _SIZES and _WORDING.fullmatch(element.value) else known


def is_creator(tag: int) -> bool:
    """True for (gggg,0010-00FF) of an odd group (PS3.5 7.8.1)."""
    return bool(tag >> 16 & 1) and 0x10 <= tag & 0xFFFF <= 0xFF


class Declared:
    """What an object says of its own private elements.

    Parameters
    ----------
    items : list of Item
        Of (0008,0300).
    is_big : bool
        Big endian: of their numbers.
    """

    def __init__(self, items: Iterable[Item] = (), *, is_big: bool = False) -> None:
        self._blocks: set[tuple[int, str]] = set()
        self._places: set[Place] = set()
        for item in items:
            found = {each.tag: each for each in item.elements}
            group = _numbers(found.get(_GROUP), is_big=is_big)
            creator = whole_text(found.get(_CREATOR))
            if not group or not creator:
                continue
            status = whole_text(found.get(_STATUS))
            if status == "SAFE":
                self._blocks.add((group[0], creator))
            if status == "MIXED":
                self._places |= {
                    Place(group[0], creator, n & 0xFF) for n in _numbers(found.get(_SAFE_NUMBERS), is_big=is_big)
                }

    def has(self, place: Place) -> bool:
        """True where an element is declared to identify nobody."""
        return (place.group, place.creator) in self._blocks or place in self._places


def _numbers(element: Element | None, *, is_big: bool) -> tuple[int, ...]:
    value = b"" if element is None or not isinstance(element.value, bytes) else element.value
    order: Literal["big", "little"] = "big" if is_big else "little"
    return tuple(int.from_bytes(value[i : i + 2], order) for i in range(0, len(value) - 1, 2))
