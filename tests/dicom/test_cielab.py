"""Colours of CIELab are those that the definitions of its corners give."""

from __future__ import annotations

import pytest

from convkit.dicom.cielab import srgb_of


@pytest.mark.parametrize(
    ("lightness", "a", "b", "expected"),
    [
        (0.0, 0.0, 0.0, (0, 0, 0)),
        (100.0, 0.0, 0.0, (255, 255, 255)),
        # sRGB primaries under D50, as the profile of sRGB has them
        (54.29, 80.81, 69.89, (255, 0, 0)),
        (87.82, -79.29, 80.99, (0, 255, 0)),
        (29.57, 68.30, -112.03, (0, 0, 255)),
    ],
)
def test_colour_is_the_nearest_byte(lightness: float, a: float, b: float, expected: tuple[int, int, int]) -> None:
    words = [lightness / 100 * 65535, (a + 128) * 257, (b + 128) * 257]
    found = srgb_of([round(word) for word in words])
    assert found is not None
    assert all(abs(one - other) <= 2 for one, other in zip(found, expected, strict=True)), found


@pytest.mark.parametrize("words", [(), (1, 2), (1, 2, 70000), (-1, 0, 0)])
def test_what_are_not_three_words_is_no_colour(words: tuple[int, ...]) -> None:
    assert srgb_of(words) is None
