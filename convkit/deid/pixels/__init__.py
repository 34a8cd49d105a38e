"""Text burned into pixel data: how likely it is, where it lies, and pixels without it.

`judged` is all that the engine needs; `document` and `graphics` are for what lies beside the pixels, `devices` is the
catalogue.
"""

from __future__ import annotations

from convkit.deid.pixels.box import Box
from convkit.deid.pixels.document import empty_pdf, is_document, is_video
from convkit.deid.pixels.facts import Facts, facts_of
from convkit.deid.pixels.graphics import blank_icon, overlay_groups, overlay_has_content, without_embedded_overlays
from convkit.deid.pixels.judge import Kind, PixelMode, PixelPolicy, PixelVerdict, judged, put, put_judged
from convkit.deid.pixels.risk import Level, Risk, risk_of

__all__ = [
    "Box",
    "Facts",
    "Kind",
    "Level",
    "PixelMode",
    "PixelPolicy",
    "PixelVerdict",
    "Risk",
    "blank_icon",
    "empty_pdf",
    "facts_of",
    "is_document",
    "is_video",
    "judged",
    "overlay_groups",
    "overlay_has_content",
    "put",
    "put_judged",
    "risk_of",
    "without_embedded_overlays",
]
