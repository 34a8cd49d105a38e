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

JPEG_LS_PROGRAM = shutil.which("dcml2pnm")
"""The same for JPEG-LS, from the same package."""

needs_dcmtk = pytest.mark.skipif(PROGRAM is None, reason="dcmj2pnm is not installed (Debian: dcmtk)")

_JPEG_LS = frozenset({"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"})

_LONGEST_S = 20
"""What a header that promises a huge picture may cost."""


def dcmtk_levels(image: Dataset | Path, folder: Path, *options: str) -> NDArray[np.int64]:
    """(rows, columns) grey levels, 0 to 255, without overlays; the options are those of dcmj2pnm."""
    picture = dcmtk_picture(image, folder, *options)
    assert picture is not None
    assert picture.ndim == 2
    return picture


def dcmtk_picture(
    image: Dataset | Path, folder: Path, *options: str, bits: int = 8, syntax: str = ""
) -> NDArray[np.int64] | None:
    """(rows, columns) levels or (rows, columns, 3) colours without overlays; None where DCMTK cannot open it.

    Parameters
    ----------
    image : Dataset or Path
    folder : Path
        For what is between.
    *options : str
        Those of dcmj2pnm.
    bits : int
        8 or 16.
    syntax : str
        Transfer Syntax UID: JPEG-LS has a program of its own.
    """
    source, target = folder / "image.dcm", folder / "image.pnm"
    if isinstance(image, Path):
        source = image
    else:
        image.save_as(source, enforce_file_format=True)
    target.unlink(missing_ok=True)
    program = JPEG_LS_PROGRAM if syntax in _JPEG_LS else PROGRAM
    assert program is not None
    kind = "+op" if bits == 8 else "+opw"
    try:
        done = subprocess.run(
            [program, "-O", kind, *options, source, target], check=False, capture_output=True, timeout=_LONGEST_S
        )
    except subprocess.TimeoutExpired:
        return None
    return None if done.returncode or not target.exists() else _pnm(target.read_bytes(), 2**bits - 1)


def _pnm(content: bytes, top: int) -> NDArray[np.int64]:
    """The picture of a PGM or PPM file, of bytes (P5, P6) or of numbers as text (P2, P3)."""
    words: list[bytes] = []
    position = 0
    while len(words) < 4:
        end = content.index(b"\n", position)
        line, position = content[position:end], end + 1
        words += [] if line.startswith(b"#") else line.split()
    kind, columns, rows, most = words[0], *map(int, words[1:4])
    assert most == top
    shape = (rows, columns, 3) if kind in {b"P3", b"P6"} else (rows, columns)
    count = int(np.prod(shape))
    if kind in {b"P5", b"P6"}:
        return np.frombuffer(content, np.uint8, count, position).reshape(shape).astype(np.int64)
    numbers = content[position:].split()
    assert len(numbers) == count
    return np.array(numbers, np.int64).reshape(shape)
