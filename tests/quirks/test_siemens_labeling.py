"""Siemens arterial spin labeling: times by sequence."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks.siemens_labeling import QUIRK
from tests.quirks.siemens import facts, look_alike, v_line, xa_classic

TIMES = {"alTI[0]": 700000, "alTI[1]": 1600000, "alTI[2]": 1800000}
XA_TIMES = {"sAsl.ulLabelingDuration": 1500000, "sAsl.sPostLabelingDelay[0]": 1800000}


@pytest.mark.parametrize(("sequence", "scheme"), [("ep2d_pasl", "PICORE"), ("tgse_pasl", "FAIR QII")])
def test_pulsed_product_sequences(sequence: str, scheme: str, tmp_path: Path) -> None:
    lines = {"tSequenceFileName": f'""%SiemensSeq%\\{sequence}""', **TIMES}
    assert facts(QUIRK, v_line(lines), tmp_path) == {
        "ArterialSpinLabelingType": "PASL",
        "PASLType": scheme,
        "BolusDuration": pytest.approx(0.7),
        "InversionTime": pytest.approx(1.8),
    }


def test_xa_product_sequence(tmp_path: Path) -> None:
    lines = {"tSequenceFileName": '""%SiemensSeq%\\ep2d_asl""', **XA_TIMES}
    assert facts(QUIRK, xa_classic({}, lines), tmp_path) == {
        "LabelingDuration": pytest.approx(1.5),
        "PostLabelingDelay": pytest.approx(1.8),
    }


def test_other_sequences_label_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, v_line({"tSequenceFileName": '""%SiemensSeq%\\ep2d_bold""', **TIMES}), tmp_path) == {}


def test_protocol_of_another_creator_tells_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, look_alike(), tmp_path) is None
