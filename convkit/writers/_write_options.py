"""The options that all formats of volumes share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from convkit.errors import UsageError
from convkit.model.directions import is_letters

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
