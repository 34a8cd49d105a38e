"""Pictures of images as they are stored: window and size; `adorned` has what may be laid over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.dicom import pixels
from convkit.dicom.display import DisplayFound
from convkit.errors import ConvkitError
from convkit.jobs._pictures.image_file import ImageFile
from convkit.jobs._pictures.look import Look
from convkit.model.display import Voi, VoiFunction, Window
from convkit.model.notes import Note, note
from convkit.model.picture import Picture
from convkit.pictures.voi import grey, image_values
from convkit.pictures.windows import chosen, needs_sample

if TYPE_CHECKING:
    from convkit.model.presentation import PresentationView


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
    is_blank : bool
        True where all values lie outside of the window, on one side.
    """

    picture: Picture
    window: str = ""
    notes: tuple[Note, ...] = ()
    is_laid_over: bool = False
    is_blank: bool = False


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
    base = partial(_base, image, frame, look, measured)
    if look.is_plain:
        made = base(None)
        made = made._replace(picture=look.sized(made.picture))
    else:
        adorned = import_module("convkit.jobs._pictures.adorned").adorned  # much code, which most runs do not need
        made = adorned(image, frame, look, base, segmentations)
    burned_in = (note("pixels.burned-in"),) if image.is_burned_in else ()
    surplus = (note("pixels.surplus"),) if pixels.has_surplus(image.source) else ()
    return made._replace(notes=(*made.notes, *burned_in, *surplus)) if burned_in or surplus else made


def _base(
    image: ImageFile, frame: int, look: Look, measured: Voi | None, state: PresentationView | None
) -> FramePicture:
    """The picture in the size of the image, with nothing upon it."""
    return _colour(image, frame) if image.is_colour else _grey(image, frame, look, measured, state)


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
    picture = Picture(levels, shown.display.aspect)
    return FramePicture(picture, window_text(voi), (*shown.notes, *doubts), is_blank=_is_blank(levels, stored))


def _is_blank(levels: NDArray[Any], stored: NDArray[Any]) -> bool:
    """True where one grey shows many values; nearly always a look at the middle tells that it is not so."""
    first, middle = levels.flat[0], levels[len(levels) // 2]
    if (middle != first).any() or first not in {0, np.iinfo(levels.dtype).max} or (levels != first).any():
        return False
    return bool(stored.min() != stored.max())


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
