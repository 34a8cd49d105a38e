"""Siemens sequences: names and options that the plain attributes of enhanced objects lack."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks.siemens_sequence import QUIRK
from tests.quirks.siemens import SDS, facts, look_alike, v_line, xa_enhanced


def test_enhanced_object_has_private_options(tmp_path: Path) -> None:
    shared = {
        (SDS, 0x5A): ("CS", ["GR", "IR"]),
        (SDS, 0x5B): ("CS", ["SK", "SP", "MP"]),
        (SDS, 0x5C): ("CS", "IR"),
    }
    dataset = xa_enhanced(
        shared, {}, PulseSequenceName="*tfl3d1_16ns", ScanningSequence=None, SequenceVariant=None, SequenceName=None
    )
    assert facts(QUIRK, dataset, tmp_path) == {
        "ScanningSequence": "GR\\IR",
        "SequenceVariant": "SK\\SP\\MP",
        "ScanOptions": "IR",
        "SequenceName": "*tfl3d1_16ns",
    }


def test_classic_image_keeps_its_own(tmp_path: Path) -> None:
    lines = {
        "tSequenceFileName": '""%SiemensSeq%\\ep2d_diff""',
        "sProtConsistencyInfo.tBaselineString": '""N4_VB17A_LATEST_20090307""',
        "sDiffusion.dsScheme": 2,
    }
    dataset = v_line(lines, ScanningSequence="EP", SequenceVariant=["SK", "SP"], SequenceName="*ep_b0")
    dataset.add_new(0x00189087, "FD", 0.0)  # a b-value of zero is diffusion, too
    assert facts(QUIRK, dataset, tmp_path) == {
        "ScanningSequence": "EP",
        "SequenceVariant": "SK\\SP",
        "SequenceName": "*ep_b0",
        "PulseSequenceDetails": "%SiemensSeq%\\ep2d_diff",
        "ConsistencyInfo": "N4_VB17A_LATEST_20090307",
        "DiffusionScheme": "Monopolar",
    }


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("%CustomerSeq%\\cmrr_mbep2d_bold", "%CustomerSeq%\\cmrr_mbep2d_bold"),
        ("%CustomerSeq%\\doe\\ep2d_test", "%CustomerSeq%\\ep2d_test"),
        ("%CustomerSeq%/doe/ep2d_test", "%CustomerSeq%\\ep2d_test"),
        ("%SiemensSeq%\\tests\\gre\\", "%SiemensSeq%\\gre"),
        ("C:\\Users\\doe\\ep2d_test", "ep2d_test"),
        ("%DoeSeq%\\ep2d_test", "ep2d_test"),
        ("ep2d_test", "ep2d_test"),
        ("%CustomerSeq%\\", None),
    ],
)
def test_folders_of_the_sequence_are_left_out(path: str, kept: str | None, tmp_path: Path) -> None:
    found = facts(QUIRK, v_line({"tSequenceFileName": f'""{path}""'}), tmp_path)
    assert found is not None
    assert found.get("PulseSequenceDetails") == kept


def test_elements_of_another_creator_tell_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, look_alike(), tmp_path) is None
