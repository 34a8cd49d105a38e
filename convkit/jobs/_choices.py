"""Options that several jobs share, checked at the edge."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from convkit.errors import UsageError

Choice = TypeVar("Choice", bound=StrEnum)


class Exists(StrEnum):
    """What to do where an output is there already."""

    SKIP = "skip"
    ERROR = "error"
    OVERWRITE = "overwrite"


def chosen(kind: type[Choice], value: str, option: str) -> Choice:
    """The member of a closed set that a word names.

    Raises
    ------
    UsageError
        It names none.
    """
    try:
        return kind(value)
    except ValueError as err:
        raise UsageError(f"{value!r} is not a choice.", option, f"Choose one of {', '.join(kind)}.") from err
