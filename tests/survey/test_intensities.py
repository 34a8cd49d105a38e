"""Values of sampled pixels."""

from __future__ import annotations

import numpy as np
import pytest

from convkit.survey.columns import People
from convkit.survey.intensities import RANGES, PixelSample, counted, histogram_of, intensities, range_counts


def sample(array: np.ndarray, unit: str = "HU", padding: int = 0) -> PixelSample:
    values, counts = counted([array])
    ranges = range_counts([array]) if unit == "HU" else ()
    return PixelSample("s/1", "CT", unit, 1, values, counts, padding, int((array <= 0).sum()), 0, ranges)


def test_values_are_counted() -> None:
    values, counts = counted([np.array([3, 1, 3]), np.array([1.0, np.nan])])
    assert (values.tolist(), counts.tolist()) == ([1, 3], [2, 2])


def test_very_many_values_are_rounded_and_none_is_lost() -> None:
    array = np.random.default_rng(1).normal(size=100_000)
    values, counts = counted([array])
    assert values.size < 3000
    assert counts.sum() == 100_000
    assert (values[0], values[-1]) == (array.min(), array.max())


def test_nothing_to_count() -> None:
    assert counted([])[0].size == 0
    assert histogram_of([]) is None
    assert intensities("CT (HU)", [], 5, "") is None


def test_tissues_of_ct() -> None:
    hu = np.array([-1000, -700, -100, 40, 500, 3071, 200])
    shares = np.array(range_counts([hu]))
    assert shares.tolist() == [1, 1, 1, 1, 1, 1]
    assert [name for name, _, _ in RANGES] == ["air", "lung", "fat", "water and soft tissue", "bone", "metal"]
    found = intensities("CT (HU)", [sample(hu)], 1, "one")
    assert found is not None
    assert found.ranges[-1] == ("other", None, None, pytest.approx(1 / 7))
    assert sum(share for *_, share in found.ranges) == pytest.approx(1)
    assert all(np.isfinite([low, high]).all() for _, low, high, _ in found.ranges[:-1])


def test_a_histogram_of_all_values() -> None:
    found = histogram_of([sample(np.arange(100)), sample(np.arange(50))])
    assert found is not None
    assert sum(found.counts) == 150
    assert found.edges[0] <= 0
    assert found.edges[-1] >= 99


def test_a_far_tail_is_left_out_and_counted() -> None:
    values = np.concatenate([np.arange(5000) % 100, [1e6, 1e6, -5e5]])
    found = histogram_of([sample(values, "")])
    assert found is not None
    assert found.edges[-1] <= 110
    assert (found.below, sum(found.counts), found.above) == (1, 5000, 2)


def test_the_range_is_that_of_the_values_not_of_the_bins() -> None:
    found = intensities("CT (HU)", [sample(np.array([-1024, -900, -770]))], 1, "")
    assert found is not None
    assert (found.least, found.greatest) == (-1024, -770)
    two = [sample(np.array([-1024, -900, -770])), sample(np.array([-900, -770]))]
    of_few = intensities("CT (HU)", two, 2, "", People.named(["a", "b"], 2))
    assert of_few is not None
    assert (of_few.least, of_few.greatest) == (None, None)


def test_values_of_too_few_people_lie_beyond_the_histogram() -> None:
    """The implant of one patient, with several series, shows up in no bin."""
    of_one = [sample(np.array([-1000, 0, 50, 30_000])), sample(np.array([-2000, 29_000]))]
    others = [sample(np.array([-1000 - n, 0, 100 + n])) for n in range(3)]
    people = ["a", "a", "b", "c", "d"]
    all_told, of_three = (
        intensities("CT (HU)", [*of_one, *others], 5, "", People.named(people, least)) for least in (0, 3)
    )
    assert all_told is not None
    assert of_three is not None
    assert (all_told.least, all_told.greatest) == (-2000, 30_000)
    edges = of_three.histogram.edges
    assert edges[0] >= -1050  # rounded
    assert edges[-1] <= 150
    assert (of_three.histogram.below, of_three.histogram.above) == (2, 3)  # -2000 and -1002; 102 and two of metal
    assert sum(of_three.histogram.counts) == 10
    told = {name: share for name, _, _, share in of_three.ranges}
    assert "metal" in {name for name, *_ in all_told.ranges}
    assert "metal" not in told
    assert sum(told.values()) == pytest.approx(1)
    assert intensities("CT (HU)", of_one, 2, "", People.named(["a", "a"], 2)) is None


def test_shares_are_of_all_pixels() -> None:
    found = intensities("CT (HU)", [sample(np.array([0, 0, 5, 7]), padding=4)], 1, "")
    assert found is not None
    assert (found.padding_share, found.low_share, found.high_share) == (0.5, 0.25, 0)


def test_other_units_have_no_tissues() -> None:
    found = intensities("MR (no unit)", [sample(np.arange(9), "")], 3, "")
    assert found is not None
    assert found.ranges == ()
    assert (found.series, found.sampled_series, found.sampled_frames) == (3, 1, 1)
