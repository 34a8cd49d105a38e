"""One object with pictures: its header, its stored samples, and how each of its frames is meant to be shown."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import Any, NamedTuple

from numpy.typing import NDArray

from convkit.dicom import pixels, samples
from convkit.dicom.attributes import display_table
from convkit.dicom.display import DisplayFound, display_of, has_burned_in, icc_profile_of
from convkit.dicom.frame_rate import frame_ms_of
from convkit.dicom.header import Header, read_header
from convkit.dicom.palette import Palette, palette_of
from convkit.dicom.unfold import unfold
from convkit.errors import InputError, UsageError
from convkit.model.display import Display
from convkit.model.frame import PixelSource
from convkit.model.labels import Plane


class PlainKind(NamedTuple):
    """What plain images share: of one frame, grey and uncompressed.

    Attributes
    ----------
    source : PixelSource
        Of the first such image; path and offset are each image's own.
    shown : DisplayFound
    is_burned_in : bool
        See `ImageFile.is_burned_in`.
    """

    source: PixelSource
    shown: DisplayFound
    is_burned_in: bool


class ImageFile:
    """A file, or a data set in memory, with pictures.

    Parameters
    ----------
    header : Header
        Read with `attributes.display_table`.
    origin : path or pydicom Dataset
        What the header was read from.

    Raises
    ------
    InputError
        The object contradicts itself, or is shorter than it says.
    """

    def __init__(self, header: Header, origin: Any) -> None:
        self.origin = origin
        self.frames = _frames(header)
        self.header = unfold(header)
        self.source: PixelSource = pixels.source_of(self.header, pixels.layout_of(header))
        self.kind: PlainKind | None = None
        pixels.check_complete(self.source, header.size)

    @classmethod
    def open(cls, path: str) -> ImageFile:
        """The object in a file."""
        return cls(read_header(path, display_table()), path)

    @classmethod
    def plain(cls, path: str, kind: PlainKind, offset: int) -> ImageFile:
        """A plain image, whose header was read before; it is read again only for what is asked beyond its kind."""
        image = cls.__new__(cls)
        image.origin, image.frames, image.kind = path, 1, kind
        image.source = kind.source._replace(path=path, offset=offset)
        return image

    @cached_property
    def header(self) -> Header:
        """The header, a row for each frame with it."""
        return unfold(read_header(self.source.path, display_table()))

    @property
    def is_burned_in(self) -> bool:
        """True where the header says that the pixels identify the patient."""
        return self.kind.is_burned_in if self.kind else has_burned_in(self.header)

    @property
    def is_colour(self) -> bool:
        """True where a frame is shown in colours of its own."""
        return self.source.layout.is_colour

    @property
    def icc_profile(self) -> bytes:
        """ICC profile of the colours; empty for grey images and where there is none."""
        return icc_profile_of(self.header) if self.is_colour else b""

    @property
    def frame_ms(self) -> float | None:
        """Milliseconds that a frame is meant to be shown."""
        return frame_ms_of(self.header)

    def check(self, frame: object) -> None:
        """Refuse what is no number of a frame.

        Raises
        ------
        UsageError
        """
        if not isinstance(frame, int) or isinstance(frame, bool) or not 0 <= frame < self.frames:
            raise UsageError(f"There are {self.frames} frames, numbered from 0; this is none of them.", "frame")

    def header_of(self, frame: int) -> Header:
        """The header of one frame.

        Raises
        ------
        UsageError
            There is none of that number.
        """
        self.check(frame)
        return self.header.of_frame(frame)

    def shown(self, frame: int) -> DisplayFound:
        """How a frame is meant to be shown.

        Its rescale is that of the header, over which windows are (PS3.4 N.2): real values are for `valued`.
        """
        if self.kind and frame == 0:
            return self.kind.shown
        return display_of(self.header_of(frame))

    def valued(self, frame: int) -> Display:
        """How a frame is meant to be shown, for its real values."""
        return valued_of(self.header_of(frame))

    def samples(self, frame: int) -> NDArray[Any]:
        """Stored samples of a grey frame, (rows, columns), without bits above Bits Stored."""
        return samples.read_stored(self.source, frame)

    def colours(self, frame: int) -> NDArray[Any]:
        """RGB of a colour frame, (rows, columns, 3) uint8."""
        return samples.read_rgb(self.source, frame, self._palette)

    @cached_property
    def _palette(self) -> Palette | None:
        return palette_of(self.header) if self.source.layout.photometric == "PALETTE COLOR" else None

    def plane(self, frame: int) -> Plane | None:
        """Where the pixels of a frame lie in the patient, None where the header does not tell."""
        header, layout = self.header_of(frame), self.source.layout
        return Plane.of_image(
            header.numbers("ImagePositionPatient"),
            header.numbers("ImageOrientationPatient"),
            header.numbers("PixelSpacing"),
            (layout.rows, layout.columns),
        )


def valued_of(header: Header) -> Display:
    """The display of a frame for its real values: as its vendor means them, or of the real world, as in a volume.

    Raises
    ------
    InputError
        The values are unknown.
    """
    # What knows vendors and facts is much code, which pictures of stored images do not need.
    rescale, facts = import_module("convkit.series.rescale"), import_module("convkit.series.facts")
    display = display_of(header).display
    if rescale.modality_table_of(header) is not None:
        return display
    slope, intercept = rescale.rescale_of(header)
    return display.under(slope, intercept, units=facts.units_of(header))


def _frames(header: Header) -> int:
    """Number of Frames, 1 where it is absent.

    Raises
    ------
    InputError
        It is zero or negative.
    """
    frames = header.integer("NumberOfFrames")
    if frames is not None and frames < 1:
        raise InputError("(0028,0008) NumberOfFrames is below 1.", header.path, "", "header.inconsistent")
    return frames or 1
