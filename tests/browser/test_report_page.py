"""The report in a real browser, opened from the file system."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from convkit.survey.findings import Findings, Likeness, Outlier, Problem, SeriesEntry
from convkit.survey.page import page as page_of
from tests.browser.page import Page
from tests.browser.test_gallery_page import CONTRAST
from tests.survey import made

pytest.importorskip("matplotlib")
pytestmark = pytest.mark.slow

TAB, ENTER, SPACE = "\ue004", "\ue007", " "
SIDEWAYS = "const e = document.scrollingElement; return e.scrollWidth - e.clientWidth"
BEYOND = """
  const free = (e) => !e.closest('.scroll, .within, .hidden, .skip, [hidden]') && e.getClientRects().length;
  return [...document.querySelectorAll('body *')].filter(free)
    .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .map(e => e.outerHTML.slice(0, 200));"""
ROWS = "return [...document.querySelectorAll('#all-series tbody tr')].filter(r => r.getClientRects().length)"
UNFOLD = "for (const one of document.querySelectorAll('details')) one.open = true;"

Write = Callable[[Findings], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write report.html into the folder of the test and give its file:// address."""

    def written(findings: Findings) -> str:
        path = tmp_path / "report.html"
        path.write_text(page_of(findings), encoding="utf-8")
        return path.as_uri()

    return written


@pytest.fixture(scope="module")
def whole() -> Findings:
    return made.with_facets(made.findings(60))


def long_texts() -> Findings:
    """Findings whose every text is longer than a phone is wide."""
    long = "Thorax_mit_Kontrastmittel_venös_" * 8
    found = made.findings(9)
    entries = tuple(
        SeriesEntry(one.identifier, long, tuple((f"{name}{long}", long) for name, _ in one.details), (long, long))
        for one in found.series
    )
    names = tuple(one.identifier for one in entries)
    attributes = (made.category(long, {long: 3, "": 2}), replace(made.numeric(long, [1.0, 2.0], long)))
    pairs = made.pairs([f"{k}{long}" for k in range(40)], 50)
    overview = replace(found.overview, problems=(Problem(long, long, 3, names),))
    return made.with_facets(
        replace(
            found,
            title=long,
            profile=long,
            notes=(long,),
            overview=overview,
            attributes=attributes,
            pairs=pairs,
            series=entries,
            outliers=(Outlier(names[0], long, long, long, long, long), Outlier(long, long, long, long, long, long)),
            likenesses=(Likeness(long, names, long),),
        ),
        (long, f"{long}x"),
    )


def titles(page: Page) -> list[str]:
    return [row.find_element("css selector", ".title").text.splitlines()[0] for row in page.run(ROWS)]


@contextmanager
def without_scripts(page: Page) -> Iterator[None]:
    page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        yield
    finally:
        page.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("width", [320, 360, 768, 1280, 1920])
@pytest.mark.parametrize("kind", ["whole", "long", "empty"])
def test_nothing_scrolls_sideways(page: Page, write: Write, whole: Findings, kind: str, width: int) -> None:
    found = {"whole": whole, "long": long_texts(), "empty": made.empty()}[kind]
    page.resize(width, 844)
    page.open(write(found))
    for _ in range(2):
        assert page.run(SIDEWAYS) == 0
        assert page.run(BEYOND) == []
        page.run(UNFOLD)


WIDE = (
    ("modality", "MR"), ("scanner", "Siemens Healthineers MAGNETOM Prisma Fit"),
    ("protocol", "diff_mbep2d_1.5mm_AP_MB4_64DIR_B0"), ("body part", "ABDOMENPELVIS"),
    ("matrix", "92 × 1448 × 1448"), ("spacing (mm)", "2.5 (thickness) × 0.488 × 0.488"), ("volumes", "1,133"),
    ("files", "6,339"),
)  # fmt: skip


@pytest.mark.parametrize("width", [761, 900, 1000, 1099, 1100, 1200, 1290, 1291, 1500])
def test_no_table_is_cut(page: Page, write: Write, whole: Findings, width: int) -> None:
    page.resize(width, 844)
    page.open(write(replace(whole, series=tuple(replace(one, details=WIDE) for one in whole.series))))
    page.run(UNFOLD)
    cut = "return [...document.querySelectorAll('.within')].filter(e => e.scrollWidth > e.clientWidth).length"
    assert page.run(cut) == 0


def test_a_long_list_of_series_unfolds_at_a_key_and_on_paper(page: Page, write: Write, whole: Findings) -> None:
    page.open(write(whole))
    assert len(titles(page)) == 25
    assert page.text("#more") == "Show all 60 series"
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert len(titles(page)) == 60
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    page.run("document.getElementById('more').focus()")
    page.press(ENTER)
    assert len(titles(page)) == 60
    assert not page.one("#more").is_displayed()


def test_cards_of_many_attributes_are_folded_and_links_unfold_them(page: Page, write: Write) -> None:
    many = tuple(made.numeric(f"Number{k}", [float(k), k + 1.0, k + 5.0], "mm") for k in range(20))
    page.open(write(replace(made.findings(5), attributes=many)))
    visible = "return document.getElementById(arguments[0]).checkVisibility({contentVisibilityAuto: true})"
    assert page.run(visible, "attribute-number0")
    assert not page.run(visible, "attribute-number19")
    page.run("location.hash = 'attribute-number19'")
    page.until(lambda: page.run(visible, "attribute-number19"))


@pytest.mark.parametrize(("scheme", "is_light"), [("light", True), ("dark", False)])
def test_the_scheme_is_followed_by_page_and_figures(
    page: Page, write: Write, whole: Findings, scheme: str, *, is_light: bool
) -> None:
    page.emulate(prefers_color_scheme=scheme)
    page.open(write(whole))
    ground = "return getComputedStyle(document.querySelector('.card')).backgroundColor.match(/\\d+/g).map(Number)"
    ink = "return getComputedStyle(document.querySelector('.chart text')).fill.match(/\\d+/g).map(Number)"
    assert (min(page.run(ground)) > 200) == is_light
    assert (max(page.run(ground)) < 60) == (not is_light)
    assert (max(page.run(ink)) < 140) == is_light
    assert (min(page.run(ink)) > 140) == (not is_light)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(page: Page, write: Write, whole: Findings, scheme: str) -> None:
    page.emulate(prefers_color_scheme=scheme)
    page.open(write(whole))
    page.run(UNFOLD)
    measured = page.run(
        CONTRAST,
        "h1, h2, h3, h4, p, dt, dd, th, td, li, a, summary, figcaption, caption, .flag, .chip, .quiet, .lacking, .sort",
    )
    assert len(measured) > 1000
    assert [found for found in measured if found[0] < 4.5] == []  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_and_bars_of_figures_stand_out_from_the_card(
    page: Page, write: Write, whole: Findings, scheme: str
) -> None:
    page.emulate(prefers_color_scheme=scheme)
    page.open(write(whole))
    drawn = CONTRAST.replace("getComputedStyle(element).color", "ink(element)").replace(
        "const own =",
        "const style = getComputedStyle;"
        "const ink = (e) => [style(e).fill, style(e).stroke].find(c => /rgb/.test(c)); const own =",
    )
    shapes = ("text", "path[fill='var(--bar)']", "path[stroke='var(--mark)']", "use[fill='var(--point)']")
    measured = page.run(drawn, ", ".join([".card .bar rect", *(f".card .chart {shape}" for shape in shapes)]))
    assert len(measured) > 500
    assert [found for found in measured if found[0] < 3] == []  # 1.4.11
    letters = page.run(drawn, ".card .chart text")
    assert [found for found in letters if found[0] < 4.5] == []


def test_keys_reach_the_skip_link_the_contents_and_what_scrolls(page: Page, write: Write, whole: Findings) -> None:
    page.open(write(whole))
    focused = "const e = document.activeElement; return [e.tagName, e.getAttribute('href') ?? e.className]"
    page.press(TAB)
    assert page.run(focused) == ["A", "#main"]
    page.until(lambda: page.run("return document.querySelector('.skip').getBoundingClientRect().top") >= 0)
    page.press(TAB)
    assert page.run(focused) == ["A", "#summary"]
    outline = page.run("const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]")
    assert outline == ["solid", "2px"]
    seen = set()
    for _ in range(150):
        page.press(TAB)
        seen.add(tuple(page.run(focused)))
    assert {("A", "#attributes"), ("A", "#series"), ("SUMMARY", ""), ("DIV", "scroll")} <= seen


def test_the_skip_link_leads_to_the_report(page: Page, write: Write, whole: Findings) -> None:
    page.open(write(whole))
    page.press(TAB, ENTER)
    page.until(lambda: page.run("return document.activeElement.id") == "main")


def test_a_problem_leads_to_its_series(page: Page, write: Write, whole: Findings) -> None:
    page.open(write(whole))
    link = page.one("[aria-labelledby=problems] td a")
    wanted = link.get_attribute("href").partition("#")[2]
    page.run("arguments[0].click()", link)
    page.until(lambda: page.run("return document.activeElement.id") == wanted)
    top = "return document.getElementById(arguments[0]).getBoundingClientRect().top / innerHeight"
    page.until(lambda: -0.01 < page.run(top, wanted) < 1)


@pytest.mark.parametrize("width", [390, 1280])
def test_links_and_addresses_land_at_what_they_name(page: Page, write: Write, width: int) -> None:
    address = write(made.with_facets(made.findings(300)))
    page.resize(width, 800)
    page.open(address)
    given = "return [...document.querySelectorAll('nav a, .concerns a, [aria-labelledby=problems] td a')]"
    places = dict.fromkeys(page.run(f"{given}.map(a => a.getAttribute('href').slice(1))"))
    chosen = [*(place for place in places if "-" not in place), *[place for place in places if "-" in place][-3:]]
    top = "return document.getElementById(arguments[0]).getBoundingClientRect().top"
    for place in chosen:
        page.run("document.querySelector(`a[href='#${arguments[0]}']`).click()", place)
        page.until(lambda place=place: -1 < page.run(top, place) < 100)
        page.open(f"{address}#{place}")
        page.until(lambda place=place: -1 < page.run(top, place) < 100)


def test_a_link_shows_a_series_that_is_filtered_away(page: Page, write: Write, whole: Findings) -> None:
    page.open(write(whole))
    page.run(
        "const q = document.getElementById('query'); q.value = 'nothing like it'; q.dispatchEvent(new Event('input'))"
    )
    assert titles(page) == []
    page.run("location.hash = arguments[0]", "series-000000-001eef")
    page.until(lambda: len(titles(page)) == 60)
    assert page.run("return document.getElementById('query').value") == ""


def test_series_are_filtered_by_words_and_by_problems(page: Page, write: Write, whole: Findings) -> None:
    page.open(write(whole))
    page.one("#query").send_keys("mprage head")
    page.until(lambda: 0 < len(titles(page)) < 60)
    assert all("mprage" in title for title in titles(page))
    assert page.text("#shown") == f"{len(titles(page))} of 60 series"
    page.run("const q = document.getElementById('query'); q.value = ''; q.dispatchEvent(new Event('input'))")
    page.run("document.getElementById('troubled').click()")
    troubled = sum(bool(set(entry.problems) - {"series.split"}) for entry in whole.series)
    assert len(titles(page)) == troubled > 0
    assert page.text("#shown") == f"{troubled} of 60 series"


def asked(page: Page, words: str) -> int:
    """How many series are left when the words are written into the filter."""
    page.run(
        "const q = document.getElementById('query'); q.value = arguments[0]; q.dispatchEvent(new Event('input'))", words
    )
    return len(titles(page))


def test_the_filter_finds_beginnings_of_words_and_short_words_whole(page: Page, write: Write) -> None:
    details = (("modality", "MR"), ("protocol", "Rectum"))
    entries = (
        SeriesEntry("a/1", "1 T2 sag", details, ("geometry.missing-slice",)),
        SeriesEntry("a/2", "2 Thorax", (("modality", "CT"), ("protocol", "CTA head"))),
        SeriesEntry("a/3", "3 act", (("modality", "PT"), ("protocol", "CTA head"))),
    )
    page.open(write(replace(made.empty(), series=entries)))
    assert asked(page, "CT") == 1
    assert asked(page, "ct head") == 1
    assert asked(page, "cta") == 2
    assert asked(page, "rect") == 1
    assert asked(page, "ectum") == 0
    assert asked(page, "geometry.miss") == 1
    assert asked(page, "a/3") == 1
    assert asked(page, "") == 3


def column(page: Page, name: str) -> list[str]:
    script = (
        "const heads = [...document.querySelectorAll('#all-series thead th')].map(h => h.textContent);"
        "const column = heads.indexOf(arguments[0]);"
        "return [...document.querySelectorAll('#all-series tbody tr')].map(row => row.cells[column].textContent)"
    )
    return page.run(script, name)


@pytest.mark.parametrize("width", [360, 1280])
def test_series_are_sorted_by_a_column_up_and_down(page: Page, write: Write, whole: Findings, width: int) -> None:
    page.resize(width, 900)
    page.open(write(whole))
    button = next(one for one in page.all(".sort") if one.text.startswith("Slices"))
    page.run("arguments[0].focus()", button)
    page.press(ENTER)
    numbers = [int(text.replace(",", "")) for text in column(page, "Slices")]
    assert numbers == sorted(numbers)
    assert page.run("return document.querySelector('[aria-sort]').getAttribute('aria-sort')") == "ascending"
    page.press(SPACE)
    numbers = [int(text.replace(",", "")) for text in column(page, "Slices")]
    assert numbers == sorted(numbers, reverse=True)
    page.run("[...document.querySelectorAll('.sort')].find(b => b.textContent === 'Body part').click()")
    parts = column(page, "Body part")
    assert parts == sorted(parts, key=lambda part: (part == "–", part))  # without a value: last


def test_without_scripts_all_is_there_and_the_filter_of_problems_works(
    page: Page, write: Write, whole: Findings
) -> None:
    address = write(whole)
    with without_scripts(page):
        page.driver.get(address)
        rows = page.all("#all-series tbody tr")
        assert len(rows) == 60
        assert all(row.is_displayed() for row in rows)
        assert not page.one("#query").is_displayed()
        page.one("#troubled").send_keys(SPACE)
        assert sum(row.is_displayed() for row in rows) == sum(
            bool(set(entry.problems) - {"series.split"}) for entry in whole.series
        )
        page.driver.get("about:blank")


def test_thumbnails_are_shown(page: Page, write: Write, whole: Findings) -> None:
    page.open(write(whole))
    loaded = "return [...document.querySelectorAll('.thumbnail img')].filter(i => i.complete && i.naturalWidth).length"
    page.until(lambda: page.run(loaded) == 60)


def test_printing_unfolds_all_and_folds_it_again(page: Page, write: Write, whole: Findings) -> None:
    page.emulate(prefers_color_scheme="dark")
    page.open(write(whole))
    folded = "return document.querySelectorAll('details:not([open])').length"
    before = page.run(folded)
    assert before > 3
    page.run(f"addEventListener('beforeprint', () => {{ window.folded = (() => {{ {folded} }})(); }})")
    content = base64.b64decode(page.driver.print_page())
    assert content[:5] == b"%PDF-"
    assert len(content) > 50_000
    page.until(lambda: page.run("return window.folded") == 0)
    page.until(lambda: page.run(folded) == before)


def test_on_paper_it_is_light_and_without_contents(page: Page, write: Write, whole: Findings) -> None:
    page.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]},
    )
    page.open(write(whole))
    assert page.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.one("nav").is_displayed()
    assert page.run("return getComputedStyle(document.querySelector('.chart text')).fill") != "rgb(230, 233, 236)"
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_page_may_not_reach_the_network(page: Page, write: Write) -> None:
    page.open(write(made.empty()))
    attempt = (
        "const done = arguments[0]; const seen = []; const note = e => { seen.push(e.effectiveDirective);"
        " if (seen.length === 4) done(seen.sort()); };"
        "document.addEventListener('securitypolicyviolation', note);"
        "new Image().src = 'http://127.0.0.1:9/x.png'; fetch('http://127.0.0.1:9/').catch(() => {});"
        "const s = document.createElement('script'); s.textContent = 'window.hurt = 1'; document.body.append(s);"
        "document.body.setAttribute('style', 'color: red');"
    )
    wanted = ["connect-src", "img-src", "script-src-elem", "style-src-attr"]
    assert page.driver.execute_async_script(attempt) == wanted
    assert page.run("return window.hurt") is None
    page.complaints()  # four were caused on purpose


def test_two_thousand_series_open_and_are_filtered_fast(page: Page, write: Write) -> None:
    address = write(made.findings(2000))
    began = time.monotonic()
    page.open(address)
    assert time.monotonic() - began < 10
    took = page.run(
        "const q = document.getElementById('query'); q.value = 'mprage chest'; const t = performance.now();"
        "q.dispatchEvent(new Event('input')); document.body.getBoundingClientRect(); return performance.now() - t"
    )
    assert took < 1000
    took = page.run(
        "const t = performance.now(); document.querySelector('.sort').click();"
        "document.body.getBoundingClientRect(); return performance.now() - t"
    )
    assert took < 2000
