"""What every format of pictures holds, refuses and leaves behind."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageSequence

from convkit.errors import OutputError, UsageError
from convkit.model.picture import Picture
from convkit.writers import PICTURE_WRITERS, Frames, PictureOptions, picture_writer_for
from convkit.writers._isobmff import box, read_sequence

OPTIONS = PictureOptions()
STILL = [name for name, writer in PICTURE_WRITERS.items() if writer.frames is not Frames.MANY]
MOVING = [name for name, writer in PICTURE_WRITERS.items() if writer.frames is not Frames.ONE]
RGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

LOSSY = 16
"""Grey levels by which a pixel of quality 90 may differ, in a soft picture."""


def soft(number: int = 0, rows: int = 90, columns: int = 130) -> np.ndarray:
    y, x = np.mgrid[:rows, :columns]
    return (127 + 120 * np.sin(x / 19 + number / 3) * np.cos(y / 23)).astype(np.uint8)


def grey(number: int = 0, rows: int = 90, columns: int = 130) -> Picture:
    return Picture(soft(number, rows, columns))


def colour(number: int = 0, profile: bytes = b"") -> Picture:
    level = soft(number)
    return Picture(np.stack([level, 255 - level, level // 2 + 60], axis=2), icc_profile=profile)


def frames_of(name: str, content: bytes, mode: str) -> list[np.ndarray]:
    """The pixels of every frame as Pillow reads them."""
    if name == "mp4":  # Pillow knows the same frames in a file that says it is AVIF
        content = content.replace(b"isom\0\0\2\0isom", b"avis\0\0\2\0avis", 1).replace(b"vide", b"pict", 1)
    with Image.open(io.BytesIO(content)) as image:
        return [np.asarray(frame.convert(mode)).astype(int) for frame in ImageSequence.Iterator(image)]


@pytest.mark.parametrize("name", PICTURE_WRITERS)
def test_grey_pictures_read_back(name: str) -> None:
    found = frames_of(name, PICTURE_WRITERS[name].encode([grey()], OPTIONS), "L")
    assert len(found) == 1
    assert abs(found[0] - soft()).max() <= (0 if name in {"png", "gif", "apng"} else LOSSY)


@pytest.mark.parametrize("name", PICTURE_WRITERS)
def test_colours_read_back(name: str) -> None:
    found = frames_of(name, PICTURE_WRITERS[name].encode([colour()], OPTIONS), "RGB")
    assert abs(found[0] - colour().pixels).max() <= (0 if name in {"png", "apng"} else LOSSY)


@pytest.mark.parametrize("name", MOVING)
def test_frames_keep_their_order(name: str) -> None:
    found = frames_of(name, PICTURE_WRITERS[name].encode(map(grey, range(35)), OPTIONS), "L")
    assert len(found) == 35
    for number, frame in enumerate(found):
        assert abs(frame - soft(number)).max() <= LOSSY


@pytest.mark.parametrize("name", ["webp", "mp4"])  # Pillow misreads such a GIF file; a browser reads it, see there
def test_grey_and_coloured_frames_may_alternate(name: str) -> None:
    found = frames_of(name, PICTURE_WRITERS[name].encode([grey(), colour(), grey(2)], OPTIONS), "RGB")
    assert abs(found[1] - colour().pixels).max() <= LOSSY
    assert abs(found[2] - soft(2)[..., np.newaxis]).max() <= LOSSY


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 7), (31, 2), (45, 33)])
@pytest.mark.parametrize("name", PICTURE_WRITERS)
def test_small_and_odd_sizes_are_kept(name: str, rows: int, columns: int) -> None:
    count = 1 if PICTURE_WRITERS[name].frames is Frames.ONE else 2
    content = PICTURE_WRITERS[name].encode([grey(i, rows, columns) for i in range(count)], OPTIONS)
    assert [frame.shape for frame in frames_of(name, content, "L")] == [(rows, columns)] * count


@pytest.mark.parametrize("name", ["jpg", "gif", "apng"])
def test_long_narrow_pictures_are_kept(name: str) -> None:
    content = PICTURE_WRITERS[name].encode([grey(0, 3, 65500)], OPTIONS)
    assert abs(frames_of(name, content, "L")[0] - soft(0, 3, 65500)).max() <= LOSSY


@pytest.mark.parametrize("name", ["gif", "webp", "apng"])
def test_moving_pictures_go_on_for_ever(name: str) -> None:
    with Image.open(io.BytesIO(PICTURE_WRITERS[name].encode([grey(), grey(1)], OPTIONS))) as image:
        assert image.info["loop"] == 0


@pytest.mark.parametrize(
    ("name", "given", "found"),
    [
        ("gif", 40, 40), ("gif", 33.3, 30), ("gif", 5, 20), ("gif", 1e9, 655350),
        ("webp", 33.3, 33), ("webp", 0.1, 1), ("apng", 33.3, 33), ("apng", 1e9, 65535), ("mp4", 40, 40),
    ],
)  # fmt: skip
def test_the_time_of_a_frame_is_the_nearest_that_the_format_has(name: str, given: float, found: int) -> None:
    content = PICTURE_WRITERS[name].encode([grey(), grey(1)], PictureOptions(frame_ms=given))
    if name == "mp4":
        content = content.replace(b"isom\0\0\2\0isom", b"avis\0\0\2\0avis", 1).replace(b"vide", b"pict", 1)
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        assert image.info["duration"] == found


def test_webp_of_quality_100_is_exact() -> None:
    content = PICTURE_WRITERS["webp"].encode([colour(), grey(1)], PictureOptions(quality=100))
    first, second = frames_of("webp", content, "RGB")
    assert np.array_equal(first, colour().pixels)
    assert np.array_equal(second, np.stack([soft(1)] * 3, axis=2))


@pytest.mark.parametrize("name", ["jpg", "webp", "mp4"])
def test_a_lower_quality_is_smaller(name: str) -> None:
    noisy = Picture(np.random.default_rng(3).integers(0, 256, (80, 80), np.uint8))
    small, large = (len(PICTURE_WRITERS[name].encode([noisy], PictureOptions(quality))) for quality in (30, 95))
    assert small < 0.8 * large


def test_jpg_keeps_grey_grey_and_colours_at_full_resolution() -> None:
    with Image.open(io.BytesIO(PICTURE_WRITERS["jpg"].encode([grey()], OPTIONS))) as image:
        assert image.mode == "L"
    with Image.open(io.BytesIO(PICTURE_WRITERS["jpg"].encode([colour()], OPTIONS))) as image:
        assert [part[1:3] for part in image.layer] == [(1, 1)] * 3


# --- nothing but the picture -----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("name", ["jpg", "webp"])
def test_the_profile_of_colours_is_carried(name: str, count: int) -> None:
    if count > 1 and name == "jpg":
        pytest.skip("one picture a file")
    with Image.open(io.BytesIO(PICTURE_WRITERS[name].encode([colour(0, RGB_PROFILE)] * count, OPTIONS))) as image:
        assert image.info["icc_profile"] == RGB_PROFILE


def test_jpg_holds_no_metadata() -> None:
    content = PICTURE_WRITERS["jpg"].encode([colour(0, RGB_PROFILE)], OPTIONS)
    kinds, place = [], 2
    while kinds[-1:] != [0xDA]:  # start of scan
        marker, kind, length = struct.unpack_from(">BBH", content, place)
        assert marker == 0xFF
        kinds.append(kind)
        place += 2 + length
    app0, app2, tables_and_frame = 0xE0, 0xE2, {0xDB, 0xC0, 0xC4, 0xDA}
    assert [kind for kind in kinds if kind not in tables_and_frame] == [app0, app2]


@pytest.mark.parametrize("count", [1, 3])
def test_webp_holds_no_metadata(count: int) -> None:
    content = PICTURE_WRITERS["webp"].encode([grey(i) for i in range(count)], OPTIONS)
    assert content[:4] + content[8:12] == b"RIFFWEBP"
    assert struct.unpack_from("<I", content, 4) == (len(content) - 8,)
    kinds, place = [], 12
    while place < len(content):
        kind, length = struct.unpack_from("<4sI", content, place)
        kinds.append(kind)
        place += 8 + length + length % 2
    assert kinds == ([b"VP8 "] if count == 1 else [b"VP8X", b"ANIM", b"ANMF", b"ANMF", b"ANMF"])


def test_gif_holds_no_comment() -> None:
    with Image.open(io.BytesIO(PICTURE_WRITERS["gif"].encode([grey(), grey(1)], OPTIONS))) as image:
        assert set(image.info) <= {"version", "background", "loop", "duration", "extension"}
        assert image.info.get("extension", (b"NETSCAPE2.0",))[0] == b"NETSCAPE2.0"


def test_mp4_holds_no_time_and_no_name() -> None:
    content = PICTURE_WRITERS["mp4"].encode([grey(i) for i in range(3)], OPTIONS)
    found = dict(boxes(content))
    assert set(found) == {
        b"ftyp", b"mdat", b"moov", b"mvhd", b"trak", b"tkhd", b"mdia", b"mdhd", b"hdlr", b"minf", b"vmhd", b"dinf",
        b"dref", b"stbl", b"stsd", b"stts", b"stss", b"stsc", b"stsz", b"co64",
    }  # fmt: skip
    assert all(found[kind][4:20] == bytes(16) for kind in (b"mvhd", b"tkhd", b"mdhd"))  # creation, modification
    assert found[b"hdlr"][24:] == b"\0"


def test_mp4_says_where_each_frame_lies() -> None:
    content = PICTURE_WRITERS["mp4"].encode([grey(i) for i in range(35)], OPTIONS)
    found = dict(boxes(content))
    sizes = struct.unpack(">35I", found[b"stsz"][12:])
    (offset,) = struct.unpack(">Q", found[b"co64"][8:])
    assert content[offset : offset + sum(sizes)] == found[b"mdat"]
    temporal_delimiter = b"\x12\x00"
    for size in sizes:
        assert content[offset : offset + 2] == temporal_delimiter
        offset += size
    assert struct.unpack(">3I", found[b"stss"][4:]) == (2, 1, 31)  # the first frame of each group


@pytest.mark.parametrize("content", [b"", b"moov", box(b"moov", box(b"trak")), bytes(40)])
def test_frames_that_are_not_where_they_should_be_are_an_error(content: bytes) -> None:
    with pytest.raises(OutputError, match="cannot be found"):
        read_sequence(content)


def boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield all boxes of an MP4 file with their content."""
    place = 0
    while place < len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        head = 8
        if size == 1:
            head, (size,) = 16, struct.unpack_from(">Q", content, place + 8)
        inside = content[place + head : place + size]
        assert len(inside) == size - head
        yield kind, inside
        if kind in {b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl"}:
            yield from boxes(inside)
        place += size


# --- the same bytes, whole or not at all ----------------------------------------------------------------


@pytest.mark.parametrize("name", PICTURE_WRITERS)
def test_the_same_pictures_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    count = 1 if PICTURE_WRITERS[name].frames is Frames.ONE else 4
    writer = PICTURE_WRITERS[name]
    path = tmp_path / "a" / f"b{writer.suffix}"
    writer.write(map(colour, range(count)), path, OPTIONS)
    assert path.read_bytes() == writer.encode(map(colour, range(count)), OPTIONS)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", MOVING)
def test_a_frame_that_cannot_be_made_leaves_nothing(name: str, tmp_path: Path) -> None:
    def broken() -> Iterator[Picture]:
        yield from map(grey, range(3))
        raise KeyError("the fourth")

    with pytest.raises(KeyError, match="the fourth"):
        PICTURE_WRITERS[name].write(broken(), tmp_path / "a", OPTIONS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", PICTURE_WRITERS)
def test_a_file_that_is_there_stays_if_the_new_one_fails(name: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"before")
    with pytest.raises(OutputError):
        PICTURE_WRITERS[name].write([], tmp_path / "a", OPTIONS)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"before")]


@pytest.mark.parametrize("name", MOVING)
def test_frames_are_taken_as_a_stream(name: str) -> None:
    side, count = 300, 240
    flat = np.zeros((side, side), np.uint8)
    tracemalloc.start()
    try:
        PICTURE_WRITERS[name].encode((Picture(flat + np.uint8(i)) for i in range(count)), OPTIONS)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < count * flat.nbytes / 3


# --- refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PICTURE_WRITERS)
def test_no_picture_is_refused(name: str) -> None:
    with pytest.raises(OutputError, match="no picture"):
        PICTURE_WRITERS[name].encode(iter(()), OPTIONS)


@pytest.mark.parametrize("name", [name for name in STILL if PICTURE_WRITERS[name].frames is Frames.ONE])
def test_a_second_picture_is_refused_where_one_belongs(name: str) -> None:
    with pytest.raises(OutputError) as caught:
        PICTURE_WRITERS[name].encode([grey(), grey(1)], OPTIONS)
    assert "apng" in caught.value.hint


@pytest.mark.parametrize("name", MOVING)
def test_frames_of_different_sizes_are_refused(name: str) -> None:
    with pytest.raises(OutputError, match="90 x 130 and 90 x 131") as caught:
        PICTURE_WRITERS[name].encode([grey(), grey(), grey(0, 90, 131)], OPTIONS)
    assert caught.value.code == "output.mixed-sizes"
    assert "png" in caught.value.hint


@pytest.mark.parametrize("name", [name for name, writer in PICTURE_WRITERS.items() if writer.depths == (8,)])
def test_sixteen_bits_are_refused_where_the_format_has_eight(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        PICTURE_WRITERS[name].encode([Picture(np.zeros((4, 4), np.uint16))], OPTIONS)
    assert caught.value.where == "--bits"
    assert "--bits 8" in caught.value.hint


def test_only_png_and_apng_hold_sixteen_bits() -> None:
    assert [name for name, writer in PICTURE_WRITERS.items() if 16 in writer.depths] == ["png", "apng"]


@pytest.mark.parametrize("name", PICTURE_WRITERS)
def test_a_side_longer_than_the_format_has_is_refused(name: str) -> None:
    longest = PICTURE_WRITERS[name].longest_side
    with pytest.raises(OutputError, match=str(longest)) as caught:
        PICTURE_WRITERS[name].encode([Picture(np.zeros((1, longest + 1), np.uint8))], OPTIONS)
    assert caught.value.code == "output.too-large"
    assert "--size" in caught.value.hint


def test_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(OutputError, match="0 x 5"):
        PICTURE_WRITERS["png"].encode([Picture(np.zeros((0, 5), np.uint8))], OPTIONS)


@pytest.mark.parametrize("wrong", [{"quality": 0}, {"quality": 101}, {"frame_ms": 0}, {"frame_ms": float("nan")}])
def test_options_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        PictureOptions(**wrong)  # type: ignore[arg-type]


# --- found by name ---------------------------------------------------------------------------------------


def test_png_is_the_first_of_six() -> None:
    assert list(PICTURE_WRITERS) == ["png", "jpg", "webp", "gif", "apng", "mp4"]
    assert [name for name, writer in PICTURE_WRITERS.items() if writer.is_animated] == ["gif", "apng", "mp4"]
    assert all(picture_writer_for(name).suffix == f".{name}" for name in PICTURE_WRITERS)


@pytest.mark.parametrize(("given", "near"), [("jpeg", "jpg"), ("PNG", "png"), (".gif", "gif"), ("mpeg4", "mp4")])
def test_an_unknown_name_suggests_the_nearest(given: str, near: str) -> None:
    with pytest.raises(UsageError) as caught:
        picture_writer_for(given)
    assert f"Did you mean {near}?" in caught.value.hint


def test_mp4_without_an_encoder_names_the_other_formats() -> None:
    script = (
        "from PIL import features\n"
        "features.check = lambda name: False\n"
        "from convkit.errors import MissingExtraError\n"
        "from convkit.writers import picture_writer_for\n"
        "try: picture_writer_for('mp4')\n"
        "except MissingExtraError as err: print(err.hint)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert all(name in run.stdout for name in ("apng", "webp", "gif"))


def test_finding_a_writer_does_not_load_pillow_or_isal() -> None:
    script = "import sys, convkit.writers; print({'PIL', 'isal'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
