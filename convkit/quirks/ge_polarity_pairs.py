"""GE MR, research sequence epi_pepolar: one series of two polarities, of which the reversed is stored upside down."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import numpy as np

from convkit.dicom.header import Header
from convkit.model import geometry
from convkit.quirks._ge import Sequence, sequence_of
from convkit.quirks._quirk import Extent, FactsQuirk, TraitsQuirk, UnfoldQuirk


class Scheme(IntEnum):
    """User variable 12: polarities of the volumes."""

    FORWARD = 0
    REVERSED = 1
    REVERSED_FIRST = 2
    FORWARD_FIRST = 3


def is_reversed(header: Header) -> bool:
    """True for an image of the reversed polarity."""
    if sequence_of(header) is not Sequence.POLARITY_PAIR:
        return False
    scheme = round(header.number("GEUserData12") or 0)
    volume = header.integer("TemporalPositionIdentifier") or 0
    if scheme == Scheme.REVERSED:
        return True
    is_odd = volume % 2 == 1
    return volume > 0 and (
        (scheme == Scheme.REVERSED_FIRST and is_odd) or (scheme == Scheme.FORWARD_FIRST and not is_odd)
    )


def _unfold(header: Header) -> Header:
    """The header with the place at which its rows really lie: from the last row upwards."""
    position, cosines = header.numbers("ImagePositionPatient"), header.numbers("ImageOrientationPatient")
    spacing, rows = header.numbers("PixelSpacing"), header.integer("Rows") or 0
    if len(position) != 3 or len(spacing) != 2 or not rows or not geometry.is_orientation(cosines):
        return header
    column = np.array(cosines[3:])
    last = np.array(position) + column * spacing[0] * (rows - 1)
    place = header.table.places
    return header.with_shared(
        {
            place["ImagePositionPatient"]: _texts(last),
            place["ImageOrientationPatient"]: _texts((*cosines[:3], *(0.0 - column))),
        }
    )


def _texts(numbers: Any) -> bytes:
    return b"\\".join(repr(float(n)).encode() for n in numbers)


def _fix(header: Header, traits: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**traits, "variant": "reversed" if is_reversed(header) else "forward"}


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    cosines = header.numbers("ImageOrientationPatient")
    if len(cosines) != 6:
        return {}
    # What the header of the file says. The direction of the phase encoding is told along the stored rows already.
    return {"ImageOrientationPatientDICOM": [*cosines[:3], *(0.0 - c for c in cosines[3:])]}


_WHY = (
    "(0019,xx9C) pulse sequence name epi_pepolar and (0019,xxB3) user variable 12 of creator GEMS_ACQU_01: rows of the "
    "reversed volumes are stored in reversed order, and the header does not say so; rordenlab/dcm2niix issue 532; "
    "data set neurolabusc/dcm_qa_polar, which was not read"
)

QUIRK = UnfoldQuirk(name="ge-polarity-pairs", why=_WHY, applies=is_reversed, unfold=_unfold)

KINDS = TraitsQuirk(
    name="ge-polarity-kinds",
    why=_WHY,
    keywords=("GEPulseSequenceName", "GEUserData12", "TemporalPositionIdentifier"),
    applies=lambda header: sequence_of(header) is Sequence.POLARITY_PAIR,
    fix=_fix,
)

FACTS = FactsQuirk(name="ge-polarity-facts", why=_WHY, applies=is_reversed, facts=_facts)
