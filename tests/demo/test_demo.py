"""The demonstration as a user runs it: a process of its own, in an empty folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image


def run_demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "convkit.demo", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("demo")
    return folder / "demo-output", run_demo(folder)


def test_the_demo_succeeds_and_says_so(demo):
    _, done = demo
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all checks passed" in done.stdout
    assert "FAIL" not in done.stdout


def test_the_demo_leaves_volumes_in_every_format_it_names(demo):
    root, _ = demo
    assert len(list((root / "nifti").rglob("*.nii.gz"))) > 20
    assert len(list((root / "nrrd").rglob("*.nrrd"))) == 1
    assert len(list((root / "npz").rglob("*.npz"))) == 1
    assert len((root / "scan.csv").read_text(encoding="utf-8").splitlines()) > 30


def test_the_demo_shows_what_was_refused_with_its_code(demo):
    _, done = demo
    for code in ("pixels.truncated", "object.multi-frame", "geometry.missing-slice", "header.no-series-uid"):
        assert f"[{code}]" in done.stdout


def test_the_picture_is_not_empty(demo):
    root, _ = demo
    with Image.open(root / "volumes.png") as picture:
        low, high = picture.getextrema()
    assert (low, high) == (0, 255)


def test_the_demo_ends_with_a_gallery(demo):
    root, done = demo
    page = (root / "pictures" / "index.html").read_text(encoding="utf-8")
    assert "Chest" in page
    assert len(list((root / "pictures").rglob("*.png"))) > 100
    assert "index.html in a browser" in done.stdout


def test_the_demo_runs_again_in_its_own_folder(demo):
    root, _ = demo
    done = run_demo(root.parent, "-o", root.name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_demo_leaves_a_folder_of_someone_else_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious", encoding="utf-8")
    done = run_demo(tmp_path, "-o", "mine")
    assert done.returncode == 2
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
