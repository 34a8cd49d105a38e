"""Pictures of another size: true aspect, one scale, no value that was not there, nothing touched without need."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.errors import PixelError, UsageError
from convkit.model.geometry import Grid
from convkit.model.picture import Picture
from convkit.pictures.planes import PlaneKind, planes_of
from convkit.pictures.resize import fitted, square, to_one_scale

DTYPES = [np.uint8, np.uint16]


def noise(*shape: int, dtype: type = np.uint8, low: int = 40, high: int = 200) -> np.ndarray:
    return np.random.default_rng(3).integers(low, high, shape).astype(dtype)


def edge(dtype: type) -> np.ndarray:
    """Dark and bright halves: where a cubic curve overshoots."""
    pixels = np.full((12, 12), 50, dtype)
    pixels[:, 6:] = 180
    pixels[6:] += 20
    return pixels


# --- square ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("aspect", [1.0, 1.009, 0.992])
def test_square_pixels_are_left_exactly_as_stored(aspect: float) -> None:
    picture = Picture(noise(7, 5), aspect)
    assert square(picture).pixels is picture.pixels
    assert square(picture).aspect == 1.0


@pytest.mark.parametrize(("aspect", "shape"), [(2.5, (25, 8)), (0.5, (10, 16)), (10.0, (100, 8)), (1.3, (13, 8))])
def test_the_axis_of_the_larger_pixel_is_stretched(aspect: float, shape: tuple[int, int]) -> None:
    made = square(Picture(noise(10, 8), aspect))
    assert made.pixels.shape == shape
    assert made.aspect == 1.0


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0.02, 50))
def test_square_is_true_to_a_pixel(rows: int, columns: int, aspect: float) -> None:
    height, width = square(Picture(np.zeros((rows, columns), np.uint8), aspect)).pixels.shape
    tolerance = 0.51 + 0.01 * min(height, width)  # within 1 % nothing is touched
    assert abs(height - width * rows * aspect / columns) <= tolerance * max(1, rows * aspect / columns)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("aspect", [3.7, 0.27])
def test_no_value_leaves_the_range_of_the_picture(dtype: type, aspect: float) -> None:
    picture = Picture(edge(dtype), aspect)
    made = square(picture).pixels
    assert made.dtype == dtype
    assert made.min() >= picture.pixels.min()
    assert made.max() <= picture.pixels.max()


def test_no_colour_leaves_its_range() -> None:
    pixels = np.stack([edge(np.uint8), edge(np.uint8) // 2, np.full((12, 12), 9, np.uint8)], axis=-1)
    made = square(Picture(pixels, 3.0, b"profile"))
    assert made.icc_profile == b"profile"
    assert np.all(made.pixels.max(axis=(0, 1)) <= pixels.max(axis=(0, 1)))
    assert np.all(made.pixels[..., 2] == 9)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_even_picture_stays_even(dtype: type) -> None:
    level = np.iinfo(dtype).max - 3
    made = fitted(Picture(np.full((9, 9), level, dtype), 2.2), 31)
    assert set(made.pixels.ravel()) == {level}


def test_sixteen_bits_keep_steps_that_eight_bits_lose() -> None:
    ramp = np.repeat(np.arange(30000, 30064, dtype=np.uint16)[None], 4, axis=0)
    made = square(Picture(ramp, 4.0)).pixels
    assert made.dtype == np.uint16
    assert np.array_equal(made[8], ramp[0])


def test_sixteen_bits_are_rounded_not_cut() -> None:
    pixels = noise(60, 60, dtype=np.uint16, low=1000, high=1100)
    made = square(Picture(pixels, 3.3)).pixels
    assert abs(made.mean() - pixels.mean()) < 0.2


# --- fitted ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@given(rows=st.integers(1, 80), columns=st.integers(1, 80), aspect=st.floats(0.1, 10), size=st.integers(1, 200))
def test_the_longest_side_has_the_size_and_the_other_is_true(
    dtype: type, rows: int, columns: int, aspect: float, size: int
) -> None:
    made = fitted(Picture(np.zeros((rows, columns), dtype), aspect), size).pixels.shape
    assert max(made) == size
    shorter = size * min(rows * aspect, columns) / max(rows * aspect, columns)
    assert abs(min(made) - shorter) <= 1 + 0.01 * shorter


def test_a_picture_of_the_size_is_left_exactly_as_stored() -> None:
    picture = Picture(noise(30, 64))
    assert fitted(picture, 64).pixels is picture.pixels


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_reduction_averages_instead_of_choosing_pixels(dtype: type) -> None:
    stripes = np.zeros((64, 64), dtype)
    stripes[:, ::2] = 200
    made = fitted(Picture(stripes), 16).pixels[2:-2, 2:-2]
    assert np.all(np.abs(made.astype(int) - 100) <= 2)


def test_a_flat_picture_keeps_at_least_one_row() -> None:
    assert fitted(Picture(noise(2, 500)), 40).pixels.shape == (1, 40)


def test_a_size_below_one_is_refused() -> None:
    with pytest.raises(UsageError):
        fitted(Picture(noise(4, 4)), 0)


# --- one scale -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing", [(5.0, 0.5, 0.5), (0.6, 1.0, 1.0), (3.0, 0.8, 1.1), (1.0, 1.0, 1.0)])
def test_three_views_agree_in_mm(spacing: tuple[float, float, float]) -> None:
    array = noise(30, 40, 50)
    affine = Grid((0, 0, 0), (1, 0, 0), (0, 1, 0), spacing[1], spacing[2], (0, 0, spacing[0])).affine()
    planes = [planes_of(array, affine, k) for k in (PlaneKind.AXIAL, PlaneKind.CORONAL, PlaneKind.SAGITTAL)]
    pictures = [Picture(p.plane(p.count // 2).copy(), p.aspect) for p in planes]
    views, mm = to_one_scale(pictures, [p.column_mm for p in planes])
    head_to_foot, front_to_back, right_to_left = (n * s / mm for n, s in zip(array.shape, spacing, strict=True))
    expected = [(front_to_back, right_to_left), (head_to_foot, right_to_left), (head_to_foot, front_to_back)]
    assert mm == min(spacing)
    assert [v.pixels.shape for v in views] == [(round(h), round(w)) for h, w in expected]


def test_the_plane_of_the_smallest_pixels_is_left_exactly_as_stored() -> None:
    fine, coarse = Picture(noise(200, 200)), Picture(noise(6, 200), 6.0)
    views, _ = to_one_scale([fine, coarse], [0.5, 0.502])  # 200.8 pixels, but within 1 %
    assert views[0].pixels is fine.pixels
    assert views[1].pixels.shape == (36, 200)


def test_views_take_the_scale_that_is_wanted() -> None:
    views, mm = to_one_scale([Picture(noise(100, 80)), Picture(noise(20, 80), 5.0)], [0.5, 0.5], 2.0)
    assert mm == 2.0
    assert [v.pixels.shape for v in views] == [(25, 20), (25, 20)]


# --- bounds ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("aspect", [101.0, 0.0099, 0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize(
    "change", [square, lambda p: fitted(p, 10), lambda p: to_one_scale([p], [1.0])], ids=["square", "fitted", "scale"]
)
def test_a_pixel_of_no_sensible_shape_is_refused(change: type(square), aspect: float) -> None:
    with pytest.raises(PixelError) as caught:
        change(Picture(noise(4, 4), aspect))
    assert caught.value.code == "pictures.bad-aspect"


@pytest.mark.parametrize("mm", [0.0, -1.0, math.nan, math.inf])
def test_a_pixel_without_size_has_no_scale(mm: float) -> None:
    with pytest.raises(PixelError) as caught:
        to_one_scale([Picture(noise(4, 4))], [mm])
    assert caught.value.code == "pictures.bad-aspect"


@pytest.mark.parametrize(
    "change",
    [
        lambda: square(Picture(np.broadcast_to(np.uint8(1), (2**13, 2**13)), 5.0)),
        lambda: fitted(Picture(noise(4, 4)), 2**14 + 1),
        lambda: to_one_scale([Picture(noise(40, 40)), Picture(noise(4, 4))], [1.0, 1e-4]),
    ],
    ids=["square", "fitted", "scale"],
)
def test_a_picture_that_would_take_the_memory_is_refused(change: type(square)) -> None:
    with pytest.raises(PixelError) as caught:
        change()
    assert caught.value.code == "pictures.too-large"
