"""The pictures in a file, as the audit looks at them: frames, overlays and icons of DICOM, and picture files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_MOST_FRAMES = 16
"""Frames of one object: text that is burned in stands in all of them, or in the first or last."""

_TAILS = 0.1, 99.9
"""Percentiles that become black and white: text is at one end of the scale."""

_PICTURE_HEADS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
_OVERLAYS = range(0x6000, 0x6020, 2)  # PS3.5 7.6


class Shown(NamedTuple):
    """One picture.

    Attributes
    ----------
    location : str
        Such as ``(7FE0,0010) frame 3``.
    picture : (rows, columns, 3) uint8
        RGB.
    """

    location: str
    picture: NDArray[np.uint8]


class UndecodableError(Exception):
    """There are pixels that nobody here can decode."""


def is_picture(data: bytes) -> bool:
    """True for files that Pillow opens."""
    return data.startswith(_PICTURE_HEADS)


def frames_of_file(data: bytes) -> tuple[int, Iterator[Shown]]:
    """How many frames a picture file has, and those to look at.

    Raises
    ------
    UndecodableError
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 (only where pixels are read)

    try:
        image = Image.open(io.BytesIO(data))
        count = int(getattr(image, "n_frames", 1))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise UndecodableError(type(error).__name__) from error

    def shown() -> Iterator[Shown]:
        for number in _chosen(count):
            image.seek(number)
            picture = np.asarray(image.convert("I") if image.mode.startswith("I;16") else image.convert("RGB"))
            yield Shown(f"picture{_named(number, count)}", _as_bytes(picture))

    return count, shown()


def frames_of_dicom(data: bytes) -> tuple[int, Iterator[Shown]]:
    """How many frames a DICOM file has, and those to look at; overlays and icons behind them.

    Raises
    ------
    UndecodableError
    """
    from pydicom import dcmread  # noqa: PLC0415 (only where pixels are read)

    try:
        dataset = dcmread(io.BytesIO(data), force=True)
        has_text = "PixelData" in dataset and dataset.get("BitsAllocated") != 1  # one bit a pixel: a mask
        count = max(1, int(dataset.get("NumberOfFrames") or 1)) if has_text else 0
    except Exception as error:  # a damaged header may raise anything
        raise UndecodableError(type(error).__name__) from error
    return count, _of_dataset(dataset, count)


def _of_dataset(dataset: Any, count: int) -> Iterator[Shown]:
    from pydicom.pixels.utils import pixel_array  # noqa: PLC0415 (only where pixels are read)

    for number in _chosen(count):
        try:
            frame = pixel_array(dataset, index=number) if count > 1 else pixel_array(dataset)
        except Exception as error:  # codecs raise what they like
            raise UndecodableError(type(error).__name__) from error
        yield Shown(f"(7FE0,0010){_named(number, count)}", _as_bytes(_coloured(dataset, frame)))
    for group in _OVERLAYS:
        if (group, 0x3000) in dataset:
            yield from _overlay(dataset, group)
    for number, item in enumerate(dataset.get("IconImageSequence") or ()):
        yield from _icon(item, number)


def _coloured(dataset: Any, frame: NDArray[Any]) -> NDArray[Any]:
    from pydicom.pixels.processing import apply_color_lut  # noqa: PLC0415 (only where pixels are read)

    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        return np.asarray(apply_color_lut(frame, dataset))
    return frame


def _overlay(dataset: Any, group: int) -> Iterator[Shown]:
    try:
        plane = dataset.overlay_array(group)
    except Exception:  # noqa: BLE001 (an overlay without its size shows nothing)
        return
    for number, frame in enumerate(plane if plane.ndim == 3 else [plane]):
        yield Shown(f"({group:04X},3000) frame {number + 1}", _as_bytes(frame))
        if number + 1 >= _MOST_FRAMES:
            return


def _icon(item: Any, number: int) -> Iterator[Shown]:
    rows, columns, raw = item.get("Rows"), item.get("Columns"), item.get("PixelData") or b""
    if rows and columns and item.get("BitsAllocated") == 8 and len(raw) >= rows * columns:
        samples = 3 if item.get("SamplesPerPixel") == 3 and len(raw) >= 3 * rows * columns else 1
        values = np.frombuffer(raw, np.uint8, rows * columns * samples)
        shape = (rows, columns, 3) if samples == 3 else (rows, columns)
        yield Shown(f"(0088,0200)[{number}]/(7FE0,0010)", _as_bytes(values.reshape(shape)))


def _chosen(count: int) -> list[int]:
    """Frames to look at: all, or some from the first to the last."""
    if count <= _MOST_FRAMES:
        return list(range(count))
    return sorted({round(each) for each in np.linspace(0, count - 1, _MOST_FRAMES)})


def _named(number: int, count: int) -> str:
    return f" frame {number + 1}" if count > 1 else ""


def _as_bytes(frame: NDArray[Any]) -> NDArray[np.uint8]:
    """A frame as RGB bytes in full contrast."""
    values = frame.astype(np.float32)
    low, high = (float(each) for each in np.percentile(values, _TAILS))
    if high - low < 1:
        low, high = float(values.min()), float(values.max())
    scaled = np.clip((values - low) * (255 / max(high - low, 1e-6)), 0, 255).astype(np.uint8)
    return scaled if scaled.ndim == 3 else np.repeat(scaled[..., None], 3, axis=2)
