"""Compressed frames become the samples that were compressed, or an error that says what was tried."""

from __future__ import annotations

import hashlib
import json
import struct
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.pixels import pixel_array
from pydicom.uid import UID

from convkit.dicom import syntaxes
from convkit.dicom.codecs import Coded, decode, photometric
from convkit.dicom.codecs import decoding as decoding_module
from convkit.dicom.codecs.table import SCHEMES
from convkit.dicom.encapsulation import index_frames
from convkit.errors import PixelError
from convkit.model import values
from convkit.model.frame import PixelLayout
from tests.dicom import streams
from tests.dicom.streams import Picture, colour, grey, layout

_J = "1.2.840.10008.1.2.4."
BASELINE, EXTENDED, LOSSLESS, SV1 = _J + "50", _J + "51", _J + "57", _J + "70"
JPEG_LS, NEAR = _J + "80", _J + "81"
JPEG_2000 = _J + "90"
RLE, BARE, DEFLATED = syntaxes.RLE, syntaxes.ENCAPSULATED_UNCOMPRESSED, syntaxes.DEFLATED_FRAMES

WRITERS: dict[str, Callable[[Picture, int], bytes]] = {
    LOSSLESS: streams.lossless,
    SV1: streams.lossless,
    JPEG_LS: streams.charls,
    JPEG_2000: streams.jpeg_2000,
    _J + "92": streams.jpeg_2000,
    RLE: lambda picture, _: streams.rle(picture),
    BARE: lambda picture, _: picture.tobytes(),
    DEFLATED: lambda picture, _: streams.deflated(picture.tobytes()),
}
"""What writes a stream without loss."""

DEPTHS = [("u1", 3), ("u2", 6), ("u1", 8), ("i1", 8), ("u2", 10), ("u2", 12), ("i2", 12), ("u2", 16), ("i2", 16)]


def plugins() -> list[tuple[str, str]]:
    return [(syntax, plugin.name) for syntax in WRITERS for plugin in SCHEMES[syntax].plugins]


def decoded(data: bytes, syntax: str, wanted: PixelLayout) -> Picture:
    return decode(data, Coded(syntax, wanted), where="a.dcm", frame=0)


def error(data: bytes, syntax: str, wanted: PixelLayout, frame: int = 0) -> PixelError:
    with pytest.raises(PixelError) as caught:
        decode(data, Coded(syntax, wanted), where="a.dcm", frame=frame)
    assert caught.value.where == "a.dcm"
    return caught.value


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Leaves one codec for a syntax."""

    def leave(syntax: str, name: str) -> None:
        scheme = SCHEMES[syntax]
        chosen = tuple(plugin for plugin in scheme.plugins if plugin.name == name)
        monkeypatch.setitem(SCHEMES, syntax, scheme._replace(plugins=chosen))

    return leave


# --- samples -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "bits"), DEPTHS)
@pytest.mark.parametrize(("syntax", "name"), plugins())
def test_each_codec_gives_the_samples_back(
    syntax: str, name: str, dtype: str, bits: int, only: Callable[[str, str], None]
) -> None:
    if name == "Pillow" and bits != 8:
        pytest.skip("Pillow opens 8 bits only")
    if (name, syntax, bits) == ("GDCM", JPEG_LS, 6):
        pytest.skip("GDCM gives wrong samples for 6 and 7 bits")
    picture = grey(dtype, bits)
    data = WRITERS[syntax](picture, bits)
    only(syntax, name)
    samples = decoded(data, syntax, layout(picture, bits))
    np.testing.assert_array_equal(samples, picture, strict=True)
    assert samples.flags.c_contiguous
    assert samples.flags.writeable


@pytest.mark.parametrize("name", ["GDCM", "Pillow"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 2}], ids=str)
def test_baseline_and_progressive_jpeg_open(
    name: str, options: dict[str, Any], only: Callable[[str, str], None]
) -> None:
    picture = grey("u1", 8)
    only(BASELINE, name)
    samples = decoded(streams.baseline(picture, **options), BASELINE, layout(picture))
    assert np.abs(samples.astype(int) - picture).max() <= 8


def test_jpeg_of_twelve_bits_opens() -> None:
    picture = grey("u2", 12)
    samples = decoded(streams.extended(picture), EXTENDED, layout(picture, 12))
    assert samples.max() > 255
    assert np.abs(samples.astype(int) - picture).max() <= 1


def test_jpeg_of_eight_bits_in_sixteen_is_widened() -> None:
    picture = grey("u1", 8)
    samples = decoded(streams.lossless(picture, 8), SV1, layout(picture.astype("u2"), 8))
    np.testing.assert_array_equal(samples, picture.astype("u2"), strict=True)


def test_near_lossless_stays_near() -> None:
    picture = grey("u2", 12)
    samples = decoded(streams.charls(picture, 12, near=3), NEAR, layout(picture, 12))
    assert 0 < np.abs(samples.astype(int) - picture).max() <= 3


@pytest.mark.parametrize(
    ("syntax", "data"),
    [
        (JPEG_LS, streams.charls(colour())),
        (JPEG_LS, streams.charls(colour(), by_plane=True)),
        (JPEG_2000, streams.jpeg_2000(colour())),
        (JPEG_2000, streams.jpeg_2000(colour(), use_mct=False)),
        (RLE, streams.rle(colour())),
        (BARE, colour().tobytes()),
    ],
)
def test_colours_come_by_pixel(syntax: str, data: bytes) -> None:
    np.testing.assert_array_equal(decoded(data, syntax, layout(colour())), colour(), strict=True)


def test_bare_colours_by_plane_come_by_pixel() -> None:
    data = np.ascontiguousarray(colour().transpose(2, 0, 1)).tobytes()
    wanted = layout(colour())._replace(is_planar=True)
    np.testing.assert_array_equal(decoded(data, BARE, wanted), colour())


def test_bare_subsampled_colours_are_spread() -> None:
    wanted = layout(np.zeros((1, 4, 3), "u1"), photometric="YBR_FULL_422")
    samples = decoded(bytes([1, 2, 90, 91, 3, 4, 92, 93]), BARE, wanted)
    assert samples.tolist() == [[[1, 90, 91], [2, 90, 91], [3, 92, 93], [4, 92, 93]]]


@pytest.mark.parametrize("name", ["GDCM", "Pillow"])
@pytest.mark.parametrize("keep_rgb", [False, True])
def test_jpeg_colours_are_as_stored_whatever_the_header_says(
    name: str, keep_rgb: bool, only: Callable[[str, str], None]
) -> None:
    only(BASELINE, name)
    data = streams.baseline(colour(), subsampling=0, keep_rgb=keep_rgb)
    stored = [decoded(data, BASELINE, layout(colour(), photometric=said)) for said in ("RGB", "YBR_FULL", "nonsense")]
    assert np.array_equal(stored[0], stored[1])
    assert np.array_equal(stored[0], stored[2])
    assert (np.abs(stored[0].astype(int) - colour()).max() <= 8) == keep_rgb


@pytest.mark.parametrize("name", ["pylibjpeg-rle", "Python"])
def test_single_bits_are_unpacked(name: str, only: Callable[[str, str], None]) -> None:
    picture = (grey("u1", 8, (13, 11)) > 128).astype("u1")
    wanted = layout(picture)._replace(bits_allocated=1, bits_stored=1, high_bit=0)
    packed = np.packbits(picture.ravel(), bitorder="little")
    only(RLE, name)
    for syntax, data in {
        RLE: streams.rle(packed[np.newaxis]),
        BARE: packed.tobytes(),
        DEFLATED: streams.deflated(packed.tobytes()),
    }.items():
        np.testing.assert_array_equal(decoded(data, syntax, wanted), picture, strict=True)


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("said", [False, True])
def test_the_sign_of_the_header_goes_above_that_of_jpeg_2000(stored: bool, said: bool) -> None:
    picture = grey("i2" if stored else "u2", 13)
    samples = decoded(streams.jpeg_2000(picture, 13), JPEG_2000, layout(picture, 13)._replace(is_signed=said))
    low = picture.astype(int) & 0x1FFF
    expected = np.where(low >= 0x1000, low - 0x2000, low) if said else low
    np.testing.assert_array_equal(samples, expected)


def test_bits_above_the_stored_ones_are_left_in_rle() -> None:
    picture = grey("u2", 16)
    np.testing.assert_array_equal(decoded(streams.rle(picture), RLE, layout(picture, 12)), picture)


@pytest.mark.parametrize(
    ("syntax", "data", "said", "meant"),
    [
        (JPEG_2000, streams.jpeg_2000(colour()), "YBR_RCT", "RGB"),
        (BASELINE, streams.baseline(colour()), "RGB", "YBR_FULL"),
        (BASELINE, streams.baseline(colour()), "YBR_FULL_422", "YBR_FULL_422"),
        (BASELINE, streams.baseline(colour(), keep_rgb=True), "YBR_FULL_422", "RGB"),
        (RLE, streams.rle(colour()), "YBR_FULL", "YBR_FULL"),
        (BASELINE, b"no stream", "RGB", "RGB"),
    ],
)
def test_the_stream_tells_what_the_colours_are(syntax: str, data: bytes, said: str, meant: str) -> None:
    assert photometric(data, Coded(syntax, layout(colour(), photometric=said))) == meant


# --- pydicom as reference ----------------------------------------------------------------------------------


def dataset_of(data: bytes, syntax: str, wanted: PixelLayout) -> Dataset:
    from pydicom.dataset import FileMetaDataset  # noqa: PLC0415 (here alone)
    from pydicom.encaps import encapsulate  # noqa: PLC0415

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = wanted.rows, wanted.columns, wanted.samples
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = wanted[3:6]
    dataset.PixelRepresentation = int(wanted.is_signed)
    dataset.PhotometricInterpretation = wanted.photometric
    if wanted.samples == 3:
        dataset.PlanarConfiguration = 0
    dataset.PixelData = encapsulate([data])
    return dataset


@pytest.mark.parametrize("syntax", [SV1, JPEG_LS, JPEG_2000, RLE])
@given(
    depth=st.integers(2, 16).filter(lambda bits: bits not in {6, 7}),
    stored=st.integers(2, 16),
    is_signed=st.booleans(),
    said=st.booleans(),
)
def test_contradicting_headers_are_read_as_pydicom_reads_them(
    syntax: str, depth: int, stored: int, is_signed: bool, said: bool
) -> None:
    picture = grey("i2" if is_signed else "u2", depth)
    wanted = layout(picture, stored)._replace(is_signed=said)
    data = WRITERS[syntax](picture, depth)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = pixel_array(dataset_of(data, syntax, wanted), raw=True)
    samples = decoded(data, syntax, wanted)
    if syntax in {SV1, RLE}:  # pydicom clears the bits above the stored ones; here their owner does
        values.clean_bits(samples, stored, stored - 1)
    np.testing.assert_array_equal(samples, expected, strict=True)


# --- errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("syntax", "frame"), [(JPEG_2000, 0), (SV1, 6), (JPEG_LS, 0)])
def test_a_stream_of_another_kind_is_refused(syntax: str, frame: int) -> None:
    caught = error(b"no stream at all", syntax, layout(grey("u2", 12)), frame)
    assert caught.code == "pixels.undecodable"
    assert f"Frame {frame + 1} " in caught.what
    assert syntax in caught.what
    assert syntaxes.name(syntax) in caught.what


def test_what_was_tried_is_told() -> None:
    picture = grey("u2", 12)
    data = bytearray(streams.jpeg_2000(picture, 12))
    caught = error(bytes(data[:-20]), JPEG_2000, layout(picture, 12))
    assert caught.code == "pixels.undecodable"
    assert "OpenJPEG: ValueError; GDCM: ValueError" in caught.what


@pytest.mark.parametrize("syntax", list(WRITERS))
def test_a_cut_stream_is_refused(syntax: str) -> None:
    picture = grey("u2", 12)
    data = WRITERS[syntax](picture, 12)
    assert error(data[: len(data) // 2], syntax, layout(picture, 12)).code == "pixels.undecodable"


def test_a_cut_jpeg_with_an_end_marker_is_refused_as_damaged() -> None:
    picture = grey("u1", 8)
    data = streams.baseline(picture)
    caught = error(data[: len(data) // 2] + b"\xff\xd9", BASELINE, layout(picture))
    assert "damaged" in caught.what


def test_filling_before_the_end_marker_is_no_damage() -> None:
    picture = grey("u1", 8)
    data = streams.baseline(picture)
    filled = data[:-2] + b"\x00\x00\x00" + data[-2:]
    assert np.array_equal(decoded(filled, BASELINE, layout(picture)), decoded(data, BASELINE, layout(picture)))


@pytest.mark.parametrize("syntax", list(WRITERS))
def test_a_stream_of_another_size_is_refused(syntax: str) -> None:
    picture = grey("u2", 12)
    data = WRITERS[syntax](picture, 12)
    wanted = layout(picture, 12)
    for other in (wanted._replace(rows=39), wanted._replace(rows=41), wanted._replace(samples=3)):
        assert error(data, syntax, other).code in {"header.inconsistent", "pixels.undecodable"}


@pytest.mark.parametrize("syntax", [SV1, JPEG_LS, JPEG_2000])
def test_samples_too_deep_for_the_header_are_refused(syntax: str) -> None:
    data = WRITERS[syntax](grey("u2", 12), 12)
    assert error(data, syntax, layout(grey("u1", 8))).code == "header.inconsistent"


@pytest.mark.parametrize("syntax", [RLE, BARE, DEFLATED, BASELINE, JPEG_LS, JPEG_2000])
@pytest.mark.parametrize(("rows", "columns"), [(65535, 65535), (20000, 20000)])
def test_a_frame_that_is_too_large_is_refused_with_its_size_at_once(syntax: str, rows: int, columns: int) -> None:
    wanted = layout(grey("u2", 16))._replace(rows=rows, columns=columns)
    start = time.monotonic()
    caught = error(bytes(300), syntax, wanted)
    assert caught.code == "pixels.too-large"
    assert str(rows * columns * 2) in caught.what
    assert time.monotonic() - start < 1


@pytest.mark.parametrize(
    ("syntax", "data"),
    [
        (SV1, streams.lossless(grey("u2", 16), 16).replace(struct.pack(">HH", 40, 48), b"\xff\xff\xff\xff", 1)),
        (JPEG_2000, streams.jpeg_2000(grey("u2", 16)).replace(struct.pack(">II", 48, 40), b"\x7f" * 8, 1)),
    ],
)
def test_a_stream_that_promises_more_than_the_header_is_refused(syntax: str, data: bytes) -> None:
    assert error(data, syntax, layout(grey("u2", 16))).code == "header.inconsistent"


def test_a_deflate_bomb_is_not_inflated() -> None:
    bomb = streams.deflated(bytes(200 << 20))
    start = time.monotonic()
    assert error(bomb, DEFLATED, layout(grey("u2", 16))).code == "pixels.undecodable"
    assert time.monotonic() - start < 0.1


@pytest.mark.parametrize(
    ("syntax", "code"),
    [(_J + "102", "object.video"), (_J + "61", "object.unknown-syntax"), ("1.2", "object.unknown-syntax")],
)
def test_a_syntax_without_codec_is_refused_by_name(syntax: str, code: str) -> None:
    caught = error(b"", syntax, layout(grey("u2", 16)))
    assert caught.code == code
    assert syntaxes.name(syntax) in caught.what


def test_the_limits_are_in_order() -> None:
    assert decoding_module.PLAUSIBLE_FRAME_BYTES < decoding_module.LARGEST_FRAME_BYTES


# --- real files --------------------------------------------------------------------------------------------


def corpus() -> list[dict[str, Any]]:
    from tests.conftest import DATA  # noqa: PLC0415 (where the data are is known only there)

    truth = DATA / "decoding" / "truth.json"
    if not truth.is_file():
        return []
    files = json.loads(truth.read_text())["files"]
    return [entry for entry in files if entry.get("transfer_syntax") in syntaxes.CODECS and "sha256" in entry]


def samples_of(path: Path) -> Picture:
    """All frames of a file, cleaned as far as pydicom does it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = dcmread(path, force=True)
    element: Any = dataset.get_item(0x7FE00010, keep_deferred=True)
    frames = int(dataset.get("NumberOfFrames") or 1)
    wanted = PixelLayout(
        dataset.Rows,
        dataset.Columns,
        dataset.SamplesPerPixel,
        dataset.BitsAllocated,
        dataset.BitsStored,
        dataset.HighBit,
        dataset.PixelRepresentation == 1,
        dataset.PhotometricInterpretation,
        is_planar=False,
    )
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    with path.open("rb") as file:
        index = index_frames(file, element.value_tell, frames, transfer_syntax=syntax, where=path.name)
        assert index.surplus == 0
        found = [decoded(index.read(file, frame), syntax, wanted) for frame in range(frames)]
    return np.stack(found) if frames > 1 else found[0]


@pytest.mark.parametrize("entry", corpus(), ids=lambda entry: str(entry["file"]))
def test_real_files_are_decoded_exactly(entry: dict[str, Any], data_folder: Path) -> None:
    samples = samples_of(data_folder / "decoding" / entry["file"])
    assert list(samples.shape) == entry["shape"]
    assert samples.dtype == np.dtype(entry["dtype"])
    if hashlib.sha256(samples.tobytes()).hexdigest() != entry["sha256"]:
        places = np.linspace(0, samples.size - 1, 32).astype(int)
        off = np.abs(samples.ravel()[places].astype(float) - entry["samples"]).max()
        assert off <= entry.get("tolerance", 0) > 0


@pytest.mark.parametrize("name", ["liver_rle", "liver_deflate"])
def test_single_bits_of_real_files_are_those_of_the_uncompressed_file(name: str, data_folder: Path) -> None:
    folder = data_folder / "decoding"
    bits = samples_of(folder / "pydicom-data" / "data" / f"{name}.dcm")
    expected = pixel_array(folder / "pydicom" / "liver_1frame.dcm", raw=True)
    np.testing.assert_array_equal(bits[0], expected, strict=True)
