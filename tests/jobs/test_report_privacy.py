"""What a report does not tell: names, identifiers, days, and anything of few people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

import convkit
from convkit import UsageError
from convkit.survey.findings import Nature
from tests.builders import instance, series, write
from tests.jobs.reported import attribute, data_set, labels, report, without_pixels

SECRETS = ("Zqxgeheim", "ZQXID", "ZQXACC", "ZQX Klinik", "19370904", "1958-07", "195807")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report")
    write(data_set(), path / "in", shuffle=True)
    return path / "in"


def test_columns_of_labels_that_are_left_out_are_named_where_that_tells_nobody(folder: Path, tmp_path: Path) -> None:
    own = "\n".join(f"P00{n},x,y,z,text {n} {n * 7919},a" for n in range(1, 13))
    path = labels(tmp_path / "l.csv", f"PatientID,PatientName,Birth date,Zyloqov mrn,comments,Zyloqov\n{own}\n")
    notes = report(folder, labels=path).notes
    assert any("may identify people were left out: Birth date, PatientName, and 1 more." in note for note in notes)
    assert any("a text of its own was left out: comments." in note for note in notes)
    assert not any("yloqov" in note for note in notes)


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


def one_lacks_all(path: Path) -> Path:
    """Eight patients; one of them has no sex, no body part and no tube voltage."""
    for number in range(8):
        is_less = number == 7
        changes = {
            "PatientSex": None if is_less else "FM"[number % 2],
            "BodyPartExamined": None if is_less else ("CHEST" if number % 3 else "HEAD"),
            "KVP": None if is_less else (80 if number < 3 else 120),
            "PatientAge": f"{30 + number % 2:03d}Y",
        }
        write(series(patient=number, slices=2, **changes), path / "in" / str(number))
    return path / "in"


@pytest.mark.parametrize("least", [2, 3])
def test_how_many_values_are_missing_does_not_follow_from_sums(least: int, tmp_path: Path) -> None:
    names = ["PatientSex", "BodyPartExamined", "KVP", "PatientAge"]
    found = report(one_lacks_all(tmp_path), min_cell=least, columns=names)
    rows = dict(found.overview.counts)["series"]
    for name in names[:2]:
        tally = attribute(found, name).tally
        assert tally is not None
        assert tally.missing == 0
        assert rows - sum(count for _, count in tally.counts) - tally.rest_count > least
    histogram = attribute(found, "KVP").histogram
    assert histogram is None or rows - sum(histogram.counts) > least
    ages = attribute(found, "PatientAge").histogram
    assert ages is not None
    assert sum(ages.counts) == rows  # nobody lacks one
    correlations = found.pairs.correlations
    assert correlations is not None
    assert correlations.counts == ((None, None), (None, 8))
    for one in found.pairs.co_occurrences:
        assert None in [count for line in one.counts for count in line]


def test_how_few_have_a_value_does_not_follow_from_how_many_lack_it(tmp_path: Path) -> None:
    for number in range(8):
        changes = {"KVP": None if number else 80, "BodyPartExamined": None if number else "HEAD"}
        write(series(patient=number, slices=2, **changes), tmp_path / "in" / str(number))
    names = ["KVP", "BodyPartExamined"]
    made = convkit.report(tmp_path / "in", output=tmp_path / "r.html", min_cell=3, columns=names, jobs=1, pixels=False)
    assert made.findings is not None
    for name in names:
        told = attribute(made.findings, name)
        assert (told.nature, told.missing, told.rows, told.distinct) == (Nature.NOTHING, 8, 8, 0)
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "No value in any row, or in those of fewer than 3 patients alone:" in text
    assert "99" not in text.partition('id="attributes"')[2].partition("</section>")[0]


def test_shares_are_of_all_series_not_of_those_that_are_told(folder: Path, tmp_path: Path) -> None:
    convkit.report(folder, output=tmp_path / "r.html", min_cell=3, jobs=1, pixels=False)
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    part = text.partition("<h3>Modality</h3>")[2].partition("</table>")[0]
    assert "70.6 %" in part  # 12 of 17
    assert "100 %" not in part


def test_the_page_does_not_say_that_nothing_is_missing_where_it_may_not_tell(tmp_path: Path) -> None:
    source = one_lacks_all(tmp_path)
    convkit.report(source, output=tmp_path / "r.html", min_cell=3, columns=["PatientSex"], jobs=1, pixels=False)
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "none missing" not in text
    assert "missing in fewer than 3 patients or none" in text


def test_nothing_reads_as_if_it_were_not_there(folder: Path, tmp_path: Path) -> None:
    made = convkit.report(folder, output=tmp_path / "r.html", min_cell=3, jobs=1, pixels=False)
    assert made.findings is not None
    overview = made.findings.overview
    assert (overview.first_day, overview.last_day, overview.has_untold_days) == ("", "", True)
    tallies = {one.title: one for one in overview.tallies}
    year, modality = tallies["year"], tallies["modality"]
    assert modality.untold is None
    told = sum(count for _, count in year.counts) + year.rest_count + year.missing
    assert told + (year.untold or 0) == dict(overview.counts)["series"]
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "years not told" in text
    assert "Modalities: CT 12, others not told." in text
    assert "others are not told" in text
    for wrong in ("No value.", "No series differs", "No near-duplicates", "No series is listed", ">0</span>"):
        assert wrong not in text
    assert "Kinds of problems that fewer than 3 patients have are not told" in text


def test_how_few_pixels_cannot_be_read_is_not_told(tmp_path: Path) -> None:
    for number in range(6):
        files = series(patient=number, slices=2)
        if not number:
            for one in files:
                one.PixelData = one.PixelData[:10]
        write(files, tmp_path / str(number))
    notes = report(tmp_path, min_cell=3, pixels=True).notes
    assert any("The pixels of some of the series that were drawn could not be read." in note for note in notes)
    assert any("The pixels of 1 of 6 series" in note for note in report(tmp_path, pixels=True).notes)


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


def test_the_key_of_another_patient_is_no_label(folder: Path, tmp_path: Path) -> None:
    patients = sorted({str(one.PatientID) for one in data_set()})
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(["PatientID,twin", *(f"{one},{patients[0].lower()}|twin" for one in patients)]))
    for is_private in (True, False):
        options: dict[str, Any] = {} if is_private else {"profile": "minimal"}
        told = json.dumps(convkit.report(folder, labels=path, pixels=False, jobs=1, **options).to_json())
        assert "twin" in told
        assert patients[0].lower() not in told


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


def test_one_patient_who_is_unlike_all_others_does_not_follow_from_statistics(tmp_path: Path) -> None:
    """Mean, spread, edges, and counts of values would each give the one weight and the one sex away."""
    for number in range(14):
        is_odd = number == 13
        changes = {
            "PatientWeight": 233.7 if is_odd else 70,
            "PatientSex": "F" if is_odd else "M",
            "StudyDate": "19990105" if is_odd else f"20{16 + number % 5}0703",
        }
        write(series(patient=number, slices=2, **changes), tmp_path / "in" / str(number))
    found = report(tmp_path / "in", min_cell=5, columns=["PatientWeight", "PatientSex", "StudyDate"])
    weight, sex, day = (attribute(found, name) for name in ("PatientWeight", "PatientSex", "StudyDate"))
    told = dict(weight.statistics)
    assert (told["mean"], told["std"], weight.distinct) == (70, 0, 1)
    assert weight.histogram is None or max(weight.histogram.edges) < 100
    assert sex.tally is not None
    assert sex.tally.counts == ()
    assert day.histogram is None or min(day.histogram.edges) > 16_000  # days since 1970: 2013
