"""What a quirk is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from convkit.dicom.header import Header
from convkit.model.diffusion import Gradient
from convkit.model.notes import Note


class UnfoldQuirk(NamedTuple):
    """An object that holds, in a vendor's own way, more than its plain attributes say.

    Attributes
    ----------
    name : str
    why : str
        Citation: standard, conformance statement, issue or data set.
    applies : predicate on the header of an instance
    unfold : header to one with a row for each frame, or with values that the plain attributes lack
        Raises InputError where the object contradicts itself.
    """

    name: str
    why: str
    applies: Callable[[Header], bool]
    unfold: Callable[[Header], Header]


class TraitsQuirk(NamedTuple):
    """A vendor's own way to say what tells volumes apart.

    Attributes
    ----------
    name : str
    why : str
        Citation.
    keywords : tuple of str
        Every attribute that `applies` and `fix` read.
    applies : predicate on a header
    fix : (header, traits by name) to corrected traits
    """

    name: str
    why: str
    keywords: tuple[str, ...]
    applies: Callable[[Header], bool]
    fix: Callable[[Header, Mapping[str, Any]], Mapping[str, Any]]


class OrderQuirk(NamedTuple):
    """A vendor's own number for the volumes of a series.

    Attributes
    ----------
    name : str
    why : str
        Citation.
    keywords : tuple of str
        Every attribute that `applies` and `number` read.
    applies : predicate on the header of a frame
    number : header of a frame to a number that all slices of its volume share and that grows from volume to volume;
        None where the vendor gives none
    """

    name: str
    why: str
    keywords: tuple[str, ...]
    applies: Callable[[Header], bool]
    number: Callable[[Header], float | None]


class PhilipsValues(StrEnum):
    """Which values Philips MR images get: comparable between series, or as the console shows them."""

    PRECISE = "precise"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True)
class ValueChoices:
    """What a user may choose of vendors' rescales.

    Attributes
    ----------
    philips : PhilipsValues
    """

    philips: PhilipsValues = PhilipsValues.PRECISE


class ValuesQuirk(NamedTuple):
    """A vendor's own rescale.

    Attributes
    ----------
    name : str
    why : str
        Citation.
    keywords : tuple of str
        Every attribute that `applies` and `fix` read, the rescale apart.
    applies : predicate on a header
    fix : (header, slope, intercept of the header, choices) to the slope and intercept to use
    note : (header, choices) to what to tell the user
    """

    name: str
    why: str
    keywords: tuple[str, ...]
    applies: Callable[[Header], bool]
    fix: Callable[[Header, float, float, ValueChoices], tuple[float, float]]
    note: Callable[[Header, ValueChoices], Note]


class GradientQuirk(NamedTuple):
    """Where a vendor says how an image is diffusion-weighted.

    Attributes
    ----------
    name : str
    why : str
        Citation.
    keywords : tuple of str
        Every attribute that `applies` and `gradient` read.
    applies : predicate on the header of a frame
    gradient : header of a frame to its gradient, in the patient's frame; None where the header says nothing
    """

    name: str
    why: str
    keywords: tuple[str, ...]
    applies: Callable[[Header], bool]
    gradient: Callable[[Header], Gradient | None]


class SliceTimeQuirk(NamedTuple):
    """Where a vendor says when a slice was acquired.

    Attributes
    ----------
    name : str
    why : str
        Citation.
    applies : predicate on the header of a frame
    seconds : header of a frame to seconds after any moment that all slices of a volume share; None where unknown
    """

    name: str
    why: str
    applies: Callable[[Header], bool]
    seconds: Callable[[Header], float | None]


class VolumeTimeQuirk(NamedTuple):
    """Where a vendor says when a volume was begun.

    Attributes
    ----------
    name : str
    why : str
        Citation.
    applies : predicate on the header of a frame
    seconds : header of the first frame of a volume to seconds after any moment that all volumes of a run share
    """

    name: str
    why: str
    applies: Callable[[Header], bool]
    seconds: Callable[[Header], float | None]


class Extent(NamedTuple):
    """How much there is of a volume whose facts are asked for.

    Attributes
    ----------
    volumes, slices : int
    """

    volumes: int
    slices: int


class FactsQuirk(NamedTuple):
    """Where a vendor hides facts for the sidecar.

    Attributes
    ----------
    name : str
    why : str
        Citation.
    applies : predicate on the header of the first frame
    facts : (header of the first frame, extent) to sidecar keys and values
        They replace those of the standard attributes; None as a value takes a key away. Axes are named as in
        `convkit.model.volume.facts_after`: ``i`` along a row, ``j`` along a column, ``k`` along the slices, a trailing
        ``-`` for against the index; SliceTiming runs along the slices as row x column direction orders them.
    """

    name: str
    why: str
    applies: Callable[[Header], bool]
    facts: Callable[[Header, Extent], Mapping[str, Any]]


class MergeQuirk(NamedTuple):
    """A vendor's habit to send one acquisition as several series.

    Attributes
    ----------
    name : str
    why : str
        Citation.
    applies : predicate on the header of an instance
    acquisition : header to what all series of an acquisition share, beside the study
    said : what the note says
    """

    name: str
    why: str
    applies: Callable[[Header], bool]
    acquisition: Callable[[Header], Hashable]
    said: str
