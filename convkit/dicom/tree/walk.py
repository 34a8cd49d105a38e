"""The elements in bytes, in one encoding: plain values fast, all others with care."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from convkit.dicom.attributes import vr_of
from convkit.dicom.sequences import ITEM, ITEM_END, SEQUENCE_END, SHORT_VRS, UNDEFINED
from convkit.dicom.tree.nodes import IMPLICIT, PIXEL_DATA, PIXEL_GROUP, Coding, Element, Item
from convkit.errors import InputError

MOST_DEPTH = 64
"""Items within items; the deepest of the standard have about ten."""

_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_ENCAPSULATED = frozenset({"OB", "OW"})
"""Values of undefined length that hold fragments (PS3.5 7.1.3, A.4)."""

_DELIMITERS = 0xFFFE
_FIRST_OF_ITEM = b"\xfe\xff\x00\xe0"

_LITTLE = Struct("<HH").unpack_from, Struct("<H").unpack_from, Struct("<I").unpack_from
_BIG = Struct(">HH").unpack_from, Struct(">H").unpack_from, Struct(">I").unpack_from
_EXPLICIT_HEAD = Struct("<HH2sH").unpack_from
_IMPLICIT_HEAD = Struct("<HHI").unpack_from
_SHORT_NAMES = {vr: vr.decode("ascii") for vr in SHORT_VRS}
_PLAIN_NAMES = {vr: vr.decode("ascii") for vr in _LONG_VRS - {b"SQ", b"UN"}}
_NEVER_PLAIN = frozenset({PIXEL_GROUP, _DELIMITERS})


class Short(Exception):  # noqa: N818 (not an error: more of the file is read)
    """The bytes at hand end before the element does."""


class Head(NamedTuple):
    """The beginning of an element: what it is, and where its value starts."""

    tag: int
    vr: str
    length: int
    start: int


class Walk:
    """Elements in bytes, in one encoding."""

    __slots__ = ("_code", "_half", "_is_usual", "_path", "_skipped", "_word", "coding", "data")

    def __init__(self, data: bytes, coding: Coding, path: str, *, without_private: bool = False) -> None:
        self._skipped = int(without_private)  # of the last bit of a group, which tells private ones
        self.data = data
        self.coding = coding
        self._path = path
        self._is_usual = coding.is_explicit and not coding.is_big
        self._code, self._half, self._word = _BIG if coding.is_big else _LITTLE

    def tag_at(self, here: int) -> int:
        """The tag at a place, group in the high half."""
        group, number = self._code(self.data, here)
        return int(group << 16 | number)

    def head(self, here: int) -> Head:
        """The head of the element at a place.

        Raises
        ------
        Short
            The bytes end inside it.
        """
        data = self.data
        if here + 8 > len(data):
            raise Short
        tag = self.tag_at(here)
        if not self.coding.is_explicit or tag >> 16 == _DELIMITERS:
            return Head(tag, "", self._word(data, here + 4)[0], here + 8)
        vr = data[here + 4 : here + 6]
        if vr in SHORT_VRS:
            return Head(tag, vr.decode("ascii"), self._half(data, here + 6)[0], here + 8)
        if vr not in _LONG_VRS:
            raise self._broken("An element has no value representation that there is.")
        if here + 12 > len(data):
            raise Short
        return Head(tag, vr.decode("ascii"), self._word(data, here + 8)[0], here + 12)

    def elements(self, here: int, end: int, depth: int = 0) -> list[Element]:
        """All elements up to a place."""
        found: list[Element] = []
        try:
            while (here := self.plain(here, end, found)) < end:
                element, here = self.element(here, end, depth)
                found.append(element)
        except Short as err:
            raise self._broken("An element ends after what holds it.") from err
        return found

    def is_of_pixels(self, here: int) -> bool:
        """True where the element at a place is of the group of the pixel data, as far as it has been read."""
        return here + 4 <= len(self.data) and self.tag_at(here) >> 16 == PIXEL_GROUP

    def plain(self, here: int, end: int, found: list[Element]) -> int:
        """Add the elements with plain values that follow each other; where the first one is that is another.

        A tenth of the price of `element`, which tells all cases apart: sequences, what may hide one, long pixel data,
        what ends too soon.
        """
        if self.coding.is_big:
            return here
        return (
            self._plain_explicit(here, end, found)
            if self.coding.is_explicit
            else self._plain_implicit(here, end, found)
        )

    def _plain_explicit(self, here: int, end: int, found: list[Element]) -> int:
        data, last, skipped = self.data, end - 8, self._skipped
        while here <= last:
            group, number, vr, length = _EXPLICIT_HEAD(data, here)
            start, name = here + 8, _SHORT_NAMES.get(vr)
            if name is None:
                name = _PLAIN_NAMES.get(vr)
                if name is None or group == PIXEL_GROUP or here + 12 > end:
                    break
                start, (length,) = here + 12, self._word(data, here + 8)
            stop = start + length
            if stop > end:
                break
            if not group & skipped:
                found.append(Element(group << 16 | number, name, data[start:stop]))
            here = stop
        return here

    def _plain_implicit(self, here: int, end: int, found: list[Element]) -> int:
        data, last = self.data, end - 8
        while here <= last:
            group, number, length = _IMPLICIT_HEAD(data, here)
            start, tag = here + 8, group << 16 | number
            stop = start + length
            if stop > end or group in _NEVER_PLAIN:
                break
            value = data[start:stop]
            if is_sequence(tag, value):
                break
            if not group & self._skipped:
                found.append(Element(tag, "", value))
            here = stop
        return here

    def element(self, here: int, end: int, depth: int = 0) -> tuple[Element, int]:
        """The element at a place, and where the next one starts.

        Raises
        ------
        Short
            The bytes end inside it.
        InputError
            It makes no sense.
        """
        head = self.head(here)
        if head.tag >> 16 == _DELIMITERS:
            raise self._broken("A delimiter stands where an element should.")
        if head.length == UNDEFINED:
            return self._undefined(head, end, depth)
        stop = head.start + head.length
        if stop > end:
            raise Short
        value = self.data[head.start : stop]
        items = self._hidden_items(head, value, depth)
        return Element(head.tag, head.vr, b"" if items is not None else value, items), stop

    def one(self, here: int) -> tuple[Element, int]:
        """As `element`, at the top level; plain values at a third of the price.

        Raises
        ------
        Short, InputError
            As `element`.
        """
        data, start = self.data, here + 8
        if self._is_usual and start <= len(data):
            group, number, vr, length = _EXPLICIT_HEAD(data, here)
            name = _SHORT_NAMES.get(vr)
            if name is not None and group != _DELIMITERS and start + length <= len(data):
                return Element(group << 16 | number, name, data[start : start + length]), start + length
        return self.element(here, len(data))

    def _undefined(self, head: Head, end: int, depth: int) -> tuple[Element, int]:
        if head.vr in _ENCAPSULATED or (head.tag in PIXEL_DATA and not depth):  # an icon may be encapsulated, too
            stop = self._fragments_end(head.start, end)
            return Element(head.tag, head.vr, self.data[head.start : stop], is_undefined=True), stop + 8
        inner = self if head.vr != "UN" else Walk(self.data, IMPLICIT, self._path)  # PS3.5 6.2.2, note 2
        items, stop = inner.items(head.start, end, depth, is_open=True)
        return Element(head.tag, head.vr, b"", items, is_undefined=True), stop

    def _hidden_items(self, head: Head, value: bytes, depth: int) -> list[Item] | None:
        """The items of a sequence of defined length; also where UN or implicit VR hides that it is one."""
        if head.vr == "SQ":
            return self.items(head.start, head.start + head.length, depth)[0]
        if head.vr not in {"", "UN"} or not is_sequence(head.tag, value):
            return None
        inner = self if head.vr == "" else Walk(self.data, IMPLICIT, self._path)
        try:
            return inner.items(head.start, head.start + head.length, depth)[0]
        except (InputError, Short) as err:
            if vr_of(head.tag) == "SQ":
                raise self._broken("A sequence holds something else than items.") from err
            return None  # it only looked like a sequence

    def items(self, here: int, end: int, depth: int, *, is_open: bool = False) -> tuple[list[Item], int]:
        """Items up to a place, or up to the delimiter of their sequence; and where the next element starts."""
        if depth >= MOST_DEPTH:
            raise self._broken(f"Sequences are nested more than {MOST_DEPTH} deep.")
        found: list[Item] = []
        while is_open or here < end:
            if here + 8 > end:
                raise Short
            tag, (length,) = self.tag_at(here), self._word(self.data, here + 4)
            here += 8
            if is_open and tag == SEQUENCE_END:
                return found, here
            if tag != ITEM:
                raise self._broken("A sequence holds something else than items.")
            if length == UNDEFINED:
                elements, here = self._open_item(here, end, depth + 1)
                found.append(Item(elements, is_undefined=True))
            elif here + length > end:
                raise Short
            else:
                found.append(Item(self.elements(here, here + length, depth + 1)))
                here += length
        return found, here

    def _open_item(self, here: int, end: int, depth: int) -> tuple[list[Element], int]:
        found: list[Element] = []
        while True:
            here = self.plain(here, end, found)
            if here + 8 > end:
                raise Short
            if self.tag_at(here) == ITEM_END:
                return found, here + 8
            element, here = self.element(here, end, depth)
            found.append(element)

    def _fragments_end(self, here: int, end: int) -> int:
        """Where the delimiter stands after the fragments of encapsulated pixel data (PS3.5 A.4)."""
        while True:
            if here + 8 > end:
                raise Short
            tag, (length,) = self.tag_at(here), self._word(self.data, here + 4)
            if tag == SEQUENCE_END:
                return here
            if tag != ITEM or length == UNDEFINED:
                raise self._broken("Encapsulated pixel data hold something else than fragments.")
            here += 8 + length

    def _broken(self, what: str) -> InputError:
        return InputError(what, self._path, "", "header.inconsistent")


def is_sequence(tag: int, value: bytes) -> bool:
    """True where a value whose representation is not told is a sequence, by the dictionary, else by its looks."""
    return vr_of(tag) == "SQ" or (vr_of(tag) in {"", "UN"} and value[:4] == _FIRST_OF_ITEM)
