"""What a run is made of: groups of pictures, a series or volume each, and pieces of work.

All of it is planned before the first byte is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol

from convkit.engine.outcome import Outcome
from convkit.jobs._destination import Inputs
from convkit.jobs._names import short_hash
from convkit.jobs._pictures.choices import Slices, View
from convkit.jobs._pictures.image_file import ImageFile, PlainKind
from convkit.jobs._pictures.names import Names
from convkit.jobs._sources import Progress, Source
from convkit.jobs._where import Where
from convkit.model.display import Voi
from convkit.model.notes import Note, note
from convkit.series.choices import Irregular

if TYPE_CHECKING:  # what volumes are made of, and profiles, is much code, which stored images do not need
    from convkit.jobs._deid.redactor import Redactor
    from convkit.series.leads import Leads
    from convkit.series.stack import Stack


PAGE = "index.html"
"""Name of the page over all pictures."""


class Stored(NamedTuple):
    """Frames of one file, as they are stored.

    Attributes
    ----------
    path : str
    frames : tuple of int
        From 0.
    kind : PlainKind or None
        Where it is a plain image.
    offset : int
        Of its pixels.
    """

    path: str
    frames: tuple[int, ...]
    kind: PlainKind | None
    offset: int

    def opened(self) -> ImageFile:
        """The object in the file.

        Raises
        ------
        InputError
            It cannot be read, or contradicts itself.
        """
        return ImageFile.plain(self.path, self.kind, self.offset) if self.kind else ImageFile.open(self.path)


class Viewed(NamedTuple):
    """Planes of a volume.

    Attributes
    ----------
    stack : Stack
    leads : Leads
    planes : tuple of int
        Which axial planes, from 0; all of them for a view that shows the volume at once.
    """

    stack: Stack
    leads: Leads
    planes: tuple[int, ...]


class Piece(NamedTuple):
    """One piece of work: pictures that are made, recorded and resumed together.

    Attributes
    ----------
    item : str
        Label of the series or volume.
    key : str
        Identity of the source files.
    names : tuple of str
        Relative paths of the pictures in order; one for an animation.
    source : tuple of Stored, or Viewed
    window : Voi or None
        What was measured for the whole series; None where each image says it itself.
    segmentations : tuple of str
        Paths of segmentations to lay over.
    """

    item: str
    key: str
    names: tuple[str, ...]
    source: tuple[Stored, ...] | Viewed
    window: Voi | None = None
    segmentations: tuple[str, ...] = ()


Entry = tuple[str, tuple[str, ...], tuple[Stored, ...] | Viewed]
"""Key, names and source of a piece."""


class Pictures(Protocol):
    """The pictures of one series or volume."""

    @property
    def names(self) -> Sequence[str]:
        """Relative paths of the pictures."""
        ...

    def pieces(self) -> Iterator[Entry]:
        """Yield the work."""
        ...

    def sample(self) -> tuple[Stored, ...]:
        """Frames to measure a window on; none where the volume is at hand when its pictures are made."""
        ...


class Group(NamedTuple):
    """The pictures of one series or volume.

    Attributes
    ----------
    item : str
    series_uid : str
        Series Instance UID by which other objects name it.
    title, section : str
        For people: number and description; study.
    details : tuple of (label, value)
    work : Pictures
    notes : tuple of Note
        What is known before any picture is made.
    segmentations : tuple of str
        Paths of segmentations to lay over.
    """

    item: str
    series_uid: str
    title: str
    section: str
    details: tuple[tuple[str, str], ...]
    work: Pictures
    notes: tuple[Note, ...] = ()
    segmentations: tuple[str, ...] = ()

    @property
    def names(self) -> Sequence[str]:
        """Relative paths of the pictures."""
        return self.work.names

    @property
    def sample(self) -> tuple[Stored, ...]:
        """Frames to measure a window on."""
        return self.work.sample()

    def pieces(self, window: Voi | None) -> Iterator[Piece]:
        """Yield the work: made when it is asked for, because there may be a hundred thousand."""
        for key, names, source in self.work.pieces():
            yield Piece(self.item, key, names, source, window, self.segmentations)


class Asked(NamedTuple):
    """Which pictures are asked for, of what.

    Attributes
    ----------
    sources : sequence of path
    selection : Where or None
    typed_in : iterable of str
    progress : callable or None
    view : View
    slices : Slices
    names : Names
    presentation : tuple of str
        Paths of presentation states to apply.
    is_overlay : bool
        Segmentations among the sources are laid over their series, and have no pictures of their own.
    irregular : Irregular
        For views of volumes.
    redactor : Redactor or None
        Where a profile says what may leave.
    """

    sources: Sequence[Source]
    selection: Where | None
    typed_in: Iterable[str]
    progress: Progress | None
    view: View
    slices: Slices
    names: Names
    presentation: tuple[str, ...]
    is_overlay: bool
    irregular: Irregular
    redactor: Redactor | None = None


class Plan(NamedTuple):
    """Groups of pictures to make, what became of the rest, all files that are read, and what there is to know."""

    groups: list[Group]
    outcomes: list[Outcome]
    inputs: Inputs
    notes: tuple[Note, ...] = ()


def with_segmentations(groups: list[Group], paths: Sequence[str]) -> tuple[list[Group], list[Note]]:
    """The groups, each with the segmentations that reference its series, and why others are not shown."""
    if not paths:
        return groups, []
    by_series, unused = import_module("convkit.jobs._pictures.laid_over").referenced_series(paths)
    found = [group._replace(segmentations=by_series.get(group.series_uid, ())) for group in groups]
    used = {path for group in found for path in group.segmentations}
    strangers = sorted({path for paths in by_series.values() for path in paths} - used)
    return found, [*unused, *(note("preview.unused-segmentation", where=path) for path in strangers)]


# --- in words for people ---------------------------------------------------------------------------------


def modality_shown(value: object) -> str:
    """A Modality for the page; what is no code string may be anything."""
    return str(value) if re.fullmatch("[A-Z0-9_ ]{1,16}", str(value)) else "unknown"


def section_of(study_instance_uid: str) -> str:
    return f"study {short_hash(study_instance_uid)}" if study_instance_uid else "without study"


def title_of(number: int | None, description: object) -> str:
    shown = "" if number is None else f"{number:03d} "
    return f"{shown}{description or 'without description'}"
