"""How each kind of finding is drawn: one function a kind, from a part of the findings to a figure of matplotlib.

Call them within `canvas`. Sizes are those of a card of the page on a phone, so that letters can be read there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from convkit.survey import _wording as words
from convkit.survey._canvas import new_axes, new_figure
from convkit.survey._palette import level, light
from convkit.survey.findings import Attribute, CoOccurrence, Histogram, Intensities, Nature, Scatter, Tally

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

WIDTH = 320
"""Pixels; what a phone of 360 leaves between the margins."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 14, 8, 24
_LABEL = 16
"""Height of a line below the axis."""

_ROW = 20
_CELL = 26
_LABELLED_CELLS = 14
"""A matrix of up to so many columns has its numbers in the cells."""

_WIDE_FROM = 0x2E80
"""Where the characters of Chinese, Japanese and Korean begin."""

_FARTHEST = 1e100
_NO_BINS = Histogram((0.0, 1.0), (0,))

_EVEN = 1.15
"""Months are of 28 to 31 days, and yet equally wide."""

MOST_POINTS = 1500
"""Points of one scatter plot; more cannot be told apart."""

_YEARS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
"""From tick to tick of an axis of years."""

LEAST_PERCENT = 0.001
"""Of the pixels: where the logarithmic axis begins. Below it lies one pixel of a small image."""

MOST_BARS = 25


def histogram(attribute: Attribute) -> Figure:
    """Bars of the numbers or days of an attribute, with a line at the median."""
    found = attribute.histogram or _NO_BINS
    figure = new_figure(WIDTH, 140)
    axes = new_axes(figure, left=_LEFT, right=_RIGHT, top=_TOP, bottom=_BOTTOM + _LABEL)
    heights = even_heights(found)
    _bins(axes, found, heights)
    _count_axis(axes, max(heights, default=0))
    _value_axis(axes, attribute.nature, found.edges)
    beyond = f"; {found.below + found.above:,} beyond" if found.below + found.above else ""
    axes.set_xlabel(words.shortened(attribute.unit or attribute.name, 40) + beyond)
    median = dict(attribute.statistics).get("50%")
    if median is not None:
        axes.axvline(_drawable(median), color=light("mark"), linewidth=1.5)
    return figure


def even_heights(found: Histogram) -> list[float]:
    """Heights of bars whose areas are the counts, where bins are not equally wide; else the counts.

    Bins of too few people are joined to their neighbours; a bin as high as its count would then look like more.
    """
    widths = [high - low for low, high in pairwise(found.edges)]
    if not widths or min(widths) <= 0 or max(widths) <= min(widths) * _EVEN:
        return list(found.counts)
    return [count * min(widths) / width for count, width in zip(found.counts, widths, strict=False)]


def bars(tally: Tally) -> Figure:
    """One bar a value, most frequent at the top, with its count beside it."""
    counts = [(words.shortened(value, 26) or "(empty)", count) for value, count in tally.counts[:MOST_BARS]]
    more = tally.rest_count + sum(count for _, count in tally.counts[MOST_BARS:])
    counts += [(f"{tally.rest + len(tally.counts[MOST_BARS:]):,} others", more)] if more else []
    counts += [("(missing)", tally.missing)] if tally.missing else []
    left = _name_width((name for name, _ in counts), most=260)
    figure = new_figure(max(WIDTH, left + 220), _ROW * max(1, len(counts)) + 12)
    axes = new_axes(figure, left=left, right=60, top=6, bottom=6)
    places = range(len(counts))
    axes.barh(places, [count for _, count in counts], height=0.7, color=light("bar"))
    for place, (_, count) in enumerate(counts):
        axes.annotate(f"{count:,}", (count, place), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, [name for name, _ in counts])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_xlim(0, max([count for _, count in counts], default=1) or 1)
    axes.set_ylim(max(1, len(counts)) - 0.5, -0.5)
    return figure


def scatter(found: Scatter) -> Figure:
    """A dot a row of the sample."""
    figure = new_figure(WIDTH, 260)
    axes = new_axes(figure, left=54, right=_RIGHT, top=_TOP, bottom=_BOTTOM + _LABEL + 4)
    points = [(_drawable(x), _drawable(y)) for x, y in thinned(found.points) if math.isfinite(x + y)]
    axes.plot(
        [x for x, _ in points], [y for _, y in points],
        linestyle="none", marker="o", markersize=4.5 if len(points) > 100 else 6, color=light("point"), alpha=0.7,
        markeredgewidth=0,
    )  # fmt: skip
    axes.grid(visible=True)
    _value_axis(axes, Nature.NUMBER)
    _few_ticks(axes, "y")
    axes.set_xlabel(words.shortened(found.x, 42))
    axes.set_ylabel(words.shortened(found.y, 32))
    return figure


def thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """So many of the points as a plot can show, evenly chosen."""
    return points[:: -(-len(points) // MOST_POINTS)] if len(points) > MOST_POINTS else points


def correlation_matrix(names: Sequence[str], values: Sequence[Sequence[float | None]]) -> Figure:
    """A cell a pair: blue above zero, orange below, the stronger the darker."""
    cells = [
        (column, row, _diverging(value), "" if value is None else words.coefficient(value).replace("0.", "."))
        for row, line in enumerate(values)
        for column, value in enumerate(line)
    ]
    return _matrix(names, names, cells, cell=34 if len(names) <= _LABELLED_CELLS else 15)


def co_occurrence(found: CoOccurrence) -> Figure:
    """A cell a pair of values: the more rows have both, the darker; a dot where it may not be told."""
    most = max((count for line in found.counts for count in line if count), default=1)
    cells = [
        (column, row, "" if not count else f"cool-{level(count / most)}", "·" if count is None else words.short(count))
        for row, line in enumerate(found.counts)
        for column, count in enumerate(line)
    ]
    return _matrix(found.columns, found.rows, cells, cell=38)


def intensities(found: Intensities) -> Figure:
    """Shares of the pixels on a logarithmic axis, with the ranges of tissues between dotted lines."""
    figure = new_figure(WIDTH, 160)
    axes = new_axes(figure, left=52, right=_RIGHT, top=_TOP, bottom=_BOTTOM + _LABEL)
    beyond = found.histogram.below + found.histogram.above
    whole = sum(found.histogram.counts) + beyond or 1
    shares = [max(100 * height / whole, LEAST_PERCENT) for height in even_heights(found.histogram)]
    _bins(axes, found.histogram, shares, baseline=LEAST_PERCENT)
    axes.set_yscale("log")
    axes.set_ylim(bottom=LEAST_PERCENT)
    _decades(axes)
    for border in sorted({border for _, low, high, _ in found.ranges for border in (low, high) if border is not None}):
        if found.histogram.edges[0] < border < found.histogram.edges[-1]:
            axes.axvline(border, color=light("mark"), linewidth=1, linestyle=":")
    _value_axis(axes, Nature.NUMBER)
    more = f"; {words.share(beyond, whole)} beyond" if beyond else ""
    axes.set_xlabel(words.shortened(found.unit or "no unit", 40) + more)
    return figure


def ridges(attribute: str, unit: str, parts: Sequence[tuple[str, Attribute]]) -> Figure:
    """The histograms of an attribute in several facets, one below the other, each as high as its row."""
    height = 34 if len(parts) <= 6 else 26
    figure = new_figure(WIDTH, height * len(parts) + _BOTTOM + _LABEL + 8)
    left = _name_width((words.shortened(value, 16) for value, _ in parts), most=150)
    axes = new_axes(figure, left=left, right=_RIGHT, top=8, bottom=_BOTTOM + _LABEL)
    for place, (_, part) in enumerate(parts):
        _ridge(axes, part, len(parts) - 1 - place)
    axes.set_yticks(range(len(parts)), [words.shortened(value, 16) for value, _ in reversed(parts)])
    axes.set_ylim(-0.05, len(parts) - 0.05)
    axes.grid(visible=True, axis="x")
    for label in axes.get_yticklabels():
        label.set_verticalalignment("bottom")
    edges = [edge for _, part in parts if part.histogram for edge in part.histogram.edges]
    _value_axis(axes, parts[0][1].nature, edges)
    axes.set_xlabel(words.shortened(f"{attribute} ({unit})" if unit else attribute, 42))
    return figure


# ---- pieces


def _ridge(axes: Axes, part: Attribute, place: int) -> None:
    if part.distinct > 1:  # the bin of a single value is as wide as it happens to be
        found = part.histogram or _NO_BINS
        own = even_heights(found)
        most = max(own, default=0) or 1
        _bins(axes, found, [place + 0.82 * height / most for height in own], baseline=place)
    median = dict(part.statistics).get("50%")
    if median is not None:
        axes.plot([_drawable(median)] * 2, [place, place + 0.86], color=light("mark"), linewidth=1.5)


def _drawable(value: float) -> float:
    """The number, or the farthest one with which matplotlib can reckon: headers may hold 1e308."""
    return min(_FARTHEST, max(-_FARTHEST, value))


def _bins(axes: Axes, found: Histogram, heights: Sequence[float], *, baseline: float = 0) -> None:
    edges = [_drawable(edge) for edge in found.edges] or [0.0, 1.0]
    if edges[-1] <= edges[0]:  # of one value alone
        edges = [edges[0] - 0.5, edges[0] + 0.5]
    counts = list(heights) or [baseline]
    steps = axes.stairs(counts[: len(edges) - 1], edges[: len(counts) + 1], baseline=baseline, fill=True)
    steps.set_facecolor(light("bar"))
    steps.set_edgecolor(light("bar"))
    steps.set_linewidth(0.6)  # so that a single value in a wide range is seen


def _count_axis(axes: Axes, most: float) -> None:
    """Zero, half and all, at round numbers; a line across each."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 (an extra)

    axes.set_ylim(0, max(1, most) * 1.08)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_major_formatter(_formatter(words.short))
    axes.grid(visible=True, axis="y")


def _value_axis(axes: Axes, nature: Nature, edges: Sequence[float] = ()) -> None:
    if nature is not Nature.DATE or not edges:
        _few_ticks(axes, "x")
        return
    ordered = sorted(set(edges))
    write = words.days_between(ordered)
    texts = [write(edge) for edge in ordered]
    if len(texts[0]) == 4:
        step = next(step for step in _YEARS if (int(texts[-1]) - int(texts[0])) / step <= 7)
        chosen = [edge for edge, text in zip(ordered, texts, strict=True) if int(text) % step == 0] or ordered[:1]
    else:
        chosen = ordered[:: -(-len(ordered) // (4 if len(texts[0]) == 7 else 3))]
    axes.set_xticks(chosen, [write(edge) for edge in chosen])


def _few_ticks(axes: Axes, which: str) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 (an extra)

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(5, min_n_ticks=2, steps=[1, 2, 2.5, 5, 10]))
    low, high = axes.get_xlim() if which == "x" else axes.get_ylim()
    axis.set_major_formatter(_formatter(words.short if high - low > abs(high) / 500 else words.number))


def _decades(axes: Axes) -> None:
    from matplotlib.ticker import LogLocator, NullLocator  # noqa: PLC0415 (an extra)

    axes.yaxis.set_major_locator(LogLocator(numticks=4))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(_formatter(lambda percent: f"{percent:g} %"))
    axes.grid(visible=True, axis="y")


def _formatter(write: Callable[[float], str]) -> Any:
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415 (an extra)

    return FuncFormatter(lambda value, _: write(value).replace("-", "−") if value < 0 else write(value))


def _diverging(value: float | None) -> str:
    if value is None:
        return "band"
    step = level(abs(value))
    return f"{'cool' if value > 0 else 'warm'}-{step}" if step and abs(value) >= 0.1 else ""


def _matrix(
    columns: Sequence[str], rows: Sequence[str], cells: Iterable[tuple[int, int, str, str]], *, cell: int
) -> Figure:
    """Coloured cells with names at the left and, turned, above."""
    left = _name_width((words.shortened(name, 23) for name in rows), most=230)
    top = _name_width((words.shortened(name, 23) for name in columns), most=230)
    figure = new_figure(left + cell * len(columns) + 8, top + max(cell * len(rows), _ROW) + 8)
    axes = new_axes(figure, left=left, right=8, top=top, bottom=8)
    _fill(axes, list(cells), are_labelled=cell >= _CELL)
    axes.set_xlim(0, max(1, len(columns)))
    axes.set_ylim(max(1, len(rows)), 0)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelcolor=light("text"), labelsize=12 if cell >= _CELL else 10)
    axes.set_xticks([k + 0.5 for k in range(len(columns))], [words.shortened(n, 23) for n in columns], rotation=90)
    axes.set_yticks([k + 0.5 for k in range(len(rows))], [words.shortened(n, 23) for n in rows])
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def _fill(axes: Axes, cells: Sequence[tuple[int, int, str, str]], *, are_labelled: bool) -> None:
    """One path a colour: a matrix of forty columns has 1,600 cells."""
    from matplotlib.patches import PathPatch  # noqa: PLC0415 (an extra)
    from matplotlib.path import Path  # noqa: PLC0415 (an extra)

    for colour in dict.fromkeys(colour for _, _, colour, _ in cells if colour):
        squares = [
            Path([(x + 0.03, y + 0.03), (x + 0.97, y + 0.03), (x + 0.97, y + 0.97), (x + 0.03, y + 0.97), (x, y)],
                 [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY])
            for x, y, own, _ in cells if own == colour
        ]  # fmt: skip
        path = Path.make_compound_path(*squares)
        axes.add_patch(PathPatch(path, facecolor=light(colour), edgecolor="none"))
    for x, y, _, text in cells if are_labelled else ():
        _centred(axes, x, y, text)


def _centred(axes: Axes, x: int, y: int, text: str) -> Text:
    return axes.text(x + 0.5, y + 0.5, text.replace("-", "−"), ha="center", va="center", fontsize=10)


def _name_width(names: Iterable[str], *, most: int = 150) -> int:
    """Pixels that the longest of the names takes, about: of the font of the PNG, which is wide."""
    return int(min(most, 12 + max((sum(map(_letter_width, name)) for name in names), default=0)))


def _letter_width(letter: str) -> float:
    if letter in "MWmw@%…":
        return 11.0
    if ord(letter) >= _WIDE_FROM:
        return 12.0
    return 8.4 if letter.isupper() else 4.5 if letter in "ijlIt .,:;|'()[]1" else 7.5
