"""United Imaging grids as headers: what becomes of one, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import series
from tests.builders.packed import grid_of
from tests.jobs.work import assert_right, convert
from tests.series.frames import headers_of

MR = {"modality": "MR", "dtype": "uint16"}


def test_tile_has_place_and_time_of_its_own(tmp_path: Path) -> None:
    datasets = series(**MR, AcquisitionTime=lambda place: f"1013{place.slice:02d}.500000")
    (header,) = headers_of([grid_of(datasets)], tmp_path)
    tile = header.of_frame(3)
    assert (header.frames, tile.integer("Rows"), tile.integer("Columns")) == (5, 6, 7)
    assert tile.numbers("ImagePositionPatient") == (-20, -30, -31)
    assert tile.text("AcquisitionTime") == "101303.500000"


@pytest.mark.parametrize("image_type", [["ORIGINAL", "PRIMARY", "EPI", "FRAME"], ["ORIGINAL", "PRIMARY", "VFRAMES"]])
def test_plain_slices_are_no_grid(image_type: list[str], tmp_path: Path) -> None:
    datasets = series(modality="MR", Manufacturer="UIH", ImageType=image_type)
    assert_right(datasets, convert(datasets, tmp_path))


def test_sequence_of_another_creator_places_nothing(tmp_path: Path) -> None:
    dataset = grid_of(series(**MR))
    dataset[0x00650010].value = "SOMEBODY ELSE"
    (header,) = headers_of([dataset], tmp_path)
    assert header.fault is not None
    assert header.fault.code == "object.mosaic-count"


@pytest.mark.parametrize("count", ["4", "6", "5.5", "0", "-5", "1e30"])
def test_count_that_contradicts_the_sequence_is_an_error(count: str, tmp_path: Path) -> None:
    dataset = grid_of(series(**MR))
    dataset[0x00651050].value = count
    (header,) = headers_of([dataset], tmp_path)
    assert header.fault is not None
    assert header.fault.code == "header.inconsistent"


def test_sequence_without_items_contradicts_its_count(tmp_path: Path) -> None:
    dataset = grid_of(series(**MR))
    dataset[0x00651051].value = []
    (header,) = headers_of([dataset], tmp_path)
    assert header.fault is not None
    assert header.fault.code == "header.inconsistent"


@pytest.mark.parametrize("tag", [0x00651050, 0x00651051])
def test_grid_that_lost_private_elements_does_not_tell_its_slices(tag: int, tmp_path: Path) -> None:
    dataset = grid_of(series(**MR))
    del dataset[tag]
    (header,) = headers_of([dataset], tmp_path)
    assert header.fault is not None
    assert header.fault.code == "object.mosaic-count"
