from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from convkit.errors import InputError, UsageError
from convkit.model.display import Display, LookupTable, Voi, VoiFunction, Window
from convkit.pictures.voi import grey, usable
from convkit.pictures.windows import (
    AUTOMATIC,
    PRESETS,
    Auto,
    Fixed,
    FromFile,
    FullRange,
    Percentiles,
    Preset,
    WindowChoice,
    chosen,
    needs_sample,
)

CT = Display(modality="CT", units="HU", intercept=-1024, is_signed=True)
MR = Display(modality="MR", bits_stored=12)
PET = Display(modality="PT", units="BQML")
WINDOW = Window(40, 400, explanation="WINDOW1")
BONE = Window(400, 1800, explanation="Bone")
CURVE = LookupTable(0, np.arange(256, dtype=np.uint8), 8, "Curve")
BAD = Window(40, 0)
RAMP = np.arange(1, 1001, dtype=np.int16)


def unasked() -> Iterable[NDArray[Any]]:
    raise AssertionError("the values must not be needed")


def of(choice: WindowChoice, display: Display, *arrays: NDArray[Any]) -> tuple[Voi, list[str]]:
    """The choice, and the codes of its notes; values may be asked for only where arrays are given."""
    assert needs_sample(choice, display) is bool(arrays)
    voi, notes = chosen(choice, display, lambda: arrays or unasked())
    assert usable(voi) is voi
    return voi, [note.code for note in notes]


def ends(voi: Voi) -> tuple[float, float]:
    assert isinstance(voi, Window)
    assert voi.function is VoiFunction.LINEAR_EXACT
    return voi.center - voi.width / 2, voi.center + voi.width / 2


@pytest.mark.parametrize("modality", ["CT", "MR", "CR", "DX", "MG", "XA", "US", "NM", "RTDOSE", "OT", ""])
def test_the_first_window_of_the_file_is_taken(modality: str) -> None:
    assert of(Auto(), Display(modality=modality, voi=(WINDOW, BONE, CURVE))) == (WINDOW, [])


def test_a_table_is_taken_where_there_is_no_window() -> None:
    assert of(Auto(), Display(modality="MG", voi=(CURVE,))) == (CURVE, [])


def test_pet_ignores_the_windows_of_its_slices() -> None:
    voi, codes = of(Auto(), replace(PET, voi=(WINDOW,)), RAMP)
    assert ends(voi) == (0, 995)
    assert codes == []


@pytest.mark.parametrize(
    "useless", [BAD, Window(40, 0.5), Window(np.nan, 4), Window(7, 1), LookupTable(0, np.zeros(9, np.uint8), 8)]
)
def test_a_useless_first_window_is_passed_over_with_a_note(useless: Voi) -> None:
    assert of(Auto(), replace(CT, voi=(useless, BONE))) == (BONE, ["values.bad-window"])
    assert of(Auto(), replace(CT, voi=(useless,))) == (Window(40, 400), ["values.bad-window"])


def test_a_threshold_is_a_fine_window_for_single_bits() -> None:
    assert of(Auto(), Display(bits_stored=1, voi=(Window(1, 1),))) == (Window(1, 1), [])


def test_ct_in_hounsfield_units_gets_the_soft_tissue_window() -> None:
    assert of(Auto(), CT) == (Window(40, 400), [])


def test_ct_without_units_is_measured() -> None:
    voi, codes = of(Auto(), replace(CT, units=""), RAMP)
    assert (ends(voi), codes) == ((10, 990), [])


def test_mr_is_measured_without_its_background() -> None:
    voi, codes = of(Auto(), MR, np.zeros(5000, np.int16), RAMP)
    assert (ends(voi), codes) == ((10, 990), [])


@pytest.mark.parametrize("modality", ["PT", "NM"])
def test_emission_images_begin_at_zero_and_let_the_hottest_pixels_burn_out(modality: str) -> None:
    voi, codes = of(Auto(), Display(modality=modality), np.zeros(5000, np.int16), RAMP / 1000, -RAMP)
    assert ends(voi) == pytest.approx((0, 0.995))
    assert codes == []


def test_emission_images_without_a_positive_value_show_what_there_is() -> None:
    assert ends(of(Auto(), PET, -RAMP)[0]) == (-1000, -1)


def test_dose_reaches_from_zero_to_its_maximum() -> None:
    assert ends(of(Auto(), Display(modality="RTDOSE", bits_stored=32), RAMP * 0.05)[0]) == pytest.approx((0, 50))


@pytest.mark.parametrize("modality", ["US", "XA", "SC", "MR", "CT"])
def test_eight_bits_for_the_screen_stay_as_they_are(modality: str) -> None:
    display = Display(modality=modality, bits_stored=8)
    voi, codes = of(Auto(), display)
    stored = np.arange(256, dtype=np.uint8)
    assert np.array_equal(grey(stored, display, voi), stored)
    assert codes == []


@pytest.mark.parametrize("modality", ["CR", "DX", "MG", "XA", "US", "XX", ""])
def test_deep_images_of_other_modalities_are_measured(modality: str) -> None:
    assert ends(of(Auto(), Display(modality=modality, bits_stored=14), RAMP)[0]) == (10, 990)


@pytest.mark.parametrize("choice", [Auto(), Percentiles(1, 99), FullRange()])
@pytest.mark.parametrize("value", [0, 7, -1024, 1e30, -1e-30])
@pytest.mark.parametrize("display", [MR, PET, Display(modality="RTDOSE")])
def test_one_value_only_is_black_and_noted(choice: WindowChoice, value: float, display: Display) -> None:
    stored = np.full((3, 4), value)
    voi, codes = of(choice, display, stored)
    assert codes == ["values.constant"]
    assert not grey(stored, Display(), voi).any()


@pytest.mark.parametrize("array", [np.empty(0, np.int16), np.full(5, np.nan), np.empty((0, 0))])
def test_no_value_at_all_is_black_and_noted(array: NDArray[Any]) -> None:
    voi, codes = of(FullRange(), MR, array)
    assert codes == ["values.constant"]
    assert not grey(array, MR, voi).any()


def test_the_full_range_is_black_and_white_at_its_ends() -> None:
    values = np.array([0.001, 0.0015, 0.002])
    voi, _ = of(FullRange(), MR, values)
    assert grey(values, Display(), voi).tolist() == [0, 128, 255]


def test_huge_values_of_both_signs_have_a_window() -> None:
    values = np.array([-1.7e308, 0, 1.7e308])
    voi, _ = of(FullRange(), MR, values)
    assert grey(values, Display(), voi).tolist() == [0, 128, 255]


def test_percentiles_of_almost_nothing_show_the_rest() -> None:
    values = np.zeros(1000, np.int16)
    values[0] = 50
    assert ends(of(Percentiles(1, 99), MR, values)[0]) == (0, 50)


@given(st.permutations(range(40)), st.sampled_from(["int16", "float32"]))
def test_measured_windows_do_not_depend_on_order(order: list[int], dtype: str) -> None:
    values = np.array(order, dtype) * 3
    for choice in (Percentiles(5, 90), Auto()):
        assert of(choice, MR, values) == of(choice, MR, np.sort(values))


def test_a_given_window_is_taken_as_it_is() -> None:
    assert of(Fixed(WINDOW), PET) == (WINDOW, [])


def test_a_given_window_that_cannot_be_used_is_an_error() -> None:
    with pytest.raises(InputError) as caught:
        chosen(Fixed(BAD), CT, unasked)
    assert caught.value.code == "values.bad-window"


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (FromFile(), WINDOW),
        (FromFile(0), WINDOW),
        (FromFile(1), BONE),
        (FromFile(2), CURVE),
        (FromFile(None, "bone"), BONE),
        (FromFile(None, " CURVE"), CURVE),
    ],
)
def test_windows_of_the_file_are_found_by_number_and_by_explanation(choice: FromFile, expected: Voi) -> None:
    for display in (CT, PET):
        assert of(choice, replace(display, voi=(WINDOW, BONE, CURVE))) == (expected, [])


@pytest.mark.parametrize("choice", [FromFile(3), FromFile(-1), FromFile(None, "lung")])
def test_a_window_that_the_file_lacks_gives_the_automatic_one_and_a_note(choice: FromFile) -> None:
    assert of(choice, replace(CT, voi=(WINDOW, BONE, CURVE))) == (WINDOW, ["preview.window-missing"])


def test_a_file_without_windows_gives_the_automatic_one_and_a_note() -> None:
    assert of(FromFile(), CT) == (Window(40, 400), ["preview.window-missing"])
    voi, codes = of(FromFile(), MR, RAMP)
    assert (ends(voi), codes) == ((10, 990), ["preview.window-missing"])


def test_a_window_of_the_file_that_cannot_be_used_gives_the_automatic_one_and_a_note() -> None:
    assert of(FromFile(1), replace(CT, voi=(WINDOW, BAD))) == (WINDOW, ["values.bad-window"])


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.modality == "CT"])
def test_presets_apply_to_ct_whatever_the_file_says(name: str) -> None:
    expected = Window(PRESETS[name].center, PRESETS[name].width)
    assert of(Preset(name), replace(CT, voi=(WINDOW,))) == (expected, [])


@pytest.mark.parametrize("display", [replace(MR, voi=(BONE,)), replace(CT, units="US", voi=(BONE,))])
def test_a_preset_on_another_kind_of_image_gives_the_automatic_window_and_a_note(display: Display) -> None:
    assert of(Preset("lung"), display) == (BONE, ["preview.preset-modality"])


def test_the_pet_preset_needs_standardized_uptake_values() -> None:
    assert of(Preset("pet"), replace(PET, units="GML")) == (Window(2.5, 5, VoiFunction.LINEAR_EXACT), [])
    assert of(Preset("pet"), PET, RAMP)[1] == ["preview.preset-modality"]


def test_an_unknown_preset_is_wrong_usage() -> None:
    with pytest.raises(UsageError):
        chosen(Preset("lungs"), CT, unasked)


def test_every_preset_can_be_used_and_says_what_it_is_for() -> None:
    for preset in PRESETS.values():
        usable(Window(preset.center, preset.width))
        assert preset.meaning.endswith(".")
        assert preset.source


def test_every_rule_can_be_read_in_the_help() -> None:
    assert all(rule.otherwise.value and rule.reason for rule in AUTOMATIC.values())
    assert "*" in AUTOMATIC


def test_the_pet_preset_is_white_at_five_exactly() -> None:
    """LINEAR would take one unit off the width: a fifth of 5 SUV."""
    voi, _ = of(Preset("pet"), replace(PET, units="SUV"))
    assert grey(np.array([0.0, 2.5, 5.0]), PET, voi).tolist() == [0, 128, 255]
