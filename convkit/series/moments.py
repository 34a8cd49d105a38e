"""What may order the volumes of a 4-D series in time, most explicit first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from convkit.dicom import values
from convkit.dicom.header import Header
from convkit.quirks import volume_number

DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One attribute that may number or time the volumes.

    Attributes
    ----------
    keyword : str
        As the reason of a split names it.
    entity : str
        Part of a file name.
    read : header to a sortable number, None where absent
    """

    keyword: str
    entity: str
    read: Callable[[Header], float | None]


def _number(keyword: str) -> Callable[[Header], float | None]:
    return lambda header: header.number(keyword)


def _date_and_time(date: str, time: str) -> Callable[[Header], float | None]:
    """Days and seconds as one sortable number; not a duration (days count YYYYMMDD)."""

    def read(header: Header) -> float | None:
        raw = header.raw(time)
        seconds = values.seconds_of_day(raw) if raw else None
        if seconds is None:
            return None
        day = header.raw(date)
        return (values.day_number(day) or 0 if day else 0) * DAY_S + seconds

    return read


def _moment(keyword: str) -> Callable[[Header], float | None]:
    """Days and seconds of a date with time as one sortable number."""

    def read(header: Header) -> float | None:
        raw = header.raw(keyword)
        seconds = values.seconds_of_moment(raw) if raw else None
        return None if raw is None or seconds is None else (values.day_number(raw) or 0) * DAY_S + seconds

    return read


MOMENTS: tuple[Moment, ...] = (
    Moment("A private number of the manufacturer", "vol", volume_number),
    Moment("TemporalPositionIdentifier", "t", _number("TemporalPositionIdentifier")),
    Moment("DimensionIndexValues", "t", _number("DimensionRank")),
    Moment("FrameReferenceTime", "t", _number("FrameReferenceTime")),
    Moment("TriggerTime", "phase", _number("TriggerTime")),
    Moment("AcquisitionNumber", "acq", _number("AcquisitionNumber")),
    Moment("AcquisitionTime", "acq", _date_and_time("AcquisitionDate", "AcquisitionTime")),
    Moment("FrameAcquisitionDateTime", "acq", _moment("FrameAcquisitionDateTime")),
    Moment("ContentTime", "acq", _date_and_time("ContentDate", "ContentTime")),
)


def read_moments(header: Header) -> tuple[float | None, ...]:
    """The moments of one instance, in the order of `MOMENTS`."""
    return tuple(moment.read(header) for moment in MOMENTS)
