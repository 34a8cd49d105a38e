"""Figures: files in a folder, and parts of the page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from convkit.errors import OutputError, UsageError
from convkit.survey import _plots as plots
from convkit.survey._canvas import canvas, svg
from convkit.survey._inline import inline
from convkit.survey._palette import COLOURS, LEVELS, level, variables
from convkit.survey.figures import drawings, figure_files, save_figures
from convkit.survey.findings import CoOccurrence, Findings, Histogram, Nature, Scatter, Tally
from tests.survey import made

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def whole() -> Findings:
    return made.with_facets(made.findings(12))


def drawn(function: object, *found: object) -> str:
    with canvas():
        return svg(function(*found))


def texts(document: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(document).iter("{http://www.w3.org/2000/svg}text")]


def contrast(one: str, other: str) -> float:
    """Of two colours, WCAG 2.2."""

    def light(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


# ---- files


def test_every_figure_becomes_a_file_in_both_formats(tmp_path: Path, whole: Findings) -> None:
    paths = save_figures(whole, tmp_path / "new" / "figures")
    assert sorted(path.name for path in (tmp_path / "new" / "figures").iterdir()) == sorted(p.name for p in paths)
    stems = {path.stem for path in paths}
    assert len(paths) == 2 * len(stems)
    assert {
        "overview-modality", "attribute-slicethickness", "attribute-bodypartexamined", "attribute-studydate",
        "correlation-pearson", "correlation-spearman", "scatter-slicethickness-pixelspacing",
        "co-occurrence-modality-bodypartexamined", "co-occurrence-findings-findings", "pixels-ct-hu",
        "by-modality-slicethickness", "by-modality-ct-pixels-ct-hu",
    } <= stems  # fmt: skip
    for path in paths:
        if path.suffix == ".svg":
            ET.parse(path)
        else:
            with Image.open(path) as picture:
                assert min(picture.size) > 60
                assert picture.getpixel((0, 0))[:3] == (255, 255, 255)


def test_one_format_alone_can_be_asked_for(tmp_path: Path, whole: Findings) -> None:
    assert {path.suffix for path in save_figures(whole, tmp_path, formats=("svg",))} == {".svg"}


def test_another_format_is_refused(tmp_path: Path, whole: Findings) -> None:
    with pytest.raises(UsageError, match="bmp"):
        save_figures(whole, tmp_path, formats=("bmp",))


def test_a_folder_that_cannot_be_written_is_an_error_with_its_name(tmp_path: Path, whole: Findings) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        save_figures(whole, tmp_path / "file" / "figures")


def test_the_same_findings_give_the_same_files(whole: Findings) -> None:
    few = replace(whole, attributes=whole.attributes[:4], facets=(), pixels=whole.pixels[:1])
    assert list(figure_files(few)) == list(figure_files(few))


def test_files_hold_no_day_and_no_path(whole: Findings) -> None:
    few = replace(whole, attributes=whole.attributes[:4], facets=(), pixels=())
    for _, content in figure_files(few, ("svg",)):
        assert b"<dc:date>" not in content


def test_names_of_files_come_from_headers_and_yet_stay_in_the_folder(tmp_path: Path) -> None:
    names = ("../../etc/x", "a/b", "a b", "CON", "", "é", "x" * 500)
    attributes = tuple(made.category(name, {"A": 3, "B": 2}) for name in names)
    paths = save_figures(replace(made.empty(), attributes=attributes), tmp_path, formats=("svg",))
    assert len(set(paths)) == len(names)
    assert {path.parent for path in paths} == {tmp_path}
    assert all(re.fullmatch(r"[a-z0-9-]{1,80}\.svg", path.name) for path in paths)


def test_a_file_has_a_title_and_no_letter_of_it_is_cut_off(tmp_path: Path) -> None:
    names = {
        "GE MEDICAL SYSTEMS MWMWMWM": 3,
        "Siemens Healthineers MAGNETOM Prisma Fit": 2,
        "部位頭部胸部腹部部位頭部胸部腹部": 1,
    }
    found = replace(made.empty(), attributes=(made.category("Manufacturer", names),))
    for path in save_figures(found, tmp_path):
        if path.suffix == ".svg":
            assert "Manufacturer: series" in texts(path.read_text())
            continue
        with Image.open(path) as picture:
            border = [picture.convert("L").getpixel((3, y)) for y in range(picture.height)]
            assert min(border) > 250


def test_nothing_found_is_no_figure(tmp_path: Path) -> None:
    assert save_figures(made.empty(), tmp_path) == ()


def test_every_drawing_has_a_name_of_its_own(whole: Findings) -> None:
    twice = replace(whole, attributes=whole.attributes * 2)
    names = [drawing.name for drawing in drawings(twice)]
    assert len(set(names)) == len(names)


# ---- kinds


def test_a_bar_chart_names_values_counts_the_rest_and_what_is_missing() -> None:
    tally = Tally("Scanner", "series", (("A", 1200), ("", 30)), rest=5, rest_count=31, missing=25)
    shown = texts(drawn(plots.bars, tally))
    assert {"A", "(empty)", "5 others", "(missing)", "1,200", "30", "31", "25"} <= set(shown)


def test_a_bar_chart_of_very_many_values_shows_the_first_and_sums_up_the_others() -> None:
    tally = Tally("X", "series", tuple((f"v{k}", 100 - k) for k in range(60)), rest=3, rest_count=9)
    shown = texts(drawn(plots.bars, tally))
    assert f"{60 - plots.MOST_BARS + 3} others" in shown
    assert f"{sum(100 - k for k in range(plots.MOST_BARS, 60)) + 9:,}" in shown


@pytest.mark.parametrize(
    ("edges", "wanted"),
    [
        ((16436.0, 16801.0, 17167.0), "2015"),
        ((16436.0, 16467.0, 16495.0), "2015-01"),
        ((16436.0, 16437.0, 16438.0), "2015-01-01"),
    ],
)
def test_days_are_told_as_finely_as_the_bins_are(edges: tuple[float, ...], wanted: str) -> None:
    dates = replace(made.numeric("StudyDate", [16436.0, 16437.0]), nature=Nature.DATE, statistics=())
    assert wanted in texts(drawn(plots.histogram, replace(dates, histogram=Histogram(edges, (3, 4)))))


def test_a_dollar_in_a_name_is_a_dollar() -> None:
    assert "$a_b$" in texts(drawn(plots.scatter, Scatter("$a_b$", "\\frac{x$", ((0.0, 1.0),), 1, None)))


def test_letters_that_the_font_lacks_are_no_warning(tmp_path: Path) -> None:
    attribute = made.category("部位", {"胸部 العربية": 3, "頭部": 2})
    assert len(save_figures(replace(made.empty(), attributes=(attribute,)), tmp_path)) == 2


def test_bins_of_different_width_have_areas_as_counts() -> None:
    assert plots.even_heights(Histogram((0, 10, 20, 60), (8, 4, 8))) == [8, 4, 2]
    assert plots.even_heights(Histogram((0, 31, 59, 90), (3, 4, 5))) == [3, 4, 5]  # months


def test_a_matrix_of_forty_has_one_path_a_colour_and_no_numbers() -> None:
    names = [f"A{k}" for k in range(40)]
    values = [[((i * 7 + j * 3) % 41 - 20) / 20 for j in range(40)] for i in range(40)]
    document = drawn(plots.correlation_matrix, names, values)
    assert document.count("<path") < 2 * LEVELS + 20
    assert set(texts(document)) == set(names)


def test_a_small_matrix_has_its_numbers_in_the_cells() -> None:
    assert {"1.00", ".50", "−.25"} <= set(
        texts(drawn(plots.correlation_matrix, ["A", "B"], [[1.0, 0.5], [-0.25, None]]))
    )


def test_a_cell_that_may_not_be_told_is_a_dot() -> None:
    found = CoOccurrence("A", "B", "series", ("x", "y"), ("z",), ((12, None),))
    assert {"12", "·"} <= set(texts(drawn(plots.co_occurrence, found)))


def test_points_that_are_far_away_or_nowhere_are_no_error() -> None:
    points = ((1e308, -1e308), (float("nan"), 1.0), (float("inf"), 0.0), (-1e308, 3.0))
    assert texts(drawn(plots.scatter, Scatter("A", "B", points, 4, None)))


def test_points_are_thinned_evenly() -> None:
    points = tuple((float(k), 0.0) for k in range(10_000))
    shown = plots.thinned(points)
    assert len(shown) <= plots.MOST_POINTS
    assert shown[0] == points[0]
    assert shown[-1][0] > 9_900


# ---- within the page


def test_a_figure_of_the_page_has_no_styles_and_no_colours_of_its_own(whole: Findings) -> None:
    with canvas():
        for number, drawing in enumerate(drawings(whole)):
            text = inline(svg(drawing.draw()), f"f{number}", "A figure.")
            assert "style=" not in text
            assert not re.search(r"#[0-9a-f]{6}", text), drawing.name
            assert "<metadata" not in text
            assert "xlink" not in text
            assert set(re.findall(r'id="([^"]+)"', text)) == set(re.findall(r'(?:url\(#|href="#)([^)"]+)', text))
            assert all(name.startswith(f"f{number}-") for name in re.findall(r'id="([^"]+)"', text))
            assert len(text) < 60_000


def test_a_label_is_escaped() -> None:
    text = inline(drawn(plots.bars, Tally("T", "series", (('<b>"&', 2),))), "f1", "\"><script>'&")
    assert "<script>" not in text
    assert "&lt;b&gt;" in text
    ET.fromstring(text)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_stand_out_from_their_ground(scheme: int) -> None:
    colour = {name: pair[scheme] for name, pair in COLOURS.items()}
    grounds = ["ground", "surface"]
    for name in ("text", "quiet", "accent", "flag", "bad"):  # WCAG 2.2, 1.4.3
        assert all(contrast(colour[name], colour[ground]) >= 4.5 for ground in grounds), name
    for name in ("bar", "mark", "point"):  # 1.4.11
        assert all(contrast(colour[name], colour[ground]) >= 3 for ground in grounds), name
    assert contrast(colour["flag"], colour["flag-ground"]) >= 4.5
    assert contrast(colour["bad"], colour["bad-ground"]) >= 4.5
    for scale in ("cool", "warm"):
        steps = [contrast(colour["text"], colour[f"{scale}-{step}"]) for step in range(1, LEVELS + 1)]
        assert min(steps) >= 4.5, scale
        assert steps == sorted(steps, reverse=True), scale


def test_no_two_colours_of_figures_are_the_same() -> None:
    bright = [pair[0] for pair in COLOURS.values()]
    assert len(set(bright)) == len(bright)
    assert all(f"--{name}:" in variables() for name in COLOURS)


@pytest.mark.parametrize(
    ("share", "step"), [(0, 0), (1e-9, 1), (0.2, 1), (0.4000001, 3), (1, LEVELS), (7, LEVELS), (-1, 0)]
)
def test_a_share_has_a_step_of_the_scale(share: float, step: int) -> None:
    assert level(share) == step
