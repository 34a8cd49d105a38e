"""Philips MR: the private scale slope turns stored values into precise ones, comparable between series."""

from __future__ import annotations

from convkit.dicom.header import Header
from convkit.model.notes import Note, note
from convkit.quirks._quirk import PhilipsValues, ValueChoices, ValuesQuirk


def _applies(header: Header) -> bool:
    # The private creator Philips MR Imaging DD 001 was checked when the header was read (PS3.5 7.8.1).
    return bool(header.number("PhilipsScaleSlope")) and bool(header.number("RescaleSlope"))


def _fix(header: Header, slope: float, intercept: float, choices: ValueChoices) -> tuple[float, float]:
    scale = header.number("PhilipsScaleSlope")
    if choices.philips is PhilipsValues.DISPLAY or not scale:
        return slope, intercept
    # precise = (stored x RS + RI) / (RS x SS)
    return 1.0 / scale, intercept / (slope * scale)


def _note(header: Header, choices: ValueChoices) -> Note:
    factor = (header.number("RescaleSlope") or 1.0) * (header.number("PhilipsScaleSlope") or 1.0)
    if choices.philips is PhilipsValues.DISPLAY:
        return note(
            "quirk.applied",
            "Values are Philips display values, stored x RescaleSlope + RescaleIntercept, as asked for; precise values "
            f"are these divided by {factor:.6g} (RescaleSlope x private Scale Slope (2005,100E), of the first slice).",
        )
    return note(
        "quirk.applied",
        "Values are Philips precise values, (stored x RescaleSlope + RescaleIntercept) / "
        f"(RescaleSlope x private Scale Slope (2005,100E)); display values are these times {factor:.6g} (first slice).",
    )


QUIRK = ValuesQuirk(
    name="philips-precise-values",
    why="(2005,100E) of creator Philips MR Imaging DD 001; Chenevert et al., Errors in Quantitative Image Analysis due "
    "to Platform-Dependent Image Scaling, Translational Oncology 7 (2014); data set neurolabusc/dcm_qa_philips",
    keywords=("PhilipsScaleSlope",),
    applies=_applies,
    fix=_fix,
    note=_note,
)
