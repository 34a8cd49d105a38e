"""Inflated bytes: in memory as long as they are few, else in a temporary file without a name."""

from __future__ import annotations

import errno
import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convkit.errors import OutputError
from convkit.storage._private import private_folder
from convkit.storage.at import read_at, write_at
from convkit.storage.files import PackedError, Raw

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_IN_MEMORY = 1 << 26
"""Bytes of one inflated file that are held in memory; a process holds up to two of them."""

LEAST_FREE = 1 << 30
"""Bytes that stay free where files are inflated to: a made one must not fill the disk."""

_CHECKED_EVERY = 1 << 26

_TRAP_FROM, _TRAP_TIMES = 2 << 30, 100
"""How many times its packed length a file may become, once that is so many bytes: images shrink tenfold at most."""

TOO_LARGE = "input.archive-too-large"


def is_trap(size: int, packed: int) -> bool:
    """True for a file that becomes far longer than any that was not made for it."""
    return size > _TRAP_FROM and size > _TRAP_TIMES * packed


def trap() -> PackedError:
    """The error of one."""
    what = f"it becomes more than {_TRAP_FROM >> 30} GB and {_TRAP_TIMES} times as long as it is"
    return PackedError(what, TOO_LARGE, "Unpack it if you trust it.")


class Grown:
    """Bytes that are added at the end and read from any place."""

    def __init__(self) -> None:
        self._memory = bytearray()
        self._file: Raw | None = None
        self._length = 0
        self._checked = 0

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()

    def __len__(self) -> int:
        return self._length

    def add(self, piece: bytes) -> None:
        """Add bytes.

        Raises
        ------
        PackedError
            There is no room for them.
        """
        if self._file is None and self._length + len(piece) > MOST_IN_MEMORY:
            self._spill()
        if self._file is None:
            self._memory += piece
        else:
            with _room():
                write_at(self._file, piece, self._length)
        self._length += len(piece)
        if self._length - self._checked >= _CHECKED_EVERY:
            self._check()

    def fill(self, start: int, view: memoryview) -> int:
        """Fill a buffer from a place; all that it asks for is there."""
        if self._file is None:
            view[:] = memoryview(self._memory)[start : start + len(view)]
        elif read_at(self._file, start, view) < len(view):
            raise OSError(errno.EIO, "the temporary file has become shorter")
        return len(view)

    def _spill(self) -> None:
        """Go on in a file."""
        with _room():
            file: Any = tempfile.TemporaryFile(dir=private_folder(), buffering=0)  # noqa: SIM115 (it lives as long as this)
            write_at(file, self._memory, 0)
        self._file, self._memory = file, bytearray()

    def _check(self) -> None:
        self._checked = self._length
        if self._file is not None and shutil.disk_usage(private_folder()).free < LEAST_FREE:
            raise _no_room()


@contextmanager
def _room() -> Iterator[None]:
    """Write to the temporary folder; what goes wrong there is told as what it is."""
    try:
        yield
    except OutputError as err:
        raise PackedError(err.what.rstrip("."), TOO_LARGE, err.hint) from err
    except OSError as err:
        if err.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise _no_room() from err
        raise


def _no_room() -> PackedError:
    return PackedError("the temporary folder has no room for it", TOO_LARGE, "Name a larger one in TMPDIR.")
