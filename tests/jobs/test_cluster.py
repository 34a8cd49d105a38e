"""Jobs on a cluster: the same bytes and Notes as here, whatever happens to workers, scheduler and command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convkit
from convkit import EngineError, Report
from convkit.engine.dask.orders import AHEAD
from tests.builders import instance, write
from tests.clusters import Cluster, cluster, wait_until
from tests.clusters import convkit as command
from tests.jobs.work import contents, digests

pytest.importorskip("distributed")
if os.name != "posix":
    pytest.skip("SIGKILL is POSIX", allow_module_level=True)

SERIES, SLICES, SIZE = 6, 24, 256


@pytest.fixture(name="source", scope="module")
def _source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noisy series, one of them with a gap, and a file that is no DICOM."""
    folder = tmp_path_factory.mktemp("cluster-jobs") / "in"
    noise = np.random.default_rng(1)
    for series in range(1, SERIES + 1):
        write(
            (
                instance(
                    patient=1 + series % 2,
                    series=series,
                    number=place,
                    pixels=noise.integers(-1000, 1000, (SIZE, SIZE), np.int16),
                )
                for place in range(1, SLICES + 1)
                if (series, place) != (2, 5)
            ),
            folder / f"s{series}",
        )
    (folder / "readme.txt").write_text("no DICOM")
    return folder


@pytest.fixture(name="shared", scope="module")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two workers that are left alive."""
    with cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


def _deid(source: Path, target: Path, **options: Any) -> convkit.Report:
    return convkit.deidentify(
        source, target, profile="tcia", pixels="allow", key=source.parent / "key", audit=f"{target}.jsonl", **options
    )


def _report(report: convkit.Report) -> str:
    return json.dumps(report.to_json(), sort_keys=False)


def test_convert_gives_the_same_bytes_and_notes(source: Path, shared: Cluster, tmp_path: Path) -> None:
    before = digests(source)
    here = convkit.convert(source, tmp_path / "here", jobs=2)
    there = convkit.convert(source, tmp_path / "there", cluster=shared.address)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    assert _report(there) == _report(here)
    assert here.exit_code == 4  # the series with the gap
    again = convkit.convert(source, tmp_path / "there", cluster=shared.address)
    assert {outcome.status for outcome in again.outcomes if outcome.outputs} == {convkit.Status.RESUMED}
    assert digests(source) == before


def test_deid_gives_the_same_bytes_notes_and_audit(source: Path, shared: Cluster, tmp_path: Path) -> None:
    _deid(source, tmp_path / "first", jobs=1)  # which makes the key
    here = _deid(source, tmp_path / "here", jobs=2)
    there = _deid(source, tmp_path / "there", cluster=shared.address)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    assert _report(there) == _report(here)
    assert (tmp_path / "there.jsonl").read_bytes() == (tmp_path / "here.jsonl").read_bytes()


def test_preview_sort_scan_and_check_give_the_same(source: Path, shared: Cluster, tmp_path: Path) -> None:
    small, address = source / "s1", shared.address
    for verb in (convkit.preview, convkit.sort):
        here = verb(small, tmp_path / verb.__name__ / "here", jobs=2)
        there = verb(small, tmp_path / verb.__name__ / "there", cluster=address)
        found = contents(tmp_path / verb.__name__)
        assert {k: v for k, v in found.items() if k.startswith("there/")} == {
            k.replace("here/", "there/", 1): v for k, v in found.items() if k.startswith("here/")
        }
        assert _report(there) == _report(here)
    assert convkit.scan(source, cluster=address).to_rows() == convkit.scan(source, jobs=2).to_rows()
    assert convkit.check(small, small, cluster=address) == convkit.check(small, small, jobs=2)


@pytest.mark.parametrize("verb", [convkit.convert, convkit.preview, convkit.sort, convkit.deidentify])
def test_nothing_to_do_leaves_no_trace(verb: Callable[..., Report], shared: Cluster, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "text.txt").write_text("no DICOM")
    verb(tmp_path / "in", output=tmp_path / "out", cluster=shared.address)
    assert not (tmp_path / "out").exists()


def test_relative_paths_mean_the_same_on_the_cluster(source: Path, shared: Cluster, tmp_path: Path) -> None:
    (tmp_path / "in").symlink_to(source / "s1")
    said = []
    for who in (["-j", "2"], ["--cluster", shared.address]):
        process = command("convert", "in", "-o", f"out{len(who[1]) > 1}", *who, "--json", cwd=tmp_path)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        said.append(out)
    assert said[0] == said[1]
    assert contents(tmp_path / "outTrue") == contents(tmp_path / "outFalse")


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "convert IN -o OUT/x",
        "convert IN -o OUT/x --dry-run",
        "preview IN -o OUT/x",
        "preview IN -o OUT/x --view axial",
        "sort IN -o OUT/x",
        "deid IN -o OUT/x --audit OUT/audit.csv",
        "report IN -o OUT/x.html",
        "scan IN",
        "scan IN -o OUT/x.parquet",
        "check IN",
    ],
)
def test_dead_scheduler_leaves_no_trace(line: str, source: Path, tmp_path: Path) -> None:
    before = contents(source)
    words = line.replace("IN", str(source)).replace("OUT", str(tmp_path / "out")).split()
    process = command(*words, "--cluster", "tcp://127.0.0.1:1")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert "[cluster.unreachable]" in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()
    assert contents(source) == before


@pytest.mark.slow
def test_dead_scheduler_leaves_no_trace_of_an_index(source: Path, tmp_path: Path) -> None:
    index = tmp_path / "new" / "x.csv"
    index.parent.mkdir()
    process = command("scan", str(source), "--level", "instance", "-o", str(index), "--cluster", "tcp://127.0.0.1:1")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "[cluster.unreachable]" in err
    assert list(index.parent.iterdir()) == []


# --- deaths half-way -------------------------------------------------------------------------------------


def _workers_of(parent: subprocess.Popen[bytes]) -> list[int]:
    """Process ids of the workers that a nanny process looks after."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [int(r[0]) for r in rows if int(r[1]) == parent.pid and "spawn_main" in r[2]]


def _finished(target: Path, suffix: str) -> int:
    return sum(1 for _ in target.rglob(f"*{suffix}")) if target.exists() else 0


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["convert", "deid"])
def test_workers_that_are_killed_half_way_change_nothing(verb: str, source: Path, tmp_path: Path) -> None:
    options = ["--to", "nii.gz"] if verb == "convert" else ["--pixels", "allow", "--key", str(source.parent / "key")]
    suffix = ".nii.gz" if verb == "convert" else ".dcm"
    here, there = tmp_path / "here", tmp_path / "there"
    process = command(verb, str(source), "-o", str(here), *options, "-j", "2")
    process.communicate(timeout=120)
    assert process.returncode in {0, 4}
    with cluster(tmp_path, 0) as made:
        nanny = made.start_workers(2)
        process = command(verb, str(source), "-o", str(there), *options, "--cluster", made.address)
        for finished in (1, 3):
            wait_until(lambda n=finished: _finished(there, suffix) >= n or process.poll() is not None)
            for pid in _workers_of(nanny)[:1]:
                os.kill(pid, signal.SIGKILL)
        _, err = process.communicate(timeout=120)
    assert process.returncode in {0, 4}, err
    assert contents(there) == contents(here)


@pytest.mark.slow
def test_scheduler_that_is_killed_half_way_costs_only_time(shared: Cluster, tmp_path: Path) -> None:
    target, source = tmp_path / "out", tmp_path / "in"
    for number in range(1, 160):
        write(
            (instance(series=number, number=place) for place in (1, 2, 3, 5)[: 4 if number == 7 else 3]),
            source / str(number),
        )
    with cluster(tmp_path) as made:
        process = command("convert", str(source), "-o", str(target), "--cluster", made.address)
        # More than are under way before the first answer: then at least one answer is in the journal.
        wait_until(lambda: _finished(target, ".nii.gz") > AHEAD * 2 + 1 or process.poll() is not None)
        made.scheduler.kill()
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out) == (1, "")
        assert "[cluster.lost]" in err
        assert "Traceback" not in err
    report = convkit.convert(source, target, cluster=shared.address)
    assert report.exit_code == 4  # the series with the gap
    assert convkit.Status.RESUMED in {outcome.status for outcome in report.outcomes}
    convkit.convert(source, tmp_path / "here", jobs=2)
    assert contents(target) == contents(tmp_path / "here")


@pytest.mark.slow
def test_cluster_that_is_lost_is_an_error_of_the_library(tmp_path: Path) -> None:
    for number in range(1, 60):  # more than are under way at once
        write((instance(series=number, number=place) for place in (1, 2, 3)), tmp_path / "in" / str(number))
    with cluster(tmp_path) as made, pytest.raises(EngineError) as caught:
        convkit.convert(
            tmp_path / "in",
            tmp_path / "out",
            cluster=made.address,
            progress=lambda step: made.scheduler.kill() if step.what == "volumes" else None,
        )
    assert caught.value.code == "cluster.lost"
