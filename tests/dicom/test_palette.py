"""Palettes: every form that tables come in gives the colours that it stands for (PS3.3 C.7.6.3.1.5, C.7.9.2)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from struct import pack
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.data import get_palette_files
from pydicom.pixels.processing import apply_color_lut

from convkit.dicom.attributes import display_table
from convkit.dicom.in_memory import header_of
from convkit.dicom.palette import Palette, palette_of, palette_of_file
from convkit.errors import InputError, PixelError
from tests.builders import palette, write
from tests.builders.syntaxes import set_syntax

COLOURS = ("Red", "Green", "Blue")


def with_tables(descriptor: list[int], *tables: bytes, segmented: bool = False, **overrides: Any) -> Dataset:
    dataset = palette(**overrides)
    for colour, table in zip(COLOURS, tables, strict=True):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", descriptor)
        delattr(dataset, f"{colour}PaletteColorLookupTableData")
        setattr(dataset, f"{'Segmented' if segmented else ''}{colour}PaletteColorLookupTableData", table)
    return dataset


def shown(dataset: Dataset, *stored: int) -> list[list[int]]:
    found = palette_of(header_of(dataset, display_table()))
    return found.applied_to(np.array(stored)).tolist()


def words(*entries: int) -> bytes:
    return pack(f"<{len(entries)}H", *entries)


def test_entries_of_16_bits_give_their_upper_8() -> None:
    dataset = with_tables([2, 0, 16], words(0x12FF, 0x3400), words(0, 0xFFFF), words(0x8000, 0x7FFF))
    assert shown(dataset, 0, 1) == [[0x12, 0, 0x80], [0x34, 0xFF, 0x7F]]


def test_entries_of_8_bits_are_bytes() -> None:
    dataset = with_tables([3, 0, 8], b"\1\2\3\0", b"\4\5\6\0", b"\7\x08\x09\0")
    assert shown(dataset, 0, 1, 2) == [[1, 4, 7], [2, 5, 8], [3, 6, 9]]


def test_entries_of_8_bits_may_lie_in_words() -> None:
    dataset = with_tables([3, 0, 8], words(1, 2, 3), words(4, 5, 6), words(7, 8, 9))
    assert shown(dataset, 2) == [[3, 6, 9]]


def test_a_descriptor_of_16_bits_may_have_tables_of_bytes() -> None:
    dataset = with_tables([4, 0, 16], bytes([1, 2, 3, 200]), bytes(4), bytes(4))
    assert shown(dataset, 3) == [[200, 0, 0]]


def test_words_that_hold_bytes_are_not_all_black() -> None:
    dataset = with_tables([2, 0, 16], words(10, 255), words(20, 0), words(30, 0))
    assert shown(dataset, 0, 1) == [[10, 20, 30], [255, 0, 0]]


def test_values_outside_take_the_nearest_entry() -> None:
    dataset = with_tables([2, 10, 8], b"\1\2", b"\3\4", b"\5\6")
    assert shown(dataset, 0, 9, 10, 11, 12, 255) == [[1, 3, 5]] * 3 + [[2, 4, 6]] * 3


def test_the_first_value_has_the_sign_of_the_pixels() -> None:
    dataset = with_tables([2, -5, 8], b"\1\2", b"\3\4", b"\5\6", PixelRepresentation=1)
    assert shown(dataset, -6, -5, -4, 0) == [[1, 3, 5], [1, 3, 5], [2, 4, 6], [2, 4, 6]]


def test_the_first_value_of_unsigned_pixels_is_unsigned() -> None:
    dataset = with_tables([2, 40000, 8], b"\1\2", b"\3\4", b"\5\6")
    assert shown(dataset, 0, 40001) == [[1, 3, 5], [2, 4, 6]]


def test_no_entries_mean_65536() -> None:
    table = np.arange(1 << 16, dtype="<u2").tobytes()
    dataset = with_tables([0, 0, 16], table, table, table)
    assert shown(dataset, 0, 0x1234, 0xFFFF) == [[0] * 3, [0x12] * 3, [0xFF] * 3]


def test_colours_may_start_at_different_values() -> None:
    dataset = with_tables([2, 0, 8], b"\1\2", b"\3\4", b"\5\6")
    dataset.GreenPaletteColorLookupTableDescriptor = [2, 1, 8]
    assert shown(dataset, 0, 1, 2) == [[1, 3, 5], [2, 3, 6], [2, 4, 6]]


def test_discrete_and_linear_segments_are_expanded() -> None:
    red = words(0, 2, 0, 0, 1, 4, 0x8000)  # 0, 0, then a line of four to 0x8000
    dataset = with_tables([6, 0, 16], red, red, red, segmented=True)
    assert [colour[0] for colour in shown(dataset, *range(6))] == [0, 0, 0x20, 0x40, 0x60, 0x80]


@pytest.mark.parametrize("bits", [8, 16])
def test_an_indirect_segment_copies_by_a_byte_offset(bits: int) -> None:
    form = "<%dB" if bits == 8 else "<%dH"
    top = 200 if bits == 8 else 200 << 8
    offset = (5, 0, 0, 0) if bits == 8 else (10, 0)  # the second segment starts at entry 5
    entries = (0, 3, 0, 0, top, 1, 2, 0, 2, 1, *offset)
    table = pack(form % len(entries), *entries)
    dataset = with_tables([7, 0, bits], table, table, table, segmented=True)
    assert [colour[0] for colour in shown(dataset, *range(7))] == [0, 0, 200, 100, 0, 0, 0]


@pytest.mark.parametrize("name", ["spring", "summer", "fall", "winter", "hotiron", "pet"])
def test_well_known_palettes_are_those_of_pydicom(name: str) -> None:
    known = dcmread(get_palette_files(f"{name}.dcm")[0])
    known.PixelRepresentation = 0
    stored = np.arange(256, dtype=np.uint8).reshape(16, 16)
    ours = palette_of(header_of(known, display_table())).applied_to(stored)
    assert np.array_equal(ours, apply_color_lut(stored, known)[..., :3])


@pytest.mark.parametrize(
    "table",
    [
        words(1, 4, 9),  # a line from nowhere
        words(2, 1, 0, 0),  # a copy of itself
        words(7, 1, 0),  # no such segment
        words(0, 2, 1, 1, 2, 1, 3, 0),  # an offset in the middle of a word
        words(0, 2, 1, 1, 2, 1, 999, 0),  # an offset behind the end
        words(0, 2, 1, 1, 1, 65535, 9, 1, 65535, 9),  # more than a table may hold
        words(0, 2, 1, 1),  # too few
    ],
)
def test_segments_that_lead_nowhere_are_a_coded_error(table: bytes) -> None:
    dataset = with_tables([9, 0, 16], table, table, table, segmented=True)
    with pytest.raises(PixelError) as raised:
        shown(dataset, 0)
    assert raised.value.code == "pixels.palette"


@given(st.binary(max_size=60))
def test_any_segments_expand_or_are_a_coded_error(table: bytes) -> None:
    even = table + bytes(len(table) % 2)
    for bits in (8, 16):
        dataset = with_tables([4, 0, bits], even, even, even, segmented=True)
        with suppress(PixelError):
            assert len(shown(dataset, 0, 3)) == 2


def test_a_short_table_is_a_coded_error() -> None:
    dataset = with_tables([256, 0, 8], bytes(256), bytes(100), bytes(256))
    with pytest.raises(PixelError, match="GreenPaletteColorLookupTableData has 100 bytes") as raised:
        shown(dataset, 0)
    assert raised.value.code == "pixels.palette"


@pytest.mark.parametrize("keyword", ["BluePaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData"])
def test_a_missing_table_is_a_coded_error(keyword: str) -> None:
    dataset = palette()
    delattr(dataset, keyword)
    with pytest.raises(PixelError) as raised:
        shown(dataset, 0)
    assert raised.value.code == "pixels.palette"


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_tables_are_the_same_in_every_encoding(syntax: str, tmp_path: Path) -> None:
    dataset = palette()
    if syntax == "big":  # words, so their writer swaps them
        for colour in COLOURS:
            keyword = f"{colour}PaletteColorLookupTableData"
            setattr(dataset, keyword, np.frombuffer(getattr(dataset, keyword), "<u2").byteswap().tobytes())
    set_syntax(dataset, syntax)
    (path,) = write([dataset], tmp_path)
    found = palette_of_file(str(path))
    assert found.colours[[0, 200]].tolist() == [[0, 255, 128], [200, 55, 128]]


def test_a_palette_of_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        palette_of_file(str(tmp_path / "none.dcm"))


def test_colours_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Palette(0, np.zeros((1, 3), np.uint8)).colours[0] = 1
