from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from convkit.pictures import distribution as module
from convkit.pictures.distribution import distribution


@given(
    values=st.sampled_from(["int16", "uint8", "int32", "float32"]).flatmap(
        lambda dtype: arrays(dtype, st.integers(1, 200), elements=st.integers(0, 100))
    ),
    percent=st.sampled_from([0.5, 1, 25, 50, 99, 99.5, 100]),
)
def test_percentiles_are_those_of_numpy(values: NDArray[np.generic], percent: float) -> None:
    found = distribution([values]).percentile(percent)
    assert found == np.percentile(values.astype(float), percent, method="inverted_cdf")


@given(values=arrays(st.sampled_from(["int16", "float64"]), 60, elements=st.integers(-50, 50)), seed=st.integers(0, 99))
def test_neither_order_nor_division_into_frames_matters(values: NDArray[np.generic], seed: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(values)
    whole, parts = distribution([values]), distribution(np.array_split(shuffled, 7))
    for percent in (1, 30, 99.5):
        assert whole.percentile(percent) == parts.percentile(percent)
    assert (whole.low, whole.high) == (parts.low, parts.high)


def test_what_is_no_number_does_not_count() -> None:
    found = distribution([np.array([np.nan, 1, np.inf, 3, -np.inf])])
    assert (found.low, found.high, found.percentile(50)) == (1, 3, 1)


def test_types_can_be_mixed() -> None:
    found = distribution([np.array([1, 2], np.int16), np.array([0.5]), np.array([[200]], np.uint8), np.array([True])])
    assert found.values.tolist() == [0.5, 1, 1, 2, 200]


@pytest.mark.parametrize(
    "sample", [[], [np.empty((0, 3))], [np.full(3, np.nan)], [np.full(3, 7)], [np.empty(0, np.uint8)]]
)
def test_nothing_and_one_value_are_flat(sample: list[NDArray[np.generic]]) -> None:
    assert distribution(sample).is_flat


def test_background_is_the_smallest_value_where_it_fills_a_twentieth() -> None:
    values = np.arange(100, dtype=np.int16)
    assert distribution([values]).without_background().low == 0
    values[:10] = 0
    assert distribution([values]).without_background().low == 10


def test_a_picture_of_background_only_keeps_it() -> None:
    assert distribution([np.zeros(5, np.int16)]).without_background().low == 0


def test_the_part_above_a_limit_has_percentiles_of_its_own() -> None:
    hot = distribution([np.array([-5, 0, 0, 1, 2, 3, 4], np.int16)]).above(0)
    assert (hot.low, hot.percentile(50), hot.high) == (1, 2, 4)
    assert hot.above(4).values.size == 0


def test_many_floats_are_thinned_but_for_their_ends() -> None:
    frames = [np.linspace(0, 1, 1 << 20) + place for place in range(6)]
    frames[2][12345] = -7.0
    frames[4][54321] = 99.0
    found = distribution(frames)
    assert found.values.size <= module._KEPT + 2
    assert (found.low, found.high) == (-7, 99)
    assert found.percentile(50) == pytest.approx(3, abs=0.01)
