"""The runner on a cluster: a real scheduler, real workers, real kills."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

import convkit
from convkit.engine.dask.connection import Connection
from convkit.engine.dask.messages import Send
from convkit.engine.run import Runner, runner_of
from convkit.errors import EngineError, OutputError, UsageError
from convkit.writers import remove_leftovers
from tests import clusters
from tests.clusters import ROOT, Cluster, cluster, kept

T = TypeVar("T")

pytest.importorskip("distributed")
agent = importlib.import_module("convkit.engine.dask.agent")
crew = importlib.import_module("convkit.engine.dask.crew")
if os.name != "posix":
    pytest.skip("SIGKILL is POSIX", allow_module_level=True)


@pytest.fixture(name="shared", scope="module")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two workers that are left alive."""
    with cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture(name="runner")
def _runner(shared: Cluster) -> Iterator[Runner]:
    with runner_of(None, shared.address) as runner:
        yield runner


def test_no_thread_is_left_that_would_keep_processes_from_being_forked(shared: Cluster) -> None:
    before = set(threading.enumerate())
    with runner_of(None, shared.address) as runner:
        assert dict(runner.map(clusters.square, range(9), on_error=kept)) == {n: n * n for n in range(9)}
    clusters.wait_until(lambda: set(threading.enumerate()) <= before)


def test_every_item_has_its_result(runner: Runner) -> None:
    for _ in range(2):
        assert dict(runner.map(clusters.square, range(500), on_error=kept)) == {n: n * n for n in range(500)}
    assert list(runner.map(clusters.square, [], on_error=kept)) == []


def test_work_is_spread_over_worker_processes(runner: Runner) -> None:
    pids = {pid for _, pid in runner.map(clusters.worker_id, range(12), on_error=kept)}
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_one_bad_item_costs_only_itself(runner: Runner) -> None:
    results = dict(runner.map(clusters.square_or_raise, range(8), on_error=kept))
    assert isinstance(results.pop(3), ValueError)
    assert results == {n: n * n for n in range(8) if n != 3}


def test_storage_that_a_worker_has_lost_ends_the_run(runner: Runner) -> None:
    with pytest.raises(EngineError) as caught:
        list(runner.map(clusters.square_or_lose, range(100), on_error=kept))
    assert (caught.value.code, caught.value.where) == ("storage.lost", "s3://bucket")
    assert dict(runner.map(clusters.square, range(9), on_error=kept)) == {n: n * n for n in range(9)}


def test_item_that_cannot_travel_is_an_error_of_itself(runner: Runner) -> None:
    results = dict(runner.map(clusters.square, [2, threading.Lock(), 4], on_error=kept))  # type: ignore[list-item]
    assert (results[0], results[2]) == (4, 16)
    assert isinstance(results[1], TypeError)


def test_task_that_tries_to_end_its_process_costs_only_its_item(runner: Runner) -> None:
    results = dict(runner.map(clusters.leave, range(6), on_error=kept))
    error = results.pop(3)
    assert isinstance(error, EngineError)
    assert error.code == "engine.worker-died"
    assert results == {n: n for n in range(6) if n != 3}


def test_relative_paths_begin_where_the_command_runs(
    runner: Runner, shared: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with runner_of(None, shared.address) as here:
        assert {f for _, f in here.map(clusters.working_folder, range(4), on_error=kept)} == {str(tmp_path)}
    assert {f for _, f in runner.map(clusters.working_folder, range(4), on_error=kept)} != {str(tmp_path)}


def test_what_all_items_share_may_be_large(runner: Runner) -> None:
    task = partial(clusters.length, of=b"x" * 5_000_000)
    assert set(runner.map(task, range(6), on_error=kept)) == {(n, 5_000_000) for n in range(6)}


def test_last_items_are_shared_out_so_that_workers_end_together(
    shared: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight items of some 0.02 s go into one Dask task, but not the last eight."""
    sizes: list[int] = []
    sent = Connection.tell

    def tell(self: Connection, message: object) -> None:
        if isinstance(message, Send):
            sizes.append(len(message.payloads))
        sent(self, message)  # type: ignore[arg-type]

    monkeypatch.setattr(Connection, "tell", tell)
    with runner_of(None, shared.address) as runner:
        done = dict(runner.map(clusters.doze, [0.02] * 61, on_error=kept))
    assert len(done) == sum(sizes) == 61
    assert sizes[:4] == [1] * 4  # nobody knows yet how long they take
    assert 4 < max(sizes) <= 10
    assert sum(sizes[-2:]) < 2 * max(sizes)


def test_lazy_items_are_taken_as_needed(shared: Cluster, tmp_path: Path) -> None:
    taken = given = 0

    def items() -> Iterator[Path]:
        nonlocal taken
        for number in range(20):
            taken += 1
            yield tmp_path / str(number)

    with runner_of(3, shared.address) as runner:
        for _ in runner.map(clusters.slow, items(), on_error=kept):
            given += 1
            assert taken - given <= 4
    assert given == 20


def test_error_of_the_item_iterator_reaches_the_caller(runner: Runner) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise PermissionError("listing")

    with pytest.raises(PermissionError):
        list(runner.map(clusters.square, items(), on_error=kept))
    assert dict(runner.map(clusters.square, [2], on_error=kept)) == {0: 4}


def test_leaving_the_loop_early_gives_up_the_rest_and_leaves_the_workers(shared: Cluster, tmp_path: Path) -> None:
    with runner_of(None, shared.address) as runner:
        for _ in runner.map(clusters.slow, [tmp_path / str(n) for n in range(100)], on_error=kept):
            break
    with runner_of(None, shared.address) as runner:
        assert dict(runner.map(clusters.square, range(9), on_error=kept)) == {n: n * n for n in range(9)}
    assert len(list(tmp_path.iterdir())) < 20


def test_workers_must_see_the_destination(runner: Runner, tmp_path: Path) -> None:
    with runner.sharing(tmp_path / "out"):
        assert dict(runner.map(clusters.square, [2], on_error=kept)) == {0: 4}
        (witness,) = (tmp_path / "out").iterdir()
        witness.unlink()  # as if the workers looked into another folder
        with pytest.raises(EngineError) as caught:
            list(runner.map(clusters.square, [2], on_error=kept))
        assert caught.value.code == "cluster.not-shared"
        witness.touch()
        assert remove_leftovers(tmp_path / "out") == 1  # what a killed run leaves goes with the next
    (tmp_path / "file").touch()
    with pytest.raises(OutputError), runner.sharing(tmp_path / "file"):
        pass


def test_workers_must_see_the_working_folder(shared: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    with runner_of(None, shared.address) as runner:
        gone.rmdir()
        with pytest.raises(EngineError) as caught:
            list(runner.map(clusters.square, [2], on_error=kept))
    assert caught.value.code == "cluster.not-shared"


# --- quick items, which do not wait for the connection ----------------------------------------------------


@pytest.fixture(name="silent")
def _silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """See `clusters.silent_peer`; who calls it gives up soon."""
    monkeypatch.setattr(agent, "CONNECT_S", 2.0)
    with clusters.silent_peer() as address:
        yield address


def test_quick_items_and_the_process_that_speaks_with_the_cluster() -> None:
    """In a process of their own, because here other tests may have left threads, beside which nothing is forked."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        str(Path(__file__).with_name("cluster_apart.py")),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    assert "14 passed" in done.stdout


def test_others_are_not_begun_while_nobody_answers(silent: str) -> None:
    found: dict[int, int] = {}
    with runner_of(None, silent) as runner, pytest.raises(EngineError) as caught:
        found.update(runner.map(clusters.square, range(5), on_error=kept))
    assert (caught.value.code, found) == ("cluster.unreachable", {})


def test_nothing_begins_here_where_threads_forbid_forks(shared: Cluster) -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        with runner_of(None, shared.address) as runner:
            pids = {pid for _, pid in runner.map(clusters.worker_id, range(20), on_error=kept, is_quick=True)}
            assert pids == {pid for _, pid in runner.map(clusters.worker_id, range(20), on_error=kept)}
    finally:
        end.set()
        thread.join()


# --- deaths ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_item_whose_worker_was_killed_is_done_by_another(tmp_path: Path) -> None:
    items = [(number, tmp_path / "mark") for number in range(30)]
    with cluster(tmp_path) as made, runner_of(None, made.address) as runner:
        assert dict(runner.map(clusters.die_once, items, on_error=kept)) == {n: n for n in range(30)}
        assert runner.has_lost_workers
    assert (tmp_path / "mark").exists()


@pytest.mark.slow
def test_item_that_kills_every_worker_costs_only_itself(tmp_path: Path) -> None:
    with cluster(tmp_path) as made, runner_of(None, made.address) as runner:
        results = dict(runner.map(clusters.die, range(30), on_error=kept))
    error = results.pop(3)
    assert isinstance(error, EngineError)
    assert error.code == "engine.worker-died"
    assert "SIGKILL" in error.what
    assert results == {n: n for n in range(30) if n != 3}


@pytest.mark.slow
def test_scheduler_that_dies_ends_the_run_with_a_word(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    items = [tmp_path / "marks" / str(n) for n in range(200)]
    with cluster(tmp_path) as made, runner_of(None, made.address) as runner:
        results = runner.map(clusters.slow, items, on_error=kept)
        next(results)
        made.scheduler.kill()
        with pytest.raises(EngineError) as caught:
            list(results)
    assert caught.value.code == "cluster.lost"


def test_maps_that_take_turns_are_refused(runner: Runner) -> None:
    first = runner.map(clusters.square, range(100), on_error=kept)
    next(first)
    with pytest.raises(RuntimeError, match="not finished"):
        next(runner.map(partial(clusters.length, of=b"abc"), range(100), on_error=kept))
    assert dict(first).items() <= {n: n * n for n in range(100)}.items()
    assert dict(runner.map(clusters.square, range(9), on_error=kept)) == {n: n * n for n in range(9)}


def _freezing(results: Iterator[T], process: subprocess.Popen[bytes]) -> Iterator[T]:
    """The results, of which the first one stops a process."""
    yield next(results)
    process.send_signal(signal.SIGSTOP)
    yield from results


@pytest.mark.slow
def test_frozen_worker_or_scheduler_does_not_stop_the_rest_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "WORKER_S", 0.5)
    monkeypatch.setattr(crew, "SCHEDULER_S", 1.0)
    monkeypatch.setattr(crew, "LOOK_S", 0.2)
    marks = [tmp_path / str(n) for n in range(200)]
    with cluster(tmp_path, 1) as made:
        frozen = made.start_workers(1, "--no-nanny")
        clusters.wait_until(lambda: (tmp_path / "said").read_text().count("Registered to") >= 2)
        frozen.send_signal(signal.SIGSTOP)
        try:
            with runner_of(None, made.address) as runner:
                assert next(runner.map(clusters.square, range(2), on_error=kept))[0] in {0, 1}
            with runner_of(None, made.address) as runner, pytest.raises(EngineError) as caught:
                list(_freezing(runner.map(clusters.slow, marks, on_error=kept), made.scheduler))
        finally:
            made.scheduler.send_signal(signal.SIGCONT)
            frozen.send_signal(signal.SIGCONT)
    assert caught.value.code == "cluster.lost"


_SCRIPT = """
import multiprocessing, signal, sys
from convkit.engine.run import runner_of
from tests.clusters import kept, square

def squares(address):
    with runner_of(None, address) as runner:
        return sum(result for _, result in runner.map(square, range(9), on_error=kept, is_quick=True))

def here(_address):
    with runner_of() as runner:
        return sum(result for _, result in runner.map(square, range(9), on_error=kept))
"""


@pytest.mark.parametrize(
    "call",
    [
        "print(squares(sys.argv[1]))",
        "with multiprocessing.Pool(1) as pool: print(*pool.map(squares, [sys.argv[1]]))",
        "with multiprocessing.Pool(1) as pool: print(*pool.map(here, [sys.argv[1]]))",
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN); print(squares(sys.argv[1]))",
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN); print(here(''))",
        "squares(sys.argv[1]); squares(sys.argv[1]); print(squares(sys.argv[1]), file=sys.stdout)",
    ],
    ids=["plain", "in a daemonic process", "there without a cluster", "SIGCHLD ignored", "the same, here", "thrice"],
)
def test_scripts_of_all_kinds(call: str, shared: Cluster, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(_SCRIPT + call)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py"), shared.address],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("204\n", "", 0)


@pytest.mark.parametrize("content", ["raise AttributeError('DOE^JANE')", "rests_of_it = 1"])
def test_dask_that_cannot_be_loaded_is_said(content: str, tmp_path: Path) -> None:
    (tmp_path / "distributed.py").write_text(content)
    done = subprocess.run(
        [sys.executable, "-m", "convkit", "scan", str(tmp_path), "--cluster", "tcp://127.0.0.1:8786"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "Dask cannot be loaded (AttributeError)" in done.stderr
    assert "DOE" not in done.stderr


_DEAF = """
import os, pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(__file__).with_name("pid").write_text(str(os.getpid()))
time.sleep(100)
"""


@pytest.mark.parametrize("line", ["scan --help", "scan no-such-folder"])
def test_command_that_ends_early_waits_for_no_import_of_dask(line: str, tmp_path: Path) -> None:
    (tmp_path / "distributed.py").write_text(_DEAF)
    start = "import sys, pathlib, time; from convkit.cli import main; import convkit.engine.dask.speaker as speaker"
    wait = f"while not pathlib.Path({str(tmp_path / 'pid')!r}).exists(): time.sleep(0.01)"
    script = f"""{start}
load_ahead = speaker.load_ahead
def and_wait():
    load_ahead()
    {wait}
speaker.load_ahead = and_wait
main.program()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, *line.split(), "--cluster", "tcp://127.0.0.1:8786"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == (0 if "--help" in line else 2), done.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.slow
def test_what_had_come_back_before_the_scheduler_died_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "LOOK_S", 0.1)

    def items(made: Cluster) -> Iterator[int]:
        yield from range(4)
        time.sleep(2)  # their answers come back, and nobody asks for them
        made.scheduler.kill()
        made.scheduler.wait()
        time.sleep(1)  # that is noticed before
        yield 4

    found: dict[int, object] = {}
    with cluster(tmp_path) as made, runner_of(None, made.address) as runner, pytest.raises(EngineError):
        found.update(runner.map(clusters.square, items(made), on_error=kept))
    assert found == {0: 0, 1: 1, 2: 4, 3: 9}


@pytest.mark.slow
def test_worker_with_several_threads_takes_one_item_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    with cluster(tmp_path, 1, "--nthreads", "4") as made, runner_of(None, made.address) as runner:
        found = dict(runner.map(clusters.overlap, [tmp_path / "marks"] * 40, on_error=kept))
    assert set(found.values()) == {False}


@pytest.mark.slow
def test_workers_that_come_late_are_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with cluster(tmp_path, 0) as made, runner_of(None, made.address) as runner:
        results = runner.map(clusters.square, range(9), on_error=kept)
        timer = threading.Timer(1, made.start_workers, [1])
        timer.start()
        assert dict(results) == {n: n * n for n in range(9)}
        timer.join()
    assert "no workers" in caplog.text


# --- clusters that cannot be used ------------------------------------------------------------------------


@pytest.mark.slow
def test_scheduler_that_does_not_answer_is_said_in_time() -> None:
    with socket.socket() as nobody:  # takes the port, and never listens
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(EngineError) as caught:
            list(runner_of(None, f"tcp://127.0.0.1:{nobody.getsockname()[1]}").map(clusters.square, [1], on_error=kept))
    assert caught.value.code == "cluster.unreachable"


@pytest.mark.parametrize("address", ["", "nonsense", "tcp://head", "tcp://head:x", "foo://head:8786", "/no/such.json"])
def test_what_is_no_address_is_a_usage_error(address: str) -> None:
    with pytest.raises(UsageError):
        runner_of(None, address)


def test_scheduler_file_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "scheduler.json").write_text("{}")
    with pytest.raises(UsageError):
        runner_of(None, tmp_path / "scheduler.json")


def test_missing_extra_is_named(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['distributed'] = None\n"
        "from convkit.cli.main import run\n"
        f"run(['scan', {str(tmp_path)!r}, '--cluster', 'tcp://127.0.0.1:8786'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "'.[cluster]'" in done.stderr
    assert "install.missing-extra" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("theirs", ["another version", "none", "another project"])
def test_workers_must_have_the_same_version(theirs: str, tmp_path: Path) -> None:
    package = tmp_path / "theirs" / "convkit"
    if theirs == "another version":
        shutil.copytree(ROOT / "convkit", package)
        (package / "_version.py").write_text('__version__ = "0.0.9"\n')
    else:
        package.mkdir(parents=True)
        content = "raise ImportError\n" if theirs == "none" else f"__version__ = {convkit.__version__!r}\n"
        (package / "__init__.py").write_text(content)
    with (
        cluster(tmp_path, 1, PYTHONPATH=f"{package.parent}:{ROOT}") as made,
        runner_of(None, made.address) as runner,
        pytest.raises(EngineError) as caught,
    ):
        list(runner.map(clusters.square, range(9), on_error=kept))
    assert caught.value.code == "cluster.mismatch"
    assert ("0.0.9" in caught.value.what) == (theirs == "another version")


# --- the command -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_interrupt_ends_the_command_and_leaves_the_cluster(shared: Cluster, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from convkit.engine.run import runner_of\n"
        "from tests.clusters import kept, slow\n"
        "try:\n"
        "    with runner_of(None, sys.argv[1]) as runner:\n"
        "        list(runner.map(slow, [Path(sys.argv[2], str(n)) for n in range(200)], on_error=kept))\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    marks = tmp_path / "marks"
    marks.mkdir()
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py"), shared.address, str(marks)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with suppress(ProcessLookupError):
        clusters.wait_until(lambda: len(list(marks.iterdir())) > 3)
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (out, err) == ("interrupted\n", "")
    with runner_of(None, shared.address) as runner:
        assert dict(runner.map(clusters.square, range(9), on_error=kept)) == {n: n * n for n in range(9)}
    assert len(list(marks.iterdir())) < 30
