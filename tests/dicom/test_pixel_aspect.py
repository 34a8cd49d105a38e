"""The shape of a pixel, from whichever attribute tells it usably."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from convkit.dicom.attributes import display_table
from convkit.dicom.header import read_header
from convkit.dicom.pixel_aspect import aspect_of
from tests.builders import ultrasound, write_as


def region(x: float, y: float, *, kind: int = 1, units: int = 3) -> Dataset:
    item = Dataset()
    item.RegionSpatialFormat, item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = kind, units, 3
    item.PhysicalDeltaX, item.PhysicalDeltaY = x, y
    return item


CASES: dict[str, tuple[dict[str, Any], float]] = {
    "nothing": ({}, 1.0),
    "pixel spacing": ({"PixelSpacing": [0.8, 0.4]}, 2.0),
    "pixel spacing before detector": ({"PixelSpacing": [0.8, 0.4], "ImagerPixelSpacing": [1, 4]}, 2.0),
    "detector": ({"ImagerPixelSpacing": [1, 4]}, 0.25),
    "scanned film": ({"NominalScannedPixelSpacing": [3, 2]}, 1.5),
    "ratio, vertical first": ({"PixelAspectRatio": [4, 3]}, 4 / 3),
    "zero": ({"PixelSpacing": [0, 0.4], "PixelAspectRatio": [2, 1]}, 2.0),
    "negative": ({"PixelSpacing": [-1, 1]}, 1.0),
    "one number": ({"PixelSpacing": 0.5}, 1.0),
    "absurd": ({"PixelSpacing": [1000, 0.001]}, 1.0),
    "regions": ({"SequenceOfUltrasoundRegions": [region(0.02, -0.03), region(0.04, 0.06)]}, 1.5),
    "regions that disagree": ({"SequenceOfUltrasoundRegions": [region(0.02, 0.03), region(0.02, 0.02)]}, 1.0),
    "regions that are nearly square": ({"SequenceOfUltrasoundRegions": [region(0.0345, 0.0346)]}, 1.0),
    "a curve over time tells no shape": ({"SequenceOfUltrasoundRegions": [region(0.002, 0.03, kind=2, units=4)]}, 1.0),
    "no regions": ({"SequenceOfUltrasoundRegions": []}, 1.0),
}


@pytest.mark.parametrize("case", CASES)
def test_aspect_is_height_over_width(case: str, tmp_path: Path) -> None:
    attributes, expected = CASES[case]
    path = write_as(ultrasound(**attributes), tmp_path / "us.dcm")
    assert aspect_of(read_header(str(path), display_table())) == pytest.approx(expected, rel=1e-12)
