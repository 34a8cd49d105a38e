"""Siemens echoes: their number, and the two of a phase difference."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks.siemens_echoes import QUIRK
from tests.quirks.siemens import SDI, facts, look_alike, v_line, xa_enhanced

TWO = {"lContrasts": 2, "alTE[0]": 5190, "alTE[1]": 7650}


def test_phase_difference_has_both_echo_times(tmp_path: Path) -> None:
    found = facts(QUIRK, v_line(TWO, ImageType=["ORIGINAL", "PRIMARY", "P", "ND"], EchoNumbers=2), tmp_path)
    assert found == {
        "EchoNumber": 2,
        "EchoTime1": pytest.approx(0.00519),
        "EchoTime2": pytest.approx(0.00765),
    }


def test_xa_counts_echoes_in_its_reconstruction_indices(tmp_path: Path) -> None:
    frames = {(SDI, 0x06): ("LO", "X_2_1_1_1_1_1_1_1_1_1_1_629")}
    assert facts(QUIRK, xa_enhanced({}, frames, TWO, EchoNumbers=None), tmp_path) == {"EchoNumber": 2}


def test_only_echo_has_no_number(tmp_path: Path) -> None:
    assert facts(QUIRK, v_line({"lContrasts": 1, "alTE[1]": 1000}), tmp_path) == {}


def test_protocol_of_another_creator_tells_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, look_alike(), tmp_path) is None
