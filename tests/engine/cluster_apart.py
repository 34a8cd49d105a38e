"""What a runner on a cluster does with processes that are forked; `test_dask` runs it in a process without threads."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from convkit.engine.dask import agent, connection
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
    monkeypatch.setattr(connection, "_is_first", True)


@pytest.fixture(name="silent")
def _silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """See `clusters.silent_peer`; who calls it gives up soon."""
    monkeypatch.setattr(agent, "CONNECT_S", 2.0)
    with clusters.silent_peer() as address:
        yield address


def test_quick_items_begin_here_and_go_on_there(shared: Cluster) -> None:
    pids: dict[int, int] = {}
    with runner_of(None, shared.address) as runner:
        for index, pid in runner.map(clusters.worker_id, range(10_000), on_error=kept, is_quick=True):
            assert index not in pids
            pids[index] = pid
            if len(set(pids.values())) == 4:  # two here, two there, however long it took to connect
                break
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


def test_quick_items_are_done_while_nobody_answers(silent: str) -> None:
    found: dict[int, int] = {}
    with runner_of(None, silent) as runner, pytest.raises(EngineError) as caught:
        found.update(runner.map(clusters.square, range(5), on_error=kept, is_quick=True))
    assert (caught.value.code, found) == ("cluster.unreachable", {0: 0, 1: 1, 2: 4, 3: 9, 4: 16})


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
