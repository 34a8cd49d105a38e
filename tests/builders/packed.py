"""Many images in one object: each builder packs plain slices as an object of another kind would hold them.

The slices stay the truth: whatever the object, the oracle judges the output against them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.tag import Tag

from tests.builders.csa import csa1, csa2
from tests.builders.instances import instance
from tests.builders.oracle import stored_values
from tests.builders.stacks import decimal

Array = NDArray[Any]
Slices = Sequence[Dataset]

_STORAGE = "1.2.840.10008.5.1.4.1.1."
ENHANCED = {"MR": _STORAGE + "4.1", "CT": _STORAGE + "2.1", "PT": _STORAGE + "130"}
LEGACY = {"MR": _STORAGE + "4.4", "CT": _STORAGE + "2.2", "PT": _STORAGE + "128.1"}
RT_DOSE = _STORAGE + "481.2"

_PLANE = ("PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient", "SliceThickness")
_KEPT = ("SeriesDescription", "ProtocolName", "RepetitionTime", "MRAcquisitionType", "SequenceName", "Units")

MACROS: dict[str, dict[str, tuple[str, ...]]] = {
    "PlanePositionSequence": {"ImagePositionPatient": ("ImagePositionPatient",)},
    "PlaneOrientationSequence": {"ImageOrientationPatient": ("ImageOrientationPatient",)},
    "PixelMeasuresSequence": {"PixelSpacing": ("PixelSpacing",), "SliceThickness": ("SliceThickness",)},
    "PixelValueTransformationSequence": {
        "RescaleSlope": ("RescaleSlope",),
        "RescaleIntercept": ("RescaleIntercept",),
        "RescaleType": ("RescaleType",),
    },
    "MREchoSequence": {"EchoTime": ("EffectiveEchoTime",)},
    "MRTimingAndRelatedParametersSequence": {"RepetitionTime": ("RepetitionTime",), "FlipAngle": ("FlipAngle",)},
    "MRImageFrameTypeSequence": {"ImageType": ("FrameType",)},
    "CTImageFrameTypeSequence": {"ImageType": ("FrameType",)},
    "CTReconstructionSequence": {"ConvolutionKernel": ("ConvolutionKernel",)},
    "CTXRayDetailsSequence": {"KVP": ("KVP",)},
    "TemporalPositionSequence": {},
}
"""Functional group to what it takes from a plain slice: keyword there, keyword here (PS3.3 C.7.6.16)."""

_OF_MR = ("MREchoSequence", "MRTimingAndRelatedParametersSequence", "MRImageFrameTypeSequence")
_OF_CT = ("CTImageFrameTypeSequence", "CTReconstructionSequence", "CTXRayDetailsSequence")
_OF_ALL = ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")


# --- pictures of tiles ---------------------------------------------------------------------------------


def tiled(slices: Slices, across: int, down: int) -> Array:
    """One picture with the stored values of slices as its tiles, row by row; the rest is zero."""
    rows, columns = int(slices[0].Rows), int(slices[0].Columns)
    picture = np.zeros((down * rows, across * columns), _dtype(slices[0]))
    for place, dataset in enumerate(slices):
        top, left = (place // across) * rows, (place % across) * columns
        picture[top : top + rows, left : left + columns] = stored_values(dataset)
    return picture


def mosaic_of(
    slices: Slices, number: int = 1, *, version: int = 2, tags: Mapping[str, Any] | None = None, **overrides: Any
) -> Dataset:
    """A Siemens mosaic of slices, with a CSA header (PS3.3 has no word for it; nibabel's notes on mosaics).

    Parameters
    ----------
    slices : in the order of the tiles
    number : Instance Number
    version : of the CSA header; 0 leaves it out
    tags : further tags of the CSA header, None takes one away
    """
    across = math.ceil(math.sqrt(len(slices)))
    first, (row, column), step = slices[0], directions(slices[0]), step_of(slices)
    row_spacing, column_spacing = (float(v) for v in first.PixelSpacing)
    # The position of the picture is that of a single slice of its size with the same middle.
    corner = _position(first) - row * column_spacing * (across - 1) * first.Columns / 2
    corner -= column * row_spacing * (across - 1) * first.Rows / 2
    given: dict[str, Any] = {
        **_attributes(first, (*_PLANE[:2], *_KEPT, *_TIMES)),
        "Modality": "MR",
        "Manufacturer": "SIEMENS",
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "NORM", "MOSAIC"],
        "ImagePositionPatient": [decimal(v) for v in corner],
        "SpacingBetweenSlices": decimal(float(np.linalg.norm(step))),
        "SliceThickness": decimal(float(np.linalg.norm(step)) * 0.8),
        "pixels": tiled(slices, across, across),
    }
    dataset = instance(number=number, **(_identity(first) | given | overrides))
    normal = [f"{v:.8f}" for v in step / np.linalg.norm(step)]
    found = {"SliceNormalVector": normal, "NumberOfImagesInMosaic": str(len(slices))} | dict(tags or {})
    if version:
        block = dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
        csa = csa2 if version == 2 else csa1
        block.add_new(0x10, "OB", _even(csa(**{k: v for k, v in found.items() if v is not None})))
    return dataset


def grid_of(slices: Slices, number: int = 1, **overrides: Any) -> Dataset:
    """A United Imaging grid of slices, with the private sequence that places its tiles."""
    across = math.ceil(math.sqrt(len(slices)))
    down = math.ceil(len(slices) / across)
    first = slices[0]
    given: dict[str, Any] = {
        **_attributes(first, (*_PLANE, *_KEPT, *_TIMES)),
        "Modality": "MR",
        "Manufacturer": "UIH",
        "ImageType": ["ORIGINAL", "PRIMARY", "EPI", "VFRAME"],
        "pixels": tiled(slices, across, down),
    }
    dataset = instance(number=number, **(_identity(first) | given | overrides))
    block = dataset.private_block(0x0065, "Image Private Header", create=True)
    block.add_new(0x50, "DS", str(len(slices)))
    block.add_new(0x51, "SQ", [_item(s, ("ImagePositionPatient", "ImageOrientationPatient", *_TIMES)) for s in slices])
    return dataset


# --- functional groups ---------------------------------------------------------------------------------


def enhanced_of(
    slices: Slices,
    number: int = 1,
    *,
    modality: str = "MR",
    index: Sequence[Sequence[int]] = (),
    pointers: Sequence[int] = (0x00209056, 0x00209057, 0x00209128),
    **overrides: Any,
) -> Dataset:
    """An enhanced multi-frame object of slices (PS3.3 C.7.6.16), frames in the order given.

    Parameters
    ----------
    index : Dimension Index Values of each frame; none leaves dimensions out
    pointers : Dimension Index Pointers: Stack ID, In-Stack Position Number, Temporal Position Index
    """
    kinds = {"MR": _OF_MR, "CT": _OF_CT}.get(modality, ())
    macros = (*_OF_ALL, *kinds, *(["PixelValueTransformationSequence"] if "RescaleSlope" in slices[0] else []))
    frames = [_groups(dataset, macros) for dataset in slices]
    for place, (frame, dataset) in enumerate(zip(frames, slices, strict=True)):
        content = _item(dataset, ())
        content.FrameAcquisitionDateTime = f"20200102{dataset.AcquisitionTime}"
        if index:
            content.DimensionIndexValues = list(index[place])
        frame.FrameContentSequence = [content]
    dimensions = [_pointer(tag) for tag in pointers] if index else None
    return _many(
        slices,
        number,
        modality,
        {
            "SOPClassUID": ENHANCED[modality],
            "SharedFunctionalGroupsSequence": [_shared(frames, macros)],
            "PerFrameFunctionalGroupsSequence": frames,
            "DimensionIndexSequence": dimensions,
            "AcquisitionNumber": None,
        }
        | overrides,
    )


def legacy_of(slices: Slices, number: int = 1, *, modality: str = "MR", **overrides: Any) -> Dataset:
    """A Legacy Converted Enhanced object: what had no place in a functional group is unassigned (PS3.3 A.70)."""
    frames = [_groups(dataset, _OF_ALL) for dataset in slices]
    moved = ("EchoTime", "EchoNumbers", "InstanceNumber", "RescaleSlope", "RescaleIntercept", "AcquisitionTime")
    for frame, dataset in zip(frames, slices, strict=True):
        frame.UnassignedPerFrameConvertedAttributesSequence = [_item(dataset, moved)]
    shared = Dataset()
    shared.UnassignedSharedConvertedAttributesSequence = [_item(slices[0], ("ImageType", "RepetitionTime"))]
    given = {
        "SOPClassUID": LEGACY[modality],
        "SharedFunctionalGroupsSequence": [shared],
        "PerFrameFunctionalGroupsSequence": frames,
        "RepetitionTime": None,
    }
    return _many(slices, number, modality, given | overrides)


def with_group(dataset: Dataset, frame: int | None, sequence: str, **attributes: Any) -> Dataset:
    """The object with a functional group added to one frame, or to the shared ones, in place."""
    groups = dataset.SharedFunctionalGroupsSequence[0]
    if frame is not None:
        groups = dataset.PerFrameFunctionalGroupsSequence[frame]
    setattr(groups, sequence, [made(**attributes)])
    return dataset


def made(**attributes: Any) -> Dataset:
    """An item with these attributes."""
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


# --- planes at offsets ---------------------------------------------------------------------------------


def dose_of(slices: Slices, *, scaling: float = 0.25, is_relative: bool = True, **overrides: Any) -> Dataset:
    """An RT dose grid of slices, which should have that scaling as Rescale Slope (PS3.3 C.8.8.3)."""
    positions = [_position(s) for s in slices]
    normal = np.cross(*directions(slices[0]))
    start = 0.0 if is_relative else float(positions[0][2])
    given: dict[str, Any] = {
        **_attributes(slices[0], _PLANE),
        "SOPClassUID": RT_DOSE,
        "ImageType": None,
        "DoseUnits": "GY",
        "DoseType": "PHYSICAL",
        "DoseGridScaling": decimal(scaling),
        "FrameIncrementPointer": Tag(0x3004, 0x000C),
        "GridFrameOffsetVector": [decimal(float((p - positions[0]) @ normal) + start) for p in positions],
        **dict.fromkeys(("RescaleSlope", "RescaleIntercept", "RescaleType", "KVP", "ConvolutionKernel")),
    }
    return _many(slices, 1, "RTDOSE", given | overrides, is_placed=True)


def recon_tomo_of(slices: Slices, **overrides: Any) -> Dataset:
    """Reconstructed nuclear medicine: the place is that of the first detector (PS3.3 C.8.4.15)."""
    detector = _item(slices[0], ("ImagePositionPatient", "ImageOrientationPatient"))
    given: dict[str, Any] = {
        "ImageType": ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"],
        "PixelSpacing": list(slices[0].PixelSpacing),
        "SliceThickness": slices[0].SliceThickness,
        "SpacingBetweenSlices": decimal(float(np.linalg.norm(step_of(slices)))),
        "DetectorInformationSequence": [detector],
        "FrameIncrementPointer": Tag(0x0054, 0x0080),
        "SliceVector": list(range(1, len(slices) + 1)),
    }
    return _many(slices, 1, "NM", given | overrides)


# --- parts ---------------------------------------------------------------------------------------------

_TIMES = ("AcquisitionTime",)


def directions(dataset: Dataset) -> tuple[Array, Array]:
    """Unit vectors along a row and along a column, LPS."""
    cosines = np.array([float(v) for v in dataset.ImageOrientationPatient])
    return cosines[:3], cosines[3:]


def step_of(slices: Slices) -> Array:
    """From each slice to the next, mm, LPS."""
    return _position(slices[1]) - _position(slices[0]) if len(slices) > 1 else np.cross(*directions(slices[0])) * 3


def _position(dataset: Dataset) -> Array:
    return np.array([float(v) for v in dataset.ImagePositionPatient])


def _dtype(dataset: Dataset) -> np.dtype[Any]:
    return np.dtype(f"{'i' if dataset.PixelRepresentation else 'u'}{dataset.BitsAllocated // 8}")


def _attributes(dataset: Dataset, keywords: Sequence[str]) -> dict[str, Any]:
    return {k: getattr(dataset, k) for k in keywords if k in dataset}


def _item(dataset: Dataset, keywords: Sequence[str]) -> Dataset:
    return made(**_attributes(dataset, keywords))


def _identity(dataset: Dataset) -> dict[str, Any]:
    return _attributes(
        dataset, ("StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "PatientID", "FrameOfReferenceUID")
    )


def _even(value: bytes) -> bytes:
    return value + bytes(len(value) % 2)


def _pointer(tag: int) -> Dataset:
    return made(DimensionIndexPointer=Tag(tag), FunctionalGroupPointer=Tag(0x00209111))


def _groups(dataset: Dataset, macros: Sequence[str]) -> Dataset:
    """Functional groups of one plain slice."""
    groups = Dataset()
    for macro in macros:
        item = Dataset()
        for classic, keywords in MACROS[macro].items():
            for keyword in keywords:
                if classic in dataset:
                    setattr(item, keyword, getattr(dataset, classic))
        setattr(groups, macro, [item])
    return groups


def _shared(frames: Sequence[Dataset], macros: Sequence[str]) -> Dataset:
    """The groups that are equal in all frames, taken from them (PS3.3 C.7.6.16.1.1)."""
    shared = Dataset()
    for macro in macros:
        if macro != "PlanePositionSequence" and len({str(getattr(f, macro)) for f in frames}) == 1:
            setattr(shared, macro, getattr(frames[0], macro))
            for frame in frames:
                delattr(frame, macro)
    return shared


def _many(
    slices: Slices, number: int, modality: str, attributes: Mapping[str, Any], *, is_placed: bool = False
) -> Dataset:
    """An object of many frames, whose own header has no place unless it is said."""
    pixels = np.concatenate([stored_values(s) for s in slices]).astype(_dtype(slices[0]))
    dropped = {} if is_placed else dict.fromkeys(_PLANE)
    given: dict[str, Any] = {
        **dropped,
        **dict.fromkeys(("EchoTime", "EchoNumbers", "FlipAngle", "RescaleSlope", "RescaleIntercept", "RescaleType")),
        **_attributes(slices[0], _KEPT),
        "Modality": modality,
        "pixels": pixels,
        "Rows": int(slices[0].Rows),
        "NumberOfFrames": len(slices),
    }
    return instance(number=number, **(_identity(slices[0]) | given | dict(attributes)))


def with_undefined_lengths(dataset: Dataset) -> Dataset:
    """The data set with all its sequences and items of undefined length (PS3.5 7.5.2), in place."""
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
                with_undefined_lengths(item)
    return dataset
