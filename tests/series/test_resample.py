"""Volumes on another grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convkit.model.volume import MappingState, ValueMapping, Volume
from convkit.series.resample import evened, upright, upright_grid

ROUNDING = 1e-3
"""Float32 interpolation of values up to 1000."""


def volume(slices: int = 5, rows: int = 6, columns: int = 7, *, tilt: float = 0.0, volumes: int = 1) -> Volume:
    """A linear ramp in world space on a grid of 3 x 0.8 x 0.7 mm, sheared by `tilt` mm a slice."""
    affine = np.array(
        [[0, 0, 0.7, -20], [tilt, 0.8, 0, -30], [3, 0, 0, -40], [0, 0, 0, 1]],
        dtype=np.float64,
    )
    return Volume(
        array=np.stack([ramp(affine, (slices, rows, columns)) + 100 * v for v in range(volumes)]).astype(np.float32),
        affine_lps=affine,
        is_sheared=bool(tilt),
        sources=tuple(tuple(f"{v}.{s}" for s in range(slices)) for v in range(volumes)),
    )


def ramp(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    index = np.indices(shape).reshape(3, -1)
    return (affine[:3, :3] @ index + affine[:3, 3:]).sum(axis=0).reshape(shape)


@pytest.mark.parametrize("coordinates", [(0, 1, 2, 3, 4), (0, 0.5, 1, 4), (0.25, 3.75), (4,), (0, 4 / 3, 8 / 3, 4)])
def test_ramp_along_slices_is_interpolated_exactly(coordinates: tuple[float, ...]) -> None:
    source = volume(volumes=2)
    made = evened(source, coordinates)
    index = np.array([[[c]] for c in coordinates])
    for number in range(2):
        base = source.array[number, :1] + index * 3
        assert abs(made.array[number] - base).max() < ROUNDING


def test_voxels_between_slices_are_invented_and_have_no_source() -> None:
    made = evened(volume(volumes=2), (0, 0.5, 1, 2.0004))
    assert made.invented is not None
    assert made.invented.shape == made.array.shape
    assert made.invented.all(axis=(0, 2, 3)).tolist() == [False, True, False, False]
    assert made.sources == (("0.0", "", "0.1", "0.2"), ("1.0", "", "1.1", "1.2"))


@settings(max_examples=30)
@given(st.lists(st.floats(0, 4), min_size=1, max_size=8))
def test_no_interpolated_value_leaves_the_range_of_its_neighbours(coordinates: list[float]) -> None:
    source = volume()
    made = evened(source, coordinates)
    for coordinate, one in zip(coordinates, made.array[0], strict=True):
        low, high = source.array[0, int(coordinate)], source.array[0, min(4, int(np.ceil(coordinate)))]
        assert (one >= low - ROUNDING).all()
        assert (one <= high + ROUNDING).all()


def test_pending_rescale_is_applied_before_interpolation() -> None:
    stored = Volume(
        array=np.arange(8, dtype=np.int16).reshape(1, 2, 2, 2),
        affine_lps=np.eye(4),
        mapping=ValueMapping((2.0,), (1.0,)),
        sources=(("a", "b"),),
    )
    made = evened(stored, (0, 0.5, 1))
    assert made.mapping.state is MappingState.APPLIED
    assert made.dtype == np.float32
    assert made.array[0, 1].ravel().tolist() == [5, 7, 9, 11]


def test_stored_values_that_were_asked_for_stay_so() -> None:
    stored = Volume(
        array=np.arange(8, dtype=np.int16).reshape(1, 2, 2, 2),
        affine_lps=np.eye(4),
        mapping=ValueMapping((2.0,), (1.0,), MappingState.IGNORED),
        sources=(("a", "b"),),
    )
    assert evened(stored, (0.5,)).array.ravel().tolist() == [2, 3, 4, 5]
    assert evened(stored, (0.5,)).mapping.state is MappingState.IGNORED


# --- upright ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tilt", [0.3, 0.9, -0.9, 4.0])
def test_upright_grid_has_right_angles_and_keeps_spacing(tilt: float) -> None:
    source = volume(tilt=tilt)
    affine, shape = upright_grid(source.affine_lps, source.shape[1:])
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    assert lengths == pytest.approx([3, 0.8, 0.7])
    assert abs(affine[:3, :3].T @ affine[:3, :3] - np.diag(lengths**2)).max() < 1e-9
    assert shape[0] == 5
    assert shape[1] >= 6


@pytest.mark.parametrize("tilt", [0.3, 0.9, -0.9, 4.0])
def test_upright_grid_holds_every_corner_of_the_sheared_one(tilt: float) -> None:
    source = volume(tilt=tilt)
    affine, shape = upright_grid(source.affine_lps, source.shape[1:])
    index = np.indices((2, 2, 2)).reshape(3, -1) * (np.array(source.shape[1:])[:, None] - 1)
    world = source.affine_lps[:3, :3] @ index + source.affine_lps[:3, 3:]
    place = np.linalg.inv(affine[:3, :3]) @ (world - affine[:3, 3:])
    assert (place > -1e-2).all()
    assert (place < np.array(shape)[:, None] - 1 + 1e-2).all()


@pytest.mark.parametrize("tilt", [0.3, 0.9, -0.9, 4.0])
def test_ramp_is_interpolated_exactly_where_not_invented(tilt: float) -> None:
    made = upright(volume(tilt=tilt))
    assert made.invented is not None
    assert not made.is_sheared
    expected = ramp(made.affine_lps, made.shape[1:])
    assert abs(made.array[0] - expected)[~made.invented[0]].max() < ROUNDING


@pytest.mark.parametrize("tilt", [0.8, -1.6])
def test_shift_by_whole_rows_moves_values_unchanged(tilt: float) -> None:
    source = volume(tilt=tilt)
    made = upright(source)
    assert made.invented is not None
    kept = made.array[0][~made.invented[0]]
    assert kept.size == source.array.size
    assert np.allclose(np.sort(kept), np.sort(source.array.ravel()), atol=ROUNDING)


def test_invented_voxels_hold_the_smallest_value() -> None:
    source = volume(tilt=1.6)
    made = upright(source)
    assert made.invented is not None
    assert set(made.array[made.invented].tolist()) == {float(source.array.min())}


def test_every_volume_of_a_four_dimensional_series_is_moved_alike() -> None:
    made = upright(volume(tilt=0.8, volumes=2))
    assert made.invented is not None
    inside = ~made.invented[0]
    assert np.allclose((made.array[1] - made.array[0])[inside], 100, atol=ROUNDING)
