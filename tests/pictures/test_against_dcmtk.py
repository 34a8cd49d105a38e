"""The same image, the same window: never more than one grey level from DCMTK, which cuts off where we round."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from convkit.model.display import Display, LookupTable, Voi, VoiFunction, Window
from convkit.pictures.voi import grey
from tests.builders.instances import instance
from tests.pictures.dcmtk import dcmtk_levels, needs_dcmtk
from tests.pictures.tables import table_item

pytestmark = needs_dcmtk

TWELVE_BITS = {"BitsStored": 12, "HighBit": 11}
POLARITIES = ["MONOCHROME1", "MONOCHROME2"]


def test_a_level_more_than_one_away_would_be_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        _compare(_image(_signed()), Display(is_signed=True), Window(45, 400), tmp_path, "+Ww", "40", "400")


@pytest.mark.parametrize("photometric", POLARITIES)
@pytest.mark.parametrize("function", [VoiFunction.LINEAR, VoiFunction.SIGMOID])
@pytest.mark.parametrize(
    ("center", "width"), [(40, 400), (40.5, 399), (0, 1), (100, 2), (3, 3.7), (-600, 1500), (32768, 65536)]
)
def test_windows(photometric: str, function: VoiFunction, center: float, width: float, tmp_path: Path) -> None:
    image = _image(_signed(), PhotometricInterpretation=photometric)
    display = Display(is_signed=True, is_inverse=photometric == "MONOCHROME1")
    curve = ["+Wfs"] if function is VoiFunction.SIGMOID else []
    _compare(image, display, Window(center, width, function), tmp_path, "+Ww", str(center), str(width), *curve)


@pytest.mark.parametrize(("slope", "intercept"), [(1, -1024), (-1, 3000), (0.3774, 0), (2, 0.5)])
def test_rescaled_values(slope: float, intercept: float, tmp_path: Path) -> None:
    image = _image(_unsigned(), RescaleSlope=slope, RescaleIntercept=intercept, **TWELVE_BITS)
    display = Display(slope=slope, intercept=intercept, bits_stored=12)
    _compare(image, display, Window(400, 800), tmp_path, "+Ww", "400", "800")


@pytest.mark.parametrize("photometric", POLARITIES)
@pytest.mark.parametrize(
    ("dtype", "bits"), [("uint8", 8), ("uint16", 12), ("uint16", 16), ("int16", 12), ("int16", 16)]
)
def test_no_window_at_all(photometric: str, dtype: str, bits: int, tmp_path: Path) -> None:
    display = Display(is_inverse=photometric == "MONOCHROME1", is_signed=dtype == "int16", bits_stored=bits)
    low = -(2 ** (bits - 1)) if display.is_signed else 0
    pixels = np.linspace(low, low + 2**bits - 1, 4096).astype(dtype).reshape(64, 64)
    image = _image(pixels, PhotometricInterpretation=photometric, BitsStored=bits, HighBit=bits - 1)
    _compare(image, display, None, tmp_path)


@pytest.mark.parametrize("photometric", POLARITIES)
@pytest.mark.parametrize(("first", "bits", "count"), [(0, 8, 256), (0, 12, 4096), (500, 16, 1000), (0, 10, 4096)])
def test_voi_tables(photometric: str, first: int, bits: int, count: int, tmp_path: Path) -> None:
    entries = np.linspace(0, 1, count) ** 2 * (2**bits - 1)
    table = LookupTable(first, entries.astype(np.uint16), bits)
    image = _image(
        _unsigned(),
        PhotometricInterpretation=photometric,
        VOILUTSequence=[table_item(first, table.entries, bits)],
        **TWELVE_BITS,
    )
    display = Display(bits_stored=12, is_inverse=photometric == "MONOCHROME1")
    _compare(image, display, table, tmp_path, "+Wl", "1")


@pytest.mark.parametrize(("voi", "options"), [(Window(1000, 2000), ("+Ww", "1000", "2000")), (None, ())])
def test_a_modality_table(voi: Voi | None, options: tuple[str, ...], tmp_path: Path) -> None:
    table = LookupTable(0, (np.arange(4096) ** 2 / 4095).astype(np.uint16), 12)
    image = _image(_unsigned(), ModalityLUTSequence=[table_item(0, table.entries, 12)], **TWELVE_BITS)
    _compare(image, Display(modality_table=table, bits_stored=12), voi, tmp_path, *options)


def test_dcmtk_cuts_real_values_to_whole_numbers_and_we_do_not(tmp_path: Path) -> None:
    """The explained difference: a fractional slope and a window of few units."""
    image = _image(_unsigned(), RescaleSlope="0.002", RescaleIntercept=0, **TWELVE_BITS)
    display = Display(slope=0.002, bits_stored=12)
    theirs = dcmtk_levels(image, tmp_path, "+Ww", "4", "8")
    assert np.abs(grey(_unsigned(), display, Window(4, 8)).astype(int) - theirs).max() > 1
    whole = np.trunc(_unsigned() * 0.002)
    assert np.abs(grey(whole, Display(), Window(4, 8)).astype(int) - theirs).max() <= 1


REAL = [
    "pydicom/MR_small.dcm",
    "pydicom/examples_overlay.dcm",
    "pydicom/dicomdirtests/77654033/CR1/6154",
    "pydicom/dicomdirtests/77654033/CT2/17106",
    "pydicom/dicomdirtests/98892001/CT2N/6293",
    "pydicom/dicomdirtests/98892003/MR1/4919",
    "highdicom/dx_image.dcm",
    "nibabel/decimal_rescale.dcm",
]


@pytest.mark.parametrize("name", REAL)
def test_the_first_window_of_real_files(name: str, data_folder: Path, tmp_path: Path) -> None:
    path = data_folder / "decoding" / name
    image = dcmread(path)
    theirs = dcmtk_levels(path, tmp_path, "+Wi", "1")
    ours = grey(image.pixel_array, _display(image), _window(image))
    assert np.abs(ours.astype(int) - theirs).max() <= 1


@pytest.mark.parametrize("name", REAL[:2])
def test_padding_that_real_files_do_not_have_changes_nothing(name: str, data_folder: Path) -> None:
    image = dcmread(data_folder / "decoding" / name)
    padded = replace(_display(image), padding=(-32768, -32768))
    assert np.array_equal(
        grey(image.pixel_array, padded, _window(image)), grey(image.pixel_array, _display(image), _window(image))
    )


def _display(image: Dataset) -> Display:
    return Display(
        slope=float(image.get("RescaleSlope", 1)),
        intercept=float(image.get("RescaleIntercept", 0)),
        is_inverse=image.PhotometricInterpretation == "MONOCHROME1",
        bits_stored=image.BitsStored,
        is_signed=bool(image.PixelRepresentation),
    )


def _window(image: Dataset) -> Window:
    return Window(float(np.ravel(image.WindowCenter)[0]), float(np.ravel(image.WindowWidth)[0]))


def _signed() -> NDArray[np.int16]:
    return np.linspace(-2000, 3000, 4096).astype(np.int16).reshape(64, 64)


def _unsigned() -> NDArray[np.uint16]:
    return np.arange(4096, dtype=np.uint16).reshape(64, 64)


def _image(pixels: NDArray[Any], **overrides: Any) -> Dataset:
    return instance(pixels=pixels, Modality="OT", **overrides)


def _compare(image: Dataset, display: Display, voi: Voi | None, folder: Path, *options: str) -> None:
    ours = grey(image.pixel_array, display, voi).astype(int)
    assert np.abs(ours - dcmtk_levels(image, folder, *options)).max() <= 1
