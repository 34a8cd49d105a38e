"""Images at the same positions to volumes in order of time.

Never by a mixture of attributes: one attribute orders all images, and it is trusted only where its volumes follow each
other, the last image of one before the first image of the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from convkit.model.frame import Frame
from convkit.model.notes import Note, note
from convkit.series.moments import MOMENTS

_LEAST_VOLUMES = 3
"""Images at a position from which a run may have a short last volume: with two, the second is rather a double."""

Levels = Sequence[Sequence[Frame]]
Volumes = tuple[tuple[Frame, ...], ...]
Key = Callable[[Frame], float | None]


def _moment(place: int) -> Key:
    return lambda frame: frame.moments[place]


_KEYS: tuple[Key, ...] = (*(_moment(p) for p in range(len(MOMENTS))), lambda frame: frame.number)


def volumes_in_time(levels: Levels) -> Volumes | None:
    """Frames as (volumes, slices) by the first attribute whose volumes follow each other; None where none does.

    Parameters
    ----------
    levels : frames of each position, equally many
    """
    if len(levels[0]) == 1:
        return (tuple(level[0] for level in levels),)
    for key in _KEYS:
        volumes = _by(levels, key)
        if volumes and _follow_each_other(volumes, key):
            return volumes
    return None


def order_volumes(levels: Levels) -> tuple[Volumes, tuple[Note, ...]]:
    """Frames as (volumes, slices), and a note where the headers leave the order in doubt.

    Where no attribute's volumes follow each other, the instance numbers order the images of each position: scanners
    that number all times of a slice before the next slice do so.
    """
    found = volumes_in_time(levels)
    if found:
        return found, ()
    numbered = _by(levels, lambda frame: frame.number)
    if numbered:
        text = "Times and numbers in the headers disagree on the order of the volumes; InstanceNumber was used."
        return numbered, (note("series.ambiguous-order", text),) if _moments_vary(levels) else ()
    levels = [sorted(level, key=by_number) for level in levels]
    return tuple(zip(*levels, strict=True)), (note("series.ambiguous-order"),)


def without_short_volume(levels: Levels) -> list[Frame] | None:
    """The frames of all complete volumes where only the last one lacks slices, as in a run that was stopped; else None.

    One attribute must tell it: its volumes follow each other, and what is left over follows them all.
    """
    most = max(len(level) for level in levels)
    if most < _LEAST_VOLUMES or {len(level) for level in levels} != {most, most - 1}:
        return None
    for key in _KEYS:
        ordered = [_sorted(level, key) for level in levels]
        if any(level is None for level in ordered):
            continue
        sound = [level for level in ordered if level is not None]
        complete = tuple(zip(*(level[: most - 1] for level in sound), strict=True))
        rest = tuple(frame for level in sound for frame in level[most - 1 :])
        if _follow_each_other((*complete, rest), key):
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
    keyed = [(value, frame) for frame in level if (value := key(frame)) is not None]
    if len(keyed) < len(level) or len({value for value, _ in keyed}) < len(level):
        return None
    return [frame for _, frame in sorted(keyed, key=lambda pair: pair[0])]


def _follow_each_other(volumes: Volumes, key: Key) -> bool:
    ends = [(min(times), max(times)) for times in ([key(f) or 0.0 for f in volume] for volume in volumes)]
    return all(last < first for (_, last), (first, _) in pairwise(ends))


def _moments_vary(levels: Levels) -> bool:
    """True where some moment differs between the images of a position, so that it might have ordered them."""
    places = range(len(MOMENTS))
    return any(len({f.moments[p] for f in level}) > 1 for level in levels for p in places)


def by_number(frame: Frame) -> tuple[float, str]:
    """Sort key: instance number, then UID; frames without a number come first."""
    return (-1 if frame.number is None else frame.number), frame.sop_instance_uid
