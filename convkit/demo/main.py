"""The demonstration, step by step; every line on the screen is written here."""

from __future__ import annotations

import shutil
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
from pydicom import dcmread

import convkit as ck
from convkit.demo import proof
from convkit.demo.dicom_files import series_uid, write_series
from convkit.demo.phantoms import Phantom, phantoms
from convkit.demo.picture import View, save_montage
from convkit.demo.samples import TREE, Sample, copy_samples, copy_tree

_MARK = ".convkit-demo"
_MADE = ("dicom", "nifti", "nrrd", "npz", "scan.csv", "volumes.png", "pictures")
_SOFT_TISSUE = (40, 400)
"""The window of a CT that names none itself."""

_SOFT, _LUNG, _BRAIN, _PD, _T2 = (50, 400), (-300, 1400), (35, 90), (750, 1300), (550, 1000)
_WIDTH = 100
_INDENT = " " * 6


@dataclass(slots=True)
class Demo:
    """What the steps hand on.

    Attributes
    ----------
    root : Path
    phantoms : tuple of Phantom
    samples : list of (path, Sample)
        Real single files that were found.
    failures : list of str
        Everything that should have succeeded and did not.
    volumes : dict
        Name of a phantom to the NIfTI files that it became.
    """

    root: Path
    phantoms: tuple[Phantom, ...] = ()
    samples: list[tuple[Path, Sample]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    volumes: dict[str, list[Path]] = field(default_factory=dict)

    def check(self, is_right: object, what: str) -> None:
        """Show whether something is as it must be, and remember where it is not."""
        click.echo(f"   {'ok  ' if is_right else 'FAIL'} {what}")
        if not is_right:
            self.failures.append(what)

    @property
    def dicom(self) -> Path:
        """Folder of the input."""
        return self.root / "dicom"


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-output"),
    show_default=True,
    help="Folder for everything that the demo makes.",
)
def command(output: Path) -> None:
    """Run scan and convert on real DICOM and on phantoms, and check what comes out.

    Real files come from the installed pydicom and nibabel; nothing is downloaded. Exit code 0 where all that should
    succeed did.
    """
    start = time.perf_counter()
    demo = Demo(output)
    _prepare(output)
    for step in (_make_input, _scan, _convert, _refusals, _other_formats, _picture, _gallery):
        step(demo)
    click.echo()
    for failure in demo.failures:
        click.echo(f"FAILED: {failure.strip()}", err=True)
    verdict = "all checks passed" if not demo.failures else f"{len(demo.failures)} checks failed"
    click.echo(f"Done in {time.perf_counter() - start:.0f} s: {verdict}. Everything is in {output}/")
    click.echo(f"Now open {(output / 'pictures' / 'index.html').resolve().as_uri()} in a browser.")
    raise SystemExit(1 if demo.failures else 0)


def _prepare(root: Path) -> None:
    """An empty folder of our own; a folder that another program filled is left alone."""
    if root.is_dir() and any(root.iterdir()) and not (root / _MARK).exists():
        raise click.UsageError(f"{root} holds other files. Name a new folder with -o.")
    for name in _MADE:
        shutil.rmtree(root / name) if (root / name).is_dir() else (root / name).unlink(missing_ok=True)
    root.mkdir(parents=True, exist_ok=True)
    (root / _MARK).touch()


def _title(number: int, text: str, command_line: str = "") -> None:
    click.echo(f"\n{number}. {text}")
    if command_line:
        click.echo(f"   $ {command_line}")


def _make_input(demo: Demo) -> None:
    click.echo("convkit demo: from a messy folder of DICOM files to volumes that can be trusted")
    _title(1, f"A folder of DICOM files, {demo.dicom}/")
    demo.phantoms = phantoms()
    for phantom in demo.phantoms:
        count = write_series(phantom, demo.dicom / "phantoms" / phantom.name)
        click.echo(f"   made     {count:3d} files  phantom {phantom.modality}: {phantom.description}")
    if copy_tree(demo.dicom / "real"):
        count = sum(p.is_file() for p in (demo.dicom / "real" / TREE).rglob("*"))
        click.echo(f"   real     {count:3d} files  an export of three patients with CT, MR and CR (from pydicom)")
    demo.samples, absent = copy_samples(demo.dicom / "real" / "single")
    click.echo(f"   real     {len(demo.samples):3d} files  of many kinds, some of them damaged on purpose")
    for sample in absent:
        click.echo(f"   absent             {sample.name} does not come with this version of {sample.package}")


def _scan(demo: Demo) -> None:
    table = demo.root / "scan.csv"
    _title(2, "What is in there?", f"convkit scan {demo.dicom} -o {table}")
    found = ck.scan(demo.dicom)
    found.save(table)
    studies = found.to_rows("study")
    modalities = Counter(series.first.text("Modality") or "none" for series in found)
    click.echo(
        f"   {found.files} files: {len(studies)} studies, {len(found)} series, "
        f"{sum(int(row['volumes']) for row in studies)} volumes"
    )
    click.echo("   series by modality: " + ", ".join(f"{n} {m}" for m, n in sorted(modalities.items())))
    click.echo(
        f"   {len(found.unreadable)} damaged headers, {len(found.problems) - len(found.unreadable)} files "
        "that are not DICOM"
    )
    rows = [row for row in found.to_rows() if row["slices"] and row["slices"] > 1]
    click.echo("   volumes of more than one slice:")
    for row in rows:
        size = f"{row['columns']} x {row['rows']} x {row['slices']}"
        name = f"{row['description']}{row['split']}"
        spacing = " x ".join(f"{mm:.3g}" for mm in reversed(row["spacing"]))
        click.echo(f"     {row['modality']}  {name:32s} {size:15s} {spacing} mm  {', '.join(row['problems'])}".rstrip())
    demo.check(len(rows) >= _many_slices(demo), "the phantoms were recognised")


def _many_slices(demo: Demo) -> int:
    return sum(len(p.values) for p in demo.phantoms)


def _convert(demo: Demo) -> None:
    out = demo.root / "nifti"
    _title(3, "All of it to NIfTI", f"convkit convert {demo.dicom} -o {out}")
    report = ck.convert(demo.dicom, out)
    counts = ", ".join(f"{number} {status}" for status, number in report.counts.items() if number)
    click.echo(f"   {counts}; exit code {int(report.exit_code)}: some items failed, the rest are written")
    for phantom in demo.phantoms:
        files = _files_of(report.outcomes, phantom)
        demo.volumes[phantom.name] = [out / file for file in files]
        demo.check(len(files) == len(phantom.values), f"{phantom.description}: {_list(files)}")
        values = "every Hounsfield Unit" if phantom.modality == "CT" else "every value of both echoes"
        is_exact = bool(files) and all(
            proof.nifti_is_exact(out / file, phantom, volume) for volume, file in enumerate(files)
        )
        demo.check(is_exact, f"     {values} that went in is there again, at its place in space (read by nibabel)")
    used = proof.instances_in(out)
    good = [(path, sample) for path, sample in demo.samples if not sample.code]
    for path, sample in good:
        demo.check(_uid(path) in used, f"{sample.name}: {sample.says}")


def _files_of(outcomes: Iterable[ck.Outcome], phantom: Phantom) -> list[str]:
    """The images that a phantom became, in order of their names."""
    uid = series_uid(phantom)
    return sorted(o.outputs[0] for o in outcomes if o.facts.get("series_instance_uid") == uid and o.outputs)


def _list(files: list[str]) -> str:
    return ", ".join(files) or "no file"


def _uid(path: Path) -> str:
    return str(dcmread(path, stop_before_pixels=True, specific_tags=["SOPInstanceUID"]).get("SOPInstanceUID", ""))


def _refusals(demo: Demo) -> None:
    _title(4, "What was not converted, and why: no volume is better than a wrong one")
    report = ck.convert(demo.dicom, demo.root / "nifti")
    found: dict[str, list[ck.Note]] = {}
    for outcome in report.outcomes:
        if outcome.status not in _GOOD:
            found.setdefault(outcome.notes[0].code, []).append(outcome.notes[0])
    _show_reasons(found)
    codes = sorted({sample.code for _, sample in demo.samples if sample.code})
    demo.check(found.keys() >= set(codes), f"all {len(codes)} kinds of damaged or unusual files were reported")
    resumed = report.counts[ck.Status.RESUMED]
    demo.check(
        resumed and not report.counts[ck.Status.DONE],
        f"the same command again: {resumed} volumes were there already, none was made twice",
    )


_GOOD = (ck.Status.DONE, ck.Status.RESUMED, ck.Status.KEPT)


def _show_reasons(found: Mapping[str, Sequence[ck.Note]]) -> None:
    """The first of each code in full where it is an error, else only the code."""
    for code, notes in found.items():
        if notes[0].severity is ck.Severity.ERROR:
            more = f" and {len(notes) - 1} more" if notes[1:] else ""
            click.echo(f"   [{code}] {Path(notes[0].where).name}{more}")
            click.echo(textwrap.fill(notes[0].text, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT))
    others = ", ".join(code for code, notes in found.items() if notes[0].severity is not ck.Severity.ERROR)
    click.echo(f"   set aside, because there is no image to convert: {others}")


def _other_formats(demo: Demo) -> None:
    chest = demo.phantoms[0]
    source = demo.dicom / "phantoms" / chest.name
    checks: dict[str, Callable[[Path, Phantom], bool]] = {"nrrd": proof.nrrd_is_exact, "npz": proof.npz_is_exact}
    readers = {"nrrd": "SimpleITK", "npz": "NumPy"}
    for number, (to, is_exact) in enumerate(checks.items(), 5):
        out = demo.root / to
        _title(number, f"The chest as {to}", f"convkit convert {source} -o {out} --to {to}")
        files = _files_of(ck.convert(source, out, to=to).outcomes, chest)
        demo.check(
            len(files) == 1 and is_exact(out / files[0], chest),
            f"{_list(files)}: the same values and place, read by {readers[to]}",
        )


def _picture(demo: Demo) -> None:
    chest, head, brain = (demo.volumes.get(p.name, []) for p in demo.phantoms)
    if not (chest and head and len(brain) == len(demo.phantoms[2].values)):
        demo.check(is_right=False, what="volumes.png: there are volumes to show")
        return
    views = [
        View(chest[0], "axial", 0.42, _SOFT, "chest CT, soft tissue"),
        View(chest[0], "coronal", 0.55, _LUNG, "the same volume, coronal, lung"),
        View(chest[0], "sagittal", 0.5, _SOFT, "the same volume, sagittal"),
        View(head[0], "axial", 0.6, _BRAIN, "head CT, tilted gantry"),
        View(brain[0], "sagittal", 0.2, _PD, "MR, echo 1"),
        View(brain[1], "sagittal", 0.2, _T2, "MR, echo 2"),
    ]
    path = demo.root / "volumes.png"
    _title(7, "A picture of what came out")
    save_montage(views, path)
    demo.check(path.stat().st_size, str(path))


def _gallery(demo: Demo) -> None:
    out = demo.root / "pictures"
    _title(8, "Pictures of everything, and a page to look through them", f"convkit preview {demo.dicom} -o {out}")
    report = ck.preview(demo.dicom, out)
    pictures = sorted(out.rglob("*.png"))
    click.echo(f"   {len(pictures)} pictures of {report.counts[ck.Status.DONE] - 1} series")
    slices = sum(phantom.values.shape[0] * phantom.values.shape[1] for phantom in demo.phantoms)
    demo.check(len(pictures) > slices, f"every slice of the phantoms, and every real image: {out}/")
    chest = demo.phantoms[0]
    exact = proof.pictures_are_exact(sorted(out.glob("*/*Chest*/*.png")), chest, _SOFT_TISSUE)
    demo.check(exact, f"{chest.description}: grey levels within 1 of those of pydicom, in every pixel")
    demo.check((out / "index.html").stat().st_size, f"{out / 'index.html'}: open it in a browser")
