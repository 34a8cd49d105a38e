"""The report as one HTML page: no network, no files beside it, the same text for the same findings.

All texts come from headers of files and are therefore escaped by the template; the policy of the page allows nothing
but its own style, its own script and pictures that it holds.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

from convkit.errors import MissingExtraError, install
from convkit.survey import _plots as plots
from convkit.survey import _summary as summary
from convkit.survey import _wording as words
from convkit.survey._canvas import canvas
from convkit.survey._palette import level, variables
from convkit.survey._view import View, only_value
from convkit.survey.findings import Findings, Histogram, Tally

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def page(findings: Findings) -> str:
    """The whole page as HTML.

    Raises
    ------
    MissingExtraError
        Without matplotlib or jinja2.

    Examples
    --------
    >>> page(findings)[:15]  # doctest: +SKIP
    '<!doctype html>'
    """
    style, script = variables() + _text_of("page.css"), _text_of("page.js")
    template = _environment().get_template("page.html.j2")
    with canvas():
        text = template.render(View(findings).context(), style=style, script=script, policy=_policy(style, script))
    return words.printable(text)


def _policy(style: str, script: str) -> str:
    """The Content Security Policy: the page's own style, its own script, pictures within it, and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            "img-src data:",
            f"style-src {_source_hash(style)}",
            f"script-src {_source_hash(script)}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _source_hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text_of(name: str) -> str:
    return files("convkit.survey").joinpath(name).read_text("utf-8")


@cache
def _environment() -> Environment:
    try:
        import jinja2  # noqa: PLC0415 (an extra)
    except ImportError as missing:
        raise MissingExtraError("The page needs jinja2.", "report", install("report")) from missing
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_text_of),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "amount": lambda count: f"{count:,}",
        "number": words.number,
        "coefficient": words.coefficient,
        "shortened": words.shortened,
        "in_a_line": summary.in_a_line,
        "severity": summary.severity,
        "untold_rows": summary.untold_rows,
        "dict": dict,
        "only_value": only_value,
        "beginning_large": lambda text: text[:1].upper() + text[1:],
        "years_in_order": _years_in_order,
        "lacking_share": summary.lacking_share,
        "lacking": lambda one: words.share(summary.lacking_share(one)),
        "whole_days": _whole_days,
        "breakable": _breakable,
    }
    environment.globals |= {
        "share": words.share,
        "counted": words.counted,
        "span": words.span,
        "heat": _heat,
        "heat_of_share": level,
        "has_uneven_bins": lambda found: plots.even_heights(found) != list(found.counts),
        "spark": _spark,
        "are_years": _are_years,
    }
    return environment


def _heat(value: float | None) -> str:
    """The class of a cell of a correlation matrix."""
    if value is None or abs(value) < 0.1:
        return ""
    return f"{'cool' if value > 0 else 'warm'}-{level(abs(value))}"


def _are_years(tally: Tally) -> bool:
    return all(re.fullmatch(r"\d{4}", value) for value, _ in tally.counts)


def _years_in_order(tally: Tally) -> Tally:
    """The tally, by year where its values are years."""
    if _are_years(tally):
        return replace(tally, counts=tuple(sorted(tally.counts)))
    return tally


def _whole_days(text: str) -> Markup:
    """The text as markup in which no line breaks within an ISO date."""
    from markupsafe import Markup, escape  # noqa: PLC0415 (comes with jinja2)

    return Markup(re.sub(r"\d{4}-\d\d(-\d\d)?", r'<span class="nowrap">\g<0></span>', str(escape(text))))  # noqa: S704


def _breakable(code: str) -> Markup:
    """A problem code as markup that may break after a full stop."""
    from markupsafe import Markup, escape  # noqa: PLC0415 (comes with jinja2)

    return Markup(str(escape(code)).replace(".", ".<wbr>"))  # noqa: S704 -- escaped before


def _spark(found: Histogram) -> str:
    """The outline of a histogram of 72 by 20, for the path of a small figure in a row; heights are logarithmic."""
    heights = [math.log1p(height) for height in plots.even_heights(found)]
    most, low, wide = max(heights) or 1.0, found.edges[0], (found.edges[-1] - found.edges[0]) or 1.0
    steps = (
        f"L{72 * (left - low) / wide:.1f} {20 - 19 * height / most:.1f}H{72 * (right - low) / wide:.1f}"
        for height, (left, right) in zip(heights, pairwise(found.edges), strict=False)
    )
    return "M0 20" + "".join(steps) + "V20z"
