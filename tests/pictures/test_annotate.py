"""Marks upon pictures: where they belong, readable on any ground, and nothing else of the picture touched."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.errors import GeometryError
from convkit.model.picture import Picture
from convkit.pictures.annotate import length_label, round_length_mm, with_letters, with_scale_bar

LETTERS = ("R", "L", "A", "P")


def ground(level: int, shape: tuple[int, ...] = (200, 240), dtype: type = np.uint8) -> Picture:
    return Picture(np.full(shape, level, dtype), 1.0, b"")


def changed(before: Picture, after: Picture) -> np.ndarray:
    different = before.pixels != after.pixels
    return different.any(axis=2) if different.ndim == 3 else different


# --- letters ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "rows", "columns"),
    [(0, (80, 120), (0, 40)), (1, (80, 120), (200, 240)), (2, (0, 40), (100, 140)), (3, (160, 200), (100, 140))],
    ids=["left", "right", "top", "bottom"],
)
def test_each_letter_stands_at_its_edge(place: int, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    letters = ["", "", "", ""]
    letters[place] = "H"
    picture = ground(0)
    found = np.argwhere(changed(picture, with_letters(picture, tuple(letters))))
    assert len(found) > 20
    assert np.all((found[:, 0] >= rows[0]) & (found[:, 0] < rows[1]))
    assert np.all((found[:, 1] >= columns[0]) & (found[:, 1] < columns[1]))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_letters_are_white_with_a_dark_edge_on_any_ground(dtype: type, share: float) -> None:
    white = np.iinfo(dtype).max
    picture = ground(int(white * share), dtype=dtype)
    made = with_letters(picture, LETTERS)
    assert made.pixels.dtype == dtype
    assert made.pixels.max() >= 0.95 * white
    assert made.pixels.min() == 0


@pytest.mark.parametrize("mark", [lambda p: with_letters(p, LETTERS), lambda p: with_scale_bar(p, 0.5)])
def test_a_mark_leaves_the_rest_of_the_picture_exactly_as_it_was(mark: type(with_letters)) -> None:
    pixels = np.random.default_rng(5).integers(0, 65536, (200, 240)).astype(np.uint16)
    picture = Picture(pixels.copy(), 1.0)
    made = mark(picture)
    assert np.array_equal(picture.pixels, pixels)
    assert 0 < changed(picture, made).mean() < 0.1
    assert not changed(picture, made)[60:80, 60:80].any()


def test_marks_keep_colour_and_its_profile() -> None:
    picture = Picture(np.full((200, 240, 3), (10, 90, 200), np.uint8), 1.0, b"profile")
    made = with_scale_bar(with_letters(picture, LETTERS), 0.5)
    assert made.icc_profile == b"profile"
    assert tuple(made.pixels[100, 60]) == (10, 90, 200)
    assert [255, 255, 255] in made.pixels.reshape(-1, 3).tolist()


def test_compound_letters_are_wider_and_stay_inside() -> None:
    picture = ground(0)
    found = [
        np.ptp(np.argwhere(changed(picture, with_letters(picture, ("", "", letter, ""))))[:, 1])
        for letter in ("A", "AR", "ARH")
    ]
    assert found == sorted(found)
    assert len(set(found)) == 3


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 3), (12, 12, 3)])
def test_a_picture_too_small_for_its_marks_is_no_error(shape: tuple[int, ...]) -> None:
    picture = ground(100, shape)
    assert with_scale_bar(with_letters(picture, LETTERS), 0.5).pixels.shape == shape


# --- scale bar -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("near", "length"),
    [(1.0, 1), (3.0, 2), (3.5, 5), (8, 10), (60, 50), (64, 50), (90, 100), (0.21, 0.2), (0.04, 0.05)],
)
def test_a_bar_has_the_nearest_round_length(near: float, length: float) -> None:
    assert round_length_mm(near) == length


@given(st.floats(1e-4, 1e5))
def test_a_bar_is_never_far_from_the_length_that_was_wished(near: float) -> None:
    ratio = round_length_mm(near) / near
    assert math.sqrt(0.4) - 1e-9 <= ratio <= math.sqrt(2.5) + 1e-9


@pytest.mark.parametrize(("mm_per_pixel", "pixels"), [(0.5, 40), (1.0, 50), (0.1, 50), (0.33, 61)])
def test_a_bar_is_as_long_as_it_says(mm_per_pixel: float, pixels: int) -> None:
    picture = ground(0)
    made = with_scale_bar(picture, mm_per_pixel).pixels
    longest = max((np.flatnonzero(row == 255) for row in made), key=len)
    assert len(longest) == np.ptp(longest) + 1 == pixels
    assert longest[0] > 120  # at the right


@pytest.mark.parametrize(
    ("length", "label"), [(50, "5 cm"), (20, "2 cm"), (10, "10 mm"), (5, "5 mm"), (0.2, "0.2 mm"), (1000, "100 cm")]
)
def test_a_length_is_written_as_people_say_it(length: float, label: str) -> None:
    assert length_label(length) == label


def test_bars_of_different_length_bear_different_labels() -> None:
    made = [with_scale_bar(ground(0), mm).pixels for mm in (1.0, 0.1)]  # 5 cm and 5 mm, both 50 pixels long
    assert not np.array_equal(*made)


@pytest.mark.parametrize("mm", [0.0, -1.0, math.nan, math.inf])
def test_without_the_size_of_a_pixel_there_is_no_bar(mm: float) -> None:
    with pytest.raises(GeometryError) as caught:
        with_scale_bar(ground(0), mm)
    assert caught.value.code == "geometry.missing-spacing"
