"""Frames by position: which lie at the same place, and how many there are of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from convkit.model import geometry
from convkit.model.frame import Frame

SAME_PLACE_MM = 0.01
"""Positions along the normal that differ by less are one position: finer than any clinical slice step, coarser than
the rounding of oblique positions. For thinner slices it shrinks to `SAME_PLACE_SHARE` of the mean step."""

SAME_PLACE_SHARE = 0.01


class Positions(NamedTuple):
    """Frames sorted along the normal and gathered by position.

    Attributes
    ----------
    levels : tuple of tuples of Frame
        Frames of each position, positions in order along row x column direction.
    """

    levels: tuple[tuple[Frame, ...], ...]

    @property
    def multiplicity(self) -> int | None:
        """How many frames each position has; None where they differ."""
        counts = {len(level) for level in self.levels}
        return counts.pop() if len(counts) == 1 else None

    @property
    def usual(self) -> int:
        """How many frames most positions have; the smaller number where two are equally frequent."""
        return int(np.bincount([len(level) for level in self.levels]).argmax())

    @property
    def most(self) -> int:
        """The largest number of frames at a position."""
        return max(len(level) for level in self.levels)


def by_position(frames: Sequence[Frame]) -> Positions:
    """Gather parallel frames by the projection of their position on the slice normal.

    Order along row x column direction, never by file name or instance number (PS3.3 C.7.6.2.1.1).
    """
    if len(frames) == 1:
        return Positions((tuple(frames),))
    heights = projections(frames)
    order = np.argsort(heights, kind="stable")
    sorted_heights = heights[order]
    tolerance = _tolerance(sorted_heights)
    levels: list[list[Frame]] = []
    start = 0.0
    for index, height in zip(order.tolist(), sorted_heights.tolist(), strict=True):  # Python's floats are faster
        if levels and height - start <= tolerance:
            levels[-1].append(frames[index])
        else:
            levels.append([frames[index]])
            start = height
    return Positions(tuple(map(tuple, levels)))


def projections(frames: Sequence[Frame]) -> geometry.Floats:
    """Distance of each frame along the slice normal of the first one, mm, (n,) float64."""
    return positions_of(frames) @ normal_of(frames)


def in_plane(frames: Sequence[Frame]) -> geometry.Floats:
    """Where each frame starts within the plane of the first one, along its row and its column, (n, 2) float64, mm."""
    cosines = frames[0].kind.orientation or (1, 0, 0, 0, 1, 0)
    axes = np.array([cosines[:3], cosines[3:]], dtype=np.float64)
    return positions_of(frames) @ axes.T


def positions_of(frames: Sequence[Frame]) -> geometry.Floats:
    """Image positions, (n, 3) float64, LPS mm."""
    return np.array([f.position_lps for f in frames], dtype=np.float64)


def normal_of(frames: Sequence[Frame]) -> geometry.Floats:
    """Slice normal of parallel frames, (3,) float64, LPS."""
    return _normal(frames[0].kind.orientation or (1, 0, 0, 0, 1, 0))


@lru_cache(maxsize=1024)
def _normal(cosines: tuple[float, ...]) -> geometry.Floats:
    """The same of many series, worked out once; read-only."""
    normal = geometry.slice_normal(cosines)
    normal.flags.writeable = False
    return normal


def _tolerance(heights: geometry.Floats) -> float:
    steps = np.diff(heights)
    distinct = int((steps > SAME_PLACE_SHARE * SAME_PLACE_MM).sum())
    if distinct == 0:
        return SAME_PLACE_MM
    return min(SAME_PLACE_MM, SAME_PLACE_SHARE * float(heights[-1] - heights[0]) / distinct)
