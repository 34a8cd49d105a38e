"""Vendor oddities as small strategies, one a file; nothing outside this room asks for a manufacturer.

A quirk module holds `QUIRK`. Stages: MERGE tells which series are one acquisition, UNFOLD tells the frames of an
object apart, TRAITS corrects what tells the volumes of a series apart, ORDERS numbers them, VALUES corrects the
rescale, GRADIENTS finds the diffusion weighting, SLICE_TIMES when a slice was acquired, VOLUME_TIMES when a volume was
begun, FACTS what goes into the sidecar.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from convkit.dicom.header import Header
from convkit.model.diffusion import Gradient
from convkit.model.notes import Note
from convkit.quirks import (
    canon_diffusion,
    ge_acceleration,
    ge_collapse_flag,
    ge_diffusion,
    ge_echo_spacing,
    ge_field_map,
    ge_group_delay,
    ge_image_component,
    ge_labeling,
    ge_phase_encoding,
    ge_polarity_pairs,
    ge_sequence,
    ge_slice_clock,
    ge_slice_order,
    manufacturer_names,
    philips_diffusion,
    philips_dynamic_time,
    philips_image_type,
    philips_precise_values,
    philips_protocol,
    philips_trace,
    philips_volume_order,
    siemens_acceleration,
    siemens_adjustments,
    siemens_coils,
    siemens_csa_diffusion,
    siemens_csa_mosaic_times,
    siemens_diffusion,
    siemens_echo_spacing,
    siemens_echoes,
    siemens_image_type,
    siemens_labeling,
    siemens_matrix,
    siemens_mosaic,
    siemens_mosaic_times,
    siemens_phase_encoding,
    siemens_sequence,
    siemens_slice_times,
    siemens_xa_series,
    standard_diffusion,
    uih_diffusion,
    uih_grid,
    uih_protocol,
    uih_slice_times,
)
from convkit.quirks._keys import VENDOR_KEYS, WORDS_OF_OURS
from convkit.quirks._quirk import (
    Extent,
    FactsQuirk,
    GradientQuirk,
    MergeQuirk,
    OrderQuirk,
    PhilipsValues,
    SliceTimeQuirk,
    TraitsQuirk,
    UnfoldQuirk,
    ValueChoices,
    ValuesQuirk,
    VolumeTimeQuirk,
)

__all__ = [
    "DEFAULT_CHOICES",
    "GRADIENT_KEYWORDS",
    "ORDER_KEYWORDS",
    "RESCALE_KEYWORDS",
    "TRAIT_KEYWORDS",
    "VENDOR_KEYS",
    "Extent",
    "PhilipsValues",
    "ValueChoices",
    "acquisition_of",
    "corrected_rescale",
    "corrected_traits",
    "every_quirk",
    "gradient_of",
    "rescale_notes",
    "slice_time",
    "unfold",
    "vendor_facts",
    "volume_number",
    "volume_time",
    "without_texts",
]

AnyQuirk = (
    UnfoldQuirk
    | MergeQuirk
    | TraitsQuirk
    | OrderQuirk
    | ValuesQuirk
    | GradientQuirk
    | SliceTimeQuirk
    | VolumeTimeQuirk
    | FactsQuirk
)

UNFOLD: tuple[UnfoldQuirk, ...] = (
    siemens_csa_diffusion.QUIRK,
    siemens_csa_mosaic_times.QUIRK,
    siemens_mosaic.QUIRK,
    uih_grid.QUIRK,
    ge_field_map.FLAG,
    ge_polarity_pairs.QUIRK,
)
MERGE: tuple[MergeQuirk, ...] = (siemens_xa_series.QUIRK,)
TRAITS: tuple[TraitsQuirk, ...] = (
    siemens_xa_series.NUMBERS,
    ge_image_component.QUIRK,
    ge_collapse_flag.QUIRK,
    ge_field_map.QUIRK,  # after the two, which see half of it
    ge_labeling.DELAYS,
    ge_polarity_pairs.KINDS,
    philips_image_type.QUIRK,
    philips_trace.QUIRK,
)
ORDERS: tuple[OrderQuirk, ...] = (philips_volume_order.QUIRK,)
VALUES: tuple[ValuesQuirk, ...] = (philips_precise_values.QUIRK,)
GRADIENTS: tuple[GradientQuirk, ...] = (
    uih_diffusion.QUIRK,
    canon_diffusion.QUIRK,
    philips_diffusion.QUIRK,
    siemens_diffusion.QUIRK,
    ge_diffusion.QUIRK,
    standard_diffusion.QUIRK,  # last: vendors fill it in part
)
SLICE_TIMES: tuple[SliceTimeQuirk, ...] = (
    siemens_mosaic_times.QUIRK,
    siemens_slice_times.QUIRK,
    uih_slice_times.QUIRK,
    ge_slice_clock.QUIRK,
)
VOLUME_TIMES: tuple[VolumeTimeQuirk, ...] = (philips_dynamic_time.QUIRK,)
FACTS: tuple[FactsQuirk, ...] = (
    manufacturer_names.QUIRK,
    siemens_sequence.QUIRK,
    siemens_matrix.QUIRK,
    siemens_acceleration.QUIRK,
    siemens_echo_spacing.QUIRK,
    siemens_phase_encoding.QUIRK,
    siemens_echoes.QUIRK,
    siemens_image_type.QUIRK,
    siemens_coils.QUIRK,
    siemens_adjustments.QUIRK,
    siemens_labeling.QUIRK,
    philips_protocol.QUIRK,
    uih_protocol.QUIRK,
    ge_sequence.QUIRK,
    ge_acceleration.QUIRK,
    ge_echo_spacing.QUIRK,
    ge_phase_encoding.QUIRK,
    ge_group_delay.QUIRK,
    ge_slice_order.QUIRK,
    ge_labeling.QUIRK,
    ge_field_map.FACTS,
    ge_polarity_pairs.FACTS,
)

DEFAULT_CHOICES = ValueChoices()

TRAIT_KEYWORDS = tuple(dict.fromkeys(k for q in TRAITS for k in q.keywords))
"""Attributes that the trait quirks read; equal raw values give an equal answer."""

RESCALE_KEYWORDS = tuple(dict.fromkeys(k for q in VALUES for k in q.keywords))
"""Attributes that the value quirks read beside the rescale itself."""


ORDER_KEYWORDS = tuple(dict.fromkeys(k for q in ORDERS for k in q.keywords))
"""Attributes that the order quirks read."""

GRADIENT_KEYWORDS = tuple(dict.fromkeys(k for q in GRADIENTS for k in q.keywords))
"""Attributes that the gradient quirks read; equal raw values give an equal answer."""


def unfold(header: Header) -> Header:
    """The header with what its vendor hides in it, and with a row for each frame where there are several.

    Raises
    ------
    InputError
        The object contradicts itself.
    """
    for quirk in UNFOLD:
        if quirk.applies(header):
            header = quirk.unfold(header)
    return header


def acquisition_of(header: Header) -> tuple[Hashable, str] | None:
    """What all series of one acquisition share, and why they are one; None where a series is what it says."""
    return next(((q.acquisition(header), q.said) for q in MERGE if q.applies(header)), None)


def corrected_traits(header: Header, traits: Mapping[str, Any]) -> Mapping[str, Any]:
    """Traits by name, corrected by every quirk that applies."""
    for quirk in TRAITS:
        if quirk.applies(header):
            traits = quirk.fix(header, traits)
    return traits


def volume_number(header: Header) -> float | None:
    """The vendor's own number for the volume of a frame, by the first quirk that knows; None where none does."""
    found = (q.number(header) for q in ORDERS if q.applies(header))
    return next((n for n in found if n is not None), None)


def corrected_rescale(
    header: Header, slope: float, intercept: float, choices: ValueChoices = DEFAULT_CHOICES
) -> tuple[float, float]:
    """Slope and intercept, corrected by every quirk that applies."""
    for quirk in VALUES:
        if quirk.applies(header):
            slope, intercept = quirk.fix(header, slope, intercept, choices)
    return slope, intercept


def rescale_notes(header: Header, choices: ValueChoices = DEFAULT_CHOICES) -> tuple[Note, ...]:
    """What to tell the user of the rescale."""
    return tuple(q.note(header, choices) for q in VALUES if q.applies(header))


def gradient_of(header: Header) -> Gradient | None:
    """How a frame is diffusion-weighted, by the first quirk that knows; None where none does."""
    found = (q.gradient(header) for q in GRADIENTS if q.applies(header))
    return next((g for g in found if g is not None), None)


def slice_time(header: Header) -> float | None:
    """When a frame was acquired, seconds after a moment that all slices of its volume share; None where unknown."""
    found = (q.seconds(header) for q in SLICE_TIMES if q.applies(header))
    return next((s for s in found if s is not None), None)


def volume_time(header: Header) -> float | None:
    """When a volume was begun, seconds after a moment that all volumes of its run share; None where no vendor says."""
    found = (q.seconds(header) for q in VOLUME_TIMES if q.applies(header))
    return next((s for s in found if s is not None), None)


def vendor_facts(header: Header, extent: Extent) -> dict[str, Any]:
    """Sidecar keys that only the vendor's rules give, or that they correct; later quirks win."""
    facts: dict[str, Any] = {}
    for quirk in FACTS:
        if quirk.applies(header):
            facts |= quirk.facts(header, extent)
    return {key: value for key, value in facts.items() if key in VENDOR_KEYS}


def without_texts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts whose values are numbers, or words of convkit's own: what identifies nobody, wherever it was found."""
    return {key: value for key, value in facts.items() if key in WORDS_OF_OURS or not _has_text(value)}


def _has_text(value: Any) -> bool:
    return any(map(_has_text, value)) if isinstance(value, (list, tuple)) else isinstance(value, str)


def every_quirk() -> tuple[AnyQuirk, ...]:
    """All quirks of all stages, for the documentation."""
    return (
        *UNFOLD,
        *MERGE,
        *TRAITS,
        *ORDERS,
        *VALUES,
        *GRADIENTS,
        *SLICE_TIMES,
        *VOLUME_TIMES,
        *FACTS,
    )
