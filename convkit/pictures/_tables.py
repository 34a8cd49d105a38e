"""The named windows, and what the automatic choice does for each modality: data, so that help text is generated.

Numbers of the CT windows are those in clinical use: [R] Radiopaedia, article "Windowing (CT)"; [O] the OHIF viewer's
presets; [S] stepwards.com, "CT windowing". Where a source gives a range, the window is its middle.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from convkit.model.display import VoiFunction, Window

HOUNSFIELD = frozenset({"HU", "[HNSF'U]"})
"""Hounsfield units: Rescale Type (PS3.3 C.11.1.1.2) and UCUM."""

UPTAKE = frozenset({"GML", "G/ML", "SUV", "{SUVBW}G/ML"})
"""Standardized uptake values: Units (0054,1001), PS3.3 C.8.9.1.1.3, UCUM, and our own name."""


class NamedWindow(NamedTuple):
    """A window with a name.

    Attributes
    ----------
    center, width : float
    modality : str
        The images that it is meant for.
    units : frozenset of str
        In capitals, any of which the real values must have.
    meaning, source : str
    function : VoiFunction
    """

    center: float
    width: float
    modality: str
    units: frozenset[str]
    meaning: str
    source: str
    function: VoiFunction = VoiFunction.LINEAR

    @property
    def window(self) -> Window:
        """The window itself."""
        return Window(self.center, self.width, self.function)


def _ct(center: float, width: float, meaning: str, source: str) -> NamedWindow:
    return NamedWindow(center, width, "CT", HOUNSFIELD, meaning, source)


PRESETS: dict[str, NamedWindow] = {
    "lung": _ct(-600, 1500, "Lungs and airways.", "R, O"),
    "mediastinum": _ct(50, 350, "Soft tissue of the chest.", "R"),
    "bone": _ct(400, 1800, "Bone.", "R"),
    "spine": _ct(50, 250, "Soft tissue of the spine.", "R"),
    "brain": _ct(40, 80, "Brain.", "R, O"),
    "stroke": _ct(40, 40, "Grey and white matter in early stroke.", "R"),
    "subdural": _ct(75, 215, "Blood beside the skull.", "R: 50 to 100 / 130 to 300"),
    "temporal-bone": _ct(600, 2800, "Inner ear and skull base.", "R"),
    "soft-tissue": _ct(40, 400, "Soft tissue anywhere.", "O"),
    "abdomen": _ct(50, 400, "Soft tissue of the abdomen.", "R"),
    "liver": _ct(30, 150, "Liver without contrast agent.", "R"),
    "pelvis": _ct(40, 400, "Soft tissue of the pelvis.", "as soft-tissue"),
    "angio": _ct(170, 600, "Vessels with contrast agent.", "S"),
    "pet": NamedWindow(2.5, 5, "PT", UPTAKE, "Uptake from 0 to 5 SUV.", "O", VoiFunction.LINEAR_EXACT),
}


class Otherwise(StrEnum):
    """What the automatic choice does where the file gives no window, or its own is not taken."""

    SOFT_TISSUE = "the soft-tissue window where values are HU, else as for MR"
    FOREGROUND = "every level of Bits Stored up to 8 bits, else the 1st to 99th percentile without the background"
    FROM_ZERO = "from 0 to the 99.5th percentile of the values above 0"
    TO_MAXIMUM = "from 0 to the largest value"


class Rule(NamedTuple):
    """The automatic choice for a modality.

    Attributes
    ----------
    modality : str
        ``*`` for every other.
    otherwise : Otherwise
    reason : str
    takes_file : bool
        True where the file's own first usable window or VOI LUT comes before anything else.
    """

    modality: str
    otherwise: Otherwise
    reason: str
    takes_file: bool = True


AUTOMATIC: dict[str, Rule] = {
    rule.modality: rule
    for rule in (
        Rule("CT", Otherwise.SOFT_TISSUE, "HU mean the same in every scanner."),
        Rule("MR", Otherwise.FOREGROUND, "MR values have no scale."),
        Rule(
            "PT",
            Otherwise.FROM_ZERO,
            "Scanners write another window for every slice, so that slices could not be compared.",
            takes_file=False,
        ),
        Rule("NM", Otherwise.FROM_ZERO, "Counts begin at 0, and few pixels are hot."),
        Rule("RTDOSE", Otherwise.TO_MAXIMUM, "Dose begins at 0, and its maximum matters."),
        Rule("*", Otherwise.FOREGROUND, "Up to 8 bits are made for the screen (US, XA, SC)."),
    )
}
"""Both may be given: a window comes before a VOI LUT, as in DCMTK and most viewers. The polarity is the file's: PET is
shown white on black unless the file says otherwise."""
