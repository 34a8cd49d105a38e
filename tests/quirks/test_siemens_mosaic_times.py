"""Siemens mosaics: each tile has its own time, wherever the header tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convkit.dicom.header import read_header
from convkit.quirks import siemens_csa_mosaic_times, slice_time
from convkit.quirks.siemens_mosaic_times import QUIRK
from tests.builders import write
from tests.quirks.siemens import HEADER, header_of, look_alike, private, v_line, v_mosaic, whole_header

TIMES = [0.0, 1500.0, 500.0, 2000.0]


def times_of(dataset: Any, folder: Path) -> list[float | None]:
    header = whole_header(dataset, folder)
    return [slice_time(header.of_frame(tile)) for tile in range(header.frames)]


def test_tiles_have_their_times(tmp_path: Path) -> None:
    assert times_of(private(v_mosaic(), {(HEADER, 0x29): ("FD", TIMES)}), tmp_path) == [0.0, 1.5, 0.5, 2.0]


def test_times_are_found_in_the_csa_header(tmp_path: Path) -> None:
    dataset = v_mosaic(image={"MosaicRefAcqTimes": [str(t) for t in TIMES]})
    assert times_of(dataset, tmp_path) == [0.0, 1.5, 0.5, 2.0]


@pytest.mark.parametrize(
    ("mode", "tiles", "ranks"),
    [
        ("0x1", 4, [0, 1, 2, 3]),
        ("0x2", 4, [3, 2, 1, 0]),
        ("0x4", 4, [2, 0, 3, 1]),
        ("0x4", 5, [0, 3, 1, 4, 2]),
    ],
)
def test_old_software_tells_the_order_alone(mode: str, tiles: int, ranks: list[int], tmp_path: Path) -> None:
    # 2.2 s without a pause of 0.2 s, spread evenly.
    dataset = v_mosaic({"sSliceArray.ucMode": mode, "lDelayTimeInTR": 200000}, tiles=tiles, RepetitionTime=2200)
    assert times_of(dataset, tmp_path) == pytest.approx([rank * 2.0 / tiles for rank in ranks])


@pytest.mark.parametrize("lines", [{"sSliceArray.ucMode": "0x8"}, {}, None])
def test_unknown_order_gives_no_times(lines: dict[str, object] | None, tmp_path: Path) -> None:
    assert times_of(v_mosaic(lines), tmp_path) == [None] * 4


def test_3d_acquisition_has_no_slice_times(tmp_path: Path) -> None:
    dataset = private(v_mosaic(MRAcquisitionType="3D"), {(HEADER, 0x29): ("FD", TIMES)})
    assert times_of(dataset, tmp_path) == [None] * 4


def test_elements_of_another_creator_tell_nothing(tmp_path: Path) -> None:
    header = header_of(look_alike(), tmp_path)
    assert not QUIRK.applies(header)
    assert not siemens_csa_mosaic_times.QUIRK.applies(header)
    assert slice_time(header) is None


@pytest.mark.parametrize("count", ["4097", "400000", "1e30", "-4", "4.5"])
@pytest.mark.parametrize("mode", ["0x1", "0x2", "0x4"])
def test_count_that_no_picture_holds_gives_no_times(count: str, mode: str, tmp_path: Path) -> None:
    lines = {"sSliceArray.ucMode": mode}
    dataset = v_line(lines, {"NumberOfImagesInMosaic": count}, ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"])
    (path,) = write([dataset], tmp_path)
    header = read_header(str(path))
    assert siemens_csa_mosaic_times.QUIRK.applies(header)
    assert not siemens_csa_mosaic_times.QUIRK.unfold(header).has("SiemensMosaicRefAcqTimes")


def test_time_for_the_order_grows_with_the_number_of_tiles_alone() -> None:
    # Quadratic work on so many would take minutes.
    ranks = siemens_csa_mosaic_times._ranks(200_000, 4)
    assert sorted(ranks) == list(range(200_000))
