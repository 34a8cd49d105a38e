"""The sidecar keys that vendors' rules may fill: an allow-list, as everything in the sidecar comes from one.

Names are those of BIDS, or of dcm2niix where BIDS has none. A key that is not here gets out of no quirk.
"""

from __future__ import annotations

_TEXT = """
AcquisitionDuration AcquisitionMatrixPE AcquisitionTime ArterialSpinLabelingType BandwidthPerPixelPhaseEncode
BaseResolution BolusDuration CoilCombinationMethod CoilString CompressedSensingFactor ConsistencyInfo DeepLearning
DeepLearningDetails DelayTime DerivedVendorReportedEchoSpacing DiffusionScheme DwellTime EchoNumber EchoTime EchoTime1
EchoTime2 EchoTrainLength EffectiveEchoSpacing EstimatedEffectiveEchoSpacing EstimatedTotalReadoutTime
GradientEchoTrainLength ImageOrientationPatientDICOM ImageOrientationText ImageType ImageTypeText
InternalPulseSequenceName Interpolation2D InversionTime LabelingDuration Manufacturer MatrixCoilMode
MultibandAccelerationFactor NonlinearGradientCorrection NumberOfArms NumberOfExcitations NumberOfPointsPerArm PASLType
ParallelAcquisitionTechnique ParallelReductionFactorInPlane ParallelReductionFactorOutOfPlane PartialFourier
PartialFourierEnabled PhaseEncodingAxis PhaseEncodingDirection PhaseEncodingPolarityGE PhaseOversampling
PhaseResolution PhilipsRescaleIntercept PhilipsRescaleSlope PhilipsScaleSlope PostLabelingDelay PulseSequenceDetails
PulseSequenceName PulseSequenceType RawImage ReceiveCoilActiveElements ReceiveCoilName RefLinesPE RepetitionTime
ScanOptions ScanningSequence SequenceName SequenceVariant ShimSetting SliceTiming TablePosition TotalReadoutTime
TxRefAmp Units VendorReportedEchoSpacing WaterFatShift
"""

VENDOR_KEYS = frozenset(_TEXT.split())

_WORDED_TEXT = """
ArterialSpinLabelingType CoilCombinationMethod DiffusionScheme MatrixCoilMode PASLType PartialFourierEnabled
PhaseEncodingAxis PhaseEncodingDirection PhaseEncodingPolarityGE Units
"""

WORDS_OF_OURS = frozenset(_WORDED_TEXT.split())
"""Those whose texts are words of convkit, a handful each, and never what somebody wrote into a header."""
