"""From a file into the place in the array: native samples directly, compressed ones through the codecs.

Values are as stored: no rescale, no windowing. Colour comes out as RGB, three bytes a pixel.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.dicom import syntaxes
from convkit.dicom._quiet import quiet_pydicom
from convkit.dicom.header import Header
from convkit.errors import MissingAttributeError, PixelError
from convkit.model import values
from convkit.model.frame import Frame, Picture, PixelLayout, PixelSource

_ALLOWED_BITS = frozenset({1, 8, 16, 32, 64})
_DIRECT_PHOTOMETRICS = frozenset({"MONOCHROME1", "MONOCHROME2", "RGB"})


LAYOUT_KEYWORDS = (
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
)
"""Everything that the layout of an instance depends on."""


def source_of(instance: Header, layout: PixelLayout) -> PixelSource:
    """Where the pixels of an object lie; whether they are all there is for `check_complete` to say.

    Parameters
    ----------
    instance : Header
    layout : PixelLayout
        Of one frame.

    Raises
    ------
    MissingAttributeError
        There are no Pixel Data.
    """
    parsed = instance.parsed
    if not parsed.pixel_keyword:
        raise MissingAttributeError("(7FE0,0010) PixelData is missing.", instance.path, "", "pixels.missing")
    picture = instance.unfolded.picture if instance.unfolded else None
    return PixelSource(
        instance.path,
        parsed.pixel_offset,
        parsed.pixel_length,
        instance.transfer_syntax,
        layout,
        instance.frames,
        picture,
    )


def layout_of(header: Header) -> PixelLayout:
    """How the samples are stored.

    Raises
    ------
    MissingAttributeError
        Rows, Columns, Bits Allocated and the like are missing or no legal values.
    """
    rows, columns = _count(header, "Rows", "0028,0010"), _count(header, "Columns", "0028,0011")
    allocated = _count(header, "BitsAllocated", "0028,0100")
    if allocated not in _ALLOWED_BITS:
        raise MissingAttributeError(
            "(0028,0100) BitsAllocated is not 1, 8, 16, 32 or 64.", header.path, "", "header.inconsistent"
        )
    stored = header.integer("BitsStored") or allocated
    high = header.integer("HighBit")
    high = stored - 1 if high is None else high
    if not (0 < stored <= allocated and stored - 1 <= high < allocated):
        raise MissingAttributeError(
            "(0028,0101) BitsStored and (0028,0102) HighBit do not fit (0028,0100) BitsAllocated.",
            header.path,
            "",
            "header.inconsistent",
        )
    samples = header.integer("SamplesPerPixel") or 1
    if samples not in {1, 3}:
        raise MissingAttributeError(
            "(0028,0002) SamplesPerPixel is neither 1 nor 3.", header.path, "", "header.inconsistent"
        )
    return PixelLayout(
        rows,
        columns,
        samples,
        allocated,
        stored,
        high,
        is_signed=header.integer("PixelRepresentation") == 1,
        photometric=header.text("PhotometricInterpretation") or "MONOCHROME2",
        is_planar=samples == 3 and header.integer("PlanarConfiguration") == 1,
    )


def _count(header: Header, keyword: str, tag: str) -> int:
    count = header.integer(keyword)
    if not count or count < 0:
        raise MissingAttributeError(
            f"({tag}) {keyword} is missing or zero.", header.path, "", "header.missing-attribute"
        )
    return count


def check_complete(source: PixelSource, size: int) -> None:
    """Hold what the header promises against the size of the file.

    Raises
    ------
    PixelError
        Pixel Data are shorter than the header says.
    """
    need = source.stored_bytes
    if source.layout.photometric == "YBR_FULL_422" and source.transfer_syntax in syntaxes.NATIVE:
        need = need * 2 // 3  # PS3.3 C.7.6.3.1.2: two chrominance samples for two pixels
    if source.transfer_syntax not in syntaxes.NATIVE or source.offset is None:
        if source.offset is not None and source.offset >= size:
            raise PixelError(
                "Pixel Data are missing from the end of the file.",
                source.path,
                "Copy the file again from its source.",
                "pixels.truncated",
            )
        return
    if source.length >= 2 * need > 0:
        raise PixelError(
            f"Pixel Data hold {source.length} bytes where the header promises {need}: more images, or wider samples, "
            "than it says.",
            source.path,
            "",
            "header.inconsistent",
        )
    there = size - source.offset if source.length < 0 else min(source.length, size - source.offset)
    if there < need:
        code = "pixels.too-large" if need > 64 * max(size, 1) else "pixels.truncated"
        raise PixelError(
            f"Pixel Data hold {max(there, 0)} bytes where the header promises {need}.",
            source.path,
            "Copy the file again from its source.",
            code,
        )


def has_surplus(source: PixelSource) -> bool:
    """True where native Pixel Data are longer than one frame and the byte that makes its length even."""
    return source.transfer_syntax in syntaxes.NATIVE and source.length > source.stored_bytes + 1


def read_into(frames: Sequence[Frame], out: NDArray[Any], *, threads: int = 1) -> None:
    """Read frames into their places.

    Parameters
    ----------
    frames : sequence of Frame
        Those of one object that follow each other here are read together.
    out : (frames, rows, columns) of the stored type, or (frames, rows, columns, 3) uint8, C-contiguous
        Filled with stored samples; bits above Bits Stored are left as they are in the file.
    threads : int
        How many may read at once. Codecs always work alone.

    Raises
    ------
    PixelError
        A file is shorter than its header says, or its compressed data cannot be decoded.
    """
    groups = [list(group) for _, group in groupby(frames, key=lambda f: f.instance)]
    if threads > 1 and not all(is_native(group[0].pixels) for group in groups):
        threads = 1
    objects: list[_Object] = []
    start = 0
    for part in (part for group in groups for part in _parts(group, threads)):
        objects.append((part[0].pixels, [f.place for f in part], out[start : start + len(part)]))
        start += len(part)
    if threads == 1 or len(objects) < threads:
        _read_objects(objects)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(_read_objects, objects[t::threads]) for t in range(threads)]:
            done.result()


def _parts(frames: list[Frame], threads: int) -> Iterator[list[Frame]]:
    """Yield the frames of one object, in as many parts as threads may read where they are pictures of their own."""
    source = frames[0].pixels
    is_large = len(frames) * source.layout.bytes_per_frame >= _LARGE_BYTES
    each = -(-len(frames) // threads) if is_large and source.picture is None else len(frames)
    yield from (frames[start : start + each] for start in range(0, len(frames), each))


_LARGE_BYTES = 16 << 20
"""From here on a second thread saves more than it costs to start."""

_Object = tuple[PixelSource, list[int], NDArray[Any]]
"""An object, the places of some of its frames, and where they are to be read to."""


def _read_objects(objects: Sequence[_Object]) -> None:
    scratch: dict[tuple[Any, ...], NDArray[Any]] = {}  # one picture for all of a size: memory that is new is slow
    for source, places, out in objects:
        if source.picture is None:
            _read_object(source, places, out)
            continue
        shape = 1, source.picture.rows, source.picture.columns, *out.shape[3:]
        whole = scratch.get((shape, out.dtype))
        if whole is None:
            whole = scratch[shape, out.dtype] = np.empty(shape, out.dtype)
        _read_tiles(source, source.picture, places, out, whole)


def _read_object(source: PixelSource, indices: Sequence[int], out: NDArray[Any]) -> None:
    """Read frames of one object."""
    if is_direct(source):
        _read_direct(source, indices, out)
    else:
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
    try:
        with io.FileIO(source.path) as file:
            for start, stop in _runs(indices):
                file.seek((source.offset or 0) + indices[start] * layout.bytes_per_frame)
                if layout.is_planar:
                    _read_planes(file, out[start:stop], source.path)
                else:
                    _fill(file, out[start:stop].data.cast("B"), source.path)
    except OSError as err:
        raise PixelError(
            f"The file cannot be read ({err.strerror}).", source.path, "Check the disk.", "input.unreadable"
        ) from err
    if source.transfer_syntax == syntaxes.EXPLICIT_BIG_ENDIAN:
        out.byteswap(inplace=True)


def _runs(indices: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of frames that follow each other in the file, to be read at once."""
    start = 0
    for place in range(1, len(indices) + 1):
        if place == len(indices) or indices[place] != indices[place - 1] + 1:
            yield start, place
            start = place


def _read_planes(file: io.FileIO, out: NDArray[Any], path: str) -> None:
    """Read frames whose colours lie plane by plane (PS3.3 C.7.6.3.1.3)."""
    planes = np.empty((len(out), 3, *out.shape[1:3]), out.dtype)
    _fill(file, planes.data.cast("B"), path)
    out[...] = planes.transpose(0, 2, 3, 1)


def _fill(file: io.FileIO, view: memoryview, path: str) -> None:
    done = 0
    while done < len(view):
        count = file.readinto(view[done:])
        if not count:
            raise PixelError(
                "The file ends inside Pixel Data.", path, "Copy the file again from its source.", "pixels.truncated"
            )
        done += count


def _decode(source: PixelSource, indices: Sequence[int], out: NDArray[Any]) -> None:
    codecs = import_module("convkit.dicom._codecs")  # pydicom and its plug-ins, only for what needs them
    try:
        with quiet_pydicom():
            decoded = codecs.decode(source.path, indices, is_colour=source.layout.is_colour)
            for place, frame in zip(out, decoded, strict=True):
                _put(frame, place, source)
    except (MemoryError, PixelError):
        raise
    except Exception as err:
        raise PixelError(
            f"The pixel data cannot be decoded ({type(err).__name__}, transfer syntax {source.transfer_syntax}).",
            source.path,
            "Copy the file again from its source.",
            "pixels.undecodable",
        ) from err


def _put(decoded: NDArray[Any], out: NDArray[Any], source: PixelSource) -> None:
    if decoded.shape != out.shape:
        raise PixelError(
            "The decoded image has another size than the header says.", source.path, "", "header.inconsistent"
        )
    out[...] = decoded if decoded.dtype == out.dtype else _same_bits(decoded, out.dtype, source)


def _same_bits(decoded: NDArray[Any], dtype: np.dtype[Any], source: PixelSource) -> NDArray[Any]:
    """Decoded samples as the stored type; only a change that keeps every value is allowed."""
    changed = decoded.astype(dtype)
    if not np.array_equal(changed.astype(np.int64), decoded.astype(np.int64)):
        raise PixelError(
            "The decoded samples do not fit Bits Allocated and Pixel Representation.",
            source.path,
            "",
            "header.inconsistent",
        )
    return changed


def array_type(layout: PixelLayout) -> np.dtype[Any]:
    """Type of the array that `read_into` fills."""
    return (
        np.dtype(np.uint8)
        if layout.is_colour
        else values.stored_dtype(layout.bits_allocated, is_signed=layout.is_signed)
    )
