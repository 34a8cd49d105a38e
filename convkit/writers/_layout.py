"""Voxel order on the way to a file: turns without interpolation, and what must follow them."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from convkit.model.geometry import Turn, turn_to
from convkit.model.notes import note
from convkit.writers._writer import NATIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convkit.model.volume import Volume

FILE_AXES = ("k", "j", "i")
"""Name that files give to each spatial array axis (slice, row, column): ``i`` runs fastest."""

_AXIS_FACTS = ("PhaseEncodingAxis",)
"""Facts whose value is the name of an axis. It has no sign, so a flip does not change it."""


def facts_after(facts: Mapping[str, Any], turn: Turn) -> Mapping[str, Any]:
    """Facts with the names of axes changed to those after a turn.

    Parameters
    ----------
    facts : mapping
        ``PhaseEncodingAxis`` names an axis before the turn: ``i`` column index, ``j`` row index, ``k`` slice.
    turn : Turn
    """
    renamed = {FILE_AXES[old]: FILE_AXES[new] for new, old in enumerate(turn.axes)}
    changed = {key: renamed.get(facts[key], facts[key]) for key in _AXIS_FACTS if key in facts}
    return MappingProxyType({**facts, **changed})


def turned(volume: Volume, turn: Turn) -> Volume:
    """The volume in another voxel order, with the facts that name an axis."""
    if turn.is_identity:
        return volume
    return replace(volume.turned(turn), facts=facts_after(volume.facts, turn))


def as_it_is(volume: Volume) -> Volume:
    """The volume itself: the native order of every format but NIfTI."""
    return volume


def in_file_order(volume: Volume, orient: str, *, native: Callable[[Volume], Volume]) -> Volume:
    """The volume with its array in the order in which it is written.

    Parameters
    ----------
    volume : Volume
    orient : str
        ``native`` or three letters, see `WriteOptions`.
    native : function
        Gives the format's own order. Also used, with a note, where the volume has no place in space.
    """
    if orient == NATIVE:
        return native(volume)
    if not volume.is_placed:
        text = f"The image has no place in space, so it could not be turned to {orient}."
        return native(volume).with_notes(note("output.not-carried", text))
    return turned(volume, turn_to(volume.affine_lps, orient))
