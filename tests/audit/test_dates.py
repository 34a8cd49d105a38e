"""Dates in every usual spelling, and numbers that only resemble them."""

from __future__ import annotations

from datetime import date

import pytest

from convkit.audit._dates import Grade, dates_in, spelled_dates

THE_DAY = date(1961, 5, 3)


@pytest.mark.parametrize(
    "text",
    [
        "1961-05-03", "1961/05/03", "1961.05.03", "1961/5/3", "1961_05_03", "19610503", "19610503101500",
        "19610503101500.123", "19610503.101500", "19610503_101500", "03.05.1961", "3.5.1961", "03/05/1961",
        "05/03/1961", "3-5-1961", "5/3/61", "03.05.61", "3 May 1961", "03MAY1961", "3-May-1961", "3rd of May, 1961",
        "May 3, 1961", "May 3rd 1961", "3. Mai 1961", "3 mai 1961", "3 de mayo de 1961", "3 maggio 1961",
        "03 mei 1961", "3 maja 1961", "1961年5月3日", "03MAY61", "born 3.May.1961!", "1961-05-03T10:15:00",
    ],
)  # fmt: skip
def test_a_date_is_read_in_every_spelling(text: str) -> None:
    assert THE_DAY in [found.when for found in dates_in(text)]


@pytest.mark.parametrize("text", ["3. März 1961", "3 février 1961", "3 août 1961", "3 września 1961"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "iso8859_2"])
def test_months_with_accents_are_read_in_the_bytes_of_any_encoding(text: str, encoding: str) -> None:
    raw = text.encode(encoding, "replace")
    assert [found.when.year for found in dates_in(raw.decode("latin-1"))] == [1961]


@pytest.mark.parametrize("text", ["610503", "030561", "050361", "03051961", "05031961", "1961 05 03", "03 05 1961"])
def test_what_is_any_number_as_well_is_told_so(text: str) -> None:
    assert (THE_DAY, Grade.LOOSE) in [(found.when, found.grade) for found in spelled_dates(text)]
    assert list(dates_in(text)) == []


@pytest.mark.parametrize(
    "text",
    ["1.2.840.10008.5.1.4", "10.2.5", "0.19610503", "19610503.5", "512 512 16", "196105031", "1961", "MAY-THURNER 12"],
)
def test_technical_numbers_are_no_dates(text: str) -> None:
    assert list(dates_in(text)) == []


def test_a_date_tells_where_it_stands() -> None:
    found = next(dates_in("born on 3 May 1961, well"))
    assert (found.start, found.end, found.text) == (8, 18, "3 May 1961")
