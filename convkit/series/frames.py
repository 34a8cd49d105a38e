"""Instances to frames: what sorting and loading need, read once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from convkit.dicom import pixels, values
from convkit.dicom.attributes import TagTable
from convkit.dicom.header import Header
from convkit.errors import ConvkitError, MissingAttributeError, PixelError
from convkit.model.frame import Frame, FrameKind, PixelSource, Position
from convkit.model.notes import Note, note
from convkit.quirks import DEFAULT_CHOICES, GRADIENT_KEYWORDS, RESCALE_KEYWORDS, ValueChoices, gradient_of
from convkit.series.moments import MomentReader
from convkit.series.rescale import KEYWORDS as VALUE_KEYWORDS
from convkit.series.rescale import rescale_of
from convkit.series.traits import KEYWORDS as TRAIT_KEYWORDS
from convkit.series.traits import read_traits

_SPACING_KEYWORDS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")


_KIND_KEYWORDS = tuple(
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


def frames_of(images: Sequence[Header], choices: ValueChoices = DEFAULT_CHOICES) -> tuple[list[Frame], list[Note]]:
    """Frames of images, and an error note for each image that cannot be used.

    What frames share is read once for all whose raw values are equal, which most are.
    """
    if not images:
        return [], []
    reader = _Reader(images[0].table, choices)
    frames: list[Frame] = []
    problems: list[Note] = []
    for index, image in enumerate(images):
        try:
            if image.fault:
                problems.append(image.fault)
            else:
                frames += reader.frames(image, index)
        except ConvkitError as err:
            problems.append(note(err.code, err.what, where=image.path, hint=err.hint))
    return frames, problems


_frame = Frame._make  # half the time of a call with eleven arguments

_Place = tuple[Position | None, float, FrameKind]
"""What a frame is apart from its object: position, its rounding, and the rest that others share."""


class _Reader:
    """Reads the frames of the images of one series; remembers what it has read."""

    def __init__(self, table: TagTable, choices: ValueChoices) -> None:
        self._choices = choices
        self._moments = MomentReader(table)
        self._key_of, self._kind_places = _kind_places_of(table)
        self._position = table.places["ImagePositionPatient"]
        self._kinds: dict[tuple[bytes | None, ...], FrameKind] = {}
        self._last: tuple[tuple[bytes | None, ...], FrameKind | None] = ((), None)
        self._places: dict[Hashable, list[_Place]] = {}
        self._complete: Hashable = None  # of the last object whose pixels were all there

    def frames(self, image: Header, index: int) -> list[Frame]:
        """The frames of one image."""
        places = self._places_of(image)
        source = pixels.source_of(image, places[0][2].layout)
        uid, number, defect = image.sop_instance_uid, image.integer("InstanceNumber"), self._defect(source, image.size)
        moments = self._moments.of_frames(image)
        redacted = None if image.redaction is None else image.redacted.sop_instance_uid
        return [
            _frame((index, place, source, uid, number, position, rounding, kind, moment, defect, redacted))
            for place, ((position, rounding, kind), moment) in enumerate(zip(places, moments, strict=True))
        ]

    def _defect(self, source: PixelSource, size: int) -> Note | None:
        """What is wrong with the length of the pixels; nothing where it was right for others of the same kind."""
        kind = source.layout, source.length, source.frames, source.transfer_syntax
        is_in_file = source.offset is not None and 0 <= source.length <= size - source.offset
        if is_in_file and kind == self._complete:
            return None
        defect = _defect(source, size)
        if is_in_file and defect is None:
            self._complete = kind
        return defect

    def _places_of(self, image: Header) -> list[_Place]:
        """What each frame of an image is; read once for images whose frames are alike."""
        if image.unfolded is None:
            return [self._place(image)]
        unfolded = image.unfolded
        own = [column for column, place in enumerate(unfolded.places) if place in self._kind_places]
        rows = (
            unfolded.rows
            if len(own) == len(unfolded.places)
            else tuple(tuple(row[column] for column in own) for row in unfolded.rows)
        )
        key = (self._key_of(image.parsed.raw), image.parsed.raw[self._position], unfolded.places, rows)
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = [self._place(image.of_frame(frame)) for frame in range(image.frames)]
        return found

    def _place(self, header: Header) -> _Place:
        raw = header.parsed.raw
        key = self._key_of(raw)
        kind = self._last[1] if key == self._last[0] else self._kinds.get(key)  # the same bytes, mostly: no hashes
        if kind is None:
            kind = self._kinds[key] = _kind(header, self._choices)
        self._last = key, kind
        return _position(header), 0.5 * 10.0 ** -values.decimals(raw[self._position] or b""), kind


@lru_cache(maxsize=8)
def _kind_places_of(table: TagTable) -> tuple[Callable[[tuple[bytes | None, ...]], tuple[Any, ...]], frozenset[int]]:
    """What takes from raw values those that a kind depends on; and the places of all that a frame's place needs."""
    places = [table.places[keyword] for keyword in _KIND_KEYWORDS]
    return itemgetter(*places), frozenset((*places, table.places["ImagePositionPatient"]))


def _kind(header: Header, choices: ValueChoices) -> FrameKind:
    orientation = header.numbers("ImageOrientationPatient")
    slope, intercept = rescale_of(header, choices)
    return FrameKind(
        layout=pixels.layout_of(header),
        orientation=orientation if len(orientation) == 6 else None,
        spacing=_spacing(header),
        depth_mm=_depth(header),
        slope=slope,
        intercept=intercept,
        traits=read_traits(header),
        has_rescale=header.has("RescaleSlope") or header.has("RescaleIntercept"),
        value_codes=tuple(code for code, is_due in _VALUE_CODES.items() if is_due(header)),
        gradient=gradient_of(header),
        may_have_table=header.has_far("ModalityLUTSequence"),
        redacted_traits=() if header.redaction is None else read_traits(header.measured),
    )


_VALUE_CODES: dict[str, Callable[[Header], bool]] = {
    "values.padding": lambda header: header.has("PixelPaddingValue"),
    "values.inverse-grey": lambda header: header.text("PhotometricInterpretation") == "MONOCHROME1",
    "values.colour-depth": lambda header: (
        header.integer("SamplesPerPixel") == 3 and (header.integer("BitsStored") or 8) > 8
    ),
}
"""Code of a note about the values to when it is due."""


def _defect(source: PixelSource, size: int) -> Note | None:
    try:
        pixels.check_complete(source, size)
    except PixelError as err:
        return note(err.code, err.what, where=err.where, hint=err.hint)
    return None


FARTHEST_MM = 1e6
"""A position farther from the origin is none: no scanner is so long, and float32, which files have for it, no longer
holds a tenth of a millimetre."""


def _position(header: Header) -> Position | None:
    position = header.numbers("ImagePositionPatient")
    if len(position) != 3 or max(map(abs, position)) > FARTHEST_MM:
        return None
    return position[0], position[1], position[2]


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
