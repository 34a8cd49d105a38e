"""An index stands for its files: the same bytes come out, whatever became of the files since."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import convkit
from convkit import InputError, Status, UsageError
from convkit.dicom.attributes import display_table, table_of
from convkit.dicom.header import read_header
from convkit.jobs._index import shelf as shelves
from convkit.jobs._index.source import files_of
from tests.builders import (
    dicomdir,
    encapsulated_pdf,
    enhanced_mr,
    instance,
    mosaic,
    series,
    structured_report,
    ultrasound,
    write,
    write_as,
)
from tests.cli.command import convkit as command
from tests.jobs.work import contents

pytest.importorskip("pyarrow.parquet", reason="the extra tables is not installed")

SUFFIXES = [".parquet", ".csv", ".jsonl"]


@pytest.fixture(name="source", scope="module")
def _source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of many kinds."""
    folder = tmp_path_factory.mktemp("source") / "in"
    write(series(series=1), folder / "a", shuffle=True)
    write(series(patient=2, series=2, modality="MR", echoes=(2.5, 5.0)), folder / "b", extension="")
    write([enhanced_mr(series=3), mosaic(series=4), ultrasound(series=5)], folder / "c")
    write([structured_report(series=6), encapsulated_pdf(series=7)], folder / "c")
    write(
        [instance(series=8, syntax=each, number=n) for n, each in enumerate(("implicit", "big", "deflated"), 1)], folder
    )
    write_as(dicomdir(), folder / "DICOMDIR")
    (folder / "readme.txt").write_text("hello")
    return folder


@pytest.fixture(name="index", scope="module", params=SUFFIXES)
def _index(source: Path, request: pytest.FixtureRequest) -> Path:
    path: Path = source.parent / f"index{request.param}"
    convkit.save_index(source, output=path, jobs=1)
    return path


def outcome(job: Callable[..., Any], source: Path, folder: Path, **options: Any) -> tuple[dict[str, bytes], Any]:
    """What a job makes of a source: files, and what it says of each item."""
    report = job(source, folder, jobs=1, **options)
    told = sorted((o.item, str(o.status), sorted(n.code for n in o.notes)) for o in report.outcomes)
    return contents(folder), told


JOBS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "convert": (convkit.convert, {}),
    "convert-profile": (convkit.convert, {"profile": "basic"}),
    "convert-keep": (convkit.convert, {"keep": ["PatientBirthDate"], "where": 'Modality == "MR"'}),
    "preview": (convkit.preview, {}),
    "preview-three": (convkit.preview, {"view": "three"}),
    "sort": (convkit.sort, {}),
    "deid": (convkit.deidentify, {"profile": "basic"}),
    "deid-where": (convkit.deidentify, {"profile": "basic", "where": 'Modality == "CT"'}),
}


@pytest.mark.parametrize("name", JOBS)
def test_every_verb_makes_the_same_of_the_index_as_of_the_folder(
    name: str, source: Path, index: Path, tmp_path: Path
) -> None:
    job, options = JOBS[name]
    (tmp_path / "key.txt").write_text("5ec2e7" * 10)
    if "profile" in options:
        options = options | {"key": tmp_path / "key.txt"}
    expected = outcome(job, source, tmp_path / "a", **options)
    assert outcome(job, index, tmp_path / "b", **options) == expected
    assert expected[0]


@pytest.mark.parametrize("level", ["volume", "series", "study", "instance"])
def test_scan_of_the_index_is_that_of_the_folder(level: str, source: Path, index: Path) -> None:
    columns = ("PatientID", "StudyDate")
    told = convkit.scan(source, columns=columns, jobs=1)
    found = convkit.scan(index, columns=columns, jobs=1)
    assert found.to_rows(level, columns) == told.to_rows(level, columns)
    assert sorted(p.code for p in found.problems) == sorted(p.code for p in told.problems)


def test_one_volume_is_read_from_an_index(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", jobs=1)
    assert convkit.read(tmp_path / "x.parquet").array.tobytes() == convkit.read(tmp_path / "in").array.tobytes()


def test_an_index_of_an_index_is_the_same(source: Path, index: Path, tmp_path: Path) -> None:
    convkit.save_index(source, output=tmp_path / "a.parquet", jobs=1)
    convkit.save_index(index, output=tmp_path / "b.parquet", jobs=1)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


# --- headers come from the index -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table", [table_of(), display_table(), table_of(("PatientBirthDate",))], ids=["core", "display", "more"]
)
def test_a_header_from_the_index_is_that_of_the_file(table: Any, source: Path, tmp_path: Path) -> None:
    convkit.save_index(source, output=tmp_path / "x.parquet", jobs=1)
    found, shelf = files_of([tmp_path / "x.parquet"])
    assert shelf is not None
    for path in found.paths:
        if path.endswith(".txt"):
            continue
        assert shelf.read_header(path, table) == read_header(path, table)


def test_files_that_have_not_changed_are_not_read(tmp_path: Path) -> None:
    """The pixels of no file, and nothing of its header: a file of the same size and time holds something else."""
    (path,) = write([instance(SeriesDescription="as it was")], tmp_path / "in")
    convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", jobs=1)
    status, size = path.stat(), path.stat().st_size
    path.write_bytes(bytes(size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    (row,) = convkit.scan(tmp_path / "x.parquet", jobs=1).to_rows()
    assert row["description"] == "as it was"


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    (path,) = write([instance(SeriesDescription="as it was")], tmp_path / "in")
    convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", jobs=1)
    write_as(instance(SeriesDescription="as it is"), path)
    os.utime(path, ns=(1, 2))
    (row,) = convkit.scan(tmp_path / "x.parquet", jobs=1).to_rows()
    assert row["description"] == "as it is"


def test_a_file_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    paths = write(series(), tmp_path / "in")
    convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", jobs=1)
    paths[2].unlink()
    found = convkit.scan(tmp_path / "x.parquet", jobs=1)
    assert [(p.code, p.where) for p in found.problems] == [("input.unreadable", str(paths[2]))]
    assert found[0].instances == 4
    report = convkit.deidentify(tmp_path / "x.parquet", tmp_path / "out", profile="basic", jobs=1)
    assert report.counts[Status.FAILED] == 1


def test_an_index_of_another_version_names_files_that_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(series(SeriesDescription="as it was"), tmp_path / "in")
    convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", jobs=1)
    monkeypatch.setattr(shelves, "LAYOUT", 99)
    shelves._opened.cache_clear()
    assert convkit.scan(tmp_path / "x.parquet", jobs=1)[0].instances == 5


@pytest.mark.parametrize("attributes", [None, 7, [1], [["PatientID"]], [[1, 2, 3, 4, 5]], "x"], ids=repr)
def test_an_index_that_describes_its_headers_wrongly_names_files_that_are_read(attributes: Any, tmp_path: Path) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415 (an extra)

    write(series(), tmp_path / "in")
    convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", jobs=1)
    table = pq.read_table(tmp_path / "x.parquet")
    told = json.loads(table.schema.metadata[b"convkit"]) | {"attributes": attributes}
    pq.write_table(table.replace_schema_metadata({b"convkit": json.dumps(told)}), tmp_path / "x.parquet")
    assert convkit.scan(tmp_path / "x.parquet", jobs=1)[0].instances == 5


def test_index_and_folder_together_are_read_once(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    convkit.save_index(tmp_path / "in", output=tmp_path / "x.parquet", jobs=1)
    (tmp_path / "link").symlink_to(tmp_path / "in", target_is_directory=True)
    (one,) = convkit.scan(tmp_path / "x.parquet", tmp_path / "link", tmp_path / "in", jobs=1)
    assert (one.instances, one.notes) == (5, ())


def test_paths_of_a_table_are_meant_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = write([instance()], tmp_path / "data")
    (tmp_path / "mine.csv").write_text(f"path,why\ndata/{path.name},because\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert convkit.scan(tmp_path / "mine.csv", jobs=1)[0].instances == 1


def test_an_index_made_with_a_relative_path_is_good_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(series(), tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    convkit.save_index("in", output="x.parquet", jobs=1)
    convkit.scan("in", jobs=1).save("y.csv", level="instance")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name in ("x.parquet", "y.csv"):
        shutil.copy(tmp_path / name, tmp_path / "elsewhere")
        assert convkit.scan(name, jobs=1)[0].instances == 5


# --- what is no index ------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"PAR1PAR1", b"\xff\xfe\x00", b"a,b\n1,2\n", b'{"a": 1}\n'], ids=repr)
def test_a_file_that_lists_nothing_is_a_usage_error(suffix: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / f"x{suffix}").write_bytes(content)
    if suffix == ".jsonl" and not content:
        assert len(convkit.scan(tmp_path / "x.jsonl", jobs=1)) == 0
        return
    with pytest.raises(UsageError):
        convkit.scan(tmp_path / f"x{suffix}", jobs=1)


def test_a_damaged_index_is_a_usage_error(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    convkit.save_index(source, output=path, jobs=1)
    whole = path.read_bytes()
    for cut in (len(whole) // 2, len(whole) - 9):
        path.write_bytes(whole[:cut])
        with pytest.raises(UsageError, match="damaged"):
            convkit.scan(path, jobs=1)


def test_a_table_of_volumes_is_no_source(source: Path, tmp_path: Path) -> None:
    convkit.scan(source, jobs=1).save(tmp_path / "x.parquet")
    with pytest.raises(UsageError, match="path"):
        convkit.convert(tmp_path / "x.parquet", tmp_path / "out", jobs=1)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_made_under_a_profile_is_no_source(suffix: str, source: Path, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    convkit.scan(source, profile="basic", jobs=1).save(path, level="instance")
    assert b"modified" not in path.read_bytes()
    with pytest.raises(UsageError, match="profile"):
        convkit.scan(path, jobs=1)


def test_a_table_made_under_a_profile_holds_no_header(source: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415 (an extra)

    done = command("scan", source, "--level", "instance", "-o", tmp_path / "x.parquet", "--profile", "basic", "-j", "1")
    assert done.returncode == 0, done.stderr
    names = pq.read_schema(tmp_path / "x.parquet").names
    assert not {"header", "modified_ns"} & set(names)
    assert str(source) not in (tmp_path / "x.parquet").read_bytes().decode("latin-1")


def test_a_table_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        convkit.scan(tmp_path / "x.parquet")


def test_command_takes_an_index(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    convkit.save_index(source, output=path, jobs=1)
    done = command("convert", path, "-o", tmp_path / "out", "-w", "SeriesNumber == 1", "-j", "2", "-q")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1


# --- an index among its files ----------------------------------------------------------------------------


def test_index_in_the_folder_that_it_is_of_is_no_file_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(series(slices=3), folder)
    convkit.save_index(folder, output=folder / "index.parquet", jobs=1)
    convkit.scan(folder, jobs=1).save(folder / "volumes.parquet")
    for name in (".x.parquet.unfinished", ".x.csv.lock", ".x.jsonl.0a1b2c3d.part"):
        (folder / name).write_bytes(b"of a run that is under way, or was killed")
    found = convkit.scan(folder, jobs=1)
    assert (found.files, found.problems) == (3, ())
    assert convkit.save_index(folder, output=folder / "index.parquet", update=True, jobs=1).files == 3
    report = convkit.convert(folder, tmp_path / "out", jobs=1)
    assert [outcome.status for outcome in report.outcomes] == ["done"]


def test_tables_of_others_are_told_as_no_dicom(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    write(series(slices=3), tmp_path)
    pq.write_table(pa.table({"convkit": ["convkit", "\x18\x07convkit"]}), tmp_path / "theirs.parquet")
    (tmp_path / "short.parquet").write_bytes(b"PAR1")
    (tmp_path / "x.lock").write_bytes(b"")
    names = {Path(each.where).name for each in convkit.scan(tmp_path, jobs=1).problems}
    assert names == {"theirs.parquet", "short.parquet", "x.lock"}
