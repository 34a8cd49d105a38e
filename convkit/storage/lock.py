"""A lock file that belongs to one process and vanishes with it, by the lock call of the operating system."""

from __future__ import annotations

import errno
import logging
import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_HELD = frozenset({errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK})
_POLL_S = 0.05

_log = logging.getLogger(__name__)


class FileLock:
    """An exclusive lock on a file.

    Where the file system knows no locks, a warning is logged and nothing is locked.

    Parameters
    ----------
    path : Path
        The lock file; made if missing.
    wait_s : float
        How long to wait for another holder.
    is_kept : bool
        True where the file stays; else who gives the lock back removes it.

    Raises
    ------
    BlockingIOError
        Another process, or another lock object, holds the lock.
    """

    def __init__(self, path: Path, *, wait_s: float = 0.0, is_kept: bool = True) -> None:
        self._path = path
        self._is_kept = is_kept
        deadline = time.monotonic() + wait_s
        while True:
            self._file = path.open("ab")
            try:
                self._acquire(deadline)
                if is_kept or self._is_there():
                    return
            except BaseException:
                self._file.close()
                raise
            self._file.close()  # its holder has removed it meanwhile

    def _is_there(self) -> bool:
        """True where the file that is locked is the one of that name."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give the lock back."""
        if self._file.closed:
            return
        if not self._is_kept:
            with suppress(OSError):  # a system that removes no open file: it stays
                self._path.unlink()
        # Forked workers share the open file: closing alone would leave it locked while they live.
        with suppress(OSError):  # nothing was locked where the file system knows no locks
            _unlock(self._file.fileno())
        self._file.close()

    def _acquire(self, deadline: float) -> None:
        while True:
            try:
                return _lock(self._file.fileno())
            except OSError as err:
                if err.errno not in _HELD:
                    _log.warning("the file system knows no locks (%s)", err.strerror)
                    return None
                if time.monotonic() >= deadline:
                    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from err
            time.sleep(_POLL_S)


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
