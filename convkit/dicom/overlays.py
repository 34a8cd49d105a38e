"""Overlay planes of an image: bitmaps of groups 6000 to 601E, or in unused bits of its samples (PS3.3 C.9.2, C.9.3).

A plane that cannot be used costs a note, never the picture. Labels and descriptions of overlays are not read: they may
identify.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.dicom import pixels, syntaxes
from convkit.dicom.attributes import TagTable, core_attributes, lone_table, rows_of
from convkit.dicom.header import Header, read_header
from convkit.errors import ConvkitError, InputError
from convkit.model.notes import Note, note
from convkit.storage.files import file_stamp

if TYPE_CHECKING:
    from pydicom import Dataset

GROUPS = range(0x6000, 0x6020, 2)
"""PS3.5 7.6: sixteen repeating groups."""

_OF_A_GROUP = """
Rows 0010 US
Columns 0011 US
Frames 0015 IS
Type 0040 CS
Origin 0050 SS
FrameOrigin 0051 US
BitPosition 0102 US
Data 3000 OW far
"""
"""Element, number and value representation of what is read of each group."""

_SHUTTER = "ShutterOverlayGroup 00181623 US"

_RLE = "1.2.840.10008.1.2.5"


@dataclass(frozen=True, slots=True, eq=False)
class OverlayPlane:
    """One overlay plane of one frame.

    Attributes
    ----------
    group : int
        0x6000 to 0x601E.
    bitmap : (rows, columns) bool, read-only
    row, column : int
        Where its first pixel lies on the image, whose own first pixel is (1, 1); it may lie outside.
    is_roi : bool
        True where it is a region of interest, False for graphics (PS3.3 C.9.2.1.1).
    """

    group: int
    bitmap: NDArray[np.bool_]
    row: int = 1
    column: int = 1
    is_roi: bool = False

    def __post_init__(self) -> None:
        self.bitmap.flags.writeable = False


class Overlays(NamedTuple):
    """The overlay planes of one frame.

    Attributes
    ----------
    planes : tuple of OverlayPlane
        By group.
    notes : tuple of Note
        Planes that cannot be used.
    """

    planes: tuple[OverlayPlane, ...] = ()
    notes: tuple[Note, ...] = ()


def overlays_of(source: str | Dataset, frame: int = 0) -> Overlays:
    """The overlay planes of one frame of an image.

    Parameters
    ----------
    source : str or Dataset
        Path of a file, or a data set in memory.
    frame : int
        From 0.
    """
    try:
        header = _header(source)
    except InputError:
        text = "The overlay planes cannot be read."
        return Overlays((), (note("pixels.overlay", text, where=source if isinstance(source, str) else ""),))
    planes: list[OverlayPlane] = []
    notes: list[Note] = []
    for group in _groups(header):
        try:
            plane = _Group(header, group).plane(frame)
        except ConvkitError as err:
            notes.append(note("pixels.overlay", f"Overlay ({group:04X},eeee): {err.what}", where=header.path))
        else:
            planes += [plane] if plane else []
    return Overlays(tuple(planes), tuple(notes))


def placed(plane: OverlayPlane, rows: int, columns: int) -> NDArray[np.bool_]:
    """The part of a plane that lies on an image of this size, (rows, columns) bool."""
    mask = np.zeros((rows, columns), bool)
    top, left = plane.row - 1, plane.column - 1
    own_rows, own_columns = plane.bitmap.shape
    first, last = max(top, 0), min(top + own_rows, rows)
    start, stop = max(left, 0), min(left + own_columns, columns)
    if first < last and start < stop:
        mask[first:last, start:stop] = plane.bitmap[first - top : last - top, start - left : stop - left]
    return mask


# --- headers ---------------------------------------------------------------------------------------------


def _header(source: str | Dataset) -> Header:
    if not isinstance(source, str):
        in_memory = import_module("convkit.dicom.in_memory")  # pydicom, only for who has it already
        held: Header = in_memory.header_of(source, _table())
        return held
    return _read(source, *file_stamp(source))


@lru_cache(1)
def _read(path: str, _size: int, _modified_ns: int) -> Header:
    """The header of a file; the last one is kept, because an object of many frames is asked frame by frame."""
    return read_header(path, _table())


@lru_cache(2)
def _data(path: str, _size: int, _modified_ns: int, keyword: str) -> bytes:
    """Overlay Data of a file; kept for the next frame."""
    value = read_header(path, _table()).far(keyword)
    return value.data if value else b""


@cache
def _table() -> TagTable:
    own = rows_of(_OF_A_GROUP)
    planes = (a._replace(keyword=f"{a.keyword}{group:04X}", tag=group << 16 | a.tag) for group in GROUPS for a in own)
    image = core_attributes("SpecificCharacterSet", "SOPClassUID", *pixels.SOURCE_KEYWORDS)
    return lone_table((*image, *rows_of(_SHUTTER), *planes))


def _groups(header: Header) -> Iterator[int]:
    """Yield groups that hold a plane to be shown, in order."""
    shutter = header.integer("ShutterOverlayGroup")  # PS3.3 C.11.7: a plane that shuts off is not activated
    yield from (group for group in GROUPS if header.raw(f"Rows{group:04X}") is not None and group != shutter)


# --- planes ----------------------------------------------------------------------------------------------


class _Group:
    """One group of a header."""

    def __init__(self, header: Header, group: int) -> None:
        self._header, self._group = header, group
        self._shape = self._integer("Rows", 0), self._integer("Columns", 0)

    def plane(self, frame: int) -> OverlayPlane | None:
        """The plane for a frame, None where it has none.

        Raises
        ------
        InputError
            It cannot be used.
        """
        if min(self._shape) < 1:
            raise InputError("the number of its rows or columns is missing.")
        place = self._place(frame)
        if place is None:
            return None
        is_separate = self._header.has_far(self._keyword("Data"))
        bitmap = self._from_bits(place) if is_separate else self._from_samples(frame)
        origin = [int(n) for n in self._header.numbers(self._keyword("Origin"))] or [1, 1]
        if len(origin) < 2:
            raise InputError("(60xx,0050) OverlayOrigin has too few values.")
        kind = self._header.text(self._keyword("Type")).upper()
        return OverlayPlane(self._group, bitmap, origin[0], origin[1], is_roi=kind == "R")

    def _keyword(self, name: str) -> str:
        return f"{name}{self._group:04X}"

    def _integer(self, name: str, absent: int) -> int:
        found = self._header.integer(self._keyword(name))
        return absent if found is None else found

    def _place(self, frame: int) -> int | None:
        """Which frame of the overlay lies on a frame of the image; None where none does.

        An overlay that does not count its frames is one for all of the image; one that does begins at Image Frame
        Origin (PS3.3 C.9.3.1.1).
        """
        if not self._header.has(self._keyword("Frames")):
            return 0
        place = frame + 1 - self._integer("FrameOrigin", 1)
        return place if 0 <= place < self._integer("Frames", 1) else None

    def _from_bits(self, place: int) -> NDArray[np.bool_]:
        """The bitmap of Overlay Data: first pixel in the least significant bit, no gap between frames (PS3.5 8.1.2)."""
        header, keyword = self._header, self._keyword("Data")
        if header.held is None:
            data = _data(header.path, header.size, header.modified_ns, keyword)
        else:
            value = header.far(keyword)
            data = value.data if value else b""
        count = self._shape[0] * self._shape[1]
        start, before = divmod(place * count, 8)
        if len(data) * 8 < place * count + count:
            raise InputError("(60xx,3000) OverlayData is shorter than its rows, columns and frames say.")
        packed = np.frombuffer(data, np.uint8, (before + count + 7) // 8, start)
        bits = np.unpackbits(packed, bitorder="little")[before : before + count]
        return bits.reshape(self._shape).astype(bool)

    def _from_samples(self, frame: int) -> NDArray[np.bool_]:
        """The bitmap in one bit of the samples (PS3.5-2004 8.1.2, retired: such bits are no part of the pixel)."""
        source = pixels.source_of_all(self._header)
        layout, bit = source.layout, self._integer("BitPosition", 0)
        if layout.samples != 1 or not 0 <= bit < layout.bits_allocated or layout.is_float:
            raise InputError("(60xx,3000) OverlayData is missing.")
        if layout.high_bit - layout.bits_stored < bit <= layout.high_bit:
            raise InputError("(60xx,3000) OverlayData is missing, and no unused bit of the samples is named.")
        if self._shape != (layout.rows, layout.columns):
            raise InputError("it lies in the samples of the image, but has another size.")
        if source.transfer_syntax not in syntaxes.NATIVE | {_RLE}:
            raise InputError("it lies in unused bits of the samples, which their compression does not keep.")
        samples = import_module("convkit.dicom.samples")  # codecs, only for what nobody makes any more
        stored: NDArray[np.integer] = samples.read_stored(source, frame, is_clean=False)
        return np.asarray(stored >> bit & 1, dtype=bool)
