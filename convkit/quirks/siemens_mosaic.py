"""Siemens mosaics: all slices of a volume as tiles of one image."""

from __future__ import annotations

from convkit.dicom.header import Header
from convkit.model.notes import Note, note
from convkit.quirks._quirk import SetAsideQuirk


def _applies(header: Header) -> bool:
    return "MOSAIC" in header.texts("ImageType")


def _note(header: Header) -> Note:
    return note("object.mosaic", where=header.path)


QUIRK = SetAsideQuirk(
    name="siemens-mosaic",
    why="Image Type contains MOSAIC; Siemens MR conformance statements, and nibabel's notes on mosaics",
    applies=_applies,
    note=_note,
)
