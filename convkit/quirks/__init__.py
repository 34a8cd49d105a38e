"""Vendor oddities as small strategies, one a file; nothing outside this room asks for a manufacturer.

A quirk module holds `QUIRK`. Three stages exist: SET_ASIDE says that an object needs rules that are not there yet
(so that no wrong file is made of it), TRAITS corrects what tells the volumes of a series apart, VALUES corrects the
rescale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convkit.dicom.header import Header
from convkit.model.notes import Note
from convkit.quirks import (
    ge_collapse_flag,
    ge_image_component,
    philips_precise_values,
    siemens_mosaic,
    uih_grid,
)
from convkit.quirks._quirk import SetAsideQuirk, TraitsQuirk, ValuesQuirk

SET_ASIDE: tuple[SetAsideQuirk, ...] = (siemens_mosaic.QUIRK, uih_grid.QUIRK)
TRAITS: tuple[TraitsQuirk, ...] = (ge_image_component.QUIRK, ge_collapse_flag.QUIRK)
VALUES: tuple[ValuesQuirk, ...] = (philips_precise_values.QUIRK,)

TRAIT_KEYWORDS = tuple(dict.fromkeys(k for q in TRAITS for k in q.keywords))
"""Attributes that the trait quirks read; equal raw values give an equal answer."""

RESCALE_KEYWORDS = tuple(dict.fromkeys(k for q in VALUES for k in q.keywords))
"""Attributes that the value quirks read beside the rescale itself."""


def set_aside(header: Header) -> Note | None:
    """Why an image needs rules that are not there yet, or None."""
    return next((q.note(header) for q in SET_ASIDE if q.applies(header)), None)


def corrected_traits(header: Header, traits: Mapping[str, Any]) -> Mapping[str, Any]:
    """Traits by name, corrected by every quirk that applies."""
    for quirk in TRAITS:
        if quirk.applies(header):
            traits = quirk.fix(header, traits)
    return traits


def corrected_rescale(header: Header, slope: float, intercept: float) -> tuple[float, float]:
    """Slope and intercept, corrected by every quirk that applies."""
    for quirk in VALUES:
        if quirk.applies(header):
            slope, intercept = quirk.fix(header, slope, intercept)
    return slope, intercept


def rescale_notes(header: Header) -> tuple[Note, ...]:
    """What to tell the user of the rescale."""
    return tuple(q.note(header) for q in VALUES if q.applies(header))
