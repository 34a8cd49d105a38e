"""The factor from activity to standardized uptake value by body weight (SUVbw), where the header tells all of it.

By the vendor-neutral pseudo-code of the Quantitative Imaging Biomarkers Alliance (QIBA, FDG-PET/CT Profile, "SUV
Vendor-neutral pseudo-code", happy path only): Bq/mL, decay corrected to the start of the scan. What it does not cover
is not guessed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from convkit.dicom import values
from convkit.dicom.header import Header
from convkit.dicom.sequences import Item, items_of
from convkit.errors import InputError

_DOSE, _HALF_LIFE, _START_TIME, _START_MOMENT = 0x00181074, 0x00181075, 0x00181072, 0x00181078
_GRAMS = 1000.0
_MOST_HOURS = 24
"""Hours from injection to scan beyond which a date must be wrong."""


def suv_factor(header: Header) -> float | str:
    """Factor from Bq/mL to g/mL (SUVbw); or why there is none, in a few words.

    Parameters
    ----------
    header : Header
        Of one frame, with Patient Weight.
    """
    if header.text("Units") != "BQML":
        return "the values are no activity in Bq/mL"
    if header.text("DecayCorrection") != "START":
        return "they are not corrected to the start of the scan"
    weight = header.number("PatientWeight") if "PatientWeight" in header.table.places else None
    if not weight or weight <= 0:
        return "Patient Weight is missing"
    item = _injection(header)
    dose, half_life = _positive(item, _DOSE), _positive(item, _HALF_LIFE)
    if item is None or not dose or not half_life:
        return "dose or half-life is missing"
    scan = _scanned_at(header)
    if scan is None:
        return "the start of the scan is missing, or the series was made after the images"
    decayed = dose * _left_of(header, item, scan, half_life)
    return weight * _GRAMS / decayed if decayed > 0 else "the time of injection is missing or cannot be"


def _left_of(header: Header, item: Item, scan: datetime, half_life: float) -> float:
    """Share of the activity that is left when the scan starts; 0 where it is not known."""
    start = _injected_at(header, item)
    elapsed = -1.0 if start is None else (scan - start).total_seconds()
    share: float = 2 ** (-elapsed / half_life) if 0 <= elapsed <= _MOST_HOURS * 3600 else 0.0
    return share


def _injection(header: Header) -> Item | None:
    try:
        return next(iter(items_of(header.far("RadiopharmaceuticalInformationSequence"))), None)
    except InputError:
        return None


def _positive(item: Item | None, tag: int) -> float | None:
    found = values.numbers(item.find(tag) or b"", "DS") if item is not None else ()
    return found[0] if found and found[0] > 0 else None


def _injected_at(header: Header, item: Item | None) -> datetime | None:
    if item is None:
        return None
    moment = _moment((item.find(_START_MOMENT) or b"").decode("latin-1"))
    if moment is not None:
        return moment
    scan = _scanned_at(header)
    time = (item.find(_START_TIME) or b"").decode("latin-1").strip(" \0")
    found = None if scan is None else _moment(f"{scan:%Y%m%d}{time}")
    if found is not None and scan is not None and found > scan:
        found -= timedelta(days=1)  # injected before midnight
    return found


def _scanned_at(header: Header) -> datetime | None:
    """The start of the scan: Series Time, unless the series was made after the image was acquired."""
    series = _moment(header.text("SeriesDate") + header.text("SeriesTime"))
    acquired = _moment(header.text("AcquisitionDate") + header.text("AcquisitionTime"))
    return series if series is not None and acquired is not None and series <= acquired else None


def _moment(text: str) -> datetime | None:
    digits = text.strip(" \0")[:14]
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S")
    except ValueError:
        return None
