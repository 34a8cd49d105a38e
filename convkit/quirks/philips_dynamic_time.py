"""Philips MR: when a dynamic scan began, which Acquisition Time does not tell in classic images."""

from __future__ import annotations

from convkit.dicom.header import Header
from convkit.quirks._quirk import VolumeTimeQuirk


def _applies(header: Header) -> bool:
    # The private creator Philips MR Imaging DD 001 was checked when the header was read (PS3.5 7.8.1).
    return header.number("PhilipsDynamicScanBeginTime") is not None


def _seconds(header: Header) -> float | None:
    return header.number("PhilipsDynamicScanBeginTime")


QUIRK = VolumeTimeQuirk(
    name="philips-dynamic-time",
    why="(2005,xxA0) of creator Philips MR Imaging DD 001: begin of the dynamic scan, in seconds after that of the "
    "series (Philips private dictionary; dcm2niix's notes on Philips). Acquisition Time is the same in all dynamics",
    applies=_applies,
    seconds=_seconds,
)
