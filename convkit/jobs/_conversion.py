"""Planned volumes of a collection to files: the work of `convkit.jobs.convert`, imported while headers are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from convkit.dicom.pixels import is_native
from convkit.engine.journal import Journal
from convkit.engine.limits import default_memory
from convkit.engine.outcome import Outcome, Report, Status, failure
from convkit.engine.run import Runner
from convkit.jobs._convert_options import ConvertOptions
from convkit.jobs._destination import Claim, Destination, Inputs, journaled, tidied
from convkit.jobs._names import short_hash
from convkit.jobs._redaction import fingerprint_under, may_show_text, not_looked_at
from convkit.jobs._sources import Progress, Step
from convkit.jobs._volumes import VolumeTask, plan_volumes
from convkit.jobs.collection import Collection
from convkit.model.notes import Note
from convkit.series.load import load
from convkit.series.room import IN_MEMORY, Room
from convkit.series.unread import JunkBitsError
from convkit.writers import WRITERS, SidecarKind

if TYPE_CHECKING:
    from convkit.jobs._deid.redactor import Redactor


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


class Plan(NamedTuple):
    """What is to be made of a collection.

    Attributes
    ----------
    tasks : sequence of VolumeTask
    outcomes : sequence of Outcome
        Of what makes no volume.
    notes : tuple of Note
        About the run as a whole.
    inputs : Inputs
    print_of_options : str
        Of all that the bytes of an output depend on.
    """

    tasks: Sequence[VolumeTask]
    outcomes: Sequence[Outcome]
    notes: tuple[Note, ...]
    inputs: Inputs
    print_of_options: str


def planned(collection: Collection, options: ConvertOptions, redactor: Redactor | None) -> Plan:
    """What is to be made of a collection; nothing is written."""
    tasks, outcomes = plan_volumes(
        collection, options.stack, options.name, digest=str if redactor is None else redactor.digest
    )
    notes = (*collection.notes, *not_looked_at(sum(may_show_text(t.header) for t in tasks), "volumes"))
    inputs = Inputs(lambda: (h.path for s in collection for h in s.headers))
    print_of_options = fingerprint_under(redactor, options.to, options.stack, options.load, options.write)
    return Plan(tasks, outcomes, notes, inputs, print_of_options)


def converted(plan: Plan, output: Path, options: ConvertOptions, runner: Runner, progress: Progress | None) -> Report:
    """Make the volumes of a plan, or tell of them in a dry run."""
    if options.dry_run or not plan.tasks:
        dry = [Outcome(t.item, Status.PLANNED, (_path(t, options),), t.stack.notes, _facts(t)) for t in plan.tasks]
        return _report([*plan.outcomes, *dry], options, notes=plan.notes)
    run = _Run(output, options, plan.inputs, plan.print_of_options)
    outcomes = list(plan.outcomes)
    end = journaled(output, lambda journal: _each(plan.tasks, journal, run, runner, progress), outcomes.append)
    return _report(outcomes, options, notes=(*plan.notes, *end.notes), interrupted=end.is_interrupted)


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
    """Task: load one volume and write it; where both can be one, voxels are read as they are written."""
    root, writer = Path(output), WRITERS[options.to]
    loaded = partial(load, task.stack, task.leads, options.load, threads=threads, room=room)
    paths: tuple[Path, ...] = ()
    with suppress(JunkBitsError):
        volume = loaded(may_wait=writer.is_stored)
        paths = writer.write(volume, root / task.stem, options.write)
    if not paths:  # not where the error is known: it holds what was read until then
        volume = loaded()
        paths = writer.write(volume, root / task.stem, options.write)
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
