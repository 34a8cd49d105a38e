"""Overlay planes: bitmaps with their place on the image, and what is wrong with some."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from convkit.dicom.overlays import OverlayPlane, overlays_of, placed
from tests.builders.files import write_as
from tests.builders.instances import instance
from tests.builders.kinds import multi_frame_us
from tests.builders.segmentations import embedded_overlay, with_overlay
from tests.builders.syntaxes import set_syntax


def pattern(*shape: int, seed: int = 0) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random(shape) < 0.3


def in_file(dataset: Dataset, folder: Path) -> str:
    return str(write_as(dataset, folder / "a.dcm"))


def bitmaps(source: Any, frame: int = 0) -> list[NDArray[np.bool_]]:
    found = overlays_of(source, frame)
    assert found.notes == ()
    return [plane.bitmap for plane in found.planes]


def codes(source: Any, frame: int = 0) -> list[str]:
    return [n.code for n in overlays_of(source, frame).notes]


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "deflated", "rle"])
def test_bitmap_is_that_of_overlay_data(syntax: str, tmp_path: Path) -> None:
    drawn = pattern(6, 7)
    dataset = instance(pixels=np.zeros((6, 7), np.uint16))
    set_syntax(dataset, syntax)
    (found,) = bitmaps(in_file(with_overlay(dataset, drawn), tmp_path))
    assert np.array_equal(found, drawn)


def test_words_of_a_big_endian_file_are_turned(tmp_path: Path) -> None:
    drawn = pattern(6, 7)
    dataset = with_overlay(instance(pixels=np.zeros((6, 7), np.uint16)), drawn)
    set_syntax(dataset, "big")
    words = np.frombuffer(dataset[0x60003000].value, "<u2")
    dataset[0x60003000].value = words.byteswap().tobytes()
    (found,) = bitmaps(in_file(dataset, tmp_path))
    assert np.array_equal(found, drawn)


def test_data_set_in_memory_gives_the_same_planes() -> None:
    drawn = pattern(6, 7)
    (found,) = bitmaps(with_overlay(instance(), drawn))
    assert np.array_equal(found, drawn)


def test_image_without_overlays_has_none(tmp_path: Path) -> None:
    found = overlays_of(in_file(instance(), tmp_path))
    assert found.planes == ()
    assert found.notes == ()


def test_planes_of_several_groups_come_in_order(tmp_path: Path) -> None:
    first, second = pattern(6, 7), pattern(5, 4, seed=1)
    dataset = with_overlay(with_overlay(instance(), second, group=0x601E, kind="R"), first)
    planes = overlays_of(in_file(dataset, tmp_path)).planes
    assert [(p.group, p.is_roi) for p in planes] == [(0x6000, False), (0x601E, True)]
    assert np.array_equal(planes[1].bitmap, second)


def test_single_plane_without_a_count_lies_on_every_frame(tmp_path: Path) -> None:
    drawn = pattern(6, 7)
    path = in_file(with_overlay(multi_frame_us(3), drawn), tmp_path)
    assert all(np.array_equal(bitmaps(path, frame)[0], drawn) for frame in range(3))


def test_frames_of_an_overlay_are_not_byte_aligned_and_start_at_their_origin(tmp_path: Path) -> None:
    drawn = pattern(2, 6, 7)  # 42 bits a frame
    path = in_file(with_overlay(multi_frame_us(4), drawn, frames=2, first=2), tmp_path)
    assert [len(bitmaps(path, frame)) for frame in range(4)] == [0, 1, 1, 0]
    assert np.array_equal(bitmaps(path, 1)[0], drawn[0])
    assert np.array_equal(bitmaps(path, 2)[0], drawn[1])


@pytest.mark.parametrize("syntax", ["explicit", "deflated", "rle", "big"])
@pytest.mark.parametrize("bit", [12, 15])
def test_bitmap_in_unused_bits_of_the_samples_is_found(syntax: str, bit: int, tmp_path: Path) -> None:
    dataset, drawn = embedded_overlay(bit)
    set_syntax(dataset, syntax)
    (found,) = bitmaps(in_file(dataset, tmp_path))
    assert np.array_equal(found, drawn)


def test_bitmap_in_unused_bits_is_found_in_memory() -> None:
    dataset, drawn = embedded_overlay()
    assert np.array_equal(bitmaps(dataset)[0], drawn)


def test_bit_that_is_part_of_the_value_is_no_overlay(tmp_path: Path) -> None:
    dataset, _ = embedded_overlay()
    dataset[0x60000102].value = 11
    path = in_file(dataset, tmp_path)
    assert overlays_of(path).planes == ()
    assert codes(path) == ["pixels.overlay"]


def test_embedded_overlay_of_another_size_costs_a_note(tmp_path: Path) -> None:
    dataset, _ = embedded_overlay()
    dataset[0x60000010].value = 5
    assert codes(in_file(dataset, tmp_path)) == ["pixels.overlay"]


def test_overlay_data_that_are_too_short_cost_one_plane_only(tmp_path: Path) -> None:
    drawn = pattern(6, 7)
    dataset = with_overlay(with_overlay(instance(), drawn, group=0x6002), drawn)
    dataset[0x60000010].value = 60
    found = overlays_of(in_file(dataset, tmp_path))
    assert [p.group for p in found.planes] == [0x6002]
    assert [n.code for n in found.notes] == ["pixels.overlay"]


@pytest.mark.parametrize("element", [0x60000011, 0x60000010])
def test_plane_without_a_size_costs_a_note(element: int, tmp_path: Path) -> None:
    dataset = with_overlay(instance(), pattern(6, 7))
    dataset[element].value = 0
    assert codes(in_file(dataset, tmp_path)) == ["pixels.overlay"]


def test_notes_do_not_repeat_the_description(tmp_path: Path) -> None:
    dataset = with_overlay(instance(), pattern(6, 7))
    dataset[0x60000010].value = 600
    (said,) = overlays_of(in_file(dataset, tmp_path)).notes
    assert "Doe" not in said.text + said.hint


def test_shutter_is_not_shown_as_a_plane(tmp_path: Path) -> None:
    dataset = with_overlay(instance(ShutterOverlayGroup=0x6000), pattern(6, 7))
    assert bitmaps(in_file(dataset, tmp_path)) == []


def test_file_that_is_gone_costs_a_note(tmp_path: Path) -> None:
    assert codes(str(tmp_path / "none.dcm")) == ["pixels.overlay"]


def test_origin_is_counted_from_one_and_defaults_to_it(tmp_path: Path) -> None:
    (moved,) = overlays_of(in_file(with_overlay(instance(), pattern(2, 2), origin=(3, -1)), tmp_path)).planes
    assert (moved.row, moved.column) == (3, -1)
    (plain,) = overlays_of(with_overlay(instance(), pattern(2, 2), origin=None)).planes
    assert (plain.row, plain.column) == (1, 1)


def test_plane_is_placed_where_its_origin_says() -> None:
    mask = placed(OverlayPlane(0x6000, np.ones((2, 3), bool), row=3, column=2), 6, 7)
    assert mask[2:4, 1:4].all()
    assert mask.sum() == 6


@given(row=st.integers(-9, 12), column=st.integers(-9, 12))
def test_placed_pixels_are_those_on_the_image(row: int, column: int) -> None:
    bitmap = pattern(5, 4, seed=3)
    mask = placed(OverlayPlane(0x6000, bitmap, row, column), 6, 7)
    expected = np.zeros((6, 7), bool)
    for down, right in np.argwhere(bitmap):
        if 0 <= down + row - 1 < 6 and 0 <= right + column - 1 < 7:
            expected[down + row - 1, right + column - 1] = True
    assert np.array_equal(mask, expected)


@pytest.mark.parametrize("name", ["pydicom/examples_overlay.dcm", "nibabel/slicethickness_empty_string.dcm"])
def test_real_planes_are_those_that_pydicom_reads(name: str, data_folder: Path) -> None:
    path = data_folder / "decoding" / name
    if not path.is_file():
        pytest.skip(f"{name} is not there")
    (found,) = bitmaps(str(path))
    assert np.array_equal(found, dcmread(path).overlay_array(0x6000).astype(bool))
    assert found.any()
