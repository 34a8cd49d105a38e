"""Enhanced multi-frame objects: functional groups to one header a frame (PS3.3 C.7.6.16).

A value of a functional group stands where the classic object of the same kind has it, so that sorting and loading
read one keyword, whatever the object: Effective Echo Time becomes Echo Time, and so on. The instance's own Image Type
stays; that of a frame is Frame Type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from convkit.dicom import values
from convkit.dicom.attributes import Known, TagTable, swapped
from convkit.dicom.header import Header
from convkit.dicom.lean import is_same_kind
from convkit.dicom.sequences import Element, Item, items_of
from convkit.errors import InputError

SHARED, PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"

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

_INNER = frozenset((0x00189076, 0x00189601))
"""Sequences inside functional groups: Diffusion Gradient Direction, Diffusion b-matrix."""

_REAL_WORLD = 0x00409096
"""Real World Value Mapping Sequence, the one functional group that may have several items (PS3.3 C.7.6.16.2.11)."""

_UNITS = 0x004008EA
"""Measurement Units Code Sequence of a real world value mapping."""

_CODE_VALUE = 0x00080100

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

_SPATIAL = frozenset({0x00209056, 0x00209057, 0x00200032, 0x00209113})
"""Dimensions of space: Stack ID, In-Stack Position Number, Image Position (Patient), Plane Position."""


def is_enhanced(header: Header) -> bool:
    """True where the frames of an object are described by functional groups."""
    return header.has(PER_FRAME)


def unfold(header: Header) -> Header:
    """The header of an enhanced object with a row for each frame.

    Raises
    ------
    InputError
        The functional groups contradict the number of frames, or cannot be parsed.
    """
    try:
        shared = items_of(header.far(SHARED))
        per_frame = items_of(header.far(PER_FRAME))
        reader = _reader(header.table)
        base = reader.groups(shared[0]) if shared else _Groups({}, {})
        frames = [reader.groups(item).over(base) for item in per_frame]
    except InputError as err:
        raise InputError(err.what, header.path, err.hint, err.code) from err
    count = header.integer("NumberOfFrames") or 1
    if len(frames) != count:
        raise InputError(
            f"(0028,0008) NumberOfFrames is {count}, but there are {len(frames)} items of "
            "(5200,9230) PerFrameFunctionalGroupsSequence.",
            header.path,
            "Copy the file again from its source.",
            "header.inconsistent",
        )
    ranks = _ranks(header, [reader.index_values(item) for item in per_frame])
    place = header.table.places["DimensionRank"]
    return header.with_frames([f | {place: b"%d" % rank} for f, rank in zip(frames, ranks, strict=True)])


def with_real_world(header: Header) -> Header:
    """The header of a classic image with its real world value mapping beside the rescale."""
    items = items_of(header.far("RealWorldValueMappingSequence"))
    return header.with_shared(_reader(header.table).real_world(items)) if items else header


def _ranks(header: Header, index_values: list[tuple[float, ...]]) -> list[int]:
    """Where each frame comes in time and the like: rank of its dimension index values, those of space left out."""
    pointers = [_pointer(item) for item in items_of(header.far("DimensionIndexSequence"))]
    kept = [place for place, tag in enumerate(pointers) if tag not in _SPATIAL]
    if any(len(found) != len(pointers) for found in index_values):
        return [0] * len(index_values)
    keys = [tuple(found[place] for place in kept) for found in index_values]
    rank = {key: place for place, key in enumerate(sorted(set(keys)))}
    return [rank[key] for key in keys]


def _pointer(item: Item) -> int:
    raw = item.find(0x00209165) or b"\0\0\0\0"
    found = int.from_bytes(raw[:4], "little")
    return swapped(found)


class _Groups(NamedTuple):
    """What functional groups say, place to raw value.

    Attributes
    ----------
    standard : values of the standard's groups
    private : values of a vendor's groups, which repeat some of the standard in the vendor's own way
    """

    standard: dict[int, bytes]
    private: dict[int, bytes]

    def over(self, shared: _Groups) -> dict[int, bytes]:
        """The values of a frame: the standard's before the vendor's, the frame's own before what all frames share."""
        return shared.private | self.private | shared.standard | self.standard


@dataclass(frozen=True, slots=True, eq=False)
class _Reader:
    """Reads functional groups into the places of a table.

    Attributes
    ----------
    table : TagTable
    known : mapping
        Tag to the place where its value goes, and its own keyword.
    given : mapping
        Tag to its own value representation, where that of its place is another.
    """

    table: TagTable
    known: Mapping[int, tuple[int, str]]
    given: Mapping[int, str]

    def groups(self, item: Item) -> _Groups:
        """What one item of functional groups says."""
        found: dict[int, bytes] = {}
        private: dict[int, bytes] = {}
        known = self.table.start
        for element in item.elements():
            if element.tag == _REAL_WORLD:
                found |= self.real_world(list(item.inside(element)))
            elif element.tag in _MACROS:
                for inner in item.inside(element):
                    self._standard(inner, found)
            elif element.tag >> 16 & 1:
                known = self._private(item, element, known, private)
        return _Groups(found, private)

    def index_values(self, item: Item) -> tuple[float, ...]:
        """Dimension Index Values of a frame."""
        for content in item.items(0x00209111):
            return values.numbers(content.find(0x00209157) or b"", "UL")
        return ()

    def _standard(self, item: Item, found: dict[int, bytes]) -> None:
        for element in item.elements():
            target = self.known.get(element.tag)
            if target:
                self._put(found, target[0], item, element)
            elif element.tag in _INNER:
                for inner in item.inside(element):
                    self._standard(inner, found)
            elif element.tag == _UNITS:
                for code in item.inside(element):
                    found[self.table.places["RealWorldUnits"]] = code.find(_CODE_VALUE) or b""

    def real_world(self, items: Sequence[Item]) -> dict[int, bytes]:
        """Place to raw value of the first real world value mapping (PS3.3 C.7.6.16.2.11)."""
        found: dict[int, bytes] = {}
        for item in items[:1]:
            self._standard(item, found)
        return found

    def _private(self, item: Item, element: Element, known: Known, found: dict[int, bytes]) -> Known:
        """A private element: the name of an owner, or a sequence of one that is known."""
        block = element.tag & 0xFFFF
        if 0x10 <= block <= 0xFF:
            return known.after(swapped(element.tag), item.value(element))
        is_owned = swapped(element.tag & 0xFFFF0000 | block >> 8) in known.slots
        if is_owned and _is_sequence(item, element):
            for inner in item.inside(element):
                self._vendor(inner, found)
        return known

    def _vendor(self, item: Item, found: dict[int, bytes]) -> None:
        """A vendor's group inside the functional groups: its elements, and what it repeats of the classic object."""
        known = self.table.start
        for element in item.elements():
            if element.tag >> 16 & 1:
                if 0x10 <= element.tag & 0xFFFF <= 0xFF:
                    known = known.after(swapped(element.tag), item.value(element))
                    continue
                slot = known.slots.get(swapped(element.tag))
                if slot and not slot[2]:
                    self._put(found, slot[0], item, element)
            elif element.tag in self.known and self.known[element.tag][1] not in _NEVER:
                self._put(found, self.known[element.tag][0], item, element)

    def _put(self, found: dict[int, bytes], place: int, item: Item, element: Element) -> None:
        expected = self.table.attributes[place].vr
        vr = element.vr.decode("latin-1")
        if vr in {"", "UN"}:  # the file does not say, and the source may have another than its place
            vr = self.given.get(element.tag, expected)
        raw = item.value(element)
        value = raw if is_same_kind(vr, expected) else values.converted(raw, vr, expected)
        if value is not None:
            found[place] = value


def _is_sequence(item: Item, element: Element) -> bool:
    return element.vr == b"SQ" or item.data[element.start : element.start + 4] == b"\xfe\xff\x00\xe0"


@cache
def _reader(table: TagTable) -> _Reader:
    known = {a.tag: (i, a.keyword) for i, a in enumerate(table.attributes) if not a.creator and not a.is_far}
    renamed = {
        tag: (table.places[_CLASSIC[keyword]], keyword) for tag, (_, keyword) in known.items() if keyword in _CLASSIC
    }
    given = {tag: table.attributes[known[tag][0]].vr for tag in renamed}
    return _Reader(table, known | renamed, given)
