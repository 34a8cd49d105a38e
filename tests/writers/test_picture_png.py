"""PNG and APNG files: what is in them, bit for bit."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageSequence

from convkit.errors import OutputError
from convkit.model.picture import Picture
from convkit.writers import PICTURE_WRITERS, PictureOptions
from convkit.writers._png_rows import RowFilter, choose_coding, filtered_bands

Pixels = NDArray[np.unsignedinteger]

PNG, APNG = PICTURE_WRITERS["png"], PICTURE_WRITERS["apng"]
OPTIONS = PictureOptions()
NOISE = np.random.default_rng(5)
RGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def encoded(pixels: Pixels, **fields: bytes) -> bytes:
    return PNG.encode([Picture(pixels.copy(), **fields)], OPTIONS)


def read(content: bytes, dtype: type) -> Pixels:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image).astype(dtype)


def chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each chunk; fails on a wrong length or CRC, and on bytes after the last."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    place = 8
    while place < len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        inside = content[place + 8 : place + 8 + length]
        assert len(inside) == length
        assert struct.unpack_from(">I", content, place + 8 + length) == (zlib.crc32(kind + inside),)
        yield kind, inside
        place += 12 + length
    assert kind == b"IEND"


def unfiltered(rows: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """The bytes of a picture, by the words of PNG 9.2, one byte after the other."""
    out = np.zeros((len(rows) + 1, rows.shape[1] - 1 + step), int)
    for y, (kind, *bytes_) in enumerate(rows.tolist(), start=1):
        for x, byte in enumerate(bytes_, start=step):
            a, b, c = out[y, x - step], out[y - 1, x], out[y - 1, x - step]
            nearest = min((a, b, c), key=lambda one, p=a + b - c: abs(p - one))  # the first where equal
            out[y, x] = (byte + (0, a, b, (a + b) // 2, nearest)[kind]) % 256
    return out[1:, step:].astype(np.uint8)


def body(rows: int = 300, columns: int = 280) -> Pixels:
    """Something like a slice: a soft disc with noise on black."""
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    soft = 120 + 60 * np.sin(5 * x) * np.cos(4 * y) + NOISE.normal(0, 4, (rows, columns))
    return np.where(x * x + y * y < 0.7, soft, 0).astype(np.uint8)


PIXELS = st.one_of(
    arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20))),
    arrays(np.uint16, st.tuples(st.integers(1, 20), st.integers(1, 20))),
    arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(3))),
)


@given(PIXELS)
def test_any_picture_reads_back_exactly(pixels: Pixels) -> None:
    assert np.array_equal(read(encoded(pixels), pixels.dtype.type), pixels)


@settings(max_examples=30)
@given(st.sampled_from(RowFilter), PIXELS)
def test_every_filter_is_undone_by_the_words_of_the_standard(kind: RowFilter, pixels: Pixels) -> None:
    step = pixels.dtype.itemsize * (3 if pixels.ndim == 3 else 1)
    rows = np.concatenate(list(filtered_bands(pixels, kind)))
    raw = pixels.astype(pixels.dtype.newbyteorder(">")).view(np.uint8).reshape(len(pixels), -1)
    assert np.array_equal(unfiltered(rows, step), raw)


@pytest.mark.parametrize("kind", RowFilter)
@pytest.mark.parametrize("shape", [(700, 300), (40, 70000), (300, 200, 3)])
def test_bands_join_without_a_seam(kind: RowFilter, shape: tuple[int, ...]) -> None:
    pixels = NOISE.integers(0, 256, shape).astype(np.uint8)
    pixels[100:] = pixels[100:] // 64 * 64
    rows = np.concatenate(list(filtered_bands(pixels, kind)))
    columns, colour = shape[1], 2 if len(shape) == 3 else 0
    parts = [(b"IHDR", struct.pack(">2I5B", columns, shape[0], 8, colour, 0, 0, 0)), (b"IDAT", zlib.compress(rows))]
    content = b"\x89PNG\r\n\x1a\n"
    for name, part in [*parts, (b"IEND", b"")]:
        content += struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part))
    assert np.array_equal(read(content, np.uint8), pixels)


@pytest.mark.parametrize("shape", [(1, 1), (3, 65535), (65535, 3), (513, 511), (1, 9), (9, 1)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_extreme_shapes_read_back_exactly(shape: tuple[int, int], dtype: type) -> None:
    pixels = NOISE.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)
    assert np.array_equal(read(encoded(pixels), dtype), pixels)


@pytest.mark.parametrize(
    "pixels",
    [body(), body().astype(np.uint16) * 257, np.stack([body()] * 3, axis=2), np.full((200, 300), 7, np.uint8)],
    ids=["grey", "16 bits", "colour", "constant"],
)
def test_a_file_holds_header_pixels_and_end_and_nothing_else(pixels: Pixels) -> None:
    found = dict(chunks(encoded(pixels)))
    assert list(found) == [b"IHDR", b"IDAT", b"IEND"]
    bits, colour = pixels.dtype.itemsize * 8, 2 if pixels.ndim == 3 else 0
    assert found[b"IHDR"] == struct.pack(">2I5B", *reversed(pixels.shape[:2]), bits, colour, 0, 0, 0)
    assert np.array_equal(read(encoded(pixels), pixels.dtype.type), pixels)


def test_sixteen_bits_are_written_high_byte_first() -> None:
    rows = zlib.decompress(dict(chunks(encoded(np.array([[0x1234]], np.uint16))))[b"IDAT"])
    assert rows[1:] == b"\x12\x34"


def test_the_profile_of_colours_is_carried_under_a_neutral_name() -> None:
    content = encoded(np.stack([body()] * 3, axis=2), icc_profile=RGB_PROFILE)
    assert [kind for kind, _ in chunks(content)] == [b"IHDR", b"iCCP", b"IDAT", b"IEND"]
    assert dict(chunks(content))[b"iCCP"].startswith(b"icc\0\0")
    with Image.open(io.BytesIO(content)) as image:
        assert image.info["icc_profile"] == RGB_PROFILE


def test_a_profile_of_colours_is_left_out_of_a_grey_picture() -> None:
    assert [kind for kind, _ in chunks(encoded(body(), icc_profile=RGB_PROFILE))] == [b"IHDR", b"IDAT", b"IEND"]


def test_a_large_picture_has_several_chunks_of_pixels() -> None:
    pixels = NOISE.integers(0, 256, (4200, 4200), np.uint8)
    content = encoded(pixels)
    assert [kind for kind, _ in chunks(content)] == [b"IHDR", b"IDAT", b"IDAT", b"IEND"]
    assert np.array_equal(read(content, np.uint8), pixels)


@pytest.mark.parametrize("pixels", [body(512, 512), body(200, 300), np.stack([body()] * 3, axis=2)])
def test_the_size_is_within_a_tenth_of_pillows(pixels: Pixels) -> None:
    usual = io.BytesIO()
    Image.fromarray(pixels).save(usual, "PNG")
    assert len(encoded(pixels)) < 1.1 * len(usual.getvalue())


def test_black_around_a_picture_costs_next_to_nothing() -> None:
    small = body(100, 100)
    large = np.zeros((512, 512), np.uint8)
    large[200:300, 180:280] = small
    assert len(encoded(large)) < 1.3 * len(encoded(small))


def test_a_large_picture_takes_little_memory_besides_its_file() -> None:
    picture = Picture(np.tile(body(400, 400), (10, 10)))
    tracemalloc.start()
    try:
        content = PNG.encode([picture], OPTIONS)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * len(content) + picture.pixels.nbytes / 8


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_real_slices_are_within_a_tenth_of_pillows_size(data_folder: Path, dtype: type) -> None:
    from pydicom import dcmread  # noqa: PLC0415 (slow to import; here alone)

    path = data_folder / "decoding" / "pydicom-data" / "data" / "bad_sequence.dcm"
    if not path.is_file():
        pytest.skip("the CT slice is not there")
    stored = dcmread(path).pixel_array.astype(float)
    low, high = np.percentile(stored, [5, 95])
    top = np.iinfo(dtype).max
    pixels = np.clip((stored - low) / (high - low) * top, 0, top).astype(dtype)
    usual = io.BytesIO()
    Image.fromarray(pixels).save(usual, "PNG")
    assert np.array_equal(read(encoded(pixels), dtype), pixels)
    assert len(encoded(pixels)) < 1.1 * len(usual.getvalue())


# --- moving pictures -------------------------------------------------------------------------------------


def test_a_moving_picture_holds_its_frames_and_nothing_else() -> None:
    pictures = [Picture(np.roll(body(), 9 * i, axis=1)) for i in range(3)]
    found = list(chunks(APNG.encode(pictures, PictureOptions(frame_ms=40))))
    kinds = [b"IHDR", b"acTL", b"fcTL", b"IDAT", b"fcTL", b"fdAT", b"fcTL", b"fdAT", b"IEND"]
    assert [kind for kind, _ in found] == kinds
    assert dict(found)[b"acTL"] == struct.pack(">2I", 3, 0)
    numbers = [inside[:4] for kind, inside in found if kind in {b"fcTL", b"fdAT"}]
    assert numbers == [struct.pack(">I", i) for i in range(5)]


@pytest.mark.parametrize("colour", [False, True])
def test_frames_of_a_moving_picture_are_exact(colour: bool) -> None:
    frames = [np.roll(body(), 9 * i, axis=1) for i in range(4)]
    frames = [np.stack([f, f // 2, 255 - f], axis=2) if colour else f for f in frames]
    content = APNG.encode((Picture(frame.copy()) for frame in frames), PictureOptions(frame_ms=40))
    with Image.open(io.BytesIO(content)) as image:
        assert (image.n_frames, image.info["loop"], image.info["duration"]) == (4, 0, 40)
        for frame, found in zip(frames, ImageSequence.Iterator(image), strict=True):
            assert np.array_equal(np.asarray(found.convert("RGB" if colour else "L")), frame)


def test_sixteen_bit_frames_are_compressed_as_in_a_still_picture() -> None:
    frames = [Picture(np.roll(body(), 9 * i, axis=1).astype(np.uint16) * 257) for i in range(2)]
    found = dict(chunks(APNG.encode(frames, OPTIONS)))
    stills = [dict(chunks(PNG.encode([frame], OPTIONS)))[b"IDAT"] for frame in frames]
    assert [found[b"IDAT"], found[b"fdAT"][4:]] == stills
    assert found[b"IHDR"][8] == 16


def test_a_moving_picture_of_grey_and_colour_is_refused() -> None:
    with pytest.raises(OutputError) as caught:
        APNG.encode([Picture(body()), Picture(np.stack([body()] * 3, axis=2))], OPTIONS)
    assert "webp" in caught.value.hint


@pytest.mark.parametrize("shape", [(512, 512), (130, 127), (200, 1000), (700, 700)])
def test_noise_is_written_fast_and_not_larger_than_pillow_makes_it(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(3).normal(120, 9, shape)
    noise[: shape[0] // 5] = 0  # air
    pixels = np.clip(noise, 0, 255).astype(np.uint8)
    assert np.array_equal(read(encoded(pixels), np.uint8), pixels)
    theirs = io.BytesIO()
    Image.fromarray(pixels).save(theirs, "PNG")
    assert len(encoded(pixels)) < 1.1 * len(theirs.getvalue())


def tissue(level: float = 6.0) -> NDArray[np.uint8]:
    """Smooth structures with some noise upon them, as in a slice of a body."""
    rows, columns = np.mgrid[0:256, 0:256] / 256
    smooth = 128 + 60 * np.sin(9 * rows + 4 * columns) * np.cos(7 * columns)
    noise = np.random.default_rng(2).normal(0, level, smooth.shape)
    return np.clip(smooth + noise, 1, 254).astype(np.uint8)


def untried(_rows: object, _bits: int) -> int:
    raise AssertionError("nothing had to be tried")


def test_a_look_tells_the_coding_of_tissue_and_of_noise() -> None:
    assert choose_coding(tissue(), untried).row_filter in {RowFilter.UP, RowFilter.AVERAGE}
    assert choose_coding(tissue(40), untried).is_even
    usual = io.BytesIO()
    Image.fromarray(tissue()).save(usual, "PNG")
    assert len(encoded(tissue())) < 1.1 * len(usual.getvalue())


@pytest.mark.parametrize(
    "pixels",
    [
        np.tile(np.arange(256, dtype=np.uint8), (256, 1)),  # a ramp
        np.kron(np.random.default_rng(1).integers(0, 256, (32, 32)), np.ones((8, 8))).astype(np.uint8),  # enlarged
        np.where(tissue() > 200, 255, 0).astype(np.uint8),  # two levels
    ],
    ids=["ramp", "enlarged", "two levels"],
)
def test_what_is_no_tissue_is_tried(pixels: NDArray[np.uint8]) -> None:
    with pytest.raises(AssertionError, match="tried"):
        choose_coding(pixels, untried)


@pytest.mark.parametrize("shape", [(256, 256), (256, 256, 3)])
def test_rows_of_one_colour_need_no_trial(shape: tuple[int, ...]) -> None:
    assert choose_coding(np.full(shape, 7, np.uint8), untried).row_filter is RowFilter.NONE


def test_tissue_in_much_air_is_told_by_a_look_and_stays_small() -> None:
    rows, columns = np.mgrid[0:256, 0:256]
    rng = np.random.default_rng(8)
    stripes = 120 + 40 * np.sin(columns / 3.0) + rng.normal(0, 4, (256, 256))  # the row above is the nearest guess
    pixels = np.where(np.hypot(rows - 128, columns - 128) < 60, stripes, 0).clip(0, 255).astype(np.uint8)
    assert choose_coding(pixels, untried).row_filter is RowFilter.UP
    usual = io.BytesIO()
    Image.fromarray(pixels).save(usual, "PNG")
    assert len(encoded(pixels)) < 1.1 * len(usual.getvalue())
