"""One image plane: what sorting and loading need to know of it, and nothing else."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from convkit.model.diffusion import Gradient
from convkit.model.notes import Note

Position = tuple[float, float, float]


class PixelLayout(NamedTuple):
    """How the samples of a frame are stored (PS3.3 C.7.6.3).

    Attributes
    ----------
    rows, columns, samples : int
    bits_allocated, bits_stored, high_bit : int
    is_signed : bool
    photometric : str
        Photometric Interpretation.
    is_planar : bool
        Colour by plane instead of by pixel.
    is_float : bool
        Float Pixel Data or Double Float Pixel Data.
    """

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    photometric: str
    is_planar: bool
    is_float: bool = False

    @property
    def is_colour(self) -> bool:
        """True where a pixel has three values after decoding."""
        return self.samples == 3 or self.photometric == "PALETTE COLOR"

    @property
    def bytes_per_frame(self) -> int:
        """Size of one native frame."""
        return self.bytes_of(1)

    def bytes_of(self, frames: int) -> int:
        """Size of some native frames; single bits are packed without a gap between frames (PS3.5 8.1.1)."""
        return (frames * self.rows * self.columns * self.samples * self.bits_allocated + 7) // 8


class Picture(NamedTuple):
    """A stored picture whose tiles are frames.

    Attributes
    ----------
    rows, columns : int
        Of the whole picture.
    across : int
        Tiles in a row of tiles.
    """

    rows: int
    columns: int
    across: int


class HeldPixels(NamedTuple):
    """The value of Pixel Data of a data set in memory.

    Attributes
    ----------
    value : bytes
        As a file would hold it, byte order and fragments and all.
    vr : str
        Value representation: bytes that lie in words (OW) are swapped in big endian.
    """

    value: bytes
    vr: str


class ValuePlace(NamedTuple):
    """Where a long value of a header lies.

    Attributes
    ----------
    offset, length : int
        Position in the file, and bytes.
    held : bytes
        The value itself, where no file has it as it is.
    """

    offset: int
    length: int
    held: bytes = b""


class PixelSource(NamedTuple):
    """Where the pixels of one object lie.

    Attributes
    ----------
    path : str
        Of the file; of a data set in memory a word for messages.
    offset : int or None
        Position of the value of Pixel Data in the file; None where only a full parse can find it (deflated), and for a
        data set in memory.
    length : int
        Length of that value in bytes; -1 where it is undefined (encapsulated).
    transfer_syntax : str
    layout : PixelLayout
        Of one frame.
    frames : int
        How many frames the object holds.
    picture : Picture or None
        Where the frames are tiles of one stored picture.
    held : HeldPixels or None
        Of a data set in memory.
    extended : tuple of ValuePlace
        Extended Offset Table and its lengths (PS3.3 C.7.6.3.1.8), as far as there are any; of compressed pixels alone.
    stamp : (int, int) or None
        Size of the file and time of its last change, nanoseconds, when its header was read.
    """

    path: str
    offset: int | None
    length: int
    transfer_syntax: str
    layout: PixelLayout
    frames: int = 1
    picture: Picture | None = None
    held: HeldPixels | None = None
    extended: tuple[ValuePlace, ...] = ()
    stamp: tuple[int, int] | None = None

    @property
    def stored_layout(self) -> PixelLayout:
        """How one stored picture is laid out, tiles and all."""
        if self.picture is None:
            return self.layout
        return self.layout._replace(rows=self.picture.rows, columns=self.picture.columns)

    @property
    def stored_bytes(self) -> int:
        """Bytes of all native pictures of the object."""
        return self.stored_layout.bytes_of(1 if self.picture else self.frames)


class FrameKind(NamedTuple):
    """What many frames of a series share, so that it is read once and held once.

    Attributes
    ----------
    layout : PixelLayout
    orientation : six floats or None
        Image Orientation (Patient).
    spacing : two floats or None
        Row spacing and column spacing, mm (the order of Pixel Spacing).
    depth_mm : float or None
        Spacing Between Slices, else Slice Thickness. Read only where a slice has no neighbour.
    slope, intercept : float
        Rescale Slope and Rescale Intercept; 1 and 0 where absent.
    traits : tuple
        What may tell volumes apart, in the order of `convkit.series.traits.TRAITS`.
    has_rescale : bool
        Whether the header gives a rescale at all: an image without one among others with one is a defect.
    value_codes : tuple of str
        Codes of notes that are due for the values of this image.
    gradient : Gradient or None
        How the image is diffusion-weighted; None where the header says nothing of it.
    may_have_table : bool
        True where the header has a Modality LUT Sequence, which `convkit.series.modality_table` reads.
    redacted_traits : tuple
        `traits` as they may leave, for labels and reasons; empty where all may.
    """

    layout: PixelLayout
    orientation: tuple[float, ...] | None
    spacing: tuple[float, float] | None
    depth_mm: float | None
    slope: float
    intercept: float
    traits: tuple[Hashable, ...]
    has_rescale: bool = False
    value_codes: tuple[str, ...] = ()
    gradient: Gradient | None = None
    may_have_table: bool = False
    redacted_traits: tuple[Hashable, ...] = ()


class Frame(NamedTuple):
    """One image plane of a series.

    A tuple, because a run has tens of thousands, and nothing is made, or travels between processes, faster.

    Attributes
    ----------
    instance : int
        Index of the instance in its series.
    place : int
        Of the frame in its instance, from 0.
    pixels : PixelSource
        Of the instance.
    sop_instance_uid : str
    instance_number : int or None
    position_lps : three floats or None
        Image Position (Patient): centre of the first pixel, mm.
    position_rounding_mm : float
        Half a unit of the last decimal that the header gives for the position.
    kind : FrameKind
        All that it shares with others.
    moments : tuple
        What may order volumes in time, in the order of `convkit.series.moments.MOMENTS`; None where absent.
    defect : Note or None
        Why the pixels cannot be used although the header can.
    redacted_uid : str or None
        SOP Instance UID as it may leave; None where it may leave as it is.
    """

    instance: int
    place: int
    pixels: PixelSource
    sop_instance_uid: str
    instance_number: int | None
    position_lps: Position | None
    position_rounding_mm: float
    kind: FrameKind
    moments: tuple[float | None, ...]
    defect: Note | None = None
    redacted_uid: str | None = None

    @property
    def source(self) -> str:
        """SOP Instance UID for the record of what a volume was made of."""
        return self.sop_instance_uid if self.redacted_uid is None else self.redacted_uid

    @property
    def number(self) -> float | None:
        """Instance number, and behind its point the place in the instance: frames of one object follow each other."""
        return None if self.instance_number is None else self.instance_number + self.place / self.pixels.frames
