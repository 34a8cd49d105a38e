"""Arrays that are still in their files: planes are read when somebody wants them, and no sooner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from convkit.model.geometry import Turn

Read = Callable[[int, NDArray[Any]], None]
"""Fills an array (planes, rows, columns) with the planes from a number on, counted volume by volume."""

Whole = Callable[[], NDArray[Any]]
"""Reads all planes at once, (volumes, slices, rows, columns)."""


@dataclass(frozen=True, slots=True, eq=False)
class Unread:
    """The shape and type of an array, whose planes are read one after the other, or side by side.

    Where an array is needed, as for a turn of its axes, NumPy gets all of it (`__array__`), read anew each time.

    Attributes
    ----------
    shape : (volumes, slices, rows, columns)
    dtype : numpy.dtype
    read, whole : functions
    flips : (bool, bool)
        True where rows, or columns, run backwards from how they are read.
    threads : int
        How many may read at once.
    together : int
        Planes that are read at once whether one or all of them are wanted, as the tiles of a picture.
    """

    shape: tuple[int, int, int, int]
    dtype: np.dtype[Any]
    read: Read
    whole: Whole
    flips: tuple[bool, bool] = (False, False)
    threads: int = 1
    together: int = 1

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: FBT001 (NumPy's protocol)
        del copy  # nobody else has it
        rows, columns = self._steps
        whole = self.whole().view(self.dtype)[:, :, ::rows, ::columns]
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def __getitem__(self, key: Any) -> Any:
        return np.asarray(self)[key]

    @property
    def ndim(self) -> int:
        """4."""
        return len(self.shape)

    @property
    def count(self) -> int:
        """Number of planes."""
        return self.shape[0] * self.shape[1]

    @property
    def bytes_per_plane(self) -> int:
        """Size of one plane."""
        return self.shape[2] * self.shape[3] * self.dtype.itemsize

    def starts(self, most_bytes: int) -> range:
        """Where parts of about a size begin; the step is their length."""
        each = max(1, most_bytes // max(1, self.bytes_per_plane * self.together))
        return range(0, self.count, each * self.together)

    def planes(self, start: int, stop: int) -> NDArray[Any]:
        """Some planes in C order, (planes, rows, columns), C-contiguous.

        Raises
        ------
        PixelError
            They cannot be read.
        """
        found = np.empty((min(stop, self.count) - start, *self.shape[2:]), self.dtype)
        self.read(start, found)
        if not any(self.flips):
            return found
        rows, columns = self._steps
        return np.ascontiguousarray(found[:, ::rows, ::columns])

    @property
    def _steps(self) -> tuple[int, int]:
        return -1 if self.flips[0] else 1, -1 if self.flips[1] else 1

    def view(self, dtype: Any) -> Unread:
        """The same bytes as another type of the same size."""
        return replace(self, dtype=np.dtype(dtype))

    def turned(self, turn: Turn) -> Unread | None:
        """The array after a turn; None where that is more than rows and columns backwards."""
        if turn.axes != (0, 1, 2) or turn.flips[0]:
            return None
        return replace(self, flips=(self.flips[0] != turn.flips[1], self.flips[1] != turn.flips[2]))
