"""Frames as a reader of text is shown them: bytes from 0 to 255, in more than one window, bright on dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Bytes = NDArray[np.uint8]

_ENDS = 0.5, 99.5
"""Percentiles of the narrow window: metal, or text itself, would leave tissue and other text dark."""

_OUTLIERS = 1e-4
"""Share of pixels at either end that the middle window leaves out: single ones that are broken or mark something."""

_FEWEST_OUTLIERS = 10

_WIDE = 0.7
"""Where a window is at least this part of a wider one, both show the same."""

_SAMPLED = 1 << 16
"""Values that percentiles are taken of."""


def views_of(frame: Array, *, is_inverse: bool) -> list[Bytes]:
    """A frame as it is looked at.

    Parameters
    ----------
    frame : (rows, columns) numbers, or (rows, columns, 3) uint8
    is_inverse : bool
        True where high values are shown dark.

    Returns
    -------
    list of (rows, columns, 3) uint8, or (rows, columns) uint8
        Of a grey frame in the whole range of its values, and in narrower ones where they show something else; empty
        for a frame of one value.
    """
    if frame.ndim == 3:
        return [frame.astype(np.uint8, copy=False)] if frame.min() != frame.max() else []
    frame = _finite(frame)
    windows: list[tuple[float, float]] = []
    for low, high in _windows(frame):
        if low < high and not any(high - low >= _WIDE * (b - a) for a, b in windows):
            windows.append((low, high))
    views = [_windowed(frame, low, high) for low, high in windows]
    return [255 - view for view in views] if is_inverse else views


def _windows(frame: Array) -> Iterator[tuple[float, float]]:
    """Yield windows from wide to narrow."""
    yield float(frame.min()), float(frame.max())
    flat = frame.ravel()
    few = max(_FEWEST_OUTLIERS, int(flat.size * _OUTLIERS))
    if flat.size > 4 * few:
        parted = np.partition(flat, (few, flat.size - 1 - few))
        yield float(parted[few]), float(parted[-1 - few])
    first, last = np.percentile(flat[:: max(1, flat.size // _SAMPLED)], _ENDS)
    yield float(first), float(last)


def _finite(frame: Array) -> Array:
    return np.nan_to_num(frame, nan=0.0, posinf=0.0, neginf=0.0) if frame.dtype.kind == "f" else frame


def _windowed(frame: Array, low: float, high: float) -> Bytes:
    scaled = (np.clip(frame, low, high).astype(np.float32) - np.float32(low)) * np.float32(255.0 / (high - low))
    return scaled.astype(np.uint8)
