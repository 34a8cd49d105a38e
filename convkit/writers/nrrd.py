"""NRRD files: header and gzip-compressed real values in one file (teem's NRRD0005 definition)."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from convkit.writers._gzip import Container, deflated
from convkit.writers._together import ImageFormat
from convkit.writers._voxels import code_of, real_dtype, real_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convkit.model.volume import Volume

_TYPES = {
    "uint8": "uint8",
    "int8": "int8",
    "uint16": "uint16",
    "int16": "int16",
    "uint32": "uint32",
    "int32": "int32",
    "uint64": "uint64",
    "int64": "int64",
    "float32": "float",
    "float64": "double",
}


def _encode(file: BinaryIO, volume: Volume) -> None:
    file.write(nrrd_header(volume))
    file.writelines(deflated(real_pieces(volume), Container.GZIP))


def nrrd_header(volume: Volume) -> bytes:
    """The text before the voxels, with the empty line that ends it.

    The fastest axis comes first: colour, column, row, slice, volume. NRRD has no slope, so real values
    follow.
    """
    fields = {
        "type": code_of(real_dtype(volume), _TYPES, format_name="NRRD"),
        "dimension": str(len(_kinds(volume))),
        **_space(volume),
        "sizes": " ".join(str(n) for n in _sizes(volume)),
        "kinds": " ".join(_kinds(volume)),
        "endian": "little",
        "encoding": "gzip",
    }
    lines = ["NRRD0005", *(f"{key}: {value}" for key, value in fields.items())]
    if volume.units:
        lines.append(f"units:={volume.units}")
    return ("\n".join(lines) + "\n\n").encode()


def _sizes(volume: Volume) -> tuple[int, ...]:
    volumes, slices, rows, columns = volume.shape[:4]
    return (*volume.shape[4:], columns, rows, slices, *((volumes,) if volumes > 1 else ()))


def _kinds(volume: Volume) -> tuple[str, ...]:
    return tuple(_by_axis(volume, ("domain",) * 3, colour="RGB-color", volumes="list"))


def _by_axis(volume: Volume, spatial: Iterable[str], *, colour: str, volumes: str) -> list[str]:
    """One entry an axis, fastest first."""
    return [*([colour] if volume.is_colour else []), *spatial, *([volumes] if volume.shape[0] > 1 else [])]


def _space(volume: Volume) -> dict[str, str]:
    """Where the voxels lie; sizes only where the volume has no place in space."""
    if not volume.is_placed:
        sizes = [repr(s) for s in reversed(volume.spacing)]
        return {"spacings": " ".join(_by_axis(volume, sizes, colour="nan", volumes="nan"))}
    steps = [_vector(volume.affine_lps[:3, axis]) for axis in (2, 1, 0)]
    return {
        "space": "left-posterior-superior",
        "space directions": " ".join(_by_axis(volume, steps, colour="none", volumes="none")),
        "space origin": _vector(volume.affine_lps[:3, 3]),
        "space units": '"mm" "mm" "mm"',
    }


def _vector(numbers: Iterable[float]) -> str:
    return f"({','.join(repr(float(n)) for n in numbers)})"


IMAGES = {"nrrd": ImageFormat(_encode)}
"""See `convkit.writers.volume_formats.Writer`."""
