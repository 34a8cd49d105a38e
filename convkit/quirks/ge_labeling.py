"""GE MR: arterial spin labeling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import Extent, FactsQuirk, TraitsQuirk

_MS = 1e-3
_CONTRASTS = {"PSEUDOCONTINUOUS": "PCASL", "CONTINUOUS": "CASL", "PULSED": "PASL"}
_TECHNIQUES = {"3D pulsed continuous": "PCASL", "3D continuous": "CASL"}


def _is_labeled(header: Header) -> bool:
    # The private creator GEMS_PARM_01 was checked when the header was read (PS3.5 7.8.1).
    return header.has("GELabelingContrast") or header.has("GELabelingTechnique")


def _kind(header: Header) -> str | None:
    kind = _CONTRASTS.get(header.text("GELabelingContrast"))
    technique = header.text("GELabelingTechnique")
    return kind or next((v for k, v in _TECHNIQUES.items() if technique.startswith(k)), None)


def _facts(header: Header, extent: Extent) -> dict[str, Any]:
    duration, delay = header.number("GELabelDuration"), header.number("InversionTime")
    found = {
        "ArterialSpinLabelingType": _kind(header),
        "LabelingDuration": round(duration * _MS, 6) if duration else None,
        # Volumes of several delays have each its own.
        "PostLabelingDelay": round(delay * _MS, 6) if delay and extent.volumes == 1 else None,
        "NumberOfPointsPerArm": header.number("GEPointsPerArm"),
        "NumberOfArms": header.number("GEArms"),
        "NumberOfExcitations": header.number("GEExcitations"),
    }
    return {key: value for key, value in found.items() if value}


def _fix(_header: Header, traits: Mapping[str, Any]) -> Mapping[str, Any]:
    # (0018,0082) holds the delay after the labels: volumes of one run differ in it, as others do in time.
    return {**traits, "inversion_time": None}


QUIRK = FactsQuirk(
    name="ge-labeling",
    why="(0043,xxA3) contrast, (0043,xxA4) technique, (0043,xxA5) label duration in ms of creator GEMS_PARM_01, "
    "(0027,xx60) to (0027,xx62) of GEMS_IMAG_01, (0018,0082) delay after the label: dcm2niix's vendor notes on GE, "
    "words of D. Shin; no such image was seen",
    applies=_is_labeled,
    facts=_facts,
)

DELAYS = TraitsQuirk(
    name="ge-labeling-delays",
    why=QUIRK.why + "; rordenlab/dcm2niix issue 957 (7 delays in one series)",
    keywords=("GELabelingContrast", "GELabelingTechnique"),
    applies=_is_labeled,
    fix=_fix,
)
