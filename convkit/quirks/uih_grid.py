"""United Imaging grids: all slices of a volume as tiles of one picture, with a private sequence that places them."""

from __future__ import annotations

import math

from convkit.dicom.header import Header
from convkit.dicom.sequences import Item, items_of
from convkit.errors import MissingAttributeError
from convkit.model.frame import Picture
from convkit.quirks._quirk import UnfoldQuirk

_POSITION, _ORIENTATION, _ACQUISITION_TIME = 0x00200032, 0x00200037, 0x00080032


def _applies(header: Header) -> bool:
    return "VFRAME" in header.texts("ImageType")


def _unfold(header: Header) -> Header:
    items = _tiles(header)
    slices = len(items)
    rows, columns = header.integer("Rows") or 0, header.integer("Columns") or 0
    across = math.ceil(math.sqrt(slices))
    down = math.ceil(slices / across)
    if not rows or not columns or rows % down or columns % across:
        raise MissingAttributeError(
            f"A grid of {rows} x {columns} pixels cannot hold {slices} slices in {down} x {across} tiles.",
            header.path,
            "",
            "header.inconsistent",
        )
    place = header.table.places
    shared = {
        place["Rows"]: (rows // down).to_bytes(2, "little"),
        place["Columns"]: (columns // across).to_bytes(2, "little"),
    }
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
        frames.append(shared | {place[_KEPT[tag]]: value for tag, value in own.items()})
    return header.with_frames(frames, Picture(rows, columns, across))


def _tiles(header: Header) -> list[Item]:
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
