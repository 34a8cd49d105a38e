"""`convkit check`: exit codes, the table, JSON lines."""

from __future__ import annotations

import json
from pathlib import Path

from tests.audit.cleaning import cleaned, original
from tests.builders import write
from tests.cli.command import convkit


def _folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    write([original(1)], tmp_path / "in")
    write([cleaned(original(1))], tmp_path / "clean")
    write([cleaned(original(1), ImageComments="ask Tomasa")], tmp_path / "leaky")
    return tmp_path / "in", tmp_path / "clean", tmp_path / "leaky"


def test_a_clean_set_ends_with_0(tmp_path: Path) -> None:
    originals, clean, _ = _folders(tmp_path)
    done = convkit("check", clean, "--against", originals, "-j", 1)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_leak_ends_with_6_and_is_not_repeated(tmp_path: Path) -> None:
    originals, _, leaky = _folders(tmp_path)
    done = convkit("check", leaky, "--against", originals, "-j", 1)
    assert done.returncode == 6
    assert "(0020,4000)" in done.stdout
    assert "Tomasa" not in done.stdout + done.stderr


def test_json_lines_show_values_on_request(tmp_path: Path) -> None:
    originals, _, leaky = _folders(tmp_path)
    done = convkit("check", leaky, "--against", originals, "--json", "--show-values", "-j", 1)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(f["code"], f["where"], f["value"]) for f in found] == [("check.residual-value", "i00000.dcm", "Tomasa")]


def test_an_empty_folder_ends_with_3(tmp_path: Path) -> None:
    assert convkit("check", tmp_path).returncode == 3


def test_a_folder_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    assert convkit("check", tmp_path / "nowhere").returncode == 2


def test_originals_and_terms_that_are_empty_end_with_2(tmp_path: Path) -> None:
    _, clean, _ = _folders(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "terms.txt").write_text("\n\n")
    assert convkit("check", clean, "--against", tmp_path / "empty").returncode == 2
    assert convkit("check", clean, "--terms", tmp_path / "terms.txt").returncode == 2


def test_what_was_not_searched_ends_with_6(tmp_path: Path) -> None:
    originals, clean, _ = _folders(tmp_path)
    (clean / "x.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(99))
    done = convkit("check", clean, "--against", originals, "-j", 1)
    assert (done.returncode, "check.not-searched" in done.stdout) == (6, True)


def test_originals_of_others_are_a_warning(tmp_path: Path) -> None:
    other = original(7, SeriesInstanceUID="2.25.8", SliceThickness="77")
    other.PixelData = b"\3" * len(other.PixelData)
    write([other], tmp_path / "others")
    _, clean, _ = _folders(tmp_path)
    done = convkit("check", clean, "--against", tmp_path / "others", "-j", 1)
    assert "warning: None of the outputs resembles" in done.stderr
