"""Pictures laid into one: nothing moves, nothing is scaled, depth and colour are the richest of all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.errors import PixelError
from convkit.model.picture import Picture
from convkit.pictures import compose
from convkit.pictures.compose import mosaic, side_by_side


def grey(level: int, rows: int = 4, columns: int = 6, *, dtype: type = np.uint8, aspect: float = 1.0) -> Picture:
    return Picture(np.full((rows, columns), level, dtype), aspect)


def colour(rgb: tuple[int, int, int], rows: int = 4, columns: int = 6, icc: bytes = b"") -> Picture:
    return Picture(np.full((rows, columns, 3), rgb, np.uint8), 1.0, icc)


def test_a_mosaic_runs_row_by_row_from_the_top_left() -> None:
    made = mosaic([grey(n) for n in (10, 20, 30, 40, 50)], columns=3)
    assert made.pixels.shape == (8, 18)
    assert made.pixels[::4, ::6].tolist() == [[10, 20, 30], [40, 50, 0]]


def test_gaps_and_empty_cells_hold_the_background() -> None:
    made = mosaic([grey(n) for n in (10, 20, 30)], columns=2, background=7, gap=2)
    assert made.pixels.shape == (10, 14)
    assert set(made.pixels[4:6].ravel()) == set(made.pixels[:, 6:8].ravel()) == {7}
    assert set(made.pixels[6:, 8:].ravel()) == {7}


@given(st.integers(1, 60), st.integers(1, 40), st.integers(1, 40))
def test_a_mosaic_is_as_square_as_any_grid_of_its_pictures(count: int, rows: int, columns: int) -> None:
    made = mosaic([grey(1, rows, columns)] * count)
    height, width = made.pixels.shape
    others = [(-(-count // across) * rows, across * columns) for across in range(1, count + 1)]
    assert max(height / width, width / height) <= min(max(h / w, w / h) for h, w in others) + 1e-9


def test_tall_pixels_count_for_the_shape_of_a_mosaic() -> None:
    made = mosaic([grey(1, 10, 10, aspect=4.0)] * 4)
    assert made.pixels.shape == (10, 40)
    assert made.aspect == 4.0


def test_a_smaller_picture_stands_in_the_middle_of_its_cell() -> None:
    made = mosaic([grey(1, 5, 5), grey(9, 1, 3)], columns=2)
    assert np.argwhere(made.pixels == 9).tolist() == [[2, 6], [2, 7], [2, 8]]


def test_views_stand_side_by_side_with_their_middles_on_one_line() -> None:
    made = side_by_side([grey(10, 6, 4), grey(20, 2, 3), grey(30, 4, 5)], gap=1)
    assert made.pixels.shape == (6, 14)
    for level, rows, columns in ((10, [0, 5], [0, 3]), (20, [2, 3], [5, 7]), (30, [1, 4], [9, 13])):
        found = np.argwhere(made.pixels == level)
        assert [found[:, 0].min(), found[:, 0].max()] == rows
        assert [found[:, 1].min(), found[:, 1].max()] == columns


@pytest.mark.parametrize("put", [mosaic, side_by_side])
def test_sixteen_bits_are_kept_and_bytes_reach_the_same_white(put: type(mosaic)) -> None:
    made = put([grey(0x1234, dtype=np.uint16), grey(255), grey(0)], background=255)
    assert made.pixels.dtype == np.uint16
    assert set(made.pixels.ravel()) <= {0x1234, 0xFFFF, 0}


@pytest.mark.parametrize("put", [mosaic, side_by_side])
def test_grey_becomes_colour_beside_colour(put: type(mosaic)) -> None:
    made = put([colour((1, 2, 3)), grey(9), grey(0xFFFF, dtype=np.uint16)])
    assert made.is_colour
    assert set(map(tuple, made.pixels.reshape(-1, 3))) <= {(1, 2, 3), (9, 9, 9), (255, 255, 255), (0, 0, 0)}


def test_a_colour_profile_stays_where_all_colours_share_it() -> None:
    assert mosaic([colour((1, 2, 3), icc=b"a"), colour((1, 2, 3), icc=b"a"), grey(1)]).icc_profile == b"a"
    assert mosaic([colour((1, 2, 3), icc=b"a"), colour((1, 2, 3), icc=b"b")]).icc_profile == b""


def test_every_byte_comes_back_from_sixteen_bits() -> None:
    levels = np.arange(256, dtype=np.uint8)[None]
    deep = mosaic([Picture(levels), grey(0, 1, 256, dtype=np.uint16)], columns=1).pixels[:1]
    assert np.array_equal(compose.as_colour(deep)[..., 0], levels)


def test_sixteen_bits_become_the_nearest_byte() -> None:
    levels = np.array([[0, 128, 129, 257, 65406, 65407, 65535]], np.uint16)
    assert compose.as_colour(levels)[0, :, 0].tolist() == [0, 0, 1, 1, 254, 255, 255]


def test_pictures_of_different_aspect_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="aspect"):
        mosaic([grey(1), grey(1, aspect=1.1)])


def test_nothing_to_compose_is_an_error() -> None:
    with pytest.raises(ValueError, match="no pictures"):
        side_by_side([])


def test_a_canvas_that_would_take_the_memory_is_refused() -> None:
    one = Picture(np.broadcast_to(np.uint8(1), (2**10, 2**10)))
    with pytest.raises(PixelError) as caught:
        mosaic([one] * 257)
    assert caught.value.code == "pictures.too-large"
