"""GE EPI: slice times from the order of the slices, which the protocol tells."""

from __future__ import annotations

import math
from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._ge import PulseSequence, Release, is_ge_mr, release_of, sequence_of
from convkit.quirks._ge_protocol import protocol_number, protocol_of
from convkit.quirks._quirk import Extent, FactsQuirk
from convkit.quirks.ge_acceleration import multiband_factor

_MS = 1e-3
_VARIABLE = "MPhVar"

_EARLIEST_MULTIBAND: Release = (26, 0, 0)
_EVEN_GROUPS: Release = (27, 0, 3)
"""From here on an even number of groups of slices is excited as it is; before, one more excitation made it odd."""

_CYCLING = ("PREMIER", "UHP", "7.0T")
"""Models that spread the weightings of a volume over several repetitions, to spare their gradients."""

_NO_CYCLING = {"PREMIER": (0.72, 0.72), "UHP": (0.5, 1.0), "7.0T": (0.5, 1.0)}
"""Values of user variable 15 with which they do not (the protocols of ABCD, ADNI 3, HCP and UK Biobank)."""


def _applies(header: Header) -> bool:
    is_epi = is_ge_mr(header) and sequence_of(header) is not PulseSequence.OTHER
    return is_epi and header.text("MRAcquisitionType") != "3D" and header.has_far("GEProtocolDataBlock")


def _facts(header: Header, extent: Extent) -> dict[str, Any]:
    repetition_s = (header.number("RepetitionTime") or 0.0) * _MS
    is_interleaved, is_upward = _is_interleaved(header), _is_upward(header, extent.slices)
    if extent.slices < 2 or repetition_s <= 0 or is_interleaved is None or is_upward is None:
        return {}
    ranks = _ranks(header, extent.slices, is_interleaved=is_interleaved)
    if not ranks:
        return {}
    times = [round(ranks[i % len(ranks)] * repetition_s / len(ranks), 6) for i in range(extent.slices)]
    return {"SliceTiming": times if is_upward else times[::-1]}


def _is_interleaved(header: Header) -> bool | None:
    """True where every second slice is excited first; None where that is not known."""
    protocol, kind = protocol_of(header), sequence_of(header)
    if kind is PulseSequence.DIFFUSION:
        return None if _is_cycling(header) else True
    if kind is PulseSequence.MULTI_PHASE:
        # It has no choice of the order in its protocol; but a clock for each slice, if only one is excited at once.
        has_clock = header.number("TriggerTime") is not None and multiband_factor(header) == 1
        return None if has_clock or _VARIABLE in protocol.get("IOPT", "") else True
    order = protocol_number(protocol, "SLICEORDER")
    return None if order is None else order != 0


def _is_cycling(header: Header) -> bool:
    """True where the slices of a diffusion-weighted volume come from several repetitions."""
    model = header.text("ManufacturerModelName").upper()
    name = next((name for name in _CYCLING if name in model), None)
    if name is None:
        return False
    low, high = _NO_CYCLING[name]
    return not low - 1e-4 <= (header.number("GEUserData15") or 0.0) <= high + 1e-4


def _ranks(header: Header, slices: int, *, is_interleaved: bool) -> list[int]:
    """Place in time of each excitation, in the order of the slices; empty where it is not known."""
    bands, release = multiband_factor(header), release_of(header)
    if bands > 1 and (release is None or release < _EARLIEST_MULTIBAND):
        return []
    count = math.ceil(slices / bands)
    keeps_even = release is not None and release >= _EVEN_GROUPS and sequence_of(header) is not PulseSequence.DIFFUSION
    if bands > 1 and not keeps_even and count % 2 == 0:
        count += 1
    if not is_interleaved:
        return list(range(count))
    # 0 2 4 ... 1 3 5 ...
    ranks = [i // 2 if i % 2 == 0 else (count - 1) // 2 + (i + 1) // 2 for i in range(count)]
    if bands > 1 and keeps_even and count > 2 and count % 2 == 0:
        # The last two are swapped, so that the last slice of a group is not followed by the first of the next.
        ranks[-1], ranks[-3] = ranks[-3], ranks[-1]
    return ranks


def _is_upward(header: Header, slices: int) -> bool | None:
    """True where the slice of this header, the first in space, is the first in time; None where that is not known."""
    first, last = header.number("GEFirstScanLocation"), header.number("GELastScanLocation")
    here = header.number("GEImageLocation")
    if first is not None and last is not None and here is not None and first != last:
        return abs(here - first) < abs(here - last)
    number = header.integer("InstanceNumber")
    return {0: True, slices - 1: False}.get((number - 1) % slices) if number and slices else None


QUIRK = FactsQuirk(
    name="ge-slice-order",
    why="Protocol data block (0025,xx1B) of creator GEMS_SERS_01, line SLICEORDER, and (0019,xx19), (0019,xx1B) first "
    "and last scan location; the order of multiband excitations and of diffusion as dcm2niix has it, measured on its "
    "output for edited headers (rordenlab/dcm2niix issues 336, 635, 699, 723); data sets neurolabusc/dcm_qa_nih, "
    "dcm_qa_stc (multiband and diffusion were not seen)",
    applies=_applies,
    facts=_facts,
)
