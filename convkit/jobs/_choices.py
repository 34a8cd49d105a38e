"""Options that several jobs share, checked at the edge."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from convkit.errors import UsageError
from convkit.model.dtypes import DTYPES

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


def checked_dtype(dtype: str) -> str:
    """``auto`` or the name of a data type that can be written.

    Raises
    ------
    UsageError
        It is neither.
    """
    if dtype != "auto" and dtype not in DTYPES:
        raise UsageError(
            f"{dtype!r} is not a data type that can be written.",
            "--dtype",
            f"Choose auto or one of {', '.join(DTYPES)}.",
        )
    return dtype


def keywords_of(given: str | Iterable[str]) -> tuple[str, ...]:
    """DICOM keywords as a tuple, whether they came as one text with commas or one by one."""
    parts = given.split(",") if isinstance(given, str) else given
    if not isinstance(parts, Iterable):
        raise UsageError("Keywords are words.", "--keep", "Give DICOM keywords such as PatientPosition.")
    parts = list(parts)
    if not all(isinstance(k, str) for k in parts):
        raise UsageError("Keywords are words.", "--keep", "Give DICOM keywords such as PatientPosition.")
    return tuple(k.strip() for k in parts if k.strip())
