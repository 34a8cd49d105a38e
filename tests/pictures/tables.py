"""Look-up tables as items of a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset


def table_item(first: int, entries: NDArray[Any], bits: int) -> Dataset:
    """An item of a Modality, VOI or Presentation LUT Sequence."""
    item = Dataset()
    item.add_new(0x00283002, "SS" if first < 0 else "US", [entries.size % 65536, first, bits])
    item.ModalityLUTType = "US"
    item.add_new(0x00283006, "OW", np.asarray(entries, "<u2").tobytes())
    return item
