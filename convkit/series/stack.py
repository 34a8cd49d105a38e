"""The outcome of sorting: stacks that can be loaded, and refusals that say why not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from convkit.model.frame import Frame, FrameKind, PixelSource
from convkit.model.geometry import Grid
from convkit.model.notes import Note
from convkit.model.volume import WHOLE, Split


@dataclass(frozen=True)  # without slots, so that what is costly to find is kept
class Stack:
    """Frames in order, with the grid that they lie on.

    Attributes
    ----------
    frames : (volumes, slices) nested tuples of Frame
    grid : Grid
        Of the output; where `coordinates` is set it has more or fewer slices than there are frames.
    split : Split
    notes : tuple of Note
    coordinates : tuple of float or None
        Where to interpolate: for each output slice the place among the input slices (1.5 is half way between
        the second and the third); None where every slice is used as it is.
    deskew : bool
        True where the sheared slices are to be resampled onto an upright grid.
    """

    frames: tuple[tuple[Frame, ...], ...]
    grid: Grid
    split: Split = WHOLE
    notes: tuple[Note, ...] = ()
    coordinates: tuple[float, ...] | None = None
    deskew: bool = False

    @property
    def volumes(self) -> int:
        """Number of volumes."""
        return len(self.frames)

    @property
    def slices(self) -> int:
        """Number of slices in the output."""
        return len(self.coordinates) if self.coordinates is not None else len(self.frames[0])

    @cached_property
    def all_frames(self) -> tuple[Frame, ...]:
        """The frames volume by volume."""
        return tuple(chain.from_iterable(self.frames))

    @cached_property
    def kinds(self) -> tuple[FrameKind, ...]:
        """What the frames share, each once."""
        found: dict[int, FrameKind] = {}
        for volume in self.frames:
            found |= {id(frame.kind): frame.kind for frame in volume}
        return tuple(found.values())

    @property
    def is_weighted(self) -> bool:
        """True where diffusion gradients were played out for some frame."""
        return any(kind.gradient is not None and kind.gradient.b_value > 0 for kind in self.kinds)

    @cached_property
    def sources(self) -> tuple[PixelSource, ...]:
        """The objects that the frames lie in, each once."""
        return tuple({id(frame.pixels): frame.pixels for frame in self.all_frames}.values())

    @property
    def rescales(self) -> frozenset[tuple[float, float]]:
        """Every slope with its intercept."""
        return frozenset((kind.slope, kind.intercept) for kind in self.kinds)

    @property
    def may_have_table(self) -> bool:
        """True where images may have a Modality LUT."""
        return any(kind.may_have_table for kind in self.kinds)

    @property
    def first(self) -> Frame:
        """The first frame of the first volume."""
        return self.frames[0][0]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Frames that do not become a volume, and why.

    Attributes
    ----------
    frames : tuple of Frame
    reason : Note
        Of severity error.
    split : Split
    notes : tuple of Note
    """

    frames: tuple[Frame, ...]
    reason: Note
    split: Split = WHOLE
    notes: tuple[Note, ...] = ()


Planned = Stack | Refusal
"""One volume of the plan."""
