"""Gradients from what headers hold: unit vectors in the patient's frame, whatever the frame of the vendor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from convkit.dicom.header import Header
from convkit.model.diffusion import Direction, Gradient
from convkit.model.directions import is_orientation, normal_of, scaled, total, vector

UNWEIGHTED_BELOW = 1.0
"""s/mm²; an image with less is not weighted. Philips tells repeated b=0 images apart by b = 0.001, 0.002, and so on."""

_LONGEST = 2.0
"""A longer vector is no direction: Philips writes 7.23E+75 for "undefined"."""

_SHORTEST = 1e-3
"""A shorter vector is a zero vector with rounding."""

_LARGEST_B = 1e6
"""s/mm²; no gradient reaches it, and "undefined" is far beyond."""

_SINGLE = 0.9
"""Least share of the largest eigenvalue in the trace of the b-matrix of one gradient; the rest: imaging gradients."""

_NEGATIVE = -0.05
"""Least share of an eigenvalue: a b-matrix has no negative ones, but for rounding."""

_TRACE_TOLERANCE = 0.2
"""Share of the b-value by which the trace of its b-matrix may differ, because of imaging gradients."""

# PS3.3 C.8.13.5.9: order of the six elements (0018,9602) to (0018,9607).
_B_MATRIX = ("XX", "XY", "XZ", "YY", "YZ", "ZZ")
B_MATRIX_KEYWORDS = tuple(f"DiffusionBValue{axes}" for axes in _B_MATRIX)


class Principal(NamedTuple):
    """What the b-matrix of a single gradient tells.

    Attributes
    ----------
    direction : three numbers
        Unit vector; its sign is not known.
    trace : float
        The b-value that belongs to it, s/mm².
    """

    direction: Direction
    trace: float


def gradient(b_value: float | None, given: Sequence[float] | Principal, source: str) -> Gradient | None:
    """A gradient, or None where the b-value is none.

    Parameters
    ----------
    b_value : float or None
        s/mm².
    given : three numbers, or what a b-matrix tells
        In the patient's frame, of any length; none, or a zero vector, is no direction, nor is that of a b-matrix for
        another b-value.
    source : str
        Element that it is taken from.
    """
    if b_value is None or not 0 <= b_value < _LARGEST_B:
        return None
    if isinstance(given, Principal):
        is_same = abs(given.trace - b_value) <= _TRACE_TOLERANCE * b_value
        given = given.direction if is_same else ()
    return Gradient(b_value, unit_direction(given) if b_value >= UNWEIGHTED_BELOW else None, source)


def unit_direction(given: Sequence[float]) -> Direction | None:
    """The direction of a vector; None where it has none."""
    if len(given) != 3:
        return None
    length = math.hypot(*given)
    if not _SHORTEST < length < _LONGEST:
        return None
    x, y, z = (float(v) / length for v in given)
    return x, y, z


def from_image_axes(
    header: Header, along_row: float, along_column: float, along_normal: float
) -> Direction | tuple[()]:
    """A vector that is given along the axes of the image, in the patient's frame; empty without an orientation."""
    cosines = header.numbers("ImageOrientationPatient")
    if not is_orientation(cosines):
        return ()
    row, column = vector(cosines[:3]), vector(cosines[3:])
    return total(scaled(row, along_row), scaled(column, along_column), scaled(normal_of(cosines), along_normal))


def principal_direction(b_matrix: Sequence[float]) -> Principal | tuple[()]:
    """What a b-matrix (xx, xy, xz, yy, yz, zz) tells; empty where it is not that of a single gradient.

    Such a matrix is of rank one. Those of trace images and of spherical encoding have a largest eigenvalue, too, whose
    direction means nothing.
    """
    if len(b_matrix) != 6 or max(map(abs, b_matrix)) >= _LARGEST_B:
        return ()
    import numpy as np  # noqa: PLC0415 (headers are read before it is loaded; few need it)

    xx, xy, xz, yy, yz, zz = b_matrix
    weightings, vectors = np.linalg.eigh(np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]))
    trace = xx + yy + zz
    if trace <= 0 or weightings[2] < _SINGLE * trace or weightings[0] < _NEGATIVE * trace:
        return ()
    x, y, z = (float(v) for v in vectors[:, 2])
    return Principal((x, y, z), trace)
