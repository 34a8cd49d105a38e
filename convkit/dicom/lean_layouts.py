"""Headers that are laid out as others before: only what differs is looked at.

The files of a series differ in a few elements: instance UID, number, position, times. What lies between these is byte
for byte alike, and equal bytes in the same place are the same elements. To compare a run of them costs a hundredth of
walking through them, and the answer is that of the walk (`convkit.dicom.lean`); a test holds the two together.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from convkit.dicom.attributes import CREATOR, Known, TagTable, swapped
from convkit.dicom.lean import (
    EXPLICIT,
    LENGTH,
    LONG_HEADER,
    LONG_VRS,
    MEDIA_CLASS,
    META_START,
    PIXELS,
    SHORT_HEADER,
    SHORT_VRS,
    TRANSFER_SYNTAX,
    UN,
    UNDEFINED,
    Far,
    Found,
    Parsed,
    Readable,
    Window,
    finished,
    keep,
    long_element,
    skip_items,
    walked,
)
from convkit.dicom.patience import Patience
from convkit.dicom.syntaxes import IMPLICIT_LITTLE_ENDIAN

MOST_LAYOUTS = 8
"""Kinds of headers that are remembered: as many series may lie mingled in a folder."""

MOST_BYTES = 1 << 18
"""Longest header that is remembered."""

LONGEST_ALIKE = 2048
"""A longer element is jumped over as the walk does, not read to be compared."""

_AHEAD = 2048
"""Bytes that are read behind a run of elements: the next one, and most of those that follow it."""

_META_GROUP = 2

_END = 0xFFFFFFFF
"""In place of the tag of an element: what is remembered ends here."""

_MANY = 8
"""Headers of one layout from which on another one does not blur it: a new series has begun."""

_PRICE = 3
"""What it costs to learn a header, in headers that are found again."""


def parse_alike(file: Readable, size: int, table: TagTable) -> Parsed:
    """Read the header of an open file, as `lean.parse` does; remembers how it is laid out for the next one.

    Raises
    ------
    Declined
        As `lean.parse`.
    """
    window = Window(file, size)
    layouts = _layouts_of(table)
    found = layouts.match(window)
    if found is not None:
        return found
    if window.base:
        window.at(0)
    found = walked(window, table)
    layouts.learn(found, file, size)
    return found


@lru_cache(maxsize=4)
def _layouts_of(table: TagTable) -> _Layouts:
    """What this process remembers of the files before; it never changes an answer."""
    return _Layouts(table)


class _Piece(NamedTuple):
    """An element as it lies in a file.

    Attributes
    ----------
    tag : int
        As a little-endian file holds it.
    start, end : int
        Where it lies in the file.
    data : bytes or None
        All of it; None where it is long, or differs from file to file.
    slot : tuple or None
        Its place in the table.
    known : Known
        What a walk knows before it.
    """

    tag: int
    start: int
    end: int
    data: bytes | None
    slot: tuple[int, int, bool] | None
    known: Known


class _Part(NamedTuple):
    """A run of elements that are alike, and the one behind it that is not.

    Attributes
    ----------
    run : bytes
    length : int
        Of the run.
    far : tuple of Far
        Those within the run; offsets count from its start.
    tag : int
    slot : tuple or None
    known : Known
        Of the element behind the run, as in `_Piece`; the last run has none.
    """

    run: bytes
    length: int
    far: tuple[Far, ...]
    tag: int
    slot: tuple[int, int, bool] | None
    known: Known


class _Layout:
    """How the headers of one kind are laid out."""

    def __init__(self, table: TagTable, pieces: Sequence[_Piece], said: Parsed) -> None:
        self.uses = 0
        self._table = table
        self._syntax, self._media_class = said.transfer_syntax, said.media_class
        self._parts = tuple(_parts(pieces, said.far))
        self._raw = list(said.raw)
        for piece in pieces:
            if piece.data is None and piece.slot is not None:
                self._raw[piece.slot[0]] = None  # creators are always alike

    def match(self, window: Window) -> Parsed | None:  # noqa: C901 (no calls: a scan spends its time here)
        """The header at hand; None where it is another kind.

        Raises
        ------
        Declined
            As the walk: what is unusual lies behind what is alike.
        """
        found = Found(self._table, self._syntax, self._media_class)
        found.raw = raw = self._raw.copy()
        data, here = window.data, META_START
        for run, length, far, tag, slot, known in self._parts:
            if here + length + LONG_HEADER > len(data):
                data, here = window.at(window.base + here, length + _AHEAD), 0
            if not data.startswith(run, here):
                return None
            if far:
                start = window.base + here
                found.far += [each._replace(offset=start + each.offset) for each in far]
            here += length
            at_hand, vr, size = EXPLICIT(data, here)
            found.known = known
            if at_hand != tag:
                if tag != _END:
                    return None
                break
            if vr not in SHORT_VRS:
                pixels, here = long_element(found, window, tag, vr, here)
                if pixels:
                    return None
                data = window.data
                continue
            value = here + SHORT_HEADER
            here = value + size
            if slot is None:
                continue
            if vr == slot[1] and here <= window.end and not (slot[2] or tag & 1):
                raw[slot[0]] = data[value:here]  # as `keep` does, without the call
                continue
            keep(found, window, tag, vr, value, size)
            if window.data is not data:
                data, here = window.data, size  # the window has moved to the value
        self.uses += 1
        return finished(window, window.base + here, found)


def _parts(pieces: Sequence[_Piece], far: Sequence[Far]) -> Iterator[_Part]:
    run: list[bytes] = []
    start = META_START
    for piece in pieces:
        if piece.data is not None:
            run.append(piece.data)
            continue
        within = tuple(f._replace(offset=f.offset - start) for f in far if start <= f.offset < piece.start)
        whole = b"".join(run)
        yield _Part(whole, len(whole), within, piece.tag, piece.slot, piece.known)
        run.clear()
        start = piece.end


class _Layouts:
    """The layouts that were met last."""

    def __init__(self, table: TagTable) -> None:
        self._table = table
        self._recent: list[_Layout] = []
        self._before: dict[tuple[int, ...], tuple[list[_Piece], _Layout | None]] = {}
        self._patience = Patience(_PRICE)

    def match(self, window: Window) -> Parsed | None:
        """The header at hand, where it is laid out as one before; else the window may have moved."""
        for place, layout in enumerate(self._recent):
            if place and window.base:
                window.at(0)
            found = layout.match(window)
            if found is not None:
                self._patience.gain()
                if place:
                    self._recent.insert(0, self._recent.pop(place))
                return found
        return None

    def learn(self, said: Parsed, file: Readable, size: int) -> None:
        """Remember a file that was none of them, with what the walk found in it."""
        if said.transfer_syntax == IMPLICIT_LITTLE_ENDIAN or not self._patience.may_learn():
            return
        pieces = _pieces(file, size, said, self._table)
        if not _is_orderly(pieces):
            return
        tags = tuple(piece.tag for piece in pieces)
        before, layout = self._before.pop(tags, ([], None))
        if layout is None or layout.uses < _MANY:
            merged = [_merged(old, new) for old, new in zip(before, pieces, strict=False)]
            self._recent = [each for each in self._recent if each is not layout]
        else:
            merged = []
        layout = None
        if merged and all(piece.data is not None for piece in merged if _must_be_alike(piece)):
            layout = _Layout(self._table, merged, said)
            self._recent = [layout, *self._recent][:MOST_LAYOUTS]
        self._before[tags] = (merged if layout else pieces, layout)
        while len(self._before) > MOST_LAYOUTS:
            del self._before[next(iter(self._before))]


def _merged(old: _Piece, new: _Piece) -> _Piece:
    """What differs from the last one with these tags may differ always."""
    return new if old.data == new.data else new._replace(data=None)


def _must_be_alike(piece: _Piece) -> bool:
    """True for what decides how others are read: encoding, class, and creators of private blocks."""
    is_creator = piece.slot is not None and piece.slot[0] == CREATOR
    return is_creator or piece.tag in {TRANSFER_SYNTAX, MEDIA_CLASS}


def _is_orderly(pieces: Sequence[_Piece]) -> bool:
    """True where every element is there once, in its order, and none has the place of another."""
    places = [piece.slot[0] for piece in pieces if piece.slot is not None and piece.slot[0] != CREATOR]
    is_ascending = all(swapped(one.tag) < swapped(other.tag) for one, other in pairwise(pieces))
    return bool(pieces) and is_ascending and len(set(places)) == len(places)


def _pieces(file: Readable, size: int, said: Parsed, table: TagTable) -> list[_Piece]:
    """All elements before the pixels; none where they are not to be remembered."""
    end = said.pixel_offset or size
    if end > MOST_BYTES:
        return []
    file.seek(0)
    window = Window(io.BytesIO(file.read(end) or b""), end)
    data = window.at(0, end)
    found: list[_Piece] = []
    here, known = META_START, table.start
    while here + SHORT_HEADER <= end:
        tag, vr, length = EXPLICIT(data, here)
        if tag in PIXELS:
            break
        after = _end_of(window, here, vr, length)
        if not here < after <= end or window.base:
            return []
        slot = known.slots.get(tag) if tag & 0xFFFF != _META_GROUP else None
        is_short = after - here <= LONGEST_ALIKE
        found.append(_Piece(tag, here, after, data[here:after] if is_short else None, slot, known))
        if slot is not None and slot[0] == CREATOR and is_short:
            known = known.after(tag, data[after - length : after])
        here = after
    return [*found, _Piece(_END, here, here, None, None, known)] if found else []


def _end_of(window: Window, here: int, vr: int, length: int) -> int:
    """Where an element ends; 0 where it is none."""
    if vr in SHORT_VRS:
        return here + SHORT_HEADER + length
    if vr not in LONG_VRS:
        return 0
    (length,) = LENGTH(window.data, here + SHORT_HEADER)
    start = here + LONG_HEADER
    return skip_items(window, start, is_explicit=vr != UN) if length == UNDEFINED else start + length
