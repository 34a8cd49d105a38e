"""Makes runs of volumes as the vendors send them: mosaics, objects of many frames, and a file a slice.

    python benchmarks/make_runs.py CACHE [--scale 0.1] [--only mosaic,xa-run]

What stands in the headers follows the standard and the vendors' conformance statements, in the amount that real files
have; the values are made up. The data are a pure function of the scale, and are made only once.
"""

from __future__ import annotations

import argparse
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from make_data import body, cached, encoded
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian

VOLUMES = 300
"""Of the mosaics."""

RUNS, RUN_VOLUMES = 4, 150
"""Of a session."""

MOSAIC_SLICES, XA_SLICES, FRAMES, FRAME_SLICES, FILES, SLICES, SIZE = 36, 33, 1000, 40, 100, 30, 64
FRAME_SIZE = 256
CSA_SERIES_BYTES, XA_PROTOCOL_BYTES = 100_000, 148_000
TR_S = 2.0

_ROOT = "1.2.826.0.1.3680043.8.498."
_MR, _ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"

UID, NUMBER, TIME, MOMENT = _ROOT + "778{:09d}", "{:06d}", "{:013.6f}", "20200102{:013.6f}"
POSITION = "-96\\-96\\{:10.3f}"
_UID_MARK, _NUMBER_MARK, _ACQUISITION_MARK = 999_999_999, 999_999, 999_998
_TIME_MARK, _HEIGHT_MARK = 235_959.999_999, -12345.678
_VOLUME_MARK = 0x5A4B3C2D
"""Stands for a binary number of the volume, which nothing else in the file looks like."""


def make_runs(cache: Path, scale: float = 1.0, only: Sequence[str] = ()) -> dict[str, Path]:
    """Make what is not there yet; returns the folders by name."""
    chosen = {name: maker for name, maker in MAKERS.items() if not only or name in only}
    return {name: cached(cache, name, scale, maker) for name, maker in chosen.items()}


def make_mosaic(folder: Path, scale: float) -> None:
    """300 volumes of 36 slices of 64 x 64, a file each: Siemens before XA, with both CSA headers."""
    across = 6
    head = _head(_mosaic_dataset(across))
    for number in range(1, max(3, round(VOLUMES * scale)) + 1):
        tiles = _volume(number, MOSAIC_SLICES).reshape(across, across, SIZE, SIZE)
        pixels = tiles.transpose(0, 2, 1, 3).tobytes()
        (folder / f"{number:05d}.dcm").write_bytes(_file(head, pixels, number=number, volume=number))


def make_session(folder: Path, scale: float) -> None:
    """Four runs of 150 multiband volumes of 72 slices of 104 x 104 as mosaics: a session of functional imaging."""
    across, slices, size, volumes = 9, 72, 104, max(3, round(RUN_VOLUMES * scale))
    empty = np.zeros((across * across - slices, size, size), "<u2")
    pictures = [
        np.concatenate([_volume(number, slices, size), empty])
        .reshape(across, across, size, size)
        .transpose(0, 2, 1, 3)
        .tobytes()
        for number in range(8)
    ]
    for run in range(1, RUNS + 1):
        dataset = _mosaic_dataset(across, slices, size)
        dataset.SeriesInstanceUID, dataset.SeriesNumber = f"{_ROOT}777.{run}", run
        head = _head(dataset)
        for volume in range(1, volumes + 1):
            data = _file(head, pictures[volume % len(pictures)], number=run * 1000 + volume, volume=volume)
            (folder / f"{run}-{volume:05d}.dcm").write_bytes(data)


def make_single(folder: Path, scale: float) -> None:
    """100 volumes of 30 slices of 64 x 64, a file a slice, of no vendor."""
    head = _head(_single_dataset())
    for volume in range(1, max(3, round(FILES * scale)) + 1):
        for place, pixels in enumerate(_volume(volume, SLICES)):
            number = (volume - 1) * SLICES + place + 1
            data = _file(head, pixels.tobytes(), number=number, volume=volume, height=3.0 * place)
            (folder / f"IM{number:05d}").write_bytes(data)


def make_xa_run(folder: Path, scale: float) -> None:
    """100 enhanced objects of 33 frames of 64 x 64, one a volume: Siemens XA."""
    head = _head(
        _enhanced([_xa_frame(place, 0, XA_SLICES) for place in range(XA_SLICES)], _xa_shared(), "Siemens Healthineers")
    )
    for number in range(1, max(3, round(FILES * scale)) + 1):
        pixels = _volume(number, XA_SLICES).tobytes()
        (folder / f"{number:05d}.dcm").write_bytes(_file(head, pixels, number=number, volume=number))


def make_xa_frames(folder: Path, scale: float) -> None:
    """One enhanced object of 1,000 frames of 256 x 256: Siemens XA."""
    _make_frames(folder, scale, _xa_frame, _xa_shared(), "Siemens Healthineers")


def make_philips_frames(folder: Path, scale: float) -> None:
    """One enhanced object of 1,000 frames of 256 x 256: Philips."""
    _make_frames(folder, scale, _philips_frame, _philips_shared(), "Philips Medical Systems")


def make_enhanced_session(folder: Path, scale: float) -> None:
    """Four enhanced objects of 1,000 frames of 256 x 256, each a series: Philips."""
    for run in range(1, RUNS + 1):
        _make_frames(folder, scale, _philips_frame, _philips_shared(), "Philips Medical Systems", run=run)


MAKERS: dict[str, Callable[[Path, float], None]] = {
    "mosaic": make_mosaic,
    "session": make_session,
    "single": make_single,
    "xa-run": make_xa_run,
    "xa-frames": make_xa_frames,
    "philips-frames": make_philips_frames,
    "enhanced-session": make_enhanced_session,
}


def _make_frames(
    folder: Path,
    scale: float,
    frame: Callable[[int, int], Dataset],
    shared: Dataset,
    manufacturer: str,
    *,
    run: int = 1,
) -> None:
    volumes = range(1, max(2, round(FRAMES * scale / FRAME_SLICES)) + 1)
    frames = [frame(place, volume) for volume in volumes for place in range(FRAME_SLICES)]
    dataset = _enhanced(frames, shared, manufacturer)
    dataset.Rows = dataset.Columns = FRAME_SIZE
    dataset.SeriesInstanceUID, dataset.SeriesNumber = f"{_ROOT}777.{run}", run
    head = _head(dataset)
    pixels = b"".join(_volume(volume, FRAME_SLICES, FRAME_SIZE).tobytes() for volume in volumes)
    (folder / f"frames-{run}.dcm").write_bytes(_file(head, pixels, number=run, volume=1))


# --- files -----------------------------------------------------------------------------------------------


def _volume(number: int, slices: int, size: int = SIZE) -> np.ndarray[Any, Any]:
    """Stored values of a volume, (slices, size, size) uint16: a smooth body with noise of its own."""
    noise = np.random.default_rng(number).standard_normal((slices, size, size), np.float32) * 15
    level = (1000 + 4 * np.arange(slices, dtype=np.float32))[:, None, None]
    return np.clip(body(size) * level + noise + 40, 0, 4095).astype("<u2")


def _head(dataset: Dataset) -> bytes:
    """The file up to the length of its pixels, with the marks in it."""
    dataset.add_new(0x7FE00010, "OW", bytes(2))
    return encoded(dataset)[:-6]


def _file(head: bytes, pixels: bytes, *, number: int, volume: int, height: float = 0.0) -> bytes:
    """The file of an instance: the marks of the head replaced, and pixels."""
    texts = {
        UID.format(_UID_MARK): UID.format(100_000_000 + number),
        NUMBER.format(_NUMBER_MARK): NUMBER.format(number),
        NUMBER.format(_ACQUISITION_MARK): NUMBER.format(volume),
        TIME.format(_TIME_MARK): TIME.format(_clock(volume)),
        POSITION.format(_HEIGHT_MARK): POSITION.format(height),
    }
    for mark, text in texts.items():
        head = head.replace(mark.encode(), text.encode())
    head = head.replace(struct.pack("<I", _VOLUME_MARK), struct.pack("<I", volume))
    return head + struct.pack("<I", len(pixels)) + pixels


def _clock(volume: int) -> float:
    """Time of day of a volume as HHMMSS: twenty volumes a minute."""
    minutes, place = divmod(volume - 1, 20)
    return 101112.0 + 100 * minutes + TR_S * place


def _base(sop_class: str, manufacturer: str) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, UID.format(_UID_MARK)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _ROOT + "11", _ROOT + "12"
    dataset.FrameOfReferenceUID = _ROOT + "13"
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = "20200102"
    dataset.StudyTime = dataset.SeriesTime = "101112"
    dataset.ContentTime = TIME.format(_TIME_MARK)
    dataset.Modality, dataset.Manufacturer, dataset.ManufacturerModelName = "MR", manufacturer, "Benchmark"
    dataset.SoftwareVersions, dataset.MagneticFieldStrength = "benchmark", "3"
    dataset.PatientID, dataset.PatientName, dataset.PatientPosition = "BENCH", "BENCH", "HFS"
    dataset.StudyDescription = dataset.SeriesDescription = dataset.ProtocolName = "bench run"
    dataset.MRAcquisitionType, dataset.SeriesNumber, dataset.BodyPartExamined = "2D", "7", "BRAIN"
    dataset.add_new(0x00200013, "IS", NUMBER.format(_NUMBER_MARK))
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows = dataset.Columns = SIZE
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = UID.format(_UID_MARK)
    dataset.file_meta.ImplementationClassUID = _ROOT + "9"
    return dataset


def _classic(manufacturer: str) -> Dataset:
    dataset = _base(_MR, manufacturer)
    dataset.AcquisitionDate = "20200102"
    dataset.AcquisitionTime = TIME.format(_TIME_MARK)
    dataset.add_new(0x00200012, "IS", NUMBER.format(_ACQUISITION_MARK))
    dataset.ScanningSequence, dataset.SequenceVariant, dataset.ScanOptions = "EP", "SK", "FS"
    dataset.SequenceName, dataset.RepetitionTime = "*epfid2d1_64", str(TR_S * 1000)
    dataset.EchoTime, dataset.FlipAngle = "30", "77"
    dataset.NumberOfAverages, dataset.ImagingFrequency, dataset.ImagedNucleus = "1", "123.258", "1H"
    dataset.EchoNumbers, dataset.EchoTrainLength, dataset.PixelBandwidth = "1", "31", "2232"
    dataset.NumberOfPhaseEncodingSteps, dataset.PercentSampling, dataset.PercentPhaseFieldOfView = "63", "100", "100"
    dataset.AcquisitionMatrix, dataset.InPlanePhaseEncodingDirection = [64, 0, 0, 64], "COL"
    dataset.SliceThickness, dataset.SpacingBetweenSlices, dataset.PixelSpacing = "3", "3", ["3", "3"]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.WindowCenter, dataset.WindowWidth = "600", "1200"
    return dataset


def _single_dataset() -> Dataset:
    dataset = _classic("BENCHMARK")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    dataset.add_new(0x00200032, "DS", POSITION.format(_HEIGHT_MARK))
    _fill(dataset, 150)
    return dataset


def _fill(dataset: Dataset, elements: int) -> None:
    """Private elements of nobody, so that there are as many as in real files."""
    for index in range(elements):
        block = dataset.private_block((0x0021, 0x0051)[index % 2], "BENCHMARK", create=True)
        block.add_new(index // 2 + 1, ("LO", "DS", "IS")[index % 3], ("PRIVATE VALUE", "1.25", "12")[index % 3])


# --- Siemens mosaics -------------------------------------------------------------------------------------


def _mosaic_dataset(across: int, slices: int = MOSAIC_SLICES, size: int = SIZE) -> Dataset:
    dataset = _classic("SIEMENS")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    dataset.Rows = dataset.Columns = across * size
    corner = -96 - (across - 1) * size * 3 / 2
    dataset.ImagePositionPatient = [str(corner), str(corner), "-40"]
    times = [f"{TR_S * 1000 * (k // 2 + k % 2 * slices // 2) / slices:.8f}" for k in range(slices)]
    csa = dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    csa.add_new(0x08, "CS", "IMAGE NUM 4")
    csa.add_new(
        0x10, "OB", _csa(_CSA_IMAGE | {"MosaicRefAcqTimes": times, "NumberOfImagesInMosaic": [str(slices)]}, _CSA_EMPTY)
    )
    csa.add_new(0x18, "CS", "MR")
    csa.add_new(0x20, "OB", _csa(_CSA_SERIES | {"MrPhoenixProtocol": [_protocol(CSA_SERIES_BYTES)]}, _CSA_EMPTY))
    own = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    own.add_new(0x0A, "US", slices)
    own.add_new(0x28, "FD", 34.722)
    own.add_new(0x29, "FD", [float(t) for t in times])
    text = dataset.private_block(0x0051, "SIEMENS MR HEADER", create=True)
    text.add_new(0x0E, "SH", "Tra")
    text.add_new(0x0F, "LO", "HEA;HEP")
    _fill(dataset, 200)
    return dataset


_CSA_IMAGE: dict[str, Sequence[str]] = {
    "EchoLinePosition": ["32"],
    "EchoColumnPosition": ["32"],
    "EchoPartitionPosition": ["16"],
    "ICE_Dims": ["X_1_1_1_1_1_1_1_1_1_1_1_36"],
    "ProtocolSliceNumber": ["0"],
    "RealDwellTime": ["3500"],
    "AcquisitionMatrixText": ["64p*64"],
    "MeasuredFourierLines": ["0"],
    "PhaseEncodingDirectionPositive": ["1"],
    "NumberOfImagesInMosaic": [str(MOSAIC_SLICES)],
    "SliceNormalVector": ["0.00000000", "0.00000000", "1.00000000"],
    "TimeAfterStart": ["0.00000000"],
    "BandwidthPerPixelPhaseEncode": ["34.72200000"],
    "ImaCoilString": ["HEA;HEP"],
    "ImaRelTablePosition": ["0", "0", "0"],
    "PhaseEncodingDirection": ["COL"],
}
_CSA_SERIES: dict[str, Sequence[str]] = {
    "UsedPatientWeight": ["70"],
    "Isocentered": ["1"],
    "CoilForGradient": ["AS82"],
    "TablePositionOrigin": ["0", "0", "-1250"],
    "MrPhoenixProtocol": [],
}
_CSA_EMPTY = tuple(f"BenchmarkTag{index:02d}" for index in range(60))


def _csa(tags: Mapping[str, Sequence[str]], empty: Sequence[str]) -> bytes:
    """A Siemens CSA header of the second version, as nibabel's notes on them tell it: six items or more a tag."""
    every = {name: tags.get(name, []) for name in [*empty[:30], *tags, *empty[30:]]}
    parts = [b"SV10\4\3\2\1", struct.pack("<2I", len(every), 77)]
    for name, values in every.items():
        count = max(6, len(values))
        parts.append(struct.pack("<64si4siii", name.encode(), len(values), b"DS\0\0", 3, count, 77))
        for value in [*values, *[""] * (count - len(values))]:
            raw = value.encode() + b"\0" if value else b""
            parts.append(struct.pack("<4i", len(raw), len(raw), 77, len(raw)) + raw + bytes(-len(raw) % 4))
    content = b"".join(parts)
    return content + bytes(len(content) % 2)


def _protocol(size: int) -> str:
    """A measurement protocol: settings, one a line, between the marks that the vendor puts around them."""
    lines = [
        '<XProtocol> \n{\n  <Name> "PhoenixMetaProtocol" \n}\n### ASCCONV BEGIN ###',
        'tSequenceFileName\t = \t"%SiemensSeq%\\ep2d_bold"',
        "lRepetitions\t = \t299",
        "sKSpace.lBaseResolution\t = \t64",
        "sKSpace.lPhaseEncodingLines\t = \t64",
        "sFastImaging.lEPIFactor\t = \t64",
        "sPat.lAccelFactPE\t = \t1",
    ]
    place = 0
    while sum(map(len, lines)) + len(lines) < size - 30:
        lines.append(f"sBench.asSetting[{place}].dValue\t = \t{place * 0.5}")
        place += 1
    return "\n".join([*lines, "### ASCCONV END ###", ""])


# --- enhanced objects ------------------------------------------------------------------------------------


def _enhanced(frames: Sequence[Dataset], shared: Dataset, manufacturer: str) -> Dataset:
    dataset = _base(_ENHANCED_MR, manufacturer)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "FMRI", "NONE"]
    dataset.AcquisitionDateTime = MOMENT.format(_TIME_MARK)
    dataset.PulseSequenceName, dataset.EchoPulseSequence, dataset.EchoPlanarPulseSequence = "bench", "GRADIENT", "YES"
    dataset.ResonantNucleus, dataset.AcquisitionDuration = "1H", 27.89
    dataset.add_new(0x00200012, "IS", "1")
    pointers = (0x00209056, 0x00209057, 0x00209128)
    dataset.DimensionIndexSequence = [
        _made(DimensionIndexPointer=Tag(pointer), FunctionalGroupPointer=Tag(0x00209111)) for pointer in pointers
    ]
    dataset.NumberOfFrames = len(frames)
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.PerFrameFunctionalGroupsSequence = frames
    for sequence in _sequences(dataset):
        sequence.is_undefined_length = True  # as both vendors write them
        for item in sequence:
            item.is_undefined_length_sequence_item = True
    return dataset


def _sequences(dataset: Dataset) -> Iterator[Items]:
    for element in dataset:
        if element.VR == "SQ":
            yield element.value
            for item in element.value:
                yield from _sequences(item)


def _made(**attributes: Any) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def _groups(groups: Mapping[str, Mapping[str, Any]]) -> Dataset:
    return _made(**{name: [_made(**attributes)] for name, attributes in groups.items()})


def _with_vendor(groups: Dataset, creator: str, tag: int, item: Dataset) -> Dataset:
    block = groups.private_block(tag >> 16, creator, create=True)
    block.add_new(tag & 0xFF, "SQ", [item])
    return groups


def _shared() -> dict[str, dict[str, Any]]:
    return {
        "MRImagingModifierSequence": {
            "PixelBandwidth": "2298",
            "MagnetizationTransfer": "NONE",
            "BloodSignalNulling": "NO",
            "Tagging": "NONE",
            "TransmitterFrequency": 123.26,
        },
        "MRReceiveCoilSequence": {
            "ReceiveCoilName": "Head_64",
            "ReceiveCoilType": "MULTICOIL",
            "QuadratureReceiveCoil": "NO",
            "MultiCoilDefinitionSequence": [
                _made(MultiCoilElementName=f"H{coil}", MultiCoilElementUsed="YES") for coil in range(44)
            ],
        },
        "MRTimingAndRelatedParametersSequence": {
            "RepetitionTime": str(TR_S * 1000),
            "EchoTrainLength": "31",
            "FlipAngle": "60",
            "GradientOutputType": "PER_NERVE_STIM",
            "GradientOutput": 0.86,
            "RFEchoTrainLength": 0,
            "GradientEchoTrainLength": 31,
        },
        "MRModifierSequence": {
            "InversionRecovery": "NO",
            "FlowCompensation": "NONE",
            "Spoiling": "NONE",
            "PartialFourierDirection": "PHASE",
            "ParallelAcquisition": "NO",
            "PartialFourier": "NO",
        },
        "MRFOVGeometrySequence": {
            "PercentSampling": "100",
            "PercentPhaseFieldOfView": "100",
            "InPlanePhaseEncodingDirection": "COLUMN",
            "MRAcquisitionFrequencyEncodingSteps": 64,
            "MRAcquisitionPhaseEncodingStepsInPlane": 64,
        },
    }


def _frame(place: int, volume: int, moment: str) -> dict[str, dict[str, Any]]:
    """What both vendors say of a frame; the volume 0 stands for that of the file."""
    number = volume or _VOLUME_MARK
    return {
        "MREchoSequence": {"EffectiveEchoTime": 30.0},
        "MRAveragesSequence": {"NumberOfAverages": "1"},
        "MRImageFrameTypeSequence": {
            "FrameType": ["ORIGINAL", "PRIMARY", "FMRI", "NONE"],
            "PixelPresentation": "MONOCHROME",
            "VolumetricProperties": "VOLUME",
            "VolumeBasedCalculationTechnique": "NONE",
            "ComplexImageComponent": "MAGNITUDE",
            "AcquisitionContrast": "UNKNOWN",
        },
        "FrameContentSequence": {
            "FrameAcquisitionDateTime": moment,
            "FrameReferenceDateTime": moment,
            "FrameAcquisitionDuration": TR_S * 1000,
            "StackID": "1",
            "InStackPositionNumber": place + 1,
            "TemporalPositionIndex": number,
            "DimensionIndexValues": [1, place + 1, number],
        },
        "PlanePositionSequence": {"ImagePositionPatient": ["-96.5", "-96.5", _height(place)]},
        "PlaneOrientationSequence": {"ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"]},
        "PixelMeasuresSequence": {
            "SliceThickness": "3.4",
            "SpacingBetweenSlices": "3.4",
            "PixelSpacing": ["3.375", "3.375"],
        },
        "FrameVOILUTSequence": {"WindowCenter": str(500 + place), "WindowWidth": str(1000 + place)},
        "PixelValueTransformationSequence": {"RescaleIntercept": "0", "RescaleSlope": "1", "RescaleType": "US"},
    }


def _height(place: int) -> str:
    """Of a slice, in mm."""
    return f"{-60 + 3.4 * place:.1f}"


def _moment(volume: int) -> str:
    return MOMENT.format(_clock(volume) if volume else _TIME_MARK)


# --- Siemens XA ------------------------------------------------------------------------------------------


def _xa_shared() -> Dataset:
    item = Dataset()
    own = item.private_block(0x0021, "SIEMENS MR SDS 01", create=True)
    own.add_new(0x05, "IS", ["0", "0", "0"])
    own.add_new(0x0F, "DS", ["31.1914", "16.9797", "26.8349"])
    own.add_new(0x19, "OB", _protocol(XA_PROTOCOL_BYTES).encode())
    for place in range(0x1A, 0x58):
        own.add_new(place, ("DS", "IS", "SH")[place % 3], ("0.5", "12", "Head")[place % 3])
    own.add_new(0x5A, "CS", "EP")
    own.add_new(0x5B, "CS", ["SK", "SS"])
    own.add_new(0x5C, "CS", ["PFP", "FS"])
    return _with_vendor(_groups(_shared()), "SIEMENS MR SDS 01", 0x002110FE, item)


def _xa_frame(place: int, volume: int, slices: int = FRAME_SLICES) -> Dataset:
    item = Dataset()
    own = item.private_block(0x0021, "SIEMENS MR SDI 02", create=True)
    height = float(_height(place))
    for element, vr, value in (
        (0x03, "DS", "27000"),
        (0x04, "DS", f"{place * 7 % slices * TR_S / slices:.4f}"),
        (0x06, "LO", f"X_1_1_1_1_1_1_1_1_1_1_1_{place + 600}"),
        (0x1A, "SH", "predicted"),
        (0x1C, "IS", "1"),
        (0x24, "IS", "0"),
        (0x33, "IS", str(place)),
        (0x41, "SH", "predicted"),
        (0x42, "IS", "3400"),
        (0x45, "SL", [0, 0, -1250]),
        (0x48, "IS", "24"),
        (0x49, "IS", "32"),
        (0x4F, "LO", "HC1-6"),
        (0x51, "UL", 0),
        (0x53, "FD", 28.935),
        (0x58, "SH", "64p*64"),
        (0x59, "IS", ["0", "0", "0"]),
        (0x5B, "FD", [-96.5, -96.5, height]),
        (0x5E, "IS", "0"),
        (0x71, "UT", "X" * 44),
        (0x75, "CS", ["ORIGINAL", "PRIMARY", "M", "ND"]),
        (0x76, "LO", ["ChannelMixing:ND=true_CMM=1_CDM=1", "CC:SoS"]),
        (0x88, "DS", f"{height:.4f}"),
        (0x8A, "IS", "1"),
        (0x8B, "SH", f"SP F{place}"),
        (0x8E, "ST", f"X_1_1_1_1_1_1_1_1_1_1_1_{place + 600}_1_1_1_1_20_2_1_{slices}_1_1"),
    ):
        own.add_new(element, vr, value)
    return _with_vendor(_groups(_frame(place, volume, _moment(volume))), "SIEMENS MR SDI 02", 0x002110FE, item)


# --- Philips ---------------------------------------------------------------------------------------------


def _philips_shared() -> Dataset:
    item = _made(
        SOPClassUID=_MR,
        NumberOfPhaseEncodingSteps="64",
        MultipleSpinEcho="NO",
        Spoiling="NONE",
        ParallelReductionFactorInPlane=2.0,
        ParallelAcquisitionTechnique="SENSE",
        PartialFourier="NO",
        TransmitterFrequency=123.26,
        GradientOutput=54.3,
    )
    return _with_vendor(_groups(_shared()), "Philips MR Imaging DD 005", 0x2005100E, item)


def _philips_frame(place: int, volume: int) -> Dataset:
    number = (volume - 1) * FRAME_SLICES + place + 1
    item = _made(
        ImageType=["ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"],
        SOPInstanceUID=f"{_ROOT}779{number:06d}",
        ContentDate="20200102",
        ContentTime=_moment(volume)[8:],
        ScanningSequence="GR",
        SequenceVariant="SK",
        MRAcquisitionType="2D",
        SliceThickness="3.4",
        EchoTime="30",
        InversionTime="0",
        NumberOfAverages="1",
        ImagingFrequency="123.26",
        ImagedNucleus="1H",
        EchoNumbers="1",
        SpacingBetweenSlices="3.4",
        EchoTrainLength="31",
        HeartRate="0",
        AcquisitionMatrix=[0, 64, 64, 0],
        FlipAngle="60",
        AcquisitionNumber="7",
        InstanceNumber=str(number),
        ImagePositionPatient=["-98.1875", "-98.1875", _height(place)],
        TemporalPositionIdentifier=str(volume),
        NumberOfTemporalPositions=str(FRAMES // FRAME_SLICES),
        PixelSpacing=["3.375", "3.375"],
        WindowCenter=str(500 + place),
        WindowWidth=str(1000 + place),
        RescaleIntercept="0",
        RescaleSlope="1",
        RescaleType="normalized",
    )
    for creator, elements in _PHILIPS.items():
        for tag, vr, value in elements:
            item.private_block(tag >> 16, creator, create=True).add_new(tag & 0xFF, vr, value)
    item.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x0A, "IS", str(place + 1))
    return _with_vendor(_groups(_frame(place, volume, _moment(volume))), "Philips MR Imaging DD 005", 0x2005100F, item)


_PHILIPS: dict[str, Sequence[tuple[int, str, Any]]] = {
    "Philips Imaging DD 001": (
        *((0x20011000 | element, "FL", 0.0) for element in (0x01, 0x03, 0x09)),
        *((0x20011000 | element, "IS", "1") for element in (0x02, 0x08)),
        *((0x20011000 | element, "CS", "N") for element in (0x04, 0x06, 0x07)),
        (0x200110F1, "FL", [0.0] * 6),
    ),
    "Philips MR Imaging DD 001": (
        *((0x20051000 | element, "FL", 0.0) for element in (0x0B, 0x0C, 0x0D, 0xA0, 0xB0, 0xB1, 0xB2)),
        (0x2005100E, "FL", 1.0),
        *((0x20051000 | element, "CS", "M") for element in (0x11, 0x61, 0x6E, 0xA1)),
        (0x20051063, "SS", 0),
        (0x200510A8, "DS", "0"),
    ),
    "Philips MR Imaging DD 005": (
        (0x20051007, "SS", 1),
        (0x20051012, "IS", "1"),
        (0x20051013, "IS", "1"),
        (0x20051061, "FL", 0.0),
        (0x20051068, "IS", "1"),
        (0x20051072, "FL", 0.0),
        (0x20051073, "IS", "0"),
    ),
    "Philips MR Imaging DD 006": ((0x20051096, "IS", "0"),),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--scale", type=float, default=1.0, help="volumes a run, as a part of the full number")
    parser.add_argument("--only", default="", help=f"comma-separated: {', '.join(MAKERS)}")
    given = parser.parse_args()
    for name, folder in make_runs(given.cache, given.scale, [n for n in given.only.split(",") if n]).items():
        files = [p for p in folder.rglob("*") if p.is_file()]
        print(f"{name}: {len(files)} files, {sum(p.stat().st_size for p in files) / 1e6:.0f} MB in {folder}")


if __name__ == "__main__":
    main()
