"""Measures the header reader against pydicom.dcmread(stop_before_pixels=True), same files, same run.

    python benchmarks/scan.py [DIR ...] [--scale 0.1] [--runs 5] [--json FILE]

Without DIR the made MR files are used. The ratio is the median over the rounds; above 1 convkit is faster.
"""

from __future__ import annotations

import argparse
import gc
import json
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom
from make_data import make
from measure import Cost, in_turn, medians, ratio

from convkit.dicom.header import read_header
from convkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable


def read_lean(paths: list[str]) -> None:
    for path in paths:
        read_header(path)


def read_pydicom(paths: list[str]) -> None:
    for path in paths:
        pydicom.dcmread(path, stop_before_pixels=True)


def timed(read: Callable[[list[str]], None], paths: list[str]) -> Cost:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    read(paths)
    return Cost(time.perf_counter() - wall, time.process_time() - cpu, 0.0)


def readable(folder: Path) -> list[str]:
    """Files that both read; what they cannot read is no part of the race."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            read_header(str(path))
            pydicom.dcmread(path, stop_before_pixels=True)
        except (InputError, pydicom.errors.InvalidDicomError, OSError, ValueError, AttributeError):
            continue
        found.append(str(path))
    return found


def compare(folder: Path, runs: int) -> dict[str, Any]:
    paths = readable(folder)
    if not paths:
        return {"files": 0}
    costs = in_turn(runs, {"convkit": partial(timed, read_lean, paths), "pydicom": partial(timed, read_pydicom, paths)})
    each = {name: medians(found).wall_s / len(paths) * 1e3 for name, found in costs.items()}
    return {"files": len(paths), "ms_a_file": each, "ratio": ratio(costs["convkit"], costs["pydicom"])}


def show(name: str, found: dict[str, Any]) -> None:
    if not found["files"]:
        print(f"{name}: no DICOM files")
        return
    each = found["ms_a_file"]
    print(
        f"{name}: {found['files']} files, ms: convkit {each['convkit']:.3f}, pydicom {each['pydicom']:.3f}: "
        f"{found['ratio']:.1f} x faster"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "convkit-benchmarks")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the made data, as a part of the full one")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    folders = given.folders or [make(given.cache, given.scale)["mr"]]
    results = {str(folder): compare(folder, given.runs) for folder in folders}
    for name, found in results.items():
        show(name, found)
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
