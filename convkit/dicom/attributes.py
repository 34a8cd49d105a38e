"""Which attributes the header reader keeps: a fixed table, and more on request.

Tags and value representations are those of PS3.6. Private elements carry the private creator that must own their
block (PS3.5 7.8.1); an element of a foreign block with the same number is dropped.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from convkit.errors import UsageError


@dataclass(frozen=True, slots=True)
class Attribute:
    """One element of the table."""

    keyword: str
    tag: int
    vr: str
    creator: str = ""


_CORE_TEXT = """
SpecificCharacterSet 00080005 CS
ImageType 00080008 CS
SOPClassUID 00080016 UI
SOPInstanceUID 00080018 UI
StudyDate 00080020 DA
SeriesDate 00080021 DA
AcquisitionDate 00080022 DA
ContentDate 00080023 DA
AcquisitionDateTime 0008002A DT
StudyTime 00080030 TM
SeriesTime 00080031 TM
AcquisitionTime 00080032 TM
ContentTime 00080033 TM
Modality 00080060 CS
ConversionType 00080064 CS
Manufacturer 00080070 LO
StudyDescription 00081030 LO
SeriesDescription 0008103E LO
ManufacturerModelName 00081090 LO
ComplexImageComponent 00089208 CS
PatientID 00100020 LO
ContrastBolusAgent 00180010 LO
BodyPartExamined 00180015 CS
ScanningSequence 00180020 CS
SequenceVariant 00180021 CS
ScanOptions 00180022 CS
MRAcquisitionType 00180023 CS
SequenceName 00180024 SH
SliceThickness 00180050 DS
KVP 00180060 DS
RepetitionTime 00180080 DS
EchoTime 00180081 DS
InversionTime 00180082 DS
NumberOfAverages 00180083 DS
ImagingFrequency 00180084 DS
EchoNumbers 00180086 IS
MagneticFieldStrength 00180087 DS
SpacingBetweenSlices 00180088 DS
NumberOfPhaseEncodingSteps 00180089 IS
EchoTrainLength 00180091 IS
PercentSampling 00180093 DS
PercentPhaseFieldOfView 00180094 DS
PixelBandwidth 00180095 DS
SoftwareVersions 00181020 LO
ProtocolName 00181030 LO
TriggerTime 00181060 DS
ReconstructionDiameter 00181100 DS
GantryDetectorTilt 00181120 DS
ExposureTime 00181150 IS
XRayTubeCurrent 00181151 IS
Exposure 00181152 IS
ImagerPixelSpacing 00181164 DS
ConvolutionKernel 00181210 SH
ActualFrameDuration 00181242 IS
ReceiveCoilName 00181250 SH
TransmitCoilName 00181251 SH
AcquisitionMatrix 00181310 US
InPlanePhaseEncodingDirection 00181312 CS
FlipAngle 00181314 DS
SAR 00181316 DS
PatientPosition 00185100 CS
NominalScannedPixelSpacing 00182010 DS
DiffusionBValue 00189087 FD
StudyInstanceUID 0020000D UI
SeriesInstanceUID 0020000E UI
SeriesNumber 00200011 IS
AcquisitionNumber 00200012 IS
InstanceNumber 00200013 IS
ImagePositionPatient 00200032 DS
ImageOrientationPatient 00200037 DS
FrameOfReferenceUID 00200052 UI
TemporalPositionIdentifier 00200100 IS
NumberOfTemporalPositions 00200105 IS
SamplesPerPixel 00280002 US
PhotometricInterpretation 00280004 CS
PlanarConfiguration 00280006 US
NumberOfFrames 00280008 IS
Rows 00280010 US
Columns 00280011 US
PixelSpacing 00280030 DS
BitsAllocated 00280100 US
BitsStored 00280101 US
HighBit 00280102 US
PixelRepresentation 00280103 US
PixelPaddingValue 00280120 US
BurnedInAnnotation 00280301 CS
RescaleIntercept 00281052 DS
RescaleSlope 00281053 DS
RescaleType 00281054 LO
ModalityLUTSequence 00283000 SQ
Units 00541001 CS
FrameReferenceTime 00541300 DS
"""

_PRIVATE = (
    # GE MR: 0 magnitude, 1 phase, 2 real, 3 imaginary; GE DICOM conformance statement, group 0043.
    Attribute("GEImageComponent", 0x0043102F, "SS", "GEMS_PARM_01"),
    Attribute("GECollapseFlag", 0x00431030, "SS", "GEMS_PARM_01"),
    # Philips MR: scale slope; Philips DICOM conformance statements, private data dictionary.
    Attribute("PhilipsScaleSlope", 0x2005100E, "FL", "Philips MR Imaging DD 001"),
)


def _core() -> tuple[Attribute, ...]:
    rows = (line.split() for line in _CORE_TEXT.split("\n") if line)
    return (*(Attribute(k, int(t, 16), v) for k, t, v in rows), *_PRIVATE)


CORE = _core()


ANY_VR = 0
"""In `Slots`: the element may have any value representation."""

PRIVATE_BLOCKS = range(0x10, 0x20)
"""Blocks in which a private creator is looked for; PS3.5 7.8.1 allows up to FF, and tools fill them from 10."""

Slots = dict[int, tuple[int, int]]
"""Tag to (place, value representation), both as the numbers that a little-endian file holds: group in the low half of
a tag, first letter in the low byte of a representation."""


@dataclass(frozen=True, slots=True, eq=False)
class TagTable:
    """The attributes that a read keeps, each with its place in `Header.raw`.

    Attributes
    ----------
    attributes : tuple of Attribute
    slots : Slots
        Where a reader puts what it finds; behind the places of the attributes come those of private blocks.
    places : dict
        Keyword to place.
    blocks : dict
        Place of a private attribute to (place of the value, place of the creator) for each block that may hold it.
    width : int
        Number of places that a reader fills.
    """

    attributes: tuple[Attribute, ...]
    slots: Slots
    places: dict[str, int]
    blocks: dict[int, tuple[tuple[int, int], ...]]
    width: int

    def __reduce__(self) -> tuple[object, ...]:
        return table_of, (tuple(a.keyword for a in self.attributes[len(CORE) :]),)

    def owned(self, raw: list[bytes | None]) -> tuple[bytes | None, ...]:
        """What a reader found, each private element from the block that its creator owns (PS3.5 7.8.1)."""
        for place, pairs in self.blocks.items():
            creator = self.attributes[place].creator.encode()
            raw[place] = next((raw[v] for v, c in pairs if (raw[c] or b"").strip(b" \0") == creator), None)
        return tuple(raw[: len(self.attributes)])


def table_of(extra: tuple[str, ...] = ()) -> TagTable:
    """The core table and further attributes by keyword.

    Raises
    ------
    UsageError
        A keyword is not in the data dictionary.
    """
    return _table(extra)


@cache
def _table(extra: tuple[str, ...]) -> TagTable:
    known = {a.keyword for a in CORE}
    attributes = CORE + tuple(_attribute(k) for k in dict.fromkeys(extra) if k not in known)
    slots = {
        _swapped(a.tag): (i, int.from_bytes(a.vr.encode(), "little")) for i, a in enumerate(attributes) if not a.creator
    }
    blocks: dict[int, tuple[tuple[int, int], ...]] = {}
    width = len(attributes)

    def slot(tag: int, vr: int) -> int:
        nonlocal width
        swapped = _swapped(tag)
        if swapped not in slots:
            slots[swapped] = (width, vr)
            width += 1
        return slots[swapped][0]

    for place, attribute in enumerate(attributes):
        if attribute.creator:
            # PS3.5 7.8.1: element (gggg,bbee) belongs to the creator in (gggg,00bb).
            group, element = attribute.tag & 0xFFFF0000, attribute.tag & 0xFF
            blocks[place] = tuple(
                (slot(group | block << 8 | element, ANY_VR), slot(group | block, ANY_VR)) for block in PRIVATE_BLOCKS
            )
    places = {a.keyword: i for i, a in enumerate(attributes)}
    return TagTable(attributes, slots, places, blocks, width)


def _swapped(tag: int) -> int:
    return (tag & 0xFFFF) << 16 | tag >> 16


def _attribute(keyword: str) -> Attribute:
    from pydicom.datadict import dictionary_VR, tag_for_keyword  # noqa: PLC0415 (0.2 s, only for unusual keywords)

    tag = tag_for_keyword(keyword)
    if tag is None:
        raise UsageError(f"{keyword!r} is not a DICOM keyword.", "", nearest_hint(keyword))
    return Attribute(keyword, int(tag), dictionary_VR(tag).split(" ")[0])


def is_keyword(word: str) -> bool:
    """True where the word is a keyword of the data dictionary (PS3.6)."""
    if word in table_of().places:
        return True
    if not word:
        return False
    from pydicom.datadict import tag_for_keyword  # noqa: PLC0415 (0.2 s, only for unusual keywords)

    return tag_for_keyword(word) is not None


def nearest_hint(word: str, others: Iterable[str] = ()) -> str:
    """A sentence that names the nearest known word, or nothing."""
    from pydicom.datadict import keyword_dict  # noqa: PLC0415 (0.2 s, only on error)

    known = {k.casefold(): k for k in [*keyword_dict, *others]}
    if word.casefold() in known:
        return f"Did you mean {known[word.casefold()]}?"
    near = difflib.get_close_matches(word, [*others, *keyword_dict], n=1, cutoff=0.6)
    return f"Did you mean {near[0]}?" if near else ""
