"""Who reads text in pictures: RapidOCR of the extra ``ocr``, else Tesseract on the PATH. What is read is never logged.

A reader is made once a process and works on one thread, because workers run side by side.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from convkit.deid.pixels.box import Box
from convkit.deid.pixels.installed import RAPIDOCR, has_tesseract, missing_reader
from convkit.errors import EngineError

Bytes = NDArray[np.uint8]


class Word(NamedTuple):
    """A piece of text that was found.

    Attributes
    ----------
    box : Box
    text : str
        As far as it could be read.
    score : float
        How sure the reading is, from 0 to 1.
    """

    box: Box
    text: str
    score: float


class Reader(Protocol):
    """Finds text in a picture.

    Attributes
    ----------
    name : str
    is_thorough : bool
        False where it misses so much that nobody may say that the pixels are clean.
    """

    name: str
    is_thorough: bool

    def words(self, picture: Bytes) -> list[Word]:
        """Text in a picture of (rows, columns, 3) RGB bytes, at most some thousand pixels a side."""


@cache
def reader() -> Reader:
    """The reader of this process.

    Raises
    ------
    MissingExtraError
        There is none on this computer.
    """
    try:
        return RapidReader()
    except ImportError as err:
        if has_tesseract():
            return TesseractReader()
        raise missing_reader() from err


class RapidReader:
    """RapidOCR with the models of its wheel.

    Raises
    ------
    ImportError
        It is not installed.
    """

    name = "rapidocr"
    is_thorough = True

    def __init__(self) -> None:
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # or onnxruntime reports its use to its maker over the network
        module = import_module(RAPIDOCR)
        self._cv2 = import_module("cv2")
        self._cv2.setNumThreads(1)
        self._engine: Any = module.RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
        detector = self._engine.text_det
        detector.limit_side_len = 32  # pictures come enlarged as they should be
        detector.postprocess_op.thresh = _SEEN
        detector.postprocess_op.box_thresh = _BOXED

    def words(self, picture: Bytes) -> list[Word]:
        """Text in a picture."""
        bgr, scale = self._prepared(picture)
        corners, _ = self._engine.text_det(bgr)
        if corners is None or not len(corners):
            return []
        crops = [_stretched(crop) for crop in self._engine.get_crop_img_list(bgr, corners)]
        read = self._read(crops)
        tall = [n for n, quad in enumerate(corners) if np.ptp(quad[:, 1]) > np.ptp(quad[:, 0])]
        turned = self._read([np.ascontiguousarray(crops[n][::-1, ::-1]) for n in tall]) if tall else []
        for n, other in zip(tall, turned, strict=True):  # it may be written upwards or downwards
            read[n] = max(read[n], other, key=lambda said: said[1])
        boxes = (_around(quad / scale).moved(-_BORDER, -_BORDER) for quad in corners)
        return [Word(box, said, score) for box, (said, score) in zip(boxes, read, strict=True)]

    def _prepared(self, picture: Bytes) -> tuple[Bytes, float]:
        """The picture as the detector likes it: with a border, because text at an edge is missed, and enlarged."""
        middle = [int(np.median(picture[..., channel])) for channel in (2, 1, 0)]
        bgr = self._cv2.copyMakeBorder(
            np.ascontiguousarray(picture[..., ::-1]), *(_BORDER,) * 4, self._cv2.BORDER_CONSTANT, value=middle
        )
        scale = _scale(bgr)
        if scale != 1:
            bgr = self._cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=self._cv2.INTER_CUBIC)
        return bgr, scale

    def _read(self, crops: list[Bytes]) -> list[tuple[str, float]]:
        read, _ = self._engine.text_rec(crops)
        return [(str(said), float(score)) for said, score in read]


_BORDER = 24
"""Pixels."""


def _stretched(crop: Bytes) -> Bytes:
    """A piece of text in full contrast, as it is read best."""
    low, high = int(crop.min()), int(crop.max())
    if high - low < 8:
        return crop
    return ((crop.astype(np.float32) - low) * (255.0 / (high - low))).astype(np.uint8)


_SEEN, _BOXED = 0.25, 0.4
"""From which probability on a pixel belongs to text, and from which mean over a box that is one; lower than the 0.3 and
0.5 of RapidOCR: what is no text is told by other signs."""

SMALLEST_SIDE = 736
"""Pixels: pictures that are smaller are enlarged to this, as the detector was trained to see letters."""

MOST_ENLARGED = 3.0
"""Times: a picture that is smaller still has no room for text of more than a few letters."""


MOST_PIXELS = 1_100_000
"""Of an enlarged picture: long narrow ones would take seconds."""


def _scale(picture: Bytes) -> float:
    rows, columns = (int(n) for n in picture.shape[:2])
    wanted = min(SMALLEST_SIDE / min(rows, columns), MOST_ENLARGED, math.sqrt(MOST_PIXELS / (rows * columns)))
    return float(max(1.0, wanted))


def _around(quad: Any) -> Box:
    left, top = (float(n) for n in quad.min(axis=0))
    right, bottom = (float(n) for n in quad.max(axis=0))
    return Box(math.floor(top), math.floor(left), math.ceil(bottom) + 1, math.ceil(right) + 1)


class TesseractReader:
    """The program Tesseract, which must be on the PATH; it finds about two lines of three."""

    name = "tesseract"
    is_thorough = False

    def words(self, picture: Bytes) -> list[Word]:
        """Text in a picture; dark text on white is what Tesseract knows, and twice the size is read better."""
        grey = 255 - np.pad(picture.max(axis=2), _BORDER, mode="constant")
        twice = grey.repeat(2, axis=0).repeat(2, axis=1)
        head = f"P5 {twice.shape[1]} {twice.shape[0]} 255\n".encode()
        command = [shutil.which("tesseract") or "tesseract", "stdin", "stdout", "--psm", "6", "tsv"]
        done = subprocess.run(  # noqa: S603 (a fixed command)
            command,
            input=head + twice.tobytes(),
            capture_output=True,
            check=False,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},  # workers run side by side
        )
        if done.returncode:
            raise EngineError("Tesseract failed.", "--pixels ocr", "See that `tesseract --list-langs` names eng.")
        return list(_table_words(done.stdout.decode("utf-8", "replace")))


_LEAST_SURE = 30
"""Percent: below, Tesseract has found structure of tissue."""


def _table_words(table: str) -> Iterator[Word]:
    """Yield the words of Tesseract's table: level, ..., left, top, width, height, confidence, text."""
    for line in table.splitlines()[1:]:
        cells = line.split("\t")
        if len(cells) < 12 or float(cells[10]) < _LEAST_SURE or len(cells[11].strip()) < 2:
            continue
        left, top, width, height = (int(cell) for cell in cells[6:10])
        box = Box(top // 2, left // 2, (top + height) // 2 + 1, (left + width) // 2 + 1)
        yield Word(box.moved(-_BORDER, -_BORDER), cells[11].strip(), float(cells[10]) / 100)
