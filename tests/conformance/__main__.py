"""Convert every reference data set, compare with its reference, print one table. Run by ``make conformance``.

Exit status: 0 where nothing differs but what `explained.toml` names, 1 otherwise, 0 with a reason where the data are
not there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import convkit

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHECKS = ("matched", "shape_ok", "geometry_ok", "voxels_ok", "tr_ok", "bval_ok", "bvec_ok")
TITLES = ("found", "shape", "geometry", "voxels", "TR", "b-values", "b-vectors")


@dataclass
class Tally:
    """What became of the references of one set, or of all."""

    good: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    explained: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.good += other.good
        self.asked += other.asked
        self.explained += other.explained
        self.unexplained += other.unexplained

    def cell(self, name: str) -> str:
        return f"{self.good[name]}/{self.asked[name]}" if self.asked[name] else "-"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="names of data sets; all by default")
    parser.add_argument("--keep", type=Path, help="leave the outputs here")
    options = parser.parse_args()
    data = Path(os.environ.get("CONVKIT_DATA", ROOT.parent / "shared" / "data"))
    comparator = data.parent / "tools" / "nifticompare.py"
    archives = sorted((data / "conversion").glob("*.tar.xz"))
    if not archives or not comparator.is_file():
        print(f"No reference data at {data}; name their folder in CONVKIT_DATA. Nothing was compared.")
        return 0
    wanted = [a for a in archives if not options.sets or a.name.removesuffix(".tar.xz") in options.sets]
    explained = tomllib.loads((HERE / "explained.toml").read_text(encoding="utf-8"))["explained"]
    with tempfile.TemporaryDirectory() as folder:
        return _run(wanted, comparator, explained, options.keep or Path(folder))


def _run(archives: list[Path], comparator: Path, explained: list[dict[str, str]], work: Path) -> int:
    total = Tally()
    print(f"{'set':34}" + "".join(f"{t:>11}" for t in (*TITLES, "sidecar")))
    for archive in archives:
        name = archive.name.removesuffix(".tar.xz")
        tally = _set(archive, comparator, [e for e in explained if fnmatch(name, e["set"])], work)
        if tally is not None:
            _print(name, tally)
            total.add(tally)
    _print("all", total)
    share = 100 * total.good["keys"] / max(1, total.asked["keys"])
    print(f"\nsidecar values that agree: {share:.2f} %; what differs is explained in docs/fidelity.md")
    for line in total.explained:
        print(f"explained: {line}")
    for line in total.unexplained:
        print(f"not explained: {line}")
    return 1 if total.unexplained else 0


def _print(name: str, tally: Tally) -> None:
    print(f"{name:34}" + "".join(f"{tally.cell(c):>11}" for c in (*CHECKS, "keys")), flush=True)


def _set(archive: Path, comparator: Path, explained: list[dict[str, str]], work: Path) -> Tally | None:
    """The tally of one set; None where it has no reference that must be met."""
    name = archive.name.removesuffix(".tar.xz")
    with tarfile.open(archive) as file:
        file.extractall(work, filter="data")
    if not list((work / name).glob("ref/*.nii*")):
        return None
    convkit.convert(work / name / "in", output=work / name / "out", to="nii", exists="overwrite")
    report = work / name / "report.json"
    folders = [work / name / "ref", work / name / "out"]
    folders[1].mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, comparator, *folders, "--json", report, "--quiet"], check=False, stdout=subprocess.DEVNULL
    )
    return _tally(name, json.loads(report.read_text())["volumes"], explained)


def _tally(name: str, volumes: list[dict[str, Any]], explained: list[dict[str, str]]) -> Tally:
    tally = Tally()
    for volume in volumes:
        for what, is_good in _results(volume):
            kind = what if what in CHECKS else "keys"
            tally.asked[kind] += 1
            tally.good[kind] += is_good
            if is_good:
                continue
            line = f"{name}/{volume['reference']}: {what}"
            why = next((e["why"] for e in explained if _explains(e, volume["reference"], what)), "")
            (tally.explained if why else tally.unexplained).append(f"{line} ({why})" if why else line)
    return tally


def _results(volume: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield every check and every key, and whether it agrees."""
    yield from ((check, bool(volume[check])) for check in CHECKS if check in volume)
    yield from ((key, state == "agree") for key, state in volume["keys"].items())


def _explains(entry: dict[str, str], reference: str, what: str) -> bool:
    return fnmatch(reference, entry.get("reference", "*")) and what in entry["what"].split()


if __name__ == "__main__":
    sys.exit(main())
