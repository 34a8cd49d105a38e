"""Are the slices evenly spaced on one line? The one place that judges it.

Tolerances are shares of the voxel size, widened only where the header's own rounding explains more: positions that
are written with one decimal scatter by 0.05 mm without anything being wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from convkit.model.frame import Frame
from convkit.model.geometry import Floats
from convkit.series.positions import normal_of, positions_of

EVEN_SHARE = 0.01
"""A slice may lie this share of the step off its even place: the comparator of the field allows as much."""

ROUNDED_SHARE = 0.05
"""The most that rounding in the header may excuse, as a share of the step or of a pixel."""

SHIFTED_SHARE = 0.25
"""Slices that are shifted against each other by less than this share of a pixel are one stack still: it is said, and
less than resampling to a straight line would change."""

_GRIDS_MM = (0.1, 0.05, 0.02, 0.01)
_ON_GRID = 1e-3

COSINE_ROUNDING = 1e-4
"""Direction cosines with four decimals turn the normal by this much; a smaller shear cannot be told from it."""

_LISTED_GAPS = 5


class Evenness(StrEnum):
    """What the spacing of a stack is like."""

    EVEN = "even"
    MISSING = "missing"  # gaps of whole multiples of the step
    IRREGULAR = "irregular"  # any other variation
    NOT_COLLINEAR = "not-collinear"  # shifted within the plane


class Line(NamedTuple):
    """How the slices of one stack are spaced.

    Attributes
    ----------
    evenness : Evenness
    step_lps : (3,) float64
        (last - first) / (n - 1), mm; the exact step of an even stack.
    is_sheared : bool
    is_rounded : bool
        Even only with the header's rounding taken into account.
    deviation_mm : float
        Largest distance of a slice from its even place.
    gaps : tuple of (index before, steps)
        Where slices are missing or the distance is odd: index of the slice before, and the distance in units of the
        usual step.
    base_mm : float
        The usual (median) distance.
    """

    evenness: Evenness
    step_lps: Floats
    is_sheared: bool
    is_rounded: bool
    deviation_mm: float
    gaps: tuple[tuple[int, float], ...]
    base_mm: float


def judge(frames: Sequence[Frame]) -> Line:
    """Judge parallel frames, one a position, sorted along the normal; two or more of them."""
    positions, normal = positions_of(frames), normal_of(frames)
    heights = positions @ normal
    steps = np.diff(heights)
    base = _median(steps)
    step = (positions[-1] - positions[0]) / (len(frames) - 1)
    even = float(step @ normal)
    off_line = np.abs(heights - heights[0] - even * np.arange(len(frames))).max()
    rounding = 2 * rounding_mm(frames)
    allowed = max(EVEN_SHARE * even, min(rounding * float(np.abs(normal).sum()), ROUNDED_SHARE * even))
    in_plane, drift, pixel = _in_plane(positions, heights, normal), _drift(positions, heights, normal), _pixel(frames)
    gaps = _gaps(steps, base)
    return Line(
        evenness=_evenness(off_line <= allowed, in_plane <= SHIFTED_SHARE * pixel, gaps),
        step_lps=step,
        is_sheared=bool(drift > max(ROUNDED_SHARE * pixel, COSINE_ROUNDING * float(heights[-1] - heights[0]))),
        is_rounded=bool(off_line > EVEN_SHARE * even or in_plane > EVEN_SHARE * pixel),
        deviation_mm=float(max(off_line, in_plane)),
        gaps=gaps,
        base_mm=base,
    )


def _median(steps: Floats) -> float:
    """The median; numpy's own imports a good part of numpy first."""
    ordered, middle = np.sort(steps), len(steps) // 2
    return float(ordered[middle] if len(steps) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)


def rounding_mm(frames: Sequence[Frame]) -> float:
    """Rounding of the positions, mm: of the one with most decimals, because writers drop zeros at the end."""
    return max(min(f.position_rounding_mm for f in frames), _grid_mm(positions_of(frames)) / 2)


def _grid_mm(positions: Floats) -> float:
    """The grid that positions of an oblique stack lie on, mm; 0 where they lie on none.

    Some scanners round positions more coarsely than they write them: the steps of an oblique stack are then whole
    tenths of a millimetre on every axis, which no geometry explains. Of a stack along one axis it would tell nothing.
    """
    steps = np.diff(positions, axis=0)
    if (np.ptp(positions, axis=0) > _GRIDS_MM[0]).sum() < 2:
        return 0.0
    on_grid = (g for g in _GRIDS_MM if np.abs(steps / g - np.round(steps / g)).max() < _ON_GRID)
    return next(on_grid, 0.0)


def in_plane_tolerance(frames: Sequence[Frame]) -> float:
    """How far slices or volumes may lie off each other within the plane, mm."""
    rounding = 2 * rounding_mm(frames) * 3**0.5
    return max(EVEN_SHARE * _pixel(frames), min(rounding, ROUNDED_SHARE * _pixel(frames)))


def _evenness(is_even: bool, is_straight: bool, gaps: tuple[tuple[int, float], ...]) -> Evenness:  # noqa: FBT001 (two findings, not options)
    if not is_straight:
        return Evenness.NOT_COLLINEAR
    if is_even:
        return Evenness.EVEN
    is_missing = bool(gaps) and all(n > 1.5 and abs(n - round(n)) <= ROUNDED_SHARE * n for _, n in gaps)
    return Evenness.MISSING if is_missing else Evenness.IRREGULAR


def _gaps(steps: Floats, base: float) -> tuple[tuple[int, float], ...]:
    """Steps that differ from the usual one by more than rounding can explain, as multiples of it."""
    odd = np.nonzero(np.abs(steps - base) > ROUNDED_SHARE * base)[0]
    return tuple((int(i), float(steps[i] / base)) for i in odd)


def _in_plane(positions: Floats, heights: Floats, normal: Floats) -> float:
    """Largest distance, within the plane, from the line between the first and the last slice, mm."""
    flat = positions - np.outer(heights, normal)
    share = (heights - heights[0]) / (heights[-1] - heights[0])
    return float(np.linalg.norm(flat - flat[0] - np.outer(share, flat[-1] - flat[0]), axis=1).max())


def _drift(positions: Floats, heights: Floats, normal: Floats) -> float:
    """Shift of the last slice against the first within the plane, mm: what gantry tilt makes."""
    flat = positions - np.outer(heights, normal)
    return float(np.linalg.norm(flat[-1] - flat[0]))


def _pixel(frames: Sequence[Frame]) -> float:
    return min(frames[0].kind.spacing or (1.0, 1.0))


def describe_gaps(frames: Sequence[Frame], line: Line) -> str:
    """Where the spacing is odd: positions along the normal and instance numbers, for a message."""
    heights = positions_of(frames) @ normal_of(frames)
    places = [
        f"between {heights[i]:.2f} mm (instance {_number(frames[i])}) and {heights[i + 1]:.2f} mm "
        f"(instance {_number(frames[i + 1])}) the distance is {steps * line.base_mm:.3f} mm"
        for i, steps in line.gaps[:_LISTED_GAPS]
    ]
    more = f"; and {len(line.gaps) - _LISTED_GAPS} more places" if len(line.gaps) > _LISTED_GAPS else ""
    return "; ".join(places) + more if places else f"slices lie up to {line.deviation_mm:.3f} mm off their even places"


def _number(frame: Frame) -> str:
    return "unknown" if frame.instance_number is None else str(frame.instance_number)


def even_runs(frames: Sequence[Frame]) -> list[tuple[Frame, ...]]:
    """Cut a sorted stack into the longest evenly spaced runs, first come first served."""
    runs: list[tuple[Frame, ...]] = []
    start = 0
    while start < len(frames):
        end = start + 1
        while (
            end < len(frames) and (end - start < 2 or _is_even(frames[start : end + 1])) and _joins(frames, start, end)
        ):
            end += 1
        runs.append(tuple(frames[start:end]))
        start = end
    return runs


def _is_even(frames: Sequence[Frame]) -> bool:
    return judge(frames).evenness is Evenness.EVEN


def _joins(frames: Sequence[Frame], start: int, end: int) -> bool:
    """False where a pair would bridge a gap although the slice after fits the next run better."""
    if end - start != 1 or end + 1 >= len(frames):
        return True
    heights = positions_of(frames[start : end + 2]) @ normal_of(frames)
    first, second = np.diff(heights)
    return bool(first <= second * (1 + ROUNDED_SHARE))
