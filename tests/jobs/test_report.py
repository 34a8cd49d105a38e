"""What a report tells of files: the numbers of the table, nothing of persons, and a word on what cannot be told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydicom import Dataset

import convkit
from convkit import InputError, OutputError, UsageError
from convkit.survey.findings import Attribute, Findings, Nature
from tests.builders import instance, series, structured_report, write

SECRETS = ("Zqxgeheim", "ZQXID", "ZQXACC", "ZQX Klinik", "19370904", "1958-07", "195807")


def data_set() -> list[Dataset]:
    """Twelve CT series of six patients, four MR series of two of them, and a report without pixels."""
    found: list[Dataset] = []
    for patient in range(1, 7):
        for number in (1, 2):
            found += series(
                patient=patient,
                series=number,
                slices=3 + patient % 3,
                spacing=(2.0 + number, 0.5 + patient / 10, 0.5 + patient / 10),
                ConvolutionKernel="B30f" if number == 1 else "B70f",
                KVP=120 if patient < 6 else 80,
                ProtocolName="Chest",
                SeriesDescription=f"CT {number}",
                BodyPartExamined="CHEST" if patient % 2 else None,
                PatientSex="FM"[patient % 2],
                PatientAge=f"{30 + 11 * patient:03d}Y",
                StudyDate=f"{2015 + patient}0703",
            )
    for patient in (1, 2):
        for number in (3, 4):
            found += series(
                patient=patient,
                series=number,
                modality="MR",
                Modality="MR",
                slices=4,
                spacing=(3.0, 0.9, 0.9),
                EchoTime=5 * number,
                PatientSex="FM"[patient % 2],
                PatientAge=f"{30 + 11 * patient:03d}Y",
            )
    return [*found, structured_report(series=9)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report")
    write(data_set(), path / "in", shuffle=True)
    return path / "in"


@pytest.fixture(scope="module")
def index(folder: Path) -> Path:
    path = folder.parent / "index.parquet"
    convkit.save_index(folder, output=path, jobs=1)
    return path


def report(*sources: Any, **options: Any) -> Findings:
    found = convkit.report(*sources, **({"jobs": 1, "pixels": False} | options)).findings
    assert found is not None
    return found


def attribute(found: Findings, name: str) -> Attribute:
    return next(one for one in found.attributes if one.name == name)


def without_pixels(found: Findings) -> dict[str, Any]:
    told = convkit.DataReport(found).to_json()
    return told | {"notes": [note for note in told["notes"] if "pixel" not in note]}


# --- the same numbers as the table -------------------------------------------------------------------------

NUMERIC = ["KVP", "SliceThickness", "EchoTime", "Rows", "PixelSpacing", "instances", "volumes"]
TEXTUAL = ["Modality", "ConvolutionKernel", "PatientSex", "ProtocolName", "BodyPartExamined"]


@pytest.fixture(scope="module")
def frame(folder: Path) -> pd.DataFrame:
    keywords = [name for name in (*NUMERIC, *TEXTUAL) if name not in {"instances", "volumes"}]
    table = convkit.scan(folder, columns=keywords, jobs=1).to_pandas(level="series", columns=keywords)
    table["PixelSpacing"] = [None if cell is None else cell[0] for cell in table["PixelSpacing"]]
    table["ConvolutionKernel"] = [None if cell is None else cell[0] for cell in table["ConvolutionKernel"]]
    return table


@pytest.mark.parametrize("is_index", [False, True], ids=["folder", "index"])
def test_numbers_are_those_of_pandas_on_the_table(
    is_index: bool, folder: Path, index: Path, frame: pd.DataFrame
) -> None:
    found = report(index if is_index else folder, columns=[*NUMERIC, *TEXTUAL])
    numbers = frame[NUMERIC].astype("float64")
    for name in NUMERIC:
        told, expected = attribute(found, name), numbers[name].describe()
        assert told.rows == len(frame)
        assert told.missing == numbers[name].isna().sum()
        assert dict(told.statistics) == pytest.approx(
            {key: value for key, value in expected.items() if key != "count" and not np.isnan(value)}
        )
    for name in TEXTUAL:
        tally = attribute(found, name).tally
        assert tally is not None
        assert dict(tally.counts) == frame[name].replace("", None).value_counts().to_dict()
        assert tally.missing == frame[name].replace("", None).isna().sum()
    correlations = found.pairs.correlations
    assert correlations is not None
    assert list(correlations.names) == NUMERIC
    for told, method in ((correlations.pearson, "pearson"), (correlations.spearman, "spearman")):
        values = np.array([[np.nan if v is None else v for v in row] for row in told])
        np.testing.assert_allclose(values, numbers.corr(method=method), atol=1e-9)
    for one in found.pairs.co_occurrences:
        both = frame[[one.x, one.y]].replace("", None).dropna()
        expected_counts = pd.crosstab(both[one.y], both[one.x])
        assert sum(map(sum, one.counts)) == expected_counts.to_numpy().sum()
        for row, counts in zip(one.rows, one.counts, strict=True):
            assert dict(zip(one.columns, counts, strict=True)) == expected_counts.loc[row].to_dict()


def test_an_index_tells_the_same_as_its_files(folder: Path, index: Path) -> None:
    assert without_pixels(report(folder)) == without_pixels(report(index))


def test_an_index_is_told_without_its_files(folder: Path, index: Path, tmp_path: Path) -> None:
    expected = without_pixels(report(index))
    moved = folder.rename(folder.with_name("elsewhere"))
    try:
        assert without_pixels(report(index)) == expected
    finally:
        moved.rename(folder)


def test_workers_and_lots_change_nothing(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = without_pixels(report(index))
    monkeypatch.setattr("convkit.jobs._report.of_index.LOT", 7)
    assert without_pixels(report(index)) == expected
    assert without_pixels(report(index, jobs=2)) == expected


@pytest.mark.parametrize(
    "options", [{}, {"where": "KVP == 120 and instances > 3"}, {"columns": ["WindowCenter", "KVP"]}]
)
def test_very_many_files_tell_the_same(options: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = without_pixels(report(folder, **options))
    monkeypatch.setattr("convkit.jobs._report.of_many.MANY", 10)
    assert without_pixels(report(folder, **options)) == expected


def test_an_index_of_all_tags_has_columns_that_headers_lack(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "all.parquet"
    convkit.save_index(folder, output=table, all_tags=True, jobs=1)
    told = attribute(report(table, columns=["PatientPosition", "Modality"]), "PatientPosition")
    assert told.tally is not None
    told = attribute(report(table, columns=["HighBit"]), "HighBit")
    assert told.nature is Nature.NUMBER


def test_counts_of_the_whole(folder: Path) -> None:
    found = report(folder)
    counts = dict(found.overview.counts)
    assert (counts["patients"], counts["studies"], counts["series"]) == (6, 6, 17)
    assert counts["instances"] == len(list(folder.iterdir()))
    assert counts["bytes"] == sum(path.stat().st_size for path in folder.iterdir())
    assert counts["volumes"] == 16
    tallies = {one.title: dict(one.counts) for one in found.overview.tallies}
    assert tallies["modality"] == {"CT": 12, "MR": 4, "SR": 1}
    assert sum(tallies["scanner"].values()) == 17
    assert tallies["photometric interpretation"] == {"MONOCHROME2": counts["instances"] - 1}
    assert len(found.series) == 17


def test_selection(folder: Path, index: Path) -> None:
    for source in (folder, index):
        assert dict(report(source, where='Modality == "MR" and instances > 3').overview.counts)["series"] == 4


def test_columns_of_absent_modalities_are_left_out(folder: Path) -> None:
    names = {one.name for one in report(folder, where='Modality == "MR"').attributes}
    assert "EchoTime" in names
    assert "KVP" not in names
    assert "PatientSex" in names


def test_an_attribute_is_expected_where_its_modality_has_it(folder: Path) -> None:
    found = report(folder)
    assert attribute(found, "KVP").expected == 12
    assert attribute(found, "EchoTime").expected == 4
    assert attribute(found, "Modality").expected == 17


def test_problems_name_their_series(tmp_path: Path) -> None:
    write([*series(series=1, slices=6, missing=(2,)), *series(series=2)], tmp_path / "in")
    (tmp_path / "in" / "notes.txt").write_text("no DICOM")
    found = report(tmp_path / "in")
    problem = next(one for one in found.overview.problems if one.code == "geometry.missing-slice")
    assert problem.count == 1
    assert set(problem.series) <= {one.identifier for one in found.series}
    assert any(one.code == "input.not-dicom" and one.count == 1 for one in found.overview.problems)


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


# --- facets ------------------------------------------------------------------------------------------------


def test_facets_are_the_report_of_their_rows(folder: Path) -> None:
    found = report(folder, by="Modality")
    assert [(one.value, one.rows) for one in found.facets] == [("CT", 12), ("MR", 4), ("SR", 1)]
    alone = report(folder, where='Modality == "CT"', columns=["KVP", "Modality"])
    ct = report(folder, by="Modality", columns=["KVP", "Modality"]).facets[0]
    assert ct.attributes == alone.attributes
    assert ct.overview == alone.overview


@pytest.mark.parametrize("by", ["KVP", "StudyDate", "PixelSpacing", "slices"])
def test_facets_by_numbers_and_dates(by: str, folder: Path) -> None:
    found = report(folder, by=by)
    assert found.facets
    assert sum(one.rows for one in found.facets) <= 17


def test_facets_by_what_nobody_has(folder: Path) -> None:
    found = report(folder, by="Laterality")
    assert found.facets == ()
    assert any("Laterality" in note for note in found.notes)


# --- labels ------------------------------------------------------------------------------------------------


def labels(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_labels_are_joined(folder: Path, index: Path, tmp_path: Path) -> None:
    text = "PatientID,finding,score,PatientName\n" + "\n".join(
        f"P00{n},{'a|b' if n % 2 else 'b'},{n},X" for n in range(1, 6)
    )
    path = labels(tmp_path / "labels.csv", text + "\nP999,a,7,X\n")
    for source in (folder, index):
        found = report(source, labels=path)
        told = attribute(found, "finding")
        assert told.tally is not None
        assert dict(told.tally.counts) == {"b": 15, "a": 9}
        assert attribute(found, "score").nature is Nature.NUMBER
        pair = next(one for one in found.pairs.co_occurrences if one.x == one.y == "finding")
        assert dict(zip(pair.rows, pair.counts, strict=True)) == {"b": (15, 9), "a": (9, 9)}
        assert any("1 of 6 keys" in note for note in found.notes)
        assert any("2 of 17 series have no labels" in note for note in found.notes)
        assert "PatientName" not in {one.name for one in found.attributes}
    assert [one.value for one in report(folder, labels=path, by="finding").facets] == ["b", "a"]


def test_several_rows_of_labels_make_lists(folder: Path, tmp_path: Path) -> None:
    path = labels(tmp_path / "l.csv", "PatientID;finding\nP001;a\nP001;b\nP002;a\n")
    found = report(folder, labels=path)
    tally = attribute(found, "finding").tally
    assert tally is not None
    assert dict(tally.counts) == {"a": 9, "b": 5}
    assert any("more than one row" in note for note in found.notes)


def test_labels_by_series(folder: Path, tmp_path: Path) -> None:
    rows = convkit.scan(folder, jobs=1).to_rows("series")
    path = labels(tmp_path / "l.csv", "series,good\n" + "\n".join(f"{row['series']},yes" for row in rows))
    tally = attribute(report(folder, labels=path, on="series"), "good").tally
    assert tally is not None
    assert tally.counts == (("yes", 17),)


def test_labels_that_fit_nothing_are_said(folder: Path, tmp_path: Path) -> None:
    path = labels(tmp_path / "l.csv", "PatientID,finding\nnobody,a\n")
    found = report(folder, labels=path)
    assert any("fits any series" in note for note in found.notes)
    assert attribute(found, "finding").nature is Nature.NOTHING


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"Patient,finding\nP001,a\n", "no column"),
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "UTF-8"),
        (b"PatientID\0finding", "no text"),
        (b'PatientID,finding\nP001,"' + b"x" * 200_000 + b'"\n', "CSV"),
    ],
)
def test_wrong_labels(content: bytes, word: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_bytes(content)
    with pytest.raises(UsageError, match=word) as caught:
        report(folder, labels=tmp_path / "l.csv")
    assert caught.value.hint
    assert caught.value.where


def test_labels_that_are_not_there(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        report(folder, labels=tmp_path / "no.csv")
    with pytest.raises(InputError):
        report(folder, labels=tmp_path)


def test_labels_without_any_column_but_the_key(folder: Path, tmp_path: Path) -> None:
    path = labels(tmp_path / "l.csv", "PatientID\nP001\n")
    assert any("have no labels" in note for note in report(folder, labels=path).notes)


# --- privacy -----------------------------------------------------------------------------------------------


def secret(dataset: Dataset) -> Dataset:
    dataset.PatientName, dataset.PatientID = "Zqxgeheim^Person", "ZQXID4711"
    dataset.PatientBirthDate, dataset.AccessionNumber = "19370904", "ZQXACC0815"
    dataset.InstitutionName, dataset.StudyDate = "ZQX Klinik", "19580712"
    dataset.StudyDescription = "ZQX Klinik of Zqxgeheim"
    return dataset


@pytest.mark.parametrize("is_index", [False, True])
def test_no_direct_identifier_is_told(is_index: bool, tmp_path: Path) -> None:
    source = tmp_path / "in"
    write(map(secret, [*series(series=1), *series(series=2, missing=(2,))]), source)
    given: Path = source
    if is_index:
        given = tmp_path / "index.parquet"
        convkit.save_index(source, output=given, all_tags=True, jobs=1)
    page = tmp_path / "report.html"
    label = labels(tmp_path / "l.csv", "PatientID,PatientName,Birth date,note\nZQXID4711,Zqxgeheim,1937-09-04,fine\n")
    made = convkit.report(given, output=page, by="Modality", labels=label, jobs=1)
    told = page.read_text(encoding="utf-8") + json.dumps(made.to_json())
    assert "1958" in told
    assert not [text for text in SECRETS if text.lower() in told.lower()]
    assert str(tmp_path) not in told


@pytest.mark.parametrize(
    "column",
    [
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "StudyInstanceUID",
        "InstitutionName",
        "StudyTime",
        "StudyDescription",
    ],
)
def test_a_column_that_identifies_is_refused(column: str, folder: Path) -> None:
    with pytest.raises(UsageError, match="identify"):
        report(folder, columns=[column])
    with pytest.raises(UsageError, match="identify"):
        report(folder, by=column)


def test_elements_of_makers_are_told_where_they_are_numbers(folder: Path) -> None:
    assert report(folder, columns=['(0019,"X",01):DS']).attributes[0].nature is Nature.NOTHING
    with pytest.raises(UsageError, match="identify"):
        report(folder, columns=['(0019,"X",01):LO'])


def test_a_profile_decides(folder: Path) -> None:
    found = report(folder, profile="basic", columns=["PatientID", "PatientSex", "StudyDate", "Modality"])
    assert found.profile == "basic"
    assert attribute(found, "PatientSex").nature is Nature.NOTHING
    assert (found.overview.first_day, found.overview.last_day) == ("", "")
    assert dict(found.overview.counts)["patients"] == 6
    kept = report(folder, profile="basic+patient+full-dates", columns=["PatientSex"])
    assert attribute(kept, "PatientSex").tally is not None
    assert kept.overview.first_day == "2016-07-03"


def test_days_are_years_without_a_profile(folder: Path) -> None:
    overview = report(folder).overview
    assert (overview.first_day, overview.last_day) == ("2016", "2021")


# --- small groups ------------------------------------------------------------------------------------------


def numbers_below(told: Any, least: int, path: str = "") -> list[str]:
    """Where a count below the least is told."""
    found: list[str] = []
    if isinstance(told, dict):
        for name, value in told.items():
            found += numbers_below(value, least, f"{path}/{name}")
    elif isinstance(told, list):
        for value in told:
            found += numbers_below(value, least, path)
    elif path.endswith(("/counts", "/count", "/missing", "/rest_count", "/unparsable", "/rows")) and isinstance(
        told, int
    ):
        found += [path] if 0 < told < least else []
    return found


@pytest.mark.parametrize("least", [2, 3, 4])
def test_no_count_of_few_patients_is_told(least: int, folder: Path) -> None:
    found = report(folder, min_cell=least, by="Modality", pixels=True)
    assert numbers_below(without_pixels(found), least) == []
    assert found.series == found.outliers == found.likenesses == ()
    assert not any(one.series for one in found.overview.problems)
    assert not any(one.unusual for one in found.attributes)
    assert found.pairs.scatters == ()
    modality = attribute(found, "Modality").tally
    assert modality is not None
    # Of SR there is one patient, so MR is not told either: else one could count from the sum how many they are.
    assert dict(modality.counts) == {"CT": 12}
    assert [one.value for one in found.facets] == ["CT"]
    assert found.least == least


def test_too_few_patients_for_anything(folder: Path, tmp_path: Path) -> None:
    made = convkit.report(folder, min_cell=7, jobs=1, output=tmp_path / "r.html")
    assert made.findings is not None
    assert made.findings.overview.counts == ()
    assert made.findings.attributes == ()
    assert any("fewer than 7" in note for note in made.findings.notes)
    assert made.exit_code == 0


def test_unknown_patients_are_one(tmp_path: Path) -> None:
    write(
        [d for n in range(1, 4) for d in series(patient=n, slices=1, PatientID=None if n > 1 else "P")], tmp_path / "in"
    )
    assert report(tmp_path / "in", min_cell=3).attributes == ()
    assert report(tmp_path / "in", min_cell=2).attributes


def test_without_any_patient_studies_count(tmp_path: Path) -> None:
    write([d for n in range(1, 4) for d in series(patient=n, slices=1, PatientID=None)], tmp_path / "in")
    found = report(tmp_path / "in", min_cell=3)
    assert found.attributes
    assert any("each study counts as one" in note for note in found.notes)
    assert "patients" not in dict(found.overview.counts)


# --- pixels ------------------------------------------------------------------------------------------------


def test_pixels_are_sampled(folder: Path) -> None:
    found = report(folder, pixels=True)
    ct = next(one for one in found.pixels if one.unit == "HU")
    assert (ct.title, ct.series, ct.sampled_series) == ("CT (HU)", 12, 12)
    assert len(ct.ranges) == 6
    assert {one.title for one in found.pixels} == {"CT (HU)", "MR (no unit)"}
    with_picture = [one for one in found.series if one.thumbnail]
    assert len(with_picture) == 16
    assert with_picture[0].thumbnail[:4] == b"RIFF"
    assert with_picture[0].histogram is not None


def test_a_budget_of_frames(folder: Path) -> None:
    found = report(folder, pixels=True, frames=3)
    assert sum(one.sampled_frames for one in found.pixels) == 3
    assert {one.title for one in found.pixels} == {"CT (HU)", "MR (no unit)"}
    assert any("at most 3 frames" in note for note in found.notes)


def test_no_pixels(folder: Path) -> None:
    found = report(folder)
    assert found.pixels == ()
    assert not any(one.thumbnail for one in found.series)


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
    "changes", [{"PatientWeight": None}, {"DecayCorrection": "NONE"}, {"RadiopharmaceuticalInformationSequence": None}]
)
def test_activity_stays_where_the_header_does_not_tell_all(changes: dict[str, Any], tmp_path: Path) -> None:
    write(pet(slices=1, **changes), tmp_path / "in")
    assert [one.unit for one in report(tmp_path / "in", pixels=True).pixels] == ["Bq/mL"]


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


# --- little and bad input ----------------------------------------------------------------------------------


def test_one_image(tmp_path: Path) -> None:
    write([instance()], tmp_path / "in")
    made = convkit.report(tmp_path / "in", output=tmp_path / "r.html", jobs=1)
    assert made.exit_code == 0
    assert (tmp_path / "r.html").read_text(encoding="utf-8").startswith("<!")


def test_nothing_at_all(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    made = convkit.report(tmp_path / "in", output=tmp_path / "r.html", jobs=1)
    assert made.exit_code == 3
    assert not (tmp_path / "r.html").exists()


def test_nothing_selected(folder: Path, index: Path) -> None:
    for source in (folder, index):
        assert convkit.report(source, where='Modality == "XX"', jobs=1).exit_code == 3


def test_no_numeric_column(folder: Path) -> None:
    found = report(folder, columns=["Modality", "ConvolutionKernel"])
    assert found.pairs.correlations is None
    assert any("No column has numbers" in note for note in found.notes)


def test_all_missing(folder: Path) -> None:
    found = report(folder, columns=["WindowCenter", "Laterality"])
    assert [one.nature for one in found.attributes] == [Nature.NOTHING, Nature.NOTHING]
    assert [one.missing for one in found.attributes] == [17, 17]


@pytest.mark.parametrize(
    "options",
    [
        {"columns": ["NoSuchKeyword"]},
        {"columns": ["PixelData"]},
        {"by": "NoSuchKeyword"},
        {"min_cell": -1},
        {"frames": -1},
        {"exists": "perhaps"},
        {"output": "report.pdf"},
        {"where": "Modality =="},
        {"key": "x.key"},
        {"profile": "nosuchprofile"},
        {"labels": __file__, "on": "NoSuchKeyword"},
        {"labels": __file__, "on": ""},
    ],
    ids=str,
)
def test_wrong_options(options: dict[str, Any], folder: Path) -> None:
    with pytest.raises(UsageError):
        report(folder, **options)


def test_an_index_that_lacks_a_column(folder: Path, index: Path) -> None:
    with pytest.raises(UsageError, match="does not hold") as caught:
        report(index, columns=["ReconstructionFieldOfView"])
    assert "--columns ReconstructionFieldOfView" in caught.value.hint


def test_no_source() -> None:
    with pytest.raises(UsageError):
        report()
    with pytest.raises(InputError):
        report("/no/such/place")


def test_a_damaged_index_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and so on")
    with pytest.raises(UsageError):
        report(tmp_path / "x.parquet")


# --- writing -----------------------------------------------------------------------------------------------


def test_a_page_that_is_there(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    page.write_text("mine")
    assert convkit.report(folder, output=page, jobs=1, pixels=False).is_kept
    assert page.read_text() == "mine"
    with pytest.raises(OutputError):
        convkit.report(folder, output=page, jobs=1, pixels=False, exists="error")
    assert convkit.report(folder, output=page, jobs=1, pixels=False, exists="overwrite").path == str(page)
    assert page.read_text(encoding="utf-8") != "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]


def test_figures(folder: Path, tmp_path: Path) -> None:
    made = convkit.report(folder, figures=tmp_path / "figures", columns=["KVP", "Modality"], jobs=1, pixels=False)
    assert made.figures
    assert all(Path(path).is_file() for path in made.figures)


def test_the_page_is_the_same_every_time(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1600000000")
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    for jobs, page in enumerate(pages, 1):
        convkit.report(folder, output=page, jobs=jobs)
    assert pages[0].read_bytes() == pages[1].read_bytes()
    assert "2020-09-13" in pages[0].read_text(encoding="utf-8")


def test_json_is_json(folder: Path) -> None:
    made = convkit.report(folder, jobs=1, by="Modality")
    told = json.dumps(made.to_json(), allow_nan=False)
    assert json.loads(told)["level"] == "series"


def test_columns_of_the_index_itself_are_told_without_what_may_be_a_name(tmp_path: Path) -> None:
    write([instance(number=n, CalibrationNotes="flat Kowalewski") for n in (1, 2)], tmp_path / "in")
    convkit.save_index(tmp_path / "in", output=tmp_path / "all.parquet", all_tags=True, jobs=1)
    for source in (tmp_path / "in", tmp_path / "all.parquet"):
        found = convkit.report(source, columns=["CalibrationNotes"], pixels=False, jobs=1).findings
        told = attribute(found, "CalibrationNotes").tally
        assert told is not None
        assert told.counts == (("flat", 1),)


def test_labels_are_told_without_what_may_be_a_name(folder: Path, tmp_path: Path) -> None:
    patients = sorted({str(one.PatientID) for one in data_set()})
    remarks = ["mass seen by Dr Zyloqov", "John Zyloqov MRN 1234567 born 1950-01-02", "nodule", "XR7"] * len(patients)
    lines = [f"{patient},{remark}" for patient, remark in zip(patients, remarks, strict=False)]
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(["PatientID,remark", *lines]))
    told = json.dumps(convkit.report(folder, labels=path, pixels=False, jobs=1).to_json())
    assert not [word for word in ("yloqov", "1234567", "1950") if word in told]
    assert "nodule" in told
    assert "XR7" in told


def test_descriptions_are_told_without_what_may_be_a_name(tmp_path: Path) -> None:
    for number, text in enumerate(("T1 AX Kowalewski 17.03.1999", "T1 AX", "T2 MRN 5556677 sag"), 1):
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        made = instance(series=number, SeriesDescription=text, ProtocolName=text, Manufacturer="SIEMENS")
        made.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    told = json.dumps(convkit.report(tmp_path / "in", pixels=False, jobs=1).to_json())
    assert "T1 AX" in told
    assert "SIEMENS" in told
    assert not [word for word in ("owalewski", "03.1999", "5556677") if word in told]
    by_profile = json.dumps(convkit.report(tmp_path / "in", pixels=False, jobs=1, profile="minimal").to_json())
    assert "T1 AX" in by_profile
