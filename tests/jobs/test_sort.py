"""The job sort: nothing is lost, nothing is overwritten, no input is touched."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from pathlib import Path

import pytest

import convkit
from convkit import OutputError, Status, UsageError
from tests.builders import cr, dicomdir, series, structured_report, write, write_as
from tests.jobs.work import again, codes, contents, digests


def batch(folder: Path) -> Path:
    write(series(series=1), folder / "a", shuffle=True)
    write(series(series=2, modality="MR", volumes=2), folder / "b", shuffle=True, extension="")
    write(series(patient=2), folder / "b")
    write([structured_report(series=5), cr(series=6)], folder)
    return folder


def counted(folder: Path) -> Counter[str]:
    """How often each content is below a folder."""
    return Counter(hashlib.sha256(b).hexdigest() for b in contents(folder).values())


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("action", ["copy", "hardlink", "symlink"])
def test_every_file_gets_a_place_with_its_bytes(action: str, jobs: int, tmp_path: Path) -> None:
    batch(tmp_path / "in")
    before = digests(tmp_path / "in")
    report = convkit.sort(tmp_path / "in", tmp_path / "out", action=action, jobs=jobs)
    assert report.exit_code == 0
    assert counted(tmp_path / "out") == counted(tmp_path / "in")
    assert digests(tmp_path / "in") == before


def test_tree_is_patient_study_series_instance(tmp_path: Path) -> None:
    write(series(), tmp_path / "in", shuffle=True)
    convkit.sort(tmp_path / "in", tmp_path / "out", jobs=1)
    names = sorted(contents(tmp_path / "out"))
    assert [n.rpartition("/")[2] for n in names] == [f"{n:05d}.dcm" for n in range(1, 6)]
    assert {n.count("/") for n in names} == {3}
    assert names[0].split("/")[2].startswith("001_Series_1_")


def test_default_names_hold_nothing_of_the_patient(tmp_path: Path) -> None:
    batch(tmp_path / "in")
    convkit.sort(tmp_path / "in", tmp_path / "out", jobs=1)
    names = "\n".join(contents(tmp_path / "out"))
    for value in ("P001", "Test", "2020", "2.25"):
        assert value not in names


def test_hardlink_shares_the_file(tmp_path: Path) -> None:
    (source,) = write(series(slices=1), tmp_path / "in")
    convkit.sort(tmp_path / "in", tmp_path / "out", action="hardlink", jobs=1)
    (target,) = (tmp_path / "out").rglob("*.dcm")
    assert target.samefile(source)
    assert not target.is_symlink()


def test_symlink_points_to_the_source_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(series(slices=1), tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    convkit.sort("in", "out", action="symlink", jobs=1)
    (target,) = (tmp_path / "out").rglob("*.dcm")
    assert target.is_symlink()
    assert target.readlink().is_absolute()


def test_copies_of_a_file_are_placed_once_and_said(tmp_path: Path) -> None:
    batch(tmp_path / "in")
    shutil.copytree(tmp_path / "in" / "a", tmp_path / "in" / "copy")
    report = convkit.sort(tmp_path / "in", tmp_path / "out", jobs=1)
    assert counted(tmp_path / "out") == Counter(set(counted(tmp_path / "in")))
    twins = [o for o in report.outcomes if o.notes and o.notes[0].code == "header.duplicate-file"]
    assert [o.status for o in twins] == [Status.SKIPPED] * 5
    assert len(report.outcomes) == sum(counted(tmp_path / "in").values())


def test_different_files_under_one_uid_are_both_placed_and_reported(tmp_path: Path) -> None:
    datasets = series()
    write([*datasets, again(datasets[2], PatientComments="other")], tmp_path / "in")
    report = convkit.sort(tmp_path / "in", tmp_path / "out", jobs=1)
    assert counted(tmp_path / "out") == counted(tmp_path / "in")
    assert "header.conflicting-instances" in codes(report)


@pytest.mark.parametrize("template", ["{Modality}", "x", "{SeriesDescription}/{InstanceNumber}", "a/b"])
def test_nothing_is_lost_whatever_the_template(template: str, tmp_path: Path) -> None:
    batch(tmp_path / "in")
    report = convkit.sort(tmp_path / "in", tmp_path / "out", filename=template, jobs=1)
    assert report.exit_code == 0
    assert counted(tmp_path / "out") == counted(tmp_path / "in")


def test_files_without_any_uid_are_all_placed(tmp_path: Path) -> None:
    datasets = series(
        SOPInstanceUID=None, SeriesInstanceUID=None, StudyInstanceUID=None, InstanceNumber=None, meta=False
    )
    write(datasets, tmp_path / "in")
    convkit.sort(tmp_path / "in", tmp_path / "out", jobs=1)
    assert counted(tmp_path / "out") == counted(tmp_path / "in")


@pytest.mark.parametrize("action", ["copy", "hardlink", "symlink"])
def test_rerun_is_resume(action: str, tmp_path: Path) -> None:
    batch(tmp_path / "in")
    convkit.sort(tmp_path / "in", tmp_path / "out", action=action, jobs=1)
    before = digests(tmp_path / "out")
    report = convkit.sort(tmp_path / "in", tmp_path / "out", action=action, jobs=1)
    assert report.counts[Status.RESUMED] == len(before)
    assert report.exit_code == 0
    assert digests(tmp_path / "out") == before


def test_lost_file_is_placed_again(tmp_path: Path) -> None:
    batch(tmp_path / "in")
    convkit.sort(tmp_path / "in", tmp_path / "out", jobs=1)
    next((tmp_path / "out").rglob("*.dcm")).unlink()
    report = convkit.sort(tmp_path / "in", tmp_path / "out", jobs=1)
    assert report.counts[Status.DONE] == 1
    assert counted(tmp_path / "out") == counted(tmp_path / "in")


@pytest.mark.parametrize("exists", ["skip", "error"])
def test_foreign_file_under_a_name_is_not_overwritten(exists: str, tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    convkit.sort(tmp_path / "in", tmp_path / "out", jobs=1)
    victim = next((tmp_path / "out").rglob("*.dcm"))
    victim.write_bytes(b"mine")
    report = convkit.sort(tmp_path / "in", tmp_path / "out", exists=exists, jobs=1)
    assert victim.read_bytes() == b"mine"
    assert report.exit_code == 4
    assert "output.exists-refused" in codes(report)


def test_overwrite_replaces_a_foreign_file(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    convkit.sort(tmp_path / "in", tmp_path / "out", jobs=1)
    next((tmp_path / "out").rglob("*.dcm")).write_bytes(b"mine")
    convkit.sort(tmp_path / "in", tmp_path / "out", exists="overwrite", jobs=1)
    assert counted(tmp_path / "out") == counted(tmp_path / "in")


def test_overwrite_through_a_hard_link_does_not_reach_the_source(tmp_path: Path) -> None:
    write(series(slices=1), tmp_path / "in")
    convkit.sort(tmp_path / "in", tmp_path / "out", action="hardlink", jobs=1)
    before = digests(tmp_path / "in")
    write(series(slices=1, PatientComments="other"), tmp_path / "other")
    convkit.sort(tmp_path / "other", tmp_path / "out", exists="overwrite", jobs=1)
    assert digests(tmp_path / "in") == before
    assert counted(tmp_path / "out") == counted(tmp_path / "other")


@pytest.mark.parametrize("target", ["", "deep/out"])
def test_destination_inside_a_source_is_refused(target: str, tmp_path: Path) -> None:
    batch(tmp_path / "in")
    before = digests(tmp_path / "in")
    with pytest.raises(OutputError, match="inside"):
        convkit.sort(tmp_path / "in", tmp_path / "in" / target, jobs=1)
    assert digests(tmp_path / "in") == before


def test_destination_inside_a_source_by_a_link_is_refused(tmp_path: Path) -> None:
    batch(tmp_path / "in")
    (tmp_path / "link").symlink_to(tmp_path / "in", target_is_directory=True)
    with pytest.raises(OutputError):
        convkit.sort(tmp_path / "in", tmp_path / "link" / "out", jobs=1)


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    batch(tmp_path / "in")
    report = convkit.sort(tmp_path / "in", tmp_path / "out", dry_run=True, jobs=1)
    assert not (tmp_path / "out").exists()
    assert report.counts[Status.PLANNED] == len(contents(tmp_path / "in"))


def test_dicomdir_and_foreign_files_are_not_placed_and_are_said(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    write_as(dicomdir(), tmp_path / "in" / "DICOMDIR")
    (tmp_path / "in" / "notes.txt").write_text("x")
    report = convkit.sort(tmp_path / "in", tmp_path / "out", jobs=1)
    assert {"input.dicomdir", "input.not-dicom"} <= codes(report)
    assert len(contents(tmp_path / "out")) == 5


def test_where_selects(tmp_path: Path) -> None:
    batch(tmp_path / "in")
    convkit.sort(tmp_path / "in", tmp_path / "out", where='Modality == "MR"', jobs=1)
    assert len(contents(tmp_path / "out")) == 10


def test_tree_does_not_depend_on_names_order_or_workers(tmp_path: Path) -> None:
    batch(tmp_path / "in")
    paths = sorted(p for p in (tmp_path / "in").rglob("*") if p.is_file())
    for number, path in enumerate(reversed(paths)):
        (tmp_path / "other").mkdir(exist_ok=True)
        shutil.copyfile(path, tmp_path / "other" / f"{number:03d}")
    convkit.sort(tmp_path / "in", tmp_path / "one", filename="{Modality}", jobs=1)
    convkit.sort(tmp_path / "other", tmp_path / "two", filename="{Modality}", jobs=4)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_sorted_tree_converts_to_the_same_volumes(tmp_path: Path) -> None:
    batch(tmp_path / "in")
    convkit.sort(tmp_path / "in", tmp_path / "tree", jobs=1)
    convkit.convert(tmp_path / "in", tmp_path / "a", to="nii", jobs=1)
    convkit.convert(tmp_path / "tree", tmp_path / "b", to="nii", jobs=1)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize(
    "option", [{"action": "move"}, {"exists": "maybe"}, {"filename": "{PatientName}"}, {"filename": "{Nothing}"}]
)
def test_wrong_option_is_a_usage_error(option: dict[str, str], tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    with pytest.raises(UsageError):
        convkit.sort(tmp_path / "in", tmp_path / "out", **option)
    assert not (tmp_path / "out").exists()


def test_identifying_names_are_given_where_allowed(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    convkit.sort(tmp_path / "in", tmp_path / "out", filename="{PatientID}/{InstanceNumber}", phi_in_names=True, jobs=1)
    assert sorted(contents(tmp_path / "out")) == [f"P001/{n}.dcm" for n in range(1, 6)]
