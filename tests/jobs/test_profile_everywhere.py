"""convert, preview, scan and sort under a profile: nothing leaves in words that a copy of deid would not say."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

import convkit
from convkit import Report, Severity, Status, UsageError
from tests.builders import instance, series, ultrasound, write
from tests.cli.command import convkit as command
from tests.jobs.planted import (
    DEVICE,
    FOLDER,
    KEYWORDS,
    VALUES,
    ge,
    kernels,
    left_of_person,
    planted,
    siemens,
    write_all,
)
from tests.jobs.work import codes, contents

PLAIN = ",".join(VALUES)
PAGE = "index.html"


@pytest.fixture(name="source", scope="module")
def _source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_all(tmp_path_factory.mktemp("source"))


@pytest.fixture(name="key", scope="module")
def _key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Always the same: of a new one, one code in three thousand would hold the letters that are looked for."""
    path = tmp_path_factory.mktemp("key") / "key.txt"
    path.write_text("5a" * 32)
    return path


@pytest.fixture(name="copies", scope="module")
def _copies(source: Path, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What deid makes of the source with the profile of public archives."""
    folder = tmp_path_factory.mktemp("copies")
    convkit.deidentify(source, folder, profile="tcia", key=key, pixels="allow", jobs=1)
    return folder


def copies_by_number(folder: Path) -> dict[tuple[int, int], Dataset]:
    """Series Number and Instance Number to the copy."""
    found = [dcmread(path) for path in folder.rglob("*.dcm")]
    return {(int(ds.SeriesNumber), int(ds.InstanceNumber)): ds for ds in found}


# --- nothing of the person is left -----------------------------------------------------------------------


def test_the_person_is_all_over_the_outputs_without_a_profile(source: Path, tmp_path: Path) -> None:
    convkit.convert(source, tmp_path / "out", keep=[*KEYWORDS], jobs=1)
    found = left_of_person(tmp_path / "out")
    assert any("zqx" in one for one in found)
    assert any("19580712" in one for one in found)


@pytest.mark.parametrize("profile", ["basic", "tcia", "hipaa-safe-harbor"])
@pytest.mark.parametrize("to", ["nii.gz", "nii", "nrrd", "mha", "npy", "npz"])
def test_converted_volumes_name_nobody(to: str, profile: str, source: Path, key: Path, tmp_path: Path) -> None:
    options = {"keep": [*KEYWORDS], "sidecar": "full"}
    report = convkit.convert(source, tmp_path, to=to, profile=profile, key=key, jobs=1, **options)
    assert report.counts[Status.DONE] >= 6
    assert left_of_person(tmp_path, *(() if profile == "tcia" else (DEVICE,))) == set()


@pytest.mark.parametrize("view", ["native", "three"])
@pytest.mark.parametrize("to", ["png", "webp", "gif"])
def test_pictures_and_their_page_name_nobody(to: str, view: str, source: Path, key: Path, tmp_path: Path) -> None:
    report = convkit.preview(source, tmp_path, to=to, view=view, profile="tcia", key=key, jobs=1)
    assert report.counts[Status.DONE] >= 6
    assert (tmp_path / "index.html").is_file()
    assert left_of_person(tmp_path) == set()


@pytest.mark.parametrize("level", ["volume", "series", "study", "instance"])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_tables_name_nobody(suffix: str, level: str, source: Path, key: Path, tmp_path: Path) -> None:
    found = convkit.scan(source, profile="basic", key=key, columns=KEYWORDS, jobs=1)
    found.save(tmp_path / f"table{suffix}", level=level, columns=KEYWORDS)
    assert (tmp_path / f"table{suffix}").stat().st_size > 200
    assert left_of_person(tmp_path, DEVICE) == set()
    assert "zqx" not in repr(found.to_rows(level, KEYWORDS)).lower()


def test_sorted_files_have_names_that_name_nobody(source: Path, key: Path, tmp_path: Path) -> None:
    template = "{PatientName}_{SeriesDescription}_{StudyDate}"
    report = convkit.sort(source, tmp_path, profile="basic", key=key, filename=template)
    names = "\n".join(name for one in report.outcomes for name in one.outputs)
    assert "zqx" not in names.lower()
    assert "1958" not in names


def test_a_run_with_two_workers_makes_the_same_bytes(source: Path, key: Path, tmp_path: Path) -> None:
    for jobs in (1, 2):
        convkit.convert(source, tmp_path / f"c{jobs}", profile="tcia", key=key, jobs=jobs)
        convkit.preview(source, tmp_path / f"p{jobs}", profile="tcia", key=key, jobs=jobs)
    assert contents(tmp_path / "c1") == contents(tmp_path / "c2")
    assert contents(tmp_path / "p1") == contents(tmp_path / "p2")


def test_a_name_in_one_file_is_cleaned_from_the_text_of_another(tmp_path: Path) -> None:
    first, *others = series(slices=3, SequenceName="tfl Zqxgeheim", PatientID="ZQXID")
    first.PatientName = "Zqxgeheim^A"
    for dataset in others:
        dataset.PatientName = ""
    write([first, *others], tmp_path / "in")
    found = convkit.scan(tmp_path / "in", profile="tcia", columns=["SequenceName"], jobs=1)
    assert {row["SequenceName"] for row in found.to_rows("instance", ["SequenceName"])} == {"tfl"}


# --- the same values as in the copies --------------------------------------------------------------------


def test_sidecars_hold_the_values_of_the_copies(source: Path, key: Path, copies: Path, tmp_path: Path) -> None:
    keep = ["PatientID", "PatientName", "StudyDate", "StudyInstanceUID", "InstitutionName", "StationName", "StudyID"]
    keep += ["DeviceSerialNumber", "AcquisitionDate", "AccessionNumber"]
    convkit.convert(source, tmp_path, profile="tcia", key=key, keep=keep, jobs=1)
    by_uid = {str(ds.SOPInstanceUID): ds for ds in (dcmread(path) for path in copies.rglob("*.dcm"))}
    sidecars = [json.loads(p.read_text("utf-8")) for p in tmp_path.rglob("*.json") if ".convkit" not in p.parts]
    assert len(sidecars) >= 6
    for sidecar in sidecars:
        sources = sidecar["Convkit"]["Sources"]
        copy = by_uid[sources[0] if isinstance(sources[0], str) else sources[0][0]]
        for keyword in [*keep, "SeriesDescription", "ProtocolName"]:
            assert (sidecar.get(keyword) or "") == str(copy.get(keyword) or ""), keyword
        assert sidecar["SeriesDescription"] == "T1 AX"


def test_volumes_of_originals_and_of_copies_are_told_alike(
    source: Path, key: Path, copies: Path, tmp_path: Path
) -> None:
    """All but what makers keep in numbers of their own, and stacks that need them."""
    where = "SeriesNumber in [1, 4, 5, 6]"
    convkit.convert(source, tmp_path / "a", profile="tcia", key=key, where=where, jobs=1)
    convkit.convert(copies, tmp_path / "b", where=where, jobs=1)
    one, other = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert set(one) == set(other)
    assert {name for name in one if one[name] != other[name]} == set()


def test_a_table_of_originals_says_what_a_table_of_copies_says(source: Path, key: Path, copies: Path) -> None:
    columns = [keyword for keyword in KEYWORDS if keyword != "PatientID"]
    told = convkit.scan(source, profile="tcia", key=key, columns=columns, jobs=1).to_rows("instance", columns)
    of_copies = convkit.scan(copies, columns=columns, jobs=1).to_rows("instance", columns)
    kept = [*columns, "study", "series", "number", "modality", "description", "instance_number", "sop_class"]
    assert {row["SOPInstanceUID"]: {k: row[k] for k in kept} for row in told} == {
        row["SOPInstanceUID"]: {k: row[k] for k in kept} for row in of_copies
    }


def test_a_table_names_the_copies_in_place_of_the_originals(source: Path, key: Path, copies: Path) -> None:
    rows = convkit.scan(source, profile="tcia", key=key, jobs=1).to_rows("instance")
    assert {row["path"] for row in rows} == {p.relative_to(copies).as_posix() for p in copies.rglob("*.dcm")}
    assert all(row["patient"] == row["path"].partition("/")[0] for row in rows)


def test_names_match_those_of_the_copies(source: Path, key: Path, copies: Path, tmp_path: Path) -> None:
    filename = "{patient}/{study}/{series}/{SOPInstanceUID}"
    convkit.sort(source, tmp_path / "sorted", profile="tcia", key=key, filename=filename, jobs=1)
    assert set(contents(tmp_path / "sorted")) == set(contents(copies))
    folders = {str(Path(name).parent) for name in contents(copies)}
    for job, target in ((convkit.convert, "volumes"), (convkit.preview, "pictures")):
        name = "{patient}/{study}/{series}/x" + ("_{picture}" if target == "pictures" else "")
        job(source, tmp_path / target, profile="tcia", key=key, filename=name, jobs=1)
        made = {str(Path(name).parent) for name in contents(tmp_path / target)} - {"."}
        assert made == folders


def test_a_mapping_gives_the_code_in_names_and_tables(source: Path, key: Path, tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("ZQXID4711,SUBJ-01\n", "utf-8")
    mapping = tmp_path / "codes.csv"
    rows = convkit.scan(source, profile="tcia", key=key, mapping=mapping, columns=["PatientID"], jobs=1).to_rows(
        "instance", ["PatientID"]
    )
    assert {(row["patient"], row["PatientID"]) for row in rows} == {("SUBJ-01", "SUBJ-01")}
    convkit.convert(
        source, tmp_path / "out", profile="tcia", key=key, mapping=mapping, filename="{patient}/{series}", jobs=1
    )
    assert [p.name for p in (tmp_path / "out").iterdir() if p.name != ".convkit"] == ["SUBJ-01"]


def test_what_has_no_copy_is_told_of_as_little(tmp_path: Path) -> None:
    good = series(slices=3)
    write([*map(planted, good), planted(instance(series=2, number=9))], tmp_path / "in")
    bare = instance(series=3, SOPInstanceUID=None)
    write([bare], tmp_path / "in")
    report = convkit.convert(tmp_path / "in", tmp_path / "out", profile="basic", jobs=1)
    assert report.counts[Status.FAILED] == 1
    assert report.exit_code == 4


# --- decisions are made on the originals -----------------------------------------------------------------


@pytest.mark.parametrize("profile", ["basic", "tcia"])
def test_voxels_and_their_place_stay_as_they_are(profile: str, source: Path, tmp_path: Path) -> None:
    convkit.convert(source, tmp_path / "a", to="nii", filename="s{SeriesNumber}", jobs=1)
    convkit.convert(source, tmp_path / "b", to="nii", filename="s{SeriesNumber}", profile=profile, jobs=1)
    plain, told = ([c for n, c in contents(tmp_path / f).items() if n.endswith(".nii")] for f in "ab")
    assert len(plain) >= 6
    assert plain == told


def test_pictures_stay_as_they_are(source: Path, tmp_path: Path) -> None:
    name = "s{SeriesNumber}_{InstanceNumber}"
    convkit.preview(source, tmp_path / "a", filename=name, gallery=False, jobs=1)
    convkit.preview(source, tmp_path / "b", filename=name, gallery=False, profile="tcia", jobs=1)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_where_asks_the_originals(source: Path) -> None:
    asked = 'PatientID == "ZQXID4711" and StudyDate == "19580712" and SeriesNumber == 1'
    found = convkit.scan(source, profile="basic", where=asked, jobs=1)
    assert sum(row["instances"] for row in found.to_rows("series")) == 6


def test_the_label_of_a_split_holds_what_may_leave(tmp_path: Path) -> None:
    write(map(planted, kernels()), tmp_path / "in")
    convkit.convert(tmp_path / "in", tmp_path / "out", profile="tcia", filename="x", jobs=1)
    names = {name for name in contents(tmp_path / "out") if name.endswith(".json")}
    assert names == {"x_kernel-B30f.json", "x_kernel-B70f.json"}
    sidecar = json.loads((tmp_path / "out" / "x_kernel-B70f.json").read_text("utf-8"))
    assert sidecar["Convkit"]["Split"]["Reasons"] == ["ConvolutionKernel differs: B30f; B70f"]


def test_a_split_by_what_the_profile_removes_is_numbered(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        'meaning = "own"\nextends = "tcia"\n[rules]\nConvolutionKernel = "remove"\n', "utf-8"
    )
    write(map(planted, kernels()), tmp_path / "in")
    convkit.convert(tmp_path / "in", tmp_path / "out", profile=str(tmp_path / "own.toml"), filename="x", jobs=1)
    names = {name for name in contents(tmp_path / "out") if name.endswith(".json")}
    assert names == {"x_kernel-none-1.json", "x_kernel-none-2.json"}
    assert b"B70f" not in b"".join(contents(tmp_path / "out").values())


def test_numbers_that_the_profile_removes_are_in_no_name_label_or_note(tmp_path: Path) -> None:
    rules = 'SeriesNumber = "remove"\nInstanceNumber = "remove"\n'
    (tmp_path / "own.toml").write_text(f'meaning = "own"\nextends = "tcia"\n[rules]\n{rules}', "utf-8")
    sets = series(slices=3, series=77, SeriesNumber=4711)
    sets[2].InstanceNumber = 11
    write(sets, tmp_path / "in")
    report = convkit.convert(tmp_path / "in", tmp_path / "out", profile=str(tmp_path / "own.toml"), jobs=1)
    told = repr(report.outcomes)
    assert "series without number" in told
    assert "4711" not in told
    assert "series.number-gaps" in codes(report)
    assert "1 to 11" not in told


# --- elements of makers ----------------------------------------------------------------------------------


def facts(datasets: list[Dataset], tmp_path: Path, profile: str = "basic") -> dict[str, Any]:
    write(map(planted, datasets), tmp_path / "in")
    convkit.convert(tmp_path / "in", tmp_path / "out", profile=profile, filename="x", jobs=1)
    found: dict[str, Any] = json.loads((tmp_path / "out" / "x.json").read_text("utf-8"))
    return found


def test_numbers_of_makers_stay_and_their_texts_go(tmp_path: Path) -> None:
    found = facts(ge(), tmp_path)
    assert (found["AcquisitionDuration"], found["ShimSetting"]) == (50.0, [3, 4, -12])
    assert "PulseSequenceName" not in found


def test_words_of_convkit_stay_and_texts_of_a_protocol_go(tmp_path: Path) -> None:
    found = facts(siemens(), tmp_path)
    assert (found["PhaseEncodingDirection"], found["BaseResolution"]) == ("j-", 64)
    assert "PulseSequenceDetails" not in found
    assert "zqx" not in json.dumps(found).lower()


def test_a_rule_for_an_element_of_a_maker_is_obeyed(tmp_path: Path) -> None:
    rule = '"(0019,\\"GEMS_ACQU_01\\",5A)" = "remove"'
    (tmp_path / "own.toml").write_text(f'meaning = "own"\nextends = "tcia"\n[rules]\n{rule}\n', "utf-8")
    found = facts(ge(), tmp_path, str(tmp_path / "own.toml"))
    assert "AcquisitionDuration" not in found
    assert found["ShimSetting"] == [3, 4, -12]


# --- options ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("job", [convkit.convert, convkit.preview, convkit.sort])
def test_a_field_that_the_profile_has_dealt_with_needs_no_permission(job: Any, source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        job(source, tmp_path / "out", filename="{PatientID}_{StudyDate}_{SeriesNumber}_{InstanceNumber}", jobs=1)
    name = "{PatientID}_{StudyDate}_{SeriesNumber}_{InstanceNumber}"
    report = job(source, tmp_path / "out", filename=name, profile="tcia", jobs=1)
    assert report.counts[Status.DONE] >= 6


def test_a_field_that_the_profile_keeps_still_needs_permission(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        convkit.convert(source, tmp_path, filename="{DeviceSerialNumber}", profile="basic+device", jobs=1)
    convkit.convert(
        source, tmp_path, filename="{DeviceSerialNumber}", profile="basic+device", phi_in_names=True, jobs=1
    )
    assert any(name.startswith("DEVICE77SN") for name in contents(tmp_path))


JOBS = {
    "convert": convkit.convert,
    "preview": convkit.preview,
    "sort": convkit.sort,
    "scan": lambda source, _target, **more: convkit.scan(source, **more),
}


@pytest.mark.parametrize("job", JOBS)
def test_a_mistake_in_the_profile_stops_the_run_before_anything_is_made(job: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('meaning = "own"\nextends = "tcia"\n[rules]\nPatientNam = "remove"\n', "utf-8")
    with pytest.raises(UsageError, match="PatientNam") as caught:
        JOBS[job](source, tmp_path / "out", profile=str(tmp_path / "own.toml"), key=tmp_path / "key", jobs=1)
    assert caught.value.where.endswith("own.toml:4")
    assert not (tmp_path / "key").exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("option", ["key", "mapping"])
def test_a_key_without_a_profile_is_a_mistake(option: str, job: str, source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="profile"):
        JOBS[job](source, tmp_path / "out", **{option: tmp_path / "file"}, jobs=1)
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("job", ["convert", "preview", "sort"])
def test_a_key_among_the_outputs_is_refused(job: str, source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="key"):
        JOBS[job](source, tmp_path / "out", profile="tcia", key=tmp_path / "out" / "key", jobs=1)
    assert not (tmp_path / "out").exists()


def notes_of(found: Any) -> set[str]:
    return codes(found) if isinstance(found, Report) else {one.code for one in found.notes}


@pytest.mark.parametrize("job", JOBS)
def test_without_a_key_the_run_is_one_way_and_says_so(job: str, source: Path, tmp_path: Path) -> None:
    assert "deid.one-way" in notes_of(JOBS[job](source, tmp_path / "out", profile="tcia", jobs=1))
    keyed = JOBS[job](source, tmp_path / "more", profile="tcia", key=tmp_path / "key", jobs=1)
    assert "deid.one-way" not in notes_of(keyed)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize("job", ["convert", "preview", "sort"])
def test_a_dry_run_makes_no_key_and_plans_the_same_names(job: str, source: Path, key: Path, tmp_path: Path) -> None:
    JOBS[job](source, tmp_path / "out", profile="tcia", key=tmp_path / "new", dry_run=True, jobs=1)
    assert not (tmp_path / "new").exists()
    planned = JOBS[job](source, tmp_path / "out", profile="tcia", key=key, dry_run=True, jobs=1)
    made = JOBS[job](source, tmp_path / "out", profile="tcia", key=key, jobs=1)
    names = [{one.outputs[0] for one in report.outcomes if one.outputs} for report in (planned, made)]
    assert names[0] <= {name for one in made.outcomes for name in one.outputs} | names[1]


# --- again -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("job", ["convert", "preview"])
def test_the_same_command_again_goes_on_and_another_profile_does_not(
    job: str, source: Path, key: Path, tmp_path: Path
) -> None:
    given: dict[str, Any] = {"filename": "s{SeriesNumber}_{InstanceNumber}", "jobs": 1}
    first = JOBS[job](source, tmp_path / "out", profile="tcia", key=key, **given)
    assert first.counts[Status.DONE] >= 6
    again = JOBS[job](source, tmp_path / "out", profile="tcia", key=key, **given)
    assert again.counts[Status.RESUMED] >= 6
    for other in ({"profile": "basic", "key": key}, {"profile": "tcia", "key": tmp_path / "other"}, {}):
        before = contents(tmp_path / "out")
        report = JOBS[job](source, tmp_path / "out", **other, **given)
        assert report.counts[Status.RESUMED] == 0
        assert {name: c for name, c in contents(tmp_path / "out").items() if name in before and name != PAGE} == {
            name: c for name, c in before.items() if name != PAGE
        }


@pytest.mark.parametrize("job", ["convert", "preview"])
def test_the_journal_holds_no_hash_that_a_guess_would_confirm(
    job: str, source: Path, key: Path, tmp_path: Path
) -> None:
    JOBS[job](source, tmp_path / "plain", jobs=1)
    JOBS[job](source, tmp_path / "told", profile="tcia", key=key, jobs=1)
    plain, told = (journal_of(tmp_path / folder) for folder in ("plain", "told"))
    hashes = re.compile(r"[0-9a-f]{16,}")
    assert hashes.findall(plain)
    assert set(hashes.findall(plain)).isdisjoint(hashes.findall(told))


def journal_of(folder: Path) -> str:
    with closing(sqlite3.connect(folder / ".convkit" / "journal.sqlite")) as journal:
        return "\n".join(journal.iterdump())


def test_another_mapping_is_another_run(source: Path, key: Path, tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "filename": "s{SeriesNumber}",
        "profile": "tcia",
        "key": key,
        "keep": ["PatientID"],
        "jobs": 1,
    }
    convkit.convert(source, tmp_path / "out", **given)
    (tmp_path / "codes.csv").write_text("ZQXID4711,SUBJ-01\n", "utf-8")
    report = convkit.convert(source, tmp_path / "out", mapping=tmp_path / "codes.csv", **given)
    assert report.counts[Status.RESUMED] == 0


def test_the_page_shows_nothing_that_was_made_without_the_profile(source: Path, tmp_path: Path) -> None:
    convkit.preview(source, tmp_path, where="SeriesNumber == 5", jobs=1)
    assert b"Zqxgeheim" in (tmp_path / "index.html").read_bytes()
    convkit.preview(source, tmp_path, profile="tcia", where="SeriesNumber == 6", jobs=1)
    assert b"zqxgeheim" not in (tmp_path / "index.html").read_bytes().lower()


# --- what is not done ------------------------------------------------------------------------------------


def test_sort_says_once_that_contents_still_identify(source: Path, tmp_path: Path) -> None:
    report = convkit.sort(source, tmp_path, profile="tcia", jobs=1)
    assert [one.code for one in report.notes].count("deid.contents-kept") == 1
    assert "deid.contents-kept" in codes(report, Severity.WARNING)
    assert "deid.contents-kept" not in codes(convkit.sort(source, tmp_path / "plain", jobs=1))


def test_sort_makes_no_links_that_tell_the_paths_of_originals(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="symbolic"):
        convkit.sort(source, tmp_path / "out", profile="tcia", action="symlink", jobs=1)
    assert convkit.sort(source, tmp_path / "out", profile="tcia", action="hardlink", jobs=1).ok


@pytest.mark.parametrize("job", ["convert", "preview"])
def test_pixels_at_risk_are_told(job: str, tmp_path: Path) -> None:
    write([planted(ultrasound(series=1))], tmp_path / "us")
    write(map(planted, series(slices=3)), tmp_path / "ct")
    assert "deid.pixels-not-looked-at" in notes_of(JOBS[job](tmp_path / "us", tmp_path / "a", profile="tcia", jobs=1))
    plain = JOBS[job](tmp_path / "ct", tmp_path / "b", profile="tcia", jobs=1)
    assert "deid.pixels-not-looked-at" not in notes_of(plain)


# --- the command -----------------------------------------------------------------------------------------


def test_the_command_obeys_the_profile_too(source: Path, key: Path, tmp_path: Path) -> None:
    for verb in ("convert", "preview", "sort"):
        done = command(verb, source, "-o", tmp_path / verb, "-j1", "--profile", "tcia", "--key", key)
        assert done.returncode == 0, done.stderr
        assert "zqx" not in done.stdout.lower().replace(FOLDER.lower(), "")
    assert left_of_person(tmp_path / "convert") | left_of_person(tmp_path / "preview") == set()
    told = command("scan", source, "-j1", "--profile", "tcia", "--key", key, "--level", "instance", "--json")
    assert told.returncode == 0, told.stderr
    assert "zqx" not in told.stdout.lower()
    done = command(
        "scan", source, "-j1", "-o", tmp_path / "t.csv", "--profile", "tcia", "--level", "instance",
        "--columns", PLAIN,
    )  # fmt: skip
    assert "deid.one-way" in done.stderr
    with (tmp_path / "t.csv").open(encoding="utf-8") as file:
        assert "zqx" not in repr(list(csv.DictReader(file))).lower()


def test_a_configuration_file_may_hold_the_profile(source: Path, tmp_path: Path) -> None:
    (tmp_path / "convkit.toml").write_text('profile = "tcia"\nkey = "key.txt"\n', "utf-8")
    done = command("convert", source, "-o", "out", "-j1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert left_of_person(tmp_path / "out") == set()
    assert (tmp_path / "key.txt").is_file()
    check = command("check", tmp_path / "out", cwd=tmp_path)
    assert check.returncode in {0, 6}, check.stderr


def test_a_mistake_in_the_profile_is_wrong_usage(source: Path, tmp_path: Path) -> None:
    done = command("convert", source, "-o", tmp_path / "out", "--profile", "tciaa")
    assert done.returncode == 2
    assert "tciaa" in done.stderr


@pytest.mark.parametrize("verb", ["convert", "preview", "scan", "sort"])
def test_a_run_without_profile_loads_nothing_of_it(verb: str, tmp_path: Path) -> None:
    write(series(slices=3), tmp_path / "in")
    target = tmp_path / ("out.csv" if verb == "scan" else "out")
    arguments = [verb, str(tmp_path / "in"), "-o", str(target), "-j1"]
    program = (
        "import sys; from convkit.cli.main import main\n"
        f"main({arguments}, standalone_mode=False)\n"
        "loaded = {m for m in sys.modules if m.partition('.')[0] == 'pydantic' or m.startswith('convkit.deid.')}\n"
        "assert loaded <= {'convkit.deid.shipped'}, loaded\n"
        "assert 'convkit.jobs._deid' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
