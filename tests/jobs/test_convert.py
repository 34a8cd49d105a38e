"""The job convert: what it does with what is there, with what is no volume, and that nothing else changes a byte."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

import convkit
from convkit import InputError, OutputError, Severity, Status, UsageError
from tests.builders import (
    countless_mosaic,
    cr,
    dicomdir,
    encapsulated_pdf,
    key_object,
    mosaic,
    presentation_state,
    rt_structure_set,
    segmentation,
    series,
    structured_report,
    truncate,
    write,
    write_as,
)
from tests.builders.oracle import check_world
from tests.jobs.work import assert_right, codes, contents, convert, convert_folder, digests


def batch(folder: Path, *, shuffle: bool = True) -> Path:
    """A folder with a little of everything."""
    recipes: list[dict[str, Any]] = [
        {"series": 1},
        {"series": 2, "modality": "MR", "echoes": (2.5, 5.0)},
        {"series": 3, "modality": "MR", "volumes": 2},
        {"series": 4, "missing": (2,)},
        {"series": 5, "tilt": 0.9},
        {"series": 6, "plane": "oblique", "slope": (1, 2, 3, 4, 5)},
        {"series": 7, "SeriesNumber": 1, "SeriesDescription": "Series 1"},
    ]
    for recipe in recipes:
        write(series(**recipe), folder / str(recipe["series"]), shuffle=shuffle)
    write([structured_report(series=8), cr(series=9), countless_mosaic(series=10)], folder)
    return folder


# --- what is there already -------------------------------------------------------------------------------


def test_rerun_resumes_and_writes_nothing(tmp_path: Path) -> None:
    source = batch(tmp_path / "in")
    first = convert_folder(source, tmp_path / "out")
    before = digests(tmp_path / "out")
    second = convert_folder(source, tmp_path / "out")
    assert second.report.counts[Status.RESUMED] == first.report.counts[Status.DONE] > 5
    assert second.report.counts[Status.DONE] == 0
    assert {k: v for k, v in digests(tmp_path / "out").items() if ".convkit" not in k} == {
        k: v for k, v in before.items() if ".convkit" not in k
    }
    assert second.report.exit_code == first.report.exit_code


def test_lost_output_is_made_again(tmp_path: Path) -> None:
    source = batch(tmp_path / "in")
    run = convert_folder(source, tmp_path / "out")
    before = contents(tmp_path / "out")
    lost = next((tmp_path / "out").rglob("*.nii"))
    lost.unlink()
    again = convert_folder(source, tmp_path / "out")
    assert again.report.counts[Status.DONE] == 1
    assert contents(run.folder) == before


def test_output_cut_short_by_another_program_is_made_again(tmp_path: Path) -> None:
    source = batch(tmp_path / "in")
    convert_folder(source, tmp_path / "out")
    before = contents(tmp_path / "out")
    truncate(next((tmp_path / "out").rglob("*.nii")), 400)
    convert_folder(source, tmp_path / "out", exists="overwrite")
    assert contents(tmp_path / "out") == before


def test_lost_sidecar_is_made_again(tmp_path: Path) -> None:
    source = batch(tmp_path / "in")
    convert_folder(source, tmp_path / "out")
    before = contents(tmp_path / "out")
    next((tmp_path / "out").rglob("*.json")).unlink()
    convert_folder(source, tmp_path / "out", exists="overwrite")
    assert contents(tmp_path / "out") == before


def test_other_options_do_not_resume(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    convert_folder(tmp_path / "in", tmp_path / "out")
    again = convert_folder(tmp_path / "in", tmp_path / "out", orient="RAS", exists="overwrite")
    assert again.report.counts[Status.DONE] == 1
    assert check_world(series(), again.images) == []


def test_added_slice_is_not_taken_for_the_old_series(tmp_path: Path) -> None:
    datasets = series(slices=6)
    write(datasets[:5], tmp_path / "in")
    convert_folder(tmp_path / "in", tmp_path / "out")
    write(datasets[5:], tmp_path / "in")
    again = convert_folder(tmp_path / "in", tmp_path / "out", exists="overwrite")
    assert_right(datasets, again)


@pytest.mark.parametrize(
    ("exists", "status", "code"),
    [("skip", Status.KEPT, "output.exists"), ("error", Status.FAILED, "output.exists-refused")],
)
def test_foreign_file_under_the_name_is_left_alone(exists: str, status: Status, code: str, tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    name = next(iter(contents(convert_folder(tmp_path / "in", tmp_path / "first").folder)))
    target = (tmp_path / "out" / name).with_suffix(".nii")
    target.parent.mkdir(parents=True)
    target.write_bytes(b"mine")
    run = convkit.convert(tmp_path / "in", tmp_path / "out", to="nii", jobs=1, exists=exists)
    assert target.read_bytes() == b"mine"
    assert run.outcomes[0].status is status
    assert code in codes(run)


def test_overwrite_replaces_a_foreign_file(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    expected = contents(convert_folder(tmp_path / "in", tmp_path / "first").folder)
    for name in expected:
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_bytes(b"mine")
    run = convert_folder(tmp_path / "in", tmp_path / "out", exists="overwrite")
    assert contents(run.folder) == expected


def test_dry_run_writes_nothing_and_tells_the_names(tmp_path: Path) -> None:
    source = batch(tmp_path / "in")
    planned = convert_folder(source, tmp_path / "dry", dry_run=True)
    assert not (tmp_path / "dry").exists()
    real = convert_folder(source, tmp_path / "out")
    first = sorted(o.outputs[0] for o in planned.report.outcomes if o.outputs)
    assert first == sorted(o.outputs[0] for o in real.report.outcomes if o.outputs)
    assert planned.report.exit_code == real.report.exit_code == 4


@pytest.mark.parametrize("strict", [False, True])
def test_strict_makes_a_warning_count(strict: bool, tmp_path: Path) -> None:
    run = convert(series(tilt=0.9), tmp_path, strict=strict)
    assert run.report.exit_code == (6 if strict else 0)
    assert codes(run.report, Severity.WARNING) == {"geometry.tilted"}


def test_strict_does_not_mind_information(tmp_path: Path) -> None:
    assert convert([*series(), structured_report(series=2)], tmp_path, strict=True).report.exit_code == 0


# --- sidecar ---------------------------------------------------------------------------------------------


def test_sidecar_has_bids_names_si_units_and_one_object_of_ours(tmp_path: Path) -> None:
    run = convert(series(modality="MR", echoes=(2.5,), RepetitionTime=1500, FlipAngle=70), tmp_path)
    facts = run.sidecar
    assert facts["EchoTime"] == 0.0025
    assert facts["RepetitionTime"] == 1.5
    assert facts["FlipAngle"] == 70
    assert {"Notes", "Units", "ValueMapping", "Split", "Sources"} <= set(facts["Convkit"])


def test_sidecar_none_writes_no_sidecar(tmp_path: Path) -> None:
    run = convert(series(), tmp_path, sidecar="none")
    assert run.sidecars == []
    assert len(run.images) == 1


def test_keep_adds_an_attribute_to_the_sidecar(tmp_path: Path) -> None:
    run = convert(series(ReconstructionDiameter=250), tmp_path, keep=("ReconstructionDiameter", "StudyDate"))
    assert run.sidecar["ReconstructionDiameter"] == 250
    assert run.sidecar["StudyDate"] == "20200102"


def test_keep_of_an_unknown_keyword_is_a_usage_error_with_a_suggestion(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    with pytest.raises(UsageError, match="ReconstructionDiameter"):
        convert_folder(tmp_path / "in", tmp_path / "out", keep=("ReconstructionDiamter",))


def test_sources_of_a_four_dimensional_volume_are_a_list_a_volume(tmp_path: Path) -> None:
    datasets = series(modality="MR", volumes=2)
    sources = convert(datasets, tmp_path).sidecar["Convkit"]["Sources"]
    uids = [d.SOPInstanceUID for d in datasets]
    assert sources == [uids[:5], uids[5:]]


def test_split_label_is_in_the_name_and_its_reason_in_the_sidecar(tmp_path: Path) -> None:
    run = convert(series(modality="MR", echoes=(2.5, 5.0)), tmp_path)
    assert sorted(i.name for i in run.images) == ["001_Series_1_echo-1.nii", "001_Series_1_echo-2.nii"]
    for sidecar in run.sidecars:
        (reason,) = sidecar["Convkit"]["Split"]["Reasons"]
        assert "EchoTime" in reason


# --- determinism -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [2, 4])
@pytest.mark.parametrize("to", ["nii.gz", "npz", "mha"])
def test_number_of_workers_changes_no_byte(jobs: int, to: str, tmp_path: Path) -> None:
    source = batch(tmp_path / "in")
    one = convert_folder(source, tmp_path / "one", to=to)
    many = convert_folder(source, tmp_path / "many", to=to, jobs=jobs)
    assert contents(one.folder) == contents(many.folder)
    assert one.report.to_json() == many.report.to_json()


def test_order_and_names_of_files_change_no_byte(tmp_path: Path) -> None:
    one = convert_folder(batch(tmp_path / "a"), tmp_path / "one")
    paths = sorted(p for p in (tmp_path / "a").rglob("*") if p.is_file())
    for number, path in enumerate(paths[::-1]):
        folder = tmp_path / "b" / f"f{number % 3}" / "deep"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / f"{(number * 7919) % 1000:03d}_{number}")
    two = convert_folder(tmp_path / "b", tmp_path / "two")
    assert contents(one.folder) == contents(two.folder)


def test_order_of_sources_changes_no_byte(tmp_path: Path) -> None:
    batch(tmp_path / "in")
    folders = sorted(p for p in (tmp_path / "in").iterdir())
    one = convkit.convert(*folders, output=tmp_path / "one", to="nii", jobs=1)
    two = convkit.convert(folders[::-1], output=tmp_path / "two", to="nii", jobs=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert one.exit_code == two.exit_code


def test_resume_after_a_part_changes_no_byte(tmp_path: Path) -> None:
    source = batch(tmp_path / "in")
    whole = convert_folder(source, tmp_path / "whole")
    convert_folder(source, tmp_path / "parts", where="SeriesNumber > 3")
    rest = convert_folder(source, tmp_path / "parts")
    assert rest.report.counts[Status.RESUMED] > 0
    assert contents(tmp_path / "parts") == contents(whole.folder)


def test_interruption_is_resumed_to_the_same_bytes(tmp_path: Path) -> None:
    source = batch(tmp_path / "in")
    whole = convert_folder(source, tmp_path / "whole")

    def stop(step: convkit.Step) -> None:
        if step.what == "volumes" and step.done == 3:
            raise KeyboardInterrupt

    cut = convert_folder(source, tmp_path / "cut", progress=stop)
    assert cut.report.exit_code == 130
    assert set(contents(cut.folder).items()) < set(contents(whole.folder).items())
    convert_folder(source, tmp_path / "cut", jobs=2)
    assert contents(tmp_path / "cut") == contents(whole.folder)


@pytest.mark.parametrize("to", ["nii", "nii.gz", "nrrd", "mha", "npy", "npz"])
def test_same_input_gives_the_same_bytes_twice(to: str, tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    one = convert_folder(tmp_path / "in", tmp_path / "one", to=to)
    two = convert_folder(tmp_path / "in", tmp_path / "two", to=to)
    assert contents(one.folder) == contents(two.folder)


def test_inputs_are_never_touched(tmp_path: Path) -> None:
    source = batch(tmp_path / "in")
    before = digests(source)
    for options in ({}, {"irregular": "resample"}, {"exists": "overwrite", "jobs": 2}, {"dry_run": True}):
        convert_folder(source, tmp_path / "out", **options)
    assert digests(source) == before


def test_output_inside_the_source_is_not_read_as_input_again(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    before = digests(tmp_path / "in")
    first = convert_folder(tmp_path / "in", tmp_path / "in" / "out")
    assert first.report.exit_code == 0
    second = convert_folder(tmp_path / "in", tmp_path / "in" / "out")
    assert second.report.exit_code == 0
    assert second.report.counts[Status.RESUMED] == 1
    assert {k: v for k, v in digests(tmp_path / "in").items() if not k.startswith("out/")} == before


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    run = convert_folder(tmp_path / "in", tmp_path / "first")
    (folder,) = {(tmp_path / "out" / name).parent for name in contents(run.folder)}
    folder.mkdir(parents=True)
    (folder / ".001_x.nii.0123456789ab.convkit.part").write_bytes(b"half")
    (folder / ".mine.part").write_bytes(b"mine")
    convert_folder(tmp_path / "in", tmp_path / "out")
    assert [n for n in contents(tmp_path / "out") if n.endswith(".part")] == [f"{folder.name}/.mine.part"]


# --- set aside -------------------------------------------------------------------------------------------

SET_ASIDE = {
    "segmentation": (segmentation, "object.multi-frame", Severity.ERROR),
    "report": (structured_report, "object.not-image", Severity.INFO),
    "presentation state": (presentation_state, "object.not-image", Severity.INFO),
    "key object": (key_object, "object.not-image", Severity.INFO),
    "PDF": (encapsulated_pdf, "object.not-image", Severity.INFO),
    "structure set": (rt_structure_set, "object.not-image", Severity.INFO),
}


@pytest.mark.parametrize("kind", SET_ASIDE)
def test_object_of_another_kind_is_set_aside_with_a_code(kind: str, tmp_path: Path) -> None:
    build, code, severity = SET_ASIDE[kind]
    run = convert([build()], tmp_path)
    (outcome,) = run.report.outcomes
    assert (outcome.notes[0].code, outcome.notes[0].severity) == (code, severity)
    assert outcome.status is (Status.REFUSED if severity is Severity.ERROR else Status.SKIPPED)
    assert run.report.exit_code == (5 if severity is Severity.ERROR else 3)
    assert run.images == []


@pytest.mark.parametrize("kind", SET_ASIDE)
def test_object_of_another_kind_does_not_disturb_the_series_beside_it(kind: str, tmp_path: Path) -> None:
    build, code, severity = SET_ASIDE[kind]
    datasets = series(series=2)
    run = convert([build(series=1), *datasets], tmp_path)
    assert check_world(datasets, run.images) == []
    assert code in run.codes
    assert run.report.exit_code == (4 if severity is Severity.ERROR else 0)


def test_text_says_what_a_skipped_object_is(tmp_path: Path) -> None:
    run = convert([structured_report(), presentation_state(series=2), encapsulated_pdf(series=3)], tmp_path)
    for word in ("Not a volume because", "structured report", "presentation state", "encapsulated document"):
        assert word in run.texts


def test_mosaic_without_count_beside_plain_slices_refuses_the_series(tmp_path: Path) -> None:
    """What it would have added is not known, so the volume may be incomplete."""
    datasets = series(modality="MR")
    run = convert([*datasets, countless_mosaic(number=99)], tmp_path)
    assert (run.report.exit_code, run.images) == (5, [])
    assert "object.mosaic-count" in run.codes
    kept = convert_folder(tmp_path / "in", tmp_path / "kept", irregular="keep")
    assert check_world(datasets, kept.images) == []


def test_refused_mosaics_are_counted_as_files(tmp_path: Path) -> None:
    other = np.ones((16, 16), np.uint16)
    run = convert(
        [mosaic(), mosaic(SOPInstanceUID="2.25.2", pixels=other), mosaic(number=2)], tmp_path, irregular="error"
    )
    assert [(o.status, o.facts["instances"]) for o in run.report.outcomes] == [(Status.REFUSED, 3)]


def test_dicomdir_is_an_index_not_an_image(tmp_path: Path) -> None:
    datasets = series()
    write(datasets, tmp_path / "in" / "images")
    write_as(dicomdir(), tmp_path / "in" / "DICOMDIR")
    run = convert_folder(tmp_path / "in", tmp_path / "out")
    assert_right(datasets, run)
    assert "input.dicomdir" in run.codes


def test_foreign_files_are_listed_and_do_not_spoil_the_exit_code(tmp_path: Path) -> None:
    datasets = series()
    write(datasets, tmp_path / "in")
    (tmp_path / "in" / "notes.txt").write_text("hello")
    (tmp_path / "in" / "empty").write_bytes(b"")
    run = convert_folder(tmp_path / "in", tmp_path / "out")
    assert_right(datasets, run)
    assert {Path(o.item).name for o in run.report.outcomes if o.status is Status.SKIPPED} == {"notes.txt", "empty"}


@pytest.mark.parametrize("fill", [b"", b"hello", bytes(1000), b"\x00" * 128 + b"DICM"])
def test_folder_without_dicom_is_nothing_to_do(fill: bytes, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x").write_bytes(fill)
    run = convert_folder(tmp_path / "in", tmp_path / "out")
    assert run.report.exit_code in {3, 5}
    assert run.images == []


def test_empty_folder_is_nothing_to_do(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert convert_folder(tmp_path / "in", tmp_path / "out").report.exit_code == 3
    assert not (tmp_path / "out").exists()


def test_images_of_one_report_outcome_are_counted(tmp_path: Path) -> None:
    run = convert([structured_report(number=n) for n in range(1, 6)], tmp_path)
    (outcome,) = run.report.outcomes
    assert outcome.facts["instances"] == 5


def test_images_without_series_uid_are_set_aside(tmp_path: Path) -> None:
    run = convert([*series(series=2), *series(series=1, slices=2, SeriesInstanceUID=None)], tmp_path)
    assert run.report.exit_code == 4
    assert "header.no-series-uid" in run.codes
    assert len(run.images) == 1


def test_one_series_uid_in_two_studies_is_two_series(tmp_path: Path) -> None:
    one = series(study=1, SeriesInstanceUID="2.25.77")
    two = series(study=2, SeriesInstanceUID="2.25.77")
    run = convert([*one, *two], tmp_path)
    assert run.report.exit_code == 0
    assert len(run.images) == 2


# --- wrong use -------------------------------------------------------------------------------------------

WRONG: list[dict[str, Any]] = [
    {"to": "tiff"},
    {"values": "real"},
    {"dtype": "int7"},
    {"dtype": "complex64"},
    {"orient": "RAT"},
    {"orient": "RAR"},
    {"irregular": "guess"},
    {"tilt": "guess"},
    {"sidecar": "xml"},
    {"exists": "maybe"},
    {"jobs": 0},
    {"where": "Modalit == 'CT'"},
    {"filename": "{SeriesNumbr}"},
]


@pytest.mark.parametrize("option", WRONG, ids=str)
def test_wrong_option_is_a_usage_error_before_anything_is_read(option: dict[str, Any], tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    with pytest.raises(UsageError) as caught:
        convert_folder(tmp_path / "in", tmp_path / "out", **option)
    assert caught.value.what
    assert not (tmp_path / "out").exists()


def test_missing_source_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        convkit.convert(tmp_path / "nowhere", tmp_path / "out")


def test_no_destination_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        convkit.convert(tmp_path)


def test_destination_that_is_a_file_is_an_output_error(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(OutputError):
        convkit.convert(tmp_path / "in", tmp_path / "out", jobs=1)
    assert (tmp_path / "out").read_text() == "in the way"


def test_folder_in_the_way_of_one_output_costs_that_volume_alone(tmp_path: Path) -> None:
    write(series(series=1), tmp_path / "in")
    write(series(series=2), tmp_path / "in")
    names = [o.outputs[0] for o in convert_folder(tmp_path / "in", tmp_path / "first").report.outcomes]
    (tmp_path / "out" / names[0] / "inside").mkdir(parents=True)
    run = convkit.convert(tmp_path / "in", tmp_path / "out", to="nii", jobs=1, exists="overwrite")
    assert run.exit_code == 4
    assert "output.error" in codes(run)
    assert (tmp_path / "out" / names[1]).is_file()
    assert [n for n in contents(tmp_path / "out") if n.endswith(".part")] == []


def test_where_selects_series(tmp_path: Path) -> None:
    write(series(series=1), tmp_path / "in")
    write(series(series=2, modality="MR"), tmp_path / "in")
    run = convert_folder(tmp_path / "in", tmp_path / "out", where='Modality == "MR" and instances > 4')
    assert_right(series(series=2, modality="MR"), run)


def test_report_is_json(tmp_path: Path) -> None:
    report = convert_folder(batch(tmp_path / "in"), tmp_path / "out").report
    assert json.loads(json.dumps(report.to_json()))["counts"]["done"] == report.counts[Status.DONE]


def test_no_value_that_identifies_a_person_reaches_report_names_or_files(tmp_path: Path) -> None:
    secrets = {"PatientName": "Geheim^Person", "PatientID": "ID4711", "AccessionNumber": "ACC0815"}

    def told(dataset: Dataset) -> Dataset:
        for keyword, value in secrets.items():
            setattr(dataset, keyword, value)
        return dataset

    write(map(told, [*series(), *series(series=2, missing=(1,)), countless_mosaic(series=3)]), tmp_path / "in")
    run = convert_folder(tmp_path / "in", tmp_path / "out", irregular="error")
    everything = json.dumps(run.report.to_json()) + "".join(contents(tmp_path / "out"))
    raw = b"".join(contents(tmp_path / "out").values())
    for value in ("Geheim", "ID4711", "ACC0815", "20200102"):
        assert value not in everything
        assert value.encode() not in raw
