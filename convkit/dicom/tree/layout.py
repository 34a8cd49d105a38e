"""What the headers of many files have in common, so that only what differs has to be looked at.

The files of a series differ in a few elements: instance UID, number, position, times. All between these are byte for
byte alike. To compare a run of them costs a hundredth of reading them one by one, and is as exact: equal bytes in the
same place are the same elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from convkit.dicom.patience import Patience
from convkit.dicom.tree.nodes import META, META_GROUP, PIXEL_GROUP, TRANSFER_SYNTAX, Coding, Element, uid_of
from convkit.dicom.tree.walk import Short, Walk
from convkit.dicom.tree.writing import encoded
from convkit.errors import InputError

MOST_LAYOUTS = 8
"""Kinds of headers that are remembered: as many series may lie mingled in a folder."""

MOST_BYTES = 1 << 16
"""Longest header that is remembered."""


_PAGE = 1 << 12
_MARGIN = 1 << 8
"""Bytes by which the next header may be longer, and the head of the element behind it."""


class Layout:
    """How headers of one kind are laid out, up to their pixel data.

    Attributes
    ----------
    coding : Coding
    tags : tuple of int
        Of all elements.
    varying : frozenset of int
        Tags of those that are not alike.
    """

    __slots__ = ("_parts", "coding", "tags", "varying")

    def __init__(self, coding: Coding, tags: tuple[int, ...], pieces: Sequence[bytes | None]) -> None:
        self.coding = coding
        self.tags = tags
        self.varying = frozenset(tag for tag, piece in zip(tags, pieces, strict=True) if piece is None)
        self._parts = tuple(_parts(tags, pieces))

    def match(self, walk: Walk, here: int) -> tuple[list[Element], int] | None:
        """The elements that are not alike, and where the header ends; None where it is another one."""
        if walk.coding != self.coding:
            return None
        data, found = walk.data, list[Element]()
        try:
            for part in self._parts:
                if isinstance(part, bytes):
                    if not data.startswith(part, here):
                        return None
                    here += len(part)
                else:
                    element, here = walk.one(here)
                    if element.tag != part:
                        return None
                    found.append(element)
        except (Short, InputError):
            return None
        return found, here


def _parts(tags: Sequence[int], pieces: Sequence[bytes | None]) -> list[bytes | int]:
    """Runs of elements that are alike, and the tags of those between that are not."""
    parts: list[bytes | int] = []
    for is_varying, group in groupby(zip(tags, pieces, strict=True), key=lambda pair: pair[1] is None):
        pairs = list(group)
        parts += [tag for tag, _ in pairs] if is_varying else [b"".join(piece or b"" for _, piece in pairs)]
    return parts


class Match(NamedTuple):
    """A header that is laid out as others before.

    Attributes
    ----------
    layout : Layout
    elements : list of Element
        Those that are not alike.
    end : int
        Where the header ends.
    """

    layout: Layout
    elements: list[Element]
    end: int


class Beginning(NamedTuple):
    """What comes before the data set of a file.

    Attributes
    ----------
    transfer_syntax : str
    end : int
        Where the data set starts.
    """

    transfer_syntax: str
    end: int


class Layouts:
    """The layouts that were met last; which ones, never changes what is found in a file.

    Attributes
    ----------
    reach : int
        Bytes of the beginning of a file in which any of them most likely ends; 0 where there is none.
    """

    def __init__(self) -> None:
        self.reach = 0
        self._metas = _Memory()
        self._headers = _Memory()
        self._syntaxes: dict[Layout, str] = {}
        self._patience = Patience(1)

    def beginning(self, walk: Walk, here: int) -> Beginning | None:
        """The file meta information at a place; None where it is laid out as none before."""
        match = self._metas.match(walk, here)
        if match is None or match.end + 8 > len(walk.data) or walk.tag_at(match.end) >> 16 == META_GROUP:
            return None
        syntax = self._syntaxes.get(match.layout, "")
        return Beginning(syntax, match.end) if syntax else None

    def match(self, walk: Walk, here: int) -> Match | None:
        """The layout that the header at a place has; None where it has none of them."""
        found = self._headers.match(walk, here)
        if found is not None:
            self._patience.gain()
        return found

    def learn(self, meta: Sequence[Element], elements: Sequence[Element], data: bytes, start: int) -> None:
        """Remember a file that was none of them.

        Parameters
        ----------
        meta : sequence of Element
            All of its file meta information.
        elements : sequence of Element
            All of its data set as they were read, those behind the header too.
        data : bytes
            The beginning of the file.
        start : int
            Where its file meta information starts there.
        """
        syntax = next((uid_of(each) for each in meta if each.tag == TRANSFER_SYNTAX), "")
        if not syntax or not self._patience.may_learn():
            return
        length, layout = self._metas.learn(meta, META, data, start)
        if layout is not None and TRANSFER_SYNTAX not in layout.varying:
            self._syntaxes[layout] = syntax  # alike in all of them
        header = [each for each in elements if each.tag >> 16 < PIXEL_GROUP]
        if length and not any(first.tag >= second.tag for first, second in pairwise(elements)):
            of_header, found = self._headers.learn(header, Coding.of(syntax), data, start + length)
            if found is not None:
                end = start + length + of_header + _MARGIN
                self.reach = max(self.reach, (end + _PAGE - 1) // _PAGE * _PAGE)


class _Memory:
    """Layouts of elements that follow each other."""

    def __init__(self) -> None:
        self._pieces: dict[tuple[Coding, tuple[int, ...]], list[bytes | None]] = {}
        self._recent: list[Layout] = []

    def match(self, walk: Walk, here: int) -> Match | None:
        for place, layout in enumerate(self._recent):
            found = layout.match(walk, here)
            if found is not None:
                if place:
                    self._recent.insert(0, self._recent.pop(place))
                return Match(layout, *found)
        return None

    def learn(self, elements: Sequence[Element], coding: Coding, data: bytes, start: int) -> tuple[int, Layout | None]:
        """Remember elements that stand at a place.

        Returns
        -------
        length : int
            Of their bytes; 0 where they cannot be remembered.
        layout : Layout or None
            What they have in common with others of the same tags, where there were some.
        """
        pieces = [encoded(each, coding) for each in elements]
        raw = b"".join(pieces)
        if not raw or len(raw) > MOST_BYTES or not data.startswith(raw, start):
            return 0, None  # they are written in a way that does not come out again
        tags = tuple(each.tag for each in elements)
        before = self._pieces.pop((coding, tags), None)
        merged: list[bytes | None] = list(pieces)
        layout: Layout | None = None
        if before is not None:
            # What differs from the last ones with these tags may differ always.
            merged = [old if old == new else None for old, new in zip(before, pieces, strict=True)]
            others = [each for each in self._recent if (each.coding, each.tags) != (coding, tags)]
            layout = Layout(coding, tags, merged)
            self._recent = [layout, *others][:MOST_LAYOUTS]
        self._pieces[coding, tags] = merged
        while len(self._pieces) > MOST_LAYOUTS:
            del self._pieces[next(iter(self._pieces))]
        return len(raw), layout
