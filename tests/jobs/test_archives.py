"""Archives as sources: every verb gives what it gives for the same files in a folder."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import convkit
from convkit.engine.outcome import Report
from convkit.errors import UsageError
from tests.builders import instance, multi_frame_us, write
from tests.builders.archives import KINDS, tar_of, zip_of
from tests.cli.command import convkit as command
from tests.jobs.work import codes, contents

Verb = Callable[..., Report]

VERBS: dict[str, Verb] = {
    "convert": lambda source, target, jobs: convkit.convert(source, target, to="nii", jobs=jobs),
    "preview": lambda source, target, jobs: convkit.preview(source, target, jobs=jobs),
    "deid": lambda source, target, jobs: convkit.deidentify(
        source, output=target, key=target.with_name("key"), dicomdir=True, jobs=jobs
    ),
    "sort": lambda source, target, jobs: convkit.sort(source, target, jobs=jobs),
}

SYNTAXES = ("explicit", "implicit", "big", "deflated", "rle")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A series of each kind of encoding: each is read in a way of its own."""
    root = tmp_path_factory.mktemp("archives") / "in"
    for series, syntax in enumerate(SYNTAXES, 1):
        write([instance(series=series, number=n, syntax=syntax) for n in range(1, 5)], root)
    return root


@pytest.mark.parametrize("verb", VERBS)
def test_every_archive_gives_what_the_folder_gives(verb: str, folder: Path, tmp_path: Path) -> None:
    report = VERBS[verb](folder, tmp_path / "expected", 1)
    assert report.exit_code == 0, report.outcomes
    expected = contents(tmp_path / "expected")
    assert len(expected) >= len(SYNTAXES)
    for name, make in KINDS.items():
        source = make(folder, tmp_path / name)
        target = tmp_path / "out"
        assert VERBS[verb](source, target, 1).exit_code == 0
        assert contents(target) == expected, name
        shutil.rmtree(target)


@pytest.mark.parametrize("name", ["a.zip", "a.tgz"])
def test_workers_give_what_one_process_gives(name: str, folder: Path, tmp_path: Path) -> None:
    source = KINDS[name](folder, tmp_path / name)
    convkit.convert(folder, tmp_path / "one", to="nii", jobs=1)
    assert convkit.convert(source, tmp_path / "two", to="nii", jobs=2).exit_code == 0
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_second_run_resumes(folder: Path, tmp_path: Path) -> None:
    source = zip_of(folder, tmp_path / "a.zip")
    convkit.convert(source, tmp_path / "out", to="nii", jobs=1)
    again = convkit.convert(source, tmp_path / "out", to="nii", jobs=1)
    assert {str(outcome.status) for outcome in again.outcomes} == {"resumed"}


def test_names_of_archives_and_members_reach_no_output_of_deid(folder: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "Zebulon^Quux"
    shutil.copytree(folder, renamed)
    source = zip_of(tmp_path, tmp_path / "Zebulon.zip")  # members are sub/Zebulon^Quux/...
    shutil.rmtree(renamed)
    report = convkit.deidentify(source, output=tmp_path / "out", audit=tmp_path / "audit.jsonl", jobs=1)
    assert report.exit_code == 0
    written = [p for p in (tmp_path / "out").rglob("*") if p.is_file()] + [tmp_path / "audit.jsonl"]
    assert len(written) > len(SYNTAXES)
    for path in written:
        assert b"zebulon" not in path.read_bytes().lower()
        assert "zebulon" not in str(path.relative_to(tmp_path)).lower()


@pytest.mark.parametrize("action", ["hardlink", "symlink"])
def test_member_cannot_be_linked(action: str, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="linked"):
        convkit.sort(tar_of(folder, tmp_path / "a.tar"), tmp_path / "out", action=action, jobs=1)
    assert not (tmp_path / "out").exists()


def test_damaged_archive_in_a_folder_costs_only_itself(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "all"
    shutil.copytree(folder, source)
    (source / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    report = convkit.convert(source, tmp_path / "out", to="nii", jobs=1)
    assert report.exit_code == 4
    assert "input.archive-damaged" in codes(report)
    assert len(list((tmp_path / "out").rglob("*.nii"))) == len(SYNTAXES)


def test_dicomdir_in_an_archive_is_passed_over_as_in_a_folder(folder: Path, tmp_path: Path) -> None:
    convkit.deidentify(folder, output=tmp_path / "medium", dicomdir=True, jobs=1)
    shutil.rmtree(tmp_path / "medium" / ".convkit")
    archive = zip_of(tmp_path / "medium", tmp_path / "medium.zip")
    from_folder = convkit.scan(tmp_path / "medium", jobs=1)
    from_archive = convkit.scan(archive, jobs=1)
    assert [s.series_instance_uid for s in from_archive] == [s.series_instance_uid for s in from_folder]
    assert [p.code for p in from_archive.problems] == [p.code for p in from_folder.problems]


def test_volumes_are_read_from_an_archive(folder: Path, tmp_path: Path) -> None:
    source = tar_of(folder, tmp_path / "a.tgz")
    volumes = list(convkit.read_all(source))
    assert len(volumes) == len(SYNTAXES)


@pytest.mark.slow
def test_command_reads_archives_and_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    source = tar_of(folder, tmp_path / "a.tgz")
    done = command("convert", source, "-o", tmp_path / "out", "-j", "2", TMPDIR=str(tmp_path / "tmp"))
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "tmp").rglob("spool-*"))


@pytest.mark.slow
def test_what_workers_inflate_goes_with_the_run(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra tables is not installed")
    (tmp_path / "tmp").mkdir()
    source, index = tar_of(folder, tmp_path / "a.tgz"), tmp_path / "index.parquet"
    convkit.save_index(source, output=index, jobs=1)
    done = command("convert", index, "-o", tmp_path / "out", "-j", "2", TMPDIR=str(tmp_path / "tmp"))
    assert done.returncode == 0, done.stderr
    assert not [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()]


LONG = 256
"""Rows and columns: the header is there before the place that is damaged is reached."""


def damaged(folder: Path, path: Path, kind: str) -> Path:
    """A zip, or a folder of gzip files, whose second member is damaged: in a place, or in its checksum alone."""
    noise = np.random.default_rng(1)
    shape = (LONG, LONG)
    pixels = [noise.integers(0, 1000, shape).astype(np.int16) for _ in range(4)]
    write([instance(number=n, rows=LONG, columns=LONG, pixels=p) for n, p in enumerate(pixels, 1)], folder)
    if kind == "gzip":
        second = sorted(KINDS["gzips"](folder, path).rglob("*.gz"))[1]
        data = bytearray(second.read_bytes())
        data[len(data) // 2] ^= 0x55
        second.write_bytes(data)
        return path
    source = zip_of(folder, path, deflated="stored" not in kind)
    with zipfile.ZipFile(source) as archive:
        member = archive.infolist()[1]
    data = bytearray(source.read_bytes())
    if "stored" in kind:  # a value of the header, or one bit of a pixel
        start = member.header_offset
        is_header = kind == "stored header"
        data[data.index(b"-1024.0", start) + 4 if is_header else start + member.file_size * 3 // 4] ^= 1
    elif kind == "checksum":
        entry = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
        data[entry + 16] ^= 1
    else:
        at = member.header_offset + member.compress_size * 3 // 4
        data[at : at + 2000] = bytes(each ^ 0x55 for each in data[at : at + 2000])
    source.write_bytes(data)
    return source


@pytest.mark.parametrize("kind", ["stream", "checksum", "gzip", "stored header", "stored pixels"])
@pytest.mark.parametrize("verb", VERBS)
def test_damaged_member_is_its_own_fault_and_others_go_on(verb: str, kind: str, tmp_path: Path) -> None:
    source = damaged(tmp_path / "in", tmp_path / "packed", kind)
    report = VERBS[verb](source, tmp_path / "out", 1)
    found = [each for outcome in report.outcomes for each in outcome.notes if each.code == "input.archive-member"]
    assert len(found) == 1, report.outcomes
    assert "!/" in found[0].where
    assert "archive" in found[0].hint
    assert "output.error" not in {each.code for outcome in report.outcomes for each in outcome.notes}
    written = [each for each in report.outcomes if each.status == "done" and each.item not in {"DICOMDIR", "gallery"}]
    assert sum(len([n for n in each.outputs if "json" not in n]) for each in written) == (0 if verb == "convert" else 3)


@pytest.mark.parametrize("kind", ["a.zip", "stored.zip"])
@pytest.mark.parametrize("verb", VERBS)
def test_damage_within_a_long_member_reaches_no_frame(verb: str, kind: str, tmp_path: Path) -> None:
    """Frames are read one by one, the first of them long before the end of the member."""
    frames, rows, columns = 20, 384, 384
    pixels = np.random.default_rng(1).integers(0, 256, (frames * rows, columns)).astype(np.uint8)
    dataset = multi_frame_us(frames)
    dataset.Rows, dataset.Columns, dataset.PixelData = rows, columns, pixels.tobytes()
    write([dataset], tmp_path / "in")
    source = KINDS[kind](tmp_path / "in", tmp_path / kind)
    data = bytearray(source.read_bytes())
    data[data.index(b"PK\x01\x02") + 16] ^= 1  # as if a bit within were another one
    source.write_bytes(data)
    report = VERBS[verb](source, tmp_path / "out", 1)
    assert codes(report) >= {"input.archive-member"}
    assert not [o for o in report.outcomes if o.status == "done" and o.item not in {"DICOMDIR", "gallery"}]
    assert not [name for name in contents(tmp_path / "out") if name.endswith((".png", ".nii", ".dcm"))]
