"""The saved index: a row a file, typed, in the order of the paths, however it came to be."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset

import convkit
from convkit import ExitCode, InputError, OutputError, UsageError
from convkit.engine.locked import locked
from convkit.jobs._schema import COLUMNS, Level
from tests.builders import dicomdir, instance, series, structured_report, truncate, write, write_as
from tests.cli.command import convkit as command

pq = pytest.importorskip("pyarrow.parquet", reason="the extra tables is not installed")


def archive(folder: Path) -> Path:
    """Two series, a report, a file that is no DICOM and one that is cut."""
    write(series(series=1, KVP=120), folder / "a" / "deep", shuffle=True)
    write(series(patient=2, series=2, modality="MR", StudyDate="20200102"), folder / "b", extension="")
    write([structured_report(series=3)], folder / "b")
    (folder / "readme.txt").write_text("hello")
    truncate(write([instance(series=4)], folder / "c")[0], 700)
    return folder


def rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


# --- what is in it ---------------------------------------------------------------------------------------


def test_every_file_is_a_row_in_the_order_of_paths(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    index = convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", jobs=1)
    found = rows(tmp_path / "x.parquet")
    assert [row["path"] for row in found] == sorted(str(p) for p in (tmp_path / "in").rglob("*") if p.is_file())
    assert (index.files, index.read, index.instances, index.series, index.studies, index.patients) == (
        13,
        13,
        11,
        3,
        2,
        2,
    )
    assert index.problems == {"input.cut-header": 1, "input.not-dicom": 1, "object.not-image": 1}
    assert index.modalities == {"CT": 1, "MR": 1, "SR": 1}
    assert index.exit_code is ExitCode.SOME_FAILED


def test_rows_say_what_a_scan_says(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    columns = ("KVP", "StudyDate", "PixelSpacing", "PatientID")
    convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", columns=columns, jobs=1)
    told = convkit.scan(tmp_path / "in", columns=columns, jobs=1).to_rows("instance", columns)
    saved = {row["path"]: row for row in rows(tmp_path / "x.parquet")}
    assert len(told) == 11
    for row in told:
        own = saved[row["path"]]
        assert {key: own[key] for key in row} == row
    dates = {row["StudyDate"] for row in told}
    assert date(2020, 1, 2) in dates


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_text_has_the_same_rows(suffix: str, tmp_path: Path) -> None:
    archive(tmp_path / "in")
    for path in (tmp_path / "x.parquet", tmp_path / f"x{suffix}"):
        convkit.save_index(tmp_path / "in", output=path, columns=("StudyDate",), jobs=1)
    expected = [{k: v for k, v in row.items() if k != "header"} for row in rows(tmp_path / "x.parquet")]
    text = (tmp_path / f"x{suffix}").read_text("utf-8")
    if suffix == ".jsonl":
        for row in expected:
            row["StudyDate"] = row["StudyDate"] and row["StudyDate"].isoformat()
        assert [json.loads(line) for line in text.splitlines()] == expected
    else:
        found = list(csv.DictReader(text.splitlines()))
        assert [row["path"] for row in found] == [row["path"] for row in expected]
        assert [row["StudyDate"] for row in found] == [str(row["StudyDate"] or "") for row in expected]


@pytest.mark.parametrize("level", list(Level))
def test_schema_is_the_documented_one(level: Level, tmp_path: Path) -> None:
    archive(tmp_path / "in")
    (row, *_) = convkit.scan(tmp_path / "in", jobs=1).to_rows(level)
    assert list(row) == [column.name for column in COLUMNS[level]]
    table = convkit.scan(tmp_path / "in", jobs=1).to_arrow(level)
    assert table.schema.names == list(row)
    assert all(field.metadata[b"meaning"] for field in table.schema)


def test_an_empty_folder_makes_an_empty_table(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    index = convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", jobs=1)
    assert index.exit_code is ExitCode.NOTHING_TO_DO
    assert rows(tmp_path / "x.parquet") == []
    assert "header" in pq.read_schema(tmp_path / "x.parquet").names


def test_the_index_does_not_list_itself(tmp_path: Path) -> None:
    archive(tmp_path)
    for _ in range(2):
        convkit.save_index(tmp_path, output=tmp_path / "x.parquet", jobs=1)
    assert len(rows(tmp_path / "x.parquet")) == 13
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_values_that_do_not_fit_are_told(tmp_path: Path) -> None:
    write([instance(PatientBirthDate="19991332", PatientAge="x")], tmp_path / "in")
    columns = ("PatientBirthDate", "PatientAge", "KVP")
    index = convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", columns=columns, jobs=1)
    (row,) = rows(tmp_path / "x.parquet")
    assert (row["PatientBirthDate"], row["unfitting"]) == (None, ["PatientBirthDate=19991332"])
    assert index.unfitting == 1


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text are POSIX")
def test_a_name_that_is_no_text_is_listed_and_read_again_from_the_index(tmp_path: Path) -> None:
    (path,) = write([instance()], tmp_path / "in")
    path.rename(os.fsdecode(os.fsencode(path.parent) + b"/\xff\xe4.dcm"))
    for suffix in (".parquet", ".csv", ".jsonl"):
        convkit.save_index(tmp_path / "in", output=tmp_path / f"x{suffix}", jobs=1)
        assert convkit.scan(tmp_path / f"x{suffix}", jobs=1)[0].instances == 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_order_and_workers_do_not_change_a_byte(jobs: int, tmp_path: Path) -> None:
    archive(tmp_path / "in")
    convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", jobs=1)
    convkit.save_index(tmp_path / "in" / "b", tmp_path / "in", output=tmp_path / "y.parquet", jobs=jobs)
    assert (tmp_path / "x.parquet").read_bytes() == (tmp_path / "y.parquet").read_bytes()


def test_where_selects_instance_by_instance(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    index = convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", where='Modality == "MR"', jobs=1)
    assert (index.instances, index.files) == (5, 13)
    assert {row["modality"] for row in rows(tmp_path / "x.parquet")} == {"MR", None}


# --- all tags --------------------------------------------------------------------------------------------


def sparse(number: int, count: int = 3) -> Dataset:
    """An instance with private elements that hardly any other has."""
    dataset = instance(series=number, StudyDate="20200102")
    block = dataset.private_block(0x0019, f"ACME {number}", create=True)
    for element in range(count):
        block.add_new(element, "DS", str(element))
    return dataset


def test_all_tags_are_columns_and_sparse_ones_cost_little(tmp_path: Path) -> None:
    write([sparse(number) for number in range(40)], tmp_path / "in")
    convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", all_tags=True, jobs=1)
    table = pq.read_table(tmp_path / "x.parquet")
    private = [name for name in table.schema.names if name.startswith("(0019")]
    assert len(private) == 120
    assert all(table.column(name).null_count == 39 for name in private)
    assert set(table.column("StudyDate").to_pylist()) == {date(2020, 1, 2)}
    folded = [name.casefold() for name in table.schema.names]
    assert len(folded) == len(set(folded))


def test_all_tags_hold_what_the_keywords_hold(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    columns = ("KVP", "ImageType", "StudyDate", "SOPInstanceUID", "ImagePositionPatient")
    convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", all_tags=True, jobs=1)
    convkit.save_index(tmp_path / "in", output=tmp_path / "y.parquet", columns=columns, jobs=1)
    all_tags, named = pq.read_table(tmp_path / "x.parquet"), pq.read_table(tmp_path / "y.parquet")
    for column in columns:
        assert all_tags.column(column).to_pylist() == named.column(column).to_pylist()
        assert all_tags.schema.field(column).type == named.schema.field(column).type


def test_elements_of_one_name_and_other_types_share_a_column(tmp_path: Path) -> None:
    sets = [instance(number=number) for number in (1, 2, 3)]
    for dataset, (vr, value) in zip(sets, [("DS", "1.5"), ("IS", "2"), ("LO", "three")], strict=True):
        dataset.private_block(0x0019, "ACME", create=True).add_new(1, vr, value)
    write(sets, tmp_path / "in")
    convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", all_tags=True, jobs=1)
    assert [row['(0019,"ACME",01)'] for row in rows(tmp_path / "x.parquet")] == [["1.5"], ["2"], ["three"]]


# --- update ----------------------------------------------------------------------------------------------


def test_update_reads_only_what_is_new_or_changed(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    target = tmp_path / "x.parquet"
    convkit.save_index(tmp_path / "in", output=target, jobs=1)
    assert convkit.save_index(tmp_path / "in", output=target, update=True, jobs=1).read == 0
    changed = min((tmp_path / "in" / "b").iterdir())
    write_as(instance(series=9, SeriesDescription="other"), changed)
    (new,) = write([instance(series=8)], tmp_path / "in" / "new")
    gone = min((tmp_path / "in" / "a" / "deep").iterdir())
    gone.unlink()
    index = convkit.save_index(tmp_path / "in", output=target, update=True, jobs=1)
    assert (index.files, index.read, index.gone) == (13, 2, 2)
    paths = [row["path"] for row in rows(target)]
    assert str(gone) not in paths
    assert str(new) in paths
    convkit.save_index(tmp_path / "in", output=tmp_path / "fresh.parquet", jobs=1)
    assert target.read_bytes() == (tmp_path / "fresh.parquet").read_bytes()


@pytest.mark.parametrize("is_one_of_two", [True, False])
def test_update_does_not_empty_an_index_whose_source_has_no_file_any_more(
    *, is_one_of_two: bool, tmp_path: Path
) -> None:
    """A disk that is not mounted is an empty folder."""
    archive(tmp_path / "in")
    write([instance(series=9)], tmp_path / "other")
    sources = [tmp_path / "in", *([tmp_path / "other"] if is_one_of_two else [])]
    target = tmp_path / "x.parquet"
    convkit.save_index(sources, output=target, jobs=1)
    before = target.read_bytes()
    shutil.rmtree(tmp_path / "in")
    (tmp_path / "in" / "deep").mkdir(parents=True)
    with pytest.raises(InputError) as caught:
        convkit.save_index(sources, output=target, update=True, jobs=1)
    assert caught.value.code == "table.source-empty"
    assert caught.value.where == str(tmp_path / "in")
    assert "--update" in caught.value.hint
    assert target.read_bytes() == before
    assert convkit.save_index(sources, output=target, jobs=1).files == int(is_one_of_two)


def test_update_does_not_empty_an_index_by_an_empty_list(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    target = tmp_path / "x.parquet"
    convkit.save_index(tmp_path / "in", output=target, jobs=1)
    with pytest.raises(InputError, match="no file in the source"):
        convkit.save_index("-", output=target, update=True, jobs=1, typed_in=[])


def test_update_takes_files_out_that_are_gone_and_an_empty_source_that_had_none(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    (tmp_path / "empty").mkdir()
    target = tmp_path / "x.parquet"
    convkit.save_index(tmp_path / "in", tmp_path / "empty", output=target, jobs=1)
    shutil.rmtree(tmp_path / "in" / "a")
    index = convkit.save_index(tmp_path / "in", tmp_path / "empty", output=target, update=True, jobs=1)
    assert index.gone
    assert index.files


def test_update_under_another_name_of_the_folder_is_no_empty_source(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    target = tmp_path / "x.parquet"
    (tmp_path / "link").symlink_to(tmp_path / "in", target_is_directory=True)
    convkit.save_index(tmp_path / "link", output=target, jobs=1)
    both = (tmp_path / "link", tmp_path / "in")
    assert convkit.save_index(*both, output=target, update=True, jobs=1).files == 13


def test_update_of_nothing_makes_the_index(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    assert convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", update=True, jobs=1).read == 13


def test_update_keeps_what_was_asked_for(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    target = tmp_path / "x.parquet"
    convkit.save_index(tmp_path / "in", output=target, columns=("KVP",), where='Modality == "CT"', jobs=1)
    before = target.read_bytes()
    convkit.save_index(tmp_path / "in", output=target, update=True, jobs=1)
    assert target.read_bytes() == before
    with pytest.raises(UsageError, match="other --columns"):
        convkit.save_index(tmp_path / "in", output=target, columns=("PatientID",), update=True, jobs=1)


@pytest.mark.parametrize("all_tags", [False, True])
def test_update_of_all_tags_is_as_good_as_a_fresh_one(all_tags: bool, tmp_path: Path) -> None:
    write([sparse(number) for number in range(6)], tmp_path / "in")
    target = tmp_path / "x.parquet"
    convkit.save_index(tmp_path / "in", output=target, all_tags=all_tags, jobs=1)
    write([sparse(number, 5) for number in range(6, 9)], tmp_path / "in")
    convkit.save_index(tmp_path / "in", output=target, update=True, jobs=1)
    convkit.save_index(tmp_path / "in", output=tmp_path / "fresh.parquet", all_tags=all_tags, jobs=1)
    assert rows(target) == rows(tmp_path / "fresh.parquet")
    assert pq.read_schema(target) == pq.read_schema(tmp_path / "fresh.parquet")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changes_and_an_update_are_a_fresh_index(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("changes")
    source, target = folder / "in", folder / "x.parquet"
    chance = random.Random(data.draw(st.integers(0, 10**6)))
    write([instance(number=n) for n in range(1, 9)], source)
    convkit.save_index(source, output=target, jobs=1)
    for step in range(data.draw(st.integers(1, 3))):
        for number, path in enumerate(sorted(source.iterdir())):
            match chance.choice(["stay", "stay", "go", "change", "move", "touch", "spoil"]):
                case "go":
                    path.unlink()
                case "change":
                    write_as(instance(number=100 * step + number, SeriesDescription=f"step {step}"), path)
                case "move":
                    path.rename(path.with_name(f"moved{step}{number}"))
                case "touch":
                    os.utime(path, ns=(1, 10**18 + step))
                case "spoil":
                    path.write_text(f"step {step}")
        write_as(instance(number=50 + step), source / f"new{step}")
        convkit.save_index(source, output=target, update=True, jobs=1)
    convkit.save_index(source, output=folder / "fresh.parquet", jobs=1)
    assert target.read_bytes() == (folder / "fresh.parquet").read_bytes()
    shutil.rmtree(folder)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" * 100, b"not parquet at all"])
def test_update_of_something_else_is_a_usage_error(content: bytes, tmp_path: Path) -> None:
    archive(tmp_path / "in")
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(UsageError):
        convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", update=True, jobs=1)
    assert (tmp_path / "x.parquet").read_bytes() == content


def test_update_of_a_table_that_is_damaged_in_the_middle_is_a_usage_error(tmp_path: Path) -> None:
    source, index = archive(tmp_path / "in"), tmp_path / "i.parquet"
    convkit.save_index(source, output=index, jobs=1)
    whole = index.read_bytes()
    table = pq.ParquetFile(index)
    start = min(table.metadata.row_group(0).column(n).data_page_offset for n in range(table.metadata.num_columns))
    index.write_bytes(whole[:start] + bytes(200) + whole[start + 200 :])
    with pytest.raises(UsageError, match="damaged"):
        convkit.save_index(source, output=index, update=True, jobs=1)
    assert index.read_bytes()[start : start + 200] == bytes(200)  # left as it was


def test_update_of_a_foreign_table_is_a_usage_error(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    convkit.scan(tmp_path / "in", jobs=1).save(tmp_path / "x.parquet")
    with pytest.raises(UsageError, match="no index"):
        convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", update=True, jobs=1)


@pytest.mark.parametrize(
    "given",
    [
        {"output": "x.csv", "update": True},
        {"output": "x.xlsx"},
        {"output": "x"},
        {"output": "x.parquet", "where": "instances > 5"},
        {"output": "x.parquet", "columns": ("Kvp",)},
        {"output": "x.parquet", "columns": ("PixelData",)},
    ],
    ids=str,
)
def test_wrong_use_is_a_usage_error(given: dict[str, Any], tmp_path: Path) -> None:
    archive(tmp_path / "in")
    given = given | {"output": tmp_path / given["output"]}
    with pytest.raises(UsageError):
        convkit.save_index(tmp_path / "in", jobs=1, **given)
    assert {p.name for p in tmp_path.iterdir()} == {"in"}


def test_no_source_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="source"):
        convkit.save_index(output=tmp_path / "x.parquet")


def test_two_runs_do_not_write_one_table(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    with locked(tmp_path / "x.parquet"), pytest.raises(OutputError, match="Another run"):
        convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", jobs=1)
    convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", jobs=1)


def test_an_index_of_another_version_is_made_anew(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    target = tmp_path / "x.parquet"
    convkit.save_index(tmp_path / "in", output=target, columns=("KVP",), jobs=1)
    expected, table = target.read_bytes(), pq.read_table(target)
    told = json.loads(table.schema.metadata[b"convkit"]) | {"version": "0.0.1"}
    pq.write_table(table.replace_schema_metadata({b"convkit": json.dumps(told)}), target)
    assert convkit.save_index(tmp_path / "in", output=target, update=True, jobs=1).read == 13
    assert target.read_bytes() == expected


# --- the command -----------------------------------------------------------------------------------------


def test_command_saves_updates_and_tells(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    write_as(dicomdir(), tmp_path / "in" / "DICOMDIR")
    asked = ("scan", tmp_path / "in", "--level", "instance", "-o", tmp_path / "x.parquet", "-j", "1")
    done = command(*asked, "--columns", 'KVP,(0019,"SIEMENS MR HEADER",0C)')
    assert (done.returncode, done.stdout) == (4, f"{tmp_path / 'x.parquet'}\n")
    assert "14 files, 14 read" in done.stderr
    assert "input.not-dicom" in done.stderr
    assert "table.holds-identifiers" in done.stderr
    again = command("scan", tmp_path / "in", "-o", tmp_path / "x.parquet", "-j", "1", "--update")
    assert "14 files, 0 read" in again.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--all-tags",),
        ("--update",),
        ("--all-tags", "--level", "instance"),
        ("--update", "-o", "x.parquet", "--level", "series"),
        ("--all-tags", "--level", "instance", "-o", "x.csv", "--profile", "basic"),
        ("--update", "--level", "instance", "-o", "x.parquet", "--where", "images > 3"),
    ],
    ids=" ".join,
)
def test_options_of_an_index_are_refused_elsewhere(options: tuple[str, ...], tmp_path: Path) -> None:
    archive(tmp_path / "in")
    done = command("scan", tmp_path / "in", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert {p.name for p in tmp_path.iterdir()} == {"in"}


def test_where_that_counts_still_saves_a_table(tmp_path: Path) -> None:
    archive(tmp_path / "in")
    target = tmp_path / "x.parquet"
    done = command("scan", tmp_path / "in", "--level", "instance", "-o", target, "--where", "images > 3", "-j", "1")
    assert done.returncode == 4
    assert len(rows(target)) == 10


@pytest.mark.parametrize("level", ["instance", "series"])
@pytest.mark.parametrize("at", ["", "@"])
def test_a_source_is_never_written_over(at: str, level: str, tmp_path: Path) -> None:
    (path,) = write([instance()], tmp_path / "in")
    mine = tmp_path / "mine.csv"
    mine.write_text(f"path\n{path}\n" if not at else f"{path}\n")
    before = mine.read_bytes()
    done = command("scan", f"{at}{mine}", "--level", level, "-o", mine, "-j", "1")
    assert done.returncode == 5
    assert mine.read_bytes() == before
    (tmp_path / "folder.csv").mkdir()
    assert command("scan", path, "--level", level, "-o", tmp_path / "folder.csv", "-j", "1").returncode == 5
    assert {p.name for p in tmp_path.iterdir()} == {"in", "mine.csv", "folder.csv"}


# --- other tools open it ---------------------------------------------------------------------------------


@pytest.fixture(name="table", scope="module")
def _table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("table")
    archive(folder / "in")
    target = folder / "x.parquet"
    convkit.save_index(folder / "in", output=target, columns=("StudyDate", "KVP", "ImageType"), jobs=1)
    return target


def test_pandas_opens_it(table: Path) -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pd.read_parquet(table)
    assert len(frame) == 13
    assert frame["StudyDate"].map(type).eq(date).sum() == 11
    assert frame["KVP"].max() == 120


def test_polars_opens_it(table: Path) -> None:
    pl = pytest.importorskip("polars", reason="polars is not installed")
    frame = pl.read_parquet(table)
    assert (frame.height, frame.schema["StudyDate"], frame.schema["KVP"]) == (13, pl.Date, pl.Float64)
    assert frame.schema["ImageType"] == pl.List(pl.String)


def test_duckdb_opens_it(table: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    asked = f"SELECT count(*), max(KVP), min(StudyDate), count(DISTINCT series) FROM '{table}' WHERE series IS NOT NULL"
    assert duckdb.sql(asked).fetchall()[0][:2] == (11, 120.0)


@pytest.mark.parametrize("level", list(Level))
def test_collection_becomes_a_data_frame(level: Level, tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    write(series(series=1, KVP=120), tmp_path)
    write([structured_report(series=2)], tmp_path)
    frame = convkit.scan(tmp_path, columns=("KVP", "StudyDate"), jobs=1).to_pandas(level, ("KVP", "StudyDate"))
    assert isinstance(frame, pd.DataFrame)
    assert frame["bytes"].dtype == pd.Int64Dtype()


def test_a_table_of_another_level_does_not_replace_an_index(tmp_path: Path) -> None:
    write(series(series=1), tmp_path / "in")
    index = tmp_path / "x.parquet"
    convkit.save_index(tmp_path / "in", output=index, jobs=1)
    before = index.read_bytes()
    with pytest.raises(OutputError, match="is an index") as refused:
        convkit.scan(tmp_path / "in", jobs=1).save(index)
    assert refused.value.code == "output.exists-refused"
    assert index.read_bytes() == before
    convkit.scan(tmp_path / "in", jobs=1).save(tmp_path / "volumes.parquet")
    convkit.scan(tmp_path / "in", jobs=1).save(tmp_path / "volumes.parquet", level="series")
