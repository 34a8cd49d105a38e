"""How long a frame of a moving picture is meant to be shown (PS3.3 C.7.6.5)."""

from __future__ import annotations

import numpy as np

from convkit.dicom.header import Header

_SLOWEST_MS, _FASTEST_MS = 2000.0, 1.0
"""A frame that lasts longer was long in the making, as in a PET study, but is not meant to be looked at that long."""


def frame_ms_of(header: Header) -> float | None:
    """Milliseconds that a frame is meant to be shown; None where the header does not tell.

    Parameters
    ----------
    header : Header
        Of an object or a frame of it, read with `attributes.display_table`.
    """
    increments = header.numbers("FrameTimeVector")[1:]  # PS3.3 C.7.6.5.1.2: the first is 0
    tries = (
        _per_second(header.number("RecommendedDisplayFrameRate")),
        header.number("FrameTime"),
        float(np.median(increments)) if increments else None,
        _per_second(header.number("CineRate")),
        header.number("ActualFrameDuration"),
    )
    return next((ms for ms in tries if ms is not None and _FASTEST_MS <= ms <= _SLOWEST_MS), None)


def _per_second(rate: float | None) -> float | None:
    return 1000 / rate if rate else None
