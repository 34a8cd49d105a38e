"""What a runner on a cluster does with processes that are forked; `test_dask` runs it in a process without threads."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest

from convkit.engine.dask import agent, speaker
from convkit.engine.dask import runner as dask_runner
from convkit.engine.run import runner_of
from convkit.errors import EngineError
from tests import clusters
from tests.clusters import Cluster, cluster, kept


@pytest.fixture(name="shared", scope="module")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two workers that are left alive."""
    with cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture(name="first", autouse=True)
def _first(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this process had not connected before."""
    monkeypatch.setattr(speaker, "_is_first", True)


@pytest.fixture(name="silent")
def _silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """See `clusters.silent_peer`; who calls it gives up soon."""
    monkeypatch.setattr(agent, "CONNECT_S", 2.0)
    with clusters.silent_peer() as address:
        yield address


@pytest.mark.parametrize("seconds_here", [0.0, 0.5])
def test_quick_items_begin_here_and_go_on_there(
    seconds_here: float, shared: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_runner, "HERE_S", seconds_here)
    start = time.monotonic()
    pids: dict[int, int] = {}
    with runner_of(None, shared.address) as runner:
        for index, pid in runner.map(clusters.worker_id, range(1_000_000), on_error=kept, is_quick=True):
            assert index not in pids
            pids[index] = pid
            if len(set(pids.values())) == 4:  # two here, two there, however long it took to connect
                break
        assert time.monotonic() - start >= seconds_here
        (agent_only,) = multiprocessing.active_children()
        assert agent_only.pid not in pids.values()
        assert os.getpid() not in pids.values()
        there = {pid for _, pid in runner.map(clusters.worker_id, range(12), on_error=kept, is_quick=True)}
    assert pids[0] not in there
    assert pids[max(pids)] in there


def test_every_quick_item_is_done_once(shared: Cluster) -> None:
    with runner_of(None, shared.address) as runner:
        found = list(runner.map(clusters.square, range(3_000), on_error=kept, is_quick=True))
    assert sorted(found) == [(n, n * n) for n in range(3_000)]


def test_quick_items_are_done_while_nobody_answers(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "CONNECT_S", 8.0)  # far more than they take on a busy machine
    found: dict[int, int] = {}
    start = time.monotonic()

    def work() -> None:
        with runner_of(None, silent) as runner:
            found.update(runner.map(clusters.square, range(5), on_error=kept, is_quick=True))
            assert time.monotonic() - start < 6.0  # what is done waits for nobody
            found[5] = 25

    with pytest.raises(EngineError) as caught:  # and that nobody answers is said at the end
        work()
    assert (caught.value.code, found) == ("cluster.unreachable", {n: n * n for n in range(6)})


def test_connection_that_is_refused_ends_what_goes_on_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_runner, "HERE_S", 60.0)
    start = time.monotonic()
    with runner_of(None, "tcp://127.0.0.1:1") as runner, pytest.raises(EngineError) as caught:
        sum(1 for _ in runner.map(clusters.square, count(), on_error=kept, is_quick=True))
    assert caught.value.code == "cluster.unreachable"
    assert time.monotonic() - start < 30
    assert "distributed" not in sys.modules  # nothing of Dask's comes along with the error
    assert multiprocessing.active_children() == []


def test_connection_is_waited_for_where_there_is_more_to_do(silent: str) -> None:
    with runner_of(None, silent) as runner:
        assert dict(runner.map(clusters.square, range(3), on_error=kept, is_quick=True)) == {0: 0, 1: 1, 2: 4}
        with pytest.raises(EngineError) as caught:
            list(runner.map(clusters.square, range(3), on_error=kept))
    assert caught.value.code == "cluster.unreachable"


@pytest.mark.parametrize("count", [0, 3])
def test_quick_items_need_no_cluster_that_is_there(count: int, shared: Cluster) -> None:
    with runner_of(None, shared.address) as runner:
        found = dict(runner.map(clusters.worker_id, range(count), on_error=kept, is_quick=True))
    assert len(found) == count
    assert multiprocessing.active_children() == []


def test_process_that_has_loaded_dask_ahead_is_the_one_that_speaks(shared: Cluster) -> None:
    speaker.load_ahead()
    (ahead,) = multiprocessing.active_children()
    with runner_of(None, shared.address) as runner:
        assert dict(runner.map(clusters.square, range(9), on_error=kept)) == {n: n * n for n in range(9)}
        assert [each.pid for each in multiprocessing.active_children()] == [ahead.pid]
    assert multiprocessing.active_children() == []


def test_process_that_was_forked_ahead_speaks_where_none_could_be_forked_any_more(shared: Cluster) -> None:
    speaker.load_ahead()
    (ahead,) = multiprocessing.active_children()
    end = Event()
    thread = Thread(target=end.wait, daemon=True)
    thread.start()
    try:
        with runner_of(None, shared.address) as runner:
            assert dict(runner.map(clusters.square, range(9), on_error=kept)) == {n: n * n for n in range(9)}
            assert [each.pid for each in multiprocessing.active_children()] == [ahead.pid]
    finally:
        end.set()
        thread.join()  # no test after this one could fork
    assert multiprocessing.active_children() == []


def test_death_of_what_has_loaded_dask_ahead_is_said(shared: Cluster) -> None:
    speaker.load_ahead()
    (ahead,) = multiprocessing.active_children()
    ahead.kill()
    ahead.join()
    with runner_of(None, shared.address) as runner, pytest.raises(EngineError) as caught:
        list(runner.map(clusters.square, range(9), on_error=kept))
    assert caught.value.code == "cluster.lost"


def test_quick_item_whose_worker_here_dies_is_done_again(silent: str, tmp_path: Path) -> None:
    items = [(number, tmp_path / "mark") for number in range(8)]
    with runner_of(None, silent) as runner:
        results = runner.map(clusters.die_once, items, on_error=kept, is_quick=True)
        assert dict(next(results) for _ in items) == {n: n for n in range(8)}
        results.close()  # type: ignore[attr-defined]
    assert (tmp_path / "mark").exists()
    assert multiprocessing.active_children() == []


def test_leaving_before_there_is_a_connection_waits_for_nothing(silent: str, tmp_path: Path) -> None:
    start = time.monotonic()
    with runner_of(None, silent) as runner:
        for _ in runner.map(clusters.slow, [tmp_path / str(n) for n in range(100)], on_error=kept, is_quick=True):
            break
    assert time.monotonic() - start < 1.5
    assert multiprocessing.active_children() == []


def test_death_of_what_speaks_with_the_cluster_ends_the_run_with_a_word(shared: Cluster, tmp_path: Path) -> None:
    with runner_of(None, shared.address) as runner:
        results = runner.map(clusters.slow, [tmp_path / str(n) for n in range(100)], on_error=kept)
        next(results)
        (agent_only,) = multiprocessing.active_children()
        agent_only.kill()
        with pytest.raises(EngineError) as caught:
            list(results)
    assert caught.value.code == "cluster.lost"
    assert multiprocessing.active_children() == []
