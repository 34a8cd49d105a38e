"""Vectors of three numbers, LPS, and letters for them, without NumPy.

Headers are read before NumPy is loaded, and for three numbers it is slower than Python.

Arrays and affines are `convkit.model.geometry`'s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

LPS_POSITIVE = "LPS"
"""Where the axes of the patient grow to."""

OPPOSITES = {"R": "L", "L": "R", "A": "P", "P": "A", "S": "I", "I": "S"}

Vector = tuple[float, float, float]

UNIT_TOLERANCE = 3e-3
"""How far a direction cosine vector may be from length 1, and two of them from perpendicular. Headers with three
decimals are off by up to 2e-3; a qform could not carry more skew than that."""


def is_orientation(cosines: Sequence[float]) -> bool:
    """True where six numbers are a pair of perpendicular unit vectors (PS3.3 C.7.6.2.1.1)."""
    if len(cosines) != 6 or not all(map(math.isfinite, cosines)):
        return False
    row, column = vector(cosines[:3]), vector(cosines[3:])
    lengths_ok = all(abs(math.hypot(*one) - 1) <= UNIT_TOLERANCE for one in (row, column))
    return lengths_ok and abs(dot(row, column)) <= UNIT_TOLERANCE


def normal_of(cosines: Sequence[float]) -> Vector:
    """Unit normal of a slice, row direction x column direction.

    Parameters
    ----------
    cosines : six floats
        Image Orientation (Patient): direction of a row (growing column index), then of a column.

    Raises
    ------
    ZeroDivisionError
        The two are parallel; see `is_orientation`.
    """
    (a, b, c), (d, e, f) = vector(cosines[:3]), vector(cosines[3:])
    across = (b * f - c * e, c * d - a * f, a * e - b * d)
    return scaled(across, 1 / math.hypot(*across))


def vector(numbers: Sequence[float]) -> Vector:
    """Three numbers as floats."""
    x, y, z = numbers
    return float(x), float(y), float(z)


def scaled(one: Vector, by: float) -> Vector:
    """A vector times a number."""
    return one[0] * by, one[1] * by, one[2] * by


def total(*vectors: Vector) -> Vector:
    """The sum of vectors."""
    return sum(v[0] for v in vectors), sum(v[1] for v in vectors), sum(v[2] for v in vectors)


def dot(one: Vector, other: Vector) -> float:
    """The scalar product."""
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


def steepest_axis(one: Vector) -> int:
    """The axis of the patient that a vector is nearest to: 0 left-right, 1 front-back, 2 feet-head."""
    return max(range(3), key=lambda axis: abs(one[axis]))


# --- orientation by letters ------------------------------------------------------------------------------


def is_letters(letters: str) -> bool:
    """True where three letters name each of the three patient axes once."""
    return (
        isinstance(letters, str)
        and len(letters) == 3
        and sorted(LPS_POSITIVE.find(positive_letter(c)) for c in letters) == [0, 1, 2]
    )


def positive_letter(letter: str) -> str:
    """The letter that the axis of a letter grows to; ``?`` where it is none."""
    return letter if letter in LPS_POSITIVE else OPPOSITES.get(letter, "?")
