"""Boxes of the ISO base media file format (ISO/IEC 14496-12): read from AVIF sequences, written to MP4 files.

Names of boxes and fields are the standard's. Times of creation are zero and names empty: a file says what it shows
and nothing else.
"""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING, NamedTuple

from convkit.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TICKS_A_SECOND = 90_000
"""Time scale of the films: divides by the usual frame rates, and is what films commonly use."""

_MATRIX = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)  # not turned, not scaled
_SAMPLE_ENTRY_BYTES = 78  # fields of a VisualSampleEntry, before its boxes
_UNDETERMINED = 0x55C4  # mdhd: the language code "und"


class Sequence(NamedTuple):
    """Frames of an AVIF sequence.

    Attributes
    ----------
    frames : tuple of bytes
        Coded, in the order in which they are shown.
    sync : frozenset of int
        Frames that can be decoded without the ones before, from 0.
    configuration : bytes
        The boxes av1C and colr, which say how to decode and show them.
    """

    frames: tuple[bytes, ...]
    sync: frozenset[int]
    configuration: bytes


class Film(NamedTuple):
    """What the head of a film says of its frames.

    Attributes
    ----------
    rows, columns : int
    sizes : sequence of int
        Bytes of each frame; they lie one after the other.
    offset : int
        Place of the first in the file.
    sync : sequence of int
        Frames that can be decoded without the ones before, from 0.
    frame_ms : float
    configuration : bytes
        See `Sequence`.
    """

    rows: int
    columns: int
    sizes: list[int]
    offset: int
    sync: list[int]
    frame_ms: float
    configuration: bytes


def box(kind: bytes, *content: bytes) -> bytes:
    """One box: size, type, content."""
    return struct.pack(">I4s", 8 + sum(map(len, content)), kind) + b"".join(content)


def media_head(content_bytes: int) -> bytes:
    """What stands before so many bytes of frames: the head of a box of 64-bit size."""
    return struct.pack(">I4sQ", 1, b"mdat", 16 + content_bytes)


# --- read ------------------------------------------------------------------------------------------------


def read_sequence(content: bytes) -> Sequence:
    """The frames of an AVIF sequence of one track.

    Raises
    ------
    OutputError
        It is laid out in another way than libavif does.
    """
    try:
        return _read_sequence(content)
    except (KeyError, struct.error, IndexError) as err:
        raise OutputError("The frames that Pillow encoded cannot be found in its AVIF sequence.") from err


def _read_sequence(content: bytes) -> Sequence:
    table = _boxes(_inside(content, b"moov", b"trak", b"mdia", b"minf", b"stbl"))
    entry = _boxes(_boxes(table[b"stsd"][8:])[b"av01"][_SAMPLE_ENTRY_BYTES:])
    configuration = b"".join(box(kind, entry[kind]) for kind in (b"av1C", b"colr"))
    sizes, offsets = _numbers(table[b"stsz"][8:]), _numbers(table[b"stco"][4:])
    if len(offsets) != 1:
        raise KeyError("one chunk")
    ends = [offsets[0]]
    for size in sizes:
        ends.append(ends[-1] + size)
    if ends[-1] > len(content):
        raise IndexError("frames")
    frames = tuple(content[start:end] for start, end in itertools.pairwise(ends))
    sync = _numbers(table[b"stss"][4:]) if b"stss" in table else range(1, len(sizes) + 1)  # without it, all are
    return Sequence(frames, frozenset(number - 1 for number in sync), configuration)


def _inside(content: bytes, *path: bytes) -> bytes:
    for kind in path:
        content = _boxes(content)[kind]
    return content


def _boxes(content: bytes) -> dict[bytes, bytes]:
    return dict(_walk(content))


def _walk(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place < len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        if size < 8:  # 0 and 1 announce sizes that a short sequence does not have
            raise KeyError(kind)
        yield kind, content[place + 8 : place + size]
        place += size


def _numbers(counted: bytes) -> tuple[int, ...]:
    (count,) = struct.unpack_from(">I", counted)
    return struct.unpack_from(f">{count}I", counted, 4)


# --- written ---------------------------------------------------------------------------------------------


def movie(film: Film) -> bytes:
    """The box moov: one track of video."""
    ticks = _ticks(film)
    length = ticks * len(film.sizes)
    times = struct.pack(">QQIQ", 0, 0, TICKS_A_SECOND, length)
    head = times + struct.pack(">IH10x", 1 << 16, 0) + _MATRIX + struct.pack(">24xI", 2)
    side = struct.pack(">II", film.columns << 16, film.rows << 16)
    track = struct.pack(">QQI4xQ8x4H", 0, 0, 1, length, 0, 0, 0, 0) + _MATRIX + side
    media = box(
        b"mdia",
        _full_box(b"mdhd", times + struct.pack(">HH", _UNDETERMINED, 0), version=1),
        _full_box(b"hdlr", struct.pack(">4x4s13x", b"vide")),
        box(b"minf", _full_box(b"vmhd", bytes(8), flags=1), _data_here(), _sample_table(film, ticks)),
    )
    return box(
        b"moov",
        _full_box(b"mvhd", head, version=1),
        box(b"trak", _full_box(b"tkhd", track, version=1, flags=3), media),  # enabled, part of the film
    )


def _full_box(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def _data_here() -> bytes:
    """The frames lie in this file."""
    return box(b"dinf", _full_box(b"dref", struct.pack(">I", 1), _full_box(b"url ", flags=1)))


def _sample_table(film: Film, ticks: int) -> bytes:
    count = len(film.sizes)
    entry = struct.pack(">6xH16x2H2I4xH32xHh", 1, film.columns, film.rows, 72 << 16, 72 << 16, 1, 24, -1)
    return box(
        b"stbl",
        _full_box(b"stsd", struct.pack(">I", 1), box(b"av01", entry, film.configuration)),
        _full_box(b"stts", struct.pack(">3I", 1, count, ticks)),
        _full_box(b"stss", _counted(number + 1 for number in film.sync)),
        _full_box(b"stsc", struct.pack(">4I", 1, 1, count, 1)),  # one chunk that holds all
        _full_box(b"stsz", struct.pack(">I", 0), _counted(film.sizes)),
        _full_box(b"co64", struct.pack(">IQ", 1, film.offset)),
    )


def _counted(numbers: Iterable[int]) -> bytes:
    listed = list(numbers)
    return struct.pack(f">{len(listed) + 1}I", len(listed), *listed)


def _ticks(film: Film) -> int:
    return min(max(round(film.frame_ms * TICKS_A_SECOND / 1000), 1), 0xFFFFFFFF)
