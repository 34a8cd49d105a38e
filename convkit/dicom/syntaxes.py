"""Transfer syntaxes by what a reader has to do for them (PS3.5 10, PS3.6 A)."""

from __future__ import annotations

IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG_ENDIAN = "1.2.840.10008.1.2.2"

NATIVE = frozenset({IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN, DEFLATED, EXPLICIT_BIG_ENDIAN})

_JPEG = "1.2.840.10008.1.2.4."
CODECS = frozenset(
    {_JPEG + n for n in ("50", "51", "57", "70", "80", "81", "90", "91", "201", "202", "203")} | {"1.2.840.10008.1.2.5"}
)
"""Compressed syntaxes that the installed codecs open: JPEG baseline, extended, lossless; JPEG-LS; JPEG 2000;
HTJ2K; RLE."""

VIDEO = frozenset(
    _JPEG + n
    for n in (
        "100",
        "100.1",
        "101",
        "101.1",
        "102",
        "102.1",
        "103",
        "103.1",
        "104",
        "104.1",
        "105",
        "105.1",
        "106",
        "106.1",
        "107",
        "108",
    )
)
"""MPEG-2, MPEG-4 and HEVC streams."""


def is_standard(syntax: str) -> bool:
    """True for a syntax of the standard; the data set of all but the native ones is explicit little endian."""
    return syntax.startswith("1.2.840.10008.1.2")


def is_decodable(syntax: str) -> bool:
    """True where the pixels can be opened."""
    return syntax in NATIVE or syntax in CODECS


def is_direct(syntax: str) -> bool:
    """True where samples lie in the file as the array holds them, byte order apart."""
    return syntax in NATIVE and syntax != DEFLATED
