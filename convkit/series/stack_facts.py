"""All facts of a stack for its sidecar: those of the standard, those of its vendor, and those of its slices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from convkit.quirks import Extent, vendor_facts, without_texts
from convkit.series._volume_facts import interval_s, volume_facts
from convkit.series.facts import facts_of
from convkit.series.leads import Leads
from convkit.series.stack import Stack

_LONGEST_TR_SHARE = 1.01
"""Slice times that spread over more than this share of a volume's time are not those of one volume."""


_DIGITS = 12
"""More than any header gives, fewer than a double holds."""


def facts_and_step(stack: Stack, leads: Leads, *, keep: tuple[str, ...] = ()) -> tuple[dict[str, Any], float | None]:
    """The facts of a stack as they may leave, and the seconds from one volume to the next; None where unknown.

    Parameters
    ----------
    stack : Stack
    leads : Leads
    keep : tuple of str
        Further DICOM keywords that the user asked for.
    """
    extent = Extent(stack.volumes, stack.slices)
    facts = _facts(stack, leads, facts_of(leads.first, keep=keep), vendor_facts(leads.lowest, extent))
    step_s = _step_s(stack, leads, facts)
    if leads.first.redaction is None:
        return facts, step_s
    # Texts as the copy has them; what makers keep in elements of their own only as numbers and words of ours.
    of_vendor = vendor_facts(leads.lowest.redacted, extent) | without_texts(vendor_facts(leads.lowest.measured, extent))
    measured = leads._replace(volumes=tuple(lead.measured for lead in leads.volumes))
    return _facts(stack, measured, facts_of(leads.first.redacted, keep=keep), of_vendor), step_s


def _facts(stack: Stack, leads: Leads, of_first: Mapping[str, Any], of_vendor: Mapping[str, Any]) -> dict[str, Any]:
    facts = {**of_first, **volume_facts(leads.volumes), **of_vendor}
    if "SliceTiming" not in facts:
        facts |= _slice_timing(leads, facts.get("RepetitionTime"))
    if stack.coordinates is not None or len(facts.get("SliceTiming") or ()) != stack.slices:
        facts.pop("SliceTiming", None)  # a slice that was interpolated has no time of its own
    if facts.get("EchoNumber") is None:
        facts |= _echo_number(stack.split.label)
    if facts.get("PhaseEncodingDirection"):
        facts.pop("PhaseEncodingAxis", None)  # the same without a sign
    return {key: _tidy(value) for key, value in facts.items() if value is not None}


def _tidy(value: Any) -> Any:
    """Numbers without the noise of their computation: 0.01246 s, not 0.012459999999999999."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    return [_tidy(each) for each in value] if isinstance(value, list) else value


def _echo_number(label: str) -> dict[str, Any]:
    """Rank of the echo in its series, where the series was split by echoes and the header does not number them."""
    found = re.search(r"_echo-(\d+)", label)
    return {"EchoNumber": int(found.group(1))} if found else {}


def _slice_timing(leads: Leads, repetition_time_s: float | None) -> dict[str, Any]:
    """Slice times after the first slice, seconds."""
    if not leads.slice_times:
        return {}
    times = [round(t, 6) for t in leads.slice_times]
    if max(times) == 0 or (repetition_time_s and max(times) > repetition_time_s * _LONGEST_TR_SHARE):
        return {}
    return {"SliceTiming": times}


def _step_s(stack: Stack, leads: Leads, facts: Mapping[str, Any]) -> float | None:
    if stack.volumes == 1:
        return None
    repetition = facts.get("RepetitionTime")
    return float(repetition) if repetition else interval_s(leads.volumes)
