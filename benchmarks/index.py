"""Measures the saved index: headers a second and peak memory of the whole run, over many 330-element headers.

    python benchmarks/index.py [--files 100000] [--cache DIR] [--jobs 2] [--kill] [--keep] [--json FILE]

Steps: the index is made (with --kill, killed at half time and made by the same command), brought up to date without and
with changed files, and used as the source of a scan. Memory is the sum over parent and workers, in which shared pages
count once (PSS, Linux). The files are small: they hold the header and hardly any pixels.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from make_data import MR_ELEMENTS, Template, _base, template

SERIES_FILES = 200
SAMPLE_S = 0.2


@dataclass(frozen=True)
class Measure:
    """What one command took; memory in MB."""

    what: str
    wall_s: float
    peak_mb: float
    code: int


def headers() -> Template:
    """A file with as many elements as the others of the benchmarks, and 8 x 8 pixels."""
    dataset = _base("MR", "1.2.840.10008.5.1.4.1.1.4", 8)
    dataset.PixelSpacing, dataset.SliceThickness = ["3", "3"], "2"
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
    groups = (0x0019, 0x0021, 0x0051)
    for index in range(MR_ELEMENTS - len(dataset) - len(groups)):
        block = dataset.private_block(groups[index % 3], f"BENCHMARK {index % 3}", create=True)
        block.add_new(index // 3 + 1, ("LO", "DS", "IS")[index % 3], ("PRIVATE VALUE", "1.25", "12")[index % 3])
    return template(dataset)


def make_files(folder: Path, files: int) -> None:
    fill, pixels = headers(), bytes(2 * 8 * 8)
    for number in range(files):
        series, place = divmod(number, SERIES_FILES)
        target = folder / f"{series // 100:03d}" / f"{series:05d}"
        if place == 0:
            target.mkdir(parents=True, exist_ok=True)
        path = target / f"IM{place:05d}.dcm"
        if not path.exists():
            path.write_bytes(fill.filled(series + 1, place + 1, 2.0 * place, pixels))


def measured(what: str, command: list[str], *, kill_when: int | None = None, part: Path | None = None) -> Measure:
    """Run a command; kill it without warning when a file is so large."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, tree_mb(process.pid))
        if kill_when is not None and part is not None and part.exists() and part.stat().st_size >= kill_when:
            process.send_signal(signal.SIGKILL)
        time.sleep(SAMPLE_S)
    return Measure(what, round(time.perf_counter() - start, 2), round(peak, 1), process.returncode)


def tree_mb(pid: int) -> float:
    """Proportional set size of a process and its children."""
    total = 0
    for each in [pid, *children(pid)]:
        try:
            text = Path(f"/proc/{each}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)
    return total / 1e3


def children(pid: int) -> list[int]:
    try:
        found = [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [each for one in found for each in (one, *children(one))]


def run(folder: Path, table: Path, *, files: int, jobs: int, kill: bool) -> list[Measure]:
    scan = [sys.executable, "-m", "convkit", "scan"]
    save = [*scan, str(folder), "--level", "instance", "-j", str(jobs), "-o", str(table), "-qq"]
    found = []
    table.unlink(missing_ok=True)
    if kill:
        part = table.with_name(f".{table.name}.unfinished")
        found.append(measured("killed half way", save, kill_when=files * 45, part=part))
        found.append(measured("the same command again", save))
    else:
        found.append(measured("made", save))
    found.append(measured("brought up to date, nothing new", [*save, "--update"]))
    for number in range(0, files, 1000):
        series, place = divmod(number, SERIES_FILES)
        os.utime(folder / f"{series // 100:03d}" / f"{series:05d}" / f"IM{place:05d}.dcm")
    found.append(measured("brought up to date, one in 1,000 changed", [*save, "--update"]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "convkit-benchmarks")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kill", action="store_true", help="kill the first run half way")
    parser.add_argument("--keep", action="store_true", help="keep the files for the next time")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    given = parser.parse_args()
    folder = given.cache / f"headers-{given.files}"
    make_files(folder, given.files)
    table = given.cache / f"index-{given.files}.parquet"
    found = run(folder, table, files=given.files, jobs=given.jobs, kill=given.kill)
    for each in found:
        rate = given.files / each.wall_s
        print(
            f"{each.what}: {each.wall_s:.1f} s, {rate:,.0f} files/s, peak {each.peak_mb:.0f} MB, exit code {each.code}"
        )
    print(f"the index: {table.stat().st_size / 1e6:.1f} MB")
    if given.json:
        given.json.write_text(json.dumps([asdict(each) for each in found], indent=1))
    table.unlink()
    if not given.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
