"""What goes to a codec and comes back: plain values only, because they travel to another process.

Nothing here or in what runs in that process imports numpy, unless the codec itself does: it has to start quickly.
"""

from __future__ import annotations

from typing import NamedTuple


class Stream(NamedTuple):
    """What the header of a code stream says of its picture.

    Attributes
    ----------
    rows, columns, samples : int
    precision : int
        Bits of a sample.
    is_signed : bool
        As the stream says; only JPEG 2000 does.
    syntax : str
        Transfer Syntax UID that fits the stream, which that of a mislabelled file does not.
    photometric : str
        What the stream says of its colours where that goes above the header; else empty.
    """

    rows: int
    columns: int
    samples: int
    precision: int
    is_signed: bool
    syntax: str
    photometric: str = ""


class Task(NamedTuple):
    """What a codec must know beside the stream.

    Attributes
    ----------
    rows, columns, samples : int
        Of the stream and of the header: they have been found equal.
    bits_allocated : int
        Of the header.
    precision : int
        Bits of a sample in the stream.
    is_signed : bool
        As the stream says, for codecs that ask.
    is_planar : bool
        Whether colours lie by plane where the stream itself has no order (native samples).
    photometric : str
        Photometric Interpretation of the header.
    syntax : str
        Transfer Syntax UID that fits the stream.
    """

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    precision: int
    is_signed: bool
    is_planar: bool
    photometric: str
    syntax: str

    @property
    def size(self) -> int:
        """Samples of the frame."""
        return self.rows * self.columns * self.samples


class Decoded(NamedTuple):
    """Samples as a codec gives them.

    Attributes
    ----------
    buffer : bytes-like
        Unsigned integers, or the bits of signed ones, in the byte order of this computer.
    sample_bytes : int
        Bytes of a sample: 1, 2, 4 or 8.
    is_planar : bool
        Colour by plane instead of by pixel.
    """

    buffer: bytes | bytearray | memoryview
    sample_bytes: int
    is_planar: bool = False


class StreamError(ValueError):
    """The data are no stream of the kind that they should be; the text says why, without values."""


class CorruptError(Exception):
    """The stream is damaged, and this codec knows: no other may make the best of it."""


def container(precision: int) -> int:
    """Bytes that hold a sample of this many bits."""
    return 1 if precision <= 8 else 2 if precision <= 16 else 4
