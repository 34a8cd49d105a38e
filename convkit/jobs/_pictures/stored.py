"""Pictures of images as they are stored: window, overlays, contours, presentation state, size, in this order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.dicom import samples
from convkit.dicom.display import DisplayFound
from convkit.dicom.header import Header
from convkit.errors import ConvkitError
from convkit.jobs._pictures.image_file import ImageFile
from convkit.jobs._pictures.laid_over import Laid, laid_over, state_of
from convkit.jobs._pictures.look import Look
from convkit.model import geometry
from convkit.model.display import Voi, VoiFunction, Window
from convkit.model.notes import Note, note
from convkit.model.picture import Picture
from convkit.model.presentation import PresentationView
from convkit.pictures import annotate
from convkit.pictures.planes import EdgeLetters, letters_to
from convkit.pictures.presentation import presented
from convkit.pictures.voi import grey, image_values
from convkit.pictures.windows import chosen, needs_sample


class FramePicture(NamedTuple):
    """A picture of one frame.

    Attributes
    ----------
    picture : Picture
    window : str
        In words; empty for a colour image.
    notes : tuple of Note
    is_laid_over : bool
        True where a label of a segmentation or label image is seen on it.
    """

    picture: Picture
    window: str = ""
    notes: tuple[Note, ...] = ()
    is_laid_over: bool = False


def frame_picture(
    image: ImageFile, frame: int, look: Look, *, measured: Voi | None = None, segmentations: Sequence[str] = ()
) -> FramePicture:
    """The picture of one frame.

    Parameters
    ----------
    image : ImageFile
    frame : int
        From 0.
    look : Look
    measured : Voi or None
        The window that was measured on the whole series.
    segmentations : paths
        To lay over.

    Raises
    ------
    InputError
        The frame cannot be read, or its values are unknown.
    """
    image.check(frame)
    state = _state(image, frame, look)
    base = _colour(image, frame) if image.is_colour else _grey(image, frame, look, measured, state)
    laid = laid_over(image, frame, is_overlay=look.overlay, label_images=look.labels, segmentations=segmentations)
    picture = _drawn(base.picture, laid, look, state)
    if state is None and (look.letters or look.scale_bar):
        picture = _annotated(picture, base.picture, image.header_of(frame), look)
    burned_in = (note("pixels.burned-in"),) if image.is_burned_in else ()
    surplus = (note("pixels.surplus"),) if samples.has_surplus(image.source) else ()
    notes = (*base.notes, *laid.notes, *burned_in, *surplus, *_texts(state))
    return FramePicture(picture, base.window, notes, laid.is_seen)


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


# --- grey levels and colours -----------------------------------------------------------------------------


def _colour(image: ImageFile, frame: int) -> FramePicture:
    aspect = image.shown(frame).display.aspect
    return FramePicture(Picture(image.colours(frame), aspect, image.icc_profile))


def _grey(
    image: ImageFile, frame: int, look: Look, measured: Voi | None, state: PresentationView | None
) -> FramePicture:
    stored = image.samples(frame)
    shown = _with_state(image.shown(frame), state)
    voi, doubts = _voi(shown, look, measured, lambda: (image_values(stored, shown.display),))
    levels = grey(stored, shown.display, voi, bits=look.bits)
    return FramePicture(Picture(levels, shown.display.aspect), window_text(voi), (*shown.notes, *doubts))


def _voi(
    shown: DisplayFound, look: Look, measured: Voi | None, sample: Callable[[], Iterable[NDArray[Any]]]
) -> tuple[Voi, tuple[Note, ...]]:
    if measured is not None and needs_sample(look.window, shown.display):
        return measured, ()
    return chosen(look.window, shown.display, sample)


def measured_window(images: Iterable[tuple[ImageFile, int]], look: Look) -> Voi | None:
    """The window of a series by a sample of its frames; None where the images tell it themselves."""
    pairs = list(images)
    if not pairs or pairs[0][0].is_colour:
        return None
    display = pairs[0][0].shown(pairs[0][1]).display
    if not needs_sample(look.window, display):
        return None
    return chosen(look.window, display, lambda: _readable(pairs))[0]


def _readable(pairs: Iterable[tuple[ImageFile, int]]) -> Iterator[NDArray[Any]]:
    """Yield real values of frames, each by its own rescale, padding left out; one that is broken is no part of them."""
    for image, frame in pairs:
        with suppress(ConvkitError):
            yield image_values(image.samples(frame), image.shown(frame).display)


def _with_state(shown: DisplayFound, state: PresentationView | None) -> DisplayFound:
    return shown if state is None else shown._replace(display=state.over(shown.display))


def window_text(voi: Voi) -> str:
    """A window in words, such as ``40/400``."""
    if not isinstance(voi, Window):
        return "VOI LUT"
    function = "" if voi.function is not VoiFunction.SIGMOID else "/sigmoid"
    return f"{voi.center:.6g}/{voi.width:.6g}{function}"


# --- what there is to say --------------------------------------------------------------------------------


def _letters(header: Header) -> EdgeLetters:
    """What lies beyond the edges of a stored image, by its orientation, else by Patient Orientation."""
    cosines = header.numbers("ImageOrientationPatient")
    if geometry.is_orientation(cosines):
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


def _texts(state: PresentationView | None) -> tuple[Note, ...]:
    return (note("preview.annotation-text"),) if state is not None and state.has_text else ()
