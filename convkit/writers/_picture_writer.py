"""What a writer of picture files is, what all of them refuse, and the options they share."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO

from convkit.errors import OutputError, UsageError
from convkit.writers._atomic import written_aside

if TYPE_CHECKING:
    from pathlib import Path

    from convkit.model.picture import Picture


class Frames(StrEnum):
    """How many pictures one file holds."""

    ONE = "one"
    MANY = "many"  # one after the other, as a moving picture; one alone is allowed
    BOTH = "both"  # one as a still picture, several as a moving one


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """How pictures are written.

    Attributes
    ----------
    quality : int
        1 to 100, for the formats that lose something.
    frame_ms : float
        How long each picture of a moving one is shown.

    Raises
    ------
    UsageError
        A number is out of its range.
    """

    quality: int = 90
    frame_ms: float = 100.0

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise UsageError(f"The quality is {self.quality}; it must be 1 to 100.", "--quality")
        if not 0 < self.frame_ms < float("inf"):
            raise UsageError(f"A frame cannot last {self.frame_ms} ms.", "", "Give a positive number.")


Encode = Callable[[BinaryIO, Iterator["Picture"], PictureOptions], None]
"""Writes pictures to an open, seekable file; takes them one by one and at least one."""


def _nothing_needed() -> None:
    """For formats that are always there."""


@dataclass(frozen=True, slots=True)
class PictureWriter:
    """One format of picture files.

    Attributes
    ----------
    name : str
        Value of ``--to``.
    suffix : str
        File name ending with its dot.
    frames : Frames
    depths : tuple of int
        Bits a grey sample that the format holds; colours have 8.
    longest_side : int
        Most rows or columns.
    encode_to : callable
        Writes the pictures to an open file.
    require : callable
        Raises MissingExtraError where a library lacks what the format needs.
    """

    name: str
    suffix: str
    frames: Frames
    depths: tuple[int, ...]
    longest_side: int
    encode_to: Encode
    require: Callable[[], None] = _nothing_needed

    @property
    def is_animated(self) -> bool:
        """True where all pictures of a series belong into one file."""
        return self.frames is Frames.MANY

    def encode(self, pictures: Iterable[Picture], options: PictureOptions) -> bytes:
        """The content of the file; errors are those of `write`."""
        file = io.BytesIO()
        self._encode_checked(file, pictures, options)
        return file.getvalue()

    def write(self, pictures: Iterable[Picture], path: str | Path, options: PictureOptions) -> None:
        """Write the file, whole or not at all.

        Parameters
        ----------
        pictures : iterable of Picture
            Taken one by one; what is held of the earlier ones is compressed.
        path : str or Path
            Missing folders are created; a file that is there is replaced.
        options : PictureOptions

        Raises
        ------
        UsageError
            The format has no grey of so many bits.
        OutputError
            The file cannot be written; there is no picture, or more than the format holds; they differ in size, or
            are larger than the format allows.
        MissingExtraError
            See `require`.
        """
        with written_aside(path) as file:
            self._encode_checked(file, pictures, options)

    def _encode_checked(self, file: BinaryIO, pictures: Iterable[Picture], options: PictureOptions) -> None:
        self.require()
        checked = self._checked(pictures)
        self.encode_to(file, checked, options)
        next(checked, None)  # a format of one picture has not asked for a second: here it is refused

    def _checked(self, pictures: Iterable[Picture]) -> Iterator[Picture]:
        shape: tuple[int, ...] = ()
        for picture in pictures:
            if shape and self.frames is Frames.ONE:
                hint = "Write one file a picture, or choose apng, webp or gif."
                raise OutputError(f"A {self.name} file holds one picture.", "", hint)
            self._check(picture, shape)
            shape = picture.pixels.shape[:2]
            yield picture
        if not shape:
            raise OutputError("There is no picture to write.")

    def _check(self, picture: Picture, shape_before: tuple[int, ...]) -> None:
        shape, bits = picture.pixels.shape[:2], picture.pixels.dtype.itemsize * 8
        size = " x ".join(map(str, shape))
        if bits not in self.depths:
            raise UsageError(f"{self.name} has no {bits}-bit grey.", "--bits", "Choose --to png, or --bits 8.")
        if shape_before and shape != shape_before:
            before = " x ".join(map(str, shape_before))
            hint = "Choose a format of one picture a file, such as png."
            raise OutputError(f"The pictures differ in size: {before} and {size}.", "", hint, "output.mixed-sizes")
        if min(shape) == 0:
            raise OutputError(f"A picture of {size} pixels cannot be written.")
        if max(shape) > self.longest_side:
            hint = f"Choose a smaller --size{'' if self.name == 'png' else ', or --to png'}."
            what = f"A picture of {size} pixels is too large for {self.name}, which holds {self.longest_side} a side."
            raise OutputError(what, "", hint, "output.too-large")


def profile_of(picture: Picture) -> bytes:
    """The ICC profile, where it describes samples of the picture's kind; else empty.

    A profile of RGB colours in a file of grey levels is an error in PNG, and readers are free to fail on it.
    """
    space = b"RGB " if picture.is_colour else b"GRAY"
    return picture.icc_profile if picture.icc_profile[16:20] == space else b""  # ICC.1 7.2.6: data colour space
