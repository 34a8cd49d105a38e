"""Brings a data set that was built as explicit little endian into another transfer syntax."""

from __future__ import annotations

import numpy as np
from pydicom import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

SYNTAXES: dict[str, UID] = {
    "explicit": ExplicitVRLittleEndian,
    "implicit": ImplicitVRLittleEndian,
    "big": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "rle": RLELossless,
    "jpegls": JPEGLSLossless,
    "jpeg2000": JPEG2000Lossless,
}


def set_syntax(dataset: Dataset, name: str) -> None:
    """Bring a native little-endian data set into the syntax of this name (a key of `SYNTAXES`), in place."""
    uid = SYNTAXES[name]
    if uid.is_encapsulated:
        dataset.compress(uid, generate_instance_uid=False)
        return
    dataset.file_meta.TransferSyntaxUID = uid
    if uid == ExplicitVRBigEndian and dataset.get("BitsAllocated", 8) > 8 and "PixelData" in dataset:
        words = np.frombuffer(dataset.PixelData, f"<u{dataset.BitsAllocated // 8}")
        dataset.PixelData = words.byteswap().tobytes()
    dataset.set_original_encoding(uid.is_implicit_VR, uid.is_little_endian)


def drop_start(dataset: Dataset, *, preamble: bool, meta: bool) -> None:
    """Make the data set be written without its preamble, or without its file meta information, in place."""
    encoding = dataset.file_meta.TransferSyntaxUID
    dataset.set_original_encoding(encoding.is_implicit_VR, encoding.is_little_endian)
    dataset.preamble = bytes(128) if preamble else None
    if not meta:
        del dataset.file_meta
