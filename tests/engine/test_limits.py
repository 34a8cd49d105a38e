"""What a run may use of the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from convkit.engine import limits
from convkit.engine.limits import default_jobs, default_memory, memory_of
from convkit.errors import UsageError


def test_default_jobs_is_what_this_process_may_use() -> None:
    assert 1 <= default_jobs() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("text", "cpus"), [("max 100000", None), ("250000 100000", 3), ("50000 100000", 1), ("", None)]
)
def test_quota_of_a_container_is_rounded_up(tmp_path: Path, text: str, cpus: int | None) -> None:
    (tmp_path / "cpu.max").write_text(text)
    assert limits._quota_cpus(tmp_path / "cpu.max") == cpus
    assert limits._quota_cpus(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("text", "size"),
    [("8G", 8 << 30), ("512M", 512 << 20), ("1.5 gb", 3 << 29), ("65536KiB", 64 << 20), (1 << 30, 1 << 30)],
)
def test_a_size_is_understood(text: str | int, size: int) -> None:
    assert memory_of(text) == size


@pytest.mark.parametrize("text", ["", "G", "-1G", "0", "8X", "1e9", "8 G B", "nan"])
def test_what_is_no_size_is_a_mistake(text: str) -> None:
    with pytest.raises(UsageError, match="size"):
        memory_of(text)


@pytest.mark.parametrize(
    ("text", "hint"), [("200", "200M?"), (200, "200M?"), ("1.5", "1.5M?"), ("512K", "512M"), ("15M", "8G")]
)
def test_a_size_that_is_too_small_is_a_unit_forgotten(text: str | int, hint: str) -> None:
    with pytest.raises(UsageError, match="of no use") as caught:
        memory_of(text)
    assert hint in caught.value.hint


def test_the_limit_of_a_container_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("1000000\n")
    monkeypatch.setattr(limits, "_MEMORY_LIMIT", tmp_path / "memory.max")
    assert default_memory() == 800_000
    (tmp_path / "memory.max").write_text("max\n")
    assert (default_memory() or 0) > 1_000_000
