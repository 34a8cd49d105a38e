"""Decodes one frame: checks what the stream says against the header, then tries one codec after the other.

Nothing is believed that was not checked: a codec whose output has another size, or values that the header has no room
for, has failed. Colours stay as they are stored; see `photometric`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.dicom import syntaxes
from convkit.dicom.codecs.child import codec
from convkit.dicom.codecs.isolation import CREW, FailedError
from convkit.dicom.codecs.table import SCHEMES, Plugin, Scheme
from convkit.dicom.codecs.task import CorruptError, Decoded, Stream, StreamError, Task
from convkit.errors import PixelError
from convkit.model import values
from convkit.model.frame import PixelLayout

LARGEST_FRAME_BYTES = 2 << 30
"""A frame above this is refused: 30,000 x 30,000 samples of 16 bits are far beyond any detector."""

PLAUSIBLE_FRAME_BYTES = 64 << 20
"""Up to here any compression is believed, because an empty picture has next to no bytes."""

PLAUSIBLE_RATIO = 1000
"""Above that size, a frame this many times as long as its stream is taken for a trap: real pictures that large have
noise, and are compressed by 2 to 50."""

_COPY_AGAIN = "Copy the file again from its source."


class Coded(NamedTuple):
    """What a codec must know of the stream.

    Attributes
    ----------
    transfer_syntax : str
        Transfer Syntax UID.
    layout : PixelLayout
        Of one whole stored picture.
    """

    transfer_syntax: str
    layout: PixelLayout


def decode(data: bytes, coded: Coded, *, where: str, frame: int) -> NDArray[Any]:
    """Stored samples of one frame.

    No colours are converted, but a component transformation of JPEG 2000 is undone, as the standard asks (PS3.5
    8.2.4). Bits above Bits Stored are as the stream has them.

    Parameters
    ----------
    data : bytes
        The stream: all fragments of the frame.
    coded : Coded
    where : str
        Path of the file, for messages.
    frame : int
        Index of the frame, from 0; messages count from 1.

    Returns
    -------
    (rows, columns) or (rows, columns, samples), C order, writeable
        Of `convkit.model.values.stored_dtype`.

    Raises
    ------
    PixelError
        Too large to be true, contradicted by the stream, damaged, or of a syntax that no codec opens.
    """
    place = _Place(coded.transfer_syntax, where, frame)
    scheme = SCHEMES.get(coded.transfer_syntax)
    if scheme is None:
        is_video = coded.transfer_syntax in syntaxes.VIDEO
        code = "object.video" if is_video else "object.unknown-syntax"
        raise place.error(syntaxes.why_not(coded.transfer_syntax), "", code)
    _check_size(coded.layout, len(data), place)
    stream = _stream(scheme, data, coded.layout, place)
    task = _task(coded.layout, stream)
    failures: list[str] = []
    for plugin in scheme.plugins:
        try:
            return _finished(_run(plugin, data, task), task, coded.layout, scheme)
        except FailedError as err:
            failures.append(f"{plugin.name}: {err}")
        except CorruptError:
            raise place.error(f"{plugin.name} finds its data damaged") from None
    raise place.error("; ".join(failures))


def end_more() -> None:
    """End the codec processes that threads have had, but the first: for who has no threads now."""
    CREW.dismiss()


def photometric(data: bytes, coded: Coded) -> str:
    """What the colours of a decoded frame are: Photometric Interpretation, put right by the stream.

    JPEG says more than the header at times: component identifiers R, G, B mean RGB, and a JFIF header means YCbCr,
    even where the header says RGB. A component transformation of JPEG 2000 is undone, which leaves RGB.
    """
    said = coded.layout.photometric
    if said in {"YBR_RCT", "YBR_ICT"}:
        return "RGB"
    scheme = SCHEMES.get(coded.transfer_syntax)
    if scheme is None or scheme.inspect is None or coded.layout.samples != 3:
        return said
    try:
        better = scheme.inspect(data).photometric
    except StreamError:
        return said
    is_known = not better or (better.startswith("YBR") and said.startswith("YBR"))
    return said if is_known else better


class _Place(NamedTuple):
    """What is decoded, for messages."""

    syntax: str
    where: str
    frame: int

    def error(self, why: str, hint: str = _COPY_AGAIN, code: str = "pixels.undecodable") -> PixelError:
        what = f"Frame {self.frame + 1} cannot be decoded as {syntaxes.name(self.syntax)} ({self.syntax}): {why}."
        return PixelError(what, self.where, hint, code)


def _check_size(layout: PixelLayout, stream_bytes: int, place: _Place) -> None:
    """Refuse a frame that no memory should be set aside for."""
    size = layout.bytes_per_frame
    if size > LARGEST_FRAME_BYTES:
        why = f"it would take {size} bytes, and {LARGEST_FRAME_BYTES} is the limit"
    elif size > PLAUSIBLE_FRAME_BYTES and size > PLAUSIBLE_RATIO * stream_bytes:
        why = f"it would take {size} bytes, made from {stream_bytes}, which no real picture does"
    else:
        return
    raise place.error(why, "", "pixels.too-large")


def _stream(scheme: Scheme, data: bytes, layout: PixelLayout, place: _Place) -> Stream:
    """What the stream says of itself, held against the header."""
    if scheme.inspect is None:
        return Stream(
            layout.rows, layout.columns, layout.samples, layout.bits_allocated, layout.is_signed, place.syntax
        )
    try:
        stream = scheme.inspect(data)
    except StreamError as err:
        raise place.error(str(err)) from None
    there = stream.rows, stream.columns, stream.samples
    promised = layout.rows, layout.columns, layout.samples
    if there != promised:
        sizes = [" x ".join(map(str, size)) for size in (there, promised)]
        why = f"it holds {sizes[0]} samples (rows x columns x colours), and the header promises {sizes[1]}"
        raise place.error(why, "", "header.inconsistent")
    if stream.precision > max(layout.bits_allocated, 8):
        why = f"it holds samples of {stream.precision} bits, and the header allocates {layout.bits_allocated}"
        raise place.error(why, "", "header.inconsistent")
    return stream


def _task(layout: PixelLayout, stream: Stream) -> Task:
    return Task(
        layout.rows,
        layout.columns,
        layout.samples,
        layout.bits_allocated,
        stream.precision,
        stream.is_signed,
        layout.is_planar,
        layout.photometric,
        stream.syntax,
    )


def _run(plugin: Plugin, data: bytes, task: Task) -> Decoded:
    """Let a codec decode a frame; `FailedError` says how it failed."""
    if plugin.is_isolated:
        return CREW.run(plugin.function, data, task)
    try:
        return codec(plugin.function)(data, task)
    except MemoryError:
        raise
    except ImportError:
        raise FailedError("not installed") from None
    except Exception as err:
        raise FailedError(type(err).__name__) from err


def _finished(decoded: Decoded, task: Task, layout: PixelLayout, scheme: Scheme) -> NDArray[Any]:
    """Samples in their shape, with their sign, in the stored type."""
    samples = np.frombuffer(decoded.buffer, f"u{decoded.sample_bytes}")
    dtype = values.stored_dtype(layout.bits_allocated, is_signed=layout.is_signed)
    if samples.size != task.size or samples.itemsize > dtype.itemsize:
        raise FailedError("wrong size")
    samples = scheme.sign(_shaped(samples, task, is_planar=decoded.is_planar), task, layout)
    stored = samples.view(dtype) if samples.itemsize == dtype.itemsize else samples.astype(dtype)
    return stored if stored.flags.writeable else stored.copy()


def _shaped(samples: NDArray[Any], task: Task, *, is_planar: bool) -> NDArray[Any]:
    """(rows, columns) or (rows, columns, samples), C order."""
    if task.samples == 1:
        return samples.reshape(task.rows, task.columns)
    if not is_planar:
        return samples.reshape(task.rows, task.columns, task.samples)
    planes = samples.reshape(task.samples, task.rows, task.columns)
    return np.ascontiguousarray(planes.transpose(1, 2, 0))
