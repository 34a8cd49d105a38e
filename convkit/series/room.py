"""Room for the array of a volume: in memory, or in a file where it is larger than what may be held."""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.errors import OutputError


class Room(NamedTuple):
    """Where arrays are made.

    Attributes
    ----------
    most_bytes : int or None
        A larger array lies in a temporary file without a name, of which the system holds in memory what fits; None
        holds all.
    """

    most_bytes: int | None = None

    def shared_by(self, size: int) -> int:
        """How many, at least one, may hold so many bytes each."""
        return sys.maxsize if self.most_bytes is None else max(1, self.most_bytes // size)

    def empty(self, shape: Sequence[int], dtype: np.dtype[Any]) -> NDArray[Any]:
        """An array whose values are still to be set.

        Raises
        ------
        OutputError
            There is no space for the file.
        """
        size = prod(shape) * dtype.itemsize
        if self.most_bytes is None or size <= self.most_bytes:
            return np.empty(shape, dtype)
        return np.frombuffer(_in_a_file(size), dtype).reshape(shape)


IN_MEMORY = Room()


def _in_a_file(size: int) -> mmap.mmap:
    """Memory that is a file; nobody else sees it, and it goes with the process however that ends."""
    import tempfile  # noqa: PLC0415 (few volumes need it)

    try:
        with tempfile.TemporaryFile() as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)  # a full disk is found out now, not by a signal later
            else:
                file.truncate(size)
            return mmap.mmap(file.fileno(), size)
    except OSError as err:
        what = f"There is no space for a volume of {size:,} bytes ({err.strerror})."
        hint = "Free space, name another folder by TMPDIR, or allow more with --memory."
        raise OutputError(what, tempfile.gettempdir(), hint, "output.error") from err
