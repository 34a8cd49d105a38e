"""What is found below a source: each file once, nothing that never ends, and a note for all that is left out."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from pydicom import Dataset

from convkit.dicom.sources import OWN_FOLDER, find_files
from convkit.errors import ConvkitError, InputError, UsageError
from tests.builders import dicomdir, write_as

if os.name != "posix":
    pytest.skip("pipes, sockets and links are those of POSIX", allow_module_level=True)

LEVELS = 20
SOON_S = 5.0
"""Walking each of 2^20 ways would take minutes; each folder once takes a millisecond."""


def touched(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode("utf-8", "surrogateescape"))


def names(paths: Sequence[str]) -> list[str]:
    return [Path(p).name for p in paths]


def told(source: Path | str) -> dict[str, str]:
    """Name of each entry that was left out to the code of its note."""
    return {Path(n.where).name: n.code for n in find_files([source]).notes}


# --- what never ends -------------------------------------------------------------------------------------


def test_pipe_in_a_folder_is_listed_not_opened(tmp_path: Path) -> None:
    touched(tmp_path / "a")
    os.mkfifo(tmp_path / "pipe")
    assert names(find_files([tmp_path]).paths) == ["a"]
    assert told(tmp_path) == {"pipe": "input.unreadable"}


def test_pipe_that_is_named_is_listed_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert find_files([tmp_path / "pipe"]).paths == ()
    assert told(tmp_path / "pipe") == {"pipe": "input.unreadable"}


def test_socket_in_a_folder_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touched(tmp_path / "a")
    monkeypatch.chdir(tmp_path)  # the path of a socket may have about 100 bytes
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert names(find_files([tmp_path]).paths) == ["a"]
        assert told(tmp_path) == {"socket": "input.unreadable"}


def test_device_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "zero").symlink_to("/dev/zero")
    assert find_files([tmp_path]).paths == ()
    assert told(tmp_path) == {"zero": "input.unreadable"}


def test_maze_of_links_is_walked_once(tmp_path: Path) -> None:
    levels = [tmp_path / f"d{number:02d}" for number in range(LEVELS + 1)]
    for here, below in pairwise(levels):
        here.mkdir()
        for way in ("left", "right"):
            (here / way).symlink_to(below, target_is_directory=True)
    touched(levels[-1] / "treasure")
    start = time.monotonic()
    found = find_files([levels[0]])
    assert time.monotonic() - start < SOON_S
    assert names(found.paths) == ["treasure"]


def test_way_through_too_many_links_is_said(tmp_path: Path) -> None:
    """The system follows about 40 links in one path."""
    for number in range(60):
        (tmp_path / f"d{number:02d}").mkdir()
        (tmp_path / f"d{number:02d}" / "on").symlink_to(tmp_path / f"d{number + 1:02d}", target_is_directory=True)
    touched(tmp_path / "d60" / "treasure")
    found = find_files([tmp_path / "d00"])
    assert names(found.paths) == ["treasure"] or "input.unreadable" in {n.code for n in found.notes}


@pytest.mark.parametrize("target", [".", ".."])
def test_link_loop_is_said_and_costs_no_file(target: str, tmp_path: Path) -> None:
    touched(tmp_path / "in" / "a", tmp_path / "in" / "deep" / "b")
    (tmp_path / "in" / "deep" / "again").symlink_to(target, target_is_directory=True)
    found = find_files([tmp_path / "in"])
    assert names(found.paths) == ["a", "b"]
    assert [n.code for n in found.notes] == ["input.link-loop"]


def test_link_to_itself_is_listed(tmp_path: Path) -> None:
    touched(tmp_path / "a")
    (tmp_path / "self").symlink_to("self")
    assert names(find_files([tmp_path]).paths) == ["a"]
    assert told(tmp_path) == {"self": "input.unreadable"}


def test_dangling_link_is_listed(tmp_path: Path) -> None:
    touched(tmp_path / "a")
    (tmp_path / "gone").symlink_to("nowhere")
    assert names(find_files([tmp_path]).paths) == ["a"]
    assert told(tmp_path) == {"gone": "input.unreadable"}


def test_dangling_link_that_is_named_is_listed(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to("nowhere")
    assert told(tmp_path / "gone") == {"gone": "input.unreadable"}


# --- each file once --------------------------------------------------------------------------------------


def test_folder_reached_twice_is_read_once(tmp_path: Path) -> None:
    touched(tmp_path / "in" / "real" / "a", tmp_path / "in" / "real" / "b")
    (tmp_path / "in" / "link").symlink_to("real", target_is_directory=True)
    found = find_files([tmp_path / "in"])
    assert names(found.paths) == ["a", "b"]
    assert found.notes == ()


def test_sources_that_overlap_are_read_once(tmp_path: Path) -> None:
    touched(tmp_path / "in" / "deep" / "a")
    (tmp_path / "link").symlink_to("in", target_is_directory=True)
    sources = [tmp_path / "in", tmp_path / "in" / "deep", tmp_path / "in" / "deep" / "a", tmp_path / "link"]
    assert len(find_files(sources).paths) == 1


def test_path_of_a_file_does_not_depend_on_the_order_of_sources(tmp_path: Path) -> None:
    touched(tmp_path / "in" / "a")
    (tmp_path / "link").symlink_to("in", target_is_directory=True)
    sources = [tmp_path / "in", tmp_path / "link"]
    assert find_files(sources).paths == find_files(sources[::-1]).paths


@pytest.mark.parametrize("depth", ["", "deep/deeper"])
def test_own_folder_of_a_destination_is_passed_over(depth: str, tmp_path: Path) -> None:
    touched(tmp_path / depth / "a", tmp_path / depth / OWN_FOLDER / "journal.sqlite")
    found = find_files([tmp_path])
    assert names(found.paths) == ["a"]
    assert found.notes == ()


# --- lists -----------------------------------------------------------------------------------------------


def listed(folder: Path, *lines: bytes, end: bytes = b"\n") -> str:
    path = folder / "list.txt"
    path.write_bytes(end.join(lines) + end)
    return f"@{path}"


def test_list_in_latin_1_names_files_of_that_spelling(tmp_path: Path) -> None:
    name = b"K\xf6ln.dcm"
    path = os.fsencode(tmp_path) + b"/" + name
    try:
        Path(os.fsdecode(path)).write_bytes(b"x")
    except OSError:
        pytest.skip("the file system wants UTF-8")
    (found,) = find_files([listed(tmp_path, path)]).paths
    assert os.fsencode(found) == path
    assert Path(found).read_bytes() == b"x"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_missing_line_of_a_list_costs_only_itself(end: bytes, tmp_path: Path) -> None:
    touched(tmp_path / "a", tmp_path / "b c")
    lines = [tmp_path / "a", tmp_path / "gone", "", tmp_path / "b c"]
    found = find_files([listed(tmp_path, *(os.fsencode(line) for line in lines), end=end)])
    assert names(found.paths) == ["a", "b c"]
    assert [(Path(n.where).name, n.code) for n in found.notes] == [("gone", "input.unreadable")]


def test_missing_line_that_is_typed_in_costs_only_itself(tmp_path: Path) -> None:
    touched(tmp_path / "a")
    found = find_files(["-"], typed_in=[f"{tmp_path / 'gone'}\n", f"{tmp_path / 'a'}\n"])
    assert names(found.paths) == ["a"]
    assert len(found.notes) == 1


def test_list_may_name_folders_and_pipes(tmp_path: Path) -> None:
    touched(tmp_path / "in" / "a")
    os.mkfifo(tmp_path / "pipe")
    found = find_files([listed(tmp_path, os.fsencode(tmp_path / "in"), os.fsencode(tmp_path / "pipe"))])
    assert names(found.paths) == ["a"]
    assert len(found.notes) == 1


def test_list_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        find_files([f"@{tmp_path / 'nowhere.txt'}"])


@pytest.mark.parametrize(
    "source", ["dicomweb+https://host/study", "https://host/study", "dimse://AET@host:104", "nowhere://x"]
)
def test_address_of_a_network_is_a_usage_error(source: str) -> None:
    with pytest.raises(UsageError):
        find_files([source])


# --- DICOMDIR --------------------------------------------------------------------------------------------


def directory_of(folder: Path, *parts: Sequence[str] | str, name: str = "DICOMDIR") -> Path:
    """A DICOMDIR with an image record for each file, named by the parts of its path."""
    index = dicomdir()
    for file_id in parts:
        record = Dataset()
        record.OffsetOfTheNextDirectoryRecord = record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
        record.RecordInUseFlag, record.DirectoryRecordType = 0xFFFF, "IMAGE"
        record.ReferencedFileID = file_id
        index.DirectoryRecordSequence.append(record)
    return write_as(index, folder / name)


def test_dicomdir_that_is_named_gives_its_files(tmp_path: Path) -> None:
    touched(tmp_path / "IMAGES" / "A", tmp_path / "IMAGES" / "B", tmp_path / "C", tmp_path / "IMAGES" / "UNLISTED")
    path = directory_of(tmp_path, ["IMAGES", "A"], ["IMAGES", "B"], "C")
    assert sorted(names(find_files([path]).paths)) == ["A", "B", "C"]


def test_dicomdir_of_a_copy_in_lower_case_gives_its_files(tmp_path: Path) -> None:
    touched(tmp_path / "images" / "a")
    path = directory_of(tmp_path, ["IMAGES", "A"], name="dicomdir")
    assert names(find_files([path]).paths) == ["a"]


def test_file_that_a_dicomdir_lists_twice_is_read_once(tmp_path: Path) -> None:
    touched(tmp_path / "A")
    assert names(find_files([directory_of(tmp_path, "A", "A")]).paths) == ["A"]


def test_file_that_a_dicomdir_lists_and_is_gone_is_not_lost_without_a_word(tmp_path: Path) -> None:
    touched(tmp_path / "A")
    found = find_files([directory_of(tmp_path, "A", "GONE")])
    assert "GONE" in [*names(found.paths), *(Path(n.where).name for n in found.notes)]


def test_dicomdir_inside_a_folder_is_a_file_like_others(tmp_path: Path) -> None:
    touched(tmp_path / "A")
    directory_of(tmp_path, "A")
    assert names(find_files([tmp_path]).paths) == ["A", "DICOMDIR"]


@pytest.mark.parametrize("content", [b"", b"not DICOM", bytes(128) + b"DICM"])
def test_dicomdir_that_is_none_is_a_coded_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "DICOMDIR").write_bytes(content)
    with pytest.raises(ConvkitError):
        find_files([tmp_path / "DICOMDIR"])


def test_pipe_that_a_dicomdir_lists_is_no_file(tmp_path: Path) -> None:
    touched(tmp_path / "A")
    os.mkfifo(tmp_path / "PIPE")
    found = find_files([directory_of(tmp_path, "A", "PIPE")])
    assert names(found.paths) == ["A"]
