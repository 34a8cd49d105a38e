"""A destination that is used again: nothing is overwritten, nothing old is passed off as new."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

import convkit
from convkit import OutputError, Severity, Status
from tests.builders import series, write
from tests.builders.oracle import check_world
from tests.jobs.work import (
    Run,
    again,
    assert_right,
    codes,
    contents,
    convert_folder,
    digests,
    renumbered,
)

SECRET = "Zqxgeheim"
BESIDE = (200.0, 0.0, 0.0)
"""Origin of a second series, so that the oracle tells it from the first."""


def run(datasets: list[Dataset], tmp_path: Path, source: str = "in", **options: Any) -> Run:
    """Put data sets beside what is in a source folder and convert all of it to the one destination."""
    write(datasets, tmp_path / source, shuffle=True)
    return convert_folder(tmp_path / source, tmp_path / "out", **options)


def namesake() -> list[Dataset]:
    """Another series of the same study, number and description."""
    return series(series=2, SeriesNumber=1, SeriesDescription="Series 1", origin=BESIDE)


# --- another series --------------------------------------------------------------------------------------


def test_another_series_of_the_same_name_gets_a_file_of_its_own(tmp_path: Path) -> None:
    first = run(series(), tmp_path, "a")
    before = contents(first.folder)
    second = run(namesake(), tmp_path, "b")
    assert second.report.exit_code == 0
    assert second.report.counts[Status.DONE] == 1
    assert check_world([*series(), *namesake()], second.images) == []
    assert {name: content for name, content in contents(first.folder).items() if name in before} == before
    assert len(second.sidecars) == 2


@pytest.mark.parametrize("exists", ["skip", "error", "overwrite"])
def test_another_series_of_the_same_name_never_replaces_the_first(exists: str, tmp_path: Path) -> None:
    first = run(series(), tmp_path, "a")
    before = contents(first.folder)
    second = run(namesake(), tmp_path, "b", exists=exists)
    assert set(before.items()) < set(contents(first.folder).items())
    assert check_world([*series(), *namesake()], second.images) == []


def test_namesake_in_another_format_leaves_the_first_its_sidecar(tmp_path: Path) -> None:
    first = run(series(), tmp_path, "a")
    before = contents(first.folder)
    run(namesake(), tmp_path, "b", to="nrrd")
    assert set(before.items()) < set(contents(first.folder).items())


def test_both_namesakes_are_resumed(tmp_path: Path) -> None:
    run(series(), tmp_path, "a")
    run(namesake(), tmp_path, "b")
    before = digests_of_outputs(tmp_path / "out")
    for source in ("a", "b", "a"):
        report = convert_folder(tmp_path / source, tmp_path / "out").report
        assert report.counts[Status.RESUMED] == len(report.outcomes) == 1
    assert digests_of_outputs(tmp_path / "out") == before


def digests_of_outputs(folder: Path) -> dict[str, tuple[str, int]]:
    return {name: told for name, told in digests(folder).items() if not name.startswith(".convkit")}


# --- the same series, changed ----------------------------------------------------------------------------


def test_series_with_a_new_slice_is_stale_and_the_old_file_stays(tmp_path: Path) -> None:
    whole = series()
    first = run(whole[:4], tmp_path)
    before = digests_of_outputs(first.folder)
    second = run(whole[4:], tmp_path)
    assert second.report.exit_code == 5
    assert "output.stale" in codes(second.report, Severity.ERROR)
    assert digests_of_outputs(first.folder) == before


def test_stale_output_costs_only_itself(tmp_path: Path) -> None:
    whole = series()
    run(whole[:4], tmp_path)
    other = series(series=2, origin=BESIDE)
    second = run([*whole[4:], *other], tmp_path)
    assert second.report.exit_code == 4
    assert "output.stale" in second.codes
    assert check_world([*whole[:4], *other], second.images) == []


def test_stale_stays_stale_however_often_it_is_asked(tmp_path: Path) -> None:
    whole = series()
    run(whole[:4], tmp_path)
    run(whole[4:], tmp_path)
    for _ in range(2):
        assert "output.stale" in convert_folder(tmp_path / "in", tmp_path / "out").codes


def test_overwrite_renews_a_stale_output(tmp_path: Path) -> None:
    whole = series()
    run(whole[:4], tmp_path)
    renewed = run(whole[4:], tmp_path, exists="overwrite")
    assert_right(whole, renewed)
    assert renewed.report.counts[Status.DONE] == 1
    assert convert_folder(tmp_path / "in", tmp_path / "out").report.counts[Status.RESUMED] == 1


def test_source_that_changed_in_place_is_stale(tmp_path: Path) -> None:
    run(series(), tmp_path)
    shutil.rmtree(tmp_path / "in")
    second = run(series(RescaleIntercept=0), tmp_path)
    assert second.report.exit_code == 5
    assert "output.stale" in second.codes
    assert check_world(series(), second.images) == []


OTHER_OPTIONS: dict[str, dict[str, Any]] = {
    "values": {"values": "rescaled"},
    "dtype": {"dtype": "float32"},
    "orient": {"orient": "LPS"},
    "irregular": {"irregular": "keep"},
    "tilt": {"tilt": "error"},
    "sidecar": {"sidecar": "none"},
    "keep": {"keep": ("ReconstructionDiameter",)},
}


@pytest.mark.parametrize("option", OTHER_OPTIONS)
def test_changed_options_are_stale_until_overwritten(option: str, tmp_path: Path) -> None:
    first = run(series(), tmp_path)
    before = digests_of_outputs(first.folder)
    changed = convert_folder(tmp_path / "in", tmp_path / "out", **OTHER_OPTIONS[option])
    assert changed.report.exit_code == 5
    assert "output.stale" in changed.codes
    assert digests_of_outputs(first.folder) == before
    assert_right(
        series(), convert_folder(tmp_path / "in", tmp_path / "out", exists="overwrite", **OTHER_OPTIONS[option])
    )


def test_another_format_is_no_other_state_of_the_first(tmp_path: Path) -> None:
    run(series(), tmp_path)
    second = convert_folder(tmp_path / "in", tmp_path / "out", to="nrrd")
    assert second.report.counts[Status.DONE] == 1
    assert [check_world(series(), [image]) for image in second.images] == [[], []]


# --- files that are not ours -----------------------------------------------------------------------------


def test_file_of_unknown_origin_is_kept_with_a_warning(tmp_path: Path) -> None:
    run(series(), tmp_path)
    shutil.rmtree(tmp_path / "out" / ".convkit")
    before = digests_of_outputs(tmp_path / "out")
    second = convert_folder(tmp_path / "in", tmp_path / "out")
    assert second.report.counts[Status.KEPT] == 1
    assert codes(second.report, Severity.WARNING) == {"output.exists"}
    assert digests_of_outputs(tmp_path / "out") == before
    assert convert_folder(tmp_path / "in", tmp_path / "out", strict=True).report.exit_code == 6


def test_foreign_file_is_refused_where_asked(tmp_path: Path) -> None:
    first = run(series(), tmp_path)
    shutil.rmtree(tmp_path / "out" / ".convkit")
    second = convert_folder(tmp_path / "in", tmp_path / "out", exists="error")
    assert second.report.exit_code == 5
    assert "output.exists-refused" in second.codes
    assert contents(first.folder) == contents(second.folder)


def test_link_that_leads_nowhere_under_the_name_is_not_written_through(tmp_path: Path) -> None:
    first = run(series(), tmp_path)
    (path,) = first.folder.rglob("*.nii")
    shutil.rmtree(first.folder / ".convkit")
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    second = convert_folder(tmp_path / "in", tmp_path / "out")
    assert "output.exists" in second.codes
    assert not (tmp_path / "elsewhere").exists()


# --- after a kill ----------------------------------------------------------------------------------------


def forget_finished(folder: Path) -> None:
    """What a kill leaves between the file's last byte and its record: the claim alone."""
    with closing(sqlite3.connect(folder / ".convkit" / "journal.sqlite")) as journal, journal:
        assert journal.execute("DELETE FROM item").rowcount > 0


@pytest.mark.parametrize("exists", ["skip", "error"])
def test_file_that_was_claimed_and_not_recorded_is_written_anew(exists: str, tmp_path: Path) -> None:
    first = run(series(), tmp_path)
    expected = contents(first.folder)
    forget_finished(first.folder)
    (path,) = first.folder.rglob("*.nii")
    path.write_bytes(b"of a run that was killed")
    second = convert_folder(tmp_path / "in", tmp_path / "out", exists=exists)
    assert second.report.counts[Status.DONE] == 1
    assert contents(second.folder) == expected


def test_claim_of_other_options_is_not_taken_for_ones_own(tmp_path: Path) -> None:
    first = run(series(), tmp_path)
    forget_finished(first.folder)
    before = contents(first.folder)
    second = convert_folder(tmp_path / "in", tmp_path / "out", values="rescaled")
    assert "output.stale" in second.codes
    assert contents(second.folder) == before


# --- inputs ----------------------------------------------------------------------------------------------


def input_named(tmp_path: Path, name: str, datasets: list[Dataset]) -> Path:
    """A folder with a data set under the name of an output."""
    folder = tmp_path / "both"
    write(datasets[1:], folder)
    return write(datasets[:1], tmp_path / "one")[0].rename(folder / name)


@pytest.mark.parametrize("link", [False, True], ids=["plain", "by a link"])
def test_overwrite_that_would_replace_an_input_is_refused(link: bool, tmp_path: Path) -> None:
    path = input_named(tmp_path, "a.nii", series())
    before = path.read_bytes()
    target = path.parent
    if link:
        target = tmp_path / "link"
        target.symlink_to(path.parent, target_is_directory=True)
    second = convert_folder(path.parent, target, filename="a", exists="overwrite")
    assert second.report.exit_code == 5
    assert "output.inside-source" in second.codes
    assert path.read_bytes() == before


@pytest.mark.parametrize("exists", ["skip", "error", "overwrite"])
def test_sidecar_never_replaces_an_input(exists: str, tmp_path: Path) -> None:
    path = input_named(tmp_path, "a.json", series())
    before = path.read_bytes()
    convert_folder(path.parent, path.parent, filename="a", exists=exists)
    assert path.read_bytes() == before


def test_overwrite_never_replaces_an_input_of_another_volume(tmp_path: Path) -> None:
    write(series(SeriesDescription="a"), tmp_path / "both")
    path = input_named(tmp_path, "a.nii", series(series=2, SeriesDescription="b", origin=BESIDE))
    before = path.read_bytes()
    convert_folder(path.parent, path.parent, filename="{SeriesDescription}", exists="overwrite")
    assert path.read_bytes() == before


@pytest.mark.parametrize("exists", ["skip", "error"])
def test_foreign_sidecar_is_left_alone(exists: str, tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.json").write_text("mine")
    convert_folder(tmp_path / "in", tmp_path / "out", filename="a", exists=exists)
    assert (tmp_path / "out" / "a.json").read_text() == "mine"


def test_foreign_file_under_the_name_of_a_mask_is_left_alone(tmp_path: Path) -> None:
    write(series(missing=(2,)), tmp_path / "in")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a_invented.nii").write_text("mine")
    convert_folder(tmp_path / "in", tmp_path / "out", filename="a", irregular="resample")
    assert (tmp_path / "out" / "a_invented.nii").read_bytes() == b"mine"


@pytest.mark.parametrize("exists", ["skip", "overwrite"])
def test_sort_with_a_source_inside_the_destination_is_refused(exists: str, tmp_path: Path) -> None:
    write(series(), tmp_path / "out" / "incoming")
    before = digests(tmp_path)
    with pytest.raises(OutputError) as caught:
        convkit.sort(tmp_path / "out" / "incoming", tmp_path / "out", exists=exists, jobs=1)
    assert caught.value.code == "output.inside-source"
    assert digests(tmp_path) == before


def test_sort_refuses_a_source_below_the_destination_that_a_link_hides(tmp_path: Path) -> None:
    write(series(), tmp_path / "out" / "incoming")
    (tmp_path / "link").symlink_to(tmp_path / "out" / "incoming", target_is_directory=True)
    before = digests(tmp_path / "out")
    with pytest.raises(OutputError):
        convkit.sort(tmp_path / "link", tmp_path / "out", jobs=1)
    assert digests(tmp_path / "out") == before


# --- privacy ---------------------------------------------------------------------------------------------


def test_no_path_of_an_input_is_in_outputs_or_journal(tmp_path: Path) -> None:
    """Notes of doubles, of doubts and of damaged images each name a file in the report, and only there."""
    source = tmp_path / SECRET
    datasets = series(KVP=lambda p: 80 + p.slice % 2)
    write(datasets, source / "a")
    write(datasets[:1], source / "copy")
    damaged = series(series=2)
    damaged[2] = again(damaged[2], PixelData=b"\0\0")
    write(damaged, source / "b")
    first = convert_folder(source, tmp_path / "out", irregular="split", sidecar="full")
    assert first.report.exit_code == 0
    assert {"header.duplicate-file", "pixels.truncated"} <= first.codes
    assert SECRET in json.dumps(first.report.to_json())
    convert_folder(source, tmp_path / "out", irregular="split", sidecar="full")
    for path in (p for p in (tmp_path / "out").rglob("*") if p.is_file()):
        assert SECRET.encode() not in path.read_bytes(), path.name


def test_renumbered_series_is_a_changed_one(tmp_path: Path) -> None:
    run(series(), tmp_path)
    shutil.rmtree(tmp_path / "in")
    second = run(renumbered(series()), tmp_path)
    assert "output.stale" in second.codes
