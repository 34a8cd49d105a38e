"""How the images of an MR series were made, as far as that makes them comparable with others: sequence and contrast."""

from __future__ import annotations

import re

from convkit.dicom.header import Header

DIFFUSION = "diffusion"

_IMAGE_TYPES = {
    "DIFFUSION": DIFFUSION,
    "TRACEW": DIFFUSION,
    "ADC": DIFFUSION,
    "FA": DIFFUSION,
    "ASL": "perfusion",
    "PERFUSION": "perfusion",
    "FMRI": "functional",
    "FLOW_ENCODED": "flow",
    "TOF": "angiography",
}
"""Values of Image Type and Frame Type that tell the contrast (PS3.3 C.8.13.3.1.1, and what makers write)."""

_WORDS = (
    (DIFFUSION, re.compile(r"(?<![a-z])(dwi|dti|dki|diff|diffusion|adc|noddi)(?![a-z])")),
    ("perfusion", re.compile(r"(?<![a-z])([pc]|pc|v)?asl(?![a-z])|(?<![a-z])(perf|perfusion|dsc)(?![a-z])")),
    ("functional", re.compile(r"(?<![a-z])(bold|fmri|rsfmri|rest|resting|task)(?![a-z])")),
    ("angiography", re.compile(r"(?<![a-z])(tof|mra)(?![a-z])")),
    ("susceptibility", re.compile(r"(?<![a-z])(swi|qsm)(?![a-z])")),
    ("field map", re.compile(r"(?<![a-z])(field[ _-]?map|fieldmapping|b0[ _-]?map|gre_field)(?![a-z])")),
)
"""Words of descriptions and protocols, in the order in which they are asked."""

_LETTERS = re.compile(r"[a-z]+")


def way_of(header: Header, *, is_weighted: bool = False) -> str:
    """Such as ``EP 2D diffusion``; empty where nothing is known of the sequence, and for any modality but MR.

    Parameters
    ----------
    header : Header
    is_weighted : bool
        Diffusion gradients were played out.

    Notes
    -----
    Codes and words of a fixed list, but for the name of a sequence, of which the letters leave: give what may be told.
    """
    sequence = _sequence(header) if header.text("Modality") == "MR" else ""
    if not sequence:
        return ""
    contrast = DIFFUSION if is_weighted else _contrast(header)
    return " ".join(filter(None, (sequence, header.text("MRAcquisitionType"), contrast)))


def _sequence(header: Header) -> str:
    """The kind of the sequence: by Scanning Sequence, that of enhanced objects, or the letters of its name."""
    classic = " ".join(header.texts("ScanningSequence"))
    if classic:
        return classic
    planar = "EP" if header.text("EchoPlanarPulseSequence") == "YES" else ""
    enhanced = " ".join(filter(None, (planar, header.text("EchoPulseSequence"))))
    if enhanced:
        return enhanced
    name = (header.text("SequenceName") or header.text("PulseSequenceName")).casefold()
    found = _LETTERS.search(name)
    return found[0] if found else ""


def _contrast(header: Header) -> str:
    kinds = (*header.texts("ImageType"), *header.texts("FrameType"))
    by_type = next((_IMAGE_TYPES[kind] for kind in kinds[2:] if kind in _IMAGE_TYPES), "")
    if by_type:
        return by_type
    text = f"{header.text('SeriesDescription')} {header.text('ProtocolName')}".casefold().replace("_", " ")
    return next((contrast for contrast, words in _WORDS if words.search(text)), "")
