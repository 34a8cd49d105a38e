"""Siemens mosaics as headers: what becomes of one, and what is none. Voxels are for tests/jobs/test_many_frames.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convkit.dicom.header import Header
from tests.builders import series
from tests.builders.packed import mosaic_of
from tests.jobs.work import assert_right, convert
from tests.series.frames import headers_of

MR = {"modality": "MR", "dtype": "uint16"}


def positions(folder: Path, **options: object) -> np.ndarray:
    (header,) = headers_of([mosaic_of(series(**MR), **options)], folder)
    assert header.fault is None, header.fault
    return np.array([header.of_frame(i).numbers("ImagePositionPatient") for i in range(header.frames)])


def test_tile_is_a_frame_with_a_size_and_place_of_its_own(tmp_path: Path) -> None:
    (header,) = headers_of([mosaic_of(series(**MR))], tmp_path)
    tile = header.of_frame(3)
    assert (header.frames, tile.integer("Rows"), tile.integer("Columns")) == (5, 6, 7)
    assert tile.numbers("ImagePositionPatient") == pytest.approx((-20, -30, -31))


def counted(private: int | None, csa: str | None, folder: Path) -> Header:
    """The header of a mosaic of five slices that says so in the private element, in the CSA header, or in both."""
    dataset = mosaic_of(series(**MR), tags={"NumberOfImagesInMosaic": csa})
    if private is not None:
        dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0A, "US", private)
    (header,) = headers_of([dataset], folder)
    return header


@pytest.mark.parametrize(("private", "csa"), [(5, None), (5, "5"), (None, "5"), (5, "0"), (0, "5")])
def test_either_count_serves(private: int | None, csa: str | None, tmp_path: Path) -> None:
    assert counted(private, csa, tmp_path).frames == 5


@pytest.mark.parametrize(
    ("private", "csa"), [(5, "9"), (9, "5"), (5, "5.5"), (None, "5.5"), (None, "0.5"), (5, "-5"), (5, "1e30")]
)
def test_counts_that_differ_or_are_not_whole_are_an_error(private: int | None, csa: str, tmp_path: Path) -> None:
    fault = counted(private, csa, tmp_path).fault
    assert fault is not None
    assert fault.code == "header.inconsistent"


@pytest.mark.parametrize("normal", [None, ("0", "0", "0"), ("nan", "nan", "nan"), ("0", "1")], ids=str)
def test_without_a_normal_slices_run_along_row_cross_column(normal: object, tmp_path: Path) -> None:
    (header,) = headers_of([mosaic_of(series(**MR), tags={"SliceNormalVector": normal})], tmp_path)
    heights = [header.of_frame(i).numbers("ImagePositionPatient")[2] for i in range(header.frames)]
    assert heights == pytest.approx([-40, -37, -34, -31, -28])
    assert [n.code for n in header.said] == ["geometry.assumed-tiles"]


@pytest.mark.parametrize("normal", [("1", "0", "0"), ("0.9", "0", "0.4"), ("0.9", "0", "-0.4"), ("1e200", "0", "0")])
def test_normal_across_the_tiles_is_an_error(normal: tuple[str, ...], tmp_path: Path) -> None:
    (header,) = headers_of([mosaic_of(series(**MR), tags={"SliceNormalVector": normal})], tmp_path)
    assert header.fault is not None
    assert header.fault.code == "header.inconsistent"


def test_normal_against_row_cross_column_turns_the_slices(tmp_path: Path) -> None:
    heights = positions(tmp_path, tags={"SliceNormalVector": ("0", "0.1", "-0.9")})[:, 2]
    assert heights == pytest.approx([-40, -43, -46, -49, -52])


def test_gap_between_slices_counts(tmp_path: Path) -> None:
    heights = positions(tmp_path, SpacingBetweenSlices=4.5, SliceThickness=3)[:, 2]
    assert np.diff(heights) == pytest.approx([4.5] * 4)


def test_thickness_serves_where_no_distance_is_given(tmp_path: Path) -> None:
    heights = positions(tmp_path, SpacingBetweenSlices=None, SliceThickness=2)[:, 2]
    assert np.diff(heights) == pytest.approx([2.0] * 4)


@pytest.mark.parametrize("word", ["MOSAICS", "NOMOSAIC", "MOSAIC_LIKE"])
def test_word_like_mosaic_is_no_mosaic(word: str, tmp_path: Path) -> None:
    datasets = series(modality="MR", ImageType=["ORIGINAL", "PRIMARY", "M", word])
    assert_right(datasets, convert(datasets, tmp_path))


def test_mosaic_in_the_description_is_no_mosaic(tmp_path: Path) -> None:
    datasets = series(modality="MR", SeriesDescription="MOSAIC", Manufacturer="SIEMENS")
    assert_right(datasets, convert(datasets, tmp_path))
