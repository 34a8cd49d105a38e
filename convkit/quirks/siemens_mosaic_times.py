"""Siemens mosaics: when each tile was acquired."""

from __future__ import annotations

from functools import lru_cache

from convkit.dicom.header import Header
from convkit.quirks._csa import csa_number, csa_numbers
from convkit.quirks._quirk import SliceTimeQuirk
from convkit.quirks._siemens_protocol import Protocol, protocol_of

_ASCENDING, _DESCENDING, _INTERLEAVED = 1, 2, 4
"""Values of the protocol line sSliceArray.ucMode."""

_MILLISECOND, _MICROSECOND = 1e-3, 1e-6


def mosaic_times(header: Header) -> tuple[float, ...]:
    """Milliseconds of each tile after the first, in the order of the tiles; empty where the header has none."""
    times = header.numbers("SiemensMosaicRefAcqTimes") or _csa_times(header)
    first = min(times, default=0.0)  # some software counts from later than the first, so that times are negative
    return tuple(time - first for time in times)


def _csa_times(header: Header) -> tuple[float, ...]:
    csa = header.far("SiemensCSAImageHeader")
    return csa_numbers(csa.data, "MosaicRefAcqTimes") if csa else ()


def _applies(header: Header) -> bool:
    is_tile = header.has("SiemensMosaicRefAcqTimes") or "MOSAIC" in header.texts("ImageType")
    return is_tile and header.text("MRAcquisitionType") != "3D"


def _seconds(header: Header) -> float | None:
    times = _of_instance(header.path, header.modified_ns, header._replace(frame=0)) if False else _times(header)
    return times[header.frame] if header.frame < len(times) else None


QUIRK = SliceTimeQuirk(
    name="siemens-mosaic-times",
    why="",
    applies=_applies,
    seconds=_seconds,
)
