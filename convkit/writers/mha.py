"""MetaImage files: header and compressed real values in one file, as ITK reads and writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from convkit.writers._gzip import Container, deflated
from convkit.writers._itk_space import ItkSpace, itk_space
from convkit.writers._together import ImageFormat
from convkit.writers._voxels import code_of, real_dtype, real_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from convkit.model.volume import Volume

_TYPES = {
    "uint8": "MET_UCHAR",
    "int8": "MET_CHAR",
    "uint16": "MET_USHORT",
    "int16": "MET_SHORT",
    "uint32": "MET_UINT",
    "int32": "MET_INT",
    "uint64": "MET_ULONG_LONG",
    "int64": "MET_LONG_LONG",
    "float32": "MET_FLOAT",
    "float64": "MET_DOUBLE",
}

_SIZE_KEY = b"\nCompressedDataSize = "
_SIZE_DIGITS = 20
"""Room for any 64-bit number: the size is known, and filled in, only after the voxels are written."""

_COMES_FROM = str.maketrans("LRPASI", "RLAPIS")


def _encode(file: BinaryIO, volume: Volume) -> None:
    header = mha_header(volume)
    file.write(header)
    size = 0
    for piece in deflated(real_pieces(volume), Container.ZLIB):
        size += file.write(piece)
    file.seek(header.index(_SIZE_KEY) + len(_SIZE_KEY))
    file.write(b"%-*d" % (_SIZE_DIGITS, size))


def mha_header(volume: Volume) -> bytes:
    """The text before the voxels; the compressed size is left blank."""
    space = itk_space(volume)
    dimensions = len(space.size)
    fields = {
        "ObjectType": "Image",
        "NDims": str(dimensions),
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "True",
        "CompressedDataSize": " " * _SIZE_DIGITS,
        # MetaIO gives one axis after the other, so the transpose of ITK's direction matrix.
        "TransformMatrix": _numbers(space.direction.T.ravel()),
        "Offset": _numbers(space.origin),
        "CenterOfRotation": _numbers([0] * dimensions),
        **_anatomy(volume, space),
        "ElementSpacing": _numbers(space.spacing),
        "DimSize": " ".join(str(n) for n in space.size),
        **({"ElementNumberOfChannels": "3"} if volume.is_colour else {}),
        "ElementType": code_of(real_dtype(volume), _TYPES, format_name="MetaImage"),
        "ElementDataFile": "LOCAL",
    }
    return "".join(f"{key} = {value}\n" for key, value in fields.items()).encode()


def _anatomy(volume: Volume, space: ItkSpace) -> dict[str, str]:
    """Where the axes come from (ITK's convention: RAI is the identity in LPS); known in 3-D only."""
    if not volume.is_placed or len(space.size) != 3:
        return {}
    return {"AnatomicalOrientation": volume.letters.translate(_COMES_FROM)}


def _numbers(numbers: Iterable[float] | np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    return " ".join(repr(float(n)) for n in numbers)


IMAGES = {"mha": ImageFormat(_encode)}
"""See `convkit.writers.volume_formats.Writer`."""
