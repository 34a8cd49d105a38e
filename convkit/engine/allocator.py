"""How the C library keeps memory, for processes that are ours alone."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

KEPT_BYTES = 32 << 20
"""Blocks up to this size are kept after use; the most that glibc allows. Larger ones, volumes, go back at once."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h


def keep_freed_blocks() -> None:
    """Have glibc reuse the memory of one picture for the next one.

    By default it gives each block of some hundred kilobytes back and gets it anew, a page fault for each 4 KiB: a third
    of the time that a picture takes. Nothing happens where the C library is another.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, KEPT_BYTES)
        library.mallopt(_TRIM_THRESHOLD, 2 * KEPT_BYTES)
