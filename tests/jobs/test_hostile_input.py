"""Files, templates, settings and arguments made to break: each costs only itself, and is answered in our words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from struct import pack, unpack
from textwrap import dedent
from typing import Any

import pytest

import convkit
from convkit import InputError, MultipleVolumesError, Status, UsageError
from tests.builders import instance, series, write
from tests.builders.oracle import check_world
from tests.cli.command import convkit as command
from tests.jobs.work import assert_right, convert_folder

# --- files -----------------------------------------------------------------------------------------------


def with_wrong_vr_in_meta(content: bytes) -> bytes:
    """VR UI of Media Storage SOP Class UID changed to UA, which does not exist."""
    at = content.index(pack("<HH2s", 0x0002, 0x0002, b"UI"))
    return content[: at + 5] + b"A" + content[at + 6 :]


def with_position(content: bytes, value: bytes) -> bytes:
    """Image Position (Patient) replaced."""
    at = content.index(pack("<HH2s", 0x0020, 0x0032, b"DS"))
    (length,) = unpack("<H", content[at + 6 : at + 8])
    return content[: at + 6] + pack("<H", len(value)) + value + content[at + 8 + length :]


HOSTILE = {
    "exponent of 400 digits": lambda c: with_position(c, b"-20\\-30\\0e-" + b"9" * 401),
    "exponent of 400 digits upwards": lambda c: with_position(c, b"-20\\-30\\1e" + b"9" * 400),
    "number of 60000 digits": lambda c: with_position(c, b"-20\\-30\\" + b"9" * 60000),
    "underscores in a number": lambda c: with_position(c, b"-20\\-30\\1_0"),
    "not a number": lambda c: with_position(c, b"-20\\-30\\nan "),
    "infinity": lambda c: with_position(c, b"-20\\-30\\inf "),
    "ten thousand numbers": lambda c: with_position(c, b"1\\" * 10000),
    "value longer than the file": lambda c: c[:-2000] if len(c) > 2000 else c[:400],
}


def beside_a_good_one(tmp_path: Path, damage: Any) -> Path:
    """A good series and a damaged image of another series."""
    (path,) = write([instance(series=9)], tmp_path / "in" / "bad")
    path.write_bytes(damage(path.read_bytes()))
    write(series(), tmp_path / "in" / "good", shuffle=True)
    return tmp_path / "in"


def test_vr_that_does_not_exist_costs_only_its_file(tmp_path: Path) -> None:
    run = convert_folder(beside_a_good_one(tmp_path, with_wrong_vr_in_meta), tmp_path / "out")
    assert run.report.exit_code == 4
    assert check_world(series(), run.images) == []
    (bad,) = [o for o in run.report.outcomes if o.status is Status.FAILED]
    assert [n.code for n in bad.notes] == ["input.broken-header"]


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_value_costs_at_most_its_own_series(case: str, tmp_path: Path) -> None:
    run = convert_folder(beside_a_good_one(tmp_path, HOSTILE[case]), tmp_path / "out")
    good = [image for image in run.images if "Series_1" in image.name]
    assert check_world(series(), good) == []
    assert "engine.unexpected" not in run.codes
    assert run.report.exit_code in {0, 4}


@pytest.mark.parametrize("case", HOSTILE)
def test_scan_of_a_hostile_value_gives_every_level_of_the_table(case: str, tmp_path: Path) -> None:
    found = convkit.scan(beside_a_good_one(tmp_path, HOSTILE[case]), jobs=1)
    for level in ("volume", "series", "study", "instance"):
        assert found.to_rows(level)


# --- command line ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["convert", "sort"])
def test_empty_destination_is_wrong_usage(verb: str, tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    done = command(verb, tmp_path / "in", "-o", "", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


MISSHAPEN = {
    "verb that is a number": ("convkit.toml", "convert = 3\n"),
    "verb that is a list": ("convkit.toml", "[[convert]]\nto = 'nii'\n"),
    "verb that is a text": ("convkit.toml", "convert = 'nii'\n"),
    "tool that is a number": ("pyproject.toml", "tool = 3  # nothing for convkit\n"),
    "section that is a list": ("pyproject.toml", "[tool]\nconvkit = ['nii']\n"),
    "choice that is a list": ("convkit.toml", "[convert]\nirregular = ['keep']\n"),
    "format that is a list": ("convkit.toml", "[convert]\nto = ['nii', 'mha']\n"),
    "format that is a number": ("convkit.toml", "[convert]\nto = 3\n"),
    "keywords that are a table": ("convkit.toml", "[convert.keep]\na = 1\n"),
    "number that is a text": ("convkit.toml", "jobs = 'many'\n"),
    "flag that is a text": ("convkit.toml", "strict = 'perhaps'\n"),
    "not TOML": ("convkit.toml", "to: nii\n"),
    "not text": ("convkit.toml", "\udcff\udcfe"),
}


@pytest.mark.parametrize("case", MISSHAPEN)
def test_configuration_of_wrong_shape_is_wrong_usage(case: str, tmp_path: Path) -> None:
    name, text = MISSHAPEN[case]
    write(series(slices=2), tmp_path / "in")
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    done = command("convert", "in", "-o", "out", "-q", cwd=tmp_path)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_table_for_a_number_is_wrong_usage(tmp_path: Path) -> None:
    write(series(slices=2), tmp_path / "in")
    (tmp_path / "convkit.toml").write_text("[convert.jobs]\na = 1\n")
    assert command("convert", "in", "-o", "out", cwd=tmp_path).returncode == 2


def test_list_of_keywords_in_the_configuration_is_understood(tmp_path: Path) -> None:
    write(series(slices=2, StudyID="x"), tmp_path / "in")
    (tmp_path / "convkit.toml").write_text("[convert]\nkeep = ['EchoTime', 'StudyID']\n")
    assert command("convert", "in", "-o", "out", cwd=tmp_path).returncode == 0


def test_foreign_project_file_that_cannot_be_read_is_no_matter(tmp_path: Path) -> None:
    write(series(slices=2), tmp_path / "in")
    (tmp_path / "pyproject.toml").write_text("not TOML\n")
    assert command("convert", "in", "-o", "out", "-j1", cwd=tmp_path).returncode == 0


# --- templates -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "{SeriesDescription!r}",
        "{SeriesDescription!s}",
        "{SeriesDescription.__class__}",
        "{SeriesDescription[0]}",
        "{SeriesDescription:{SeriesNumber}}",
        "{SeriesNumber:999999999d}",
        "{SeriesDescription:>100000}",
        "{}",
        "{0}",
        "{",
        "}",
        "{SeriesNumber:Q}",
        "{SeriesNumber:.3f}{",
        "   ",
        "/",
        "..",
        "{PatientName}",
    ],
)
def test_template_that_is_none_is_a_usage_error_before_anything_is_written(text: str, tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    with pytest.raises(UsageError):
        convert_folder(tmp_path / "in", tmp_path / "out", filename=text)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number_format", ["{SeriesDescription:d}", "{SeriesDescription:03d}", "{SeriesDescription:f}"])
@pytest.mark.parametrize("value", ["Infinity", "nan", "1e999", "9" * 64, "-", "٣"])
def test_number_asked_of_a_text_ends_no_run(value: str, number_format: str, tmp_path: Path) -> None:
    datasets = series(slices=2, SeriesDescription=value, SpecificCharacterSet="ISO_IR 192")
    write(datasets, tmp_path / "in")
    assert_right(datasets, convert_folder(tmp_path / "in", tmp_path / "out", filename=number_format))


@pytest.mark.parametrize(
    "value", ["../../out of it", "/etc/x", "..", ".", "a\0b", "CON", "x" * 64, "a/../b", ".convkit"]
)
@pytest.mark.parametrize(
    "text", ["{SeriesDescription}", "{SeriesDescription}/{SeriesNumber}", "../{SeriesDescription}"]
)
def test_no_value_leads_out_of_the_destination(value: str, text: str, tmp_path: Path) -> None:
    datasets = series(slices=2, SeriesDescription=value)
    write(datasets, tmp_path / "in")
    run = convert_folder(tmp_path / "in", tmp_path / "deep" / "out", filename=text)
    assert_right(datasets, run)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["deep", "in"]
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["out"]


# --- arguments -------------------------------------------------------------------------------------------

WRONG_ARGUMENTS: dict[str, Any] = {
    "read nothing": lambda _: convkit.read(None),
    "read a number": lambda _: convkit.read(5),
    "read bytes": lambda _: convkit.read(b"in"),
    "read an empty text": lambda _: convkit.read(""),
    "read a list of numbers": lambda _: convkit.read([1, 2]),
    "read no source": lambda _: convkit.read(),
    "read all of nothing": lambda _: list(convkit.read_all(None)),
    "scan nothing": lambda _: convkit.scan(None),
    "convert a number": lambda folder: convkit.convert(5, folder / "out"),
    "convert into an empty text": lambda folder: convkit.convert(folder / "in", output=""),
    "sort a number": lambda folder: convkit.sort(5, folder / "out"),
    "jobs that are a text": lambda folder: convkit.convert(folder / "in", folder / "out", jobs="2"),
    "jobs that are a fraction": lambda folder: convkit.convert(folder / "in", folder / "out", jobs=1.5),
    "jobs below one": lambda folder: convkit.scan(folder / "in", jobs=0),
    "choice that is none": lambda folder: convkit.convert(folder / "in", folder / "out", irregular=None),
    "choice that is a number": lambda folder: convkit.read(folder / "in", values=3),
    "dtype that is a type": lambda folder: convkit.read(folder / "in", dtype=float),
    "orientation of no letters": lambda folder: convkit.read(folder / "in").oriented("ABC"),
    "orientation of one axis": lambda folder: convkit.read(folder / "in").oriented("RRR"),
    "orientation that is empty": lambda folder: convkit.read(folder / "in").oriented(""),
    "level that is none": lambda folder: convkit.scan(folder / "in").to_rows(None),
    "column that is none": lambda folder: convkit.scan(folder / "in").to_rows(columns=["Nothing"]),
}


NOT_YET_CHECKED: dict[str, Any] = {
    "convert into a number": lambda folder: convkit.convert(folder / "in", output=5),
    "sort into a number": lambda folder: convkit.sort(folder / "in", output=5),
    "format that is none": lambda folder: convkit.convert(folder / "in", folder / "out", to=None),
    "orient that is none": lambda folder: convkit.convert(folder / "in", folder / "out", orient=None),
    "keep that is a number": lambda folder: convkit.read(folder / "in", keep=5),
    "keep of numbers": lambda folder: convkit.read(folder / "in", keep=[5]),
    "where that is a number": lambda folder: convkit.scan(folder / "in", where=5),
    "template that is a number": lambda folder: convkit.convert(folder / "in", folder / "out", filename=5),
    "orientation that is a number": lambda folder: convkit.read(folder / "in").oriented(5),
}
"""These end in a TypeError or AttributeError from within."""


@pytest.mark.parametrize("case", WRONG_ARGUMENTS)
def test_argument_of_a_wrong_kind_is_a_usage_error(case: str, tmp_path: Path) -> None:
    write(series(slices=2), tmp_path / "in")
    with pytest.raises(UsageError) as caught:
        WRONG_ARGUMENTS[case](tmp_path)
    assert caught.value.code == "usage.error"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("case", NOT_YET_CHECKED)
def test_argument_of_a_wrong_kind_is_a_usage_error_here_too(case: str, tmp_path: Path) -> None:
    write(series(slices=2), tmp_path / "in")
    with pytest.raises(UsageError):
        NOT_YET_CHECKED[case](tmp_path)


@pytest.mark.parametrize(
    "keep", ["EchoTime", "EchoTime, StudyID", ["EchoTime"], ("EchoTime", "StudyID"), iter(["EchoTime"])]
)
def test_keep_takes_one_text_or_several(keep: Any, tmp_path: Path) -> None:
    write(series(slices=2, EchoTime=30, StudyID="x"), tmp_path / "in")
    facts = convkit.read(tmp_path / "in", keep=keep).facts
    assert facts["EchoTime"] == 0.03
    assert ("StudyID" in facts) == ("StudyID" in str(keep))


@pytest.mark.parametrize("keep", ["ReconstructionDiameter", ["ReconstructionDiameter"], "ReconstructionDiameter,"])
def test_keep_of_convert_takes_one_text_or_several(keep: Any, tmp_path: Path) -> None:
    write(series(slices=2, ReconstructionDiameter=250), tmp_path / "in")
    run = convert_folder(tmp_path / "in", tmp_path / "out", keep=keep)
    assert run.sidecar["ReconstructionDiameter"] == 250


def test_several_volumes_are_told_apart_without_a_value_of_the_header(tmp_path: Path) -> None:
    secret = "Zqxgeheim"
    told = dict.fromkeys(("SeriesDescription", "StudyDescription", "ProtocolName", "PatientName", "PatientID"), secret)
    write([*series(series=1, **told), *series(series=2, **told)], tmp_path / "in")
    with pytest.raises(MultipleVolumesError) as caught:
        convkit.read(tmp_path / "in")
    assert isinstance(caught.value, InputError)
    assert secret not in f"{caught.value} {caught.value!r} {caught.value.args}"


# --- threads and scripts ---------------------------------------------------------------------------------

SCRIPT = """
    import sys
    import threading
    import convkit

    print("script starts")
    source, target = sys.argv[1:]

    def work():
        report = convkit.convert(source, target, to="nii", jobs=2)
        print("exit code", int(report.exit_code))

    worker = threading.Thread(target=work)
    worker.start()
    {beside}
    worker.join()
"""


@pytest.mark.parametrize("beside", ["pass", "convkit.scan(source, jobs=2)"], ids=["alone", "beside another"])
def test_thread_in_a_script_without_a_guard_gives_right_output_once(beside: str, tmp_path: Path) -> None:
    datasets = [*series(series=1), *series(series=2, origin=(200, 0, 0))]
    write(datasets, tmp_path / "in", shuffle=True)
    script = tmp_path / "script.py"
    script.write_text(dedent(SCRIPT).format(beside=beside))
    done = subprocess.run(
        [sys.executable, "-W", "error", script, tmp_path / "in", tmp_path / "out"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(convkit.__file__).parents[1])},
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["script starts", "exit code 0"]
    run = convert_folder(tmp_path / "in", tmp_path / "out")
    assert run.report.counts[Status.RESUMED] == 2
    assert check_world(datasets, run.images) == []
