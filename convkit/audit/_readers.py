"""Who reads the text in a picture for the audit: RapidOCR of the extra ``ocr``, else Tesseract on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from convkit.errors import EngineError, MissingExtraError, install

Picture = NDArray[np.uint8]

_BORDER = 24
"""Pixels around a picture: text at an edge is missed."""

_TILE, _OVERLAP = 1024, 128
"""Pixels: larger pictures are read in tiles, because the detector would make them smaller, and text with them."""

_LEAST_SCORE = 0.3
"""Of 1: what is read so badly is structure of tissue."""


class Line(NamedTuple):
    """Text that was read.

    Attributes
    ----------
    text : str
    score : float
        How sure the reading is, from 0 to 1.
    """

    text: str
    score: float


class Reader(Protocol):
    """Reads the text in a picture."""

    def lines(self, picture: Picture) -> list[Line]:
        """What stands in a picture of (rows, columns, 3) RGB bytes."""


@cache
def reader() -> Reader:
    """The reader of this process.

    Raises
    ------
    MissingExtraError
        There is none on this computer.
    """
    try:
        return _RapidReader()
    except ImportError as err:
        if shutil.which("tesseract"):
            return _TesseractReader()
        what = "Nothing that reads text in pictures is installed: neither rapidocr-onnxruntime nor Tesseract."
        raise MissingExtraError(what, "--ocr", install("ocr")) from err


class _RapidReader:
    def __init__(self) -> None:
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # or onnxruntime reports its use to its maker over the network
        module = import_module("rapidocr_onnxruntime")
        import_module("cv2").setNumThreads(1)  # workers run side by side
        self._engine: Any = module.RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1, text_score=_LEAST_SCORE)

    def lines(self, picture: Picture) -> list[Line]:
        found = []
        for tile in _tiles(picture):
            read, _ = self._engine(_bordered(tile)[..., ::-1])
            found += [Line(str(text), float(score)) for _, text, score in read or ()]
        return found


def _bordered(picture: Picture) -> Picture:
    middle = [int(np.median(picture[..., channel])) for channel in range(3)]
    rows, columns = picture.shape[:2]
    wide = np.empty((rows + 2 * _BORDER, columns + 2 * _BORDER, 3), np.uint8)
    wide[...] = middle
    wide[_BORDER:-_BORDER, _BORDER:-_BORDER] = picture
    return wide


def _tiles(picture: Picture) -> Iterator[Picture]:
    """The picture, or overlapping pieces of a large one."""
    rows, columns = picture.shape[:2]
    for top in _starts(rows):
        for left in _starts(columns):
            yield picture[top : top + _TILE, left : left + _TILE]


def _starts(length: int) -> list[int]:
    step = _TILE - _OVERLAP
    return [0] if length <= _TILE else [*range(0, length - _TILE, step), length - _TILE]


class _TesseractReader:
    def lines(self, picture: Picture) -> list[Line]:
        """Dark text on white is what Tesseract knows, and twice the size is read better."""
        grey = 255 - np.pad(picture.max(axis=2), _BORDER, mode="constant")
        twice = grey.repeat(2, axis=0).repeat(2, axis=1)
        command = [shutil.which("tesseract") or "tesseract", "stdin", "stdout", "--psm", "11", "tsv"]
        done = subprocess.run(  # noqa: S603 (a fixed command)
            command,
            input=f"P5 {twice.shape[1]} {twice.shape[0]} 255\n".encode() + twice.tobytes(),
            capture_output=True,
            check=False,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
        if done.returncode:
            raise EngineError("Tesseract failed.", "--ocr", "See that `tesseract --list-langs` names eng.")
        return list(_table_lines(done.stdout.decode("utf-8", "replace")))


def _table_lines(table: str) -> Iterator[Line]:
    """Yield the lines of Tesseract's table: level, page, block, paragraph, line, ..., confidence, text."""
    lines: dict[tuple[str, ...], list[tuple[str, float]]] = {}
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) >= 12 and cells[11].strip() and float(cells[10]) >= 100 * _LEAST_SCORE:
            lines.setdefault(tuple(cells[1:5]), []).append((cells[11].strip(), float(cells[10]) / 100))
    for words in lines.values():
        yield Line(" ".join(word for word, _ in words), min(score for _, score in words))
