"""What headers say of display, and that what they say badly costs a note, or an error where every value hangs on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageCms
from pydicom import Dataset, dcmread

from convkit.dicom._quiet import quiet_pydicom
from convkit.dicom.attributes import display_table
from convkit.dicom.display import DisplayFound, display_of, has_burned_in, icc_profile_of
from convkit.dicom.header import Header, read_header
from convkit.dicom.icc import neutral
from convkit.dicom.unfold import unfold
from convkit.errors import ConvkitError
from convkit.model.display import LookupTable, VoiFunction, Window
from tests.builders import instance, rgb, series, write_as
from tests.builders.packed import enhanced_of, made, with_group, with_undefined_lengths
from tests.builders.presentations import table

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def header_of(dataset: Dataset, folder: Path) -> Header:
    return unfold(read_header(str(write_as(dataset, folder / "image.dcm")), display_table()))


def found(folder: Path, **attributes: Any) -> DisplayFound:
    return display_of(header_of(instance(**attributes), folder))


def codes(display: DisplayFound) -> list[str]:
    return [n.code for n in display.notes]


# --- windows -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_windows_come_with_their_function_and_explanation(syntax: str, tmp_path: Path) -> None:
    display = found(
        tmp_path,
        syntax=syntax,
        WindowCenter=[40, -600.5],
        WindowWidth=[400, 1500],
        WindowCenterWidthExplanation=["SOFT", "LUNG"],
        VOILUTFunction="LINEAR_EXACT",
    )
    exact = VoiFunction.LINEAR_EXACT
    assert display.display.voi == (Window(40, 400, exact, "SOFT"), Window(-600.5, 1500, exact, "LUNG"))
    assert display.notes == ()


WINDOWS: dict[str, tuple[dict[str, Any], list[float], list[str]]] = {
    "fewer widths": ({"WindowCenter": [1, 2, 3], "WindowWidth": [10, 20]}, [1, 2], ["display.bad-window"]),
    "fewer centres": ({"WindowCenter": 1, "WindowWidth": [10, 20]}, [1], ["display.bad-window"]),
    "width of zero": ({"WindowCenter": [1, 2], "WindowWidth": [0, 20]}, [2], ["display.bad-window"]),
    "width below one": ({"WindowCenter": 1, "WindowWidth": 0.5}, [], ["display.bad-window"]),
    "narrow but exact": (
        {"WindowCenter": 1, "WindowWidth": 0.5, "VOILUTFunction": "LINEAR_EXACT"},
        [1],
        [],
    ),
    "no width": ({"WindowCenter": 1}, [], ["display.bad-window"]),
    "unknown function": ({"WindowCenter": 1, "WindowWidth": 2, "VOILUTFunction": "ODD"}, [1], ["display.bad-window"]),
    "none": ({}, [], []),
}


@pytest.mark.parametrize("case", WINDOWS)
def test_window_that_cannot_be_used_is_left_out_with_a_note(case: str, tmp_path: Path) -> None:
    attributes, centers, expected = WINDOWS[case]
    display = found(tmp_path, **attributes)
    assert [w.center for w in display.display.windows] == centers
    assert codes(display) == expected


@pytest.mark.parametrize("text", [b"abc\\40", b"nan\\40", b"inf\\40", b"\\40 "])
def test_text_in_the_place_of_a_centre_costs_only_its_window(text: bytes, tmp_path: Path) -> None:
    header = header_of(instance(WindowCenter=[1, 2], WindowWidth=[10, 20]), tmp_path)
    display = display_of(header.with_shared({header.table.places["WindowCenter"]: text}))
    assert display.display.voi == (Window(40, 20),)
    assert codes(display) == ["display.bad-window"]


# --- tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "deflated"])
def test_tables_come_after_windows(syntax: str, tmp_path: Path) -> None:
    item = table([0, 100, 4095], first=5, bits=12)
    item.LUTExplanation = "BONE"
    display = found(tmp_path, syntax=syntax, VOILUTSequence=[item], WindowCenter=1, WindowWidth=2).display
    window, lut = display.voi
    assert isinstance(window, Window)
    assert isinstance(lut, LookupTable)
    assert (lut.first, lut.bits, lut.explanation, lut.entries.tolist()) == (5, 12, "BONE", [0, 100, 4095])


FIRSTS: dict[str, tuple[dict[str, Any], int]] = {
    "signed samples": ({"RescaleSlope": None, "RescaleIntercept": None}, -1000),
    "rescale that goes below zero": ({"pixels": np.zeros((2, 2), np.uint16), "RescaleIntercept": -1024}, -1000),
    "negative slope": (
        {"pixels": np.zeros((2, 2), np.uint16), "RescaleSlope": -1, "RescaleIntercept": 0},
        -1000,
    ),
    "unsigned throughout": ({"pixels": np.zeros((2, 2), np.uint16), "RescaleIntercept": 0}, 64536),
}


@pytest.mark.parametrize("case", FIRSTS)
def test_first_input_of_a_voi_table_is_signed_where_real_values_may_be(case: str, tmp_path: Path) -> None:
    attributes, first = FIRSTS[case]
    (lut,) = found(tmp_path, VOILUTSequence=[table([1, 2, 3], first=64536)], **attributes).display.voi
    assert isinstance(lut, LookupTable)
    assert lut.first == first


def test_voi_table_that_is_too_short_is_left_out_with_a_note(tmp_path: Path) -> None:
    short = table([1, 2, 3, 4])
    short.LUTDescriptor = [4096, 0, 12]
    display = found(tmp_path, VOILUTSequence=[short, table([1, 2])])
    assert [v.entries.tolist() for v in display.display.voi if isinstance(v, LookupTable)] == [[1, 2]]
    assert codes(display) == ["display.bad-lut"]


def test_modality_table_takes_the_place_of_the_rescale(tmp_path: Path) -> None:
    item = table([7, 8, 9], first=-21 & 0xFFFF)
    item.ModalityLUTType = "OD"
    display = found(tmp_path, ModalityLUTSequence=[item], RescaleSlope=2).display
    assert display.modality_table is not None
    assert (display.modality_table.first, display.modality_table.entries.tolist()) == (-21, [7, 8, 9])
    assert (display.slope, display.intercept, display.units) == (1, 0, "OD")


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"ModalityLUTSequence": [made(LUTDescriptor=[4096, 0, 16], LUTData=b"\1\0")]}, "values.bad-lut"),
        ({"ModalityLUTSequence": [made(LUTDescriptor=[4096, 0, 16])]}, "values.bad-lut"),
        ({"RescaleSlope": 0}, "values.bad-rescale"),
    ],
)
def test_values_that_nobody_can_know_are_an_error(attributes: dict[str, Any], code: str, tmp_path: Path) -> None:
    with pytest.raises(ConvkitError) as caught:
        found(tmp_path, **attributes)
    assert caught.value.code == code


def test_empty_sequence_is_no_table(tmp_path: Path) -> None:
    display = found(tmp_path, ModalityLUTSequence=[], VOILUTSequence=[], PresentationLUTSequence=[])
    assert display.display.modality_table is display.display.presentation_table is None
    assert (display.display.voi, display.notes) == ((), ())


def test_presentation_table_is_read(tmp_path: Path) -> None:
    display = found(tmp_path, PresentationLUTSequence=[table([0, 1023], bits=10)]).display
    assert display.presentation_table is not None
    assert (display.presentation_table.first, display.presentation_table.bits) == (0, 10)


# --- polarity ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("photometric", "shape", "is_inverse", "expected"),
    [
        ("MONOCHROME1", None, True, []),
        ("MONOCHROME1", "INVERSE", True, []),
        ("MONOCHROME1", "IDENTITY", False, ["display.polarity"]),
        ("MONOCHROME1", "LIN OD", True, []),
        ("MONOCHROME2", None, False, []),
        ("MONOCHROME2", "IDENTITY", False, []),
        ("MONOCHROME2", "INVERSE", True, ["display.polarity"]),
    ],
)
def test_polarity_is_that_of_dcmtk(
    photometric: str,
    shape: str | None,
    is_inverse: bool,
    expected: list[str],
    tmp_path: Path,
) -> None:
    display = found(tmp_path, PhotometricInterpretation=photometric, PresentationLUTShape=shape)
    assert display.display.is_inverse == is_inverse
    assert codes(display) == expected


# --- padding -----------------------------------------------------------------------------------------------

SIGNED, TWELVE = np.zeros((2, 2), np.int16), {"BitsStored": 12, "HighBit": 11}

PADDINGS: dict[str, tuple[dict[str, Any], tuple[int, int] | None]] = {
    "none": ({}, None),
    "signed": ({"PixelPaddingValue": -2000}, (-2000, -2000)),
    "range": ({"PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -1500}, (-2000, -1500)),
    "range the other way": ({"PixelPaddingValue": 100, "PixelPaddingRangeLimit": -1500}, (-1500, 100)),
    "limit alone": ({"PixelPaddingRangeLimit": -1500}, None),
    "12 bits, written unsigned": ({**TWELVE, "PixelPaddingValue": 0x0800}, (-2048, -2048)),
    "out of reach": ({**TWELVE, "PixelPaddingValue": 0x4000}, None),
    "out of reach, unsigned": (
        {"pixels": np.zeros((2, 2), np.uint16), **TWELVE, "PixelPaddingValue": 63536},
        None,
    ),
    "limit out of reach": (
        {**TWELVE, "PixelPaddingValue": -2000, "PixelPaddingRangeLimit": 0x4000},
        (-2000, -2000),
    ),
}


@pytest.mark.parametrize("case", PADDINGS)
def test_padding_is_a_range_of_stored_values(case: str, tmp_path: Path) -> None:
    attributes, expected = PADDINGS[case]
    assert found(tmp_path, **({"pixels": SIGNED} | attributes)).display.padding == expected


@pytest.mark.parametrize("syntax", ["explicit", "big"])
def test_signed_padding_that_was_written_as_unsigned_is_signed(syntax: str, tmp_path: Path) -> None:
    dataset = instance(syntax=syntax)
    dataset.add_new(0x00280120, "US", 63536)
    assert display_of(header_of(dataset, tmp_path)).display.padding == (-2000, -2000)


def test_colours_have_no_padding(tmp_path: Path) -> None:
    assert display_of(header_of(rgb(PixelPaddingValue=5), tmp_path)).display.padding is None


# --- the rest ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "units"),
    [
        ({"RescaleType": "HU"}, "HU"),
        ({"RescaleType": None}, "HU"),
        ({"RescaleType": "US"}, ""),
        ({"RescaleType": None, "Modality": "MR"}, ""),
        ({"Modality": "PT", "Units": "BQML"}, "BQML"),
    ],
)
def test_units_are_those_of_real_values(attributes: dict[str, Any], units: str, tmp_path: Path) -> None:
    assert found(tmp_path, **attributes).display.units == units


def test_bits_sign_and_rescale_are_those_of_the_header(tmp_path: Path) -> None:
    display = found(tmp_path, **TWELVE, RescaleSlope=2.5, RescaleIntercept=-7).display
    assert (display.bits_stored, display.is_signed, display.slope, display.intercept) == (12, True, 2.5, -7)
    assert (display.modality, display.aspect) == ("CT", pytest.approx(0.8 / 0.7))


@pytest.mark.parametrize(("word", "expected"), [("YES", True), ("NO", False), (None, False)])
def test_burned_in_annotation_is_told(word: str | None, expected: bool, tmp_path: Path) -> None:
    assert has_burned_in(header_of(instance(BurnedInAnnotation=word), tmp_path)) is expected


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "deflated"])
def test_profile_of_colours_is_found(syntax: str, tmp_path: Path) -> None:
    assert icc_profile_of(header_of(rgb(syntax=syntax, ICCProfile=PROFILE), tmp_path)) == neutral(PROFILE)


def test_profile_of_an_optical_path_is_found(tmp_path: Path) -> None:
    paths = [made(OpticalPathIdentifier="1"), made(OpticalPathIdentifier="2", ICCProfile=PROFILE)]
    assert icc_profile_of(header_of(rgb(OpticalPathSequence=paths), tmp_path)) == neutral(PROFILE)


def test_image_without_profile_has_none(tmp_path: Path) -> None:
    assert icc_profile_of(header_of(rgb(), tmp_path)) == b""


# --- functional groups -------------------------------------------------------------------------------------


def enhanced(change: Callable[[Dataset], Dataset], folder: Path, **options: Any) -> Header:
    return header_of(change(enhanced_of(series(modality="MR", dtype="uint16"), **options)), folder)


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big"])
def test_each_frame_has_its_own_window(syntax: str, tmp_path: Path) -> None:
    def change(dataset: Dataset) -> Dataset:
        for frame in range(int(dataset.NumberOfFrames)):
            with_group(dataset, frame, "FrameVOILUTSequence", WindowCenter=100 + frame, WindowWidth=200)
        return dataset

    header = enhanced(change, tmp_path, syntax=syntax)
    assert header.frames > 2
    for frame in range(header.frames):
        assert display_of(header.of_frame(frame)).display.voi == (Window(100 + frame, 200),)


@pytest.mark.parametrize("syntax", ["explicit", "implicit"])
@pytest.mark.parametrize("is_open", [False, True])
def test_each_frame_has_its_own_table(syntax: str, is_open: bool, tmp_path: Path) -> None:
    def change(dataset: Dataset) -> Dataset:
        for frame in range(int(dataset.NumberOfFrames)):
            with_group(dataset, frame, "FrameVOILUTSequence", VOILUTSequence=[table([frame, 200, 300], first=7)])
        return with_undefined_lengths(dataset) if is_open else dataset

    header = enhanced(change, tmp_path, syntax=syntax)
    for frame in range(header.frames):
        (lut,) = display_of(header.of_frame(frame)).display.voi
        assert isinstance(lut, LookupTable)
        assert (lut.first, lut.entries.tolist()) == (7, [frame, 200, 300])


def test_shared_window_is_that_of_all_frames(tmp_path: Path) -> None:
    header = enhanced(
        lambda d: with_group(d, None, "FrameVOILUTSequence", WindowCenter=[1, 5], WindowWidth=[2, 6]), tmp_path
    )
    for frame in range(header.frames):
        assert display_of(header.of_frame(frame)).display.voi == (Window(1, 2), Window(5, 6))


def test_second_window_item_refuses_no_frame(tmp_path: Path) -> None:
    def change(dataset: Dataset) -> Dataset:
        with_group(dataset, 0, "FrameVOILUTSequence", WindowCenter=1, WindowWidth=2)
        groups = dataset.PerFrameFunctionalGroupsSequence[0]
        groups.FrameVOILUTSequence.append(made(WindowCenter=3, WindowWidth=4))
        return dataset

    assert len(display_of(enhanced(change, tmp_path).of_frame(0)).display.voi) == 1


# --- real data ---------------------------------------------------------------------------------------------


def test_windows_of_real_images_are_those_that_pydicom_reads(data_folder: Path) -> None:
    checked = 0
    for path in sorted((data_folder / "decoding" / "pydicom").rglob("*.dcm")):
        try:
            header = unfold(read_header(str(path), display_table()))
            display = display_of(header.of_frame(0)).display
        except ConvkitError:
            continue
        with quiet_pydicom():
            dataset = dcmread(path, stop_before_pixels=True, force=True)
        if "WindowCenter" not in dataset or header.frames > 1:
            continue
        centers, widths = np.atleast_1d(dataset.WindowCenter), np.atleast_1d(dataset.WindowWidth)
        expected = [(float(c), float(w)) for c, w in zip(centers, widths, strict=False) if w >= 1]
        assert [(w.center, w.width) for w in display.windows] == expected, path.name
        checked += 1
    assert checked >= 3
