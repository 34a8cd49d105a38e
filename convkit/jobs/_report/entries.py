"""The series of a report one by one: those that something is told of first, as many as a page can hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convkit.jobs._report.facts import SeriesFacts
from convkit.jobs._report.pixels import Sampled
from convkit.survey.findings import Likeness, Outlier, Problem, SeriesEntry
from convkit.survey.intensities import histogram_of

MOST = 500
"""Series with a card of their own: with pictures of some 3 kB a page of 3 MB."""

_BINS = 24


def chosen(series: Sequence[SeriesFacts], named: Iterable[str]) -> list[SeriesFacts]:
    """The series that the page lists, in their order: those that are named elsewhere, and others evenly spread."""
    if len(series) <= MOST:
        return list(series)
    wanted = set(dict.fromkeys(named))
    first = [place for place, one in enumerate(series) if one.identifier in wanted][: MOST // 2]
    taken = set(first)
    others = [place for place in range(len(series)) if place not in taken]
    room = MOST - len(first)
    taken |= {others[number * len(others) // room] for number in range(room)}
    return [series[place] for place in sorted(taken)]


def named_in(problems: Sequence[Problem], found: Sequence[Outlier], likenesses: Sequence[Likeness]) -> Iterable[str]:
    """Identifiers that are told elsewhere, so that there is something to link to."""
    for problem in problems:
        yield from problem.series[:20]
    for outlier in found:
        yield outlier.series
    for likeness in likenesses:
        yield from likeness.series[:20]


def _size(one: SeriesFacts) -> str:
    """Volumes of the largest stack where there are several, slices, rows and columns: ``17 × 20 × 64 × 64``."""
    if not one.slices or not one.matrix:
        return one.matrix
    volumes = (str(one.volumes),) if one.volumes > 1 else ()
    return " × ".join((*volumes, str(one.slices), one.matrix))


def entry(one: SeriesFacts, sampled: Sampled | None) -> SeriesEntry:
    """What is told of one series."""
    row = one.row
    details = (
        ("modality", row["modality"]),
        ("scanner", one.scanner),
        ("protocol", one.member.protocol),
        ("body part", one.member.part),
        ("matrix", _size(one)),
        ("spacing (mm)", one.spacing),
        ("volumes", str(row["volumes"])),
        ("files", str(row["instances"])),
    )
    sample = None if sampled is None else sampled.sample
    thumbnail = b"" if sampled is None else sampled.thumbnail
    return SeriesEntry(
        one.identifier,
        one.title,
        tuple((name, value) for name, value in details if value),
        tuple(row["problems"]),
        thumbnail,
        "image/webp" if thumbnail else "",
        histogram_of([sample], _BINS) if sample is not None else None,
        "" if sample is None else sample.unit,
        None if sample is None or not sample.values.size else float(sample.values[0]),
        None if sample is None or not sample.values.size else float(sample.values[-1]),
    )
