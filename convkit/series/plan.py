"""One series to its volumes, before a single pixel is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from convkit.dicom.objects import PLANE_REQUIRED
from convkit.model.directions import is_orientation
from convkit.model.frame import Frame
from convkit.model.notes import Note, note
from convkit.model.volume import Split
from convkit.series.choices import Irregular
from convkit.series.frames import frames_of
from convkit.series.group import Series
from convkit.series.options import StackOptions
from convkit.series.sort import stack_part, unplaced
from convkit.series.split import Part, split_by_traits
from convkit.series.stack import Planned, Refusal, Stack
from convkit.series.timing import by_number
from convkit.series.traits import PLACES, TRAITS

STACK_OF = 3
"""Images from which a part of a series is a stack, so that one image beside it looks lost."""


def plan_series(series: Series, options: StackOptions) -> list[Planned]:
    """The volumes of a series in a fixed order, each a stack or a refusal.

    An image that cannot be used makes its volume refused, because a volume without it would be silently incomplete,
    unless `options.irregular` says otherwise. Where its header does not even say to which volume it belongs, the
    whole series is refused. Images that form no volume (projections, captures) cost only themselves.
    """
    frames, problems = frames_of(series.images, options.choices)
    form_volumes = any(f.position_lps is not None for f in frames)
    if problems and form_volumes and options.irregular is Irregular.ERROR:
        return [Refusal(tuple(frames), _combined(problems, len(frames) + len(problems)), notes=tuple(problems))]
    dropped = tuple(problems) if form_volumes else ()
    parts = split_by_traits(frames)
    largest = max((len(part.frames) for part in parts), default=0)
    planned = [_with(p, _split_notes(part, largest)) for part in parts for p in _plan_part(part, dropped, options)]
    lost = () if form_volumes else tuple(Refusal((), problem) for problem in problems)
    return [*planned, *lost]


def _split_notes(part: Part, largest: int) -> tuple[Note, ...]:
    """Why a part is apart from the rest of its series; a warning where one image alone is."""
    if not part.split.reasons:
        return ()
    why = "; ".join(part.split.reasons)
    if len(part.frames) == 1 and largest >= STACK_OF:
        return (note("series.lone-image", f"One image is apart from the others of its series: {why}."),)
    return (note("series.split", f"A volume of several in the series: {why}."),)


def _combined(problems: Sequence[Note], images: int) -> Note:
    """One note for the images of a volume that cannot be used."""
    first = problems[0]
    text = first.text if images == 1 else f"{len(problems)} of {images} images cannot be used: {first.text}"
    others = "Or choose --irregular split, keep or resample to go on without them." if len(problems) < images else ""
    return note(first.code, text, where=first.where, hint=f"{first.hint} {others}".strip())


def _plan_part(part: Part, problems: tuple[Note, ...], options: StackOptions) -> list[Planned]:
    if all(f.position_lps is None or f.kind.orientation is None for f in part.frames):
        return _plan_unplaced(part, problems, options)
    defects = tuple(f.defect for f in part.frames if f.defect)
    if defects and (options.irregular is Irregular.ERROR or len(defects) == len(part.frames)):
        return [Refusal(part.frames, _combined(defects, len(part.frames)), part.split, problems)]
    sound = Part(tuple(f for f in part.frames if not f.defect), part.split)
    return [_with(p, (*problems, *defects)) for p in _plan_placed(sound, options)]


def _plan_placed(part: Part, options: StackOptions) -> list[Planned]:
    bare = sum(f.position_lps is None or f.kind.orientation is None for f in part.frames)
    if bare:
        text = f"{bare} of {len(part.frames)} images lack Image Position (Patient) or Image Orientation (Patient)."
        return [Refusal(part.frames, note("geometry.missing-position", text), part.split)]
    if not is_orientation(part.frames[0].kind.orientation or ()):
        return [Refusal(part.frames, note("geometry.bad-orientation"), part.split)]
    with_rescale = sum(f.kind.has_rescale for f in part.frames)
    if 0 < with_rescale < len(part.frames):
        text = f"{len(part.frames) - with_rescale} of {len(part.frames)} images have no rescale, the others have one."
        return [Refusal(part.frames, note("header.inconsistent", text), part.split)]
    if part.frames[0].kind.spacing is None:
        return _without_spacing(part, (), options)
    return [_with_mixed_values(planned) for planned in stack_part(part, options)]


def _with_mixed_values(planned: Planned) -> Planned:
    """The stack with a note of what varies in it although it should not."""
    if not isinstance(planned, Stack):
        return planned
    kinds = planned.kinds
    mixed = [
        trait.says
        for place, trait in enumerate(TRAITS)
        if trait.is_steady and len({kind.traits[place] for kind in kinds}) > 1
    ]
    if not mixed:
        return planned
    text = f"{', '.join(mixed)} should be equal in a volume, but varies from slice to slice."
    return replace(planned, notes=(*planned.notes, note("series.mixed-values", text)))


def _without_spacing(part: Part, problems: tuple[Note, ...], options: StackOptions) -> list[Planned]:
    if options.irregular is Irregular.KEEP:
        return _one_by_one(part, problems)
    return [Refusal(part.frames, note("geometry.missing-spacing"), part.split, problems)]


def _plan_unplaced(part: Part, problems: tuple[Note, ...], options: StackOptions) -> list[Planned]:
    """Images without a place: normal for projections, captures and ultrasound, a defect for CT, MR and PET."""
    is_defect = part.frames[0].kind.traits[PLACES["sop_class"]] in PLANE_REQUIRED
    if is_defect and options.irregular is not Irregular.KEEP:
        return [Refusal(part.frames, note("geometry.missing-position"), part.split, problems)]
    if part.frames[0].kind.traits[PLACES["converted_from"]] is not None and _are_numbered(part.frames):
        return [_pile(part, problems)]
    if len(part.frames) > 1 and len({f.instance for f in part.frames}) == 1:
        return [_cine(part, problems)]
    return _one_by_one(part, problems)


def _are_numbered(frames: Sequence[Frame]) -> bool:
    """True where instance numbers run without a gap, so that images of one object are all there."""
    numbers = sorted(f.instance_number for f in frames if f.instance_number is not None)
    return bool(numbers) and len(frames) > 1 and numbers == list(range(numbers[0], numbers[0] + len(frames)))


def _pile(part: Part, problems: tuple[Note, ...]) -> Planned:
    """Images that were frames of one object: a volume in their order, without a place in space."""
    ordered = sorted(part.frames, key=by_number)
    defect = next((f.defect for f in ordered if f.defect), None)
    if defect:
        return Refusal(tuple(ordered), defect, part.split, problems)
    alone = unplaced(ordered[0], part.split, (*problems, note("geometry.piled")))
    return replace(alone, frames=(tuple(ordered),))


def _cine(part: Part, problems: tuple[Note, ...]) -> Planned:
    """Frames of one object without a place in space: a picture over time."""
    defect = part.frames[0].defect
    if defect:
        return Refusal(part.frames, defect, part.split, problems)
    alone = unplaced(part.frames[0], part.split, problems)
    return replace(alone, frames=tuple((f,) for f in sorted(part.frames, key=lambda f: f.place)))


def _one_by_one(part: Part, problems: tuple[Note, ...]) -> list[Planned]:
    ordered = sorted(part.frames, key=by_number)
    if len(ordered) == 1:
        return [_alone(ordered[0], part.split, problems)]
    digits = max(2, len(str(len(ordered))))
    reason = "images without a place in space are volumes of their own"
    return [
        _alone(frame, Split(f"{part.split.label}_img-{rank:0{digits}d}", (*part.split.reasons, reason)), problems)
        for rank, frame in enumerate(ordered, 1)
    ]


def _alone(frame: Frame, split: Split, problems: tuple[Note, ...]) -> Planned:
    return Refusal((frame,), frame.defect, split, problems) if frame.defect else unplaced(frame, split, problems)


def _with(planned: Planned, problems: tuple[Note, ...]) -> Planned:
    if not problems:
        return planned
    return replace(planned, notes=(*problems, *planned.notes))
