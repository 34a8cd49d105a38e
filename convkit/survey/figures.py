"""The figures of a report: each as an SVG for the page, all of them as files in a folder.

Drawn by matplotlib, which the extra ``report`` brings. The same findings give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from convkit.errors import OutputError, UsageError
from convkit.survey import _plots as plots
from convkit.survey import _wording as words
from convkit.survey._canvas import canvas, png, svg, titled
from convkit.survey.findings import Attribute, Correlations, Findings, Nature, Pairs, Tally

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
    title : str
        What it shows, in a line.
    draw : function
        Called within `canvas`.
    """

    name: str
    title: str
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
            figure = titled(drawing.draw(), drawing.title)
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
        yield Drawing(drawing.name + number, drawing.title, drawing.draw)


def _every(findings: Findings) -> Iterator[Drawing]:
    for tally in findings.overview.tallies:
        yield from _of_tally(f"overview {tally.title}", tally)
    for attribute in findings.attributes:
        yield from _of_attribute(attribute)
    yield from _of_pairs(findings.pairs)
    for found in findings.pixels:
        yield _named(f"pixels {found.title}", f"Pixels: {found.title}", plots.intensities, found)
    for name, unit, parts in faceted(findings):
        yield _named(f"by {findings.by} {name}", f"{name} by {findings.by}", plots.ridges, name, unit, parts)
    for facet in findings.facets:
        for found in facet.pixels:
            name = f"by {findings.by} {facet.value} pixels {found.title}"
            yield _named(name, f"{facet.value}: {found.title}", plots.intensities, found)


def _of_tally(name: str, tally: Tally) -> Iterator[Drawing]:
    if tally.counts:
        yield _named(name, f"{tally.title[:1].upper()}{tally.title[1:]}: {tally.unit}", plots.bars, tally)


def _of_attribute(attribute: Attribute) -> Iterator[Drawing]:
    name = f"attribute {attribute.name}"
    if attribute.histogram is not None:
        yield _named(name, attribute.name, plots.histogram, attribute)
    elif attribute.tally is not None:
        yield from _of_tally(name, attribute.tally)


def _of_pairs(pairs: Pairs) -> Iterator[Drawing]:
    found = defined(pairs.correlations)
    if found is not None and len(found.names) > 1:
        for kind, values in (("Pearson", found.pearson), ("Spearman", found.spearman)):
            yield _named(f"correlation {kind}", f"{kind} correlations", plots.correlation_matrix, found.names, values)
    for scatter in pairs.scatters:
        r = "" if scatter.pearson is None else f"r = {words.coefficient(scatter.pearson)}, "
        title = f"{r}{words.counted(scatter.rows, 'row')}"
        yield _named(f"scatter {scatter.x} {scatter.y}", title, plots.scatter, scatter)
    for both in pairs.co_occurrences:
        title = both.x if both.x == both.y else f"{both.y} and {both.x}"
        yield _named(f"co-occurrence {both.x} {both.y}", title, plots.co_occurrence, both)


def defined(found: Correlations | None) -> Correlations | None:
    """The correlations of those attributes that have one with another: not of what never varies."""
    if found is None:
        return None
    size = range(len(found.names))
    kept = [i for i in size if any(found.spearman[i][j] is not None for j in size if j != i)]
    names = tuple(found.names[i] for i in kept)
    pearson, spearman = (tuple(tuple(t[i][j] for j in kept) for i in kept) for t in (found.pearson, found.spearman))
    return Correlations(names, pearson, spearman, tuple(tuple(found.counts[i][j] for j in kept) for i in kept))


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


def _named(name: str, title: str, draw: Callable[..., Figure], *found: object) -> Drawing:
    return Drawing(words.slug(name) or "figure", words.shortened(title, 46), lambda: draw(*found))


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
