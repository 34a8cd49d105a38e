"""The headers that stand for a stack: what its facts are read from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from convkit.dicom.header import Header
from convkit.model.frame import Frame
from convkit.quirks import slice_time
from convkit.series.group import Series
from convkit.series.stack import Stack
from convkit.series.timing import by_number

_MR = "MR"


class Leads(NamedTuple):
    """Headers of a stack.

    Attributes
    ----------
    volumes : tuple of Header
        Of the first image of each volume.
    lowest : Header
        Of the first slice of the stack.
    slice_times : tuple of float
        When each slice of a volume was acquired, seconds after the first, in the order of the stack; empty where that
        is not known of all of them.
    """

    volumes: tuple[Header, ...]
    lowest: Header
    slice_times: tuple[float, ...] = ()

    @property
    def first(self) -> Header:
        """Of the first image of the first volume."""
        return self.volumes[0]


def leads_of(series: Series, stack: Stack) -> Leads:
    """The headers that stand for a stack of a series."""
    # The first image that was taken, not the lowest one: its time is when the acquisition began.
    volumes = tuple(series.header_of(_earliest(volume)) for volume in stack.frames)
    times = _slice_times(series, stack) if volumes[0].text("Modality") == _MR else ()
    return Leads(volumes, series.header_of(stack.first), times)


def _earliest(frames: Sequence[Frame]) -> Frame:
    """The frame of the lowest number; any where all are of one object, and so have one header."""
    instance = frames[0].instance
    return frames[0] if all(f.instance == instance for f in frames) else min(frames, key=by_number)


SAME_SPREAD_S = 1e-7
"""Two volumes whose slices are spread over the same time, up to the rounding of a float, were acquired alike."""


def _slice_times(series: Series, stack: Stack) -> tuple[float, ...]:
    """Times of the second volume, as the first of a run may have waited for a trigger or be told wrongly.

    Of tiled pictures the first, unless it is unlike the second. Observed on dcm2niix v1.0.20260724; the volumes of a
    sound run differ by no more than the ticks of the clock (2.5 ms).
    """
    first = _times(series, stack.frames[0])
    second = _times(series, stack.frames[1]) if first and stack.volumes > 1 else first
    is_tiled = stack.first.pixels.picture is not None
    is_alike = bool(first and second) and abs(max(first) - max(second)) <= SAME_SPREAD_S
    return first if is_tiled and is_alike else second


def _times(series: Series, frames: Sequence[Frame]) -> tuple[float, ...]:
    """Seconds after the first slice; empty where the time of a slice is not known."""
    times: list[float] = []
    for frame in frames:
        seconds = slice_time(series.header_of(frame))
        if seconds is None:
            return ()
        times.append(seconds)
    return tuple(t - min(times) for t in times) if len(times) > 1 else ()
