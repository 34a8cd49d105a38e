"""A volume: an array with its place in space, the meaning of its values, and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from convkit.model import geometry, values
from convkit.model.diffusion import Gradient
from convkit.model.notes import Note


class MappingState(StrEnum):
    """What has become of the rescale that the header gives."""

    PENDING = "pending"  # the array holds stored values; real value = slope * stored + intercept
    APPLIED = "applied"  # the array holds real values
    IGNORED = "ignored"  # stored values were asked for


@dataclass(frozen=True, slots=True)
class ValueMapping:
    """From stored values to real ones: real = slope * stored + intercept (PS3.3 C.11.1.1.2).

    Attributes
    ----------
    slopes, intercepts : tuple of float
        One number where all slices agree, else one a slice, volume by volume.
    state : MappingState
    """

    slopes: tuple[float, ...] = (1.0,)
    intercepts: tuple[float, ...] = (0.0,)
    state: MappingState = MappingState.PENDING

    def __post_init__(self) -> None:
        if len(self.slopes) != len(self.intercepts):
            raise ValueError("there must be as many intercepts as slopes")
        if self.state is MappingState.PENDING and len(self.slopes) != 1:
            raise ValueError("a rescale that differs between slices is applied or ignored, never pending")

    @property
    def is_uniform(self) -> bool:
        """True where all slices share one slope and intercept."""
        return len(self.slopes) == 1

    @property
    def pending(self) -> tuple[float, float]:
        """Slope and intercept that still have to be applied to the array; (1, 0) where nothing has."""
        return (self.slopes[0], self.intercepts[0]) if self.state is MappingState.PENDING else (1.0, 0.0)

    def to_json(self) -> dict[str, Any]:
        """The mapping as the sidecar shows it."""
        one = self.is_uniform
        return {
            "RescaleSlope": self.slopes[0] if one else list(self.slopes),
            "RescaleIntercept": self.intercepts[0] if one else list(self.intercepts),
            "State": str(self.state),
        }


FILE_AXES = ("k", "j", "i")
"""Name that files give to each spatial array axis (slice, row, column): ``i`` runs fastest."""

_AXIS_FACTS = ("PhaseEncodingAxis", "PhaseEncodingDirection")
"""Facts whose value is the name of an axis, in the second with a sign: a trailing minus runs against the index."""

_SLICE_AXIS = "SliceEncodingDirection"
_SLICE_LISTS = ("SliceTiming",)
"""Facts with one entry a slice."""


def facts_after(facts: Mapping[str, Any], turn: geometry.Turn) -> Mapping[str, Any]:
    """Facts with the names of axes, and the order of slices, changed to those after a turn.

    Parameters
    ----------
    facts : mapping
        ``PhaseEncodingDirection`` and the like name an axis before the turn: ``i`` column index, ``j`` row index, ``k``
        slice. Lists with one entry a slice run along ``SliceEncodingDirection`` (BIDS), ``k`` where it is absent.
    turn : Turn
    """
    changed: dict[str, Any] = {key: _turned_axis(facts[key], turn) for key in _AXIS_FACTS if key in facts}
    if "PhaseEncodingAxis" in changed:
        changed["PhaseEncodingAxis"] = changed["PhaseEncodingAxis"][0]  # it has no sign
    lists = {key: facts[key] for key in _SLICE_LISTS if isinstance(facts.get(key), list)}
    if lists:
        # The list runs along its axis as it was: a flip reverses the list and keeps the axis without a sign.
        axis = _turned_axis(facts.get(_SLICE_AXIS, "k"), turn)
        if axis.endswith("-"):
            changed |= {key: found[::-1] for key, found in lists.items()}
        if axis[0] != "k" or _SLICE_AXIS in facts:
            changed[_SLICE_AXIS] = axis[0]
    return {**facts, **changed}


def _turned_axis(name: str, turn: geometry.Turn) -> str:
    """The name of an axis after a turn, with a trailing minus where it runs against the index."""
    if name[:1] not in FILE_AXES:
        return name
    new = turn.axes.index(FILE_AXES.index(name[0]))
    is_against = name.endswith("-") != turn.flips[new]
    return FILE_AXES[new] + ("-" if is_against else "")


@dataclass(frozen=True, slots=True)
class Split:
    """What told a volume apart from the others of its series.

    Attributes
    ----------
    label : str
        Part of a file name, such as ``_echo-2``; empty for the only volume of a series.
    reasons : tuple of str
        One sentence an attribute.
    """

    label: str = ""
    reasons: tuple[str, ...] = ()


WHOLE = Split()
"""The only volume of its series."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Volume:
    """An array with its geometry, values, facts, notes and sources.

    Attributes
    ----------
    array : (volumes, slices, rows, columns) or (volumes, slices, rows, columns, 3), read-only
        As stored; `mapping` says whether a rescale is still to be applied. `numpy.asarray(volume)` applies it.
    affine_lps : (4, 4) float64
        Maps array index (slice, row, column, 1) to LPS position in mm.
    is_placed : bool
        False where the header gives no position: the affine then holds pixel sizes only.
    is_sheared : bool
        True where the slice step is not along the normal (gantry tilt).
    mapping : ValueMapping
    units : str
        Of the real values: ``HU``, ``Bq/ml``, ...; empty where unknown.
    step_s : float or None
        Seconds from one volume to the next (Repetition Time); None for a single volume or where unknown.
    is_3d_acquisition : bool
        MR Acquisition Type is 3D.
    facts : mapping of str to JSON values
        Sidecar keys (BIDS names, SI units), from an allow-list.
    split : Split
    notes : tuple of Note
    sources : (volumes, slices) nested tuples of str
        SOP Instance UID behind each slice.
    source_axis : int
        Spatial array axis (0 slice, 1 row, 2 column) along which `sources` run; 0 unless the volume was turned.
    series_instance_uid, study_instance_uid : str
    gradients : tuple of Gradient
        How each volume is diffusion-weighted, in the patient's frame; empty where the series is not weighted.
    invented : (volumes, slices, rows, columns) bool or None
        True where resampling made a voxel up; None where nothing was resampled.
    resampled : mapping or None
        How the volume was resampled.
    """

    array: NDArray[Any]
    affine_lps: NDArray[np.float64]
    is_placed: bool = True
    is_sheared: bool = False
    mapping: ValueMapping = ValueMapping()
    units: str = ""
    step_s: float | None = None
    is_3d_acquisition: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    split: Split = WHOLE
    notes: tuple[Note, ...] = ()
    sources: tuple[tuple[str, ...], ...] = ()
    source_axis: int = 0
    series_instance_uid: str = ""
    study_instance_uid: str = ""
    gradients: tuple[Gradient, ...] = ()
    invented: NDArray[np.bool_] | None = None
    resampled: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.array.ndim not in {4, 5}:
            raise ValueError(f"array must be (volumes, slices, rows, columns[, 3]), not {self.array.ndim}-D")
        for held in (self.array, self.affine_lps, self.invented):
            if isinstance(held, np.ndarray):  # an `Unread` has nothing to write to
                held.flags.writeable = False

    def __repr__(self) -> str:
        spacing = " x ".join(f"{s:.4g}" for s in self.spacing)
        return (
            f"<Volume {' x '.join(map(str, self.shape))} {self.dtype}, {spacing} mm, {self.letters}{self.split.label}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, f.name) for f in fields(self))  # so that arrays stay read-only

    # --- reading ---------------------------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: FBT001 (NumPy's protocol)
        real = values.apply_linear(self.array, *self.mapping.pending)
        if dtype is not None and real.dtype != dtype:
            return real.astype(dtype)
        return real.copy() if copy else real

    @property
    def shape(self) -> tuple[int, ...]:
        """(volumes, slices, rows, columns) or the same with a trailing 3."""
        return tuple(self.array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the array as stored."""
        return self.array.dtype

    @property
    def is_colour(self) -> bool:
        """True for RGB."""
        return self.array.ndim == 5

    @property
    def affine_ras(self) -> NDArray[np.float64]:
        """(4, 4) float64: maps array index (slice, row, column, 1) to RAS position in mm."""
        return np.asarray(geometry.LPS_TO_RAS @ self.affine_lps, dtype=np.float64)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between slices, rows and columns in mm, along the respective axis."""
        return geometry.spacing(self.affine_lps)

    @property
    def letters(self) -> str:
        """Where the (column, row, slice) axes run to, for example ``LPS``."""
        return geometry.nearest_letters(self.affine_lps)

    # --- a new one -------------------------------------------------------------------------------------

    def with_notes(self, *notes: Note) -> Self:
        """The same volume with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def turned(self, turn: geometry.Turn) -> Self:
        """The same volume in another voxel order; no value is interpolated."""
        if turn.is_identity:
            return self
        axis = turn.axes.index(self.source_axis)
        backward = turn.flips[axis]
        return replace(
            self,
            array=geometry.turn_array(self.array, turn),
            affine_lps=geometry.turn_affine(self.affine_lps, self.shape[1:4], turn),
            invented=None if self.invented is None else geometry.turn_array(self.invented, turn),
            sources=tuple(s[::-1] for s in self.sources) if backward else self.sources,
            source_axis=axis,
            mapping=_reversed(self.mapping, len(self.array)) if backward else self.mapping,
            facts=facts_after(self.facts, turn),
        )

    def oriented(self, letters: str) -> Self:
        """The same volume with its (column, row, slice) axes running as nearly as possible to `letters`."""
        return self.turned(geometry.turn_to(self.affine_lps, letters))


def _reversed(mapping: ValueMapping, volumes: int) -> ValueMapping:
    """The mapping of a stack whose slices were reversed."""
    if mapping.is_uniform:
        return mapping

    def reverse(numbers: tuple[float, ...]) -> tuple[float, ...]:
        each = len(numbers) // volumes
        return tuple(n for v in range(volumes) for n in numbers[v * each : (v + 1) * each][::-1])

    return replace(mapping, slopes=reverse(mapping.slopes), intercepts=reverse(mapping.intercepts))
