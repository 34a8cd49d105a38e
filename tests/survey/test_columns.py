"""Cells to arrays: what is a number, what is missing, and what becomes of lists."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from convkit.model.table import Column, Kind
from convkit.survey.columns import Categories, Dates, Numbers, People, categories, columns_of, numbers

NUMBER = Column("PixelSpacing", Kind.NUMBER, is_list=True)


def test_equal_numbers_of_a_list_are_one_column() -> None:
    (one,) = columns_of(NUMBER, [[0.5, 0.5], None, [1.0, 1.0]])
    assert isinstance(one, Numbers)
    assert one.name == "PixelSpacing"
    np.testing.assert_array_equal(one.values, [0.5, np.nan, 1.0])


def test_different_numbers_of_a_list_are_a_column_each() -> None:
    first, second = columns_of(NUMBER, [[0.5, 0.6], [1.0], None])
    assert (first.name, second.name) == ("PixelSpacing[0]", "PixelSpacing[1]")
    np.testing.assert_array_equal(second.values, [0.6, np.nan, np.nan])


def test_a_list_of_very_many_numbers_is_cut() -> None:
    assert len(columns_of(NUMBER, [list(range(50))])) == 6


def test_what_is_no_number_is_missing_and_counted() -> None:
    found = numbers("x", ["1", "two", None, "", float("inf"), float("nan"), 3])
    assert found.unparsable == 3
    np.testing.assert_array_equal(found.values, [1, np.nan, np.nan, np.nan, np.nan, np.nan, 3])


def test_dates_are_days() -> None:
    (found,) = columns_of(Column("d", Kind.DATE), [date(1970, 1, 3), None, "no date"])
    assert isinstance(found, Dates)
    assert found.unparsable == 1
    np.testing.assert_array_equal(found.values, [2, np.nan, np.nan])


def test_a_value_that_is_twice_in_a_cell_counts_once() -> None:
    found = categories("x", [["a", "a", " b "], None, "b", ""])
    assert found.labels == ("a", "b")
    assert found.owners.tolist() == [0, 0, 2]
    assert found.is_list
    assert found.has_value.tolist() == [True, False, True, False]


def test_some_rows_of_a_column() -> None:
    found = categories("x", [["a", "b"], None, "b", "c"]).of(np.array([True, False, False, True]))
    assert isinstance(found, Categories)
    assert (found.rows, found.owners.tolist(), [found.labels[c] for c in found.codes]) == (
        2,
        [0, 0, 1],
        ["a", "b", "c"],
    )
    assert found.members(found.labels.index("c")).tolist() == [False, True]


@pytest.mark.parametrize("cells", [[], [None, None]])
def test_no_value_at_all(cells: list[None]) -> None:
    (found,) = columns_of(Column("x", Kind.NUMBER), cells)
    assert found.values.size == len(cells)
    assert not np.isfinite(found.values).any()


def test_people_are_counted_once_in_a_group() -> None:
    people = People.named(["anna", "anna", "bert", "carl"], least=2)
    groups = people.by_group(np.array([0, 1, 2, 3]), np.array([0, 0, 1, 1]), 3)
    assert groups.tolist() == [1, 2, 0]
    assert people.are_few(groups).tolist() == [True, False, False]
    assert not people.tells(np.array([True, True, False, False]))
