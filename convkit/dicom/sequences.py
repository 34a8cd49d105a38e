"""Sequences: items and their elements, found in bytes that are already in memory (PS3.5 7.5).

For the few sequences that conversion needs: functional groups, vendors' groups, radiopharmaceuticals. Nothing is
decoded here; an element tells where its value lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from convkit.dicom.header import FarValue
from convkit.errors import InputError

UNDEFINED = 0xFFFFFFFF

_EXPLICIT = Struct("<HH2sH").unpack_from
_IMPLICIT = Struct("<HHI").unpack_from
_LENGTH = Struct("<I").unpack_from

_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
_ITEM = 0xFFFEE000
_ITEM_END = 0xFFFEE00D
_SEQUENCE_END = 0xFFFEE0DD


class Element(NamedTuple):
    """One element of an item.

    Attributes
    ----------
    tag : int
    vr : bytes
        Value representation; empty under implicit VR.
    start, end : int
        Of the value, in the bytes of the whole sequence.
    is_explicit : bool
        Encoding of the elements inside, where it is a sequence.
    """

    tag: int
    vr: bytes
    start: int
    end: int
    is_explicit: bool


class Item(NamedTuple):
    """One item of a sequence.

    Attributes
    ----------
    data : bytes
        Of the whole sequence.
    start, end : int
        Of the item's elements in it.
    is_explicit : bool
    """

    data: bytes
    start: int
    end: int
    is_explicit: bool

    def elements(self) -> Iterator[Element]:
        """Yield the elements in order."""
        position = self.start
        while position < self.end:
            element, position = _element(self.data, position, self.end, is_explicit=self.is_explicit)
            yield element

    def value(self, element: Element) -> bytes:
        """Raw value of an element."""
        return self.data[element.start : element.end]

    def inside(self, element: Element) -> Iterator[Item]:
        """Yield the items of an element that is a sequence."""
        return _items(self.data, element.start, element.end, is_explicit=element.is_explicit)

    def find(self, tag: int) -> bytes | None:
        """Raw value of the element with a tag, None where absent."""
        return next((self.value(e) for e in self.elements() if e.tag == tag), None)

    def items(self, tag: int) -> list[Item]:
        """The items of the sequence with a tag; none where absent."""
        return next((list(self.inside(e)) for e in self.elements() if e.tag == tag), [])


def items_of(value: FarValue | None) -> list[Item]:
    """The items of a sequence that was kept far; none where it is absent.

    Raises
    ------
    InputError
        The lengths inside lead nowhere.
    """
    return [] if value is None else list(_items(value.data, 0, len(value.data), is_explicit=value.is_explicit))


def _items(data: bytes, position: int, end: int, *, is_explicit: bool) -> Iterator[Item]:
    while position + 8 <= end:
        tag, length = _header(data, position)
        position += 8
        if tag == _SEQUENCE_END:
            return
        if tag != _ITEM:
            raise _broken()
        if length == UNDEFINED:
            after = _after_item(data, position, end, is_explicit=is_explicit)
            yield Item(data, position, after - 8, is_explicit)
        else:
            after = position + length
            if after > end:
                raise _broken()
            yield Item(data, position, after, is_explicit)
        position = after


def _element(data: bytes, position: int, end: int, *, is_explicit: bool) -> tuple[Element, int]:
    """The element at a position, and where the next one starts."""
    if position + 8 > end:
        raise _broken()
    if not is_explicit:
        group, number, length = _IMPLICIT(data, position)
        vr, start = b"", position + 8
    else:
        group, number, vr, length = _EXPLICIT(data, position)
        start = position + 8
        if vr not in _SHORT_VRS:
            if position + 12 > end:
                raise _broken()
            (length,) = _LENGTH(data, start)
            start += 4
    inner = is_explicit and vr != b"UN"
    if length == UNDEFINED:
        after = _after_sequence(data, start, end, is_explicit=inner)
        return Element(group << 16 | number, vr, start, after - 8, inner), after
    if start + length > end:
        raise _broken()
    return Element(group << 16 | number, vr, start, start + length, inner), start + length


def _after_sequence(data: bytes, position: int, end: int, *, is_explicit: bool) -> int:
    while True:
        if position + 8 > end:
            raise _broken()
        tag, length = _header(data, position)
        position += 8
        if tag == _SEQUENCE_END:
            return position
        if tag != _ITEM:
            raise _broken()
        position = (
            _after_item(data, position, end, is_explicit=is_explicit) if length == UNDEFINED else position + length
        )


def _after_item(data: bytes, position: int, end: int, *, is_explicit: bool) -> int:
    while position + 8 <= end:
        if _header(data, position)[0] == _ITEM_END:
            return position + 8
        _, position = _element(data, position, end, is_explicit=is_explicit)
    raise _broken()


def _header(data: bytes, position: int) -> tuple[int, int]:
    group, number, length = _IMPLICIT(data, position)
    return group << 16 | number, length


def _broken() -> InputError:
    return InputError("A sequence in the header has lengths that lead nowhere.", "", "", "input.broken-header")
