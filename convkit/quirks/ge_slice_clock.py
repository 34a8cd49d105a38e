"""GE EPI, one slice an image: when it was acquired, by the clocks that the sequences write."""

from __future__ import annotations

from convkit.dicom.header import Header
from convkit.quirks._ge import PulseSequence, Release, is_ge_mr, release_of, sequence_of
from convkit.quirks._quirk import SliceTimeQuirk

_MS = 1e-3
_TICK = 1e-4
_TICKS_BEFORE: Release = (20, 0, 0)
"""Version 14.0 counts the timer in 0.1 ms, DV24 in seconds; where between them it changed was not seen."""


def _applies(header: Header) -> bool:
    is_epi = is_ge_mr(header) and sequence_of(header) in {PulseSequence.REAL_TIME, PulseSequence.MULTI_PHASE}
    return is_epi and header.text("MRAcquisitionType") != "3D"


def _seconds(header: Header) -> float | None:
    trigger = header.number("TriggerTime")
    if trigger is not None and not _is_multiband(header):
        return trigger * _MS
    timer, release = header.number("GERTIATimer"), release_of(header)
    if timer is None:
        return None
    return timer * _TICK if release is not None and release < _TICKS_BEFORE else timer


def _is_multiband(header: Header) -> bool:
    # Software 27 writes the trigger times of slices that are excited one by one.
    told = header.texts("GEMultiband")[:1]
    return bool(told) and told[0] not in {"", "0", "1"}


QUIRK = SliceTimeQuirk(
    name="ge-slice-clock",
    why="Trigger Time (0018,1060), ms, of multi-phase EPI; (0021,xx5E) RTIA timer of creator GEMS_RELA_01, of epiRT; "
    "dcm2niix's vendor notes on GE; rordenlab/dcm2niix issues 311 and 336; data set neurolabusc/dcm_qa_stc",
    applies=_applies,
    seconds=_seconds,
)
