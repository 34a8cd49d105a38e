"""Deflated data sets (PS3.5 A.5), which are in memory as a whole: a limit on what they may become."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from convkit.errors import InputError

_MOST_BYTES = 2 << 30
"""Bytes that a deflated data set may become: more is a trap."""

_MOST_TIMES = 1032
"""No stream of RFC 1951 shrinks further: 258 bytes to 2 bits."""

_STEP = 1 << 20


def may_be_too_large(packed: int) -> bool:
    """True where so many deflated bytes may become more than is inflated at all."""
    return packed * _MOST_TIMES > _MOST_BYTES


def check_inflated(pieces: Iterable[bytes], path: str) -> None:
    """Refuse a deflated data set that would fill the memory; what it becomes is counted, and not held.

    Parameters
    ----------
    pieces : iterable of bytes
        The deflated bytes, some kB each.
    path : str

    Raises
    ------
    InputError
        It becomes too large.
    zlib.error
        It is damaged.
    """
    stream, done = zlib.decompressobj(-zlib.MAX_WBITS), 0
    for piece in pieces:
        rest = piece
        while rest and not stream.eof:
            done += len(stream.decompress(rest, _STEP))
            rest = stream.unconsumed_tail
            if done > _MOST_BYTES:
                what = f"The deflated data set would take more than {_MOST_BYTES} bytes."
                raise InputError(what, path, "", "pixels.too-large")
