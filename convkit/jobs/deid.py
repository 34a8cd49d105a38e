"""deid: copies without what identifies. What cannot be cleaned is refused and listed, never shared silently."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from convkit.deid.deidentifier import Recipe
from convkit.deid.pixels import PixelMode, PixelPolicy
from convkit.deid.pixels.installed import require_reader
from convkit.dicom.sources import Found
from convkit.engine.digest import fingerprint, identity_of_file
from convkit.engine.journal import Journal
from convkit.engine.outcome import Outcome, Report, Status, failure
from convkit.engine.run import Runner, batched, runner_of
from convkit.errors import ConvkitError, UsageError
from convkit.jobs._choices import Exists, chosen
from convkit.jobs._deid.audit import Audit, earlier_lines
from convkit.jobs._deid.gather import Instance, gather
from convkit.jobs._deid.make import Batch, Job, Made, Making, failed_batch, make_batch
from convkit.jobs._deid.plan import batches, not_reached, unused_codes, without_doubles
from convkit.jobs._deid.recipe import recipe_of
from convkit.jobs._destination import Claim, Destination, Inputs, journaled, rooted, tidied
from convkit.jobs._index.source import files_of
from convkit.jobs._sources import (
    Progress,
    Source,
    Step,
    check_apart,
    check_no_source_below,
    checked_path,
    destination,
    flat,
    problem_outcomes,
)
from convkit.jobs._where import where as checked_where
from convkit.model.notes import Note, note

if TYPE_CHECKING:
    from convkit.deid.pixels.devices import Device

DEFAULT_PROFILE = "basic"

_ROOT = re.compile(r"(?:0|1|2)(?:\.(?:0|[1-9]\d*))+")
_CLAIMED_AHEAD = 8
"""Batches whose copies are claimed in the journal at once: a commit takes as long as half a copy."""

_MARK_DIGITS = 32
"""Of a digest of profile, key and codes, by which runs are told apart that give other pseudonyms."""

_LONGEST_ROOT = 36
"""Characters, so that 27 digits are left: as many as no two objects ever share."""


@dataclass(frozen=True, slots=True)
class DeidOptions:
    """All options of the job, checked."""

    recipe: Recipe
    pixels: PixelPolicy
    exists: Exists
    audit: str | None
    notes: tuple[Note, ...]
    dicomdir: bool
    dry_run: bool
    strict: bool


def deidentify(  # noqa: PLR0913 (one parameter an option of the command)
    *sources: Source | Iterable[Source],
    output: Source | None = None,
    profile: str = DEFAULT_PROFILE,
    key: Source | None = None,
    mapping: Source | None = None,
    pixels: str | None = None,
    devices: Source | None = None,
    audit: Source | None = None,
    uid_root: str = "2.25",
    dicomdir: bool = False,
    where: str | None = None,
    jobs: int | None = None,
    cluster: Source | None = None,
    dry_run: bool = False,
    exists: str = "skip",
    strict: bool = False,
    typed_in: Iterable[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Write de-identified copies of all DICOM files below the sources.

    Parameters
    ----------
    *sources : path or several
    output : path
        Folder for the copies; without it the last source is the destination.
    profile : str
        Such as ``basic+dates+patient``, ``tcia``, or the path of a .toml file.
    key : path or None
        File of the key, made with mode 0600 where it is missing. None takes a key that nobody keeps: pseudonyms are
        consistent within the run, and can never be made again.
    mapping : path or None
        CSV of two columns, Patient ID and the code to give.
    pixels : {"refuse", "regions", "ocr", "allow"} or None
        What is done about text that is burned into pixels. None is ``ocr`` for profiles with Clean Pixel Data, else
        ``refuse``.
    devices : path or None
        TOML with regions of more devices.
    audit : path or None
        File for a line of JSON for each element that was changed.
    uid_root : str
        Root of new UIDs.
    dicomdir : bool
        Write a DICOMDIR over the copies, with file names as media need them. One among the sources is never copied.
    where : str or None
        Only instances that satisfy an expression.
    jobs, cluster, dry_run, exists, strict, typed_in, progress
        As in `convkit.convert`.

    Returns
    -------
    Report
        An outcome a file; refused ones are those that may not be shared.

    Raises
    ------
    UsageError
        A wrong option, or a mistake in a profile; nothing was read.
    InputError
        A source or the key cannot be read.
    MissingExtraError
        Pixels are to be cleaned under ``ocr``, and nothing here reads text.
    OutputError
        The destination lies inside a source, or the other way round; nothing can be written.
    """
    given = flat(sources)
    output = destination(output, given, (".dcm",))
    root = Path(output)
    if not _ROOT.fullmatch(str(uid_root)) or len(str(uid_root)) > _LONGEST_ROOT:
        hint = f"A root is of numbers with dots between them, up to {_LONGEST_ROOT} characters."
        raise UsageError("The root is not one that UIDs can have.", "--uid-root", hint)
    if pixels == PixelMode.OCR and cluster is None:
        require_reader()  # before a key is made
    asked = recipe_of(profile, key, mapping, root=root, uid_root=uid_root, is_dry=dry_run)
    options = DeidOptions(
        asked.recipe,
        PixelPolicy(
            chosen(PixelMode, pixels or asked.recipe.made().profile.pixels, "--pixels"),
            () if devices is None else _devices(checked_path(devices, "--devices")),
            blank_unreadable=True,
        ),
        chosen(Exists, exists, "--exists"),
        None if audit is None else checked_path(audit, "--audit"),
        asked.notes,
        dicomdir,
        dry_run,
        strict,
    )
    if options.pixels.mode is PixelMode.OCR and cluster is None:  # there, it is for the workers to have
        require_reader()
    check_apart(given, output)
    if options.audit is not None:
        earlier_lines(options.audit)  # before anything is written
    with runner_of(jobs, cluster) as runner:
        found = files_of(given, typed_in).found
        check_no_source_below(found.paths, output)
        selected = frozenset(found.paths if not where else _selected(given, where, runner, typed_in))
        with rooted(output, is_dry=dry_run) as place:
            return _run(found, selected, place, options, runner, progress)


def _devices(path: str) -> tuple[Device, ...]:
    from convkit.deid.pixels.devices import read_devices  # noqa: PLC0415 (few runs have own ones)

    return read_devices(path)


def _selected(given: Sequence[Source], where: str, runner: Runner, typed_in: Iterable[str]) -> tuple[str, ...]:
    from convkit.jobs.collection import collect  # noqa: PLC0415 (only with --where)

    collection = collect(given, runner, checked_where(where), (), typed_in)
    return tuple(sorted({header.path for series in collection for header in series.headers}))


# --- running ---------------------------------------------------------------------------------------------


def _run(  # noqa: PLR0913, PLR0917 (what the caller has checked)
    found: Found,
    selected: AbstractSet[str],
    root: Path,
    options: DeidOptions,
    runner: Runner,
    progress: Progress | None,
) -> Report:
    gathered = gather(found.paths, runner, progress)  # all: what one file says of a person may stand in another
    objects, outcomes = without_doubles([one for one in gathered.objects if one.path in selected])
    outcomes += problem_outcomes([*found.notes, *gathered.problems])
    todo = list(batches(objects, gathered, options.recipe.made(), is_medium=options.dicomdir))
    of_run = [*options.notes, *unused_codes(options.recipe, gathered)]
    if options.dry_run or not todo:
        outcomes += [Outcome(job.item, Status.PLANNED, (job.name,)) for batch in todo for job in batch.jobs]
        return Report(_in_order(outcomes), notes=tuple(of_run), strict=options.strict)
    work = _Work(todo, {one.path: one for one in objects}, root, options)
    runner.ready()
    with Audit.open(options.audit) as audit:
        end = journaled(root, partial(work.done, runner=runner, progress=progress, audit=audit), outcomes.append)
    if end.notes and not end.is_interrupted:
        outcomes += not_reached(todo, outcomes)
    if options.dicomdir and not end.is_interrupted:
        outcomes.append(_directory(root, outcomes))
    of_run += [note("deid.mixed")] if work.is_mixed else []
    return Report(
        _in_order(outcomes), notes=(*of_run, *end.notes), strict=options.strict, interrupted=end.is_interrupted
    )


def _directory(root: Path, outcomes: Iterable[Outcome]) -> Outcome:
    """The DICOMDIR over all copies that are there."""
    from convkit.jobs._deid.dicomdir import NAME, write_directory  # noqa: PLC0415 (few runs have one)

    try:
        write_directory(root, [name for one in outcomes for name in one.outputs])
    except ConvkitError as err:
        return failure(NAME, err)
    return Outcome(NAME, Status.DONE, (NAME,))


def _in_order(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    return tuple(sorted(outcomes, key=lambda o: (o.outputs[:1], o.item)))


class _Work:
    """All copies of a run.

    Attributes
    ----------
    is_mixed : bool
        True where the destination held copies made with another key or profile.
    """

    def __init__(
        self, todo: Sequence[Batch], objects: Mapping[str, Instance], root: Path, options: DeidOptions
    ) -> None:
        self._todo = todo
        self._objects = objects
        self._root = root
        self._options = options
        self._deidentifier = options.recipe.made()
        self.is_mixed = False
        self._task = partial(
            make_batch, making=Making(str(root), options.recipe, options.pixels, options.audit is not None)
        )
        recipe, digest = options.recipe, self._deidentifier.digest
        self._pseudonyms = digest(fingerprint(recipe.digest, recipe.subjects, recipe.uid_root))[:_MARK_DIGITS]
        self._made_with = self._pseudonyms + digest(fingerprint(repr(options.pixels), options.dicomdir))

    def done(self, journal: Journal, runner: Runner, progress: Progress | None, audit: Audit) -> Iterator[Outcome]:
        """Yield what becomes of each file, in the order of the batches."""
        inputs = Inputs(lambda: self._objects)
        place = Destination.opened(self._root, self._options.exists, inputs, journal)
        self.is_mixed = not place.is_empty and journal.has_others(self._pseudonyms)
        folders = {job.name.rpartition("/")[0] for batch in self._todo for job in batch.jobs}
        with tidied(self._root, [self._root / folder for folder in folders], runner):
            claims: dict[int, list[Claim]] = {}
            earlier: list[Outcome] = []
            waiting: dict[int, tuple[Made, ...]] = {}
            following = done = size = 0
            sizes = {path: one.size for path, one in self._objects.items()} if progress else {}
            total = sum(sizes.values())
            tasks = self._tasks(place, claims, earlier)
            for index, made in runner.map(self._task, tasks, on_error=failed_batch):
                waiting[index] = made
                while following in waiting:
                    for one, claim in zip(waiting.pop(following), claims.pop(following), strict=True):
                        audit.add(claim.names[0], one.changes if one.outcome.outputs else ())
                        yield place.recorded(claim, one.outcome)
                        done += 1
                        size += sizes.get(one.outcome.item, 0)
                    following += 1
                if progress:
                    progress(Step("files", done, len(self._objects), size, total))
            yield from earlier

    def _tasks(self, place: Destination, claims: dict[int, list[Claim]], earlier: list[Outcome]) -> Iterator[Batch]:
        """Yield what has to be made, and note what has been."""
        index = 0
        for batches_ahead in batched(self._todo, _CLAIMED_AHEAD):
            ahead: list[Batch] = []
            for batch in batches_ahead:
                claimed = [(job, self._claim(job)) for job in batch.jobs]
                before = [place.earlier(claim) for _, claim in claimed]
                earlier += [outcome for outcome in before if outcome is not None]
                open_ones = [pair for pair, outcome in zip(claimed, before, strict=True) if outcome is None]
                if open_ones:
                    claims[index + len(ahead)] = [claim for _, claim in open_ones]
                    ahead.append(Batch(tuple(job for job, _ in open_ones), batch.own))
            if ahead:
                place.claim(chain.from_iterable(claims[index + number] for number in range(len(ahead))))
            index += len(ahead)
            yield from ahead

    def _claim(self, job: Job) -> Claim:
        """What the journal is told of a copy; keyed, because who guesses a path must not find it beside the copies."""
        found = self._objects[job.path]
        identity = identity_of_file(found.path, found.size, found.modified_ns)
        return Claim(job.item, self._deidentifier.digest(identity), self._made_with, (job.name,))
