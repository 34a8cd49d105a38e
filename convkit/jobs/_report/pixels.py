"""Sampled frames: a thumbnail of each series, and the values of its pixels; within a budget of frames.

Series are drawn by a hash of their identifier, so that the same data give the same sample, and modalities in turn, so
that each has its part. A frame of very many pixels is thinned.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib import import_module
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.dicom.attributes import display_table
from convkit.dicom.header import read_header
from convkit.engine.run import Runner
from convkit.errors import ConvkitError
from convkit.jobs._pictures.image_file import ImageFile
from convkit.jobs._pictures.look import Look
from convkit.jobs._pictures.stored import frame_picture
from convkit.jobs._report.facts import SeriesFacts, Spot
from convkit.jobs._report.suv import suv_factor
from convkit.jobs._sources import Progress, Step
from convkit.model.display import Display
from convkit.pictures.voi import image_values, stored_range
from convkit.survey.intensities import PixelSample, counted, range_counts

MOST_FRAMES = 5
"""Frames of one series at most."""

MOST_PIXELS = 1 << 20
"""Of a frame; of a larger one every second, third ... row and column."""

THUMBNAIL_PIXELS = 144
"""Of the longer side."""

_PET_UNITS = {"g/mL": "SUVbw"}
"""PS3.3 C.8.9.1.1.3: g/mL is of SUV, and by body weight unless (0054,1006) SUV Type says otherwise."""


class Job(NamedTuple):
    """What is to be sampled of one series."""

    series: str
    modality: str
    spots: tuple[Spot, ...]
    has_thumbnail: bool


class Sampled(NamedTuple):
    """What became of it.

    Attributes
    ----------
    series : str
    sample : PixelSample or None
        None where no frame could be read, and for colours.
    thumbnail : bytes
        WebP; empty where there is none.
    is_failed : bool
        No frame could be read.
    """

    series: str
    sample: PixelSample | None
    thumbnail: bytes = b""
    is_failed: bool = False


class _Values(NamedTuple):
    values: NDArray[Any]
    padding: int
    low: int
    high: int
    unit: str


def sampled(series: Sequence[SeriesFacts], frames: int, runner: Runner, progress: Progress | None) -> list[Sampled]:
    """Samples of some series, of about so many frames together."""
    jobs = planned(series, frames)
    found: dict[int, Sampled] = {}
    for place, one in runner.map(sample, jobs, on_error=failed):
        found[place] = one
        if progress:
            progress(Step("pictures", len(found), len(jobs)))
    return [found[place] for place in sorted(found)]


def planned(series: Sequence[SeriesFacts], frames: int) -> list[Job]:
    """What to sample: first a frame of each series, then further ones, as far as the budget goes."""
    drawn = list(_in_turn(one for one in series if one.spots))[:frames]
    left = frames - len(drawn)
    jobs = []
    for place, one in enumerate(drawn):
        more = min(len(one.spots) - 1, MOST_FRAMES - 1, -(-left // (len(drawn) - place)) if left > 0 else 0)
        left -= more
        jobs.append(Job(one.identifier, one.row["modality"], one.spots[: 1 + more], not one.may_show_text))
    return jobs


def _in_turn(series: Iterable[SeriesFacts]) -> Iterator[SeriesFacts]:
    by_modality: dict[str, list[SeriesFacts]] = defaultdict(list)
    for one in series:
        by_modality[one.row["modality"]].append(one)
    for members in by_modality.values():
        members.sort(key=lambda one: sha256(one.identifier.encode()).digest())
    rounds = zip_longest(*(by_modality[name] for name in sorted(by_modality)))
    return (one for members in rounds for one in members if one is not None)


# --- tasks -------------------------------------------------------------------------------------------------


def failed(job: Job, _error: Exception) -> Sampled:
    """What a series becomes that cannot be sampled."""
    return Sampled(job.series, None, is_failed=True)


def sample(job: Job) -> Sampled:
    """Task: a thumbnail and the values of some frames of a series."""
    found: list[_Values] = []
    thumbnail = b""
    read = 0
    for place, spot in enumerate(job.spots):
        with suppress(ConvkitError):
            image = ImageFile(read_header(spot.path, display_table(("PatientWeight",))), spot.path)
            if place == 0 and job.has_thumbnail:
                thumbnail = _thumbnail(image, spot.frame)
            if not image.is_colour:
                found.append(_values(image, spot.frame))
            read += 1
    unit = found[0].unit if found else ""
    return Sampled(job.series, _summed(job, [one for one in found if one.unit == unit], unit), thumbnail, read == 0)


def _thumbnail(image: ImageFile, frame: int) -> bytes:
    picture = frame_picture(image, frame, Look()).picture
    small = import_module("convkit.writers.pil_image").to_pil(picture)
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    data = io.BytesIO()
    small.save(data, "WEBP", quality=65)
    return data.getvalue()


def _values(image: ImageFile, frame: int) -> _Values:
    """Real values of a frame without padding, and what is at the ends of what can be stored."""
    stored = image.samples(frame)
    step = int(np.ceil(np.sqrt(stored.size / MOST_PIXELS))) or 1
    stored = stored[::step, ::step]
    display = image.valued(frame)
    values = image_values(stored, display).reshape(-1)
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    low, high = _ends(stored, values, display)
    unit = _PET_UNITS.get(display.units, display.units)
    factor = suv_factor(image.header_of(frame)) if display.modality == "PT" and unit == "Bq/mL" else None
    if factor is not None:
        values, unit = values.astype(np.float64) * factor, "SUVbw"
    return _Values(values, stored.size - values.size, low, high, unit or "stored")


def _ends(stored: NDArray[Any], values: NDArray[Any], display: Display) -> tuple[int, int]:
    """Pixels at the least and the greatest value that can be stored, padding apart."""
    if stored.dtype.kind == "f":
        return 0, 0
    low, high = stored_range(display)
    is_same = low == high
    return int((values <= low).sum()), 0 if is_same else int((values >= high).sum())


def _summed(job: Job, found: Sequence[_Values], unit: str) -> PixelSample | None:
    if not found:
        return None
    arrays = [one.values for one in found]
    values, counts = counted(arrays)
    padding, low, high = (sum(numbers) for numbers in zip(*(one[1:4] for one in found), strict=True))
    ranges = range_counts(arrays) if unit == "HU" else ()
    return PixelSample(job.series, job.modality, unit, len(found), values, counts, padding, low, high, ranges)
