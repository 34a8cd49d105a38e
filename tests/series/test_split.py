"""What tells the volumes of a series apart: each trait, its label and its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convkit.series.split import split_by_traits
from convkit.series.traits import TRAITS
from tests.builders import PLANES, cr, rgb, series
from tests.jobs.work import again
from tests.series.frames import frames_from, planned, stacks, uids

_CORONAL = [*PLANES["coronal"][0], *PLANES["coronal"][1]]


def _half(one: Any, other: Any) -> Any:
    """The first of two values in the first volume, the second in the second."""
    return lambda place: (one, other)[place.volume]


HARD: dict[str, tuple[dict[str, Any], set[str]]] = {
    "sop_class": (
        {"SOPClassUID": _half("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7")},
        {"_class-1", "_class-2"},
    ),
    "modality": ({"Modality": _half("CT", "OT"), "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, {"_mod-CT", "_mod-OT"}),
    "series_number": ({"SeriesNumber": _half(3, 4)}, {"_ser-3", "_ser-4"}),
    "frame_of_reference": ({"FrameOfReferenceUID": _half("2.25.1", "2.25.2")}, {"_for-1", "_for-2"}),
    "orientation": (
        {
            "ImageOrientationPatient": _half([1, 0, 0, 0, 1, 0], _CORONAL),
            "ImagePositionPatient": lambda p: [-20, -30, 3 * p.slice] if p.volume == 0 else [-20, 3 * p.slice, 40],
        },
        {"_plane-ax", "_plane-cor"},
    ),
    "spacing": ({"PixelSpacing": _half([0.8, 0.7], [0.8, 0.75])}, {"_px-0.7x0.8", "_px-0.75x0.8"}),
    "component": (
        {"modality": "MR", "ImageType": _half(["ORIGINAL", "PRIMARY", "M"], ["ORIGINAL", "PRIMARY", "P"])},
        {"_part-mag", "_part-phase"},
    ),
    "echo": ({"modality": "MR", "EchoTime": _half(2.5, 5)}, {"_echo-1", "_echo-2"}),
    "echo number": ({"modality": "MR", "EchoNumbers": _half(1, 2)}, {"_echo-1", "_echo-2"}),
    "kernel": ({"ConvolutionKernel": _half("B30f", "B70f")}, {"_kernel-B30f", "_kernel-B70f"}),
    "units": ({"RescaleType": _half("HU", "US")}, {"_units-none-HU", "_units-none-US"}),
}
"""Trait to a recipe of two volumes that differ in it, and their labels."""

SOFT: dict[str, tuple[dict[str, Any], set[str]]] = {
    "image_type": (
        {"ImageType": _half(["ORIGINAL", "PRIMARY", "AXIAL"], ["DERIVED", "PRIMARY", "AXIAL"])},
        {"_type-DerivedPrimaryAxial", "_type-OriginalPrimaryAxial"},
    ),
    "repetition_time": ({"modality": "MR", "RepetitionTime": _half(500, 2000)}, {"_tr-500ms", "_tr-2000ms"}),
    "inversion_time": ({"modality": "MR", "InversionTime": _half(100, 900)}, {"_inv-1", "_inv-2"}),
    "flip_angle": ({"modality": "MR", "FlipAngle": _half(5, 30)}, {"_flip-1", "_flip-2"}),
    "kvp": ({"KVP": _half(80, 140)}, {"_kvp-80", "_kvp-140"}),
    "thickness": ({"SliceThickness": _half(3, 5)}, {"_thick-3mm", "_thick-5mm"}),
    "contrast": ({"ContrastBolusAgent": _half(None, "Fluid 300")}, {"_ce-1", "_ce-2"}),
}


def _quiet(name: str) -> dict[str, Any]:
    """Two volumes that no moment tells apart."""
    return {
        "volumes": 2,
        "TemporalPositionIdentifier": None,
        "NumberOfTemporalPositions": None,
        "AcquisitionTime": "101300",
        "ContentTime": "101300",
    } | (HARD | SOFT)[name][0]


@pytest.mark.parametrize("name", HARD | SOFT)
def test_trait_separates_two_volumes_at_one_place(name: str, tmp_path: Path) -> None:
    datasets = series(**_quiet(name))
    made = stacks(datasets, tmp_path)
    assert {s.split.label for s in made} == (HARD | SOFT)[name][1]
    groups = {frozenset(uids(s)[0]) for s in made}
    assert groups == {frozenset(d.SOPInstanceUID for d in half) for half in (datasets[:5], datasets[5:])}


@pytest.mark.parametrize("name", HARD)
def test_hard_trait_separates_side_by_side(name: str, tmp_path: Path) -> None:
    beside = {"ImagePositionPatient": lambda p: [-20, -30, -40 + 3 * (p.slice + 5 * p.volume)]}
    datasets = series(**beside | _quiet(name))
    frames = frames_from(datasets, tmp_path)
    assert len(split_by_traits(frames)) == 2


@pytest.mark.parametrize("name", SOFT)
def test_soft_trait_does_not_separate_side_by_side(name: str, tmp_path: Path) -> None:
    beside = {"ImagePositionPatient": lambda p: [-20, -30, -40 + 3 * (p.slice + 5 * p.volume)]}
    (stack,) = stacks(series(**_quiet(name) | beside), tmp_path)
    assert stack.split.label == ""
    assert stack.slices == 10


@pytest.mark.parametrize("name", HARD | SOFT)
def test_reason_names_the_attribute(name: str, tmp_path: Path) -> None:
    place = {"echo number": "echo"}.get(name, name)
    (trait,) = [t for t in TRAITS if t.name == place]
    for stack in stacks(series(**_quiet(name)), tmp_path):
        (reason,) = stack.split.reasons
        assert trait.says in reason


def test_reason_shows_values_but_no_uid(tmp_path: Path) -> None:
    (one, _) = stacks(series(**_quiet("kvp")), tmp_path / "a")
    assert one.split.reasons == ("KVP differs: 80; 140",)
    (one, _) = stacks(series(**_quiet("frame_of_reference")), tmp_path / "b")
    assert one.split.reasons == ("FrameOfReferenceUID differs",)


def test_free_text_of_contrast_does_not_get_into_the_reason(tmp_path: Path) -> None:
    for stack in stacks(series(**_quiet("contrast")), tmp_path):
        assert "Fluid" not in "".join(stack.split.reasons) + stack.split.label


def test_repetition_time_that_varies_with_the_heart_stays_one_volume(tmp_path: Path) -> None:
    gated = series(modality="MR", slices=8, RepetitionTime=lambda p: 900 + 13 * (p.slice * 5 % 8))
    (stack,) = stacks(gated, tmp_path)
    assert (stack.slices, stack.split.label) == (8, "")


def test_repetition_time_that_varies_in_a_double_is_no_volume_of_its_own(tmp_path: Path) -> None:
    gated = series(modality="MR", slices=8, duplicated=(3,), RepetitionTime=lambda p: 900 + p.number)
    (one,) = planned(gated, tmp_path)
    assert one.reason.code == "geometry.duplicate-slice"  # type: ignore[union-attr]


def test_rounding_of_cosines_is_one_orientation(tmp_path: Path) -> None:
    (stack,) = stacks(series(ImageOrientationPatient=lambda p: [1, 1e-4 * (p.slice % 2), 0, 0, 1, 0]), tmp_path)
    assert stack.slices == 5


def test_rounding_of_pixel_spacing_is_one_spacing(tmp_path: Path) -> None:
    (stack,) = stacks(series(PixelSpacing=lambda p: [0.8, 0.7 + 1e-6 * (p.slice % 2)]), tmp_path)
    assert stack.slices == 5


@pytest.mark.parametrize("values", [("M", "P", "R", "I"), ("M", "P")])
def test_parts_are_named(values: tuple[str, ...], tmp_path: Path) -> None:
    names = {"M": "mag", "P": "phase", "R": "real", "I": "imag"}
    made = stacks(series(modality="MR", parts=values), tmp_path)
    assert {s.split.label for s in made} == {f"_part-{names[v]}" for v in values}


def test_two_traits_give_two_labels_and_two_reasons(tmp_path: Path) -> None:
    made = stacks(series(modality="MR", echoes=(2.5, 5.0), parts=("M", "P")), tmp_path)
    assert {s.split.label for s in made} == {
        "_part-mag_echo-1",
        "_part-mag_echo-2",
        "_part-phase_echo-1",
        "_part-phase_echo-2",
    }
    assert {len(s.split.reasons) for s in made} == {2}


def test_two_planes_of_one_name_are_numbered(tmp_path: Path) -> None:
    one = series()
    other = [
        again(d, SOPInstanceUID=f"2.25.9{n}", ImageOrientationPatient=[0.9962, 0.0872, 0, -0.0872, 0.9962, 0])
        for n, d in enumerate(one)
    ]
    assert {s.split.label for s in stacks(one + other, tmp_path)} == {"_plane-ax-1", "_plane-ax-2"}


def test_colour_and_grey_are_apart(tmp_path: Path) -> None:
    grey = cr(number=9, Modality="OT", SOPClassUID=rgb().SOPClassUID, ImagerPixelSpacing=None)
    made = stacks([rgb(), grey], tmp_path)
    assert {s.split.label.partition("_bits")[0] for s in made} == {"_col-rgb", "_col-grey"}


@pytest.mark.parametrize(
    "changes", [{"dtype": "uint16"}, {"dtype": "int32"}, {"PhotometricInterpretation": "MONOCHROME1"}]
)
def test_other_storage_is_another_volume(changes: dict[str, Any], tmp_path: Path) -> None:
    other = [
        again(d, SOPInstanceUID=f"2.25.9{n}") for n, d in enumerate(series(origin=(-20.0, -30.0, 20.0), **changes))
    ]
    made = stacks([*series(), *other], tmp_path)
    assert len(made) == 2
    assert all(s.split.label.startswith("_bits-") for s in made)


def test_other_thickness_and_distance_on_the_way_are_two_good_volumes(tmp_path: Path) -> None:
    skull = series(
        slices=8,
        ImagePositionPatient=lambda p: [-20, -30, 2 * p.slice if p.slice < 4 else 8 + 5 * (p.slice - 4)],
        SliceThickness=lambda p: 2 if p.slice < 4 else 5,
    )
    made = stacks(skull, tmp_path)
    assert {s.split.label for s in made} == {"_thick-2mm", "_thick-5mm"}
    assert {s.slices for s in made} == {4}


def test_acquisitions_of_unequal_extent_are_two_volumes(tmp_path: Path) -> None:
    datasets = series(volumes=2, AcquisitionNumber=lambda p: p.volume + 1)[:8]
    made = stacks(datasets, tmp_path)
    assert sorted(s.slices for s in made) == [3, 5]
    assert all("extent" in "".join(s.split.reasons) for s in made)


@pytest.mark.parametrize(("image_type", "label"), [("P", "_part-phase"), ("M", ""), ("R", "_part-real")])
def test_a_lone_volume_is_named_by_its_component_unless_it_is_a_magnitude(
    image_type: str, label: str, tmp_path: Path
) -> None:
    datasets = series(modality="MR", ImageType=["ORIGINAL", "PRIMARY", image_type, "ND"])
    (stack,) = stacks(datasets, tmp_path)
    assert (stack.split.label, stack.split.reasons) == (label, ())
