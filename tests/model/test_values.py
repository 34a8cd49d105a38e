"""Arithmetic on voxel values: bits, linear rescale, data types. No value changes silently."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.errors import UsageError, ValueRangeError
from convkit.model import values
from convkit.model.dtypes import DTYPES

# --- stored bits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "bits_stored", "high_bit", "stored", "expected"),
    [
        ("uint16", 12, 11, 0x0FFF, 4095),
        ("uint16", 12, 11, 0xF001, 1),
        ("uint16", 12, 15, 0xFFF7, 4095),
        ("uint16", 12, 15, 0x0010, 1),
        ("uint16", 16, 15, 0xFFFF, 65535),
        ("uint16", 1, 0, 0xFFFE, 0),
        ("int16", 12, 11, 0x0FFF, -1),
        ("int16", 12, 11, 0xF001, 1),
        ("int16", 12, 11, 0x0800, -2048),
        ("int16", 12, 11, 0x07FF, 2047),
        ("int16", 12, 15, 0xFFF7, -1),
        ("int16", 16, 15, 0x8000, -32768),
        ("uint8", 8, 7, 0xFF, 255),
        ("uint8", 6, 5, 0xFF, 63),
        ("int8", 6, 5, 0x3F, -1),
        ("uint32", 24, 23, 0xFF000001, 1),
        ("int32", 24, 23, 0x00FFFFFF, -1),
        ("int32", 32, 31, 0x80000000, -(1 << 31)),
    ],
)
def test_clean_bits(dtype: str, bits_stored: int, high_bit: int, stored: int, expected: int) -> None:
    array = np.array([stored], f"u{np.dtype(dtype).itemsize}").view(dtype)
    values.clean_bits(array, bits_stored, high_bit)
    assert array.tolist() == [expected]


@st.composite
def layouts(draw: st.DrawFn) -> tuple[int, int, int, bool, int]:
    """Allocated, stored, high bit, signed, and a word."""
    allocated = draw(st.sampled_from([8, 16, 32]))
    stored = draw(st.integers(1, allocated))
    high = draw(st.integers(stored - 1, allocated - 1))
    return allocated, stored, high, draw(st.booleans()), draw(st.integers(0, (1 << allocated) - 1))


@given(layouts())
def test_clean_bits_takes_the_stored_bits_and_nothing_else(layout: tuple[int, int, int, bool, int]) -> None:
    allocated, stored, high, is_signed, word = layout
    expected = (word >> (high + 1 - stored)) & ((1 << stored) - 1)
    if is_signed and expected >> (stored - 1):
        expected -= 1 << stored
    array = np.array([word], f"u{allocated // 8}").view(values.stored_dtype(allocated, is_signed=is_signed))
    values.clean_bits(array, stored, high)
    assert array.tolist() == [expected]


@pytest.mark.parametrize(
    ("stored", "dtype", "bits", "expected"),
    [
        ([0, 4095], "uint16", 12, False),
        ([0, 4096], "uint16", 12, True),
        ([-2048, 2047], "int16", 12, False),
        ([-2049], "int16", 12, True),
        ([2048], "int16", 12, True),
        ([65535], "uint16", 16, False),
        ([], "uint16", 12, False),
    ],
)
def test_has_junk_bits(stored: list[int], dtype: str, bits: int, expected: bool) -> None:
    assert values.has_junk_bits(np.array(stored, dtype), bits) is expected


@pytest.mark.parametrize(
    ("bits", "is_signed", "expected"),
    [(1, False, "uint8"), (8, False, "uint8"), (8, True, "int8"), (16, True, "int16"), (32, False, "uint32")],
)
def test_stored_dtype(bits: int, is_signed: bool, expected: str) -> None:
    assert values.stored_dtype(bits, is_signed=is_signed) == np.dtype(expected)


# --- rescale ---------------------------------------------------------------------------------------------

integers = st.sampled_from(["uint8", "int8", "uint16", "int16", "uint32", "int32"])


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    """Up to six values of an integer type, its ends now and then."""
    info = np.iinfo(draw(integers))
    some = st.one_of(st.integers(int(info.min), int(info.max)), st.sampled_from([int(info.min), int(info.max)]))
    return np.array(draw(st.lists(some, min_size=1, max_size=6)), info.dtype)


@given(arrays(), st.integers(-3000, 3000), st.integers(-70_000, 70_000))
def test_whole_rescale_is_exact(array: np.ndarray, slope: int, intercept: int) -> None:
    found = values.apply_linear(array, slope, intercept)
    assert [float(v) for v in found] == [v * slope + intercept for v in array.tolist()]


@given(arrays(), st.floats(-100, 100), st.floats(-1e4, 1e4))
def test_any_rescale_is_float64_arithmetic_rounded_once(array: np.ndarray, slope: float, intercept: float) -> None:
    found = values.apply_linear(array, slope, intercept)
    exact = array * np.float64(slope) + np.float64(intercept)
    assert np.array_equal(found, exact.astype(found.dtype))


def test_no_rescale_gives_the_array_itself() -> None:
    array = np.arange(3, dtype=np.int16)
    assert values.apply_linear(array, 1, 0) is array


@pytest.mark.parametrize(
    ("stored", "dtype", "slope", "intercept", "expected"),
    [
        ([0, 4095], "uint16", 1, -1024, "int16"),
        ([0, 65535], "uint16", 1, -1024, "int32"),
        ([0, 60000], "uint16", 1, 1, "uint16"),
        ([0, 100], "uint8", 2, 0, "int16"),
        ([0, 1000], "uint16", 0.5, 0, "float32"),
        ([0, 1 << 30], "int32", 0.5, 0, "float64"),
        ([0, 1 << 30], "int32", 100, 0, "float64"),
    ],
)
def test_type_of_a_rescaled_array(stored: list[int], dtype: str, slope: float, intercept: float, expected: str) -> None:
    assert values.apply_linear(np.array(stored, dtype), slope, intercept).dtype == np.dtype(expected)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 255, "int16"),
        (-1, 32767, "int16"),
        (0, 32768, "uint16"),
        (-1, 32768, "int32"),
        (0, 1 << 31, "uint32"),
        (-1, 1 << 31, None),
    ],
)
def test_smallest_integer(low: int, high: int, expected: str | None) -> None:
    found = values.smallest_integer(low, high)
    assert found == (np.dtype(expected) if expected else None)


@pytest.mark.parametrize(
    ("dtype", "bits", "expected"),
    [
        ("uint16", 12, "int16"),
        ("uint16", 15, "int16"),
        ("uint16", 16, "uint16"),
        ("uint32", 31, "int32"),
        ("uint32", 32, "uint32"),
        ("int16", 12, "int16"),
        ("uint8", 8, "uint8"),
    ],
)
def test_narrowed_keeps_every_value(dtype: str, bits: int, expected: str) -> None:
    array = np.array([0, (1 << (bits - np.dtype(dtype).kind.count("i"))) - 1], dtype)
    found = values.narrowed(array, bits)
    assert found.dtype == np.dtype(expected)
    assert found.tolist() == array.tolist()


# --- cast ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "source", "wanted"),
    [
        ([0, 255], "int16", "uint8"),
        ([-1024, 3071], "int16", "float32"),
        ([1.0, -2.0], "float32", "int16"),
        ([16777217], "int32", "float64"),
        ([0.1], "float64", "float32"),
        ([np.nan], "float64", "float32"),
    ],
)
def test_cast_that_keeps_values_is_done(stored: list[float], source: str, wanted: str) -> None:
    array = np.array(stored, source)
    found = values.cast(array, wanted)
    assert found.dtype == np.dtype(wanted)
    assert np.array_equal(found, array.astype(wanted), equal_nan=True)


@pytest.mark.parametrize(
    ("stored", "source", "wanted"),
    [
        ([256], "int16", "uint8"),
        ([-1], "int16", "uint16"),
        ([1.5], "float32", "int16"),
        ([1e10], "float32", "int32"),
        ([np.nan], "float32", "int16"),
        ([np.inf], "float64", "int32"),
        ([16777217], "int32", "float32"),
    ],
)
def test_cast_that_would_change_a_value_is_refused(stored: list[float], source: str, wanted: str) -> None:
    with pytest.raises(ValueRangeError) as caught:
        values.cast(np.array(stored, source), wanted)
    assert caught.value.code == "values.dtype-too-small"


def test_cast_to_an_unknown_type_is_refused() -> None:
    with pytest.raises(UsageError):
        values.cast(np.zeros(1), "complex64")


@given(arrays(), st.sampled_from(DTYPES))
def test_cast_keeps_every_value_or_refuses(array: np.ndarray, wanted: str) -> None:
    try:
        found = values.cast(array, wanted)
    except ValueRangeError:
        return
    assert found.tolist() == array.tolist()
