"""What the attributes of an original say about a person: the auditor's own judgement, from their meaning.

It asks which values tell one person, place or examination from others. What characterises without telling apart (sex,
age, size, weight, device, coded values) is left out: profiles may keep it.
"""

from __future__ import annotations

import re

from convkit.audit._reader import Element, keyword
from convkit.audit.finding import Kind

_IDS = re.compile(
    r"""(PatientID|OtherPatientIDs|IssuerOfPatientID|AccessionNumber|StudyID|AdmissionID|IssuerOfAdmissionID
    |ServiceEpisodeID|IssuerOfServiceEpisodeID|RequestedProcedureID|ScheduledProcedureStepID|PerformedProcedureStepID
    |PlacerOrderNumber.*|FillerOrderNumber.*|InsurancePlanIdentification|MedicalRecordLocator|ResultsID
    |InterpretationID|ClinicalTrialSubjectID|ClinicalTrialSubjectReadingID|SpecimenIdentifier|ContainerIdentifier
    |SpecimenAccessionNumber|LocalNamespaceEntityID|UniversalEntityID|InterpretationIDIssuer|ResultsIDIssuer
    |VisitID|StudyIDIssuer|OtherStudyNumbers)$""",
    re.VERBOSE,
)
_INSTITUTIONS = re.compile(
    r"(Institution(al)?(Name|DepartmentName)|RequestingService|IssuerOfPatientID|ModifyingSystem|SourceOfPreviousValues"
    r"|ResponsibleOrganization|ClinicalTrial(Sponsor|Site|Coordinating).*Name|.*InstitutionName)$"
)
_ADDRESSES = re.compile(r"(.*Address|RegionOfResidence|CountryOfResidence)$")
_PHONES = re.compile(r".*(Telephone|PhoneNumber|TelecomInformation).*")
_AE_TITLES = re.compile(r".*(ApplicationEntityTitle|AETitle|ApplicationName)$")
_CLASSES = re.compile(
    r"(.*ClassUID|TransferSyntaxUID|.*TransferSyntaxUID.*|CodingSchemeUID|ContextUID|MappingResourceUID|.*CreatorUID"
    r"|.*CreatorVersionUID|.*VersionUID|DeviceUID|ContextGroup.*UID|.*LocationUID|.*ManufacturerUID|TemplateUID"
    r"|OriginalSpecializedSOPClassUID|RelatedGeneralSOPClassUID|SOPClassesInStudy|.*SchemeUID|.*ClassesSupported"
    r"|AcquisitionProtocolElementSpecificationUID|ManufacturerDeviceClassUID|ColorPaletteUID|PaletteColorLookupTableUID"
    r"|.*EquipmentUID|.*DeviceObserverUID)$"
)
_DEVICE = re.compile(
    r"(Manufacturer.*|.*StationName|DeviceSerialNumber|SoftwareVersions|DetectorID|GantryID|PlateID|CassetteID"
    r"|GeneratorID|Device(Description|ID|Label|Type)?|DetectorManufacturer.*|SecondaryCaptureDevice.*|XRaySourceID"
    r"|TreatmentMachineName|ScanOptions|ReceiveCoilName|TransmitCoilName|.*CoilManufacturerName|.*KernelGroup|ConvolutionKernel)$"
)
_MAKER = re.compile(r"(.*Manufacturer|.*Manufacturers?ModelName|.*CoilManufacturerName|ManufacturerRelatedModelGroup)$")
_MADE = re.compile(
    r"(.*SoftwareVersions|ScanOptions|ReceiveCoilName|TransmitCoilName|.*KernelGroup|ConvolutionKernel|DeviceType|CodeValue"
    r"|Modality)$"
)
_FREE = re.compile(
    r"(.*Comments|.*Description|AdditionalPatientHistory|.*Reason.*|.*Text.*|.*Remarks|.*Note|.*Instructions"
    r"|ProtocolName|.*Diagnos.*|.*History|.*Allergies|MedicalAlerts|SpecialNeeds|PatientState|Occupation|.*Label"
    r"|.*Location|.*Title|Branch.*|.*Name|.*Meaning|.*Information|.*Impressions|.*Arrangements|Interpretation.*"
    r"|EthnicGroup|.*Value|.*Data)$"
)
_TEXT_VRS = frozenset({"LO", "SH", "ST", "LT", "UT", "UC", "PN", "AE", "CS", "UR"})
KEPT = re.compile(
    r"(PatientSex|PatientAge|PatientSize|PatientWeight|SmokingStatus|PregnancyStatus|CodeValue|Modality)$"
)
"""Characteristics and codes: values that do not tell people apart."""


def meaning(element: Element) -> Kind | None:
    """The kind of identifying value that an attribute holds by its meaning; None where it holds none."""
    if element.vr == "PN":
        return Kind.NAME
    word = keyword(element.tag)
    if element.vr == "AE" or _AE_TITLES.match(word):
        return Kind.AE_TITLE
    if element.vr == "UI":
        return None if element.is_private or not word or _CLASSES.match(word) else Kind.UID
    if element.vr in {"DA", "DT"}:
        return Kind.BIRTH_DATE if word == "PatientBirthDate" else Kind.DATE
    if not word or element.vr not in _TEXT_VRS | {"UN"}:
        return None
    if _PHONES.match(word):
        return Kind.PHONE
    if _ADDRESSES.match(word):
        return Kind.ADDRESS
    if "(0040,1101)" in element.parent and word in {"CodeValue", "LongCodeValue", "CodeMeaning"}:
        # Person Identification Code Sequence: PS3.3 10.1; its meaning is a name in the order of speech
        return Kind.NAME if word == "CodeMeaning" else Kind.ID
    if _INSTITUTIONS.match(word):
        return Kind.INSTITUTION
    return Kind.ID if _IDS.match(word) else None


def is_text(element: Element) -> bool:
    """True for values that are written for people to read."""
    return element.vr in {"LO", "SH", "ST", "LT", "UT", "UC", "PN", "UR"}


def is_device(element: Element) -> bool:
    """True for what tells of a device or is a code: it may be kept, and its numbers are no person's."""
    word = keyword(element.tag)
    return bool(_DEVICE.match(word) or KEPT.match(word))


def is_maker(element: Element) -> bool:
    """True for names of makers and models."""
    return bool(_MAKER.match(keyword(element.tag)))


def is_made(element: Element) -> bool:
    """True for what makers write of their devices, in words of their choosing."""
    return bool(_MADE.match(keyword(element.tag)))


def is_free(element: Element) -> bool:
    """True for text of nobody's choosing but the writer's: comments, descriptions, unknown and private text."""
    if not is_text(element) or is_device(element):
        return False
    word = keyword(element.tag)
    return not word or element.vr in {"ST", "LT", "UT", "UC"} or bool(_FREE.match(word))
