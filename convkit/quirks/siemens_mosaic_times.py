"""Siemens mosaics: when each tile was acquired."""

from __future__ import annotations

from convkit.dicom.header import Header
from convkit.quirks._quirk import SliceTimeQuirk

_MILLISECOND = 1e-3


def _applies(header: Header) -> bool:
    return header.has("SiemensMosaicRefAcqTimes") and header.text("MRAcquisitionType") != "3D"


def _seconds(header: Header) -> float | None:
    # Times stand in the order of the tiles, whichever way the slices are counted.
    times = header.numbers("SiemensMosaicRefAcqTimes")
    return times[header.frame] * _MILLISECOND if header.frame < len(times) else None


QUIRK = SliceTimeQuirk(
    name="siemens-mosaic-times",
    why="(0019,xx29) of creator SIEMENS MR HEADER repeats the CSA tag MosaicRefAcqTimes; data sets neurolabusc/dcm_qa "
    "and dcm_qa_stc",
    applies=_applies,
    seconds=_seconds,
)
