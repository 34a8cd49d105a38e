"""What a user may choose of how series become volumes; without the code that does it."""

from __future__ import annotations

from enum import StrEnum


class Irregular(StrEnum):
    """What to do with slices that are not evenly spaced, doubled or without a place."""

    ERROR = "error"
    SPLIT = "split"
    KEEP = "keep"
    RESAMPLE = "resample"


class Tilt(StrEnum):
    """What to do with sheared slices (gantry tilt)."""

    KEEP = "keep"
    RESAMPLE = "resample"
    ERROR = "error"


class Values(StrEnum):
    """Which values a volume holds."""

    AUTO = "auto"
    STORED = "stored"
    RESCALED = "rescaled"
