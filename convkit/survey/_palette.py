"""The colours of the page and of the figures, each for a light and for a dark ground.

One list for both: the style sheet gets them as variables, a figure of the page refers to these variables, and a figure
in a file of its own has the light ones. No two light colours are the same, as a figure's colours are known by them.
"""

from __future__ import annotations

COLOURS: dict[str, tuple[str, str]] = {
    "ground": ("#f5f6f8", "#101316"),
    "surface": ("#ffffff", "#191d21"),
    "line": ("#d8dce2", "#31373e"),
    "text": ("#1b2025", "#e6e9ec"),
    "quiet": ("#545e69", "#a0aab4"),
    "accent": ("#0a5cad", "#7ab8f5"),
    "bar": ("#3a78b8", "#5b9bdc"),
    "mark": ("#b3450b", "#f2a264"),
    "point": ("#2b6cb0", "#77b3ef"),
    "band": ("#e9edf2", "#252b31"),
    "flag": ("#8a4a00", "#f2c078"),
    "flag-ground": ("#fdf1de", "#372a17"),
    "bad": ("#a31621", "#ff9d95"),
    "bad-ground": ("#fdeaea", "#43191c"),
    "cool-1": ("#e8f1fa", "#18283a"),
    "cool-2": ("#d0e3f5", "#1b3450"),
    "cool-3": ("#b3d2ef", "#1e4167"),
    "cool-4": ("#93bfe8", "#224f7f"),
    "cool-5": ("#74abdf", "#275d97"),
    "warm-1": ("#fbeee6", "#37241a"),
    "warm-2": ("#f7dbca", "#4b2c1b"),
    "warm-3": ("#f2c3a7", "#60351c"),
    "warm-4": ("#ecab85", "#763e1d"),
    "warm-5": ("#e59263", "#8c481f"),
}
"""Name of the variable, colour on a light ground, colour on a dark one."""

LEVELS = 5
"""Steps of each of the scales ``cool`` and ``warm``."""


def light(name: str) -> str:
    """The colour of that name on a light ground, as ``#rrggbb``."""
    return COLOURS[name][0]


def variables() -> str:
    """The style sheet that gives the colours their names."""
    bright, dim = (";".join(f"--{name}:{pair[k]}" for name, pair in COLOURS.items()) for k in (0, 1))
    return (
        f":root{{color-scheme:light dark;{bright}}}\n"
        f"@media (prefers-color-scheme: dark){{:root{{{dim}}}}}\n"
        f"@media print{{:root{{color-scheme:light;{bright};--ground:#fff}}}}\n"
    )


def level(share: float) -> int:
    """The step of a scale for a share from 0 to 1: 0 for none, `LEVELS` for all.

    Examples
    --------
    >>> [level(share) for share in (0, 0.001, 0.2, 0.21, 1)]
    [0, 1, 1, 2, 5]
    """
    return min(LEVELS, max(0, -int(-share * LEVELS // 1)))
