"""A series: a stack of slices in any plane whose every stored value says where it belongs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from tests.builders.instances import instance

Array = NDArray[Any]

_SPREAD_32 = 70001
"""Factor on the code of a 32-bit value, so that it needs more than 16 bits and stays exact."""


def _oblique() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Row and column direction, turned by 20 degrees about x and -15 about z."""
    a, b = math.radians(20), math.radians(-15)
    about_x = np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]])
    about_z = np.array([[math.cos(b), -math.sin(b), 0], [math.sin(b), math.cos(b), 0], [0, 0, 1]])
    turned = about_z @ about_x
    return tuple(turned[:, 0]), tuple(turned[:, 1])


PLANES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "axial": ((1, 0, 0), (0, 1, 0)),
    "coronal": ((1, 0, 0), (0, 0, -1)),
    "sagittal": ((0, 1, 0), (0, 0, -1)),
    "oblique": _oblique(),
}
"""Direction of a row and of a column in LPS."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance stands in its series; override values may be functions of it."""

    number: int
    slice: int
    volume: int
    echo: int
    part: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What `series` builds. Lengths in mm.

    Attributes
    ----------
    plane : a key of `PLANES`
    negated : "", "row", "column" or "both": which in-plane direction runs the other way
    descending : True where growing instance numbers run against the slice normal
    spacing : between slices, rows, columns
    origin : LPS position of the first voxel of the first slice
    dtype : type of the stored values
    bits_stored : Bits Stored, all of the type where None
    junk : True fills the bits above Bits Stored with a pattern
    slope, intercept : one for all slices, or one a slice; None leaves what the modality brings
    tilt : shear along the column direction for each slice
    volumes, echoes (ms), parts (letters of Image Type: M, P, R, I) : images at each position
    missing, duplicated : slices left out, and slices that are there twice under two UIDs
    doubled_from : slice from which the spacing is doubled
    position : False leaves out Image Position (Patient)
    syntax : a key of `tests.builders.syntaxes.SYNTAXES`; jpeg2000 needs at least 32 rows and columns
    preamble, meta : False leaves out the preamble with ``DICM``, or group 0002
    overrides : attributes by keyword, or functions from `Place` to such a value
    """

    patient: int = 1
    study: int = 1
    series: int = 1
    plane: str = "axial"
    negated: str = ""
    descending: bool = False
    slices: int = 5
    rows: int = 6
    columns: int = 7
    spacing: tuple[float, float, float] = (3.0, 0.8, 0.7)
    origin: tuple[float, float, float] = (-20.0, -30.0, -40.0)
    modality: str = "CT"
    dtype: str = "int16"
    bits_stored: int | None = None
    junk: bool = False
    slope: float | Sequence[float] | None = None
    intercept: float | Sequence[float] | None = None
    tilt: float = 0.0
    volumes: int = 1
    echoes: tuple[float, ...] = ()
    parts: tuple[str, ...] = ()
    missing: tuple[int, ...] = ()
    duplicated: tuple[int, ...] = ()
    doubled_from: int | None = None
    position: bool = True
    syntax: str = "explicit"
    preamble: bool = True
    meta: bool = True
    overrides: dict[str, Any] = field(default_factory=dict)

    @property
    def directions(self) -> tuple[Array, Array]:
        """Unit vectors along a row and along a column, LPS."""
        row, column = (np.asarray(d, float) for d in PLANES[self.plane])
        return (
            -row if self.negated in {"row", "both"} else row,
            -column if self.negated in {"column", "both"} else column,
        )

    @property
    def bits(self) -> int:
        """Bits Stored."""
        return self.bits_stored or np.dtype(self.dtype).itemsize * 8


def series(**options: Any) -> list[Dataset]:
    """A stack of instances in order of volume, echo, part, slice.

    Options are the fields of `Recipe` in lower case, and attributes by keyword (``EchoTime=30``), whose value
    may be a function of `Place` (``AcquisitionNumber=lambda place: place.volume + 1``) and None to delete.
    """
    known = {f.name for f in fields(Recipe)}
    recipe = Recipe(
        **{k: v for k, v in options.items() if k in known},
        overrides={k: v for k, v in options.items() if k not in known},
    )
    return [_instance(recipe, place) for place in _places(recipe)]


def stored_values(recipe: Recipe, place: Place) -> Array:
    """(rows, columns) stored values of one slice, each used once in the series.

    A code counts slices, rows and columns as the digits of one number, the image at the position first.
    Signed codes are centred on zero. 32-bit codes are spread so that they need more than 16 bits.
    """
    images = recipe.volumes * max(1, len(recipe.echoes)) * max(1, len(recipe.parts))
    image = (place.volume * max(1, len(recipe.echoes)) + place.echo) * max(1, len(recipe.parts)) + place.part
    total = images * recipe.slices * recipe.rows * recipe.columns
    dtype = np.dtype(recipe.dtype)
    if total > 1 << min(recipe.bits, 30):
        raise ValueError(f"{total} voxels cannot each have a value of {recipe.bits} bits")
    first = (image * recipe.slices + place.slice) * recipe.rows * recipe.columns
    code = np.arange(first, first + recipe.rows * recipe.columns, dtype=np.int64).reshape(recipe.rows, recipe.columns)
    code -= total // 2 if dtype.kind == "i" else 0
    code *= _SPREAD_32 if recipe.bits == 32 and total * _SPREAD_32 < 1 << 31 else 1
    return _with_junk(code, recipe, place).astype(dtype)


def _with_junk(code: Array, recipe: Recipe, place: Place) -> Array:
    """The codes with only their low bits kept, and a pattern above them (PS3.5 8.1.1)."""
    if recipe.bits == np.dtype(recipe.dtype).itemsize * 8 or not recipe.junk:
        return code
    low = code & ((1 << recipe.bits) - 1)
    pattern = np.arange(code.size).reshape(code.shape) + place.slice + 1
    return low | (pattern << recipe.bits)


def _places(recipe: Recipe) -> Iterator[Place]:
    images = product(range(recipe.volumes), range(len(recipe.echoes) or 1), range(len(recipe.parts) or 1))
    number = 0
    for volume, echo, part in images:
        for index in range(recipe.slices):
            for _ in range((index not in recipe.missing) + (index in recipe.duplicated)):
                number += 1
                yield Place(number, index, volume, echo, part)


def _instance(recipe: Recipe, place: Place) -> Dataset:
    attributes = _geometry(recipe, place) | _image(recipe, place) | _rescale(recipe, place)
    attributes |= {k: v(place) if isinstance(v, Callable) else v for k, v in recipe.overrides.items()}
    return instance(
        recipe.patient,
        recipe.study,
        recipe.series,
        place.number,
        pixels=stored_values(recipe, place),
        syntax=recipe.syntax,
        preamble=recipe.preamble,
        meta=recipe.meta,
        **attributes,
    )


def _geometry(recipe: Recipe, place: Place) -> dict[str, Any]:
    row, column = recipe.directions
    steps = place.slice
    if recipe.doubled_from is not None:
        steps += max(0, place.slice - recipe.doubled_from)
    sign = -1 if recipe.descending else 1
    step = sign * np.cross(row, column) * recipe.spacing[0] + recipe.tilt * column
    position = np.asarray(recipe.origin) + steps * step
    return {
        "ImageOrientationPatient": [decimal(v) for v in (*row, *column)],
        "ImagePositionPatient": [decimal(v) for v in position] if recipe.position else None,
        "PixelSpacing": [decimal(v) for v in recipe.spacing[1:]],
        "SliceThickness": decimal(recipe.spacing[0]),
        "GantryDetectorTilt": decimal(math.degrees(math.atan2(recipe.tilt, recipe.spacing[0])))
        if recipe.tilt
        else None,
    }


def _image(recipe: Recipe, place: Place) -> dict[str, Any]:
    attributes: dict[str, Any] = {"Modality": recipe.modality}
    if recipe.bits_stored:
        attributes |= {"BitsStored": recipe.bits_stored, "HighBit": recipe.bits_stored - 1}
    if recipe.volumes > 1:
        seconds = 2 * place.volume
        attributes |= {
            "TemporalPositionIdentifier": place.volume + 1,
            "NumberOfTemporalPositions": recipe.volumes,
            "AcquisitionTime": f"1013{seconds:02d}.000000",
            "ContentTime": f"1013{seconds:02d}.000000",
        }
    if recipe.echoes:
        attributes |= {"EchoTime": decimal(recipe.echoes[place.echo]), "EchoNumbers": place.echo + 1}
    if recipe.parts:
        attributes["ImageType"] = ["ORIGINAL", "PRIMARY", recipe.parts[place.part], "ND"]
    return attributes


def _rescale(recipe: Recipe, place: Place) -> dict[str, Any]:
    found = {}
    for keyword, given in (("RescaleSlope", recipe.slope), ("RescaleIntercept", recipe.intercept)):
        if given is not None:
            found[keyword] = decimal(given[place.slice] if isinstance(given, Sequence) else given)
    return found


def decimal(value: float) -> str:
    """A decimal string of at most 16 characters (PS3.5 6.2, DS)."""
    for digits in range(16, 0, -1):
        text = f"{float(value) + 0.0:.{digits}g}"
        if len(text) <= 16:
            return text
    raise ValueError("no decimal string holds the value")


def same_uid_twice(datasets: list[Dataset], index: int, **changes: Any) -> list[Dataset]:
    """The series with one instance appended again under its own UID, changed by keyword."""
    again = datasets[index].__deepcopy__({})
    for keyword, value in changes.items():
        setattr(again, keyword, value)
    return [*datasets, again]
