"""Compressed streams through ISA-L: the only place that knows isal.

The stream is cut into parts of one fixed size. Each is compressed by itself, with the end of the one before
as its dictionary, and ends on a byte border (as pigz does). So parts can be compressed side by side, and the
bytes depend neither on the number of threads nor on how the input was cut; fed directly, ISA-L's output
depends on the latter.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections import deque
from enum import StrEnum
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

Piece = bytes | bytearray | memoryview

LEVEL = 1
"""For volumes 5 % larger than zlib level 6 at 30 times its speed, for pictures the size of level 2 within 1 %."""

WINDOW_BITS = 11
"""How far back matches reach in a volume: the row before is near enough. On 122 real volumes 1 % larger than with the
most that deflate allows (15), and a tenth faster; on noise 5 % and a quarter."""

SMALL_MEMORY = 3
"""For pictures: ISA-L then makes deflate blocks of some ten kilobytes, whose codes fit the part of the picture they
hold (air, body); measured up to 2 % smaller than with more memory, in the same time."""

USUAL_MEMORY = 8
"""The default of ISA-L."""

PART_BYTES = 1 << 17
"""Size of a part: what ISA-L notes of it before it chooses its codes stays in the cache. A tenth faster than parts of
1 MiB on noise, as fast on real volumes, and no larger on either."""

BLOCK_BYTES = 8 * PART_BYTES
"""Parts that a thread takes at once: large enough that to hand them over costs nothing."""

MOST_THREADS = 4
"""More threads a file than this gain little, as one thread cuts and writes; other workers need cores too."""

FIRST_BYTES = 289
"""What ISA-L is given first of a stream without a dictionary: its look-ahead of 288 bytes, and the one byte that it
compresses of them. Given more, it looks for matches of the third byte by a register that nobody has set
(`write_first_byte` in igzip_icf_body_h1_gr_bt.asm, ISA-L 2.32), and the result is right once in 8,192 times, by chance;
where it stops behind the first byte, it begins anew with all registers set. Shorter streams are left to zlib."""

# RFC 1952 2.3: magic, deflate, no flags (so no file name), time 0, no extra flags, unknown system.
_GZIP_HEADER = struct.pack("<4BI2B", 0x1F, 0x8B, 8, 0, 0, 0, 255)
# RFC 1950 2.2: deflate with a 32 KiB window, fastest level; 0x7801 is a multiple of 31.
_ZLIB_HEADER = b"\x78\x01"


class Container(StrEnum):
    """What surrounds the deflate stream."""

    GZIP = "gzip"
    ZLIB = "zlib"


@cache
def _isal() -> ModuleType:
    """ISA-L, loaded only when something is compressed."""
    return import_module("isal.isal_zlib")


def deflated(pieces: Iterable[Piece], container: Container) -> Iterator[bytes]:
    """Compress a stream; the bytes are the same however it is cut into pieces.

    Parameters
    ----------
    pieces : iterable of bytes-like
        At most a few blocks of them are held at a time.
    container : Container

    Yields
    ------
    compressed : bytes
    """
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 (pictures need none)

    is_gzip = container is Container.GZIP
    update = _isal().crc32 if is_gzip else _isal().adler32
    checksum, size = update(b""), 0
    yield _GZIP_HEADER if is_gzip else _ZLIB_HEADER
    threads = _threads()
    with ThreadPoolExecutor(threads) as pool:
        running: deque[Future[bytes]] = deque()
        before: Piece = b""
        for block in _blocks(pieces):
            checksum, size = update(block, checksum), size + len(block)
            running.append(pool.submit(_compressed, block, before[-(1 << WINDOW_BITS) :]))
            before = block
            if len(running) > threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    yield _isal().compress(b"", wbits=-15)  # the final, empty block
    yield struct.pack("<2I", checksum, size & 0xFFFFFFFF) if is_gzip else struct.pack(">I", checksum)


def deflated_at_once(pieces: Iterable[Piece], window_bits: int, *, is_even: bool = False) -> Iterator[bytes]:
    """Compress a small stream in this thread, as zlib format; the bytes depend on the pieces, too.

    Parameters
    ----------
    pieces : iterable of bytes-like
    window_bits : int
        9 to 15: matches reach back ``2 ** window_bits`` bytes.
    is_even : bool
        True for what is alike throughout, as noise: one code for all of it is as small, and a tenth faster.

    Yields
    ------
    compressed : bytes
    """
    memory = USUAL_MEMORY if is_even else SMALL_MEMORY
    rest = iter(pieces)
    first = _first(rest)
    if len(first) < FIRST_BYTES:
        yield _deflated_by_zlib(first, window_bits, zlib.Z_FINISH)
        return
    compressor = _isal().compressobj(LEVEL, _isal().DEFLATED, window_bits, memory)
    yield from _begun(compressor, first)
    for piece in rest:
        yield compressor.compress(piece)
    yield compressor.flush()


def crc32(piece: Piece, before: int = 0) -> int:
    """The CRC of PNG and gzip, continued from `before`."""
    return int(_isal().crc32(piece, before))


def _first(pieces: Iterator[Piece]) -> Piece:
    """The first piece, or as many as are needed for `FIRST_BYTES`; all where they are fewer."""
    first: Piece = b""
    for piece in pieces:
        first = piece if not first else bytes(first) + bytes(piece)
        if len(first) >= FIRST_BYTES:
            break
    return first


def _begun(compressor: Any, piece: Piece) -> tuple[bytes, bytes]:
    """The first bytes of a stream by themselves, so that the same stream is compressed to the same bytes each time."""
    return compressor.compress(piece[:FIRST_BYTES]), compressor.compress(piece[FIRST_BYTES:])


def _deflated_by_zlib(data: Piece, window_bits: int, ending: int) -> bytes:
    compressor = zlib.compressobj(wbits=window_bits)
    return compressor.compress(data) + compressor.flush(ending)


def _compressed(block: Piece, before: Piece) -> bytes:
    """One block as raw deflate, each part ended on a byte border without closing the stream."""
    done: list[bytes] = []
    for start in range(0, len(block), PART_BYTES):
        part = block[start : start + PART_BYTES]
        if before or len(part) >= FIRST_BYTES:
            compressor = _isal().compressobj(level=LEVEL, wbits=-WINDOW_BITS, zdict=before)
            done += (compressor.compress(part),) if before else _begun(compressor, part)
            done.append(compressor.flush(_isal().Z_SYNC_FLUSH))
        else:
            done.append(_deflated_by_zlib(part, -WINDOW_BITS, zlib.Z_SYNC_FLUSH))
        before = part[-(1 << WINDOW_BITS) :]
    return b"".join(done)


def _blocks(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The same stream in blocks of `BLOCK_BYTES`, the last one shorter; large pieces are not copied."""
    rest = bytearray()
    for piece in pieces:
        view = memoryview(piece)
        if rest:
            missing = BLOCK_BYTES - len(rest)
            rest += view[:missing]
            view = view[missing:]
            if len(rest) < BLOCK_BYTES:
                continue
            yield bytes(rest)
        whole = len(view) // BLOCK_BYTES * BLOCK_BYTES
        for start in range(0, whole, BLOCK_BYTES):
            yield view[start : start + BLOCK_BYTES]
        rest = bytearray(view[whole:])
    if rest:
        yield bytes(rest)


def _threads() -> int:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST_THREADS, allowed)
