"""What the data sets of a patient say of the patient and of the people around: the words that no text may keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from convkit.dicom import dictionary


class Kind(StrEnum):
    """What a value is, which decides how its spellings are looked for."""

    NAME = "name"
    IDENTIFIER = "identifier"
    DATE = "date"
    PHONE = "phone"
    ADDRESS = "address"
    INSTITUTION = "institution"


_KINDS_TEXT = """
identifier PatientID OtherPatientIDs AccessionNumber StudyID AdmissionID ServiceEpisodeID MedicalRecordLocator
identifier InsurancePlanIdentification RequestedProcedureID ScheduledProcedureStepID PerformedProcedureStepID
identifier PlacerOrderNumberImagingServiceRequest FillerOrderNumberImagingServiceRequest InterpretationID ResultsID
identifier PlacerOrderNumberImagingServiceRequestRetired FillerOrderNumberImagingServiceRequestRetired
identifier PlacerOrderNumberProcedure FillerOrderNumberProcedure SpecimenAccessionNumber SpecimenIdentifier
identifier ContainerIdentifier SlideIdentifier ClinicalTrialSubjectID ClinicalTrialSubjectReadingID ItineraryID
identifier BoardingPassID OwnerID HL7InstanceIdentifier
institution InstitutionName InstitutionalDepartmentName ResponsibleOrganization RequestingService
institution IssuerOfPatientID IssuerOfAdmissionID IssuerOfServiceEpisodeID StudyIDIssuer ResultsIDIssuer
institution InterpretationIDIssuer IssuerOfClinicalTrialSubjectID ClinicalTrialSiteName ClinicalTrialSiteID
institution ClinicalTrialCoordinatingCenterName HumanPerformerOrganization VerifyingOrganization CameraOwnerName
institution CurrentPatientLocation PatientInstitutionResidence ScheduledPatientInstitutionResidence
institution RequestedProcedureLocation ScheduledProcedureStepLocation PerformedLocation OrderEntererLocation
institution ScheduledStudyLocation AssignedLocation CodingSchemeResponsibleOrganization
address PatientAddress InstitutionAddress PersonAddress ReferringPhysicianAddress DistributionAddress AddressTrial
address CountryOfResidence RegionOfResidence
phone PatientTelephoneNumbers PersonTelephoneNumbers ReferringPhysicianTelephoneNumbers OrderCallbackPhoneNumber
phone PatientTelecomInformation PersonTelecomInformation OrderCallbackTelecomInformation
"""
"""Attributes that are no person names and no dates by their representation, by what they mean (PS3.3, PS3.6)."""

_BY_REPRESENTATION = {"PN": Kind.NAME, "DA": Kind.DATE, "DT": Kind.DATE}


@dataclass(frozen=True, slots=True)
class OwnValues:
    """Values of one patient, as they stand in the data sets; those of siblings are added with ``|``.

    Attributes
    ----------
    values : frozenset of (Kind, str)
        Never to be shown: the text of an object tells only how many there are.
    """

    values: frozenset[tuple[Kind, str]] = frozenset()

    @classmethod
    def of(cls, pairs: Iterable[tuple[Kind, str]]) -> OwnValues:
        """The values of pairs; several of one attribute may stand together, with backslashes between."""
        return cls(frozenset((kind, text) for kind, text in pairs if text))

    def __or__(self, other: OwnValues) -> OwnValues:
        return self if other.values <= self.values else OwnValues(self.values | other.values)

    def __repr__(self) -> str:
        return f"OwnValues({len(self.values)})"

    def texts(self, *kinds: Kind) -> list[str]:
        """All values of some kinds, in a fixed order."""
        found = (text for kind, text in self.values if kind in kinds)
        return sorted({part.strip() for text in found for part in text.split("\\")} - {""})


def kind_of(tag: int) -> Kind | None:
    """What the attribute of a tag says of a person; None where it says nothing, and for private ones."""
    return kinds().get(tag)


@cache
def kinds() -> Mapping[int, Kind]:
    """Tag to kind of all attributes of the standard that contribute.

    All person names, dates, and dates with a time, by their representation; others by their meaning.
    """
    rows = dictionary.entries()
    found = {tag: _BY_REPRESENTATION[row[0]] for tag, row in rows.items() if row[0] in _BY_REPRESENTATION}
    for line in _KINDS_TEXT.strip().split("\n"):
        kind, *keywords = line.split()
        found.update((dictionary.tags()[keyword], Kind(kind)) for keyword in keywords)
    return MappingProxyType(found)
