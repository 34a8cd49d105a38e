"""Colours that an object recommends, from CIELab as ICC profiles have it to sRGB (PS3.3 C.10.7.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

from convkit.model.labels import Colour

_FULL = 0xFFFF
_WHITE_D50 = (0.9642, 1.0, 0.8249)
"""X, Y, Z of white in the profile connection space (ICC.1, 6.3.4.3)."""

_TO_SRGB = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)
"""X, Y, Z under D50 to linear sRGB, adapted to D65 by Bradford's method (IEC 61966-2-1)."""

_KNEE = 6 / 29
"""Below it the cube of CIELab's lightness becomes a straight line (CIE 15)."""


def srgb_of(lab: Sequence[float]) -> Colour | None:
    """Red, green and blue, 0 to 255, of three words that encode L*, a* and b*; None where they are not three."""
    if len(lab) != 3 or not all(0 <= word <= _FULL for word in lab):
        return None
    lightness = lab[0] / _FULL * 100
    # 0x0000 is -128, 0x8080 is 0 and 0xFFFF is 127.
    a, b = (word / _FULL * 255 - 128 for word in lab[1:])
    middle = (lightness + 16) / 116
    roots = middle + a / 500, middle, middle - b / 200
    xyz = [white * _cube(root) for white, root in zip(_WHITE_D50, roots, strict=True)]
    red, green, blue = (_encoded(sum(m * v for m, v in zip(row, xyz, strict=True))) for row in _TO_SRGB)
    return red, green, blue


def _cube(root: float) -> float:
    return root**3 if root > _KNEE else 3 * _KNEE**2 * (root - 4 / 29)


def _encoded(linear: float) -> int:
    """A linear share of light as a byte of sRGB."""
    linear = min(max(linear, 0.0), 1.0)
    share = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return round(share * 255)
