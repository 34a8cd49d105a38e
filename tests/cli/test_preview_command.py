"""`convkit preview` as a command: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import series, truncate, write
from tests.cli.command import convkit, lines


@pytest.fixture(name="source")
def _source(tmp_path: Path) -> Path:
    write(series(slices=3), tmp_path / "in")
    return tmp_path / "in"


def test_paths_of_pictures_go_to_standard_output_and_the_rest_to_standard_error(source: Path, tmp_path: Path) -> None:
    done = convkit("preview", source, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert [Path(line).name for line in lines(done.stdout) if line.endswith(".png")] == [
        f"000{n}.png" for n in (1, 2, 3)
    ]
    assert all(Path(line).is_file() for line in lines(done.stdout))
    assert "index.html" in done.stderr


def test_json_lines_tell_the_pictures(source: Path, tmp_path: Path) -> None:
    done = convkit("preview", source, "-o", tmp_path / "out", "--json", "--no-gallery")
    (outcome,) = (json.loads(line) for line in lines(done.stdout))
    assert outcome["facts"]["pictures"] == 3
    assert len(outcome["outputs"]) == 3


def test_a_cut_file_ends_with_code_4(source: Path, tmp_path: Path) -> None:
    first = min(source.iterdir())
    truncate(first, first.stat().st_size - 10)
    done = convkit("preview", source, "-o", tmp_path / "out")
    assert done.returncode == 4
    assert "[pixels.truncated]" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--window", "lungs"),
        ("--window", "40/0"),
        ("--view", "sideways"),
        ("--slices", "0"),
        ("--size", "0"),
        ("--to", "tiff"),
        ("--to", "jpg", "--bits", "16"),
        ("--quality", "101"),
        ("-f", "{PatientName}"),
        ("-f", "{Nonsense}"),
    ],
)
def test_wrong_usage_ends_with_code_2_and_writes_nothing(
    options: tuple[str, ...], source: Path, tmp_path: Path
) -> None:
    done = convkit("preview", source, "-o", tmp_path / "out", *options)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_options_come_from_a_configuration_file(source: Path, tmp_path: Path) -> None:
    (tmp_path / "convkit.toml").write_text('[preview]\nslices = "middle"\nscale-bar = true\n', encoding="utf-8")
    done = convkit("preview", source, "-o", tmp_path / "out", "--no-gallery", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(lines(done.stdout)) == 1
