"""What several GE quirks ask a header: whose it is, which pulse sequence made it, how it was accelerated."""

from __future__ import annotations

import re
from enum import StrEnum

from convkit.dicom.header import Header

_MAKER = "GE"

_PRIVATE = ("GEInternalPulseSequenceName", "GEEchoSpacing", "GEBValue", "GEImageComponent")
"""Every GE MR image has at least one of them; their private creators were checked when the header was read."""

_RELEASE = re.compile(r"(\d+)\.(\d+)_(?:R(\d+))?")
"""In (0018,1020): ``DV26.0_R01_1725.a``, ``MR29.1_EA_2036.a``, ``14.0_M4_0629.a``."""

_ALONG = {"COL": "COL", "COLUMN": "COL", "ROW": "ROW"}
"""PS3.3 C.8.3.1.1 says COL, C.8.13.4.1 (enhanced) COLUMN."""


class PulseSequence(StrEnum):
    """Kinds of pulse sequence whose facts differ."""

    REAL_TIME = "epiRT"
    MULTI_PHASE = "epi"
    DIFFUSION = "epi2"
    POLARITY_PAIR = "epi_pepolar"
    OTHER = ""


Release = tuple[int, int, int]
"""Version, minor version and revision of the software: DV26.0_R01 is (26, 0, 1), an EA (early access) revision 0."""


def is_ge_mr(header: Header) -> bool:
    """True for an MR image of GE, also where the name of the maker was taken away."""
    if header.text("Modality") != "MR":
        return False
    return header.text("Manufacturer").upper().split()[:1] == [_MAKER] or any(header.has(k) for k in _PRIVATE)


def sequence_of(header: Header) -> PulseSequence:
    """The kind of pulse sequence, by its names: ``psd/epiRT`` and ``EPI``."""
    name, internal = header.text("GEPulseSequenceName"), header.text("GEInternalPulseSequenceName")
    if "epi_pepolar" in name:
        return PulseSequence.POLARITY_PAIR
    if "epi2" in name or internal == "EPI2":
        return PulseSequence.DIFFUSION
    # Only the sequence of BrainWave RT has a delay after each volume of its own.
    if "epiRT" in name or (internal == "EPI" and header.number("GEGroupDelay") is not None):
        return PulseSequence.REAL_TIME
    return PulseSequence.MULTI_PHASE if "epi" in name or internal == "EPI" else PulseSequence.OTHER


def release_of(header: Header) -> Release | None:
    """The software release; None where it cannot be told."""
    found = next((m for m in map(_RELEASE.search, reversed(header.texts("SoftwareVersions"))) if m), None)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def phase_along(header: Header) -> str:
    """Along what the phase is encoded: COL, ROW, or empty where it is not told."""
    return _ALONG.get(header.text("InPlanePhaseEncodingDirection"), "")


def acquired_lines(header: Header) -> int:
    """Lines of the acquired matrix; 0 where it is not told."""
    # (0018,1310): frequency rows, frequency columns, phase rows, phase columns; two of them are zero.
    matrix = header.numbers("AcquisitionMatrix")
    return int(matrix[2] or matrix[3]) if len(matrix) == 4 else 0


def reconstructed_lines(header: Header) -> int:
    """Lines of the image along the phase; 0 where it is not told."""
    rows, columns = header.integer("Rows") or 0, header.integer("Columns") or 0
    return rows if rows == columns else {"COL": rows, "ROW": columns}.get(phase_along(header), 0)


def sampled_share(header: Header, place: int = 0) -> float | None:
    """Share of the lines that parallel imaging leaves: 0.5 for a reduction by 2; None where it is not told.

    Parameters
    ----------
    place : int
        0 for the phase encoding direction, 1 for that of the slices.
    """
    shares = header.numbers("GEAssetFactors")
    if len(shares) > place and shares[place] > 0:
        return shares[place]
    standard = ("ParallelReductionFactorInPlane", "ParallelReductionFactorOutOfPlane")[place]
    factor = header.number(standard)
    return 1.0 / factor if factor and factor > 0 else None
