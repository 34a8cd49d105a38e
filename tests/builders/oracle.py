"""Judges an output without any converter: carries each voxel to world space, asks the source.

Nothing here knows convkit. A source image is what PS3.3 C.7.6.2.1.1 says of its own Image Position (Patient),
Image Orientation (Patient) and Pixel Spacing; its real value is slope * stored + intercept, of the stored
bits only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

Array = NDArray[Any]

POSITION_TOLERANCE_MM = 2e-3
"""NIfTI keeps affines in float32: at 1000 mm from the origin a position is off by up to 1e-3 mm. A wrong
voxel is off by at least a tenth of a millimetre."""

FLOAT32_ROUNDING = 2.0**-22
"""Four half-units in the last place of float32: slope, intercept and result may each be rounded once."""

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


class Output(NamedTuple):
    """A volume that a converter wrote.

    Attributes
    ----------
    values : (i, j, k) or (i, j, k, t) array of real values
    affine_ras : (4, 4), maps (i, j, k, 1) to RAS mm
    name : str, for messages
    """

    values: Array
    affine_ras: Array
    name: str = "output"


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    """All source images at one place: one grid of positions, several images."""

    origin: Array
    row: Array
    column: Array
    row_spacing: float
    column_spacing: float
    shape: tuple[int, int]
    members: list[int]

    @property
    def normal(self) -> Array:
        return np.cross(self.row, self.column)


def check_world(datasets: Sequence[Dataset], volumes_xyz: Iterable[Sequence[Any]]) -> list[str]:
    """Problems of a conversion; an empty list says that it is right.

    Every output voxel must lie on a source pixel and have its value, every source pixel must be found exactly
    once, all slices of a volume must be of one kind (the nth image at their position), and the volumes of a
    4-D output must follow in the order of `datasets`.

    Parameters
    ----------
    datasets : the source images, at each position in the order that a 4-D output must have
    volumes_xyz : tuples (values, affine_ras, ...) such as `Output`
    """
    real, allowed = zip(*(_real(d) for d in datasets), strict=True)
    planes = _planes(datasets)
    found = [np.zeros(values.shape, int) for values in real]
    ranks = _ranks(planes)
    problems: list[str] = []
    for number, volume in enumerate(volumes_xyz):
        name = volume[2] if len(volume) > 2 else f"output {number}"
        judge = _Judge(real, allowed, planes, found, ranks, problems, str(name))
        judge.judge(np.asarray(volume[0]), np.asarray(volume[1], float))
    for index, count in enumerate(found):
        problems += _missing(index, count)
    return problems


def _missing(index: int, count: Array) -> list[str]:
    problems = []
    if (count == 0).any():
        problems.append(f"image {index}: {int((count == 0).sum())} of {count.size} pixels are in no output")
    if (count > 1).any():
        problems.append(f"image {index}: {int((count > 1).sum())} pixels are in the outputs more than once")
    return problems


# --- sources -------------------------------------------------------------------------------------------


def stored_values(dataset: Dataset) -> Array:
    """(rows, columns) int64 of a single-frame grey image, only the stored bits, signed where it says so."""
    shape = (int(dataset.Rows), int(dataset.Columns))
    meta = getattr(dataset, "file_meta", None)
    syntax = meta.TransferSyntaxUID if meta is not None else None
    if syntax is not None and syntax.is_encapsulated:
        samples = dataset.pixel_array.astype(np.int64)
    else:
        little = dataset.original_encoding[1] if syntax is None else syntax.is_little_endian
        dtype = np.dtype(f"{'<' if little in {True, None} else '>'}u{dataset.BitsAllocated // 8}")
        samples = np.frombuffer(dataset.PixelData, dtype, shape[0] * shape[1]).astype(np.int64).reshape(shape)
    # PS3.5 8.1.1: Bits Stored bits end at High Bit; what lies around them is not part of the value.
    bits = int(dataset.BitsStored)
    samples = (samples >> (int(dataset.HighBit) + 1 - bits)) & ((1 << bits) - 1)
    if dataset.PixelRepresentation:
        samples = np.where(samples >= 1 << (bits - 1), samples - (1 << bits), samples)
    return samples


def _real(dataset: Dataset) -> tuple[Array, Array]:
    """Real values, and by how much float32 rounding may change each."""
    slope, intercept = (float(dataset.get(k, d)) for k, d in (("RescaleSlope", 1), ("RescaleIntercept", 0)))
    scaled = stored_values(dataset) * slope
    values = scaled + intercept
    is_whole = slope == int(slope) and intercept == int(intercept)
    rounding = np.zeros_like(values) if is_whole else FLOAT32_ROUNDING * (abs(scaled) + abs(intercept))
    return values, rounding


def _planes(datasets: Sequence[Dataset]) -> list[_Plane]:
    planes: dict[tuple[Any, ...], _Plane] = {}
    for index, dataset in enumerate(datasets):
        origin = np.array([float(v) for v in dataset.ImagePositionPatient])
        cosines = np.array([float(v) for v in dataset.ImageOrientationPatient])
        spacing = [float(v) for v in dataset.PixelSpacing]
        shape = (int(dataset.Rows), int(dataset.Columns))
        key = (*np.round(origin, 3), *np.round(cosines, 5), *spacing, *shape)
        row, column = (v / np.linalg.norm(v) for v in (cosines[:3], cosines[3:]))
        plane = planes.setdefault(key, _Plane(origin, row, column, spacing[0], spacing[1], shape, []))
        plane.members.append(index)
    return list(planes.values())


def _ranks(planes: list[_Plane]) -> dict[int, int]:
    """Which image at its position each one is; empty where positions have different numbers of images."""
    if len({len(p.members) for p in planes}) != 1:
        return {}
    return {index: rank for plane in planes for rank, index in enumerate(plane.members)}


# --- outputs -------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Judge:
    """One output against all sources."""

    real: tuple[Array, ...]
    allowed: tuple[Array, ...]
    planes: list[_Plane]
    found: list[Array]
    ranks: dict[int, int]
    problems: list[str]
    name: str

    def judge(self, values: Array, affine_ras: Array) -> None:
        if values.ndim == 3:
            values = values[..., None]
        index = np.indices(values.shape[:3]).reshape(3, -1)
        affine = _LPS_TO_RAS @ affine_ras
        world = affine[:3, :3] @ index + affine[:3, 3:]
        hits = list(self._hits(world))
        covered = np.zeros(world.shape[1], int)
        for _, at, _, _ in hits:
            covered[at] += 1
        if (covered == 0).any():
            first = index[:, np.argmax(covered == 0)]
            self._say(
                f"{int((covered == 0).sum())} of {covered.size} voxels lie on no source pixel, "
                f"the first is {tuple(map(int, first))}"
            )
        orders = []
        for time in range(values.shape[3]):
            flat = values[..., time].reshape(-1)
            orders.append({id(plane): self._match(plane, time, flat[at], (r, c)) for plane, at, r, c in hits})
        self._check_order(orders)

    def _say(self, text: str) -> None:
        self.problems.append(f"{self.name}: {text}")

    def _hits(self, world: Array) -> Iterable[tuple[_Plane, Array, Array, Array]]:
        """For each plane the output voxels on its pixels, with their row and column."""
        sorted_depths: dict[bytes, tuple[Array, Array]] = {}
        for plane in self.planes:
            key = np.round(plane.normal, 6).tobytes()
            if key not in sorted_depths:
                depth = plane.normal @ world
                order = np.argsort(depth)
                sorted_depths[key] = (depth[order], order)
            depth, order = sorted_depths[key]
            middle = plane.normal @ plane.origin
            low, high = np.searchsorted(depth, (middle - POSITION_TOLERANCE_MM, middle + POSITION_TOLERANCE_MM))
            near = order[low:high]
            at, row, column = _on_pixels(plane, world[:, near], near)
            if at.size:
                yield plane, at, row, column

    def _match(self, plane: _Plane, time: int, values: Array, at: tuple[Array, Array]) -> int | None:
        """The image at this plane that has these values; marks its pixels as found."""
        wrong = {}
        for index in sorted(plane.members, key=lambda i: self.found[i][at].any()):
            off = ~(abs(values - self.real[index][at]) <= self.allowed[index][at])
            if not off.any():
                np.add.at(self.found[index], at, 1)
                return index
            wrong[index] = off
        index = min(wrong, key=lambda i: int(wrong[i].sum()))
        first = int(np.argmax(wrong[index]))
        self._say(
            f"volume {time}: {int(wrong[index].sum())} of {values.size} values differ from image {index}, "
            f"the first at row {at[0][first]}, column {at[1][first]}: {values[first]} instead of "
            f"{self.real[index][at][first]}"
        )
        return None

    def _check_order(self, orders: list[dict[int, int | None]]) -> None:
        if not self.ranks:
            return
        before = -1
        for time, chosen in enumerate(orders):
            kinds = {self.ranks[index] for index in chosen.values() if index is not None}
            if len(kinds) > 1:
                self._say(f"volume {time} mixes images that are number {sorted(kinds)} at their positions")
            elif kinds and max(kinds) <= before:
                self._say(f"volume {time} comes after one that it should precede")
            before = max(kinds, default=before)


def _on_pixels(plane: _Plane, world: Array, index: Array) -> tuple[Array, Array, Array]:
    away = world - plane.origin[:, None]
    row, column = plane.column @ away / plane.row_spacing, plane.row @ away / plane.column_spacing
    whole_row, whole_column = np.round(row).astype(int), np.round(column).astype(int)
    off = np.hypot((row - whole_row) * plane.row_spacing, (column - whole_column) * plane.column_spacing)
    is_inside = (whole_row >= 0) & (whole_row < plane.shape[0]) & (whole_column >= 0) & (whole_column < plane.shape[1])
    keep = is_inside & (off <= POSITION_TOLERANCE_MM)
    return index[keep], whole_row[keep], whole_column[keep]


def count_by_name(problems: Iterable[str]) -> dict[str, int]:
    """How many problems each output or image has."""
    counts: dict[str, int] = defaultdict(int)
    for problem in problems:
        counts[problem.partition(":")[0]] += 1
    return dict(counts)
