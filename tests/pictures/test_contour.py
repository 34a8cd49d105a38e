"""Outlines of labels and bitmaps, drawn into pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from convkit.model.labels import PALETTE, LabelMask, colour_of
from convkit.model.picture import Picture
from convkit.pictures.contour import (
    outlines,
    resized_bitmap,
    resized_labels,
    with_bitmap,
    with_contours,
    with_masks,
)

RED, GREEN = (255, 0, 0), (0, 255, 0)


def labels(text: str) -> NDArray[np.uint8]:
    return np.array([[int(c) for c in line.strip()] for line in text.strip().split("\n")], np.uint8)


def shown(mask: NDArray[np.bool_]) -> str:
    return "\n".join("".join("#" if m else "." for m in row) for row in mask)


def grey(rows: int = 6, columns: int = 7, value: int = 100, dtype: Any = np.uint8) -> Picture:
    return Picture(np.full((rows, columns), value, dtype), aspect=2.0)


label_arrays = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).integers(0, 3, (8, 9)))


def test_outline_is_the_inner_border() -> None:
    drawn = outlines(labels("0000000\n0111110\n0111110\n0111110\n0111110\n0000000"))
    assert shown(drawn) == ".......\n.#####.\n.#...#.\n.#...#.\n.#####.\n......."


def test_hole_has_an_outline() -> None:
    drawn = outlines(labels("1111111\n1111111\n1110111\n1111111\n1111111"))
    assert shown(drawn) == "#######\n#..#..#\n#.#.#.#\n#..#..#\n#######"


def test_single_pixel_is_its_own_outline() -> None:
    assert shown(outlines(labels("000\n010\n000"))) == "...\n.#.\n..."


def test_labels_that_touch_have_a_line_each() -> None:
    drawn = outlines(labels("11112222\n11112222\n11112222"))
    assert shown(drawn) == "########\n#..##..#\n########"


def test_region_that_fills_the_picture_is_seen_at_its_edge() -> None:
    assert shown(outlines(np.ones((4, 4), np.uint8))) == "####\n#..#\n#..#\n####"


def test_thickness_grows_inwards() -> None:
    drawn = outlines(np.pad(np.ones((7, 7), np.uint8), 1), thickness=2)
    assert drawn.sum() == 7 * 7 - 3 * 3
    assert not drawn[0].any()


def test_outline_without_thickness_is_refused() -> None:
    with pytest.raises(ValueError, match="thick"):
        outlines(np.ones((2, 2), np.uint8), thickness=0)


@given(label_arrays)
def test_outline_marks_labelled_pixels_beside_another_label(array: NDArray[Any]) -> None:
    framed = np.pad(array, 1)
    for row, column in np.ndindex(array.shape):
        around = [
            framed[row, column + 1],
            framed[row + 2, column + 1],
            framed[row + 1, column],
            framed[row + 1, column + 2],
        ]
        expected = array[row, column] != 0 and any(n != array[row, column] for n in around)
        assert outlines(array)[row, column] == expected


@given(label_arrays)
def test_every_region_keeps_at_least_a_pixel_of_outline(array: NDArray[Any]) -> None:
    drawn = outlines(array)
    assert set(np.unique(array[drawn])) == set(np.unique(array)) - {0}


def test_contours_make_a_grey_picture_colour_and_leave_the_rest() -> None:
    array = labels("0000000\n0111000\n0111000\n0111022\n0000022\n0000000")
    picture = with_contours(grey(), array, {1: RED, 2: GREEN})
    assert picture.aspect == 2.0
    assert np.array_equal(picture.pixels[outlines(array == 1)], [RED] * 8)
    assert np.array_equal(picture.pixels[array == 2], [GREEN] * 4)
    assert np.all(picture.pixels[~outlines(array)] == 100)


def test_labels_without_a_colour_take_the_palette() -> None:
    picture = with_contours(grey(1, 2), np.array([[1, 9]]))
    assert [tuple(p) for p in picture.pixels[0]] == [PALETTE[0], colour_of(9)]


def test_picture_without_labels_becomes_colour_all_the_same() -> None:
    assert np.all(with_contours(grey(), np.zeros((6, 7), int)).pixels == np.full((6, 7, 3), 100))


def test_sixteen_bits_become_eight() -> None:
    pixels = np.array([[0, 257, 32896, 65535]], np.uint16)
    picture = with_contours(Picture(pixels), np.zeros((1, 4), np.uint8))
    assert picture.pixels[0, :, 0].tolist() == [0, 1, 128, 255]


def test_colour_picture_keeps_its_profile_and_a_grey_one_loses_it() -> None:
    array = np.zeros((2, 2), np.uint8)
    colour = Picture(np.zeros((2, 2, 3), np.uint8), icc_profile=b"rgb")
    assert with_contours(colour, array).icc_profile == b"rgb"
    assert with_contours(Picture(np.zeros((2, 2), np.uint8), icc_profile=b"grey"), array).icc_profile == b""


def test_original_picture_is_left_alone() -> None:
    picture = grey()
    with_contours(picture, np.ones((6, 7), np.uint8))
    with_bitmap(picture, np.ones((6, 7), bool))
    assert np.all(picture.pixels == 100)


def test_masks_may_overlap_and_later_ones_lie_on_top() -> None:
    whole, part = np.ones((6, 7), bool), np.zeros((6, 7), bool)
    part[0:3, 0:3] = True
    picture = with_masks(grey(), [LabelMask(1, RED, whole), LabelMask(2, GREEN, part)])
    assert tuple(picture.pixels[0, 0]) == GREEN
    assert tuple(picture.pixels[2, 2]) == GREEN
    assert tuple(picture.pixels[5, 6]) == RED
    assert tuple(picture.pixels[1, 1]) == (100, 100, 100)


@pytest.mark.parametrize("draw", [with_contours, with_bitmap])
def test_labels_of_another_size_are_refused(draw: Any) -> None:
    with pytest.raises(ValueError, match="fit"):
        draw(grey(), np.ones((7, 6), bool))


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535)])
def test_bitmap_is_white_and_grey_stays_grey(dtype: Any, white: int) -> None:
    bitmap = np.zeros((6, 7), bool)
    bitmap[2, 3] = True
    pixels = with_bitmap(grey(dtype=dtype), bitmap).pixels
    assert pixels.dtype == dtype
    assert pixels[2, 3] == white
    assert (pixels == 100).sum() == 41


def test_bitmap_on_a_colour_picture_is_white() -> None:
    picture = Picture(np.zeros((1, 1, 3), np.uint8))
    assert with_bitmap(picture, np.ones((1, 1), bool)).pixels.tolist() == [[[255, 255, 255]]]


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_enlarged_labels_repeat_each_pixel(factor: int) -> None:
    array = labels("0120\n1002")
    expected = np.repeat(np.repeat(array, factor, 0), factor, 1)
    assert np.array_equal(resized_labels(array, 2 * factor, 4 * factor), expected)
    assert np.array_equal(resized_bitmap(array > 0, 2 * factor, 4 * factor), expected > 0)


def test_shrunk_labels_are_those_at_the_centres() -> None:
    array = np.arange(9, dtype=np.uint8).reshape(1, 9)
    assert resized_labels(array, 1, 3).tolist() == [[1, 4, 7]]


@given(st.integers(1, 12), st.integers(1, 12))
def test_resized_labels_hold_no_new_label(rows: int, columns: int) -> None:
    array = np.random.default_rng(1).integers(0, 4, (5, 6)) * 7
    resized = resized_labels(array, rows, columns)
    assert resized.shape == (rows, columns)
    assert set(np.unique(resized)) <= set(np.unique(array))


@given(st.integers(0, 4), st.integers(0, 5), st.integers(1, 12), st.integers(1, 12))
def test_single_pixel_of_a_bitmap_survives_any_size(row: int, column: int, rows: int, columns: int) -> None:
    bitmap = np.zeros((5, 6), bool)
    bitmap[row, column] = True
    resized = resized_bitmap(bitmap, rows, columns)
    assert resized.shape == (rows, columns)
    assert resized.any() or rows > 5 or columns > 6
    if rows <= 5 and columns <= 6:
        assert resized.sum() == 1
