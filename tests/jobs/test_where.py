"""The expression of --where: a small grammar, no evaluation of code, missing values never hold."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.errors import UsageError
from convkit.jobs._where import where

FACTS: dict[str, Any] = {
    "Modality": "CT",
    "SeriesDescription": "Head 5.0 B30f",
    "SeriesNumber": 3,
    "EchoTime": 2.5,
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "PatientWeight": None,
    "instances": 40,
    "images": 39,
    "bytes": 1000,
    "path": "/data/a.dcm",
}


@pytest.mark.parametrize(
    "text",
    [
        'Modality == "CT"',
        "Modality == 'CT' and instances > 20",
        'Modality != "MR"',
        'not Modality == "MR"',
        'Modality in ["CT", "MR"]',
        'Modality in ("CT", "MR")',
        'Modality not in ["PT"]',
        '"AXIAL" in ImageType',
        '"Head" in SeriesDescription',
        "2 <= SeriesNumber < 4",
        "SeriesNumber > -1",
        "EchoTime == 2.5",
        "EchoTime < 3",
        'matches(SeriesDescription, "^head .* b30")',
        'lower(Modality) == "ct"',
        'Modality == "MR" or SeriesNumber == 3',
        '(Modality == "MR" or SeriesNumber == 3) and bytes >= 1000',
        "PatientWeight is None",
        "PatientWeight == None",
        "SeriesNumber is not None",
        "images != instances",
        'matches(path, "a[.]dcm$")',
        "True",
        "Modality",
    ],
)
def test_expression_holds(text: str) -> None:
    assert where(text)(FACTS) is True


@pytest.mark.parametrize(
    "text",
    [
        'Modality == "MR"',
        "instances > 40",
        "PatientWeight > 5",
        "PatientWeight < 5",
        "PatientWeight >= 0 and True",
        '"x" in PatientWeight',
        "Modality > 5",
        'SeriesNumber < "x"',
        'matches(PatientWeight, "x")',
        "not Modality",
        "False",
    ],
)
def test_expression_does_not_hold(text: str) -> None:
    assert where(text)(FACTS) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Modality =",
        "Modality = 'CT'",
        "and",
        "1 +",
        "__import__('os').system('true')",
        "Modality.upper() == 'CT'",
        "().__class__",
        "SeriesNumber + 1 > 2",
        "[x for x in ImageType]",
        "lambda: 1",
        "open('x')",
        "Modality[0] == 'C'",
        "f'{Modality}'",
        "Modality if True else 1",
        "(x := 1)",
        "lower(x=Modality)",
        "Modality == 'CT'\nimport os",
        "{1: 2}",
        "b'CT' == Modality",
        "(" * 300 + "1" + ")" * 300,
    ],
)
def test_anything_but_a_comparison_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        where(text)
    assert caught.value.where == "--where"


@pytest.mark.parametrize("text", ["lower()", "lower(Modality, Modality)", "matches(Modality)", "matches()"])
def test_function_with_wrong_arguments_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        where(text)(FACTS)


def test_pattern_that_is_no_pattern_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        where('matches(Modality, "(")')(FACTS)


def test_minus_of_a_text_is_a_usage_error_or_does_not_hold() -> None:
    with suppress(UsageError):
        assert where("-Modality > 1")(FACTS) is False


@pytest.mark.parametrize(
    ("name", "near"), [("Modalty", "Modality"), ("instanzes", "instances"), ("modality", "Modality")]
)
def test_unknown_name_is_a_usage_error_with_a_suggestion(name: str, near: str) -> None:
    with pytest.raises(UsageError) as caught:
        where(f"{name} == 1")
    assert near in caught.value.hint


def test_names_and_keywords_are_told() -> None:
    checked = where('Modality == "CT" and instances > 20 and EchoTime < 3')
    assert checked.names == ("Modality", "instances", "EchoTime")
    assert checked.keywords == ("Modality", "EchoTime")


@given(st.text(max_size=60))
def test_any_text_is_an_answer_or_a_usage_error(text: str) -> None:
    try:
        answer = where(text)(FACTS)
    except UsageError:
        return
    assert answer in {True, False}
