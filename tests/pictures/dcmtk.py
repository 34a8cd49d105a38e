"""DCMTK's picture of an image, the reference that viewers are held against."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset

PROGRAM = shutil.which("dcmj2pnm")

needs_dcmtk = pytest.mark.skipif(PROGRAM is None, reason="dcmj2pnm is not installed (Debian: dcmtk)")


def dcmtk_levels(image: Dataset | Path, folder: Path, *options: str) -> NDArray[np.int64]:
    """(rows, columns) grey levels, 0 to 255, without overlays; the options are those of dcmj2pnm."""
    assert PROGRAM is not None
    source, target = folder / "image.dcm", folder / "image.pgm"
    if isinstance(image, Path):
        source = image
    else:
        image.save_as(source, enforce_file_format=True)
    subprocess.run([PROGRAM, "-O", "+op", *options, source, target], check=True, capture_output=True)
    return _pgm(target.read_bytes())


def _pgm(content: bytes) -> NDArray[np.int64]:
    words: list[bytes] = []
    position = 0
    while len(words) < 4:
        end = content.index(b"\n", position)
        line, position = content[position:end], end + 1
        words += [] if line.startswith(b"#") else line.split()
    assert (words[0], words[3]) == (b"P5", b"255")
    columns, rows = int(words[1]), int(words[2])
    return np.frombuffer(content, np.uint8, rows * columns, position).reshape(rows, columns).astype(np.int64)
