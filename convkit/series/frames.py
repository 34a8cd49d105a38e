"""Instances to frames: what sorting and loading need, read once."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable

from convkit.dicom import pixels, values
from convkit.dicom.header import Header
from convkit.errors import ConvkitError, MissingAttributeError, PixelError
from convkit.model.frame import Frame, PixelSource, Position
from convkit.model.notes import Note, note
from convkit.quirks import corrected_rescale
from convkit.series.moments import read_moments
from convkit.series.traits import KEYWORDS, read_traits

_SPACING_KEYWORDS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")


def frames_of(images: Iterable[Header]) -> tuple[list[Frame], list[Note]]:
    """Frames of single-frame images, and an error note for each image that cannot be used.

    Traits are read once for all instances whose relevant raw values are equal, which most are.
    """
    known: dict[tuple[bytes | None, ...], tuple[Hashable, ...]] = {}
    frames: list[Frame] = []
    problems: list[Note] = []
    for index, header in enumerate(images):
        key = tuple(header.raw(k) for k in KEYWORDS)
        try:
            traits = known.get(key)
            if traits is None:
                traits = known[key] = read_traits(header)
            frames.append(_frame(header, index, traits))
        except ConvkitError as err:
            problems.append(note(err.code, err.what, where=err.where, hint=err.hint))
    return frames, problems


def _frame(header: Header, index: int, traits: tuple[Hashable, ...]) -> Frame:
    orientation = header.numbers("ImageOrientationPatient")
    source = pixels.source_of(header)
    slope, intercept = corrected_rescale(
        header,
        _rescale(header, "RescaleSlope", "0028,1053", 1.0),
        _rescale(header, "RescaleIntercept", "0028,1052", 0.0),
    )
    return Frame(
        instance=index,
        pixels=source,
        sop_instance_uid=header.sop_instance_uid,
        instance_number=header.integer("InstanceNumber"),
        position_lps=_position(header),
        position_rounding_mm=0.5 * 10.0 ** -values.decimals(header.raw("ImagePositionPatient") or b""),
        orientation=orientation if len(orientation) == 6 else None,
        spacing=_spacing(header),
        depth_mm=_depth(header),
        slope=slope,
        intercept=intercept,
        traits=traits,
        moments=read_moments(header),
        defect=_defect(source, header.size),
    )


def _defect(source: PixelSource, size: int) -> Note | None:
    try:
        pixels.check_complete(source, size)
    except PixelError as err:
        return note(err.code, err.what, where=err.where, hint=err.hint)
    return None


def _position(header: Header) -> Position | None:
    position = header.numbers("ImagePositionPatient")
    return (position[0], position[1], position[2]) if len(position) == 3 else None


def _spacing(header: Header) -> tuple[float, float] | None:
    """Row and column spacing, mm; a projection image may give only the size at the detector (PS3.3 10.7.1)."""
    for keyword in _SPACING_KEYWORDS:
        if not header.has(keyword):
            continue
        spacing = header.numbers(keyword)
        if len(spacing) == 2 and min(spacing) > 0:
            return spacing[0], spacing[1]
        raise MissingAttributeError(
            f"{keyword} is not two positive numbers.", header.path, "", "header.missing-attribute"
        )
    return None


def _depth(header: Header) -> float | None:
    for keyword in ("SpacingBetweenSlices", "SliceThickness"):
        depth = header.number(keyword)
        if depth and abs(depth) > 0:
            return abs(depth)
    return None


def _rescale(header: Header, keyword: str, tag: str, default: float) -> float:
    if not header.has(keyword):
        return default
    number = header.number(keyword)
    if number is None or not math.isfinite(number) or (keyword == "RescaleSlope" and number == 0):
        raise MissingAttributeError(f"({tag}) {keyword} is no usable number.", header.path, "", "values.bad-rescale")
    return number
