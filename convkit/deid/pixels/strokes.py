"""Whether a picture can hold text at all: letters are crowds of steep edges. Cheap, so that most of it is not read.

Anatomy has steep edges too, but few of them side by side: along a line across bone or skin there are two, along a word
there are several a letter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.deid.pixels.box import Box

Array = NDArray[Any]
Bytes = NDArray[np.uint8]

_CELL = 4, 8
"""Rows and columns of the cells in which edges are counted."""

_WINDOW = 2, 6
"""Cells of a window: 8 rows of 48 pixels, a few letters of the smallest text."""

_REACH = 2
"""Pixels over which an edge is measured: letters that were smoothed take two to go from dark to bright."""


def has_strokes(view: Bytes, *, step: int, share: float) -> bool:
    """True where a part of a view has so many steep edges side by side as text.

    Parameters
    ----------
    view : (rows, columns) or (rows, columns, 3) uint8
    step : int
        From which difference on an edge is steep.
    share : float
        Which share of the pixels of a window must lie on steep edges.
    """
    return crowding(view, step=step) >= share


def crowding(view: Bytes, *, step: int) -> float:
    """Largest share of pixels on steep edges in a window, along rows or along columns."""
    return max(_crowding(turned, step) for channel in _channels(view) for turned in (channel, channel.T))


def _channels(view: Bytes) -> tuple[Bytes, ...]:
    return tuple(view[..., channel] for channel in range(3)) if view.ndim == 3 else (view,)


def _edges(view: Bytes, step: int, reach: int = _REACH) -> Array:
    before, after = view[:, :-reach], view[:, reach:]
    steep: Array = np.maximum(before, after) - np.minimum(before, after) >= step
    return steep


_LETTERED = 0.12
"""Share of a text's box that lies on steep edges: 0.2 to 0.4 for letters of all sizes, next to none for an organ."""

_REACHES = 12
"""Of the height of a text is one pixel of reach: the strokes of larger letters are wider."""


_OF_CONTRAST = 0.3
"""Part of the contrast in a box from which on an edge in it is steep."""

_FLAT = 12
"""Of 255: less contrast is none."""


def is_lettered(view: Bytes, box: Box) -> bool:
    """True where a box that is taken for text is full of edges that are steep for its contrast."""
    here = box.clipped(*view.shape[:2])
    reach = max(_REACH, min(here.height, here.width) // _REACHES)
    piece = view[here.top : here.bottom, here.left : here.right]
    if min(piece.shape[:2]) <= reach:
        return True
    return any(_share(channel, reach) >= _LETTERED for channel in _channels(piece))


def _share(channel: Bytes, reach: int) -> float:
    """Share of pixels on steep edges, along rows or along columns, whichever is more."""
    low, high = np.percentile(channel, (2, 98))
    if high - low < _FLAT:
        return 0.0
    step = max(1, int((high - low) * _OF_CONTRAST))
    return float(max(_edges(turned, step, reach).mean() for turned in (channel, channel.T)))


def _crowding(view: Bytes, step: int) -> float:
    edges = _edges(view, step)
    rows, columns = edges.shape[0] // _CELL[0] * _CELL[0], edges.shape[1] // _CELL[1] * _CELL[1]
    if rows < _CELL[0] * _WINDOW[0] or columns < _CELL[1] * _WINDOW[1]:
        return float(edges.mean()) if edges.size else 0.0
    cells = edges[:rows, :columns].reshape(rows // _CELL[0], _CELL[0], columns // _CELL[1], _CELL[1]).sum((1, 3))
    sums = np.lib.stride_tricks.sliding_window_view(cells, _WINDOW).sum((2, 3))
    return float(sums.max()) / (_CELL[0] * _CELL[1] * _WINDOW[0] * _WINDOW[1])
