"""Times of day, and how they are written."""

from __future__ import annotations

from convkit.dicom import values
from convkit.dicom.header import Header

DAY_S = 86400.0
_HALF_DAY_S = DAY_S / 2
_DATE_DIGITS = 8
_SHORTEST = 6
"""Digits of a time that has hours, minutes and seconds."""

OBJECT_STARTS = ("AcquisitionTime", "AcquisitionDateTime")
"""Where an object says when its acquisition started: classic, enhanced."""

STARTS = ("FrameAcquisitionDateTime", *OBJECT_STARTS)
"""Where an image says it: a frame of an enhanced object has a time of its own."""


def time_of_day(header: Header, keywords: tuple[str, ...]) -> str:
    """Digits of the time, ``101500.25``, from the first of some attributes that has it; empty where none has.

    A date before the time (VR DT) and an offset from UTC after it are cut off.
    """
    for keyword in keywords:
        digits = header.text(keyword).replace(":", "")
        if keyword.endswith("DateTime"):
            digits = digits[_DATE_DIGITS:].partition("+")[0].partition("-")[0]
        if len(digits) >= _SHORTEST and digits[:_SHORTEST].isdigit():
            return digits
    return ""


def seconds(header: Header, keywords: tuple[str, ...]) -> float | None:
    """The time of day in seconds; None where no attribute has it."""
    return values.seconds_of_day(time_of_day(header, keywords).encode())


def since(moment: float, start: float) -> float:
    """Seconds from one time of day to another that is less than half a day away; midnight may lie between."""
    difference = (moment - start + _HALF_DAY_S) % DAY_S - _HALF_DAY_S
    return round(difference, 6)


def written(time: float) -> str:
    """A time of day as BIDS writes it: ``10:15:00``, with a fraction only where there is one."""
    whole, fraction = divmod(round(time * 1e6), 1_000_000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}" + (f".{fraction:06d}" if fraction else "")
