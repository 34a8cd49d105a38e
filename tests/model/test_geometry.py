"""Turns, letters, affines, tilt: pure functions held to their definitions."""

from __future__ import annotations

import math
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convkit.model import geometry
from convkit.model.directions import is_letters, is_orientation
from convkit.model.geometry import Grid, Turn
from tests.builders import PLANES

TURNS = [Turn(a, f) for a in permutations(range(3)) for f in product([False, True], repeat=3)]
LETTERS = ["".join(p) for triple in permutations(("LR", "PA", "SI")) for p in product(*triple)]
ROUNDING_MM = 1e-9
"""Rounding of float64 at a few hundred mm, with a wide margin."""

angles = st.floats(-math.pi, math.pi)
spacings = st.tuples(*[st.floats(0.1, 10)] * 3)
origins = st.tuples(*[st.floats(-500, 500)] * 3)
shapes = st.tuples(*[st.integers(1, 6)] * 3)


def rotation(a: float, b: float, c: float) -> np.ndarray:
    """A rotation matrix from three angles about x, y, z."""
    x = np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]])
    y = np.array([[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]])
    z = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    return z @ y @ x


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """A grid in any orientation, now and then sheared."""
    turned = rotation(*draw(st.tuples(angles, angles, angles)))
    spacing = draw(spacings)
    step = turned[:, 2] * spacing[0] + turned[:, 1] * draw(st.sampled_from([0.0, 0.0, 0.7]))
    return Grid(draw(origins), tuple(turned[:, 0]), tuple(turned[:, 1]), spacing[1], spacing[2], tuple(step))


def at(affine: np.ndarray, index: tuple[int, ...]) -> np.ndarray:
    return affine[:3, :3] @ np.asarray(index, float) + affine[:3, 3]


# --- affines ---------------------------------------------------------------------------------------------


@given(grids(), shapes)
def test_affine_says_where_a_voxel_is(grid: Grid, index: tuple[int, int, int]) -> None:
    """PS3.3 C.7.6.2.1.1, one voxel at a time."""
    expected = (
        np.array(grid.origin_lps)
        + index[0] * np.array(grid.step_lps)
        + index[1] * grid.row_spacing * np.array(grid.column_direction_lps)
        + index[2] * grid.column_spacing * np.array(grid.row_direction_lps)
    )
    assert np.abs(at(grid.affine(), index) - expected).max() < ROUNDING_MM


@given(grids(), shapes)
def test_affine_and_its_inverse_give_the_index_back(grid: Grid, index: tuple[int, int, int]) -> None:
    affine = grid.affine()
    back = np.linalg.inv(affine) @ np.append(at(affine, index), 1)
    assert np.allclose(back[:3], index, atol=1e-6)


@given(grids())
def test_spacing_is_read_back_from_the_affine(grid: Grid) -> None:
    between, rows, columns = geometry.spacing(grid.affine())
    assert between == pytest.approx(np.linalg.norm(grid.step_lps))
    assert (rows, columns) == pytest.approx((grid.row_spacing, grid.column_spacing))


def test_lps_to_ras_is_its_own_inverse() -> None:
    assert np.array_equal(geometry.LPS_TO_RAS @ geometry.LPS_TO_RAS, np.eye(4))


@pytest.mark.parametrize(("plane", "normal"), [("axial", (0, 0, 1)), ("coronal", (0, 1, 0)), ("sagittal", (-1, 0, 0))])
def test_slice_normal_of_the_three_planes(plane: str, normal: tuple[float, ...]) -> None:
    row, column = PLANES[plane]
    assert tuple(geometry.slice_normal((*row, *column)) + 0.0) == normal


@pytest.mark.parametrize(
    ("cosines", "expected"),
    [
        ((1, 0, 0, 0, 1, 0), True),
        ((0.999, 0.001, 0, 0, 1.001, 0), True),
        ((1, 0, 0, 1, 0, 0), False),
        ((0, 0, 0, 0, 0, 0), False),
        ((1, 0, 0, 0, 2, 0), False),
        ((1, 0, 0, 0.1, 1, 0), False),
        ((1, 0, 0), False),
        ((math.nan, 0, 0, 0, 1, 0), False),
        ((math.inf, 0, 0, 0, 1, 0), False),
    ],
)
def test_is_orientation(cosines: tuple[float, ...], expected: bool) -> None:
    assert is_orientation(cosines) is expected


@given(st.floats(-60, 60), st.floats(0.5, 10), st.tuples(angles, angles, angles))
def test_tilt_is_the_angle_between_step_and_normal(degrees: float, spacing: float, turn: tuple) -> None:
    turned = rotation(*turn)
    step = spacing * (turned[:, 2] + math.tan(math.radians(degrees)) * turned[:, 1])
    grid = Grid((0, 0, 0), tuple(turned[:, 0]), tuple(turned[:, 1]), 0.5, 0.7, tuple(step))
    assert geometry.tilt_degrees(grid.affine()) == pytest.approx(abs(degrees), abs=1e-4)


def test_reversed_stack_is_not_tilted() -> None:
    grid = Grid((0, 0, 0), (1, 0, 0), (0, 1, 0), 1, 1, (0, 0, -3))
    assert geometry.tilt_degrees(grid.affine()) == 0


@given(grids(), shapes)
def test_corners_are_the_ends_of_the_grid(grid: Grid, shape: tuple[int, int, int]) -> None:
    found = geometry.corners(grid.affine(), shape)
    assert found.shape == (8, 3)
    assert np.abs(found[0] - grid.origin_lps).max() < ROUNDING_MM
    assert np.abs(found[-1] - at(grid.affine(), tuple(n - 1 for n in shape))).max() < ROUNDING_MM


# --- letters and turns -----------------------------------------------------------------------------------


def test_there_are_48_orientations() -> None:
    assert len(set(LETTERS)) == len(set(TURNS)) == 48
    assert all(is_letters(letters) for letters in LETTERS)


@pytest.mark.parametrize("letters", ["", "LP", "LLS", "LRS", "XPS", "lps", "LPSI"])
def test_other_letters_are_refused(letters: str) -> None:
    assert not is_letters(letters)


@pytest.mark.parametrize(
    ("plane", "letters"), [("axial", "LPS"), ("coronal", "LIP"), ("sagittal", "PIR"), ("oblique", "LPS")]
)
def test_letters_of_the_planes(plane: str, letters: str) -> None:
    row, column = (tuple(map(float, d)) for d in PLANES[plane])
    step = tuple(np.cross(row, column) * 3)
    assert geometry.nearest_letters(Grid((0, 0, 0), row, column, 1, 1, step).affine()) == letters


@pytest.mark.parametrize("letters", LETTERS)
@settings(max_examples=15)
@given(grid=grids(), shape=shapes)
def test_turning_reaches_the_letters(letters: str, grid: Grid, shape: tuple[int, int, int]) -> None:
    affine = grid.affine()
    turn = geometry.turn_to(affine, letters)
    assert geometry.nearest_letters(geometry.turn_affine(affine, shape, turn)) == letters


@given(grids())
def test_turning_to_where_it_is_does_nothing(grid: Grid) -> None:
    affine = grid.affine()
    assert geometry.turn_to(affine, geometry.nearest_letters(affine)).is_identity


@pytest.mark.parametrize("turn", TURNS, ids=str)
@settings(max_examples=15)
@given(grid=grids(), shape=shapes)
def test_turned_array_keeps_each_value_where_it_was(turn: Turn, grid: Grid, shape: tuple[int, int, int]) -> None:
    affine = grid.affine()
    array = np.arange(2 * math.prod(shape)).reshape(2, *shape)
    turned, new = geometry.turn_array(array, turn), geometry.turn_affine(affine, shape, turn)
    back = np.linalg.inv(affine)
    for index in np.ndindex(turned.shape[1:]):
        old = np.round((back @ np.append(at(new, index), 1))[:3]).astype(int)
        assert np.abs(at(affine, tuple(old)) - at(new, index)).max() < ROUNDING_MM
        assert np.array_equal(turned[(slice(None), *index)], array[(slice(None), *old)])


def test_turned_array_is_a_view() -> None:
    array = np.zeros((1, 2, 3, 4))
    assert np.shares_memory(geometry.turn_array(array, Turn((2, 0, 1), (True, False, True))), array)


def test_samples_stay_last() -> None:
    array = np.zeros((1, 2, 3, 4, 3))
    assert geometry.turn_array(array, Turn((2, 1, 0), (False, True, False))).shape == (1, 4, 3, 2, 3)
