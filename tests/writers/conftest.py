"""The table of reference volumes that serves every writer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from convkit.model.dtypes import DTYPES
from convkit.model.geometry import Grid
from convkit.model.notes import note
from convkit.model.volume import MappingState, Split, ValueMapping, Volume

Make = Callable[..., Volume]

SHAPE = (1, 4, 5, 6)
AXIAL = Grid((-110.25, -90.5, 33.125), (1, 0, 0), (0, 1, 0), 0.8, 0.7, (0, 0, 2.5))
SAGITTAL = Grid((-60.5, -110.0, 95.0), (0, 1, 0), (0, 0, -1), 0.9, 1.1, (1.5, 0, 0))
CORONAL = Grid((-90.0, 71.5, 88.0), (1, 0, 0), (0, 0, -1), 1.2, 0.75, (0, -3.0, 0))
TURNED = np.linalg.qr(np.array([[0.9, 0.3, -0.2], [-0.25, 0.88, 0.4], [0.3, -0.3, 0.9]]))[0]
OBLIQUE = Grid(
    (12.5, -7.25, 3.0),
    tuple(TURNED[:, 0]),
    tuple(TURNED[:, 1]),
    0.9375,
    0.9375,
    tuple(3.3 * np.cross(TURNED[:, 0], TURNED[:, 1])),
)
SHEARED = Grid((-110.0, -90.0, 10.0), (1, 0, 0), (0, 0.9612617, -0.2756374), 0.5, 0.4, (0, 0, 5.0), is_sheared=True)
NOWHERE = Grid((0, 0, 0), (1, 0, 0), (0, 1, 0), 0.8, 0.7, (0, 0, 2.0), is_placed=False)


def make_volume(
    grid: Grid = AXIAL, *, shape: tuple[int, ...] = SHAPE, dtype: str = "int16", **overrides: Any
) -> Volume:
    """A volume in which every voxel has its own value (as far as the type goes)."""
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    if array.dtype.kind in "if" and array.dtype.itemsize > 1:
        array -= array.dtype.type(37)
    sources = tuple(tuple(f"1.2.{v}.{s}" for s in range(shape[1])) for v in range(shape[0]))
    volume = Volume(
        array,
        grid.affine(),
        grid.is_placed,
        grid.is_sheared,
        units="HU",
        sources=sources,
        facts={"Modality": "CT", "PhaseEncodingAxis": "j", "EchoTime": 0.03},
    )
    return replace(volume, **overrides)


def flipped(grid: Grid) -> Volume:
    """A volume whose array is a view with negative strides on every spatial axis."""
    array = np.arange(120, dtype=np.int16).reshape(1, 6, 5, 4).transpose(0, 3, 2, 1)[:, ::-1, ::-1, ::-1]
    return make_volume(grid, array=array)


REFERENCES: dict[str, Callable[[], Volume]] = {
    "axial": make_volume,
    "sagittal": lambda: make_volume(SAGITTAL),
    "coronal": lambda: make_volume(CORONAL),
    "oblique": lambda: make_volume(OBLIQUE),
    "sheared": lambda: make_volume(SHEARED),
    "nowhere": lambda: make_volume(NOWHERE),
    "one-slice": lambda: make_volume(OBLIQUE, shape=(1, 1, 5, 6)),
    "one-voxel-wide": lambda: make_volume(OBLIQUE, shape=(2, 3, 1, 1)),
    "series": lambda: make_volume(OBLIQUE, shape=(3, 4, 5, 6), step_s=2.5),
    "series-without-step": lambda: make_volume(shape=(2, 4, 5, 6)),
    "colour": lambda: make_volume(CORONAL, shape=(1, 4, 5, 6, 3), dtype="uint8"),
    "colour-series": lambda: make_volume(shape=(2, 3, 4, 5, 3), dtype="uint8"),
    "3d-sagittal": lambda: make_volume(SAGITTAL, is_3d_acquisition=True),
    "3d-oblique": lambda: make_volume(OBLIQUE, is_3d_acquisition=True),
    "3d-series": lambda: make_volume(SAGITTAL, shape=(2, 4, 5, 6), is_3d_acquisition=True),
    "negative-strides": lambda: flipped(OBLIQUE),
    "big-endian": lambda: make_volume(dtype=">i2"),
    "whole-mapping": lambda: make_volume(dtype="uint16", mapping=ValueMapping((1.0,), (-1024.0,))),
    "steep-mapping": lambda: make_volume(dtype="uint16", mapping=ValueMapping((4000.0,), (-8.0,))),
    "fraction-mapping": lambda: make_volume(mapping=ValueMapping((0.25,), (-1.5,))),
    "wide-mapping": lambda: make_volume(dtype="int32", mapping=ValueMapping((0.1,), (3.0,))),
    "overflowing-mapping": lambda: make_volume(dtype="uint32", mapping=ValueMapping((1e9,), (7.0,))),
    "applied-mapping": lambda: make_volume(
        dtype="float32", mapping=ValueMapping((1.0, 2.0, 3.0, 4.0), (0.0,) * 4, MappingState.APPLIED)
    ),
    "resampled": lambda: make_volume(
        SAGITTAL,
        is_3d_acquisition=True,
        resampled={"Kind": "slices"},
        invented=np.arange(120).reshape(SHAPE) % 7 == 0,
    ),
    "with-notes": lambda: make_volume(notes=(note("geometry.tilted"),), split=Split("_echo-2", ("EchoTime differs",))),
    **{f"dtype-{name}": (lambda name=name: make_volume(OBLIQUE, dtype=name)) for name in DTYPES},
    **{f"dtype-{name}": (lambda name=name: make_volume(OBLIQUE, dtype=name)) for name in ("int64", "uint64")},
}


@pytest.fixture(params=REFERENCES)
def reference(request: pytest.FixtureRequest) -> Volume:
    """Each volume of the table."""
    return REFERENCES[request.param]()


@pytest.fixture
def volume_of() -> Callable[[str], Volume]:
    """Makes a volume of the table by its name."""
    return lambda name: REFERENCES[name]()


@pytest.fixture
def make() -> Make:
    """The builder of volumes."""
    return make_volume
