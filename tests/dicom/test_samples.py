"""Frames one by one: colours of every kind, tiles of a picture, and what is kept between two frames."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.pixels import apply_color_lut, pixel_array
from pydicom.uid import RLELossless

from convkit.dicom import pixels, samples
from convkit.dicom.attributes import display_table
from convkit.dicom.header import Header, read_header
from convkit.dicom.in_memory import header_of
from convkit.dicom.palette import palette_of
from convkit.dicom.unfold import unfold
from convkit.errors import PixelError, UnsupportedError
from convkit.model.frame import Picture, PixelSource
from tests.builders import instance, multi_frame_us, palette, rgb, write, ybr_full
from tests.builders.encoding import item
from tests.builders.kinds import colours


def source_of(dataset: Dataset, folder: Path) -> PixelSource:
    (path,) = write([dataset], folder)
    return pixels.source_of_all(read_header(str(path)))


def shades(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_stays(planar: int, tmp_path: Path) -> None:
    assert np.array_equal(samples.read_rgb(source_of(rgb(planar=planar), tmp_path), 0), colours())


@pytest.mark.parametrize("bits", [12, 16])
def test_deep_rgb_gives_its_upper_8_bits(bits: int, tmp_path: Path) -> None:
    deep = colours().astype(np.uint16) << (bits - 8)
    dataset = rgb(BitsAllocated=16, BitsStored=bits, HighBit=bits - 1)
    dataset.PixelData = deep.tobytes()
    assert np.array_equal(samples.read_rgb(source_of(dataset, tmp_path), 0), colours())


def test_bits_above_bits_stored_are_no_colour(tmp_path: Path) -> None:
    deep = colours().astype(np.uint16) << 4 | 0xF000
    dataset = rgb(BitsAllocated=16, BitsStored=12, HighBit=11)
    dataset.PixelData = deep.tobytes()
    assert np.array_equal(samples.read_rgb(source_of(dataset, tmp_path), 0), colours())


def test_ybr_is_converted(tmp_path: Path) -> None:
    dataset = ybr_full()
    assert np.array_equal(samples.read_rgb(source_of(dataset, tmp_path), 0), pixel_array(dataset, raw=False))


def test_a_palette_is_read_from_the_file(tmp_path: Path) -> None:
    found = samples.read_rgb(source_of(palette(), tmp_path), 0)
    assert found[0, 5].tolist() == [5, 250, 128]


def test_the_palette_of_a_data_set_in_memory_is_given() -> None:
    header = header_of(palette(), display_table())
    source = pixels.source_of_all(header)
    assert samples.read_rgb(source, 0, palette_of(header))[0, 5].tolist() == [5, 250, 128]
    with pytest.raises(UnsupportedError):
        samples.read_rgb(source, 0)


def test_colours_of_a_retired_kind_are_a_coded_error(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError) as raised:
        samples.read_rgb(source_of(rgb(PhotometricInterpretation="HSV"), tmp_path), 0)
    assert raised.value.code == "pixels.colour"


def test_compressed_colours_are_converted(tmp_path: Path) -> None:
    dataset = instance(pixels=shades((20, 30, 3)))
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.PhotometricInterpretation = "YBR_FULL"
    assert np.array_equal(samples.read_rgb(source_of(dataset, tmp_path), 0), pixel_array(dataset, raw=False))


def test_one_frame_is_that_of_all(tmp_path: Path) -> None:
    source = source_of(multi_frame_us(4), tmp_path)
    every = samples.read_all(source)
    assert all(np.array_equal(samples.read_stored(source, frame), every[frame]) for frame in range(4))


def test_bits_are_cleaned_or_left(tmp_path: Path) -> None:
    dataset = instance(pixels=np.array([[0xF001, 0x0002]], np.uint16), BitsStored=12, HighBit=11)
    source = source_of(dataset, tmp_path)
    assert samples.read_stored(source, 0).tolist() == [[1, 2]]
    assert samples.read_stored(source, 0, is_clean=False).tolist() == [[0xF001, 2]]


@pytest.mark.parametrize("syntax", ["explicit", "rle"])
def test_tiles_are_cut_from_their_picture(syntax: str, tmp_path: Path) -> None:
    whole = np.arange(16 * 16, dtype=np.uint16).reshape(16, 16)
    source = source_of(instance(pixels=whole, syntax=syntax), tmp_path)
    tiled = source._replace(
        layout=source.layout._replace(rows=8, columns=4), frames=8, picture=Picture(rows=16, columns=16, across=4)
    )
    assert np.array_equal(samples.read_stored(tiled, 6), whole[8:, 8:12])


def test_the_one_picture_behind_tiles_is_no_surplus(tmp_path: Path) -> None:
    whole = np.arange(16 * 16, dtype=np.uint16).reshape(16, 16)
    source = source_of(instance(pixels=whole, syntax="rle"), tmp_path)
    tiled = source._replace(layout=source.layout._replace(rows=8, columns=4), frames=8, picture=Picture(16, 16, 4))
    assert not pixels.has_surplus(tiled)


def test_an_index_is_made_once_an_object(tmp_path: Path) -> None:
    dataset = multi_frame_us(4)
    dataset.compress(RLELossless, generate_instance_uid=False)
    source = source_of(dataset, tmp_path)
    samples.read_stored(source, 0)
    before = samples._index_of_file.cache_info().misses
    for frame in range(4):
        samples.read_stored(source, frame)
    assert samples._index_of_file.cache_info().misses == before


def test_a_file_that_has_changed_is_read_anew(tmp_path: Path) -> None:
    for value in (1, 2):
        dataset = instance(pixels=np.full((8, 8 * value), value, np.uint16), syntax="rle")
        source = source_of(dataset, tmp_path / str(value))
        Path(source.path).replace(tmp_path / "same.dcm")
        header = read_header(str(tmp_path / "same.dcm"))
        assert samples.read_stored(pixels.source_of_all(header), 0).tolist() == [[value] * 8 * value] * 8


def test_a_deflated_file_is_inflated_once(tmp_path: Path) -> None:
    source = source_of(multi_frame_us(4, syntax="deflated"), tmp_path)
    before = samples._inflated.cache_info().misses
    for frame in range(4):
        samples.read_stored(source, frame)
    assert samples._inflated.cache_info().misses == before + 1


@pytest.mark.parametrize("syntax", ["explicit", "rle", "deflated"])
def test_a_file_that_is_gone_is_a_coded_error(syntax: str, tmp_path: Path) -> None:
    source = source_of(instance(syntax=syntax), tmp_path)
    Path(source.path).unlink()
    with pytest.raises(PixelError) as raised:
        samples.read_stored(source, 0)
    assert raised.value.code == "input.unreadable"


def test_frames_of_a_data_set_fill_a_volume_like_those_of_a_file(tmp_path: Path) -> None:
    dataset = instance(pixels=np.arange(42, dtype=np.int16).reshape(6, 7))
    header = unfold(header_of(dataset, display_table()))
    source = pixels.source_of(header, pixels.layout_of(header))
    out = np.empty((1, 6, 7), np.int16)
    pixels._read_object(source, [0], out)
    assert np.array_equal(out[0], np.arange(42).reshape(6, 7))


# --- the corpus ------------------------------------------------------------------------------------------


def _pydicom_rgb(path: Path) -> NDArray[Any]:
    dataset = dcmread(path)
    found = pixel_array(dataset, index=0, raw=False)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        found = apply_color_lut(found, dataset)[..., :3]
    return (found >> (8 * found.itemsize - 8)).astype(np.uint8)


def _source(header: Header) -> PixelSource:
    return pixels.source_of_all(header)


_SWAPPED_PALETTE = "pydicom-data/data/OBXXXX1A_expb.dcm"
"""Big endian, and pydicom does not swap the words of its palette."""


@pytest.mark.filterwarnings("ignore")  # pydicom's, of odd files
def test_the_colours_of_the_corpus_are_those_of_pydicom(data_folder: Path) -> None:
    root = data_folder / "decoding"
    if not (root / "truth.json").is_file():
        pytest.skip("the decoding corpus is not there")
    entries = json.loads((root / "truth.json").read_text())["files"]
    coloured = [
        entry["file"]
        for entry in entries
        if entry["expected"].startswith("pixels")
        and not (entry.get("photometric") or "MONOCHROME").startswith("MONOCHROME")
        and entry["file"] != _SWAPPED_PALETTE
    ]
    far = {}
    for file in coloured:
        ours = samples.read_rgb(_source(read_header(str(root / file))), 0).astype(int)
        if np.abs(ours - _pydicom_rgb(root / file)).max() > 1:
            far[file] = ours
    assert far == {}
    assert len(coloured) > 40


def test_a_palette_in_big_endian_is_that_of_the_same_image_in_little_endian(data_folder: Path) -> None:
    root = data_folder / "decoding" / "pydicom-data" / "data"
    names = ("OBXXXX1A_expb.dcm", "OBXXXX1A_rle.dcm")
    if not all((root / name).is_file() for name in names):
        pytest.skip("the decoding corpus is not there")
    big, little = (samples.read_rgb(_source(read_header(str(root / name))), 0) for name in names)
    assert np.array_equal(big, little)


# --- frames among fragments that only the Extended Offset Table tells apart (PS3.3 C.7.6.3.1.8) --------------


LIKE_A_START = bytes([1, 0, 0, 0, 64, 0, 0, 0])
"""What RLE begins with, here in the middle of a picture (PS3.5 G.5)."""


def in_fragments(*, has_table: bool = True) -> tuple[Dataset, NDArray[np.uint8]]:
    """Three frames in two fragments each, the second of which looks like the start of a frame."""
    frames = shades((3, 8, 16))
    frames.reshape(3, -1)[:, 7:15] = list(LIKE_A_START)
    fragments: list[bytes] = []
    offsets: list[int] = []
    for frame in frames:
        stream = struct.pack("<16I", 1, 64, *[0] * 14) + bytes([frame.size - 1]) + frame.tobytes() + b"\0"
        offsets.append(sum(len(fragment) + 8 for fragment in fragments))
        fragments += [stream[:72], stream[72:]]
    dataset = multi_frame_us(3)
    dataset.Rows, dataset.Columns = 8, 16
    dataset.file_meta.TransferSyntaxUID = RLELossless
    dataset.PixelData = b"".join(map(item, [b"", *fragments]))
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    if has_table:
        dataset.ExtendedOffsetTable = struct.pack("<3Q", *offsets)
        dataset.ExtendedOffsetTableLengths = struct.pack("<3Q", *[len(stream)] * 3)
    return dataset, frames


def test_the_extended_offset_table_tells_frames_apart(tmp_path: Path) -> None:
    dataset, frames = in_fragments()
    assert np.array_equal(samples.read_all(source_of(dataset, tmp_path)), frames)


def test_without_the_table_such_frames_cannot_be_told_apart(tmp_path: Path) -> None:
    dataset, _ = in_fragments(has_table=False)
    assert samples.surplus_of(source_of(dataset, tmp_path)) == 3


def test_the_table_of_a_data_set_in_memory_counts_too() -> None:
    dataset, frames = in_fragments()
    source = pixels.source_of_all(header_of(dataset, display_table(), only=pixels.SOURCE_KEYWORDS))
    assert np.array_equal(samples.read_all(source), frames)


def test_a_source_with_a_table_travels(tmp_path: Path) -> None:
    dataset, frames = in_fragments()
    source = pickle.loads(pickle.dumps(source_of(dataset, tmp_path)))
    assert np.array_equal(samples.read_stored(source, 2), frames[2])


@pytest.mark.parametrize("table", [b"", b"\0" * 8, b"\xff" * 32], ids=len)
def test_a_table_that_leads_nowhere_is_no_table(table: bytes, tmp_path: Path) -> None:
    dataset, frames = multi_frame_us(4), multi_frame_us(4).pixel_array
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.ExtendedOffsetTable = table
    dataset.ExtendedOffsetTableLengths = table
    assert np.array_equal(samples.read_all(source_of(dataset, tmp_path)), frames)


def test_native_pixels_have_no_table(tmp_path: Path) -> None:
    dataset = multi_frame_us(4)
    dataset.ExtendedOffsetTable = b"\0" * 32
    assert source_of(dataset, tmp_path).extended == ()
