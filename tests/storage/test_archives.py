"""Members of archives are files: the same bytes at every place, whatever holds them, and a note for what is none."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import random
import shutil
import struct
import subprocess
import sys
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest

from convkit.dicom.sources import find_files
from convkit.errors import InputError, OutputError
from convkit.storage import archives, files
from tests.builders.archives import KINDS, tar_of, zip_of, zip_with

CONTENT = bytes(each & 15 for each in random.Random(1).randbytes(300_000))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "in"
    (root / "b").mkdir(parents=True)
    (root / "a.dcm").write_bytes(CONTENT)
    (root / "b" / "c.dcm").write_bytes(CONTENT[::-1])
    (root / "empty.dcm").write_bytes(b"")
    return root


def codes(source: Path) -> dict[str, str]:
    """Name of what was left out to the code of its note."""
    return {Path(each.where).name: each.code for each in find_files([source]).notes}


def content(path: str) -> bytes:
    with files.buffered(path) as file:
        return file.read()


# --- reading ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_members_are_found_in_their_order_with_their_bytes(name: str, folder: Path, tmp_path: Path) -> None:
    source = KINDS[name](folder, tmp_path / name)
    found = find_files([source])
    assert not found.notes
    assert {Path(path).name: content(path) for path in found.paths} == {
        "a.dcm": CONTENT,
        "c.dcm": CONTENT[::-1],
        "empty.dcm": b"",
    }
    assert [files.status(path).size for path in found.paths] == [len(CONTENT), len(CONTENT), 0]


@pytest.mark.parametrize("name", KINDS)
def test_any_place_of_a_member_can_be_read(name: str, folder: Path, tmp_path: Path) -> None:
    (path,) = [p for p in find_files([KINDS[name](folder, tmp_path / name)]).paths if p.endswith("a.dcm")]
    dice = random.Random(2)
    with files.opened(path) as file:
        for _ in range(50):
            start, count = dice.randrange(len(CONTENT) + 10), dice.randrange(100_000)
            file.seek(start)
            assert file.read(count) == CONTENT[start : start + count]
            assert file.tell() == min(len(CONTENT), max(start, start + count)) or start > len(CONTENT)
        file.seek(-5, os.SEEK_END)
        assert file.read() == CONTENT[-5:]


def test_archives_in_a_folder_are_opened(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    zip_of(folder, tmp_path / "all" / "one.ZIP")
    tar_of(folder, tmp_path / "all" / "two.tgz")
    (tmp_path / "all" / "x.dcm").write_bytes(b"x")
    found = find_files([tmp_path / "all"]).paths
    assert [Path(p).relative_to(tmp_path / "all").as_posix() for p in found] == [
        "one.ZIP!/sub/a.dcm",
        "one.ZIP!/sub/b/c.dcm",
        "one.ZIP!/sub/empty.dcm",
        "two.tgz!/sub/a.dcm",
        "two.tgz!/sub/b/c.dcm",
        "two.tgz!/sub/empty.dcm",
        "x.dcm",
    ]


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz"])
def test_archive_that_is_named_is_known_by_its_content(name: str, folder: Path, tmp_path: Path) -> None:
    source = KINDS[name](folder, tmp_path / name).rename(tmp_path / "download")
    assert len(find_files([source]).paths) == 3


def test_gzip_of_one_file_that_is_named_is_known_by_its_content(tmp_path: Path) -> None:
    part10 = bytes(128) + b"DICM" + bytes(500)
    (tmp_path / "IM1.gz").write_bytes(gzip.compress(part10))
    (path,) = find_files([tmp_path / "IM1.gz"]).paths
    assert content(path) == part10


def test_one_member_can_be_named(folder: Path, tmp_path: Path) -> None:
    source = f"{zip_of(folder, tmp_path / 'a.zip')}!/sub/b/c.dcm"
    assert find_files([source]).paths == (source,)


def test_member_that_is_not_there_is_a_source_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        find_files([f"{zip_of(folder, tmp_path / 'a.zip')}!/sub/other.dcm"])


def test_real_path_wins_over_a_member(folder: Path, tmp_path: Path) -> None:
    zip_of(folder, tmp_path / "a.zip")
    real = tmp_path / "a.zip!" / "sub" / "a.dcm"
    real.parent.mkdir(parents=True)
    real.write_bytes(b"real")
    assert content(str(real)) == b"real"
    assert files.status(str(real)).size == 4


def test_archive_that_is_linked_twice_is_read_once(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "b.zip").symlink_to(zip_of(folder, tmp_path / "all" / "a.zip"))
    assert len(find_files([tmp_path / "all"]).paths) == 3


def test_two_gzip_streams_behind_each_other_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "x.dcm.gz").write_bytes(gzip.compress(b"one ") + gzip.compress(b"two") + bytes(512))
    (path,) = find_files([tmp_path]).paths
    assert content(path) == b"one two"


# --- names -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "_/_/etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("a\\b\\c", "a/b/c"),
        ("./a//b", "a/b"),
        ("naïve/ä.dcm", "naïve/ä.dcm"),
        ("..", "_"),
    ],
)
def test_names_of_members_lead_nowhere(name: str, shown: str, tmp_path: Path) -> None:
    archive = zip_with(tmp_path / "a.zip", [(name, b"content")])
    (path,) = find_files([archive]).paths
    assert path == f"{archive}!/{shown}"
    assert content(path) == b"content"


def test_members_of_one_name_are_all_read(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        archive = zip_with(tmp_path / "a.zip", [("x", b"1"), ("x", b"2"), ("x~2", b"3")])
    paths = find_files([archive]).paths
    assert {content(p) for p in paths} == {b"1", b"2", b"3"}


def test_name_in_a_tar_that_is_no_utf8(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w", encoding="latin-1", format=tarfile.GNU_FORMAT) as archive:
        info = tarfile.TarInfo("bild_ü.dcm")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    (path,) = find_files([tmp_path / "a.tar"]).paths
    assert content(path) == b"abc"


def test_what_is_no_file_in_a_tar_is_passed_over(folder: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(folder, "in")
        for kind in (tarfile.SYMTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo(f"special{kind.decode()}")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert len(find_files([tmp_path / "a.tar"]).paths) == 3


# --- what cannot be read ---------------------------------------------------------------------------------


def test_archive_inside_an_archive_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outer").mkdir()
    zip_of(folder, tmp_path / "outer" / "inner.zip")
    (tmp_path / "outer" / "x.dcm").write_bytes(b"x")
    outer = zip_of(tmp_path / "outer", tmp_path / "a.zip")
    assert [Path(p).name for p in find_files([outer]).paths] == ["x.dcm"]
    assert codes(outer) == {"inner.zip": "input.archive-inside"}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz", "a.tar.bz2", "a.tar.xz"])
def test_archive_that_is_cut_is_told(name: str, folder: Path, tmp_path: Path) -> None:
    source = KINDS[name](folder, tmp_path / name)
    os.truncate(source, source.stat().st_size * 2 // 3)
    found = find_files([source])
    assert {each.code for each in found.notes} <= {"input.archive-damaged", "input.archive-member"}
    assert found.notes
    for path in found.paths:  # what is there before the cut is right
        with files.buffered(path) as file:
            assert file.read() in {CONTENT, CONTENT[::-1], b""}


def test_garbage_under_the_name_of_an_archive_is_told(tmp_path: Path) -> None:
    for name in ("a.zip", "b.tar", "c.tgz", "d.tar.xz", "e.dcm.gz"):
        (tmp_path / name).write_bytes(CONTENT[:5000])
    told = codes(tmp_path)
    assert {told[name] for name in ("a.zip", "b.tar", "c.tgz", "d.tar.xz")} == {"input.archive-damaged"}


def test_damaged_header_in_a_tar_is_not_taken_for_its_end(folder: Path, tmp_path: Path) -> None:
    source = tar_of(folder, tmp_path / "a.tar")
    data = bytearray(source.read_bytes())
    with tarfile.open(source) as archive:
        second = archive.getmembers()[1].offset
    data[second : second + 100] = b"\xff" * 100
    source.write_bytes(data)
    found = find_files([source])
    assert [Path(p).name for p in found.paths] == ["a.dcm"]
    assert [each.code for each in found.notes] == ["input.archive-damaged"]


def test_locked_member_is_told_and_others_are_read(folder: Path, tmp_path: Path) -> None:
    source = zip_of(folder, tmp_path / "a.zip")
    data = bytearray(source.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 8] |= 1
    source.write_bytes(data)
    assert codes(source) == {"a.dcm": "input.archive-member"}
    assert len(find_files([source]).paths) == 2


def test_member_packed_in_an_unknown_way_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.dcm", b"content")
    assert codes(tmp_path / "a.zip") == {"x.dcm": "input.archive-member"}


def test_damaged_member_is_refused_when_it_is_read(folder: Path, tmp_path: Path) -> None:
    source = zip_of(folder, tmp_path / "a.zip")
    data = bytearray(source.read_bytes())
    data[5000:5100] = bytes(100)
    source.write_bytes(data)
    path = find_files([source]).paths[0]
    for _ in range(2):  # what is known of it is kept, and the second time is as the first
        with files.opened(path) as file, pytest.raises(files.PackedError, match=r"damaged|longer|early"):
            file.read()


@pytest.mark.parametrize("kind", ["a.zip", "stored.zip"])
@pytest.mark.parametrize("start", [0, 1000, len(CONTENT) // 2])
def test_member_without_its_checksum_is_refused_before_its_last_bytes_are_given(
    kind: str, start: int, folder: Path, tmp_path: Path
) -> None:
    source = KINDS[kind](folder, tmp_path / kind)
    data = bytearray(source.read_bytes())
    data[data.index(b"PK\x01\x02") + 16] ^= 1  # the CRC-32 of the first member
    source.write_bytes(data)
    path = find_files([source]).paths[0]
    with files.opened(path) as file:
        assert file.read(1000) == CONTENT[:1000]  # a header is there before anybody knows
        for _ in range(2):
            file.seek(start)
            with pytest.raises(files.PackedError, match="damaged"):
                file.read(len(CONTENT) - start - 100)  # elements behind the pixels may be left out


def test_member_longer_than_it_says_is_refused(tmp_path: Path) -> None:
    source = zip_with(tmp_path / "a.zip", [("x", bytes(1_000_000))])
    data = bytearray(source.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 1000)  # the length that it says
    source.write_bytes(data)
    (path,) = find_files([source]).paths
    with files.opened(path) as file, pytest.raises(OSError, match=r"longer|damaged"):
        file.read()


def test_member_that_cannot_be_so_long_is_told(tmp_path: Path) -> None:
    source = zip_with(tmp_path / "a.zip", [("x", bytes(1000))])
    data = bytearray(source.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 4_000_000_000)
    source.write_bytes(data)
    assert codes(source) == {"x": "input.archive-member"}


def test_member_is_inflated_no_further_than_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = zip_with(tmp_path / "a.zip", [("long", bytes(50_000_000))])
    (path,) = find_files([source]).paths
    monkeypatch.setattr("convkit.storage._grown.MOST_IN_MEMORY", 1_000_000)
    monkeypatch.setattr("convkit.storage._grown.private_folder", lambda: pytest.fail("so much was not asked for"))
    with files.opened(path) as file:
        assert file.read(1000) == bytes(1000)


PACKED = {name: KINDS[name] for name in ("a.zip", "gzips")}


@pytest.mark.parametrize("name", PACKED)
def test_what_is_long_is_inflated_into_a_file_of_no_name(
    name: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convkit.storage._grown.MOST_IN_MEMORY", 100_000)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    found = find_files([PACKED[name](folder, tmp_path / name)])
    assert {Path(path).name: content(path) for path in found.paths}["c.dcm"] == CONTENT[::-1]
    path = next(path for path in found.paths if path.endswith("a.dcm"))
    with files.opened(path) as file:  # some places before and behind the border, in any order
        for place in random.Random(2).sample(range(len(CONTENT) - 5000), 50):
            file.seek(place)
            assert file.read(5000) == CONTENT[place : place + 5000]
    assert not [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("LEAST_FREE", 1 << 60, "no room"),
        ("_TRAP_FROM", 100_000, "times as long"),
        ("private_folder", None, "no folder"),
    ],
)
def test_what_becomes_too_large_is_refused(
    *, limit: str, value: int | None, words: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> Path:
        raise OutputError("There is no folder.", "", "Name another.")

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "zeros.dcm").write_bytes(bytes(5_000_000))
    monkeypatch.setattr("convkit.storage._grown.MOST_IN_MEMORY", 1_000_000)
    monkeypatch.setattr("convkit.storage._grown._CHECKED_EVERY", 1_000_000)
    monkeypatch.setattr(f"convkit.storage._grown.{limit}", refused if value is None else value)
    found = find_files([PACKED[name](tmp_path / "in", tmp_path / name)])
    if name == "a.zip" and limit == "_TRAP_FROM":  # a zip says how long its members are
        assert [each.code for each in found.notes] == ["input.archive-too-large"]
        return
    (path,) = found.paths
    with pytest.raises(files.PackedError, match=words) as caught:
        content(path)
    assert caught.value.code == "input.archive-too-large"


def test_error_of_a_member_survives_its_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(files.PackedError("it is damaged", "input.archive-too-large", "Copy it.")))
    assert (error.strerror, error.code, error.hint) == ("it is damaged", "input.archive-too-large", "Copy it.")


@pytest.mark.skipif(sys.platform != "linux", reason="peaks of memory are read from /proc")
@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.zip", "x.dcm.gz", "a.tgz"])
def test_bomb_takes_little_memory(name: str, tmp_path: Path) -> None:
    """2 GB and more of zeros, whatever is said of their length."""
    path = tmp_path / name
    size = (2 << 30) + (1 << 20)
    zeros = _Zeros(size)
    if name == "a.zip":
        info = zipfile.ZipInfo("x.dcm")
        info.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(path, "w", compresslevel=1) as archive, archive.open(info, "w", force_zip64=True) as into:
            shutil.copyfileobj(zeros, into, 1 << 24)
    elif name == "a.tgz":
        info_of_tar = tarfile.TarInfo("x.dcm")
        info_of_tar.size = size
        with tarfile.open(path, "w:gz", compresslevel=1) as tar:
            tar.addfile(info_of_tar, zeros)
    else:
        with gzip.open(path, "wb", 1) as into:
            shutil.copyfileobj(zeros, into, 1 << 24)
    measured = (
        "import sys, convkit\n"
        "found = convkit.scan(sys.argv[1], jobs=1)\n"
        "status = dict(line.split(':') for line in open('/proc/self/status'))\n"
        "print(found.problems[0].code, int(status['VmHWM'].split()[0]) // 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", measured, path], capture_output=True, text=True, check=True)
    code, peak_mb = done.stdout.split()
    assert code == ("input.not-dicom" if name == "a.tgz" else "input.archive-too-large")
    assert int(peak_mb) < 300


class _Zeros(io.RawIOBase):
    """A file of nothing but zeros."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, count: int = -1) -> bytes:
        count = min(count, self._left)
        self._left -= count
        return bytes(count)


@pytest.mark.parametrize("name", ["_MOST_TIMES", "_LEAST_FREE"])
def test_tar_that_fills_the_disk_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "zeros").write_bytes(bytes(5_000_000))
    source = tar_of(tmp_path / "in", tmp_path / "a.tgz")
    monkeypatch.setattr("convkit.storage._spool._MOST_TIMES_FROM", 1_000_000)
    monkeypatch.setattr(f"convkit.storage._spool.{name}", {"_MOST_TIMES": 10, "_LEAST_FREE": 1 << 60}[name])
    found = find_files([source])
    assert found.paths == ()
    assert [each.code for each in found.notes] == ["input.archive-too-large"]


# --- folders in archives ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.zip", "a.tgz", "a.tar"])
@pytest.mark.parametrize("spelling", ["sub/b", "sub/b/", "/sub/b", "./sub//b"])
def test_folder_in_an_archive_is_a_source(name: str, spelling: str, folder: Path, tmp_path: Path) -> None:
    source = KINDS[name](folder, tmp_path / name)
    found = find_files([f"{source}!/{spelling}"])
    assert found.paths == (f"{source}!/sub/b/c.dcm",)
    assert find_files([f"{source}!/"]).paths == find_files([source]).paths
    assert find_files([f"{source}!/sub"]).paths == find_files([source]).paths


def test_folder_that_is_not_in_the_archive_is_an_error(folder: Path, tmp_path: Path) -> None:
    source = zip_of(folder, tmp_path / "a.zip")
    for name in ("sub/c", "su", "sub/a.dc"):
        with pytest.raises(InputError, match="no such member or folder"):
            find_files([f"{source}!/{name}"])


def test_what_cannot_be_read_of_a_folder_in_an_archive_is_told(folder: Path, tmp_path: Path) -> None:
    source = zip_with(tmp_path / "a.zip", [("x/a", b"1"), ("x/inner.zip", b"PK"), ("y/other.zip", b"PK")])
    found = find_files([f"{source}!/x"])
    assert found.paths == (f"{source}!/x/a",)
    assert [(each.code, each.where) for each in found.notes] == [("input.archive-inside", f"{source}!/x/inner.zip")]


# --- what is left of it ----------------------------------------------------------------------------------


def test_inflated_tar_is_for_its_user_alone(folder: Path, tmp_path: Path) -> None:
    contents = archives.contents_of(str(tar_of(folder, tmp_path / "a.tgz")))
    spool = Path(contents.source)
    assert spool.stat().st_mode & 0o077 == 0
    assert spool.parent.stat().st_mode & 0o077 == 0
    assert spool.parent.parent.stat().st_mode & 0o077 == 0
