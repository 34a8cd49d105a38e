"""Siemens: weighting in private elements and CSA headers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset

from convkit.quirks import gradient_of
from convkit.quirks.siemens_diffusion import QUIRK
from tests.quirks.private import header_of, mr
from tests.quirks.siemens import HEADER, v_line


def private(creator: str = HEADER, **elements: tuple[int, str, object]) -> Dataset:
    dataset = mr(Manufacturer="SIEMENS")
    block = dataset.private_block(0x0019, creator, create=True)
    for element, vr, value in elements.values():
        block.add_new(element, vr, value)
    return dataset


def test_direction_of_the_private_element_is_that_of_the_patient(tmp_path: Path) -> None:
    dataset = private(b=(0x0C, "IS", 1000), direction=(0x0E, "FD", [0.0, 0.6, 0.8]))
    gradient = gradient_of(header_of(dataset, tmp_path))
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps) == (1000.0, (0.0, 0.6, 0.8))


def test_csa_header_tells_the_same(tmp_path: Path) -> None:
    image = {"B_value": "1000", "DiffusionGradientDirection": ["0.0", "0.6", "0.8"]}
    dataset = v_line(image=image, ImageType=["ORIGINAL", "PRIMARY", "DIFFUSION"])
    gradient = gradient_of(header_of(dataset, tmp_path))
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps) == (1000.0, (0.0, 0.6, 0.8))


def test_direction_is_found_in_the_b_matrix(tmp_path: Path) -> None:
    matrix = [0.0, 0.0, 0.0, 0.0, 0.0, 1000.0]
    dataset = private(b=(0x0C, "IS", 1000), kind=(0x0D, "CS", "DIRECTIONAL"), matrix=(0x27, "FD", matrix))
    gradient = gradient_of(header_of(dataset, tmp_path))
    assert gradient is not None
    assert gradient.direction_lps is not None
    assert np.abs(gradient.direction_lps) == pytest.approx([0, 0, 1])


@pytest.mark.parametrize(("b_value", "kind"), [(0, "NONE"), (1000, "ISOTROPIC")])
def test_unweighted_and_trace_images_have_no_direction(b_value: int, kind: str, tmp_path: Path) -> None:
    dataset = private(
        b=(0x0C, "IS", b_value), kind=(0x0D, "CS", kind), matrix=(0x27, "FD", [9.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    )
    gradient = gradient_of(header_of(dataset, tmp_path))
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps) == (float(b_value), None)


def test_elements_of_another_creator_tell_no_weighting(tmp_path: Path) -> None:
    header = header_of(private("SOMEBODY ELSE", b=(0x0C, "IS", 1000)), tmp_path)
    assert not QUIRK.applies(header)
    assert gradient_of(header) is None
