"""The headers that stand for a stack: what its facts are read from."""

from __future__ import annotations

from dataclasses import dataclass

from convkit.dicom.header import Header
from convkit.quirks import slice_time
from convkit.series.group import Series
from convkit.series.stack import Stack

_MR = "MR"


@dataclass(frozen=True, slots=True)
class Leads:
    """Headers of a stack.

    Attributes
    ----------
    volumes : tuple of Header
        Of the first slice of each volume.
    slice_times : tuple of float
        When each slice of a volume was acquired, seconds after any moment, in the order of the stack; empty where that
        is not known of all of them.
    """

    volumes: tuple[Header, ...]
    slice_times: tuple[float, ...] = ()

    @property
    def first(self) -> Header:
        """Of the first slice of the first volume."""
        return self.volumes[0]


def leads_of(series: Series, stack: Stack) -> Leads:
    """The headers that stand for a stack of a series."""
    volumes = tuple(series.header_of(volume[0]) for volume in stack.frames)
    return Leads(volumes, _slice_times(series, stack) if volumes[0].text("Modality") == _MR else ())


def _slice_times(series: Series, stack: Stack) -> tuple[float, ...]:
    """Times of the second volume where there is one: the first of a run may have waited for a trigger or dummy scans."""
    times: list[float] = []
    for frame in stack.frames[min(1, stack.volumes - 1)]:
        seconds = slice_time(series.header_of(frame))
        if seconds is None:
            return ()
        times.append(seconds)
    return tuple(times) if len(times) > 1 else ()
