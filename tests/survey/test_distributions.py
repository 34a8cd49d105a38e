"""One column: the same numbers as pandas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convkit.survey.bins import day_edges, histogram, round_edges
from convkit.survey.columns import Categories, Dates, Numbers, People, categories, dates, numbers
from convkit.survey.distributions import attribute, describe, tally
from convkit.survey.findings import Nature

quickly = settings(deadline=None, max_examples=50)
CELLS = st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9), st.integers(-5, 5)), max_size=60)
TEXTS = st.lists(st.one_of(st.none(), st.sampled_from(["a", "b", "A", "c d", "cd"])), max_size=60)


def alone(rows: int, least: int = 0) -> People:
    """Each row is of somebody else."""
    return People(np.arange(rows), least)


@quickly
@given(CELLS)
def test_numbers_are_those_of_pandas(cells: list[Any]) -> None:
    found = attribute(numbers("x", cells), alone(len(cells)))
    series = pd.Series(cells, dtype="float64")
    expected = series.describe()
    assert found.rows == len(series)
    assert found.missing == series.isna().sum()
    assert found.distinct == series.nunique()
    told = dict(found.statistics)
    for name in ("mean", "std", "min", "25%", "50%", "75%", "max"):
        if math.isnan(expected[name]):
            assert name not in told
        else:
            assert told[name] == pytest.approx(expected[name], rel=1e-9, abs=1e-6)
    if found.histogram is not None:
        assert sum(found.histogram.counts) == expected["count"]
        counts, _ = np.histogram(series.dropna(), found.histogram.edges)
        assert counts.tolist() == list(found.histogram.counts)


@quickly
@given(TEXTS)
def test_counts_are_those_of_pandas(cells: list[str | None]) -> None:
    found = attribute(categories("x", cells), alone(len(cells)))
    series = pd.Series(cells, dtype="object")
    assert found.missing == series.isna().sum()
    if found.tally is None:
        assert found.nature is Nature.NOTHING
        assert series.isna().all()
        return
    assert dict(found.tally.counts) == series.value_counts().to_dict()
    counts = [count for _, count in found.tally.counts]
    assert counts == sorted(counts, reverse=True)
    assert found.distinct == series.nunique()


def test_values_of_lists_are_those_of_pandas_exploded() -> None:
    cells = [["a", "b"], ["b"], None, ["c", "b"]]
    found = attribute(categories("x", cells), alone(4)).tally
    assert found is not None
    assert dict(found.counts) == pd.Series(cells).explode().value_counts().to_dict()
    assert found.missing == 1


@pytest.mark.parametrize(
    "cells",
    [[], [None], [7.0], [3, 3, 3], [0.1] * 9, [1e300, -1e300], [1.7e308, -1.7e308], [5e-324, 0], [2**60, 2**60 + 512]],
)
def test_few_constant_and_extreme_numbers(cells: list[Any]) -> None:
    found = attribute(numbers("x", cells), alone(len(cells)))
    values = [cell for cell in cells if cell is not None]
    assert found.nature is (Nature.NUMBER if values else Nature.NOTHING)
    if found.histogram is not None:
        assert sum(found.histogram.counts) == len(values)
        assert list(found.histogram.edges) == sorted(set(found.histogram.edges))
    assert all(math.isfinite(value) for _, value in found.statistics)


def test_more_values_than_are_told_are_the_rest() -> None:
    cells = [f"v{number:02d}" for number in range(30)] + ["v00"]
    found = tally(categories("x", cells), alone(31), most=20)
    assert len(found.counts) == 20
    assert (found.rest, found.rest_count) == (10, 10)
    assert found.counts[0] == ("v00", 2)


def test_unusual_numbers_are_beyond_the_fences_of_tukey() -> None:
    found = attribute(numbers("x", [*range(40), 500, -500]), alone(42)).unusual
    assert [(value, count) for value, count, _ in found] == [("-500", 1), ("500", 1)]
    assert found[1][2].startswith("above")


def test_far_values_are_listed_even_where_several_are_and_the_axis_leaves_them_out() -> None:
    found = attribute(numbers("x", [*np.linspace(1, 4, 44).tolist(), 650.18, 650.18]), alone(46))
    assert found.unusual[0][:2] == ("650.18", 2)
    assert found.histogram is not None
    assert (found.histogram.above, found.histogram.below) == (2, 0)
    assert found.histogram.edges[-1] < 5
    assert sum(found.histogram.counts) == 44


def test_more_far_values_than_are_listed_are_counted() -> None:
    found = attribute(numbers("x", [5.0] * 80 + list(range(100, 112))), alone(92))
    assert (found.unusual[0][0], len(found.unusual), found.more_unusual) == ("111", 8, 4)


def test_a_lone_day_far_from_the_others_is_unusual() -> None:
    days = [f"201{number % 8}-0{number % 9 + 1}-11" for number in range(30)]
    found = attribute(dates("StudyDate", [*days, "1900-01-01"]), alone(31), years_only=True)
    assert [(value, count) for value, count, _ in found.unusual] == [("1900", 1)]
    told = attribute(dates("StudyDate", [*days, "1900-01-01"]), alone(31)).unusual
    assert told[0][0] == "1900-01-01"
    assert attribute(dates("StudyDate", days), alone(30)).unusual == ()


def test_a_tail_is_not_unusual() -> None:
    assert attribute(numbers("x", [0] * 50 + list(range(1, 50))), alone(99)).unusual == ()


def test_other_spellings_are_unusual() -> None:
    found = attribute(categories("x", ["SIEMENS"] * 9 + ["Siemens", "sie mens"]), alone(11)).unusual
    assert {value for value, _, _ in found} == {"Siemens", "sie mens"}
    assert all("SIEMENS" in why for _, _, why in found)


def test_few_have_it() -> None:
    found = attribute(categories("x", ["a"] * 150 + ["b"]), alone(151)).unusual
    assert found == (("b", 1, "few have it"),)


def test_dates_have_bins_of_the_calendar() -> None:
    days = [
        float(pd.Timestamp(text).to_julian_date() - 2440587.5) for text in ("2018-03-01", "2018-12-31", "2022-07-09")
    ]
    found = attribute(Dates("d", np.array(days)), alone(3), years_only=True)
    assert found.histogram is not None
    starts = [str(pd.Timestamp(int(edge), unit="D").date()) for edge in found.histogram.edges]
    assert starts[0] == "2018-01-01"
    assert found.histogram.counts == (2, 0, 0, 0, 1)
    assert found.distinct == 2
    assert found.statistics == ()


@quickly
@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_edges_hold_all_values(one: float, other: float) -> None:
    low, high = sorted((one, other))
    edges = round_edges(low, high)
    assert edges[0] <= low
    assert edges[-1] >= high
    assert len(edges) < 100
    assert (np.diff(edges) >= 0).all()


@quickly
@given(st.integers(-20000, 40000), st.integers(0, 20000))
def test_day_edges_hold_all_days(first: int, span: int) -> None:
    edges = day_edges(float(first), float(first + span))
    assert edges[0] <= first
    assert edges[-1] > first + span or edges[-1] >= first + span
    assert (np.diff(edges) > 0).all()


@quickly
@given(st.lists(st.tuples(st.floats(-100, 100), st.integers(0, 9)), min_size=1, max_size=50), st.integers(2, 5))
def test_no_bin_is_of_too_few_people(pairs: list[tuple[float, int]], least: int) -> None:
    values, owners = np.array([v for v, _ in pairs]), np.array([p for _, p in pairs])
    people = People(owners, least)
    found = histogram(values, round_edges(values.min(), values.max()), people, np.arange(len(pairs)))
    if found is None:
        assert people.count() < least
        return
    assert sum(found.counts) == len(pairs)
    for low, high, count in zip(found.edges, found.edges[1:], found.counts, strict=False):
        inside = (values >= low) & ((values < high) | ((high == found.edges[-1]) & (values <= high)))
        assert inside.sum() == count
        assert not count or np.unique(owners[inside]).size >= least


def test_describe_of_nothing() -> None:
    assert describe(np.empty(0)) == ()


def test_extremes_of_one_person_are_not_told() -> None:
    column = Numbers("x", np.array([1.0, 5, 5, 5, 9, 9]))
    found = attribute(column, People(np.arange(6), 2))
    assert "min" not in dict(found.statistics)
    assert dict(found.statistics)["max"] == 9


def test_a_column_of_too_few_people_is_not_told() -> None:
    values = np.array([1.0, 2, np.nan, np.nan, np.nan])
    found = attribute(Numbers("x", values), alone(5, least=3))
    assert found.nature is Nature.NOTHING
    assert (found.statistics, found.histogram) == ((), None)
    texts = attribute(categories("x", ["a", None, None, None]), alone(4, least=3))
    assert (texts.nature, texts.tally) == (Nature.NOTHING, None)


@quickly
@given(st.lists(st.tuples(st.sampled_from("abcdefg"), st.integers(0, 9)), min_size=1, max_size=60), st.integers(2, 6))
def test_no_count_of_too_few_people_is_told(pairs: list[tuple[str, int]], least: int) -> None:
    column, people = categories("x", [value for value, _ in pairs]), People(np.array([p for _, p in pairs]), least)
    found = attribute(column, people)
    if found.tally is None:
        return
    by_value = {value: {p for v, p in pairs if v == value} for value, _ in pairs}
    assert all(len(by_value[value]) >= least for value, _ in found.tally.counts)
    told = {value for value, _ in found.tally.counts}
    others = {p for v, p in pairs if v not in told}
    assert found.tally.rest == 0 or len(others) >= least
    assert isinstance(column, Categories)
    assert found.unusual == ()
