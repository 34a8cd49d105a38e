"""Colours: each Photometric Interpretation gives the RGB that the standard's equations do (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom.pixels.processing import convert_color_space

from convkit.dicom.colour import rgb
from convkit.dicom.palette import Palette
from convkit.errors import UnsupportedError

BYTE = st.integers(0, 255)


def one(*samples: int, photometric: str = "YBR_FULL", bits: int = 8) -> list[int]:
    dtype = np.uint8 if bits <= 8 else np.uint16
    pixel = np.array(samples, dtype).reshape(1, 1, 3)
    return rgb(pixel, photometric, bits_stored=bits)[0, 0].tolist()


def rounded(exact: Fraction) -> int:
    return min(max((2 * exact + 1) // 2, 0), 255)


def every_pair() -> NDArray[np.uint8]:
    """(256, 256, 3): all CB and CR at one luminance."""
    pairs = np.full((256, 256, 3), 100, np.uint8)
    pairs[..., 1], pairs[..., 2] = np.arange(256)[:, None], np.arange(256)
    return pairs


@given(BYTE, BYTE, BYTE)
def test_full_range_is_the_exact_inverse_rounded(luminance: int, in_blue: int, in_red: int) -> None:
    blue = luminance + Fraction("1.772") * (in_blue - 128)
    red = luminance + Fraction("1.402") * (in_red - 128)
    green = (luminance - Fraction("0.299") * red - Fraction("0.114") * blue) / Fraction("0.587")
    assert one(luminance, in_blue, in_red) == [rounded(red), rounded(green), rounded(blue)]


def test_full_range_is_that_of_pydicom_but_for_the_one_tie() -> None:
    pixels = every_pair()
    differs = np.argwhere(rgb(pixels, "YBR_FULL", bits_stored=8) != convert_color_space(pixels, "YBR_FULL", "RGB"))
    assert [tuple(place[:2]) for place in differs] in ([], [(78, 178)])  # green is half way between two


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422"])
def test_grey_has_no_chrominance(photometric: str) -> None:
    assert one(77, 128, 128, photometric=photometric) == [77, 77, 77]


@pytest.mark.parametrize("photometric", ["YBR_PARTIAL_422", "YBR_PARTIAL_420"])
@pytest.mark.parametrize(
    ("samples", "colour"),
    [
        ((16, 128, 128), [0, 0, 0]),
        ((235, 128, 128), [255, 255, 255]),
        ((0, 128, 128), [0, 0, 0]),
        ((81, 90, 240), [254, 0, 0]),  # ITU-R BT.601 red
        ((41, 240, 110), [0, 0, 255]),
    ],
)
def test_partial_range_is_stretched(photometric: str, samples: tuple[int, int, int], colour: list[int]) -> None:
    assert np.abs(np.subtract(one(*samples, photometric=photometric), colour)).max() <= 1


@pytest.mark.parametrize("photometric", ["RGB", "YBR_ICT", "YBR_RCT"])
def test_what_is_rgb_already_stays(photometric: str) -> None:
    assert one(1, 2, 3, photometric=photometric) == [1, 2, 3]


def test_deep_samples_give_their_upper_8_bits() -> None:
    assert one(0xFFF, 0x7FF, 0x010, photometric="RGB", bits=12) == [255, 127, 1]
    assert one(0xFFFF, 0x8000, 0x00FF, photometric="RGB", bits=16) == [255, 128, 0]


def test_deep_luminance_is_reduced_before_it_is_converted() -> None:
    assert one(100 << 8, 128 << 8, 128 << 8, bits=16) == [100, 100, 100]


def test_a_palette_is_looked_up() -> None:
    palette = Palette(1, np.array([[1, 2, 3], [4, 5, 6]], np.uint8))
    stored = np.array([[0, 1], [2, 3]], np.uint16)
    colours = rgb(stored, "PALETTE COLOR", bits_stored=16, palette=palette)
    assert colours.tolist() == [[[1, 2, 3], [1, 2, 3]], [[4, 5, 6], [4, 5, 6]]]


@pytest.mark.parametrize("photometric", ["HSV", "nonsense", "PALETTE COLOR"])
def test_unknown_colours_are_a_coded_error(photometric: str) -> None:
    with pytest.raises(UnsupportedError) as raised:
        rgb(np.zeros((2, 2, 3), np.uint8), photometric, bits_stored=8)
    assert raised.value.code == "pixels.colour"


def test_four_samples_are_a_coded_error() -> None:
    with pytest.raises(UnsupportedError):
        rgb(np.zeros((2, 2, 4), np.uint8), "CMYK", bits_stored=8)
