"""Plain images, made ready while their headers are read, so that no header is read twice.

Most files are plain: one grey, uncompressed frame, whose header tells how it is shown in a few attributes. What files
of a batch share of these is worked out once, and held once.
"""

from __future__ import annotations

from operator import itemgetter

from convkit.dicom import pixels
from convkit.dicom.attributes import TagTable
from convkit.dicom.display import display_of, has_burned_in
from convkit.dicom.header import Header
from convkit.dicom.unfold import unfold
from convkit.errors import ConvkitError
from convkit.jobs._pictures.image_file import PlainKind

KEYWORDS = tuple(
    dict.fromkeys(
        (
            *pixels.LAYOUT_KEYWORDS,
            "RescaleSlope",
            "RescaleIntercept",
            "SpecificCharacterSet",
            "SOPClassUID",
            "Modality",
            "NumberOfFrames",
            "ImageType",
            "DoseUnits",
            "Units",
            "RescaleType",
            "WindowCenter",
            "WindowWidth",
            "WindowCenterWidthExplanation",
            "VOILUTFunction",
            "PresentationLUTShape",
            "PixelPaddingValue",
            "PixelPaddingRangeLimit",
            "PixelSpacing",
            "ImagerPixelSpacing",
            "NominalScannedPixelSpacing",
            "PixelAspectRatio",
            "BurnedInAnnotation",
        )
    )
)
"""Everything that decides how a plain image is shown."""

MOST_KINDS = 8
"""Kinds of images that are worked out in a batch: where each has a window of its own, there is nothing to share."""


class Kinds:
    """The kinds of plain images in one batch.

    Parameters
    ----------
    table : TagTable
        Of all headers.
    """

    def __init__(self, table: TagTable) -> None:
        self._key_of = itemgetter(*(table.places[keyword] for keyword in KEYWORDS))
        self._sequences = frozenset(place for place, a in enumerate(table.attributes) if a.vr == "SQ" and not a.creator)
        self._kinds: dict[tuple[bytes | None, ...], PlainKind | None] = {}

    def of(self, header: Header) -> PlainKind | None:
        """The kind of an image; None where it is not plain or not whole, for whoever makes its picture to open."""
        if any(far.place in self._sequences for far in header.parsed.far):
            return None
        key = (*self._key_of(header.parsed.raw), header.transfer_syntax)
        if key not in self._kinds:
            if len(self._kinds) >= MOST_KINDS:
                return None
            self._kinds[key] = _kind(header)
        kind = self._kinds[key]
        return kind if kind and _is_whole(header, kind) else None


def _is_whole(header: Header, kind: PlainKind) -> bool:
    try:
        source = pixels.source_of(header, kind.source.layout)
        pixels.check_complete(source, header.size)
    except ConvkitError:
        return False
    return not pixels.has_surplus(source)


def _kind(header: Header) -> PlainKind | None:
    """What a header says of all images that are like it; None where it is not plain."""
    try:
        if unfold(header) is not header or header.integer("NumberOfFrames") not in {None, 1}:
            return None
        layout = pixels.layout_of(header)
        source = pixels.source_of(header, layout)
        shown = display_of(header)
    except ConvkitError:
        return None
    if layout.is_colour or not pixels.is_direct(source) or shown.notes:
        return None
    return PlainKind(source._replace(length=layout.bytes_per_frame), shown, has_burned_in(header))
