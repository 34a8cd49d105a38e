"""Pure geometry: one convention, array index (slice, row, column) to LPS position in mm.

LPS is DICOM's patient frame (x to the left, y to posterior, z to the head; PS3.3 C.7.6.2.1.1). RAS and (x, y, z)
order belong to the writers that need them. Everything here is a pure function of numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from convkit.errors import UsageError
from convkit.model.directions import LPS_POSITIVE, OPPOSITES, is_letters, normal_of, positive_letter
from convkit.model.unread import Unread

Floats = NDArray[np.float64]
Scalar = TypeVar("Scalar", bound=np.generic)

LPS_TO_RAS: Floats = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Multiplies a (4, 4) affine or a homogeneous position from the left: x and y change sign."""


def slice_normal(cosines: Sequence[float]) -> Floats:
    """Unit normal of a slice, row direction x column direction.

    Parameters
    ----------
    cosines : six floats
        Image Orientation (Patient): direction of a row (growing column index), then of a column.

    Returns
    -------
    normal : (3,) float64, LPS
    """
    return np.array(normal_of(cosines))


def unit(vector: Sequence[float] | Floats) -> Floats:
    """The vector scaled to length 1."""
    array = np.asarray(vector, float)
    return np.asarray(array / np.linalg.norm(array), dtype=np.float64)


class Grid(NamedTuple):
    """Where the voxels of a stack lie.

    Attributes
    ----------
    origin_lps : position of the centre of the first voxel, mm
    row_direction_lps, column_direction_lps : unit vectors along a row and along a column
    row_spacing, column_spacing : distance between rows and between columns, mm
    step_lps : vector from one slice to the next, mm; not along the normal where the gantry was tilted
    is_placed : False where the header gives no position: the affine then holds sizes only
    is_sheared : True where the step is not along the normal by more than rounding
    """

    origin_lps: tuple[float, float, float]
    row_direction_lps: tuple[float, float, float]
    column_direction_lps: tuple[float, float, float]
    row_spacing: float
    column_spacing: float
    step_lps: tuple[float, float, float]
    is_placed: bool = True
    is_sheared: bool = False

    def affine(self) -> Floats:
        """Affine of the grid.

        Returns
        -------
        affine : (4, 4) float64
            Maps array index (slice, row, column, 1) to LPS position in mm.
        """
        affine = np.eye(4)
        affine[:3, 0] = self.step_lps
        # PS3.3 C.7.6.2.1.1: a growing row index moves along the column direction, by the row spacing.
        affine[:3, 1] = unit(self.column_direction_lps) * self.row_spacing
        affine[:3, 2] = unit(self.row_direction_lps) * self.column_spacing
        affine[:3, 3] = self.origin_lps
        return affine


def tilt_degrees(affine: Floats) -> float:
    """Angle between the slice step and the slice normal, in degrees, 0 to 90."""
    normal = np.cross(affine[:3, 2], affine[:3, 1])
    cosine = abs(float(normal @ affine[:3, 0])) / (np.linalg.norm(normal) * np.linalg.norm(affine[:3, 0]))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def spacing(affine: Floats) -> tuple[float, float, float]:
    """Length of one step along (slice, row, column), in mm."""
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    return float(lengths[0]), float(lengths[1]), float(lengths[2])


# --- orientation by letters ------------------------------------------------------------------------------


class Turn(NamedTuple):
    """A change of voxel order without interpolation.

    Attributes
    ----------
    axes : for each new spatial axis (slice, row, column) the old one it is taken from
    flips : for each new spatial axis whether it runs against the old one
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    @property
    def is_identity(self) -> bool:
        """True where nothing moves."""
        return self.axes == (0, 1, 2) and not any(self.flips)


def nearest_letters(affine_lps: Floats) -> str:
    """Three letters that say where the (column, row, slice) axes run to, nearest patient axis first.

    ``LPS`` is an axial stack as scanners write it: columns to the left, rows to posterior, slices to the head.
    """
    worlds, signs = _nearest_axes(affine_lps)
    letters = [LPS_POSITIVE[w] if s > 0 else OPPOSITES[LPS_POSITIVE[w]] for w, s in zip(worlds, signs, strict=True)]
    return "".join(reversed(letters))


def turn_to(affine_lps: Floats, letters: str) -> Turn:
    """The turn that makes the (column, row, slice) axes run as nearly as possible to `letters`.

    Parameters
    ----------
    affine_lps : (4, 4) float64
        Maps array index (slice, row, column, 1) to LPS mm.
    letters : str
        For example ``RAS``: columns to the right, rows to anterior, slices to superior.
    """
    if not is_letters(letters):
        raise UsageError(f"{letters!r} is not an orientation.", "orient", "Give three letters such as RAS.")
    worlds, signs = _nearest_axes(affine_lps)
    axes, flips = [], []
    for letter in reversed(letters):
        world = LPS_POSITIVE.index(positive_letter(letter))
        old = worlds.index(world)
        wanted = 1 if letter in LPS_POSITIVE else -1
        axes.append(old)
        flips.append(signs[old] != wanted)
    return Turn((axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2]))


def turn_affine(affine: Floats, shape: Sequence[int], turn: Turn) -> Floats:
    """The affine after a turn.

    Parameters
    ----------
    affine : (4, 4) float64
        Maps the old index (slice, row, column, 1) to LPS mm.
    shape : three ints
        Old number of (slices, rows, columns).
    """
    turned = affine.copy()
    for new, (old, flip) in enumerate(zip(turn.axes, turn.flips, strict=True)):
        turned[:3, new] = -affine[:3, old] if flip else affine[:3, old]
        if flip:
            turned[:3, 3] += affine[:3, old] * (shape[old] - 1)
    return turned


def turn_array(array: NDArray[Scalar], turn: Turn) -> NDArray[Scalar]:
    """A view of an array (volumes, slices, rows, columns[, samples]) after a turn."""
    if isinstance(array, Unread):
        unread: NDArray[Scalar] | None = array.turned(turn)
        return turn_array(np.asarray(array), turn) if unread is None else unread
    rest = tuple(range(4, array.ndim))
    turned = array.transpose((0, *(a + 1 for a in turn.axes), *rest))
    return turned[(slice(None), *(slice(None, None, -1 if f else 1) for f in turn.flips))]


def _nearest_axes(affine: Floats) -> tuple[list[int], list[int]]:
    """For each array axis the nearest world axis, each used once, and the direction along it."""
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    best = max(permutations(range(3)), key=lambda p: sum(abs(directions[w, a]) for a, w in enumerate(p)))
    return list(best), [1 if directions[w, a] >= 0 else -1 for a, w in enumerate(best)]


def corners(affine: Floats, shape: Sequence[int]) -> Floats:
    """LPS positions of the eight corner voxels, (8, 3) float64, mm."""
    index = np.array(list(product(*[(0, n - 1) for n in shape])), float)
    return np.asarray(index @ affine[:3, :3].T + affine[:3, 3], dtype=np.float64)
