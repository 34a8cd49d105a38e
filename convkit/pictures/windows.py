"""Which window to show: what a choice comes to for an image.

The decision is made here, once, from what the header says and, only where that is not enough, from the values; how a
window becomes grey levels is the business of `convkit.pictures.voi`. The named windows and the automatic choice are
tables: `PRESETS` and `AUTOMATIC`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from numpy.typing import NDArray

from convkit.errors import InputError
from convkit.model.display import Display, LookupTable, Voi, VoiFunction, Window
from convkit.model.notes import Note, note
from convkit.pictures._tables import AUTOMATIC, HOUNSFIELD, PRESETS, NamedWindow, Otherwise, Rule
from convkit.pictures.distribution import Distribution, distribution
from convkit.pictures.voi import stored_range, usable
from convkit.pictures.window_choices import (
    Auto,
    Fixed,
    FromFile,
    FullRange,
    Percentiles,
    Preset,
    WindowChoice,
    parse_window,
    unknown,
)

__all__ = [
    "AUTOMATIC",
    "PRESETS",
    "Auto",
    "Fixed",
    "FromFile",
    "FullRange",
    "NamedWindow",
    "Otherwise",
    "Percentiles",
    "Preset",
    "Rule",
    "WindowChoice",
    "chosen",
    "needs_sample",
    "parse_window",
]


Sample = Callable[[], Iterable[NDArray[Any]]]
"""Gives real values, padding left out, as `convkit.pictures.voi.image_values` makes them; called only if needed."""

_Measure = Otherwise | Percentiles | FullRange
"""What must look at the values."""


def needs_sample(choice: WindowChoice, display: Display) -> bool:
    """True where the choice must look at the values of the image."""
    return not isinstance(_resolved(choice, display)[0], Window | LookupTable)


def chosen(choice: WindowChoice, display: Display, sample: Sample) -> tuple[Voi, tuple[Note, ...]]:
    """The window or VOI LUT to show, and what the user must know about it.

    A choice that the image cannot fulfil ends nothing: the automatic choice takes its place, with a note.

    Parameters
    ----------
    choice : WindowChoice
    display : Display
        Of the image, or of the first of a series that is to look alike.
    sample : callable
        Gives arrays of real values without padding, one a frame. Called at most once, and only where `needs_sample`.

    Returns
    -------
    voi : Window or LookupTable
        Usable. A measured one is LINEAR_EXACT: its low end is black, its high end white, however narrow it is.
    notes : tuple of Note
        `values.bad-window`, `preview.window-missing`, `preview.preset-modality`, `values.constant`.

    Raises
    ------
    InputError
        `values.bad-window`: a `Fixed` window cannot be used.
    """
    found, notes = _resolved(choice, display)
    if isinstance(found, Window | LookupTable):
        return found, notes
    values = distribution(sample())
    if values.is_flat:
        return _all_black(values), (*notes, note("values.constant"))
    return _between(*_ends(found, values)), notes


def _resolved(choice: WindowChoice, display: Display) -> tuple[Voi | _Measure, tuple[Note, ...]]:
    """What the header can settle: the window, or what is to be measured."""
    match choice:
        case Fixed(window):
            return usable(window), ()
        case Percentiles() | FullRange():
            return choice, ()
        case FromFile():
            return _of_file(choice, display)
        case Preset(name):
            return _of_preset(name, display)
        case Auto():
            return _automatic(display)


def _of_file(choice: FromFile, display: Display) -> tuple[Voi | _Measure, tuple[Note, ...]]:
    found = _listed(choice, display)
    if found is None:
        return _instead(display, note("preview.window-missing"))
    if not _is_usable(found):
        return _instead(display, note("values.bad-window", "The window that was asked for cannot be used."))
    return found, ()


def _listed(choice: FromFile, display: Display) -> Voi | None:
    if choice.explanation:
        wanted = choice.explanation.strip().casefold()
        return next((voi for voi in display.voi if voi.explanation.strip().casefold() == wanted), None)
    index = choice.index or 0
    return display.voi[index] if 0 <= index < len(display.voi) else None


def _of_preset(name: str, display: Display) -> tuple[Voi | _Measure, tuple[Note, ...]]:
    if name not in PRESETS:
        raise unknown(name)
    preset = PRESETS[name]
    if display.modality != preset.modality or display.units.upper() not in preset.units:
        return _instead(display, note("preview.preset-modality"))
    return preset.window, ()


def _instead(display: Display, why: Note) -> tuple[Voi | _Measure, tuple[Note, ...]]:
    found, notes = _automatic(display)
    return found, (why, *notes)


def _automatic(display: Display) -> tuple[Voi | _Measure, tuple[Note, ...]]:
    rule = AUTOMATIC.get(display.modality, AUTOMATIC["*"])
    if not (rule.takes_file and display.voi):
        return _otherwise(rule.otherwise, display), ()
    sound = next((voi for voi in display.voi if _is_usable(voi) and _is_telling(voi, display)), None)
    notes = () if sound is display.voi[0] else (note("values.bad-window", "A window of the file cannot be used."),)
    return sound or _otherwise(rule.otherwise, display), notes


def _otherwise(rule: Otherwise, display: Display) -> Voi | _Measure:
    if rule is Otherwise.SOFT_TISSUE and display.units.upper() in HOUNSFIELD:
        return PRESETS["soft-tissue"].window
    if rule in (Otherwise.SOFT_TISSUE, Otherwise.FOREGROUND) and display.bits_stored <= 8:
        return _between(*stored_range(display))
    return rule


def _is_usable(voi: Voi) -> bool:
    try:
        usable(voi)
    except InputError:
        return False
    return True


def _is_telling(voi: Voi, display: Display) -> bool:
    """False for a window that is a mere threshold, or a table of one level, over an image of more than one bit."""
    if display.bits_stored == 1:
        return True
    if isinstance(voi, LookupTable):
        return bool(voi.entries.min() < voi.entries.max())
    return voi.function is not VoiFunction.LINEAR or voi.width > 1


def _ends(measure: _Measure, values: Distribution) -> tuple[float, float]:
    """The values to be black and white; the whole range where the measure finds no two."""
    low, high = _measured(measure, values)
    return (low, high) if low < high else (values.low, values.high)


def _measured(measure: _Measure, values: Distribution) -> tuple[float, float]:
    match measure:
        case Percentiles(low, high):
            return values.percentile(low), values.percentile(high)
        case FullRange():
            return values.low, values.high
        case Otherwise.TO_MAXIMUM:
            return 0.0, values.high
        case Otherwise.FROM_ZERO:
            hot = values.above(0)
            return 0.0, hot.percentile(99.5) if hot.values.size else 0.0
        case _:
            seen = values.without_background()
            return seen.percentile(1), seen.percentile(99)


def _between(low: float, high: float) -> Window:
    """The window with these ends, also where they lie less than 1 apart."""
    width = min(high - low, math.nextafter(math.inf, 0))  # two huge ends of opposite sign
    return Window(low / 2 + high / 2, width, VoiFunction.LINEAR_EXACT)


def _all_black(values: Distribution) -> Window:
    """A window whose low end is the only value there is."""
    low = values.low if values.values.size else 0.0
    return _between(low, low + max(1.0, abs(low) / 1024))  # wide enough to be another number
