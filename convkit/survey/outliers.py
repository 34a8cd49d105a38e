"""Series that differ from those of their kind: in spacing, kernel, times of the sequence, field strength, matrix.

A group is a modality, a protocol and the way they were made (the sequence and contrast of MR), or, of series whose
protocol few share, a modality, a body part and this way: a protocol may be that of a whole examination. Numbers are
compared with the median by the median absolute deviation, texts with the value that nearly all others have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from convkit.survey.findings import Outlier

LEAST_GROUP = 5
"""Series of a group; of fewer, nobody can say what is usual."""

MOST = 200
"""Outliers that are told."""

LIMIT = 3.5
"""Robust z-score from which on a value is an outlier (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993).
"""

_TO_SIGMA = 0.6745
"""Median absolute deviation of a normal distribution, in standard deviations."""

_USUAL_SHARE = 0.8
"""Share of a group that has the usual value: 4 of 5."""

_SAME = 0.01
"""Relative difference below which numbers are the same: headers round."""

_MANY_WAYS = frozenset({"MR"})
"""Modalities whose images of one body part have nothing in common as long as nobody knows how they were made."""

Value = float | str | None


class Member(NamedTuple):
    """A series as a member of a group.

    Attributes
    ----------
    series : str
        Identifier.
    modality, protocol, part, way : str
        Empty where unknown. The way is what makes images of one part different kinds: sequence and contrast of MR.
    values : mapping of attribute to number, text or None
    """

    series: str
    modality: str
    protocol: str
    part: str
    way: str
    values: Mapping[str, Value]


def outliers(members: Sequence[Member]) -> tuple[Outlier, ...]:
    """The series that differ from their group, those that differ most first."""
    found = [each for title, group in _groups(members) for each in _of_group(title, group)]
    return tuple(outlier for _, outlier in sorted(found, key=lambda one: (-one[0], one[1].series, one[1].attribute)))


def _groups(members: Sequence[Member]) -> Iterator[tuple[str, list[Member]]]:
    by_protocol: dict[tuple[str, str, str], list[Member]] = defaultdict(list)
    by_part: dict[tuple[str, str, str], list[Member]] = defaultdict(list)
    for one in members:
        by_protocol[one.modality, one.protocol.casefold(), one.way].append(one)
    for (modality, protocol, way), group in by_protocol.items():
        if protocol and len(group) >= LEAST_GROUP:
            yield _named(modality, group[0].protocol, way, f"{len(group)} series"), group
        elif way or modality not in _MANY_WAYS:
            for one in group:
                by_part[modality, one.part.upper(), one.way].append(one)
    for (modality, part, way), group in by_part.items():
        if len(group) >= LEAST_GROUP:
            yield _named(modality, part.capitalize() or "body part unknown", way, f"{len(group)} series"), group


def _named(*names: str) -> str:
    return ", ".join(filter(None, names))


def _of_group(title: str, group: Sequence[Member]) -> Iterator[tuple[float, Outlier]]:
    for attribute in dict.fromkeys(name for one in group for name in one.values):
        pairs = [(one.series, value) for one in group if (value := one.values.get(attribute)) is not None]
        if len(pairs) < LEAST_GROUP:
            continue
        if all(isinstance(value, int | float) for _, value in pairs):
            found = _of_numbers([(series, float(value)) for series, value in pairs])
        else:
            found = _of_texts([(series, str(value)) for series, value in pairs])
        for series, weight, value, usual, why in found:
            yield weight, Outlier(series, title, attribute, value, usual, why)


_Found = tuple[str, float, str, str, str]


def _of_numbers(pairs: Sequence[tuple[str, float]]) -> Iterator[_Found]:
    values = np.array([value for _, value in pairs])
    usual = float(np.median(values))
    away = np.abs(values - usual)
    spread = float(np.median(away))
    same = away <= _SAME * abs(usual)
    for (series, value), distance, is_same in zip(pairs, away, same, strict=True):
        if is_same:
            continue
        if spread > _SAME * abs(usual):
            score = _TO_SIGMA * float(distance) / spread
            if score > LIMIT:
                why = f"{score:.1f} times the usual deviation from the median"
                yield series, score, f"{value:.6g}", f"{usual:.6g} ± {spread:.3g}", why
        elif same.mean() >= _USUAL_SHARE:
            why = f"{same.sum()} of {same.size} have the usual value"
            yield series, LIMIT * float(same.mean()), f"{value:.6g}", f"{usual:.6g}", why


def _of_texts(pairs: Sequence[tuple[str, str]]) -> Iterator[_Found]:
    counts = Counter(value for _, value in pairs)
    usual, count = max(counts.items(), key=lambda item: (item[1], item[0]))
    if count < _USUAL_SHARE * len(pairs):
        return
    for series, value in pairs:
        if value != usual:
            yield series, LIMIT * count / len(pairs), value, usual, f"{count} of {len(pairs)} have the usual value"
