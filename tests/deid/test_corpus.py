"""A corpus of public files with invented persons planted in them, judged by its own scorer."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import convkit

pytestmark = pytest.mark.slow

LEAST_SCORE = 99.9
"""Per cent of checks; the best published score of the challenge whose rules it has is 99.93."""


@pytest.fixture(name="scored", scope="module")
def _scored(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the scorer says of a run with the profile of public archives."""
    if find_spec("rapidocr_onnxruntime") is None:
        pytest.skip("needs the extra ocr")
    corpus, scorer = data_folder / "deid" / "corpus", data_folder.parent / "tools" / "score_deid.py"
    if not scorer.is_file():
        pytest.skip("needs the scorer beside the data")
    folder = tmp_path_factory.mktemp("corpus")
    convkit.deidentify(corpus / "in", folder / "out", profile="tcia", key=folder / "key", pixels="ocr")
    command = [sys.executable, scorer, corpus / "in", corpus / "key.jsonl", folder / "out", "--json", folder / "score"]
    subprocess.run([*command, "--no-validity"], check=True, capture_output=True)
    found: dict[str, Any] = json.loads((folder / "score").read_text("utf-8"))
    return found


def test_nothing_that_was_planted_is_left(scored: dict[str, Any]) -> None:
    assert scored["leaks"]["list"] == []
    assert scored["leaks"]["original_uids"]["occurrences"] == 0


def test_what_has_to_go_goes_and_what_has_to_stay_stays(scored: dict[str, Any]) -> None:
    assert (scored["missing"], scored["unreadable"], scored["unmatched"]) == (0, [], [])
    assert scored["score"] >= LEAST_SCORE, scored["wrong_top"]


def test_references_dates_and_persons_stay_together(scored: dict[str, Any]) -> None:
    integrity = scored["integrity"]
    assert integrity["uids_with_two_replacements"] == integrity["uids_merged"] == integrity["invalid_uids"] == 0
    assert set(integrity["dates_per_patient"]) == {"one constant shift"}
    assert set(integrity["patient_ids"].values()) == {0}
