"""United Imaging MR: the acquisition time of each slice, of its own file or of its tile, is true."""

from __future__ import annotations

from convkit.dicom import values
from convkit.dicom.header import Header
from convkit.quirks._quirk import SliceTimeQuirk


def _applies(header: Header) -> bool:
    # The private creator Image Private Header was checked when the header was read (PS3.5 7.8.1).
    is_theirs = header.raw("UIHParallelInformation") is not None or header.raw("UIHNumberOfTiles") is not None
    return is_theirs and header.text("MRAcquisitionType") == "2D"


def _seconds(header: Header) -> float | None:
    raw = header.raw("AcquisitionTime")
    return values.seconds_of_day(raw) if raw else None


QUIRK = SliceTimeQuirk(
    name="uih-slice-times",
    why="(0008,0032) of each slice, in grids that of the items of (0065,xx51); United Imaging's list of private "
    "elements, dcm2niix issue 225, data set neurolabusc/dcm_qa_uih",
    applies=_applies,
    seconds=_seconds,
)
