"""Siemens mosaics of older software: when each tile was acquired, told by the CSA header or by the protocol alone."""

from __future__ import annotations

from struct import pack

from convkit.dicom.header import Header
from convkit.quirks._csa import csa_number, csa_numbers
from convkit.quirks._quirk import UnfoldQuirk
from convkit.quirks._siemens_protocol import protocol_of

_ASCENDING, _DESCENDING, _INTERLEAVED = 1, 2, 4
"""Values of the protocol line sSliceArray.ucMode."""

_MOST_TILES = 4096
"""No volume has as many slices; a larger count is none."""

_MS_PER_MICROSECOND = 1e-3


def _applies(header: Header) -> bool:
    is_mosaic = "MOSAIC" in header.texts("ImageType") and header.text("MRAcquisitionType") != "3D"
    return is_mosaic and not header.has("SiemensMosaicRefAcqTimes") and header.has_far("SiemensCSAImageHeader")


def _unfold(header: Header) -> Header:
    csa = header.far("SiemensCSAImageHeader")
    data = csa.data if csa else b""
    times = csa_numbers(data, "MosaicRefAcqTimes") or _protocol_times(header, data)
    return header.with_shared({header.table.places["SiemensMosaicRefAcqTimes"]: pack(f"<{len(times)}d", *times)})


def _protocol_times(header: Header, csa: bytes) -> tuple[float, ...]:
    """Milliseconds by the slice order of the protocol: evenly spread over the repetition time without its pause."""
    count = _count(header, csa)
    protocol = protocol_of(header)
    pause = (protocol.number("lDelayTimeInTR") or 0.0) * _MS_PER_MICROSECOND
    busy = (header.number("RepetitionTime") or 0.0) - pause
    return tuple(rank * busy / count for rank in _ranks(count, protocol.integer("sSliceArray.ucMode"))) if busy else ()


def _count(header: Header, csa: bytes) -> int:
    """Number of tiles; 0 where it is unknown or more than the picture can hold."""
    count = header.number("SiemensNumberOfImagesInMosaic") or csa_number(csa, "NumberOfImagesInMosaic") or 0.0
    pixels = (header.integer("Rows") or 0) * (header.integer("Columns") or 0)
    return int(count) if 0 < count <= min(pixels, _MOST_TILES) and count == int(count) else 0


def _ranks(count: int, mode: int | None) -> list[int]:
    """When each of some slices is acquired, counted from 0; empty for a mode that tells no order."""
    places = list(range(count))
    if mode == _ASCENDING:
        return places
    if mode == _DESCENDING:
        return places[::-1]
    if mode != _INTERLEAVED:
        return []
    # An odd number of slices starts with the first, an even number with the second.
    order = places[1 - count % 2 :: 2] + places[count % 2 :: 2]
    ranks = [0] * count
    for rank, place in enumerate(order):
        ranks[place] = rank
    return ranks


QUIRK = UnfoldQuirk(
    name="siemens-csa-mosaic-times",
    why="CSA tag MosaicRefAcqTimes (nibabel's notes on CSA headers); software before VB15 has times nowhere, and the "
    "order in the protocol line sSliceArray.ucMode; dcm2niix's vendor notes on Siemens; data sets "
    "neurolabusc/dcm_qa_12bit (VB12, ascending) and dcm_qa_stc (VB13, ascending)",
    applies=_applies,
    unfold=_unfold,
)
