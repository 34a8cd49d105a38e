"""An instance of many frames, as a header for each frame.

What the frames of an object do not share is kept beside the instance's own header: a table with a row for each frame.
`Header.of_frame` lays a row over the header, so that whoever reads a header need not know where the value came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from convkit.model.frame import Picture


class Unfolded(NamedTuple):
    """What the frames of an instance do not share.

    Attributes
    ----------
    places : tuple of int
        Places in `Header.raw` where frames have values of their own.
    rows : tuple of tuples of bytes or None
        Their raw values, one row a frame in the order of storage.
    picture : Picture or None
        Where the frames are tiles of one stored picture.
    """

    places: tuple[int, ...]
    rows: tuple[tuple[bytes | None, ...], ...]
    picture: Picture | None = None


Overlay = Mapping[int, bytes]
"""Place to raw value."""


def unfolded(
    raw: Sequence[bytes | None], frames: Sequence[Overlay], picture: Picture | None = None
) -> tuple[tuple[bytes | None, ...], Unfolded]:
    """The raw values that all frames share, and what is left to each.

    Parameters
    ----------
    raw : values of the instance
    frames : for each frame what stands over them
    picture : Picture or None
    """
    shared, varying, columns = list(raw), [], []
    for place in sorted(set().union(*frames)):
        own = raw[place]
        column = [frame.get(place, own) for frame in frames]
        if column.count(column[0]) == len(column):
            shared[place] = column[0]
        else:
            varying.append(place)
            columns.append(column)
    rows = tuple(zip(*columns, strict=True)) if varying else ((),) * len(frames)
    return tuple(shared), Unfolded(tuple(varying), rows, picture)
