"""Texts whose meaning hangs on a number, a letter or a small word: measures stay, identifiers beside them go."""

from __future__ import annotations

import pytest

from convkit.deid.own_values import Kind, OwnValues
from convkit.deid.text import Cleaner
from convkit.deid.vocabulary import Vocabulary

OWN = OwnValues.of(
    [
        (Kind.NAME, "Gentrich^Amber"),
        (Kind.NAME, "Zhang^Weiguo=张^伟国"),
        (Kind.ADDRESS, "3828 Qwzx Curve, East Blarmouth"),
        (Kind.DATE, "20200822"),
        (Kind.DATE, "20200125"),
    ]
)
CLEANER = Cleaner(OWN, Vocabulary.load())


@pytest.mark.parametrize(
    "text",
    [
        "NM BONE Tc-99m MDP",
        "^99m^Technetium",
        "99mTc MIBI",
        "Tc 99m scan",
        "I-131 scan",
        "177Lu therapy",
        "Xe-133 ventilation",
        "slice 8.22 mm",
        "LUNG WINDOW 1.25 MM",
        "22.8 cm",
        "spacing 3.000000",
        "ratio 4.007828",
        "TE 12000 Hz",
        "Thorax a.p.",
    ],
)
def test_measures_isotopes_and_views_stay(text: str) -> None:
    assert CLEANER.cleaned(text) == text
    assert CLEANER.lightly(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("seen 22.08.", "seen"),
        ("NHS no. 293 475 4179 chest", "chest"),
        ("MRN 4711 120 kV", "120 kV"),
        ("call 293 475 4179", ""),
        ("1 85 05 78 006 084 chest", "chest"),
        ("Qwzxhausen 98290 chest", "chest"),
        ("Becken a.p. qwzx", "Becken a.p."),
        ("qwzx PA", "PA"),
        ("GENTRICH R CC", "R CC"),
        ("Dr Li reviewed images", "reviewed images"),
        ("aged 99 y chest", "chest"),
        ("chest 张 伟国", "chest"),
        ("at 3828 Qwzx Curve, East Blarmouth 12253 chest", "at chest"),
        ("Blarmouth 12253 chest", "chest"),
        ("Blarmouth 12000 ms", "12000 ms"),
    ],
)
def test_what_identifies_goes_and_leaves_its_neighbours(text: str, left: str) -> None:
    assert CLEANER.cleaned(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("manual segmentation by Qwzxer", "manual segmentation"),
        ("prepared by Qwzxer Long", "prepared"),
        ("(tech Qwzxer)", "(tech)"),
        ("READ BY QWZXER", "READ BY"),
        ("张伟国 scan", "scan"),
        ("LUNG (张)", "LUNG"),
        ("Abbott 31 05 2015", "Abbott"),
    ],
)
def test_signatures_go_where_unknown_words_stay(text: str, left: str) -> None:
    assert CLEANER.lightly(text) == left


@pytest.mark.parametrize(
    "text", ["Created by OpenJPEG version 2.3", "acquired by SIEMENS", "drawn by operator", "by TotalSegmentator"]
)
def test_programs_and_makers_are_no_signatures(text: str) -> None:
    assert CLEANER.lightly(text) == text
