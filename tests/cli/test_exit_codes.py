"""The one table of exit codes, and what goes to which stream."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest

from convkit import __version__
from tests.builders import countless_mosaic, series, structured_report, truncate, write
from tests.cli.command import convkit, lines
from tests.jobs.work import contents

posix = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")


def good(folder: Path) -> None:
    write(series(series=1), folder, shuffle=True)


def tilted(folder: Path) -> None:
    write(series(series=1, tilt=0.9), folder, shuffle=True)


def bad(folder: Path) -> None:
    write(series(series=2, missing=(2,)), folder, shuffle=True)


def mixed(folder: Path) -> None:
    good(folder)
    bad(folder)


def empty(folder: Path) -> None:
    folder.mkdir()


def foreign(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("hello")


def report_alone(folder: Path) -> None:
    write([structured_report()], folder)


def unreadable(folder: Path) -> None:
    truncate(write(series(slices=1), folder)[0], 700)


CODES: list[tuple[Any, list[str], int]] = [
    (good, [], 0),
    (good, ["--strict"], 0),
    (good, ["--dry-run"], 0),
    (tilted, [], 0),
    (tilted, ["--strict"], 6),
    (tilted, ["--tilt", "error"], 5),
    (tilted, ["--no-strict"], 0),
    (mixed, [], 4),
    (mixed, ["--irregular", "keep"], 0),
    (mixed, ["--irregular", "keep", "--strict"], 6),
    (mixed, ["-w", "SeriesNumber == 1"], 0),
    (mixed, ["-w", "SeriesNumber == 2"], 5),
    (mixed, ["-w", "SeriesNumber == 9"], 3),
    (bad, [], 5),
    (bad, ["--dry-run"], 5),
    (empty, [], 3),
    (foreign, [], 3),
    (report_alone, [], 3),
    (unreadable, [], 5),
    (good, ["--to", "tiff"], 2),
    (good, ["--values", "real"], 2),
    (good, ["--dtype", "int7"], 2),
    (good, ["--orient", "RAT"], 2),
    (good, ["--jobs", "0"], 2),
    (good, ["--no-such-option"], 2),
    (good, ["-w", "Modalty == 'CT'"], 2),
    (good, ["-w", "Modality ="], 2),
    (good, ["-f", "{SeriesNumbr}"], 2),
    (good, ["-f", "{PatientName}"], 2),
    (good, ["--keep", "NoSuchKeyword"], 2),
    (good, ["--config", "nowhere.toml"], 2),
]


@pytest.mark.parametrize(
    ("fill", "options", "code"), CODES, ids=[f"{f.__name__} {' '.join(o)} {c}" for f, o, c in CODES]
)
def test_exit_code_of_convert(fill: Any, options: list[str], code: int, tmp_path: Path) -> None:
    fill(tmp_path / "in")
    done = convkit("convert", tmp_path / "in", "-o", tmp_path / "out", "-j1", *options)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if code in {2, 3}:
        assert done.stdout == ""
        assert done.stderr
        assert not (tmp_path / "out").exists() or contents(tmp_path / "out") == {}


@pytest.mark.parametrize(
    ("fill", "options", "code"),
    [(good, [], 0), (bad, [], 0), (bad, ["--strict"], 6), (empty, [], 3), (foreign, [], 3), (unreadable, [], 5)],
    ids=lambda v: getattr(v, "__name__", str(v)),
)
def test_exit_code_of_scan(fill: Any, options: list[str], code: int, tmp_path: Path) -> None:
    fill(tmp_path / "in")
    assert convkit("scan", tmp_path / "in", "-j1", *options).returncode == code


@pytest.mark.parametrize(
    ("fill", "options", "code"),
    [(good, [], 0), (bad, [], 0), (empty, [], 3), (unreadable, [], 5), (good, ["--action", "move"], 2)],
    ids=lambda v: getattr(v, "__name__", str(v)),
)
def test_exit_code_of_sort(fill: Any, options: list[str], code: int, tmp_path: Path) -> None:
    fill(tmp_path / "in")
    assert convkit("sort", tmp_path / "in", "-o", tmp_path / "out", "-j1", *options).returncode == code


@pytest.mark.parametrize("arguments", [[], ["convret"], ["convert"], ["convert", "x"], ["scan"]], ids=str)
def test_missing_arguments_are_wrong_usage(arguments: list[str]) -> None:
    done = convkit(*arguments)
    assert done.returncode == 2 or (not arguments and "Usage" in done.stdout + done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["convert", "scan", "sort"])
def test_source_that_is_not_there_is_said_in_one_line(verb: str, tmp_path: Path) -> None:
    done = convkit(verb, tmp_path / "nowhere", *([] if verb == "scan" else ["-o", tmp_path / "out"]))
    assert done.returncode not in {0, 3}
    assert len(lines(done.stderr)) == 1
    assert "does not exist" in done.stderr


def test_sorting_into_a_source_is_refused_in_one_line(tmp_path: Path) -> None:
    good(tmp_path / "in")
    done = convkit("sort", tmp_path / "in", "-o", tmp_path / "in" / "out")
    assert done.returncode != 0
    assert len(lines(done.stderr)) == 1
    assert "output.inside-source" in done.stderr


@pytest.mark.parametrize("verb", ["convert", "scan", "sort"])
def test_empty_folder_is_one_clear_line(verb: str, tmp_path: Path) -> None:
    empty(tmp_path / "in")
    done = convkit(verb, tmp_path / "in", *([] if verb == "scan" else ["-o", tmp_path / "out"]))
    assert done.returncode == 3
    assert len(lines(done.stderr)) == 1
    assert "no DICOM" in done.stderr


@pytest.mark.parametrize(
    ("options", "suggestion"),
    [
        (["--irregulr", "keep"], "--irregular"),
        (["-w", "Modalty == 'CT'"], "Modality"),
        (["-w", "instanzes > 3"], "instances"),
        (["-f", "{SeriesNumbr}"], "SeriesNumber"),
        (["-f", "{PatientName}"], "--phi-in-names"),
        (["--to", "nifti"], "nii"),
        (["--irregular", "kep"], "keep"),
    ],
    ids=str,
)
def test_mistake_is_answered_with_a_suggestion(options: list[str], suggestion: str, tmp_path: Path) -> None:
    good(tmp_path / "in")
    done = convkit("convert", tmp_path / "in", "-o", tmp_path / "out", *options)
    assert done.returncode == 2
    assert suggestion in done.stderr


# --- streams ---------------------------------------------------------------------------------------------


def test_stdout_holds_paths_of_results_alone(tmp_path: Path) -> None:
    mixed(tmp_path / "in")
    done = convkit("convert", tmp_path / "in", "-o", tmp_path / "out", "-j1")
    assert [Path(line).is_file() for line in lines(done.stdout)] == [True]
    assert "geometry.missing-slice" in done.stderr
    assert "1 done" in done.stderr
    assert "1 refused" in done.stderr


def test_stderr_says_what_where_and_what_to_do(tmp_path: Path) -> None:
    bad(tmp_path / "in")
    done = convkit("convert", tmp_path / "in", "-o", tmp_path / "out", "-j1")
    for text in ("-37.00 mm (instance 2)", "--irregular", "[geometry.missing-slice]", str(tmp_path / "in")):
        assert text in done.stderr


@pytest.mark.parametrize("verb", ["convert", "sort"])
def test_json_lines_are_one_object_an_outcome(verb: str, tmp_path: Path) -> None:
    mixed(tmp_path / "in")
    done = convkit(verb, tmp_path / "in", "-o", tmp_path / "out", "-j1", "--json")
    found = [json.loads(line) for line in lines(done.stdout)]
    assert all({"item", "status", "outputs", "notes", "facts"} <= set(one) for one in found)
    if verb == "convert":
        assert sorted(one["status"] for one in found) == ["done", "refused"]


def test_json_of_scan_is_a_row_a_line(tmp_path: Path) -> None:
    mixed(tmp_path / "in")
    done = convkit("scan", tmp_path / "in", "-j1", "--json")
    rows = [json.loads(line) for line in lines(done.stdout)]
    assert [(r["number"], r["problems"]) for r in rows] == [(1, []), (2, ["geometry.missing-slice"])]


def test_scan_shows_a_table(tmp_path: Path) -> None:
    mixed(tmp_path / "in")
    done = convkit("scan", tmp_path / "in", "-j1")
    assert len(lines(done.stdout)) == 3
    assert "geometry.missing-slice" in done.stdout


@pytest.mark.parametrize(
    ("flags", "has_skipped", "has_summary"), [([], True, True), (["-q"], True, False), (["-qq"], False, False)]
)
def test_quiet_takes_from_stderr_alone(flags: list[str], has_skipped: bool, has_summary: bool, tmp_path: Path) -> None:
    good(tmp_path / "in")
    (tmp_path / "in" / "letter.txt").write_text("no DICOM")
    done = convkit("convert", tmp_path / "in", "-o", tmp_path / "out", "-j1", *flags)
    assert len(lines(done.stdout)) == 1
    assert done.returncode == 0
    assert ("input.not-dicom" in done.stderr) is has_skipped
    assert ("1 done" in done.stderr) is has_summary


@pytest.mark.parametrize("verb", ["convert", "preview", "deid", "sort"])
def test_failures_are_told_however_quiet(verb: str, tmp_path: Path) -> None:
    good(tmp_path / "in")
    (tmp_path / "in" / "letter.txt").write_text("no DICOM")
    (file,) = list((tmp_path / "in").rglob("*.dcm"))[:1]
    (tmp_path / "in" / "short.dcm").write_bytes(file.read_bytes()[:300])
    done = convkit(verb, tmp_path / "in", "-o", tmp_path / "out", "-j1", "-qq")
    assert done.returncode == 4, done.stderr
    told, summary = lines(done.stderr)
    assert told.startswith(("failed: ", "refused: "))
    assert "short.dcm" in told
    assert " done" in summary
    assert "1 failed" in summary or "1 refused" in summary


@pytest.mark.parametrize("table", [(), ("-o", "t.csv"), ("-o", "t.csv", "--level", "instance")])
def test_unreadable_files_of_a_scan_are_told_however_quiet(table: tuple[str, ...], tmp_path: Path) -> None:
    good(tmp_path / "in")
    (tmp_path / "in" / "letter.txt").write_text("no DICOM")
    (file,) = list((tmp_path / "in").rglob("*.dcm"))[:1]
    (tmp_path / "in" / "short.dcm").write_bytes(file.read_bytes()[:300])
    done = convkit("scan", tmp_path / "in", "-j1", "-qq", *table, cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    code, place, summary = lines(done.stderr)
    assert "input.cut-header" in code
    assert "short.dcm" in place
    assert "series: 1" in summary


@pytest.mark.parametrize("verb", ["convert", "scan", "sort"])
def test_no_progress_bar_where_there_is_no_terminal(verb: str, tmp_path: Path) -> None:
    good(tmp_path / "in")
    done = convkit(verb, tmp_path / "in", *([] if verb == "scan" else ["-o", tmp_path / "out"]), "-j1")
    assert "\r" not in done.stderr
    assert "%|" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="pseudo terminals are POSIX")
def test_progress_bar_on_a_terminal_goes_to_stderr_alone(tmp_path: Path) -> None:
    good(tmp_path / "in")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    command = [sys.executable, "-m", "convkit", "convert", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "-j1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True)
    out, _ = process.communicate(timeout=60)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # Linux tells the end of a pseudo terminal so
        pass
    os.close(ours)
    assert process.returncode == 0
    assert b"headers" in shown
    assert b"B/s" in shown
    assert len(lines(out)) == 1


def test_reader_that_leaves_early_makes_no_traceback(tmp_path: Path) -> None:
    write([d for n in range(1, 40) for d in series(series=n, slices=1)], tmp_path / "in")
    command = f"{sys.executable} -m convkit scan {tmp_path / 'in'} -j1 | head -n 1"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert len(lines(done.stdout)) == 1


# --- sources and settings --------------------------------------------------------------------------------


def test_dash_reads_paths_from_standard_input(tmp_path: Path) -> None:
    paths = write(series(), tmp_path / "in")
    done = convkit("scan", "-", "--json", "-j1", typed_in="".join(f"{p}\n" for p in paths[:3]))
    assert json.loads(done.stdout)["instances"] == 3


def test_list_file_names_sources(tmp_path: Path) -> None:
    paths = write(series(), tmp_path / "in")
    (tmp_path / "list.txt").write_text("\n".join(map(str, paths)))
    done = convkit("convert", f"@{tmp_path / 'list.txt'}", "-o", tmp_path / "out", "-j1")
    assert done.returncode == 0
    assert len(lines(done.stdout)) == 1


def test_empty_standard_input_is_nothing_to_do() -> None:
    done = convkit("scan", "-")
    assert done.returncode in {2, 3}
    assert "Traceback" not in done.stderr


def test_configuration_beside_the_caller_sets_defaults(tmp_path: Path) -> None:
    bad(tmp_path / "in")
    (tmp_path / "convkit.toml").write_text('jobs = 1\n[convert]\nto = "nii"\nirregular = "keep"\n')
    done = convkit("convert", "in", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.strip().endswith(".nii")


def test_command_line_goes_before_the_configuration(tmp_path: Path) -> None:
    good(tmp_path / "in")
    (tmp_path / "convkit.toml").write_text('[convert]\nto = "nii"\n')
    done = convkit("convert", "in", "-o", "out", "--to", "mha", cwd=tmp_path)
    assert done.stdout.strip().endswith(".mha")


def test_pyproject_holds_a_configuration_too(tmp_path: Path) -> None:
    good(tmp_path / "in")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.convkit.convert]\nto = "nrrd"\n')
    assert convkit("convert", "in", "-o", "out", cwd=tmp_path).stdout.strip().endswith(".nrrd")


def test_configuration_is_found_where_it_is_named(tmp_path: Path) -> None:
    good(tmp_path / "in")
    (tmp_path / "my.toml").write_text('[convert]\nto = "npz"\n')
    done = convkit("convert", tmp_path / "in", "-o", tmp_path / "out", "--config", tmp_path / "my.toml")
    assert done.stdout.strip().endswith(".npz")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[convert]\nirregulr = "keep"\n', "irregular"),
        ("[convert\n", "convkit.toml"),
        ('[convert]\nirregular = "guess"\n', "guess"),
        ("jobs = 0\n", "jobs"),
    ],
)
def test_mistake_in_the_configuration_is_wrong_usage(text: str, word: str, tmp_path: Path) -> None:
    good(tmp_path / "in")
    (tmp_path / "convkit.toml").write_text(text)
    done = convkit("convert", "in", "-o", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_setting_of_another_verb_is_no_mistake(tmp_path: Path) -> None:
    good(tmp_path / "in")
    (tmp_path / "convkit.toml").write_text('to = "nii"\naction = "symlink"\n')
    assert convkit("scan", "in", cwd=tmp_path).returncode == 0


def test_scan_saves_its_table_and_says_where(tmp_path: Path) -> None:
    good(tmp_path / "in")
    done = convkit("scan", tmp_path / "in", "-o", tmp_path / "x.csv", "-j1")
    assert lines(done.stdout) == [str(tmp_path / "x.csv")]
    assert (tmp_path / "x.csv").is_file()


def test_unknown_table_suffix_is_wrong_usage(tmp_path: Path) -> None:
    good(tmp_path / "in")
    assert convkit("scan", tmp_path / "in", "-o", tmp_path / "x.xyz", "-j1").returncode == 2


def test_log_file_is_written(tmp_path: Path) -> None:
    mixed(tmp_path / "in")
    done = convkit("convert", tmp_path / "in", "-o", tmp_path / "out", "-j1", "--log", tmp_path / "x.log", "-vv")
    assert done.returncode == 4
    assert (tmp_path / "x.log").is_file()


def test_log_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    good(tmp_path / "in")
    done = convkit("convert", tmp_path / "in", "-o", tmp_path / "out", "--log", tmp_path / "no" / "x.log")
    assert done.returncode not in {0, 1} or "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-h"], ["convert", "--help"], ["scan", "-h"], ["sort", "-h"]], ids=str
)
def test_help_is_shown(arguments: list[str]) -> None:
    done = convkit(*arguments)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: convkit")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["preview", "in", "-o", "out", "--window"], "requires an argument"),
        (["preview", "in", "-o", "out", "--size", "big"], "'big' is not a valid integer"),
        (["preview", "in"], "Missing option"),
        (["convrt"], "No such command"),
    ],
)
def test_an_error_of_the_command_line_has_a_code_like_any_other(arguments: list[str], what: str) -> None:
    done = convkit(*arguments)
    assert done.returncode == 2
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("convkit: ")
    assert what in last
    assert last.endswith("[usage.error]")


def test_version_is_shown() -> None:
    assert convkit("--version").stdout.strip() == f"convkit {__version__}"


def test_convert_twice_resumes(tmp_path: Path) -> None:
    mixed(tmp_path / "in")
    first = convkit("convert", tmp_path / "in", "-o", tmp_path / "out", "-j2")
    second = convkit("convert", tmp_path / "in", "-o", tmp_path / "out", "-j2")
    assert (first.stdout, first.returncode) == (second.stdout, second.returncode)
    assert "1 resumed" in second.stderr


def test_mosaic_without_its_count_is_named_with_what_to_do(tmp_path: Path) -> None:
    write([countless_mosaic()], tmp_path / "in")
    done = convkit("convert", tmp_path / "in", "-o", tmp_path / "out", "-j1")
    assert done.returncode == 5
    assert "[object.mosaic-count]" in done.stderr
    assert "without removing private elements" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk")
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["scan", "--help"]])
def test_results_that_cannot_be_written_are_no_success(arguments: list[str]) -> None:
    """The program ends without Python's own tidying, which is what looks whether the last bytes were written."""
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "convkit", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode not in {0, 5}
    assert b"Traceback" not in done.stderr


def test_what_was_left_for_the_end_of_the_program_is_done() -> None:
    code = (
        "import atexit, sys; atexit.register(print, 'left for the end'); sys.argv = ['convkit', '--version']\n"
        "from convkit.cli.main import program; program()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "left for the end" in done.stdout


@posix
@pytest.mark.parametrize(("closed", "code"), [("2>&-", 0), (">&-", 0), ("<&-", 0)])
def test_streams_that_are_closed_cost_only_what_goes_there(closed: str, code: int, tmp_path: Path) -> None:
    good(tmp_path / "in")
    command = f"{sys.executable} -m convkit convert {tmp_path}/in -o {tmp_path}/out --to nii {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "out").rglob("*.nii"))


@posix
def test_paths_from_standard_input_that_is_closed_are_none(tmp_path: Path) -> None:
    command = f"{sys.executable} -m convkit convert - -o {tmp_path}/out <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode in {2, 3}
    assert "Traceback" not in done.stderr


def test_scan_names_a_series_that_is_refused_as_convert_does(tmp_path: Path) -> None:
    write(series(missing=(2,)), tmp_path / "in")
    told = convkit("scan", tmp_path / "in").stderr
    (name,) = {line.partition(":")[0] for line in told.splitlines() if "[geometry.missing-slice]" in line}
    assert re.fullmatch(r"series 001 \[[0-9a-f]{6}\]", name)
    assert name in convkit("convert", tmp_path / "in", "-o", tmp_path / "out").stderr


@pytest.mark.parametrize("flags", [[], ["-v"]])
def test_many_items_that_are_refused_for_one_reason_are_told_at_once(flags: list[str], tmp_path: Path) -> None:
    for number in range(1, 9):
        write(series(series=number, missing=(2,)), tmp_path / "in" / str(number))
    done = convkit("convert", tmp_path / "in", "-o", tmp_path / "out", *flags)
    said = [line for line in lines(done.stderr) if "refused" in line]
    assert done.returncode == 5
    assert len(said) == (9 if flags else 2)  # with the summary
    if not flags:
        assert said[0].startswith("refused: 8 items: ")
        assert "    and 3 more (-v lists all)" in lines(done.stderr)
        assert len([line for line in lines(done.stderr) if line.startswith("    ")]) == 6


@pytest.mark.parametrize("flags", [[], ["-v"]])
def test_many_files_of_a_series_of_which_the_same_is_to_be_known(flags: list[str], tmp_path: Path) -> None:
    for version in ("a", "b"):
        write(series(series=1, slices=9, KVP=80 + ord(version)), tmp_path / "in" / version)
    done = convkit("convert", tmp_path / "in", "-o", tmp_path / "out", *flags)
    said = [line for line in lines(done.stderr) if "header.conflicting-instances" in line]
    assert len(said) == (18 if flags else 12)  # of two volumes
    assert flags or "and 4 more like it (-v lists all)" in said[-1]
