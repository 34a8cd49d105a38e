"""Bytes at a place of a file, wherever its position is: threads, and processes that were forked, may share the file."""

from __future__ import annotations

import io
import os
from typing import BinaryIO

from convkit.storage.files import Raw

CAN_SHARE = hasattr(os, "preadv")
"""Elsewhere the position is moved, so nobody else may use the file."""


def write_at(file: BinaryIO | Raw, data: bytes | bytearray | memoryview, start: int) -> None:
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


def read_at(file: Raw, start: int, view: memoryview) -> int:
    """Fill a buffer; less than all of it where the file ends.

    Raises
    ------
    OSError
        The system refuses.
    """
    is_shared = CAN_SHARE and isinstance(file, io.FileIO)
    if not is_shared:
        file.seek(start)
    done = 0
    while done < len(view):
        rest = view[done:]
        count = os.preadv(file.fileno(), [rest], start + done) if is_shared else file.readinto(rest)
        if not count:
            break
        done += count
    return done
