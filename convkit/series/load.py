"""Stacks to volumes: pixels straight into their place, then bits, rescale and data type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from convkit.dicom import pixels
from convkit.dicom.header import Header
from convkit.errors import PixelError, UnsupportedError
from convkit.model import values
from convkit.model.frame import Frame, PixelLayout
from convkit.model.notes import Note, note
from convkit.model.slabs import ends as slab_ends
from convkit.model.slabs import is_in_a_file, let_go
from convkit.model.volume import MappingState, ValueMapping, Volume
from convkit.quirks import ValueChoices, rescale_notes
from convkit.series.choices import Values
from convkit.series.diffusion import gradients_of
from convkit.series.facts import redacted_units, units_of
from convkit.series.leads import Leads
from convkit.series.options import LoadOptions
from convkit.series.rescale import real_world_units
from convkit.series.room import IN_MEMORY, Room
from convkit.series.stack import Stack
from convkit.series.stack_facts import facts_and_step
from convkit.series.unread import JunkBitsError, is_plain, unread

Array = NDArray[Any]

_NONE: tuple[Note, ...] = ()


class _Loaded(NamedTuple):
    """Voxels with what was learned while reading them.

    Attributes
    ----------
    array : (volumes, slices, rows, columns[, 3])
    mapping : ValueMapping
    notes : tuple of Note
    units : str or None
        None for those of the header.
    is_looked_up : bool
        True where a table took the place of the rescale.
    """

    array: Array
    mapping: ValueMapping
    notes: tuple[Note, ...] = ()
    units: str | None = None
    is_looked_up: bool = False


def load(  # noqa: PLR0913 (what, as what, how)
    stack: Stack,
    leads: Leads,
    options: LoadOptions,
    *,
    threads: int = 1,
    room: Room = IN_MEMORY,
    may_wait: bool = False,
) -> Volume:
    """The volume of a stack.

    Parameters
    ----------
    stack : Stack
    leads : Leads
        The headers that give the facts.
    options : LoadOptions
    threads : int
        How many may read at once.
    room : Room
        Where the array is made.
    may_wait : bool
        True where the array may be an `Unread`, whose reading raises the errors of pixels, and `JunkBitsError`.

    Raises
    ------
    PixelError
        A frame cannot be read or decoded.
    ValueRangeError
        The values do not fit the data type that was asked for.
    """
    header = leads.first
    if may_wait and is_plain(stack, options):
        array, notes = _left_unread(stack, threads, room), _NONE
    else:
        array, notes = _read(stack, threads, room)
    gradients, doubts = gradients_of(stack)
    facts, step_s = facts_and_step(stack, leads, keep=options.keep)
    loaded = _mapped(array, stack, options, room)
    volume = Volume(
        array=loaded.array,
        affine_lps=stack.grid.affine(),
        is_placed=stack.grid.is_placed,
        is_sheared=stack.grid.is_sheared,
        mapping=loaded.mapping,
        units=_units(header, loaded, facts),
        step_s=step_s,
        is_3d_acquisition=header.text("MRAcquisitionType") == "3D",
        facts=facts,
        split=stack.split,
        notes=(*stack.notes, *notes, *loaded.notes, *doubts, *_value_notes(stack, header, loaded, options.choices)),
        sources=tuple(tuple(f.source for f in v) for v in stack.frames),
        series_instance_uid=header.redacted.series_instance_uid,
        study_instance_uid=header.redacted.study_instance_uid,
        gradients=gradients,
    )
    return _cast(_regridded(volume, stack), options, room)


def _left_unread(stack: Stack, threads: int, room: Room) -> Array:
    """An `Unread`, for all who take it for an array."""

    def whole() -> Array:
        array, notes = _read(stack, threads, room)
        if notes:
            raise JunkBitsError(notes[0].text)
        return array

    return cast("Array", unread(stack, whole, threads, room))


def _units(header: Header, loaded: _Loaded, facts: Mapping[str, Any]) -> str:
    """Unit of the values: of the tables that they were looked up in, else of the header, as it may leave."""
    if loaded.units is not None:
        return redacted_units(header, loaded.units, "")
    return redacted_units(header, units_of(header), units_of(header.redacted)) or facts.get("Units", "")


def _read(stack: Stack, threads: int, room: Room) -> tuple[Array, tuple[Note, ...]]:
    """Stored samples, (volumes, slices, rows, columns[, 3]), with only the stored bits in them."""
    layout = stack.first.pixels.layout
    sample = (3,) if layout.is_colour else ()
    shape = (stack.volumes, len(stack.frames[0]), layout.rows, layout.columns, *sample)
    array = room.empty(shape, pixels.array_type(layout))
    _fill(array.reshape(-1, *shape[2:]), stack.all_frames, threads)
    if layout.is_colour:
        return array, ()
    is_junk = _clean(array, [f.pixels.layout for f in stack.all_frames])
    return array, (note("pixels.junk-bits"),) if is_junk else ()


def _fill(out: Array, frames: Sequence[Frame], threads: int) -> None:
    """Read frames, a part of them at a time, so that those in a file need not stay in memory."""
    step = max(1, _AT_A_TIME_BYTES // max(1, out[0].nbytes)) if is_in_a_file(out) else len(frames)
    for start in range(0, len(frames), step):
        pixels.read_into(frames[start : start + step], out[start : start + step], threads=threads)
        let_go(out)


_AT_A_TIME_BYTES = 32 << 20
"""Of a volume that is too large for the memory."""


def _clean(array: Array, layouts: Sequence[PixelLayout]) -> bool:
    """Mask and sign-extend by Bits Stored, in place (PS3.5 8.1.1); True where something had to be masked."""
    stored = {(lay.bits_stored, lay.high_bit) for lay in layouts}
    if len(stored) == 1:
        bits, high = stored.pop()
        return _clean_one(array, bits, high)
    flat = array.reshape(len(layouts), *array.shape[2:])
    cleaned = [_clean_one(one, lay.bits_stored, lay.high_bit) for one, lay in zip(flat, layouts, strict=True)]
    return any(cleaned)


def _clean_one(array: Array, bits: int, high: int) -> bool:
    if high != bits - 1:
        _check_left_justified(array, high - bits + 1)
    is_junk = high == bits - 1 and values.has_junk_bits(array, bits)
    if is_junk or high != bits - 1:
        values.clean_bits(array, bits, high)
    return is_junk


def _check_left_justified(array: Array, below: int) -> None:
    """Refuse samples with bits below the stored ones: more often High Bit is wrong than that these are junk."""
    if (array & ((1 << below) - 1)).any():
        raise PixelError(
            "(0028,0102) HighBit says that samples are left-justified, but they have bits set below that.",
            "",
            "Correct HighBit to BitsStored - 1 if the samples are right-justified.",
            "header.inconsistent",
        )


# --- values ----------------------------------------------------------------------------------------------


def _mapped(array: Array, stack: Stack, options: LoadOptions, room: Room) -> _Loaded:
    """The array with its rescale pending, applied or ignored, as the options ask; or looked up in tables."""
    layout = stack.first.pixels.layout
    if layout.is_colour:
        return _Loaded(array, ValueMapping())
    if stack.may_have_table and options.values is not Values.STORED:
        found = import_module("convkit.series.modality_table").looked_up(array, stack, room)  # few images have one
        if found is not None:
            mapping = ValueMapping(state=MappingState.APPLIED)
            return _Loaded(found.array, mapping, found.notes, found.units, is_looked_up=True)
    return _rescaled(array, stack, options, room)


def _rescaled(array: Array, stack: Stack, options: LoadOptions, room: Room) -> _Loaded:
    frames = stack.all_frames
    is_uniform = len(stack.rescales) == 1
    told = frames[:1] if is_uniform else frames
    slopes, intercepts = numbers = tuple(f.kind.slope for f in told), tuple(f.kind.intercept for f in told)
    narrow = values.narrowed(array, max(source.layout.bits_stored for source in stack.sources))
    if options.values is Values.STORED:
        ignored = (note("values.modality-lut", _NOT_LOOKED_UP),) if stack.may_have_table else ()
        return _Loaded(narrow, ValueMapping(*numbers, MappingState.IGNORED), ignored, "")
    if not is_uniform:
        real = _rescaled_by_slice(array, slopes, intercepts, room)
        return _Loaded(real, ValueMapping(*numbers, MappingState.APPLIED), (note("values.per-slice-rescale"),))
    if options.values is Values.RESCALED or not values.is_carried_by_float32(slopes[0], intercepts[0]):
        real = values.apply_linear(narrow, slopes[0], intercepts[0], empty=room.empty)
        return _Loaded(real, ValueMapping(*numbers, MappingState.APPLIED))
    return _Loaded(narrow, ValueMapping(*numbers))


_NOT_LOOKED_UP = "The images have a Modality LUT Sequence, which was not applied, because stored values were asked for."


def _rescaled_by_slice(array: Array, slopes: Sequence[float], intercepts: Sequence[float], room: Room) -> Array:
    """Each slice by its own slope and intercept, float32 where that holds them."""
    stored = array.reshape(-1, *array.shape[2:])
    pairs = list(zip(slopes, intercepts, strict=True))
    ends = [end * np.float64(s) + i for one, (s, i) in zip(stored, pairs, strict=True) for end in slab_ends(one)]
    real = room.empty(array.shape, values.float_type(array.dtype, np.array(ends)))
    for out, one, (slope, intercept) in zip(real.reshape(stored.shape), stored, pairs, strict=True):
        out[...] = one * np.float64(slope) + np.float64(intercept)
        let_go(out)
        let_go(one)
    return real


def _value_notes(stack: Stack, header: Header, loaded: _Loaded, choices: ValueChoices) -> tuple[Note, ...]:
    codes = dict.fromkeys(code for kind in stack.kinds for code in kind.value_codes)
    if any(map(pixels.has_surplus, stack.sources)):
        codes["pixels.surplus"] = None
    return (*_rescale_notes(header, loaded, choices), *map(note, codes), *_kind(header))


def _rescale_notes(header: Header, loaded: _Loaded, choices: ValueChoices) -> tuple[Note, ...]:
    if loaded.is_looked_up:
        return ()
    return (note("values.real-world"),) if real_world_units(header) else rescale_notes(header, choices)


def _kind(header: Header) -> tuple[Note, ...]:
    """What the image is, where it is no plain picture of the patient (PS3.3 C.7.6.1.1.2)."""
    words = header.texts("FrameType") or header.texts("ImageType")
    derived = (note("series.derived"),) if words[:1] == ("DERIVED",) else ()
    return (*derived, note("series.localizer")) if "LOCALIZER" in words else derived


def _cast(volume: Volume, options: LoadOptions, room: Room) -> Volume:
    if options.dtype == "auto":
        return volume
    return replace(volume, array=values.cast(volume.array, options.dtype, empty=room.empty))


# --- another grid ----------------------------------------------------------------------------------------


def _regridded(volume: Volume, stack: Stack) -> Volume:
    if stack.coordinates is None and not stack.deskew:
        return volume
    if volume.is_colour:
        raise UnsupportedError("Colour volumes are not resampled.", "", "Choose --irregular keep or --tilt keep.")
    resample = import_module("convkit.series.resample")  # SimpleITK takes 0.3 s to import and is seldom needed
    if stack.coordinates is not None:
        volume = resample.evened(volume, stack.coordinates)
    result: Volume = resample.upright(volume) if stack.deskew else volume
    return result
