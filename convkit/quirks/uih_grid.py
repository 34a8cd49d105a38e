"""United Imaging grids: all slices of a volume as tiles of one picture, with a private sequence that places them."""

from __future__ import annotations

import math

from convkit.dicom.header import Header
from convkit.dicom.sequences import items_of
from convkit.errors import MissingAttributeError
from convkit.model.frame import Picture
from convkit.quirks._quirk import UnfoldQuirk

_POSITION, _ORIENTATION, _ACQUISITION_TIME = 0x00200032, 0x00200037, 0x00080032


def _applies(header: Header) -> bool:
    return "VFRAME" in header.texts("ImageType")


def _unfold(header: Header) -> Header:
    slices = int(header.number("UIHNumberOfTiles") or 0)
    items = items_of(header.far("UIHTiles"))
    if slices < 1 or len(items) < slices:
        raise MissingAttributeError(
            f"A grid says that it has {slices} slices, and its private sequence (0065,xx51) places {len(items)}.",
            header.path,
            "Export the series again without removing private elements.",
            "object.mosaic-count",
        )
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
    for item in items[:slices]:
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
