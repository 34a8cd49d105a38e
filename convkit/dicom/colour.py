"""Colour samples to RGB bytes: what each Photometric Interpretation means (PS3.3 C.7.6.3.1.2).

`convkit.dicom.samples` gives samples as they are stored; here they become what a screen shows.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.dicom.palette import Palette
from convkit.errors import UnsupportedError

PALETTE = "PALETTE COLOR"
FULL = frozenset({"YBR_FULL", "YBR_FULL_422"})
PARTIAL = frozenset({"YBR_PARTIAL_422", "YBR_PARTIAL_420"})
_RED_GREEN_BLUE = frozenset({"RGB", "YBR_ICT", "YBR_RCT", "MONOCHROME1", "MONOCHROME2"})
"""YBR_ICT and YBR_RCT name what JPEG 2000 did to RGB, and undid when it was decoded (PS3.5 8.2.4). Three samples that
are called monochrome are more often colours with a wrong name."""

Bytes = NDArray[np.uint8]


def rgb(
    stored: NDArray[Any], photometric: str, *, bits_stored: int, palette: Palette | None = None, where: str = ""
) -> Bytes:
    """The colours of a frame.

    Parameters
    ----------
    stored : (rows, columns) or (rows, columns, 3) integers
        Stored samples, colour by pixel, nothing in them above Bits Stored.
    photometric : str
        Photometric Interpretation of the samples, after decoding.
    bits_stored : int
        Samples of more than 8 bits are reduced to their upper 8.
    palette : Palette or None
        Needed for ``PALETTE COLOR`` alone.
    where : str
        For the message.

    Returns
    -------
    (rows, columns, 3) uint8
        RGB; the input itself where it is that already.

    Raises
    ------
    UnsupportedError
        The colours are of a retired kind (HSV, ARGB, CMYK), or unknown.
    """
    if photometric == PALETTE and palette is not None:
        return palette.applied_to(stored)
    if stored.ndim != 3 or stored.shape[2] != 3:
        raise _unsupported(where)
    samples = eight_bits(stored, bits_stored)
    if photometric in _RED_GREEN_BLUE:
        return samples
    if photometric in FULL:
        return _from_full_range(samples)
    if photometric in PARTIAL:
        return _from_studio_range(samples)
    raise _unsupported(where)


def _unsupported(where: str) -> UnsupportedError:
    return UnsupportedError(
        "(0028,0004) PhotometricInterpretation is not one that can be shown in colour.", where, "", "pixels.colour"
    )


def eight_bits(samples: NDArray[Any], bits_stored: int) -> Bytes:
    """Samples reduced to bytes by their most significant bits."""
    if samples.dtype == np.uint8:
        return samples
    unsigned: NDArray[np.unsignedinteger] = samples.view(f"u{samples.dtype.itemsize}")
    return (unsigned >> max(bits_stored - 8, 0)).astype(np.uint8)


def _from_full_range(samples: Bytes) -> Bytes:
    """RGB of YBR_FULL, rounded half up and clipped."""
    red, green, blue = _full_range_terms()
    return _summed(samples[..., 0].astype(np.int16), samples, red, green, blue)


def _from_studio_range(samples: Bytes) -> Bytes:
    """RGB of YBR_PARTIAL: luminance from 16 to 235, chrominance from 16 to 240 (ITU-R BT.601)."""
    luminance, red, green, blue = _studio_range_terms()
    # All terms are in 64ths, so that rounding happens once.
    scaled = _sums(luminance[samples[..., 0]], samples, red, green, blue)
    rounded: NDArray[np.int16] = np.clip((scaled + 32) >> 6, 0, 255)
    return rounded.astype(np.uint8)


def _summed(
    luminance: NDArray[np.int16], samples: Bytes, red: NDArray[Any], green: NDArray[Any], blue: NDArray[Any]
) -> Bytes:
    return np.clip(_sums(luminance, samples, red, green, blue), 0, 255).astype(np.uint8)


def _sums(
    luminance: NDArray[np.int16], samples: Bytes, red: NDArray[Any], green: NDArray[Any], blue: NDArray[Any]
) -> NDArray[np.int16]:
    """Luminance with what the two chrominances add to each colour."""
    in_blue, in_red = samples[..., 1], samples[..., 2]
    sums = np.empty(samples.shape, np.int16)
    np.add(luminance, red.take(in_red), out=sums[..., 0])
    np.add(luminance, green.take(in_blue.astype(np.intp) << 8 | in_red), out=sums[..., 1])
    np.add(luminance, blue.take(in_blue), out=sums[..., 2])
    return sums


@cache
def _full_range_terms() -> tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int16]]:
    """What chrominance adds: to red by CR, to green by CB * 256 + CR, to blue by CB.

    PS3.3 C.7.6.3.1.2 gives Y = 0.2990 R + 0.5870 G + 0.1140 B, and CB and CR as the differences B - Y and R - Y over
    1.772 and 1.402. The inverse is exact in these integers: R = Y + 1.402 CR, B = Y + 1.772 CB, and G has what is left.
    """
    difference = np.arange(256) - 128
    red = (1402 * difference + 500) // 1000
    blue = (1772 * difference + 500) // 1000
    green = -(114 * 1772 * difference[:, None] + 299 * 1402 * difference[None, :])
    return red.astype(np.int16), ((2 * green + 587_000) // 1_174_000).astype(np.int16).ravel(), blue.astype(np.int16)


@cache
def _studio_range_terms() -> tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int16], NDArray[np.int16]]:
    """The same in 64ths for ITU-R BT.601 levels: luminance over 219, chrominance over 224."""
    difference = np.arange(256) - 128.0
    luminance = 64 * (np.arange(256) - 16) * 255 / 219
    chrominance = 64 * difference * 255 / 224
    green = -(0.114 * 1.772 * chrominance[:, None] + 0.299 * 1.402 * chrominance[None, :]) / 0.587
    terms = luminance, 1.402 * chrominance, green.ravel(), 1.772 * chrominance
    first, second, third, fourth = (np.rint(term).astype(np.int16) for term in terms)
    return first, second, third, fourth
