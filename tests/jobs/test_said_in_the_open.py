"""What is no error and must not pass in silence either."""

from __future__ import annotations

import json
from pathlib import Path

import convkit
from tests.builders import series, write
from tests.jobs.work import convert


def test_evenly_missing_files_are_said(tmp_path: Path) -> None:
    run = convert(series(slices=12)[::2], tmp_path)
    assert run.report.exit_code == 0
    assert "series.number-gaps" in run.codes
    assert "runs from 1 to 11, but 5 of these numbers are missing" in run.texts


def test_whole_series_has_no_gaps(tmp_path: Path) -> None:
    assert "series.number-gaps" not in convert(series(slices=12), tmp_path).codes


def test_numbers_of_echoes_are_no_gaps(tmp_path: Path) -> None:
    assert "series.number-gaps" not in convert(series(modality="MR", echoes=(2.0, 4.0)), tmp_path).codes


def test_selection_of_part_of_a_series_is_said_in_terminal_and_sidecar(tmp_path: Path) -> None:
    run = convert(series(slices=8), tmp_path, where="InstanceNumber <= 5")
    assert "series.selected-part" in run.codes
    (sidecar,) = (p for p in tmp_path.rglob("*.json") if ".convkit" not in p.parts)
    codes = {n["code"] for n in json.loads(sidecar.read_text())["Convkit"]["Notes"]}
    assert "series.selected-part" in codes


def test_series_is_selected_by_the_hash_that_scan_shows(tmp_path: Path) -> None:
    write(series(series=1), tmp_path / "in")
    write(series(series=2), tmp_path / "in" / "two")
    rows = convkit.scan(tmp_path / "in").to_rows()
    found = convkit.scan(tmp_path / "in", where=f'series == "{rows[1]["series"]}"')
    assert [s.first.integer("SeriesNumber") for s in found] == [2]


def test_split_says_its_reason(tmp_path: Path) -> None:
    run = convert(series(modality="MR", echoes=(2.0, 4.0)), tmp_path)
    assert "series.split" in run.codes
    assert "EchoTime" in run.texts


def test_last_slice_of_another_size_is_said(tmp_path: Path) -> None:
    datasets = [*series(slices=6), *series(slices=7, rows=9, columns=9)[6:]]
    run = convert(datasets, tmp_path)
    assert "series.lone-image" in run.codes
    assert len(run.images) == 2


def test_volume_shows_itself_in_one_line(tmp_path: Path) -> None:
    write(series(), tmp_path)
    shown = repr(convkit.read(tmp_path))
    assert shown.startswith("<Volume 1 x ")
    assert len(shown) < 100
