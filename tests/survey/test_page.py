"""The page as text: safe, whole, told in words, the same every time."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from convkit.survey import _summary, _view
from convkit.survey._view import MOST_ALIKE, MOST_LISTED, MOST_OUTLIERS
from convkit.survey.findings import (
    Attribute,
    Correlations,
    Facet,
    Findings,
    Histogram,
    Likeness,
    Nature,
    Outlier,
    Overview,
    Pairs,
    Problem,
    Scatter,
    SeriesEntry,
    Tally,
)
from convkit.survey.page import page
from tests.survey import made

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

VOID = {"meta", "link", "br", "wbr", "img", "input"}
HOSTILE = """<script>alert(1)</script>"' onload='x' {{ 7*7 }} {% x %} ]]> &lt; $\\frac{1}{2}$ \x00\x1b\ud800 `"""


class Reading(HTMLParser):
    """Elements of a page in order, with what a test asks of them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.unmatched: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unmatched.append(tag)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"script", "style"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    def values(self, name: str) -> list[str]:
        return [found for _, attributes in self.elements if (found := attributes.get(name)) is not None]


def hurt(found: Any, evil: str = HOSTILE) -> Any:
    """The same findings with something hostile in every text but those that convkit chooses from its own list."""
    if isinstance(found, Nature | bytes) or found is None:
        return found
    if is_dataclass(found):
        return replace(found, **{field.name: hurt(getattr(found, field.name), evil) for field in fields(found)})
    if isinstance(found, tuple):
        return tuple(hurt(one, evil) for one in found)
    return f"{found}{evil}" if isinstance(found, str) else found


@pytest.fixture(scope="module")
def whole() -> Findings:
    return made.with_facets(made.findings(60))


@pytest.fixture(scope="module")
def written(whole: Findings) -> str:
    return page(whole)


@pytest.fixture(scope="module")
def read(written: str) -> Reading:
    return Reading(written)


# ---- structure


def every_kind() -> Iterator[Any]:
    found = made.findings(60)
    yield pytest.param(made.with_facets(found), id="whole")
    yield pytest.param(made.empty(), id="empty")
    yield pytest.param(hurt(made.with_facets(found)), id="hostile")
    yield pytest.param(replace(found, series=(), outliers=(), likenesses=(), pixels=(), notes=()), id="numbers alone")
    nothing = tuple(made.nothing(f"Column{k}", 10, unparsable=k % 2) for k in range(5))
    yield pytest.param(replace(found, attributes=nothing, pairs=Pairs(None, (), ())), id="all missing")
    yield pytest.param(replace(found, level="instance", least=5, profile=""), id="instances")


@pytest.mark.parametrize("found", list(every_kind()))
def test_the_markup_is_well_formed_and_every_link_leads_somewhere(found: Findings) -> None:
    read = Reading(page(found))
    assert read.unmatched == []
    assert read.open == []
    places = read.values("id")
    assert len(set(places)) == len(places)
    targets = {link["href"] for link in read.all("a", "use")}
    assert {target for target in targets if target is None or not target.startswith("#")} == set()
    assert {target[1:] for target in targets if target} - set(places) == set()
    for attributes in read.values("aria-labelledby"):
        assert attributes in places
    clips = re.findall(r"url\(#([^)]+)\)", " ".join(read.values("clip-path")))
    assert set(clips) <= set(places)


@pytest.mark.parametrize("found", list(every_kind()))
def test_nothing_of_the_page_leads_to_the_network_or_runs_what_is_not_its_own(found: Findings) -> None:
    text = page(found)
    read = Reading(text)
    for _, attributes in read.elements:
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "srcset", "action"}]
    assert all(source and source.startswith("data:image/") for source in read.values("src"))
    assert [link["href"] for link in read.all("link")] == ["data:,"]
    assert len(read.all("script")) == 1
    assert not re.search(r"https?://", text)
    policy = next(one["content"] for one in read.all("meta") if one.get("http-equiv"))
    assert policy
    for tag in ("script", "style"):
        own = re.search(f"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)
        assert own
        digest = base64.b64encode(hashlib.sha256(own[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_headings_are_in_order_and_there_is_one_first(read: Reading) -> None:
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_landmarks_language_and_skip_link_are_there(read: Reading) -> None:
    for landmark in ("header", "nav", "main", "footer"):
        assert len(read.all(landmark)) == 1
    assert read.all("html")[0]["lang"] == "en"
    assert next(link["href"] for link in read.all("a")) == "#main"


def test_tables_have_captions_and_head_cells_have_scopes(read: Reading) -> None:
    assert len(read.all("caption")) == len(read.all("table")) > 10
    assert all(cell.get("scope") in {"row", "col"} for cell in read.all("th"))


def test_figures_say_in_words_what_they_show(read: Reading) -> None:
    drawn = [one for one in read.all("svg") if one.get("role") == "img"]
    assert len(drawn) >= 20
    assert all(one.get("aria-label") for one in drawn)
    assert all(one.get("aria-hidden") == "true" for one in read.all("svg") if one.get("role") != "img")
    assert len(read.all("figcaption")) == len(read.all("figure"))
    assert any("SliceThickness in mm: median 1" in str(one["aria-label"]) for one in drawn)
    assert all("alt" in image for image in read.all("img"))


def test_what_scrolls_is_named_and_reached_by_keys(read: Reading) -> None:
    scrolled = [one for one in read.all("div") if one.get("class") == "scroll"]
    assert scrolled
    assert all(one["tabindex"] == "0" and one["role"] == "region" and one["aria-label"] for one in scrolled)


# ---- what it tells


def test_the_first_sentences_tell_what_there_is(read: Reading) -> None:
    assert (
        "60 series of 210 patients (2 of them without an ID or with a placeholder) in 310 studies (123,456 instances, "
        "61.2 GB)"
    ) in read.text
    assert "from 2011-02-03 to 2019-11-30" in read.text
    assert "3 modalities: CT 800, MR 400, PT 34." in read.text
    assert re.search(r"4 series have problems; 20 series differ from their group; \d+ of 12 attributes have", read.text)


def test_headings_count_series(whole: Findings, written: str) -> None:
    differ = {one.series for one in whole.outliers}
    aside = {name for one in whole.likenesses for name in one.series}
    localizers = [one for one in whole.likenesses if one.kind == "localizer"]
    for text in (
        f'<a href="#problems">Problems</a> <span class="quiet">{whole.overview.troubled}</span>',
        f'<a href="#outliers">Outliers</a> <span class="quiet">{len(differ)}</span>',
        f'<a href="#alike">Alike and aside</a> <span class="quiet">{len(aside)}</span>',
        f'Localizer <span class="quiet">{len(localizers)}</span>',
        'Near-duplicates <span class="quiet">2</span>',
    ):
        assert text in written


def test_what_is_only_worth_knowing_is_no_problem(whole: Findings, written: str) -> None:
    troubled = [one for one in whole.series if set(one.problems) - {"series.split"}]
    assert any(one.problems == ("series.split",) for one in whole.series)
    assert written.count('class="troubled"') == len(troubled)


def test_what_a_report_without_a_profile_leaves_out_is_said(whole: Findings) -> None:
    text = Reading(page(replace(whole, profile="private", facets=()))).text
    assert "no profile: direct identifiers are left out" in text


def test_notes_of_the_findings_are_told(whole: Findings, read: Reading) -> None:
    assert all(note in read.text for note in whole.notes)


def test_a_problem_an_outlier_and_a_likeness_lead_to_the_series(written: str) -> None:
    for identifier, section in (
        ("000001/009aab", "problems"),
        ("000000/003dde", "outliers"),
        ("000000/001eef", "alike"),
    ):
        part = written[written.index(f'id="{section}"') :].partition("</section>")[0]
        place = "series-" + identifier.replace("/", "-")
        assert f'href="#{place}"' in part, section
        assert f'id="{place}"' in written


def test_a_series_that_the_page_does_not_list_is_named_without_a_link(whole: Findings) -> None:
    stranger = Outlier("ffffff/eeeeee", "CT, 9 series", "KVP", "80", "120", "8 of 9 have it")
    text = page(replace(whole, outliers=(stranger,), facets=()))
    assert "ffffff/eeeeee" in text
    assert 'href="#series-ffffff-eeeeee"' not in text


def test_identifiers_that_look_alike_have_places_of_their_own() -> None:
    entries = tuple(SeriesEntry(name, "", ()) for name in ("a/b", "a-b", "A b", "", "§", "a-b-2"))
    read = Reading(page(replace(made.empty(), series=entries)))
    rows = [one["id"] for one in read.all("tr") if one.get("id")]
    assert len(set(rows)) == len(rows) == len(entries)


def test_attributes_without_any_value_are_told_in_one_line(read: Reading) -> None:
    assert "No value in any row: PatientWeight (4 cannot be read), ContrastBolusAgent." in read.text


def test_what_is_always_the_same_is_told_in_one_line_and_not_drawn() -> None:
    same = (made.category("Manufacturer", {"SIEMENS": 40}), made.numeric("Rows", [512.0] * 40, missing=10))
    year = Histogram((18262.0, 18628.0), (40,))
    same += (replace(made.numeric("StudyDate", [18300.0] * 40), nature=Nature.DATE, statistics=(), histogram=year),)
    read = Reading(page(replace(made.empty(), attributes=same)))
    assert (
        "The same wherever there is a value: Manufacturer SIEMENS, Rows 512 (20 % missing), StudyDate 2020."
        in read.text
    )
    assert [one for one in read.all("svg") if one.get("role") == "img"] == []


def test_cells_that_are_too_small_are_told_apart_from_nothing(read: Reading) -> None:
    assert "too few to be told" in read.values("title")


def test_what_a_modality_cannot_have_is_not_missing_there() -> None:
    kvp = replace(made.numeric("KVP", range(10), missing=90), expected=10)
    te = replace(made.numeric("EchoTime", range(40), missing=60), expected=90)
    tilt = replace(made.numeric("GantryDetectorTilt", [0.0] * 9, missing=91), expected=10)
    always = replace(made.numeric("XRayTubeCurrent", [160.0] * 5, missing=95), expected=5)
    read = Reading(page(replace(made.empty(), attributes=(kvp, te, tilt, always))))
    assert "GantryDetectorTilt 0 (10 % missing where it can be), XRayTubeCurrent 160." in read.text
    assert "1 attribute lacks many values where there can be one. EchoTime 55.6 %" in read.text
    assert "60 % missing (60 of 100), 55.6 % where it can be" in read.text


def test_years_are_in_order_and_no_bar_is_longer_than_its_row() -> None:
    tally = Tally("year", "series", (("2019", 40), ("2007", 3), ("2012", 10)), missing=1)
    read = Reading(page(replace(made.empty(), overview=replace(made.empty().overview, tallies=(tally,)))))
    assert read.text.index("2007") < read.text.index("2012") < read.text.index("2019")
    assert [float(str(bar["width"])) for bar in read.all("rect")] == [7.5, 25, 100, 2.5]


def test_pixels_beyond_the_axis_are_told(read: Reading) -> None:
    assert "Beyond the axis: no pixel below, <0.1 % above." in read.text
    assert "least-1,024greatest30,123" in read.text
    assert "otherbetween these8.8 %" in read.text


def test_a_series_tells_the_range_of_its_values_not_of_the_bins(read: Reading) -> None:
    assert "-1,024 to 987 HU" in read.text
    assert "stored" not in read.text


def test_ranges_without_an_end_are_told_as_such(read: Reading) -> None:
    assert "below -900" in read.text
    assert "from 3,000" in read.text
    assert "32,768" not in read.text


def test_the_background_at_the_least_value_is_nothing_to_look_at_first(whole: Findings) -> None:
    for low, high, is_told in ((0.5, 0.0, False), (0.0, 0.5, True)):
        one = replace(whole.pixels[0], low_share=low, high_share=high)
        told = [each.text for each in _summary.concerns(replace(whole, pixels=(one,)), {})]
        assert any("greatest value that can be stored" in text for text in told) is is_told


def test_what_files_are_that_are_in_no_series(whole: Findings) -> None:
    files = Problem("input.not-dicom", "The file is not DICOM.", 7, (), ((".json", 5), ("no ending", 2)))
    read = Reading(page(replace(whole, overview=replace(whole.overview, problems=(files,)))))
    assert ".json 5, no ending 2" in read.text
    assert "convkit scan" in read.text


def test_no_two_rows_of_a_comparison_have_one_name(written: str) -> None:
    part = written[written.index('<table class="list compare">') :].partition("</table>")[0]
    names = re.findall(r'<th scope="row">(.*?)</th>', part)
    assert len(set(names)) == len(names) > 10
    assert names[0] == "Series"


def test_facets_are_compared_and_told_each_by_itself(read: Reading) -> None:
    assert "By Modality" in read.text
    assert len([one for one in read.all("details") if one.get("class") == "facet"]) == 3
    assert any("by Modality" in str(one.get("aria-label")) for one in read.all("svg"))


def test_long_lists_are_cut_and_say_so() -> None:
    many = tuple(Outlier(f"a/{k}", "CT", "KVP", "1", "2", "") for k in range(MOST_OUTLIERS + 7))
    alike = tuple(Likeness("localizer", (f"a/{k}",), "") for k in range(MOST_ALIKE + 5))
    read = Reading(page(replace(made.empty(), outliers=many, likenesses=alike)))
    assert f"The first {MOST_OUTLIERS} of {MOST_OUTLIERS + 7} differences are shown." in read.text
    assert "and 5 more." in read.text


def test_long_tails_are_folded_and_cut_after_hundreds() -> None:
    counts = tuple((f"protocol {n}", 1) for n in range(MOST_LISTED + 50))
    tally = Tally("ProtocolName", "series", counts, rest=7, rest_count=9)
    rows = len(counts) + 9
    one = Attribute("ProtocolName", Nature.CATEGORY, "", rows, 0, 0, len(counts) + 7, tally=tally)
    text = page(replace(made.empty(), attributes=(one,)))
    read = Reading(text)
    assert f"protocol {MOST_LISTED - 1}" in read.text
    assert f"protocol {MOST_LISTED}" not in read.text
    assert "57 other values" in read.text
    assert "57 other values59" in read.text  # 50 and 9 series have one of these
    folded = text[text.index("more values") - 200 :]
    assert "<details>" in folded


def test_bins_that_were_joined_are_drawn_by_their_area_and_it_is_said() -> None:
    joined = replace(made.numeric("KVP", [80.0, 100, 120] * 9), histogram=Histogram((80, 90, 100, 140), (9, 9, 9)))
    assert "areas are counts" in Reading(page(replace(made.empty(), attributes=(joined,)))).text


# ---- hostile and odd input


def test_texts_of_headers_never_become_markup(whole: Findings) -> None:
    plain, hostile = Reading(page(whole)), Reading(page(hurt(whole)))
    kinds = {tag for tag, _ in plain.elements}
    assert {tag for tag, _ in hostile.elements} <= kinds | {"wbr"}
    assert len(hostile.all("script")) == 1
    assert "{{ 7*7 }}" in hostile.text  # no template within a template
    names = {name for _, attributes in plain.elements for name in attributes}
    assert {name for _, attributes in hostile.elements for name in attributes} <= names


def test_the_page_can_be_encoded_whatever_the_headers_hold(whole: Findings) -> None:
    text = page(hurt(whole))
    assert text.encode("utf-8")
    assert "\x00" not in text
    assert "\x1b" not in text


def test_a_thumbnail_is_shown_only_if_it_is_a_picture() -> None:
    entries = (
        SeriesEntry("a/1", "", (), (), b"x", "text/html"),
        SeriesEntry("a/2", "", (), (), b"x", 'image/png" onerror="x'),
        SeriesEntry("a/3", "", (), (), b"x", "image/png"),
        SeriesEntry("a/4", "", (), (), b"", "image/png"),
    )
    assert len(Reading(page(replace(made.empty(), series=entries))).all("img")) == 1


def odd_attributes() -> Iterator[Any]:
    number = made.numeric("KVP", [1.0, 2.0])
    yield pytest.param(replace(number, histogram=Histogram((5.0, 5.0), (2,))), id="edges alike")
    yield pytest.param(replace(number, histogram=Histogram((), ())), id="no bins")
    yield pytest.param(replace(number, histogram=Histogram((0.0, 1.0), (0,))), id="empty bin")
    yield pytest.param(replace(number, histogram=Histogram((-1e308, 0.0, 1e308), (1, 1))), id="huge")
    yield pytest.param(replace(number, histogram=Histogram((1e-300, 2e-300), (1,))), id="tiny")
    yield pytest.param(replace(number, histogram=None, statistics=()), id="nothing drawn")
    yield pytest.param(replace(number, statistics=(("mean", float("nan")), ("max", float("inf")))), id="not finite")
    yield pytest.param(replace(number, nature=Nature.DATE, histogram=Histogram((-1e9, 1e9), (1,))), id="no such days")
    yield pytest.param(replace(number, nature=Nature.DATE, histogram=Histogram((15000.0, 15001.0), (2,))), id="a day")
    yield pytest.param(replace(number, rows=0, missing=0, distinct=0), id="no rows")
    empty = Tally("X", "series", ())
    yield pytest.param(replace(number, nature=Nature.CATEGORY, histogram=None, tally=empty), id="no category")
    long = Tally("X", "series", (("é" * 5000, 1), ("", 2), ("中文 العربية \u202e", 3)))
    yield pytest.param(replace(number, nature=Nature.CATEGORY, histogram=None, tally=long), id="long and foreign")


@pytest.mark.parametrize("attribute", list(odd_attributes()))
def test_odd_attributes_are_told_without_an_error(attribute: Attribute) -> None:
    found = replace(made.empty(), attributes=(attribute, made.nothing("None", 3)))
    facets = tuple(Facet(v, 2, found.overview, (attribute,), found.pairs) for v in ("A", ""))
    assert Reading(page(replace(found, by="Modality", facets=facets))).unmatched == []


def test_pairs_that_are_not_defined_are_told_as_such() -> None:
    none = ((None, None), (None, None))
    pairs = Pairs(Correlations(("A", "B"), none, none, ((0, 0), (0, 0))), (Scatter("A", "B", (), 0, None),), ())
    assert "not defined" in page(replace(made.empty(), pairs=pairs))


def test_correlations_of_few_rows_are_not_among_the_strongest() -> None:
    found = Correlations(("a", "b"), ((1.0, 0.9), (0.9, 1.0)), ((1.0, 0.9), (0.9, 1.0)), ((30, 9), (9, 30)))
    assert _view._strongest(found) == []
    assert len(_view._strongest(replace(found, counts=((30, 10), (10, 30))))) == 1


def test_a_correlation_that_rounds_to_nothing_has_no_sign() -> None:
    values = ((1.0, -0.0004), (-0.0004, 1.0))
    pairs = Pairs(Correlations(("A", "B"), values, values, ((9, 9), (9, 9))), (), ())
    assert "-0.00" not in (text := page(replace(made.empty(), pairs=pairs)))
    assert "0.00" in text


def test_nothing_at_all_is_a_page_that_says_so() -> None:
    text = Reading(page(made.empty())).text
    assert "no series was found" in text
    for part in ("No attribute was asked for", "No correlations", "No pixels were read", "No series is listed"):
        assert part in text


def test_one_series_is_told_in_the_singular() -> None:
    overview = Overview(
        (("patients", 1), ("studies", 1), ("series", 1), ("instances", 1)), "2020-01-01", "2020-01-01", (), ()
    )
    assert (
        "1 series of 1 patient in 1 study (1 instance), of 2020-01-01."
        in Reading(page(replace(made.empty(), overview=overview))).text
    )


def test_a_code_that_is_not_known_is_shown_as_a_warning() -> None:
    overview = replace(made.empty().overview, problems=(Problem("future.code", "Something new.", 2, ()),))
    read = Reading(page(replace(made.empty(), overview=overview)))
    assert "flag warning" in read.values("class")


# ---- the same every time, and not too much


def test_the_same_findings_give_the_same_text(whole: Findings, written: str) -> None:
    assert page(whole) == written


def test_the_settings_of_the_reader_change_nothing_and_are_left_alone(whole: Findings, written: str) -> None:
    mpl = pytest.importorskip("matplotlib")
    with mpl.rc_context({"font.size": 30, "axes.grid": True, "svg.fonttype": "path", "text.usetex": True}):
        before = dict(mpl.rcParams)
        assert page(whole) == written
        assert dict(mpl.rcParams) == before


def test_pyplot_is_not_loaded() -> None:
    code = (
        "import sys; from tests.survey import made; from convkit.survey.page import page; page(made.findings(3));"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_the_page_loads_neither_matplotlib_nor_jinja() -> None:
    code = (
        "import sys; import convkit.survey.page, convkit.survey.figures;"
        "sys.exit(bool({'matplotlib', 'jinja2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sixty_attributes_and_two_thousand_series_are_written_within_seconds() -> None:
    wide = tuple(made.numeric(f"Number{k}", range(k, k + 50), "mm") for k in range(40))
    words = tuple(made.category(f"Word{k}", {f"value {n}": n + 1 for n in range(20)}) for k in range(20))
    names = tuple(one.name for one in wide)
    found = made.findings(2000, attributes=wide + words, pairs=made.pairs(names, 2000))
    began = time.monotonic()
    text = page(found)
    assert time.monotonic() - began < 20  # 3 s where nothing else runs
    assert len(text) < 8e6
