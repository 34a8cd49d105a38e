"""convert: series to volumes, volumes to files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from convkit.dicom.pixels import is_native
from convkit.engine.digest import fingerprint
from convkit.engine.journal import Journal, Record
from convkit.engine.outcome import Outcome, Report, Status, failure, note_of
from convkit.engine.run import Runner
from convkit.errors import OutputError
from convkit.jobs._choices import Exists, checked_dtype, chosen, keywords_of
from convkit.jobs._names import Template, short_hash, template
from convkit.jobs._volumes import VolumeTask, plan_volumes
from convkit.jobs._where import where as checked_where
from convkit.jobs.collection import Collection, Progress, Source, collect, destination, flat
from convkit.model.notes import Note, note
from convkit.quirks import PhilipsValues, ValueChoices
from convkit.series.load import load
from convkit.series.options import Irregular, LoadOptions, StackOptions, Tilt, Values
from convkit.writers import NATIVE, WRITERS, SidecarKind, WriteOptions, remove_leftovers, writer_for

DEFAULT_NAME = "{study}/{SeriesNumber:03d}_{SeriesDescription}{split}"


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """All options of the job, checked."""

    to: str
    stack: StackOptions
    load: LoadOptions
    write: WriteOptions
    exists: Exists
    name: Template
    dry_run: bool
    strict: bool


class _Inputs:
    """The real paths of all files that a run reads; found out when first asked, which most runs never do."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(os.path.realpath(h.path) for s in self._collection for h in s.headers)

    def __contains__(self, path: str) -> bool:
        return path in self._paths


@dataclass(frozen=True, slots=True)
class _Run:
    """What all tasks of a run share."""

    output: Path
    options: ConvertOptions
    inputs: _Inputs
    print_of_options: str

    def mark(self, task: VolumeTask) -> str:
        """What a file of this task was made with; the journal compares it."""
        return f"{self.print_of_options}:{task.stem}"


def convert(  # noqa: PLR0913 (one parameter an option of the command)
    *sources: Source | Iterable[Source],
    output: Source | None = None,
    to: str = "nii.gz",
    values: str = "auto",
    dtype: str = "auto",
    orient: str = NATIVE,
    irregular: str = "error",
    tilt: str = "keep",
    philips: str = "precise",
    sidecar: str = "bids",
    keep: Sequence[str] = (),
    where: str | None = None,
    filename: str | None = None,
    phi_in_names: bool = False,
    jobs: int | None = None,
    dry_run: bool = False,
    exists: str = "skip",
    strict: bool = False,
    typed_in: Iterable[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Convert every volume below the sources.

    ``convert("incoming/", "out/")`` works too: without `output` the last source is the destination.

    Parameters
    ----------
    *sources : path or several
        Files, folders (to any depth), ``@list.txt``, or ``-`` with the paths in `typed_in`.
    output : path
        Folder for the results; made where missing.
    to : {"nii.gz", "nii", "nrrd", "mha", "npy", "npz"}
    values : {"auto", "stored", "rescaled"}
        auto: stored integers with slope and intercept where the format carries them, real values elsewhere.
    dtype : str
        ``auto`` or the type of the voxels; never a lossy cast.
    orient : str
        ``native`` or three letters such as ``RAS``: where columns, rows and slices run to.
    irregular : {"error", "split", "keep", "resample"}
        For uneven, missing or doubled slices.
    tilt : {"keep", "resample", "error"}
        For sheared slices.
    philips : {"precise", "display"}
        Which values Philips MR images get: comparable between series, or as the console shows them.
    sidecar : {"bids", "full", "none"}
    keep : DICOM keywords
        Further attributes for the sidecar.
    where : str or None
        Expression that an instance must satisfy.
    filename : str or None
        Name template, see `docs/reference.md`.
    phi_in_names : bool
        Allow fields that may identify a person in names.
    jobs : int or None
        Worker processes; None takes one a CPU.
    dry_run : bool
        Plan and report, write nothing.
    exists : {"skip", "error", "overwrite"}
    strict : bool
        Warnings spoil the exit code.
    typed_in : lines
        Paths that came on standard input.
    progress : callable or None

    Returns
    -------
    report : Report
        `.outcomes`, `.ok`, `.exit_code`.

    Raises
    ------
    UsageError
        A wrong option.
    InputError
        A source does not exist.
    OutputError
        The destination cannot be used.
    """
    given = flat(sources)
    output = destination(output, given)
    choices = ValueChoices(chosen(PhilipsValues, philips, "--philips"))
    options = ConvertOptions(
        to=writer_for(to).name,
        stack=StackOptions(chosen(Irregular, irregular, "--irregular"), chosen(Tilt, tilt, "--tilt"), choices),
        load=LoadOptions(chosen(Values, values, "--values"), checked_dtype(dtype), keywords_of(keep), choices),
        write=WriteOptions(
            orient if orient == NATIVE else str(orient).upper(), chosen(SidecarKind, sidecar, "--sidecar")
        ),
        exists=chosen(Exists, exists, "--exists"),
        name=template(filename or DEFAULT_NAME, phi_in_names=phi_in_names, must_hold="split"),
        dry_run=dry_run,
        strict=strict,
    )
    selection = checked_where(where) if where else None
    with Runner(jobs) as runner:
        columns = (*options.load.keep, *options.name.keywords)
        collection = collect(given, runner, selection, columns, typed_in, progress)
        return _run(collection, Path(output), options, runner, progress)


def _run(
    collection: Collection, output: Path, options: ConvertOptions, runner: Runner, progress: Progress | None
) -> Report:
    tasks, planned = plan_volumes(collection, options.stack, options.name)
    if options.dry_run or not tasks:
        dry = [Outcome(t.item, Status.PLANNED, (_path(t, options),), t.stack.notes, _facts(t)) for t in tasks]
        return _report([*planned, *dry], options)
    outcomes, notes, interrupted = list(planned), [], False
    print_of_options = fingerprint(options.to, options.stack, options.load, options.write)
    run = _Run(output, options, _Inputs(collection), print_of_options)
    try:
        with Journal.open(output) as journal:
            if journal.moved_aside:
                notes.append(note("engine.journal-reset", where=journal.moved_aside.name))
            try:
                for outcome in _each(tasks, journal, run, runner, progress):
                    outcomes.append(outcome)  # noqa: PERF402 (what came before an interruption counts)
            except KeyboardInterrupt:
                interrupted = True
    except OutputError as err:
        if len(outcomes) == len(planned):
            raise  # nothing could be written at all
        notes.append(note_of(err))  # the volumes are there, only the journal is not
    return _report(outcomes, options, notes=tuple(notes), interrupted=interrupted)


def _report(
    outcomes: Iterable[Outcome], options: ConvertOptions, *, notes: tuple[Note, ...] = (), interrupted: bool = False
) -> Report:
    ordered = sorted(outcomes, key=lambda o: (o.outputs, o.item))
    return Report(tuple(ordered), notes=notes, strict=options.strict, interrupted=interrupted)


def _each(
    tasks: Sequence[VolumeTask], journal: Journal, run: _Run, runner: Runner, progress: Progress | None
) -> Iterator[Outcome]:
    """The outcome of each task: what an earlier run has done, then the rest as it gets done."""
    for folder in sorted({(run.output / t.stem).parent for t in tasks}):
        remove_leftovers(folder)
    todo: list[VolumeTask] = []
    for named in tasks:
        task = _apart_from_others(named, journal, run)
        earlier = _earlier(task, journal, run)
        if earlier:
            yield earlier
        else:
            todo.append(task)
    journal.claim((name, t.key, run.mark(t)) for t in todo for name in _names(t, run.options))
    for task, outcome in _converted(todo, run.output, run.options, runner, progress):
        yield _recorded(journal, task, outcome, run)


# --- running ---------------------------------------------------------------------------------------------


def _converted(
    tasks: Sequence[VolumeTask], output: Path, options: ConvertOptions, runner: Runner, progress: Progress | None
) -> Iterator[tuple[VolumeTask, Outcome]]:
    # The largest first, so that no worker is left with a long one at the end.
    ordered = sorted(tasks, key=lambda t: (-_voxels(t), t.stem))
    threads = max(1, runner.jobs // max(1, len(ordered)))  # few volumes: the workers that are left over read for them
    task = partial(convert_volume, output=str(output), options=options, threads=threads)
    # A single volume gains nothing from the way to a worker, unless a codec might take the process down.
    is_alone = len(ordered) == 1 and all(is_native(v[0].pixels) for v in ordered[0].stack.frames)
    run = runner.here if is_alone else runner.map
    for done, (index, outcome) in enumerate(run(task, ordered, on_error=failed_volume), 1):
        if progress:
            progress("volumes", done, len(ordered))
        yield ordered[index], outcome


def _voxels(task: VolumeTask) -> int:
    layout = task.stack.first.pixels.layout
    return task.stack.volumes * len(task.stack.frames[0]) * layout.rows * layout.columns


def convert_volume(task: VolumeTask, *, output: str, options: ConvertOptions, threads: int = 1) -> Outcome:
    """Task: load one volume and write it."""
    volume = load(task.stack, task.leads, options.load, threads=threads)
    root = Path(output)
    paths = WRITERS[options.to].write(volume, root / task.stem, options.write)
    relative = tuple(p.relative_to(root).as_posix() for p in paths)
    return Outcome(task.item, Status.DONE, relative, volume.notes, _facts(task) | {"dtype": str(volume.dtype)})


def failed_volume(task: VolumeTask, error: Exception) -> Outcome:
    """What a volume becomes whose task failed."""
    return failure(task.item, error)


def _facts(task: VolumeTask) -> dict[str, Any]:
    layout = task.stack.first.pixels.layout
    return {
        "shape": [task.stack.volumes, task.stack.slices, layout.rows, layout.columns],
        "reasons": list(task.stack.split.reasons),
        "series_instance_uid": task.header.series_instance_uid,
    }


# --- what is there already -------------------------------------------------------------------------------


def _path(task: VolumeTask, options: ConvertOptions) -> str:
    return task.stem + WRITERS[options.to].suffixes[0]


def _earlier(task: VolumeTask, journal: Journal, run: _Run) -> Outcome | None:
    """What became of a task before this run, or why it must not be done; None where it is to be done."""
    path, mark = _path(task, run.options), run.mark(task)
    there = [name for name in _names(task, run.options) if os.path.lexists(run.output / name)]
    if any(os.path.realpath(run.output / name) in run.inputs for name in there):
        return _failed(task, "output.inside-source", path)
    if run.options.exists is Exists.OVERWRITE:
        return None
    record = journal.finished(task.key, mark)
    if record:
        return Outcome(task.item, Status.RESUMED, record.outputs, record.notes, record.facts)
    others = [name for name in there if not journal.is_claimed(name, task.key, mark)]
    if not others:
        return None  # nothing there, or what a killed run has left unrecorded: it is written anew
    if run.options.exists is Exists.SKIP and others[0] == path and not journal.owner(path):
        return Outcome(task.item, Status.KEPT, (path,), (note("output.exists", where=path),))
    if run.options.exists is Exists.SKIP and journal.owner(others[0]):
        return _failed(task, "output.stale", others[0])
    return _failed(task, "output.exists-refused", others[0])


def _names(task: VolumeTask, options: ConvertOptions) -> list[str]:
    """Relative paths of all files that a task may write, the image first."""
    suffix = WRITERS[options.to].suffixes[0]
    is_resampled = task.stack.coordinates is not None or task.stack.deskew
    return [
        task.stem + suffix,
        *([task.stem + WRITERS[options.to].sidecar_suffix] if options.write.sidecar is not SidecarKind.NONE else []),
        *([f"{task.stem}_invented{suffix}"] if is_resampled else []),
        *(task.stem + ending for ending in WRITERS[options.to].table_suffixes if task.stack.is_weighted),
    ]


def _failed(task: VolumeTask, code: str, where: str) -> Outcome:
    return Outcome(task.item, Status.FAILED, notes=(note(code, where=where),))


def _apart_from_others(task: VolumeTask, journal: Journal, run: _Run) -> VolumeTask:
    """The task, under another name where another series has taken its name in an earlier run."""
    owners = {(journal.owner(name) or task.key).partition(":")[0] for name in _names(task, run.options)}
    if owners <= {task.key.partition(":")[0]}:
        return task
    return replace(task, stem=f"{task.stem}_{short_hash(task.header.series_instance_uid)}")


def _recorded(journal: Journal, task: VolumeTask, outcome: Outcome, run: _Run) -> Outcome:
    """The outcome, remembered for the next run; a journal that cannot be written costs only that memory."""
    if outcome.status is not Status.DONE:
        return outcome
    # Paths of inputs may hold names, and the journal lies with the outputs.
    record = Record(outcome.status, outcome.outputs, tuple(n.at("") for n in outcome.notes), outcome.facts)
    try:
        journal.record(task.key, run.mark(task), record)
    except OutputError as err:
        return replace(outcome, notes=(*outcome.notes, note_of(err)))
    return outcome
