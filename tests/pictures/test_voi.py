from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom.pixels import apply_modality_lut, apply_voi, apply_windowing

from convkit.errors import InputError
from convkit.model.display import Display, LookupTable, Voi, VoiFunction, Window
from convkit.pictures._chain import Chain
from convkit.pictures._lookup import SCRATCH_VALUES, WholeRamp, every_value, lookup
from convkit.pictures.voi import grey, image_values, real, usable
from tests.builders.instances import instance
from tests.pictures.tables import table_item

PLAIN = Display()
SIGNED = Display(is_signed=True)
EVERY_INT16 = np.arange(-32768, 32768, dtype=np.int16)
TYPES = [np.dtype(name) for name in ("int8", "uint8", "int16", "uint16")]

centers = st.floats(-4000, 4000, width=32)
functions = st.sampled_from(list(VoiFunction))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    function = draw(functions)
    least = 1.0 if function is VoiFunction.LINEAR else 0.0625
    return Window(draw(centers), draw(st.floats(least, 8000, width=32)), function)


@st.composite
def displays(draw: st.DrawFn) -> Display:
    slope = draw(st.sampled_from([1.0, -1.0, 2.0, 0.37742, -0.01, 1e-3]))
    padding = draw(st.sampled_from([None, (0, 0), (-2000, -2000), (100, 90)]))
    inverse = draw(st.booleans())
    return Display(
        slope=slope, intercept=draw(st.sampled_from([0.0, -1024.0, 0.5])), padding=padding, is_inverse=inverse
    )


def test_a_linear_window_is_black_and_white_exactly_where_the_standard_says() -> None:
    values = np.array([-161, -160, -159, 239, 240], np.int16)  # 40 - 0.5 -+ 399 / 2 = -160 and 239
    assert grey(values, SIGNED, Window(40, 400), bits=16).tolist() == [0, 0, 164, 65535, 65535]


def test_a_linear_exact_window_ends_half_a_width_from_its_center() -> None:
    values = np.array([-160.001, -160, -159, 40, 239, 240, 241])
    levels = grey(values, SIGNED, Window(40, 400, VoiFunction.LINEAR_EXACT), bits=16)
    assert levels.tolist() == [0, 0, 164, 32768, 65371, 65535, 65535]


@pytest.mark.parametrize("dtype", ["int16", "float64"])
def test_a_linear_window_of_width_one_is_a_threshold(dtype: str) -> None:
    values = np.array([98, 99, 100, 101], dtype)  # white above 100 - 0.5
    assert grey(values, SIGNED, Window(100, 1)).tolist() == [0, 0, 255, 255]


def test_the_threshold_lies_below_the_center_by_half() -> None:
    assert grey(np.array([99.4, 99.5, 99.6]), SIGNED, Window(100, 1)).tolist() == [0, 0, 255]


@pytest.mark.parametrize("function", [VoiFunction.LINEAR, VoiFunction.LINEAR_EXACT])
@pytest.mark.parametrize(("center", "width"), [(40, 400), (40.5, 399), (-600, 1500), (0.25, 1.5), (2048, 4096), (7, 2)])
def test_levels_are_those_of_the_standards_pseudo_code(function: VoiFunction, center: float, width: float) -> None:
    c, w = (center - 0.5, width - 1) if function is VoiFunction.LINEAR else (center, width)

    def level(x: float) -> float:
        if x <= c - w / 2:
            return 0
        if x > c + w / 2:
            return 255
        return ((x - c) / w + 0.5) * 255

    expected = np.array([level(float(x)) for x in EVERY_INT16])
    assert np.abs(grey(EVERY_INT16, SIGNED, Window(center, width, function)) - expected).max() <= 0.5


def test_a_sigmoid_is_half_at_its_center_and_never_falls() -> None:
    levels = grey(EVERY_INT16, SIGNED, Window(40, 400, VoiFunction.SIGMOID)).astype(int)
    assert levels[EVERY_INT16 == 40] == 128
    assert (levels[0], levels[-1]) == (0, 255)
    assert np.diff(levels).min() == 0


@given(dtype=st.sampled_from(TYPES), window=windows(), display=displays(), bits=st.sampled_from([8, 16]))
def test_the_table_gives_what_the_formula_gives_for_every_value(
    dtype: np.dtype[Any], window: Window, display: Display, bits: int
) -> None:
    values = every_value(dtype)
    many = np.tile(values, max(1, 65536 // values.size))  # enough for a table
    by_table = grey(many, display, window, bits=bits)[: values.size]
    by_formula = np.concatenate([grey(part, display, window, bits=bits) for part in np.array_split(values, 8)])
    assert np.array_equal(by_table, by_formula)


@given(
    dtype=st.sampled_from(["int16", "uint16"]),
    center=st.integers(-200, 400),
    width=st.integers(2, 1200),
    intercept=st.sampled_from([0.0, -1024.0, -1000.5]),
    slope=st.sampled_from([1.0, -1.0, 2.0, 0.5]),
)
def test_whole_windows_are_exact_in_whole_numbers(
    dtype: str, center: int, width: int, intercept: float, slope: float
) -> None:
    display = Display(slope=slope, intercept=intercept, is_inverse=width % 2 == 0, is_signed=dtype == "int16")
    values = every_value(np.dtype(dtype))
    for function in (VoiFunction.LINEAR, VoiFunction.LINEAR_EXACT):
        window = Window(center, width, function)
        by_formula = np.concatenate([grey(part, display, window) for part in np.array_split(values, 8)])
        assert np.array_equal(grey(values, display, window), by_formula)


@pytest.mark.parametrize("width", [80, 150, 250, 400])
def test_usual_windows_of_ct_are_read_by_small_whole_numbers(width: int) -> None:
    window = Window(40, width, VoiFunction.LINEAR)
    found = lookup(
        np.dtype("int16"), Chain(None, 1.0, -1024.0, window, (0, 0), None, is_inverse=False, padding=None), 8
    )
    assert isinstance(found, WholeRamp)
    stored = np.random.default_rng(0).integers(0, 2500, (SCRATCH_VALUES // 256 + 7, 256)).astype(np.int16)
    display = Display(intercept=-1024.0, is_signed=True)
    assert np.array_equal(grey(stored, display, window)[-1], grey(stored[-1], display, window))  # in parts as at once


@given(window=windows(), slope=st.sampled_from([1.0, 0.01, 3.5]), bits=st.integers(1, 16))
def test_larger_values_are_never_darker(window: Window, slope: float, bits: int) -> None:
    levels = grey(EVERY_INT16, replace(SIGNED, slope=slope), window, bits=bits).astype(int)
    assert np.diff(levels).min() >= 0
    assert levels.min() >= 0
    assert levels.max() <= 2**bits - 1


@given(window=windows(), slope=st.sampled_from([1.0, 0.37742, -2.0]), bits=st.sampled_from([8, 16]))
def test_an_inverse_image_is_the_largest_level_less_the_level(window: Window, slope: float, bits: int) -> None:
    display = replace(SIGNED, slope=slope)
    straight = grey(EVERY_INT16, display, window, bits=bits)
    inverse = grey(EVERY_INT16, replace(display, is_inverse=True), window, bits=bits)
    assert np.array_equal(inverse, 2**bits - 1 - straight)


@given(window=windows())
def test_floats_wide_integers_and_big_endian_give_what_small_integers_give(window: Window) -> None:
    expected = grey(EVERY_INT16, SIGNED, window)
    for dtype in ("float32", "float64", "int32", "int64", ">i2"):
        assert np.array_equal(grey(EVERY_INT16.astype(dtype), SIGNED, window), expected)


@pytest.mark.parametrize("shape", [(), (0,), (5, 0), (7,), (2, 3), (2, 3, 4), (300, 400), (3, 200, 301)])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "bool"])
def test_the_shape_is_kept(shape: tuple[int, ...], dtype: str) -> None:
    stored = np.ones(shape, dtype)
    assert grey(stored, PLAIN, Window(0, 2)).shape == shape
    assert grey(stored, PLAIN, Window(0, 2)).dtype == np.uint8
    assert grey(stored, PLAIN, Window(0, 2), bits=12).dtype == np.uint16
    assert bool((grey(stored, PLAIN, Window(0, 2)) == 255).all())


def test_a_view_that_is_not_contiguous_is_read_in_its_order() -> None:
    stored = np.arange(512 * 300, dtype=np.int32).reshape(512, 300).astype(np.int16)
    turned = stored.T[::-1, ::2]
    assert np.array_equal(grey(turned, SIGNED, Window(0, 9999)), grey(stored, SIGNED, Window(0, 9999)).T[::-1, ::2])


def test_what_was_given_is_not_changed() -> None:
    for dtype in ("int16", "float64"):
        stored = EVERY_INT16.astype(dtype)
        stored.flags.writeable = False
        grey(stored, replace(SIGNED, padding=(0, 9)), Window(40, 400, VoiFunction.SIGMOID))


@pytest.mark.parametrize("is_inverse", [False, True])
@pytest.mark.parametrize("dtype", ["int16", "int32", "float32"])
@pytest.mark.parametrize("size", [1, 40000])
def test_padding_is_black_in_either_polarity_both_ends_included(is_inverse: bool, dtype: str, size: int) -> None:
    display = Display(is_inverse=is_inverse, padding=(-3, -1), intercept=1000)
    stored = np.repeat(np.array([-4, -3, -2, -1, 0], dtype), size)
    levels = grey(stored, display, Window(1000, 20))
    assert np.flatnonzero(levels[::size] == 0).tolist() == [1, 2, 3]


@pytest.mark.parametrize("is_inverse", [False, True])
@pytest.mark.parametrize(
    "voi", [Window(0, 1), Window(0, 2, VoiFunction.SIGMOID), None, LookupTable(0, np.arange(9, dtype=np.uint8), 8)]
)
def test_floats_that_are_no_finite_number_are_black(is_inverse: bool, voi: Voi | None) -> None:
    stored = np.array([np.nan, np.inf, -np.inf, 1.0, 2.0], np.float32)
    levels = grey(stored, Display(is_inverse=is_inverse), voi)
    assert levels[:3].tolist() == [0, 0, 0]


def test_without_a_value_of_interest_all_of_bits_stored_is_shown() -> None:
    stored = np.array([-2048, 0, 2047], np.int16)
    assert grey(stored, Display(bits_stored=12, is_signed=True), None).tolist() == [0, 128, 255]
    assert grey(stored, Display(bits_stored=12, is_signed=True, slope=-1), None).tolist() == [255, 127, 0]


def test_without_a_value_of_interest_eight_bits_are_themselves() -> None:
    stored = np.arange(256, dtype=np.uint8)
    assert np.array_equal(grey(stored, Display(bits_stored=8), None), stored)


def test_without_a_value_of_interest_floats_are_shown_from_their_smallest_to_their_largest() -> None:
    assert grey(np.array([1.0, 1.25, 1.5]), PLAIN, None).tolist() == [0, 128, 255]
    assert grey(np.full(3, 7.5), PLAIN, None).tolist() == [0, 0, 0]


def test_a_voi_table_is_read_by_the_real_value_and_its_bits_fill_the_range() -> None:
    table = LookupTable(-2, np.array([0, 1023, 512], np.uint16), 10)
    stored = np.array([0, 10, 11, 12, 13, 99], np.int16)
    assert grey(stored, Display(intercept=-12), table).tolist() == [0, 0, 255, 128, 128, 128]


def test_a_modality_table_comes_before_the_window() -> None:
    display = Display(modality_table=LookupTable(5, np.array([0, 100, 200], np.uint8), 8), slope=7)
    stored = np.array([0, 5, 6, 7, 99], np.int16)
    assert real(stored, display).tolist() == [0, 0, 100, 200, 200]
    assert grey(stored, display, Window(100, 200, VoiFunction.LINEAR_EXACT)).tolist() == [0, 0, 128, 255, 255]


def test_a_presentation_table_comes_after_the_window_and_before_the_polarity() -> None:
    table = LookupTable(0, np.array([0, 4095, 0, 4095], np.uint16), 12)
    display = Display(presentation_table=table)
    stored = np.array([0, 1, 2, 3], np.uint8)
    window = Window(1.5, 3, VoiFunction.LINEAR_EXACT)
    assert grey(stored, display, window).tolist() == [0, 255, 0, 255]
    assert grey(stored, replace(display, is_inverse=True), window).tolist() == [255, 0, 255, 0]


def test_entries_beyond_their_bits_are_white() -> None:
    assert grey(np.array([0, 1], np.uint8), PLAIN, LookupTable(0, np.array([0, 999], np.uint16), 8)).tolist() == [
        0,
        255,
    ]


@pytest.mark.parametrize(
    "voi",
    [
        Window(40, 0.99),
        Window(40, 0, VoiFunction.LINEAR_EXACT),
        Window(40, -1, VoiFunction.SIGMOID),
        Window(math.nan, 400),
        Window(40, math.nan),
        Window(40, math.inf, VoiFunction.LINEAR_EXACT),
        LookupTable(0, np.empty(0, np.uint8), 8),
        LookupTable(0, np.zeros(2, np.uint8), 0),
    ],
)
def test_a_window_that_cannot_be_used_is_an_error_with_its_code(voi: Voi) -> None:
    with pytest.raises(InputError) as caught:
        usable(voi)
    assert caught.value.code == "values.bad-window"
    with pytest.raises(InputError):
        grey(EVERY_INT16, SIGNED, voi)


@pytest.mark.parametrize(
    "window", [Window(0, 1), Window(0, 1e-9, VoiFunction.SIGMOID), Window(0, 5e-324, VoiFunction.LINEAR_EXACT)]
)
def test_the_narrowest_windows_divide_by_nothing_that_is_zero(window: Window) -> None:
    levels = grey(np.array([-1e300, -1.0, 1.0, 1e300]), PLAIN, window)
    assert levels.tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize("change", [{"slope": math.nan}, {"intercept": math.inf}])
def test_a_rescale_that_is_no_number_is_an_error_with_its_code(change: dict[str, float]) -> None:
    for work in (lambda d: grey(EVERY_INT16, d, Window(40, 400)), lambda d: real(EVERY_INT16, d)):
        with pytest.raises(InputError) as caught:
            work(replace(SIGNED, **change))
        assert caught.value.code == "values.bad-rescale"


def test_a_slope_of_zero_gives_one_level() -> None:
    assert set(grey(EVERY_INT16, replace(SIGNED, slope=0, intercept=40), Window(40, 401)).tolist()) == {128}


def test_hounsfield_units_stay_integers() -> None:
    hu = real(np.array([0, 1024, 4095], np.uint16), Display(intercept=-1024, units="HU"))
    assert hu.dtype == np.int16
    assert hu.tolist() == [-1024, 0, 3071]


def test_a_broken_slope_gives_floats() -> None:
    values = real(np.array([[0, 3]], np.uint16), Display(slope=0.5))
    assert values.dtype == np.float32
    assert values.tolist() == [[0, 1.5]]


def test_image_values_leave_out_padding_and_what_is_no_number() -> None:
    display = Display(intercept=-10, padding=(5, 0))
    assert image_values(np.array([[0, 5, 6], [9, 3, -1]], np.int16), display).tolist() == [-4, -1, -11]
    assert image_values(np.array([1.5, np.nan, np.inf, 7], np.float32), Display()).tolist() == [1.5, 7]


@pytest.mark.parametrize("function", list(VoiFunction))
@pytest.mark.parametrize(("center", "width"), [(40, 400), (-600.5, 1500), (100, 1.5)])
@pytest.mark.parametrize("slope", [1, 0.25])
def test_levels_are_those_of_pydicom(function: VoiFunction, center: float, width: float, slope: float) -> None:
    stored = EVERY_INT16[::7].reshape(-1, 1)
    image = instance(pixels=stored, RescaleSlope=slope, RescaleIntercept=-1024)
    image.WindowCenter, image.WindowWidth, image.VOILUTFunction = center, width, str(function)
    with np.errstate(over="ignore"):
        theirs = apply_windowing(apply_modality_lut(image.pixel_array, image), image)
    low, high = -32768 * slope - 1024, 32767 * slope - 1024
    ours = grey(stored, Display(slope=slope, intercept=-1024, is_signed=True), Window(center, width, function))
    assert np.abs(ours - (theirs - low) / (high - low) * 255).max() <= 0.5 + 1e-9


@pytest.mark.parametrize(("first", "bits", "count"), [(0, 8, 256), (0, 12, 4096), (500, 16, 1000), (-100, 10, 4096)])
def test_table_levels_are_those_of_pydicom(first: int, bits: int, count: int) -> None:
    entries = _wave(bits, count)
    last = 256 if bits == 8 else 4100  # pydicom 3.0 counts beyond an 8-bit table in 8 bits
    stored = np.arange(-300, last, dtype=np.int16).reshape(-1, 4)
    image = instance(pixels=stored, Modality="OT", VOILUTSequence=[table_item(first, entries, bits)])
    theirs = apply_voi(image.pixel_array, image)
    ours = grey(stored, SIGNED, LookupTable(first, entries, bits))
    assert np.abs(ours - theirs / (2**bits - 1) * 255).max() <= 0.5


def test_modality_table_values_are_those_of_pydicom() -> None:
    entries = _wave(16, 3000)
    stored = np.arange(0, 4096, dtype=np.uint16).reshape(-1, 4)
    image = instance(pixels=stored, Modality="OT", ModalityLUTSequence=[table_item(40, entries, 16)])
    theirs = apply_modality_lut(image.pixel_array, image)
    assert np.array_equal(real(stored, Display(modality_table=LookupTable(40, entries, 16))), theirs)


def _wave(bits: int, count: int) -> NDArray[np.uint16]:
    """Entries that rise and fall, from 0 to the largest."""
    wave = np.sin(np.linspace(-np.pi / 2, 4.5 * np.pi, count)) / 2 + 0.5
    return np.rint(wave * (2**bits - 1)).astype(np.uint16)
