"""What may be upon the picture of a stored image: overlays, contours, a presentation state, letters, a scale bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from convkit.dicom.header import Header
from convkit.jobs._pictures.image_file import ImageFile
from convkit.jobs._pictures.laid_over import Laid, laid_over, state_of
from convkit.jobs._pictures.look import Look
from convkit.jobs._pictures.stored import FramePicture
from convkit.model.directions import is_orientation
from convkit.model.notes import Note, note
from convkit.model.picture import Picture
from convkit.model.presentation import PresentationView
from convkit.pictures import annotate
from convkit.pictures.planes import EdgeLetters, letters_to
from convkit.pictures.presentation import presented


def adorned(
    image: ImageFile,
    frame: int,
    look: Look,
    base: Callable[[PresentationView | None], FramePicture],
    segmentations: Sequence[str],
) -> FramePicture:
    """The picture of a frame with all that was asked for, in this order: overlays, contours, presentation state, size.

    Parameters
    ----------
    image : ImageFile
    frame : int
        From 0.
    look : Look
    base : callable
        Makes the picture with nothing upon it, its grey levels as a state has them.
    segmentations : paths
        To lay over.

    Raises
    ------
    InputError
        The frame cannot be read, or its values are unknown.
    """
    state = _state(image, frame, look)
    bare = base(state)
    laid = laid_over(image, frame, is_overlay=look.overlay, label_images=look.labels, segmentations=segmentations)
    picture = _drawn(bare.picture, laid, look, state)
    if state is None and look.has_marks:
        picture = _annotated(picture, bare.picture, image.header_of(frame), look)
    return bare._replace(picture=picture, notes=(*bare.notes, *laid.notes, *_said(state)), is_laid_over=laid.is_seen)


def _state(image: ImageFile, frame: int, look: Look) -> PresentationView | None:
    if not look.presentation:
        return None
    return state_of(look.presentation, image.header.sop_instance_uid, frame)


def _drawn(picture: Picture, laid: Laid, look: Look, state: PresentationView | None) -> Picture:
    """The picture with what is laid over it, in its final size."""
    if state is not None:
        # What a state draws and turns is counted in stored pixels, so everything else must be there before.
        return look.sized(presented(laid.on(picture), state))
    return laid.on(look.sized(picture))


def _annotated(picture: Picture, stored: Picture, header: Header, look: Look) -> Picture:
    """The picture with letters and a scale bar, whose length the size of the stored one tells."""
    if look.letters:
        picture = annotate.with_letters(picture, _letters(header))
    spacing = header.numbers("PixelSpacing")
    if look.scale_bar and len(spacing) == 2 and spacing[1] > 0:
        mm = spacing[1] * stored.pixels.shape[1] / picture.pixels.shape[1]
        picture = annotate.with_scale_bar(picture, mm)
    return picture


def _letters(header: Header) -> EdgeLetters:
    """What lies beyond the edges of a stored image, by its orientation, else by Patient Orientation."""
    cosines = header.numbers("ImageOrientationPatient")
    if is_orientation(cosines):
        right, down = np.asarray(cosines[:3]), np.asarray(cosines[3:])
        return EdgeLetters(letters_to(-right), letters_to(right), letters_to(-down), letters_to(down))
    words = header.texts("PatientOrientation")  # PS3.3 C.7.6.1.1.1: of the rows, then of the columns
    if len(words) != 2 or not all(word and set(word) <= set(_OPPOSITE) for word in words):
        return EdgeLetters()
    row, column = words
    return EdgeLetters(_opposite(row), row, _opposite(column), column)


_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}


def _opposite(letters: str) -> str:
    return "".join(_OPPOSITE[letter] for letter in letters)


def _said(state: PresentationView | None) -> tuple[Note, ...]:
    """What there is to say of a state."""
    if state is None:
        return ()
    return (note("preview.presented"), *state.notes, *([note("preview.annotation-text")] if state.has_text else []))
