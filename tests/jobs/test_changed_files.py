"""Files that change between their header and their pixels: never pixels of one under the header of another."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import convkit
from convkit import Status
from tests.builders import series, write
from tests.jobs.work import contents, convert_folder


def _swapped(folder: Path, change: Callable[[Path], object], tmp_path: Path, **options: object) -> convkit.Report:
    """The report of a run in which one file is changed when all headers are read."""
    paths = sorted(folder.rglob("*.dcm"))

    def progress(step: convkit.Step) -> None:
        if step.what == "headers" and step.done == step.total:
            change(paths[2])

    return convert_folder(folder, tmp_path / "out", progress=progress, **options).report


def _replace(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


CHANGES: dict[str, Callable[[Path], object]] = {
    "longer": lambda path: _replace(path, path.read_bytes() + b"\0" * 40),
    "other pixels": lambda path: _replace(path, path.read_bytes()[:-4] + b"\1\2\3\4"),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "a device": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX")
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_that_was_replaced_after_its_header_was_read_is_refused(change: str, jobs: int, tmp_path: Path) -> None:
    write(series(series=1), tmp_path / "in")
    write(series(series=2), tmp_path / "in")
    report = _swapped(tmp_path / "in", CHANGES[change], tmp_path, jobs=jobs)
    assert report.exit_code == 4
    bad = [o for o in report.outcomes if o.status is not Status.DONE]
    assert [o.notes[0].code for o in bad] == ["input.changed"]


def test_the_same_command_goes_on_when_nothing_writes_any_more(tmp_path: Path) -> None:
    write(series(series=1), tmp_path / "in")
    shutil.copytree(tmp_path / "in", tmp_path / "same")
    whole = convert_folder(tmp_path / "same", tmp_path / "whole")
    _swapped(tmp_path / "in", lambda path: _replace(path, path.read_bytes()), tmp_path)
    again = convert_folder(tmp_path / "in", tmp_path / "out")
    assert again.report.exit_code == 0
    assert list(contents(again.folder).values()) == list(contents(whole.folder).values())
