"""The journal: resume, ownership, corruption, one run at a time."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

import pytest

from convkit.engine import journal as module
from convkit.engine.digest import fingerprint, identity
from convkit.engine.journal import Journal, Record
from convkit.engine.outcome import Status
from convkit.errors import OutputError
from convkit.model.notes import note

ROOT = Path(__file__).resolve().parents[2]
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def put(dest: Path, path: str, content: bytes = b"volume") -> str:
    (dest / path).parent.mkdir(parents=True, exist_ok=True)
    (dest / path).write_bytes(content)
    return path


def test_finished_item_is_known_in_the_next_run(tmp_path: Path) -> None:
    outputs = put(tmp_path, "s/a.nii.gz"), put(tmp_path, "s/a.json")
    record = Record(Status.DONE, outputs, (note("geometry.tilted", where="s"),), {"shape": [3, 4], "n": None})
    with Journal.open(tmp_path) as journal:
        assert journal.finished("k", "f") is None
        journal.record("k", "f", record)
        assert journal.finished("k", "f") == record
    with Journal.open(tmp_path) as journal:
        assert journal.finished("k", "f") == record
        assert journal.finished("k", "other options") is None
        assert journal.finished("other source", "f") is None
        assert journal.moved_aside is None


@pytest.mark.parametrize("damage", ["missing", "shorter", "folder"])
def test_item_whose_output_changed_is_done_again(tmp_path: Path, damage: str) -> None:
    with Journal.open(tmp_path) as journal:
        journal.record("k", "f", Record(outputs=(put(tmp_path, "a"), put(tmp_path, "b"))))
    if damage == "shorter":
        put(tmp_path, "b", b"v")
    else:
        (tmp_path / "b").unlink()
    if damage == "folder":
        (tmp_path / "b").mkdir()
    with Journal.open(tmp_path) as journal:
        assert journal.finished("k", "f") is None
        journal.record("k", "f", Record(outputs=(put(tmp_path, "c"),)))
        assert journal.finished("k", "f") == Record(outputs=("c",))


def test_output_may_be_a_folder(tmp_path: Path) -> None:
    put(tmp_path, "a.zarr/0.0")
    with Journal.open(tmp_path) as journal:
        journal.record("k", "f", Record(outputs=("a.zarr",)))
        assert journal.finished("k", "f") is not None


def test_output_overwritten_by_another_item_or_other_options_is_no_longer_its_own(tmp_path: Path) -> None:
    path = put(tmp_path, "a")
    with Journal.open(tmp_path) as journal:
        assert journal.owner(path) is None
        journal.record("k", "f", Record(outputs=(path,)))
        assert journal.owner(path) == "k"
        journal.record("k", "g", Record(outputs=(path,)))
        assert journal.finished("k", "f") is None
        assert journal.finished("k", "g") is not None
        journal.record("l", "g", Record(outputs=(path,)))
        assert journal.owner(path) == "l"
        assert journal.finished("k", "g") is None


def test_two_sets_of_options_live_side_by_side(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal:
        journal.record("k", "nii", Record(outputs=(put(tmp_path, "a.nii"),)))
        journal.record("k", "mha", Record(outputs=(put(tmp_path, "a.mha"),)))
        assert journal.finished("k", "nii") is not None
        assert journal.finished("k", "mha") is not None


def test_output_that_is_not_there_cannot_be_recorded(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal, pytest.raises(OutputError):
        journal.record("k", "f", Record(outputs=("a",)))


def test_records_survive_an_exception_of_the_job(tmp_path: Path) -> None:
    def job() -> None:
        with Journal.open(tmp_path) as journal:
            for key in "abc":
                journal.record(key, "f", Record())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job()
    with Journal.open(tmp_path) as journal:
        assert all(journal.finished(key, "f") for key in "abc")


def test_many_small_items_share_commits(tmp_path: Path) -> None:
    since = time.monotonic()
    with Journal.open(tmp_path) as journal:
        for number in range(5000):
            journal.record(str(number), "f", Record())
    assert time.monotonic() - since < 5
    with Journal.open(tmp_path) as journal:
        assert all(journal.finished(str(number), "f") for number in range(5000))


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database at all, " * 100)


def damaged_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


def other_layout(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def foreign(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE holiday (photo)")
    connection.close()


@pytest.mark.parametrize("harm", [garbage, damaged_page, other_layout, foreign])
def test_unusable_journal_is_moved_aside(tmp_path: Path, harm: object) -> None:
    for number in (1, 2):
        with Journal.open(tmp_path) as journal:
            for key in range(300):
                journal.record(str(key), "f", Record())
        harm(tmp_path / ".convkit" / "journal.sqlite")  # type: ignore[operator]
        with Journal.open(tmp_path) as journal:
            assert journal.moved_aside == tmp_path / ".convkit" / f"journal-unusable-{number}.sqlite"
            assert journal.moved_aside.exists()
            assert journal.finished("1", "f") is None
            journal.record("1", "f", Record())
    with Journal.open(tmp_path) as journal:
        assert journal.moved_aside is None
        assert journal.finished("1", "f") == Record()


def test_empty_journal_file_is_a_new_journal(tmp_path: Path) -> None:
    put(tmp_path, ".convkit/journal.sqlite", b"")
    with Journal.open(tmp_path) as journal:
        journal.record("k", "f", Record())
        assert journal.moved_aside is None


def test_destination_that_cannot_hold_a_journal_is_an_output_error(tmp_path: Path) -> None:
    put(tmp_path, "file")
    with pytest.raises(OutputError) as caught, Journal.open(tmp_path / "file"):
        pass
    assert caught.value.hint
    (tmp_path / "dest" / ".convkit" / "journal.sqlite").mkdir(parents=True)
    with pytest.raises(OutputError), Journal.open(tmp_path / "dest"):
        pass


def test_own_exception_of_the_body_is_not_mistaken_for_the_journals(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError), Journal.open(tmp_path):
        raise sqlite3.OperationalError("of somebody else")


# --- other processes ---------------------------------------------------------------------------------------

HOLDER = """
import sys, time
from pathlib import Path
from convkit.engine.journal import Journal, Record
from convkit.engine.run import LocalRunner

def slow(seconds):
    time.sleep(seconds)

def on_error(item, error):
    return error

if __name__ == "__main__":
    with Journal.open(Path(sys.argv[1])) as journal, LocalRunner(2, start_method="fork") as runner:
        journal.record("first", "f", Record())
        for key in range(50):
            journal.record(f"more {key}", "f", Record())
        print("open", flush=True)
        list(runner.map(slow, [60, 60], on_error=on_error))
"""


def held(folder: Path) -> subprocess.Popen[str]:
    """Another run whose forked workers have inherited the lock."""
    script = folder / "holder.py"
    script.write_text(HOLDER)
    holder = subprocess.Popen(
        [sys.executable, script, folder / "dest"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    time.sleep(0.3)
    return holder


@pytest.mark.skipif(sys.platform != "linux", reason="fork is the hard case")
def test_journal_belongs_to_one_process_until_it_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = held(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(module, "LOCK_WAIT_S", 0.2)
        with pytest.raises(OutputError) as caught, Journal.open(tmp_path / "dest"):
            pass
    assert caught.value.code == "output.error"
    assert caught.value.hint
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with Journal.open(tmp_path / "dest") as journal:  # the write-ahead log of the killed run is taken up
        assert journal.finished("first", "f") == Record()
        assert journal.moved_aside is None


def test_second_journal_in_one_process_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_WAIT_S", 0.1)
    with Journal.open(tmp_path), pytest.raises(OutputError), Journal.open(tmp_path):
        pass
    with Journal.open(tmp_path):
        pass


@posix_only
def test_killed_at_any_time_the_journal_is_sound_and_tells_no_lies(tmp_path: Path) -> None:
    script = tmp_path / "writer.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from convkit.engine.journal import Journal, Record\n"
        "dest = Path(sys.argv[1])\n"
        "with Journal.open(dest) as journal:\n"
        "    for n in range(10**6):\n"
        "        if journal.finished(str(n), 'f') is None:\n"
        "            (dest / str(n)).write_text(str(n))\n"
        "            journal.record(str(n), 'f', Record(outputs=(str(n),)))\n"
        "        if n == 5: print('going', flush=True)\n"
    )
    reached = 0
    for delay in (0.0, 0.1, 0.25, 0.5):
        writer = subprocess.Popen(
            [sys.executable, script, tmp_path / "dest"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay)
        writer.kill()
        writer.communicate()
        with Journal.open(tmp_path / "dest") as journal:
            assert journal.moved_aside is None
            known = 0
            while journal.finished(str(known), "f"):
                known += 1
        assert known >= reached
        reached = known
    assert reached > 100


# --- digests -----------------------------------------------------------------------------------------------


class Format(StrEnum):
    NIFTI = "nii.gz"


@dataclass(frozen=True)
class Options:
    to: Format = Format.NIFTI
    keep: frozenset[str] = frozenset({"a", "b", "c"})
    folder: PurePosixPath | None = None


@dataclass(frozen=True)
class Custom:
    window: int


@dataclass(frozen=True)
class Preset:
    window: int


def test_fingerprint_does_not_depend_on_the_order_of_keys_and_sets() -> None:
    assert fingerprint({"a": 1, "b": {"x", "y"}}) == fingerprint({"b": {"y", "x"}, "a": 1})


def test_fingerprint_is_the_same_in_another_process() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from test_engine_journal import *;"
        "print(fingerprint(Options(folder=PurePosixPath('x/y')), b'x', 1.5, None))"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        told = subprocess.run(
            [sys.executable, "-c", program, Path(__file__).parent],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.strip() == fingerprint(Options(folder=PurePosixPath("x/y")), b"x", 1.5, None)


def test_fingerprint_tells_apart_what_differs() -> None:
    parts = [(), (1,), ("1",), (1, 2), ((1, 2),), (Custom(1),), (Preset(1),), (None,), (True,), ({"a": 1},)]
    assert len({fingerprint(*each) for each in parts}) == len(parts)


def test_fingerprint_refuses_what_has_no_stable_text() -> None:
    with pytest.raises(TypeError):
        fingerprint(object())


def test_identity_does_not_depend_on_the_order_of_rows() -> None:
    rows = [("1.2.3", "a.dcm", 10, 5), ("1.2.4", "b\udcff.dcm", 10, 5), ("1.2.5", "ä.dcm", 10, 5)]
    assert identity(rows) == identity(reversed(rows))
    assert identity(rows) != identity(rows[:2])
    assert identity(rows) != identity([(*rows[0][:3], 6), *rows[1:]])
