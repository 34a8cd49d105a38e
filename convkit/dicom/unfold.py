"""What the standard says of objects with several frames: each becomes a row over the header of its object."""

from __future__ import annotations

import math
from collections.abc import Sequence

from convkit.dicom import multiframe, values
from convkit.dicom.header import Header
from convkit.dicom.sequences import items_of
from convkit.errors import InputError
from convkit.model.directions import is_orientation, normal_of, scaled, total, vector

_RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
_NM = "1.2.840.10008.5.1.4.1.1.20"

_RELATIVE_MM = 1e-3
"""A first Grid Frame Offset below this means offsets from the first plane, any other means positions (PS3.3
C.8.8.3.2)."""

_SAME_PLANE_MM = 1.0
"""A first Grid Frame Offset that is this near to the first plane is its position, rounded."""

_AXIAL = 0.999
"""Cosine of the slice normal with the z axis from which a grid is axial: within 2.6 degrees, rounding by far."""


def unfold(header: Header) -> Header:
    """The header with a row for each frame, if it has several or belongs to a kind that places frames in its own way.

    Raises
    ------
    InputError
        The object contradicts itself.
    """
    if multiframe.is_enhanced(header):
        return multiframe.unfold(header)
    if header.has_far("RealWorldValueMappingSequence"):
        header = multiframe.with_real_world(header)
    if header.has_far("ConversionSourceAttributesSequence") and not header.has("ImagePositionPatient"):
        header = _with_source(header)
    sop_class = header.sop_class_uid
    if sop_class == _RT_DOSE:
        return _dose(header)
    frames = header.integer("NumberOfFrames") or 1
    if frames > 1 and frames > min(MOST_FRAMES, header.size):  # a frame takes a byte at least
        raise InputError(f"The header promises {frames} frames.", header.path, "", "pixels.too-large")
    if sop_class == _NM and frames > 1:
        return _nuclear(header, frames)
    return header.with_frames([{}] * frames) if frames > 1 else header


def _with_source(header: Header) -> Header:
    """The header of a capture without place that says from which multi-frame object it was made (PS3.3 C.12.1)."""
    items = items_of(header.far("ConversionSourceAttributesSequence"))
    uid = items[0].find(0x00081155) if len(items) == 1 else None
    return header.with_shared({header.table.places["ConvertedFrom"]: uid}) if uid else header


MOST_FRAMES = 1_000_000
"""More frames than any object holds; a header that promises more is broken."""


def _dose(header: Header) -> Header:
    """A dose grid: planes by Grid Frame Offset Vector, values by Dose Grid Scaling (PS3.3 C.8.8.3)."""
    scaling = header.raw("DoseGridScaling")
    if (header.number("DoseGridScaling") or 0) <= 0:
        raise InputError(
            "(3004,000E) DoseGridScaling is missing or not positive, so the dose is unknown.",
            header.path,
            "",
            "header.missing-attribute",
        )
    place = header.table.places
    header = header.with_shared(
        {
            place["RescaleSlope"]: scaling or b"",
            place["RescaleIntercept"]: b"0",
            place["DoseGrid"]: header.raw("SOPInstanceUID") or b"",
        }
    )
    frames = header.integer("NumberOfFrames") or 1
    offsets = header.numbers("GridFrameOffsetVector")
    if frames == 1 and not offsets:
        return header
    if len(offsets) != frames:
        raise InputError(
            f"There are {frames} dose planes, but {len(offsets)} values of (3004,000C) GridFrameOffsetVector.",
            header.path,
            "",
            "header.inconsistent",
        )
    return header.with_frames(_shifted(header, header.numbers("ImagePositionPatient"), _relative(header, offsets)))


def _relative(header: Header, offsets: Sequence[float]) -> list[float]:
    """Offsets from the first plane, mm."""
    if abs(offsets[0]) <= _RELATIVE_MM:
        return list(offsets)
    # PS3.3 C.8.8.3.2: otherwise they are z positions, which only an axial grid may have.
    position, cosines = header.numbers("ImagePositionPatient"), header.numbers("ImageOrientationPatient")
    upward = normal_of(cosines)[2] if is_orientation(cosines) else 0.0
    if len(position) != 3 or abs(position[2] - offsets[0]) > _SAME_PLANE_MM or abs(upward) < _AXIAL:
        raise InputError(
            "(3004,000C) GridFrameOffsetVector starts neither at 0 nor, in an axial grid, at the first plane.",
            header.path,
            "",
            "header.inconsistent",
        )
    return [math.copysign(1.0, upward) * (offset - offsets[0]) for offset in offsets]


def _nuclear(header: Header, frames: int) -> Header:
    """Reconstructed nuclear medicine: slices at Spacing Between Slices along the normal (PS3.3 C.8.4.9, C.8.4.15)."""
    detectors = items_of(header.far("DetectorInformationSequence"))
    distance = header.number("SpacingBetweenSlices")
    is_slices = {"RECON TOMO", "RECON GATED TOMO"} & set(header.texts("ImageType"))
    raw_position = detectors[0].find(0x00200032) if detectors else None
    raw_cosines = detectors[0].find(0x00200037) if detectors else None
    if not is_slices or not distance or not raw_position or not raw_cosines:
        return header.with_frames([{}] * frames)
    place = header.table.places
    header = header.with_shared(
        {place["ImagePositionPatient"]: raw_position, place["ImageOrientationPatient"]: raw_cosines}
    )
    slices = _slice_numbers(header, frames)
    places = _shifted(header, header.numbers("ImagePositionPatient"), [distance * (number - 1) for number in slices])
    slots = _time_slots(header, frames)
    rank = place["DimensionRank"]
    return header.with_frames([p | {rank: b"%d" % int(slot)} for p, slot in zip(places, slots, strict=True)])


def _slice_numbers(header: Header, frames: int) -> list[float]:
    """Slice Vector: the slice that each frame shows, from 1; frame order where it is absent."""
    numbers = header.numbers("SliceVector")
    if not numbers:
        return [float(n) for n in range(1, frames + 1)]
    if len(numbers) != frames or min(numbers) < 1:
        raise InputError(
            "(0054,0080) SliceVector does not number the slices of all frames from 1.",
            header.path,
            "",
            "header.inconsistent",
        )
    return list(numbers)


def _time_slots(header: Header, frames: int) -> list[float]:
    """Time Slot Vector: the phase that each frame shows; all the same where it is absent."""
    numbers = header.numbers("TimeSlotVector")
    return list(numbers) if len(numbers) == frames else [1.0] * frames


def _shifted(header: Header, first: Sequence[float], offsets: Sequence[float]) -> list[dict[int, bytes]]:
    """Image Position (Patient) of frames at offsets along the normal, mm."""
    cosines = header.numbers("ImageOrientationPatient")
    if len(first) != 3 or not is_orientation(cosines):
        raise InputError(
            "Image Position (Patient) or Image Orientation (Patient) is missing or no position.",
            header.path,
            "",
            "geometry.missing-position",
        )
    normal, start = normal_of(cosines), vector(first)
    place = header.table.places["ImagePositionPatient"]
    positions = (total(start, scaled(normal, offset)) for offset in offsets)
    return [{place: values.decimal_strings(p)} for p in positions]
