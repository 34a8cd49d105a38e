"""Siemens coils: names from the protocol, elements from where they are."""

from __future__ import annotations

from pathlib import Path

from convkit.quirks.siemens_coils import QUIRK
from tests.quirks.siemens import SDI, facts, look_alike, v_line, xa_enhanced


def test_protocol_tells_the_coil(tmp_path: Path) -> None:
    lines = {
        "sCoilSelectMeas.sCoilStringForConversion": '""HEA;HEP""',
        "sCoilSelectMeas.aRxCoilSelectData[0].asList[0].sCoilElementID.tCoilID": '""Head_32""',
        "ucCoilCombineMode": 2,
    }
    assert facts(QUIRK, v_line(lines), tmp_path) == {
        "ReceiveCoilName": "Head_32",
        "ReceiveCoilActiveElements": "HEA;HEP",
        "CoilCombinationMethod": "Adaptive Combine",
    }


def test_enhanced_object_tells_the_elements_of_each_frame(tmp_path: Path) -> None:
    assert facts(QUIRK, xa_enhanced({}, {(SDI, 0x4F): ("LO", "HC1-6")}), tmp_path) == {
        "ReceiveCoilActiveElements": "HC1-6"
    }


def test_protocol_of_another_creator_tells_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, look_alike(), tmp_path) is None
