"""Volumes whose images have a Modality LUT instead of a rescale: real values are entries of tables (PS3.3 C.11.1).

The tables are read only when a volume is loaded: few images have one, and it may be larger than their pixels.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.dicom.display import ModalityTable
from convkit.dicom.header import Header, read_header
from convkit.dicom.unfold import unfold
from convkit.errors import InputError
from convkit.model import values
from convkit.model.frame import Frame
from convkit.model.notes import Note, note
from convkit.model.slabs import let_go
from convkit.series.facts import unit_of_type
from convkit.series.rescale import modality_table_of
from convkit.series.room import IN_MEMORY, Room
from convkit.series.stack import Stack


class LookedUp(NamedTuple):
    """Real values of a stack.

    Attributes
    ----------
    array : integers, (volumes, slices, rows, columns)
    units : str
        Empty where unknown, or where the tables do not agree.
    notes : tuple of Note
    """

    array: NDArray[Any]
    units: str
    notes: tuple[Note, ...]


def looked_up(array: NDArray[Any], stack: Stack, room: Room = IN_MEMORY) -> LookedUp | None:
    """Real values by the table of each image; None where no image has one after all, so that the rescale counts.

    Parameters
    ----------
    array : (volumes, slices, rows, columns) integers
        Stored values, with only the stored bits in them.
    stack : Stack
    room : Room

    Raises
    ------
    InputError
        A table cannot be used, or some images have one and others have none.
    """
    tables = _tables_of(stack)
    there = [table for table in tables if table is not None]
    if not there:
        return None
    if len(there) < len(tables):
        what = f"{len(there)} of {len(tables)} images have a Modality LUT, the others have none."
        raise InputError(what, stack.first.pixels.path, _HINT, "header.inconsistent")
    bits = max(one.table.bits for one in there)
    real = room.empty(array.shape, np.dtype(np.uint8 if bits <= 8 else np.uint16))
    stored = array.reshape(-1, *array.shape[2:])
    for out, one, found in zip(real.reshape(stored.shape), stored, there, strict=True):
        out[...] = found.table.applied(one)
        let_go(out)
        let_go(one)
    kinds = {one.kind for one in there}
    units = unit_of_type(kinds.pop()) if len(kinds) == 1 else ""
    return LookedUp(values.narrowed(real, bits), units, _notes(stack))


_HINT = "Choose --values stored for the values as they are in the files."


def _notes(stack: Stack) -> tuple[Note, ...]:
    said = (note("values.modality-lut"),)
    return (*said, note("values.table-and-rescale")) if any(kind.has_rescale for kind in stack.kinds) else said


def _tables_of(stack: Stack) -> list[ModalityTable | None]:
    """The table of each frame, volume by volume."""
    headers: dict[str, Header] = {}
    return [_table_of(frame, headers) for frame in stack.all_frames]


def _table_of(frame: Frame, headers: dict[str, Header]) -> ModalityTable | None:
    path = frame.pixels.path
    if path not in headers:
        headers.clear()  # the frames of an object follow each other, and its header may be large
        headers[path] = unfold(read_header(path))
    header = headers[path]
    is_tile = frame.pixels.picture is not None
    try:
        return modality_table_of(header if is_tile else header.of_frame(frame.place))
    except InputError as err:
        raise InputError(err.what, err.where, _HINT, err.code) from err
