"""Siemens slices, one an image: when each was acquired."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks.siemens_slice_times import QUIRK
from tests.quirks.siemens import SDI, header_of, look_alike, v_line, xa_classic, xa_enhanced


def test_xa_tells_the_time_after_the_start(tmp_path: Path) -> None:
    header = header_of(xa_classic({(SDI, 0x04): ("DS", "14.0625")}), tmp_path)
    assert QUIRK.applies(header)
    assert QUIRK.seconds(header) == 14.0625


def test_enhanced_object_tells_the_time_in_each_frame(tmp_path: Path) -> None:
    assert QUIRK.seconds(header_of(xa_enhanced({}, {(SDI, 0x04): ("DS", "3.5")}), tmp_path)) == 3.5


def test_enhanced_object_without_private_times_has_the_moment_of_each_frame(tmp_path: Path) -> None:
    dataset = xa_enhanced({}, {})
    for place, item in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        item.FrameContentSequence[0].FrameAcquisitionDateTime = f"20200102235959.{place}"
    assert QUIRK.seconds(header_of(dataset, tmp_path)) is not None


def test_time_of_day_grows_over_midnight(tmp_path: Path) -> None:
    before = v_line(AcquisitionDate="20191231", AcquisitionTime="235959.750000")
    after = v_line(AcquisitionDate="20200101", AcquisitionTime="000000.250000")
    times = [QUIRK.seconds(header_of(d, tmp_path / str(k))) for k, d in enumerate((before, after))]
    assert times[1] - times[0] == pytest.approx(0.5)  # type: ignore[operator]


def test_unreadable_time_is_none(tmp_path: Path) -> None:
    assert QUIRK.seconds(header_of(v_line(AcquisitionTime=None), tmp_path)) is None


def test_3d_acquisition_has_no_slice_times(tmp_path: Path) -> None:
    assert not QUIRK.applies(header_of(v_line(MRAcquisitionType="3D"), tmp_path))


def test_other_maker_tells_nothing(tmp_path: Path) -> None:
    assert not QUIRK.applies(header_of(look_alike(), tmp_path))
