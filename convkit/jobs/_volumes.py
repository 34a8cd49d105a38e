"""What a conversion will do: a named task for each volume, an outcome for all that is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from convkit.dicom.header import Header
from convkit.engine.digest import identity
from convkit.engine.outcome import Outcome, Status
from convkit.engine.run import attempt
from convkit.jobs._names import Template, fill, short_hash, without_ties
from convkit.jobs._redaction import patient_of
from convkit.jobs._sources import for_all, problem_outcome
from convkit.jobs.collection import Collection, no_plan
from convkit.model.notes import Note, Severity
from convkit.series.group import Series
from convkit.series.leads import Leads, leads_of
from convkit.series.options import StackOptions
from convkit.series.plan import plan_series
from convkit.series.stack import Planned, Refusal, Stack

Digest = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class VolumeTask:
    """One volume to convert.

    Attributes
    ----------
    item : str
        Label for the report.
    stack : Stack
    leads : Leads
        The headers that give its facts.
    stem : str
        Relative path of the output without its suffix.
    key : str
        Identity of the source files.
    """

    item: str
    stack: Stack
    leads: Leads
    stem: str
    key: str

    @property
    def header(self) -> Header:
        """Of the first image."""
        return self.leads.first


def plan_volumes(
    collection: Collection,
    stack_options: StackOptions,
    name: Template,
    fields: Mapping[str, str] = MappingProxyType({}),
    *,
    digest: Digest = str,
) -> tuple[list[VolumeTask], list[Outcome]]:
    """A task for each volume, named without collisions, and an outcome for all that is none.

    Parameters
    ----------
    collection : Collection
    stack_options : StackOptions
    name : Template
    fields : mapping
        Values of fields of the template that are the same for all volumes.
    digest : callable
        What is remembered of the identity of files in the place of it.
    """
    outcomes = [problem_outcome(p) for p in collection.problems]
    stacks: list[tuple[Series, Stack]] = []
    for series in collection:
        outcomes += _outcomes_of_others(series)
        planned = attempt(partial(plan_series, options=stack_options), series, no_plan)
        stacks += [(series, p) for p in planned if isinstance(p, Stack)]
        outcomes += _refused_together(series, [p for p in planned if isinstance(p, Refusal)])
    return _named(stacks, name, fields, digest), outcomes


def _outcomes_of_others(series: Series) -> list[Outcome]:
    """One outcome a reason: thousands of mosaics of a series are one line."""
    by_code: dict[str, list[Note]] = {}
    for _, reason in series.others:
        by_code.setdefault(reason.code, []).append(reason)
    return [
        Outcome(
            label_of(series),
            Status.REFUSED if notes[0].severity is Severity.ERROR else Status.SKIPPED,
            notes=(for_all(notes[0], len(notes)),),
            facts={"instances": len(notes)},
        )
        for notes in by_code.values()
    ]


def _refused_together(series: Series, refusals: Sequence[Refusal]) -> list[Outcome]:
    """One outcome a reason for images that are no part of a volume, one each for the rest."""
    outcomes = [_refused(series, r) for r in refusals if r.frames]
    loose: dict[str, list[Refusal]] = {}
    for refusal in refusals:
        if not refusal.frames:
            loose.setdefault(refusal.reason.code, []).append(refusal)
    for alike in loose.values():
        one = _refused(series, alike[0])
        first = for_all(one.notes[0], len(alike))
        outcomes.append(replace(one, notes=(first, *one.notes[1:]), facts={"instances": len(alike)}))
    return outcomes


def _refused(series: Series, refusal: Refusal) -> Outcome:
    where = refusal.reason.where or _folder_of(series, refusal)
    notes = (refusal.reason.at(where), *(n for n in (*refusal.notes, *series.notes) if n != refusal.reason))
    instances = len({frame.instance for frame in refusal.frames})  # a mosaic holds many slices and is one file
    return Outcome(label_of(series, refusal.split.label), Status.REFUSED, notes=notes, facts={"instances": instances})


def _folder_of(series: Series, planned: Planned) -> str:
    frame = planned.first if isinstance(planned, Stack) else next(iter(planned.frames), None)
    return series.images[frame.instance].path if frame else series.first.path


def label_of(series: Series, split: str = "") -> str:
    """A series for people: number, hash, what tells the volume apart; no text that might identify a person."""
    number = series.first.redacted.integer("SeriesNumber")
    shown = "without number" if number is None else f"{number:03d}"
    return f"series {shown} [{short_hash(series.redacted_uids[1])}]{f' {split}' if split else ''}"


def _named(
    stacks: Sequence[tuple[Series, Stack]], name: Template, fields: Mapping[str, str], digest: Digest
) -> list[VolumeTask]:
    names = [fill(name, {**_fields(series, stack, name), **fields}) for series, stack in stacks]
    identities = [(*reversed(series.redacted_uids), stack.split.label, stack.first.source) for series, stack in stacks]
    stems = without_ties([_no_mask(n) for n in names], identities)
    return [_task(series, stack, stem, digest) for (series, stack), stem in zip(stacks, stems, strict=True)]


def _no_mask(name: str) -> str:
    """The name, changed where it would be that of another volume's mask."""
    return f"{name}_volume" if name.casefold().endswith("_invented") else name


def _fields(series: Series, stack: Stack, name: Template) -> dict[str, Any]:
    header = series.header_of(stack.first)
    study, uid = series.redacted_uids
    own = {
        "patient": patient_of(header),
        "study": short_hash(study),
        "series": short_hash(uid),
        "instance": short_hash(stack.first.source),
        "split": stack.split.label,
    }
    return own | {k: header.redacted.plain(k) for k in name.keywords}


def _task(series: Series, stack: Stack, stem: str, digest: Digest) -> VolumeTask:
    sources = [series.images[i] for i in dict.fromkeys(f.instance for f in stack.all_frames)]
    key = identity((h.sop_instance_uid, h.path, h.size, h.modified_ns) for h in sources)
    with_notes = replace(stack, notes=(*series.notes, *stack.notes)) if series.notes else stack
    owner = short_hash(series.redacted_uids[1], 16)
    key = f"{owner}:{digest(key)}:{stack.split.label}"
    return VolumeTask(label_of(series, stack.split.label), with_notes, leads_of(series, stack), stem, key)
