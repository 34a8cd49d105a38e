"""Blanks boxes in pixel data: what is outside of them keeps its bytes.

Native pixels are changed where they lie, in their own transfer syntax. Compressed ones are decoded and become native,
Explicit VR Little Endian: every reader has that, and nothing is lost a second time.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.deid.pixels.box import Box
from convkit.deid.pixels.image import Image
from convkit.deid.pixels.look import Extent
from convkit.dicom import colour, native, samples, syntaxes
from convkit.dicom.tree import Element, Span, Tree
from convkit.errors import InputError
from convkit.model.frame import PixelLayout, PixelSource
from convkit.storage.files import opened, unreadable

Array = NDArray[Any]

_PHOTOMETRIC, _PLANAR, _LOSSY = 0x00280004, 0x00280006, 0x00282110
_OFFSETS = 0x7FE00001, 0x7FE00002
"""Extended Offset Table and its lengths: of compressed pixels alone."""

_LOSSY_ALWAYS = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"})
"""JPEG processes that cannot be lossless: what was compressed by them stays lossy (PS3.3 C.7.6.1.1.5)."""

_JPEG_FAMILY = syntaxes.JPEG | syntaxes.JPEG_LS | syntaxes.JPEG_2000


class Blanked(NamedTuple):
    """What takes the place of the pixel data.

    Attributes
    ----------
    changes : mapping of int to Element or None
        By tag; None where the element is to go.
    transfer_syntax : str or None
        The new one; None where it stays.
    """

    changes: dict[int, Element | None]
    transfer_syntax: str | None


def blanked(tree: Tree, image: Image, boxes: Sequence[Box], extent: Extent) -> Blanked:
    """The pixel data with boxes blank in all frames.

    Raises
    ------
    InputError
        They cannot be decoded, or are stored in a way that cannot be changed.
    """
    if image.source.transfer_syntax in syntaxes.NATIVE:
        value = _native(tree, image, boxes, extent)
        old = image.element
        return Blanked({old.tag: Element(old.tag, old.vr, value)}, None)
    return _decoded(tree, image, boxes, extent)


_MOST_BLANK = 1 << 30
"""Bytes: a damaged header may promise any size."""


def all_blank(tree: Tree, image: Image) -> Blanked:
    """Native pixel data that are black everywhere, for those that cannot be decoded.

    Raises
    ------
    InputError
        They would be too large to be true.
    """
    layout = image.source.layout
    size = layout.bytes_of(image.frames)
    if size > _MOST_BLANK or layout.samples == 2:
        raise InputError("The header promises too many pixels.", tree.path, "", "pixels.too-large")
    photometric = "RGB" if layout.samples == 3 else layout.photometric
    value = 0 if not image.is_inverse else _valid(layout)[1]
    content = np.full(size // max(layout.bits_allocated // 8, 1), value, _bytes_kind(layout)).tobytes()
    vr = "OB" if layout.bits_allocated <= 8 else "OW"
    content += bytes(len(content) % 2)
    changes: dict[int, Element | None] = {image.element.tag: Element(image.element.tag, vr, content)}
    changes |= _told(tree, image, photometric)
    is_native = image.source.transfer_syntax in syntaxes.NATIVE
    return Blanked(changes, None if is_native else syntaxes.EXPLICIT_LITTLE_ENDIAN)


def _bytes_kind(layout: PixelLayout) -> np.dtype[Any]:
    return np.dtype(f"<u{max(layout.bits_allocated // 8, 1)}")


# --- black -----------------------------------------------------------------------------------------------


def black_of(image: Image, extent: Extent, photometric: str) -> tuple[int | float, ...]:
    """The stored samples of a pixel that is shown black.

    Parameters
    ----------
    image : Image
    extent : Extent
        Of it: nothing darker than what is there is invented, unless the window of the header asks for it.
    photometric : str
        Photometric Interpretation of the samples that are written.
    """
    layout = image.source.layout
    if image.palette is not None:
        darkest = int(image.palette.colours.astype(np.int64).sum(axis=1).argmin())
        return (image.palette.first + darkest,)
    if layout.samples > 1:
        return _black_colour(layout, photometric)
    return (_black_grey(image, extent),)


def _black_colour(layout: PixelLayout, photometric: str) -> tuple[int, ...]:
    middle = 1 << layout.bits_stored - 1
    if photometric in colour.FULL:
        return 0, middle, middle
    if photometric in colour.PARTIAL:
        return middle >> 3, middle, middle  # 16 of 255 (ITU-R BT.601)
    return (0,) * layout.samples


def _black_grey(image: Image, extent: Extent) -> int | float:
    """The end of the values that is shown dark, or the end of the window where that lies beyond it."""
    layout = image.source.layout
    if layout.is_float:
        return float(np.nanmin(extent.low))
    low, high = int(extent.low.min()), int(extent.high.max())
    least, most = _valid(layout)
    if image.is_inverse:
        end = int(np.ceil(min(max(image.window[1], least), most))) if image.window else high
        return min(max(high, end), most)
    end = int(np.floor(min(max(image.window[0], least), most))) if image.window else low
    return max(min(low, end, 0), least)


def _valid(layout: PixelLayout) -> tuple[int, int]:
    """The least and greatest stored value of these bits."""
    if layout.is_signed and layout.bits_allocated > 1:
        return -(1 << layout.bits_stored - 1), (1 << layout.bits_stored - 1) - 1
    return 0, (1 << layout.bits_stored) - 1


# --- native pixels, in place -----------------------------------------------------------------------------


def _native(tree: Tree, image: Image, boxes: Sequence[Box], extent: Extent) -> bytes:
    buffer = _value(tree, image.element)
    content = buffer.getbuffer()
    data = np.frombuffer(content, np.uint8)
    layout, frames = image.source.layout, image.frames
    black = black_of(image, extent, layout.photometric)
    if layout.bits_allocated == 1:
        _blank_bits(data, layout, frames, boxes, int(black[0]))
    elif _is_subsampled(image.source):
        _blank_pairs(data, layout, frames, boxes, black)
    else:
        _blank_samples(data, image, boxes, black)
    del data
    content.release()
    return buffer.getvalue()


def _is_subsampled(source: PixelSource) -> bool:
    """True where two pixels share their chrominance: some makers say so, and store all of it."""
    is_said = source.layout.samples == 3 and source.layout.photometric in native.SUBSAMPLED
    return is_said and source.length < source.stored_bytes


def _value(tree: Tree, element: Element) -> io.BytesIO:
    """A copy of the value that can be written into; it is held once."""
    if isinstance(element.value, bytes):
        return io.BytesIO(element.value)
    span: Span = element.value
    try:
        with opened(tree.path, is_checked=True) as file:
            file.seek(span.offset)
            found = io.BytesIO(file.read(span.length) or b"")
    except OSError as err:
        raise unreadable(tree.path, err) from err
    if len(found.getbuffer()) < span.length:
        raise InputError("The file ends inside Pixel Data.", tree.path, "", "pixels.truncated")
    return found


def _blank_samples(data: Array, image: Image, boxes: Sequence[Box], black: Sequence[int | float]) -> None:
    """Samples of whole bytes, by pixel or by plane."""
    layout, frames = image.source.layout, image.frames
    is_big = image.source.transfer_syntax == syntaxes.EXPLICIT_BIG_ENDIAN
    used = layout.bytes_of(frames)
    is_swapped = is_big and layout.bits_allocated == 8 and image.element.vr == "OW"
    if is_swapped:  # PS3.5 Annex D: the second of each pair comes first
        data[:] = data.reshape(-1, 2)[:, ::-1].reshape(-1)
    kind = native.sample_type(layout).newbyteorder(">" if is_big else "<")
    shape: tuple[int, ...] = frames, layout.rows, layout.columns, layout.samples
    if layout.is_planar:
        shape = frames, layout.samples, layout.rows, layout.columns
    stored = data[:used].view(kind).reshape(shape)
    by_pixel = np.moveaxis(stored, 1, -1) if layout.is_planar else stored
    shift = _shift(stored, layout)
    placed = [value if layout.is_float else int(value) << shift for value in black]
    for box in boxes:
        by_pixel[:, box.top : box.bottom, box.left : box.right] = placed
    if is_swapped:
        data[:] = data.reshape(-1, 2)[:, ::-1].reshape(-1)


def _shift(stored: Array, layout: PixelLayout) -> int:
    """How far up samples begin: those with a higher High Bit do, unless it is wrong (PS3.5 8.1.1)."""
    shift = layout.high_bit - layout.bits_stored + 1
    if layout.is_float or shift <= 0 or (stored & ((1 << shift) - 1)).any():
        return 0
    return shift


def _blank_pairs(
    data: Array, layout: PixelLayout, frames: int, boxes: Sequence[Box], black: Sequence[int | float]
) -> None:
    """Y1 Y2 CB CR for two pixels: a box takes whole pairs (PS3.3 C.7.6.3.1.2)."""
    half = data[: frames * layout.rows * layout.columns * 2].reshape(frames, layout.rows, layout.columns // 2, 4)
    for box in boxes:
        half[:, box.top : box.bottom, box.left // 2 : (box.right + 1) // 2] = (black[0], *black)


def _blank_bits(data: Array, layout: PixelLayout, frames: int, boxes: Sequence[Box], black: int) -> None:
    """Single bits, packed from the least significant on, frames not at borders of bytes (PS3.5 8.1.1)."""
    count = frames * layout.rows * layout.columns
    bits = np.unpackbits(data, bitorder="little")
    picture = bits[:count].reshape(frames, layout.rows, layout.columns)
    for box in boxes:
        picture[:, box.top : box.bottom, box.left : box.right] = black
    data[:] = np.packbits(bits, bitorder="little")


# --- compressed pixels -----------------------------------------------------------------------------------


def _decoded(tree: Tree, image: Image, boxes: Sequence[Box], extent: Extent) -> Blanked:
    photometric = _photometric(image)
    black = black_of(image, extent, photometric)
    layout = image.source.layout
    buffer = io.BytesIO()
    for frame in range(image.frames):
        stored = _frame(image, frame, photometric)
        for box in boxes:
            stored[box.top : box.bottom, box.left : box.right] = black if stored.ndim == 3 else black[0]
        shift = max(layout.high_bit - layout.bits_stored + 1, 0) if layout.bits_allocated > 8 else 0
        buffer.write((stored << shift).astype(stored.dtype.newbyteorder("<"), copy=False).data)
    value = buffer.getvalue()
    if layout.bits_allocated == 1:  # frames follow each other without a gap (PS3.5 8.1.1)
        value = np.packbits(np.frombuffer(value, np.uint8), bitorder="little").tobytes()
    value += bytes(len(value) % 2)
    vr = "OB" if layout.bits_allocated <= 8 else "OW"
    changes: dict[int, Element | None] = {image.element.tag: Element(image.element.tag, vr, value)}
    changes |= _told(tree, image, photometric)
    return Blanked(changes, syntaxes.EXPLICIT_LITTLE_ENDIAN)


def _photometric(image: Image) -> str:
    """What the samples are that are written: those of JPEG become RGB, which native pixels of every kind may be."""
    layout, syntax = image.source.layout, image.source.transfer_syntax
    if layout.samples != 3:
        return layout.photometric
    is_rgb = layout.bits_allocated == 8 and (syntax in _JPEG_FAMILY or layout.photometric in colour.PARTIAL)
    if is_rgb or layout.photometric in {"YBR_RCT", "YBR_ICT"}:
        return "RGB"
    return "YBR_FULL" if layout.photometric in colour.FULL else layout.photometric


def _frame(image: Image, frame: int, photometric: str) -> Array:
    layout = image.source.layout
    if layout.samples == 3 and layout.bits_allocated == 8 and photometric == "RGB":
        decoded: Array = samples.read_rgb(image.source, frame)
    else:
        decoded = samples.read_stored(image.source, frame)
    return decoded if decoded.flags.writeable else decoded.copy()


def _told(tree: Tree, image: Image, photometric: str) -> dict[int, Element | None]:
    """What the header must say of the samples as they are now."""
    there = {element.tag for element in tree.elements}
    changes: dict[int, Element | None] = {tag: None for tag in _OFFSETS if tag in there}
    if photometric != image.source.layout.photometric:
        changes[_PHOTOMETRIC] = Element(_PHOTOMETRIC, "CS", _even(photometric))
    if image.source.layout.samples > 1:
        changes[_PLANAR] = Element(_PLANAR, "US", bytes(2))
    if image.source.transfer_syntax in _LOSSY_ALWAYS and _LOSSY not in there:
        changes[_LOSSY] = Element(_LOSSY, "CS", b"01")
    return changes


def _even(said: str) -> bytes:
    value = said.encode("ascii")
    return value + b" " * (len(value) % 2)
