"""Frames and series without pixels, for what is decided from headers alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydicom import Dataset

from convkit.dicom.attributes import table_of
from convkit.dicom.header import Header, read_header
from convkit.jobs._headers import unfolded
from convkit.model.frame import Frame
from convkit.series.choices import Irregular, Tilt
from convkit.series.frames import frames_of
from convkit.series.group import Series, group
from convkit.series.options import StackOptions
from convkit.series.plan import plan_series
from convkit.series.stack import Planned, Stack
from tests.builders import write


def headers_of(datasets: Iterable[Dataset], folder: Path, keep: tuple[str, ...] = ()) -> list[Header]:
    """Headers as read from files and unfolded, in the order of the data sets."""
    return [unfolded(read_header(str(path), table_of(keep))) for path in write(datasets, folder, shuffle=True)]


def series_of(datasets: Iterable[Dataset], folder: Path) -> Series:
    """The only series of some data sets."""
    (one,) = group(headers_of(datasets, folder))
    return one


def frames_from(datasets: Sequence[Dataset], folder: Path) -> list[Frame]:
    """Frames of images, in the order of the data sets."""
    frames, problems = frames_of(headers_of(datasets, folder))
    assert problems == []
    return frames


def planned(datasets: Iterable[Dataset], folder: Path, irregular: str = "error", tilt: str = "keep") -> list[Planned]:
    return plan_series(series_of(datasets, folder), StackOptions(Irregular(irregular), Tilt(tilt)))


def stacks(datasets: Iterable[Dataset], folder: Path, **options: Any) -> list[Stack]:
    """The plan, where every part of it is a stack."""
    made = planned(datasets, folder, **options)
    assert all(isinstance(one, Stack) for one in made), made
    return [one for one in made if isinstance(one, Stack)]


def uids(stack: Stack) -> list[list[str]]:
    return [[frame.sop_instance_uid for frame in volume] for volume in stack.frames]
