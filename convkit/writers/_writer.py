"""What a writer is, and the options that all writers share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Protocol

from convkit.errors import UsageError
from convkit.model.geometry import is_letters

if TYPE_CHECKING:
    from pathlib import Path

    from convkit.model.volume import Volume

NATIVE = "native"
"""The `orient` value for the voxel order that the format's readers expect of unturned data."""


class SidecarKind(StrEnum):
    """Which sidecar is written beside an image."""

    BIDS = "bids"
    FULL = "full"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How a volume is written.

    Attributes
    ----------
    orient : str
        ``native``, or three letters that say where the (column, row, slice) axes run to, such as ``RAS``.
    sidecar : SidecarKind

    Raises
    ------
    UsageError
        `orient` does not name each patient axis once, or `sidecar` is not one of the kinds.
    """

    orient: str = NATIVE
    sidecar: SidecarKind = SidecarKind.BIDS

    def __post_init__(self) -> None:
        if self.orient != NATIVE and not is_letters(self.orient):
            raise UsageError(
                f"{self.orient!r} is not an orientation.",
                "--orient",
                "Give native, or three letters such as RAS: one each of R/L, A/P and S/I.",
            )
        if self.sidecar not in tuple(SidecarKind):
            raise UsageError(
                f"{self.sidecar!r} is not a kind of sidecar.", "--sidecar", f"Choose one of {', '.join(SidecarKind)}."
            )


class Writer(Protocol):
    """One output format.

    Attributes
    ----------
    name : str
        Value of ``--to``.
    suffixes : tuple of str
        File name endings with their dot; the first is the one that is written.
    sidecar_suffix : str
        Ending of the sidecar: ``.json`` beside NIfTI, as BIDS has it; ``.nrrd.json`` and the like beside others, whose
        voxel order is another, so that volumes in two formats side by side do not share one.
    table_suffixes : tuple of str
        Endings of the tables beside the image of a diffusion-weighted series, where the format has such.
    Options : type
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    sidecar_suffix: ClassVar[str]
    table_suffixes: ClassVar[tuple[str, ...]]
    Options: ClassVar[type[WriteOptions]]

    def write(self, volume: Volume, stem: Path, options: WriteOptions) -> tuple[Path, ...]:
        """Write all files of a volume and return their paths, the image first.

        Parameters
        ----------
        volume : Volume
        stem : Path
            Path of the image without its suffix; it may contain dots. Missing folders are created.
        options : WriteOptions

        Raises
        ------
        OutputError
            A file cannot be written, or the format cannot hold the voxels. Nothing half-written is left.
        """
        ...
