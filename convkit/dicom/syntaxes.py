"""Transfer syntaxes by what a reader has to do for them (PS3.5 10, PS3.6 A)."""

from __future__ import annotations

IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG_ENDIAN = "1.2.840.10008.1.2.2"
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"

NATIVE = frozenset({IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN, DEFLATED, EXPLICIT_BIG_ENDIAN})

_JPEG = "1.2.840.10008.1.2.4."


def _jpeg(*ends: str) -> frozenset[str]:
    return frozenset(_JPEG + end for end in ends)


JPEG = _jpeg("50", "51", "52", "53", "54", "55", "56", "57", "70")
"""JPEG baseline, extended, progressive and lossless, Huffman and arithmetic coding, not hierarchical."""

JPEG_LS = _jpeg("80", "81")

JPEG_2000 = _jpeg("90", "91", "92", "93", "201", "202", "203")
"""JPEG 2000, its part 2 as far as each frame has a stream of its own, and High-Throughput JPEG 2000."""

CODECS = JPEG | JPEG_LS | JPEG_2000 | {ENCAPSULATED_UNCOMPRESSED, RLE, DEFLATED_FRAMES}
"""Encapsulated syntaxes that the installed codecs open."""

VIDEO = _jpeg(
    *("100", "100.1", "101", "101.1", "102", "102.1", "103", "103.1"),
    *("104", "104.1", "105", "105.1", "106", "106.1", "107", "108"),
)
"""MPEG-2, MPEG-4 and HEVC streams."""

HIERARCHICAL = _jpeg("59", "60", "61", "62", "63", "64", "65", "66")
"""Retired JPEG processes that code a picture in steps of resolution."""

ARITHMETIC_LOSSLESS = _jpeg("58")

JPEG_XL = _jpeg("110", "111", "112")

ELSEWHERE = _jpeg("94", "95", "204", "205")
"""JPIP: the file holds no pixels, but the address of a server."""

LIVE = frozenset({"1.2.840.10008.1.2.7.1", "1.2.840.10008.1.2.7.2", "1.2.840.10008.1.2.7.3"})
"""SMPTE ST 2110: for real-time video, never for files."""

_REASONS = (
    (VIDEO, "it is a video stream, not a picture for each frame"),
    (HIERARCHICAL, "no free codec opens hierarchical JPEG, which is retired"),
    (ARITHMETIC_LOSSLESS, "no free codec opens lossless JPEG with arithmetic coding, which is retired"),
    (JPEG_XL, "no codec for JPEG XL is installed with convkit"),
    (ELSEWHERE, "the pixels are not in the file, but on a JPIP server"),
    (LIVE, "it is for real-time video, not for files"),
    (NATIVE, "it is not compressed"),
)

NAMES = {
    "1.2.840.10008.1.2": "Implicit VR Little Endian",
    "1.2.840.10008.1.2.1": "Explicit VR Little Endian",
    "1.2.840.10008.1.2.1.98": "Encapsulated Uncompressed Explicit VR Little Endian",
    "1.2.840.10008.1.2.1.99": "Deflated Explicit VR Little Endian",
    "1.2.840.10008.1.2.2": "Explicit VR Big Endian",
    "1.2.840.10008.1.2.4.50": "JPEG Baseline (Process 1)",
    "1.2.840.10008.1.2.4.51": "JPEG Extended (Process 2 and 4)",
    "1.2.840.10008.1.2.4.52": "JPEG Extended (Process 3 and 5)",
    "1.2.840.10008.1.2.4.53": "JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)",
    "1.2.840.10008.1.2.4.54": "JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)",
    "1.2.840.10008.1.2.4.55": "JPEG Full Progression, Non-Hierarchical (Process 10 and 12)",
    "1.2.840.10008.1.2.4.56": "JPEG Full Progression, Non-Hierarchical (Process 11 and 13)",
    "1.2.840.10008.1.2.4.57": "JPEG Lossless, Non-Hierarchical (Process 14)",
    "1.2.840.10008.1.2.4.58": "JPEG Lossless, Non-Hierarchical (Process 15)",
    "1.2.840.10008.1.2.4.59": "JPEG Extended, Hierarchical (Process 16 and 18)",
    "1.2.840.10008.1.2.4.60": "JPEG Extended, Hierarchical (Process 17 and 19)",
    "1.2.840.10008.1.2.4.61": "JPEG Spectral Selection, Hierarchical (Process 20 and 22)",
    "1.2.840.10008.1.2.4.62": "JPEG Spectral Selection, Hierarchical (Process 21 and 23)",
    "1.2.840.10008.1.2.4.63": "JPEG Full Progression, Hierarchical (Process 24 and 26)",
    "1.2.840.10008.1.2.4.64": "JPEG Full Progression, Hierarchical (Process 25 and 27)",
    "1.2.840.10008.1.2.4.65": "JPEG Lossless, Hierarchical (Process 28)",
    "1.2.840.10008.1.2.4.66": "JPEG Lossless, Hierarchical (Process 29)",
    "1.2.840.10008.1.2.4.70": "JPEG Lossless, First-Order Prediction (Process 14, Selection Value 1)",
    "1.2.840.10008.1.2.4.80": "JPEG-LS Lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS Near-Lossless",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 (Lossless Only)",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.4.92": "JPEG 2000 Part 2 Multi-component (Lossless Only)",
    "1.2.840.10008.1.2.4.93": "JPEG 2000 Part 2 Multi-component",
    "1.2.840.10008.1.2.4.94": "JPIP Referenced",
    "1.2.840.10008.1.2.4.95": "JPIP Referenced Deflate",
    "1.2.840.10008.1.2.4.100": "MPEG2 Main Profile / Main Level",
    "1.2.840.10008.1.2.4.100.1": "Fragmentable MPEG2 Main Profile / Main Level",
    "1.2.840.10008.1.2.4.101": "MPEG2 Main Profile / High Level",
    "1.2.840.10008.1.2.4.101.1": "Fragmentable MPEG2 Main Profile / High Level",
    "1.2.840.10008.1.2.4.102": "MPEG-4 AVC/H.264 High Profile / Level 4.1",
    "1.2.840.10008.1.2.4.102.1": "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1",
    "1.2.840.10008.1.2.4.103": "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1",
    "1.2.840.10008.1.2.4.103.1": "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1",
    "1.2.840.10008.1.2.4.104": "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video",
    "1.2.840.10008.1.2.4.104.1": "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video",
    "1.2.840.10008.1.2.4.105": "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video",
    "1.2.840.10008.1.2.4.105.1": "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video",
    "1.2.840.10008.1.2.4.106": "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2",
    "1.2.840.10008.1.2.4.106.1": "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2",
    "1.2.840.10008.1.2.4.107": "HEVC/H.265 Main Profile / Level 5.1",
    "1.2.840.10008.1.2.4.108": "HEVC/H.265 Main 10 Profile / Level 5.1",
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.4.201": "High-Throughput JPEG 2000 (Lossless Only)",
    "1.2.840.10008.1.2.4.202": "High-Throughput JPEG 2000 with RPCL Options (Lossless Only)",
    "1.2.840.10008.1.2.4.203": "High-Throughput JPEG 2000",
    "1.2.840.10008.1.2.4.204": "JPIP HTJ2K Referenced",
    "1.2.840.10008.1.2.4.205": "JPIP HTJ2K Referenced Deflate",
    "1.2.840.10008.1.2.5": "RLE Lossless",
    "1.2.840.10008.1.2.6.1": "RFC 2557 MIME encapsulation",
    "1.2.840.10008.1.2.6.2": "XML Encoding",
    "1.2.840.10008.1.2.7.1": "SMPTE ST 2110-20 Uncompressed Progressive Active Video",
    "1.2.840.10008.1.2.7.2": "SMPTE ST 2110-20 Uncompressed Interlaced Active Video",
    "1.2.840.10008.1.2.7.3": "SMPTE ST 2110-30 PCM Digital Audio",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
    "1.2.840.10008.1.20": "Papyrus 3 Implicit VR Little Endian",
}
"""Transfer Syntax UID to its name, shortened (PS3.6 Table A-1)."""


def name(syntax: str) -> str:
    """The name of a syntax, for messages."""
    return NAMES.get(syntax, "a transfer syntax that is not of the standard")


def why_not(syntax: str) -> str:
    """Why pixels of a syntax outside `CODECS` cannot be decoded, as the end of a sentence."""
    return next((reason for group, reason in _REASONS if syntax in group), "no codec is known for it")


def is_standard(syntax: str) -> bool:
    """True for a syntax of the standard; the data set of all but the native ones is explicit little endian."""
    return syntax.startswith("1.2.840.10008.1.2")


def is_decodable(syntax: str) -> bool:
    """True where the pixels can be opened."""
    return syntax in NATIVE or syntax in CODECS


def is_direct(syntax: str) -> bool:
    """True where samples lie in the file as the array holds them, byte order apart."""
    return syntax in NATIVE and syntax != DEFLATED
