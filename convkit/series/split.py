"""Frames of one series to parts that are one volume each, every split with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from convkit.model.frame import Frame
from convkit.model.geometry import Floats
from convkit.model.volume import WHOLE, Split
from convkit.series.moments import MOMENTS
from convkit.series.positions import by_position, in_plane
from convkit.series.spacing import in_plane_tolerance
from convkit.series.timing import volumes_in_time
from convkit.series.traits import PLACES, TRAITS, Trait

_LISTED_VALUES = 6

_PLAIN = frozenset({None, "mag"})
"""Components that a name need not tell."""


class Part(NamedTuple):
    """Some frames of a series and what told them apart from the rest."""

    frames: tuple[Frame, ...]
    split: Split = WHOLE

    def narrowed(self, frames: Sequence[Frame], label: str, reason: str) -> Part:
        """A part of this part."""
        return Part(tuple(frames), Split(self.split.label + label, (*self.split.reasons, reason)))


def split_by_traits(frames: Sequence[Frame]) -> list[Part]:
    """Parts of a series that differ in a trait; see `convkit.series.traits` for hard and soft ones."""
    parts = [Part(tuple(frames))] if frames else []
    for place in _varying(frames):
        trait = TRAITS[place]
        parts = [piece for part in parts for piece in _split(part, place, trait)]
    return _with_unique_labels([_named(part) for part in parts])


def _named(part: Part) -> Part:
    """The part with its component in its label, where that is no magnitude and nothing else says so."""
    component = part.frames[0].kind.traits[PLACES["component"]]
    if component in _PLAIN or "_part-" in part.split.label:
        return part
    return part._replace(split=replace(part.split, label=f"_part-{component}{part.split.label}"))


def _varying(frames: Sequence[Frame]) -> list[int]:
    """Places of the traits in which any two frames differ."""
    distinct = {f.kind.traits for f in {id(f.kind): f for f in frames}.values()}
    if len(distinct) < 2:
        return []
    return [place for place in range(len(TRAITS)) if len({traits[place] for traits in distinct}) > 1]


def _split(part: Part, place: int, trait: Trait) -> list[Part]:
    if len(part.frames) < 2:
        return [part]
    groups = grouped(part.frames, lambda f: f.kind.traits[place], trait.is_same)
    if len(groups) < 2 or not (trait.is_hard or _tells_volumes_apart([g for _, g in groups])):
        return [part]
    if trait.least_rest and sum(by_position(g).most for v, g in groups if v is None) < trait.least_rest:
        return [part]
    return _pieces(part, trait, groups)


def _pieces(part: Part, trait: Trait, groups: Sequence[tuple[Any, list[Frame]]]) -> list[Part]:
    shown = [(_redacted(g[0], trait, v), g) for v, g in groups]
    values = f": {_listed([v for v, _ in shown])}" if trait.shows_values else ""
    reason = f"{trait.says} differs{values}"
    return [part.narrowed(g, trait.label(v, rank), reason) for rank, (v, g) in enumerate(shown, 1)]


def _redacted(frame: Frame, trait: Trait, value: Any) -> Any:
    """The value of a trait as it may leave in a label."""
    redacted = frame.kind.redacted_traits
    return redacted[PLACES[trait.name]] if redacted else value


def grouped(
    frames: Sequence[Frame], value: Callable[[Frame], Hashable], is_same: Callable[[Any, Any], bool] | None = None
) -> list[tuple[Any, list[Frame]]]:
    """Frames by a value, groups sorted by it, absent values first."""
    exact: dict[Hashable, list[Frame]] = {}
    for frame in frames:
        exact.setdefault(value(frame), []).append(frame)
    groups: list[tuple[Any, list[Frame]]] = []
    for key, members in sorted(exact.items(), key=lambda item: _rank(item[0])):
        twin = next((g for k, g in groups if is_same(k, key)), None) if is_same else None
        if twin is None:
            groups.append((key, members))
        else:
            twin.extend(members)
    return groups


def _rank(value: Hashable) -> tuple[Any, ...]:
    """A sort key for values of mixed kinds."""
    if value is None:
        return (0,)
    if isinstance(value, tuple):
        return (2, *(_rank(v) for v in value))
    return (1, 0, value) if isinstance(value, (int, float)) else (1, 1, str(value))


def _tells_volumes_apart(groups: Sequence[Sequence[Frame]]) -> bool:
    """True where a soft trait separates volumes, not slices.

    Where the headers tell the time points of a series, a trait that varies within one of them tells no volumes apart.
    """
    if not overlap(groups):
        return False
    positions = by_position([f for g in groups for f in g])
    volumes = volumes_in_time(positions.levels) if positions.multiplicity else None
    if volumes is None:
        return True
    group_of = {id(f): rank for rank, g in enumerate(groups) for f in g}
    return all(len({group_of[id(f)] for f in volume}) == 1 for volume in volumes)


def overlap(groups: Sequence[Sequence[Frame]]) -> bool:
    """True where groups hold images of the same positions, so that they must be different volumes.

    A few shared positions among many small groups are rather doubles in a series whose value varies from slice to
    slice, so there may be at most twice as many groups as images at a position.
    """
    frames = [f for g in groups for f in g]
    if any(f.position_lps is None or f.kind.orientation is None for f in frames):
        return False
    together = by_position(frames)
    apart = sum(len(by_position(g).levels) for g in groups)
    return apart > len(together.levels) and len(groups) <= 2 * together.most


def split_by_moment(part: Part) -> list[Part] | None:
    """Parts of different acquisition or time, where that makes each position unique in each; None where not.

    For parts whose positions hold unequal numbers of images: two acquisitions of different extent in one series.
    """
    for place, moment in enumerate(MOMENTS):
        groups = grouped(part.frames, lambda f, p=place: f.moments[p])  # type: ignore[misc]
        if len(groups) < 2 or any(v is None for v, _ in groups) or not overlap([g for _, g in groups]):
            continue
        if all(by_position(g).multiplicity == 1 for _, g in groups):
            reason = f"{moment.keyword} differs, and the extent with it"
            return [part.narrowed(g, f"_{moment.entity}-{rank}", reason) for rank, (_, g) in enumerate(groups, 1)]
    return None


def split_by_origin(part: Part) -> list[Part] | None:
    """Parts whose images start at different places within the plane, where that makes volumes; None where not.

    For two fields of view side by side in one series: both breasts, or two stations of a table.
    """
    tolerance = in_plane_tolerance(part.frames)
    if np.ptp(in_plane(_distinct(part.frames)), axis=0).max() <= tolerance:
        return None
    places = in_plane(part.frames)
    most = by_position(part.frames).most
    clusters: list[tuple[Floats, list[Frame]]] = []
    for place, frame in zip(places, part.frames, strict=True):
        near = next((g for p, g in clusters if np.abs(p - place).max() <= tolerance), None)
        if near is not None:
            near.append(frame)
        elif len(clusters) < most:
            clusters.append((place, [frame]))
        else:
            return None
    groups = [g for _, g in sorted(clusters, key=lambda c: tuple(c[0]))]
    if len(groups) < 2 or any(by_position(g).multiplicity is None for g in groups):
        return None
    reason = "ImagePositionPatient differs within the plane"
    return [part.narrowed(g, f"_fov-{rank}", reason) for rank, g in enumerate(groups, 1)]


def _distinct(frames: Sequence[Frame]) -> Sequence[Frame]:
    """One frame of each position: a run has the same few hundreds of times."""
    return list({f.position_lps: f for f in frames}.values())


def split_by_soft_trait(part: Part, is_good: Callable[[Sequence[Frame]], bool]) -> list[Part] | None:
    """Parts that differ in a soft trait and are good volumes each, of a part that is none; None where there are none.

    For stacks that change thickness on the way: the skull base at 2.5 mm, the rest at 5 mm.
    """
    for place, trait in enumerate(TRAITS):
        if trait.is_hard:
            continue
        groups = grouped(part.frames, lambda f, p=place: f.kind.traits[p])  # type: ignore[misc]
        if len(groups) > 1 and all(len(g) > 2 and is_good(g) for _, g in groups):
            return _pieces(part, trait, groups)
    return None


def _listed(found: list[Any]) -> str:
    texts = [_shown(v) for v in found[:_LISTED_VALUES]]
    return "; ".join(texts) + ("; ..." if len(found) > _LISTED_VALUES else "")


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(_shown(v) for v in value) + ")"
    return "absent" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _with_unique_labels(parts: list[Part]) -> list[Part]:
    """Equal labels (two axial planes, say) get a number each."""
    seen: dict[str, int] = {}
    counts = Counter(part.split.label for part in parts)
    unique = []
    for part in parts:
        label = part.split.label
        if counts[label] > 1:
            seen[label] = seen.get(label, 0) + 1
            part = part._replace(split=replace(part.split, label=f"{label}-{seen[label]}"))  # noqa: PLW2901 (the same part, renamed)
        unique.append(part)
    return unique
