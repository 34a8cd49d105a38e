"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from convkit.errors import OutputError
from convkit.model.volume import Volume
from convkit.writers import WRITERS, WriteOptions, remove_leftovers, writer_for
from convkit.writers._atomic import written_aside

Make = Callable[..., Volume]


@pytest.fixture
def small_files() -> Iterator[None]:
    """The operating system refuses files over 64 kB, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_an_error_that_leaves_nothing(name: str, make: Make, tmp_path: Path, small_files: None) -> None:
    noise = np.random.default_rng(1).integers(0, 30000, (1, 4, 256, 256)).astype(np.int16)
    with pytest.raises(OutputError) as caught:
        writer_for(name).write(make(array=noise), tmp_path / "a", WriteOptions())
    assert caught.value.code == "output.error"
    assert os.strerror(errno.EFBIG) in caught.value.what
    assert pickle.loads(pickle.dumps(caught.value)).where == str(tmp_path / f"a.{name}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", WRITERS)
def test_any_exception_leaves_nothing(name: str, make: Make, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        writer_for(name).write(make(facts={"EchoTime": object()}), tmp_path / "a", WriteOptions())
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with written_aside(tmp_path / "a") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_a_folder_is_an_error(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="not a folder"):
        writer_for("nii").write(make(), tmp_path / "file" / "a", WriteOptions())


def test_a_folder_in_place_of_the_image_is_an_error(make: Make, tmp_path: Path) -> None:
    (tmp_path / "a.nii").mkdir()
    with pytest.raises(OutputError):
        writer_for("nii").write(make(), tmp_path / "a", WriteOptions())
    assert not list(tmp_path.glob(".*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_an_error(make: Make, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(OutputError, match="may write"):
        writer_for("nii").write(make(), tmp_path / "a", WriteOptions())
    tmp_path.chmod(0o755)


def test_a_file_system_that_takes_no_files_is_an_error(make: Make) -> None:
    with pytest.raises(OutputError):
        writer_for("nii").write(make(), Path("/proc/convkit/a"), WriteOptions())


def test_a_file_that_is_there_is_replaced(make: Make, tmp_path: Path) -> None:
    (tmp_path / "a.nii").write_bytes(b"old")
    path = writer_for("nii").write(make(), tmp_path / "a", WriteOptions())[0]
    assert path.stat().st_size == 352 + 4 * 5 * 6 * 2


def test_a_name_near_the_limit_of_the_file_system_is_written(make: Make, tmp_path: Path) -> None:
    stem = tmp_path / ("é" * 120)  # 240 bytes, and 255 are allowed
    assert all(p.exists() for p in writer_for("nii.gz").write(make(), stem, WriteOptions()))
    with pytest.raises(OutputError, match="shorter"):
        writer_for("nii.gz").write(make(), tmp_path / ("é" * 130), WriteOptions())


def test_the_image_is_put_in_place_last(make: Make, tmp_path: Path) -> None:
    volume = make(invented=np.zeros((1, 4, 5, 6), bool))
    paths = writer_for("nii").write(volume, tmp_path / "a", WriteOptions())
    changed = [p.stat().st_ctime_ns for p in paths]  # renaming sets it
    assert changed[0] == max(changed)


def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    script = (
        "import os, sys, pathlib\n"
        "from convkit.writers._atomic import written_aside\n"
        "with written_aside(pathlib.Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); os.kill(os.getpid(), 9)\n"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "1.2.nii.gz")],
        check=False,
        cwd=Path(__file__).parents[2],
    )
    left = list(tmp_path.iterdir())
    assert len(left) == 1
    assert left[0].name.startswith(".1.2.nii.gz.")
    assert left[0].name.endswith(".part")
    for other in (
        "film.part",
        ".film.part",
        ".a.0123456789ab.part",
        "a.0123456789ab.convkit.part",
        "1.2.nii.gz",
    ):
        (tmp_path / other).touch()
    assert remove_leftovers(tmp_path) == 1
    assert len(list(tmp_path.iterdir())) == 5
    assert remove_leftovers(tmp_path / "absent") == 0


def _failing(path: Path, meanwhile: Callable[[], object] = bool) -> None:
    def write() -> None:
        with written_aside(path):
            meanwhile()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()


def test_folders_that_were_made_for_a_file_that_failed_are_removed(tmp_path: Path) -> None:
    _failing(tmp_path / "a" / "b" / "c.nii")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a").mkdir()
    _failing(tmp_path / "a" / "b" / "c.nii")
    assert [path.name for path in tmp_path.rglob("*")] == ["a"]  # it was there


def test_folders_in_which_others_have_written_stay(tmp_path: Path) -> None:
    _failing(tmp_path / "a" / "b" / "c.nii", (tmp_path / "a" / "other").touch)
    assert {path.name for path in tmp_path.rglob("*")} == {"a", "other"}


def test_a_folder_that_another_worker_removes_meanwhile_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, calls = os.makedirs, []

    def made_and_removed(path: str, *, exist_ok: bool) -> None:
        make(path, exist_ok=exist_ok)
        calls.append(path)
        if len(calls) == 1:
            Path(path).rmdir()

    monkeypatch.setattr(os, "makedirs", made_and_removed)
    with written_aside(tmp_path / "a" / "b.nii") as file:
        file.write(b"x")
    assert (tmp_path / "a" / "b.nii").read_bytes() == b"x"
    assert len(calls) == 2
