"""The risk of an image is judged by its header alone, and a NO is no proof where the kind is risky."""

from __future__ import annotations

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from convkit.deid.pixels import Level, facts_of, risk_of
from tests.deid.pixels.trees import image, tree_of

_STORAGE = "1.2.840.10008.5.1.4.1.1."

CASES = {
    "slice": (Level.NONE, {"Modality": "CT", "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]}),
    "derived": (Level.POSSIBLE, {"Modality": "MR", "ImageType": ["DERIVED", "SECONDARY", "MIP"]}),
    "report": (Level.LIKELY, {"Modality": "CT", "ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}),
    "capture": (Level.LIKELY, {"Modality": "CT", "SOPClassUID": _STORAGE + "7", "BurnedInAnnotation": "NO"}),
    "ultrasound": (Level.LIKELY, {"Modality": "US", "BurnedInAnnotation": "NO"}),
    "said-burned": (Level.CERTAIN, {"Modality": "MR", "BurnedInAnnotation": "YES"}),
    "projection": (Level.POSSIBLE, {"Modality": "DX", "BurnedInAnnotation": "NO"}),
    "said-clean": (
        Level.NONE,
        {"Modality": "CT", "ImageType": ["DERIVED", "SECONDARY"], "BurnedInAnnotation": "NO"},
    ),
    "digitizer": (Level.LIKELY, {"Modality": "CR", "SecondaryCaptureDeviceManufacturer": "Scanner"}),
    "visible-light": (Level.POSSIBLE, {"Modality": "ES", "SOPClassUID": _STORAGE + "77.1.1"}),
    "computed": (Level.NONE, {"Modality": "SEG", "SOPClassUID": _STORAGE + "66.4"}),
    "document": (Level.CERTAIN, {"Modality": "DOC", "SOPClassUID": _STORAGE + "104.1"}),
    "unknown": (Level.POSSIBLE, {"Modality": "ZZ", "SOPClassUID": _STORAGE + "999"}),
}


@pytest.mark.parametrize("code", CASES)
def test_each_kind_of_image_has_its_level(tmp_path, code):
    level, header = CASES[code]
    tree = tree_of(image(**header), tmp_path)
    risk = risk_of(facts_of(tree), tree.transfer_syntax)
    assert (risk.level, risk.code) == (level, code)


def test_an_object_without_pixels_has_no_risk(tmp_path):
    dataset = image()
    del dataset.PixelData
    tree = tree_of(dataset, tmp_path)
    assert risk_of(facts_of(tree), tree.transfer_syntax).code == "none"


def test_empty_elements_of_a_capture_device_are_no_device(tmp_path):
    header = {"Modality": "MR", "SecondaryCaptureDeviceManufacturer": "", "ImageType": ["ORIGINAL", "PRIMARY"]}
    tree = tree_of(image(**header), tmp_path)
    assert risk_of(facts_of(tree), tree.transfer_syntax).level == Level.NONE


def test_a_date_of_capture_alone_is_no_device(tmp_path):
    header = {"Modality": "MR", "DateOfSecondaryCapture": "20200101", "ImageType": ["ORIGINAL", "PRIMARY"]}
    tree = tree_of(image(**header), tmp_path)
    assert risk_of(facts_of(tree), tree.transfer_syntax).level == Level.NONE


def test_a_segmentation_is_computed_whatever_device_it_names(tmp_path):
    header = {"Modality": "SEG", "SOPClassUID": _STORAGE + "66.4", "SecondaryCaptureDeviceManufacturer": "Slicer"}
    tree = tree_of(image(**header), tmp_path)
    assert risk_of(facts_of(tree), tree.transfer_syntax).code == "computed"


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_ultrasound_regions_are_read_in_every_encoding(tmp_path, syntax):
    tree = tree_of(image(SequenceOfUltrasoundRegions=Sequence([region(10, 20, 99, 199)]), syntax=syntax), tmp_path)
    assert facts_of(tree).regions == ((10, 20, 100, 200),)


def region(top: int, left: int, bottom: int, right: int) -> Dataset:
    """One ultrasound region; its last row and column belong to it."""
    item = Dataset()
    item.RegionLocationMinY0, item.RegionLocationMinX0 = top, left
    item.RegionLocationMaxY1, item.RegionLocationMaxX1 = bottom, right
    return item
