"""Patterns that are compiled when they are used first.

Some fifty are for texts. Together they take a tenth of the start of a run, and most runs meet few of their cases.
"""

from __future__ import annotations

import re
from typing import Any, cast


def late(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern that will be compiled when it is used; till then it is known to be right by its tests alone."""
    return cast("re.Pattern[str]", _Late(pattern, flags))


class _Late:
    """What stands for a pattern; whatever was asked of it once, it has as its own."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._given = pattern, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._given), name)
        setattr(self, name, found)
        return found
