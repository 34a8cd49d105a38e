"""Rows to text and files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from convkit.errors import OutputError, UsageError
from convkit.tables import save_rows, text_table
from convkit.tables.text import WIDEST, size_text

ROWS: list[dict[str, Any]] = [
    {"name": "T1, axial", "slices": 5, "spacing": [3, 0.8, 0.7], "problems": [], "bytes": 1500},
    {"name": 'Größe "x"', "slices": None, "spacing": None, "problems": ["a.b", "c.d"], "bytes": 10},
]


def test_text_is_aligned_and_headed(tmp_path: Path) -> None:
    lines = text_table(ROWS).splitlines()
    assert lines[0].split() == ["name", "slices", "spacing", "problems", "bytes"]
    assert "3 x 0.8 x 0.7" in lines[1]
    assert "a.b, c.d" in lines[2]
    assert lines[1].endswith("1.5 kB")


def test_empty_columns_are_left_out() -> None:
    assert text_table([{"a": 1, "b": None, "c": [], "d": ""}]).splitlines()[0] == "a"


def test_zero_is_a_value() -> None:
    assert text_table([{"a": 0}]).splitlines()[1].strip() == "0"


def test_control_characters_do_not_reach_the_terminal() -> None:
    text = text_table([{"a": "x\x1b[2Jy\rz\n\u202e"}])
    assert "\x1b" not in text
    assert "\r" not in text
    assert len(text.splitlines()) == 2


def test_long_value_is_whole_for_other_programs() -> None:
    assert text_table([{"a": "x" * 100}], is_cut=False).splitlines()[1] == "x" * 100


def test_long_value_is_cut_with_an_ellipsis() -> None:
    (_, line) = text_table([{"a": "x" * 100}]).splitlines()
    assert len(line) == WIDEST
    assert line.endswith("…")


@pytest.mark.parametrize("rows", [[], [{}]], ids=str)
def test_nothing_makes_no_error(rows: list[dict[str, Any]]) -> None:
    assert text_table(rows).strip() == ""


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (250_000, "250 kB"), (2.5e9, "2.5 GB"), (4e12, "4.0 TB")],
)
def test_size(count: float, text: str) -> None:
    assert size_text(count) == text


def test_csv_is_read_back(tmp_path: Path) -> None:
    path = save_rows(ROWS, tmp_path / "deep" / "x.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["name"] for r in rows] == [r["name"] for r in ROWS]
    assert rows[1]["problems"] == "a.b|c.d"
    assert rows[1]["slices"] == ""


def test_json_lines_are_read_back(tmp_path: Path) -> None:
    path = save_rows(ROWS, tmp_path / "x.jsonl")
    assert [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] == ROWS


def test_parquet_is_read_back(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="the extra tables is not installed")
    path = save_rows(ROWS, tmp_path / "x.parquet")
    assert pq.read_table(path).to_pylist()[0]["spacing"] == [3, 0.8, 0.7]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_no_rows_are_a_file_all_the_same(suffix: str, tmp_path: Path) -> None:
    assert save_rows([], tmp_path / f"x{suffix}").is_file()


@pytest.mark.parametrize("name", ["x", "x.xlsx", "csv"])
def test_unknown_suffix_is_a_usage_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="suffix"):
        save_rows(ROWS, tmp_path / name)


@pytest.mark.parametrize(("suffix", "bad"), [(".csv", None), (".jsonl", {"a": object()})])
def test_table_is_whole_or_not_there(suffix: str, bad: Any, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_text("before")
    with pytest.raises(TypeError):
        save_rows([{"a": 1}, bad], path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_file_in_the_way_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(OutputError):
        save_rows(ROWS, tmp_path / "x" / "y.csv")


def test_saved_table_has_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    path = save_rows(ROWS, tmp_path / "x.csv")
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
