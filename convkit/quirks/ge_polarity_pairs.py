"""GE MR, research sequence epi_pepolar: one series of two polarities, of which the reversed is stored upside down."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from convkit.dicom.header import Header
from convkit.dicom.values import decimal_strings
from convkit.model.directions import is_orientation, scaled, total, vector
from convkit.model.notes import note
from convkit.quirks._ge import PulseSequence, sequence_of
from convkit.quirks._quirk import Extent, FactsQuirk, TraitsQuirk, UnfoldQuirk


class Scheme(IntEnum):
    """User variable 12: polarities of the volumes."""

    FORWARD = 0
    REVERSED = 1
    REVERSED_FIRST = 2
    FORWARD_FIRST = 3


def is_reversed(header: Header) -> bool:
    """True for an image of the reversed polarity, once it is unfolded."""
    return _is_of_pair(header) and round(header.number("GEUserData12") or 0) == Scheme.REVERSED


_SAID = note(
    "quirk.applied",
    "Volumes of reversed polarity (epi_pepolar) are stored upside down; their place in space was corrected.",
)


def _is_of_pair(header: Header) -> bool:
    return sequence_of(header) is PulseSequence.POLARITY_PAIR


def _polarity(header: Header) -> Scheme:
    """The polarity of one image, by the scheme of its series and the number of its volume."""
    scheme = round(header.number("GEUserData12") or 0)
    volume = header.integer("TemporalPositionIdentifier") or 0
    alternating: dict[int, int] = {Scheme.REVERSED_FIRST: 1, Scheme.FORWARD_FIRST: 0}
    is_turned = scheme == Scheme.REVERSED or (volume > 0 and alternating.get(scheme) == volume % 2)
    return Scheme.REVERSED if is_turned else Scheme.FORWARD


def _unfold(header: Header) -> Header:
    """The header with its own polarity in place of the scheme, and with the place at which its rows really lie."""
    polarity = _polarity(header)
    header = header.with_shared({header.table.places["GEUserData12"]: str(int(polarity)).encode()})
    return _upright(header).with_note(_SAID) if polarity is Scheme.REVERSED else header


def _upright(header: Header) -> Header:
    """The header of an image whose first row is the last of those that it tells of."""
    position, cosines = header.numbers("ImagePositionPatient"), header.numbers("ImageOrientationPatient")
    spacing, rows = header.numbers("PixelSpacing"), header.integer("Rows") or 0
    if len(position) != 3 or len(spacing) != 2 or not rows or not is_orientation(cosines):
        return header
    column = vector(cosines[3:])
    last = total(vector(position), scaled(column, spacing[0] * (rows - 1)))
    place = header.table.places
    return header.with_shared(
        {
            place["ImagePositionPatient"]: decimal_strings(last),
            place["ImageOrientationPatient"]: decimal_strings((*cosines[:3], *(0.0 - c for c in column))),
        }
    )


def _fix(header: Header, traits: Mapping[str, Any]) -> Mapping[str, Any]:
    # They lie as the others do; what tells them apart is the polarity.
    return {**traits, "orientation": _stored_cosines(header), "component": "reversed"}


def _stored_cosines(header: Header) -> tuple[float, ...]:
    """Image Orientation (Patient) as the file has it."""
    cosines = header.numbers("ImageOrientationPatient")
    return (*cosines[:3], *(0.0 - c for c in cosines[3:]))


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    # The direction of the phase encoding needs no change: it is told along the rows as they are stored.
    return {"ImageOrientationPatientDICOM": list(_stored_cosines(header)) or None}


_WHY = (
    "(0019,xx9C) pulse sequence name epi_pepolar and (0019,xxB3) user variable 12 of creator GEMS_ACQU_01: rows of the "
    "reversed volumes are stored in reversed order, and the header does not say so; rordenlab/dcm2niix issue 532; "
    "data set neurolabusc/dcm_qa_polar, which was not read"
)

QUIRK = UnfoldQuirk(name="ge-polarity-pairs", why=_WHY, applies=_is_of_pair, unfold=_unfold)

KINDS = TraitsQuirk(
    name="ge-polarity-kinds",
    why=_WHY,
    keywords=(
        "GEPulseSequenceName",
        "GEUserData12",
        "ImageOrientationPatient",
    ),
    applies=is_reversed,
    fix=_fix,
)

FACTS = FactsQuirk(name="ge-polarity-facts", why=_WHY, applies=is_reversed, facts=_facts)
