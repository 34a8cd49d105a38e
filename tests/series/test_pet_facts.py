"""Sidecar keys of PET: what was injected, how it was corrected and reconstructed, and the times of all volumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from convkit.series._volume_facts import interval_s, volume_facts
from convkit.series.facts import facts_of
from tests.builders import instance
from tests.series.frames import headers_of


def coded(meaning: str) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "C-1", "SRT", meaning
    return Sequence([item])


def injection(**overrides: Any) -> Sequence:
    """FDG at 10:10:00 on 2 January 2020, five minutes before the scan."""
    item = Dataset()
    given = {
        "Radiopharmaceutical": "FDG -- fluorodeoxyglucose",
        "RadiopharmaceuticalStartTime": "101000.00",
        "RadionuclideTotalDose": 350000000,
        "RadionuclideHalfLife": 6586.2,
        "RadionuclidePositronFraction": 0.967,
        "RadiopharmaceuticalVolume": 2.5,
        "RadiopharmaceuticalSpecificActivity": 400,
        "RadionuclideCodeSequence": coded("^18^Fluorine"),
    }
    for keyword, value in (given | overrides).items():
        if value is not None:
            setattr(item, keyword, value)
    return Sequence([item])


def volume(place: int = 0, **overrides: Any) -> Dataset:
    """First slice of a PET volume: 200 s from 10:15:00, then 300 s from 10:20:00.5."""
    given = {
        "Modality": "PT",
        "SeriesTime": "101500",
        "AcquisitionTime": ("101500", "102000.5", "102600")[place],
        "ActualFrameDuration": (200000, 300000, 300000)[place],
        "FrameReferenceTime": (100000, 450500, 810000)[place],
        "DecayFactor": (1.1, 1.4, 1.8)[place],
        "ScatterFractionFactor": (0.31, 0.33, 0.35)[place],
        "DecayCorrection": "START",
        "ReconstructionMethod": "OSEM3D 4i21s",
        "ConvolutionKernel": "XYZ Gauss 4.00",
        "AttenuationCorrectionMethod": "CT-MU",
        "SeriesType": ["DYNAMIC", "IMAGE"],
        "RadiopharmaceuticalInformationSequence": injection(),
    }
    return instance(number=place + 1, **given | overrides)


def shared(folder: Path, **overrides: Any) -> dict[str, Any]:
    (header,) = headers_of([volume(**overrides)], folder)
    return facts_of(header)


def timed(folder: Path, volumes: int = 2, **overrides: Any) -> dict[str, Any]:
    return volume_facts(headers_of([volume(place, **overrides) for place in range(volumes)], folder))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("TracerName", "FDG"),
        ("TracerRadionuclide", "F18"),
        ("InjectedRadioactivity", 350),
        ("InjectedRadioactivityUnits", "MBq"),
        ("InjectedVolume", 2.5),
        ("MolarActivity", 400),
        ("MolarActivityUnits", "Bq/umol"),
        ("RadionuclideHalfLife", 6586.2),
        ("RadionuclidePositronFraction", 0.967),
        ("Units", "Bq/mL"),
        ("AcquisitionMode", "dynamic"),
        ("ImageDecayCorrected", True),
        ("AttenuationCorrection", "CT-MU"),
        ("ReconMethodName", "OSEM3D"),
        ("ReconMethodParameterLabels", ["subsets", "iterations"]),
        ("ReconMethodParameterUnits", ["none", "none"]),
        ("ReconMethodParameterValues", [21, 4]),
        ("ReconFilterType", "XYZ Gauss"),
        ("ReconFilterSize", 4),
    ],
)
def test_key_that_all_volumes_share(key: str, value: Any, tmp_path: Path) -> None:
    assert shared(tmp_path)[key] == value


@pytest.mark.parametrize("syntax", ["implicit", "explicit"])
def test_injection_is_read_in_either_encoding(syntax: str, tmp_path: Path) -> None:
    assert shared(tmp_path, syntax=syntax)["TracerName"] == "FDG"


@pytest.mark.parametrize(
    ("meaning", "nuclide"),
    [
        ("^11^Carbon", "C11"),
        ("Carbon^11^", "C11"),
        ("Fluorine 18", "F18"),
        ("^99m^Technetium", "Tc99m"),
        ("odd", "odd"),
    ],
)
def test_radionuclide_is_written_as_bids_does(meaning: str, nuclide: str, tmp_path: Path) -> None:
    found = shared(tmp_path, RadiopharmaceuticalInformationSequence=injection(RadionuclideCodeSequence=coded(meaning)))
    assert found["TracerRadionuclide"] == nuclide


def test_tracer_without_a_name_is_told_by_its_code(tmp_path: Path) -> None:
    given = injection(Radiopharmaceutical=None, RadiopharmaceuticalCodeSequence=coded("Fluorodeoxyglucose F^18^"))
    found = shared(tmp_path, RadiopharmaceuticalInformationSequence=given)
    assert found["TracerName"] == "Fluorodeoxyglucose F^18^"


def test_dose_of_nm_is_in_megabecquerel_already(tmp_path: Path) -> None:
    given = injection(RadionuclideTotalDose=740)
    found = shared(tmp_path, Modality="NM", RadiopharmaceuticalInformationSequence=given)
    assert found["InjectedRadioactivity"] == 740


@pytest.mark.parametrize(
    ("method", "name", "steps"),
    [
        ("OP-OSEM3i24s", "OP-OSEM", [24, 3]),
        ("PSF+TOF (12i/5s)", "PSF+TOF", [5, 12]),
        ("PSF 5s12i", "PSF", [5, 12]),
        ("VPFX", "VPFX", None),
    ],
)
def test_subsets_and_iterations_are_read_from_the_method(
    method: str, name: str, steps: list[int] | None, tmp_path: Path
) -> None:
    found = shared(tmp_path, ReconstructionMethod=method)
    assert (found["ReconMethodName"], found.get("ReconMethodParameterValues")) == (name, steps)


def test_filter_without_a_width_has_a_type_alone(tmp_path: Path) -> None:
    found = shared(tmp_path, ConvolutionKernel="All-pass")
    assert found["ReconFilterType"] == "All-pass"
    assert "ReconFilterSize" not in found


def test_series_without_injection_has_no_key_of_it(tmp_path: Path) -> None:
    found = shared(tmp_path, RadiopharmaceuticalInformationSequence=None)
    assert not {"TracerName", "InjectedRadioactivity", "InjectedRadioactivityUnits"} & found.keys()


def test_keys_of_pet_stay_out_of_ct(tmp_path: Path) -> None:
    assert not {"ReconFilterType", "ReconMethodName"} & shared(tmp_path, Modality="CT").keys()
    assert "TimeZero" not in timed(tmp_path / "timed", Modality="CT")


# --- times -----------------------------------------------------------------------------------------------


def test_times_are_relative_to_time_zero(tmp_path: Path) -> None:
    assert timed(tmp_path) == {
        "TimeZero": "10:15:00",
        "ScanStart": 0,
        "InjectionStart": -300,
        "FrameTimesStart": [0, 300.5],
        "FrameDuration": [200, 300],
        "FrameReferenceTime": [100, 450.5],
        "ImageDecayCorrectionTime": 0,
        "DecayCorrectionFactor": [1.1, 1.4],
        "ScatterFraction": [31, 33],
    }


def test_correction_to_the_administration_goes_back_to_the_injection(tmp_path: Path) -> None:
    assert timed(tmp_path, DecayCorrection="ADMIN")["ImageDecayCorrectionTime"] == -300


def test_image_that_is_not_corrected_has_no_correction_time(tmp_path: Path) -> None:
    assert "ImageDecayCorrectionTime" not in timed(tmp_path, DecayCorrection="NONE")
    assert shared(tmp_path / "shared", DecayCorrection="NONE")["ImageDecayCorrected"] is False


def test_series_time_before_the_first_image_is_time_zero(tmp_path: Path) -> None:
    found = timed(tmp_path, SeriesTime="101000.5")
    assert (found["TimeZero"], found["FrameTimesStart"]) == ("10:10:00.500000", [299.5, 600])


def test_series_time_of_a_workstation_is_not_time_zero(tmp_path: Path) -> None:
    found = timed(tmp_path, SeriesTime="164500")
    assert (found["TimeZero"], found["FrameTimesStart"]) == ("10:15:00", [0, 300.5])


def test_midnight_may_come_between_volumes(tmp_path: Path) -> None:
    times = iter(["235900", "000100"])
    headers = headers_of([volume(p, SeriesTime="235900", AcquisitionTime=next(times)) for p in (0, 1)], tmp_path)
    assert volume_facts(headers)["FrameTimesStart"] == [0, 120]


def test_volumes_with_one_time_have_no_frame_times(tmp_path: Path) -> None:
    assert "FrameTimesStart" not in timed(tmp_path, AcquisitionTime="101500")


def test_list_is_left_out_where_a_volume_lacks_its_value(tmp_path: Path) -> None:
    headers = headers_of([volume(0), volume(1, DecayFactor=None)], tmp_path)
    assert "DecayCorrectionFactor" not in volume_facts(headers)


def test_injection_of_an_earlier_day_is_told_by_its_date(tmp_path: Path) -> None:
    given = injection(RadiopharmaceuticalStartDateTime="20191231101500", RadionuclideHalfLife=282276)
    assert timed(tmp_path, RadiopharmaceuticalInformationSequence=given)["InjectionStart"] == -2 * 86400


def test_time_of_day_of_a_tracer_that_lives_for_days_tells_nothing(tmp_path: Path) -> None:
    given = injection(RadionuclideHalfLife=282276)
    assert "InjectionStart" not in timed(tmp_path, RadiopharmaceuticalInformationSequence=given)


# --- other modalities ------------------------------------------------------------------------------------


def ct(folder: Path, *times: str, **overrides: Any) -> dict[str, Any]:
    headers = headers_of([instance(number=n, AcquisitionTime=t, **overrides) for n, t in enumerate(times, 1)], folder)
    return volume_facts(headers) | {"interval": interval_s(headers)}


def test_even_volumes_have_a_repetition_time(tmp_path: Path) -> None:
    assert ct(tmp_path, "101500", "101510.01", "101520", "101530.02") == {
        "RepetitionTime": pytest.approx(10.006667),
        "interval": pytest.approx(10.006667),
    }


def test_uneven_volumes_have_a_time_each(tmp_path: Path) -> None:
    found = ct(tmp_path, "101500", "101505", "101520", "101550")
    assert found["VolumeTiming"] == [0, 5, 20, 50]
    assert "RepetitionTime" not in found


def test_repetition_time_of_the_header_is_left_alone(tmp_path: Path) -> None:
    found = ct(tmp_path, "101500", "101505", "101520", Modality="MR", RepetitionTime=2000)
    assert not {"RepetitionTime", "VolumeTiming"} & found.keys()


def test_one_volume_has_no_interval(tmp_path: Path) -> None:
    assert ct(tmp_path, "101500") == {"interval": None}


def test_trigger_times_count_where_the_heart_was_the_trigger(tmp_path: Path) -> None:
    folder = tmp_path / "gated"
    cine = [instance(number=n, Modality="MR", TriggerTime=40 * n, NominalInterval=800) for n in (1, 2)]
    assert volume_facts(headers_of(cine, folder))["TriggerTime"] == [0.04, 0.08]
    free = [instance(number=n, Modality="MR", TriggerTime=40 * n) for n in (1, 2)]
    assert "TriggerTime" not in volume_facts(headers_of(free, tmp_path / "free"))


def test_phase_of_the_heart_is_written_for_each_volume(tmp_path: Path) -> None:
    phases = [instance(number=n, NominalPercentageOfCardiacPhase=10.0 * n) for n in (1, 2)]
    assert volume_facts(headers_of(phases, tmp_path))["NominalPercentageOfCardiacPhase"] == [10, 20]
