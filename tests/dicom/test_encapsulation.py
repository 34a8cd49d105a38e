"""Frames are found among fragments, whatever tables there are."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames

from convkit.dicom.encapsulation import ExtendedOffsets, FrameIndex, index_frames
from convkit.errors import PixelError

JPEG = "1.2.840.10008.1.2.4.50"
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
BEFORE = b"whatever comes before Pixel Data"
DELIMITER = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"


def item(value: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(value)) + value


def jpeg(number: int, length: int = 20) -> bytes:
    """Something with the start and the end of a JPEG stream."""
    return b"\xff\xd8\xff" + bytes([number]) * (length - 5) + b"\xff\xd9"


def rle(number: int) -> bytes:
    return struct.pack("<16I", 1, 64, *[0] * 14) + bytes([number] * 10)


class Pixels:
    """Encapsulated Pixel Data, and what is found in them."""

    def __init__(self, value: bytes, frames: int, syntax: str = JPEG, extended: ExtendedOffsets | None = None) -> None:
        self.file = io.BytesIO(BEFORE + value)
        self.index: FrameIndex = index_frames(
            self.file, len(BEFORE), frames, transfer_syntax=syntax, extended=extended, where="a.dcm"
        )

    @property
    def streams(self) -> list[bytes]:
        return [self.index.read(self.file, frame) for frame in range(self.index.frames)]


def value(fragments: Sequence[bytes], table: Sequence[int] = ()) -> bytes:
    return item(struct.pack(f"<{len(table)}I", *table)) + b"".join(map(item, fragments)) + DELIMITER


def code(raw: bytes, frames: int, syntax: str = JPEG) -> str:
    with pytest.raises(PixelError) as caught:
        _ = Pixels(raw, frames, syntax).streams
    assert caught.value.where == "a.dcm"
    return caught.value.code


FRAMES = st.lists(
    st.binary(max_size=40).map(lambda body: b"\xff\xd8\xff\x01" + body.replace(b"\xff", b"") + b"\xff\xd9"),
    min_size=1,
    max_size=6,
)


@st.composite
def split_frames(draw: st.DrawFn) -> tuple[list[bytes], list[list[bytes]]]:
    """Frames of even length, and each of them as fragments of even length."""
    frames = [frame + b"\x00" * (len(frame) % 2) for frame in draw(FRAMES)]
    parts = []
    for frame in frames:
        cuts = sorted(draw(st.sets(st.integers(1, len(frame) // 2 - 1), max_size=3)))
        edges = [0, *(2 * cut for cut in cuts), len(frame)]
        parts.append([frame[a:b] for a, b in pairwise(edges)])
    return frames, parts


def offsets_of(parts: Sequence[Sequence[bytes]]) -> list[int]:
    sizes = [sum(len(fragment) + 8 for fragment in frame) for frame in parts]
    return [sum(sizes[:place]) for place in range(len(sizes))]


@given(split_frames())
def test_basic_offset_table_gives_the_frames_back(split: tuple[list[bytes], list[list[bytes]]]) -> None:
    frames, parts = split
    raw = value([fragment for frame in parts for fragment in frame], offsets_of(parts))
    assert Pixels(raw, len(frames)).streams == frames


@given(split_frames())
def test_extended_offset_table_gives_the_frames_back(split: tuple[list[bytes], list[list[bytes]]]) -> None:
    frames, parts = split
    raw = value([fragment for frame in parts for fragment in frame])
    table = ExtendedOffsets(struct.pack(f"<{len(frames)}Q", *offsets_of(parts)))
    assert Pixels(raw, len(frames), extended=table).streams == frames


@given(split_frames())
def test_end_markers_give_the_frames_back_without_a_table(split: tuple[list[bytes], list[list[bytes]]]) -> None:
    frames, parts = split
    raw = value([fragment for frame in parts for fragment in frame])
    assert Pixels(raw, len(frames)).streams == frames


@given(split_frames())
def test_a_missing_delimiter_changes_nothing(split: tuple[list[bytes], list[list[bytes]]]) -> None:
    frames, parts = split
    raw = value([fragment for frame in parts for fragment in frame])
    assert Pixels(raw.removesuffix(DELIMITER), len(frames)).streams == frames


@given(st.lists(st.binary(min_size=6, max_size=30), min_size=1, max_size=5), st.integers(1, 3), st.booleans())
def test_sound_values_are_read_as_pydicom_reads_them(frames: list[bytes], fragments: int, has_bot: bool) -> None:
    raw = encapsulate(frames, fragments_per_frame=fragments if has_bot else 1, has_bot=has_bot)
    assert Pixels(raw, len(frames), RLE).streams == list(generate_frames(raw, number_of_frames=len(frames)))


def test_lengths_of_the_extended_table_leave_the_filling_out() -> None:
    frames = [jpeg(1, 21), jpeg(2, 20)]
    raw, offsets, lengths = encapsulate_extended(frames)
    assert Pixels(raw, 2, extended=ExtendedOffsets(offsets, lengths)).streams == [frames[0] + b"\x00", frames[1]]
    exact = struct.pack("<2Q", 21, 20)
    assert Pixels(raw, 2, extended=ExtendedOffsets(offsets, exact)).streams == frames


@pytest.mark.parametrize("table", [[0, 5], [0, 10_000], [28, 0], [0, 0], [8, 36], [28], [0]], ids=str)
def test_a_basic_table_that_leads_nowhere_is_left_aside(table: list[int]) -> None:
    frames = [jpeg(1), jpeg(2)]
    assert Pixels(value(frames, table), 2).streams == frames


def test_an_extended_table_that_leads_nowhere_is_left_aside() -> None:
    frames = [jpeg(1), jpeg(2)]
    table = ExtendedOffsets(struct.pack("<2Q", 0, 1 << 60), struct.pack("<2Q", 20, 1 << 60))
    assert Pixels(value(frames), 2, extended=table).streams == frames


@pytest.mark.parametrize("filling", [b"", b"\x00"], ids=["none", "one byte"])
def test_a_fragment_of_odd_length_is_followed_by_the_next_one(filling: bytes) -> None:
    frames = [jpeg(1, 21), jpeg(2, 23)]
    raw = item(b"") + item(frames[0]) + filling + item(frames[1]) + filling + DELIMITER
    assert Pixels(raw, 2).streams == frames


def test_one_frame_may_have_many_fragments_of_any_content() -> None:
    assert Pixels(value([b"ab", b"cd", b"ef"]), 1, DEFLATED_FRAMES).streams == [b"abcdef"]


def test_a_delimiter_inside_a_fragment_does_not_end_it() -> None:
    frames = [b"\xff\xd8\xff" + DELIMITER + b"\x00\xff\xd9", jpeg(2)]
    assert Pixels(value(frames), 2).streams == frames


def test_empty_fragments_at_the_end_are_no_frames() -> None:
    frames = [jpeg(1), jpeg(2)]
    found = Pixels(value([*frames, b""]), 2)
    assert found.streams == frames
    assert found.index.surplus == 0


@pytest.mark.parametrize(
    ("fragments", "frames", "syntax"),
    [
        ([jpeg(1), jpeg(2), jpeg(3)], 2, JPEG),
        ([jpeg(1), jpeg(2)], 1, JPEG),
        ([rle(1), rle(2)], 1, RLE),
        ([rle(1), rle(2), rle(3)], 2, RLE),
        ([b"abcd", b"efgh", b"ijkl"], 2, DEFLATED_FRAMES),
    ],
)
def test_frames_beyond_those_promised_are_counted(fragments: list[bytes], frames: int, syntax: str) -> None:
    found = Pixels(value(fragments), frames, syntax)
    assert found.index.surplus == len(fragments) - frames
    assert found.streams == fragments


def test_frames_of_a_table_beyond_those_promised_are_counted() -> None:
    assert Pixels(value([jpeg(1), jpeg(2)], [0, 28]), 1).index.surplus == 1


@pytest.mark.parametrize(
    "raw",
    [
        value([jpeg(1), jpeg(2)]),
        value([jpeg(1), jpeg(2)], [0, 28]),
        value([jpeg(1)[:10], jpeg(1)[10:], jpeg(2)[:10], jpeg(2)[10:]]),
        value([]),
        item(b""),
    ],
)
def test_fewer_frames_than_promised_are_refused(raw: bytes) -> None:
    assert code(raw, 3) == "pixels.truncated"


def test_a_file_that_ends_inside_a_frame_gives_the_frames_before_it() -> None:
    found = Pixels(value([jpeg(1), jpeg(2)])[:-20], 2)
    assert found.index.read(found.file, 0) == jpeg(1)
    with pytest.raises(PixelError) as caught:
        found.index.read(found.file, 1)
    assert caught.value.code == "pixels.truncated"


@pytest.mark.parametrize("raw", [b"", b"\x00" * 100, b"not an item at all", b"\xfe\xff\x00\xe0\xff\xff\xff\xff"])
def test_what_is_no_sequence_of_items_is_refused(raw: bytes) -> None:
    assert code(raw, 1) == "pixels.fragments"


def test_what_follows_a_missing_delimiter_is_not_read() -> None:
    after = b"\xfc\xff\xfc\xff" + b"OB\x00\x00" + struct.pack("<I", 4) + bytes(4)
    raw = value([jpeg(1), jpeg(2)]).removesuffix(DELIMITER) + after
    assert Pixels(raw, 2).streams == [jpeg(1), jpeg(2)]


@given(st.binary(max_size=200))
def test_any_bytes_give_frames_or_an_error(raw: bytes) -> None:
    try:
        streams = Pixels(item(b"") + raw, 1).streams
    except PixelError:
        return
    assert all(len(stream) <= len(raw) for stream in streams)
