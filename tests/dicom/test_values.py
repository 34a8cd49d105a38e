"""Raw bytes to values: numbers, decimals, times, texts."""

from __future__ import annotations

from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.dicom import values


@pytest.mark.parametrize(
    ("raw", "vr", "expected"),
    [
        (b"1.5\\-2\\+3e1 ", "DS", (1.5, -2.0, 30.0)),
        (b" 1 \\ 2 ", "DS", (1.0, 2.0)),
        (b"7\0", "IS", (7.0,)),
        (b"", "DS", ()),
        (b"1\\\\2", "DS", ()),
        (b"abc", "DS", ()),
        (b"1_0", "DS", ()),
        (b"1_0", "IS", ()),
        (b"nan", "DS", ()),
        (b"inf", "DS", ()),
        (b"1e999 ", "DS", ()),
        (b"\x01\x00\xff\xff", "US", (1.0, 65535.0)),
        (b"\x01\x00\xff\xff", "SS", (1.0, -1.0)),
        (b"\x01\x00\x02", "US", (1.0,)),
        (b"\x00", "US", ()),
        (pack("<d", 0.1), "FD", (0.1,)),
        (pack("<f", 0.5), "FL", (0.5,)),
        (pack("<i", -5), "SL", (-5.0,)),
        (pack("<I", 1 << 31), "UL", (2.0**31,)),
        (pack("<d", float("nan")), "FD", ()),
    ],
)
def test_numbers(raw: bytes, vr: str, expected: tuple[float, ...]) -> None:
    assert values.numbers(raw, vr) == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_written_float_is_read_back(value: float) -> None:
    assert values.numbers(repr(value).encode(), "DS") == (value,)


@given(st.binary(max_size=40), st.sampled_from(["DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "AT"]))
def test_numbers_never_fail_on_any_bytes(raw: bytes, vr: str) -> None:
    assert all(isinstance(v, float) for v in values.numbers(raw, vr))
    values.integer(raw, vr)
    values.plain(raw, vr)


@pytest.mark.parametrize(
    ("raw", "vr", "expected"),
    [
        (b"12", "IS", 12),
        (b"12.0", "IS", 12),
        (b"12.5", "IS", None),
        (b"", "IS", None),
        (b"\xff\xff", "SS", -1),
    ],
)
def test_integer(raw: bytes, vr: str, expected: int | None) -> None:
    assert values.integer(raw, vr) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"1.50\\-2", 2),
        (b"1.5e-3", 4),
        (b"1.5E-3 ", 4),
        (b"15e2", 0),
        (b"12", 0),
        (b"", 0),
        (b"1.25\\1.5\\-3.125 ", 3),
        (b"1.5e", 1),
        (b"1.5ex", 1),
    ],
)
def test_decimals(raw: bytes, expected: int) -> None:
    assert values.decimals(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"101112.5", 36672.5),
        (b"101112.500000 ", 36672.5),
        (b"101112", 36672.0),
        (b"1011", 36660.0),
        (b"10", 36000.0),
        (b"10:11:12", 36672.0),
        (b"000000", 0.0),
        (b"", None),
        (b"noon", None),
        (b"10111x", None),
        (b"1011111_0", None),
        (b"1011inf", None),
    ],
)
def test_seconds_of_day(raw: bytes, expected: float | None) -> None:
    assert values.seconds_of_day(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(b"20200102", 20200102), (b"2020.01.02", 20200102), (b"202001", None), (b"", None), (b"unknown ", None)],
)
def test_day_number(raw: bytes, expected: int | None) -> None:
    assert values.day_number(raw) == expected


CHARSETS = [
    (b"Buc^J\xe9r\xf4me ", b"ISO_IR 100", "Buc^Jérôme"),
    ("Люкceмбypг".encode("iso8859_5"), b"ISO_IR 144", "Люкceмбypг"),
    ("Διονυσιος".encode("iso8859_7"), b"ISO_IR 126", "Διονυσιος"),
    ("Wang^XiaoDong=王^小东".encode(), b"ISO_IR 192", "Wang^XiaoDong=王^小东"),
    ("王^小东".encode("gb18030"), b"GB18030 ", "王^小东"),
    (b"\xd4\xcf\xc0\xde", b"ISO_IR 13 ", "ﾔﾏﾀﾞ"),
    (b"Yamada=\x1b$B;3ED\x1b(B", b"\\ISO 2022 IR 87", "Yamada=山田"),
    (b"Hong=\x1b$)C\xfb\xf3", b"\\ISO 2022 IR 149", "Hong=洪"),
    (b"plain ", b"", "plain"),
]


@pytest.mark.parametrize(("raw", "charset", "expected"), CHARSETS)
def test_text_is_decoded_by_its_character_set(raw: bytes, charset: bytes, expected: str) -> None:
    assert values.text(raw, charset) == expected


@given(
    st.binary(max_size=30),
    st.sampled_from([b"", b"ISO_IR 192", b"nonsense", b"\\ISO 2022 IR 87", b"\xff\xfe"]),
)
def test_text_never_fails_on_any_bytes(raw: bytes, charset: bytes) -> None:
    assert isinstance(values.text(raw, charset), str)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"ORIGINAL\\PRIMARY\\AXIAL ", ("ORIGINAL", "PRIMARY", "AXIAL")),
        (b" A \\ B", ("A", "B")),
        (b"A\\\\B", ("A", "", "B")),
        (b"1.2.3\0", ("1.2.3",)),
        (b"  ", ()),
    ],
)
def test_texts(raw: bytes, expected: tuple[str, ...]) -> None:
    assert values.texts(raw) == expected


@pytest.mark.parametrize(
    ("raw", "vr", "expected"),
    [
        (b"3", "IS", 3),
        (b"3.5", "DS", 3.5),
        (b"1\\2", "DS", [1.0, 2.0]),
        (b"A\\B", "CS", ["A", "B"]),
        (b"A\\B", "LT", "A\\B"),
        (b"", "DS", None),
        (b"", "LO", None),
        (b"\0\0", "OB", None),
    ],
)
def test_plain(raw: bytes, vr: str, expected: Any) -> None:
    found = values.plain(raw, vr)
    assert found == expected
    assert type(found) is type(expected)


@given(st.integers(-(10**12), 10**15), st.sampled_from([b"", b" ", b"\0"]))
def test_an_integer_string_is_its_number_to_the_last_digit(number: int, padding: bytes) -> None:
    assert values.integer(str(number).encode() + padding, "IS") == number


@given(st.lists(st.from_regex(rb"[0-9]{1,4}(\.[0-9]{0,6})? {0,2}", fullmatch=True), min_size=1, max_size=3))
def test_decimals_are_those_behind_the_point_with_and_without_exponent(parts: list[bytes]) -> None:
    plain = values.decimals(b"\\".join(parts))
    assert plain == max(len(part.strip().partition(b".")[2]) for part in parts)
    assert values.decimals(b"\\".join(part.strip() + b"e0" for part in parts)) == plain


@pytest.mark.parametrize("digits", [20, 311, 4301, 6000])
def test_an_integer_string_that_is_far_too_long_ends_nothing(digits: int) -> None:
    raw = b"9" * digits
    assert values.integer(raw, "IS") == (int(float(raw)) if digits < 309 else None)
