"""Measures `convkit preview` against dcmj2pnm and the usual script of pydicom and Pillow, on one core each.

    python benchmarks/preview.py [--slices 300 | --source DIR] [--runs 3] [--json FILE]
    python benchmarks/preview.py --memory [--files 100000]

CT slices of 512 x 512, 16 bits, to PNG with window 40/400. dcmj2pnm runs once a file, as it only can. With --memory:
the peak of convkit over a thousand files and over many. Above 1, convkit is faster. The slices that are made are noise
within a disc; --source takes a folder of folders of your own uncompressed CT slices instead.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from make_data import CT_SERIES, CT_SLICES, cached, make, make_many
from measure import Cost, find_command, in_turn, medians, ratio, run_command

_Command = Callable[[Path, Path], list[str]]
_LOOP = 'n=0; for f in "$1"/*/*; do n=$((n+1)); dcmj2pnm +on +Ww 40 400 "$f" "$2/$n.png"; done'


def convkit_command(jobs: int) -> _Command:
    """How to call convkit with so many workers."""
    program = find_command("convkit") or "convkit"
    rest = ["--window", "40/400", "--no-gallery", "-q", "-j", str(jobs)]
    return lambda source, out: [program, "preview", str(source), "-o", str(out), *rest]


def sides() -> dict[str, _Command]:
    """Every side that is there."""
    script = Path(__file__).with_name("pillow_script.py")
    found: dict[str, _Command] = {
        "convkit": convkit_command(1),
        "pydicom + Pillow": lambda source, out: [sys.executable, str(script), str(source), str(out)],
    }
    if find_command("dcmj2pnm"):
        found["dcmj2pnm"] = lambda source, out: ["sh", "-c", _LOOP, "sh", str(source), str(out)]
    return found


def one_run(command: _Command, source: Path, scratch: Path, sizes: dict[str, int], name: str) -> Cost:
    """Cost of one run into an empty folder; remembers how many bytes it wrote.

    The folder stays until all runs are over: ext4 is slow to make files for minutes after many were removed.
    """
    out = Path(tempfile.mkdtemp(dir=scratch))
    cost = run_command(command(source, out))
    sizes[name] = sum(p.stat().st_size for p in out.rglob("*.png"))
    return cost


def speed(given: argparse.Namespace) -> dict[str, Any]:
    """Medians of all sides on one series."""
    source = given.source or make(given.cache, given.slices / CT_SLICES, ["ct"])["ct"]
    pictures = sum(path.is_file() for path in source.glob("*/*"))
    sizes: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as scratch:
        runs = {n: partial(one_run, c, source, Path(scratch), sizes, n) for n, c in sides().items()}
        costs = in_turn(given.runs, runs)
    found: dict[str, Any] = {name: asdict(medians(c)) | {"bytes": sizes[name]} for name, c in costs.items()}
    print(f"\n{pictures} CT slices to PNG, one core, median of {given.runs} runs")
    print(f"  {'':<18}{'wall s':>9}{'ms/slice':>10}{'peak MB':>9}{'ratio':>9}{'size':>8}")
    for name, cost in found.items():
        cost |= {"ratio": ratio(costs["convkit"], costs[name]), "size": sizes[name] / sizes["convkit"]}
        shown = cost["wall_s"], cost["wall_s"] * 1000 / pictures, cost["peak_mb"], cost["ratio"], cost["size"]
        print("  {:<18}{:>9.2f}{:>10.2f}{:>9.0f}{:>9.1f}{:>8.2f}".format(name, *shown))
    return found


def memory(given: argparse.Namespace) -> dict[str, Any]:
    """Peak memory over few and over many files, of the largest process."""
    found: dict[str, Any] = {}
    print(f"\n{'files':>9}{'wall s':>9}{'peak MB':>9}   small MR slices to PNG, {given.jobs} workers")
    for files in (1000, given.files):
        source = cached(given.cache, f"many{files}", 1, partial(make_many, files=files))
        with tempfile.TemporaryDirectory() as scratch:
            cost = one_run(convkit_command(given.jobs), source, Path(scratch), {}, "convkit")
        found[str(files)] = asdict(cost)
        print(f"{files:>9}{cost.wall_s:>9.1f}{cost.peak_mb:>9.0f}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cache = Path(tempfile.gettempdir()) / "convkit-benchmarks"
    parser.add_argument("--cache", type=Path, default=cache, help=f"where made data are kept ({cache})")
    parser.add_argument("--slices", type=int, default=CT_SLICES, help=f"of each of the {CT_SERIES} series")
    parser.add_argument("--source", type=Path, help="a folder of folders of CT slices")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=2, help="workers, for --memory")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    given = parser.parse_args()
    results = memory(given) if given.memory else speed(given)
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
