"""Look-up tables of a header: descriptor and data to entries (PS3.3 C.11.1.1, C.11.2.1.1, C.11.6.1.1).

Makers disagree on how wide an entry is stored and whether the first input is signed; what is read here is what the
bytes can only mean. A table that they cannot mean is told apart from one that is absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.dicom import values
from convkit.dicom.sequences import Item
from convkit.dicom.syntaxes import EXPLICIT_BIG_ENDIAN
from convkit.model.display import LookupTable

_DESCRIPTOR, _EXPLANATION, _TYPE, _DATA = 0x00283002, 0x00283003, 0x00283004, 0x00283006

_MOST_ENTRIES = 1 << 16
"""What 0 entries stand for: their number does not fit 16 bits."""

_LEAST_BITS, _MOST_BITS = 8, 16


class TableItem(NamedTuple):
    """One item of a sequence of tables, undecoded.

    Attributes
    ----------
    descriptor, data : bytes
        LUT Descriptor and LUT Data, little-endian; empty where absent.
    is_signed : bool
        True where the file says that the descriptor is signed (SS).
    explanation, kind : str
        LUT Explanation, Modality LUT Type; empty where absent.
    """

    descriptor: bytes = b""
    data: bytes = b""
    is_signed: bool = False
    explanation: str = ""
    kind: str = ""

    def table(self, *, is_signed: bool) -> LookupTable | None:
        """The table, None where it makes no sense.

        Parameters
        ----------
        is_signed : bool
            True where inputs may be negative.
        """
        return table_of(self.descriptor, self.data, self.explanation, is_signed=is_signed or self.is_signed)


def table_item(item: Item, *, charset: bytes = b"", syntax: str = "") -> TableItem:
    """Take an item of a sequence of tables apart.

    Raises
    ------
    InputError
        The lengths inside lead nowhere.
    """
    found = TableItem()
    for element in item.elements():
        value = item.value(element)
        if element.tag == _DESCRIPTOR:
            found = found._replace(descriptor=value, is_signed=element.vr == b"SS")
        elif element.tag == _DATA:
            # Words of a big endian file are held as they were, whatever holds them (PS3.5 7.3).
            is_swapped = syntax == EXPLICIT_BIG_ENDIAN and element.vr == b"OW"
            found = found._replace(data=_swapped(value) if is_swapped else value)
        elif element.tag == _EXPLANATION:
            found = found._replace(explanation=values.text(value, charset))
        elif element.tag == _TYPE:
            found = found._replace(kind=values.text(value, charset))
    return found


def table_of(descriptor: bytes, data: bytes, explanation: str = "", *, is_signed: bool) -> LookupTable | None:
    """The table that a descriptor and data make, None where they make no sense.

    Parameters
    ----------
    descriptor : bytes
        Number of entries, first input, bits of an entry: three words.
    data : bytes
        Entries as words, or as bytes, whatever the descriptor says of their bits.
    is_signed : bool
        True where the first input is a signed number.
    """
    if len(descriptor) < 6 or not data:
        return None
    count, first, said = (int.from_bytes(descriptor[i : i + 2], "little") for i in (0, 2, 4))
    count = count or _MOST_ENTRIES
    if is_signed and first >= 1 << 15:
        first -= 1 << 16
    entries = _entries(data, count)
    if entries is None:
        return None
    # Bits that an entry has set are bits that it has, and no table gives fewer than 8.
    bits = max(said if said <= _MOST_BITS else 0, int(entries.max()).bit_length(), _LEAST_BITS)
    if entries.itemsize == 1:
        bits = _LEAST_BITS  # 16 are said where 8 are stored
    return LookupTable(first, entries.astype(np.uint8) if bits == _LEAST_BITS else entries, bits, explanation)


def _entries(data: bytes, count: int) -> NDArray[np.unsignedinteger] | None:
    """Entries as words where there is a word for each, as bytes where there is exactly a byte for each."""
    if len(data) >= 2 * count:
        return np.frombuffer(data, "<u2", count).astype(np.uint16)
    if len(data) in {count, count + count % 2}:
        return np.frombuffer(data, np.uint8, count).copy()
    return None


def _swapped(data: bytes) -> bytes:
    return np.frombuffer(data[: len(data) // 2 * 2], ">u2").astype("<u2").tobytes()


def table_items(items: Iterator[Item] | list[Item], *, charset: bytes = b"", syntax: str = "") -> list[TableItem]:
    """Take all items of a sequence of tables apart."""
    return [table_item(item, charset=charset, syntax=syntax) for item in items]
