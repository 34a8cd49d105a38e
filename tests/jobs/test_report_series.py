"""What a report tells of single series and their pixels: what is assumed, alike, missing, in which unit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

import convkit
from convkit.dicom.attributes import table_of
from convkit.dicom.in_memory import header_of
from convkit.jobs._report import entries
from convkit.jobs._report.facts import measured_step_mm
from convkit.jobs._report.ways import way_of
from convkit.model.notes import note
from tests.builders import instance, series, structured_report, write
from tests.jobs.reported import attribute, report


def test_a_single_slice_lacks_no_distance(tmp_path: Path) -> None:
    write([d for n in range(4) for d in series(patient=n, slices=1 if n else 4)], tmp_path / "in")
    told = attribute(report(tmp_path / "in"), "slice_spacing")
    assert (told.missing, told.expected) == (3, 1)


@pytest.mark.parametrize(("volumes", "told"), [(3, "3 × 4 × 6 × 7"), (1, "4 × 6 × 7")])
def test_a_series_tells_its_time_points(volumes: int, told: str) -> None:
    one: Any = SimpleNamespace(volumes=volumes, slices=4, matrix="6 × 7")
    assert entries._size(one) == told


def test_problems_name_their_series(tmp_path: Path) -> None:
    write([*series(series=1, slices=6, missing=(2,)), *series(series=2)], tmp_path / "in")
    (tmp_path / "in" / "notes.txt").write_text("no DICOM")
    found = report(tmp_path / "in")
    problem = next(one for one in found.overview.problems if one.code == "geometry.missing-slice")
    assert problem.count == 1
    assert set(problem.series) <= {one.identifier for one in found.series}
    assert any(one.code == "input.not-dicom" and one.count == 1 for one in found.overview.problems)


@pytest.mark.parametrize("is_index", [False, True])
def test_files_that_are_no_dicom_are_named_to_who_asks_and_not_on_the_page(is_index: bool, tmp_path: Path) -> None:
    write(series(slices=2), tmp_path / "in")
    for name in ("Zqxgeheim.txt", "b.json", "c.json", "d.Zqxgeheim", "Zqxgeheim"):
        (tmp_path / "in" / name).write_text("no DICOM")
    source = tmp_path / "in"
    if is_index:
        source = tmp_path / "index.parquet"
        convkit.save_index(tmp_path / "in", output=source, jobs=1)
    made = convkit.report(source, output=tmp_path / "r.html", jobs=1, pixels=False)
    assert made.problems == (("input.not-dicom", 5),)
    ((code, paths),) = made.files
    assert code == "input.not-dicom"
    assert sorted(Path(path).name for path in paths) == [
        "Zqxgeheim",
        "Zqxgeheim.txt",
        "b.json",
        "c.json",
        "d.Zqxgeheim",
    ]
    assert made.findings is not None
    (problem,) = [one for one in made.findings.overview.problems if one.code == code]
    assert problem.endings == ((".json", 2), (".txt", 1), ("another ending", 1), ("no ending", 1))
    told = (tmp_path / "r.html").read_text() + json.dumps(made.to_json())
    assert "qxgeheim" not in told
    assert ".json 2" in told


def test_series_with_problems_are_counted_once_and_remarks_are_none(tmp_path: Path) -> None:
    broken = series(series=1, slices=6, missing=(2,))
    write([*broken, *series(series=2), *series(series=3, slices=1)], tmp_path / "in")
    found = report(tmp_path / "in", by="Modality")
    assert sum(bool(one.problems) for one in found.series) == 2  # a single slice has a remark
    assert found.overview.troubled == found.facets[0].overview.troubled == 1


@pytest.mark.parametrize("is_index", [False, True])
def test_patients_without_an_id_of_their_own_are_said(is_index: bool, tmp_path: Path) -> None:
    names = ("P1", "P2", None, "", "0", "ANON", "anonymous", "10", "ANON7")
    write([d for n, name in enumerate(names) for d in series(patient=n, slices=1, PatientID=name)], tmp_path / "in")
    source = tmp_path / "in"
    if is_index:
        source = tmp_path / "index.parquet"
        convkit.save_index(tmp_path / "in", output=source, jobs=1)
    found = report(source)
    assert dict(found.overview.counts)["patients"] == 8
    assert found.overview.nameless == 4
    assert any(note.startswith("5 series have no Patient ID, or a placeholder") for note in found.notes)
    assert report(tmp_path / "in", profile="basic").overview.nameless >= 4


def test_images_without_a_photometric_interpretation_are_missing_some(tmp_path: Path) -> None:
    write(
        [*series(slices=3), instance(series=2, PhotometricInterpretation=None), structured_report(series=9)],
        tmp_path / "in",
    )
    tallies = {one.title: one for one in report(tmp_path / "in").overview.tallies}
    told = tallies["photometric interpretation"]
    assert (told.counts, told.missing, told.unit) == ((("MONOCHROME2", 3),), 1, "images")
    assert tallies["SOP class"].missing == 0


def test_outliers_and_duplicates(tmp_path: Path) -> None:
    usual = [d for n in range(1, 7) for d in series(patient=n, series=1, ProtocolName="Chest", KVP=120)]
    odd = series(patient=8, series=1, ProtocolName="Chest", KVP=80)
    again = series(patient=1, study=2, series=5, ProtocolName="Chest", KVP=120)
    localizer = series(patient=2, series=7, slices=1, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    write([*usual, *odd, *again, *localizer], tmp_path / "in")
    found = report(tmp_path / "in")
    assert {(one.attribute, one.value) for one in found.outliers} == {("KVP", "80")}
    kinds = {one.kind: one.series for one in found.likenesses}
    assert len(kinds["near-duplicates"]) == 2
    assert len(kinds["localizer"]) == 1


def test_what_is_assumed_is_said_and_not_compared(tmp_path: Path) -> None:
    flat = {"slices": 1, "SliceThickness": None}
    us = {"modality": "US", "Modality": "US", "ImagePositionPatient": None, "ImageOrientationPatient": None}
    write(
        [
            *series(series=1, slices=4, spacing=(3.0, 0.7, 0.7)),
            *series(series=2, slices=1, spacing=(3.0, 0.7, 0.7), SliceThickness="5"),
            *series(series=3, spacing=(3.0, 0.7, 0.7), **flat),
            *series(series=4, PixelSpacing=None, SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1", **flat, **us),
        ],
        tmp_path / "in",
    )
    found = report(tmp_path / "in")
    spacings = [dict(one.details)["spacing (mm)"] for one in found.series]
    assert spacings == [
        "3 × 0.7 × 0.7",
        "5 (thickness) × 0.7 × 0.7",
        "1 (assumed) × 0.7 × 0.7",
        "1 × 1 × 1 (assumed)",
    ]
    told = attribute(found, "slice_spacing")
    assert (told.missing, dict(told.statistics)["max"]) == (3, 3)


def test_distances_of_a_mosaic_that_are_assumed_are_not_told(tmp_path: Path) -> None:
    found = convkit.scan(write(series(slices=3), tmp_path / "in")[0].parent, jobs=1)
    (stack,) = found.planned(found[0])
    assert measured_step_mm(stack) is not None
    assumed = replace(stack, notes=(note("geometry.assumed-tiles"),))
    assert measured_step_mm(assumed) is None


def sequence(**values: Any) -> str:
    """How a report calls the way in which an MR series was made."""
    given = {"modality": "MR", "Modality": "MR", "slices": 1, "ScanningSequence": None, "MRAcquisitionType": None}
    (dataset,) = series(**(given | values))
    return way_of(header_of(dataset, table_of(())))


@pytest.mark.parametrize(
    ("values", "way"),
    [
        (
            {"ScanningSequence": "EP", "MRAcquisitionType": "2D", "ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION"]},
            "EP 2D diffusion",
        ),
        ({"ScanningSequence": ["EP", "SE"], "SeriesDescription": "ep2d_diff_3scan_trace"}, "EP SE diffusion"),
        ({"ScanningSequence": "EP", "SeriesDescription": "rest BOLD mb4"}, "EP functional"),
        ({"ScanningSequence": "EP", "SeriesDescription": "tgse_pcasl_4.0.4"}, "EP perfusion"),
        ({"ScanningSequence": "GR", "SeriesDescription": "t1 mprage sag"}, "GR"),
        ({"ScanningSequence": "GR", "SeriesDescription": "diffuse"}, "GR"),
        ({"SequenceName": "*tfl3d1_16ns"}, "tfl"),
        ({"EchoPulseSequence": "GRADIENT", "EchoPlanarPulseSequence": "YES"}, "EP GRADIENT"),
        ({}, ""),
        ({"Modality": "CT", "ScanningSequence": "EP"}, ""),
    ],
)
def test_the_way_of_a_sequence(values: dict[str, Any], way: str) -> None:
    assert sequence(**values) == way


def test_colours_and_greys_are_no_duplicates(tmp_path: Path) -> None:
    same = {"patient": 1, "study": 1, "slices": 3, "AcquisitionTime": "101112"}
    colour = series(series=3, **same)
    for one in colour:
        one.PhotometricInterpretation, one.SamplesPerPixel, one.PlanarConfiguration = "RGB", 3, 0
        one.PixelData = one.PixelData * 3
    write([*series(series=1, **same), *series(series=2, **same), *colour], tmp_path / "in")
    found = report(tmp_path / "in")
    (alike,) = [one.series for one in found.likenesses if one.kind == "near-duplicates"]
    assert len(alike) == 2


def test_exact_duplicates_are_listed(tmp_path: Path) -> None:
    paths = write(series(slices=3), tmp_path / "in")
    for number, path in enumerate(paths[:2]):
        (tmp_path / "in" / f"again{number}").write_bytes(path.read_bytes())
    found = report(tmp_path / "in")
    (alike,) = [one for one in found.likenesses if one.kind == "exact duplicates"]
    assert alike.series == (found.series[0].identifier,)
    assert alike.why.startswith("2 files")


def test_unfitting_values_are_told(tmp_path: Path) -> None:
    write([*series(series=1, PatientAge="old"), *series(series=2, PatientAge="40Y")], tmp_path / "in")
    found = report(tmp_path / "in")
    told = attribute(found, "PatientAge")
    assert (told.unparsable, told.missing, dict(told.statistics)["mean"]) == (1, 1, 40)
    assert any("PatientAge" in note for note in found.notes)


def test_ages_are_years_and_the_oldest_are_together(tmp_path: Path) -> None:
    ages = ("006M", "010D", "052W", "095Y")
    write([d for n, age in enumerate(ages, 1) for d in series(patient=n, slices=1, PatientAge=age)], tmp_path / "in")
    told = dict(attribute(report(tmp_path / "in"), "PatientAge").statistics)
    assert told["max"] == 90
    assert told["min"] == pytest.approx(10 / 365.25)


def test_padding_and_ends_are_counted(tmp_path: Path) -> None:
    pixels = np.array([[0, 0, 4095, 100], [4000, 4000, 50, 60]], np.uint16)
    write([instance(pixels=pixels, BitsStored=12, HighBit=11, PixelPaddingValue=4000)], tmp_path / "in")
    (found,) = report(tmp_path / "in", pixels=True).pixels
    assert (found.padding_share, found.low_share, found.high_share) == (0.25, 0.25, 0.125)


def pet(**changes: Any) -> list[Dataset]:
    injection = Dataset()
    injection.RadionuclideTotalDose, injection.RadionuclideHalfLife = "100000000", "6000"
    injection.RadiopharmaceuticalStartTime = "083213"
    given = {
        "Modality": "PT",
        "modality": "PT",
        "Units": "BQML",
        "DecayCorrection": "START",
        "PatientWeight": "70",
        "RadiopharmaceuticalInformationSequence": [injection],
        "dtype": "uint16",
    }
    return series(**(given | changes))


def test_activity_becomes_suv(tmp_path: Path) -> None:
    write(pet(slices=1), tmp_path / "in")
    (found,) = report(tmp_path / "in", pixels=True).pixels
    assert found.unit == "SUVbw"
    # Injected 08:32:13, scanned 10:12:13: one half-life, 50 MBq are left; 70 kg / 50 MBq = 1.4e-3 a Bq/mL.
    assert found.histogram.edges[-1] >= 41 * 1.4e-3
    assert found.histogram.edges[-1] < 0.1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"PatientWeight": None}, "Patient Weight is missing"),
        ({"DecayCorrection": "NONE"}, "not corrected to the start of the scan"),
        ({"RadiopharmaceuticalInformationSequence": None}, "dose or half-life is missing"),
        ({"SeriesTime": "235959"}, "made after the images"),
    ],
)
def test_activity_stays_where_the_header_does_not_tell_all(changes: dict[str, Any], why: str, tmp_path: Path) -> None:
    write(pet(slices=1, **changes), tmp_path / "in")
    (found,) = report(tmp_path / "in", pixels=True).pixels
    assert found.unit == "Bq/mL"
    assert "1 series is not in SUV" in found.note
    assert why in found.note


@pytest.mark.parametrize(("kind", "unit"), [(None, "SUVbw"), ("BW", "SUVbw"), ("LBM", "SUVlbm"), ("BSA", "SUVbsa")])
def test_the_kind_of_suv_is_that_of_the_header(kind: str | None, unit: str, tmp_path: Path) -> None:
    write(pet(slices=1, Units="GML", SUVType=kind), tmp_path / "in")
    assert [one.unit for one in report(tmp_path / "in", pixels=True).pixels] == [unit]


def test_values_of_different_quantities_are_apart(tmp_path: Path) -> None:
    mr = {"modality": "MR", "Modality": "MR", "slices": 2}
    write(
        [
            *series(series=1, **mr, ImageType=["ORIGINAL", "PRIMARY", "M", "FFE"]),
            *series(series=2, **mr, ImageType=["ORIGINAL", "PRIMARY", "P", "FFE"]),
            *series(series=3, slices=2, RescaleType="US"),
            *series(series=4, slices=2),
            *series(series=5, slices=2, RescaleType="Zqxgeheim"),
        ],
        tmp_path / "in",
    )
    found = report(tmp_path / "in", pixels=True).pixels
    titles = [one.title for one in found]
    assert titles == ["CT (HU)", "CT (another unit)", "CT (no unit)", "MR (no unit)", "MR, phase (no unit)"]


def test_a_picture_that_may_show_a_name_is_not_told(tmp_path: Path) -> None:
    write([instance(BurnedInAnnotation="YES"), instance(series=2, Modality="US")], tmp_path / "in")
    found = report(tmp_path / "in", pixels=True)
    assert not any(one.thumbnail for one in found.series)
    assert any("may tell who" in note for note in found.notes)


def test_pixels_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    write([*series(series=1), *series(series=2, PixelData=None)], tmp_path / "in")
    found = report(tmp_path / "in", pixels=True)
    assert any("could not be read" in note for note in found.notes)
    assert found.pixels


def test_values_that_the_standard_does_not_know_are_unusual(tmp_path: Path) -> None:
    for number, (sex, kind) in enumerate((("M", "2D"), ("F", "2D"), ("0", "4D"), ("m", "2D"), ("O", "3D")), 1):
        mr = {"modality": "MR", "Modality": "MR", "slices": 1}
        write(series(series=number, PatientSex=sex, MRAcquisitionType=kind, **mr), tmp_path / "in" / str(number))
    found = report(tmp_path / "in")
    why = "not one of F, M, O (PS3.3 C.7.1.1)"
    assert [one for one in attribute(found, "PatientSex").unusual if one[2] == why] == [("0", 1, why), ("m", 1, why)]
    assert attribute(found, "MRAcquisitionType").unusual == (("4D", 1, "not one of 2D, 3D (PS3.3 C.8.3.1)"),)


def test_long_tails_are_listed(tmp_path: Path) -> None:
    write([d for n in range(60) for d in series(series=n, slices=1, ProtocolName=f"T{n}")], tmp_path / "in")
    tally = attribute(report(tmp_path / "in"), "ProtocolName").tally
    assert tally is not None
    assert (len(tally.counts), tally.rest) == (60, 0)
