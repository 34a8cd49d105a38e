"""Siemens MR, one slice an image or frame: when it was acquired."""

from __future__ import annotations

from datetime import date

from convkit.dicom import values
from convkit.dicom.header import Header
from convkit.quirks._quirk import SliceTimeQuirk

_DAY = 86400.0
_DATE_DIGITS = 8


def _applies(header: Header) -> bool:
    # By its name, because de-identifiers take the private elements away and leave the times.
    is_siemens = header.text("Manufacturer").upper().startswith("SIEMENS") and header.text("Modality") == "MR"
    return is_siemens and header.text("MRAcquisitionType") != "3D" and "MOSAIC" not in header.texts("ImageType")


def _seconds(header: Header) -> float | None:
    # De-identifiers change the times of day; the time after the start of the measurement stays.
    after_start = header.number("SiemensXATimeAfterStart")
    if after_start is not None:
        return after_start
    moment = header.raw("FrameAcquisitionDateTime") or b""
    return _moment(moment[:_DATE_DIGITS], moment[_DATE_DIGITS:]) if moment else _acquisition_time(header)


def _acquisition_time(header: Header) -> float | None:
    return _moment(header.raw("AcquisitionDate") or b"", header.raw("AcquisitionTime") or b"")


def _moment(day: bytes, time: bytes) -> float | None:
    """Seconds of a moment, counted so that they grow over midnight; None where the time cannot be read."""
    seconds = values.seconds_of_day(time)
    return None if seconds is None else seconds + _days(day) * _DAY


def _days(day: bytes) -> int:
    try:
        return date.fromisoformat(day.decode("ascii").strip(" \0").replace(".", "")).toordinal()
    except ValueError:
        return 0


QUIRK = SliceTimeQuirk(
    name="siemens-slice-times",
    why="(0021,xx04) of creator SIEMENS MR SDI 02 is the time after the start of the measurement in seconds; software "
    "of the V line writes the time of day of each slice into Acquisition Time; dcm2niix's vendor notes on Siemens; "
    "data sets neurolabusc/dcm_qa_xa30, dcm_qa_xa30i, dcm_qa_stc, dcm_qa_me",
    applies=_applies,
    seconds=_seconds,
)
