"""What a run may use of the machine, as the command is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import series, write
from tests.cli.command import convkit

NICE = """
import os, sys
from convkit.cli.main import run
sys.argv = ["convkit", "scan", sys.argv[1], "-q", "--nice", "7"]
try:
    run()
finally:
    print(os.nice(0))
"""


@pytest.mark.skipif(not hasattr(os, "nice"), reason="a system without priorities")
def test_others_go_first(tmp_path: Path) -> None:
    write(series(), tmp_path)
    done = subprocess.run([sys.executable, "-c", NICE, str(tmp_path)], capture_output=True, check=True, text=True)
    assert int(done.stdout.splitlines()[-1]) == min(19, os.nice(0) + 7)


def test_memory_is_a_size(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    command = "convert", tmp_path / "in", "-o", tmp_path / "out", "--memory"
    assert convkit(*command, "1.5 GB").returncode == 0
    wrong = convkit(*command, "lots")
    assert wrong.returncode == 2
    assert "8G" in wrong.stderr


@pytest.mark.parametrize("quiet", [True, False])
def test_temporary_folder_that_is_not_there_is_told(quiet: bool, tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    done = convkit("scan", tmp_path / "in", *(["-q"] if quiet else []), TMPDIR=str(tmp_path / "none"))
    assert done.returncode == 0
    assert (str(tmp_path / "none") in done.stderr) is not quiet
    (tmp_path / "none").mkdir()
    assert "TMPDIR" not in convkit("scan", tmp_path / "in", TMPDIR=str(tmp_path / "none")).stderr


def test_tables_are_whole_where_another_program_reads_them(tmp_path: Path) -> None:
    write(series(SeriesDescription="a description of more than forty characters"), tmp_path / "in")
    done = convkit("scan", str(tmp_path / "in"))
    assert "a description of more than forty characters" in done.stdout
