"""What a report tells of files: the numbers of the table, and a word on what cannot be told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import convkit
from convkit import InputError, OutputError, UsageError
from convkit.dicom.sources import find_files
from convkit.survey.findings import Nature
from tests.builders import instance, write
from tests.jobs.reported import attribute, data_set, labels, report, without_pixels


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


def test_a_folder_is_walked_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walks = []

    def counted(*given: Any, **options: Any) -> Any:
        walks.append(given)
        return find_files(*given, **options)

    monkeypatch.setattr("convkit.jobs._index.source.find_files", counted)
    report(folder)
    assert len(walks) == 1


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


def test_columns_of_the_labels_can_be_chosen(folder: Path, tmp_path: Path) -> None:
    rows = "\n".join(f"P00{n},{'ab'[n % 2]},{n},c,PT" for n in range(1, 6))
    path = labels(tmp_path / "l.csv", f"PatientID,finding,score,other,Modality\n{rows}\n")

    def names(columns: list[str], **options: Any) -> set[str]:
        return {one.name for one in report(folder, labels=path, columns=columns, **options).attributes}

    assert {"finding", "score", "other", "Modality (labels)"} < names(["Modality"])
    assert names(["Modality", "finding"]) == {"Modality", "finding"}
    assert {"finding", "Rows"} < names(["finding"])  # of the headers what is told if nothing is asked
    assert "other" not in names(["finding"])
    assert names(["Modality", "finding"], by="score") == {"Modality", "finding", "score"}


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


# --- pixels ------------------------------------------------------------------------------------------------


def test_pixels_are_sampled(folder: Path) -> None:
    found = report(folder, pixels=True)
    ct = next(one for one in found.pixels if one.unit == "HU")
    assert (ct.title, ct.series, ct.sampled_series) == ("CT (HU)", 12, 12)
    assert len(ct.ranges) == 7
    assert ct.least is not None
    assert ct.greatest is not None
    assert ct.histogram.edges[0] <= ct.least < ct.greatest <= ct.histogram.edges[-1]
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


@pytest.mark.parametrize(
    ("options", "blamed"),
    [
        ({"columns": ["NoSuchKeyword"]}, "--columns"),
        ({"by": "NoSuchKeyword"}, "--by"),
        ({"by": "NoSuchKeyword", "columns": ["Modality"]}, "--by"),
        ({"labels": __file__, "on": "NoSuchKeyword"}, "--on"),
    ],
    ids=str,
)
def test_the_option_that_is_wrong_is_named(options: dict[str, Any], blamed: str, folder: Path, tmp_path: Path) -> None:
    if "labels" in options:
        options = options | {"labels": labels(tmp_path / "l.csv", "NoSuchKeyword,x\n1,2\n")}
    with pytest.raises(UsageError) as caught:
        report(folder, **options)
    assert caught.value.where == blamed


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
    made = convkit.report(folder, output=page, jobs=1, pixels=False)
    assert made.is_kept
    assert made.findings == report(folder)
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
