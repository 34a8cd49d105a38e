"""United Imaging grids: all slices of a volume as tiles of one image, with their own private sequence."""

from __future__ import annotations

from convkit.dicom.header import Header
from convkit.model.notes import Note, note
from convkit.quirks._quirk import SetAsideQuirk


def _applies(header: Header) -> bool:
    return "VFRAME" in header.texts("ImageType")


def _note(header: Header) -> Note:
    return note("object.mosaic", where=header.path)


QUIRK = SetAsideQuirk(
    name="uih-grid",
    why="Image Type contains VFRAME; data set neurolabusc/dcm_qa_uih",
    applies=_applies,
    note=_note,
)
