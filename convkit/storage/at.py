"""Bytes at a place of a file, wherever its position is: threads, and processes that were forked, may share the file."""

from __future__ import annotations

import errno
import os
from typing import BinaryIO

CAN_SHARE = hasattr(os, "preadv")
"""Elsewhere the position is moved, so nobody else may use the file."""


def write_at(file: BinaryIO, data: bytes | bytearray | memoryview, start: int) -> None:
    """Write all of it.

    Raises
    ------
    OSError
        The system refuses.
    """
    view = memoryview(data)
    while view:
        if CAN_SHARE:
            count = os.pwrite(file.fileno(), view, start)
        else:
            file.seek(start)
            count = file.write(view)
        view, start = view[count:], start + count


def read_at(file: BinaryIO, start: int, view: memoryview) -> None:
    """Fill a buffer.

    Raises
    ------
    OSError
        The system refuses, or the file has become shorter.
    """
    while view:
        if CAN_SHARE:
            count = os.preadv(file.fileno(), [view], start)
        else:
            file.seek(start)
            count = file.readinto(view)  # type: ignore[attr-defined]
        if not count:
            raise OSError(errno.EIO, "the temporary file has become shorter")
        view, start = view[count:], start + count
