"""Measures `convkit convert` against dcm2niix, on the same data in the same run.

    python benchmarks/convert.py [--data DIR] [--scale 0.1] [--only ct,mosaic,nii] [--runs 5] [--json FILE]

Outputs go to a fresh folder each run, which is not part of the time. Above 1, convkit is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from make_data import make
from make_runs import MAKERS, make_runs
from measure import Cost, find_command, in_turn, medians, ratio, run_command, warm

FORMATS = ("nii", "nii.gz")
DATA = ("ct", "mr", *MAKERS)
_Command = Callable[[Path, Path], list[str]]


def convkit_command(to: str, extra: list[str]) -> _Command | None:
    """How to call convkit for a format; None where it has no command yet."""
    program = find_command("convkit")
    if program is None and not (find_spec("convkit.cli") and find_spec("convkit.cli.main")):
        return None
    start = [program] if program else [sys.executable, "-c", "from convkit.cli.main import run; run()"]
    return lambda source, out: [
        *start, "convert", str(source), "-o", str(out), "--to", to, "--exists", "overwrite", *extra,
    ]  # fmt: skip


def dcm2niix_command(to: str, *, pigz: bool = False) -> _Command | None:
    """How to call dcm2niix for a format: its own compressor, or pigz; None where it is absent."""
    program = find_command("dcm2niix")
    if program is None or (pigz and (to == "nii" or find_command("pigz") is None)):
        return None
    how = "n" if to == "nii" else "y" if pigz else "i"
    return lambda source, out: [program, "-z", how, "-b", "y", "-f", "%s_%p", "-o", str(out), str(source)]


def one_run(command: _Command, source: Path, scratch: Path) -> Cost:
    """Cost of one conversion into an empty folder."""
    out = Path(tempfile.mkdtemp(dir=scratch))
    try:
        if hasattr(os, "sync"):
            os.sync()  # what the run before left to be written is not ours to pay for
        return run_command(command(source, out))
    finally:
        shutil.rmtree(out)


def compare(source: Path, to: str, given: argparse.Namespace) -> dict[str, Any]:
    """Medians of every side that is there, for one data set and format."""
    commands = {
        "convkit": convkit_command(to, given.extra.split()),
        "dcm2niix": dcm2niix_command(to),
        "dcm2niix+pigz": dcm2niix_command(to, pigz=True),
    }
    with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        sides = {n: partial(one_run, c, source, Path(scratch)) for n, c in commands.items() if c}
        costs = in_turn(given.runs, sides)
    found: dict[str, Any] = {name: asdict(medians(c)) for name, c in costs.items()}
    for peer in [n for n in found if n != "convkit" and "convkit" in found]:
        found[peer]["ratio"] = ratio(costs["convkit"], costs[peer])
    return found


def show(title: str, found: dict[str, Any]) -> None:
    print(f"\n{title}")
    print(f"  {'':<16}{'wall s':>9}{'cpu s':>9}{'peak MB':>9}{'ratio':>9}")
    for name in ("convkit", "dcm2niix", "dcm2niix+pigz"):
        cost = found.get(name)
        if cost is None:
            print(f"  {name:<16}{'absent':>9}")
            continue
        ratio_text = f"{cost['ratio']:.2f}" if "ratio" in cost else ""
        print(f"  {name:<16}{cost['wall_s']:>9.2f}{cost['cpu_s']:>9.2f}{cost['peak_mb']:>9.0f}{ratio_text:>9}")


def made(cache: Path, scale: float, names: Sequence[str]) -> dict[str, Path]:
    """Folders of the made data sets, by name."""
    return {name: folder for maker in (make, make_runs) for name, folder in maker(cache, scale, names).items()}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cache = Path(tempfile.gettempdir()) / "convkit-benchmarks"
    parser.add_argument("--data", type=Path, help="a folder of DICOM to use instead of the made data")
    parser.add_argument("--cache", type=Path, default=cache, help=f"where made data are kept ({cache})")
    parser.add_argument("--scratch", type=Path, help="where outputs are written and removed (temporary folder)")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the made data, as a part of the full one")
    parser.add_argument("--only", default="", help=f"comma-separated: {', '.join([*DATA, *FORMATS])}")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--extra", default="", help="further options for convkit, in one string")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    only = {part for part in given.only.split(",") if part}
    names = [name for name in DATA if name in only or not only & set(DATA)]
    sources = {given.data.name: given.data} if given.data else made(given.cache, given.scale, names)
    formats = [f for f in FORMATS if not only & set(FORMATS) or f in only]
    results: dict[str, Any] = {}
    for name, source in sources.items():
        megabytes = warm(source) / 1e6
        for to in formats:
            title = f"{name} to {to}: {megabytes:.0f} MB, median of {given.runs} runs"
            results[f"{name} {to}"] = compare(source, to, given)
            show(title, results[f"{name} {to}"])
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
