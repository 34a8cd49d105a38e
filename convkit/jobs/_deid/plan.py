"""Which copies are made, under which names, in which batches. Names are made of new identifiers only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from convkit.deid.deidentifier import Deidentifier, Recipe, Subject
from convkit.deid.own_values import OwnValues
from convkit.engine.outcome import Outcome, Status
from convkit.jobs._deid.gather import Gathered, Instance
from convkit.jobs._deid.make import Batch, Job
from convkit.jobs._names import short_hash
from convkit.jobs._sources import is_same_file
from convkit.model.notes import CODES, Note, note

BATCH = 16
"""Files a task: what is known of a person goes with each."""


def folder_of(found: Instance, deidentifier: Deidentifier, *, is_medium: bool) -> str:
    """Relative path of the folder of a copy: person, study, series; on a medium in eight capitals (PS3.10 8.2)."""
    study, series = deidentifier.uid(found.study), deidentifier.uid(found.series)
    if is_medium:
        parts = ("person", found.subject), ("study", study), ("series", series)
        return "/".join(deidentifier.key.code(f"medium {level}", text, 8) for level, text in parts)
    return f"{deidentifier.code_of(Subject(found.subject))}/{short_hash(study)}/{short_hash(series)}"


def name_of(found: Instance, deidentifier: Deidentifier, *, is_medium: bool) -> str:
    """Name of a copy in its folder."""
    instance = deidentifier.uid(found.instance)
    return deidentifier.key.code("medium instance", instance, 8) if is_medium else f"{instance}.dcm"


def path_of(found: Instance, deidentifier: Deidentifier) -> str:
    """Relative path of a copy."""
    folder = folder_of(found, deidentifier, is_medium=False)
    return f"{folder}/{name_of(found, deidentifier, is_medium=False)}"


def without_doubles(objects: Sequence[Instance]) -> tuple[list[Instance], list[Outcome]]:
    """Each instance once; other files that say they are the same are refused, unless they are."""
    kept: dict[str, Instance] = {}
    outcomes: list[Outcome] = []
    for one in sorted(objects, key=lambda found: found.path):
        first = kept.setdefault(one.instance or one.path, one)
        if first is one:
            continue
        code = "header.duplicate-file" if is_same_file(first.path, one.path) else "header.conflicting-instances"
        status = Status.SKIPPED if code == "header.duplicate-file" else Status.REFUSED
        what = f"{CODES[code].meaning} The other one is {first.path}"
        outcomes.append(Outcome(one.path, status, notes=(note(code, what, where=one.path),)))
    return list(kept.values()), outcomes


def batches(
    objects: Sequence[Instance], gathered: Gathered, deidentifier: Deidentifier, *, is_medium: bool
) -> Iterator[Batch]:
    """Yield files of one person together, in the order of their new names."""
    ordered = sorted(objects, key=lambda found: (found.subject, found.study, found.series, found.path))
    for subject, files in groupby(ordered, key=lambda found: found.subject):
        jobs: list[Job] = []
        for _, series in groupby(files, key=lambda found: (found.study, found.series)):
            found = list(series)
            folder = folder_of(found[0], deidentifier, is_medium=is_medium)
            names = (f"{folder}/{name_of(one, deidentifier, is_medium=is_medium)}" for one in found)
            jobs += [Job(one.path, one.path, name, subject) for one, name in zip(found, names, strict=True)]
        own = gathered.own.get(subject, OwnValues())
        for start in range(0, len(jobs), BATCH):
            yield Batch(tuple(jobs[start : start + BATCH]), own)


def unused_codes(recipe: Recipe, gathered: Gathered) -> Iterator[Note]:
    """Yield a note where codes were given for people of whom no file is."""
    unused = {patient for patient, _ in recipe.subjects} - {one.subject for one in gathered.objects}
    if unused:
        what = f"{len(unused)} of the Patient IDs of the mapping are in none of the files."
        yield note("deid.mapping-unused", what)


def not_reached(todo: Iterable[Batch], outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Files of which nothing is told yet, because the run had to end."""
    told = {one.item for one in outcomes}
    items = (job.item for batch in todo for job in batch.jobs if job.item not in told)
    return [Outcome(one, Status.FAILED, notes=(note("output.not-reached", where=one),)) for one in items]
