"""All workloads in one run: convkit and every peer that is installed, in turn, and the plain reading and writing.

    python benchmarks/suite.py [--only convert,scan] [--scale 0.1] [--runs 3] [--json FILE] [--markdown FILE]
    python benchmarks/suite.py --growth          # once, four and sixteen times the files: the time must grow as they do

Ratios are medians over the rounds of the time of the other by that of convkit: above 1, convkit is faster. A side that
takes longer than `--patience` seconds runs once. `plain` reads the input once and writes as many bytes as convkit did.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import deid
import preview
from convert import convkit_command, dcm2niix_command
from make_data import cached, make, make_jpeg, make_many
from make_runs import make_runs
from measure import Cost, find_command, medians, run_command, warm

import convkit

_Command = Callable[[Path, Path], list[str]]
_HERE = Path(__file__).parent
_PLAIN = "plain"


@dataclass(frozen=True)
class Workload:
    """What is measured.

    Attributes
    ----------
    name : str
    source : function
        Makes the data of a cache folder at a scale, and returns their folder.
    sides : mapping of str to command
        convkit first.
    cores : int
        How many all sides may use; 0 for all.
    """

    name: str
    source: Callable[[Path, float], Path]
    sides: Mapping[str, _Command]
    cores: int = 0
    part: float = 1.0


@dataclass
class Side:
    """What one side of a workload took, and how many bytes it wrote."""

    costs: list[Cost] = field(default_factory=list)
    written: int = 0


# --- sides -----------------------------------------------------------------------------------------------


def _sitk(suffix: str) -> _Command:
    return lambda source, out: [sys.executable, str(_HERE / "sitk_script.py"), str(source), str(out), f".{suffix}"]


def _dicom2nifti(suffix: str) -> _Command | None:
    program = find_command("dicom2nifti")
    compress = [] if suffix == "nii.gz" else ["-C"]
    return None if program is None else lambda source, out: [program, *compress, str(source), str(out)]


def _converting(suffix: str, *, with_all: bool = True) -> dict[str, _Command]:
    found = {
        "convkit": convkit_command(suffix, []),
        "dcm2niix": dcm2niix_command(suffix),
        "dcm2niix, pigz": dcm2niix_command(suffix, pigz=True),
        "dicom2nifti": _dicom2nifti(suffix) if with_all else None,
        "SimpleITK": _sitk(suffix) if with_all else None,
    }
    return {name: command for name, command in found.items() if command is not None}


def _scanning() -> dict[str, _Command]:
    program = find_command("convkit") or "convkit"
    found: dict[str, _Command] = {"convkit": lambda source, _: [program, "scan", str(source), "-q"]}
    gdcm = find_command("gdcmscanner")
    if gdcm:
        tags = [part for tag in ("10,10", "8,16", "20,d", "20,e", "20,13", "20,32", "20,37") for part in ("-t", tag)]
        found["gdcmscanner"] = lambda source, _: [gdcm, "-r", "-d", str(source), *tags]
    return found


def _deidentifying() -> dict[str, _Command]:
    found = deid.sides()
    gdcm = find_command("gdcmanon")
    if gdcm:
        removed = [part for tag in deid.EDITED[4:] for part in ("--empty", tag)]
        found["gdcmanon"] = lambda source, out: [gdcm, "--dumb", *removed, "-r", "-i", str(source), "-o", str(out)]
    return found


# --- data ------------------------------------------------------------------------------------------------


def _of(name: str) -> Callable[[Path, float], Path]:
    return lambda cache, scale: make(cache, scale, [name])[name]


def _run_of(name: str) -> Callable[[Path, float], Path]:
    return lambda cache, scale: make_runs(cache, scale, [name])[name]


def _jpeg(syntax: str) -> Callable[[Path, float], Path]:
    return lambda cache, scale: cached(cache, syntax, scale, partial(make_jpeg, syntax=syntax))


def _many(files: int) -> Callable[[Path, float], Path]:
    def made(cache: Path, scale: float) -> Path:
        number = max(500, round(files * scale))
        return cached(cache, f"many{number}", 1, partial(make_many, files=number))

    return made


def workloads() -> list[Workload]:
    """All of them, with the sides that are there."""
    found = []
    sources = {
        "CT, 4 x 300 x 512 x 512": _of("ct"),
        "7,000 small MR files": _of("mr"),
        "enhanced, 1,000 frames": _run_of("philips-frames"),
        "300 mosaics": _run_of("mosaic"),
    }
    for name, source in sources.items():
        found += [Workload(f"convert {name}, {to}", source, _converting(to)) for to in ("nii", "nii.gz")]
    found += [
        Workload("convert CT in JPEG 2000, nii", _jpeg("jpeg2000"), _converting("nii")),
        Workload("convert CT in JPEG lossless, nii", _jpeg("jpeg-lossless"), _converting("nii")),
        Workload("scan 7,000 MR headers of 330 elements", _of("mr"), _scanning()),
        Workload("scan 100,000 headers", _many(100_000), _scanning()),
        Workload("preview CT, PNG, one core", _of("ct"), preview.sides(), cores=1),
        Workload("deid CT, one core", _of("ct"), _deidentifying(), cores=1),
        Workload("deid MR, one core", _of("mr"), _deidentifying(), cores=1, part=0.1),
    ]
    return found


# --- measuring -------------------------------------------------------------------------------------------


def _one_run(command: _Command, source: Path, scratch: Path) -> tuple[Cost, int]:
    with tempfile.TemporaryDirectory(dir=scratch) as out:
        os.sync()  # what the run before left to be written is not ours to pay for
        cost = run_command(command(source, Path(out)))
        return cost, sum(p.stat().st_size for p in Path(out).rglob("*") if p.is_file())


def _plain(written: int) -> _Command:
    script = str(_HERE / "plain.py")
    return lambda source, out: [sys.executable, "-I", "-S", script, str(source), str(out), str(written)]


def measured(load: Workload, source: Path, given: argparse.Namespace) -> dict[str, Side]:
    """Costs of all sides in turn; a slow one, or one that fails, takes part once."""
    found: dict[str, Side] = {}
    commands = dict(load.sides)
    for number in range(given.runs):
        names = list(commands)
        for name in names if number % 2 == 0 else names[::-1]:
            try:
                cost, written = _one_run(commands[name], source, given.scratch)
            except RuntimeError as err:
                print(f"  {name} failed: {str(err).splitlines()[0]}", file=sys.stderr)
                commands.pop(name)
                continue
            side = found.setdefault(name, Side())
            side.costs.append(cost)
            side.written = written
            if cost.wall_s > given.patience and name != "convkit":
                commands.pop(name)
        plain, _ = _one_run(_plain(found["convkit"].written), source, given.scratch)
        found.setdefault(_PLAIN, Side()).costs.append(plain)
    return found


def _result(found: Mapping[str, Side]) -> dict[str, Any]:
    ours = found["convkit"]
    result: dict[str, Any] = {}
    for name, side in found.items():
        usual = median(cost.wall_s for cost in ours.costs)
        # Of a side that ran once there is no round to compare: the first of ours may be the one that reads the disk.
        pairs = zip(ours.costs, side.costs, strict=True) if len(side.costs) == len(ours.costs) else ()
        ratio = median([theirs.wall_s / own.wall_s for own, theirs in pairs] or [side.costs[0].wall_s / usual])
        result[name] = asdict(medians(side.costs)) | {"ratio": ratio, "written": side.written, "runs": len(side.costs)}
    return result


def _on_cores(cores: int) -> Callable[[], None]:
    """Limit this process, and those that it starts, to some cores; the answer lifts it."""
    if not cores or not hasattr(os, "sched_setaffinity"):
        return lambda: None
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:cores])
    return lambda: os.sched_setaffinity(0, before)


def run(load: Workload, given: argparse.Namespace) -> dict[str, Any]:
    source = load.source(given.cache, given.scale * load.part)
    size = warm(source)
    release = _on_cores(load.cores)
    try:
        return {"input": size, "sides": _result(measured(load, source, given))}
    finally:
        release()


# --- growth ----------------------------------------------------------------------------------------------

GROWTH = (1, 4, 16)


def grown(given: argparse.Namespace) -> dict[str, Any]:
    """Wall time and peak of convkit for once, four and sixteen times the files."""
    some = [load for load in workloads() if load.name in _GROWING]
    found: dict[str, Any] = {}
    for load in some:
        rows = []
        for times in GROWTH:
            source = load.source(given.cache, given.scale * load.part * times / GROWTH[-1])
            files = sum(path.is_file() for path in source.rglob("*"))
            warm(source)
            costs = [_one_run(load.sides["convkit"], source, given.scratch)[0] for _ in range(given.runs)]
            rows.append({"files": files, **asdict(medians(costs))})
        found[load.name] = rows
        print(f"\n{load.name}\n" + "\n".join(f"  {r['files']:>8} files {r['wall_s']:8.2f} s" for r in rows))
    return found


_GROWING = (
    "convert CT, 4 x 300 x 512 x 512, nii.gz",
    "convert 7,000 small MR files, nii",
    "scan 100,000 headers",
    "preview CT, PNG, one core",
    "deid CT, one core",
)


# --- showing ---------------------------------------------------------------------------------------------


def table(results: Mapping[str, Any]) -> Iterable[str]:
    """Yield the lines of a table in Markdown."""
    yield "| workload | side | wall s | CPU s | peak MB | written MB | ratio |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    for name, result in results.items():
        shown = f"{name} ({result['input'] / 1e6:,.0f} MB)"
        for side, cost in result["sides"].items():
            shares = cost["wall_s"], cost["cpu_s"], cost["peak_mb"], cost["written"] / 1e6
            numbers = "{:.2f} | {:.2f} | {:.0f} | {:,.1f}".format(*shares)
            yield f"| {shown} | {side} | {numbers} | {'' if side == 'convkit' else format(cost['ratio'], '.2f')} |"
            shown = ""


def growth_table(results: Mapping[str, Any]) -> Iterable[str]:
    """Yield the lines of a table in Markdown."""
    yield "| workload | files | wall s | ms a file | peak MB |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name, rows in results.items():
        for number, row in enumerate(rows):
            numbers = f"{row['wall_s']:.2f} | {row['wall_s'] / row['files'] * 1e3:.2f} | {row['peak_mb']:.0f}"
            yield f"| {name if not number else ''} | {row['files']:,} | {numbers} |"


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "convkit": convkit.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": cores,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cache = Path(tempfile.gettempdir()) / "convkit-benchmarks"
    parser.add_argument("--cache", type=Path, default=cache, help=f"where made data are kept ({cache})")
    parser.add_argument("--scratch", type=Path, help="where outputs are written and removed (temporary folder)")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the made data, as a part of the full one")
    parser.add_argument("--only", default="", help="words of the names of workloads, with commas")
    parser.add_argument("--without", default="", help="sides that are left out, with commas")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--patience", type=float, default=30, help="seconds beyond which a side runs once")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    parser.add_argument("--markdown", type=Path, help="write the table to this file")
    given = parser.parse_args()
    if given.scale <= 0:
        parser.error("--scale is above 0")
    if given.growth and given.only:
        parser.error("--growth has workloads of its own")
    if not given.growth and not list(_chosen(given)):
        parser.error(f"no workload has one of these words in its name: {given.only}")
    return given


SMALL = 0.5
"""Scale below which the start of a process, a tenth of a second, counts for so much that ratios say little else."""


def _chosen(given: argparse.Namespace) -> Iterable[Workload]:
    words = [word for word in given.only.split(",") if word]
    without = given.without.split(",")
    for load in workloads():
        if not words or any(word in load.name for word in words):
            sides = {name: command for name, command in load.sides.items() if name not in without}
            name = load.name if given.scale == 1 else f"{load.name}, times {given.scale:g}"
            yield Workload(name, load.source, sides, load.cores, load.part)


def main() -> None:
    given = _arguments()
    if given.scale < SMALL:
        print(f"At --scale {given.scale:g} runs are mostly starts of processes; docs/performance.md has full sizes.\n")
    if given.growth:
        results = grown(given)
        lines = list(growth_table(results))
    else:
        results = {}
        for load in _chosen(given):
            results[load.name] = run(load, given)
            print("\n".join(list(table({load.name: results[load.name]}))[2:]), flush=True)
        lines = list(table(results))
    if given.json:
        given.json.write_text(json.dumps({"machine": machine(), "scale": given.scale, "results": results}, indent=1))
    if given.markdown:
        given.markdown.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
