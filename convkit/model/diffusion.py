"""Diffusion weighting of a volume: its b-value and the direction of its gradient, in the patient's frame."""

from __future__ import annotations

from dataclasses import dataclass

Direction = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Gradient:
    """How one image was weighted.

    Attributes
    ----------
    b_value : float
        s/mm², not negative.
    direction_lps : unit vector or None
        In the patient's frame (LPS); None where there is none: no weighting, or the same in all directions (trace).
    source : str
        Element that it was taken from, as the sidecar names it.
    """

    b_value: float
    direction_lps: Direction | None
    source: str
