"""Diffusion weighting of a volume: its b-value and the direction of its gradient, in the patient's frame."""

from __future__ import annotations

from typing import NamedTuple

Direction = tuple[float, float, float]

WEIGHTED_FROM = 50.0
"""s/mm²; imaging and crusher gradients alone make less, and makers tell that as the b-value of an image without
diffusion gradients (1.25 or 5), so that below it a direction is not missed."""


class Gradient(NamedTuple):
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

    @property
    def is_weighted(self) -> bool:
        """True where diffusion gradients were played out, so that a direction is to be expected."""
        return self.b_value >= WEIGHTED_FROM
