"""One compressed frame to its stored samples, by codecs that may crash or hang without taking convkit with them.

Names are imported on first use: the process that runs the codecs loads this package too, and has to start quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convkit.dicom.codecs.decoding import Coded, decode, end_more, photometric

__all__ = ["Coded", "decode", "end_more", "photometric"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module("convkit.dicom.codecs.decoding"), name)
