"""Attributes that have Enumerated Values: no others conform to the standard. Those of Defined Terms may have others."""

from __future__ import annotations

from convkit.survey.distributions import Allowed


def _rows(text: str) -> dict[str, Allowed]:
    """Each line is a keyword, its values, and the clause of PS3.3 that says so."""
    found = {}
    for line in text.strip().splitlines():
        name, values, clause = (part.strip() for part in line.split(";"))
        allowed = sorted(values.split())
        found[name] = Allowed(frozenset(allowed), f"not one of {', '.join(allowed)} (PS3.3 {clause})")
    return found


ENUMERATED = _rows("""
PatientSex; M F O; C.7.1.1
SmokingStatus; YES NO UNKNOWN; C.7.2.2
Laterality; R L; C.7.3.1
ImageLaterality; R L U B; C.7.6.1
BurnedInAnnotation; YES NO; C.7.6.1
LossyImageCompression; 00 01; C.7.6.1
PresentationLUTShape; IDENTITY INVERSE; C.7.6.1
ScanningSequence; SE IR GR EP RM; C.8.3.1
MRAcquisitionType; 2D 3D; C.8.3.1
InPlanePhaseEncodingDirection; ROW COL COLUMN OTHER; C.8.3.1
VariableFlipAngleFlag; Y N; C.8.3.1
ComplexImageComponent; MAGNITUDE PHASE REAL IMAGINARY MIXED; C.8.13.3.1
CountsSource; EMISSION TRANSMISSION; C.8.9.1
""")
