"""Copies of files that say nearly the same: what their headers have in common is worked out once for a person.

In a series most elements are alike byte for byte, and what becomes of an element depends on nothing but its bytes, the
person, and a few other elements. So the walk through the whole header is made for one file of a layout, and for the
others through what differs. Their bytes are those that `Deidentifier.apply` gives; where that is not certain, a file
goes the long way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from convkit.deid import requirements, structured
from convkit.deid.deidentifier import SOP_CLASS, SOP_INSTANCE, Deidentifier, Subject
from convkit.deid.leftovers import DOCUMENT, FRAMES, PIXEL_DATA, SIZES, native_bytes, shorten
from convkit.deid.levels import CHARSET, CONTENT, top_level
from convkit.deid.own_values import OwnValues
from convkit.deid.pixels import is_document
from convkit.deid.private_elements import CHARACTERISTICS, Blocks, is_creator
from convkit.deid.record import RECORD, meta_of, recorded
from convkit.dicom.syntaxes import NATIVE
from convkit.dicom.tree import (
    MOST_LAYOUTS,
    PIXEL_GROUP,
    Alike,
    Element,
    Layout,
    Layouts,
    Span,
    Tree,
    beginning,
    encoded,
    pieces_of,
    read_alike,
    read_tree,
)
from convkit.storage import files

_NEVER_VARYING = RECORD | {CHARSET, SOP_CLASS, CHARACTERISTICS, FRAMES, *SIZES}
"""What becomes of other elements depends on these, or they are written anew."""

_NEVER_THERE = frozenset({CONTENT, structured.ITEM_IDENTIFIER, DOCUMENT})
"""Their elements depend on each other."""

_MOST_COMMON = 2 * MOST_LAYOUTS
"""Of so many layouts it is remembered what becomes of them: some ten thousand bytes each."""

_OVERLAYS = range(0x6000, 0x6020, 2)


class _Person(NamedTuple):
    own: OwnValues
    subject: Subject


class AlikeFiles:
    """Reads files, and makes copies of those that are like others of the same person.

    Parameters
    ----------
    deidentifier : Deidentifier
    """

    def __init__(self, deidentifier: Deidentifier) -> None:
        self._deidentifier = deidentifier
        self._person: _Person | None = None
        self._layouts = Layouts()
        self._common: dict[Layout, _Common | None] = {}

    def read(
        self, path: str, own: OwnValues, subject: Subject, file: files.Raw | None = None
    ) -> tuple[Tree, Alike | None]:
        """A file of a person; where it is like others, the elements of its tree are theirs, and nobody may change them.

        Raises
        ------
        NotDicomError, InputError
            As `read_tree`.
        """
        if self._person != (own, subject):
            self._person, self._common, self._layouts = _Person(own, subject), {}, Layouts()
        read = read_alike(path, self._layouts, file)
        if isinstance(read, Tree):
            return read, None
        if read.layout not in self._common:
            while len(self._common) >= _MOST_COMMON:
                del self._common[next(iter(self._common))]
            self._common[read.layout] = self._found(read, self._person)
        common = self._common[read.layout]
        return (read_tree(path, file), None) if common is None else (common.whole(read), read)

    def copied(self, alike: Alike, *, is_clean: bool) -> Iterator[bytes | Span] | None:
        """The copy of a file that is like others, as `written` gives it; None where it has to go the long way."""
        common = self._common[alike.layout]
        return None if common is None else common.copied(alike, is_clean=is_clean)

    def _found(self, alike: Alike, person: _Person) -> _Common | None:
        original = read_tree(alike.path)
        there = {each.tag: each for each in original.elements}
        is_alone = self._deidentifier.profile.has_conditions or is_document(original)
        if is_alone or not _is_suitable(alike.layout, there):
            return None
        return _Common(self._deidentifier, person, alike.layout, there, read_tree(alike.path))


def _is_suitable(layout: Layout, there: Mapping[int, Element]) -> bool:
    """True where each element has a fate of its own."""
    varying = layout.varying
    has_overlays = any(tag >> 16 in _OVERLAYS for tag in layout.tags)
    is_named = SOP_INSTANCE in varying and SOP_CLASS in there and bool(there[SOP_CLASS].value)
    return (
        is_named
        and not has_overlays
        and varying.isdisjoint(_NEVER_VARYING)
        and _NEVER_THERE.isdisjoint(layout.tags)
        and not any(is_creator(tag) for tag in varying)
    )


class _Common:
    """What the files of one layout have in common, and what becomes of it."""

    def __init__(
        self,
        deidentifier: Deidentifier,
        person: _Person,
        layout: Layout,
        there: dict[int, Element],
        sample: Tree,
    ) -> None:
        self._there = {tag: each for tag, each in there.items() if tag >> 16 < PIXEL_GROUP}
        self._coding = layout.coding
        self._native_bytes = native_bytes(there, layout.coding)
        sop_class = there[SOP_CLASS].value
        assert isinstance(sop_class, bytes)  # noqa: S101 (spans are pixel data)
        self._sop_class = sop_class
        types = requirements.of_object(sop_class.rstrip(b"\0 ").decode("ascii", "replace"))
        self._walk = deidentifier.walk(there, person.own, person.subject, layout.coding)
        self._level = top_level(sample.elements, types)
        self._blocks = Blocks(sample.elements)
        kept = self._walk.data_set(sample.elements, types)
        header = [each for each in kept if each.tag >> 16 < PIXEL_GROUP]
        self._fates: dict[tuple[int, str, bool], Callable[[Element], bool]] = {}
        self._kept = {each.tag for each in header}
        self._pieces = {
            is_clean: _pieces(recorded(header, deidentifier.applied(is_clean=is_clean)), layout)
            for is_clean in (False, True)
        }

    def whole(self, alike: Alike) -> Tree:
        """All elements of a file, in any order."""
        there = self._there.copy()
        there.update((each.tag, each) for each in (*alike.varying, *alike.rest))
        return Tree(alike.path, b"", [], list(there.values()), alike.transfer_syntax)

    def copied(self, alike: Alike, *, is_clean: bool) -> Iterator[bytes | Span] | None:
        """The copy; None where it cannot be told without the other elements."""
        self._cut(alike)
        self._walk.changes.clear()  # nobody reads them: who wants to know goes the long way
        done: dict[int, bytes] = {}
        instance = b""
        for each in alike.varying:
            tag = each.tag
            is_kept = self._fate(each)(each)
            if is_kept is not (tag in self._kept) and tag >> 16 & 1:
                return None  # the creator of a private element goes with the last that it owns
            done[tag] = encoded(each, self._coding) if is_kept else b""
            if tag == SOP_INSTANCE and is_kept and isinstance(each.value, bytes):
                instance = each.value
        if not instance:
            return None
        rest = pieces_of(self._walk.elements(alike.rest, self._level), self._coding)
        before, after = _beginning(self._sop_class, len(instance), alike.transfer_syntax)
        header = [piece if isinstance(piece, bytes) else done[piece] for piece in self._pieces[is_clean]]
        return _one_after_the_other(b"".join((before, instance, after, *header)), rest)

    def _cut(self, alike: Alike) -> None:
        """As `cut_surplus_pixels`."""
        if self._native_bytes is not None and alike.transfer_syntax in NATIVE:
            for each in alike.rest:
                if each.tag == PIXEL_DATA and not each.is_undefined:
                    shorten(each, self._native_bytes)

    def _fate(self, element: Element) -> Callable[[Element], bool]:
        key = element.tag, element.vr, element.items is None
        found = self._fates.get(key)
        if found is None:
            found = self._fates[key] = self._walk.fate(element, self._level, self._blocks)
        return found


def _pieces(elements: Iterable[Element], layout: Layout) -> tuple[bytes | int, ...]:
    """The elements of a copy as they are written, and the tags of those between that are not alike."""
    done = {each.tag: encoded(each, layout.coding) for each in elements if each.tag not in layout.varying}
    pieces: list[bytes | int] = []
    for is_varying, group in groupby(sorted(done.keys() | layout.varying), key=layout.varying.__contains__):
        tags = list(group)
        pieces += tags if is_varying else [b"".join([done[tag] for tag in tags])]
    return tuple(pieces)


@lru_cache(_MOST_COMMON)
def _beginning(sop_class: bytes, length: int, transfer_syntax: str) -> tuple[bytes, bytes]:
    """All before the data set of a file, cut where its instance UID, of a length, stands."""
    place = b"\xff" * length  # no UID
    before, _, after = beginning(meta_of(sop_class, place, transfer_syntax)).rpartition(place)
    return before, after


def _one_after_the_other(header: bytes, rest: Iterable[bytes | Span]) -> Iterator[bytes | Span]:
    yield header
    yield from rest
