"""Siemens echo spacing: from the bandwidth of a line of the final image."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import Dataset

from convkit.quirks.siemens_echo_spacing import QUIRK
from tests.quirks.siemens import HEADER, SDI, facts, look_alike, private, v_line, xa_classic, xa_enhanced

# An image of 6 rows and 7 columns; 1/(25 Hz x 6 lines) = 6.667 ms.
ROWS, COLUMNS, HZ = 6, 7, 25.0


@pytest.mark.parametrize(("axis", "lines"), [("COL", ROWS), ("ROW", COLUMNS)])
def test_lines_are_those_along_the_phase(axis: str, lines: int, tmp_path: Path) -> None:
    dataset = xa_classic({(SDI, 0x53): ("FD", HZ)}, InPlanePhaseEncodingDirection=axis)
    found = facts(QUIRK, dataset, tmp_path)
    assert found is not None
    assert found["EffectiveEchoSpacing"] == pytest.approx(1 / (HZ * lines))
    assert found["TotalReadoutTime"] == pytest.approx((lines - 1) / (HZ * lines))
    assert found["BandwidthPerPixelPhaseEncode"] == HZ


@pytest.mark.parametrize(
    "dataset",
    [
        private(v_line(), {(HEADER, 0x28): ("FD", HZ)}),
        v_line(image={"BandwidthPerPixelPhaseEncode": "25.0"}),
        xa_enhanced({}, {(SDI, 0x53): ("FD", HZ)}, InPlanePhaseEncodingDirection="COLUMN"),
    ],
    ids=["private element", "CSA header", "enhanced"],
)
def test_bandwidth_is_found(dataset: Dataset, tmp_path: Path) -> None:
    found = facts(QUIRK, dataset, tmp_path)
    assert found is not None
    assert found["EffectiveEchoSpacing"] == pytest.approx(1 / (HZ * ROWS))


def test_spacing_on_the_console_undoes_acceleration_and_oversampling(tmp_path: Path) -> None:
    lines = {
        "sPat.lAccelFactPE": 2,
        "sKSpace.dPhaseOversamplingForDialog": 0.5,
        "sFastImaging.lEchoSpacing": 590,
    }
    found = facts(QUIRK, xa_classic({(SDI, 0x53): ("FD", HZ)}, lines), tmp_path)
    assert found is not None
    assert found["EffectiveEchoSpacing"] == pytest.approx(1 / (HZ * ROWS))
    assert found["DerivedVendorReportedEchoSpacing"] == pytest.approx(2 / 1.5 / (HZ * ROWS))
    assert found["VendorReportedEchoSpacing"] == pytest.approx(590e-6)


def test_image_without_bandwidth_is_no_epi(tmp_path: Path) -> None:
    assert facts(QUIRK, v_line(image={"BandwidthPerPixelPhaseEncode": "0"}), tmp_path) == {}


def test_elements_of_another_creator_tell_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, look_alike(), tmp_path) is None
