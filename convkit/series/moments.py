"""What may order the volumes of a 4-D series in time, most explicit first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from convkit.dicom import values
from convkit.dicom.attributes import TagTable
from convkit.dicom.header import Header
from convkit.quirks import ORDER_KEYWORDS, volume_number

DAY_S = 86400.0


class Moment(NamedTuple):
    """One attribute that may number or time the volumes.

    Attributes
    ----------
    keyword : str
        As the reason of a split names it.
    entity : str
        Part of a file name.
    reads : tuple of str
        Every keyword that `read` reads.
    read : header to a sortable number, None where absent
    is_index : bool
        True where all images of a volume have the same number.
    """

    keyword: str
    entity: str
    reads: tuple[str, ...]
    read: Callable[[Header], float | None]
    is_index: bool = False


def _number(keyword: str, entity: str) -> Moment:
    return Moment(keyword, entity, (keyword,), lambda header: header.number(keyword))


def _index(keyword: str, entity: str, named: str = "") -> Moment:
    return Moment(named or keyword, entity, (keyword,), lambda header: header.number(keyword), is_index=True)


def _time(date: str, time: str) -> Moment:
    """Days and seconds as one sortable number; not a duration (days count YYYYMMDD)."""

    def read(header: Header) -> float | None:
        raw = header.raw(time)
        seconds = values.seconds_of_day(raw) if raw else None
        if seconds is None:
            return None
        day = header.raw(date)
        return (values.day_number(day) or 0 if day else 0) * DAY_S + seconds

    return Moment(time, "acq", (date, time), read)


def _moment(keyword: str) -> Moment:
    """Days and seconds of a date with time as one sortable number."""

    def read(header: Header) -> float | None:
        raw = header.raw(keyword)
        seconds = values.seconds_of_moment(raw) if raw else None
        return None if raw is None or seconds is None else (values.day_number(raw) or 0) * DAY_S + seconds

    return Moment(keyword, "acq", (keyword,), read)


MOMENTS: tuple[Moment, ...] = (
    Moment("A private number of the manufacturer", "vol", ORDER_KEYWORDS, volume_number, is_index=True),
    _index("TemporalPositionIdentifier", "t"),
    _index("DimensionRank", "t", "DimensionIndexValues"),
    _index("SeriesNumber", "ser"),  # of series that were put together
    _number("FrameReferenceTime", "t"),
    _number("TriggerTime", "phase"),
    _number("AcquisitionNumber", "acq"),
    _time("AcquisitionDate", "AcquisitionTime"),
    _moment("FrameAcquisitionDateTime"),
    _time("ContentDate", "ContentTime"),
)

Moments = tuple[float | None, ...]
"""The moments of one frame, in the order of `MOMENTS`."""


class MomentReader:
    """Reads the moments of frames; what images share is read once.

    Parameters
    ----------
    table : TagTable
        Of all headers.
    """

    def __init__(self, table: TagTable) -> None:
        self._asked = tuple((moment, values_of, dict[Any, float | None]()) for moment, values_of in _askers(table))

    def of_frames(self, image: Header) -> list[Moments]:
        """The moments of each frame of an image."""
        shared = self._of(image)
        if image.unfolded is None:
            return [shared]
        own = {image.table.attributes[place].keyword for place in image.unfolded.places}
        varying = [rank for rank, moment in enumerate(MOMENTS) if own & {*moment.reads}]
        if not varying:
            return [shared] * image.frames
        return [_own(image.of_frame(frame), shared, varying) for frame in range(image.frames)]

    def _of(self, image: Header) -> Moments:
        raw = image.parsed.raw
        found: list[float | None] = []
        for moment, values_of, known in self._asked:
            given = values_of(raw)
            try:
                found.append(known[given])
            except KeyError:
                known[given] = moment.read(image)
                found.append(known[given])
        return tuple(found)


@lru_cache(maxsize=8)
def _askers(table: TagTable) -> tuple[tuple[Moment, Callable[[tuple[bytes | None, ...]], Any]], ...]:
    """Each moment, and what takes from raw values those that it depends on."""
    return tuple((moment, itemgetter(*(table.places[keyword] for keyword in moment.reads))) for moment in MOMENTS)


def _own(header: Header, shared: Moments, varying: Sequence[int]) -> Moments:
    moments = list(shared)
    for rank in varying:
        moments[rank] = MOMENTS[rank].read(header)
    return tuple(moments)
