"""Siemens mosaics: all slices of a volume as tiles of one picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from convkit.dicom.header import Header
from convkit.dicom.unfolded import Unfolded
from convkit.errors import MissingAttributeError
from convkit.model import geometry
from convkit.model.frame import Picture
from convkit.model.notes import Note, note
from convkit.quirks._csa import csa_number, csa_numbers
from convkit.quirks._quirk import UnfoldQuirk

_OPPOSED = -0.5
"""A slice normal whose cosine with row x column is below this runs against it; between the two nothing else is sane."""


def _applies(header: Header) -> bool:
    return "MOSAIC" in header.texts("ImageType")


def _unfold(header: Header) -> Header:
    csa = header.far("SiemensCSAImageHeader")
    data = csa.data if csa else b""
    rows, columns = header.integer("Rows") or 0, header.integer("Columns") or 0
    slices = _slices(header, data)
    across = math.ceil(math.sqrt(slices))
    if not rows or not columns or rows % across or columns % across:
        raise MissingAttributeError(
            f"A mosaic of {rows} x {columns} pixels cannot hold {slices} slices in a square of tiles.",
            header.path,
            "",
            "header.inconsistent",
        )
    tile = rows // across, columns // across
    positions = _positions(
        header.numbers("ImagePositionPatient"),
        header.numbers("ImageOrientationPatient"),
        header.numbers("PixelSpacing"),
        _distance(header),
        csa_numbers(data, "SliceNormalVector"),
        (rows - tile[0], columns - tile[1]),
        slices,
    )
    if not positions:
        raise MissingAttributeError(
            "The position, orientation, pixel spacing or slice distance of a mosaic is missing.",
            header.path,
            "",
            "geometry.missing-position",
        )
    place = header.table.places
    shared = {place["Rows"]: tile[0].to_bytes(2, "little"), place["Columns"]: tile[1].to_bytes(2, "little")}
    for doubt in _doubts(header, data):
        header = header.with_note(doubt)
    tiles = _tiles(positions, place["ImagePositionPatient"], Picture(rows, columns, across))
    return header.with_shared(shared | {place["ImagePositionPatient"]: positions[0]})._replace(unfolded=tiles)


@lru_cache(256)
def _tiles(positions: tuple[bytes, ...], place: int, picture: Picture) -> Unfolded:
    """A row for each tile; the same for all pictures of a run."""
    return Unfolded((place,), tuple((position,) for position in positions), picture)


def _doubts(header: Header, csa: bytes) -> Iterator[Note]:
    """Yield what had to be assumed of where the tiles lie."""
    if not csa_numbers(csa, "SliceNormalVector"):
        text = "The direction from tile to tile is missing (CSA header); row x column direction was assumed."
        yield note("geometry.assumed-tiles", text)
    if not header.number("SpacingBetweenSlices"):
        text = "The distance from tile to tile is missing; the slice thickness was assumed, without a gap."
        yield note("geometry.assumed-tiles", text)


def _slices(header: Header, csa: bytes) -> int:
    """Number of slices; a mosaic that does not tell it cannot be taken apart (its last tiles may be empty)."""
    count = header.integer("SiemensNumberOfImagesInMosaic") or int(csa_number(csa, "NumberOfImagesInMosaic") or 0)
    if count < 1:
        raise MissingAttributeError(
            "The number of slices in the mosaic is missing: neither (0019,xx0A) nor the CSA header gives it.",
            header.path,
            "Export the series again without removing private elements.",
            "object.mosaic-count",
        )
    return count


def _distance(header: Header) -> float:
    """From slice to slice, mm; Slice Thickness does not count the gap, so it serves only where nothing else is."""
    return abs(header.number("SpacingBetweenSlices") or header.number("SliceThickness") or 0.0)


@lru_cache(256)
def _positions(  # noqa: PLR0913, PLR0917 (everything the place of a tile depends on; equal in all volumes of a run)
    origin: tuple[float, ...],
    cosines: tuple[float, ...],
    spacing: tuple[float, ...],
    distance: float,
    normal: tuple[float, ...],
    margin: tuple[int, int],
    slices: int,
) -> tuple[bytes, ...]:
    """Image Position (Patient) of each tile, as a header would give it; empty where something is missing.

    The header gives the corner that the picture would have if it lay centred on the first slice, tiles and all.
    """
    if len(origin) != 3 or len(spacing) != 2 or not geometry.is_orientation(cosines) or not distance:
        return ()
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    first = np.array(origin) + row * spacing[1] * margin[1] / 2 + column * spacing[0] * margin[0] / 2
    step = geometry.slice_normal(cosines) * distance
    if len(normal) == 3 and any(normal) and float(geometry.unit(normal) @ step) < _OPPOSED * distance:
        step = -step
    return tuple(b"\\".join(repr(float(x)).encode() for x in first + step * k) for k in range(slices))


QUIRK = UnfoldQuirk(
    name="siemens-mosaic",
    why="Image Type contains MOSAIC; Siemens MR conformance statements, nibabel's notes on mosaics; every tile agrees "
    "with the single slices in data set neurolabusc/dcm_qa",
    applies=_applies,
    unfold=_unfold,
)
