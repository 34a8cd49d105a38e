"""Graphics and texts of a presentation state as masks (PS3.3 C.10.5.1.2, C.10.5.1.1)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from convkit.model.presentation import Graphic, GraphicKind, Point, TextObject, Units
from convkit.pictures._turning import Turning

_PIXELS_A_LINE = 512
"""A line is a pixel wide for each so many pixels of the longer side: a 4000-pixel mammogram is looked at reduced."""

_STEPS = 16
"""Straight pieces between two points of a curve."""

_MOST_PIECES = 2048
"""Straight pieces of a circle; one of a 4000-pixel image then has pieces of six pixels."""

_FAR = 1e5
"""Pixels. What lies farther out is drawn here: no image is that large, and nothing is drawn in all the way there."""

_TEXT_SHARE, _LEAST_TEXT = 32, 10
"""Height of texts: a part of the longer side, and the least that can be read, in pixels."""


def line_width(shape: tuple[int, int]) -> int:
    """Pixels across a line on a picture of (rows, columns)."""
    return max(1, round(max(shape) / _PIXELS_A_LINE))


# --- graphics ----------------------------------------------------------------------------------------------


def draw_graphics(graphics: Sequence[Graphic], turning: Turning) -> Iterator[NDArray[np.bool_]]:
    """Yield masks of what is drawn, as it comes out: one of graphics that turn with the image, one of the others."""
    with_image = [graphic for graphic in graphics if graphic.units is Units.PIXEL]
    others = [graphic for graphic in graphics if graphic.units is not Units.PIXEL]
    if with_image:
        # Drawn before the image is turned, so that turning changes no pixel of them.
        image = Image.new("1", turning.image[::-1])
        for graphic in with_image:
            _stroke(image, graphic, graphic.points)
        yield turning.applied_to(np.asarray(image))
    if others:
        image = Image.new("1", turning.shape[::-1])
        for graphic in others:
            _stroke(image, graphic, [turning.point(point, graphic.units) for point in graphic.points])
        yield np.asarray(image)


def _stroke(image: Image.Image, graphic: Graphic, points: Sequence[Point]) -> None:
    draw, width = ImageDraw.Draw(image), line_width(image.size)
    if graphic.kind is GraphicKind.POINT:
        for end in _cross(points[0], 3 * width):
            draw.line(_pixels(end), fill=1, width=width)
        return
    path = _pixels(_path(graphic.kind, points))
    if graphic.is_filled and len(path) > 2:
        draw.polygon(path, fill=1)
    draw.line(path, fill=1, width=width, joint="curve")


def _path(kind: GraphicKind, points: Sequence[Point]) -> Sequence[Point]:
    """The corners of the line to draw."""
    if kind is GraphicKind.CIRCLE:
        center, radius = points[0], math.dist(points[0], points[1])
        return _ellipse(center, (radius, 0.0), (0.0, radius))
    if kind is GraphicKind.ELLIPSE:
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = points[:4]
        center = (ax + bx) / 2, (ay + by) / 2
        return _ellipse(center, ((bx - ax) / 2, (by - ay) / 2), ((dx - cx) / 2, (dy - cy) / 2))
    return _curve(points) if kind is GraphicKind.INTERPOLATED else points


def _ellipse(center: Point, major: Point, minor: Point) -> list[Point]:
    """An ellipse by its centre and half of its axes."""
    longest = max(math.hypot(*major), math.hypot(*minor))
    pieces = int(min(max(4 * _STEPS, 2 * math.pi * longest), _MOST_PIECES))
    turns = [2 * math.pi * piece / pieces for piece in range(pieces + 1)]
    return [
        (
            center[0] + math.cos(turn) * major[0] + math.sin(turn) * minor[0],
            center[1] + math.cos(turn) * major[1] + math.sin(turn) * minor[1],
        )
        for turn in turns
    ]


def _curve(points: Sequence[Point]) -> list[Point]:
    """A smooth line through all points (a Catmull-Rom spline); closed where the last point is the first."""
    is_closed = len(points) > 2 and points[0] == points[-1]
    before, after = (points[-2], points[1]) if is_closed else (points[0], points[-1])
    knots = [before, *points, after]
    found: list[Point] = []
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        found += [_between(a, b, c, d, step / _STEPS) for step in range(_STEPS)]
    return [*found, points[-1]]


def _between(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    x, y = (
        (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t**2 + (3 * q - p - 3 * r + s) * t**3) / 2
        for p, q, r, s in zip(a, b, c, d, strict=True)
    )
    return x, y


def _cross(point: Point, arm: int) -> tuple[tuple[Point, Point], tuple[Point, Point]]:
    x, y = point
    return ((x - arm, y), (x + arm, y)), ((x, y - arm), (x, y + arm))


def _pixels(points: Sequence[Point]) -> list[tuple[int, int]]:
    """The pixels that points lie in: (0, 0) to (1, 1) is the first."""
    return [(math.floor(min(max(x, -_FAR), _FAR)), math.floor(min(max(y, -_FAR), _FAR))) for x, y in points]


# --- texts -------------------------------------------------------------------------------------------------


def draw_texts(texts: Sequence[TextObject], turning: Turning) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Ink and halo of texts, each (rows, columns) uint8; None where there is nothing to write.

    Texts are upright whichever way the image is turned, as whoever wrote them saw them.
    """
    if not texts:
        return None
    ink, halo = (Image.new("L", turning.shape[::-1]) for _ in range(2))
    for text in texts:
        _write(ink, halo, text, turning)
    return np.asarray(ink), np.asarray(halo)


def _write(ink: Image.Image, halo: Image.Image, text: TextObject, turning: Turning) -> None:
    anchor = None if text.anchor is None else turning.point(text.anchor, text.anchor_units)
    box = _box(text, turning)
    size = max(_LEAST_TEXT, max(ink.size) // _TEXT_SHARE)
    width = line_width(ink.size)
    if box is not None:
        lines = max(1, text.text.count("\n") + 1)
        size = max(_LEAST_TEXT, min(size, int((box[3] - box[1]) / lines)))
    font = ImageFont.load_default(size)
    if anchor is not None and text.is_anchor_visible:
        corner = anchor if box is None else _nearest(box, anchor)
        for layer, thick in ((ink, width), (halo, width + 2)):
            ImageDraw.Draw(layer).line(_pixels((corner, anchor)), fill=255, width=thick)
    place = _place(text, box, anchor, ImageDraw.Draw(ink).textbbox((0, 0), text.text, font=font)[2], size)
    align = text.alignment.lower() if text.alignment in {"LEFT", "RIGHT", "CENTER"} else "left"
    stroke = max(1, size // 8)
    for layer, around in ((ink, 0), (halo, stroke)):
        ImageDraw.Draw(layer).text(place, text.text, fill=255, font=font, align=align, stroke_width=around)


def _box(text: TextObject, turning: Turning) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of a box as it comes out."""
    if text.box is None:
        return None
    (x, y), (other_x, other_y) = (turning.point(corner, text.box_units) for corner in text.box)
    return min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y)


def _nearest(box: tuple[float, float, float, float], point: Point) -> Point:
    return min(max(point[0], box[0]), box[2]), min(max(point[1], box[1]), box[3])


def _place(
    text: TextObject, box: tuple[float, float, float, float] | None, anchor: Point | None, length: float, size: int
) -> Point:
    """Where a text of some length starts: in its box, else beside its anchor."""
    if box is None:
        x, y = anchor or (0.0, 0.0)
        return x + size / 2, y - size / 2
    spare = max(box[2] - box[0] - length, 0.0)
    return box[0] + {"RIGHT": spare, "CENTER": spare / 2}.get(text.alignment, 0.0), box[1]
