"""Pictures whose tiles are slices: the size of a tile, whichever way the vendor places them in space."""

from __future__ import annotations

from typing import NamedTuple

from convkit.dicom.header import Header
from convkit.dicom.unfolded import Overlay
from convkit.errors import MissingAttributeError
from convkit.model.frame import Picture


class Tiles(NamedTuple):
    """How a picture is cut.

    Attributes
    ----------
    rows, columns : int
        Of one tile.
    picture : Picture
    shared : Overlay
        Rows and Columns of a tile, to stand over those of the picture.
    """

    rows: int
    columns: int
    picture: Picture
    shared: Overlay


def tiles_of(header: Header, slices: int, *, down: int, across: int) -> Tiles:
    """The tiles of a picture that holds some slices.

    Raises
    ------
    MissingAttributeError
        The picture cannot be cut into so many rows and columns of tiles.
    """
    rows, columns = header.integer("Rows") or 0, header.integer("Columns") or 0
    if not rows or not columns or rows % down or columns % across:
        raise MissingAttributeError(
            f"A picture of {rows} x {columns} pixels cannot hold {slices} slices in {down} x {across} tiles.",
            header.path,
            "",
            "header.inconsistent",
        )
    tile_rows, tile_columns = rows // down, columns // across
    place = header.table.places
    shared = {
        place["Rows"]: tile_rows.to_bytes(2, "little"),
        place["Columns"]: tile_columns.to_bytes(2, "little"),
    }
    return Tiles(tile_rows, tile_columns, Picture(rows, columns, across), shared)
