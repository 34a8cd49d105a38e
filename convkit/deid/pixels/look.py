"""Finds text in the frames of an image: which pictures are looked at, in which pieces, and until nothing is left.

Of an object of many frames the darkest and the brightest value of each pixel over all frames are looked at: text that
stands still stays there as it is, while what moves around it is smoothed away. Then some of the frames, and every one
in which as many steep edges appear at once as text has. What is found is blanked in all frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.deid.pixels.allowed import SURE, forbidden
from convkit.deid.pixels.box import Box, on_picture
from convkit.deid.pixels.image import Image
from convkit.deid.pixels.readers import Reader, Word
from convkit.deid.pixels.strokes import has_strokes, is_lettered
from convkit.deid.pixels.views import views_of

Array = NDArray[Any]
Bytes = NDArray[np.uint8]


class Care(NamedTuple):
    """How closely an image is looked at.

    Attributes
    ----------
    step : int
        From which difference on an edge is steep, of 255.
    share : float
        Which share of pixels on steep edges makes a part of a picture worth reading.
    least_score : float
        From which score on what was read is taken for text.
    least_short : float
        The same for one letter or two.
    tallest : float
        How high text may be, as a part of the shorter side of what is looked at.
    """

    step: int
    share: float
    least_score: float
    least_short: float
    tallest: float


PLAIN = Care(step=51, share=0.16, least_score=0.6, least_short=0.9, tallest=1 / 12)
"""For images that should have no text: original slices, and what a header says is clean."""

CLOSE = Care(step=26, share=0.10, least_score=0.3, least_short=0.6, tallest=1 / 4)
"""For images at risk."""


class Extent(NamedTuple):
    """What all frames together say.

    Attributes
    ----------
    low, high : array
        Least and greatest value of each pixel over all frames, as frames are looked at.
    """

    low: Array
    high: Array


class Looked(NamedTuple):
    """What was found.

    Attributes
    ----------
    boxes : tuple of Box
        To be blanked, those that were known before too.
    is_clean : bool
        False where text was still found when all of them were blank.
    has_marks : bool
        True where there is text that may stay.
    """

    boxes: tuple[Box, ...]
    is_clean: bool
    has_marks: bool = False


LEAST_ROWS, LEAST_COLUMNS = 8, 16
"""Smaller pictures, such as tiles, have no room for a word: letters take five pixels and a gap."""

MOST_ROUNDS = 4
"""How often is looked again; a second time finds what the first took together with something else."""


def extent_of(image: Image) -> Extent:
    """Least and greatest values over all frames."""
    low = image.looked_at(0)
    if image.frames == 1:
        return Extent(low, low)
    high = low.copy()
    low = low.copy()
    for frame in range(1, image.frames):
        here = image.looked_at(frame)
        np.minimum(low, here, out=low)
        np.maximum(high, here, out=high)
    return Extent(low, high)


def look(image: Image, extent: Extent, read_with: Callable[[], Reader], *, care: Care, known: Sequence[Box]) -> Looked:
    """Find text in all frames.

    Parameters
    ----------
    image : Image
    extent : Extent
        Of it.
    read_with : callable
        Gives the reader; asked only where there may be something to read.
    care : Care
    known : sequence of Box
        What will be blanked in any case.
    """
    rows, columns = image.source.layout.rows, image.source.layout.columns
    boxes = on_picture(known, rows, columns)
    if rows < LEAST_ROWS or columns < LEAST_COLUMNS:
        return Looked(boxes, is_clean=True)
    pictures = list(_pictures(image, extent))
    has_marks = False
    for _ in range(MOST_ROUNDS):
        left: list[Callable[[], Array]] = []
        for picture in pictures:
            words = _words_of(picture(), boxes, image, read_with, care)
            bad = forbidden(words)
            has_marks |= len(words) > len(bad)
            if bad:  # blank at once in what follows: most of it need not be read again
                boxes = on_picture((*boxes, *(_grown(word.box) for word in bad)), rows, columns)
                left.append(picture)
        if not left:
            return Looked(boxes, is_clean=True, has_marks=has_marks)
        if care != CLOSE:  # where there is text, there is more
            care = CLOSE
        else:
            pictures = left  # blanking adds no text to what had none
    return Looked(boxes, is_clean=False, has_marks=has_marks)


# --- which pictures --------------------------------------------------------------------------------------

_SAMPLES = 6
"""Frames that are looked at in any case, spread over all: text over what moves is not always clear in the extremes."""


def _pictures(image: Image, extent: Extent) -> Iterator[Callable[[], Array]]:
    """Yield what is looked at, each as a function: they are not all held at once."""
    if image.frames == 1:
        yield lambda: extent.low
        return
    if image.frames > _SAMPLES:
        yield lambda: extent.low
        yield lambda: extent.high
    sampled = {int(n) for n in np.linspace(0, image.frames - 1, min(_SAMPLES, image.frames))}
    for frame in sorted(sampled | set(_changed(image, extent))):
        yield partial(image.looked_at, frame)


_SUDDEN = 64
"""Of 255: an edge that was not there in the frame before, as letters make it that appear."""

_CROWD = 40
"""New steep edges in a window of 8 rows of 48 pixels: half of what small text has."""


def _changed(image: Image, extent: Extent) -> Iterator[int]:
    """Yield frames in which a crowd of steep edges appears that the frame before had not."""
    if image.frames <= _SAMPLES:
        return
    before: Array | None = None
    low, high = float(extent.low.min()), float(extent.high.max())
    scale = 255.0 / (high - low) if high > low else 1.0
    for frame in range(image.frames):
        edges = _edges(image.looked_at(frame), scale)
        if before is not None and _has_crowd(edges & ~_near(before)):
            yield frame
        before = edges


def _edges(frame: Array, scale: float) -> Array:
    grey = frame.max(axis=2) if frame.ndim == 3 else frame
    return np.abs(np.diff(grey.astype(np.float32), axis=1)) * np.float32(scale) >= _SUDDEN


def _near(edges: Array) -> Array:
    """Edges and the pixels beside them: those of what moves by a pixel are not new."""
    wide = edges.copy()
    wide[:, 1:] |= edges[:, :-1]
    wide[:, :-1] |= edges[:, 1:]
    tall = wide.copy()
    tall[1:] |= wide[:-1]
    tall[:-1] |= wide[1:]
    return tall


def _has_crowd(edges: Array) -> bool:
    rows, columns = edges.shape[0] // 8 * 8, edges.shape[1] // 16 * 16
    cells = edges[:rows, :columns].reshape(rows // 8, 8, columns // 16, 16).sum((1, 3))
    if cells.shape[0] < 1 or cells.shape[1] < 3:
        return bool(edges.sum() >= _CROWD)
    return bool((cells[:, :-2] + cells[:, 1:-1] + cells[:, 2:] >= _CROWD).any())


# --- one picture -----------------------------------------------------------------------------------------


def _words_of(
    picture: Array, blanked: Sequence[Box], image: Image, read_with: Callable[[], Reader], care: Care
) -> list[Word]:
    """Text in a picture, some boxes of which are blank already."""
    picture = _without(picture, blanked)
    return [
        word
        for view in views_of(picture, is_inverse=image.is_inverse)
        for word in _words_in(view, read_with, care)
        if _share_within(word.box, blanked) < _KNOWN
    ]


_KNOWN = 0.75
"""Share of a box that lies in what was blanked, from which it is but the edge of that."""


def _share_within(box: Box, blanked: Sequence[Box]) -> float:
    mask = np.zeros((box.height, box.width), bool)
    for other in blanked:
        here = other.moved(-box.top, -box.left).clipped(box.height, box.width)
        if not here.is_empty:
            mask[here.top : here.bottom, here.left : here.right] = True
    return float(mask.mean())


def _without(picture: Array, blanked: Sequence[Box]) -> Array:
    """A picture with boxes in the colour around them: black ones would be bars, which look like text themselves."""
    if not blanked:
        return picture
    clean = picture.copy()
    for box in blanked:
        ring = box.grown(2).clipped(*picture.shape[:2])
        around = picture[ring.top : ring.bottom, ring.left : ring.right]
        edge = np.concatenate([around[0], around[-1], around[:, 0], around[:, -1]])
        clean[box.top : box.bottom, box.left : box.right] = np.median(edge, axis=0).astype(picture.dtype)
    return clean


_MARGIN = 1 / 3
"""Of its height, by which the box of a text is grown: detectors cut off ascenders and the first and last letter."""


def _grown(box: Box) -> Box:
    return box.grown(max(2, round(min(box.height, box.width) * _MARGIN)))


TILE = 544
"""Pixels: larger pictures are read in pieces of this side, so that small text stays as large as it is."""

OVERLAP = 96
"""Pixels that neighbouring pieces share: text on a border is whole in one of them, or found in parts in both."""


def _words_in(view: Bytes, read_with: Callable[[], Reader], care: Care) -> Iterator[Word]:
    for tile in tiles_of(*view.shape[:2]):
        piece = view[tile.top : tile.bottom, tile.left : tile.right]
        if not has_strokes(piece, step=care.step, share=care.share):
            continue
        coloured = piece if piece.ndim == 3 else np.repeat(piece[..., None], 3, axis=2)
        for word in read_with().words(coloured):
            if is_text(word, piece, care):
                yield word._replace(box=word.box.moved(tile.top, tile.left).clipped(*view.shape[:2]))


def is_text(word: Word, piece: Bytes, care: Care) -> bool:
    """True where what was found is text: a row of organs or of small pictures is taken for a line of letters, too."""
    if word.score < (care.least_score if len(word.text.strip()) >= _MANY else care.least_short):
        return False
    if word.score >= SURE and len(_letters(word)) >= _MANY:
        return True
    height = min(word.box.height, word.box.width)
    is_high = height > max(care.tallest * min(piece.shape[:2]), _ALWAYS_SMALL)
    return not is_high and is_lettered(piece, word.box)


def _letters(word: Word) -> set[str]:
    return {letter for letter in word.text.casefold() if letter.isalnum()}


_MANY = 3
"""Letters from which on a reading is no chance: any bright structure may be taken for one or two, and a row of small
pictures for the same one many times."""

_ALWAYS_SMALL = 28
"""Pixels: in small pictures text may be a large part."""


def tiles_of(rows: int, columns: int) -> Iterator[Box]:
    """Yield the pieces that a picture is read in; one, where it is small."""
    for top, bottom in _pieces(rows):
        for left, right in _pieces(columns):
            yield Box(top, left, bottom, right)


_SMALL = 700
"""Pixels: up to this side a picture is read as one piece."""


def _pieces(size: int) -> list[tuple[int, int]]:
    """Starts and ends of the pieces along one side."""
    if size <= _SMALL:
        return [(0, size)]
    count = -(-(size - OVERLAP) // (TILE - OVERLAP))
    starts = (round(n * (size - TILE) / (count - 1)) for n in range(count))
    return [(start, start + TILE) for start in starts]
