"""Siemens software whose diffusion weighting stands in the CSA header alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convkit.quirks import gradient_of
from tests.builders import instance
from tests.builders.csa import csa1, csa2
from tests.quirks.private import header_of

DIFFUSION = ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE", "ND"]
TAGS = {
    "B_value": "1000",
    "DiffusionDirectionality": "DIRECTIONAL",
    "DiffusionGradientDirection": ("0.60000000", "0.00000000", "-0.80000000"),
}


def image(content: bytes, creator: str = "SIEMENS CSA HEADER", **overrides: Any) -> Any:
    given = {"Modality": "MR", "Manufacturer": "SIEMENS", "ImageType": DIFFUSION}
    dataset = instance(**(given | overrides))
    dataset.private_block(0x0029, creator, create=True).add_new(0x10, "OB", content)
    return dataset


@pytest.mark.parametrize("encode", [csa1, csa2])
def test_weighting_is_found_in_both_versions_of_the_header(encode: Any, tmp_path: Path) -> None:
    gradient = gradient_of(header_of(image(encode(**TAGS)), tmp_path))
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps) == (1000.0, (0.6, 0.0, -0.8))


def test_sequence_name_tells_a_diffusion_image_too(tmp_path: Path) -> None:
    plain = image(csa2(**TAGS), ImageType=["ORIGINAL", "PRIMARY", "M"], SequenceName="*ep_b1000#1")
    assert gradient_of(header_of(plain, tmp_path)) is not None


def test_element_of_newer_software_goes_before_the_csa_header(tmp_path: Path) -> None:
    dataset = image(csa2(**TAGS))
    dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "2000")
    gradient = gradient_of(header_of(dataset, tmp_path))
    assert gradient is not None
    assert gradient.b_value == 2000.0


@pytest.mark.parametrize(
    "look_alike",
    [
        {"creator": "SOMEBODY ELSE"},
        {"ImageType": ["ORIGINAL", "PRIMARY", "M"]},
        {"content": b"SV10\4\3\2\1" + b"B_value\0" * 40},
        {"content": csa2(SliceNormalVector=("0", "0", "1"))},
    ],
    ids=str,
)
def test_look_alike_is_left_alone(look_alike: dict[str, Any], tmp_path: Path) -> None:
    header = header_of(image(**({"content": csa2(**TAGS)} | look_alike)), tmp_path)
    gradient = gradient_of(header)
    assert gradient is None or gradient.b_value == 0
