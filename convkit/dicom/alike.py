"""Headers that are laid out as others before: only what differs is looked at, a tenth of the price of a walk.

The files of a series differ in a few elements. What lies between these is byte for byte the same, and equal bytes from
the start of one element to the start of another are the same elements. The elements that differ tell their own length.
So a header that fits a known layout to its pixel data holds what a walk would find; any other is walked. What is
remembered never changes an answer, only what it costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from struct import Struct
from struct import error as StructError  # noqa: N812 (it is a class)
from threading import Lock
from typing import NamedTuple, Protocol

from convkit.dicom.attributes import CREATOR, Known, TagTable

MOST_LAYOUTS = 8
"""Kinds of headers that are remembered: as many series may lie mingled in a folder."""

PRICE = 8
"""To learn a header costs as much as so many save that are found again."""

CREDIT = 16 * PRICE
"""What may be spent before anything was saved."""

MOST_BYTES = 1 << 18
"""Longest header that is remembered."""

LONGEST_PRIVATE = 4096
"""Bytes of a private value that is kept; as the walk has it."""

_START = 128
"""Where the letters DICM stand; what comes before nobody reads."""

_SHORT_HEADER, _LONG_HEADER = 8, 12
_HEAD = Struct("<IHH").unpack_from
_SHORT = Struct("<H").unpack_from
_LONG = Struct("<I").unpack_from
_UNDEFINED = 0xFFFFFFFF
_SQ, _UN = int.from_bytes(b"SQ", "little"), int.from_bytes(b"UN", "little")
_META = 2
_CONSTANT_META = frozenset({0x00100002, 0x00020002})
"""Transfer Syntax and Media Storage SOP Class: they decide on how the rest is read."""


Answer = tuple[str, str, str]
"""Transfer syntax, media storage class and keyword of the pixels: what all headers of a layout have in common."""

AfterItems = Callable[[bytes, int, bool], int]


class Window(Protocol):
    """A piece of a file in memory; see `convkit.dicom.lean`."""

    data: bytes
    base: int
    end: int
    size: int

    def at(self, position: int, need: int = ...) -> bytes:
        """Move it."""


class Value(NamedTuple):
    """An element that differs from file to file.

    Attributes
    ----------
    head : bytes
        Tag, value representation, and reserved bytes where there are some.
    is_short : bool
        Its length has two bytes.
    place : int
        In the table; -1 where it is not kept.
    is_far : bool
        Only the place of its value is kept.
    is_explicit : bool
        Encoding inside, of a sequence.
    longest : int
        Bytes of a value that is kept; a longer one is for the walk.
    """

    head: bytes
    is_short: bool
    place: int = -1
    is_far: bool = False
    is_explicit: bool = True
    longest: int = 1 << 16


class FarPlace(NamedTuple):
    """A value whose place is kept, among bytes that do not differ.

    Attributes
    ----------
    place, start, length : int
        `start` counts from the first of those bytes.
    is_explicit : bool
    """

    place: int
    start: int
    length: int
    is_explicit: bool


class Same(NamedTuple):
    """Elements that do not differ.

    Attributes
    ----------
    content : bytes
    far : tuple of FarPlace
    """

    content: bytes
    far: tuple[FarPlace, ...] = ()


class Fit(NamedTuple):
    """What a header holds that fits a layout.

    Attributes
    ----------
    raw : list of bytes or None
    far : list of (place, offset, length, is_explicit)
    pixels : int
        Where the element of the pixel data starts in the file.
    answer : Answer
    """

    raw: list[bytes | None]
    far: list[tuple[int, int, int, bool]]
    pixels: int
    answer: Answer


class _Element(NamedTuple):
    """One element of a header, as it was read."""

    tag: int
    content: bytes
    value: Value
    creator: bytes | None


class Layout:
    """How headers of one kind are laid out."""

    __slots__ = ("_answer", "_parts", "_raw")

    def __init__(self, parts: Sequence[Same | Value], raw: Sequence[bytes | None], answer: Answer) -> None:
        self._parts = tuple(parts)
        self._raw = list(raw)
        self._answer = answer

    def fit(self, window: Window, ending: bytes) -> Fit | None:  # noqa: C901, PLR0912 (no calls: of every file)
        """What the header of a file holds; None where it is laid out in another way."""
        data, base, end = window.data, window.base, window.end
        here, raw = _START - base, self._raw.copy()
        far: list[tuple[int, int, int, bool]] = []
        for part in self._parts:
            if isinstance(part, Same):
                stop = here + len(part.content)
                if stop > end:
                    data = window.at(base + here, stop - here + _LONG_HEADER)
                    base, end, here, stop = window.base, window.end, 0, stop - here
                if not data.startswith(part.content, here) or stop > end:
                    return None
                far += [(f.place, base + here + f.start, f.length, f.is_explicit) for f in part.far]
                here = stop
                continue
            if here + _LONG_HEADER > end:
                data = window.at(base + here)
                base, end, here = window.base, window.end, 0
                if end < _LONG_HEADER:
                    return None
            head, is_short, place, is_far, is_explicit, longest = part
            if not data.startswith(head, here):
                return None
            here += len(head)
            (length,) = _SHORT(data, here) if is_short else _LONG(data, here)
            here += 2 if is_short else 4
            if length == _UNDEFINED or base + here + length > window.size:
                return None
            if is_far:
                raw[place] = b""
                far.append((place, base + here, length, is_explicit))
            elif place >= 0:
                if length > longest:
                    return None
                if here + length > end:
                    data = window.at(base + here, length + _LONG_HEADER)
                    base, end, here = window.base, window.end, 0
                raw[place] = data[here : here + length]
            here += length
        if here < 0 or here + _LONG_HEADER > end:
            data = window.at(base + here)
            base, end, here = window.base, window.end, 0
        if not data.startswith(ending, here) or here + _LONG_HEADER > end:
            return None
        return Fit(raw, far, base + here, self._answer)


class Layouts:
    """The layouts that were met last, for one table.

    Parameters
    ----------
    table : TagTable
    short_vrs, long_vrs : sets of int
        Value representations by the length of their length, as the numbers that a file holds.
    after_items : callable
        Where a sequence of undefined length ends: of (bytes, start, whether explicit).
    """

    def __init__(
        self, table: TagTable, short_vrs: frozenset[int], long_vrs: frozenset[int], after_items: AfterItems
    ) -> None:
        self._table = table
        self._short, self._long = short_vrs, long_vrs
        self._after_items = after_items
        self._recent: list[tuple[bytes, Layout]] = []
        self._known: dict[tuple[object, ...], list[_Element | None]] = {}
        self._layouts: dict[tuple[object, ...], Layout] = {}
        self._balance = CREDIT
        self._lock = Lock()

    def fit(self, window: Window) -> Fit | None:
        """What a file holds whose header is laid out as one before; its window is at the start."""
        recent = self._recent
        for number, (ending, layout) in enumerate(recent):
            found = layout.fit(window, ending)
            if found is not None:
                self._balance += 1
                if number:
                    self._recent = [recent[number], *recent[:number], *recent[number + 1 :]]
                return found
            if window.base:
                window.at(0)
        return None

    @property
    def is_learning(self) -> bool:
        """False where little has come of it."""
        return self._balance > 0

    def learn(self, header: bytes, ending: bytes, raw: Sequence[bytes | None], answer: Answer) -> None:
        """Remember a header that was walked.

        Parameters
        ----------
        header : bytes
            The file to the start of its pixel data.
        ending : bytes
            The first bytes of the element of the pixel data.
        raw : values of the table
        answer : Answer
        """
        self._balance -= PRICE
        if not self._lock.acquire(blocking=False):
            return  # another thread is learning
        try:
            elements = list(self._elements(header))
            if len({each.tag for each in elements}) == len(elements):
                self._remember(elements, ending, raw, answer)
        except (ValueError, IndexError, StructError):
            pass  # laid out in a way that only a walk tells
        finally:
            self._lock.release()

    def _remember(self, elements: list[_Element], ending: bytes, raw: Sequence[bytes | None], answer: Answer) -> None:
        key = (ending, answer, tuple(each.tag for each in elements))
        before = self._known.pop(key, None)
        merged: list[_Element | None] = list(elements)
        if before is not None:
            merged = [
                old if old is not None and old.content == new.content else None
                for old, new in zip(before, elements, strict=True)
            ]
            parts = _parts(merged, elements)
            if parts is not None:
                own = [entry for entry in self._recent if entry[1] is not self._layouts.get(key)]
                layout = Layout(parts, raw, answer)
                self._layouts[key] = layout
                self._recent = [(ending, layout), *own][:MOST_LAYOUTS]
        self._known[key] = merged
        while len(self._known) > MOST_LAYOUTS:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._layouts.pop(oldest, None)

    def _elements(self, data: bytes) -> Iterator[_Element]:
        """The elements of a header in explicit VR little endian, each with what the walk keeps of it."""
        known, kept = self._table.start, set[int]()
        here = _START + 4
        while here < len(data):
            start = here
            tag, vr, length = _HEAD(data, here)
            if vr in self._short:
                head, here = 6, here + _SHORT_HEADER
            elif vr in self._long:
                (length,) = _LONG(data, here + 8)
                head, here = 8, here + _LONG_HEADER
            else:
                raise ValueError
            is_open = length == _UNDEFINED
            if is_open:
                length = self._after_items(data, here, vr != _UN) - here
            if here + length > len(data):
                raise ValueError
            value = self._value(tag, vr, data[start : start + head], known, kept)
            if is_open:
                is_far = value.is_far and known.slots[tag][1] == _SQ
                value = value._replace(is_far=is_far, longest=-1)  # where it differs, only a walk tells its end
            is_creator = known.slots.get(tag, (0,))[0] == CREATOR and tag & 0xFFFF != _META
            creator = data[here : here + length] if is_creator else None
            if creator is not None and length <= LONGEST_PRIVATE:
                known = known.after(tag, creator)
            here += length
            yield _Element(tag, data[start:here], value, creator)

    def _value(self, tag: int, vr: int, head: bytes, known: Known, kept: set[int]) -> Value:
        """What the walk does with an element, whatever its value."""
        is_short = len(head) == 6
        slot = known.slots.get(tag)
        if slot is None or slot[0] == CREATOR or tag & 0xFFFF == _META:
            return Value(head, is_short)
        place, expected, is_far = slot
        is_private = bool(tag & 1)
        if place in kept:
            raise ValueError  # a creator owns two blocks
        kept.add(place)
        if not is_far and vr != expected:
            return Value(head, is_short, place, longest=-1)  # for the walk, where it differs
        longest = LONGEST_PRIVATE if is_private else 1 << 16
        return Value(head, is_short, place, is_far, vr != _UN, longest)


def _parts(merged: Sequence[_Element | None], elements: Sequence[_Element]) -> list[Same | Value] | None:
    """Runs of elements that do not differ, and those between that do; None where one may not."""
    parts: list[Same | Value] = []
    pairs = list(zip(merged, elements, strict=True))
    first = b"DICM"
    for is_varying, group in groupby(pairs, key=lambda pair: pair[0] is None):
        members = [element for _, element in group]
        if not is_varying:
            parts.append(_same(first, members))
            first = b""
            continue
        if first:
            parts.append(Same(first))
            first = b""
        if any(each.creator is not None or each.tag in _CONSTANT_META or each.value.longest < 0 for each in members):
            return None
        parts += [each.value for each in members]
    return parts


def _same(first: bytes, members: Sequence[_Element]) -> Same:
    far: list[FarPlace] = []
    start = len(first)
    for each in members:
        head = len(each.value.head) + (2 if each.value.is_short else 4)
        if each.value.is_far:
            length = len(each.content) - head
            far.append(FarPlace(each.value.place, start + head, length, each.value.is_explicit))
        start += len(each.content)
    return Same(first + b"".join(each.content for each in members), tuple(far))
