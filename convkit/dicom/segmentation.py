"""Segmentations: which segment each frame holds, and which image or place it belongs to (PS3.3 A.51, C.8.20).

Read from the header alone, with the lean reader: an object may have tens of thousands of frames. The pixels of a frame
are decoded when `convkit.dicom.segment_masks` lays it over a picture. Labels and descriptions of segments are not read:
they may identify.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

import numpy as np

from convkit.dicom import values
from convkit.dicom._segment_frames import FrameReader, Reference, SegmentFrame, Stack, stacks_of
from convkit.dicom.attributes import TagTable, core_attributes, lone_table, rows_of
from convkit.dicom.cielab import srgb_of
from convkit.dicom.header import Header, read_header
from convkit.dicom.palette import palette_of_file
from convkit.dicom.pixels import SOURCE_KEYWORDS, source_of_all
from convkit.dicom.sequences import items_of
from convkit.errors import InputError, MissingAttributeError, UnsupportedError
from convkit.model.frame import PixelSource
from convkit.model.labels import Colour, colour_of
from convkit.model.notes import Note, note
from convkit.storage.files import file_stamp

SHARED, PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"

_CORE = (
    "SpecificCharacterSet",
    "SOPClassUID",
    "SOPInstanceUID",
    "FrameOfReferenceUID",
    "PixelPaddingValue",
    *SOURCE_KEYWORDS,
    SHARED,
    PER_FRAME,
)
_OWN = """
ReferencedSeriesSequence 00081115 SQ
DimensionOrganizationType 00209311 CS
SegmentationType 00620001 CS
SegmentSequence 00620002 SQ
MaximumFractionalValue 0062000E US
"""
"""What is read beyond core attributes: keyword, tag and value representation (PS3.6)."""

_SERIES_UID, _SEGMENT_NUMBER, _CIELAB = 0x0020000E, 0x00620004, 0x0062000D


class SegmentationType(StrEnum):
    """What the value of a pixel says (PS3.3 C.8.20.2.3)."""

    BINARY = "BINARY"  # 1 where the segment of the frame is
    FRACTIONAL = "FRACTIONAL"  # probability or occupancy of the segment of the frame
    LABELMAP = "LABELMAP"  # the number of the segment


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """A segmentation, without its pixels.

    Attributes
    ----------
    pixels : PixelSource
    kind : SegmentationType
    threshold : int
        Values from here on are in the segment; of a label map 1.
    background : int
        Value of a pixel where no segment is.
    colours : mapping of int to Colour
        Of each segment that the header describes.
    stacks : tuple of Stack
        Frames with a place.
    references : mapping of Reference to tuple of SegmentFrame
    series_instance_uids : tuple of str
        Series that it was made from.
    frame_of_reference_uid : str
        Empty where it lies in none.
    notes : tuple of Note
    """

    pixels: PixelSource
    kind: SegmentationType
    threshold: int
    background: int
    colours: Mapping[int, Colour]
    stacks: tuple[Stack, ...]
    references: Mapping[Reference, tuple[SegmentFrame, ...]]
    series_instance_uids: tuple[str, ...]
    frame_of_reference_uid: str
    notes: tuple[Note, ...] = ()

    def colour(self, number: int) -> Colour:
        """The colour of a segment."""
        return self.colours.get(number) or colour_of(number)


@cache
def _table() -> TagTable:
    return lone_table((*core_attributes(*_CORE), *rows_of(_OWN)))


def referenced_series(path: str) -> tuple[str, ...]:
    """Series Instance UIDs of the images that a segmentation was made from (PS3.3 C.12.2).

    Raises
    ------
    InputError
        The header cannot be read.
    """
    return _series_uids(read_header(path, _table()))


def segmentation_of(path: str) -> Segmentation:
    """The segmentation in a file; the last ones are kept, because many pictures ask for the same.

    Raises
    ------
    InputError
        The header cannot be read, contradicts itself, or lacks what tells where the frames belong.
    UnsupportedError
        It is organised in a way that is not handled.
    """
    return _segmentation_of(path, *file_stamp(path))


@lru_cache(4)
def _segmentation_of(path: str, _size: int, _modified_ns: int) -> Segmentation:
    header = read_header(path, _table())
    try:
        return _read(header)
    except InputError as err:
        if err.where:
            raise
        raise InputError(err.what, path, err.hint, err.code) from err  # of a sequence, which knows no path


def _read(header: Header) -> Segmentation:
    kind, pixels = _kind(header), source_of_all(header)
    shared, per_frame = items_of(header.far(SHARED)), items_of(header.far(PER_FRAME))
    _check_frames(header, pixels.frames, len(per_frame))
    shape = pixels.layout.rows, pixels.layout.columns
    reader = FrameReader(shared[0] if shared else None, shape, is_label_map=kind is SegmentationType.LABELMAP)
    read = [reader.read(place, item) for place, item in enumerate(per_frame)]
    references: dict[Reference, list[SegmentFrame]] = defaultdict(list)
    for frame, sources in read:
        for source in sources:
            references[source].append(frame)
    return Segmentation(
        pixels,
        kind,
        _threshold(header, kind),
        _background(header, kind),
        _colours(header, kind),
        stacks_of((frame for frame, _ in read), reader.depths),
        {source: tuple(frames) for source, frames in references.items()},
        _series_uids(header),
        header.text("FrameOfReferenceUID"),
        _unplaced(header, sum(1 for frame, sources in read if not sources and frame.plane is None)),
    )


def _kind(header: Header) -> SegmentationType:
    try:
        return SegmentationType(header.text("SegmentationType"))
    except ValueError:
        what = "(0062,0001) SegmentationType is none of BINARY, FRACTIONAL and LABELMAP."
        raise MissingAttributeError(what, header.path) from None


def _check_frames(header: Header, count: int, items: int) -> None:
    if header.text("DimensionOrganizationType") == "TILED_FULL":
        what = "The segmentation is a full grid of tiles (TILED_FULL), which is not laid over pictures."
        raise UnsupportedError(what, header.path)
    if count != items:
        what = f"(0028,0008) NumberOfFrames is {count}, but (5200,9230) {PER_FRAME} has {items} items."
        raise InputError(what, header.path, "Copy the file again from its source.", "header.inconsistent")


def _threshold(header: Header, kind: SegmentationType) -> int:
    """Half of Maximum Fractional Value, and at least 1."""
    if kind is not SegmentationType.FRACTIONAL:
        return 1
    most = header.integer("MaximumFractionalValue")
    if not most:
        raise MissingAttributeError("(0062,000E) MaximumFractionalValue is missing or zero.", header.path)
    return (most + 1) // 2


def _background(header: Header, kind: SegmentationType) -> int:
    """Pixel Padding Value of a label map is where no segment is (DICOM Supplement 243), if a pixel can have it."""
    value = header.integer("PixelPaddingValue") or 0
    is_usable = kind is SegmentationType.LABELMAP and 0 <= value < 1 << (header.integer("BitsAllocated") or 0)
    return value if is_usable else 0


def _colours(header: Header, kind: SegmentationType) -> dict[int, Colour]:
    """Recommended colours where the header has them; those of a label map in colour are in its palette."""
    in_palette = kind is SegmentationType.LABELMAP and header.text("PhotometricInterpretation") == "PALETTE COLOR"
    palette = palette_of_file(header.path) if in_palette else None
    found: dict[int, Colour] = {}
    for item in items_of(header.far("SegmentSequence")):
        number = values.integer(item.find(_SEGMENT_NUMBER) or b"", "US")
        lab = values.numbers(item.find(_CIELAB) or b"", "US")
        if number is None:
            continue
        if palette is not None:
            red, green, blue = palette.applied_to(np.array([number])).ravel().tolist()
            found[number] = red, green, blue
        else:
            found[number] = srgb_of(lab) or colour_of(number)
    return found


def _series_uids(header: Header) -> tuple[str, ...]:
    found = (values.text(item.find(_SERIES_UID) or b"") for item in items_of(header.far("ReferencedSeriesSequence")))
    return tuple(filter(None, found))


def _unplaced(header: Header, count: int) -> tuple[Note, ...]:
    if not count:
        return ()
    text = f"{count} frames of the segmentation name neither an image nor a place; they are not drawn."
    return (note("segmentation.unplaced", text, where=header.path),)
