"""Planes of a volume: the right anatomy, the right way round, the right size, and straight where slices are tilted."""

from __future__ import annotations

import math
import tarfile
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convkit
from convkit.errors import GeometryError
from convkit.model import geometry
from convkit.model.geometry import Grid, Turn
from convkit.model.volume import Volume
from convkit.pictures.planes import SHEAR_TOLERANCE, EdgeLetters, PlaneKind, Planes, letters_to, planes_of

TURNS = [Turn(a, f) for a in permutations(range(3)) for f in product([False, True], repeat=3)]
ANATOMICAL = (PlaneKind.AXIAL, PlaneKind.CORONAL, PlaneKind.SAGITTAL)
FLOAT32 = 2e-3
"""Rounding of float32 interpolation between values of a few hundred, with a margin."""
EDGE = 1e-5
"""Places this near to the edge of the covered part, in pixels, may count as in or out."""

AXIAL = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
CORONAL = ((1, 0, 0), (0, 0, -1), (0, 1, 0))
SAGITTAL = ((0, 1, 0), (0, 0, -1), (1, 0, 0))

LETTERS = {
    PlaneKind.AXIAL: EdgeLetters("R", "L", "A", "P"),
    PlaneKind.CORONAL: EdgeLetters("R", "L", "H", "F"),
    PlaneKind.SAGITTAL: EdgeLetters("A", "P", "H", "F"),
}


def grid(axes: tuple = AXIAL, *, spacing: tuple = (3.0, 0.8, 0.5), lean: tuple = (0.0, 0.0)) -> np.ndarray:
    """Affine of slices with rows along axes[0]; each lies `lean` mm further along its rows and columns."""
    row, column, normal = (np.asarray(a, float) for a in axes)
    step = normal * spacing[0] + row * lean[0] + column * lean[1]
    return Grid((-20.0, 30.0, -40.0), tuple(row), tuple(column), spacing[1], spacing[2], tuple(step)).affine()


def places(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """LPS of every voxel: (*shape, 3)."""
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return index @ affine[:3, :3].T + affine[:3, 3]


def noise(*shape: int, dtype: type = np.int16) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 500, shape).astype(dtype)


def all_planes(planes: Planes) -> np.ndarray:
    return np.stack([planes.plane(n) for n in range(planes.count)])


# --- the right anatomy -----------------------------------------------------------------------------------


@pytest.mark.parametrize("axes", [AXIAL, CORONAL, SAGITTAL])
@pytest.mark.parametrize(
    ("kind", "rows_to", "columns_to", "planes_to"),
    [
        (PlaneKind.AXIAL, (0, 1, 0), (1, 0, 0), (0, 0, 1)),
        (PlaneKind.CORONAL, (0, 0, -1), (1, 0, 0), (0, 1, 0)),
        (PlaneKind.SAGITTAL, (0, 0, -1), (0, 1, 0), (1, 0, 0)),
    ],
)
def test_pictures_lie_as_a_viewer_shows_them(
    axes: tuple, kind: PlaneKind, rows_to: tuple, columns_to: tuple, planes_to: tuple
) -> None:
    affine = grid(axes)
    coordinates = places(affine, (3, 4, 5))
    for direction, axis in ((planes_to, 0), (rows_to, 1), (columns_to, 2)):
        along = coordinates @ np.asarray(direction, float)
        shown = all_planes(planes_of(along, affine, kind))
        assert np.all(np.diff(shown, axis=axis) > 0)
        others = tuple(a for a in range(3) if a != axis)
        assert np.ptp(shown, axis=others).max() < 1e-9


@pytest.mark.parametrize("axes", [AXIAL, CORONAL, SAGITTAL])
@pytest.mark.parametrize("kind", ANATOMICAL)
def test_letters_stand_where_the_patient_lies(axes: tuple, kind: PlaneKind) -> None:
    assert planes_of(noise(3, 4, 5), grid(axes), kind).letters == LETTERS[kind]


@pytest.mark.parametrize("kind", ANATOMICAL)
@pytest.mark.parametrize("lean", [(0.0, 0.0), (0.0, 0.9), (-0.4, 0.7)])
def test_the_order_of_voxels_changes_no_picture(kind: PlaneKind, lean: tuple[float, float]) -> None:
    tip = math.radians(17)
    oblique = ((1, 0, 0), (0, math.cos(tip), math.sin(tip)), (0, -math.sin(tip), math.cos(tip)))
    array, affine = noise(5, 6, 7), grid(oblique, lean=lean)
    expected = planes_of(array, affine, kind)
    for turn in TURNS:
        turned = planes_of(
            geometry.turn_array(array[None], turn)[0],
            geometry.turn_affine(affine, array.shape, turn),
            kind,
            stack_axis=turn.axes.index(0),
        )
        assert turned.letters == expected.letters
        assert np.allclose(turned.affine_lps, expected.affine_lps)
        assert np.allclose(all_planes(turned), all_planes(expected), atol=FLOAT32, equal_nan=True)
        assert np.allclose(turned.mip(), expected.mip(), atol=FLOAT32, equal_nan=True)


@pytest.mark.parametrize("kind", ANATOMICAL)
def test_an_upright_volume_is_not_interpolated(kind: PlaneKind) -> None:
    array, affine = noise(4, 5, 6), grid()
    planes = planes_of(array, affine, kind)
    shown = all_planes(planes)
    assert shown.dtype == np.int16
    where = places(planes.affine_lps, planes.shape)
    index = np.rint((where - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T).astype(int)
    assert np.array_equal(shown, array[tuple(np.moveaxis(index, -1, 0))])


def test_native_planes_are_the_stored_slices_in_their_order() -> None:
    array = noise(4, 5, 6)
    planes = planes_of(array, grid(SAGITTAL, lean=(0.0, 1.0)), PlaneKind.NATIVE)
    assert np.array_equal(all_planes(planes), array)
    assert planes.letters == EdgeLetters("A", "P", "H", "F")


def test_tilted_slices_are_shown_as_stored_in_their_own_direction() -> None:
    array = noise(4, 5, 6)
    planes = planes_of(array, grid(lean=(0.0, 1.0)), PlaneKind.AXIAL)
    assert np.array_equal(all_planes(planes), array)


@pytest.mark.parametrize("kind", list(PlaneKind))
def test_a_single_slice_has_planes(kind: PlaneKind) -> None:
    planes = planes_of(noise(1, 5, 6), grid(), kind)
    assert all_planes(planes).shape == planes.shape
    assert planes.mip().shape == planes.shape[1:]


@pytest.mark.parametrize("kind", list(PlaneKind))
def test_colour_stays_bytes_and_black_beyond_tilted_slices(kind: PlaneKind) -> None:
    array = np.full((4, 5, 6, 3), (200, 100, 50), np.uint8)
    planes = planes_of(array, grid(lean=(0.3, 1.0)), kind)
    for shown in (planes.plane(0), planes.mip()):
        assert shown.dtype == np.uint8
        assert set(map(tuple, shown.reshape(-1, 3))) <= {(200, 100, 50), (0, 0, 0)}


def test_planes_are_read_only_and_the_volume_is_left_alone() -> None:
    array = noise(3, 4, 5)
    planes = planes_of(array, grid(), PlaneKind.AXIAL)
    assert not planes.plane(0).flags.writeable
    assert array.flags.writeable


def test_a_plane_that_is_not_there_is_an_index_error() -> None:
    planes = planes_of(noise(3, 4, 5), grid(), PlaneKind.AXIAL)
    for n in (-1, 3):
        with pytest.raises(IndexError):
            planes.plane(n)


# --- sizes and positions ---------------------------------------------------------------------------------


def test_pixels_have_the_size_of_the_volume_along_their_axes() -> None:
    affine = grid(spacing=(3.0, 0.8, 0.5))
    sizes = {k: (p.row_mm, p.column_mm) for k in ANATOMICAL for p in [planes_of(noise(3, 4, 5), affine, k)]}
    assert sizes == {
        PlaneKind.AXIAL: pytest.approx((0.8, 0.5)),
        PlaneKind.CORONAL: pytest.approx((3.0, 0.5)),
        PlaneKind.SAGITTAL: pytest.approx((3.0, 0.8)),
    }


def test_rows_across_tilted_slices_are_their_distance_along_the_normal() -> None:
    affine = grid(spacing=(3.0, 0.8, 0.5), lean=(0.0, 1.5))
    planes = planes_of(noise(6, 4, 5), affine, PlaneKind.CORONAL)
    assert planes.row_mm == pytest.approx(3.0)
    assert planes.aspect == pytest.approx(6.0)


def test_position_is_the_coordinate_along_the_patient_axis() -> None:
    affine = grid(spacing=(3.0, 0.8, 0.5))
    positions = [planes_of(noise(3, 4, 5), affine, k).position_mm(1) for k in ANATOMICAL]
    assert positions == pytest.approx([-40 + 3, 30 + 0.8, -20 + 0.5])


def test_position_of_stored_slices_does_not_depend_on_their_order() -> None:
    affine = grid(((1, 0, 0), (0, 1, 0), (0, 0, -1)))
    positions = [planes_of(noise(3, 4, 5), affine, PlaneKind.NATIVE).position_mm(n) for n in range(3)]
    assert positions == pytest.approx([-40, -43, -46])


# --- letters of obliques ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((-1, 0, 0), "R"),
        ((1, 0.1, 0.1), "L"),
        ((-1, -0.4, 0), "R"),
        ((-1, -0.45, 0), "RA"),
        ((-0.45, -1, 0), "AR"),
        ((0, 0, 1), "H"),
        ((0, 0.6, -1), "FP"),
        ((0.9, 1, 0.8), "PLH"),
    ],
)
def test_letters_name_the_nearest_point_of_the_compass(direction: tuple, letters: str) -> None:
    assert letters_to(np.asarray(direction, float)) == letters


def test_an_oblique_acquisition_has_compound_letters() -> None:
    turn = math.radians(30)
    oblique = ((math.cos(turn), math.sin(turn), 0), (-math.sin(turn), math.cos(turn), 0), (0, 0, 1))
    planes = planes_of(noise(3, 4, 5), grid(oblique), PlaneKind.AXIAL)
    assert planes.letters == EdgeLetters("RA", "LP", "AL", "PR")


# --- without a place, or without sense -------------------------------------------------------------------


def test_without_a_place_in_space_there_are_stored_slices_only() -> None:
    array = noise(3, 4, 5)
    planes = planes_of(array, np.diag([1.0, 1, 1, 1]), PlaneKind.NATIVE, is_placed=False)
    assert np.array_equal(all_planes(planes), array)
    assert planes.letters == EdgeLetters()


@pytest.mark.parametrize("kind", ANATOMICAL)
def test_without_a_place_in_space_a_patient_direction_is_refused(kind: PlaneKind) -> None:
    with pytest.raises(GeometryError) as caught:
        planes_of(noise(3, 4, 5), np.diag([1.0, 1, 1, 1]), kind, is_placed=False)
    assert caught.value.code == "geometry.no-position"


@pytest.mark.parametrize(
    "affine",
    [
        grid(lean=(0.0, 6.0)),
        grid(spacing=(0.0, 1.0, 1.0)),
        grid(((1, 0, 0), (0.6, 0.8, 0), (0, 0, 1))),
        grid() * np.nan,
    ],
    ids=["step 63 degrees off the normal", "no distance", "skewed rows", "not a number"],
)
def test_an_affine_of_no_stack_is_refused(affine: np.ndarray) -> None:
    with pytest.raises(GeometryError):
        planes_of(noise(3, 4, 5), affine, PlaneKind.CORONAL)


def test_a_shear_along_the_wrong_axis_is_refused() -> None:
    array, affine = noise(3, 4, 5), grid(lean=(1.0, 0.0))
    turn = Turn((1, 0, 2), (False, False, False))
    turned = geometry.turn_array(array[None], turn)[0], geometry.turn_affine(affine, array.shape, turn)
    with pytest.raises(GeometryError):
        planes_of(*turned, PlaneKind.CORONAL, stack_axis=0)


# --- tilted slices ---------------------------------------------------------------------------------------


def sampled(array: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Trilinear sampling, one corner of the cell at a time; and where it is sure whether a voxel covers the place."""
    top = np.array(array.shape) - 1
    beyond = np.maximum(-index, index - top).max(axis=-1)
    index = np.clip(index, 0, top)
    low = np.minimum(np.floor(index).astype(int), np.maximum(top - 1, 0))
    share = index - low
    total = np.zeros(index.shape[:-1])
    for corner in product((0, 1), repeat=3):
        weight = np.where(np.array(corner) == 1, share, 1 - share).prod(axis=-1)
        total += weight * array[tuple(np.moveaxis(np.minimum(low + corner, top), -1, 0))]
    return np.where(beyond <= 0.5, total, np.nan), np.abs(beyond - 0.5) > EDGE


angles = st.floats(-math.pi, math.pi)


@st.composite
def stacks(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """A volume of noise in any orientation, mostly sheared within its slices."""
    a, b, c = draw(st.tuples(angles, angles, angles))
    x = np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]])
    y = np.array([[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]])
    z = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    axes = tuple(map(tuple, (z @ y @ x).T))
    spacing = draw(st.tuples(st.floats(0.5, 6), st.floats(0.3, 2), st.floats(0.3, 2)))
    shape = draw(st.tuples(st.integers(1, 7), st.integers(1, 9), st.integers(1, 9)))
    lean = [share * spacing[0] for share in draw(st.tuples(*[st.sampled_from([0.0, 0.5, -0.3, 0.71])] * 2))]
    shifts = [abs(mm) / pixel * (shape[0] - 1) for mm, pixel in zip(lean, (spacing[2], spacing[1]), strict=True)]
    assume(all(s == 0 or s > SHEAR_TOLERANCE for s in shifts))
    return noise(*shape, dtype=np.float32), grid(axes, spacing=spacing, lean=tuple(lean))


@settings(max_examples=200)
@given(stacks(), st.sampled_from(ANATOMICAL))
def test_every_plane_is_the_volume_sampled_where_its_affine_says(
    stack: tuple[np.ndarray, np.ndarray], kind: PlaneKind
) -> None:
    array, affine = stack
    planes = planes_of(array, affine, kind)
    where = places(planes.affine_lps, planes.shape)
    expected, is_sure = sampled(array, (where - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T)
    assert np.allclose(all_planes(planes)[is_sure], expected[is_sure], atol=FLOAT32, equal_nan=True)


@given(stacks(), st.sampled_from(ANATOMICAL))
def test_planes_stand_upright_and_hold_every_slice(stack: tuple[np.ndarray, np.ndarray], kind: PlaneKind) -> None:
    array, affine = stack
    planes = planes_of(array, affine, kind)
    directions = planes.affine_lps[:3, :3]
    assert abs(float(directions[:, 1] @ directions[:, 2])) < 1e-9  # rows and columns, even of stored tilted slices
    corner = geometry.corners(affine, array.shape)
    index = (corner - planes.affine_lps[:3, 3]) @ np.linalg.inv(directions).T
    assert np.all(index >= -0.5 - EDGE)
    assert np.all(index <= np.array(planes.shape) - 0.5 + EDGE)


def test_a_tilted_ball_is_round_in_every_plane() -> None:
    affine = grid(spacing=(1.0, 1.0, 1.0), lean=(0.0, 0.45))
    shape = (41, 60, 41)
    middle = affine[:3, :3] @ np.array([20, 30, 20]) + affine[:3, 3]
    ball = np.clip(15.5 - np.linalg.norm(places(affine, shape) - middle, axis=-1), 0, 1).astype(np.float32)
    for kind in (PlaneKind.CORONAL, PlaneKind.SAGITTAL):
        planes = planes_of(ball, affine, kind)
        through = max(all_planes(planes), key=np.nansum)
        where = places(planes.affine_lps, planes.shape)[0]
        flat = [a for a in range(3) if abs(planes.affine_lps[a, 0]) < 0.5]
        distance = np.linalg.norm((where - middle)[..., flat], axis=-1)
        assert np.nanmin(through[distance < 13]) == pytest.approx(1)
        assert np.nanmax(through[distance > 17]) == 0


def test_padding_never_enters_an_interpolation() -> None:
    array = np.full((6, 8, 5), 100, np.int16)
    array[:, :3] = -2000
    planes = planes_of(array, grid(lean=(0.0, 1.0)), PlaneKind.CORONAL, padding=(-2000, -2000))
    shown = all_planes(planes)
    assert np.isnan(shown).any()
    assert set(np.unique(shown[~np.isnan(shown)])) == {100.0}


def test_padding_beside_a_place_that_needs_no_interpolation_is_not_mixed_in() -> None:
    array = np.full((4, 8, 5), 100, np.int16)
    array[:, 4] = -2000
    affine = grid(spacing=(2.0, 1.0, 1.0), lean=(0.0, 1.0))
    shown = all_planes(planes_of(array, affine, PlaneKind.CORONAL, padding=(-2000, -2000)))
    assert np.sum(shown == 100) == np.sum(array == 100)


def test_a_shift_that_rounding_makes_is_left_alone() -> None:
    planes = planes_of(noise(11, 8, 8), grid(spacing=(3.0, 1.0, 1.0), lean=(0.0, 0.02)), PlaneKind.SAGITTAL)
    assert planes.plane(0).dtype == np.int16
    assert planes.shape == (8, 11, 8)


# --- maximum intensity -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(PlaneKind))
def test_projection_of_an_upright_volume_is_the_greatest_of_its_planes(kind: PlaneKind) -> None:
    planes = planes_of(noise(4, 5, 6), grid(CORONAL), kind)
    assert planes.mip().dtype == np.int16
    assert np.array_equal(planes.mip(), all_planes(planes).max(axis=0))


@pytest.mark.parametrize("kind", ANATOMICAL)
@pytest.mark.parametrize(("down", "right"), [(1, 0), (0, 1), (1, -1), (-1, 0)])
def test_a_bright_line_through_tilted_slices_is_straight_in_every_projection(
    kind: PlaneKind, down: int, right: int
) -> None:
    """A line along the normal: a point seen from its end, upright seen from its side."""
    affine = grid(spacing=(2.0, 1.0, 1.0), lean=(right, down))
    array = np.zeros((8, 20, 21), np.int16)
    for k in range(8):
        array[k, 10 - k * down, 10 - k * right] = 1000
    shown = np.nan_to_num(planes_of(array, affine, kind).mip())
    rows, columns = np.nonzero(shown)
    assert shown.max() == 1000
    assert len(set(columns)) == 1
    assert len(set(rows)) == (1 if kind is PlaneKind.AXIAL else 8)


@pytest.mark.parametrize("kind", ANATOMICAL)
def test_projection_ignores_padding_and_says_where_there_is_nothing_else(kind: PlaneKind) -> None:
    array = np.full((4, 5, 6), 3000, np.int16)
    array[2, 3, 4] = 7
    shown = planes_of(array, grid(), kind, padding=(3000, 3100)).mip()
    assert np.nanmax(shown) == 7
    assert np.isnan(shown).sum() == shown.size - 1


@pytest.mark.parametrize("kind", ANATOMICAL)
def test_projection_ignores_what_is_no_number(kind: PlaneKind) -> None:
    array = noise(4, 5, 6, dtype=np.float32)
    array[1:3, 1:4, 1:5] = np.nan
    array[:, 0, :] = array[0] = array[:, :, 0] = np.nan
    planes = planes_of(array, grid(), kind)
    expected = np.full(planes.shape[1:], np.nan, np.float32)
    for shown in all_planes(planes):
        expected = np.where(np.isnan(expected) | (shown > expected), shown, expected)
    assert np.array_equal(planes.mip(), expected, equal_nan=True)


# --- real data -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tilted_head(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Volume:
    archive = data_folder / "conversion" / "ct_ge_gantry_tilt.tar.xz"
    if not archive.is_file():
        pytest.skip("the set ct_ge_gantry_tilt is not there")
    folder = tmp_path_factory.mktemp("tilted")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return next(v for v in convkit.read_all(folder / "ct_ge_gantry_tilt" / "in") if v.is_sheared)


def unevenness(head: np.ndarray, affine: np.ndarray) -> float:
    """How much neighbouring slices differ in the middle sagittal plane."""
    planes = planes_of(head, affine, PlaneKind.SAGITTAL)
    return float(np.nanmean(np.abs(np.diff(planes.plane(planes.count // 2).astype(float), axis=0))))


def test_slices_of_a_real_tilted_head_fit_best_where_the_header_says(tilted_head: Volume) -> None:
    """Neither left as stored, nor shifted the wrong way."""
    head, right = np.asarray(tilted_head)[0].clip(-200, 300), tilted_head.affine_lps
    normal = geometry.unit(np.cross(right[:3, 1], right[:3, 2]))
    along = normal * float(normal @ right[:3, 0])
    stored, wrong = right.copy(), right.copy()
    stored[:3, 0] = along
    wrong[:3, 0] = 2 * along - right[:3, 0]
    assert unevenness(head, right) < unevenness(head, stored) < unevenness(head, wrong)
