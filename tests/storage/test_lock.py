"""Locks that go with their holder: no two at a time, and nothing left."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from convkit.storage.lock import FileLock


def test_lock_that_is_not_kept_goes_with_its_holder(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock", is_kept=False):
        assert (tmp_path / "lock").exists()
        with pytest.raises(BlockingIOError):
            FileLock(tmp_path / "lock", is_kept=False)
    assert not (tmp_path / "lock").exists()


def test_who_has_waited_for_a_lock_that_is_removed_holds_a_new_one(tmp_path: Path) -> None:
    first = FileLock(tmp_path / "lock", is_kept=False)
    threading.Timer(0.2, first.release).start()
    with FileLock(tmp_path / "lock", wait_s=10, is_kept=False), pytest.raises(BlockingIOError):
        FileLock(tmp_path / "lock", is_kept=False)
    assert not list(tmp_path.iterdir())


def test_one_at_a_time_however_many_want_it(tmp_path: Path) -> None:
    inside = 0
    most = 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with FileLock(tmp_path / "lock", wait_s=30, is_kept=False):
                with guard:
                    inside += 1
                    most = max(most, inside)
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert not list(tmp_path.iterdir())
