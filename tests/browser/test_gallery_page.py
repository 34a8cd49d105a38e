"""The gallery in a real browser, opened from the file system."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from convkit.writers.gallery import GalleryGroup
from tests.browser.page import Page

pytestmark = pytest.mark.slow

WriteGallery = Callable[..., str]

ENTER, SPACE, ESCAPE = "\ue007", " ", "\ue00c"
LEFT, UP, RIGHT, DOWN = "\ue012", "\ue013", "\ue014", "\ue015"
PAGE_UP, PAGE_DOWN, END, HOME = "\ue00e", "\ue00f", "\ue010", "\ue011"


def picture(level: int = 90, size: tuple[int, int] = (48, 40), kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("L", size, level).save(file, kind)
    return file.getvalue()


def group(folder: Path, name: str, count: int, **changes: Any) -> GalleryGroup:
    """A group whose pictures are written below the folder."""
    paths = tuple(f"{name}/{number:04d}.png" for number in range(1, count + 1))
    (folder / name).mkdir(parents=True, exist_ok=True)
    for level, path in enumerate(paths):
        (folder / path).write_bytes(picture(40 + level))
    held: dict[str, Any] = {
        "title": name,
        "section": "study 1a2b",
        "details": (("Modality", "CT"), ("Matrix", "40 × 48")),
        "pictures": paths,
        "thumbnail": picture(kind="WEBP"),
        "thumbnail_type": "image/webp",
    }
    return GalleryGroup(**{**held, **changes})


@pytest.fixture
def small(tmp_path: Path, write_gallery: WriteGallery) -> str:
    """Address of a gallery with three series of 15, 1 and 3 pictures, in two studies."""
    return write_gallery(
        [
            group(tmp_path, "001 Chest", 15),
            group(tmp_path, "002 Localizer", 1, notes=("One slice is missing.",)),
            group(tmp_path, "003 Hüfte", 3, section="study 3c4d", details=(("Modality", "MR"),)),
        ]
    )


def test_the_page_shows_its_counts_sections_and_cards(page: Page, small: str) -> None:
    page.open(small)
    assert page.text("#counts") == "3 series · 19 pictures"
    assert [heading.text for heading in page.all("h2 .label")] == ["study 1a2b", "study 3c4d"]
    assert [title.text for title in page.all(".card .title")] == ["001 Chest", "002 Localizer", "003 Hüfte"]
    page.until(lambda: page.run("return [...document.querySelectorAll('.card img')].every(i => i.naturalWidth === 48)"))


def test_a_card_has_a_name_a_description_and_alternative_text(page: Page, small: str) -> None:
    page.open(small)
    card = page.one(".card")
    assert (card.aria_role, card.accessible_name) == ("button", "001 Chest")
    assert page.one(".card img").get_attribute("alt") == "Preview of 001 Chest"
    description = page.run(
        "return document.getElementById(arguments[0]).textContent", card.get_attribute("aria-describedby")
    )
    assert "CT" in description
    assert "15 pictures" in description


def test_the_search_filters_by_title_and_details_and_ignores_accents(page: Page, small: str) -> None:
    page.open(small)
    for wanted, found in (("HUFTE mr", "003 Hüfte"), ("3c4d", "003 Hüfte"), ("missing", "002 Localizer")):
        page.one("#query").clear()
        page.one("#query").send_keys(wanted)
        assert [title.text for title in page.all(".card .title")] == [found]
    assert page.text("#counts") == "1 of 3 series · 1 picture"


def test_a_search_without_a_match_says_so_and_is_cleared_by_a_button(page: Page, small: str) -> None:
    page.open(small)
    page.press("/")
    page.press("nothing of the kind")
    assert page.all(".card") == []
    page.one("#clear").click()
    assert len(page.all(".card")) == 3
    assert page.text("#counts") == "3 series · 19 pictures"


def test_a_button_leaves_the_series_with_notes(page: Page, small: str) -> None:
    page.open(small)
    assert page.text("#noted") == "With notes 1"
    page.one("#noted").click()
    assert [title.text for title in page.all(".card .title")] == ["002 Localizer"]
    page.one("#noted").click()
    assert len(page.all(".card")) == 3


def test_a_gallery_of_nothing_says_so(page: Page, write_gallery: WriteGallery) -> None:
    page.open(write_gallery([]))
    assert page.text("main") == "There are no pictures."


def test_enter_opens_the_viewer_at_the_first_picture(page: Page, small: str) -> None:
    page.open(small)
    page.open_card(0)
    page.until(lambda: page.shown_picture() == "0001.png")
    assert page.position == "1 / 15"
    assert page.text("#viewer-title") == "001 Chest"
    assert page.one("#viewer").accessible_name == "001 Chest"
    assert page.one("#stage img").get_attribute("alt") == "001 Chest, picture 1 of 15"


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ((RIGHT,), 2),
        ((DOWN, DOWN), 3),
        ((RIGHT, RIGHT, LEFT), 2),
        ((DOWN, UP, UP), 1),
        ((PAGE_DOWN,), 11),
        ((END,), 15),
        ((END, RIGHT), 15),
        ((END, PAGE_UP), 5),
        ((END, HOME), 1),
    ],
)
def test_keys_go_through_the_pictures(page: Page, small: str, keys: tuple[str, ...], place: int) -> None:
    page.open(small)
    page.open_card(0)
    page.press(*keys)
    assert page.position == f"{place} / 15"
    page.until(lambda: page.shown_picture() == f"{place:04d}.png")
    assert page.one("#viewer-slider").get_attribute("aria-valuetext") == f"{place} of 15"
    assert str(page.one("#viewer-file").get_attribute("href")).endswith(f"/{place:04d}.png")


def test_the_wheel_goes_one_picture_a_notch(page: Page, small: str) -> None:
    page.open(small)
    page.open_card(0)
    notch = {"type": "mouseWheel", "x": 300, "y": 400, "deltaX": 0, "deltaY": 120}
    for _ in range(3):
        page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", notch)
    page.until(lambda: page.position == "4 / 15")
    page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {**notch, "deltaY": -120})
    page.until(lambda: page.position == "3 / 15")


def test_dragging_goes_through_the_pictures(page: Page, small: str) -> None:
    page.open(small)
    page.open_card(0)
    at = {"button": "left", "buttons": 1, "clickCount": 1, "x": 300}
    for kind, y in (("mousePressed", 300), ("mouseMoved", 350), ("mouseReleased", 350)):
        page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {**at, "type": kind, "y": y})
    assert page.position == "3 / 15"


def test_the_position_is_spoken_where_the_slider_does_not_do_it(page: Page, small: str) -> None:
    page.open(small)
    page.open_card(0)
    page.run("document.getElementById('stage').focus()")
    page.press(RIGHT, RIGHT)
    page.until(lambda: page.one("#viewer-status").get_attribute("textContent") == "Picture 3 of 15")
    assert page.one("#viewer-status").get_attribute("aria-live") == "polite"


def test_space_plays_and_pauses(page: Page, small: str) -> None:
    page.open(small)
    page.open_card(2)
    page.press(SPACE)
    assert page.one("[data-do=play]").accessible_name == "Pause"
    seen = set()

    def has_seen_all() -> bool:
        seen.add(page.position)
        return seen == {"1 / 3", "2 / 3", "3 / 3"}

    page.until(has_seen_all)
    page.press(SPACE)
    assert page.one("[data-do=play]").accessible_name == "Play"
    halted = page.position
    time.sleep(0.25)  # more than two pictures at ten a second
    assert page.position == halted


def test_escape_closes_and_gives_the_focus_back_to_the_card(page: Page, small: str) -> None:
    page.open(small)
    page.open_card(2)
    page.press(RIGHT, ESCAPE)
    page.until(lambda: not page.is_open)
    page.until(lambda: page.focused_card == "003 Hüfte")


def test_n_and_p_change_the_series_within_what_the_search_left(page: Page, small: str) -> None:
    page.open(small)
    page.one("#query").send_keys("study 00")
    page.one("#query").clear()
    page.one("#query").send_keys("ct")
    page.open_card(0)
    page.press("n")
    assert (page.text("#viewer-title"), page.position) == ("002 Localizer", "1 / 1")
    assert page.one("[data-do=next-series]").get_attribute("aria-disabled") == "true"
    page.press("n")
    assert page.text("#viewer-title") == "002 Localizer"
    page.press(ESCAPE)
    page.until(lambda: page.focused_card == "002 Localizer")
    page.press(ENTER, "p")
    assert page.text("#viewer-title") == "001 Chest"


def test_one_to_one_shows_a_picture_pixel_as_a_screen_pixel(page: Page, small: str) -> None:
    page.open(small)
    page.open_card(0)
    page.until(lambda: page.shown_picture() == "0001.png")
    width = "return document.querySelector('#stage img').getBoundingClientRect().width"
    assert page.run(width) > 48
    page.press("z")
    assert page.run(width) == 48
    assert page.one("[data-do=zoom]").get_attribute("aria-pressed") == "true"
    page.press(RIGHT)
    page.until(lambda: page.shown_picture() == "0002.png")
    assert page.run(width) == 48
    page.press("z")
    assert page.run(width) > 48


def test_a_large_picture_is_moved_at_one_to_one_and_stays_there(
    page: Page, tmp_path: Path, write_gallery: WriteGallery
) -> None:
    address = write_gallery([group(tmp_path, "large", 2)])
    for path in (tmp_path / "large").iterdir():
        path.write_bytes(picture(size=(3000, 2500)))
    page.open(address)
    page.open_card(0)
    page.until(lambda: page.shown_picture() == "0001.png")
    page.press("z")
    page.run("document.getElementById('stage').scrollTo(100, 200)")
    page.run(
        "const down = new KeyboardEvent('keydown', {key: 'ArrowDown', shiftKey: true, bubbles: true});"
        "document.activeElement.dispatchEvent(down)"
    )
    page.press(RIGHT)
    page.until(lambda: page.shown_picture() == "0002.png")
    stage = "const s = document.getElementById('stage'); return [s.scrollLeft, s.scrollTop]"
    assert page.run(stage) == [100, 260]


def test_the_address_says_where_one_is_and_opens_there_again(page: Page, small: str) -> None:
    page.open(small)
    page.open_card(0)
    page.press(PAGE_DOWN)
    page.until(lambda: page.driver.current_url.endswith("#1/11"))
    page.open(f"{small}#3/2")
    page.until(lambda: page.shown_picture() == "0002.png")
    assert (page.text("#viewer-title"), page.position) == ("003 Hüfte", "2 / 3")
    page.press(ESCAPE)
    page.until(lambda: page.driver.current_url == small)


def test_an_address_that_names_nothing_shows_the_cards(page: Page, small: str) -> None:
    for part in ("#99", "#0", "#3/999", "#<img src=x>"):
        page.open(small + part)
        assert page.is_open == (part == "#3/999")
    page.open(f"{small}#3/999")
    assert page.position == "3 / 3"


def test_going_back_closes_the_viewer_and_stays_on_the_page(page: Page, small: str) -> None:
    page.open(small)
    page.open_card(0)
    page.driver.back()
    page.until(lambda: not page.is_open)
    assert page.driver.current_url == small
    page.until(lambda: page.focused_card == "001 Chest")


def test_arrow_keys_go_from_card_to_card(page: Page, tmp_path: Path, write_gallery: WriteGallery) -> None:
    page.resize(1200, 900)
    page.open(write_gallery([group(tmp_path, f"{number:02d}", 1) for number in range(12)]))
    page.run("document.querySelector('.card').focus()")
    page.press(RIGHT)
    assert page.focused_card == "01"
    columns = page.run("return getComputedStyle(document.querySelector('.grid')).gridTemplateColumns.split(' ').length")
    page.press(DOWN)
    assert page.focused_card == f"{1 + columns:02d}"
    page.press(UP, LEFT)
    assert page.focused_card == "00"


def test_a_missing_picture_says_so_and_shows_no_other_in_its_place(page: Page, tmp_path: Path, small: str) -> None:
    (tmp_path / "001 Chest" / "0002.png").unlink()
    (tmp_path / "001 Chest" / "0003.png").write_bytes(b"no picture")
    page.open(small)
    page.open_card(0)
    page.until(lambda: page.shown_picture() == "0001.png")
    for place in (2, 3):
        page.press(RIGHT)
        page.until(lambda place=place: f"000{place}.png is missing or damaged" in page.text("#viewer-message"))
        assert page.all("#stage img") == []
        assert page.position == f"{place} / 15"
    page.until(lambda: "damaged" in str(page.one("#viewer-status").get_attribute("textContent")))
    page.press(RIGHT)
    page.until(lambda: page.shown_picture() == "0004.png")
    assert not page.one("#viewer-message").is_displayed()
    assert all("ERR_FILE_NOT_FOUND" in line for line in page.complaints())


def test_a_series_without_pictures_shows_its_notes(page: Page, tmp_path: Path, write_gallery: WriteGallery) -> None:
    page.open(write_gallery([group(tmp_path, "none", 0, thumbnail=b"", notes=("The frames cannot be decoded.",))]))
    page.until(lambda: page.text(".card .blank") == "No pictures")
    page.open_card(0)
    assert page.position == "0 / 0"
    assert "no pictures" in page.text("#viewer-message")
    assert page.text("#viewer-notes li") == "The frames cannot be decoded."
    page.press(RIGHT, END, SPACE, ESCAPE)
    page.until(lambda: not page.is_open)


def test_a_card_without_a_thumbnail_shows_the_middle_picture(
    page: Page, tmp_path: Path, write_gallery: WriteGallery
) -> None:
    page.open(write_gallery([group(tmp_path, "plain", 5, thumbnail=b"", thumbnail_type="")]))
    source = "const i = document.querySelector('.card img'); return i.naturalWidth ? i.src : ''"
    page.until(lambda: str(page.run(source)).endswith("plain/0003.png"))


def test_a_film_that_cannot_be_played_says_so(page: Page, tmp_path: Path, write_gallery: WriteGallery) -> None:
    (tmp_path / "cine.mp4").write_bytes(b"no film")
    page.open(write_gallery([group(tmp_path, "cine", 0, pictures=("cine.mp4",))]))
    page.open_card(0)
    page.until(lambda: "cine.mp4 is missing or damaged" in page.text("#viewer-message"))


@pytest.mark.parametrize(
    "name",
    ["a b", "a#b", "a?b=c", "100%41", "%2e%2e", "CT: head", "Hüfte 胸部 ♥", "'\"&<>", "a+b;c,d=e@f", "&amp;", "a\\b"],
)
def test_a_picture_of_any_name_is_found(page: Page, tmp_path: Path, write_gallery: WriteGallery, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / f"{name}.png").write_bytes(picture())
    page.open(write_gallery([group(tmp_path, "any", 0, pictures=(f"{name}/{name}.png",))]) + "#1")
    page.until(lambda: page.run("return document.querySelector('#stage img')?.naturalWidth") == 48)


def test_a_name_of_bytes_that_are_no_text_is_found(page: Page, tmp_path: Path, write_gallery: WriteGallery) -> None:
    name = os.fsdecode(b"\xe9t\xe9.png")
    (tmp_path / name).write_bytes(picture())
    page.open(write_gallery([group(tmp_path, "bytes", 0, pictures=(name,))]) + "#1")
    page.until(lambda: page.run("return document.querySelector('#stage img')?.naturalWidth") == 48)


HOSTILE = "</script><script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>\" ' --> ]]> {{script}} &lt;"


def test_hostile_texts_are_shown_as_text(page: Page, tmp_path: Path, write_gallery: WriteGallery) -> None:
    hostile = {"title": HOSTILE, "section": HOSTILE, "details": ((HOSTILE, HOSTILE),), "notes": (HOSTILE,)}
    page.open(write_gallery([group(tmp_path, "hostile", 2, **hostile)], title=HOSTILE))
    assert page.run("return document.querySelector('.card .title').textContent") == HOSTILE
    assert page.run("return document.querySelector('h1').textContent") == HOSTILE
    page.open_card(0)
    page.until(lambda: page.shown_picture() == "0001.png")
    shown = (
        "return [...document.querySelectorAll('#viewer-title, #viewer-section, #viewer-facts dd, #viewer-notes li')]"
    )
    assert page.run(shown + ".filter(e => e.textContent === arguments[0]).length", HOSTILE) == 4
    assert page.run("return window.hurt") is None
    assert page.run("return document.scripts.length") == 3


def test_the_page_may_not_reach_the_network(page: Page, small: str) -> None:
    page.open(small)
    attempt = (
        "const done = arguments[0]; const seen = []; const note = e => { seen.push(e.effectiveDirective);"
        " if (seen.length === 3) done(seen.sort()); };"
        "document.addEventListener('securitypolicyviolation', note);"
        "new Image().src = 'http://127.0.0.1:9/x.png'; fetch('http://127.0.0.1:9/').catch(() => {});"
        "const s = document.createElement('script'); s.textContent = 'window.hurt = 1'; document.body.append(s);"
    )
    assert page.driver.execute_async_script(attempt) == ["connect-src", "img-src", "script-src-elem"]
    assert page.run("return window.hurt") is None
    page.complaints()  # three were caused on purpose


@pytest.mark.parametrize("width", [320, 390, 768, 1400])
def test_nothing_scrolls_sideways(page: Page, tmp_path: Path, write_gallery: WriteGallery, width: int) -> None:
    long = "Thorax_mit_Kontrastmittel_venös_" * 8
    address = write_gallery(
        [group(tmp_path, "a", 3, title=long, section=long, details=((long, long),), notes=(long,))], title=long
    )
    page.resize(width, 844)
    page.open(address)
    overflow = "const e = document.scrollingElement; return e.scrollWidth - e.clientWidth"
    assert page.run(overflow) == 0
    page.open_card(0)
    page.run("document.getElementById('viewer-details').hidden || document.querySelector('[data-do=details]').click()")
    for _ in range(2):
        assert page.run("const d = document.getElementById('viewer'); return d.scrollWidth - d.clientWidth") == 0
        beyond = "return [...document.querySelectorAll('#viewer button, #viewer a, #viewer input, #viewer select')]"
        beyond += ".filter(e => e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML)"
        assert page.run(beyond) == []
        page.press("i")


@pytest.mark.parametrize(("scheme", "is_light"), [("light", True), ("dark", False)])
def test_the_scheme_is_followed_and_pictures_stay_on_black(
    page: Page, small: str, scheme: str, *, is_light: bool
) -> None:
    page.emulate(prefers_color_scheme=scheme)
    page.open(small)
    ground = "return getComputedStyle(document.querySelector(arguments[0])).backgroundColor.match(/\\d+/g).map(Number)"
    assert (min(page.run(ground, "body")) > 200) == is_light
    assert (max(page.run(ground, "body")) < 60) == (not is_light)
    page.open_card(0)
    assert page.run(ground, "#stage") == [0, 0, 0]
    assert page.run(ground, ".thumbnail") == [0, 0, 0]


CONTRAST = """
  const linear = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const parts = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (colour) => parts(colour).reduce((sum, p, i) => sum + linear(p / 255) * [0.2126, 0.7152, 0.0722][i], 0);
  const own = (element) => getComputedStyle(element).backgroundColor;
  const ground = (element) => (/, 0\\)$/.test(own(element)) ? ground(element.parentElement) : own(element));
  return [...document.querySelectorAll(arguments[0])].map((element) => {
    const [more, less] = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
    return [(more + 0.05) / (less + 0.05), element.id || element.className];
  });"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(page: Page, small: str, scheme: str) -> None:
    page.emulate(prefers_color_scheme=scheme)
    page.open(small)
    measured = page.run(
        CONTRAST, "h1, #counts, h2 .label, h2 .size, .title, .facts, .flag, .bottom p, #noted, #noted span"
    )
    page.open_card(0)
    measured += page.run(
        CONTRAST, "#viewer h2, #viewer-section, #viewer dt, #viewer dd, #viewer .text, #viewer-position, kbd"
    )
    assert len(measured) > 20
    assert [found for found in measured if found[0] < 4.5] == []  # WCAG 2.2, 1.4.3


def test_reduced_motion_is_honoured(page: Page, small: str) -> None:
    page.emulate(prefers_reduced_motion="reduce")
    page.open(small)
    assert page.run("return getComputedStyle(document.querySelector('.card')).transitionDuration") in {"0s", "1e-05s"}
    assert page.run("return document.getElementById('viewer-rate').value") == "2"


def test_printing_shows_every_card_with_its_thumbnail(page: Page, tmp_path: Path, write_gallery: WriteGallery) -> None:
    one = group(tmp_path, "one", 1)
    page.open(write_gallery([one] * 250))
    page.driver.print_page()
    shown = (
        "const c = [...document.querySelectorAll('.card img')]; return [c.length, c.filter(i => i.naturalWidth).length]"
    )
    page.until(lambda: page.run(shown) == [250, 250])


def test_two_thousand_series_open_and_are_searched_fast(
    page: Page, tmp_path: Path, write_gallery: WriteGallery
) -> None:
    noisy = io.BytesIO()
    Image.effect_noise((160, 160), 40).save(noisy, "WEBP", quality=70)
    groups = [
        GalleryGroup(
            title=f"{number:04d} Chest",
            section=f"study {number // 20}",
            details=(("Modality", "CT"),),
            pictures=tuple(f"{number}/{place:04d}.png" for place in range(50)),
            thumbnail=noisy.getvalue(),
            thumbnail_type="image/webp",
        )
        for number in range(2000)
    ]
    address = write_gallery(groups)
    page.open(address)
    assert page.text("#counts") == "2,000 series · 100,000 pictures"
    assert page.run("return performance.getEntriesByType('navigation')[0].loadEventEnd") < 3000
    took = page.run(
        "const q = document.getElementById('query'); q.value = '1999 ches'; const t = performance.now();"
        "q.dispatchEvent(new Event('input')); document.body.getBoundingClientRect(); return performance.now() - t"
    )
    assert [title.text for title in page.all(".card .title")] == ["1999 Chest"]
    assert took < 500
    page.one("#query").send_keys(ESCAPE)  # empties a search box
    page.until(lambda: len(page.run("return [...document.querySelectorAll('.card')].map(() => 1)")) == 2000)
    loaded = page.run("return [...document.querySelectorAll('.card img')].filter(i => i.src).length")
    assert 0 < loaded < 200
    assert page.run("return performance.getEntriesByType('resource').filter(r => r.name.endsWith('.png')).length") == 0
    page.open(f"{address}#2000")
    assert page.text("#viewer-title") == "1999 Chest"
    page.press(ESCAPE)
    page.until(lambda: page.focused_card == "1999 Chest")
    page.complaints()  # the pictures of the last series are not there


class SlowPictures(SimpleHTTPRequestHandler):
    """Serves a folder; the picture 0002.png takes its time."""

    def do_GET(self) -> None:
        if self.path.endswith("0002.png"):
            time.sleep(1.2)
        super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name is the base's
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SlowPictures, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/index.html"
        finally:
            server.shutdown()
            thread.join()


def test_a_slow_picture_never_leaves_the_former_one_under_its_number(page: Page, tmp_path: Path, small: str) -> None:
    with served(tmp_path) as address:
        page.open(address)
        page.open_card(0)
        page.until(lambda: page.shown_picture() == "0001.png")
        page.press(RIGHT)
        page.until(lambda: page.text("#viewer-message") == "Loading …")
        assert (page.position, page.all("#stage img")) == ("2 / 15", [])
        page.until(lambda: page.shown_picture() == "0002.png")
        page.driver.get("about:blank")
