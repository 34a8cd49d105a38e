"""From a file into the place in the array: native samples directly, compressed ones through the codecs.

Values are as stored: no rescale, no windowing. Colour comes out as RGB, three bytes a pixel. `convkit.dicom.samples`
reads one frame of anything; this module fills volumes, and gives the plain case all the speed that there is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from itertools import groupby
from operator import itemgetter
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.dicom import codecs, native, pixel_source, syntaxes
from convkit.dicom.pixel_source import (
    LAYOUT_KEYWORDS,
    SOURCE_KEYWORDS,
    check_complete,
    has_another_frame,
    layout_of,
    source_of,
    source_of_all,
    stored_layout_of,
)
from convkit.errors import ConvkitError, PixelError
from convkit.model import values
from convkit.model.frame import Frame, Picture, PixelLayout, PixelSource
from convkit.model.notes import CODES
from convkit.storage.files import Raw, opened, prefetch, status

__all__ = [
    "LAYOUT_KEYWORDS",
    "SOURCE_KEYWORDS",
    "array_type",
    "check_complete",
    "has_another_frame",
    "has_surplus",
    "is_native",
    "layout_of",
    "read_into",
    "source_of",
    "source_of_all",
    "stored_layout_of",
]

_DIRECT_PHOTOMETRICS = frozenset({"MONOCHROME1", "MONOCHROME2", "RGB"})


def read_into(frames: Sequence[Frame], out: NDArray[Any], *, threads: int = 1) -> None:
    """Read frames into their places.

    Parameters
    ----------
    frames : sequence of Frame
        Those of one object that follow each other here are read together.
    out : (frames, rows, columns) of the stored type, or (frames, rows, columns, 3) uint8, C-contiguous
        Filled with stored samples; bits above Bits Stored are left as they are in the file.
    threads : int
        How many may read at once; each has a codec process of its own.

    Raises
    ------
    PixelError
        A file is shorter than its header says, or its compressed data cannot be decoded.
    """
    groups = [list(group) for _, group in groupby(frames, key=lambda f: f.instance)]
    if threads > 1 and not all(_may_share(group[0].pixels) for group in groups):
        threads = 1
    objects: list[_Object] = []
    start = 0
    for part in (part for group in groups for part in _parts(group, threads)):
        objects.append((part[0].pixels, [f.place for f in part], out[start : start + len(part)]))
        start += len(part)
    if threads == 1 or len(objects) < threads:
        _read_objects(objects)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 (pictures need none)

    with ThreadPoolExecutor(threads) as pool:
        failures = list(pool.map(_failure, (objects[t::threads] for t in range(threads))))
    if any(source.transfer_syntax in syntaxes.CODECS for source, _, _ in objects):
        codecs.end_more()
    found = [(each[0] * threads + t, each[1]) for t, each in enumerate(failures) if each]
    if found:
        raise min(found, key=itemgetter(0))[1]  # the one that a single thread would have met


def _failure(objects: Sequence[_Object]) -> tuple[int, ConvkitError] | None:
    """Read some objects: the place of the first that cannot be read, and why; None where all can."""
    for place, one in enumerate(_prefetched(objects)):
        try:
            one()
        except ConvkitError as err:
            return place, err
    return None


def _may_share(source: PixelSource) -> bool:
    """True where threads may read frames of an object side by side: no stream has to be inflated as a whole."""
    return is_native(source) or (source.transfer_syntax in syntaxes.CODECS and source.offset is not None)


def _parts(frames: list[Frame], threads: int) -> Iterator[list[Frame]]:
    """Yield the frames of one object, in as many parts as threads may read where they are pictures of their own."""
    source = frames[0].pixels
    is_large = len(frames) * source.layout.bytes_per_frame >= _LARGE_BYTES
    each = -(-len(frames) // threads) if is_large and source.picture is None else len(frames)
    yield from (frames[start : start + each] for start in range(0, len(frames), each))


_LARGE_BYTES = 16 << 20
"""From here on a second thread saves more than it costs to start."""

_FETCHED_AT_ONCE = 32
"""Objects that are fetched side by side, where they lie in storage."""

_Object = tuple[PixelSource, list[int], NDArray[Any]]
"""An object, the places of some of its frames, and where they are to be read to."""


def _read_objects(objects: Sequence[_Object]) -> None:
    for read in _prefetched(objects):
        read()


def _prefetched(objects: Sequence[_Object]) -> Iterator[Callable[[], None]]:
    """Yield what reads each object."""
    scratch: dict[tuple[Any, ...], NDArray[Any]] = {}  # one picture for all of a size: memory that is new is slow
    for number, (source, places, out) in enumerate(objects):
        if number % _FETCHED_AT_ONCE == 0:
            prefetch([each[0].path for each in objects[number : number + _FETCHED_AT_ONCE]], is_whole=True)
        if source.picture is None:
            yield partial(_read_object, source, places, out)
            continue
        shape = 1, source.picture.rows, source.picture.columns, *out.shape[3:]
        whole = scratch.get((shape, out.dtype))
        if whole is None:
            whole = scratch[shape, out.dtype] = np.empty(shape, out.dtype)
        yield partial(_read_tiles, source, source.picture, places, out, whole)


def _read_object(source: PixelSource, indices: Sequence[int], out: NDArray[Any]) -> None:
    """Read frames of one object."""
    if is_direct(source):
        _read_direct(source, indices, out)
    else:
        _check_unchanged(source)
        _decode(source, indices, out)


def is_native(source: PixelSource) -> bool:
    """True where no frame of an object needs a codec, tiles or not."""
    return is_direct(source._replace(layout=source.stored_layout))


def _read_tiles(
    source: PixelSource, picture: Picture, indices: Sequence[int], out: NDArray[Any], whole: NDArray[Any]
) -> None:
    """Read a picture once, and cut it into its tiles."""
    _read_object(source._replace(layout=source.stored_layout, frames=1, picture=None), [0], whole)
    rows, columns = out.shape[1:3]
    start = 0
    if list(indices) == list(range(len(indices))):  # in order: whole rows of tiles at once
        down = len(indices) // picture.across
        start = down * picture.across
        tiles = whole[0, : down * rows].reshape(down, rows, picture.across, columns, *out.shape[3:])
        out[:start].reshape(down, picture.across, *out.shape[1:])[...] = tiles.swapaxes(1, 2)
    for place, index in zip(out[start:], indices[start:], strict=True):
        down, right = divmod(index, picture.across)
        place[...] = whole[0, down * rows : (down + 1) * rows, right * columns : (right + 1) * columns]


def is_direct(source: PixelSource) -> bool:
    """True where the samples need no codec."""
    layout = source.layout
    swapped_bytes = source.transfer_syntax == syntaxes.EXPLICIT_BIG_ENDIAN and layout.bits_allocated == 8
    return (
        syntaxes.is_direct(source.transfer_syntax)
        and source.offset is not None
        and layout.bits_allocated >= 8
        and layout.photometric in _DIRECT_PHOTOMETRICS
        and not swapped_bytes
        and (layout.samples == 1 or layout.bits_allocated == 8)
    )


def _read_direct(source: PixelSource, indices: Sequence[int], out: NDArray[Any]) -> None:
    layout = source.layout
    if len(indices) > 1 or layout.is_planar or not _is_read_at_once(source, indices[0], out):
        _read_with_care(source, indices, out)
    if source.transfer_syntax == syntaxes.EXPLICIT_BIG_ENDIAN:
        out.byteswap(inplace=True)


def _is_read_at_once(source: PixelSource, index: int, out: NDArray[Any]) -> bool:
    """Read one frame; False where it needs more care: a file object alone would take as long as a small frame does."""
    if not hasattr(os, "preadv"):
        return False
    try:
        file = os.open(source.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe in its place does not block
    except (OSError, ValueError):
        return False  # a member of an archive, an object in storage, or no file at all
    try:
        now = os.fstat(file)
        if source.stamp is not None and (now.st_size, now.st_mtime_ns) != source.stamp:
            raise _changed(source)
        return os.preadv(file, [out.data], (source.offset or 0) + index * source.layout.bytes_per_frame) == out.nbytes
    except OSError:
        return False
    finally:
        os.close(file)


def _read_with_care(source: PixelSource, indices: Sequence[int], out: NDArray[Any]) -> None:
    layout = source.layout
    _check_unchanged(source)
    try:
        with opened(source.path, is_checked=True) as file:
            for start, stop in _runs(indices):
                file.seek((source.offset or 0) + indices[start] * layout.bytes_per_frame)
                if layout.is_planar:
                    _read_planes(file, out[start:stop], source)
                else:
                    native.fill(file, out[start:stop].data.cast("B"), source)
    except OSError as err:
        raise native.unreadable(source, err) from err


def _check_unchanged(source: PixelSource) -> None:
    """Refuse a file that is not the one whose header was read: its pixels may lie elsewhere, or belong to another."""
    if source.stamp is None:
        return
    try:
        now = status(source.path)
    except OSError as err:
        raise native.unreadable(source, err) from err
    if (now.size, now.modified_ns) != source.stamp:
        raise _changed(source)


def _changed(source: PixelSource) -> PixelError:
    known = CODES["input.changed"]
    return PixelError(known.meaning, source.path, known.hint, "input.changed")


def _runs(indices: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of frames that follow each other in the file, to be read at once."""
    start = 0
    for place in range(1, len(indices) + 1):
        if place == len(indices) or indices[place] != indices[place - 1] + 1:
            yield start, place
            start = place


def _read_planes(file: Raw, out: NDArray[Any], source: PixelSource) -> None:
    """Read frames whose colours lie plane by plane (PS3.3 C.7.6.3.1.3)."""
    planes = np.empty((len(out), 3, *out.shape[1:3]), out.dtype)
    native.fill(file, planes.data.cast("B"), source)
    out[...] = planes.transpose(0, 2, 3, 1)


def has_surplus(source: PixelSource) -> bool:
    """True where there are more pixels than the header promises: bytes, or compressed frames.

    Raises
    ------
    PixelError, UnsupportedError
        The frames cannot be told apart.
    """
    return pixel_source.has_surplus(source) or (not is_native(source) and _samples().surplus_of(source) > 0)


def _samples() -> ModuleType:
    """What reads any frame; few files need it."""
    return import_module("convkit.dicom.samples")


def _decode(source: PixelSource, indices: Sequence[int], out: NDArray[Any]) -> None:
    samples = _samples()
    for place, index in zip(out, indices, strict=True):
        decoded = (
            samples.read_rgb(source, index)
            if source.layout.is_colour
            else samples.read_stored(source, index, is_clean=False)
        )
        place[...] = decoded


def array_type(layout: PixelLayout) -> np.dtype[Any]:
    """Type of the array that `read_into` fills."""
    return (
        np.dtype(np.uint8)
        if layout.is_colour
        else values.stored_dtype(layout.bits_allocated, is_signed=layout.is_signed)
    )
