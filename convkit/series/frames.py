"""Instances to frames: what sorting and loading need, read once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from convkit.dicom import pixels, values
from convkit.dicom.header import Header
from convkit.errors import ConvkitError, MissingAttributeError, PixelError
from convkit.model.diffusion import Gradient
from convkit.model.frame import Frame, PixelLayout, PixelSource, Position
from convkit.model.notes import Note, note
from convkit.quirks import GRADIENT_KEYWORDS, RESCALE_KEYWORDS, gradient_of
from convkit.series.moments import read_moments
from convkit.series.rescale import KEYWORDS as VALUE_KEYWORDS
from convkit.series.rescale import rescale_of
from convkit.series.traits import KEYWORDS as TRAIT_KEYWORDS
from convkit.series.traits import read_traits

_SPACING_KEYWORDS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")


_ALIKE_KEYWORDS = tuple(
    dict.fromkeys(
        (
            *TRAIT_KEYWORDS,
            *_SPACING_KEYWORDS,
            *pixels.LAYOUT_KEYWORDS,
            *RESCALE_KEYWORDS,
            *GRADIENT_KEYWORDS,
            *VALUE_KEYWORDS,
            "SpacingBetweenSlices",
            "SliceThickness",
            "ModalityLUTSequence",
            "PixelPaddingValue",
        )
    )
)


@dataclass(frozen=True, slots=True)
class _Alike:
    """What most instances of a series share, so that it is read once; see `Frame` for its fields."""

    layout: PixelLayout
    orientation: tuple[float, ...] | None
    spacing: tuple[float, float] | None
    depth_mm: float | None
    slope: float
    intercept: float
    has_rescale: bool
    value_codes: tuple[str, ...]
    traits: tuple[Hashable, ...]
    gradient: Gradient | None


def frames_of(images: Sequence[Header]) -> tuple[list[Frame], list[Note]]:
    """Frames of images, and an error note for each image that cannot be used.

    What the frames share is read once for all whose raw values are equal, which most are.
    """
    known: dict[tuple[bytes | None, ...], _Alike] = {}
    frames: list[Frame] = []
    problems: list[Note] = []
    key_of = itemgetter(*(images[0].table.places[k] for k in _ALIKE_KEYWORDS)) if images else None
    for index, image in enumerate(images):
        try:
            if image.fault:
                problems.append(image.fault)
                continue
            for header in _headers(image):
                key = key_of(header.parsed.raw) if key_of else ()
                alike = known.get(key)
                if alike is None:
                    alike = known[key] = _alike(header)
                frames.append(_frame(header, index, alike, image))
        except ConvkitError as err:
            problems.append(note(err.code, err.what, where=image.path, hint=err.hint))
    return frames, problems


def _headers(image: Header) -> Iterator[Header]:
    """A header for each frame of an image."""
    return map(image.of_frame, range(image.frames))


def _alike(header: Header) -> _Alike:
    orientation = header.numbers("ImageOrientationPatient")
    slope, intercept = rescale_of(header)
    return _Alike(
        layout=pixels.layout_of(header),
        orientation=orientation if len(orientation) == 6 else None,
        spacing=_spacing(header),
        depth_mm=_depth(header),
        slope=slope,
        intercept=intercept,
        has_rescale=header.has("RescaleSlope") or header.has("RescaleIntercept"),
        value_codes=tuple(code for code, is_due in _VALUE_CODES.items() if is_due(header)),
        traits=read_traits(header),
        gradient=gradient_of(header),
    )


_VALUE_CODES: dict[str, Callable[[Header], bool]] = {
    "values.modality-lut": lambda header: header.has("ModalityLUTSequence"),
    "values.padding": lambda header: header.has("PixelPaddingValue"),
    "values.inverse-grey": lambda header: header.text("PhotometricInterpretation") == "MONOCHROME1",
    "values.colour-depth": lambda header: (
        header.integer("SamplesPerPixel") == 3 and (header.integer("BitsStored") or 8) > 8
    ),
}
"""Code of a note about the values to when it is due."""


def _frame(header: Header, index: int, alike: _Alike, image: Header) -> Frame:
    source = pixels.source_of(header, alike.layout, image)
    raw_position = header.raw("ImagePositionPatient") or b""
    return Frame(
        instance=index,
        pixels=source,
        sop_instance_uid=header.sop_instance_uid,
        instance_number=header.integer("InstanceNumber"),
        position_lps=_position(header),
        position_rounding_mm=0.5 * 10.0 ** -values.decimals(raw_position),
        orientation=alike.orientation,
        spacing=alike.spacing,
        depth_mm=alike.depth_mm,
        slope=alike.slope,
        intercept=alike.intercept,
        has_rescale=alike.has_rescale,
        value_codes=(*alike.value_codes, *(("pixels.surplus",) if pixels.has_surplus(source) else ())),
        traits=alike.traits,
        moments=read_moments(header),
        defect=_defect(source, header.size),
        gradient=alike.gradient,
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
