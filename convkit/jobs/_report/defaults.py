"""The columns of a report for which nobody has asked, and what their numbers are measured in. Light to import."""

from __future__ import annotations

from convkit.model.table import Column, Kind

OWN = {
    "volumes": Column("volumes", Kind.INTEGER, meaning="volumes that the series makes"),
    "instances": Column("instances", Kind.INTEGER, meaning="number of files"),
    "bytes": Column("bytes", Kind.INTEGER, unit="bytes", meaning="size of the files"),
    "slices": Column("slices", Kind.INTEGER, meaning="slices of the largest volume"),
    "slice_spacing": Column(
        "slice_spacing",
        Kind.NUMBER,
        unit="mm",
        meaning="between its slices, by their positions; none where it is assumed",
    ),
}
"""Columns that are no attribute of a header."""

GENERAL = (
    "Modality",
    "Manufacturer",
    "ManufacturerModelName",
    "BodyPartExamined",
    "ProtocolName",
    "SeriesDescription",
    "PatientSex",
    "PatientAge",
    "StudyDate",
    "ImageType",
    "Rows",
    "Columns",
    "slices",
    "PixelSpacing",
    "SliceThickness",
    "slice_spacing",
    "instances",
)
"""What is asked of every series."""

BY_MODALITY = {
    "CT": ("KVP", "XRayTubeCurrent", "Exposure", "ConvolutionKernel", "GantryDetectorTilt", "ReconstructionDiameter"),
    "MR": (
        "MagneticFieldStrength",
        "RepetitionTime",
        "EchoTime",
        "InversionTime",
        "FlipAngle",
        "EchoTrainLength",
        "PixelBandwidth",
        "ScanningSequence",
        "MRAcquisitionType",
        "volumes",
    ),
    "PT": ("Units", "ReconstructionMethod", "AttenuationCorrectionMethod", "PatientWeight", "volumes"),
    "NM": ("ReconstructionMethod",),
    "CR": ("ViewPosition", "ImagerPixelSpacing", "KVP", "Exposure"),
    "DX": ("ViewPosition", "ImageLaterality", "ImagerPixelSpacing", "KVP", "Exposure"),
    "MG": ("ViewPosition", "ImageLaterality", "BodyPartThickness", "CompressionForce", "ImagerPixelSpacing", "KVP"),
    "XA": ("ImagerPixelSpacing", "KVP", "NumberOfFrames"),
    "US": ("NumberOfFrames",),
}
"""What is asked beside it, where there is a series of the modality."""

DEFAULT = tuple(dict.fromkeys([*GENERAL, *(name for names in BY_MODALITY.values() for name in names)]))
DEFAULT_KEYWORDS = tuple(name for name in DEFAULT if name not in OWN)
"""Attributes that an index keeps, so that it can stand for its files."""

UNITS = {
    "KVP": "kV",
    "XRayTubeCurrent": "mA",
    "Exposure": "mAs",
    "ExposureTime": "ms",
    "GantryDetectorTilt": "°",
    "ReconstructionDiameter": "mm",
    "DataCollectionDiameter": "mm",
    "MagneticFieldStrength": "T",
    "RepetitionTime": "ms",
    "EchoTime": "ms",
    "InversionTime": "ms",
    "FlipAngle": "°",
    "PixelBandwidth": "Hz/px",
    "PixelSpacing": "mm",
    "ImagerPixelSpacing": "mm",
    "SliceThickness": "mm",
    "SpacingBetweenSlices": "mm",
    "BodyPartThickness": "mm",
    "CompressionForce": "N",
    "PatientAge": "years",
    "PatientWeight": "kg",
    "PatientSize": "m",
    "CTDIvol": "mGy",
    "ImagePositionPatient": "mm",
}
"""Units by the standard (PS3.3)."""
