"""What draws figures: matplotlib without a display, without the reader's settings, the same bytes for the same figure.

The one module that imports matplotlib's surfaces; only drawing functions know more of it.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convkit.errors import MissingExtraError, install
from convkit.survey._palette import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PIXELS_PER_INCH = 72
"""Lengths of figures are pixels: an SVG of matplotlib has 72 of its units to the inch."""

PNG_SCALE = 2
"""Pixels of a PNG for one of the SVG, for screens of today and for print."""

TITLE_HEIGHT = 24

_SETTINGS: Any = {
    "svg.fonttype": "none",  # texts stay texts: smaller, and to be searched and copied
    "svg.hashsalt": "convkit",
    "text.parse_math": False,  # a dollar in a header is a dollar
    "text.usetex": False,
    "path.simplify": False,
    "font.family": ["sans-serif"],
    "font.size": 12,
    "text.color": light("text"),
    "axes.labelcolor": light("quiet"),
    "axes.edgecolor": light("line"),
    "axes.labelsize": 12,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.unicode_minus": True,
    "xtick.color": light("line"),
    "xtick.labelcolor": light("quiet"),
    "xtick.labelsize": 12,
    "ytick.color": light("line"),
    "ytick.labelcolor": light("quiet"),
    "ytick.labelsize": 12,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "grid.color": light("line"),
    "grid.linewidth": 0.8,
}


@contextmanager
def canvas() -> Iterator[None]:
    """Within it, figures are drawn by convkit's settings, whatever those of the reader are.

    Raises
    ------
    MissingExtraError
        Without matplotlib.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 (an extra)
    except ImportError as missing:
        raise MissingExtraError("Figures need matplotlib.", "report", install("report")) from missing
    with mpl.rc_context(), warnings.catch_warnings():
        # A letter that the font of the PNG lacks becomes a box; in an SVG the reader's own fonts have it.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        warnings.filterwarnings("ignore", message=r"Matplotlib currently does not support")
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of that size in pixels, without a ground of its own."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (an extra)

    figure = Figure(figsize=(width / PIXELS_PER_INCH, height / PIXELS_PER_INCH), dpi=PIXELS_PER_INCH)
    figure.patch.set_visible(False)
    return figure


def new_axes(figure: Figure, *, left: float, right: float, top: float, bottom: float) -> Axes:
    """Axes with margins in pixels, without a ground of their own."""
    width, height = (length * PIXELS_PER_INCH for length in figure.get_size_inches())
    place = (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    axes = figure.add_axes(place)
    axes.patch.set_visible(False)
    return axes


def svg(figure: Figure) -> str:
    """The figure as an SVG document."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415 (an extra)

    text = io.StringIO()
    surface: Any = FigureCanvasSVG(figure)  # its print functions have no types
    surface.print_svg(text, metadata={"Date": None, "Creator": None})
    return text.getvalue()


def png(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 (an extra)

    content = io.BytesIO()
    figure.set_dpi(PIXELS_PER_INCH * PNG_SCALE)
    surface: Any = FigureCanvasAgg(figure)
    surface.print_png(content, metadata={"Software": None})
    return content.getvalue()


def titled(figure: Figure, title: str) -> Figure:
    """The same figure on a white ground and with a title above, for a file of its own."""
    width, height = figure.get_size_inches()
    more = TITLE_HEIGHT / PIXELS_PER_INCH
    figure.set_size_inches(width, height + more)
    for axes in figure.axes:
        place = axes.get_position()
        part = height / (height + more)
        axes.set_position((place.x0, place.y0 * part, place.width, place.height * part))
    figure.text(
        8 / (width * PIXELS_PER_INCH), 1 - 7 / ((height + more) * PIXELS_PER_INCH), title, va="top", weight="bold"
    )
    figure.patch.set_visible(True)
    figure.patch.set_facecolor("#ffffff")
    return figure
