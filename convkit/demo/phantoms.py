"""Phantoms whose every voxel is known: a chest CT, a head CT with gantry tilt, an MR of two echoes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from convkit.demo.tissues import HEAD_TISSUES, Array, Places, head, thorax

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

CT_INTERCEPT = -1024
"""Scanners store CT values above this offset, so that they fit unsigned 12-bit samples."""

_SEED = 20
_NOISE_HU = 12
_NOISE_MR = 9
_HEAD_HU = {"air": -1000, "scalp": 10, "skull": 950, "fluid": 8, "grey": 37, "white": 29, "lesion": 68}
_MR_DENSITY = {"air": 0, "scalp": 900, "skull": 60, "fluid": 1500, "grey": 1150, "white": 1000, "lesion": 1250}
_MR_T2_MS = {"air": 1, "scalp": 45, "skull": 20, "fluid": 900, "grey": 95, "white": 72, "lesion": 190}
ECHO_TIMES_MS = (14.0, 98.0)


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """What goes into the files of one series, and so must come out again.

    Attributes
    ----------
    name, modality, description : str
    number : int
        Series Number.
    values : (volumes, slices, rows, columns) int16
        Real values: HU for CT.
    affine_lps : (4, 4) float64
        Maps (slice, row, column, 1) to LPS mm.
    intercept : int
        Rescale Intercept: real value = stored value + intercept.
    per_volume : tuple of mappings
        Attributes by keyword that differ between the volumes.
    attributes : mapping
        Further attributes by keyword.
    """

    name: str
    modality: str
    description: str
    number: int
    values: NDArray[np.int16]
    affine_lps: NDArray[np.float64]
    intercept: int = 0
    per_volume: tuple[Mapping[str, Any], ...] = ({},)
    attributes: Mapping[str, Any] = field(default_factory=dict)


def phantoms() -> tuple[Phantom, Phantom, Phantom]:
    """The three of them; every run makes the same."""
    random = np.random.default_rng(_SEED)
    return chest_ct(random), tilted_head_ct(random), two_echo_mr(random)


def chest_ct(random: np.random.Generator) -> Phantom:
    """64 slices of 256 x 256, 1.5 x 1.5 x 3 mm."""
    shape = (64, 256, 256)
    affine = _affine((3, 1.5, 1.5), [(0, 0, 1), (0, 1, 0), (1, 0, 0)], (-191.25, -191.25, 0))
    hu = thorax(Places.of(affine, shape), random)
    return Phantom(
        "chest",
        "CT",
        "Chest with contrast",
        3,
        _noisy(hu, _NOISE_HU, random, _ct_range)[None],
        affine,
        CT_INTERCEPT,
        attributes={"KVP": 120, "ConvolutionKernel": "STANDARD", "SliceThickness": 3},
    )


def tilted_head_ct(random: np.random.Generator, tilt_degrees: float = 14) -> Phantom:
    """28 slices of 256 x 256, sheared: the table moves along z while the gantry leans."""
    shape, pixel, step = (28, 256, 256), 0.9, 6.0
    angle = np.radians(tilt_degrees)
    down = (0, np.cos(angle), np.sin(angle))
    half = pixel * 127.5
    origin = (-half, -half * down[1], -half * down[2] - step * (shape[0] - 1) / 2)
    affine = _affine((step, pixel, pixel), [(0, 0, 1), down, (1, 0, 0)], origin)
    hu = _by_tissue(head(Places.of(affine, shape)), _HEAD_HU)
    return Phantom(
        "head",
        "CT",
        "Head, tilted gantry",
        2,
        _noisy(hu, 4, random, _ct_range)[None],
        affine,
        CT_INTERCEPT,
        attributes={"KVP": 120, "GantryDetectorTilt": tilt_degrees, "SliceThickness": 6},
    )


def two_echo_mr(random: np.random.Generator) -> Phantom:
    """24 oblique sagittal slices of 192 x 192, two echoes in one series."""
    shape, pixel, step = (24, 192, 192), 1.2, 5.0
    angle = np.radians(7)
    directions = [(np.cos(angle), np.sin(angle), 0), (0, 0, -1), (-np.sin(angle), np.cos(angle), 0)]
    affine = _affine((step, pixel, pixel), directions, (0, 0, 0))
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)  # the head is in the middle of the field
    tissue = head(Places.of(affine, shape))
    echoes = []
    for echo_ms in ECHO_TIMES_MS:
        signal = {t: _MR_DENSITY[t] * np.exp(-echo_ms / _MR_T2_MS[t]) for t in HEAD_TISSUES}
        echoes.append(_noisy(_by_tissue(tissue, signal), _NOISE_MR, random, (0, 4095)))
    per_volume = tuple({"EchoTime": ms, "EchoNumbers": n} for n, ms in enumerate(ECHO_TIMES_MS, 1))
    return Phantom(
        "brain",
        "MR",
        "PD T2 double echo",
        5,
        np.stack(echoes),
        affine,
        per_volume=per_volume,
        attributes={
            "RepetitionTime": 3000,
            "MRAcquisitionType": "2D",
            "ScanningSequence": "SE",
            "SequenceVariant": "SK",
            "ScanOptions": "",
            "SliceThickness": 4,
        },
    )


_ct_range = (CT_INTERCEPT, CT_INTERCEPT + 4095)


def _affine(
    sizes: Sequence[float], directions: Sequence[Sequence[float]], origin: Sequence[float]
) -> NDArray[np.float64]:
    """Affine of (slice, row, column) steps: their sizes, their directions, and the first voxel, LPS mm."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(directions, float).T * np.array(sizes)
    affine[:3, 3] = origin
    return affine


def _by_tissue(tissue: Array, table: Mapping[str, float]) -> Array:
    values: Array = np.array([table[t] for t in HEAD_TISSUES], np.float32)[tissue]
    return values


def _noisy(values: Array, deviation: float, random: np.random.Generator, ends: tuple[int, int]) -> NDArray[np.int16]:
    noise = random.standard_normal(values.shape, np.float32) * np.float32(deviation)
    made: NDArray[np.int16] = np.clip(np.rint(values + noise), *ends).astype(np.int16)
    return made
