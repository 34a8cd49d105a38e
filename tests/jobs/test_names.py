"""Names from templates: right, safe on every file system, free of persons, never colliding."""

from __future__ import annotations

import itertools
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.deid.selectors import selector
from convkit.deid.shipped import folder
from convkit.errors import UsageError
from convkit.jobs._names import LONGEST_PART, _identifying, fill, safe_part, template, without_ties

WINDOWS_FORBIDS = set('<>:"/\\|?*') | {chr(c) for c in range(32)}


def filled(text: str, **values: Any) -> str:
    checked = template(text, phi_in_names=True)
    return fill(checked, dict.fromkeys(checked.fields) | values)


# --- templates -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values", "name"),
    [
        ("{SeriesNumber:03d}_{SeriesDescription}", {"SeriesNumber": 7, "SeriesDescription": "T1"}, "007_T1"),
        ("{SeriesNumber}", {"SeriesNumber": 7}, "7"),
        ("{SeriesNumber:03d}_x", {"SeriesNumber": None}, "x"),
        ("{EchoTime:.1f}ms", {"EchoTime": 2.46}, "2.5ms"),
        ("{SeriesNumber:03d}", {"SeriesNumber": "7"}, "007"),
        ("{SeriesDescription:>6}", {"SeriesDescription": "ab"}, "ab"),
        ("{Modality}/{SeriesNumber}", {"Modality": "CT", "SeriesNumber": 1}, "CT/1"),
        ("{ImageType}", {"ImageType": ["ORIGINAL", "PRIMARY"]}, "ORIGINAL"),
        ("a{split}", {"split": "_echo-2"}, "a_echo-2"),
        ("{{x}}{SeriesNumber}", {"SeriesNumber": 1}, "x_1"),
    ],
)
def test_fields_are_filled(text: str, values: dict[str, Any], name: str) -> None:
    assert filled(text, **values) == name


@pytest.mark.parametrize(
    ("letters", "values", "name"),
    [
        ("%s_%d", {"SeriesNumber": 3, "SeriesDescription": "T1"}, "3_T1"),
        ("%3s_%p", {"SeriesNumber": 3, "ProtocolName": "head"}, "003_head"),
        ("%m%%%e", {"Manufacturer": "GE", "EchoNumbers": 2}, "GE_2"),
        ("%u/%z", {"AcquisitionNumber": 1, "SequenceName": "ep2d"}, "1/ep2d"),
        ("%2r", {"InstanceNumber": 5}, "05"),
    ],
)
def test_dcm2niix_letters_are_understood(letters: str, values: dict[str, Any], name: str) -> None:
    assert filled(letters, **values) == name


@pytest.mark.parametrize("text", ["%q", "%", "a%5"])
def test_unknown_letter_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="letter"):
        template(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [("{SeriesNumbr}", "SeriesNumber"), ("{serie}", "series"), ("{seriesdescription}", "SeriesDescription")],
)
def test_unknown_field_is_a_usage_error_with_a_suggestion(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        template(text)
    assert hint in caught.value.hint
    assert caught.value.where == "--filename"


@pytest.mark.parametrize(
    "text",
    [
        "{SeriesNumber",
        "SeriesNumber}",
        "{}",
        "{0}",
        "",
        "///",
        "{SeriesNumber.real}",
        "{SeriesNumber[0]}",
        "{SeriesNumber!q}",
        "{SeriesNumber:zz}",
    ],
)
def test_malformed_template_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        template(text)


@pytest.mark.parametrize(
    "field",
    [
        "PatientName",
        "PatientID",
        "StudyDate",
        "PatientBirthDate",
        "AccessionNumber",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "SOPInstanceUID",
        "AcquisitionTime",
        "InstitutionName",
        "StudyDescription",
        "StudyID",
        "PatientAge",
        "PatientSex",
    ],
)
def test_field_that_identifies_needs_permission(field: str) -> None:
    with pytest.raises(UsageError, match="identify") as caught:
        template(f"{{{field}}}")
    assert "--phi-in-names" in caught.value.hint
    assert template(f"{{{field}}}", phi_in_names=True).fields == (field,)


@pytest.mark.parametrize("letters", ["%n", "%i", "%t", "%j", "%k", "%g", "%x", "%o"])
def test_letter_that_identifies_needs_permission(letters: str) -> None:
    with pytest.raises(UsageError, match="identify"):
        template(letters)
    template(letters, phi_in_names=True)


def test_split_is_appended_where_it_is_left_out() -> None:
    checked = template("{SeriesNumber}", must_hold=("split",))
    assert fill(checked, {"SeriesNumber": 1, "split": "_echo-2"}) == "1_echo-2"
    assert template("{split}x", must_hold=("split",)).text == "{split}x"


# --- safe ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("..", "unnamed"),
        (".", "unnamed"),
        ("/root", "root"),
        ("a/b", "a_b"),
        ("a\\b", "a_b"),
        ("C:\\x", "C_x"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("nul", "_nul"),
        ("LPT1", "_LPT1"),
        ("COM9.a.b", "_COM9.a.b"),
        ("concert", "concert"),
        ("trailing. ", "trailing"),
        (" .hidden", "hidden"),
        ("a\x00b\nc\td", "a_b_c_d"),
        ("a<b>|c?*", "a_b_c"),
        ("Ünïcödé 日本", "Ünïcödé_日本"),
        ("e\u0301", "é"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a b", "a_b"),
        ("'; rm -rf ~", "rm_-rf"),
    ],
)
def test_value_is_made_safe(value: str, name: str) -> None:
    assert filled("{SeriesDescription}", SeriesDescription=value) == name


@pytest.mark.parametrize(
    "text", ["../{SeriesNumber}", "/tmp/{SeriesNumber}", "a/../../{SeriesNumber}", "./{SeriesNumber}"]
)
def test_template_never_leaves_the_destination(text: str) -> None:
    name = filled(text, SeriesNumber=1)
    assert ".." not in name.split("/")
    assert not name.startswith("/")


def test_reserved_name_between_slashes_is_made_safe() -> None:
    assert filled("{Modality}/{SeriesNumber}", Modality="AUX", SeriesNumber=1) == "_AUX/1"


@pytest.mark.parametrize("text", ["x" * 1000, "é" * 500, "日本" * 300, "\N{GRINNING FACE}" * 400])
def test_very_long_name_is_cut(text: str) -> None:
    assert 0 < len(safe_part(f"a{text}").encode()) <= LONGEST_PART or not safe_part(text)


@given(st.text(max_size=300))
def test_any_text_gives_a_name_that_every_file_system_takes(text: str) -> None:
    name = filled("{SeriesDescription}", SeriesDescription=text)
    assert "/" not in name
    assert not set(name) & WINDOWS_FORBIDS
    assert name not in {".", ".."}
    assert not name.endswith((".", " "))
    assert len(name.encode()) <= LONGEST_PART + 1


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_two_texts_give_a_path_of_at_most_two_parts(one: str, two: str) -> None:
    name = filled("{Modality}/{SeriesDescription}", Modality=one, SeriesDescription=two)
    assert len(name.split("/")) <= 2
    assert not name.startswith("/")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1e400", [1, 2], [], b"x", "", "12abc"])
def test_odd_value_never_breaks_a_number_format(value: Any) -> None:
    filled("{SeriesNumber:03d}_{EchoTime:.2f}_x", SeriesNumber=value, EchoTime=value)


# --- ties ------------------------------------------------------------------------------------------------


def test_equal_names_get_a_hash_each() -> None:
    names = without_ties(["a", "a", "b"], [("1",), ("2",), ("3",)])
    assert names[2] == "b"
    assert names[0] != names[1]
    assert all(n.startswith("a_") and len(n) == 2 + 6 for n in names[:2])


def test_names_that_differ_in_case_alone_are_ties() -> None:
    one, two = without_ties(["T1", "t1"], [("1",), ("2",)])
    assert one.casefold() != two.casefold()


def test_folders_that_differ_in_case_alone_do_not_put_two_files_in_one_place() -> None:
    one, two = without_ties(["A/x", "a/x"], [("1",), ("2",)])
    assert one.casefold() != two.casefold()


def test_unicode_forms_of_one_name_are_ties() -> None:
    one, two = without_ties(["é", "e\u0301"], [("1",), ("2",)])
    assert one != two
    assert one.startswith("é_")


def test_empty_name_is_named() -> None:
    assert without_ties([""], [("1",)])[0].startswith("unnamed_")


def test_hash_does_not_depend_on_the_order() -> None:
    identities = [(str(n),) for n in range(5)]
    results = {
        tuple(sorted(zip(without_ties(["x"] * 5, list(order)), order, strict=True)))
        for order in itertools.permutations(identities)
    }
    assert len(results) == 1


def test_made_name_that_meets_a_given_one_is_still_unique() -> None:
    first = without_ties(["a", "a"], [("1",), ("2",)])
    names = without_ties(["a", "a", first[0]], [("1",), ("2",), ("3",)])
    assert len({n.casefold() for n in names}) == 3


def test_equal_identities_still_get_names_of_their_own() -> None:
    names = without_ties(["a"] * 4, [("1",)] * 4)
    assert len(set(names)) == 4


@given(st.lists(st.sampled_from(["a", "A", "b", "", "é", "e\u0301", "a_6b86b2"]), max_size=12))
def test_any_names_become_unique(given_names: list[str]) -> None:
    names = without_ties(given_names, [(str(i),) for i in range(len(given_names))])
    assert len({n.casefold() for n in names}) == len(given_names)
    assert all(names)


def test_names_hold_nothing_that_the_basic_profile_takes_away_but_what_tells_the_protocol() -> None:
    rules = tomllib.loads((folder() / "basic.toml").read_text("utf-8"))["rules"]
    keywords = {keyword for keyword in (selector(text).keyword for text in rules) if keyword}
    assert len(keywords) > 600
    assert _identifying() == keywords - {"ProtocolName", "SeriesDescription"}


@pytest.mark.parametrize("field", ["OverlayComments", "CurveData", "OverlayData"])
def test_attributes_of_repeating_groups_are_no_fields(field: str) -> None:
    with pytest.raises(UsageError):
        template(f"{{{field}}}", phi_in_names=False)
