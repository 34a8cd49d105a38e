"""From stored to real values: which slope and intercept of a header count, or which table instead."""

from __future__ import annotations

import math
from importlib import import_module
from typing import TYPE_CHECKING

from convkit.dicom.header import Header
from convkit.errors import MissingAttributeError
from convkit.quirks import DEFAULT_CHOICES, ValueChoices, corrected_rescale

if TYPE_CHECKING:
    from convkit.dicom.display import ModalityTable

KEYWORDS = ("RescaleSlope", "RescaleIntercept", "RealWorldValueSlope", "RealWorldValueIntercept", "RealWorldUnits")
"""What `rescale_of` reads, the vendors' elements apart."""

_NO_UNITS = frozenset({"", "1", "NO UNITS", "[ARB'U]", "US"})
"""UCUM codes that say no unit: a mapping to them is no measurement (Philips gives one in every image)."""


def rescale_of(header: Header, choices: ValueChoices = DEFAULT_CHOICES) -> tuple[float, float]:
    """Slope and intercept: of the real world where it has units, else those of the rescale, as its vendor means it.

    Raises
    ------
    MissingAttributeError
        The header gives a rescale that is no usable number.
    """
    if _is_measured(header):
        return (
            _number(header, "RealWorldValueSlope", "0040,9225", 1.0),
            _number(header, "RealWorldValueIntercept", "0040,9224", 0.0),
        )
    return corrected_rescale(
        header,
        _number(header, "RescaleSlope", "0028,1053", 1.0),
        _number(header, "RescaleIntercept", "0028,1052", 0.0),
        choices,
    )


def modality_table_of(header: Header) -> ModalityTable | None:
    """The table that takes the place of slope and intercept; None where they count.

    Raises
    ------
    InputError
        It cannot be used.
    """
    if _is_measured(header):
        return None
    found: ModalityTable | None = import_module("convkit.dicom.display").modality_table_of(header)
    return found


def _is_measured(header: Header) -> bool:
    """True where a mapping to the real world counts more than what the image has beside (PS3.3 C.7.6.16.2.11)."""
    return bool(real_world_units(header)) and header.has("RealWorldValueSlope")


def real_world_units(header: Header) -> str:
    """Unit of a real world value mapping, as UCUM has it; empty where there is none."""
    unit = header.text("RealWorldUnits")
    return "" if unit.upper() in _NO_UNITS else unit


def _number(header: Header, keyword: str, tag: str, default: float) -> float:
    if not header.has(keyword):
        return default
    number = header.number(keyword)
    if number is None or not math.isfinite(number) or (keyword.endswith("Slope") and number == 0):
        raise MissingAttributeError(f"({tag}) {keyword} is no usable number.", header.path, "", "values.bad-rescale")
    return number
