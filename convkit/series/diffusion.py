"""The diffusion weighting of a stack's volumes, or why it cannot be told. Never a silently wrong b-vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convkit.model.diffusion import Gradient
from convkit.model.frame import Frame
from convkit.model.notes import Note, note
from convkit.series.stack import Stack

SAME_B = 1.0
"""b-values of slices that differ by less, in s/mm², are one: headers round to whole numbers."""

SAME_DIRECTION = np.cos(np.radians(0.5))
"""Directions of slices that are nearer than half a degree are one."""


def gradients_of(stack: Stack) -> tuple[tuple[Gradient, ...], tuple[Note, ...]]:
    """How each volume is weighted, and notes; no gradients where the series is not weighted, or cannot be trusted."""
    if not stack.is_weighted:
        return (), ()
    found: list[Gradient] = []
    for volume in stack.frames:
        gradient = _of_volume(volume)
        if isinstance(gradient, Note):
            return (), (gradient,)
        found.append(gradient)
    return tuple(found), _doubts(found)


def _of_volume(frames: Sequence[Frame]) -> Gradient | Note:
    """The weighting that all slices of a volume share, or what is wrong with it."""
    first = frames[0].kind.gradient
    missing = sum(f.kind.gradient is None for f in frames)
    if first is None or missing:
        text = f"{missing} of {len(frames)} images of a volume do not tell their diffusion weighting, others do."
        return note("diffusion.incomplete", text)
    if not all(f.kind.gradient is first or (f.kind.gradient and _is_same(first, f.kind.gradient)) for f in frames):
        return note("diffusion.contradictory")
    return first


def _is_same(one: Gradient, other: Gradient) -> bool:
    if abs(one.b_value - other.b_value) > SAME_B:
        return False
    if one.direction_lps is None or other.direction_lps is None:
        return one.direction_lps is other.direction_lps
    return bool(abs(float(np.dot(one.direction_lps, other.direction_lps))) >= SAME_DIRECTION)


def _doubts(gradients: Sequence[Gradient]) -> tuple[Note, ...]:
    """A note where weighted volumes have no direction: meant so in trace images, a loss beside directed ones."""
    weighted = [g for g in gradients if g.is_weighted]
    bare = sum(g.direction_lps is None for g in weighted)
    if not bare:
        return ()
    if bare == len(weighted):
        return (note("diffusion.no-direction"),)
    text = f"{bare} of {len(weighted)} weighted volumes have no gradient direction."
    return (note("diffusion.missing-direction", text),)
