"""Measures `--cluster` against the process pool: 2 worker processes each, on this computer, on the same data.

    python benchmarks/cluster.py [--scale 0.2] [--only ct,mr,convert,deid] [--runs 5] [--json FILE]

The scheduler and its two workers of one thread run before the first run, as those of a cluster do, and each has done
every kind of work once; the time to import Dask and to connect is part of every run. Above 1, the cluster is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from make_data import make
from measure import Cost, find_command, in_turn, medians, ratio, run_command, warm

WORKERS = 2
DATA = ("ct", "mr")
VERBS = {
    "convert": ("convert", "--to", "nii.gz"),
    "deid": ("deid", "--profile", "basic", "--pixels", "allow"),
}
_Command = Callable[[Path, Path], list[str]]


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Address of a scheduler with workers, all of them processes of this computer."""
    address = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    worker = [*dask, "worker", "--nworkers", str(WORKERS), "--nthreads", "1", "--no-dashboard"]
    commands = (
        [*scheduler, "--scheduler-file", str(address)],
        [*worker, "--scheduler-file", str(address), "--local-directory", str(folder)],
    )
    with ExitStack() as stack, (folder / "said").open("wb") as said:
        for command in commands:
            process = stack.enter_context(subprocess.Popen(command, stdout=said, stderr=said, env=_environment()))
            stack.callback(process.terminate)
            while not address.exists():
                time.sleep(0.1)
        yield str(address)


def _environment() -> dict[str, str]:
    """Workers may keep the bytecode of convkit, as `measure` lets its commands."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def convkit_command(verb: str, who: list[str]) -> _Command:
    """How to call convkit, with what tells who does the work."""
    program = find_command("convkit")
    start = [program] if program else [sys.executable, "-c", "from convkit.cli.main import run; run()"]
    return lambda source, out: [*start, VERBS[verb][0], str(source), "-o", str(out), *VERBS[verb][1:], *who, "-q"]


def one_run(command: _Command, source: Path, scratch: Path) -> Cost:
    """Cost of one run into an empty folder."""
    with tempfile.TemporaryDirectory(dir=scratch) as out:
        if hasattr(os, "sync"):
            os.sync()  # what the run before left to be written is not ours to pay for
        return run_command(command(source, Path(out)))


def compare(verb: str, source: Path, address: str, given: argparse.Namespace) -> dict[str, Any]:
    """Medians of both sides on one kind of files."""
    commands = {
        "processes": convkit_command(verb, ["-j", str(WORKERS)]),
        "cluster": convkit_command(verb, ["--cluster", address]),
    }
    with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        sides = {name: partial(one_run, command, source, Path(scratch)) for name, command in commands.items()}
        for side in sides.values():
            side()
        costs = in_turn(given.runs, sides)
    found: dict[str, Any] = {name: asdict(medians(cost)) for name, cost in costs.items()}
    found["cluster"]["ratio"] = ratio(costs["cluster"], costs["processes"])
    return found


def show(title: str, found: dict[str, Any]) -> None:
    print(f"\n{title}")
    for name, cost in found.items():
        told = f"{cost['ratio']:9.2f}" if "ratio" in cost else ""
        print(f"  {name:<12}{cost['wall_s']:9.2f} s{told}", flush=True)


def arguments() -> argparse.Namespace:
    cache = Path(tempfile.gettempdir()) / "convkit-benchmarks"
    parser = argparse.ArgumentParser(description="Measure --cluster against the process pool.")
    parser.add_argument("--cache", type=Path, default=cache, help=f"where made data are kept ({cache})")
    parser.add_argument(
        "--scratch", type=Path, help="where outputs go, such as /dev/shm; default: the temporary folder"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="size of the made data, as a part of the full one")
    parser.add_argument("--only", default="", help=f"comma-separated: {', '.join([*DATA, *VERBS])}")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    only = {part for part in given.only.split(",") if part}
    names = [name for name in DATA if name in only or not only & set(DATA)]
    verbs = [verb for verb in VERBS if verb in only or not only & set(VERBS)]
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as address:
        for name, source in make(given.cache, given.scale, names).items():
            megabytes = warm(source) / 1e6
            for verb in verbs:
                title = f"{verb} {name}"
                results[title] = compare(verb, source, address, given)
                show(f"{title}: {megabytes:.0f} MB, median of {given.runs} runs", results[title])
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
