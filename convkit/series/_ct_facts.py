"""Sidecar keys of CT and other X-ray images, named as dcm2niix does, else as the attribute (BIDS has no CT)."""

from __future__ import annotations

from convkit.series._fact import Fact, number, positive, same, scaled

_X_RAY = ("CT", "CR", "DX", "MG", "XA", "RF")
_MS = 1e-3

CT_FACTS: tuple[Fact, ...] = (
    Fact("KVP", positive("KVP"), (*_X_RAY, "PT")),
    Fact("ExposureTime", scaled(_MS, "ExposureTime", "ExposureTimeInms"), _X_RAY),
    Fact("XRayTubeCurrent", positive("XRayTubeCurrent", "XRayTubeCurrentInmA"), _X_RAY),
    Fact("XRayExposure", positive("Exposure", "ExposureInmAs"), _X_RAY),
    Fact("ExposureModulationType", same("ExposureModulationType"), ("CT",)),
    Fact("CTDIvol", positive("CTDIvol"), ("CT",)),
    Fact("FilterType", same("FilterType"), _X_RAY),
    Fact("RevolutionTime", positive("RevolutionTime"), ("CT",)),
    Fact("SpiralPitchFactor", positive("SpiralPitchFactor"), ("CT",)),
    Fact("SingleCollimationWidth", positive("SingleCollimationWidth"), ("CT",)),
    Fact("TotalCollimationWidth", positive("TotalCollimationWidth"), ("CT",)),
    Fact("DataCollectionDiameter", positive("DataCollectionDiameter"), ("CT",)),
    Fact("ReconstructionDiameter", positive("ReconstructionDiameter"), ("CT", "PT")),
    Fact("GantryDetectorTilt", number("GantryDetectorTilt"), ("CT",)),
)
