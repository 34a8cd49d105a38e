"""Which codecs open which transfer syntax, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from numpy.typing import NDArray

from convkit.dicom import syntaxes
from convkit.dicom.codecs import jpeg, jpeg2000, jpeg_ls, signs
from convkit.dicom.codecs.task import Stream, Task
from convkit.model.frame import PixelLayout


class Plugin(NamedTuple):
    """One way to open a stream.

    Attributes
    ----------
    name : str
        For messages.
    function : str
        ``module:name`` of a function of (bytes, Task) that returns a Decoded, or raises.
    is_isolated : bool
        True for what is no Python: it runs in the codec process, because a bad stream may crash or hang it, or make
        it print (Rust does where it panics).
    """

    name: str
    function: str
    is_isolated: bool = True


class Scheme(NamedTuple):
    """How the streams of a transfer syntax are opened.

    Attributes
    ----------
    inspect : callable or None
        What reads the header of a stream; None where there is none.
    plugins : tuple of Plugin
    sign : callable
        How the bits of decoded samples are read: a function of `convkit.dicom.codecs.signs`.
    """

    inspect: Callable[[bytes], Stream] | None
    plugins: tuple[Plugin, ...]
    sign: Callable[[NDArray[Any], Task, PixelLayout], NDArray[Any]] = signs.as_stored


_HERE = "convkit.dicom.codecs."

_GDCM = Plugin("GDCM", _HERE + "jpeg:gdcm")
_PILLOW = Plugin("Pillow", _HERE + "jpeg:pillow")

_JPEG = Scheme(jpeg.inspect, (_GDCM, _PILLOW), signs.of_jpeg)
"""GDCM goes first although it is slower: it tells when libjpeg patches up a damaged picture, and Pillow does not."""

_JPEG_LS = Scheme(
    jpeg_ls.inspect,
    (Plugin("CharLS", _HERE + "jpeg_ls:charls"), Plugin("GDCM", _HERE + "jpeg_ls:gdcm")),
    signs.of_jpeg_ls,
)
_JPEG_2000 = Scheme(
    jpeg2000.inspect,
    (Plugin("OpenJPEG", _HERE + "jpeg2000:openjpeg"), Plugin("GDCM", _HERE + "jpeg2000:gdcm")),
    signs.of_jpeg_2000,
)
_RLE = Scheme(
    None,
    (Plugin("pylibjpeg-rle", _HERE + "rle:pylibjpeg"), Plugin("Python", _HERE + "rle:python", is_isolated=False)),
)
_UNCOMPRESSED = Scheme(None, (Plugin("NumPy", _HERE + "native:bare", is_isolated=False),))
_DEFLATED = Scheme(None, (Plugin("zlib", _HERE + "native:inflate", is_isolated=False),))

SCHEMES: dict[str, Scheme] = {
    **dict.fromkeys(syntaxes.JPEG, _JPEG),
    **dict.fromkeys(syntaxes.JPEG_LS, _JPEG_LS),
    **dict.fromkeys(syntaxes.JPEG_2000, _JPEG_2000),
    syntaxes.RLE: _RLE,
    syntaxes.ENCAPSULATED_UNCOMPRESSED: _UNCOMPRESSED,
    syntaxes.DEFLATED_FRAMES: _DEFLATED,
}
"""Transfer Syntax UID to its scheme; its keys are `convkit.dicom.syntaxes.CODECS`."""
