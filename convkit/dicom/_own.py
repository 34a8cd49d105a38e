"""What convkit itself has left among sources: indexes in the folder that they are of, and what lies beside them."""

from __future__ import annotations

import os
import re

from convkit.storage import files

_BESIDE = re.compile(r"\..+\.(?:parquet|csv|jsonl)\.(?:unfinished|lock|[0-9a-f]{8}\.part)", re.DOTALL)
"""Names of what lies beside a table until it is finished."""

_MARK = b"PAR1"
_KEY = b"\x18\x07convkit\x18"
"""In the footer of a Parquet file that `convkit.tables` has written: a key of its metadata, as Thrift packs it."""

_LONGEST_END = 8 << 20
"""Bytes of a footer that are looked at: what is told of the whole table stands at its end."""


def is_own(path: str) -> bool:
    """True for a table that convkit has saved as Parquet, and for what lies beside any until it is finished."""
    name = os.path.basename(path)  # noqa: PTH119 (may be a URL)
    if name.startswith("."):
        return _BESIDE.fullmatch(name) is not None and not _is_dicom(path)
    return name.lower().endswith(".parquet") and _is_own_table(path)


def _is_dicom(path: str) -> bool:
    """True for a file of DICOM (PS3.10 7.1), whatever its name: none of these is left out."""
    try:
        with files.opened(path) as file:
            return (file.read(132) or b"")[128:] == b"DICM"
    except OSError:
        return False


def _is_own_table(path: str) -> bool:
    try:
        with files.opened(path) as file:
            size = files.stamp(file)[0]
            file.seek(max(0, size - 8))
            end = file.read(8) or b""
            file.seek(0)
            if end[4:] != _MARK or file.read(len(_MARK)) != _MARK:
                return False
            length = min(int.from_bytes(end[:4], "little"), _LONGEST_END, size - 8)
            file.seek(size - 8 - length)
            return _KEY in (file.read(length) or b"")
    except OSError:
        return False  # whoever reads it gets the error
