"""Philips MR: the private scale slope turns stored values into precise ones, comparable between series."""

from __future__ import annotations

from convkit.dicom.header import Header
from convkit.model.notes import Note, note
from convkit.quirks._quirk import ValuesQuirk


def _applies(header: Header) -> bool:
    # The private creator Philips MR Imaging DD 001 was checked when the header was read (PS3.5 7.8.1).
    return bool(header.number("PhilipsScaleSlope")) and header.has("RescaleSlope")


def _fix(header: Header, slope: float, intercept: float) -> tuple[float, float]:
    scale = header.number("PhilipsScaleSlope") or 1.0
    # precise = (stored x RS + RI) / (RS x SS)
    return 1.0 / scale, intercept / (slope * scale)


def _note(_header: Header) -> Note:
    return note(
        "quirk.applied",
        "Values are Philips precise values: (stored x RescaleSlope + RescaleIntercept) / "
        "(RescaleSlope x private Scale Slope (2005,100E)).",
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
