"""Look-up tables mean what their bytes can only mean, however they were stored."""

from __future__ import annotations

from struct import pack

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.dicom.lookup_tables import table_item, table_of
from convkit.dicom.sequences import Item
from convkit.dicom.syntaxes import EXPLICIT_BIG_ENDIAN
from tests.builders import encoding as enc


def descriptor(count: int, first: int = 0, bits: int = 16) -> bytes:
    return pack("<3H", count & 0xFFFF, first & 0xFFFF, bits)


@given(st.lists(st.integers(0, 65535), min_size=2, max_size=40), st.integers(-500, 500))
def test_words_are_read_as_they_were_written(entries: list[int], first: int) -> None:
    table = table_of(descriptor(len(entries), first), np.array(entries, "<u2").tobytes(), is_signed=True)
    assert table is not None
    assert (table.first, table.bits, table.entries.tolist()) == (first, 16, entries)


@given(st.lists(st.integers(0, 255), min_size=3, max_size=40))
def test_bytes_are_read_as_bytes_whatever_bits_the_descriptor_gives(entries: list[int]) -> None:
    for bits in (8, 16):
        data = enc.even(bytes(entries), b"\0")
        table = table_of(descriptor(len(entries), 0, bits), data, is_signed=False)
        assert table is not None
        assert (table.bits, table.entries.dtype, table.entries.tolist()) == (8, np.uint8, entries)


def test_words_that_hold_bytes_give_bytes() -> None:
    table = table_of(descriptor(4, bits=8), np.array([0, 7, 200, 255], "<u2").tobytes(), is_signed=False)
    assert table is not None
    assert (table.bits, table.entries.dtype, table.entries.tolist()) == (8, np.uint8, [0, 7, 200, 255])


def test_entries_above_the_bits_of_the_descriptor_have_more_bits() -> None:
    table = table_of(descriptor(3, bits=8), np.array([0, 300, 4095], "<u2").tobytes(), is_signed=False)
    assert table is not None
    assert table.bits == 12


def test_zero_entries_stand_for_65536() -> None:
    table = table_of(descriptor(0), np.arange(65536, dtype="<u2").tobytes(), is_signed=False)
    assert table is not None
    assert len(table.entries) == 65536


@pytest.mark.parametrize(("is_signed", "first"), [(True, -1024), (False, 64512)])
def test_first_input_is_signed_where_inputs_are(is_signed: bool, first: int) -> None:
    table = table_of(descriptor(2, 0xFC00), b"\1\0\2\0", is_signed=is_signed)
    assert table is not None
    assert table.first == first


@pytest.mark.parametrize(
    ("words", "data"),
    [
        (descriptor(8), b"\1\0\2\0"),  # too short for words, too short for bytes
        (descriptor(0), bytes(8192)),
        (b"\4\0\0\0", bytes(8)),
        (descriptor(4), b""),
        (b"", bytes(8)),
    ],
)
def test_table_that_makes_no_sense_is_none(words: bytes, data: bytes) -> None:
    assert table_of(words, data, is_signed=False) is None


def test_surplus_bytes_are_left() -> None:
    table = table_of(descriptor(2), b"\1\0\2\0\3\0", is_signed=False)
    assert table is not None
    assert table.entries.tolist() == [1, 2]


def test_words_of_a_big_endian_file_are_turned_around() -> None:
    data = enc.element(0x00283002, "US", descriptor(2)) + enc.element(0x00283006, "OW", b"\1\0\0\2")
    found = table_item(Item(data, 0, len(data), is_explicit=True), syntax=EXPLICIT_BIG_ENDIAN).table(is_signed=False)
    assert found is not None
    assert found.entries.tolist() == [256, 2]


def test_signed_representation_of_the_descriptor_counts_where_nothing_else_tells() -> None:
    data = enc.element(0x00283002, "SS", descriptor(2, -5)) + enc.element(0x00283006, "US", b"\1\0\2\0")
    found = table_item(Item(data, 0, len(data), is_explicit=True)).table(is_signed=False)
    assert found is not None
    assert found.first == -5
