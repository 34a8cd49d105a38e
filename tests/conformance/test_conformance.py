"""The reference data sets, where they are there: nothing differs but what is explained."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


@pytest.mark.slow
def test_nothing_differs_from_the_references_but_what_is_explained(data_folder: Path) -> None:
    environment = {**os.environ, "CONVKIT_DATA": str(data_folder)}
    run = subprocess.run(
        [sys.executable, "-m", "tests.conformance"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if "No reference data" in run.stdout:
        pytest.skip("no comparator beside the data")
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_difference_is_explained_in_the_page() -> None:
    page = (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8")
    entries = tomllib.loads((HERE / "explained.toml").read_text(encoding="utf-8"))["explained"]
    assert entries
    assert {e["why"] for e in entries} == {line[4:] for line in page.splitlines() if line.startswith("### ")}
