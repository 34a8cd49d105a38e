"""Which attributes the header reader keeps: a fixed table, and more on request.

Tags and value representations are those of PS3.6. Private elements carry the private creator that must own their
block (PS3.5 7.8.1); an element of a foreign block with the same number is dropped.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import NamedTuple

from convkit.dicom import dictionary
from convkit.dicom.private_attributes import private_rows
from convkit.errors import UsageError


class Attribute(NamedTuple):
    """One element of the table.

    Attributes
    ----------
    keyword : str
    tag : int
        Of a private element with block 10: (0043,1039) stands for element 39 of whichever block its creator owns.
    vr : str
    creator : str
        Private creator; empty for an element of the standard.
    is_far : bool
        Only the place of the value is kept, because few jobs need it: vendor headers, sequences.
    """

    keyword: str
    tag: int
    vr: str
    creator: str = ""
    is_far: bool = False


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
FrameType 00089007 CS
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
ImagedNucleus 00180085 SH
EchoNumbers 00180086 IS
MagneticFieldStrength 00180087 DS
SpacingBetweenSlices 00180088 DS
NumberOfPhaseEncodingSteps 00180089 IS
DataCollectionDiameter 00180090 DS
EchoTrainLength 00180091 IS
PercentSampling 00180093 DS
PercentPhaseFieldOfView 00180094 DS
PixelBandwidth 00180095 DS
SoftwareVersions 00181020 LO
ProtocolName 00181030 LO
TriggerTime 00181060 DS
NominalInterval 00181062 IS
CardiacNumberOfImages 00181090 IS
ReconstructionDiameter 00181100 DS
GantryDetectorTilt 00181120 DS
ExposureTime 00181150 IS
XRayTubeCurrent 00181151 IS
Exposure 00181152 IS
FilterType 00181160 SH
ImagerPixelSpacing 00181164 DS
ConvolutionKernel 00181210 SH
ActualFrameDuration 00181242 IS
ReceiveCoilName 00181250 SH
TransmitCoilName 00181251 SH
AcquisitionMatrix 00181310 US
InPlanePhaseEncodingDirection 00181312 CS
FlipAngle 00181314 DS
VariableFlipAngleFlag 00181315 CS
SAR 00181316 DS
NominalScannedPixelSpacing 00182010 DS
PatientPosition 00185100 CS
PulseSequenceName 00189005 SH
EchoPulseSequence 00189008 CS
InversionRecovery 00189009 CS
Spoiling 00189016 CS
EchoPlanarPulseSequence 00189018 CS
MagnetizationTransfer 00189020 CS
RectilinearPhaseEncodeReordering 00189034 CS
PartialFourierDirection 00189036 CS
MRAcquisitionFrequencyEncodingSteps 00189058 US
ParallelReductionFactorInPlane 00189069 FD
AcquisitionDuration 00189073 FD
FrameAcquisitionDateTime 00189074 DT
DiffusionDirectionality 00189075 CS
ParallelAcquisitionTechnique 00189078 CS
InversionTimes 00189079 FD
PartialFourier 00189081 CS
EffectiveEchoTime 00189082 FD
DiffusionBValue 00189087 FD
DiffusionGradientOrientation 00189089 FD
NumberOfKSpaceTrajectories 00189093 US
TransmitterFrequency 00189098 FD
ResonantNucleus 00189100 CS
FrameReferenceDateTime 00189151 DT
ParallelReductionFactorOutOfPlane 00189155 FD
FrameAcquisitionDuration 00189220 FD
MRAcquisitionPhaseEncodingStepsInPlane 00189231 US
MRAcquisitionPhaseEncodingStepsOutOfPlane 00189232 US
RFEchoTrainLength 00189240 US
GradientEchoTrainLength 00189241 US
RevolutionTime 00189305 FD
SingleCollimationWidth 00189306 FD
TotalCollimationWidth 00189307 FD
SpiralPitchFactor 00189311 FD
ReconstructionAlgorithm 00189315 CS
ExposureModulationType 00189323 CS
TablePosition 00189327 FD
ExposureTimeInms 00189328 FD
XRayTubeCurrentInmA 00189330 FD
ExposureInmAs 00189332 FD
CTDIvol 00189345 FD
DiffusionBValueXX 00189602 FD
DiffusionBValueXY 00189603 FD
DiffusionBValueXZ 00189604 FD
DiffusionBValueYY 00189605 FD
DiffusionBValueYZ 00189606 FD
DiffusionBValueZZ 00189607 FD
DecayCorrectionDateTime 00189701 DT
NumberOfIterations 00189739 US
NumberOfSubsets 00189740 US
DecayCorrected 00189758 CS
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
ImagesInAcquisition 00201002 IS
ImageComments 00204000 LT
StackID 00209056 SH
TemporalPositionIndex 00209128 UL
NominalCardiacTriggerDelayTime 00209153 FD
FrameAcquisitionNumber 00209156 US
ConversionSourceAttributesSequence 00209172 SQ
DimensionIndexSequence 00209222 SQ
NominalPercentageOfCardiacPhase 00209241 FL
NominalPercentageOfRespiratoryPhase 00209245 FL
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
RealWorldValueMappingSequence 00409096 SQ
RealWorldValueIntercept 00409224 FD
RealWorldValueSlope 00409225 FD
RadiopharmaceuticalInformationSequence 00540016 SQ
DetectorInformationSequence 00540022 SQ
TimeSlotVector 00540070 US
SliceVector 00540080 US
SeriesType 00541000 CS
Units 00541001 CS
RandomsCorrectionMethod 00541100 CS
AttenuationCorrectionMethod 00541101 LO
DecayCorrection 00541102 CS
ReconstructionMethod 00541103 LO
ScatterCorrectionMethod 00541105 LO
FrameReferenceTime 00541300 DS
DecayFactor 00541321 DS
DoseCalibrationFactor 00541322 DS
ScatterFractionFactor 00541323 DS
DoseUnits 30040002 CS
GridFrameOffsetVector 3004000C DS
DoseGridScaling 3004000E DS
SharedFunctionalGroupsSequence 52009229 SQ
PerFrameFunctionalGroupsSequence 52009230 SQ
ExtendedOffsetTable 7FE00001 OV far
ExtendedOffsetTableLengths 7FE00002 OV far
"""

_DISPLAY_TEXT = """
PatientOrientation 00200020 CS
RecommendedDisplayFrameRate 00082144 IS
CineRate 00180040 IS
FrameTime 00181063 DS
FrameTimeVector 00181065 DS
SequenceOfUltrasoundRegions 00186011 SQ
PixelAspectRatio 00280034 IS
PixelPaddingRangeLimit 00280121 US
WindowCenter 00281050 DS
WindowWidth 00281051 DS
WindowCenterWidthExplanation 00281055 LO
VOILUTFunction 00281056 CS
ICCProfile 00282000 OB far
VOILUTSequence 00283010 SQ
OpticalPathSequence 00480105 SQ
PresentationLUTSequence 20500010 SQ
PresentationLUTShape 20500020 CS
RedPaletteColorLookupTableDescriptor 00281101 US
GreenPaletteColorLookupTableDescriptor 00281102 US
BluePaletteColorLookupTableDescriptor 00281103 US
RedPaletteColorLookupTableData 00281201 OW far
GreenPaletteColorLookupTableData 00281202 OW far
BluePaletteColorLookupTableData 00281203 OW far
SegmentedRedPaletteColorLookupTableData 00281221 OW far
SegmentedGreenPaletteColorLookupTableData 00281222 OW far
SegmentedBluePaletteColorLookupTableData 00281223 OW far
"""
"""What says how an image is meant to be shown: only a reader of pictures keeps it. Sequences are far by themselves."""


def rows_of(table: str) -> tuple[Attribute, ...]:
    """Attributes of a text: keyword, tag, value representation, ``far`` where only the place is kept; one a line."""
    rows = (line.split() for line in table.split("\n") if line)
    return tuple(Attribute(k, int(t, 16), v, is_far=v == "SQ" or "far" in mark) for k, t, v, *mark in rows)


def _core() -> tuple[Attribute, ...]:
    return (*rows_of(_CORE_TEXT), *(Attribute(*row) for row in private_rows()))


CORE = _core()


@cache
def _display() -> tuple[Attribute, ...]:
    return rows_of(_DISPLAY_TEXT)


CREATOR = -1
"""In `Slots`, as a place: the element names the owner of a private block."""

Slots = dict[int, tuple[int, int, bool]]
"""Tag to (place, value representation, whether only its place is kept), tag and representation as the numbers that a
little-endian file holds: group in the low half of a tag, first letter in the low byte of a representation."""

PRIVATE_BLOCKS = range(0x10, 0x100)
"""Blocks that a private creator may own (PS3.5 7.8.1)."""

_CREATOR_SLOT = (CREATOR, int.from_bytes(b"LO", "little"), False)

_MOST_KNOWN = 256
"""Arrangements of private blocks to remember: a data set has a handful, and a hostile one may not fill memory."""


@dataclass(slots=True, eq=False)
class Known:
    """What a reader knows while it walks: the slots, which grow with every private creator that it meets.

    Attributes
    ----------
    slots : Slots
    table : TagTable
    """

    slots: Slots
    table: TagTable
    _after: dict[tuple[int, bytes], Known]

    def after(self, tag: int, creator: bytes) -> Known:
        """What is known after a creator was met.

        Parameters
        ----------
        tag : int
            Of the creator element, (gggg,00bb), as a little-endian file holds it.
        creator : bytes
            Its value, padding included.
        """
        known = self._after.get((tag, creator))
        if known is None:
            known = self._grown(tag, creator)
            if len(self._after) < _MOST_KNOWN:
                self._after[tag, creator] = known
        return known

    def _grown(self, tag: int, creator: bytes) -> Known:
        group, block = tag & 0xFFFF, tag >> 16
        name = creator.strip(b" \0").decode("latin-1")
        # PS3.5 7.8.1: element (gggg,bbee) belongs to the creator in (gggg,00bb).
        own = {group | (block << 8 | element) << 16: slot for element, slot in self.table.owned.get((group, name), ())}
        return Known({**self.slots, **own}, self.table, {}) if own else self


@dataclass(frozen=True, slots=True, eq=False)
class TagTable:
    """The attributes that a read keeps, each with its place in `Header.raw`.

    Attributes
    ----------
    attributes : tuple of Attribute
    places : dict
        Keyword to place.
    slots : Slots
        Where a reader puts what it finds in the standard's groups, and the elements that may name a private creator.
    owned : dict
        (Group, private creator) to the elements of their block that are kept: (low byte, slot).
    start : Known
        What a reader knows before it has met a private creator.
    """

    attributes: tuple[Attribute, ...]
    places: dict[str, int]
    slots: Slots
    owned: dict[tuple[int, str], tuple[tuple[int, tuple[int, int, bool]], ...]]
    start: Known = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", Known(self.slots, self, {}))

    def __reduce__(self) -> tuple[object, ...]:
        extra = self.attributes[len(CORE) :]
        if extra[: len(_display())] == _display():
            return display_table, (tuple(a.keyword for a in extra[len(_display()) :]),)
        return table_of, (tuple(a.keyword for a in extra),)


def table_of(extra: tuple[str, ...] = ()) -> TagTable:
    """The core table and further attributes by keyword.

    Raises
    ------
    UsageError
        A keyword is not in the data dictionary.
    """
    return _table(extra)


def display_table(extra: tuple[str, ...] = ()) -> TagTable:
    """The core table, what says how an image is meant to be shown, and further attributes by keyword.

    Raises
    ------
    UsageError
        A keyword is not in the data dictionary.
    """
    return _table((*(a.keyword for a in _display()), *extra))


@cache
def _table(extra: tuple[str, ...]) -> TagTable:
    known = {a.keyword for a in CORE}
    return lone_table(CORE + tuple(_attribute(k) for k in dict.fromkeys(extra) if k not in known))


def core_attributes(*keywords: str) -> tuple[Attribute, ...]:
    """Attributes of the core table, for a table with few of them."""
    places = table_of().places
    return tuple(CORE[places[keyword]] for keyword in keywords)


def lone_table(attributes: tuple[Attribute, ...]) -> TagTable:
    """A table of these attributes alone; one without the core ones cannot be sent to another process."""
    slots: Slots = {}
    owned: dict[tuple[int, str], list[tuple[int, tuple[int, int, bool]]]] = defaultdict(list)
    for place, attribute in enumerate(attributes):
        slot = place, int.from_bytes(attribute.vr.encode(), "little"), attribute.is_far
        if attribute.creator:
            owned[attribute.tag >> 16, attribute.creator].append((attribute.tag & 0xFF, slot))
        else:
            slots[swapped(attribute.tag)] = slot
    creators = {group | block << 16: _CREATOR_SLOT for group, _ in owned for block in PRIVATE_BLOCKS}
    places = {a.keyword: i for i, a in enumerate(attributes)}
    return TagTable(attributes, places, slots | creators, {k: tuple(v) for k, v in owned.items()})


def swapped(tag: int) -> int:
    """A tag as the number that a little-endian file holds: group in the low half, and back."""
    return (tag & 0xFFFF) << 16 | tag >> 16


def _attribute(keyword: str) -> Attribute:
    known = next((a for a in _display() if a.keyword == keyword), None)
    if known is not None:
        return known
    if is_private(keyword):
        return private_attribute(keyword)
    tag = tag_of(keyword)
    if tag is None:
        raise UsageError(f"{keyword!r} is not a DICOM keyword.", "", nearest_hint(keyword))
    vr = vr_of(tag)
    return Attribute(keyword, tag, vr, is_far=vr == "SQ")


_PRIVATE = re.compile(r'\(([0-9A-Fa-f]{4}),\s*"([^"\\]{1,64})"\s*,\s*([0-9A-Fa-f]{2})\)(?::([A-Z]{2}))?')


def is_private(text: str) -> bool:
    """True where a text is a private element by its creator: ``(0019,"SIEMENS MR HEADER",0C)``."""
    return _PRIVATE.fullmatch(text) is not None


def private_attribute(text: str) -> Attribute:
    """The attribute of a private element by its creator, with ``:DS`` behind it where no dictionary knows what it is.

    Raises
    ------
    UsageError
        It is none, or nobody knows its value representation.
    """
    found = _PRIVATE.fullmatch(text)
    if found is None or not int(found[1], 16) & 1:
        hint = 'Write (gggg,"CREATOR",ee) with an odd group.'
        raise UsageError(f"{text!r} is no private element.", "", hint)
    group, creator, number = int(found[1], 16), found[2].strip(), int(found[3], 16)
    vr = found[4] or private_vr(creator, group, number)
    if not vr:
        what = "No dictionary knows the value representation of this element."
        raise UsageError(what, text, f"Write it behind the element, as in {text}:DS.")
    return Attribute(text, group << 16 | 0x1000 | number, vr, creator)


def private_vr(creator: str, group: int, number: int) -> str:
    """Value representation of a private element by its low byte; empty where no dictionary knows it."""
    tag = group << 16 | 0x1000 | number
    own = next((a.vr for a in CORE if (a.tag, a.creator) == (tag, creator)), "")
    if own:
        return own
    entry = dictionary.private_entry(creator, group, number)
    vr = "" if entry is None else entry[0].split(" ", maxsplit=1)[0]
    return vr if len(vr) == 2 and vr != "UN" else ""


def tag_of(keyword: str) -> int | None:
    """Tag by the data dictionary (PS3.6); None where it has no such keyword."""
    return dictionary.tags().get(keyword)


@lru_cache(maxsize=4096)
def vr_of(tag: int) -> str:
    """Value representation by the data dictionary, of several the first; empty where it has no such tag."""
    entry = dictionary.entry_of(tag)
    return "" if entry is None else entry.vr.split(" ", maxsplit=1)[0]


@lru_cache(maxsize=4096)
def keyword_name(tag: int) -> str:
    """Keyword by the data dictionary; empty where it has no such tag."""
    entry = dictionary.entry_of(tag)
    return "" if entry is None else entry.keyword


def is_keyword(word: str) -> bool:
    """True where the word is a keyword of the data dictionary (PS3.6)."""
    if word in table_of().places:
        return True
    return bool(word) and tag_of(word) is not None


def nearest_hint(word: str, others: Iterable[str] = ()) -> str:
    """A sentence that names the nearest known word, or nothing."""
    keywords = dictionary.tags()
    known = {k.casefold(): k for k in [*keywords, *others]}
    if word.casefold() in known:
        return f"Did you mean {known[word.casefold()]}?"
    near = difflib.get_close_matches(word, [*others, *keywords], n=1, cutoff=0.6)
    return f"Did you mean {near[0]}?" if near else ""
