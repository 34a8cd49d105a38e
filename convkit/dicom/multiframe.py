"""Enhanced multi-frame objects: functional groups to one header a frame (PS3.3 C.7.6.16).

A value of a functional group stands where the classic object of the same kind has it, so that sorting and loading
read one keyword, whatever the object: Effective Echo Time becomes Echo Time, and so on. The instance's own Image Type
stays; that of a frame is Frame Type.
"""

from __future__ import annotations

from collections.abc import Sequence

from convkit.dicom.attributes import swapped
from convkit.dicom.functional_groups import Groups, group_reader
from convkit.dicom.header import Header
from convkit.dicom.sequences import Item, items_of
from convkit.errors import InputError

SHARED, PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"

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
    reader = group_reader(header.table)
    try:
        shared = reader.read(header.far(SHARED))
        frames = reader.read(header.far(PER_FRAME))
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
    base = shared[0] if shared else Groups({}, {})
    reader.take_index_values(base)
    index_values = [reader.take_index_values(groups) for groups in frames]
    place = header.table.places["DimensionRank"]
    rows = [
        # The standard's before the vendor's, the frame's own before what all frames share.
        frame.private | base.standard | frame.standard | {place: b"%d" % rank}
        for frame, rank in zip(frames, _ranks(header, index_values), strict=True)
    ]
    return header.with_shared(base.private | base.standard).with_frames(rows)


def with_real_world(header: Header) -> Header:
    """The header of a classic image with its real world value mapping beside the rescale."""
    items = items_of(header.far("RealWorldValueMappingSequence"))
    return header.with_shared(group_reader(header.table).real_world(items)) if len(items) == 1 else header


def _ranks(header: Header, index_values: Sequence[tuple[float, ...]]) -> list[int]:
    """Where each frame comes in time and the like: rank of its dimension index values, those of space left out.

    PS3.3 C.7.6.17 does not say which index varies slowest. Makers that put those of the slice first count outwards from
    there, so that the last one is the slowest (Philips: slices, directions, b-values); where the slice comes last, the
    first one is. The same as dcm2niix does.
    """
    pointers = [_pointer(item) for item in items_of(header.far("DimensionIndexSequence"))]
    kept = [place for place, tag in enumerate(pointers) if tag not in _SPATIAL]
    if pointers and pointers[-1] not in _SPATIAL:
        kept.reverse()
    lengths = {len(found) for found in index_values}
    if lengths == {0}:
        return [0] * len(index_values)
    if lengths != {len(pointers)}:
        raise InputError(
            f"There are {len(pointers)} dimensions, but (0020,9157) DimensionIndexValues has {sorted(lengths)} values.",
            header.path,
            "",
            "header.inconsistent",
        )
    keys = [tuple(found[place] for place in kept) for found in index_values]
    rank = {key: place for place, key in enumerate(sorted(set(keys)))}
    return [rank[key] for key in keys]


def _pointer(item: Item) -> int:
    raw = item.find(0x00209165) or b"\0\0\0\0"
    found = int.from_bytes(raw[:4], "little")
    return swapped(found)
