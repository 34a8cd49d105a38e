"""stored: the stored values of files and data sets as they are, or a coded reason why not."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array
from pydicom.uid import ExplicitVRBigEndian, JPEGLSLossless, RLELossless

import convkit as ck
from convkit.model.notes import CODES
from tests.builders import instance, multi_frame_us, palette, rgb, write, ybr_full
from tests.builders.encoding import IMPLICIT, element, encapsulated, part10
from tests.builders.files import truncate, write_as
from tests.builders.kinds import colours, structured_report


def both_ways(dataset: Dataset, folder: Path, frame: int | None = None) -> NDArray[Any]:
    """The stored values by path and by data set, which must be the same."""
    (path,) = write([dataset], folder)
    from_file, from_memory = ck.stored(path, frame), ck.stored(dataset, frame)
    assert from_file.dtype == from_memory.dtype
    assert np.array_equal(from_file, from_memory)
    return from_file


def code_of(source: Path | Dataset, frame: int | None = None) -> str:
    with pytest.raises(ck.ConvkitError) as raised:
        ck.stored(source, frame)
    return raised.value.code


def grey(pixels: NDArray[Any], **overrides: Any) -> Dataset:
    return instance(pixels=pixels, **overrides)


def counting(shape: tuple[int, ...], dtype: str = "u2") -> NDArray[Any]:
    return (np.arange(np.prod(shape)) * 7).astype(dtype).reshape(shape)


# --- what comes out --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8"])
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_every_integer_type_is_kept(dtype: str, syntax: str, tmp_path: Path) -> None:
    pixels = counting((5, 6), dtype)
    found = both_ways(grey(pixels, syntax=syntax), tmp_path)
    assert found.dtype == np.dtype(dtype)
    assert np.array_equal(found, pixels)


@pytest.mark.parametrize("syntax", ["rle", "jpegls", "jpeg2000"])
def test_lossless_compression_changes_nothing(syntax: str, tmp_path: Path) -> None:
    pixels = counting((32, 33), "i2")
    assert np.array_equal(both_ways(grey(pixels, syntax=syntax), tmp_path), pixels)


@pytest.mark.parametrize(("keyword", "dtype"), [("FloatPixelData", "f4"), ("DoubleFloatPixelData", "f8")])
def test_floats_are_floats(keyword: str, dtype: str, tmp_path: Path) -> None:
    pixels = np.linspace(-1, 1, 30).astype(dtype).reshape(5, 6)
    none = dict.fromkeys(("PixelData", "BitsStored", "HighBit", "PixelRepresentation"))
    dataset = instance(**{"Rows": 5, "Columns": 6, "BitsAllocated": pixels.itemsize * 8, **none})
    setattr(dataset, keyword, pixels.tobytes())
    found = both_ways(dataset, tmp_path)
    assert found.dtype == np.dtype(dtype)
    assert np.array_equal(found, pixels)


def test_floats_of_another_size_are_refused() -> None:
    dataset = instance(PixelData=None, BitsAllocated=16)
    dataset.FloatPixelData = bytes(6 * 7 * 4)
    assert code_of(dataset) == "header.inconsistent"


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_is_by_pixel(planar: int, tmp_path: Path) -> None:
    assert np.array_equal(both_ways(rgb(planar=planar), tmp_path), colours())


def test_colours_are_not_converted(tmp_path: Path) -> None:
    assert np.array_equal(both_ways(ybr_full(), tmp_path), colours())
    assert both_ways(palette(), tmp_path).shape == (6, 7)


def test_chrominance_is_there_for_every_pixel(tmp_path: Path) -> None:
    dataset = rgb(PhotometricInterpretation="YBR_FULL_422", Rows=1, Columns=4)
    dataset.PixelData = bytes([1, 2, 30, 40, 3, 4, 50, 60])
    found = both_ways(dataset, tmp_path)
    assert found.tolist() == [[[1, 30, 40], [2, 30, 40], [3, 50, 60], [4, 50, 60]]]


def test_what_says_422_and_stores_all_is_taken_as_it_is(tmp_path: Path) -> None:
    dataset = rgb(PhotometricInterpretation="YBR_FULL_422")
    assert np.array_equal(both_ways(dataset, tmp_path), colours())


def test_422_of_odd_columns_is_refused() -> None:
    dataset = rgb(PhotometricInterpretation="YBR_FULL_422", Rows=2, Columns=3)
    dataset.PixelData = bytes(12)
    assert code_of(dataset) == "header.inconsistent"


def test_bits_of_frames_need_not_begin_at_a_byte(tmp_path: Path) -> None:
    bits = np.random.default_rng(0).integers(0, 2, (5, 3, 7), dtype=np.uint8)
    dataset = instance(Rows=3, Columns=7, BitsAllocated=1, BitsStored=1, HighBit=0, PixelRepresentation=0)
    dataset.NumberOfFrames = 5
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    dataset.PixelData = packed + bytes(len(packed) % 2)
    assert np.array_equal(both_ways(dataset, tmp_path), bits)
    for frame in range(5):
        assert np.array_equal(both_ways(dataset, tmp_path, frame), bits[frame])


@pytest.mark.parametrize("vr", ["OB", "OW"])
def test_bytes_in_big_endian_words_are_put_in_order(vr: str, tmp_path: Path) -> None:
    pixels = counting((3, 3, 5), "u1")
    dataset = multi_frame_us(3, Rows=3, Columns=5)
    dataset.Rows, dataset.Columns = 3, 5
    content = pixels.tobytes() + b"\0"
    if vr == "OW":
        content = np.frombuffer(content, "<u2").byteswap().tobytes()
    dataset.add_new(0x7FE00010, vr, content)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset.set_original_encoding(is_implicit_vr=False, is_little_endian=False)
    assert np.array_equal(both_ways(dataset, tmp_path), pixels)
    for frame in range(3):
        assert np.array_equal(both_ways(dataset, tmp_path, frame), pixels[frame])


@pytest.mark.parametrize("signed", [False, True])
def test_bits_above_bits_stored_are_not_in_the_values(signed: bool, tmp_path: Path) -> None:
    pixels = np.array([[0xF001, 0x0FFF], [0x0800, 0x07FF]], "u2")
    dataset = grey(pixels.view("i2") if signed else pixels, BitsStored=12, HighBit=11)
    expected = [[1, -1], [-2048, 2047]] if signed else [[1, 0xFFF], [0x800, 0x7FF]]
    found = both_ways(dataset, tmp_path)
    assert found.tolist() == expected
    assert np.array_equal(found, pixel_array(dataset, raw=True))


@pytest.mark.parametrize("signed", [False, True])
def test_bits_above_bits_stored_are_not_in_compressed_values(signed: bool, tmp_path: Path) -> None:
    pixels = np.full((8, 8), 0xF801, "u2")
    dataset = grey(pixels.view("i2") if signed else pixels, syntax="rle")
    dataset.BitsStored, dataset.HighBit = 12, 11
    found = both_ways(dataset, tmp_path)
    assert set(found.ravel().tolist()) == {-2047 if signed else 0x801}
    assert np.array_equal(found, pixel_array(dataset, raw=True))


def test_left_justified_samples_are_brought_down(tmp_path: Path) -> None:
    dataset = grey(np.array([[0x0010, 0xFFF0]], "u2"), BitsStored=12, HighBit=15)
    assert both_ways(dataset, tmp_path).tolist() == [[1, 0xFFF]]


def test_a_wrong_high_bit_is_seen_by_the_samples(tmp_path: Path) -> None:
    dataset = grey(np.array([[0x0011, 0x0FFF]], "u2"), BitsStored=12, HighBit=15)
    assert both_ways(dataset, tmp_path).tolist() == [[0x11, 0xFFF]]


def test_a_high_bit_that_cannot_be_is_not_believed(tmp_path: Path) -> None:
    assert np.array_equal(both_ways(grey(counting((2, 3)), HighBit=40), tmp_path), counting((2, 3)))


def test_samples_that_fit_neither_high_bit_are_refused() -> None:
    dataset = grey(np.array([[0x0011, 0xFFFF]], "u2"), BitsStored=12, HighBit=15)
    assert code_of(dataset) == "header.inconsistent"


def test_four_samples_a_pixel_are_kept(tmp_path: Path) -> None:
    dataset = rgb(SamplesPerPixel=4, PhotometricInterpretation="CMYK", Rows=2, Columns=3)
    dataset.PixelData = bytes(range(24))
    assert np.array_equal(both_ways(dataset, tmp_path), np.arange(24, dtype="u1").reshape(2, 3, 4))


def test_an_odd_length_is_no_matter(tmp_path: Path) -> None:
    raw = part10(
        [
            element(0x00280002, "US", b"\1\0"),
            element(0x00280010, "US", b"\3\0"),
            element(0x00280011, "US", b"\3\0"),
            element(0x00280100, "US", b"\x08\0"),
            element(0x7FE00010, "OB", bytes(range(9))),
        ]
    )
    (path := tmp_path / "a").write_bytes(raw)
    assert ck.stored(path).tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_trailing_padding_is_not_read(tmp_path: Path) -> None:
    dataset = grey(counting((4, 4)))
    dataset.PixelData += bytes(6)
    dataset.DataSetTrailingPadding = bytes(64)
    assert np.array_equal(both_ways(dataset, tmp_path), counting((4, 4)))


def test_an_icon_is_not_the_image(tmp_path: Path) -> None:
    icon = Dataset()
    icon.Rows = icon.Columns = 2
    icon.SamplesPerPixel, icon.PhotometricInterpretation = 1, "MONOCHROME2"
    icon.BitsAllocated = icon.BitsStored = 8
    icon.HighBit, icon.PixelRepresentation, icon.PixelData = 7, 0, bytes(4)
    assert both_ways(grey(counting((5, 6)), IconImageSequence=[icon]), tmp_path).shape == (5, 6)
    assert code_of(instance(PixelData=None, IconImageSequence=[icon])) == "pixels.missing"


@pytest.mark.parametrize("given_frames", [None, "", 0, 1])
def test_a_number_of_frames_that_says_nothing_means_one(given_frames: Any, tmp_path: Path) -> None:
    assert both_ways(grey(counting((4, 5)), NumberOfFrames=given_frames), tmp_path).shape == (4, 5)


def test_without_meta_header_and_preamble(tmp_path: Path) -> None:
    pixels = counting((4, 5))
    assert np.array_equal(both_ways(grey(pixels, preamble=False, meta=False), tmp_path), pixels)


# --- frames ----------------------------------------------------------------------------------------------


def test_frames_have_an_axis_and_one_has_none(tmp_path: Path) -> None:
    dataset = multi_frame_us(3)
    assert both_ways(dataset, tmp_path).shape == (3, 6, 7)
    assert np.array_equal(both_ways(dataset, tmp_path, 2), ck.stored(dataset)[2])


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_compressed_frames_are_read_one_by_one(syntax: str, tmp_path: Path) -> None:
    dataset = multi_frame_us(4)
    native = ck.stored(dataset)
    dataset.compress(syntax, generate_instance_uid=False)
    assert np.array_equal(both_ways(dataset, tmp_path), native)
    assert np.array_equal(both_ways(dataset, tmp_path, 3), native[3])


@pytest.mark.parametrize("frame", [-1, 3, 10**9])
def test_a_frame_that_is_not_there_is_a_usage_error(frame: int) -> None:
    with pytest.raises(ck.UsageError, match="has 3"):
        ck.stored(multi_frame_us(3), frame)


# --- data sets in memory ---------------------------------------------------------------------------------


def test_the_data_set_is_left_as_it_was(tmp_path: Path) -> None:
    (path,) = write([palette(PixelPaddingValue=3)], tmp_path)
    dataset = dcmread(path, defer_size=64)
    before = {tag: dataset.get_item(tag, keep_deferred=True) for tag in dataset.keys()}  # noqa: SIM118
    ck.stored(dataset)
    assert all(dataset.get_item(tag, keep_deferred=True) is item for tag, item in before.items())


def test_a_data_set_made_in_memory_needs_no_meta_header() -> None:
    dataset = Dataset()
    dataset.Rows, dataset.Columns, dataset.BitsAllocated, dataset.BitsStored = 2, 3, 16, 16
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 1
    dataset.PixelData = counting((2, 3), "i2").tobytes()
    assert np.array_equal(ck.stored(dataset), counting((2, 3), "i2"))


def test_a_change_since_reading_counts(tmp_path: Path) -> None:
    (path,) = write([grey(counting((4, 5)))], tmp_path)
    dataset = dcmread(path)
    dataset.Rows, dataset.PixelData = 2, counting((2, 5)).tobytes()
    assert np.array_equal(ck.stored(dataset), counting((2, 5)))


def test_a_decompressed_data_set_is_native() -> None:
    dataset = grey(counting((32, 33)), syntax="rle")
    dataset.decompress()
    assert np.array_equal(ck.stored(dataset), counting((32, 33)))


def test_fragments_of_an_unknown_syntax_are_refused() -> None:
    dataset = grey(counting((8, 8)), syntax="rle")
    del dataset.file_meta
    assert code_of(dataset) == "object.unknown-syntax"


def test_messages_about_a_data_set_name_no_path() -> None:
    with pytest.raises(ck.MissingAttributeError, match=r"^the data set: \(0028,0010\)"):
        ck.stored(grey(counting((2, 2)), Rows=None))


@pytest.mark.parametrize("source", [None, 3, b"x", {}, np.zeros(3)])
def test_what_is_no_source_is_a_usage_error(source: Any) -> None:
    with pytest.raises(ck.UsageError):
        ck.stored(source)


def test_a_value_that_cannot_be_encoded_is_a_coded_error() -> None:
    dataset = grey(counting((2, 2)))
    dataset[0x00280010].value = 70000
    assert code_of(dataset) == "input.broken-header"


# --- bad input -------------------------------------------------------------------------------------------


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "no rows": ({"Rows": None}, "header.missing-attribute"),
    "no columns": ({"Columns": 0}, "header.missing-attribute"),
    "no bits allocated": ({"BitsAllocated": None}, "header.missing-attribute"),
    "12 bits allocated": ({"BitsAllocated": 12, "BitsStored": 12}, "header.inconsistent"),
    "24 bits allocated": ({"BitsAllocated": 24}, "header.inconsistent"),
    "more bits stored than allocated": ({"BitsStored": 20}, "header.inconsistent"),
    "nine samples": ({"SamplesPerPixel": 9}, "header.inconsistent"),
    "no frames at all": ({"NumberOfFrames": -1}, "header.inconsistent"),
    "more frames than there are": ({"NumberOfFrames": 7}, "pixels.truncated"),
    "a size beyond belief": ({"Rows": 65535, "Columns": 65535}, "pixels.too-large"),
    "half the rows": ({"Rows": 3}, "header.inconsistent"),
    "no pixels": ({"PixelData": None}, "pixels.missing"),
    "empty pixels": ({"PixelData": b""}, "pixels.truncated"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_header_is_a_coded_error(name: str, tmp_path: Path) -> None:
    overrides, code = BROKEN[name]
    dataset = grey(counting((6, 7)), **overrides)
    assert code_of(dataset) == code
    assert code_of(write([dataset], tmp_path)[0]) == code


def test_a_frame_more_than_said_is_refused() -> None:
    dataset = multi_frame_us(5)
    dataset.NumberOfFrames = 4
    assert code_of(dataset) == "header.inconsistent"


@pytest.mark.parametrize(("promised", "code"), [(3, "header.inconsistent"), (5, "pixels.truncated")])
def test_compressed_frames_are_counted(promised: int, code: str, tmp_path: Path) -> None:
    dataset = multi_frame_us(4)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.NumberOfFrames = promised
    assert code_of(dataset) == code
    assert code_of(write([dataset], tmp_path)[0]) == code


def test_a_file_cut_in_its_pixels_is_refused(tmp_path: Path) -> None:
    (path,) = write([grey(counting((6, 7)))], tmp_path)
    assert code_of(truncate(path, -10)) == "pixels.truncated"


def test_a_deflated_file_cut_in_its_pixels_is_refused(tmp_path: Path) -> None:
    dataset = grey(counting((6, 7)), Rows=60, syntax="deflated")
    assert code_of(write([dataset], tmp_path)[0]) == "pixels.truncated"


def test_native_pixels_of_undefined_length_are_refused(tmp_path: Path) -> None:
    elements = [
        element(0x00280010, "US", b"\2\0"),
        element(0x00280011, "US", b"\2\0"),
        element(0x00280100, "US", b"\x08\0"),
        encapsulated([bytes(4)]),
    ]
    (path := tmp_path / "a").write_bytes(part10(elements))
    assert code_of(path) == "header.inconsistent"


@pytest.mark.parametrize("keyword", ["MPEG2MPML", "HEVCMP51", "MPEG4HP41"])
def test_video_is_recognised(keyword: str) -> None:
    import pydicom.uid  # noqa: PLC0415 (for names by keyword)

    dataset = multi_frame_us(3)
    dataset.PixelData = encapsulate([bytes(100)])
    dataset.file_meta.TransferSyntaxUID = getattr(pydicom.uid, keyword)
    dataset["PixelData"].is_undefined_length = True
    assert code_of(dataset) == "object.video"


def test_an_unknown_syntax_is_refused(tmp_path: Path) -> None:
    dataset = grey(counting((6, 7)))
    dataset.file_meta.TransferSyntaxUID = "1.2.3.4"
    assert code_of(dataset) == "object.unknown-syntax"


def test_a_report_has_no_pixels(tmp_path: Path) -> None:
    assert code_of(structured_report()) == "pixels.missing"


@pytest.mark.parametrize("content", [b"", b"text", bytes(200), b"\x89PNG" + bytes(200)])
def test_what_is_not_dicom_is_said_to_be_so(content: bytes, tmp_path: Path) -> None:
    (path := tmp_path / "a").write_bytes(content)
    with pytest.raises(ck.NotDicomError):
        ck.stored(path)


def test_a_path_that_leads_nowhere_is_an_input_error(tmp_path: Path) -> None:
    assert code_of(tmp_path / "none.dcm") == "input.unreadable"
    assert code_of(tmp_path) == "input.unreadable"


@given(place=st.integers(132, 700), byte=st.integers(0, 255))
def test_any_changed_byte_gives_pixels_or_a_coded_error(
    place: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_as(multi_frame_us(3), tmp_path_factory.mktemp("a") / "a.dcm")
    content = bytearray(path.read_bytes())
    content[place % len(content)] = byte
    path.write_bytes(content)
    with suppress(ck.ConvkitError):
        assert ck.stored(path).size < 1 << 20


def test_an_implicit_file_that_is_explicit_is_read(tmp_path: Path) -> None:
    elements = [
        element(0x00280010, "US", b"\2\0"),
        element(0x00280011, "US", b"\2\0"),
        element(0x00280100, "US", b"\x08\0"),
        element(0x7FE00010, "OB", b"\1\2\3\4"),
    ]
    (path := tmp_path / "a").write_bytes(part10(elements, IMPLICIT))
    assert ck.stored(path).tolist() == [[1, 2], [3, 4]]


# --- the corpus ------------------------------------------------------------------------------------------


def _hash(array: NDArray[Any]) -> str:
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(little.tobytes()).hexdigest()


def _verdict(entry: dict[str, Any], path: Path) -> str:
    """Empty where a file gives what is expected of it."""
    try:
        found = ck.stored(path)
    except ck.ConvkitError as err:
        return f"{err.code}: {err}" if entry["expected"].startswith("pixels") else ""
    if entry["expected"] in {"no_pixels", "error"}:
        return f"gave {found.shape}"
    if entry["expected"] == "either" or _hash(found) == entry["sha256"]:
        return ""
    if list(found.shape) != entry["shape"] or found.dtype.str[1:] != entry["dtype"]:
        return f"{found.shape} {found.dtype}"
    samples = found.ravel()[np.linspace(0, found.size - 1, 32).astype(int)]
    far = np.abs(samples.astype(float) - entry["samples"]).max()
    return "" if far <= entry.get("tolerance", -1) else f"values are {far} away"


def test_the_corpus_of_decoding_gives_what_is_expected(data_folder: Path) -> None:
    root = data_folder / "decoding"
    if not (root / "truth.json").is_file():
        pytest.skip("the decoding corpus is not there")
    entries = json.loads((root / "truth.json").read_text())["files"]
    wrong = {entry["file"]: verdict for entry in entries if (verdict := _verdict(entry, root / entry["file"]))}
    assert wrong == {}
    assert len(entries) > 200


def test_the_odd_files_give_pixels_or_coded_errors(data_folder: Path) -> None:
    root = data_folder / "decoding" / "odd"
    if not (root / "odd.json").is_file():
        pytest.skip("the odd files are not there")
    odd = {entry["file"]: entry["expected"] for entry in json.loads((root / "odd.json").read_text())}
    odd["spacing_text.dcm"] = "ok"  # a spacing is no matter of the pixels
    assert {name: said for name in odd if (said := _gives(root / name)) != odd[name] != "either"} == {}


def _gives(path: Path) -> str:
    try:
        found = ck.stored(path)
    except ck.ConvkitError as err:
        return "error" if err.code in CODES else "an error without a code"
    return "ok" if found.shape == (128, 128) else "something else"
