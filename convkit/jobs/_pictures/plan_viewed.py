"""The plan for views of volumes: which planes, under which names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from convkit.dicom.objects import is_segmentation
from convkit.engine.outcome import Outcome, failure
from convkit.engine.run import Runner
from convkit.errors import ConvkitError
from convkit.jobs._destination import Inputs
from convkit.jobs._pictures.choices import Slices, View
from convkit.jobs._pictures.names import Names
from convkit.jobs._pictures.pieces import (
    Asked,
    Entry,
    Group,
    Plan,
    Stored,
    Viewed,
    modality_shown,
    section_of,
    title_of,
    with_segmentations,
)
from convkit.jobs._redaction import may_show_text, not_looked_at
from convkit.jobs._sources import problem_outcomes
from convkit.jobs._volumes import VolumeTask, plan_volumes
from convkit.jobs.collection import Collection, collect
from convkit.pictures.planes import PlaneKind, across_the_body, planes_of
from convkit.series.options import StackOptions
from convkit.series.stack import Stack


@dataclass(frozen=True, slots=True)
class ViewedPictures:
    """Pictures of a volume, made together.

    Attributes
    ----------
    key : str
    names : tuple of str
    source : Viewed
    """

    key: str
    names: tuple[str, ...]
    source: Viewed

    def pieces(self) -> Iterator[Entry]:
        """Yield the only piece: the volume is loaded once."""
        yield self.key, self.names, self.source

    def sample(self) -> tuple[Stored, ...]:
        """No frames: a window is measured on the volume."""
        return ()


def plan(asked: Asked, runner: Runner) -> Plan:
    """The pictures of the volumes in some sources."""
    name = asked.names.template
    redactor = asked.redactor
    collection = collect(
        asked.sources, runner, asked.selection, name.keywords, asked.typed_in, asked.progress, redactor=redactor
    )
    fields = {"view": f"_{asked.view}", "picture": ""}
    laid_over = _segmentations(collection) if asked.is_overlay and asked.view is not View.MIP else []
    shown = _without_segmentations(collection) if asked.is_overlay else collection
    digest = str if redactor is None else redactor.digest
    tasks, outcomes = plan_volumes(shown, StackOptions(asked.irregular), name, fields, digest=digest)
    notes = (*collection.notes, *not_looked_at(sum(may_show_text(t.header) for t in tasks), "volumes"))
    groups, refused = viewed_groups(tasks, asked.view, asked.slices, asked.names)
    groups, unused = with_segmentations(groups, laid_over)
    outcomes += [*refused, *problem_outcomes(unused)]
    return Plan(groups, outcomes, Inputs(lambda: (h.path for s in collection for h in s.headers)), notes)


def _segmentations(collection: Collection) -> list[str]:
    """Paths of the segmentations of a collection."""
    return [h.path for series in collection for h, _ in series.others if is_segmentation(h)]


def _without_segmentations(collection: Collection) -> Collection:
    series = (replace(s, others=tuple(o for o in s.others if not is_segmentation(o[0]))) for s in collection)
    return replace(collection, series=tuple(s for s in series if s.images or s.others))


def viewed_groups(
    tasks: Sequence[VolumeTask], view: View, slices: Slices, names: Names
) -> tuple[list[Group], list[Outcome]]:
    """A group for each volume, and an outcome for each of which no planes can be cut."""
    groups: list[Group] = []
    refused: list[Outcome] = []
    for task in tasks:
        try:
            groups.append(_viewed(task, view, slices, names))
        except ConvkitError as err:
            outcome = failure(task.item, err)
            where = task.stack.first.pixels.path
            refused.append(replace(outcome, notes=tuple(n if n.where else n.at(where) for n in outcome.notes)))
    return groups, refused


def _viewed(task: VolumeTask, view: View, slices: Slices, names: Names) -> Group:
    planes = tuple(slices.of(axial_count(task.stack))) if view in {View.AXIAL, View.MOSAIC} else ()
    stems = [task.stem]
    if names.joint is not None:
        digits = max(4, len(str(max(planes, default=0) + 1)))
        stems = [f"{task.stem}{names.joint}{plane + 1:0{digits}d}" for plane in planes]
    source = Viewed(task.stack, task.leads, planes)
    key = f"{task.key}:{view}:{','.join(map(str, planes)) if slices.count else 'all'}"
    layout = task.stack.first.pixels.layout
    matrix = f"{layout.columns} × {layout.rows} × {task.stack.slices}"
    work = ViewedPictures(key, tuple(f"{stem}{names.suffix}" for stem in stems), source)
    header = task.header.redacted
    return Group(
        task.item,
        task.header.series_instance_uid,
        f"{title_of(header.integer('SeriesNumber'), header.text('SeriesDescription'))}{task.stack.split.label}",
        section_of(header.study_instance_uid),
        (("modality", modality_shown(header.text("Modality"))), ("matrix", matrix), ("view", str(view))),
        work,
    )


def axial_count(stack: Stack) -> int:
    """How many axial planes a stack has, or stored slices where these are shown instead."""
    layout = stack.first.pixels.layout
    slices = len(stack.coordinates) if stack.coordinates is not None else stack.slices
    if across_the_body(slices, is_placed=stack.grid.is_placed) is PlaneKind.NATIVE:
        return slices
    # An array of the shape that takes no memory: the planes are counted, not made.
    shape = np.broadcast_to(np.uint8(0), (slices, layout.rows, layout.columns))
    with np.errstate(all="ignore"):  # a size that is none is refused, not computed with
        return planes_of(shape, stack.grid.affine(), PlaneKind.AXIAL).count
