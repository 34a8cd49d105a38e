"""Siemens EPI: the echo spacing that describes the distortion of the image as it was reconstructed."""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._csa import csa_number
from convkit.quirks._quirk import Extent, FactsQuirk
from convkit.quirks._siemens_protocol import protocol_of
from convkit.quirks.siemens_acceleration import in_plane_factor
from convkit.quirks.siemens_matrix import recon_lines

_MICROSECOND = 1e-6


def _applies(header: Header) -> bool:
    return (
        header.has("SiemensBandwidthPerPixelPhaseEncode")
        or header.has("SiemensXABandwidthPerPixelPhaseEncode")
        or header.has_far("SiemensCSAImageHeader")
    )


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    lines, bandwidth = recon_lines(header), _bandwidth(header)
    if not lines or bandwidth <= 0:
        return {}
    # The bandwidth is that of a line of the final image: acceleration, oversampling, interpolation and partial
    # Fourier are in it already, so that no factor may be applied again.
    spacing = 1.0 / (bandwidth * lines)
    protocol = protocol_of(header)
    oversampling = protocol.number("sKSpace.dPhaseOversamplingForDialog") or 0.0
    shown = (protocol.number("sFastImaging.lEchoSpacing") or 0.0) * _MICROSECOND
    return {
        "BandwidthPerPixelPhaseEncode": bandwidth,
        "EffectiveEchoSpacing": spacing,
        # FSL: from the middle of the first line to the middle of the last.
        "TotalReadoutTime": spacing * (lines - 1),
        "DerivedVendorReportedEchoSpacing": spacing * in_plane_factor(header, protocol) / (1.0 + oversampling),
        **({"VendorReportedEchoSpacing": shown} if shown else {}),
    }


def _bandwidth(header: Header) -> float:
    """Bandwidth per pixel in phase encoding direction, Hz; 0 where the image is no EPI."""
    for keyword in ("SiemensXABandwidthPerPixelPhaseEncode", "SiemensBandwidthPerPixelPhaseEncode"):
        found = header.number(keyword)
        if found:
            return found
    csa = header.far("SiemensCSAImageHeader")
    return (csa_number(csa.data, "BandwidthPerPixelPhaseEncode") if csa else None) or 0.0


QUIRK = FactsQuirk(
    name="siemens-echo-spacing",
    why="(0019,xx28) of creator SIEMENS MR HEADER, (0021,xx53) of SIEMENS MR SDI 02, CSA tag "
    "BandwidthPerPixelPhaseEncode; dcm2niix's vendor notes on Siemens; data set neurolabusc/dcm_qa, which varies "
    "acceleration, partial Fourier, oversampling, interpolation and echo spacing",
    applies=_applies,
    facts=_facts,
)
