"""Functional groups to raw values at the places of a table, in one walk over the bytes (PS3.3 C.7.6.16).

An object may have thousands of frames of a hundred elements each. Most of their groups repeat, and most of the others
differ in values only: a group that is equal to the last of its kind is not read again, and where tags, lengths and
delimiters are those of an earlier one, its values are taken from the same places without a walk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial
from struct import Struct
from struct import error as StructError  # noqa: N812 (it is a class)
from typing import NamedTuple

from convkit.dicom import values
from convkit.dicom.attributes import PRIVATE_BLOCKS, Known, TagTable, swapped
from convkit.dicom.lean import is_same_kind
from convkit.dicom.sequences import (
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    SHORT_VRS,
    UNDEFINED,
    FarValue,
    Item,
    broken,
    header_at,
    items_of,
    position_after,
)
from convkit.errors import InputError

_MACROS = frozenset(
    (
        0x00189006,  # MR Imaging Modifier
        0x00189042,  # MR Receive Coil
        0x00189049,  # MR Transmit Coil
        0x00189112,  # MR Timing and Related Parameters
        0x00189114,  # MR Echo
        0x00189115,  # MR Modifier
        0x00189117,  # MR Diffusion
        0x00189118,  # Cardiac Synchronization
        0x00189119,  # MR Averages
        0x00189125,  # MR FOV/Geometry
        0x00189226,  # MR Image Frame Type
        0x00189251,  # MR Arterial Spin Labeling
        0x00189301,  # CT Acquisition Type
        0x00189304,  # CT Acquisition Details
        0x00189312,  # CT Geometry
        0x00189314,  # CT Reconstruction
        0x00189321,  # CT Exposure
        0x00189325,  # CT X-Ray Details
        0x00189329,  # CT Image Frame Type
        0x00189732,  # PET Frame Acquisition
        0x00189735,  # PET Position
        0x00189736,  # PET Frame Correction Factors
        0x00189749,  # PET Reconstruction
        0x00189751,  # PET Frame Type
        0x00209111,  # Frame Content
        0x00209113,  # Plane Position
        0x00209116,  # Plane Orientation
        0x00209170,  # Unassigned Shared Converted Attributes
        0x00209171,  # Unassigned Per-Frame Converted Attributes
        0x00209253,  # Respiratory Synchronization
        0x00209310,  # Temporal Position
        0x00289110,  # Pixel Measures
        0x00289145,  # Pixel Value Transformation
    )
)
"""Functional groups that describe the frame itself."""

_DISPLAY_MACROS = frozenset((0x00289132,))
"""Functional groups that say how a frame is meant to be shown: Frame VOI LUT. Read for a table that has places for
what they hold, which that of a conversion has not."""

_VOI_LUTS = 0x00283010
"""VOI LUT Sequence inside Frame VOI LUT (PS3.3 C.7.6.16.2.10), kept whole: its items are for who shows the frame."""

_INNER = frozenset((0x00189076, 0x00189601))
"""Sequences inside functional groups: Diffusion Gradient Direction, Diffusion b-matrix."""

_REAL_WORLD = 0x00409096
"""Real World Value Mapping Sequence, the one functional group that may have several items (PS3.3 C.7.6.16.2.11)."""

_UNITS, _CODE_VALUE = 0x004008EA, 0x00080100
"""Measurement Units Code Sequence of a real world value mapping, and the code in it."""

_INDEX_VALUES = 0x00209157

_CLASSIC = {
    "EffectiveEchoTime": "EchoTime",
    "InversionTimes": "InversionTime",
    "NominalCardiacTriggerDelayTime": "TriggerTime",
    "TemporalPositionIndex": "TemporalPositionIdentifier",
    "FrameAcquisitionNumber": "AcquisitionNumber",
    "FrameAcquisitionDuration": "ActualFrameDuration",
}
"""Keyword in a functional group to that of the classic object, where they differ."""

_NEVER = frozenset(
    {
        "SOPClassUID",
        "SOPInstanceUID",
        "InstanceNumber",
        "NumberOfFrames",
        "Rows",
        "Columns",
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "PixelSpacing",
        "ImageType",
        "SeriesInstanceUID",
        "StudyInstanceUID",
        "SeriesNumber",
    }
)
"""Attributes that a vendor's group inside a functional group repeats for the classic image that the frame might have
been; Philips gives a position there that is half a voxel off (data set neurolabusc/dcm_qa_enh)."""

_MOST_KNOWN = 4096
"""Elements and creators of which it is remembered what to do; real objects have some hundreds."""

_MOST_SEEN, _LONGEST_SEEN = 64, 1 << 14
"""Kinds of groups that are remembered, and bytes of the longest; a frame has about a dozen of some hundred bytes."""

_MOST_LAYOUTS = 24
"""Layouts that are remembered of one kind of group. Decimal strings have different lengths, so there are several."""

_CLOSING = 16
"""Bytes at the end of a group that tell fast whether a layout may fit: two delimiters, where lengths are undefined."""

_EXPLICIT = Struct("<6sH").unpack_from
_IMPLICIT = Struct("<4sI").unpack_from
_LENGTH = Struct("<I").unpack_from
_SHORT_HEADER, _LONG_HEADER = 8, 12
_ITEM_START = b"\xfe\xff\x00\xe0"

_SKIP, _END, _RULE = -1, -2, -3
"""What to do with an element, beside keeping it at a place (0 and up): jump over it, end the item, ask its rule."""


class Groups(NamedTuple):
    """What functional groups say, place to raw value.

    Attributes
    ----------
    standard : values of the standard's groups
    private : values of a vendor's groups, which repeat some of the standard in the vendor's own way
    """

    standard: dict[int, bytes]
    private: dict[int, bytes]


class _Rule(NamedTuple):
    """What to do with an element.

    Attributes
    ----------
    place : int or None
        Where its value goes.
    vr, expected : str
        Value representations that it has and should have; equal where it is kept as it is.
    inner : _Plan or None
        For a sequence whose items are to be read.
    grown : callable or None
        For the name of an owner: from its value to the plan for what follows.
    is_whole : bool
        True for a sequence that is kept as it is, items and all.
    """

    place: int | None = None
    vr: str = ""
    expected: str = ""
    inner: _Plan | None = None
    grown: Callable[[bytes], _Plan] | None = None
    is_whole: bool = False


_NO_RULE = _Rule()


_INCONSISTENT = "header.inconsistent"


class _Plan(dict[bytes, int]):
    """What to do with the elements of an item, by the bytes that they start with: tag and value representation.

    It fills itself: what to do is found out when an element is met for the first time.

    Attributes
    ----------
    is_single : bool
        Sequences of such items may have one of them only (PS3.3 C.7.6.16.2: "Only a single Item shall be included").
    """

    def __init__(self, rule_of: Callable[[int, str], _Rule], *, is_single: bool = False) -> None:
        super().__init__()
        self._rule_of = rule_of
        self.is_single = is_single
        self._rules: dict[bytes, _Rule] = {}

    def __missing__(self, key: bytes) -> int:
        step = self._step(key)
        if len(self) < _MOST_KNOWN:
            self[key] = step
        return step

    def rule(self, key: bytes) -> _Rule:
        """The rule of an element whose step says to ask it."""
        rule = self._rules.get(key)
        if rule is None:
            rule = self._rule_of(_tag(key), key[4:].decode("latin-1"))
            if len(self._rules) < _MOST_KNOWN:
                self._rules[key] = rule
        return rule

    def _step(self, key: bytes) -> int:
        if _tag(key) == ITEM_END:
            return _END
        rule, vr = self.rule(key), key[4:]
        is_long = bool(vr) and vr not in SHORT_VRS
        if is_long or rule.inner is not None or rule.grown or rule.vr != rule.expected:
            return _RULE
        return _SKIP if rule.place is None else rule.place


def _tag(key: bytes) -> int:
    return swapped(int.from_bytes(key[:4], "little"))


class _Span(NamedTuple):
    """Where an item or the items of a sequence lie.

    Attributes
    ----------
    data : bytes
    start, end : int
        Of it in the bytes; where `is_open`, the end of what it is in.
    is_explicit : bool
        Encoding of the elements.
    is_open : bool
        True where its length is undefined, so that a delimiter ends it.
    """

    data: bytes
    start: int
    end: int
    is_explicit: bool
    is_open: bool


_Cut = tuple[int, int, int, str, str]
"""A wanted value: its place, its start and end in the bytes, and `vr` and `expected` of its `_Rule`."""


class _Trace(NamedTuple):
    """What a walk has met.

    Attributes
    ----------
    cuts : list of _Cut
        Wanted values.
    passed : list of (start, end)
        Values that are not wanted.
    """

    cuts: list[_Cut]
    passed: list[tuple[int, int]]

    def found(self, data: bytes) -> dict[int, bytes]:
        """Place to value."""
        found: dict[int, bytes] = {}
        for place, start, end, vr, expected in self.cuts:
            value = data[start:end] if vr == expected else _converted(data[start:end], vr, expected)
            if value is not None:
                found[place] = value
        return found


class _Layout:
    """A group without its values: finds them in other bytes that have the same tags, lengths and delimiters.

    Parameters
    ----------
    raw : bytes
        Of a group.
    offset : int
        Of the group in the bytes that were walked.
    trace : _Trace
        Of that walk.
    """

    __slots__ = ("_changed", "_closing", "_mask", "_places", "_structure", "_unpack", "length")

    def __init__(self, raw: bytes, offset: int, trace: _Trace) -> None:
        self.length = len(raw)
        mask = bytearray(b"\xff" * len(raw))
        for start, end in [*trace.passed, *((cut[1], cut[2]) for cut in trace.cuts)]:
            mask[start - offset : end - offset] = bytes(end - start)
        closing = mask[-_CLOSING:]
        self._closing = raw[len(raw) - len(closing) + closing.rfind(0) + 1 :]
        # As one long number, because comparing bytes under a mask then takes three operations.
        self._mask = int.from_bytes(mask, "little")
        self._structure = int.from_bytes(raw, "little") & self._mask
        self._places = [cut[0] for cut in trace.cuts]
        self._changed = [(place, vr, expected) for place, _, _, vr, expected in trace.cuts if vr != expected]
        befores = [offset, *(cut[2] for cut in trace.cuts)]
        parts = (f"{cut[1] - before}x{cut[2] - cut[1]}s" for cut, before in zip(trace.cuts, befores, strict=False))
        self._unpack = Struct(f"<{''.join(parts)}").unpack_from

    def found(self, data: bytes, position: int, end: int) -> dict[int, bytes] | None:
        """Place to value in the bytes at a position; None where they are laid out otherwise."""
        after = position + self.length
        if after > end or not data.startswith(self._closing, after - len(self._closing)):
            return None
        if int.from_bytes(data[position:after], "little") & self._mask != self._structure:
            return None
        found: dict[int, bytes] = dict(zip(self._places, self._unpack(data, position), strict=True))
        for place, vr, expected in self._changed:
            value = _converted(found.pop(place), vr, expected)
            if value is not None:
                found[place] = value
        return found


class _Memory:
    """What is remembered of one kind of group: the last one, and how such groups were laid out.

    Attributes
    ----------
    raw : bytes
        Of the last one; empty where there is none.
    found : dict
        What it says, place to value.
    """

    __slots__ = ("_layouts", "found", "raw")

    def __init__(self) -> None:
        self.raw = b""
        self.found: dict[int, bytes] = {}
        self._layouts: list[_Layout] = []

    def learn(self, data: bytes, position: int, after: int, trace: _Trace) -> None:
        """Remember how the group is laid out that was walked, the last one."""
        # Of two values for one place the order decides, which a layout does not know.
        is_plain = len({cut[0] for cut in trace.cuts}) == len(trace.cuts)
        if is_plain and after - position <= _LONGEST_SEEN:
            layout = _Layout(data[position:after], position, trace)
            self._layouts = [layout, *self._layouts[: _MOST_LAYOUTS - 1]]

    def recall(self, data: bytes, position: int, end: int) -> int:
        """Where the group at a position ends, its values in `found`, if it is laid out like an earlier one; else 0."""
        for rank, layout in enumerate(self._layouts):
            found = layout.found(data, position, end)
            if found is not None:
                if rank:
                    self._layouts.insert(0, self._layouts.pop(rank))
                after = position + layout.length
                self.raw, self.found = data[position:after], found
                return after
        return 0


class GroupReader:
    """Reads functional groups into the places of a table.

    Parameters
    ----------
    table : TagTable
    """

    def __init__(self, table: TagTable) -> None:
        own = {a.tag: (place, a.keyword) for place, a in enumerate(table.attributes) if not a.creator and not a.is_far}
        classic = {tag: (table.places[_CLASSIC[k]], k) for tag, (_, k) in own.items() if k in _CLASSIC}
        self._table = table
        self._known = own | classic
        # What an element has for itself, where the place that it goes to has another value representation.
        self._given = {tag: table.attributes[own[tag][0]].vr for tag in classic}
        self._index_place = own.get(_INDEX_VALUES, (len(table.attributes), ""))[0]
        self._voi_place = table.places.get("VOILUTSequence")
        self._macros = _MACROS if self._voi_place is None else _MACROS | _DISPLAY_MACROS
        self._units, self._inner, self._macro = (
            _Plan(self._of_units),
            _Plan(self._of_inner, is_single=True),
            _Plan(self._of_macro, is_single=True),
        )
        self._display = _Plan(self._of_display)  # of several items, which the standard does not allow, the last counts
        self._nothing = _Plan(lambda _tag, _vr: _NO_RULE)
        self._vendors: dict[Known, _Plan] = {}
        self._vendor = self._vendor_of(table.start)
        self._seen: dict[bytes, _Memory] = {}
        self._owners: dict[bytes, tuple[bytes, bytes]] = {}

    def read(self, value: FarValue | None) -> list[Groups]:
        """What each item of functional groups says; none where they are absent.

        Raises
        ------
        InputError
            The lengths inside lead nowhere.
        """
        if value is None:
            return []
        data, end = value.data, len(value.data)
        found: list[Groups] = []
        try:
            position = 0
            while item := _item_at(_Span(data, position, end, value.is_explicit, is_open=False)):
                found.append(Groups({}, {}))
                position = self._item(found[-1], item)
        except StructError as err:
            raise broken() from err
        return found

    def take_index_values(self, groups: Groups) -> tuple[float, ...]:
        """Dimension Index Values, taken from the groups unless the table has a place for them."""
        raw = groups.standard.get(self._index_place, b"")
        if self._index_place == len(self._table.attributes):
            groups.standard.pop(self._index_place, None)
        return values.numbers(raw, "UL")

    def real_world(self, items: Sequence[Item]) -> dict[int, bytes]:
        """Place to raw value of a real world value mapping (PS3.3 C.7.6.16.2.11); nothing where there are several.

        Several are for several ranges of values, or for several quantities: then the rescale counts.
        """
        items = items if len(items) == 1 else ()
        trace = _Trace([], [])
        try:
            for item in items:
                _walk(self._macro, trace, _Span(*item, is_open=False))
        except StructError as err:
            raise broken() from err
        return trace.found(items[0].data) if items else {}

    # --- walking -----------------------------------------------------------------------------------------

    def _item(self, groups: Groups, item: _Span) -> int:
        """Read one item of functional groups; returns where the next one starts."""
        data, position, end, is_explicit, is_open = item
        unpack = _EXPLICIT if is_explicit else _IMPLICIT
        seen, starts_with = self._seen, data.startswith
        owned: set[bytes] = set()
        while position < end:
            key, length = unpack(data, position)
            if key[0] & 1 and key[:2] + key[3:4] not in owned:  # group and block of a private element
                owner = self._owners.get(key)
                if owner is None or not starts_with(owner[0], position):
                    owner = self._owner(_element(data, position, end, key, length), key, position)
                owned.add(owner[1])
                position += len(owner[0])
                continue
            memory = seen.get(key)
            if memory is None:
                if is_open and _tag(key) == ITEM_END:
                    return position + _SHORT_HEADER
                memory = self._remembered(key)
            # Equal bytes say the same, and end at the same place.
            if memory.raw and starts_with(memory.raw, position):
                position += len(memory.raw)
            else:
                position = memory.recall(data, position, end) or self._group(
                    memory, _element(data, position, end, key, length), key, position
                )
            groups[key[0] & 1].update(memory.found)  # an odd group, whose low byte comes first, is a vendor's
        if position != end or is_open:
            raise broken()
        return position

    def _owner(self, value: _Span, key: bytes, position: int) -> tuple[bytes, bytes]:
        """A private element outside known blocks: its bytes, and the block that it gives to a known owner, if any.

        A block is told as the bytes of its group and its number (PS3.5 7.8.1).
        """
        after = _after(value)
        block = b""
        if not key[3] and key[2] in PRIVATE_BLOCKS:
            name = value.data[value.start : after].strip(b" \0").decode("latin-1")
            is_known = (int.from_bytes(key[:2], "little"), name) in self._table.owned
            block = key[:3] if is_known else b""
        owner = value.data[position:after], block
        if after - position <= _LONGEST_SEEN and (key in self._owners or len(self._owners) < _MOST_SEEN):
            self._owners[key] = owner
        return owner

    def _remembered(self, key: bytes) -> _Memory:
        memory = _Memory()
        if len(self._seen) < _MOST_SEEN:
            self._seen[key] = memory
        return memory

    def _group(self, memory: _Memory, value: _Span, key: bytes, position: int) -> int:
        """Walk one functional group; returns where it ends."""
        tag, data = _tag(key), value.data
        plan = self._plan_of(tag, value, key[4:])
        if plan is not None:
            trace = _Trace([], [])
            after = _walk_items(plan, trace, value)
            memory.found = trace.found(data)
            memory.learn(data, position, after, trace)
        else:
            after = _after(value)
            is_mapping = tag == _REAL_WORLD
            items = items_of(FarValue(data[value.start : after], value.is_explicit)) if is_mapping else []
            memory.found = self.real_world(items)
        memory.raw = data[position:after] if after - position <= _LONGEST_SEEN else b""
        return after

    def _plan_of(self, tag: int, value: _Span, vr: bytes) -> _Plan | None:
        """How to read a functional group; None for what is none, or is read otherwise."""
        if tag in self._macros:
            return self._macro if tag in _MACROS else self._display
        is_private = bool(tag >> 16 & 1)  # one of an owner that is known: others are not asked for
        is_sequence = vr == b"SQ" or value.data.startswith(_ITEM_START, value.start)
        if is_private and is_sequence:
            return self._vendor
        is_walked = value.is_open and vr == b"SQ" and tag != _REAL_WORLD
        return self._nothing if is_walked else None  # to know where it ends

    # --- what to do with an element ----------------------------------------------------------------------

    def _kept(self, place: int, tag: int, vr: str) -> _Rule:
        expected = self._table.attributes[place].vr
        # Where the file does not say: the element may have another representation than the place that it goes to.
        said = self._given.get(tag, expected) if vr in {"", "UN"} else vr
        return _Rule(place, expected, expected) if is_same_kind(said, expected) else _Rule(place, said, expected)

    def _of_macro(self, tag: int, vr: str) -> _Rule:
        """Elements of the standard's groups."""
        if tag == _INDEX_VALUES:
            return _Rule(self._index_place)
        if tag in _INNER:
            return _Rule(inner=self._inner)
        return _Rule(inner=self._units) if tag == _UNITS else self._of_inner(tag, vr)

    def _of_inner(self, tag: int, vr: str) -> _Rule:
        """Elements of the sequences inside the standard's groups."""
        return self._kept(self._known[tag][0], tag, vr) if tag in self._known else _NO_RULE

    def _of_display(self, tag: int, vr: str) -> _Rule:
        """Elements of the groups that say how a frame is meant to be shown."""
        return _Rule(self._voi_place, is_whole=True) if tag == _VOI_LUTS else self._of_inner(tag, vr)

    def _of_units(self, tag: int, _vr: str) -> _Rule:
        return _Rule(self._table.places["RealWorldUnits"]) if tag == _CODE_VALUE else _NO_RULE

    def _vendor_of(self, known: Known) -> _Plan:
        """Elements of a vendor's groups, and what these repeat of the classic object, after some creators were met."""
        plan = self._vendors.get(known)
        if plan is None:
            plan = _Plan(partial(self._of_vendor, known))
            if len(self._vendors) < _MOST_KNOWN:
                self._vendors[known] = plan
        return plan

    def _of_vendor(self, known: Known, tag: int, vr: str) -> _Rule:
        if not tag >> 16 & 1:
            place, keyword = self._known.get(tag, (None, ""))
            return _NO_RULE if place is None or keyword in _NEVER else self._kept(place, tag, vr)
        if tag & 0xFFFF in PRIVATE_BLOCKS:
            return _Rule(grown=lambda creator: self._vendor_of(known.after(swapped(tag), creator)))
        slot = known.slots.get(swapped(tag))
        return _NO_RULE if slot is None or slot[2] else self._kept(slot[0], tag, vr)


def _walk(plan: _Plan, trace: _Trace, item: _Span) -> int:
    """Note what there is in one item; returns where the next one starts."""
    data, position, end, is_explicit, is_open = item
    unpack = _EXPLICIT if is_explicit else _IMPLICIT
    cuts, passed = trace
    while position < end:
        key, length = unpack(data, position)
        step = plan[key]
        start = position + _SHORT_HEADER
        if length == UNDEFINED or step <= _RULE:
            position, plan = _by_rule(plan, trace, _element(data, position, end, key, length), key)
        elif step >= 0:
            position = start + length
            cuts.append((step, start, position, "", ""))
        elif step == _SKIP:
            position = start + length
            passed.append((start, position))
        elif is_open:
            return start
        else:
            raise broken()
    if position != end or is_open:
        raise broken()
    return position


def _walk_items(plan: _Plan, trace: _Trace, sequence: _Span) -> int:
    """Note what there is in the items of a sequence; returns where the sequence ends."""
    data, position, end, is_explicit, is_open = sequence
    count = 0
    while item := _item_at(_Span(data, position, end, is_explicit, is_open)):
        count += 1
        position = _walk(plan, trace, item)
    if count > 1 and plan.is_single:
        raise InputError(f"A functional group has {count} items, of which there may be one.", "", "", _INCONSISTENT)
    return position + _SHORT_HEADER if is_open else end


def _by_rule(plan: _Plan, trace: _Trace, value: _Span, key: bytes) -> tuple[int, _Plan]:
    """Note an element that is no plain short one; returns where it ends, and the plan for the next one."""
    rule = plan.rule(key)
    if rule.inner is not None:
        return _walk_items(rule.inner, trace, value), plan
    after = _after(value)
    if value.is_open and not rule.is_whole:
        return after, plan  # a sequence that nothing reads; its inside is part of the layout
    if rule.grown:
        return after, rule.grown(value.data[value.start : after])
    if rule.place is None:
        trace.passed.append((value.start, after))
    else:
        trace.cuts.append((rule.place, value.start, after, rule.vr, rule.expected))
    return after, plan


def _element(data: bytes, position: int, end: int, key: bytes, length: int) -> _Span:
    """The value of an element, by what was read of its start."""
    vr = key[4:]
    start = position + _SHORT_HEADER
    if vr and vr not in SHORT_VRS:
        (length,) = _LENGTH(data, start)
        start = position + _LONG_HEADER
    is_open = length == UNDEFINED
    stop = end if is_open else start + length
    if stop > end:
        raise broken()
    return _Span(data, start, stop, vr not in {b"", b"UN"}, is_open)  # PS3.5 6.2.2: inside UN VR is implicit


def _item_at(sequence: _Span) -> _Span | None:
    """The item that a sequence, or what is left of it, starts with; None at its end."""
    data, position, end, is_explicit, is_open = sequence
    if position + _SHORT_HEADER > end:
        if is_open:
            raise broken()
        return None
    tag, length = header_at(data, position)
    if tag == SEQUENCE_END:
        return None
    start = position + _SHORT_HEADER
    stop = end if length == UNDEFINED else start + length
    if tag != ITEM or stop > end:
        raise broken()
    return _Span(data, start, stop, is_explicit, length == UNDEFINED)


def _after(value: _Span) -> int:
    """Where a value ends that is not looked into."""
    if not value.is_open:
        return value.end
    return position_after(value.data, value.start, value.end, is_item=False, is_explicit=value.is_explicit)


@lru_cache(_MOST_KNOWN)
def _converted(raw: bytes, vr: str, expected: str) -> bytes | None:
    return values.converted(raw, vr, expected)


@cache
def group_reader(table: TagTable) -> GroupReader:
    """The reader for a table; it remembers what it has seen, so there is one."""
    return GroupReader(table)
