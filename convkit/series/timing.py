"""Images at the same positions to volumes in order of time.

Never by a mixture of attributes: one attribute orders all images, and it is trusted only where its volumes follow each
other, the last image of one before the first image of the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from convkit.model.frame import Frame
from convkit.model.notes import Note, note
from convkit.series.moments import MOMENTS

_LEAST_VOLUMES = 3
"""Images at a position from which a run may have a short last volume: with two, the second is rather a double."""

Levels = Sequence[Sequence[Frame]]
Volumes = tuple[tuple[Frame, ...], ...]
Key = Callable[[Frame], float | None]


class _Clock(NamedTuple):
    """One attribute that may tell volumes apart in time."""

    value: Key
    is_index: bool


def _clock(place: int) -> _Clock:
    return _Clock(lambda frame: frame.moments[place], MOMENTS[place].is_index)


_CLOCKS = (*map(_clock, range(len(MOMENTS))), _Clock(lambda frame: frame.number, is_index=False))
_RANK = _CLOCKS[[m.reads for m in MOMENTS].index(("DimensionRank",))]
"""Counts within one object, and so tells nothing of frames of several."""

LONGEST_PAUSE = 4
"""A pause within a volume may be this many times the one before the next volume. Volumes that lost slices and are
filled from their neighbours have the pause between two volumes in their middle."""


def volumes_in_time(levels: Levels) -> Volumes | None:
    """Frames as (volumes, slices) by the first attribute whose volumes follow each other; None where none does.

    Parameters
    ----------
    levels : frames of each position, equally many
    """
    if len(levels[0]) == 1:
        return (tuple(level[0] for level in levels),)
    for clock in _clocks(levels):
        volumes = _by(levels, clock.value)
        if volumes is None:
            continue
        if clock.is_index and _contradicts(levels, clock.value):
            return None  # images of some volumes are missing; a weaker attribute would fill them from their neighbours
        if _follow_each_other(volumes, clock):
            return volumes
    return None


def _clocks(levels: Levels) -> Iterator[_Clock]:
    is_one_object = len({frame.instance for level in levels for frame in level}) == 1
    return (clock for clock in _CLOCKS if clock is not _RANK or is_one_object)


def _contradicts(levels: Levels, value: Key) -> bool:
    """True where an index of volumes has other numbers at one position than at another."""
    numbers = [{value(frame) for frame in level} for level in levels]
    everything = set().union(*numbers)
    # Many more numbers than volumes are no index: some makers count images with this attribute.
    return len(everything) < 2 * len(levels[0]) and any(each != everything for each in numbers)


def order_volumes(levels: Levels) -> tuple[Volumes, tuple[Note, ...]] | None:
    """Frames as (volumes, slices), and a note where the headers leave the order in doubt; None where nothing tells it.

    Where no attribute's volumes follow each other, the instance numbers order the images of each position, if all of
    one position come before all of the next: some scanners number all times of a slice before the next slice.
    """
    found = volumes_in_time(levels)
    if found:
        return found, ()
    if any(c.is_index and _by(levels, c.value) and _contradicts(levels, c.value) for c in _clocks(levels)):
        return None
    numbered = _by(levels, lambda frame: frame.number)
    if numbered is None or not _is_by_position(levels):
        return None
    text = "Times and numbers in the headers disagree on the order of the volumes; InstanceNumber was used."
    return numbered, (note("series.ambiguous-order", text),) if _moments_vary(levels) else ()


def _is_by_position(levels: Levels) -> bool:
    """True where the instance numbers of each position lie before, or after, all of another."""
    ends = sorted((min(n), max(n)) for n in ([f.number or 0.0 for f in level] for level in levels))
    return all(last < first for (_, last), (first, _) in pairwise(ends))


def guessed_volumes(levels: Levels) -> Volumes:
    """Frames as (volumes, slices) by number, else by UID: for those who asked for what is there in any order."""
    return tuple(zip(*(sorted(level, key=by_number) for level in levels), strict=True))


def without_short_volume(levels: Levels) -> list[Frame] | None:
    """The frames of all complete volumes where only the last one lacks slices, as in a run that was stopped; else None.

    One attribute must tell it: its volumes follow each other, and what is left over follows them all.
    """
    most = max(len(level) for level in levels)
    if most < _LEAST_VOLUMES or {len(level) for level in levels} != {most, most - 1}:
        return None
    for clock in _clocks(levels):
        ordered = [_sorted(level, clock.value) for level in levels]
        if any(level is None for level in ordered):
            continue
        sound = [level for level in ordered if level is not None]
        complete = tuple(zip(*(level[: most - 1] for level in sound), strict=True))
        rest = tuple(frame for level in sound for frame in level[most - 1 :])
        if clock.is_index and _contradicts([level[: most - 1] for level in sound], clock.value):
            return None
        if _follow_each_other((*complete, rest), clock):
            return [frame for volume in complete for frame in volume]
    return None


def _by(levels: Levels, key: Key) -> Volumes | None:
    """Volumes by one attribute, or None where it is absent somewhere or ties two images of a position."""
    ordered = []
    for level in levels:
        found = _sorted(level, key)
        if found is None:
            return None
        ordered.append(found)
    return tuple(zip(*ordered, strict=True))


def _sorted(level: Sequence[Frame], key: Key) -> list[Frame] | None:
    """Frames of one position by an attribute, or None where it is absent somewhere or ties two of them."""
    keyed: dict[float, Frame] = {}
    for frame in level:
        value = key(frame)
        if value is None:
            return None
        keyed[value] = frame
    return [keyed[value] for value in sorted(keyed)] if len(keyed) == len(level) else None


def _follow_each_other(volumes: Volumes, clock: _Clock) -> bool:
    times = [sorted(clock.value(frame) or 0.0 for frame in volume) for volume in volumes]
    between = [later[0] - earlier[-1] for earlier, later in pairwise(times)]
    if min(between) <= 0:
        return False
    within = max((b - a for volume in times for a, b in pairwise(volume)), default=0.0)
    return clock.is_index or within <= LONGEST_PAUSE * min(between)


def _moments_vary(levels: Levels) -> bool:
    """True where some moment differs between the images of a position, so that it might have ordered them."""
    places = range(len(MOMENTS))
    return any(len({f.moments[p] for f in level}) > 1 for level in levels for p in places)


def by_number(frame: Frame) -> tuple[float, str]:
    """Sort key: instance number, then UID; frames without a number come first."""
    return (-1 if frame.number is None else frame.number), frame.sop_instance_uid
