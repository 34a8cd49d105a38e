"""The pictures of a run, one batch after the other: what is there already, then what has to be made.

Batches are made as workers ask for them, so that a run holds little more than the names of its pictures.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from convkit.engine.digest import fingerprint
from convkit.engine.outcome import BAD, Outcome
from convkit.engine.run import Runner
from convkit.jobs._destination import Claim, Destination, tidied
from convkit.jobs._pictures.look import Look
from convkit.jobs._pictures.pieces import Group, Piece, Viewed
from convkit.jobs._pictures.tasks import failed_pieces, failed_window, make_pieces, measure_window
from convkit.jobs._sources import Progress, Step
from convkit.model.display import Voi

BATCH = 16
"""Files a task: few enough that workers end together, many enough that the trip to a worker costs nothing."""

Numbered = tuple[int, Outcome]
"""Number of a group, and what became of a piece of it."""


class Work:
    """All pictures of a run.

    Parameters
    ----------
    groups : sequence of Group
    output : Path
    to : str
        Name of the format.
    look : Look
    made_with : str
        Fingerprint of all options.
    mark : callable
        Makes a fingerprint of what else a piece is made with.
    """

    def __init__(  # noqa: PLR0913, PLR0917 (all that a run is)
        self,
        groups: Sequence[Group],
        output: Path,
        to: str,
        look: Look,
        made_with: str,
        mark: Callable[..., str] = fingerprint,
    ) -> None:
        self._groups = groups
        self._output = output
        self._task = partial(make_pieces, output=str(output), to=to, look=look)
        self._look = look
        self._made_with = made_with
        self._mark = mark
        self._earlier: deque[Numbered] = deque()
        self._under_way: dict[int, list[_Claimed]] = {}

    def done(self, place: Destination, runner: Runner, progress: Progress | None) -> Iterator[Numbered]:
        """Yield what becomes of each piece: in the order in which they end."""
        folders = {name.rpartition("/")[0] for group in self._groups for name in group.names}
        with tidied((self._output / folder for folder in folders), runner):
            yield from self._done(place, runner, progress)

    def _done(self, place: Destination, runner: Runner, progress: Progress | None) -> Iterator[Numbered]:
        windows = self._measured(runner)
        total = sum(len(group.names) for group in self._groups)
        done = 0
        for index, results in runner.map(self._task, self._tasks(windows, place), on_error=failed_pieces):
            batch = self._under_way.pop(index)
            for one, made in zip(batch, results, strict=True):
                yield from ((one.number, outcome) for outcome in _recorded(place, one.claim, made))
            yield from self._settled()
            done += sum(len(one.piece.names) for one in batch)
            if progress:
                progress(Step("pictures", done, total))
        yield from self._settled()

    def _settled(self) -> Iterator[Numbered]:
        """Yield what an earlier run has done, as far as it was met on the way."""
        while self._earlier:
            yield self._earlier.popleft()

    def _tasks(self, windows: dict[int, Voi], place: Destination) -> Iterator[tuple[Piece, ...]]:
        """Yield batches of what has to be made."""
        for index, batch in enumerate(self._batches(windows, place)):
            self._under_way[index] = batch
            place.claim(one.claim for one in batch)
            yield tuple(one.piece for one in batch)

    def _batches(self, windows: dict[int, Voi], place: Destination) -> Iterator[list[_Claimed]]:
        batch: list[_Claimed] = []
        for number, group in enumerate(self._groups):
            for piece in group.pieces(windows.get(number)):
                claim = self._claim(piece)
                earlier = place.earlier(claim)
                if earlier:
                    self._earlier.append((number, earlier))
                    continue
                batch.append(_Claimed(number, piece, claim))
                if len(batch) == BATCH or isinstance(piece.source, Viewed):
                    yield batch
                    batch = []
        if batch:
            yield batch

    def _measured(self, runner: Runner) -> dict[int, Voi]:
        """The window of each series that is measured on a sample of all its images."""
        if not self._look.may_measure:
            return {}
        task = partial(measure_window, look=self._look)
        samples = (group.sample for group in self._groups)
        found = runner.map(task, samples, on_error=failed_window)
        return {number: window for number, window in found if window is not None}

    def _claim(self, piece: Piece) -> Claim:
        """What a piece is about to write."""
        own = piece.window, piece.segmentations
        made_with = self._mark(*own)[:16] if any(own) else "header"
        return Claim(piece.item, piece.key, f"{self._made_with}:{made_with}:{piece.names[0]}", piece.names)


class _Claimed(NamedTuple):
    """A piece of a group, by its number, and what it is about to write."""

    number: int
    piece: Piece
    claim: Claim


def _recorded(place: Destination, claim: Claim, made: Sequence[Outcome]) -> Sequence[Outcome]:
    """What became of a piece, remembered where all of it is there; else the next run tries again."""
    if any(outcome.status in BAD for outcome in made):
        return made
    return [place.recorded(claim, outcome) for outcome in made]
