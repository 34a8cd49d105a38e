"""What all pictures of a run share: window, size, what is laid over them. Checked once, sent to the workers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import import_module
from os import fspath

from convkit.errors import UsageError
from convkit.jobs._pictures.choices import View
from convkit.jobs._sources import Source, flat
from convkit.model.picture import Picture
from convkit.pictures import resize
from convkit.pictures.windows import Auto, Fixed, WindowChoice, parse_window
from convkit.writers import PictureWriter

MOST_PIXELS_A_SIDE = 65535
"""Longest side that all formats can hold but webp (16383), which says so itself."""


LEAST_WITH_MARKS = 384
"""Pixels of the longer side to which a smaller picture is enlarged for letters and a scale bar, unless a size was
asked for: on less they cover what they mark."""


@dataclass(frozen=True, slots=True)
class Look:
    """How pictures look.

    Attributes
    ----------
    window : WindowChoice
    view : View
    size : int or None
        Pixels of the longer side.
    bits : int
        8 or 16.
    is_square : bool
        Stretch pixels that are not square.
    overlay : bool
    labels, presentation : tuple of str
        Paths of label images and of presentation states.
    letters, scale_bar : bool
    quality : int
    """

    window: WindowChoice = Auto()  # noqa: RUF009 (frozen)
    view: View = View.NATIVE
    size: int | None = None
    bits: int = 8
    is_square: bool = True
    overlay: bool = False
    labels: tuple[str, ...] = ()
    presentation: tuple[str, ...] = ()
    letters: bool = False
    scale_bar: bool = False
    quality: int = 90

    @property
    def may_measure(self) -> bool:
        """True where a window may have to be measured on the pixels."""
        return not isinstance(self.window, Fixed)

    @property
    def is_plain(self) -> bool:
        """True where nothing is laid over pictures or written upon them."""
        return not (self.overlay or self.labels or self.presentation or self.has_marks)

    def sized(self, picture: Picture) -> Picture:
        """The picture with square pixels, unless they were not asked for, and in the size that was."""
        if picture.aspect == 1.0 and self.size is None and not self.has_marks:
            return picture
        if not self.is_square:
            picture = replace(picture, aspect=1.0)
        if self.size is not None:
            return resize.fitted(picture, self.size)
        small = self.has_marks and max(picture.pixels.shape[:2]) < LEAST_WITH_MARKS
        return resize.fitted(picture, LEAST_WITH_MARKS) if small else resize.square(picture)

    @property
    def has_marks(self) -> bool:
        """True where letters or a bar are written upon pictures."""
        return self.letters or self.scale_bar


def checked_look(  # noqa: PLR0913 (one parameter an option)
    *,
    window: str,
    view: View = View.NATIVE,
    size: int | None = None,
    bits: int = 8,
    is_square: bool = True,
    overlay: bool = False,
    labels: Source | Iterable[Source] = (),
    presentation: Source | Iterable[Source] = (),
    letters: bool = False,
    scale_bar: bool = False,
    quality: int = 90,
    writer: PictureWriter | None = None,
) -> Look:
    """The options of a look, checked; label images and presentation states are opened once to see that they can be.

    Raises
    ------
    UsageError
        An option is out of its range, or the format cannot do it.
    InputError
        A label image or a presentation state cannot be read.
    """
    if not isinstance(window, str):
        raise UsageError("The window is no text.", "--window", "Give a text such as auto, lung or 40/400.")
    if size is not None and (not _is_whole(size) or not 1 <= size <= MOST_PIXELS_A_SIDE):
        raise UsageError(f"The size is {size}; it must be 1 to {MOST_PIXELS_A_SIDE} pixels.", "--size")
    if not _is_whole(quality) or not 1 <= quality <= 100:
        raise UsageError(f"The quality is {quality}; it must be 1 to 100.", "--quality")
    depths = (8, 16) if writer is None else writer.depths
    if bits not in {8, 16}:
        raise UsageError(f"The number of bits is {bits}; it must be 8 or 16.", "--bits")
    if bits not in depths and writer is not None:
        raise UsageError(f"{writer.name} has no {bits}-bit grey.", "--bits", "Choose --to png, or --bits 8.")
    label_paths = tuple(fspath(path) for path in flat([labels]))
    state_paths = tuple(fspath(path) for path in flat([presentation]))
    if view is not View.NATIVE and state_paths:
        hint = "Presentation states describe stored images: use --view native."
        raise UsageError("A presentation state cannot be applied to a view of a volume.", "--presentation", hint)
    if label_paths or state_paths:
        import_module("convkit.jobs._pictures.laid_over").check(label_paths, state_paths)
    choice = parse_window(window)
    return Look(choice, view, size, bits, is_square, overlay, label_paths, state_paths, letters, scale_bar, quality)


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
