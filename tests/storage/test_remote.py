"""Objects in storage of a kind that lives in this process: ranges, whole writes, errors in words."""

from __future__ import annotations

import errno
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convkit.dicom.sources import find_files
from convkit.errors import UsageError
from convkit.storage import files, mirror, remote
from tests.builders.archives import KINDS

CONTENT = random.Random(1).randbytes(3_000_000)


@pytest.fixture
def memory() -> Iterator[Any]:
    system = pytest.importorskip("fsspec", reason="storage needs fsspec").filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def content(path: str) -> bytes:
    with files.buffered(path) as file:
        return file.read()


def test_any_range_of_an_object_can_be_read(memory: Any) -> None:
    memory.pipe_file("/b/x", CONTENT)
    dice = random.Random(2)
    with files.opened("memory://b/x") as file:
        for _ in range(100):
            start, count = dice.randrange(len(CONTENT) + 10), dice.choice([10, 1000, 200_000, 2_000_000])
            file.seek(start)
            assert file.read(count) == CONTENT[start : start + count]


def test_header_costs_one_short_range(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.pipe_file("/b/x", CONTENT)
    asked: list[tuple[int, int]] = []
    whole = type(memory).cat_file

    def cat_file(self: Any, path: str, start: int = 0, end: int = 0) -> bytes:
        asked.append((start, end))
        return whole(self, path, start=start, end=end)

    monkeypatch.setattr(type(memory), "cat_file", cat_file)
    with files.opened("memory://b/x") as file:
        for start in (0, 5000, 400):
            file.seek(start)
            file.read(4096)
    assert asked == [(0, remote.FIRST_BYTES)]


def test_objects_below_a_url_are_found_and_own_ones_are_not(memory: Any) -> None:
    for name in ("in/a", "in/b/c", "in/.convkit/journal.sqlite", "other"):
        memory.pipe_file(f"/bucket/{name}", b"x")
    assert find_files(["memory://bucket/in"]).paths == ("memory://bucket/in/a", "memory://bucket/in/b/c")


@pytest.mark.parametrize("name", ["a.zip", "stored.zip", "a.tar", "a.tgz"])
def test_members_of_archives_in_storage_are_files(name: str, memory: Any, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x").write_bytes(CONTENT)
    memory.pipe_file(f"/b/{name}", KINDS[name](tmp_path / "in", tmp_path / name).read_bytes())
    (path,) = find_files([f"memory://b/{name}"]).paths
    assert path == f"memory://b/{name}!/sub/x"
    assert content(path) == CONTENT


def test_object_may_be_called_as_a_member_would(memory: Any) -> None:
    memory.pipe_file("/b/odd!/x", b"content")
    (path,) = find_files(["memory://b"]).paths
    assert content(path) == b"content"


def test_object_that_was_written_anew_is_read_anew(memory: Any) -> None:
    for text in (b"one", b"two"):
        memory.pipe_file("/b/x", text)
        (path,) = find_files(["memory://b/x"]).paths
        assert content(path) == text


def test_object_is_sent_whole_or_not_at_all(memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new").write_bytes(CONTENT)
    memory.pipe_file("/b/x", b"old")
    whole = type(memory).put_file

    def put_file(self: Any, local: str, path: str, **more: Any) -> None:
        self.pipe_file(path, CONTENT[:1000])
        raise RuntimeError("the wire was cut")

    monkeypatch.setattr(type(memory), "put_file", put_file)
    with pytest.raises(OSError, match="the storage has failed"):
        remote.send(str(tmp_path / "new"), "memory://b/x")
    assert memory.find("/") == ["/b/x"]
    assert memory.cat_file("/b/x") == b"old"
    monkeypatch.setattr(type(memory), "put_file", whole)
    remote.send(str(tmp_path / "new"), "memory://b/x")
    assert memory.find("/") == ["/b/x"]
    assert memory.cat_file("/b/x") == CONTENT


class NoCredentialsError(Exception):
    """As a library of S3 has it."""


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (FileNotFoundError("x"), errno.ENOENT),
        (PermissionError("x"), errno.EACCES),
        (NoCredentialsError("secret"), errno.EACCES),
        (ConnectionResetError("x"), errno.EHOSTUNREACH),
        (TimeoutError("x"), errno.EHOSTUNREACH),
        (ValueError("secret"), errno.EIO),
    ],
)
def test_every_error_is_one_of_the_system_in_words(error: Exception, number: int) -> None:
    with pytest.raises(OSError, match="storage") as caught, remote.told("s3://b/x"):
        raise error
    assert caught.value.errno == number
    assert "secret" not in str(caught.value)


def test_request_is_made_again_where_the_storage_was_not_to_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_FIRST_WAIT_S", 0.001)
    errors = [ConnectionResetError("x"), TimeoutError("x")]

    def work() -> str:
        if errors:
            raise errors.pop()
        return "done"

    assert remote.tried(work, "memory://b/x") == "done"


def test_folder_that_stands_for_a_url_knows_it() -> None:
    root = mirror.root_of("memory://bucket/deep/out/")
    assert files.shown(str(root)) == "memory://bucket/deep/out"
    assert files.kept(f"{root}/a/b.png") == "memory://bucket/deep/out/a/b.png"
    assert files.url_behind("/data/a/b.png") is None


@pytest.mark.parametrize("url", ["s3://", "s3://b/../c", "s3://b/~convkit~"])
def test_url_that_names_no_folder_is_no_destination(url: str) -> None:
    with pytest.raises(UsageError):
        mirror.root_of(url)


def test_text_with_a_colon_is_no_url() -> None:
    assert not files.is_url("C://x/..".replace("C", "/data/c"))
    assert not files.is_url("/data/odd://name")
    assert files.is_url("s3://bucket/x")
