"""Directions from b-matrices: only where the matrix is that of one gradient of the image's b-value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convkit.quirks import gradient_of
from convkit.quirks._gradients import B_MATRIX_KEYWORDS
from tests.builders import series
from tests.builders.packed import enhanced_of, made, with_group
from tests.quirks.private import header_of, mr
from tests.quirks.siemens import HEADER
from tests.quirks.siemens import private as with_elements

Matrix = tuple[float, float, float, float, float, float]

ALONG_X: Matrix = (1000.0, 0.0, 0.0, 0.0, 0.0, 0.0)
NO_SINGLE_GRADIENT = {
    "isotropic": (333.0, 0.0, 0.0, 333.0, 0.0, 333.0),
    "two of three axes": (500.0, 0.0, 0.0, 500.0, 0.0, 0.0),
    "largest share below 0.9": (890.0, 0.0, 0.0, 110.0, 0.0, 0.0),
    "negative weighting": (1060.0, 0.0, 0.0, -60.0, 0.0, 0.0),
    "zero": (0.0,) * 6,
    "all negative": (-1000.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "trace too small": (790.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "trace too large": (1210.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "beyond numbers": (1e308, 1e308, 0.0, 1e308, 0.0, 0.0),
}
ONE_GRADIENT = {
    "exact": ALONG_X,
    "with imaging gradients": (920.0, 10.0, 5.0, 50.0, 0.0, 30.0),
    "rounded below zero": (1020.0, 0.0, 0.0, -20.0, 0.0, 0.0),
    "trace within 20 %": (1190.0, 0.0, 0.0, 0.0, 0.0, 0.0),
}


def elements(matrix: Matrix) -> dict[str, Any]:
    return dict(zip(B_MATRIX_KEYWORDS, matrix, strict=True))


def standard(matrix: Matrix) -> Any:
    return mr(DiffusionBValue=1000.0, DiffusionDirectionality="BMATRIX", **elements(matrix))


def siemens(matrix: Matrix) -> Any:
    given = {(HEADER, 0x0C): ("IS", 1000), (HEADER, 0x27): ("FD", list(matrix))}
    return with_elements(mr(Manufacturer="SIEMENS"), given)


def enhanced(matrix: Matrix) -> Any:
    dataset = enhanced_of(series(modality="MR", dtype="uint16"))
    for frame in range(dataset.NumberOfFrames):
        with_group(
            dataset,
            frame,
            "MRDiffusionSequence",
            DiffusionBValue=1000.0,
            DiffusionDirectionality="BMATRIX",
            DiffusionBMatrixSequence=[made(**elements(matrix))],
        )
    return dataset


CARRIERS = [standard, siemens, enhanced]


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("matrix", NO_SINGLE_GRADIENT.values(), ids=NO_SINGLE_GRADIENT.keys())
def test_matrix_of_no_single_gradient_has_no_direction(carrier: Any, matrix: Matrix, tmp_path: Path) -> None:
    gradient = gradient_of(header_of(carrier(matrix), tmp_path))
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps) == (1000.0, None)


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("matrix", ONE_GRADIENT.values(), ids=ONE_GRADIENT.keys())
def test_matrix_of_one_gradient_has_its_direction(carrier: Any, matrix: Matrix, tmp_path: Path) -> None:
    gradient = gradient_of(header_of(carrier(matrix), tmp_path))
    assert gradient is not None
    assert gradient.direction_lps is not None
    assert np.abs(gradient.direction_lps) == pytest.approx([1, 0, 0], abs=0.02)
