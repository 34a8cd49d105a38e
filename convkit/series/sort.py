"""Parts to stacks: order in space and time, doubles, gaps, tilt. Never a silently wrong affine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from convkit.model import geometry
from convkit.model.frame import Frame
from convkit.model.geometry import Grid
from convkit.model.notes import Note, note
from convkit.model.volume import Split
from convkit.series import spacing
from convkit.series.choices import Irregular, Tilt
from convkit.series.options import StackOptions
from convkit.series.positions import Positions, by_position, normal_of, positions_of
from convkit.series.spacing import Evenness, Line
from convkit.series.split import Part, split_by_moment, split_by_origin, split_by_soft_trait
from convkit.series.stack import Planned, Refusal, Stack
from convkit.series.timing import by_number, guessed_volumes, order_volumes, without_short_volume

_LISTED_DOUBLES = 5


def stack_part(part: Part, options: StackOptions) -> list[Planned]:
    """The stacks that a part makes, or why it makes none.

    Parameters
    ----------
    part : Part
        Frames of one orientation, matrix and pixel spacing, with their positions.
    """
    positions = by_position(part.frames)
    if _has_conflict(positions):
        return [Refusal(part.frames, note("series.conflicting-images"), part.split)]
    if positions.most > 1:
        apart = split_by_origin(part)
        if apart:
            return [planned for piece in apart for planned in stack_part(piece, options)]
    if positions.multiplicity is None:
        return _with_doubles(part, positions, options)
    found = order_volumes(positions.levels)
    if found is None:
        if options.irregular is not Irregular.KEEP:
            return [Refusal(part.frames, note("series.unordered-volumes"), part.split)]
        found = guessed_volumes(positions.levels), (note("series.ambiguous-order"),)
    ordered, notes = found
    if len(positions.levels) == 1:
        return [_single(ordered, part.split, notes)]
    return _judged(part, ordered, notes, options)


def _has_conflict(positions: Positions) -> bool:
    """True where one position has two files of one SOP Instance UID: it cannot be known which one is right."""
    uids_of = {f.instance: f.sop_instance_uid for level in positions.levels for f in level}
    if "" not in uids_of.values() and len(set(uids_of.values())) == len(uids_of):
        return False
    uids = [[(f.sop_instance_uid, f.place) for f in level if f.sop_instance_uid] for level in positions.levels]
    return any(len(set(level)) < len(level) for level in uids)


# --- doubles ---------------------------------------------------------------------------------------------


def _with_doubles(part: Part, positions: Positions, options: StackOptions) -> list[Planned]:
    """A part whose positions hold unequal numbers of images."""
    complete = without_short_volume(positions.levels)
    if complete:
        rest = Part(tuple(complete), part.split)
        text = (
            f"The last volume has {len(part.frames) - len(complete)} of {len(positions.levels)} slices; it was left "
            "out."
        )
        return [_noted(planned, note("series.short-volume", text)) for planned in stack_part(rest, options)]
    apart = split_by_moment(part)
    if apart:
        warning = note("geometry.unequal-extent")
        return [_noted(planned, warning) for piece in apart for planned in stack_part(piece, options)]
    chosen = None if options.irregular is Irregular.ERROR else _one_a_position(positions)
    if chosen is None:
        return [Refusal(part.frames, note("geometry.duplicate-slice", _describe_doubles(positions)), part.split)]
    kept, surplus = chosen
    if options.irregular is Irregular.SPLIT:
        reason = "several images at one position"
        pieces = [part.narrowed(kept, "_vol-1", reason), part.narrowed(surplus, "_vol-2", reason)]
        doubt = note("geometry.split-doubles")
        return [_noted(planned, doubt) for piece in pieces for planned in stack_part(piece, options)]
    dropped = note("geometry.dropped-duplicates", f"{len(surplus)} surplus images at a position were left out.")
    return [_noted(p, dropped) for p in stack_part(Part(tuple(kept), part.split), options)]


def _one_a_position(positions: Positions) -> tuple[list[Frame], list[Frame]] | None:
    """One image of each position, and the surplus; None where that might mix two volumes.

    Where most positions hold several images, there are several volumes, and nothing tells them apart here. Otherwise a
    single double is a double, and several are the rest of another volume, which is known only where all its instance
    numbers lie before, or after, all others. The numbers of what is kept must run along the positions.
    """
    if positions.usual > 1:
        return None
    for choose in (min, max):
        kept = [choose(level, key=by_number) for level in positions.levels]
        chosen = {id(f) for f in kept}
        surplus = [f for level in positions.levels for f in level if id(f) not in chosen]
        if _is_in_order(_numbers(kept)) and (len(surplus) == 1 or _are_apart(_numbers(kept), _numbers(surplus))):
            return kept, surplus
    return None


def _numbers(frames: Sequence[Frame]) -> list[float]:
    """Instance numbers; empty where one is missing, because then they order nothing."""
    numbers = [f.number for f in frames if f.number is not None]
    return numbers if len(numbers) == len(frames) else []


def _is_in_order(numbers: Sequence[float]) -> bool:
    """True where numbers grow, or fall, throughout."""
    steps = [b - a for a, b in pairwise(numbers)]
    return bool(numbers) and (all(s > 0 for s in steps) or all(s < 0 for s in steps))


def _are_apart(first: Sequence[float], second: Sequence[float]) -> bool:
    """True where all numbers of one lie before all of the other."""
    return bool(first and second) and (max(first) < min(second) or max(second) < min(first))


def _noted(planned: Planned, extra: Note) -> Planned:
    return replace(planned, notes=(*planned.notes, extra))


def _describe_doubles(positions: Positions) -> str:
    usual = positions.usual
    odd = [level for level in positions.levels if len(level) != usual]
    places = [_describe_level(level) for level in odd[:_LISTED_DOUBLES]]
    more = f"; and {len(odd) - _LISTED_DOUBLES} more positions" if len(odd) > _LISTED_DOUBLES else ""
    return f"Most positions hold {usual} image{'s' if usual > 1 else ''}, but {'; '.join(places)}{more}."


def _describe_level(level: Sequence[Frame]) -> str:
    height = float(positions_of(level)[0] @ normal_of(level))
    numbers = ["unknown" if f.instance_number is None else str(f.instance_number) for f in level[:_LISTED_DOUBLES]]
    return f"at {height:.2f} mm there are {len(level)} images (instances {', '.join(numbers)})"


# --- order in space --------------------------------------------------------------------------------------


def _judged(
    part: Part, ordered: tuple[tuple[Frame, ...], ...], notes: tuple[Note, ...], options: StackOptions
) -> list[Planned]:
    line = _worst(ordered)
    if line.evenness is Evenness.EVEN:
        return [_even(ordered, part.split, notes, line, options)]
    apart = split_by_soft_trait(part, _is_volume)
    if apart:
        return [planned for piece in apart for planned in stack_part(piece, options)]
    text = spacing.describe_gaps(ordered[0], line)
    codes = {
        Evenness.MISSING: "geometry.missing-slice",
        Evenness.IRREGULAR: "geometry.irregular-spacing",
        Evenness.NOT_COLLINEAR: "geometry.not-collinear",
    }
    reason = note(codes[line.evenness], f"{_TITLES[line.evenness]}: {text}.")
    if options.irregular is Irregular.ERROR or (
        line.evenness is Evenness.NOT_COLLINEAR and options.irregular is Irregular.RESAMPLE
    ):
        return [Refusal(part.frames, reason, part.split, notes)]
    if options.irregular is Irregular.SPLIT:
        return _runs(ordered, part, notes, options)
    if options.irregular is Irregular.KEEP:
        kept = note("geometry.kept-irregular", f"The affine is the best even fit: {text}.")
        return [_even(ordered, part.split, (*notes, kept), line, options)]
    return [_tilted(_resampled(ordered, part.split, notes, line), options.tilt)]


_TITLES = {
    Evenness.MISSING: "Slices are missing",
    Evenness.IRREGULAR: "The distance between slices varies",
    Evenness.NOT_COLLINEAR: "Slices are shifted within their plane",
}


def _worst(ordered: tuple[tuple[Frame, ...], ...]) -> Line:
    """The judgement of the first volume that is not even, else of the first; volumes must lie on each other."""
    ordered = _distinct(ordered)
    lines = [spacing.judge(volume) for volume in ordered]
    worst = next((line for line in lines if line.evenness is not Evenness.EVEN), lines[0])
    apart = _apart(ordered)
    if worst.evenness is Evenness.EVEN and apart > 0:
        return Line(
            Evenness.NOT_COLLINEAR, worst.step_lps, worst.is_sheared, worst.is_rounded, apart, (), worst.base_mm
        )
    return worst


def _distinct(ordered: tuple[tuple[Frame, ...], ...]) -> tuple[tuple[Frame, ...], ...]:
    """One volume of all that lie at the same positions to the last digit, as the volumes of a run do."""
    return tuple({tuple(f.position_lps for f in volume): volume for volume in reversed(ordered)}.values())[::-1]


def _apart(ordered: tuple[tuple[Frame, ...], ...]) -> float:
    """How far the volumes of a series lie from the first one, mm; 0 where they lie on it."""
    if len(ordered) == 1:
        return 0.0
    first = positions_of(ordered[0])
    apart = max(float(np.linalg.norm(positions_of(volume) - first, axis=1).max()) for volume in ordered)
    return apart if apart > spacing.in_plane_tolerance([f for volume in ordered for f in volume]) else 0.0


def _is_volume(frames: Sequence[Frame]) -> bool:
    """True where frames make even volumes by themselves."""
    positions = by_position(frames)
    if positions.multiplicity is None or len(positions.levels) < 2:
        return False
    found = order_volumes(positions.levels)
    return found is not None and _worst(found[0]).evenness is Evenness.EVEN


def _even(
    ordered: tuple[tuple[Frame, ...], ...],
    split: Split,
    notes: tuple[Note, ...],
    line: Line,
    options: StackOptions,
) -> Planned:
    """A stack whose slices are used as they are."""
    if line.is_rounded and line.evenness is Evenness.EVEN:
        text = (
            f"Slices lie up to {line.deviation_mm:.4f} mm off their even places: by the rounding in the header, or by "
            "a small part of a pixel."
        )
        notes = (*notes, note("geometry.rounded-positions", text))
    step = line.step_lps
    if _is_tiled_backward(ordered[0]):
        ordered, step = tuple(volume[::-1] for volume in ordered), -step
    grid = _grid(ordered[0], step, is_sheared=line.is_sheared)
    return _tilted(Stack(ordered, grid, split, notes), options.tilt)


def _is_tiled_backward(frames: Sequence[Frame]) -> bool:
    """True where slices are tiles of a picture in reversed order: they keep the order of the tiles, as in dcm2niix."""
    return frames[0].pixels.picture is not None and frames[0].place > frames[-1].place


def _tilted(stack: Stack, tilt: Tilt) -> Planned:
    """The stack with what is to be done about its shear, if it has any."""
    if not stack.grid.is_sheared:
        return stack
    angle = geometry.tilt_degrees(stack.grid.affine())
    said = f"The slices are sheared by {angle:.2f} degrees (gantry tilt)"
    if tilt is Tilt.ERROR:
        reason = note("geometry.tilt-refused", f"{said}.")
        return Refusal(stack.all_frames, reason, stack.split, stack.notes)
    if tilt is Tilt.RESAMPLE:
        resampled = note("geometry.resampled", f"{said}; they were interpolated onto an upright grid.")
        return replace(stack, notes=(*stack.notes, resampled), deskew=True)
    kept = note("geometry.tilted", f"{said}; the affine carries the shear exactly.")
    return replace(stack, notes=(*stack.notes, kept))


def _runs(
    ordered: tuple[tuple[Frame, ...], ...], part: Part, notes: tuple[Note, ...], options: StackOptions
) -> list[Planned]:
    """An uneven stack as evenly spaced runs; every volume of a 4-D series is cut at the same places."""
    made: list[Planned] = []
    start = 0
    runs = spacing.even_runs(ordered[0])
    for rank, run in enumerate(runs, 1):
        volumes = tuple(volume[start : start + len(run)] for volume in ordered)
        start += len(run)
        split = Split(f"{part.split.label}_chunk-{rank}", (*part.split.reasons, "uneven spacing"))
        notes_of_run = (*notes, note("geometry.split-runs", f"Run {rank} of {len(runs)} of an uneven stack."))
        if len(run) == 1:
            made.append(_single(volumes, split, notes_of_run))
        else:
            line = _worst(volumes)
            if line.evenness is Evenness.EVEN:
                made.append(_even(volumes, split, notes_of_run, line, options))
            else:
                made.append(Refusal(tuple(f for v in volumes for f in v), note("geometry.not-collinear"), split, notes))
    return made


def _resampled(ordered: tuple[tuple[Frame, ...], ...], split: Split, notes: tuple[Note, ...], line: Line) -> Stack:
    """A stack to be interpolated at even distances, the usual distance as nearly as the extent allows."""
    frames = ordered[0]
    heights = positions_of(frames) @ normal_of(frames)
    extent = float(heights[-1] - heights[0])
    count = max(2, round(extent / line.base_mm) + 1)
    wanted = heights[0] + extent * np.arange(count) / (count - 1)
    coordinates = tuple(float(c) for c in np.interp(wanted, heights, np.arange(len(frames))))
    step = (positions_of(frames)[-1] - positions_of(frames)[0]) / (count - 1)
    said = note(
        "geometry.resampled",
        f"{len(frames)} unevenly spaced slices were interpolated to {count} even ones: "
        f"{spacing.describe_gaps(frames, line)}.",
    )
    return Stack(ordered, _grid(frames, step, is_sheared=line.is_sheared), split, (*notes, said), coordinates)


def _single(ordered: tuple[tuple[Frame, ...], ...], split: Split, notes: tuple[Note, ...]) -> Planned:
    """One slice, once or several times: its depth comes from the header."""
    first = ordered[0][0]
    if _apart(ordered):
        text = f"Images of one height lie {_apart(ordered):.2f} mm apart within their plane."
        return Refusal(tuple(f for v in ordered for f in v), note("geometry.not-collinear", text), split, notes)
    code = "geometry.assumed-thickness" if first.kind.depth_mm else "geometry.assumed-depth"
    step = normal_of([first]) * (first.kind.depth_mm or 1.0)
    return Stack(ordered, _grid(ordered[0], step, is_sheared=False), split, (*notes, note(code)))


def _grid(frames: Sequence[Frame], step: geometry.Floats, *, is_sheared: bool) -> Grid:
    first = frames[0]
    cosines = first.kind.orientation or (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    row_spacing, column_spacing = first.kind.spacing or (1.0, 1.0)
    return Grid(
        origin_lps=first.position_lps or (0.0, 0.0, 0.0),
        row_direction_lps=(cosines[0], cosines[1], cosines[2]),
        column_direction_lps=(cosines[3], cosines[4], cosines[5]),
        row_spacing=row_spacing,
        column_spacing=column_spacing,
        step_lps=(float(step[0]), float(step[1]), float(step[2])),
        is_sheared=is_sheared,
    )


def unplaced(frame: Frame, split: Split, notes: tuple[Note, ...]) -> Stack:
    """An image without a place in space: pixel sizes only."""
    row_spacing, column_spacing = frame.kind.spacing or (1.0, 1.0)
    grid = Grid(
        (0.0, 0.0, 0.0),
        (1.0, 0.0, 0.0),
        (0.0, 1.0, 0.0),
        row_spacing,
        column_spacing,
        (0.0, 0.0, frame.kind.depth_mm or 1.0),
        is_placed=False,
    )
    return Stack(((frame,),), grid, split, (*notes, note("geometry.no-position")))
