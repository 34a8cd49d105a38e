"""The same image, the same presentation state: never more than one grey level from DCMTK's dcmp2pgm.

It neither cuts out the displayed area nor draws graphics nor knows geometric shutters or the SIGMOID function.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset

from convkit.dicom.attributes import display_table
from convkit.dicom.display import display_of
from convkit.dicom.header import read_header
from convkit.dicom.presentation import presentation_of
from convkit.model.picture import Picture
from convkit.pictures.presentation import presented
from convkit.pictures.voi import grey
from tests.builders import instance, write_as
from tests.builders.packed import made
from tests.builders.presentations import area, state, table, window, with_overlay

PROGRAM = shutil.which("dcmp2pgm")

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="dcmp2pgm is not installed (Debian: dcmtk)")

SIGNED: dict[str, Any] = {"pixels": (np.arange(48 * 64).reshape(48, 64) - 1000).astype(np.int16)}
UNSIGNED: dict[str, Any] = {
    "Modality": "DX",
    "pixels": np.arange(48 * 64, dtype=np.uint16).reshape(48, 64),
    "BitsStored": 12,
    "HighBit": 11,
}
WINDOW = {"SoftcopyVOILUTSequence": [window(-500, 1000)]}
CURVE = np.linspace(0, 1, 4096) ** 2

CASES: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "nothing": (SIGNED, {}),
    "nothing, 12 bits": (UNSIGNED, {}),
    "window": (SIGNED, WINDOW),
    "window over a rescale": (SIGNED, {"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU", **WINDOW}),
    "inverse": (SIGNED, {"PresentationLUTShape": "INVERSE", **WINDOW}),
    "polarity of the image": ({**SIGNED, "PhotometricInterpretation": "MONOCHROME1"}, WINDOW),
    "VOI table": (UNSIGNED, {"SoftcopyVOILUTSequence": [made(VOILUTSequence=[table(CURVE * 65535)])]}),
    "VOI table of 12 bits": (
        UNSIGNED,
        {"SoftcopyVOILUTSequence": [made(VOILUTSequence=[table(np.arange(4096), bits=12)])]},
    ),
    "VOI table from below zero": (
        SIGNED,
        {"SoftcopyVOILUTSequence": [made(VOILUTSequence=[table(CURVE * 65535, first=-800, vr="SS")])]},
    ),
    "modality table": (
        UNSIGNED,
        {"ModalityLUTSequence": [table(4095 - np.arange(4096))], "SoftcopyVOILUTSequence": [window(2000, 1000)]},
    ),
    "presentation table": (
        SIGNED,
        {"PresentationLUTShape": None, "PresentationLUTSequence": [table(CURVE * 4095, bits=12)], **WINDOW},
    ),
    "displayed area": (SIGNED, {"DisplayedAreaSelectionSequence": [area(10, 11, 30, 40)], **WINDOW}),
    **{
        f"turned {angle} {flip}": (SIGNED, {"ImageRotation": angle, "ImageHorizontalFlip": flip, **WINDOW})
        for angle in (0, 90, 180, 270)
        for flip in ("N", "Y")
    },
}


@pytest.mark.parametrize("case", CASES)
def test_levels_and_turning(case: str, tmp_path: Path) -> None:
    attributes, of_state = CASES[case]
    image = instance(**({"RescaleSlope": 1, "RescaleIntercept": 0} | dict(attributes)))
    _compare(image, state([image], **of_state), tmp_path)


def test_bitmap_shutter(tmp_path: Path) -> None:
    bitmap = np.zeros((48, 64), bool)
    bitmap[:10, 5:] = True
    image = instance(**SIGNED)
    shutter = {"ShutterShape": "BITMAP", "ShutterOverlayGroup": 0x6000, "ShutterPresentationValue": 0x8000}
    _compare(image, with_overlay(state([image], **shutter, **WINDOW), 0x6000, bitmap), tmp_path)


def test_a_state_that_is_not_the_same_would_be_found(tmp_path: Path) -> None:
    image = instance(**SIGNED)
    with pytest.raises(AssertionError):
        _compare(image, state([image], SoftcopyVOILUTSequence=[window(-500, 1000, VOILUTFunction="SIGMOID")]), tmp_path)


def _compare(image: Dataset, of_image: Dataset, folder: Path) -> None:
    source, given = write_as(image, folder / "image.dcm"), write_as(of_image, folder / "state.dcm")
    target = folder / "image.pgm"
    assert PROGRAM is not None
    subprocess.run([PROGRAM, "-p", given, source, target], check=True, capture_output=True)
    with Image.open(target) as opened:
        expected = np.asarray(opened).astype(int)
    view = presentation_of(given).view(str(image.SOPInstanceUID))
    display = view.over(display_of(read_header(str(source), display_table())).display)
    levels = Picture(grey(image.pixel_array, display, display.voi[0]))
    found = presented(levels, view, is_cropped=False).pixels.astype(int)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1
