"""Names of files that forge lines, steer a terminal, or are no UTF-8: shown on one line, in JSON that is UTF-8."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from convkit.model.visible import encodable, visible
from tests.builders import series, write

if sys.platform != "linux":
    pytest.skip("other systems have no such names", allow_module_level=True)

FORGED = "x\nfailed: everything is lost\x1b[31m [engine.unexpected]\r.dcm"
SHOWN = "x\\nfailed: everything is lost\\x1b[31m [engine.unexpected]\\r.dcm"
NO_UTF8 = os.fsdecode(b"bad\xff\xe9.dcm")
SHOWN_NO_UTF8 = r"bad\xff\xe9.dcm"
VERBS = ["convert", "preview", "deid", "sort", "scan"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good file and a cut one under each kind of name, and a text."""
    root = tmp_path_factory.mktemp("names") / "in"
    first, second, *_ = write(series(slices=4), root)
    (root / f"cut{FORGED}").write_bytes(first.read_bytes()[:300])
    (root / f"cut{NO_UTF8}").write_bytes(first.read_bytes()[:300])
    (root / f"text{FORGED}").write_text("no DICOM")
    first.rename(root / FORGED)
    second.rename(root / NO_UTF8)
    return root


def ran(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "convkit", *map(os.fspath, arguments), "-j", "1"]
    known = {**os.environ, "PYTHONWARNINGS": "", **environment}
    return subprocess.run(command, capture_output=True, timeout=120, check=False, env=known)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("encoding", ["utf-8:surrogateescape", "utf-8:strict"])
def test_names_forge_no_lines_and_hide_nothing(verb: str, encoding: str, folder: Path, tmp_path: Path) -> None:
    target = () if verb == "scan" else ("-o", str(tmp_path / "out"))
    done = ran(verb, folder, *target, "-v", PYTHONIOENCODING=encoding)
    assert done.returncode == 4, done.stderr
    said = done.stderr.decode("utf-8")
    assert not [line for line in said.split("\n") if line.startswith("failed: everything")]
    assert "\x1b" not in said
    assert f"text{SHOWN}" in said
    assert f"cut{SHOWN}" in said or f"cut{SHOWN_NO_UTF8}" in said  # of errors that read the same, one is named
    assert "Traceback" not in said


@pytest.mark.parametrize("verb", VERBS)
def test_json_is_utf8_whatever_the_names(verb: str, folder: Path, tmp_path: Path) -> None:
    target = ("--level", "instance") if verb == "scan" else ("-o", str(tmp_path / "out"))
    done = ran(verb, folder, *target, "--json", PYTHONIOENCODING="utf-8:surrogateescape")
    assert done.returncode == 4, done.stderr
    read = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
    json.dumps(read, ensure_ascii=False).encode("utf-8")  # no half characters behind escapes
    if verb in {"deid", "sort"}:
        assert str(folder / SHOWN_NO_UTF8) in {each["item"] for each in read}
        assert str(folder / FORGED) in {each["item"] for each in read}  # JSON has an escape for it


def test_rows_in_json_list_files_as_a_saved_table_does(folder: Path, tmp_path: Path) -> None:
    done = ran("scan", folder, "--level", "instance", "--json", PYTHONIOENCODING="utf-8:surrogateescape")
    (tmp_path / "rows.jsonl").write_bytes(done.stdout)
    again = ran("scan", tmp_path / "rows.jsonl", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["instances"] == 4


def test_table_for_a_terminal_shows_what_is_hidden(folder: Path, tmp_path: Path) -> None:
    """Columns are cut at their widest, so the folder has a short name."""
    shutil.copytree(folder, tmp_path / "in")
    done = subprocess.run(
        [sys.executable, "-m", "convkit", "scan", "in", "--level", "instance", "-j", "1"],
        capture_output=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )
    assert "in/bad\\xff\\xe9.dcm" in done.stdout.decode("utf-8")
    assert len(done.stdout.splitlines()) == 5


def test_destination_of_any_name_is_printed_as_it_is(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / os.fsdecode(b"out\xff")
    done = ran("sort", folder, "-o", target, PYTHONIOENCODING="utf-8:strict")
    assert done.returncode == 4, done.stderr
    assert {os.fsdecode(line) for line in done.stdout.splitlines()} == {str(p) for p in target.rglob("*.dcm")}


def test_source_that_is_not_there_is_named_on_one_line(tmp_path: Path) -> None:
    done = ran("scan", tmp_path / FORGED)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert SHOWN.encode() in done.stderr


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Müller 1.dcm", "Müller 1.dcm"),
        ("日本\u3000太郎", "日本\u3000太郎"),
        ("a\tb\x00\x9b", r"a\tb\x00\x9b"),
        ("a\u2028b\u202eb", r"a\u2028b\u202eb"),
        ("\udcff\ud800", r"\xff\ud800"),
    ],
)
def test_what_is_hidden_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_encodable_json_is_read_as_what_is_shown() -> None:
    assert json.loads(encodable(json.dumps("é\n\udcff\ud800", ensure_ascii=False))) == "é\n\\xff\\ud800"
