"""Philips: precise values, or display values where they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks import PhilipsValues, ValueChoices, corrected_rescale, rescale_notes
from tests.quirks.private import MR_1, header_of, mr

DISPLAY = ValueChoices(PhilipsValues.DISPLAY)


def test_precise_values_are_the_default(tmp_path: Path) -> None:
    header = header_of(mr({(MR_1, 0x0E): ("FL", 0.5)}, RescaleSlope=2, RescaleIntercept=-100), tmp_path)
    assert corrected_rescale(header, 2.0, -100.0) == (1 / 0.5, -100 / (2 * 0.5))


def test_display_values_are_those_of_the_rescale(tmp_path: Path) -> None:
    header = header_of(mr({(MR_1, 0x0E): ("FL", 0.5)}, RescaleSlope=2, RescaleIntercept=-100), tmp_path)
    assert corrected_rescale(header, 2.0, -100.0, DISPLAY) == (2.0, -100.0)


@pytest.mark.parametrize(("choices", "word"), [(ValueChoices(), "precise"), (DISPLAY, "display")])
def test_note_names_choice_and_factor(choices: ValueChoices, word: str, tmp_path: Path) -> None:
    header = header_of(mr({(MR_1, 0x0E): ("FL", 0.25)}, RescaleSlope=2, RescaleIntercept=0), tmp_path)
    (said,) = rescale_notes(header, choices)
    assert said.code == "quirk.applied"
    assert f"Philips {word} values" in said.text
    assert "0.5 (" in said.text


def test_look_alike_has_nothing_to_choose(tmp_path: Path) -> None:
    header = header_of(mr({(MR_1, 0x0E): ("FL", 0.5)}, creator="SOMEBODY ELSE", RescaleSlope=2), tmp_path)
    assert corrected_rescale(header, 2.0, 0.0) == corrected_rescale(header, 2.0, 0.0, DISPLAY) == (2.0, 0.0)
    assert rescale_notes(header, DISPLAY) == ()
