"""What a tree is made of: elements, sequences of items, and the file around them."""

from __future__ import annotations

from typing import NamedTuple

from convkit.dicom.syntaxes import EXPLICIT_BIG_ENDIAN, IMPLICIT_LITTLE_ENDIAN

PIXEL_GROUP = 0x7FE0
PIXEL_DATA = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})

META_GROUP = 0x0002
META_LENGTH, TRANSFER_SYNTAX = 0x00020000, 0x00020010


class Span(NamedTuple):
    """A value that was left in the file.

    Attributes
    ----------
    offset, length : int
    """

    offset: int
    length: int


class Element:
    """One element.

    Attributes
    ----------
    tag : int
        Group in the high half.
    vr : str
        Value representation; empty under implicit VR, where a dictionary knows it.
    value : bytes or Span
        As in the file; empty for a sequence. Of encapsulated pixel data all items, without the delimiter after them.
    items : list of Item, or None
        Of a sequence.
    is_undefined : bool
        The length was not written, and the value ends with a delimiter.
    """

    __slots__ = ("is_undefined", "items", "tag", "value", "vr")

    def __init__(
        self,
        tag: int,
        vr: str,
        value: bytes | Span = b"",
        items: list[Item] | None = None,
        *,
        is_undefined: bool = False,
    ) -> None:
        self.tag = tag
        self.vr = vr
        self.value = value
        self.items = items
        self.is_undefined = is_undefined


class Item:
    """One item of a sequence.

    Attributes
    ----------
    elements : list of Element
    is_undefined : bool
        As in `Element`.
    """

    __slots__ = ("elements", "is_undefined")

    def __init__(self, elements: list[Element], *, is_undefined: bool = False) -> None:
        self.elements = elements
        self.is_undefined = is_undefined


class Tree:
    """A file.

    Attributes
    ----------
    path : str
        Where spans lie; of a data set in memory a word for messages.
    preamble : bytes
        128 bytes; empty where the file has none.
    meta : list of Element
        File meta information without its length; explicit VR, little endian.
    elements : list of Element
    transfer_syntax : str
        How `elements` are encoded.
    """

    __slots__ = ("elements", "meta", "path", "preamble", "transfer_syntax")

    def __init__(
        self, path: str, preamble: bytes, meta: list[Element], elements: list[Element], transfer_syntax: str
    ) -> None:
        self.path = path
        self.preamble = preamble
        self.meta = meta
        self.elements = elements
        self.transfer_syntax = transfer_syntax

    @property
    def coding(self) -> Coding:
        """How the elements are encoded."""
        return Coding.of(self.transfer_syntax)


class Coding(NamedTuple):
    """How elements are encoded (PS3.5 7.1, 10).

    Attributes
    ----------
    is_explicit, is_big : bool
        Explicit VR; big endian.
    """

    is_explicit: bool
    is_big: bool

    @classmethod
    def of(cls, transfer_syntax: str) -> Coding:
        """The coding of a data set."""
        return cls(transfer_syntax != IMPLICIT_LITTLE_ENDIAN, transfer_syntax == EXPLICIT_BIG_ENDIAN)


META = Coding(is_explicit=True, is_big=False)
"""How file meta information is encoded (PS3.10 7.1)."""

IMPLICIT = Coding(is_explicit=False, is_big=False)
"""How sequences are encoded that stand as UN (PS3.5 6.2.2, note 2)."""

PREAMBLE_BYTES = 128


def uid_of(element: Element) -> str:
    """A UID without its padding."""
    return element.value.rstrip(b"\0 ").decode("latin-1") if isinstance(element.value, bytes) else ""
