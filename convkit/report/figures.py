"""The figures of a report: each as an SVG for the page, all of them as files in a folder.

Drawn by matplotlib, which the extra ``report`` brings. The same findings give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from convkit.errors import OutputError, UsageError
from convkit.report import _plots as plots
from convkit.report import _wording as words
from convkit.report._canvas import canvas, png, svg, with_ground
from convkit.report.findings import Attribute, Findings, Nature, Pairs, Tally

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("svg", "png")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure that is not drawn yet.

    Attributes
    ----------
    name : str
        Letters, digits and hyphens; of no other figure of the same findings.
    draw : function
        Called within `canvas`.
    """

    name: str
    draw: Callable[[], Figure]


def save_figures(findings: Findings, folder: Path, formats: Sequence[str] = FORMATS) -> tuple[Path, ...]:
    """Write all figures into a folder and return their paths.

    Parameters
    ----------
    findings : Findings
    folder : Path
        Made where it is not there; files of the same names are written anew.
    formats : sequence of str
        Of `FORMATS`.

    Raises
    ------
    UsageError
        Another format.
    MissingExtraError
        Without matplotlib.
    OutputError
        A file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(_written(folder / name, content) for name, content in figure_files(findings, formats))
    except OSError as err:
        raise OutputError(f"A figure cannot be written: {err.strerror or err}.", str(folder)) from err


def figure_files(findings: Findings, formats: Sequence[str] = FORMATS) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file that `save_figures` writes, one at a time.

    Raises
    ------
    UsageError, MissingExtraError
        As `save_figures`.
    """
    for name in formats:
        if name not in FORMATS:
            raise UsageError(f"{name} is no format of figures.", "--figures", f"Choose of {', '.join(FORMATS)}.")
    with canvas():
        for drawing in drawings(findings):
            figure = with_ground(drawing.draw())
            if "svg" in formats:
                yield f"{drawing.name}.svg", svg(figure).encode()
            if "png" in formats:
                yield f"{drawing.name}.png", png(figure)


def drawings(findings: Findings) -> Iterator[Drawing]:
    """Every figure of the findings, in the order of the page; names are told apart by numbers where they are alike."""
    taken: dict[str, int] = {}
    for drawing in _every(findings):
        taken[drawing.name] = taken.get(drawing.name, 0) + 1
        number = f"-{taken[drawing.name]}" if taken[drawing.name] > 1 else ""
        yield Drawing(drawing.name + number, drawing.draw)


def _every(findings: Findings) -> Iterator[Drawing]:
    for tally in findings.overview.tallies:
        yield from _of_tally("overview", tally)
    for attribute in findings.attributes:
        yield from _of_attribute(attribute)
    yield from _of_pairs(findings.pairs)
    for found in findings.pixels:
        yield _named(f"pixels {found.title}", plots.intensities, found)
    for name, unit, parts in faceted(findings):
        yield _named(f"by {findings.by} {name}", plots.ridges, name, unit, parts)
    for facet in findings.facets:
        for found in facet.pixels:
            yield _named(f"by {findings.by} {facet.value} pixels {found.title}", plots.intensities, found)


def _of_tally(prefix: str, tally: Tally) -> Iterator[Drawing]:
    if tally.counts:
        yield _named(f"{prefix} {tally.title}", plots.bars, tally)


def _of_attribute(attribute: Attribute) -> Iterator[Drawing]:
    if attribute.histogram is not None:
        yield _named(f"attribute {attribute.name}", plots.histogram, attribute)
    elif attribute.tally is not None:
        yield from _of_tally("attribute", attribute.tally)


def _of_pairs(pairs: Pairs) -> Iterator[Drawing]:
    found = pairs.correlations
    if found is not None and len(found.names) > 1:
        yield _named("correlation pearson", plots.correlation_matrix, found.names, found.pearson)
        yield _named("correlation spearman", plots.correlation_matrix, found.names, found.spearman)
    for scatter in pairs.scatters:
        yield _named(f"scatter {scatter.x} {scatter.y}", plots.scatter, scatter)
    for both in pairs.co_occurrences:
        yield _named(f"co-occurrence {both.x} {both.y}", plots.co_occurrence, both)


def faceted(findings: Findings) -> Iterator[tuple[str, str, list[tuple[str, Attribute]]]]:
    """Numeric attributes and dates that two facets or more have: name, unit, and the attribute in each facet."""
    for attribute in findings.attributes:
        if attribute.nature not in {Nature.NUMBER, Nature.DATE} or attribute.distinct < 2:
            continue
        parts = [
            (facet.value, own)
            for facet in findings.facets
            for own in facet.attributes
            if own.name == attribute.name and own.nature is attribute.nature and own.histogram is not None
        ]
        if len(parts) > 1:
            yield attribute.name, attribute.unit, parts


def _named(name: str, draw: Callable[..., Figure], *found: object) -> Drawing:
    return Drawing(words.slug(name) or "figure", lambda: draw(*found))


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
