"""Siemens mosaics: all slices of a volume as tiles of one picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

from convkit.dicom.header import Header
from convkit.dicom.unfolded import Unfolded
from convkit.dicom.values import decimal_strings
from convkit.errors import MissingAttributeError
from convkit.model.directions import dot, is_orientation, normal_of, scaled, total, vector
from convkit.model.frame import Picture
from convkit.model.notes import Note, note
from convkit.quirks._csa import csa_number, csa_numbers
from convkit.quirks._quirk import UnfoldQuirk
from convkit.quirks._tiles import tiles_of

_CLEAR = 0.5
"""A slice normal runs along row x column, or against it; with a smaller cosine it does neither."""

_SHORTEST = 1e-3
"""A shorter slice normal is a zero vector."""


def _applies(header: Header) -> bool:
    return "MOSAIC" in header.texts("ImageType")


def _unfold(header: Header) -> Header:
    csa = header.far("SiemensCSAImageHeader")
    data = csa.data if csa else b""
    slices = _slices(header, data)
    side = math.ceil(math.sqrt(slices))
    tiles = tiles_of(header, slices, down=side, across=side)
    cosines, normal = header.numbers("ImageOrientationPatient"), _normal(data)
    positions = _positions(
        header.numbers("ImagePositionPatient"),
        cosines,
        header.numbers("PixelSpacing"),
        _distance(header) * _sense(header, cosines, normal),
        (tiles.picture.rows - tiles.rows, tiles.picture.columns - tiles.columns),
        slices,
    )
    if not positions:
        raise MissingAttributeError(
            "The position, orientation, pixel spacing or slice distance of a mosaic is missing.",
            header.path,
            "",
            "geometry.missing-position",
        )
    place = header.table.places["ImagePositionPatient"]
    for doubt in _doubts(header, normal):
        header = header.with_note(doubt)
    rows = _rows(positions, place, tiles.picture)
    return header.with_shared({**tiles.shared, place: positions[0]})._replace(unfolded=rows)


@lru_cache(256)
def _rows(positions: tuple[bytes, ...], place: int, picture: Picture) -> Unfolded:
    """A row for each tile; the same for all pictures of a run."""
    return Unfolded((place,), tuple((position,) for position in positions), picture)


def _doubts(header: Header, normal: tuple[float, ...]) -> Iterator[Note]:
    """Yield what had to be assumed of where the tiles lie."""
    if not normal:
        text = "The direction from tile to tile is missing (CSA header); row x column direction was assumed."
        yield note("geometry.assumed-tiles", text)
    if not header.number("SpacingBetweenSlices"):
        text = "The distance from tile to tile is missing; the slice thickness was assumed, without a gap."
        yield note("geometry.assumed-tiles", text)


def _slices(header: Header, csa: bytes) -> int:
    """Number of slices; a mosaic that does not tell it cannot be taken apart (its last tiles may be empty)."""
    told = header.number("SiemensNumberOfImagesInMosaic"), csa_number(csa, "NumberOfImagesInMosaic")
    counts = {n for n in told if n}  # zero is what headers of plain images say, and tells nothing
    if len(counts) > 1 or any(n != int(n) for n in counts):
        raise MissingAttributeError(
            "The number of slices in the mosaic is not whole, or differs between (0019,xx0A) and the CSA header.",
            header.path,
            "",
            "header.inconsistent",
        )
    count = int(max(counts, default=0))
    if count < 1:
        raise MissingAttributeError(
            "The number of slices in the mosaic is missing: neither (0019,xx0A) nor the CSA header gives it.",
            header.path,
            "Export the series again without removing private elements.",
            "object.mosaic-count",
        )
    return count


def _normal(csa: bytes) -> tuple[float, ...]:
    """The direction from tile to tile, a unit vector; empty where it is missing or a zero vector."""
    normal = csa_numbers(csa, "SliceNormalVector")
    length = math.hypot(*normal)
    return tuple(x / length for x in normal) if len(normal) == 3 and length > _SHORTEST else ()


def _sense(header: Header, cosines: tuple[float, ...], normal: tuple[float, ...]) -> int:
    """1 where the tiles run along row x column or nothing says otherwise, -1 where against it."""
    if not normal or not is_orientation(cosines):
        return 1
    cosine = dot(normal_of(cosines), vector(normal))
    if abs(cosine) <= _CLEAR:
        raise MissingAttributeError(
            "The direction from tile to tile (CSA header) is not across the tiles: it contradicts (0020,0037) "
            "ImageOrientationPatient.",
            header.path,
            "",
            "header.inconsistent",
        )
    return 1 if cosine > 0 else -1


def _distance(header: Header) -> float:
    """From slice to slice, mm; Slice Thickness does not count the gap, so it serves only where nothing else is."""
    return abs(header.number("SpacingBetweenSlices") or header.number("SliceThickness") or 0.0)


@lru_cache(256)
def _positions(  # noqa: PLR0913, PLR0917 (everything the place of a tile depends on; equal in all volumes of a run)
    origin: tuple[float, ...],
    cosines: tuple[float, ...],
    spacing: tuple[float, ...],
    distance: float,
    margin: tuple[int, int],
    slices: int,
) -> tuple[bytes, ...]:
    """Image Position (Patient) of each tile, as a header would give it; empty where something is missing.

    The header gives the corner that the picture would have if it lay centred on the first slice, tiles and all. The
    distance is negative where the tiles run against row x column.
    """
    if len(origin) != 3 or len(spacing) != 2 or not is_orientation(cosines) or not distance:
        return ()
    along_row = scaled(vector(cosines[:3]), spacing[1] * margin[1] / 2)
    along_column = scaled(vector(cosines[3:]), spacing[0] * margin[0] / 2)
    first, normal = total(vector(origin), along_row, along_column), normal_of(cosines)
    return tuple(decimal_strings(total(first, scaled(normal, distance * k))) for k in range(slices))


QUIRK = UnfoldQuirk(
    name="siemens-mosaic",
    why="Image Type contains MOSAIC; Siemens MR conformance statements, nibabel's notes on mosaics; every tile agrees "
    "with the single slices in data set neurolabusc/dcm_qa",
    applies=_applies,
    unfold=_unfold,
)
