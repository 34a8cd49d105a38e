"""Vectors of three numbers give what NumPy gives."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.model.directions import dot, is_letters, is_orientation, normal_of, scaled, steepest_axis, total, vector

numbers = st.floats(-1e3, 1e3)
vectors = st.tuples(numbers, numbers, numbers)


@given(vectors, vectors)
def test_sums_and_products_are_those_of_arrays(one: tuple, other: tuple) -> None:
    assert np.allclose(total(one, other), np.add(one, other))
    assert np.allclose(scaled(one, -2.5), np.multiply(one, -2.5))
    assert dot(one, other) == pytest.approx(float(np.dot(one, other)), abs=1e-6)


@given(vectors)
def test_the_steepest_axis_is_the_first_of_the_largest(one: tuple) -> None:
    assert steepest_axis(one) == int(np.abs(one).argmax())


@given(st.tuples(*[st.floats(-np.pi, np.pi)] * 2))
def test_the_normal_is_the_unit_vector_across_both(angles: tuple[float, float]) -> None:
    turn, lean = angles
    row = (np.cos(turn), np.sin(turn), 0.0)
    column = (-np.sin(turn) * np.cos(lean), np.cos(turn) * np.cos(lean), np.sin(lean))
    assert is_orientation((*row, *column))
    assert np.allclose(normal_of((*row, *column)), np.cross(row, column))


def test_two_parallel_vectors_have_no_normal() -> None:
    with pytest.raises(ZeroDivisionError):
        normal_of((1, 0, 0, 2, 0, 0))


def test_a_vector_has_three_numbers() -> None:
    assert vector([1, 2, 3]) == (1.0, 2.0, 3.0)
    with pytest.raises(ValueError, match="unpack"):
        vector([1, 2])


def test_letters_name_each_axis_once() -> None:
    assert is_letters("RAS")
    assert not any(map(is_letters, ["RLS", "RA", "ras", ""]))


@pytest.mark.parametrize("module", ["convkit.jobs.convert", "convkit.jobs._headers", "convkit.model.directions"])
def test_headers_are_read_without_numpy(module: str) -> None:
    """It takes as long to import as thousands of headers to read, and is imported meanwhile."""
    code = f"import sys, {module}; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
