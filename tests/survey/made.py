"""Findings as a report of a real folder has them, made of numbers from a seed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from convkit.survey.findings import (
    Attribute,
    CoOccurrence,
    Correlations,
    Facet,
    Findings,
    Histogram,
    Intensities,
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

PROBLEMS = {5: ("geometry.missing-slice", "geometry.tilted"), 7: ("geometry.tilted",), 9: ("series.split",)}
"""Codes of some series by their number; the last is a remark."""

TISSUES = (
    ("air", -32768.0, -900.0, 0.41),
    ("lung", -900.0, -500.0, 0.13),
    ("fat", -150.0, -30.0, 0.11),
    ("water and soft tissue", -10.0, 90.0, 0.22),
    ("bone", 200.0, 2000.0, 0.031),
    ("metal", 3000.0, 32768.0, 0.0004),
    ("other", None, None, 0.0876),
)


def numeric(name: str, values: Sequence[float], unit: str = "", *, missing: int = 0, **changes: Any) -> Attribute:
    array = np.asarray(values, float)
    counts, edges = np.histogram(array, 30)
    quartiles = np.percentile(array, [0, 25, 50, 75, 100])
    statistics = (
        ("mean", float(array.mean())),
        ("std", float(array.std(ddof=1)) if len(array) > 1 else 0.0),
        *zip(("min", "25%", "50%", "75%", "max"), map(float, quartiles), strict=True),
    )
    given = {
        "name": name,
        "nature": Nature.NUMBER,
        "unit": unit,
        "rows": len(array) + missing,
        "missing": missing,
        "unparsable": 0,
        "distinct": len(np.unique(array)),
        "statistics": statistics,
        "histogram": Histogram(tuple(map(float, edges)), tuple(map(int, counts))),
    }
    return Attribute(**(given | changes))


def category(name: str, counts: dict[str, int], *, missing: int = 0, **changes: Any) -> Attribute:
    tally = Tally(name, "series", tuple(counts.items()), missing=missing)
    given = {
        "name": name,
        "nature": Nature.CATEGORY,
        "unit": "",
        "rows": sum(counts.values()) + missing,
        "missing": missing,
        "unparsable": 0,
        "distinct": len(counts),
        "tally": tally,
    }
    return Attribute(**(given | changes))


def nothing(name: str, rows: int, unparsable: int = 0) -> Attribute:
    return Attribute(name, Nature.NOTHING, "", rows, rows, unparsable, 0)


def pairs(names: Sequence[str], rows: int, seed: int = 0, points: int = 300) -> Pairs:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(max(rows, 3), len(names))) @ rng.normal(size=(len(names), len(names)))
    matrix = np.corrcoef(table, rowvar=False)
    correlation = tuple(tuple(float(value) for value in line) for line in np.atleast_2d(matrix))
    scatters = tuple(
        Scatter(
            names[j], names[j + 1], tuple(map(tuple, table[:points, j : j + 2].tolist())), rows, correlation[j][j + 1]
        )
        for j in range(min(6, len(names) - 1))
    )
    both = CoOccurrence(
        "Modality",
        "BodyPartExamined",
        "series",
        ("CT", "MR", "PT"),
        ("CHEST", "HEAD", "ABDOMEN", "KNEE"),
        ((412, 3, None), (22, 310, 0), (77, 40, 34), (0, 41, 0)),
    )
    labels = ("Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax")
    counts = rng.integers(0, 200, (8, 8))
    finding = CoOccurrence(
        "Findings", "Findings", "series", labels, labels, tuple(map(tuple, (counts + counts.T).tolist()))
    )
    return Pairs(
        Correlations(tuple(names), correlation, correlation, ((rows,) * len(names),) * len(names)),
        scatters,
        (both, finding),
    )


def overview(series: int, problems: Sequence[Problem] = (), **changes: Any) -> Overview:
    return Overview(
        (
            ("patients", 210),
            ("studies", 310),
            ("series", series),
            ("volumes", 1301),
            ("instances", 123_456),
            ("bytes", 61_234_567_890),
        ),
        "2011-02-03",
        "2019-11-30",
        (
            Tally("Modality", "series", (("CT", 800), ("MR", 400), ("PT", 34))),
            Tally(
                "Scanner",
                "series",
                (
                    ("SIEMENS Biograph mCT", 420),
                    ("GE MEDICAL SYSTEMS LightSpeed VCT", 380),
                    ("Philips Medical Systems Ingenia", 301),
                    ("Canon Aquilion ONE", 77),
                ),
                rest=5,
                rest_count=31,
                missing=25,
            ),
            Tally(
                "Transfer syntax",
                "instances",
                (("Explicit VR Little Endian", 100_000), ("JPEG Lossless, First-Order Prediction", 23_456)),
            ),
            Tally("Photometric interpretation", "series", (("MONOCHROME2", 1200), ("RGB", 30), ("MONOCHROME1", 4))),
            Tally("Year", "series", tuple((str(year), 100 + 17 * (year % 4)) for year in range(2011, 2020))),
        ),
        tuple(problems),
        **changes,
    )


def thumbnail(seed: int = 0, side: int = 96) -> bytes:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    level = (
        90 * (x**2 / 0.8 + y**2 / 0.5 < 1)
        + 80 * ((x - 0.3 * rng.random()) ** 2 + y**2 < 0.1)
        + rng.normal(0, 6, (side, side))
    )
    content = io.BytesIO()
    Image.fromarray(np.clip(level, 0, 255).astype(np.uint8)).save(content, "WEBP", quality=60)
    return content.getvalue()


def entries(count: int, pictures: int = 20) -> tuple[SeriesEntry, ...]:
    shown = [thumbnail(seed) for seed in range(min(pictures, count))]
    return tuple(
        SeriesEntry(
            f"{number // 3:06x}/{number * 7919 % 0xFFFFFF:06x}",
            f"{number % 12 + 1} {('Thorax venous 1.0 B31f', 'T1 mprage sag', 'PET AC', 'Localizer')[number % 4]}",
            (
                ("Modality", ("CT", "MR", "PT", "CT")[number % 4]),
                ("Body part", ("CHEST", "HEAD", "")[number % 3]),
                ("Slices", f"{number * 37 % 900 + 1:,}"),
                ("Spacing", f"{(1, 0.7, 3, 5)[number % 4]} x 0.7 x 0.7"),
                ("Date", f"2012-0{number % 9 + 1}-11"),
                ("Scanner", "SIEMENS Biograph mCT"),
                ("Size", f"{number % 97 + 0.5} MB"),
            ),
            PROBLEMS.get(number % 41, ()),
            shown[number % len(shown)] if shown else b"",
            "image/webp" if shown else "",
            Histogram(tuple(range(-1000, 1001, 50)), tuple((k * 37 + number) % 91 for k in range(40)))
            if shown
            else None,
            "HU" if number % 4 == 0 else "",
            -1024.0 if shown else None,
            987.0 if shown else None,
        )
        for number in range(count)
    )


def pixels(title: str = "CT (HU)", unit: str = "HU") -> Intensities:
    edges = np.linspace(-1100, 3100, 121)
    middle = (edges[1:] + edges[:-1]) / 2
    bells = ((-1000, 30, 400), (-820, 70, 120), (-90, 30, 120), (40, 25, 260), (400, 250, 20))
    level = sum(weight * np.exp(-(((middle - place) / width) ** 2)) for place, width, weight in bells)
    counts = tuple(int(value * 1000) for value in level)
    ranges = TISSUES if unit == "HU" else ()
    return Intensities(
        title,
        unit,
        Histogram(tuple(edges.tolist()), counts, 0, 12),
        0.083,
        0.0021,
        0.00004,
        ranges,
        800,
        200,
        600,
        "Three frames of 200 series, evenly chosen.",
        least=-1024.0,
        greatest=30_123.0,
    )


def attributes(rows: int, seed: int = 0) -> tuple[Attribute, ...]:
    rng = np.random.default_rng(seed)
    spacing = rng.choice([0.625, 1, 1, 1, 1.25, 3, 5], rows)
    return (
        category("Modality", {"CT": 800, "MR": 400, "PT": 34}),
        category(
            "BodyPartExamined",
            {"CHEST": 415, "HEAD": 332, "ABDOMEN": 151, "KNEE": 41, "chest": 2},
            missing=293,
            unusual=(("chest", 2, "differs from CHEST in case alone"),),
        ),
        category("ConvolutionKernel", {f"B{number}f": 200 - number for number in range(10, 75, 5)}, missing=434),
        numeric("SliceThickness", spacing, "mm", unusual=(("5", 12, "above the upper fence of 4.2"),)),
        numeric("PixelSpacing", rng.normal(0.75, 0.12, rows - 20), "mm", missing=20),
        numeric("KVP", rng.choice([80, 100, 120, 140], rows - 434, p=[0.05, 0.25, 0.6, 0.1]), "kV", missing=434),
        numeric("RepetitionTime", rng.lognormal(7, 0.9, rows // 3), "ms", missing=rows - rows // 3, unparsable=3),
        numeric("PatientAge", rng.normal(58, 17, rows).clip(1, 97), "years"),
        numeric("StudyDate", rng.integers(15_000, 18_200, rows), nature=Nature.DATE, statistics=()),
        numeric("MagneticFieldStrength", [1.5] * 300, "T", missing=rows - 300),
        nothing("PatientWeight", rows, unparsable=4),
        nothing("ContrastBolusAgent", rows),
    )


def findings(series: int = 120, **changes: Any) -> Findings:
    listed = entries(series)
    broken = tuple(entry.identifier for entry in listed if "geometry.missing-slice" in entry.problems)
    tilted = tuple(entry.identifier for entry in listed if "geometry.tilted" in entry.problems)
    problems = (
        Problem("geometry.missing-slice", "Slices are missing.", len(broken), broken),
        Problem("geometry.tilted", "The slices are sheared (gantry tilt).", len(tilted), tilted),
        Problem("input.cut-header", "The file ends inside its header.", 3, ()),
    )
    rows = attributes(1234)
    numbers = [one.name for one in rows if one.nature is Nature.NUMBER]
    names = [entry.identifier for entry in listed]
    given: dict[str, Any] = {
        "title": "Report of incoming",
        "made": "2026-11-22",
        "version": "0.7",
        "profile": "basic",
        "level": "series",
        "least": 0,
        "notes": ("Pixels: 600 frames of 200 series were read.", "Labels: 12 of 210 rows of the table fit no patient."),
        "overview": overview(series, problems, troubled=len({*broken, *tilted}), nameless=2),
        "attributes": rows,
        "pairs": pairs(numbers, 1234),
        "pixels": (pixels(), pixels("MR (no unit)", ""), pixels("PT (SUVbw)", "SUVbw")),
        "outliers": tuple(
            Outlier(
                names[k],
                "CT, CHEST, 412 series",
                ("KVP", "SliceThickness", "ConvolutionKernel")[k % 3],
                ("80", "5", "B70f")[k % 3],
                ("120", "1 (0.9 to 1.25)", "B31f (94 %)")[k % 3],
                "beyond the fences of the group",
            )
            for k in range(0, min(40, len(names)), 2)
        ),
        "likenesses": (
            Likeness("near-duplicates", tuple(names[1:3]), "same frame of reference, geometry and number of slices"),
            *(Likeness("localizer", (name,), "Image Type says LOCALIZER; 3 slices") for name in names[3:40:4]),
            Likeness("derived", tuple(names[8:9]), "Image Type says DERIVED"),
        ),
        "series": listed,
    }
    return Findings(**(given | changes))


def with_facets(found: Findings, values: Sequence[str] = ("CT", "MR", "PT")) -> Findings:
    facets = tuple(
        Facet(
            value,
            800 - 250 * k,
            overview(800 - 250 * k, found.overview.problems[:1]),
            attributes(900 - 50 * k, k + 1),
            pairs([one.name for one in found.attributes if one.nature is Nature.NUMBER], 800 - 250 * k, k),
            found.pixels[k % 3 : k % 3 + 1],
        )
        for k, value in enumerate(values)
    )
    return replace(found, by="Modality", facets=facets)


def empty() -> Findings:
    return Findings(
        "Report", "2026-11-22", "0.7", "basic", "series", 0, (), Overview((), "", "", (), ()), (), Pairs(None, (), ())
    )
