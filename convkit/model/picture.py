"""A picture: grey levels or colours, ready to be written; nothing of the patient, nothing of DICOM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture.

    Attributes
    ----------
    pixels : (rows, columns) uint8 or uint16, or (rows, columns, 3) uint8; C-contiguous, read-only
        0 is black. Colour is RGB.
    aspect : float
        Height of a pixel over its width; 1 where pixels are square.
    icc_profile : bytes
        ICC profile of the colours, empty where there is none.
    """

    pixels: NDArray[np.unsignedinteger]
    aspect: float = 1.0
    icc_profile: bytes = b""

    def __post_init__(self) -> None:
        shape, dtype = self.pixels.shape, self.pixels.dtype
        is_grey = len(shape) == 2 and dtype.kind == "u" and dtype.itemsize <= 2
        if not (is_grey or (len(shape) == 3 and shape[2] == 3 and dtype == np.uint8)):
            raise ValueError(f"a picture is (rows, columns[, 3]) of bytes or 16-bit grey, not {shape} {dtype}")
        self.pixels.flags.writeable = False

    @property
    def is_colour(self) -> bool:
        """True for RGB."""
        return self.pixels.ndim == 3
