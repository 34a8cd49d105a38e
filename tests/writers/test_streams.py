"""Slabs and compressed streams."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.model.slabs import SLAB_BYTES
from convkit.model.volume import Volume
from convkit.writers import WRITERS, WriteOptions, writer_for
from convkit.writers._gzip import BLOCK_BYTES, Container, deflated, deflated_at_once
from convkit.writers._voxels import real_pieces, slabs, stored_pieces

NOISE = np.random.default_rng(7).integers(0, 50, 3 * BLOCK_BYTES + 1234).astype(np.uint8).tobytes()


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = [0, *sorted(cuts), len(data)]
    return [data[a:b] for a, b in pairwise(ends)]


@pytest.mark.parametrize("data", [b"", b"a", NOISE[:BLOCK_BYTES], NOISE, bytes(5 * BLOCK_BYTES)])
def test_compressed_streams_open_with_zlib(data: bytes) -> None:
    assert gzip.decompress(b"".join(deflated([data], Container.GZIP))) == data
    assert zlib.decompress(b"".join(deflated([data], Container.ZLIB))) == data


@given(st.lists(st.integers(0, len(NOISE)), max_size=8))
def test_bytes_do_not_depend_on_how_the_stream_was_cut(cuts: list[int]) -> None:
    whole = b"".join(deflated([NOISE], Container.GZIP))
    assert b"".join(deflated(pieces(NOISE, cuts), Container.GZIP)) == whole


def test_gzip_header_has_no_time_and_no_name() -> None:
    assert next(deflated([b"a"], Container.GZIP)) == bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])


@pytest.mark.parametrize("shape", [(2, 5, 7, 3), (1, 3, 1500, 1500), (1, 1, 1, SLAB_BYTES), (3, 600, 900, 3)])
def test_slabs_follow_one_another_in_c_order(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)[:, ::-1, :, ::-1]
    found = list(slabs(array))
    assert b"".join(s.tobytes() for s in found) == array.tobytes()
    assert all(s.flags.c_contiguous for s in found)
    assert max(s.nbytes for s in found) <= max(SLAB_BYTES, array.strides[-2] * -1, shape[-1] * 4)


def test_contiguous_arrays_are_not_copied() -> None:
    array = np.zeros((1, 40, 512, 512), np.int16)
    assert all(np.shares_memory(s, array) for s in slabs(array))


def test_streamed_values_are_those_of_the_array(reference: Volume) -> None:
    real = np.asarray(reference)
    assert b"".join(real_pieces(reference)) == real.astype(real.dtype.newbyteorder("<")).tobytes()
    stored = reference.array
    assert b"".join(stored_pieces(reference)) == stored.astype(stored.dtype.newbyteorder("<")).tobytes()


@pytest.mark.parametrize("mapping", ["whole-mapping", "fraction-mapping", "overflowing-mapping"])
def test_streamed_values_do_not_depend_on_the_slab(mapping: str, volume_of: Callable[[str], Volume]) -> None:
    small = volume_of(mapping)
    array = np.zeros((1, 6, 1024, 1024), small.dtype)
    array[0, 5, -1, -1] = 60000 if small.dtype != np.int16 else 30000  # decides the type, in the last slab
    volume = Volume(array, np.eye(4), mapping=small.mapping)
    assert b"".join(real_pieces(volume)) == np.asarray(volume).tobytes()


@pytest.mark.parametrize("name", WRITERS)
def test_writing_takes_little_memory_beside_the_array(name: str, make: Callable[..., Volume], tmp_path: Path) -> None:
    volume = make(shape=(1, 96, 512, 512), mapping=make().mapping)
    writer_for(name).write(make(), tmp_path / "first", WriteOptions())  # imports
    tracemalloc.start()
    writer_for(name).write(volume, tmp_path / "a", WriteOptions())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < volume.array.nbytes / 2


@pytest.mark.parametrize("size", [*range(12), *range(280, 300), 5000])
def test_short_streams(size: int) -> None:
    data = NOISE[:size]
    assert gzip.decompress(b"".join(deflated([data], Container.GZIP))) == data
    for window_bits in range(9, 16):
        for cut in (0, 1, 200, 289, 290):
            assert zlib.decompress(b"".join(deflated_at_once([data[:cut], data[cut:]], window_bits))) == data


@pytest.mark.parametrize(
    "compressed",
    [lambda data: deflated([data], Container.GZIP), lambda data: deflated_at_once([data], 15)],
    ids=["volume", "picture"],
)
def test_what_stands_from_the_third_byte_on_is_found_again(compressed: Callable[[bytes], Iterable[bytes]]) -> None:
    """ISA-L leaves that to chance, so that one picture among many had other bytes in each run."""

    def gained(place: int) -> int:
        """Bytes that many streams become longer by, all in all, if four bytes of each are found again."""
        gain = 0
        for start in range(0, 100_000, 1000):
            noise = NOISE[start : start + 1000]
            repeating = noise[: place + 7] + noise[place : place + 4] + noise[place + 11 :]
            gain += len(b"".join(compressed(repeating))) - len(b"".join(compressed(noise)))
        return gain

    assert gained(2) == pytest.approx(gained(3), rel=0.2)
    assert gained(3) > 50  # else it would say nothing
