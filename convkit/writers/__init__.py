"""From a volume or pictures to files: one module a format, found by name or by file name.

Importing this room is light: names are imported on first use, so that a run over pictures loads no format of volumes.
nibabel (`nifti_image.to_nifti`) and SimpleITK (`itk.to_sitk`) are imported with their modules only, isal with the first
compressed byte, Pillow with the first picture that is not PNG.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convkit.writers._atomic import remove_leftovers, written_aside
    from convkit.writers._fsl_tables import fsl_directions, has_directions
    from convkit.writers._picture_writer import Frames, PictureOptions, PictureWriter
    from convkit.writers._write_options import NATIVE, SidecarKind, WriteOptions
    from convkit.writers.nifti import native_layout
    from convkit.writers.picture_formats import PICTURE_WRITERS, picture_writer_for
    from convkit.writers.sidecar import sidecar_content
    from convkit.writers.volume_formats import WRITERS, Writer, stem_of, writer_for, writer_for_path

_HOMES = {
    "_atomic": ("remove_leftovers", "written_aside"),
    "_fsl_tables": ("fsl_directions", "has_directions"),
    "_picture_writer": ("Frames", "PictureOptions", "PictureWriter"),
    "_write_options": ("NATIVE", "SidecarKind", "WriteOptions"),
    "nifti": ("native_layout",),
    "picture_formats": ("PICTURE_WRITERS", "picture_writer_for"),
    "sidecar": ("sidecar_content",),
    "volume_formats": ("WRITERS", "Writer", "stem_of", "writer_for", "writer_for_path"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "NATIVE",
    "PICTURE_WRITERS",
    "WRITERS",
    "Frames",
    "PictureOptions",
    "PictureWriter",
    "SidecarKind",
    "WriteOptions",
    "Writer",
    "fsl_directions",
    "has_directions",
    "native_layout",
    "picture_writer_for",
    "remove_leftovers",
    "sidecar_content",
    "stem_of",
    "writer_for",
    "writer_for_path",
    "written_aside",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
