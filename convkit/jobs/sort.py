"""sort: files into a tree of patients, studies and series. Nothing is lost, nothing is overwritten."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from convkit.dicom.header import Header
from convkit.dicom.objects import is_directory
from convkit.engine.outcome import Outcome, Report, Status, failure
from convkit.engine.run import Runner, batched, runner_of
from convkit.errors import ConvkitError, OutputError, UsageError
from convkit.jobs._choices import Exists, chosen
from convkit.jobs._destination import rooted, tidied
from convkit.jobs._names import Template, fill, short_hash, template, without_ties
from convkit.jobs._redaction import patient_of, redactor_of
from convkit.jobs._sources import (
    Progress,
    Source,
    Step,
    check_apart,
    check_no_source_below,
    destination,
    flat,
    problem_outcome,
)
from convkit.jobs._where import where as checked_where
from convkit.jobs.collection import Collection, collect
from convkit.model.notes import Note, note
from convkit.series.group import without_doubles
from convkit.storage import files
from convkit.writers import written_aside

DEFAULT_NAME = "{patient}/{study}/{SeriesNumber:03d}_{SeriesDescription}_{series}/{InstanceNumber:05d}"
SUFFIX = ".dcm"
BATCH = 64
"""Files a task."""


class Action(StrEnum):
    """How a file gets into the tree."""

    COPY = "copy"
    HARDLINK = "hardlink"
    SYMLINK = "symlink"


@dataclass(frozen=True, slots=True)
class Placement:
    """One file and its place in the tree."""

    path: str
    target: str
    notes: tuple[Note, ...] = ()


Place = Callable[[tuple[Placement, ...]], tuple[Outcome, ...]]


def sort(  # noqa: PLR0913 (one parameter an option of the command)
    *sources: Source | Iterable[Source],
    output: Source | None = None,
    action: str = "copy",
    where: str | None = None,
    filename: str | None = None,
    phi_in_names: bool = False,
    profile: str | None = None,
    key: Source | None = None,
    mapping: Source | None = None,
    jobs: int | None = None,
    cluster: Source | None = None,
    dry_run: bool = False,
    exists: str = "skip",
    strict: bool = False,
    typed_in: Iterable[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Put every DICOM file below the sources into a tree of patients, studies and series.

    Copies of a file that are the same byte for byte are placed once. Different files with one SOP Instance UID are all
    placed and reported. Running it again goes on where it ended.

    Parameters
    ----------
    *sources : path or several
    output : path
        Folder for the tree; without it the last source is the destination.
    action : {"copy", "hardlink", "symlink"}
    where, filename, phi_in_names, profile, key, mapping, jobs, cluster, dry_run, exists, strict, typed_in, progress
        As in `convkit.convert`: a profile governs names alone, and files stay what they are. With ``exists="skip"`` a
        different file under the same name is an error, because skipping would lose one.

    Raises
    ------
    UsageError
        A wrong option, or a mistake in the profile; nothing was read.
    InputError
        A source does not exist.
    OutputError
        The destination lies inside a source, or the other way round.
    """
    given = flat(sources)
    output = destination(output, given)
    check_apart(given, output)
    how, policy = chosen(Action, action, "--action"), chosen(Exists, exists, "--exists")
    if profile is not None and how is Action.SYMLINK:
        what = "A symbolic link tells the path of the original, which may identify a person."
        raise UsageError(what, "--action", "Choose copy or hardlink, or leave --profile out.")
    redactor = redactor_of(profile, key, mapping, root=output, is_dry=dry_run)
    name = template(
        filename or DEFAULT_NAME, phi_in_names=phi_in_names, keeps=None if redactor is None else redactor.keeps
    )
    selection = checked_where(where) if where else None
    with runner_of(jobs, cluster) as runner:
        collection = collect(given, runner, selection, name.keywords, typed_in, progress, redactor=redactor)
        paths = [header.path for series in collection for header in series.headers]
        check_no_source_below(paths, output)
        _check_links(how, paths, output)
        placements, outcomes = plan(collection, name)
        said = () if redactor is None else (note("deid.contents-kept"), *collection.notes)
        if dry_run or not placements:
            outcomes += [Outcome(p.path, Status.PLANNED, (p.target,), p.notes) for p in placements]
            return Report(tuple(outcomes), notes=said, strict=strict)
        runner.ready()
        with rooted(output) as root:
            task = partial(place_batch, root=str(root), action=how, exists=policy)
            is_interrupted = False
            try:
                with tidied(root, ((root / p.target).parent for p in placements), runner):
                    _place_all(placements, task, runner, progress, outcomes)
            except KeyboardInterrupt:
                is_interrupted = True
        ordered = sorted(outcomes, key=lambda o: (o.outputs, o.item))
        return Report(tuple(ordered), notes=said, strict=strict, interrupted=is_interrupted)


def _check_links(action: Action, paths: Iterable[str], output: Source) -> None:
    """Refuse links to what is no file of this machine, or from where there are none."""
    if action is not Action.COPY and (files.is_url(str(output)) or any(map(files.is_elsewhere, paths))):
        what = "Members of archives and objects in storage cannot be linked."
        raise UsageError(what, "--action", "Choose copy.")


# --- planning --------------------------------------------------------------------------------------------


def plan(collection: Collection, name: Template) -> tuple[list[Placement], list[Outcome]]:
    """A place for each file, without collisions, and an outcome for each file that gets none."""
    outcomes = [problem_outcome(p) for p in collection.problems]
    headers = sorted((h for s in collection for h in s.headers), key=lambda h: h.path)
    directories = [h for h in headers if is_directory(h)]
    outcomes += [Outcome(h.path, Status.SKIPPED, notes=(note("input.dicomdir", where=h.path),)) for h in directories]
    dropped = [n for s in collection for n in s.notes if n.code == "header.duplicate-file"]
    kept, notes = without_doubles([h for h in headers if not is_directory(h)])
    outcomes += [
        Outcome(n.where, Status.SKIPPED, notes=(n,)) for n in [*dropped, *notes] if n.code == "header.duplicate-file"
    ]
    conflicts = {
        n.where: n
        for n in [*notes, *(n for s in collection for n in s.notes)]
        if n.code == "header.conflicting-instances"
    }
    targets = without_ties([fill(name, _fields(h, name)) for h in kept], [_identity(h) for h in kept])
    placements = [
        Placement(h.path, target + SUFFIX, (conflicts[h.path],) if h.path in conflicts else ())
        for h, target in zip(kept, targets, strict=True)
    ]
    return placements, outcomes


def _identity(header: Header) -> tuple[str, str]:
    """What tells a file apart whose name another one has as well."""
    return header.redacted.sop_instance_uid, header.redacted.path


def _fields(header: Header, name: Template) -> dict[str, Any]:
    shown = header.redacted
    own = {
        "patient": patient_of(header),
        "study": short_hash(shown.study_instance_uid),
        "series": short_hash(shown.series_instance_uid),
        "instance": short_hash(shown.sop_instance_uid),
        "split": "",
    }
    return own | {k: shown.plain(k) for k in name.keywords}


# --- placing ---------------------------------------------------------------------------------------------


def _place_all(
    placements: Sequence[Placement], task: Place, runner: Runner, progress: Progress | None, outcomes: list[Outcome]
) -> None:
    """Add what becomes of each placement to the outcomes, as far as it comes before an interruption."""
    done = 0
    for _, results in runner.map(task, batched(placements, BATCH), on_error=failed_batch):
        outcomes += results
        done += len(results)
        if progress:
            progress(Step("files", done, len(placements)))


def place_batch(placements: Sequence[Placement], *, root: str, action: Action, exists: Exists) -> tuple[Outcome, ...]:
    """Task: put some files into the tree."""
    files.prefetch([p.path for p in placements], is_whole=True)
    return tuple(_attempt(p, Path(root), action, exists) for p in placements)


def failed_batch(placements: tuple[Placement, ...], error: Exception) -> tuple[Outcome, ...]:
    """What a batch becomes whose task failed as a whole."""
    return tuple(failure(p.path, error) for p in placements)


def _attempt(placement: Placement, root: Path, action: Action, exists: Exists) -> Outcome:
    try:
        status = _place(placement.path, root / placement.target, action, exists)
    except ConvkitError as err:
        return failure(placement.path, err)
    except OSError as err:
        return failure(
            placement.path,
            OutputError(
                f"The file cannot be placed ({err.strerror}).",
                placement.target,
                "Check space and permissions at the destination.",
            ),
        )
    return Outcome(placement.path, status, (placement.target,), placement.notes)


def _place(source: str, target: Path, action: Action, exists: Exists) -> Status:
    if os.path.lexists(target):
        if _is_same(source, target):
            return Status.RESUMED
        if exists is not Exists.OVERWRITE:
            raise OutputError(
                "Another file is there already.",
                files.shown(str(target)),
                "Choose --exists overwrite to replace it.",
                "output.exists-refused",
            )
    target.parent.mkdir(parents=True, exist_ok=True)
    _ACTIONS[action](source, target)
    return Status.DONE


def _is_same(source: str, target: Path) -> bool:
    return target.exists() and files.is_same(source, files.kept(str(target)))


def _copy(source: str, target: Path) -> None:
    with written_aside(target) as file:
        for piece in _pieces(source):
            file.write(piece)


def _pieces(source: str) -> Iterator[bytes]:
    """Yield the bytes of a file; one that cannot be read is not the destination's fault."""
    try:
        with files.opened(source, is_checked=True) as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece
    except OSError as err:
        raise files.unreadable(source, err) from err


_PIECE_BYTES = 1 << 20


def _link(source: str, target: Path, make: Any) -> None:
    """Make a link aside and put it in place, so that an old file is replaced in one step."""
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    aside.unlink(missing_ok=True)
    make(Path(source).resolve(), aside)
    aside.replace(target)
    aside.unlink(missing_ok=True)  # replacing a hard link by itself leaves both names


def _hardlink(source: str, target: Path) -> None:
    try:
        _link(source, target, os.link)
    except OSError as err:
        raise OutputError(
            f"The file cannot be hard-linked ({err.strerror}).",
            str(target),
            "Source and destination must lie on one file system; else choose --action copy.",
        ) from err


def _symlink(source: str, target: Path) -> None:
    _link(source, target, os.symlink)


_ACTIONS = {Action.COPY: _copy, Action.HARDLINK: _hardlink, Action.SYMLINK: _symlink}
