"""What window can be asked for, and how it is written."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from convkit.errors import InputError, UsageError
from convkit.model.display import VoiFunction, Window
from convkit.pictures._tables import PRESETS
from convkit.pictures.voi import usable


@dataclass(frozen=True, slots=True)
class Auto:
    """What suits the modality: see `AUTOMATIC`."""

    def __str__(self) -> str:
        return "auto"


@dataclass(frozen=True, slots=True)
class FromFile:
    """One of the file's own windows and VOI LUTs, windows first.

    Attributes
    ----------
    index : int or None
        From 0. None with an empty explanation is the first.
    explanation : str
        Its explanation in the file; upper and lower case are the same.
    """

    index: int | None = None
    explanation: str = ""

    def __str__(self) -> str:
        if self.index is not None:
            return f"file:{self.index + 1}"
        return f"file:{self.explanation}" if self.explanation else "file"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A window that was given, for every image."""

    window: Window

    def __str__(self) -> str:
        window = self.window
        function = "" if window.function is VoiFunction.LINEAR else f"/{window.function.lower()}"
        return f"{_text(window.center)}/{_text(window.width)}{function}"


@dataclass(frozen=True, slots=True)
class Preset:
    """A named window of `PRESETS`."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Percentiles:
    """From one percentile of the values to another; 0 <= low < high <= 100."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"p{_text(self.low)}-{_text(self.high)}"


@dataclass(frozen=True, slots=True)
class FullRange:
    """From the smallest value to the largest."""

    def __str__(self) -> str:
        return "full"


WindowChoice = Auto | FromFile | Fixed | Preset | Percentiles | FullRange
"""What a user can ask for; `str` writes it as `parse_window` reads it."""


def parse_window(text: str) -> WindowChoice:
    """The choice that a text stands for.

    One of ``auto``, ``file``, ``file:2`` (from 1), ``file:BONE`` (by explanation), the name of a preset, ``40/400``
    (center and width, LINEAR), ``0.5/1/linear_exact``, ``40/400/sigmoid``, ``p1-99`` and ``full``.

    Raises
    ------
    UsageError
        It stands for none; with code `values.bad-window` where the numbers make no window.
    """
    word = text.strip()
    name = re.sub(r"[ _]+", "-", word.lower())
    if name in PRESETS:
        return Preset(name)
    if name in ("auto", "full"):
        return Auto() if name == "auto" else FullRange()
    kind, colon, which = word.partition(":")
    if kind.lower() == "file":
        return _from_file(which.strip(), is_given=bool(colon))
    ends = re.fullmatch(r"p(\d+(?:\.\d+)?)-p?(\d+(?:\.\d+)?)", name)
    if ends:
        return _percentiles(float(ends[1]), float(ends[2]))
    if "/" in word:
        return _fixed(word)
    raise unknown(word)


def _from_file(which: str, *, is_given: bool) -> FromFile:
    if not is_given:
        return FromFile()
    if re.fullmatch(r"[0-9]+", which):
        if int(which) == 0:
            raise UsageError("The windows of a file are counted from 1.", "--window", "Write file:1 for the first.")
        return FromFile(int(which) - 1)
    if not which:
        raise UsageError("After file: comes a number or an explanation.", "--window", "Write file:2, or file:BONE.")
    return FromFile(None, which)


def _percentiles(low: float, high: float) -> Percentiles:
    if not 0 <= low < high <= 100:
        raise _bad_window("Percentiles rise and lie between 0 and 100.", "Write p1-99.")
    return Percentiles(low, high)


def _fixed(word: str) -> Fixed:
    center, width, *rest = (part.strip() for part in word.split("/"))
    functions = {"exact": VoiFunction.LINEAR_EXACT} | {str(function).lower(): function for function in VoiFunction}
    name = rest[0].lower().replace("-", "_") if rest else "linear"
    if len(rest) > 1 or name not in functions:
        raise _bad_window("A window is center/width or center/width/function.", f"Functions: {', '.join(functions)}.")
    try:
        window = Window(float(center), float(width), functions[name])
    except ValueError as err:
        raise _bad_window("Center and width must be numbers.", "Write center/width, such as 40/400.") from err
    try:
        usable(window)
    except InputError as err:
        raise _bad_window(err.what, "A width below 1 needs the function linear_exact, such as 0.5/0.8/exact.") from err
    return Fixed(window)


def _bad_window(what: str, hint: str) -> UsageError:
    return UsageError(what, "--window", hint, "values.bad-window")


def unknown(word: str) -> UsageError:
    """The error for a word that stands for no window; names the nearest word that does."""
    known = ["auto", "file", "full", *PRESETS]
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    meant = f"Did you mean {near[0]}? " if near else ""
    others = "file:2, center/width such as 40/400, percentiles such as p1-99"
    return UsageError(f"{word!r} is not a window.", "--window", f"{meant}Known are {', '.join(known)}; also {others}.")


def _text(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)
