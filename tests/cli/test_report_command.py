"""`convkit report` as a real process: streams, exit codes, and no traceback whatever it is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import series, truncate, write
from tests.cli.command import convkit


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "in"
    write([d for patient in (1, 2) for d in series(patient=patient, slices=3)], path)
    return path


def test_a_page(folder: Path, tmp_path: Path) -> None:
    done = convkit("report", folder, "-o", tmp_path / "r.html", "-j1", "--by", "Modality")
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "r.html"))
    assert "patients: 2" in done.stderr
    assert (tmp_path / "r.html").is_file()


def test_json_is_all_that_is_written_to_standard_output(folder: Path, tmp_path: Path) -> None:
    done = convkit("report", folder, "-o", tmp_path / "r.html", "--json", "-j1", "--no-pixels")
    assert dict(json.loads(done.stdout)["overview"]["counts"])["series"] == 2


def test_a_page_that_is_there_is_kept(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "r.html").write_text("mine")
    done = convkit("report", folder, "-o", tmp_path / "r.html", "-j1")
    assert (done.returncode, (tmp_path / "r.html").read_text()) == (0, "mine")
    assert "kept" in done.stderr
    assert convkit("report", folder, "-o", tmp_path / "r.html", "--exists", "error").returncode == 5


def test_a_kept_page_keeps_neither_numbers_nor_figures_from_being_made(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "r.html").write_text("mine")
    options = ("--json", "--figures", tmp_path / "figures", "--columns", "KVP,Modality", "--no-pixels", "-j1")
    done = convkit("report", folder, "-o", tmp_path / "r.html", *options)
    assert (done.returncode, (tmp_path / "r.html").read_text()) == (0, "mine")
    assert dict(json.loads(done.stdout)["overview"]["counts"])["series"] == 2
    assert list((tmp_path / "figures").iterdir())
    assert "of an earlier run" in done.stderr
    assert "--exists overwrite" in done.stderr


def test_errors_alone_are_told_where_all_else_is_quiet(tmp_path: Path) -> None:
    paths = write(series(slices=4), tmp_path / "in")
    truncate(paths[1], 700)
    (tmp_path / "in" / "note.txt").write_text("no DICOM")
    done = convkit("report", tmp_path / "in", "-o", tmp_path / "r.html", "-j1", "--no-pixels", "-qq")
    assert done.returncode == 4
    assert "[input.cut-header]" in done.stderr
    assert "[input.not-dicom]" not in done.stderr
    assert "note:" not in done.stderr


def test_nothing_to_do(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    done = convkit("report", tmp_path / "in", "-o", tmp_path / "r.html")
    assert done.returncode == 3
    assert not (tmp_path / "r.html").exists()


def test_some_files_are_unreadable(tmp_path: Path) -> None:
    paths = write(series(slices=4), tmp_path / "in")
    truncate(paths[1], 700)
    done = convkit("report", tmp_path / "in", "-o", tmp_path / "r.html", "-j1", "--no-pixels")
    assert done.returncode == 4
    assert "[input.cut-header]" in done.stderr
    assert (tmp_path / "r.html").is_file()


def test_files_that_are_no_dicom_are_listed(folder: Path, tmp_path: Path) -> None:
    names = [f"note{number}.txt" for number in range(7)]
    for name in names:
        (tmp_path / name).write_text("no DICOM")
    command = ("report", folder, tmp_path, "-o", tmp_path / "r.html", "-j1", "--no-pixels", "--exists", "overwrite")
    done = convkit(*command)
    assert "7 files: The file is not DICOM. [input.not-dicom]" in done.stderr
    assert f"    {tmp_path / 'note0.txt'}" in done.stderr
    assert "and 4 more (-v lists them)" in done.stderr
    assert all(name in convkit(*command, "-v").stderr for name in names)
    assert "note0" not in convkit(*command, "-qq").stderr


def test_a_warning_under_strict(tmp_path: Path) -> None:
    write(series(slices=5, tilt=0.5), tmp_path / "in")
    command = ("report", tmp_path / "in", "-o", tmp_path / "r.html", "-j1", "--no-pixels", "--exists", "overwrite")
    assert convkit(*command).returncode == 0
    assert convkit(*command, "--strict").returncode == 6


@pytest.mark.parametrize(
    "options",
    [
        ["-o", "r.txt"],
        ["-o", "r.html", "--columns", "PatientName"],
        ["-o", "r.html", "--columns", "NoSuch"],
        ["-o", "r.html", "--by", "NoSuch"],
        ["-o", "r.html", "--labels", "nothing.csv"],
        ["-o", "r.html", "--where", "("],
        ["-o", "r.html", "--min-cell", "-1"],
        ["-o", "r.html", "--frames", "0"],
        ["-o", "r.html", "--key", "k"],
        [],
    ],
    ids=" ".join,
)
def test_wrong_usage(options: list[str], folder: Path, tmp_path: Path) -> None:
    done = convkit("report", folder, *options, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "[" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_labels_that_are_no_table(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_bytes(b"\xff\xfe\x00")
    done = convkit("report", folder, "-o", tmp_path / "r.html", "--labels", tmp_path / "l.csv")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "r.html").exists()


def test_a_configuration(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "convkit.toml").write_text('[report]\ncolumns = ["KVP", "Modality"]\nmin-cell = 2\npixels = false\n')
    done = convkit("report", folder, "-o", "r.html", "--json", "-j1", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert [one["name"] for one in found["attributes"]] == ["KVP", "Modality"]
    assert found["least"] == 2


def test_files_of_an_index_need_not_be_there(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "index.parquet"
    assert convkit("scan", folder, "--level", "instance", "-o", table, "-j1").returncode == 0
    moved = folder.rename(folder.with_name("moved"))
    try:
        done = convkit("report", table, "-o", tmp_path / "r.html", "-j1")
    finally:
        moved.rename(folder)
    assert done.returncode == 0
    assert "could not be read" in done.stderr
