"""Where the walk is in a data set: which sequences lie around, and what holds for the elements there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from convkit.deid import requirements, structured
from convkit.deid.charsets import whole_text
from convkit.deid.requirements import Requirements
from convkit.dicom.attributes import vr_of
from convkit.dicom.tree import Element, Item

CHARSET, CONTENT = 0x00080005, 0x0040A730


class Level(NamedTuple):
    """Where the walk is.

    Attributes
    ----------
    path : tuple of int
        Tags of the sequences around.
    place : str
        The same with the numbers of items, for the audit.
    types : mapping of tag to Requirement
    charset : bytes
        Specific Character Set.
    is_dummy : bool
        All text becomes dummies: a sequence around has to be there, and may say nothing.
    """

    path: tuple[int, ...]
    place: str
    types: Requirements
    charset: bytes
    is_dummy: bool = False


def top_level(elements: Iterable[Element], types: Requirements) -> Level:
    """The level of a data set itself."""
    return with_charset(elements, Level((), "", types, b""))


def below(level: Level, sequence: Element, number: int, *, is_dummy: bool) -> Level:
    """The level of an item of a sequence; items count from 0."""
    place = f"{level.place}({sequence.tag >> 16:04X},{sequence.tag & 0xFFFF:04X})[{number}]/"
    types = requirements.of_item(sequence.tag)
    return Level((*level.path, sequence.tag), place, types, level.charset, is_dummy)


def has(tag: int, elements: Iterable[Element]) -> bool:
    """True where an attribute stands among content items, at any depth."""
    return any(
        each.tag == tag or (each.tag == CONTENT and any(has(tag, item.elements) for item in each.items or []))
        for each in elements
    )


def with_charset(elements: Iterable[Element], level: Level) -> Level:
    """The character set of an item is its own where it has one (PS3.5 7.5.3)."""
    own = next((each.value for each in elements if each.tag == CHARSET), None)
    return level if not isinstance(own, bytes) else level._replace(charset=own.strip(b"\0 "))


def representation(element: Element) -> str:
    """VR of an element; where the file does not tell, or hides it as UN, that of the dictionary."""
    return element.vr if element.vr not in {"", "UN"} else vr_of(element.tag) or element.vr


def concept_of(item: Item) -> structured.Concept:
    """Concept name and value type of a content item."""
    found = {each.tag: each for each in item.elements}
    name = found.get(structured.CONCEPT_NAME)
    coded = {each.tag: each for each in name.items[0].elements} if name is not None and name.items else {}
    scheme, code = (whole_text(coded.get(tag)) for tag in (structured.SCHEME, structured.CODE_VALUE))
    return structured.Concept(scheme, code, whole_text(found.get(structured.VALUE_TYPE)))
