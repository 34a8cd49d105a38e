"""UIDs that are pure functions of numbers, below the 2.25 root (PS3.5 B.2)."""

from __future__ import annotations


def study_uid(patient: int = 1, study: int = 1) -> str:
    """Study Instance UID."""
    return f"2.25.1{patient:03d}{study:03d}"


def series_uid(patient: int = 1, study: int = 1, series: int = 1) -> str:
    """Series Instance UID."""
    return f"2.25.2{patient:03d}{study:03d}{series:05d}"


def instance_uid(patient: int = 1, study: int = 1, series: int = 1, number: int = 1) -> str:
    """SOP Instance UID."""
    return f"2.25.3{patient:03d}{study:03d}{series:05d}{number:07d}"


def frame_of_reference_uid(patient: int = 1, study: int = 1) -> str:
    """Frame of Reference UID, one a study."""
    return f"2.25.4{patient:03d}{study:03d}"
