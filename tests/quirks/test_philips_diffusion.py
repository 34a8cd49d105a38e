"""Philips: weighting in private elements, trace images set apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import Dataset

from convkit.quirks import gradient_of
from convkit.quirks.philips_diffusion import QUIRK
from tests.builders import series
from tests.jobs.work import convert
from tests.quirks.private import header_of, mr, philips_diffusion, with_private

X, Y, NOWHERE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0)


def weighted(*volumes: tuple[float, tuple[float, float, float]], creator: str = "") -> list[Dataset]:
    """A series of volumes with these weightings."""
    datasets = series(modality="MR", volumes=len(volumes), slices=3, TemporalPositionIdentifier=1)
    for place, dataset in enumerate(datasets):
        with_private(dataset, philips_diffusion(*volumes[place // 3]), creator=creator)
    return datasets


def test_direction_of_the_private_elements_is_that_of_the_patient(tmp_path: Path) -> None:
    gradient = gradient_of(header_of(mr(philips_diffusion(1000.0, (0.0, 0.6, -0.8))), tmp_path))
    assert gradient is not None
    assert gradient.b_value == 1000.0
    assert gradient.direction_lps == pytest.approx((0.0, 0.6, -0.8))


@pytest.mark.parametrize("b_value", [0.0, 0.003])
def test_b_zero_image_has_no_direction(b_value: float, tmp_path: Path) -> None:
    gradient = gradient_of(header_of(mr(philips_diffusion(b_value, X)), tmp_path))
    assert gradient is not None
    assert gradient.direction_lps is None


def test_elements_of_another_creator_tell_no_weighting(tmp_path: Path) -> None:
    header = header_of(mr(philips_diffusion(1000.0, X), creator="SOMEBODY ELSE"), tmp_path)
    assert not QUIRK.applies(header)
    assert gradient_of(header) is None


# --- trace -----------------------------------------------------------------------------------------------


def test_trace_volume_is_set_apart(tmp_path: Path) -> None:
    run = convert(weighted((0.0, NOWHERE), (1000.0, X), (1000.0, Y), (1000.0, NOWHERE)), tmp_path)
    shapes = {image.name.endswith("_trace.nii"): image.values.shape[3:] for image in run.images}
    assert shapes == {False: (3,), True: ()}


def test_pair_of_unweighted_and_trace_volume_stays_together(tmp_path: Path) -> None:
    assert convert(weighted((0.0, NOWHERE), (1000.0, NOWHERE)), tmp_path).image.values.shape[3:] == (2,)


def test_look_alike_of_a_trace_volume_stays(tmp_path: Path) -> None:
    volumes = weighted((0.0, NOWHERE), (1000.0, X), (1000.0, NOWHERE), creator="SOMEBODY ELSE")
    for place, dataset in enumerate(volumes):
        dataset.TemporalPositionIdentifier = place // 3
    assert convert(volumes, tmp_path).image.values.shape[3:] == (3,)
