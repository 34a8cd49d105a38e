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
from convkit.dicom.header import Header, read_header
from convkit.engine.run import Runner
from convkit.errors import ConvkitError
from convkit.jobs._pictures.image_file import ImageFile
from convkit.jobs._pictures.look import Look
from convkit.jobs._pictures.stored import frame_picture
from convkit.jobs._report.facts import SeriesFacts, Spot
from convkit.jobs._report.suv import suv_factor
from convkit.jobs._report.texts import description
from convkit.jobs._sources import Progress, Step
from convkit.model.display import Display
from convkit.pictures.voi import image_values, stored_range
from convkit.series.facts import UNITS
from convkit.series.traits import component_of
from convkit.survey.intensities import PixelSample, counted, range_counts

MOST_FRAMES = 5
"""Frames of one series at most."""

MOST_PIXELS = 1 << 20
"""Of a frame; of a larger one every second, third ... row and column."""

THUMBNAIL_PIXELS = 144
"""Of the longer side."""

_BODY_WEIGHT = "SUVbw"
_KINDS_OF_SUV = {
    "": _BODY_WEIGHT,
    "BW": _BODY_WEIGHT,
    "BSA": "SUVbsa",
    "LBM": "SUVlbm",
    "LBMJANMA": "SUVlbm (Janmahasatian)",
    "LBMJAMES128": "SUVlbm (James)",
    "IBW": "SUVibw",
}
"""By (0054,1006) SUV Type, which is by body weight where it is absent (PS3.3 C.8.9.1.1.13)."""

_OF_SUV = frozenset({"g/mL", "cm2/mL"})
"""Units of PET that are SUV (PS3.3 C.8.9.1.1.3); the second one by body surface."""

_NO_MAGNITUDE = frozenset({"phase", "real", "imag"})
"""Components of complex MR that are not comparable with magnitudes."""

_UNTOLD = "another unit"

_READ = ("PatientWeight", "SUVType")


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
    quantity: str
    remark: str

    @property
    def kind(self) -> tuple[str, str]:
        """What is measured, and in what."""
        return self.quantity, self.unit


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
            image = ImageFile(read_header(spot.path, display_table(_READ)), spot.path)
            if place == 0 and job.has_thumbnail:
                thumbnail = _thumbnail(image, spot.frame)
            if not image.is_colour:
                found.append(_values(image, spot.frame))
            read += 1
    alike = [one for one in found if one.kind == found[0].kind]
    return Sampled(job.series, _summed(job, alike), thumbnail, read == 0)


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
    padding, header = stored.size - values.size, image.header_of(frame)
    if display.modality != "PT":
        return _Values(values, padding, low, high, _told(display.units), _quantity(header), "")
    if display.units in _OF_SUV:
        kind = header.text("SUVType") or ("BSA" if display.units == "cm2/mL" else "")
        return _Values(values, padding, low, high, _KINDS_OF_SUV.get(kind, "SUV"), "", "")
    found = suv_factor(header)
    if isinstance(found, str):
        return _Values(values, padding, low, high, _told(display.units), "", found)
    return _Values(values.astype(np.float64) * found, padding, low, high, _BODY_WEIGHT, "", "")


def _told(unit: str) -> str:
    """A unit as it may be told: anybody may have written anything into a Rescale Type."""
    return unit if not unit or unit in UNITS else description(unit) or _UNTOLD


def _quantity(header: Header) -> str:
    component = str(component_of(header) or "")
    return component if component in _NO_MAGNITUDE else ""


def _ends(stored: NDArray[Any], values: NDArray[Any], display: Display) -> tuple[int, int]:
    """Pixels at the least and the greatest value that can be stored, padding apart."""
    if stored.dtype.kind == "f":
        return 0, 0
    low, high = stored_range(display)
    is_same = low == high
    return int((values <= low).sum()), 0 if is_same else int((values >= high).sum())


def _summed(job: Job, found: Sequence[_Values]) -> PixelSample | None:
    if not found:
        return None
    arrays, first = [one.values for one in found], found[0]
    values, counts = counted(arrays)
    padding, low, high = (sum(numbers) for numbers in zip(*(one[1:4] for one in found), strict=True))
    ranges = range_counts(arrays) if first.unit == "HU" else ()
    return PixelSample(
        job.series, job.modality, first.unit, len(found), values, counts, padding, low, high, ranges,
        first.quantity, first.remark,
    )  # fmt: skip
