"""The gallery page as text: escaped, the same every time, small, closed to the network."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.writers.gallery import GalleryGroup, gallery_html


def group(**changes: Any) -> GalleryGroup:
    held: dict[str, Any] = {
        "title": "003 Chest",
        "section": "study 1a2b",
        "details": (("Modality", "CT"),),
        "pictures": ("003/0001.png", "003/0002.png"),
        "thumbnail": b"picture",
        "thumbnail_type": "image/webp",
    }
    return GalleryGroup(**{**held, **changes})


class Parts(HTMLParser):
    """Scripts, styles and attributes of a page, as a parser of HTML finds them."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.texts: list[str] = []
        self._open: dict[str, str | None] | None = None
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "script":
            self._open = dict(attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is None:
            self.texts.append(data)
        else:
            self.scripts.append((self._open, data))

    def groups(self) -> Any:
        return next(json.loads(text) for kind, text in self.scripts if kind.get("id") == "groups")

    def thumbnails(self) -> list[str]:
        blocks = [json.loads(text) for kind, text in self.scripts if kind.get("class") == "thumbnails"]
        return [thumbnail for block in blocks for thumbnail in block]


def addresses(page: bytes) -> list[str]:
    """The URLs of the pictures, put together again as the page does it."""
    parts = [found["pictures"] for found in Parts(page).groups()]
    return [part["prefix"] + name + part["suffix"] for part in parts for name in part["names"]]


def test_the_same_groups_give_the_same_bytes() -> None:
    assert gallery_html([group()], title="Pictures") == gallery_html([group()], title="Pictures")


@given(st.text(), st.text(), st.text())
def test_no_text_changes_what_the_page_is_made_of(title: str, heading: str, footer: str) -> None:
    plain = Parts(gallery_html([group()], title="a", footer="b"))
    odd = group(title=title, section=title, details=((title, title),), notes=(title,))
    page = Parts(gallery_html([odd], title=heading, footer=footer))
    assert page.tags == plain.tags
    assert page.groups()[0]["title"] == title
    assert page.groups()[0]["notes"] == [title]


@pytest.mark.parametrize(
    "hostile", ["</script><script>alert(1)</script>", "<!--<script>", '" onload="x', "{{script}}", "]]>"]
)
def test_hostile_text_stays_text(hostile: str) -> None:
    odd = group(title=hostile, section=hostile, details=((hostile, hostile),), notes=(hostile,))
    page = Parts(gallery_html([odd], title=hostile, footer=hostile))
    assert page.tags == Parts(gallery_html([group()], title="a", footer="b")).tags
    assert (page.groups()[0]["title"], page.groups()[0]["section"]) == (hostile, hostile)
    assert hostile in "".join(page.texts)


PATHS = st.text(st.characters(exclude_characters="\0"), min_size=1).filter(lambda path: not path.startswith("/"))


@given(st.lists(PATHS, max_size=5))
def test_urls_are_encoded_and_name_the_same_paths(paths: list[str]) -> None:
    found = addresses(gallery_html([group(pictures=tuple(paths))], title=""))
    assert [unquote(url) for url in found] == paths
    assert all(re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", url) for url in found)


def test_bytes_of_a_name_that_are_no_text_come_back() -> None:
    assert addresses(gallery_html([group(pictures=("\udce9.png",))], title="")) == ["%E9.png"]


@pytest.mark.parametrize("path", ["/etc/passwd", "//host/picture.png", ""])
def test_a_path_that_is_not_relative_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="relative"):
        group(pictures=(path,))


def test_groups_of_a_section_are_brought_together_in_their_order() -> None:
    groups = [group(title=title, section=title[0], thumbnail=title.encode()) for title in ("b1", "a1", "b2", "a2")]
    page = Parts(gallery_html(groups, title=""))
    assert [found["title"] for found in page.groups()] == ["b1", "b2", "a1", "a2"]
    assert page.thumbnails()[1] == "data:image/webp;base64,YjI="


def test_every_group_has_its_thumbnail_also_beyond_the_first_block() -> None:
    page = Parts(gallery_html([group(thumbnail=f"{number:03d}".encode()) for number in range(250)], title=""))
    assert len(page.thumbnails()) == 250
    assert len(set(page.thumbnails())) == 250


def test_an_empty_thumbnail_is_left_out() -> None:
    assert Parts(gallery_html([group(thumbnail=b"")], title="")).thumbnails() == [""]


def test_no_groups_make_a_page() -> None:
    page = gallery_html([], title="Nothing")
    assert Parts(page).groups() == []
    assert "0 series · 0 pictures" in page.decode()


def test_counts_are_in_the_page_itself() -> None:
    assert "1 series · 1 picture<" in gallery_html([group(pictures=("a.png",))], title="").decode()
    many = [group(pictures=tuple(f"{number}.png" for number in range(1000)))] * 2
    assert "2 series · 2,000 pictures<" in gallery_html(many, title="").decode()


def test_the_page_names_no_host_and_loads_nothing() -> None:
    page = Parts(gallery_html([group()], title=""))
    assert not [value for _, value in page.attributes if value and re.match(r"\w+:(?!,)", value) and ":," not in value]
    assert not [name for name, _ in page.attributes if name == "src" or name.startswith("on") or name == "style"]
    assert "http" not in gallery_html([group()], title="").decode().replace("http-equiv", "")


def test_the_page_says_what_made_it() -> None:
    """The mark by which a later run knows that it may replace the page."""
    assert b'<meta name="generator" content="convkit">' in gallery_html([group()], title="")


def test_the_policy_allows_this_script_and_style_only() -> None:
    page = Parts(gallery_html([group()], title=""))
    policy = next(value for name, value in page.attributes if name == "content" and value and "default-src" in value)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert len(re.findall(r"'sha256-[A-Za-z0-9+/]{43}='", policy)) == 2


def test_a_hundred_thousand_pictures_take_little_room() -> None:
    """One list of paths takes at most 12 bytes a picture."""
    groups = [
        group(pictures=tuple(f"study_{number:06x}/003_Chest_with_contrast/{place:04d}.png" for place in range(50)))
        for number in range(200)
    ]
    few = [group(pictures=found.pictures[:1]) for found in groups]
    grown = len(gallery_html(groups, title="")) - len(gallery_html(few, title=""))
    assert grown / (200 * 49) < 12
    assert len(gallery_html([], title="")) < 50_000
