"""Sidecar keys that need a header of every volume: when each was acquired, and what differs between them.

PET times follow BIDS (positron emission tomography): all are relative to TimeZero, the reference time of the series.
Dates are read for differences between days and never written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from convkit.dicom import values
from convkit.dicom.header import Header
from convkit.dicom.sequences import Item
from convkit.quirks import volume_time
from convkit.series._clock import DAY_S, STARTS, seconds, since, written
from convkit.series._fact import changed
from convkit.series._pet_facts import injection

Leads = Sequence[Header]
"""The header of the first frame of each volume."""

_MS = 1e-3

_LEAST_VOLUMES = 2
_OTHER_S = 0.05
"""An interval that differs from Repetition Time by more than this is another time; clocks jitter by milliseconds."""

EVEN_SHARE = 0.05
"""Of the mean interval: how far an interval may be off before volumes are called unevenly spaced in time; the clock of
a scanner that moves its table jitters by less."""

_START_TIME, _STOP_TIME, _START_MOMENT, _STOP_MOMENT = (
    0x00181072,  # Radiopharmaceutical Start Time, TM
    0x00181073,  # Radiopharmaceutical Stop Time, TM
    0x00181078,  # Radiopharmaceutical Start DateTime, DT
    0x00181079,  # Radiopharmaceutical Stop DateTime, DT
)
_HALF_LIFE = 0x00181075

_LONG_HALF_LIFE_S = 10 * 3600.0
"""A tracer that lives longer is also imaged on later days, so that the time of day alone does not tell when it was
injected."""


class VolumeFact(NamedTuple):
    """One key of the sidecar that is found from the first header of every volume.

    Attributes
    ----------
    key : str
    read : leads to value, None where there is none
    modalities : tuple of str
        As in `convkit.series._fact.Fact`.
    """

    key: str
    read: Callable[[VolumeLeads], Any]
    modalities: tuple[str, ...] = ()

    def of(self, leads: VolumeLeads) -> Any:
        """The value; None where there is none or the key has no meaning."""
        if self.modalities and leads[0].text("Modality") not in self.modalities:
            return None
        return self.read(leads)


def volume_facts(leads: Leads) -> dict[str, Any]:
    """The facts that need every volume.

    Parameters
    ----------
    leads : sequence of Header
        Of the first frame of each volume, in the order of the volumes.
    """
    volumes = VolumeLeads(leads)
    found = {fact.key: fact.of(volumes) for fact in VOLUME_FACTS}
    return {key: value for key, value in found.items() if value is not None}


def interval_s(leads: Leads) -> float | None:
    """Mean time from the start of one volume to that of the next, in s; None where it is not told."""
    return VolumeLeads(leads).interval_s


# --- times -----------------------------------------------------------------------------------------------


class VolumeLeads(tuple[Header, ...]):  # noqa: SLOT001 (it keeps what was found)
    """Leads whose times, which several facts need, are read once."""

    @cached_property
    def starts(self) -> list[float] | None:
        """When each volume starts, in s after the first; None where a time is missing or does not grow."""
        told = [volume_time(lead) for lead in self]
        if len(self) > 1 and all(time is not None for time in told) and len(set(told)) == len(self):
            starts = [round((time or 0.0) - (told[0] or 0.0), 6) for time in told]
            return starts if all(a < b for a, b in pairwise(starts)) else None
        times = [seconds(lead, STARTS) for lead in self]
        if times[0] is None:
            return None
        starts = [since(time, times[0]) for time in times if time is not None]
        is_growing = all(a < b for a, b in pairwise(starts))
        return starts if len(starts) == len(self) and is_growing else None

    @property
    def interval_s(self) -> float | None:
        """See `interval_s`."""
        starts = self.starts
        return round((starts[-1] - starts[0]) / (len(starts) - 1), 6) if starts and len(starts) > 1 else None


def _is_even(starts: Sequence[float]) -> bool:
    steps = [b - a for a, b in pairwise(starts)]
    mean = sum(steps) / len(steps)
    return all(abs(step - mean) <= EVEN_SHARE * mean for step in steps)


def _repetition_time(leads: VolumeLeads) -> float | None:
    """Interval of the volumes, where the header tells no repetition time, or only that of an excitation.

    BIDS means the time from volume to volume. In a 3-D acquisition Repetition Time is that of one excitation.
    """
    starts = leads.starts
    if not starts or len(starts) < _LEAST_VOLUMES or not _is_even(starts):
        return None
    told, interval = leads[0].number("RepetitionTime"), leads.interval_s
    is_excitation = leads[0].text("MRAcquisitionType") == "3D" and told and interval
    if told and not (is_excitation and abs(told * _MS - (interval or 0.0)) > _OTHER_S):
        return None
    return interval


def _excitation_time(leads: VolumeLeads) -> float | None:
    """Repetition Time of a 3-D acquisition whose volumes follow each other more slowly."""
    told = leads[0].number("RepetitionTime")
    return told * _MS if told and _repetition_time(leads) is not None else None


def _volume_timing(leads: VolumeLeads) -> list[float] | None:
    starts = leads.starts
    if leads[0].number("RepetitionTime") or not starts or len(starts) == 1 or _is_even(starts):
        return None
    return starts


def _zero(leads: Leads) -> float | None:
    """Time of day of TimeZero, in s.

    It is Series Time, the reference of frame times and of decay correction (PS3.3 C.8.9.1.1.4), unless that comes after
    the first image: then a workstation has written its own time there.
    """
    first, series = seconds(leads[0], STARTS), seconds(leads[0], ("SeriesTime",))
    if first is None or series is None:
        return first if series is None else series
    return series if since(first, series) >= 0 else first


def _time_zero(leads: Leads) -> str | None:
    zero = _zero(leads)
    return None if zero is None else written(zero)


def _scan_start(leads: Leads) -> float | None:
    return None if _zero(leads) is None else 0.0


def _frame_times(leads: VolumeLeads) -> list[float] | None:
    first, zero, starts = seconds(leads[0], STARTS), _zero(leads), leads.starts
    if first is None or zero is None or starts is None:
        return None
    return [round(since(first, zero) + start, 6) for start in starts]


def _injection(leads: Leads, moment: int, time: int) -> float | None:
    """Seconds from TimeZero to a moment of the injection; None where it is not told."""
    item, zero = injection(leads[0]), _zero(leads)
    if item is None or zero is None:
        return None
    exact = _since_moment(item.find(moment) or b"", leads[0], zero)
    if exact is not None:
        return exact
    of_day = values.seconds_of_day(item.find(time) or b"")
    return None if of_day is None or _lives_long(item) else since(of_day, zero)


def _since_moment(raw: bytes, header: Header, zero: float) -> float | None:
    """Seconds from TimeZero to a date and time; None where one of the two dates is missing."""
    day, today = _day(raw), _day(header.raw("SeriesDate") or header.raw("AcquisitionDate") or b"")
    of_day = values.seconds_of_moment(raw)
    if day is None or today is None or of_day is None:
        return None
    return round((day - today) * DAY_S + of_day - zero, 6)


def _day(raw: bytes) -> int | None:
    number = values.day_number(raw)
    try:
        return None if number is None else date(number // 10000, number // 100 % 100, number % 100).toordinal()
    except ValueError:
        return None


def _lives_long(item: Item) -> bool:
    half_life = values.numbers(item.find(_HALF_LIFE) or b"", "DS")
    return bool(half_life) and half_life[0] > _LONG_HALF_LIFE_S


def _injection_start(leads: Leads) -> float | None:
    return _injection(leads, _START_MOMENT, _START_TIME)


def _injection_end(leads: Leads) -> float | None:
    return _injection(leads, _STOP_MOMENT, _STOP_TIME)


def _decay_correction_time(leads: Leads) -> float | None:
    # PS3.3 C.8.9.1.1.5: START is the start of the acquisition, ADMIN the administration of the tracer.
    told = leads[0].text("DecayCorrection")
    if told == "ADMIN":
        return _injection_start(leads)
    if told == "START":
        return _scan_start(leads)
    zero, moment = _zero(leads), leads[0].raw("DecayCorrectionDateTime")
    return _since_moment(moment, leads[0], zero) if moment and zero is not None else None


# --- one number a volume ---------------------------------------------------------------------------------


def _each(keyword: str, factor: float = 1.0) -> Callable[[Leads], Any]:
    """The numbers of all volumes; None where one has none."""

    def read(leads: Leads) -> list[float] | None:
        found = [lead.number(keyword) for lead in leads]
        numbers = [changed(n, factor) for n in found if n is not None]
        return numbers if len(numbers) == len(leads) else None

    return read


def _varying(keyword: str, factor: float = 1.0) -> Callable[[Leads], Any]:
    """As `_each`, where they differ."""
    each = _each(keyword, factor)

    def read(leads: Leads) -> list[float] | None:
        found: list[float] | None = each(leads)
        return found if found and len(set(found)) > 1 else None

    return read


def _trigger_times(leads: Leads) -> list[float] | None:
    # Trigger Time counts from the R wave only where the heart was the trigger; others write other delays there.
    found: list[float] | None = _varying("TriggerTime", _MS)(leads)
    is_gated = any(leads[0].number(keyword) for keyword in ("NominalInterval", "CardiacNumberOfImages"))
    return found if is_gated else None


_PET = ("PT",)
_OTHERS = ("MR", "CT", "NM", "XA", "RF", "US", "OT")

VOLUME_FACTS: tuple[VolumeFact, ...] = (
    VolumeFact("TimeZero", _time_zero, _PET),
    VolumeFact("ScanStart", _scan_start, _PET),
    VolumeFact("InjectionStart", _injection_start, _PET),
    VolumeFact("InjectionEnd", _injection_end, _PET),
    VolumeFact("FrameTimesStart", _frame_times, _PET),
    VolumeFact("FrameDuration", _each("ActualFrameDuration", _MS), _PET),
    VolumeFact("FrameReferenceTime", _each("FrameReferenceTime", _MS), _PET),
    VolumeFact("ImageDecayCorrectionTime", _decay_correction_time, _PET),
    VolumeFact("DecayCorrectionFactor", _each("DecayFactor"), _PET),
    VolumeFact("ScatterFraction", _each("ScatterFractionFactor", 100.0), _PET),  # BIDS: percent
    VolumeFact("RepetitionTimeExcitation", _excitation_time, ("MR",)),
    VolumeFact("RepetitionTime", _repetition_time, _OTHERS),
    VolumeFact("VolumeTiming", _volume_timing, _OTHERS),
    VolumeFact("TriggerTime", _trigger_times, ("MR", "CT")),
    VolumeFact("NominalPercentageOfCardiacPhase", _varying("NominalPercentageOfCardiacPhase")),
    VolumeFact("NominalPercentageOfRespiratoryPhase", _varying("NominalPercentageOfRespiratoryPhase")),
)
