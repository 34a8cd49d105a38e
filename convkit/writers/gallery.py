"""The gallery: one HTML page that shows pictures lying below it, opened from the file system.

The page holds its style, its script and one thumbnail a group; the pictures stay files that it links by relative
path. It reaches no network, and it says nothing but what the caller gives. Its parts are gallery.html (the frame),
gallery.css, gallery_viewer.js (one group, large) and gallery.js (all groups, and the search among them).
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os.path
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

THUMBNAILS_A_BLOCK = 100
"""Thumbnails in one block of the page. The browser reads a block when the first of its cards comes into sight, so
that a page of thousands of series opens as fast as one of a hundred."""

_PLACE = re.compile(r"\{\{(\w+)\}\}")
_SCRIPTS = ("gallery_viewer.js", "gallery.js")


@dataclass(frozen=True, slots=True)
class GalleryGroup:
    """Pictures that belong together: a series or a volume.

    Attributes
    ----------
    title : str
        What the card is called.
    section : str
        Groups of one section are shown together, under this heading; empty for none.
    details : tuple of (label, value)
        Shown in this order: values alone on the card, both in the viewer. The page counts the pictures itself.
    pictures : tuple of str
        Paths relative to the page, with ``/`` between folders, in the order in which they are shown. MP4 and WebM
        are shown as films.
    thumbnail : bytes
        A small picture as a file of type `thumbnail_type`. Empty: the card shows the middle picture itself.
    thumbnail_type : str
        Media type such as ``image/webp``.
    notes : tuple of str
        Problems in words.
    """

    title: str
    section: str
    details: tuple[tuple[str, str], ...]
    pictures: tuple[str, ...]
    thumbnail: bytes
    thumbnail_type: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(path and not path.startswith("/") for path in self.pictures):
            raise ValueError("a picture's path must be relative to the page")


def gallery_html(groups: Sequence[GalleryGroup], *, title: str, footer: str = "") -> bytes:
    """The page: UTF-8, the same bytes for the same arguments.

    Parameters
    ----------
    groups : sequence of GalleryGroup
        In the order in which they are shown; those of one section are brought together where its first one stands.
    title : str
        Heading of the page.
    footer : str
        Text below the cards.

    Examples
    --------
    >>> group = GalleryGroup("001 Head", "study 4f1c", (("Modality", "CT"),), ("001/0001.png",), b"", "")
    >>> gallery_html([group], title="Pictures")[:15]
    b'<!doctype html>'
    """
    by_section = _by_section(groups)
    style, script = _text_of("gallery.css"), "\n".join(_text_of(name) for name in _SCRIPTS)
    parts = {
        "policy": _policy(style, script),
        "title": html.escape(title),
        "counts": _counts(by_section),
        "style": style,
        "groups": _json([_entry(group) for group in by_section]),
        "thumbnails": _thumbnail_blocks(by_section),
        "footer": html.escape(footer),
        "script": script,
    }
    # One pass: a text that looks like a place of the frame is not filled a second time.
    page = _PLACE.sub(lambda place: parts[place[1]], _text_of("gallery.html"))
    return page.encode("utf-8", "replace")  # a lone surrogate in a text becomes "?"


def _text_of(name: str) -> str:
    return files("convkit.writers").joinpath(name).read_text("utf-8")


def _by_section(groups: Sequence[GalleryGroup]) -> list[GalleryGroup]:
    place: dict[str, int] = {}
    for group in groups:
        place.setdefault(group.section, len(place))
    return sorted(groups, key=lambda group: place[group.section])


def _policy(style: str, script: str) -> str:
    """The Content Security Policy: nothing but the page's own style, its own script, and files beside it."""
    rules = (
        "default-src 'none'",
        "img-src 'self' data: file:",
        "media-src 'self' file:",
        f"style-src {_source_hash(style)}",
        f"script-src {_source_hash(script)}",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(rules)


def _source_hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _counts(groups: Sequence[GalleryGroup]) -> str:
    pictures = sum(len(group.pictures) for group in groups)
    return f"{len(groups):,} series · {pictures:,} {'picture' if pictures == 1 else 'pictures'}"


def _entry(group: GalleryGroup) -> dict[str, Any]:
    return {
        "title": group.title,
        "section": group.section,
        "details": group.details,
        "pictures": _compact([_url(path) for path in group.pictures]),
        "notes": group.notes,
    }


def _url(path: str) -> str:
    """The path as a relative URL: every byte that means something in a URL is percent-encoded.

    A colon too: ``CT: head/1.png`` would otherwise name a scheme. Bytes of a file name that are not UTF-8 come
    back as they were.
    """
    return quote(path, safe="/", errors="surrogateescape")


def _compact(urls: list[str]) -> dict[str, Any]:
    """What all URLs begin with, what they end with, and what differs between."""
    prefix = _shared_beginning(urls)
    rest = [url[len(prefix) :] for url in urls]
    suffix = _shared_beginning([url[::-1] for url in rest])[::-1]
    return {"prefix": prefix, "suffix": suffix, "names": [url[: len(url) - len(suffix)] for url in rest]}


def _shared_beginning(texts: list[str]) -> str:
    return os.path.commonprefix(texts)  # noqa: RUF071 -- characters are meant, not folders


def _thumbnail_blocks(groups: Sequence[GalleryGroup]) -> str:
    starts = range(0, len(groups), THUMBNAILS_A_BLOCK)
    blocks = ([_data_url(group) for group in groups[start : start + THUMBNAILS_A_BLOCK]] for start in starts)
    return "\n".join(f'<script type="application/json" class="thumbnails">{_json(block)}</script>' for block in blocks)


def _data_url(group: GalleryGroup) -> str:
    if not group.thumbnail:
        return ""
    return f"data:{group.thumbnail_type};base64,{base64.b64encode(group.thumbnail).decode()}"


def _json(content: Any) -> str:
    """JSON in ASCII that no parser of HTML can take for markup."""
    text = json.dumps(content, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
