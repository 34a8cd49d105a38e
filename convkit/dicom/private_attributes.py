"""Private elements whose meaning is known: one row each. What they mean is for the quirks to say.

Rows are: keyword (ours), group and low byte of the element, value representation, and ``far`` where only the place
of a long value is kept. Sources: the vendors' DICOM conformance statements, the private dictionary of pydicom, and
what was observed in the data sets that the quirks cite. The first block is no vendor's: no file may hold group 0001
(PS3.5 7.1); what is computed while an object is unfolded into frames stands there.
"""

from __future__ import annotations

from collections.abc import Iterator

_TABLE = """
convkit
DimensionRank 0001 01 IS
ConvertedFrom 0001 02 UI
RealWorldUnits 0001 03 SH
DoseGrid 0001 04 UI

SIEMENS CSA HEADER
SiemensCSAImageHeader 0029 10 OB far
SiemensCSASeriesHeader 0029 20 OB far

SIEMENS MR HEADER
SiemensNumberOfImagesInMosaic 0019 0A US
SiemensSliceMeasurementDuration 0019 0B DS
SiemensBValue 0019 0C IS
SiemensDiffusionDirectionality 0019 0D CS
SiemensDiffusionGradientDirection 0019 0E FD
SiemensRelativeTablePosition 0019 14 IS
SiemensRealDwellTime 0019 18 IS
SiemensBMatrix 0019 27 FD
SiemensBandwidthPerPixelPhaseEncode 0019 28 FD
SiemensMosaicRefAcqTimes 0019 29 FD
SiemensImageOrientationText 0051 0E SH
SiemensCoilString 0051 0F LO
SiemensPATMode 0051 11 LO

SIEMENS MR SDS 01
SiemensXARelativeTablePosition 0021 05 IS
SiemensXAPATMode 0021 09 LO
SiemensXAProtocol 0021 19 OB far
SiemensXAScanningSequence 0021 5A CS
SiemensXASequenceVariant 0021 5B CS
SiemensXAScanOptions 0021 5C CS

SIEMENS MR SDI 02
SiemensXATimeAfterStart 0021 04 DS
SiemensXAICEDims 0021 06 LO
SiemensXAPhaseEncodingDirectionPositive 0021 1C IS
SiemensXARealDwellTime 0021 42 IS
SiemensXACoilElements 0021 4F LO
SiemensXABandwidthPerPixelPhaseEncode 0021 53 FD
SiemensXAImageType 0021 75 CS
SiemensXAReconstruction 0021 76 LO

GEMS_ACQU_01
GEFirstScanLocation 0019 19 DS
GELastScanLocation 0019 1B DS
GEAcquisitionDuration 0019 5A FL
GEPulseSequenceName 0019 9C LO
GEInternalPulseSequenceName 0019 9E LO
GEUserData12 0019 B3 DS
GEUserData15 0019 B6 DS
GEUserData20 0019 BB DS
GEUserData21 0019 BC DS
GEUserData22 0019 BD DS
GENumberOfDiffusionDirections 0019 E0 DS

GEMS_RELA_01
GELocationsInAcquisition 0021 4F SS
GERTIATimer 0021 5E DS

GEMS_SERS_01
GEProtocolDataBlock 0025 1B OB far

GEMS_IMAG_01
GEImageLocation 0027 41 FL
GEPointsPerArm 0027 60 FL
GEArms 0027 61 FL
GEExcitations 0027 62 FL

GEMS_PARM_01
GEShimX 0043 02 SS
GEShimY 0043 03 SS
GEShimZ 0043 04 SS
GEUserDefineData 0043 2A OB far
GEEchoSpacing 0043 2C SS
GEImageComponent 0043 2F SS
GECollapseFlag 0043 30 SS
GEBValue 0043 39 IS
GEGroupDelay 0043 7C FL
GEAssetFactors 0043 83 DS
GELabelingContrast 0043 A3 CS
GELabelingTechnique 0043 A4 LO
GELabelDuration 0043 A5 IS
GEMultiband 0043 B6 LO
GECompressedSensing 0043 B7 LO

Philips Imaging DD 001
PhilipsDiffusionBFactor 2001 03 FL
PhilipsPhaseNumber 2001 08 IS
PhilipsEPIFactor 2001 13 SL
PhilipsPartialMatrixScanned 2001 19 CS
PhilipsPrepulseDelay 2001 1B FL
PhilipsScanningTechnique 2001 20 LO
PhilipsWaterFatShift 2001 22 FL

Philips MR Imaging DD 001
PhilipsScaleSlope 2005 0E FL
PhilipsImageType 2005 11 CS
PhilipsDynamicScanBeginTime 2005 A0 FL
PhilipsDiffusionDirectionRL 2005 B0 FL
PhilipsDiffusionDirectionAP 2005 B1 FL
PhilipsDiffusionDirectionFH 2005 B2 FL

Philips MR Imaging DD 005
PhilipsSharedGroup 2005 0E SQ far
PhilipsFrameGroup 2005 0F SQ far
PhilipsDiffusionBValueNumber 2005 12 IS
PhilipsGradientOrientationNumber 2005 13 IS
PhilipsLabelType 2005 29 CS

Philips MR Imaging DD 006
PhilipsDiffusionVolumeNumber 2005 96 IS

Image Private Header
UIHBValue 0065 09 FD
UIHParallelInformation 0065 0D SH
UIHGradientDirection 0065 37 FD
UIHNumberOfTiles 0065 50 DS
UIHTiles 0065 51 SQ far
UIHPhaseEncodingPositive 0065 58 IS
"""


def private_rows() -> Iterator[tuple[str, int, str, str, bool]]:
    """Yield (keyword, tag with block 10, value representation, private creator, whether only its place is kept)."""
    for block in _TABLE.strip().split("\n\n"):
        creator, *rows = block.split("\n")
        for row in rows:
            keyword, group, element, vr, *far = row.split()
            yield keyword, int(group, 16) << 16 | 0x1000 | int(element, 16), vr, creator, far == ["far"]
