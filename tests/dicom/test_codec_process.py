"""Codecs that crash, hang, lie or eat memory take nobody with them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convkit.dicom.codecs import Coded, decode, isolation, line
from convkit.dicom.codecs.isolation import KEEPER
from convkit.dicom.codecs.table import SCHEMES, Plugin
from convkit.errors import PixelError
from tests.conftest import REPOSITORY
from tests.dicom import streams
from tests.dicom.streams import Picture, grey, layout

JPEG_LS = "1.2.840.10008.1.2.4.80"
PICTURE = grey("u2", 12)
STREAM = streams.charls(PICTURE, 12)

Use = Callable[..., None]

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and fork")
needs_linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")


@pytest.fixture(params=["SocketLine", "PipeLine"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Each test runs over both ways to the codec process, and starts with a new one."""
    if request.param == "SocketLine" and sys.platform == "win32":
        pytest.skip("a socket cannot be inherited on Windows")
    KEEPER.close()
    monkeypatch.setattr(isolation, "start", getattr(line, request.param))
    yield request.param
    KEEPER.close()


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Puts bad codecs before the good ones of JPEG-LS, or in their place."""

    def put(*names: str, alone: bool = False) -> None:
        scheme = SCHEMES[JPEG_LS]
        bad = tuple(Plugin(name, f"tests.dicom.bad_codecs:{name}") for name in names)
        monkeypatch.setitem(SCHEMES, JPEG_LS, scheme._replace(plugins=bad if alone else bad + scheme.plugins))

    return put


def decoded(frame: int = 0) -> Picture:
    return decode(STREAM, Coded(JPEG_LS, layout(PICTURE, 12)), where="a.dcm", frame=frame)


def refusal() -> str:
    with pytest.raises(PixelError) as caught:
        decoded()
    assert caught.value.code == "pixels.undecodable"
    return caught.value.what


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("abort", "abort: crashed"),
        ("leave", "leave: crashed"),
        ("fail", "fail: KeyError."),
        ("missing", "missing: not installed"),
        ("short", "short: wrong size"),
        ("huge", "huge: wrong size"),
        ("corrupt", "corrupt finds its data damaged"),
    ],
)
def test_a_failing_codec_is_named_with_its_failure(name: str, failure: str, use: Use) -> None:
    use(name, alone=True)
    assert failure in refusal()


@pytest.mark.parametrize("name", ["abort", "leave", "fail", "missing", "short", "huge"])
def test_the_next_codec_is_tried(name: str, use: Use) -> None:
    use(name)
    np.testing.assert_array_equal(decoded(), PICTURE)


def test_no_other_codec_makes_the_best_of_damaged_data(use: Use) -> None:
    use("corrupt")
    assert "damaged" in refusal()


@needs_linux
def test_a_codec_that_eats_memory_fails_alone(use: Use) -> None:
    use("greedy", alone=True)
    assert "greedy: MemoryError" in refusal()


def test_a_codec_that_hangs_is_ended(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded()
    monkeypatch.setattr(isolation, "ANSWER_S", 0.5)
    use("hang", alone=True)
    start = time.monotonic()
    assert "hang: took too long" in refusal()
    assert time.monotonic() - start < 5
    monkeypatch.undo()
    np.testing.assert_array_equal(decoded(), PICTURE)


def test_a_codec_that_prints_disturbs_nobody(use: Use, capfd: pytest.CaptureFixture[str]) -> None:
    use("noisy", "echo", alone=True)
    picture = grey("u1", 8)
    scheme = SCHEMES[JPEG_LS]._replace(inspect=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCHEMES, JPEG_LS, scheme)
        samples = decode(picture.tobytes(), Coded(JPEG_LS, layout(picture)), where="", frame=0)
    np.testing.assert_array_equal(samples, picture)
    assert capfd.readouterr() == ("", "")


@needs_posix
def test_a_process_killed_between_frames_is_replaced() -> None:
    decoded()
    first = KEEPER.pid
    assert first
    os.kill(first, signal.SIGKILL)
    while KEEPER.pid == first:
        time.sleep(0.001)
    np.testing.assert_array_equal(decoded(), PICTURE)
    assert KEEPER.pid not in {None, first}


@needs_posix
def test_an_interrupt_leaves_no_answer_for_the_next_frame(use: Use) -> None:
    decoded()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.MonkeyPatch.context() as patch:
            scheme = SCHEMES[JPEG_LS]
            patch.setitem(SCHEMES, JPEG_LS, scheme._replace(plugins=(Plugin("hang", "tests.dicom.bad_codecs:hang"),)))
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(KeyboardInterrupt):
                decoded()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    np.testing.assert_array_equal(decoded(), PICTURE)


@needs_posix
def test_the_process_ignores_ctrl_c() -> None:
    decoded()
    first = KEEPER.pid
    assert first
    os.kill(first, signal.SIGINT)
    np.testing.assert_array_equal(decoded(), PICTURE)
    assert KEEPER.pid == first


def test_threads_take_turns() -> None:
    pictures = [grey("u2", bits) for bits in range(8, 17)]
    jobs = [(streams.charls(picture, 16), picture) for picture in pictures] * 8

    def run(job: tuple[bytes, Picture]) -> bool:
        stream, picture = job
        return np.array_equal(decode(stream, Coded(JPEG_LS, layout(picture)), where="", frame=0), picture)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(run, jobs))


def test_one_process_serves_all_frames() -> None:
    decoded()
    first = KEEPER.pid
    for frame in range(20):
        decoded(frame)
    assert KEEPER.pid == first


def _work(stream: bytes) -> tuple[bytes, int | None]:
    """For a worker process: decode, and tell which process did it."""
    samples = decode(stream, Coded(JPEG_LS, layout(PICTURE, 12)), where="", frame=0)
    return samples.tobytes(), KEEPER.pid


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_worker_processes_have_codec_processes_of_their_own(method: str) -> None:
    decoded()
    first = KEEPER.pid
    context: Any = multiprocessing.get_context(method)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of threads beside a fork
        with context.Pool(2) as pool:
            answers = pool.map(_work, [STREAM] * 4, chunksize=1)
    assert {samples for samples, _ in answers} == {PICTURE.tobytes()}
    assert first not in {pid for _, pid in answers}
    assert None not in {pid for _, pid in answers}
    np.testing.assert_array_equal(decoded(), PICTURE)
    assert KEEPER.pid == first


@needs_posix
def test_a_fork_while_a_thread_decodes_can_decode(use: Use) -> None:
    decoded()
    use("hang", alone=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(isolation, "ANSWER_S", 2.0)
        busy = threading.Thread(target=refusal)
        busy.start()
        time.sleep(0.3)  # the lock is held
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pid = os.fork()
        if pid == 0:
            status = 1
            try:
                SCHEMES[JPEG_LS] = SCHEMES[JPEG_LS]._replace(
                    plugins=(Plugin("CharLS", "convkit.dicom.codecs.jpeg_ls:charls"),)
                )
                status = 0 if np.array_equal(decoded(), PICTURE) else 2
                KEEPER.close()
            finally:
                os._exit(status)
        _, ended = os.waitpid(pid, 0)
        busy.join()
    assert os.waitstatus_to_exitcode(ended) == 0


_PARENT = """
import os, signal, sys, time
from convkit.dicom.codecs import isolation, line
isolation.start = getattr(line, sys.argv[1])
from tests.dicom.test_codec_process import decoded
from convkit.dicom.codecs.isolation import KEEPER
decoded()
print(KEEPER.pid, flush=True)
if sys.argv[2] == "fork" and os.fork() == 0:
    time.sleep(20)
    os._exit(0)
if sys.argv[2] != "exit":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@needs_linux
@pytest.mark.parametrize("end", ["kill", "fork", "exit"])
def test_the_process_ends_with_its_parent(end: str, way: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, way, end], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        parent.wait(10)
        deadline = time.monotonic() + 5
        while _is_running(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not _is_running(pid)
        if end == "fork":
            parent.stdout.close()  # the sleeping worker holds it


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return False
    return state != "Z"


@needs_linux
def test_a_crash_leaves_no_zombie(use: Use) -> None:
    decoded()
    first = KEEPER.pid
    use("abort", alone=True)
    refusal()
    assert not Path(f"/proc/{first}").exists()


def test_the_process_starts_quickly() -> None:
    times = []
    for _ in range(3):
        KEEPER.close()
        start = time.monotonic()
        decoded()
        times.append(time.monotonic() - start)
    assert min(times) < 1  # 0.13 s as a rule


def test_without_a_python_to_start_the_failure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert "its process cannot be started" in refusal()
