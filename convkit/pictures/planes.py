"""Axial, coronal and sagittal planes of a volume, and its maximum intensity projections, in patient space.

Planes follow the volume's own axes: the two directions of its slices and their normal, each named after the nearest
patient axis. So stored slices are shown as stored, an oblique acquisition as it was planned, and nothing is turned by a
few degrees through interpolation. Only a shear (gantry tilt) is taken out: planes across the slices shift each slice
within its plane, by linear interpolation. One plane is made at a time; the volume is never copied.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.errors import GeometryError
from convkit.model import geometry
from convkit.model.geometry import Floats, Turn
from convkit.pictures._slices import Slices

SHEAR_TOLERANCE = 0.25
"""A shift of the last slice against the first, in pixels, that is left alone: nobody sees it, and the rounding of
positions in headers makes it."""

MAX_TILT_DEGREES = 60.0
"""The largest tilt that is corrected. Gantries tilt by 30 degrees; a step further off the normal makes no stack."""

MAX_SKEW = 0.01
"""Cosine between rows and columns that still counts as perpendicular; readers hold headers to 0.003."""

LETTER_SHARE = math.sin(math.radians(22.5))
"""Part of a direction along a patient axis that earns its letter: that of the nearest of the compass's eight points."""

_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
"""Letters towards and against each LPS axis; PS3.3 C.7.6.1.1.1 says head and foot, not superior and inferior."""


class PlaneKind(StrEnum):
    """Which way a volume is cut, and from where it is looked at."""

    AXIAL = "axial"  # from the feet: right of the patient on the left, anterior up
    CORONAL = "coronal"  # from the front: right of the patient on the left, head up
    SAGITTAL = "sagittal"  # from the left: anterior on the left, head up
    NATIVE = "native"  # the slices as stored


_RUNS = {PlaneKind.AXIAL: "LPS", PlaneKind.CORONAL: "LIP", PlaneKind.SAGITTAL: "PIL"}
"""Where the (column, row, plane) axes of each kind run to: planes run to the head, to posterior, to the left."""


def across_the_body(slices: int, *, is_placed: bool) -> PlaneKind:
    """What is shown of so many slices as planes across the body.

    The slices themselves where their place in space is unknown, and a single one whichever way it lies: cut across, a
    sagittal localizer would become slivers as thin as it is.
    """
    return PlaneKind.AXIAL if is_placed and slices > 1 else PlaneKind.NATIVE


class EdgeLetters(NamedTuple):
    """Patient directions at the edges of a picture; empty where unknown.

    Compound where oblique, the main direction first (PS3.3 C.7.6.1.1.1): ``RA`` is right, and anterior to a part.
    """

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """The planes of one volume in one direction; made by `planes_of`.

    Attributes
    ----------
    kind : PlaneKind
    affine_lps : (4, 4) float64
        Maps (plane, row, column, 1) of the pictures to LPS mm. Sheared only where tilted slices are shown as stored.
    shape : three ints
        Number of planes, then rows and columns of one.
    is_placed : bool
        False where the volume has no place in space.
    slices : Slices
        The stored slices, with what is left of the view behind them.
    stack_axis : int
        Which of (plane, row, column) counts the stored slices.
    """

    kind: PlaneKind
    affine_lps: Floats
    shape: tuple[int, int, int]
    is_placed: bool
    slices: Slices
    stack_axis: int

    @property
    def count(self) -> int:
        """Number of planes."""
        return self.shape[0]

    @property
    def row_mm(self) -> float:
        """Height of a pixel; across the slices it is their distance along the normal."""
        return float(np.linalg.norm(self.affine_lps[:3, 1]))

    @property
    def column_mm(self) -> float:
        """Width of a pixel."""
        return float(np.linalg.norm(self.affine_lps[:3, 2]))

    @property
    def aspect(self) -> float:
        """Height of a pixel over its width."""
        return self.row_mm / self.column_mm

    @property
    def letters(self) -> EdgeLetters:
        """What lies beyond the four edges."""
        if not self.is_placed:
            return EdgeLetters()
        down, right = self.affine_lps[:3, 1], self.affine_lps[:3, 2]
        return EdgeLetters(letters_to(-right), letters_to(right), letters_to(-down), letters_to(down))

    def position_mm(self, n: int) -> float:
        """Where plane `n` lies along its normal, which points to L, P or H: its coordinate where not oblique."""
        normal = geometry.slice_normal((*self.affine_lps[:3, 2], *self.affine_lps[:3, 1]))
        sign = math.copysign(1.0, normal[np.argmax(np.abs(normal))])
        return float(sign * normal @ (self.affine_lps[:3, 3] + n * self.affine_lps[:3, 0]))

    def plane(self, n: int) -> NDArray[Any]:
        """One plane.

        Returns
        -------
        plane : (rows, columns[, 3]), C-contiguous, read-only
            Stored values in their dtype where nothing is interpolated. Otherwise float32, NaN where no slice lies or
            padding would enter; colour keeps its dtype and is black there.

        Raises
        ------
        IndexError
            There is no such plane.
        """
        if not 0 <= n < self.count:
            raise IndexError(f"plane {n} of {self.count}")
        return self._laid(self.slices.values[n] if self.stack_axis == 0 else self.slices.across(n))

    def mip(self) -> NDArray[Any]:
        """Maximum intensity projection along the normal of the planes, one stored slice at a time.

        Padding and NaN are ignored. A shear is taken out, so that the projection of tilted slices is larger than one;
        only NATIVE lays the slices on each other as they are.

        Returns
        -------
        projection : (rows, columns[, 3]), C-contiguous, read-only
            In the dtype of the volume; float32 where there is a shear or padding, NaN where nothing was measured.
            Pixel size and letters are those of the planes.
        """
        along = self.stack_axis == 0
        return self._laid(self.slices.greatest_along() if along else self.slices.greatest_across())

    def _laid(self, values: NDArray[Any]) -> NDArray[Any]:
        """Lines of slices as rows or columns of the picture."""
        laid = np.ascontiguousarray(np.swapaxes(values, 0, 1) if self.stack_axis == 2 else values)
        laid = laid.view()  # the volume keeps its own flag
        laid.flags.writeable = False
        return laid


def letters_to(direction: Floats) -> str:
    """The letters of a direction (3,) in LPS: of the nearest of the eight points of a compass between two axes."""
    parts = geometry.unit(direction)
    largest = sorted(range(3), key=lambda axis: -abs(parts[axis]))
    named = [axis for axis in largest if axis == largest[0] or abs(parts[axis]) > LETTER_SHARE]
    return "".join(_LETTERS[axis][int(parts[axis] < 0)] for axis in named)


def planes_of(  # noqa: PLR0913 (what a Volume knows, one by one)
    array: NDArray[Any],
    affine_lps: Floats,
    kind: PlaneKind,
    *,
    stack_axis: int = 0,
    is_placed: bool = True,
    padding: tuple[float, float] | None = None,
) -> Planes:
    """The planes of a volume in one direction.

    Parameters
    ----------
    array : (slices, rows, columns) or (slices, rows, columns, 3)
    affine_lps : (4, 4) float64
        Maps array index (slice, row, column, 1) to LPS mm. May be sheared along `stack_axis`.
    kind : PlaneKind
    stack_axis : int
        The array axis that counts slices (`Volume.source_axis`): the one that a shear may belong to.
    is_placed : bool
        `Volume.is_placed`.
    padding : (low, high) or None
        Values, both ends included, that are no measurement: they never enter an interpolation or a projection.

    Raises
    ------
    GeometryError
        A patient direction is asked of a volume without a place in space (``geometry.no-position``), or the affine is
        not that of a stack of slices (``geometry.error``).
    """
    if kind is PlaneKind.NATIVE:
        others = [axis for axis in range(3) if axis != stack_axis]
        turn = Turn((stack_axis, others[0], others[1]), (False, False, False))
    elif is_placed:
        turn = geometry.turn_to(_frame(affine_lps, stack_axis), _RUNS[kind])
    else:
        what = f"The image has no place in space, so it has no {kind} planes."
        raise GeometryError(what, "", "Choose the native view.", "geometry.no-position")
    view = geometry.turn_array(array[np.newaxis], turn)[0]
    affine = geometry.turn_affine(affine_lps, array.shape[:3], turn)
    axis = turn.axes.index(stack_axis)
    shift = (0.0, 0.0) if kind is PlaneKind.NATIVE else _shift(affine, axis, view.shape[axis])
    slices = Slices(np.moveaxis(view, axis, 0), shift, padding)
    shape = (view.shape[0], view.shape[1], view.shape[2])
    if axis != 0:
        affine, shape = _upright(affine, axis, slices)
    return Planes(kind, affine, shape, is_placed, slices, axis)


def _in_plane(stack_axis: int) -> tuple[int, int]:
    """The two axes of the slices."""
    first, second = (axis for axis in range(3) if axis != stack_axis)
    return first, second


def _normal(affine: Floats, stack_axis: int) -> Floats:
    """Unit normal of the slices, on the side of the next one."""
    first, second = (affine[:3, axis] for axis in _in_plane(stack_axis))
    normal = geometry.unit(np.cross(first, second))
    return normal if normal @ affine[:3, stack_axis] > 0 else -normal


def _frame(affine: Floats, stack_axis: int) -> Floats:
    """The affine with the normal in the place of the step: whose axes are named."""
    _check(affine, stack_axis)
    frame = affine.copy()
    frame[:3, stack_axis] = _normal(affine, stack_axis)
    return frame


def _check(affine: Floats, stack_axis: int) -> None:
    """Refuse an affine that is not that of a stack of slices.

    Raises
    ------
    GeometryError
    """
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    hint = "Choose the native view, which needs no place in space."
    if not (np.all(np.isfinite(affine)) and np.all(lengths > 0)):
        raise GeometryError("The affine of the volume has no usable size along some axis.", "", hint)
    first, second = (affine[:3, axis] / lengths[axis] for axis in _in_plane(stack_axis))
    if abs(float(first @ second)) > MAX_SKEW:
        raise GeometryError("Rows and columns of the slices are not perpendicular.", "", hint)
    lean = float(_normal(affine, stack_axis) @ affine[:3, stack_axis]) / lengths[stack_axis]
    if lean < math.cos(math.radians(MAX_TILT_DEGREES)):
        what = f"The step between slices is more than {MAX_TILT_DEGREES:.0f} degrees off their normal."
        raise GeometryError(what, "", hint)


def _shift(affine: Floats, stack_axis: int, slices: int) -> tuple[float, float]:
    """How far each slice lies from the one before it within its plane, in pixels of its two axes."""
    first, second = _in_plane(stack_axis)
    basis = np.column_stack([affine[:3, first], affine[:3, second], _normal(affine, stack_axis)])
    parts = np.linalg.solve(basis, affine[:3, stack_axis])
    one, two = (float(p) if abs(p) * (slices - 1) > SHEAR_TOLERANCE else 0.0 for p in parts[:2])
    return one, two


def _upright(affine: Floats, stack_axis: int, slices: Slices) -> tuple[Floats, tuple[int, int, int]]:
    """Affine and shape of the upright block that holds all slices."""
    upright = affine.copy()
    normal = _normal(affine, stack_axis)
    upright[:3, stack_axis] = normal * float(normal @ affine[:3, stack_axis])
    shape = [len(slices.values)] * 3
    for axis, start, size in zip(_in_plane(stack_axis), slices.starts, slices.sizes, strict=True):
        upright[:3, 3] += affine[:3, axis] * start
        shape[axis] = size
    return upright, (shape[0], shape[1], shape[2])
