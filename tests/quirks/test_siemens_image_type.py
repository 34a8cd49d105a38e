"""Siemens image types: distortion correction, deep learning, and the type of XA."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks.siemens_image_type import QUIRK
from tests.quirks.siemens import SDI, facts, look_alike, v_line, xa_enhanced


@pytest.mark.parametrize(("mark", "is_corrected"), [("ND", False), ("DIS2D", True), ("DIS3D", True), ("NORM", None)])
def test_distortion_correction(mark: str, is_corrected: bool | None, tmp_path: Path) -> None:
    found = facts(QUIRK, v_line({}, ImageType=["ORIGINAL", "PRIMARY", "M", mark]), tmp_path)
    assert found is not None
    assert found.get("NonlinearGradientCorrection") is is_corrected


def test_enhanced_object_has_the_classic_type_in_each_frame(tmp_path: Path) -> None:
    frames = {(SDI, 0x75): ("CS", ["ORIGINAL", "PRIMARY", "M", "DRB", "DIS2D"]), (SDI, 0x76): ("LO", "DRB")}
    assert facts(QUIRK, xa_enhanced({}, frames), tmp_path) == {
        "ImageTypeText": ["ORIGINAL", "PRIMARY", "M", "DRB", "DIS2D"],
        "NonlinearGradientCorrection": True,
        "DeepLearning": True,
        "DeepLearningDetails": "DRB",
    }


def test_other_maker_tells_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, look_alike(ImageType=["ORIGINAL", "PRIMARY", "M", "ND"]), tmp_path) is None
