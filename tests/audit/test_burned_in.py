"""Text in pixels is read: values of the originals, patterns, and without originals any text but harmless marks."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom import Dataset

from convkit.audit._judge import Place
from convkit.audit._readers import Line
from convkit.audit.burned_in import text_in_pixels
from convkit.audit.dossier import Dossier, dossier_of
from convkit.audit.originals import original_of
from convkit.audit.scan import scan_bytes
from convkit.jobs.check import check
from tests.audit.cleaning import cleaned, original
from tests.builders import write


def _bytes(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _dossier() -> Dossier:
    return dossier_of([original_of(_bytes(original(1)), "x")])


def _read(text: str, dossier: Dossier) -> set[tuple[str, str]]:
    place = Place(frozenset({0}) if dossier.has_originals else frozenset())
    return {(burned.how, str(burned.kind)) for burned in text_in_pixels([Line(text, 0.9)], dossier, place)}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AYLLON, TOMASA", "name"),
        ("AYLL0N,T0MASA", "name"),
        ("T0MA5A 2", "name"),
        ("ID:H-13l1074", "id"),
        ("DOB 01/16/1956", "birth-date"),
        ("16-MAR-2012 14:05", "date"),
        ("GUERRERO MED CTR", "institution"),
    ],
)
def test_values_are_known_though_they_are_read_wrongly(text: str, kind: str) -> None:
    assert ("residual", kind) in _read(text, _dossier())


@pytest.mark.parametrize("text", ["MI 1.2 TIS 0.4", "R", "10 cm", "120 mm", "CHEST PA", "W 400 L 40", "LOSSY 12:1"])
def test_technical_text_is_none(text: str) -> None:
    assert _read(text, _dossier()) == set()


@pytest.mark.parametrize(
    ("text", "found"), [("R", set()), ("LAT", set()), ("5.0 cm", set()), ("SMITH", {("text", "text")})]
)
def test_without_originals_any_other_text_is_found(text: str, found: set[tuple[str, str]]) -> None:
    assert _read(text, Dossier()) == found


def _burned(text: str, dtype: type = np.uint16) -> np.ndarray:
    picture = Image.new("L", (400, 300), 30)
    ImageDraw.Draw(picture).text((20, 20), text, fill=255, font=ImageFont.load_default(size=20))
    return np.asarray(picture).astype(dtype) * (8 if dtype is np.uint16 else 1)


def _with_pixels(copy: Dataset, pixels: np.ndarray) -> Dataset:
    copy.Rows, copy.Columns = pixels.shape
    copy.BitsAllocated, copy.BitsStored, copy.HighBit, copy.PixelRepresentation = 16, 12, 11, 0
    copy.SamplesPerPixel, copy.PhotometricInterpretation = 1, "MONOCHROME2"
    copy.PixelData = pixels.tobytes()
    return copy


def test_a_name_in_the_pixels_is_found_only_on_request(tmp_path: Path) -> None:
    write([original(1)], tmp_path / "in")
    write([_with_pixels(cleaned(original(1)), _burned("AYLLON, TOMASA"))], tmp_path / "out")
    assert "(7FE0,0010)" not in {f.location for f in check(tmp_path / "out", tmp_path / "in", jobs=1).findings}
    found = check(tmp_path / "out", tmp_path / "in", jobs=1, ocr=True).findings
    assert ("(7FE0,0010)", "check.residual-value", "name") in {(f.location, f.code, str(f.kind)) for f in found}


def test_a_name_in_a_picture_is_found() -> None:
    buffer = io.BytesIO()
    Image.fromarray(_burned("TOMASA AYLLON", np.uint8)).save(buffer, "PNG")
    found = scan_bytes(buffer.getvalue(), "x.png", _dossier(), reads_pixels=True).findings
    assert {(f.location, f.code) for f in found} == {("picture", "check.residual-value")}


def test_pixels_without_text_pass(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(1000, 60, (300, 400)).astype(np.uint16)
    write([_with_pixels(cleaned(original(1)), noise)], tmp_path / "out")
    assert check(tmp_path / "out", jobs=1, ocr=True).findings == ()


def test_pixels_that_no_codec_opens_are_told(tmp_path: Path) -> None:
    copy = _with_pixels(cleaned(original(1)), _burned("x"))
    copy.PixelData = copy.PixelData[:100]
    write([copy], tmp_path / "out")
    assert "check.pixels-not-read" in {each.code for each in check(tmp_path / "out", jobs=1, ocr=True).notes}
