"""What tells the volumes of one series apart: one table, read once an instance.

A hard trait always separates: images that differ in it never belong to one volume. A soft trait varies from slice
to slice in some series (cardiac gating changes Repetition Time), so it separates only where images at the same
position differ in it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

from convkit.dicom.header import Header
from convkit.model.directions import is_orientation, normal_of, steepest_axis
from convkit.quirks import TRAIT_KEYWORDS, corrected_traits
from convkit.series.rescale import real_world_units

ORIENTATION_TOLERANCE = 5e-4
"""Direction cosines that differ by less are the same orientation: headers with four decimals round by 5e-5, and
5e-4 moves the far edge of a 500 mm field by a quarter of a millimetre. Images of one stack that differ by more
are not parallel."""

SPACING_TOLERANCE = 1e-4
"""Relative; pixel sizes that differ by less are the same: 1e-4 of a 500 mm field is 0.05 mm."""

ECHO_TOLERANCE_MS = 0.01
"""Echo times that differ by less are one echo, computed slice by slice; echoes of a scan are further apart."""

_COMPONENTS = {
    "M": "mag",
    "MAGNITUDE": "mag",
    "P": "phase",
    "PHASE": "phase",
    "PHASE MAP": "phase",
    "R": "real",
    "REAL": "real",
    "I": "imag",
    "IMAGINARY": "imag",
}


class Trait(NamedTuple):
    """One thing that may tell volumes apart.

    Attributes
    ----------
    name : str
    says : str
        The attributes, as the reason of a split names them.
    keywords : tuple of str
        What `read` reads; equal raw values give equal answers.
    read : header to a hashable value, None where absent
    label : (value, rank) to a part of a file name; rank counts the values in order from 1
    is_hard : bool
    is_same : equality with rounding, or None for plain equality
    is_steady : bool
        True for a soft trait that should not vary within a volume; a note says so where it does.
    least_rest : int
        For a soft trait that marks a few images: volumes that the unmarked ones must make, so that the others are set
        apart.
    shows_values : bool
        False where the values (UIDs, free text) do not belong into the reason of a split.
    """

    name: str
    says: str
    keywords: tuple[str, ...]
    read: Callable[[Header], Hashable]
    label: Callable[[Any, int], str]
    is_hard: bool
    is_same: Callable[[Any, Any], bool] | None = None
    shows_values: bool = True
    is_steady: bool = False
    least_rest: int = 0


def _text(keyword: str) -> Callable[[Header], Hashable]:
    return lambda header: header.text(keyword) or None


def _number(keyword: str) -> Callable[[Header], Hashable]:
    return lambda header: header.number(keyword)


def _ranked(entity: str) -> Callable[[Any, int], str]:
    return lambda _value, rank: f"_{entity}-{rank}"


def _valued(entity: str, unit: str = "") -> Callable[[Any, int], str]:
    return lambda value, _rank: f"_{entity}-{_plain(value)}{unit}"


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return "-".join(_plain(v) for v in value) or "none"
    return str(value)


def _words(header: Header) -> tuple[str, ...]:
    """Image Type, or that of the frame (PS3.3 C.8.16.1)."""
    return header.texts("FrameType") or header.texts("ImageType")


def _image_type(header: Header) -> Hashable:
    """Image Type without the complex component, which is a trait of its own."""
    return tuple(v for i, v in enumerate(_words(header)) if i < 2 or v not in _COMPONENTS)


def component_of(header: Header) -> Hashable:
    """Component of complex MR that an image is: ``mag``, ``phase``, ``real``, ``imag``; None where it does not tell."""
    if header.text("Modality") != "MR":
        return None
    if real_world_units(header).upper() == "HZ":
        return "fieldmaphz"
    said = _COMPONENTS.get(header.text("ComplexImageComponent"))
    # PS3.3 C.8.3.1.1.1 leaves values 3 and up to the maker; Siemens uses the third, Philips the fourth.
    return said or next((_COMPONENTS[v] for v in _words(header)[2:5] if v in _COMPONENTS), None)


def _matrix(header: Header) -> Hashable:
    return header.integer("Rows"), header.integer("Columns")


def _colour(header: Header) -> Hashable:
    photometric = header.text("PhotometricInterpretation")
    return "rgb" if (header.integer("SamplesPerPixel") or 1) > 1 or photometric == "PALETTE COLOR" else "grey"


def _storage(header: Header) -> Hashable:
    photometric = header.text("PhotometricInterpretation")
    inverse = "inverse" if photometric == "MONOCHROME1" else ""
    signed = "s" if header.integer("PixelRepresentation") == 1 else "u"
    return f"{signed}{header.integer('BitsAllocated')}{inverse}"


def _orientation(header: Header) -> Hashable:
    cosines = header.numbers("ImageOrientationPatient")
    return cosines if len(cosines) == 6 else None


def _spacing(header: Header) -> Hashable:
    spacing = header.numbers("PixelSpacing")
    return spacing if len(spacing) == 2 else None


def _echo(header: Header) -> Hashable:
    # GE and Philips sometimes number echoes of one echo time apart, or leave the number out.
    return header.number("EchoTime"), header.integer("EchoNumbers")


def _same_orientation(one: Any, other: Any) -> bool:
    return _close(one, other, lambda a, b: abs(a - b) <= ORIENTATION_TOLERANCE)


def _same_spacing(one: Any, other: Any) -> bool:
    return _close(one, other, lambda a, b: abs(a - b) <= SPACING_TOLERANCE * max(abs(a), abs(b)))


def _same_echo(one: Any, other: Any) -> bool:
    (time, number), (other_time, other_number) = one, other
    if time is None or other_time is None:
        return bool(one == other)
    return bool(abs(time - other_time) <= ECHO_TOLERANCE_MS and number == other_number)


def _close(one: Any, other: Any, near: Callable[[float, float], bool]) -> bool:
    if one is None or other is None:
        return one is other
    return all(near(a, b) for a, b in zip(one, other, strict=True))


def _plane_label(cosines: Any, rank: int) -> str:
    if cosines is None or not is_orientation(cosines):
        return f"_plane-{rank}"
    return f"_plane-{('sag', 'cor', 'ax')[steepest_axis(normal_of(cosines))]}"


def _matrix_label(matrix: Any, _rank: int) -> str:
    return f"_mat-{matrix[1]}x{matrix[0]}"


def _spacing_label(spacing: Any, rank: int) -> str:
    return f"_px-{spacing[1]:g}x{spacing[0]:g}" if spacing else f"_px-{rank}"


def _type_label(image_type: Any, rank: int) -> str:
    words = [w.title() for v in image_type for w in v.replace("_", " ").split()]
    return f"_type-{''.join(words)[:40]}" if words else f"_type-{rank}"


TRAITS: tuple[Trait, ...] = (
    Trait("patient", "PatientID", ("PatientID",), _text("PatientID"), _ranked("pat"), is_hard=True, shows_values=False),
    Trait(
        "sop_class",
        "SOPClassUID",
        ("SOPClassUID",),
        _text("SOPClassUID"),
        _ranked("class"),
        is_hard=True,
        shows_values=False,
    ),
    Trait("modality", "Modality", ("Modality",), _text("Modality"), _valued("mod"), is_hard=True),
    Trait(
        "series_number",
        "SeriesNumber",
        ("SeriesNumber",),
        lambda h: h.integer("SeriesNumber"),
        _valued("ser"),
        is_hard=True,
    ),
    Trait(
        "frame_of_reference",
        "FrameOfReferenceUID",
        ("FrameOfReferenceUID",),
        _text("FrameOfReferenceUID"),
        _ranked("for"),
        is_hard=True,
        shows_values=False,
    ),
    Trait(
        "converted_from",
        "ConversionSourceAttributesSequence",
        ("ConvertedFrom",),
        _text("ConvertedFrom"),
        _ranked("src"),
        is_hard=True,
        shows_values=False,
    ),
    Trait(
        "dose",
        "SOPInstanceUID of a dose grid",
        ("DoseGrid",),
        _text("DoseGrid"),
        _ranked("dose"),
        is_hard=True,
        shows_values=False,
    ),
    Trait("matrix", "Rows, Columns", ("Rows", "Columns"), _matrix, _matrix_label, is_hard=True),
    Trait(
        "colour",
        "SamplesPerPixel, PhotometricInterpretation",
        ("SamplesPerPixel", "PhotometricInterpretation"),
        _colour,
        _valued("col"),
        is_hard=True,
    ),
    Trait(
        "storage",
        "BitsAllocated, PixelRepresentation, PhotometricInterpretation",
        ("BitsAllocated", "PixelRepresentation", "PhotometricInterpretation"),
        _storage,
        _valued("bits"),
        is_hard=True,
    ),
    Trait(
        "orientation",
        "ImageOrientationPatient",
        ("ImageOrientationPatient",),
        _orientation,
        _plane_label,
        is_hard=True,
        is_same=_same_orientation,
    ),
    Trait("spacing", "PixelSpacing", ("PixelSpacing",), _spacing, _spacing_label, is_hard=True, is_same=_same_spacing),
    Trait(
        "component",
        "ComplexImageComponent, ImageType",
        ("Modality", "ComplexImageComponent", "ImageType", "FrameType", "RealWorldUnits"),
        component_of,
        _valued("part"),
        is_hard=True,
    ),
    Trait(
        "echo",
        "EchoTime, EchoNumbers",
        ("EchoTime", "EchoNumbers"),
        _echo,
        _ranked("echo"),
        is_hard=True,
        is_same=_same_echo,
    ),
    Trait(
        "kernel",
        "ConvolutionKernel",
        ("ConvolutionKernel",),
        _text("ConvolutionKernel"),
        _valued("kernel"),
        is_hard=True,
    ),
    Trait(
        "units",
        "Units, RescaleType, DoseUnits, RealWorldValueMappingSequence",
        ("Units", "RescaleType", "DoseUnits", "RealWorldUnits"),
        lambda h: (
            h.text("Units") or h.text("DoseUnits") or None,
            h.text("RescaleType") or None,
            *((real_world_units(h),) if real_world_units(h) else ()),
        ),
        _valued("units"),
        is_hard=True,
    ),
    Trait(
        "image_type", "ImageType", ("ImageType", "FrameType"), _image_type, _type_label, is_hard=False, is_steady=True
    ),
    Trait(
        "repetition_time",
        "RepetitionTime",
        ("RepetitionTime",),
        _number("RepetitionTime"),
        _valued("tr", "ms"),
        is_hard=False,
    ),
    Trait(
        "inversion_time", "InversionTime", ("InversionTime",), _number("InversionTime"), _ranked("inv"), is_hard=False
    ),
    Trait("flip_angle", "FlipAngle", ("FlipAngle",), _number("FlipAngle"), _ranked("flip"), is_hard=False),
    Trait("kvp", "KVP", ("KVP",), _number("KVP"), _valued("kvp"), is_hard=False, is_steady=True),
    Trait(
        "thickness",
        "SliceThickness",
        ("SliceThickness",),
        _number("SliceThickness"),
        _valued("thick", "mm"),
        is_hard=False,
        is_steady=True,
    ),
    Trait(
        "contrast",
        "ContrastBolusAgent",
        ("ContrastBolusAgent",),
        _text("ContrastBolusAgent"),
        _ranked("ce"),
        is_hard=False,
        is_steady=True,
        shows_values=False,
    ),
    Trait(
        "weighting",
        "the direction of diffusion weighting",
        (),
        lambda _header: None,
        lambda value, _rank: f"_{value}" if value else "",
        is_hard=False,
        least_rest=2,  # an unweighted and a trace volume are a series of two, as dcm2niix has it
    ),
    Trait(
        "variant", "a private attribute of the manufacturer", (), lambda _header: None, _valued("kind"), is_hard=False
    ),
)

PLACES = {trait.name: place for place, trait in enumerate(TRAITS)}

KEYWORDS = tuple(dict.fromkeys([k for t in TRAITS for k in t.keywords] + list(TRAIT_KEYWORDS)))
"""Everything that the traits of an instance depend on."""


def read_traits(header: Header) -> tuple[Hashable, ...]:
    """The traits of one instance, in the order of `TRAITS`, vendors' own ways considered."""
    plain: Mapping[str, Any] = {trait.name: trait.read(header) for trait in TRAITS}
    corrected = corrected_traits(header, plain)
    return tuple(corrected[trait.name] for trait in TRAITS)
