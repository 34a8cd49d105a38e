"""United Imaging grids: all slices of a volume as tiles of one picture, with a private sequence that places them."""

from __future__ import annotations

import math

from convkit.dicom.header import Header
from convkit.dicom.sequences import Item, items_of
from convkit.errors import MissingAttributeError
from convkit.quirks._quirk import UnfoldQuirk
from convkit.quirks._tiles import tiles_of

_POSITION, _ORIENTATION, _ACQUISITION_TIME = 0x00200032, 0x00200037, 0x00080032


def _applies(header: Header) -> bool:
    return "VFRAME" in header.texts("ImageType")


def _unfold(header: Header) -> Header:
    items = _items(header)
    across = math.ceil(math.sqrt(len(items)))
    tiles = tiles_of(header, len(items), down=math.ceil(len(items) / across), across=across)
    place = header.table.places
    frames = []
    for item in items:
        own = {e.tag: item.value(e) for e in item.elements() if e.tag in _KEPT}
        if not own.get(_POSITION, b"").strip(b" \0"):
            raise MissingAttributeError(
                "The private sequence (0065,xx51) of a grid does not tell the position of every tile.",
                header.path,
                "Export the series again without removing private elements.",
                "geometry.missing-position",
            )
        frames.append({**tiles.shared, **{place[_KEPT[tag]]: value for tag, value in own.items()}})
    return header.with_frames(frames, tiles.picture)


def _items(header: Header) -> list[Item]:
    """An item for each slice; a count that differs from that of the items leaves open which of the two is wrong."""
    count, sequence = header.number("UIHNumberOfTiles"), header.far("UIHTiles")
    if count is None or sequence is None:
        raise MissingAttributeError(
            "A grid lacks the number of its slices, (0065,xx50), or the sequence that places them, (0065,xx51).",
            header.path,
            "Export the series again without removing private elements.",
            "object.mosaic-count",
        )
    items = list(items_of(sequence))
    if not items or count != len(items):
        raise MissingAttributeError(
            f"A grid says in (0065,xx50) that it has {count:g} slices, and its private sequence (0065,xx51) places "
            f"{len(items)}.",
            header.path,
            "",
            "header.inconsistent",
        )
    return items


_KEPT = {
    _POSITION: "ImagePositionPatient",
    _ORIENTATION: "ImageOrientationPatient",
    _ACQUISITION_TIME: "AcquisitionTime",
}

QUIRK = UnfoldQuirk(
    name="uih-grid",
    why="Image Type contains VFRAME; United Imaging's note on its grid images, data set neurolabusc/dcm_qa_uih",
    applies=_applies,
    unfold=_unfold,
)
