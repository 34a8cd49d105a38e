"""check: an independent audit of outputs for what identifies people, and for broken references."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path, PurePath
from typing import Any

from convkit.audit.burned_in import reader
from convkit.audit.dossier import Dossier, dossier_of
from convkit.audit.finding import Finding, Kind, merged
from convkit.audit.instance import Instance
from convkit.audit.originals import Original, read_original
from convkit.audit.references import set_findings
from convkit.audit.scan import RESIDUAL, FileAudit, scan_file, unreadable
from convkit.engine.outcome import ExitCode
from convkit.engine.run import Runner, runner_of
from convkit.errors import InputError, UsageError
from convkit.jobs._sources import Progress, Source, Steps, in_order
from convkit.model.notes import Note, note
from convkit.storage import files

_JOURNAL = ".convkit"
"""The folder in which convkit keeps its journal below a destination: searched, but no part of the set."""

_BATCH = 16
"""Files a task: whole files are read, so that a few are enough to outweigh the trip between processes."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What an audit found.

    Attributes
    ----------
    findings : tuple of Finding
        In the order of files and places.
    files : int
        How many outputs were read; journals of convkit are read, too, but not counted.
    originals : int
        How many originals these were held against.
    notes : tuple of Note
        What makes the audit weaker than it looks.
    """

    findings: tuple[Finding, ...] = ()
    files: int = 0
    originals: int = 0
    notes: tuple[Note, ...] = ()

    @property
    def ok(self) -> bool:
        """True where something was read and nothing was found."""
        return self.files > 0 and not self.findings

    @property
    def exit_code(self) -> ExitCode:
        """OK, CHECK_FAILED where anything was found, NOTHING_TO_DO where there was no file."""
        if not self.files:
            return ExitCode.NOTHING_TO_DO
        return ExitCode.CHECK_FAILED if self.findings else ExitCode.OK

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "ok": self.ok,
            "exit_code": int(self.exit_code),
            "files": self.files,
            "originals": self.originals,
            "findings": [finding.to_json() for finding in self.findings],
            "notes": [each.to_json() for each in self.notes],
        }


@dataclass(frozen=True, slots=True)
class _File:
    """A file and how it is called in the report."""

    path: str
    where: str

    @property
    def is_journal(self) -> bool:
        """True for what convkit itself remembers in its destinations."""
        return _JOURNAL in PurePath(self.where).parts[:-1]


@dataclass(frozen=True, slots=True)
class _Audit:
    """What all tasks are told. The dossier travels packed: a worker unpacks it once, not once a batch."""

    dossier: bytes = field(repr=False)
    reads_pixels: bool = False


def check(  # noqa: PLR0913 (one parameter an option of the command)
    outputs: Source | Iterable[Source],
    against: Source | Iterable[Source] | None = None,
    *,
    terms: Source | Sequence[str] | None = None,
    ocr: bool = False,
    show_values: bool = False,
    jobs: int | None = None,
    cluster: Source | None = None,
    progress: Progress | None = None,
) -> CheckReport:
    """Audit outputs of any program for what identifies people, and for broken references.

    Parameters
    ----------
    outputs : path or several
        Files or folders: DICOM, NIfTI, JSON, tables, pictures, documents, archives, and all names.
    against : path or several, or None
        The originals. Every value that identifies in them is looked for; None leaves patterns only.
    terms : path, or sequence of str, or None
        Further values to look for: a file with one a line, or the values themselves.
    ocr : bool
        Read the text in pixels of DICOM files and pictures, too: about a second an image.
    show_values : bool
        Keep what was found in the findings. Without it nobody can read a name in a report.
    jobs : int or None
        Worker processes; None takes one a CPU. On a cluster, the most items under way at once; None keeps all busy.
    cluster : str, path or None
        Address of a Dask scheduler, such as ``tcp://head:8786``, or its scheduler file: its workers do the work, on a
        file system that they share with us. Needs the extra ``cluster``.
    progress : callable or None

    Returns
    -------
    report : CheckReport

    Raises
    ------
    InputError
        An output or an original does not exist.
    UsageError
        The file of terms cannot be read or has no term; there is no original, or nothing in the originals identifies.
    MissingExtraError
        Nothing that reads text in pixels is installed.
    EngineError
        The cluster does not answer, has another version of convkit, or is lost on the way.

    Examples
    --------
    >>> report = check("shared/", against="incoming/")
    >>> report.ok, [(f.where, f.location, f.kind) for f in report.findings]
    """
    files = _files(outputs)
    sources = _files(against) if against is not None else []
    if against is not None and not sources:
        raise UsageError("There is no original: the folder is empty.", "--against", "Name the originals.")
    words = _terms(terms)
    if ocr:
        reader()  # says at once what is missing
    with runner_of(jobs, cluster) as runner:
        originals = [o for batch in _originals(sources, runner, progress) for o in batch]
        dossier = dossier_of(originals, words)
        if sources and not (dossier.knows_something or words):
            what = "Nothing in the originals identifies anybody, so nothing could be looked for."
            raise UsageError(what, "--against", "See that it names the files before they were de-identified.")
        audits = list(_audits(files, _Audit(pickle.dumps(dossier, pickle.HIGHEST_PROTOCOL), ocr), runner, progress))
    return _report(files, audits, dossier, show_values=show_values)


def _report(files: Sequence[_File], audits: Sequence[FileAudit], dossier: Dossier, *, show_values: bool) -> CheckReport:
    instances = [instance for audit in audits for instance in audit.instances]
    found = [finding for audit in audits for finding in audit.findings]
    found = _unexplained(found, instances, dossier)
    found += set_findings(instances, dossier, [file.where for file in files])
    counted = sum(not file.is_journal for file in files)
    notes = [each for audit in audits for each in audit.notes]
    if instances and dossier.originals and all(dossier.match(each) is None for each in instances):
        notes.append(note("check.no-original-matches"))
    return CheckReport(tuple(merged(found, show_values=show_values)), counted, dossier.files, tuple(notes))


def _files(sources: Source | Iterable[Source]) -> list[_File]:
    """All files below some folders, links not followed out of them; hidden ones, too."""
    given = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    found: dict[str, _File] = {}
    for source in given:
        root = Path(source)
        if root.is_file():
            found[str(root)] = _File(str(root), root.name)
        elif root.is_dir():
            prefix = "" if len(given) == 1 else f"{root.name}/"
            for folder, _, names in os.walk(root):
                for name in names:
                    path = Path(folder, name)
                    if path.is_file():
                        found[str(path)] = _File(str(path), prefix + path.relative_to(root).as_posix())
        elif files.is_url(os.fspath(source)):
            hint = "Copy it to a folder first."
            raise InputError("Only files and folders are checked.", os.fspath(source), hint, "input.unreadable")
        else:
            raise InputError("The source does not exist.", os.fspath(source), "Check the spelling.", "input.unreadable")
    return [found[path] for path in sorted(found)]


def _terms(terms: Source | Sequence[str] | None) -> list[str]:
    if terms is None:
        return []
    if isinstance(terms, (str, os.PathLike)):
        try:
            lines: Sequence[str] = Path(terms).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as err:
            what = f"The file of terms cannot be read ({type(err).__name__})."
            raise UsageError(what, "--terms", "It is UTF-8 text with one term a line.") from err
    else:
        lines = terms
    words = sorted({line.strip() for line in lines if line.strip()})
    if not words:
        raise UsageError("There is no term: the list is empty.", "--terms", "It has one term a line.")
    return words


# --- the originals ---------------------------------------------------------------------------------------


def _originals(files: Sequence[_File], runner: Runner, progress: Progress | None) -> Iterator[list[Original]]:
    yield from in_order(_read_originals, files, runner, _no_originals, Steps("originals", _BATCH, progress))


def _read_originals(files: tuple[_File, ...]) -> list[Original]:
    return [read_original(Path(file.path), file.where) for file in files]


def _no_originals(files: tuple[_File, ...], error: Exception) -> list[Original]:
    """An original that cannot be read makes the audit incomplete, which must not pass for silence."""
    raise InputError(
        f"An original cannot be read ({type(error).__name__}).", files[0].path, "", "input.unreadable"
    ) from error


# --- the outputs -----------------------------------------------------------------------------------------


def _audits(files: Sequence[_File], audit: _Audit, runner: Runner, progress: Progress | None) -> Iterator[FileAudit]:
    task = partial(_audit_batch, audit=audit)
    for batch in in_order(task, files, runner, _unaudited, Steps("outputs", _BATCH, progress)):
        yield from batch


def _audit_batch(files: tuple[_File, ...], *, audit: _Audit) -> list[FileAudit]:
    dossier = _unpacked(audit.dossier)
    return [_audited(file, dossier, reads_pixels=audit.reads_pixels) for file in files]


def _audited(file: _File, dossier: Dossier, *, reads_pixels: bool) -> FileAudit:
    """One file; whatever a damaged one does to the reader, it is told and the others go on."""
    try:
        return scan_file(Path(file.path), file.where, dossier, reads_pixels=reads_pixels)
    except (OSError, ValueError, ArithmeticError, LookupError, MemoryError, RecursionError) as error:
        return unreadable(file.where, error)


@lru_cache(maxsize=1)
def _unpacked(packed: bytes) -> Dossier:
    dossier: Dossier = pickle.loads(packed)  # noqa: S301 (from our own parent process)
    return dossier


def _unaudited(files: tuple[_File, ...], error: Exception) -> list[FileAudit]:
    return [unreadable(file.where, error) for file in files]


def _unexplained(findings: Sequence[Finding], instances: Sequence[Instance], dossier: Dossier) -> list[Finding]:
    """The findings without dates and UIDs in names, documents and indices that the images beside them have by right.

    A date that was moved may fall upon a date of somebody else: where an output has it in the place of another one, it
    is a moved date. UIDs and full dates may be where all images declare that they were kept.
    """
    images = [each for each in instances if not each.is_directory]
    moved: set[str] = set()
    for output in images:
        index = dossier.match(output)
        if index is not None:
            before = dossier.originals[index].dates
            moved |= {_iso(new) for path, new in output.dates.items() if before.get(path) != new}
    keeps_uids = bool(images) and all(each.keeps_uids for each in images)
    keeps_dates = bool(images) and all(each.keeps_dates for each in images)
    dicom = {each.path for each in images}

    def is_explained(each: Finding) -> bool:
        if each.code != RESIDUAL or (each.where in dicom and each.location != "name"):
            return False
        if each.kind is Kind.UID:
            return keeps_uids
        return each.kind is Kind.DATE and (keeps_dates or each.value in moved)

    return [each for each in findings if not is_explained(each)]


def _iso(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}"
