"""The tasks of preview: pieces of work to picture files. They run in worker processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from typing import NamedTuple

from convkit.engine.outcome import Json, Outcome, Status, failure
from convkit.engine.run import attempt
from convkit.errors import ConvkitError
from convkit.jobs._pictures.image_file import ImageFile
from convkit.jobs._pictures.look import Look
from convkit.jobs._pictures.pieces import Piece, Stored, Viewed
from convkit.jobs._pictures.stored import FramePicture, frame_picture, measured_window
from convkit.model.display import Voi
from convkit.model.notes import Note
from convkit.model.picture import Picture
from convkit.storage.files import prefetch
from convkit.writers import PICTURE_WRITERS, PictureOptions, PictureWriter

Made = tuple[Outcome, ...]
"""What became of a piece: at most one outcome for the pictures that there are, and one for each that there is not."""


class _Drawing(NamedTuple):
    """How pieces are drawn and where they go."""

    root: str
    writer: PictureWriter
    look: Look
    options: PictureOptions


def make_pieces(pieces: Sequence[Piece], *, output: str, to: str, look: Look) -> tuple[Made, ...]:
    """Task: make the pictures of some pieces."""
    stored = [one for piece in pieces if not isinstance(piece.source, Viewed) for one in piece.source]
    prefetch([one.path for one in stored], is_whole=True)
    drawing = _Drawing(output, PICTURE_WRITERS[to], look, PictureOptions(look.quality))
    return tuple(attempt(partial(_made, drawing=drawing), piece, _failed) for piece in pieces)


def failed_pieces(pieces: Sequence[Piece], error: Exception) -> tuple[Made, ...]:
    """What pieces become whose task failed as a whole."""
    return tuple(_failed(piece, error) for piece in pieces)


def _failed(piece: Piece, error: Exception) -> Made:
    return (failure(piece.item, error),)


def _made(piece: Piece, *, drawing: _Drawing) -> Made:
    if drawing.writer.is_animated:
        return (_animation(piece, drawing),)
    done = _Done()
    for name, drawn in zip(piece.names, _drawn(piece, drawing.look), strict=False):
        if isinstance(drawn, ConvkitError):
            done.bad.setdefault(drawn.code + drawn.what, failure(piece.item, drawn))
        else:
            drawing.writer.write((drawn.picture,), f"{drawing.root}/{name}", drawing.options)
            done.add(name, drawn)
    return done.outcomes(piece)


class _Done:
    """Pictures of a piece that were written, and what to say of them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.notes: dict[Note, None] = {}
        self.window = ""
        self.is_laid_over = False
        self.is_blank = True
        self.bad: dict[str, Outcome] = {}  # one a reason, however many frames it costs

    def add(self, name: str, drawn: FramePicture) -> None:
        self.names.append(name)
        self.notes |= dict.fromkeys(drawn.notes)
        self.window = self.window or drawn.window
        self.is_laid_over |= drawn.is_laid_over
        self.is_blank &= drawn.is_blank

    @property
    def facts(self) -> dict[str, Json]:
        """What the report sums up."""
        return {"window": self.window, "is_laid_over": self.is_laid_over, "is_blank": self.is_blank}

    def outcomes(self, piece: Piece) -> Made:
        facts = self.facts
        good = (Outcome(piece.item, Status.DONE, tuple(self.names), tuple(self.notes), facts),) if self.names else ()
        return (*good, *self.bad.values())


def _animation(piece: Piece, drawing: _Drawing) -> Outcome:
    """One moving picture; a frame that cannot be made ends it, because nobody would see that it is missing."""
    done = _Done()

    def pictures() -> Iterator[Picture]:
        for drawn in _drawn(piece, drawing.look):
            if isinstance(drawn, ConvkitError):
                raise drawn
            done.add(piece.names[0], drawn)
            yield drawn.picture

    options = PictureOptions(drawing.look.quality, _frame_ms(piece))
    drawing.writer.write(pictures(), f"{drawing.root}/{piece.names[0]}", options)
    return Outcome(piece.item, Status.DONE, piece.names, tuple(done.notes), done.facts)


DEFAULT_FRAME_MS = 100.0
"""Ten frames a second: the pace at which people scroll through slices."""


def _frame_ms(piece: Piece) -> float:
    if isinstance(piece.source, Viewed):
        return DEFAULT_FRAME_MS
    return piece.source[0].opened().frame_ms or DEFAULT_FRAME_MS


def _drawn(piece: Piece, look: Look) -> Iterator[FramePicture | ConvkitError]:
    """Yield the pictures of a piece in order, or why one cannot be made."""
    if isinstance(piece.source, Viewed):
        viewed = import_module("convkit.jobs._pictures.viewed")  # loads volumes: much code, not for stored images
        yield from viewed.viewed_pictures(piece.source, look, piece.segmentations)
        return
    for stored in piece.source:
        yield from _of_file(stored, piece, look)


def _of_file(stored: Stored, piece: Piece, look: Look) -> Iterator[FramePicture | ConvkitError]:
    try:
        image = stored.opened()
    except ConvkitError as err:
        yield from (err for _ in stored.frames)
        return
    for frame in stored.frames:
        try:
            yield frame_picture(image, frame, look, measured=piece.window, segmentations=piece.segmentations)
        except ConvkitError as err:
            yield err


def measure_window(sample: Sequence[Stored], *, look: Look) -> Voi | None:
    """Task: the window of a series by some of its frames; None where the images tell it themselves."""
    images = ((image, frame) for stored in sample for image, frame in _opened(stored))
    return measured_window(images, look)


def _opened(stored: Stored) -> Iterator[tuple[ImageFile, int]]:
    """Yield a file and its frames; one that cannot be opened is no part of a sample."""
    try:
        image = stored.opened()
    except ConvkitError:
        return
    yield from ((image, frame) for frame in stored.frames)


def failed_window(_sample: Sequence[Stored], _error: Exception) -> Voi | None:
    """What a window becomes whose sample cannot be read: that of each image."""
    return None
