"""Runners: real processes, real kills."""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from convkit.engine.outcome import Outcome, Status, failure
from convkit.engine.run import LocalRunner, attempt, batched, run, runner_of
from convkit.errors import EngineError, GeometryError, UsageError
from convkit.storage import loss

ROOT = Path(__file__).resolve().parents[2]
METHODS = ["fork", "spawn"] if sys.platform == "linux" else ["spawn"]
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def on_error(item: object, error: Exception) -> Outcome:
    return failure(str(item), error)


def square(number: int) -> int:
    return number * number


def square_or_raise(number: int) -> int | Outcome:
    if number == 3:
        raise ValueError("DOE^JANE")
    if number == 5:
        raise GeometryError("uneven", "series 5", "", "geometry.irregular-spacing")
    return number * number


def square_or_die(number: int, *, deadly: frozenset[int], how: str) -> int | Outcome:
    if number not in deadly:
        time.sleep(0.005)
        return number * number
    if how == "exit":
        os._exit(3)
    if how == "sys.exit":
        sys.exit(3)
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def die_once(item: tuple[int, Path]) -> int:
    number, mark = item
    if number == 2 and not mark.exists():
        mark.touch()
        os._exit(9)
    return number


def worker_id(number: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def length(payload: bytes) -> int:
    return len(payload)


def repeated(count: int) -> bytes:
    return b"x" * count


def unpicklable(number: int) -> object:
    return threading.Lock()


class Explosive:
    """Pickles, but does not unpickle."""

    def __reduce__(self) -> tuple[object, ...]:
        return (_explode, ())


def _explode() -> None:
    raise RuntimeError("DOE^JANE")


def explosive(number: int) -> Explosive:
    return Explosive()


def codes(result: object) -> list[str]:
    assert isinstance(result, Outcome)
    return [each.code for each in result.notes]


@pytest.fixture(params=["serial", *METHODS])
def runner(request: pytest.FixtureRequest) -> Iterator[LocalRunner]:
    made = LocalRunner(1) if request.param == "serial" else LocalRunner(2, start_method=request.param)
    with made:
        yield made
    assert not multiprocessing.active_children()


def test_one_bad_item_costs_only_itself(runner: LocalRunner) -> None:
    results = dict(runner.map(square_or_raise, range(8), on_error=on_error))
    assert sorted(results) == list(range(8))
    assert [results[n] for n in (0, 1, 2, 4, 6, 7)] == [0, 1, 4, 16, 36, 49]
    assert codes(results[3]) == ["engine.unexpected"]
    assert "DOE" not in str(results[3])
    assert "ValueError at" in results[3].notes[0].text
    assert results[5].status is Status.REFUSED
    assert codes(results[5]) == ["geometry.irregular-spacing"]


def test_runner_serves_one_map_after_the_other(runner: LocalRunner) -> None:
    for _ in range(3):
        assert dict(runner.map(square, range(5), on_error=on_error)) == {n: n * n for n in range(5)}


def test_no_items_give_no_results(runner: LocalRunner) -> None:
    assert list(runner.map(square, [], on_error=on_error)) == []


def test_error_of_the_item_iterator_reaches_the_caller(runner: LocalRunner) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise PermissionError("listing")

    with pytest.raises(PermissionError):
        list(runner.map(square, items(), on_error=on_error))
    assert dict(runner.map(square, [2], on_error=on_error)) == {0: 4}


def test_frames_go_to_the_debug_log_without_the_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="convkit.engine.run"):
        list(run(square_or_raise, [3], jobs=1, on_error=on_error))
    assert "square_or_raise" in caplog.text
    assert "ValueError at" in caplog.text
    assert caplog.text.count("DOE^JANE") == caplog.text.count('raise ValueError("DOE^JANE")')


@pytest.mark.parametrize("jobs", [1, 2, 3, 5])
def test_order_and_worker_count_do_not_change_the_results(jobs: int) -> None:
    items = list(range(40))
    random.Random(jobs).shuffle(items)
    results = dict(run(square, items, jobs=jobs, on_error=on_error))
    assert {items[index]: result for index, result in results.items()} == {n: n * n for n in items}


def test_processes_are_started_once_for_two_phases() -> None:
    with LocalRunner(2) as runner:
        first = {pid for _, pid in runner.map(worker_id, range(6), on_error=on_error)}
        second = {pid for _, pid in runner.map(worker_id, range(6), on_error=on_error)}
    assert first == second
    assert len(first) == 2
    assert os.getpid() not in first


_KNOWN: list[int] = []


def knowing(number: int) -> tuple[int, int, list[int]]:
    time.sleep(0.01)
    return number, os.getpid(), list(_KNOWN)


@pytest.mark.parametrize("method", METHODS)
def test_work_of_the_caller_is_done_while_it_waits_for_workers(method: str) -> None:
    done: list[bool] = []
    with LocalRunner(2, start_method=method) as runner:
        runner.meanwhile(lambda: done.append(True))
        assert not done
        results = dict(runner.map(square, range(20), on_error=on_error))
        assert results == {n: n * n for n in range(20)}
        dict(runner.map(square, range(20), on_error=on_error))
        assert done == [True]


def test_without_worker_processes_there_is_no_wait() -> None:
    with LocalRunner(1) as runner:
        runner.meanwhile(lambda: pytest.fail("nobody waits"))
        assert dict(runner.map(square, [1, 2], on_error=on_error)) == {0: 1, 1: 4}


@pytest.mark.skipif(sys.platform != "linux", reason="workers inherit where they are forked")
def test_workers_of_the_next_map_inherit_what_was_done_meanwhile() -> None:
    with LocalRunner(2, start_method="fork") as runner:
        runner.meanwhile(lambda: _KNOWN.append(7))
        try:
            first = [r for _, r in runner.map(knowing, range(8), on_error=on_error)]
            second = [r for _, r in runner.map(knowing, range(8), on_error=on_error)]
        finally:
            _KNOWN.clear()
    assert all(not known for _, _, known in first)
    assert all(known == [7] for _, _, known in second)
    assert not {pid for _, pid, _ in first} & {pid for _, pid, _ in second}
    assert not runner.has_lost_workers


class Weighed(tuple[int, ...]):
    """An item that tells when it is sent."""

    __slots__ = ()

    def __reduce__(self) -> object:
        raise RuntimeError("it was sent")


def first(item: tuple[int, ...]) -> int:
    return item[0]


@pytest.mark.skipif(sys.platform != "linux", reason="workers inherit where they are forked")
def test_items_of_a_list_do_not_travel_to_workers_that_are_forked_for_them() -> None:
    items = [Weighed((n,)) for n in range(9)]
    with LocalRunner(2, start_method="fork") as runner:
        assert dict(runner.map(first, items, on_error=on_error)) == {n: n for n in range(9)}
        again = dict(runner.map(first, items, on_error=on_error))
    assert codes(again[0]) == ["engine.unexpected"]  # these workers were forked before


@pytest.mark.skipif(sys.platform != "linux", reason="workers inherit where they are forked")
def test_a_worker_that_starts_beside_threads_gets_its_items_sent() -> None:
    stop = threading.Event()
    with LocalRunner(2) as runner:
        results = runner.map(worker_id, list(range(8)), on_error=on_error)
        found = dict([next(results)])
        other = threading.Thread(target=stop.wait)
        other.start()  # from here on workers are spawned
        try:
            os.kill(next(iter(found.values())), signal.SIGKILL)
            found.update(results)
        finally:
            stop.set()
            other.join()
    assert sorted(found) == list(range(8))
    assert all(isinstance(pid, int) for pid in found.values())


def test_what_fails_meanwhile_is_left_to_who_needs_it() -> None:
    def fail() -> None:
        raise RuntimeError("DOE^JANE")

    with LocalRunner(2) as runner:
        runner.meanwhile(fail)
        for _ in range(2):
            assert dict(runner.map(square, range(20), on_error=on_error)) == {n: n * n for n in range(20)}


def test_calls_are_handed_out_while_work_is_done_aside() -> None:
    answers: list[int] = []
    seen: list[int] = []

    def slow() -> None:
        time.sleep(0.5)
        seen.append(len(answers))

    with LocalRunner(2) as runner:
        runner.meanwhile(slow)
        for _, answer in runner.map(square, range(40), on_error=on_error):
            answers.append(answer)
            time.sleep(0.002)
        dict(runner.map(square, range(2), on_error=on_error))
    assert seen == [40]
    assert threading.active_count() == 1


def test_no_more_processes_start_than_there_are_items() -> None:
    with LocalRunner(8) as runner:
        assert list(runner.map(square, [3], on_error=on_error)) == [(0, 9)]
        assert len(multiprocessing.active_children()) == 1


@pytest.mark.parametrize("how", ["exit", "sys.exit", pytest.param("kill", marks=posix_only)])
@pytest.mark.parametrize("method", METHODS)
def test_worker_that_dies_costs_only_its_item(method: str, how: str) -> None:
    task = partial(square_or_die, deadly=frozenset({4, 11}), how=how)
    with LocalRunner(2, start_method=method) as runner:
        results = dict(runner.map(task, range(20), on_error=on_error))
    assert sorted(results) == list(range(20))
    assert {n for n in results if isinstance(results[n], Outcome)} == {4, 11}
    assert codes(results[4]) == codes(results[11]) == ["engine.worker-died"]
    assert ("SIGKILL" in results[4].notes[0].text) == (how == "kill")
    assert runner.has_lost_workers


def test_a_runner_whose_workers_live_has_lost_none() -> None:
    with LocalRunner(2) as runner:
        list(runner.map(square, range(3), on_error=on_error))
    assert not runner.has_lost_workers


def test_item_whose_worker_was_killed_from_outside_is_done_at_the_second_try(tmp_path: Path) -> None:
    items = [(number, tmp_path / "mark") for number in range(6)]
    assert dict(run(die_once, items, jobs=2, on_error=on_error)) == {n: n for n in range(6)}


@posix_only
def test_idle_worker_killed_between_two_maps_is_replaced() -> None:
    with LocalRunner(2) as runner:
        pids = {pid for _, pid in runner.map(worker_id, range(4), on_error=on_error)}
        os.kill(min(pids), signal.SIGKILL)
        time.sleep(0.1)
        assert dict(runner.map(square, range(6), on_error=on_error)) == {n: n * n for n in range(6)}


def test_all_items_deadly_ends(tmp_path: Path) -> None:
    task = partial(square_or_die, deadly=frozenset(range(5)), how="exit")
    results = dict(run(task, range(5), jobs=2, on_error=on_error))
    assert [codes(results[n]) for n in range(5)] == [["engine.worker-died"]] * 5


@pytest.mark.parametrize("jobs", [2, 3])
def test_lazy_items_are_taken_as_needed(jobs: int) -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(200):
            taken += 1
            yield number

    given = 0
    for _ in run(square, items(), jobs=jobs, on_error=on_error):
        assert taken - given <= 2 * jobs
        given += 1
    assert given == taken == 200


def test_results_come_while_items_are_still_slow() -> None:
    seen: list[int] = []
    before_last: list[int] = []

    def items() -> Iterator[int]:
        for number in range(8):
            time.sleep(0.05)
            before_last[:] = seen
            yield number

    with LocalRunner(4) as runner:
        for index, _ in runner.map(square, items(), on_error=on_error):
            seen.append(index)
        assert len(multiprocessing.active_children()) < 4
    assert len(before_last) >= 3


def test_large_items_and_results_pass() -> None:
    big = [b"y" * 5_000_000] * 6
    assert dict(run(length, big, jobs=2, on_error=on_error)) == dict.fromkeys(range(6), 5_000_000)
    sizes = [len(result) for _, result in run(repeated, [5_000_000] * 6, jobs=2, on_error=on_error)]
    assert sizes == [5_000_000] * 6


@pytest.mark.parametrize("task", [unpicklable, explosive])
def test_result_that_cannot_travel_is_an_error_of_its_item(task: object) -> None:
    results = dict(run(task, range(3), jobs=2, on_error=on_error))
    assert [codes(results[n]) for n in range(3)] == [["engine.unexpected"]] * 3
    assert "DOE" not in str(results)


def test_item_that_cannot_travel_is_an_error_of_itself() -> None:
    items = [1, threading.Lock(), Explosive(), 4]
    results = dict(run(square, items, jobs=2, on_error=on_error))
    assert (results[0], results[3]) == (1, 16)
    assert codes(results[1]) == codes(results[2]) == ["engine.unexpected"]


def test_leaving_the_loop_early_gives_up_the_rest() -> None:
    with LocalRunner(2) as runner:
        for _ in runner.map(worker_id, range(100), on_error=on_error):
            break
        assert dict(runner.map(square, range(4), on_error=on_error)) == {n: n * n for n in range(4)}
    assert not multiprocessing.active_children()


def test_two_maps_at_once_are_refused() -> None:
    with LocalRunner(2) as runner:
        first = runner.map(worker_id, range(9), on_error=on_error)
        next(first)
        with pytest.raises(RuntimeError, match="not finished"):
            next(runner.map(square, range(4), on_error=on_error))
        assert len(list(first)) == 8


def test_fewer_jobs_than_one_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        runner_of(0)


def test_batches_are_lazy_and_keep_the_order() -> None:
    endless = iter(int, 1)
    assert next(batched(endless, 3)) == (0, 0, 0)
    assert list(batched(range(7), 3)) == [(0, 1, 2), (3, 4, 5), (6,)]


@pytest.mark.parametrize("in_thread", [False, True])
def test_workers_of_an_unguarded_script_do_not_run_it_again(in_thread: bool, tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(
        "import operator, threading\n"
        "from convkit.engine.run import LocalRunner\n"
        "print('script')\n"
        "def work():\n"
        f"    with LocalRunner(2, start_method={None if in_thread else 'spawn'!r}) as runner:\n"
        "        print(sorted(dict(runner.map(operator.neg, range(5), on_error=operator.add)).values()))\n"
        f"{'t = threading.Thread(target=work); t.start(); t.join()' if in_thread else 'work()'}\n"
    )
    done = subprocess.run([sys.executable, script], env=_env(), capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "script\n[-4, -3, -2, -1, 0]\n"
    assert done.stderr == ""


# --- interrupt and death of the parent ---------------------------------------------------------------------

TASKS = """
import os, time

def slow(path):
    path.write_text(str(os.getpid()))
    try:
        time.sleep(60)
    finally:
        path.with_suffix(".unwound").touch()

def on_error(item, error):
    return error
"""

SCRIPT = """
import sys
from pathlib import Path
from convkit.engine.run import LocalRunner
from tasks_of_script import on_error, slow

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    method = sys.argv[2] if sys.argv[2] != "none" else None
    try:
        with LocalRunner(3, start_method=method) as runner:
            list(runner.map(slow, [folder / f"{n}.pid" for n in range(9)], on_error=on_error))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
"""


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _started(folder: Path, method: str) -> tuple[subprocess.Popen[str], list[int]]:
    """A parent with three workers, all of them inside a task."""
    script = folder / "script.py"
    script.write_text(SCRIPT)
    (folder / "tasks_of_script.py").write_text(TASKS)
    parent = subprocess.Popen(
        [sys.executable, script, folder, method],
        env=_env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _wait_for(lambda: len([p for p in folder.glob("*.pid") if p.read_text()]) == 3)
    return parent, [int(path.read_text()) for path in folder.glob("*.pid")]


def _wait_for(condition: object, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


@posix_only
@pytest.mark.parametrize("method", METHODS)
def test_workers_end_when_the_parent_is_killed(tmp_path: Path, method: str) -> None:
    parent, workers = _started(tmp_path, method)
    assert all(map(_is_alive, workers))
    parent.kill()
    parent.communicate()
    _wait_for(lambda: not any(map(_is_alive, workers)), 5)
    assert len(list(tmp_path.glob("*.unwound"))) == 3


@posix_only
@pytest.mark.parametrize("method", METHODS)
def test_interrupt_ends_the_run_at_once_and_quietly(tmp_path: Path, method: str) -> None:
    parent, workers = _started(tmp_path, method)
    since = time.monotonic()
    os.killpg(parent.pid, signal.SIGINT)  # as a terminal does: parent and workers alike
    out, err = parent.communicate(timeout=10)
    assert time.monotonic() - since < 5
    assert (parent.returncode, out, err) == (130, "interrupted\n", "")
    assert not any(map(_is_alive, workers))
    assert len(list(tmp_path.glob("*.pid"))) == 3  # what waited was not begun
    assert len(list(tmp_path.glob("*.unwound"))) == 3  # what was begun could clean up


@posix_only
def test_interrupt_is_raised_by_the_serial_runner(tmp_path: Path) -> None:
    def interrupt(item: int) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
        return item

    with pytest.raises(KeyboardInterrupt):
        list(run(interrupt, [1], jobs=1, on_error=on_error))


def test_engine_error_of_a_dead_worker_says_what_to_do() -> None:
    task = partial(square_or_die, deadly=frozenset({0}), how="exit")
    [(_, error)] = run(task, [0], jobs=2, on_error=_keep)
    assert isinstance(error, EngineError)
    assert error.code == "engine.worker-died"
    assert error.hint


def _keep(item: int, error: Exception) -> Exception:
    return error


def test_threads_that_start_workers_at_once_leave_the_main_module_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    start = SpawnProcess.start

    def slowly(self: SpawnProcess) -> None:
        time.sleep(0.1)  # so that the starts of two threads would overlap
        start(self)

    def work() -> None:
        with LocalRunner(2, start_method="spawn") as runner:
            results.update(runner.map(square, range(4), on_error=on_error))

    monkeypatch.setattr(SpawnProcess, "start", slowly)
    main, results = sys.modules["__main__"], dict[int, object]()
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
        time.sleep(0.03)
    for thread in threads:
        thread.join()
    assert sys.modules["__main__"] is main
    assert results == {n: n * n for n in range(4)}


def square_or_lose(number: int) -> int | Outcome:
    if number == 3:
        loss.report("s3://bucket/deep/key", "the storage cannot be reached")
        raise GeometryError("what a file becomes that cannot be read")
    return number * number


def squares_or_lose(numbers: tuple[int, ...]) -> list[int | Outcome]:
    return [attempt(square_or_lose, number, on_error) for number in numbers]


@pytest.mark.parametrize("jobs", [1, 2])
def test_lost_storage_ends_the_run(jobs: int) -> None:
    with pytest.raises(EngineError) as caught, LocalRunner(jobs) as runner:
        list(runner.map(square_or_lose, range(100), on_error=on_error))
    assert caught.value.code == "storage.lost"
    assert caught.value.where == "s3://bucket"


@pytest.mark.parametrize("jobs", [1, 2])
def test_storage_that_is_lost_in_a_batch_ends_the_run(jobs: int) -> None:
    with pytest.raises(EngineError) as caught, LocalRunner(jobs) as runner:
        list(runner.map(squares_or_lose, batched(range(100), 10), on_error=on_error))
    assert caught.value.code == "storage.lost"


def test_loss_outside_a_task_is_forgotten() -> None:
    loss.report("s3://bucket/key", "the storage cannot be reached")
    assert loss.known("s3://bucket/key") is None
    assert list(run(square, range(3), jobs=1, on_error=on_error)) == [(0, 0), (1, 1), (2, 4)]
