"""What convkit itself has left among sources is no file of them; DICOM always is, whatever its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.dicom.sources import find_files
from tests.builders import series, write


@pytest.mark.parametrize("name", [".005.csv.lock", ".x.parquet.unfinished", ".x.jsonl.0123abcd.part"])
def test_dicom_under_the_name_of_a_side_file_is_found(name: str, tmp_path: Path) -> None:
    paths = write(series(series=1), tmp_path)
    Path(paths[0]).rename(tmp_path / name)
    assert str(tmp_path / name) in find_files([tmp_path]).paths


def test_side_files_are_not(tmp_path: Path) -> None:
    (tmp_path / ".x.parquet.lock").write_bytes(b"")
    (tmp_path / "a.dcm").write_bytes(b"")
    assert [Path(path).name for path in find_files([tmp_path]).paths] == ["a.dcm"]


def test_dicom_with_the_end_of_a_table_is_found(tmp_path: Path) -> None:
    path = Path(write(series(series=1), tmp_path)[0])
    footer = b"\x18\x07convkit\x18"
    target = tmp_path / "c.parquet"
    target.write_bytes(path.read_bytes() + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    assert str(target) in find_files([tmp_path]).paths
