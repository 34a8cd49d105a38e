"""Palettes of PALETTE COLOR images: three tables of a header to one of RGB bytes (PS3.3 C.7.6.3.1.5, C.7.9)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from convkit.dicom.attributes import display_table
from convkit.dicom.header import Header, read_header
from convkit.errors import PixelError
from convkit.storage.files import file_stamp

_COLOURS = ("Red", "Green", "Blue")
_MOST_ENTRIES = 1 << 16
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """Which colour a stored value is shown in; values outside take the colour of the nearest entry.

    Attributes
    ----------
    first : int
        Stored value of the first entry.
    colours : (entries, 3) uint8, read-only
        RGB.
    """

    first: int
    colours: NDArray[np.uint8]

    def __post_init__(self) -> None:
        self.colours.flags.writeable = False

    def applied_to(self, stored: NDArray[np.integer]) -> NDArray[np.uint8]:
        """The colours of stored values: (..., 3) uint8 for (...) integers."""
        if self.first == 0 and stored.dtype.kind == "u":
            return self.colours.take(stored, axis=0, mode="clip")
        return self.colours.take(stored.astype(np.int64) - self.first, axis=0, mode="clip")


def palette_of(header: Header) -> Palette:
    """The palette of an image; the alpha table is for blending and not read.

    Parameters
    ----------
    header : Header
        Read with `display_table`.

    Raises
    ------
    PixelError
        A table is missing, shorter than its descriptor says, or malformed.
    """
    tables = [_table(header, colour) for colour in _COLOURS]
    bits = max(table.bits for table in tables)
    if bits > 8 and max(int(table.entries.max()) for table in tables) < 256:
        bits = 8  # tables of words that hold bytes, as some makers write them; they would all be black
    first = min(table.first for table in tables)
    last = max(table.first + len(table.entries) for table in tables)
    places = np.arange(first, last)
    colours = np.empty((len(places), 3), np.uint8)
    for colour, table in enumerate(tables):
        shown = table.entries.take(places - table.first, mode="clip")
        colours[:, colour] = shown >> max(bits - 8, 0)
    return Palette(first, colours)


def palette_of_file(path: str) -> Palette:
    """The palette of an image in a file, for a reader whose header does not keep it; the last ones are kept.

    Raises
    ------
    InputError
        The file cannot be read, or has no usable palette.
    """
    return _palette_of_file(path, *file_stamp(path))


@lru_cache(4)
def _palette_of_file(path: str, _size: int, _modified_ns: int) -> Palette:
    return palette_of(read_header(path, display_table()))


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """One colour of a palette: its entries, of so many bits, the first for this stored value."""

    first: int
    bits: int
    entries: NDArray[np.unsignedinteger]


def _table(header: Header, colour: str) -> _Table:
    keyword = f"{colour}PaletteColorLookupTableDescriptor"
    numbers = header.numbers(keyword)
    if len(numbers) != 3 or not 8 <= numbers[2] <= 16:
        _refuse(header, f"{keyword} is missing or no descriptor of a table.")
    count, first, bits = int(numbers[0]) or _MOST_ENTRIES, int(numbers[1]), int(numbers[2])
    if header.integer("PixelRepresentation") == 1 and first >= 1 << 15:
        first -= 1 << 16  # PS3.3 C.7.6.3.1.5: of the type of the stored values
    keyword = f"{colour}PaletteColorLookupTableData"
    plain = header.far(keyword)
    if plain is not None:
        return _Table(first, bits, _plain(header, plain.data, count=count, bits=bits, keyword=keyword))
    segments = header.far(f"Segmented{keyword}")
    if segments is None:
        _refuse(header, f"{keyword} is missing.")
    entries = _expanded(header, np.frombuffer(segments.data, np.uint8 if bits == 8 else "<u2"))
    if len(entries) < count:
        _refuse(header, f"Segmented{keyword} gives {len(entries)} entries where {count} are promised.")
    return _Table(first, bits, entries[:count])


def _plain(header: Header, data: bytes, *, count: int, bits: int, keyword: str) -> NDArray[np.unsignedinteger]:
    """Entries of bytes or of words, whichever the length fits (PS3.3 C.7.6.3.1.6)."""
    is_bytes = bits == 8 and len(data) == count + count % 2
    if len(data) >= 2 * count and not is_bytes:
        words: NDArray[np.uint16] = np.frombuffer(data, "<u2", count)
        # PS3.3 C.7.6.3.1.5, note: entries of 8 bits in words, padded; some makers pad below them.
        return words >> np.uint16(8) if bits == 8 and words.max() > 255 else words
    if len(data) < count:
        _refuse(header, f"{keyword} has {len(data)} bytes where {count} entries are promised.")
    return np.frombuffer(data, np.uint8, count)


def _expanded(header: Header, segments: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    """The entries that segments stand for (PS3.3 C.7.9.2)."""
    entries: list[int] = []
    try:
        _expand(segments.tolist(), entries, bytes_each=segments.itemsize)
    except (IndexError, ValueError) as err:
        raise _palette_error(header, "The segments of a palette cannot be followed.") from err
    return np.array(entries, segments.dtype)


def _expand(
    segments: list[int], entries: list[int], *, bytes_each: int, place: int = 0, copies: int | None = None
) -> None:
    """Append the entries of all segments, or of some to copy; raises IndexError or ValueError if they lead nowhere."""
    done = 0
    while place + 1 < len(segments) and done != copies:  # a lone last byte is padding
        kind, length = segments[place : place + 2]
        place += 2
        if kind == _DISCRETE:
            entries += segments[place : place + length]
            place += length
        elif kind == _LINEAR:
            entries += _line(entries[-1], segments[place], length)
            place += 1
        elif kind == _INDIRECT and copies is None:
            # PS3.3 C.7.9.2.3: a byte offset of 32 bits, least significant part first; never to another indirect one.
            parts = segments[place : place + 4 // bytes_each]
            offset = sum(part << 8 * bytes_each * n for n, part in enumerate(parts))
            place += len(parts)
            if offset % bytes_each or offset // bytes_each >= len(segments):
                raise ValueError(offset)
            _expand(segments, entries, bytes_each=bytes_each, place=offset // bytes_each, copies=length)
        else:
            raise ValueError(kind)
        if len(entries) > _MOST_ENTRIES:
            raise ValueError(len(entries))
        done += 1


def _line(before: int, end: int, length: int) -> list[int]:
    """Entries on a line from the one before, which is there already, to the end (PS3.3 C.7.9.2.2)."""
    if length == 0:
        return []
    step = (end - before) / length
    return [int(value) for value in np.rint(np.linspace(before + step, end, length))]


def _palette_error(header: Header, what: str) -> PixelError:
    return PixelError(what, header.path, "", "pixels.palette")


def _refuse(header: Header, what: str) -> NoReturn:
    raise _palette_error(header, what)
