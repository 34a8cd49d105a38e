"""The job scan: every file is a row, a problem or not asked for."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from pydicom import Dataset

import convkit
from convkit import ExitCode, InputError, UsageError
from tests.builders import (
    countless_mosaic,
    cr,
    dicomdir,
    instance,
    mosaic,
    series,
    structured_report,
    truncate,
    write,
    write_as,
)
from tests.cli.command import convkit as command


def two_studies(folder: Path) -> Path:
    """Patient 1 with two series and a report, patient 2 with one series of two echoes."""
    write(series(series=1), folder / "a" / "deep" / "deeper", shuffle=True)
    write(series(series=2, missing=(2,)), folder / "a", shuffle=True, extension="")
    write([structured_report(series=3)], folder / "a")
    write(series(patient=2, series=1, modality="MR", echoes=(2.5, 5.0)), folder / "b", extension=".IMA")
    return folder


def test_slices_of_a_mosaic_are_one_file(tmp_path: Path) -> None:
    paths = write([mosaic(InstanceNumber=n) for n in (1, 2)], tmp_path)
    size = sum(Path(path).stat().st_size for path in paths)
    for level in ("volume", "series"):
        rows = convkit.scan(tmp_path, jobs=1).to_rows(level)
        assert (sum(row["instances"] for row in rows), sum(row["bytes"] for row in rows)) == (2, size)


# --- rows ------------------------------------------------------------------------------------------------


def test_volume_rows_tell_shape_spacing_and_problems(tmp_path: Path) -> None:
    rows = convkit.scan(two_studies(tmp_path), jobs=1).to_rows()
    assert [(r["number"], r["split"], r["slices"], r["problems"]) for r in rows if r["modality"] == "MR"] == [
        (1, "_echo-1", 5, ["series.split"]) if "series.split" in rows[-1]["problems"] else (1, "_echo-1", 5, []),
        (1, "_echo-2", 5, rows[-1]["problems"]),
    ]
    (whole,) = [r for r in rows if r["modality"] == "CT" and r["number"] == 1]
    assert (whole["volumes"], whole["slices"], whole["rows"], whole["columns"]) == (1, 5, 6, 7)
    assert whole["spacing"] == [3, 0.8, 0.7]
    (gap,) = [r for r in rows if r["number"] == 2]
    assert gap["problems"] == ["geometry.missing-slice"]
    assert gap["instances"] == 4
    (report,) = [r for r in rows if r["modality"] == "SR"]
    assert report["problems"] == ["object.not-image"]


@pytest.mark.parametrize(("level", "count"), [("volume", 5), ("series", 4), ("study", 2), ("instance", 20)])
def test_each_level_has_its_rows(level: str, count: int, tmp_path: Path) -> None:
    assert len(convkit.scan(two_studies(tmp_path), jobs=1).to_rows(level)) == count


@pytest.mark.parametrize("level", ["volume", "series", "study", "instance"])
def test_counts_and_sizes_add_up_at_every_level(level: str, tmp_path: Path) -> None:
    two_studies(tmp_path)
    rows = convkit.scan(tmp_path, jobs=1).to_rows(level)
    size = sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file())
    assert sum(r["bytes"] for r in rows) == size
    assert sum(r.get("instances", 1) for r in rows) == 20


def test_patients_and_studies_are_hashes(tmp_path: Path) -> None:
    text = json.dumps(convkit.scan(two_studies(tmp_path), jobs=1).to_rows("study"))
    assert "P001" not in text
    assert "Test^Patient" not in text


def test_columns_are_added_where_asked(tmp_path: Path) -> None:
    found = convkit.scan(two_studies(tmp_path), columns=("PatientID", "KVP"), jobs=1)
    assert {r["PatientID"] for r in found.to_rows("study", ("PatientID",))} == {"P001", "P002"}
    assert {r["KVP"] for r in found.to_rows("instance", ("KVP",)) if r["modality"] == "CT"} == {120}


def test_pictures_of_a_series_are_one_row(tmp_path: Path) -> None:
    write([cr(number=n) for n in range(1, 5)], tmp_path)
    (row,) = convkit.scan(tmp_path, jobs=1).to_rows()
    assert (row["split"], row["volumes"], row["instances"]) == ("_img-*", 4, 4)


def test_refused_images_are_a_row_with_their_code(tmp_path: Path) -> None:
    write([countless_mosaic(number=n) for n in (1, 2)], tmp_path)
    (row,) = convkit.scan(tmp_path, jobs=1).to_rows()
    assert (row["problems"], row["instances"]) == (["object.mosaic-count"], 2)


@pytest.mark.parametrize("jobs", [1, 2])
def test_order_of_files_and_workers_do_not_change_a_row(jobs: int, tmp_path: Path) -> None:
    two_studies(tmp_path / "in")
    expected = convkit.scan(tmp_path / "in", jobs=1).to_rows()
    paths = sorted(p for p in (tmp_path / "in").rglob("*") if p.is_file())
    for number, path in enumerate(reversed(paths)):
        (tmp_path / "other").mkdir(exist_ok=True)
        shutil.copyfile(path, tmp_path / "other" / f"{number:04d}")
    assert convkit.scan(tmp_path / "other", jobs=jobs).to_rows() == expected


def test_where_selects_and_counts_all_of_the_series(tmp_path: Path) -> None:
    found = convkit.scan(two_studies(tmp_path), where='Modality == "CT" and instances == 5', jobs=1)
    assert [(s.first.integer("SeriesNumber"), s.instances) for s in found] == [(1, 5)]


def test_collection_is_a_sequence_of_series(tmp_path: Path) -> None:
    found = convkit.scan(two_studies(tmp_path), jobs=1)
    assert len(found) == len(list(found)) == 4
    assert found[0].instances == 5
    assert found.files == 20


# --- problems --------------------------------------------------------------------------------------------


def test_foreign_file_is_listed_with_the_reason(tmp_path: Path) -> None:
    two_studies(tmp_path)
    (tmp_path / "a" / "readme.txt").write_text("hello")
    found = convkit.scan(tmp_path, jobs=1)
    (problem,) = found.problems
    assert (problem.code, Path(problem.where).name) == ("input.not-dicom", "readme.txt")
    assert found.exit_code is ExitCode.OK


def test_cut_file_is_listed_with_the_reason(tmp_path: Path) -> None:
    paths = write(series(), tmp_path)
    truncate(paths[0], 700)
    found = convkit.scan(tmp_path, jobs=1)
    assert [p.code for p in found.problems] == ["input.cut-header"]
    assert found.exit_code is ExitCode.SOME_FAILED
    assert found.unreadable == found.problems


def test_broken_link_is_listed(tmp_path: Path) -> None:
    write(series(), tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    found = convkit.scan(tmp_path, jobs=1)
    assert [Path(p.where).name for p in found.problems] == ["link"]
    assert len(found) == 1


@pytest.mark.skipif(os.name != "posix", reason="named pipes are POSIX")
def test_named_pipe_does_not_hang_the_scan(tmp_path: Path) -> None:
    write(series(), tmp_path)
    os.mkfifo(tmp_path / "pipe")
    writer = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)  # so that a wrong open would not block for ever
    try:
        os.write(writer, b"x" * 4096)
        found = convkit.scan(tmp_path, jobs=1)
    finally:
        os.close(writer)
    assert len(found) == 1
    assert [Path(p.where).name for p in found.problems] == ["pipe"]


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root reads every file")
def test_file_without_permission_is_listed(tmp_path: Path) -> None:
    paths = write(series(), tmp_path)
    paths[0].chmod(0)
    found = convkit.scan(tmp_path, jobs=1)
    assert [p.code for p in found.problems] == ["input.unreadable"]


def test_empty_folder_holds_nothing(tmp_path: Path) -> None:
    found = convkit.scan(tmp_path, jobs=1)
    assert (len(found), found.files, found.exit_code) == (0, 0, ExitCode.NOTHING_TO_DO)
    assert found.to_rows() == []


# --- links and sources -----------------------------------------------------------------------------------


def test_link_loop_is_not_followed_and_is_said(tmp_path: Path) -> None:
    write(series(), tmp_path / "in" / "deep")
    (tmp_path / "in" / "deep" / "up").symlink_to(tmp_path / "in", target_is_directory=True)
    found = convkit.scan(tmp_path / "in", jobs=1)
    assert found[0].instances == 5
    assert [p.code for p in found.problems] == ["input.link-loop"]


def test_linked_folder_is_followed(tmp_path: Path) -> None:
    write(series(), tmp_path / "elsewhere")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert convkit.scan(tmp_path / "in", jobs=1)[0].instances == 5


def test_link_to_a_file_that_is_there_too_is_not_a_second_file(tmp_path: Path) -> None:
    paths = write(series(), tmp_path)
    (tmp_path / "link.dcm").symlink_to(paths[0])
    (one,) = convkit.scan(tmp_path, jobs=1)
    assert (one.instances, one.notes) == (5, ())


def test_folder_given_twice_is_read_once(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    (one,) = convkit.scan(tmp_path / "in", tmp_path / "in", tmp_path / "in" / "i00000.dcm", jobs=1)
    assert (one.instances, one.notes) == (5, ())


def test_folder_spelled_two_ways_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(series(), tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    (one,) = convkit.scan("in", tmp_path / "in", "./in/../in", jobs=1)
    assert one.instances == 5
    assert convkit.scan("in", tmp_path / "in", jobs=1).files == 5


def test_list_file_names_sources(tmp_path: Path) -> None:
    paths = write(series(), tmp_path / "in")
    (tmp_path / "list.txt").write_text("\n".join(map(str, paths[:3])) + "\n\n")
    assert convkit.scan(f"@{tmp_path / 'list.txt'}", jobs=1)[0].instances == 3


def test_dash_takes_typed_in_paths(tmp_path: Path) -> None:
    paths = write(series(), tmp_path / "in")
    assert convkit.scan("-", typed_in=[f"{p}\n" for p in paths[:2]], jobs=1)[0].instances == 2


@pytest.mark.parametrize("source", ["nowhere", "@nowhere.txt"])
def test_source_that_is_not_there_is_an_input_error(source: str) -> None:
    with pytest.raises(InputError):
        convkit.scan(source)


def test_url_is_a_usage_error_that_says_what_to_do() -> None:
    with pytest.raises(UsageError, match="folder"):
        convkit.scan("https://host/x")


def test_no_source_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        convkit.scan()


def test_single_file_is_a_source(tmp_path: Path) -> None:
    path = write(series(), tmp_path)[0]
    assert convkit.scan(path, jobs=1)[0].instances == 1


def test_dicomdir_is_not_an_image(tmp_path: Path) -> None:
    write(series(), tmp_path)
    write_as(dicomdir(), tmp_path / "DICOMDIR")
    codes = [code for row in convkit.scan(tmp_path, jobs=1).to_rows() for code in row["problems"]]
    assert codes == ["input.dicomdir"]


@pytest.mark.parametrize(("preamble", "meta"), [(True, False), (False, True), (False, False)])
def test_file_without_preamble_or_meta_is_found(preamble: bool, meta: bool, tmp_path: Path) -> None:
    write(series(preamble=preamble, meta=meta, syntax="implicit"), tmp_path, extension="")
    assert convkit.scan(tmp_path, jobs=1)[0].instances == 5


# --- wrong use and saving --------------------------------------------------------------------------------


def test_unknown_level_is_a_usage_error(tmp_path: Path) -> None:
    write(series(), tmp_path)
    with pytest.raises(UsageError, match="level"):
        convkit.scan(tmp_path, jobs=1).to_rows("patient")


@pytest.mark.parametrize(
    "ask", [lambda p: convkit.scan(p, columns=("Kvp",)), lambda p: convkit.scan(p, where="Kvp > 1")]
)
def test_unknown_column_is_a_usage_error_with_a_suggestion(ask: object, tmp_path: Path) -> None:
    write(series(), tmp_path)
    with pytest.raises(UsageError, match="KVP"):
        ask(tmp_path)  # type: ignore[operator]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_table_is_saved(suffix: str, tmp_path: Path) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="the extra tables is not installed")
    found = convkit.scan(two_studies(tmp_path / "in"), jobs=1)
    path = found.save(tmp_path / f"x{suffix}")
    assert path.stat().st_size > 0
    if suffix == ".jsonl":
        assert [json.loads(line) for line in path.read_text().splitlines()] == found.to_rows()
    if suffix == ".parquet":
        import pyarrow.parquet as pq  # noqa: PLC0415 (an extra)

        assert pq.read_table(path).num_rows == found.to_arrow().num_rows == 5


# --- private elements and sequences as columns -----------------------------------------------------------

PRIVATE = '(0019,"ACME",0C):LO'
INSIDE = "RequestAttributesSequence/RequestedProcedureDescription"


def with_hidden_text(text: str) -> Dataset:
    """An image with a text in a private element and in a sequence."""
    dataset = instance()
    dataset.private_block(0x0019, "ACME", create=True).add_new(0x0C, "LO", text)
    item = Dataset()
    item.RequestedProcedureDescription = text
    dataset.RequestAttributesSequence = [item]
    return dataset


@pytest.mark.parametrize("level", ["volume", "series", "study", "instance"])
def test_private_elements_and_sequences_are_columns_at_every_level(level: str, tmp_path: Path) -> None:
    write([with_hidden_text("T1 head")], tmp_path)
    (row,) = convkit.scan(tmp_path, columns=(PRIVATE, INSIDE), jobs=1).to_rows(level, (PRIVATE, INSIDE))
    assert (row[PRIVATE], row[INSIDE]) == (["T1 head"], ["T1 head"])


@pytest.mark.parametrize("profile", ["basic", "tcia"])
@pytest.mark.parametrize("level", ["volume", "series", "study", "instance"])
def test_private_elements_and_sequences_obey_a_profile(level: str, profile: str, tmp_path: Path) -> None:
    dataset = with_hidden_text("Zqxgeheim")
    dataset.PatientName, dataset.PatientBirthDate = "Zqxgeheim", "1958071x"
    write([dataset], tmp_path)
    columns = (PRIVATE, INSIDE, "PatientName", "PatientBirthDate")
    rows = convkit.scan(tmp_path, columns=columns, profile=profile, jobs=1).to_rows(level, columns)
    assert len(rows) == 1
    assert "zqx" not in repr(rows).lower()
    assert "1958" not in repr(rows)


def test_command_takes_them_as_columns(tmp_path: Path) -> None:
    write([with_hidden_text("T1 head")], tmp_path)
    done = command("scan", tmp_path, "--columns", f"KVP,{PRIVATE},{INSIDE},StudyDate", "--json", "-q", "-j", "1")
    row = json.loads(done.stdout)
    assert (row[PRIVATE], row[INSIDE]) == (["T1 head"], ["T1 head"])
    assert row["StudyDate"].count("-") == 2
