"""An SVG of matplotlib as a part of a page: without names of its own, small, in the colours of the page.

Styles become attributes, as the policy of the page allows no inline styles; colours become the page's variables, so
that a figure follows the reader's light or dark scheme; identifiers that nothing refers to are left out, and the others
begin with the name of the figure.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html import escape

from convkit.survey._palette import COLOURS

_VARIABLES = {pair[0]: f"var(--{name})" for name, pair in COLOURS.items()}
_KEPT = {
    "svg": ("viewBox",),
    "g": ("clip-path", "opacity"),
    "path": ("d", "clip-path", "transform"),
    "use": ("x", "y"),
    "text": ("x", "y", "transform"),
    "rect": ("x", "y", "width", "height"),
    "clipPath": (),
    "defs": (),
}
"""Elements that may be in the page, with those of their attributes that stay as they are, but for rounding."""

_STYLES = (
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "opacity",
    "text-anchor", "font-size", "font-weight",
)  # fmt: skip
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_NO_TURN = re.compile(r"rotate\(-?0 [^)]*\)")
_HREF = "{http://www.w3.org/1999/xlink}href"


def inline(document: str, name: str, label: str) -> str:
    """The figure as an ``<svg>`` element.

    Parameters
    ----------
    document : str
        By `svg` of the canvas; never a file from elsewhere.
    name : str
        Letters, digits and hyphens; no other figure of the page may have it.
    label : str
        What the figure shows, for those who do not see it.
    """
    root = ET.fromstring(document)  # noqa: S314 -- matplotlib has just written it
    used = frozenset(re.findall(r'(?:url\(#|href="#)([^)"]+)', document))
    content = "".join(_children(root, name, used))
    width, height = root.attrib["viewBox"].split()[2:]
    size = f'width="{_rounded(width)}" height="{_rounded(height)}" viewBox="{_rounded(root.attrib["viewBox"])}"'
    return f'<svg class="chart" role="img" aria-label="{escape(label)}" {size}>{content}</svg>'


def _children(parent: ET.Element, name: str, used: frozenset[str]) -> Iterator[str]:
    for element in parent:
        yield from _written(element, name, used)


def _written(element: ET.Element, name: str, used: frozenset[str]) -> Iterator[str]:
    tag = element.tag.rpartition("}")[2]
    if tag not in _KEPT:
        return
    content = "".join(_children(element, name, used)) + escape((element.text or "").strip(), quote=False)
    attributes = "".join(f' {key}="{escape(value)}"' for key, value in _attributes(element, tag, name, used))
    if tag in {"g", "defs"} and not attributes:
        yield f"<defs>{content}</defs>" if tag == "defs" and content else content
    elif content:
        yield f"<{tag}{attributes}>{content}</{tag}>"
    elif tag not in {"g", "text", "defs"}:
        yield f"<{tag}{attributes}/>"


def _attributes(element: ET.Element, tag: str, name: str, used: frozenset[str]) -> Iterator[tuple[str, str]]:
    given = element.attrib
    if given.get("id") in used:
        yield "id", f"{name}-{given['id']}"
    if _HREF in given:
        yield "href", f"#{name}-{given[_HREF][1:]}"
    for key in _KEPT[tag]:
        value = given.get(key, "")
        if value and not _NO_TURN.fullmatch(value):
            yield key, _rounded(value.replace("url(#", f"url(#{name}-"))
    styles = dict(part.split(": ", 1) for part in given.get("style", "").split("; ") if ": " in part)
    for key in _STYLES:
        if key in styles and tag not in {"g", "clipPath"}:
            yield key, _coloured(styles[key])


def _rounded(text: str) -> str:
    """Coordinates to a tenth of a pixel, with one blank between."""
    return _NUMBER.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), " ".join(text.split()))


def _coloured(value: str) -> str:
    return _VARIABLES.get(value, value)
