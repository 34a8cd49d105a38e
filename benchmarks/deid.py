"""Measures `convkit deid` against dicognito, dicom-anonymizer, and dcmodify with as many edits; one core each.

    python benchmarks/deid.py [--scale 0.2] [--runs 3] [--only ct,mr] [--json FILE]

CT slices of 512 x 512 and small MR files of 330 elements, by the Basic Profile. dcmodify edits files in place; as the
originals have to stay, `cp` makes its copy first, timed (the same job) and, for comparison, not timed (edits alone).
It knows no profile, no pseudonyms and no text: the same values for all files in one call, or own ones in a call a
file. Above 1, convkit is faster.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from make_data import make
from measure import Cost, find_command, in_turn, medians, ratio, run_command

_Command = Callable[[Path, Path], list[str]]

EDITED = (
    "0008,0018", "0008,0020", "0008,0021", "0008,0022", "0008,0023", "0008,0030", "0008,0031", "0008,0032", "0008,0033",
    "0008,0050", "0008,0080", "0008,0090", "0008,1010", "0008,1030", "0008,103e", "0010,0010", "0010,0020", "0010,0030",
    "0010,0040", "0010,1010", "0018,1000", "0018,1030", "0020,000d", "0020,000e", "0020,0010", "0020,0052",
)  # fmt: skip
"""What the Basic Profile changes in these files."""


def _convkit(source: Path, out: Path) -> list[str]:
    key = str(source.parent / "deid.key")  # made by the first run, kept with the made data
    options = ["--profile", "basic", "--pixels", "allow", "--key", key, "-q", "-j", "1"]
    return [find_command("convkit") or "convkit", "deid", str(source), "-o", str(out), *options]


def _dicom_anonymizer(source: Path, out: Path) -> list[str]:
    """A run a folder, because it does not look into folders."""
    loop = 'cd "$1"; find . -type d | while read -r d; do mkdir -p "$2/$d"; dicom-anonymizer "$d" "$2/$d"; done'
    return ["sh", "-c", loop, "sh", str(source), str(out)]


_FILES = 'find "$1" -type f ! -name "*.txt"'
_SAME_EDITS = " ".join(f'-i "({tag})=1"' for tag in EDITED)
_ONE_CALL = f"{_FILES} -print0 | xargs -0 dcmodify -q -nb -nrc -imt {_SAME_EDITS}"
_OWN_EDITS = " ".join(f'-i "({tag})=1.$n"' for tag in EDITED)
_CALL_A_FILE = f'n=0; {_FILES} | while read -r f; do n=$((n+1)); dcmodify -q -nb -nrc -imt {_OWN_EDITS} "$f"; done'


def _dcmodify(source: Path, out: Path) -> list[str]:
    """One call for all files: every one gets the same values, instance UIDs too, so what comes out is of no use."""
    return ["sh", "-c", f'cp -r "$2/." "$1" && {_ONE_CALL}', "sh", str(out), str(source)]


def _dcmodify_each(source: Path, out: Path) -> list[str]:
    """A call a file, as one needs where each has values of its own."""
    return ["sh", "-c", f'cp -r "$2/." "$1" && {_CALL_A_FILE}', "sh", str(out), str(source)]


def _dcmodify_in_place(source: Path, out: Path) -> list[str]:
    """The edits of `_dcmodify` alone."""
    shutil.copytree(source, out, dirs_exist_ok=True)
    return ["sh", "-c", _ONE_CALL, "sh", str(out)]


def sides() -> dict[str, _Command]:
    """Every side that is there."""
    found: dict[str, _Command] = {"convkit": _convkit}
    dicognito = find_command("dicognito")
    if dicognito:
        python = str(Path(dicognito).parent / "python")  # its console script is broken as packaged
        found["dicognito"] = lambda source, out: [
            python, "-m", "dicognito", "-q", "--assume-burned-in-annotation", "never", "-o", str(out), str(source),
        ]  # fmt: skip
    if find_command("dicom-anonymizer"):
        found["dicom-anonymizer"] = _dicom_anonymizer
    if find_command("dcmodify"):
        found["cp, dcmodify"] = _dcmodify
        found["cp, dcmodify each"] = _dcmodify_each
        found["dcmodify in place"] = _dcmodify_in_place
    return found


def one_run(command: _Command, source: Path, scratch: Path) -> Cost:
    """Cost of one run into an empty folder, which goes afterwards: in a virtual machine, memory that was never used is
    slow, and who writes to a tmpfs first would pay for it."""
    with tempfile.TemporaryDirectory(dir=scratch) as out:
        return run_command(command(source, Path(out)))


def measured(name: str, source: Path, runs: int) -> dict[str, Any]:
    """Medians of all sides on one kind of files."""
    files = sum(path.is_file() for path in source.rglob("*"))
    with tempfile.TemporaryDirectory() as scratch:
        costs = in_turn(runs, {n: partial(one_run, c, source, Path(scratch)) for n, c in sides().items()})
    found: dict[str, Any] = {side: asdict(medians(cost)) for side, cost in costs.items()}
    print(f"\n{files} {name} files, one core, median of {runs} runs")
    print(f"  {'':<20}{'wall s':>9}{'ms/file':>10}{'peak MB':>9}{'ratio':>9}")
    for side, cost in found.items():
        cost["ratio"] = ratio(costs["convkit"], costs[side])
        shown = cost["wall_s"], cost["wall_s"] * 1000 / files, cost["peak_mb"], cost["ratio"]
        print("  {:<20}{:>9.2f}{:>10.2f}{:>9.0f}{:>9.2f}".format(side, *shown))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cache = Path(tempfile.gettempdir()) / "convkit-benchmarks"
    parser.add_argument("--cache", type=Path, default=cache, help=f"where made data are kept ({cache})")
    parser.add_argument("--scale", type=float, default=0.2, help="part of the data")
    parser.add_argument("--only", default="ct,mr")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    given = parser.parse_args()
    kinds = given.only.split(",")
    data = make(given.cache, given.scale, kinds)
    results = {kind: measured(kind.upper(), data[kind], given.runs) for kind in kinds}
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
