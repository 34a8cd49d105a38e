"""Values as tables hold them, held against pydicom; what does not fit is told, never bent."""

from __future__ import annotations

import struct
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.dicom.typed import cell, kind_of, unfit
from convkit.model.table import Kind

VRS = [
    *("AE AS AT CS DA DS DT FL FD IS LO LT OB OD OF OL".split()),  # noqa: SIM905 (a list of two-letter words)
    *("OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split()),  # noqa: SIM905
]


@pytest.mark.parametrize(
    ("vr", "raw", "value"),
    [
        ("AE", b"STORE ", "STORE"),
        ("AS", b"034Y", "034Y"),
        ("AT", b"\x10\x00\x20\x00", "(0010,0020)"),
        ("CS", b"ORIGINAL ", "ORIGINAL"),
        ("DA", b"20200229", date(2020, 2, 29)),
        ("DA", b"2020.02.29", date(2020, 2, 29)),
        ("DS", b"-1.5e-3 ", -0.0015),
        ("DT", b"20200102101112.5+0100 ", "20200102101112.5+0100"),
        ("FL", struct.pack("<f", 0.5), 0.5),
        ("FD", struct.pack("<d", -0.1), -0.1),
        ("IS", b" -12 ", -12),
        ("IS", b"12.0", 12),
        ("LO", b"T1 ax", "T1 ax"),
        ("LT", b"a\\b ", "a\\b"),
        ("PN", b"Doe^J", "Doe^J"),
        ("SH", b"x ", "x"),
        ("SL", struct.pack("<i", -7), -7),
        ("SS", struct.pack("<h", -7), -7),
        ("ST", b"a\\b", "a\\b"),
        ("SV", struct.pack("<q", -(2**60)), -(2**60)),
        ("TM", b"10", time(10)),
        ("TM", b"1011", time(10, 11)),
        ("TM", b"101112.5", time(10, 11, 12, 500000)),
        ("TM", b"10:11:12.000001", time(10, 11, 12, 1)),
        ("UC", b"long", "long"),
        ("UI", b"1.2.3\0", "1.2.3"),
        ("UL", struct.pack("<I", 2**32 - 1), 2**32 - 1),
        ("UR", b"http://x", "http://x"),
        ("US", b"\xff\xff", 65535),
        ("UT", b"text", "text"),
        ("UV", struct.pack("<Q", 2**62), 2**62),
    ],
)
def test_value_of_each_representation(vr: str, raw: bytes, value: Any) -> None:
    assert cell(raw, vr, is_list=False) == value
    assert cell(raw, vr, is_list=True) == [value]


def test_every_representation_has_a_kind_or_no_place_in_a_table() -> None:
    without = {vr for vr in VRS if kind_of(vr) is None}
    assert without == {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UN"}
    assert kind_of("DA") is Kind.DATE
    assert kind_of("DT") is Kind.TEXT


@pytest.mark.parametrize(
    ("vr", "raw"),
    [
        ("DS", b"1,5"),
        ("DS", b"1_0"),
        ("DS", b"nan"),
        ("DS", b"inf"),
        ("DS", b"1\\2"),
        ("IS", b"12.5"),
        ("IS", b"9" * 30),
        ("IS", b"1_0"),
        ("DA", b"20200230"),
        ("DA", b"2020"),
        ("DA", b"20200101-20200202"),
        ("TM", b"2460"),
        ("TM", b"101160"),
        ("TM", b"101112.1234567"),
        ("TM", b"1.5"),
        ("TM", b"noon"),
        ("US", b"\x01"),
        ("FD", struct.pack("<d", float("nan"))),
        ("UV", struct.pack("<Q", 2**64 - 1)),
        ("LO", b"one\\two"),
    ],
)
def test_what_does_not_fit_is_no_value(vr: str, raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (it has no words, for these might name somebody)
        cell(raw, vr, is_list=False)
    assert unfit(raw, vr)


@pytest.mark.parametrize("vr", ["DS", "IS", "DA", "TM", "LO", "UI", "CS", "US", "FD", "LT"])
@pytest.mark.parametrize("raw", [b"", b"  ", b"\0"])
def test_empty_is_nothing(vr: str, raw: bytes) -> None:
    if kind_of(vr) is Kind.TEXT or raw == b"" or vr in {"DS", "IS", "DA", "TM"}:
        assert cell(raw, vr, is_list=False) is None
        assert cell(raw, vr, is_list=True) is None


def test_empty_places_in_a_list_stay() -> None:
    assert cell(b"1\\\\3", "IS", is_list=True) == [1, None, 3]
    assert cell(b"a\\\\c", "LO", is_list=True) == ["a", None, "c"]


def test_text_is_decoded() -> None:
    assert cell("Größe".encode("latin-1"), "LO", b"ISO_IR 100", is_list=False) == "Größe"
    assert cell("山田^太郎".encode(), "PN", b"ISO_IR 192", is_list=False) == "山田^太郎"


def test_a_long_value_that_does_not_fit_is_cut() -> None:
    assert len(unfit(b"x" * 5000, "DS")) < 300


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=5))
def test_integers_come_back(numbers: list[int]) -> None:
    assert cell("\\".join(map(str, numbers)).encode(), "IS", is_list=True) == numbers
    assert cell(struct.pack(f"<{len(numbers)}i", *numbers), "SL", is_list=True) == numbers


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_decimals_come_back(numbers: list[float]) -> None:
    assert cell("\\".join(map(repr, numbers)).encode(), "DS", is_list=True) == numbers
    assert cell(struct.pack(f"<{len(numbers)}d", *numbers), "FD", is_list=True) == numbers


@given(st.dates(min_value=date(1000, 1, 1)), st.times())
def test_dates_and_times_come_back(day: date, moment: time) -> None:
    assert cell(day.strftime("%Y%m%d").encode(), "DA", is_list=False) == day
    assert cell(moment.strftime("%H%M%S.%f").encode(), "TM", is_list=False) == moment


@given(st.binary(max_size=40), st.sampled_from(VRS), st.booleans())
def test_any_bytes_are_a_value_or_none(raw: bytes, vr: str, is_list: bool) -> None:
    if kind_of(vr) is None:
        return
    try:
        found = cell(raw, vr, b"ISO_IR 192", is_list=is_list)
    except ValueError:
        assert isinstance(unfit(raw, vr), str)
        return
    assert found is None or isinstance(found, list) == is_list
