"""convert: series to volumes, volumes to files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convkit.dicom.pixels import is_native
from convkit.engine.journal import Journal
from convkit.engine.limits import default_memory, memory_of
from convkit.engine.outcome import Outcome, Report, Status, failure
from convkit.engine.run import Runner, runner_of
from convkit.jobs._choices import Exists, checked_dtype, chosen, keywords_of
from convkit.jobs._destination import Claim, Destination, Inputs, journaled, rooted, tidied
from convkit.jobs._names import Template, short_hash, template
from convkit.jobs._redaction import fingerprint_under, may_show_text, not_looked_at, redactor_of
from convkit.jobs._sources import Progress, Source, Step, destination, flat
from convkit.jobs._volumes import VolumeTask, plan_volumes
from convkit.jobs._where import where as checked_where
from convkit.jobs.collection import Collection, collect
from convkit.model.notes import Note
from convkit.quirks import PhilipsValues, ValueChoices
from convkit.series.choices import Irregular, Tilt, Values
from convkit.series.load import load
from convkit.series.options import LoadOptions, StackOptions
from convkit.series.room import IN_MEMORY, Room
from convkit.writers import NATIVE, WRITERS, SidecarKind, WriteOptions, writer_for

if TYPE_CHECKING:
    from convkit.jobs._deid.redactor import Redactor

DEFAULT_NAME = "{study}/{SeriesNumber:03d}_{SeriesDescription}{split}"


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """All options of the job, checked."""

    to: str
    stack: StackOptions
    load: LoadOptions
    write: WriteOptions
    exists: Exists
    memory: int | None
    name: Template
    dry_run: bool
    strict: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """What all tasks of a run share."""

    output: Path
    options: ConvertOptions
    inputs: Inputs
    print_of_options: str

    def claim(self, task: VolumeTask) -> Claim:
        """What a task is about to write."""
        return Claim(task.item, task.key, f"{self.print_of_options}:{task.stem}", _names(task, self.options))


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
    profile: str | None = None,
    key: Source | None = None,
    mapping: Source | None = None,
    jobs: int | None = None,
    cluster: Source | None = None,
    memory: str | int | None = None,
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
        Files, folders (to any depth), archives, ``archive!/member``, URLs of object storage, ``@list.txt``, or ``-``
        with the paths in `typed_in`.
    output : path
        Folder for the results, made where missing; or a URL of object storage.
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
    profile : str or None
        De-identification profile that names, sidecars and all texts obey; as in `convkit.deidentify`, like the next
        two. Voxels and their place never change by it, and nobody looks for text in pixels.
    key : path or None
    mapping : path or None
    jobs : int or None
        Worker processes; None takes one a CPU. On a cluster, the most items under way at once; None keeps all busy.
    cluster : str, path or None
        Address of a Dask scheduler, such as ``tcp://head:8786``, or its scheduler file: its workers do the work, on a
        file system that they share with us. Needs the extra ``cluster``.
    memory : str, int or None
        Memory for all workers together, in bytes or as ``8G``; None takes four fifths of the machine's. A volume that
        would take more than its worker's part (2.5 times its size) lies in a temporary file while it is converted. On a
        cluster for each worker; None holds all there.
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
        A wrong option, or a mistake in the profile; nothing was read.
    InputError
        A source does not exist.
    OutputError
        The destination cannot be used.
    EngineError
        The cluster does not answer, has another version of convkit, or is lost on the way.
    """
    given = flat(sources)
    output = destination(output, given, [suffix for one in WRITERS.values() for suffix in one.suffixes])
    redactor = redactor_of(profile, key, mapping, root=output, is_dry=dry_run)
    choices = ValueChoices(chosen(PhilipsValues, philips, "--philips"))
    options = ConvertOptions(
        to=writer_for(to).name,
        stack=StackOptions(chosen(Irregular, irregular, "--irregular"), chosen(Tilt, tilt, "--tilt"), choices),
        load=LoadOptions(chosen(Values, values, "--values"), checked_dtype(dtype), keywords_of(keep), choices),
        write=WriteOptions(
            orient if orient == NATIVE else str(orient).upper(), chosen(SidecarKind, sidecar, "--sidecar")
        ),
        exists=chosen(Exists, exists, "--exists"),
        memory=None if memory is None else memory_of(memory),
        name=template(
            filename or DEFAULT_NAME,
            phi_in_names=phi_in_names,
            must_hold=("split",),
            keeps=None if redactor is None else redactor.keeps,
        ),
        dry_run=dry_run,
        strict=strict,
    )
    selection = checked_where(where) if where else None
    with runner_of(jobs, cluster) as runner:
        columns = (*options.load.keep, *options.name.keywords)
        collection = collect(given, runner, selection, columns, typed_in, progress, redactor=redactor)
        with rooted(output, is_dry=dry_run) as root:
            return _run(collection, root, options, runner, progress, redactor)


def _run(  # noqa: PLR0913, PLR0917 (all that was asked for)
    collection: Collection,
    output: Path,
    options: ConvertOptions,
    runner: Runner,
    progress: Progress | None,
    redactor: Redactor | None,
) -> Report:
    tasks, planned = plan_volumes(
        collection, options.stack, options.name, digest=str if redactor is None else redactor.digest
    )
    notes = (*collection.notes, *not_looked_at(sum(may_show_text(t.header) for t in tasks), "volumes"))
    if options.dry_run or not tasks:
        dry = [Outcome(t.item, Status.PLANNED, (_path(t, options),), t.stack.notes, _facts(t)) for t in tasks]
        return _report([*planned, *dry], options, notes=notes)
    print_of_options = fingerprint_under(redactor, options.to, options.stack, options.load, options.write)
    run = _Run(output, options, Inputs(lambda: (h.path for s in collection for h in s.headers)), print_of_options)
    outcomes = list(planned)
    end = journaled(output, lambda journal: _each(tasks, journal, run, runner, progress), outcomes.append)
    return _report(outcomes, options, notes=(*notes, *end.notes), interrupted=end.is_interrupted)


def _report(
    outcomes: Iterable[Outcome], options: ConvertOptions, *, notes: tuple[Note, ...] = (), interrupted: bool = False
) -> Report:
    ordered = sorted(outcomes, key=lambda o: (o.outputs, o.item))
    return Report(tuple(ordered), notes=notes, strict=options.strict, interrupted=interrupted)


def _each(
    tasks: Sequence[VolumeTask], journal: Journal, run: _Run, runner: Runner, progress: Progress | None
) -> Iterator[Outcome]:
    """The outcome of each task: what an earlier run has done, then the rest as it gets done."""
    destination = Destination.opened(run.output, run.options.exists, run.inputs, journal)
    todo: list[VolumeTask] = []
    for named in tasks:
        task = _apart_from_others(named, destination, run)
        earlier = destination.earlier(run.claim(task))
        if earlier:
            yield earlier
        else:
            todo.append(task)
    destination.claim(run.claim(t) for t in todo)
    with tidied(run.output, ((run.output / t.stem).parent for t in tasks), runner):
        for task, outcome in _converted(todo, run.output, run.options, runner, progress):
            yield destination.recorded(run.claim(task), outcome)


def _apart_from_others(task: VolumeTask, destination: Destination, run: _Run) -> VolumeTask:
    """The task, under another name where another series has taken its name in an earlier run."""
    if not destination.is_anothers(run.claim(task)):
        return task
    return replace(task, stem=f"{task.stem}_{short_hash(task.header.redacted.series_instance_uid)}")


# --- running ---------------------------------------------------------------------------------------------


def _converted(
    tasks: Sequence[VolumeTask], output: Path, options: ConvertOptions, runner: Runner, progress: Progress | None
) -> Iterator[tuple[VolumeTask, Outcome]]:
    # The largest first, so that no worker is left with a long one at the end.
    ordered = sorted(tasks, key=lambda t: (-_size(t), t.stem))
    threads = runner.threads_for(len(ordered))  # few volumes: the workers that are left over read for them
    task = partial(convert_volume, output=str(output), options=options, threads=threads, room=_room(options, runner))
    # A single volume gains nothing from the way to a worker, unless a codec might take the process down.
    is_alone = len(ordered) == 1 and all(is_native(v[0].pixels) for v in ordered[0].stack.frames)
    run = runner.here if is_alone else runner.map
    size, total = 0, sum(map(_size, ordered))
    for done, (index, outcome) in enumerate(run(task, ordered, on_error=failed_volume), 1):
        size += _size(ordered[index])
        if progress:
            progress(Step("volumes", done, len(ordered), size, total))
        yield ordered[index], outcome


_PEAK = 2.5
"""Most memory that a volume takes while it is converted, in parts of its size."""


def _room(options: ConvertOptions, runner: Runner) -> Room:
    """Room for the volume of one worker; larger ones lie in a file."""
    memory = default_memory() if options.memory is None and runner.workers else options.memory
    return IN_MEMORY if memory is None else Room(int(memory / (runner.workers or 1) / _PEAK))


def _size(task: VolumeTask) -> int:
    """Bytes of all frames as they are decoded."""
    return task.stack.volumes * len(task.stack.frames[0]) * task.stack.first.pixels.layout.bytes_per_frame


def convert_volume(
    task: VolumeTask, *, output: str, options: ConvertOptions, threads: int = 1, room: Room = IN_MEMORY
) -> Outcome:
    """Task: load one volume and write it."""
    volume = load(task.stack, task.leads, options.load, threads=threads, room=room)
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
        "series_instance_uid": task.header.redacted.series_instance_uid,
    }


# --- names -----------------------------------------------------------------------------------------------


def _path(task: VolumeTask, options: ConvertOptions) -> str:
    return task.stem + WRITERS[options.to].suffixes[0]


def _names(task: VolumeTask, options: ConvertOptions) -> tuple[str, ...]:
    """Relative paths of all files that a task may write, the image first."""
    suffix = WRITERS[options.to].suffixes[0]
    is_resampled = task.stack.coordinates is not None or task.stack.deskew
    return (
        task.stem + suffix,
        *([task.stem + WRITERS[options.to].sidecar_suffix] if options.write.sidecar is not SidecarKind.NONE else []),
        *([f"{task.stem}_invented{suffix}"] if is_resampled else []),
        *(task.stem + ending for ending in WRITERS[options.to].table_suffixes if task.stack.is_weighted),
    )
