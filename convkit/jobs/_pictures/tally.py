"""What became of pictures, series by series: a run over a hundred thousand of them has a line each for its series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from convkit.engine.outcome import BAD, Json, Outcome, Status
from convkit.jobs._pictures.pieces import Group
from convkit.jobs._sources import for_all
from convkit.model.notes import Note, note


@dataclass(slots=True)
class _Sum:
    """What became of one group so far."""

    outputs: list[str] = field(default_factory=list)
    statuses: set[Status] = field(default_factory=set)
    notes: dict[tuple[str, str], tuple[Note, int]] = field(default_factory=dict)
    bad: dict[tuple[Status, str, str], tuple[Note, int]] = field(default_factory=dict)
    windows: set[str] = field(default_factory=set)
    is_laid_over: bool = False
    is_blank: bool = True

    def add(self, outcome: Outcome) -> None:
        if outcome.status in BAD:
            for each in outcome.notes[:1]:
                first, count = self.bad.get((outcome.status, each.code, each.text), (each, 0))
                self.bad[outcome.status, each.code, each.text] = (first, count + 1)
            return
        self.outputs += outcome.outputs
        self.statuses.add(outcome.status)
        self.is_laid_over |= bool(outcome.facts.get("is_laid_over"))
        self.is_blank &= bool(outcome.facts.get("is_blank"))
        self.windows.update(str(w) for w in [outcome.facts.get("window")] if w)
        for each in outcome.notes:
            first, count = self.notes.get((each.code, each.text), (each, 0))
            self.notes[each.code, each.text] = (first, count + 1)


class Tally:
    """Sums of all groups of a run.

    Parameters
    ----------
    groups : sequence of Group
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = groups
        self._sums = [_Sum() for _ in groups]

    def add(self, result: tuple[int, Outcome]) -> None:
        """Count what became of a piece of a group."""
        number, outcome = result
        self._sums[number].add(outcome)

    def outcomes(self) -> list[Outcome]:
        """One outcome for the pictures of a group, and one for each reason why some are missing."""
        return [one for group, found in zip(self._groups, self._sums, strict=True) for one in _outcomes(group, found)]

    def shown(self) -> Iterator[tuple[Group, Outcome]]:
        """Yield each group, with what became of the pictures that it has."""
        for group, found in zip(self._groups, self._sums, strict=True):
            yield group, _good(group, found) if found.outputs else Outcome(group.item, Status.SKIPPED)


def _outcomes(group: Group, found: _Sum) -> Iterator[Outcome]:
    if found.outputs:
        yield _good(group, found)
    for (status, _, _), (first, count) in found.bad.items():
        told = for_all(first, count)
        yield Outcome(group.item, status, notes=(told,), facts={"instances": count})


_GRAVEST = (Status.DONE, Status.KEPT, Status.RESUMED, Status.PLANNED)


def _good(group: Group, found: _Sum) -> Outcome:
    status = next(s for s in _GRAVEST if s in found.statuses)
    notes = [*group.notes, *(for_all(first, count) for first, count in found.notes.values())]
    if group.segmentations and not found.is_laid_over and Status.KEPT not in found.statuses:
        notes.append(note("preview.nothing-laid-over"))
    if found.is_blank:
        notes.append(note("preview.outside-window"))
    facts: dict[str, Json] = {
        "pictures": len(found.outputs),
        "window": ", ".join(sorted(found.windows)[:_SHOWN_WINDOWS]),
    }
    return Outcome(group.item, status, tuple(sorted(found.outputs)), tuple(notes), facts)


_SHOWN_WINDOWS = 2
