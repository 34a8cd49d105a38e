"""Canon and Toshiba: the direction in Image Comments, and nothing else of that text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from convkit.quirks import gradient_of
from convkit.quirks.canon_diffusion import QUIRK
from tests.builders import series
from tests.jobs.work import convert
from tests.quirks.private import header_of, mr

CORONAL = [1, 0, 0, 0, 0, -1]


def canon(comment: str = "b=1500(0.600,0.000,0.800)", **overrides: Any) -> Dataset:
    given = {
        "Manufacturer": "CANON_MEC",
        "DiffusionBValue": 1500.0,
        "ImageComments": comment,
        "InPlanePhaseEncodingDirection": "COL",
    }
    return mr(**given | overrides)


@pytest.mark.parametrize(
    ("phase", "cosines", "lps"),
    [
        ("COL", [1, 0, 0, 0, 1, 0], (0.0, 0.6, -0.8)),
        ("ROW", [1, 0, 0, 0, 1, 0], (0.6, 0.0, -0.8)),
        ("COL", CORONAL, (0.0, -0.8, 0.6)),  # the normal is +y
    ],
)
def test_text_is_along_phase_frequency_and_slice(
    phase: str, cosines: list[int], lps: tuple[float, float, float], tmp_path: Path
) -> None:
    dataset = canon(InPlanePhaseEncodingDirection=phase, ImageOrientationPatient=cosines)
    gradient = gradient_of(header_of(dataset, tmp_path))
    assert gradient is not None
    assert gradient.b_value == 1500.0
    assert gradient.direction_lps == pytest.approx(lps)


@pytest.mark.parametrize("maker", ["CANON_MEC", "TOSHIBA_MEC"])
def test_image_without_b_value_is_unweighted(maker: str, tmp_path: Path) -> None:
    gradient = gradient_of(header_of(mr(Manufacturer=maker), tmp_path))
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps) == (0.0, None)


def test_direction_of_the_standard_wins_over_the_text(tmp_path: Path) -> None:
    gradient = gradient_of(header_of(canon(DiffusionGradientOrientation=[1.0, 0.0, 0.0]), tmp_path))
    assert gradient is not None
    assert gradient.direction_lps == (1.0, 0.0, 0.0)


def test_text_tells_the_b_value_where_no_element_does(tmp_path: Path) -> None:
    gradient = gradient_of(header_of(canon(DiffusionBValue=None), tmp_path))
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps) == (1500.0, pytest.approx((0.0, 0.6, -0.8)))


def test_b_value_of_the_text_goes_with_the_direction_of_the_standard(tmp_path: Path) -> None:
    dataset = canon(DiffusionBValue=None, DiffusionGradientOrientation=[1.0, 0.0, 0.0])
    gradient = gradient_of(header_of(dataset, tmp_path))
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps) == (1500.0, (1.0, 0.0, 0.0))


@pytest.mark.parametrize(("b_value", "is_told"), [(1000.0, False), (1498.9, False), (1501.1, False), (1499.5, True)])
def test_text_of_another_b_value_tells_no_direction(b_value: float, is_told: bool, tmp_path: Path) -> None:
    gradient = gradient_of(header_of(canon(DiffusionBValue=b_value), tmp_path))
    assert gradient is not None
    assert gradient.b_value == b_value
    assert (gradient.direction_lps is not None) == is_told


@pytest.mark.parametrize("along", [None, "OTHER"])
def test_unknown_phase_encoding_leaves_the_direction_unknown(along: str | None, tmp_path: Path) -> None:
    gradient = gradient_of(header_of(canon(InPlanePhaseEncodingDirection=along), tmp_path))
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps) == (1500.0, None)


@pytest.mark.parametrize("comment", ["", "Motion in b=1500(0.6,0.0,0.8)", "b=1500(a,b,c)"])
def test_other_text_tells_no_direction(comment: str, tmp_path: Path) -> None:
    gradient = gradient_of(header_of(canon(comment), tmp_path))
    assert gradient is not None
    assert gradient.direction_lps is None


def test_text_of_another_maker_is_not_read(tmp_path: Path) -> None:
    header = header_of(canon(Manufacturer="SOMEBODY ELSE"), tmp_path)
    assert not QUIRK.applies(header)
    gradient = gradient_of(header)
    assert gradient is not None
    assert gradient.direction_lps is None


def test_comments_are_never_written(tmp_path: Path) -> None:
    datasets = series(modality="MR", Manufacturer="CANON_MEC", ImageComments="b=1500(0.6,0.0,0.8) Doe^Jane")
    run = convert(datasets, tmp_path)
    written = b"".join(p.read_bytes() for p in run.folder.rglob("*") if p.is_file())
    assert b"Doe" not in written
    assert "Doe" not in run.texts
