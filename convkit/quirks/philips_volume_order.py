"""Philips MR: private numbers order the volumes of a series; instance numbers may be jumbled, and times all equal."""

from __future__ import annotations

from convkit.dicom.header import Header
from convkit.quirks._quirk import OrderQuirk

_RADIX = 1 << 13
"""More than there are phases, b-values, directions or dynamics; four such digits are exact in a double."""

_LABELS = {"C": 0, "L": 1}
"""Control before label."""

_VOLUME_NUMBERS_BEFORE = 11
"""Major release of the software from which on the volume number is not one number a volume."""


def _applies(header: Header) -> bool:
    # The private creator Philips Imaging DD 001 was checked when the header was read (PS3.5 7.8.1).
    return header.raw("PhilipsPhaseNumber") is not None


def _number(header: Header) -> float | None:
    is_old = _release(header) < _VOLUME_NUMBERS_BEFORE
    volume = header.integer("PhilipsDiffusionVolumeNumber")
    if is_old and volume is not None and volume > 0:
        return float(volume)
    if is_old and header.has("DimensionRank"):
        return None  # an enhanced object: its dimension indices are right
    dynamic, phase = _digit(header, "TemporalPositionIdentifier"), _digit(header, "PhilipsPhaseNumber")
    label = _LABELS.get(header.text("PhilipsLabelType")[:1])
    if label is not None:
        return _joined(dynamic, label, phase)
    b_value, direction = (
        _digit(header, k) for k in ("PhilipsDiffusionBValueNumber", "PhilipsGradientOrientationNumber")
    )
    if header.has("DimensionRank"):
        return _joined(dynamic, direction, b_value, phase)  # as dcm2niix orders enhanced objects
    return _joined(phase, b_value, dynamic, direction)


def _release(header: Header) -> int:
    """Major release of the software: 5 of ``5.7.1``; 0 where it cannot be read."""
    major = header.text("SoftwareVersions").partition(".")[0]
    return int(major) if major.isdigit() else 0


def _digit(header: Header, keyword: str) -> int:
    number = header.integer(keyword) or 0
    return number if 0 < number < _RADIX else 0  # 2147483647 stands for "undefined"


def _joined(*digits: int) -> float:
    """One sortable number of several, the first weighing most."""
    number = 0
    for digit in digits:
        number = number * _RADIX + digit
    return float(number)


QUIRK = OrderQuirk(
    name="philips-volume-order",
    why="(2005,xx96) volume number of creator Philips MR Imaging DD 006 up to release 10, else b-value (2005,xx12) "
    "before gradient number (2005,xx13); labelling: phase (2001,xx08) within control and label (2005,xx29) within "
    "dynamic; data set neurolabusc/dcm_qa_philips_dwi, dcm2niix issues 533, 546 and 809",
    keywords=(
        "PhilipsPhaseNumber",
        "PhilipsDiffusionVolumeNumber",
        "DimensionRank",
        "TemporalPositionIdentifier",
        "PhilipsLabelType",
        "PhilipsDiffusionBValueNumber",
        "PhilipsGradientOrientationNumber",
        "SoftwareVersions",
    ),
    applies=_applies,
    number=_number,
)
