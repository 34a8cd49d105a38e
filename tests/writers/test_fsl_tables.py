"""b-values and directions in image axes: told back in the patient's frame, they are what was given."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convkit.model.diffusion import Gradient
from convkit.model.geometry import Grid
from convkit.model.notes import note
from convkit.model.volume import Volume
from convkit.writers._fsl_tables import fsl_tables
from convkit.writers.nifti import native_layout

LETTERS = ["".join(p) for triple in permutations(("LR", "PA", "SI")) for p in product(*triple)]
ROUNDING = 1e-5
"""A table gives six digits."""

unit_parts = st.floats(-1, 1)
vectors = st.tuples(unit_parts, unit_parts, unit_parts).filter(lambda v: np.linalg.norm(v) > 0.1)
quaternions = st.tuples(unit_parts, unit_parts, unit_parts, unit_parts).filter(lambda q: np.linalg.norm(q) > 0.1)


def unit(vector: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(float(v) for v in np.asarray(vector) / np.linalg.norm(vector))


def rotation(quaternion: tuple[float, ...]) -> np.ndarray:
    w, x, y, z = unit(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


@st.composite
def volumes(draw: st.DrawFn) -> Volume:
    """A weighted run in any orientation, slices along the normal or against it, spacing as it comes."""
    turned = rotation(draw(quaternions))
    sizes = draw(st.tuples(*[st.floats(0.5, 5)] * 3))
    step = turned[:, 2] * sizes[0] * draw(st.sampled_from([-1, 1]))
    grid = Grid((1.0, 2.0, 3.0), tuple(turned[:, 0]), tuple(turned[:, 1]), sizes[1], sizes[2], tuple(step))
    given_directions = draw(st.lists(vectors, min_size=1, max_size=4))
    gradients = [Gradient(0.0, None, "x"), *(Gradient(1000.0, unit(v), "x") for v in given_directions)]
    return volume_of(grid, gradients, is_3d_acquisition=draw(st.booleans()))


def volume_of(grid: Grid, gradients: list[Gradient], **changes: object) -> Volume:
    array = np.zeros((len(gradients), 2, 3, 4), np.int16)
    volume = Volume(array, grid.affine(), grid.is_placed, grid.is_sheared, gradients=tuple(gradients))
    return replace(volume, **changes)


def world_of(volume: Volume) -> np.ndarray:
    """The directions of the written table in LPS, (volumes, 3), by FSL's rule alone."""
    table = np.array([line.split() for line in fsl_tables(volume)[0][".bvec"].decode().splitlines()], float)
    axes = volume.affine_ras[:3, [2, 1, 0]]  # i, j, k
    axes = axes / np.linalg.norm(axes, axis=0)
    if np.linalg.det(axes) > 0:
        table[0] *= -1
    return (np.diag([-1, -1, 1]) @ axes @ table).T


@given(volume=volumes())
def test_directions_are_told_in_the_axes_of_the_file(volume: Volume) -> None:
    expected = [g.direction_lps or (0.0, 0.0, 0.0) for g in volume.gradients]
    assert np.abs(world_of(native_layout(volume)) - expected).max() <= ROUNDING


@settings(max_examples=20)
@given(volume=volumes())
def test_directions_are_reoriented_exactly_as_the_image(volume: Volume) -> None:
    expected = [g.direction_lps or (0.0, 0.0, 0.0) for g in volume.gradients]
    for letters in LETTERS:
        assert np.abs(world_of(volume.oriented(letters)) - expected).max() <= ROUNDING, letters


@pytest.mark.parametrize(
    ("letters", "line"),
    [
        ("LAS", "1 0 0"),  # radiological storage: components along i, j, k as they are
        ("RAS", "1 0 0"),  # neurological: i runs to the right, and its component is negated
        ("LPS", "1 0 0"),
        ("RPS", "1 0 0"),
        ("ASL", "0 0 -1"),
        ("PSL", "0 0 1"),
    ],
)
def test_first_component_is_negated_where_the_determinant_is_positive(letters: str, line: str) -> None:
    """A gradient to the left, worked out by hand from FSL's rule."""
    grid = Grid((0, 0, 0), (1, 0, 0), (0, 1, 0), 1, 1, (0, 0, 1))
    turned = volume_of(grid, [Gradient(1000.0, (1.0, 0.0, 0.0), "x")]).oriented(letters)
    axes = turned.affine_ras[:3, [2, 1, 0]]
    along = axes.T @ np.array([-1.0, 0.0, 0.0])  # left in RAS
    if np.linalg.det(axes) > 0:
        along[0] *= -1
    table = [float(v) for v in fsl_tables(turned)[0][".bvec"].split()]
    assert table == along.tolist()


AXIAL = Grid((0, 0, 0), (1, 0, 0), (0, 1, 0), 2, 2, (0, 0, 3))
WEIGHTED = [Gradient(0.0, None, "x"), Gradient(1000.0, (0.0, 0.0, 1.0), "x")]


def test_tables_have_a_value_a_volume() -> None:
    tables, notes = fsl_tables(volume_of(AXIAL, [*WEIGHTED, Gradient(702.5, (0.6, 0.0, 0.8), "x")]))
    assert tables[".bval"] == b"0 1000 702.5\n"
    assert tables[".bvec"].count(b"\n") == 3
    assert all(len(line.split()) == 3 for line in tables[".bvec"].splitlines())
    assert b"-0 " not in tables[".bvec"]
    assert notes == ()


def test_volume_without_weighting_has_no_tables() -> None:
    assert fsl_tables(replace(volume_of(AXIAL, WEIGHTED), gradients=())) == ({}, ())


def test_trace_images_have_zero_vectors() -> None:
    tables, _ = fsl_tables(volume_of(AXIAL, [WEIGHTED[0], Gradient(1000.0, None, "x")]))
    assert tables[".bvec"] == b"0 0\n0 0\n0 0\n"


def test_missing_direction_leaves_the_vectors_out_and_is_said_once() -> None:
    given_twice = volume_of(
        AXIAL, [*WEIGHTED, Gradient(1000.0, None, "x")], notes=(note("diffusion.missing-direction"),)
    )
    tables, notes = fsl_tables(given_twice)
    assert (list(tables), notes) == ([".bval"], ())


def test_sheared_volume_has_no_vectors_and_says_so() -> None:
    sheared = Grid((0, 0, 0), (1, 0, 0), (0, 1, 0), 2, 2, (0, 1, 3), is_sheared=True)
    tables, notes = fsl_tables(volume_of(sheared, WEIGHTED))
    assert (list(tables), [n.code for n in notes]) == ([".bval"], ["diffusion.sheared"])
