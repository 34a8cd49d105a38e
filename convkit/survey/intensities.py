"""The values of sampled pixels: histograms, padding, values at the ends of what can be stored, ranges of tissue."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.survey.bins import round_edges
from convkit.survey.columns import NOBODY, Floats, Mask, People
from convkit.survey.findings import Histogram, Intensities

BINS = 64

_TAIL = 0.001
_FAR_TAILS = 3
"""A histogram leaves out so much at either end where all of it would be so many times as wide: one series of large
values would leave all others in one bin."""

MOST_KEPT = 2048
"""Different values that are kept of a series; more are counted by steps of a round number."""

RANGES = (
    ("air", -math.inf, -900.0),
    ("lung", -900.0, -500.0),
    ("fat", -190.0, -30.0),
    ("water and soft tissue", -30.0, 150.0),
    ("bone", 300.0, 3000.0),
    ("metal", 3000.0, math.inf),
)
"""Tissues of CT in HU, from (included) and to (not included).

Normally aerated lung is -900 to -500 HU (Gattinoni et al., Am J Respir Crit Care Med 2001;164:1701), fat -190 to -30
(Yoshizumi et al., Radiology 1999;211:283), muscle -29 to 150 (Aubrey et al., Acta Physiol 2014;210:489), cortical bone
and dense trabecular bone from 300 on (what DICOM viewers and segmentation programs take as a threshold of bone: 200 to
300). Beyond 3000 lies what 12 bits of CT can hardly store: metal. What lies between the ranges is a mixture, and
told as `OTHER`.
"""

OTHER = "other"


class PixelSample(NamedTuple):
    """The sampled pixels of one series.

    Attributes
    ----------
    series : str
        Identifier.
    modality : str
    unit : str
        Of the values after rescale; empty where there is none.
    frames : int
    values : (n,) float64
        Rising; without padding.
    counts : (n,) int64
    padding, low, high : int
        Pixels that are padding; others at the least and the greatest value that can be stored.
    ranges : tuple of int
        Pixels in each of `RANGES`; empty where the values are not HU.
    quantity : str
        What is measured, where a modality has several: ``phase`` of MR.
    remark : str
        Why the unit is not the one that is looked for; empty where it is.
    """

    series: str
    modality: str
    unit: str
    frames: int
    values: Floats
    counts: NDArray[np.int64]
    padding: int = 0
    low: int = 0
    high: int = 0
    ranges: tuple[int, ...] = ()
    quantity: str = ""
    remark: str = ""

    @property
    def pixels(self) -> int:
        """All, but for padding."""
        return int(self.counts.sum())


def counted(arrays: Sequence[NDArray[Any]]) -> tuple[Floats, NDArray[np.int64]]:
    """Different values of some arrays and how often each is there.

    Where there are very many, they are rounded, but for the least and the greatest.
    """
    finite = [np.asarray(a, np.float64).reshape(-1) for a in arrays]
    values = np.concatenate(finite) if finite else np.empty(0)
    values = values[np.isfinite(values)]
    found, counts = np.unique(values, return_counts=True)
    if found.size > MOST_KEPT:
        least, greatest = found[0], found[-1]
        step = (greatest - least) / MOST_KEPT
        found, inverse = np.unique(np.round(found / step) * step, return_inverse=True)
        counts = np.bincount(inverse.reshape(-1), counts)
        found[0], found[-1] = least, greatest
    return found, counts.astype(np.int64)


def range_counts(arrays: Sequence[NDArray[Any]]) -> tuple[int, ...]:
    """Pixels in each of `RANGES`."""
    return tuple(sum(int(((a >= low) & (a < high)).sum()) for a in arrays) for _, low, high in RANGES)


def histogram_of(
    samples: Sequence[PixelSample], bins: int = BINS, within: tuple[float, float] = (-math.inf, math.inf)
) -> Histogram | None:
    """The histogram of all values of some samples; None where there are none.

    Where a few values in a thousand would make all others one bin, they are counted as beyond it; so is what does not
    lie `within` some ends.
    """
    values = np.concatenate([one.values for one in samples]) if samples else np.empty(0)
    inside = (values >= within[0]) & (values <= within[1])
    if not inside.any():
        return None
    weights = np.concatenate([one.counts for one in samples])
    edges = round_edges(*_shown(values[inside], weights[inside]), bins)
    counts, _ = np.histogram(values[inside], edges, weights=weights[inside])
    low, high = max(within[0], edges[0]), min(within[1], edges[-1])
    below, above = (int(weights[beyond].sum()) for beyond in (values < low, values > high))
    return Histogram(tuple(map(float, edges)), tuple(round(float(count)) for count in counts), below, above)


def _ends(samples: Sequence[PixelSample], people: People) -> tuple[float, float]:
    """Between which values a histogram may run; see `People.ends`."""
    if people.least <= 1:
        return -math.inf, math.inf
    some = [one.values for one in samples if one.values.size]
    whose = people.of(np.array([one.values.size > 0 for one in samples], np.bool_))
    if not whose.tells():
        return math.inf, -math.inf
    return whose.ends(np.array([values[0] for values in some]), np.array([values[-1] for values in some]))


def _shown(values: Floats, weights: NDArray[np.int64]) -> tuple[float, float]:
    """Between which values a histogram runs: all, or the middle, where the ends are far from it."""
    order = np.argsort(values, kind="stable")
    ranks = np.cumsum(weights[order])
    places = np.searchsorted(ranks, [_TAIL * ranks[-1], (1 - _TAIL) * ranks[-1]])
    low, high = (float(values[order[min(int(place), values.size - 1)]]) for place in places)
    least, most = float(values.min()), float(values.max())
    is_far = most - least > _FAR_TAILS * (high - low) > 0
    return (low, high) if is_far else (least, most)


def intensities(
    title: str, samples: Sequence[PixelSample], series: int, note: str, people: People = NOBODY
) -> Intensities | None:
    """What is to be told of the pixels of a group of series; None where none was sampled.

    Parameters
    ----------
    title : str
    samples : sequence of PixelSample
        Of one unit.
    series : int
        Of the modality.
    note : str
    people : People
        Whose each sample is. Where a group must have some, the least and the greatest value are not told, nor what only
        fewer have.
    """
    found = histogram_of(samples, within=_ends(samples, people))
    if found is None:
        return None
    pixels = sum(one.pixels for one in samples)
    padding = sum(one.padding for one in samples)
    whole = pixels + padding
    return Intensities(
        title,
        samples[0].unit,
        found,
        padding / whole,
        sum(one.low for one in samples) / whole,
        sum(one.high for one in samples) / whole,
        _shares(samples, people),
        series,
        len(samples),
        sum(one.frames for one in samples),
        note,
        float(min(one.values[0] for one in samples if one.values.size)) if people.least <= 1 else None,
        float(max(one.values[-1] for one in samples if one.values.size)) if people.least <= 1 else None,
    )


def _shares(
    samples: Sequence[PixelSample], people: People
) -> tuple[tuple[str, float | None, float | None, float], ...]:
    """Each of `RANGES` with its share, and the share of what lies between them, or is of too few people."""
    counted_in = [one for one in samples if one.ranges]
    if not counted_in:
        return ()
    whole = sum(one.pixels for one in counted_in) or 1
    within = {
        place: sum(one.ranges[place] for one in counted_in)
        for place in range(len(RANGES))
        if people.tells(_has_some(samples, place))
    }
    told = [
        (name, max(low, -_FAR), min(high, _FAR), within[place] / whole)
        for place, (name, low, high) in enumerate(RANGES)
        if place in within
    ]
    return (*told, (OTHER, None, None, (whole - sum(within.values())) / whole))


def _has_some(samples: Sequence[PixelSample], place: int) -> Mask:
    """(samples,) bool: which have pixels in a range."""
    return np.array([bool(one.ranges) and one.ranges[place] > 0 for one in samples], np.bool_)


_FAR = 32768.0
"""Stands for infinity, which JSON does not have: no 16-bit value in HU is beyond."""
