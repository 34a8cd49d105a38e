"""Dates move by whole days, and everything about them that is no date stays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.deid.dates import shifted_date, shifted_moment

days = st.integers(-3650, -365)
dates = st.dates(date(1900, 1, 1), date(2100, 1, 1))


@given(one=dates, other=dates, moved=days)
def test_intervals_stay(one: date, other: date, moved: int) -> None:
    new = [shifted_date(each.strftime("%Y%m%d"), moved) for each in (one, other)]
    read = [date(int(text[:4]), int(text[4:6]), int(text[6:])) for text in new]
    assert read[0] - read[1] == one - other
    assert read[0] - one == timedelta(days=moved)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20200229", "20190125"),
        ("2020.02.29", "2019.01.25"),
        ("20200101-20200105", "20181127-20181201"),
        ("20200101-", "20181127-"),
        ("", ""),
        ("20201301", ""),
        ("spring", ""),
    ],
)
def test_a_date_moves_or_goes(text: str, expected: str) -> None:
    assert shifted_date(text, -400) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20210820101549.5+0100", "20200716101549.5+0100"),
        ("20210820", "20200716"),
        ("202108", "202006"),
        ("2021", "2019"),
        ("2021082010", "2020071610"),
        ("20210820101549-0530", "20200716101549-0530"),
        ("yesterday", ""),
        ("00010101", ""),
    ],
)
def test_a_moment_keeps_its_time_and_its_offset(text: str, expected: str) -> None:
    assert shifted_moment(text, -400) == expected
