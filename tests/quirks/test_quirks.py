"""Each vendor's oddity: it fires on its vendor, and it leaves a look-alike alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from convkit.quirks import (
    FACTS,
    GRADIENTS,
    MERGE,
    ORDERS,
    SLICE_TIMES,
    TRAITS,
    UNFOLD,
    VALUES,
    acquisition_of,
    corrected_rescale,
    corrected_traits,
    gradient_of,
    rescale_notes,
    slice_time,
    unfold,
    volume_number,
)
from convkit.series.traits import read_traits
from tests.builders import instance, series
from tests.builders.oracle import check_world
from tests.jobs.work import assert_right, convert
from tests.quirks.ge import two_volumes_at_one_place
from tests.series.frames import headers_of

GE, PHILIPS = "GEMS_PARM_01", "Philips MR Imaging DD 001"


def with_private(dataset: Dataset, group: int, creator: str, element: int, vr: str, value: Any) -> Dataset:  # noqa: PLR0917 (the parts of one element)
    dataset.private_block(group, creator, create=True).add_new(element, vr, value)
    return dataset


def pair(creator: str, element: int, values: tuple[int, int]) -> list[Dataset]:
    """Two volumes at one place that differ in a private element of group 0043 alone."""
    datasets = two_volumes_at_one_place()
    for place, dataset in enumerate(datasets):
        with_private(dataset, 0x0043, creator, element, "SS", values[place // 5])
    return datasets


def philips(creator: str = PHILIPS, **overrides: Any) -> list[Dataset]:
    """Philips slices with rescale 2 x - 100 and a private scale slope of 0.5."""
    datasets = series(modality="MR", slope=2, intercept=-100, **{"Manufacturer": "Philips"} | overrides)
    return [with_private(d, 0x2005, creator, 0x0E, "FL", 0.5) for d in datasets]


# --- GE component ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("values", "labels"), [((0, 1), {"mag", "phase"}), ((2, 3), {"real", "imag"})])
def test_ge_component_is_told_by_its_private_element(values: tuple[int, int], labels: set[str], tmp_path: Path) -> None:
    datasets = pair(GE, 0x2F, values)
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert {i.name.partition("_part-")[2].removesuffix(".nii") for i in run.images} == labels


def test_element_of_another_creator_is_no_ge_component(tmp_path: Path) -> None:
    datasets = pair("SOMEBODY ELSE", 0x2F, (0, 1))
    run = convert(datasets, tmp_path)
    assert run.image.values.shape == (7, 6, 5, 2)


def test_other_number_is_no_ge_component(tmp_path: Path) -> None:
    assert convert(pair(GE, 0x2F, (7, 8)), tmp_path).image.values.shape == (7, 6, 5, 2)


def test_ge_component_is_found_in_another_block_of_its_creator(tmp_path: Path) -> None:
    datasets = pair("FILLER", 0x01, (0, 0))  # takes block 10, so that the real creator gets block 11
    for place, dataset in enumerate(datasets):
        with_private(dataset, 0x0043, GE, 0x2F, "SS", place // 5)
    run = convert(datasets, tmp_path)
    assert run.report.exit_code == 0
    assert len(run.images) == 2


# --- GE collapse flag ------------------------------------------------------------------------------------


def test_ge_field_map_and_magnitude_are_told_apart_by_the_collapse_flag(tmp_path: Path) -> None:
    datasets = pair(GE, 0x30, (2, 0))
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert len(run.images) == 2
    assert all("_kind-" in i.name for i in run.images)


def test_element_of_another_creator_is_no_collapse_flag(tmp_path: Path) -> None:
    assert len(convert(pair("SOMEBODY ELSE", 0x30, (2, 0)), tmp_path).images) == 1


# --- Philips scale slope ---------------------------------------------------------------------------------


def test_philips_values_are_precise_values(tmp_path: Path) -> None:
    datasets = philips()
    run = convert(datasets, tmp_path)
    for dataset in datasets:  # (stored x RS + RI) / (RS x SS)
        dataset.RescaleSlope, dataset.RescaleIntercept = 1 / 0.5, -100 / (2 * 0.5)
    assert check_world(datasets, run.images) == []
    assert "quirk.applied" in run.codes


def test_scale_slope_of_another_creator_leaves_the_rescale(tmp_path: Path) -> None:
    datasets = philips("SOMEBODY ELSE")
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert "quirk.applied" not in run.codes


def test_philips_without_scale_slope_keeps_its_rescale(tmp_path: Path) -> None:
    datasets = series(modality="MR", slope=2, intercept=-100, Manufacturer="Philips")
    assert_right(datasets, convert(datasets, tmp_path))


@pytest.mark.parametrize("scale", [0.0])
def test_scale_slope_of_zero_is_none(scale: float, tmp_path: Path) -> None:
    (header,) = headers_of([with_private(instance(RescaleSlope=2), 0x2005, PHILIPS, 0x0E, "FL", scale)], tmp_path)
    assert corrected_rescale(header, 2.0, -100.0) == (2.0, -100.0)
    assert rescale_notes(header) == ()


def test_scale_slope_without_a_rescale_changes_nothing(tmp_path: Path) -> None:
    dataset = instance(Modality="MR", RescaleSlope=None, RescaleIntercept=None)
    (header,) = headers_of([with_private(dataset, 0x2005, PHILIPS, 0x0E, "FL", 0.5)], tmp_path)
    assert corrected_rescale(header, 1.0, 0.0) == (1.0, 0.0)


def test_scale_slopes_that_differ_are_applied_slice_by_slice(tmp_path: Path) -> None:
    datasets = series(modality="MR", slope=2, intercept=0)
    scales = [0.5, 0.25, 1.0, 2.0, 4.0]
    for dataset, scale in zip(datasets, scales, strict=True):
        with_private(dataset, 0x2005, PHILIPS, 0x0E, "FL", scale)
    run = convert(datasets, tmp_path)
    assert "values.per-slice-rescale" in run.codes
    for dataset, scale in zip(datasets, scales, strict=True):
        dataset.RescaleSlope = 1 / scale
    assert check_world(datasets, run.images) == []
    assert np.isfinite(run.image.values).all()


# --- all -------------------------------------------------------------------------------------------------


def test_plain_image_is_touched_by_no_quirk(tmp_path: Path) -> None:
    (header,) = headers_of([instance(Modality="MR")], tmp_path)
    assert unfold(header) is header
    assert acquisition_of(header) is None
    assert corrected_rescale(header, 2.0, 3.0) == (2.0, 3.0)
    assert corrected_traits(header, {"component": "mag"}) == {"component": "mag"}
    assert (volume_number(header), gradient_of(header), slice_time(header)) == (None, None, None)
    assert read_traits(header)


@pytest.mark.parametrize(
    "quirk", [*UNFOLD, *MERGE, *TRAITS, *ORDERS, *VALUES, *GRADIENTS, *SLICE_TIMES, *FACTS], ids=lambda q: q.name
)
def test_every_quirk_cites_its_source(quirk: Any) -> None:
    assert len(quirk.why) > 20
