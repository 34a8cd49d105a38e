"""Sequences: items and their elements, found in bytes that are already in memory (PS3.5 7.5).

For the few sequences that conversion needs: functional groups, vendors' groups, radiopharmaceuticals. Nothing is
decoded here; an element tells where its value lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from convkit.errors import InputError

UNDEFINED = 0xFFFFFFFF

SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
"""Value representations whose length has two bytes (PS3.5 7.1.2)."""

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

_EXPLICIT = Struct("<HH2sH").unpack_from
_IMPLICIT = Struct("<HHI").unpack_from
_LENGTH = Struct("<I").unpack_from


class FarValue(NamedTuple):
    """A long value, read when it was asked for.

    Attributes
    ----------
    data : bytes
    is_explicit : bool
        Encoding of the elements inside, where it is a sequence.
    """

    data: bytes
    is_explicit: bool


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
        tag, length = header_at(data, position)
        position += 8
        if tag == SEQUENCE_END:
            return
        if tag != ITEM:
            raise broken()
        if length == UNDEFINED:
            after = position_after(data, position, end, is_item=True, is_explicit=is_explicit)
            yield Item(data, position, after - 8, is_explicit)
        else:
            after = position + length
            if after > end:
                raise broken()
            yield Item(data, position, after, is_explicit)
        position = after


def _element(data: bytes, position: int, end: int, *, is_explicit: bool) -> tuple[Element, int]:
    """The element at a position, and where the next one starts."""
    tag, vr, start, length = _start_of(data, position, end, is_explicit=is_explicit)
    inner = is_explicit and vr != b"UN"
    if length == UNDEFINED:
        after = position_after(data, start, end, is_item=False, is_explicit=inner)
        return Element(tag, vr, start, after - 8, inner), after
    if start + length > end:
        raise broken()
    return Element(tag, vr, start, start + length, inner), start + length


def _start_of(data: bytes, position: int, end: int, *, is_explicit: bool) -> tuple[int, bytes, int, int]:
    """Tag, value representation, start of the value, and length of the element at a position."""
    if position + 8 > end:
        raise broken()
    if not is_explicit:
        group, number, length = _IMPLICIT(data, position)
        return group << 16 | number, b"", position + 8, length
    group, number, vr, length = _EXPLICIT(data, position)
    if vr in SHORT_VRS:
        return group << 16 | number, vr, position + 8, length
    if position + 12 > end:
        raise broken()
    return group << 16 | number, vr, position + 12, _LENGTH(data, position + 8)[0]


def position_after(data: bytes, position: int, end: int, *, is_item: bool, is_explicit: bool) -> int:
    """Where the delimiter of an item or a sequence of undefined length ends; nested ones are walked, not recursed."""
    within = [(is_item, is_explicit)]
    while within:
        if position + 8 > end:
            raise broken()
        is_item, is_explicit = within[-1]
        tag, length = header_at(data, position)
        if tag == (ITEM_END if is_item else SEQUENCE_END):
            within.pop()
            position += 8
        elif is_item:
            _, vr, position, length = _start_of(data, position, end, is_explicit=is_explicit)
            if length == UNDEFINED:
                within.append((False, is_explicit and vr != b"UN"))
            else:
                position += length
        elif tag != ITEM:
            raise broken()
        elif length == UNDEFINED:
            within.append((True, is_explicit))
            position += 8
        else:
            position += 8 + length
    return position


def header_at(data: bytes, position: int) -> tuple[int, int]:
    """Tag and length of an item or a delimiter."""
    group, number, length = _IMPLICIT(data, position)
    return group << 16 | number, length


def broken() -> InputError:
    """What to raise where lengths contradict each other."""
    return InputError("A sequence in the header has lengths that lead nowhere.", "", "", "input.broken-header")
