"""Siemens adjustments: shim, transmitter, dwell time, pause and table."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks.siemens_adjustments import QUIRK
from tests.quirks.siemens import HEADER, SDI, SDS, facts, look_alike, private, v_line, xa_classic

NEW, OLD = "sGRADSPEC.asGPAData[0].lOffset", "sGRADSPEC.lOffset"


@pytest.mark.parametrize("start", [NEW, OLD])
def test_protocol_tells_the_adjustments(start: str, tmp_path: Path) -> None:
    lines = {
        f"{start}X": 2034,
        f"{start}Z": -1717,
        "sGRADSPEC.alShimCurrent[0]": 601,
        "sGRADSPEC.alShimCurrent[4]": 61,
        "sTXSPEC.asNucleusInfo[0].flReferenceAmplitude": 257.066,
        "lDelayTimeInTR": 500000,
    }
    assert facts(QUIRK, v_line(lines), tmp_path) == {
        "ShimSetting": [2034, 0, -1717, 601, 0, 0, 0, 61],
        "TxRefAmp": 257.066,
        "DelayTime": 0.5,
    }


def test_v_line_has_private_elements(tmp_path: Path) -> None:
    elements = {(HEADER, 0x14): ("IS", [1, 2, -40]), (HEADER, 0x18): ("IS", 3900)}
    found = facts(QUIRK, private(v_line({}), elements), tmp_path)
    assert found == {"DwellTime": pytest.approx(3.9e-6), "TablePosition": [1, 2, 40]}


def test_xa_line_has_private_elements(tmp_path: Path) -> None:
    elements = {(SDS, 0x05): ("IS", [0, 0, -40]), (SDI, 0x42): ("IS", 3400)}
    found = facts(QUIRK, xa_classic(elements), tmp_path)
    assert found == {"DwellTime": pytest.approx(3.4e-6), "TablePosition": [0, 0, 40]}


def test_protocol_of_another_creator_tells_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, look_alike(), tmp_path) is None
