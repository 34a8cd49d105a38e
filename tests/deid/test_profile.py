"""Profiles: the table of the standard row by row, parts put together, and mistakes that are named."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from convkit.deid.codes import MEANINGS, Code, Requirement, combined, resolved
from convkit.deid.profile import Profile, available
from convkit.deid.profile_file import ProfileFile
from convkit.deid.profile_schema import ProfileSchema, checked
from convkit.deid.selectors import selector
from convkit.deid.shipped import folder
from convkit.errors import UsageError

COLUMNS = {
    "private": "retain_safe_private",
    "uids": "retain_uids",
    "device": "retain_device_identity",
    "institution": "retain_institution_identity",
    "patient": "retain_patient_characteristics",
    "full-dates": "retain_full_dates",
    "dates": "retain_modified_dates",
    "desc": "clean_descriptors",
    "structured": "clean_structured_content",
    "graphics": "clean_graphics",
}


@pytest.fixture(name="table", scope="module")
def _table(data_folder: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((data_folder / "deid" / "ps3.15_table_e1-1.json").read_text())
    return table


def own(tmp_path: Path, text: str) -> str:
    """The name of a profile of one's own."""
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    return str(path)


def tags_of(row: dict[str, Any]) -> list[int]:
    """Tags that a row of the table is for; some of a repeating group."""
    if row["tag"] == "private":
        return [0x00091001, 0x7FE10010, 0x60014000]
    if row["pattern"]:
        return [int(row["pattern"].replace("xx", digits, 1).replace("xxxx", "3000").replace(",", ""), 16)
                for digits in ("00", "02", "1e")]  # fmt: skip
    return [int(row["tag"].replace(",", ""), 16)]


def code_of(profile: Profile, tag: int) -> Code:
    rule = profile.rule_of(tag)
    assert rule is not None
    return rule.code


# --- the table -------------------------------------------------------------------------------------------


def test_every_row_of_the_basic_profile(table: dict[str, Any]) -> None:
    basic = Profile.load("basic")
    wrong = [row["name"] for row in table["attributes"] for tag in tags_of(row) if code_of(basic, tag) != row["basic"]]
    assert wrong == []
    assert len(basic.tags) + len(basic.masks) + 1 == len(table["attributes"])


@pytest.mark.parametrize("option", COLUMNS)
def test_every_row_of_an_option(table: dict[str, Any], option: str) -> None:
    profile = Profile.load(f"basic+{option}")
    expected = {tag: row["options"].get(COLUMNS[option], row["basic"])
                for row in table["attributes"] for tag in tags_of(row)}  # fmt: skip
    assert {tag: str(code_of(profile, tag)) for tag in expected} == expected
    assert (profile.parts[1].name, profile.parts[1].code) == (option, table["option_codes_cid7050"][COLUMNS[option]])


@pytest.mark.parametrize("pair", [p for p in combinations(COLUMNS, 2) if set(p) != {"dates", "full-dates"}], ids=str)
def test_two_options_come_to_the_same_in_any_order(table: dict[str, Any], pair: tuple[str, str]) -> None:
    one, other = Profile.load(f"basic+{pair[0]}+{pair[1]}"), Profile.load(f"basic+{pair[1]}+{pair[0]}")
    for row in table["attributes"]:
        codes = {row["options"][COLUMNS[name]] for name in pair if COLUMNS[name] in row["options"]}
        expected = "C" if "C" in codes else "K" if codes else row["basic"]
        for tag in tags_of(row):
            assert code_of(one, tag) == code_of(other, tag) == expected


# --- codes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "by_type"),
    [("X/Z", "ZZX"), ("X/D", "DDX"), ("Z/D", "DZZ"), ("X/Z/D", "DZX"), ("X/Z/U*", "CZX"), ("X", "XXX"), ("K", "KKK")],
)
def test_the_type_decides_a_slash_code(code: str, by_type: str) -> None:
    assert "".join(resolved(Code(code), Requirement(n)) for n in "123") == by_type


def test_every_code_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Code)


def test_what_one_option_keeps_and_another_cleans_is_cleaned() -> None:
    assert combined(Code.KEEP, Code.CLEAN) == combined(Code.CLEAN, Code.KEEP) == Code.CLEAN
    assert combined(Code.REMOVE, Code.KEEP) == Code.KEEP


# --- one's own -------------------------------------------------------------------------------------------


def test_own_rules_win_over_what_they_build_on(tmp_path: Path) -> None:
    rules = '[rules]\nStudyDate = "X"\n"(60xx,3000)" = "K"\n'
    profile = Profile.load(own(tmp_path, f'meaning = "Ours"\nextends = "basic+dates"\n{rules}'))
    assert code_of(profile, 0x00080020) == Code.REMOVE
    assert code_of(profile, 0x00080021) == Code.CLEAN
    assert code_of(profile, 0x60023000) == Code.KEEP
    assert [part.name for part in profile.parts] == ["basic", "dates", "own"]


def test_without_a_word_nothing_is_kept(tmp_path: Path) -> None:
    profile = Profile.load(own(tmp_path, 'meaning = "Ours"\n[rules]\nModality = "K"\n'))
    assert (profile.private.code, profile.unlisted.code, profile.unknown.code) == ("X", "X", "X")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('meaning = "A"\n[rules]\nPatientNam = "X"\n', (":3", "PatientNam", "PatientName")),
        ('meaning = "A"\n[rules]\nPatientName = "Q"\n', (":3", "PatientName")),
        ('meaning = "A"\nmeening = "B"\n', (":2", "meening", "meaning")),
        ('[rules]\nPatientName = "X"\n', ("meaning",)),
        ('meaning = "A"\n[rules]\nPatientName = "X"\n"(0010,0010)" = "K"\n', (":4", "contradict")),
        ('meaning = "A"\n[rules]\n"(0010,0020) PatientName" = "X"\n', (":3", "PatientName")),
        ('meaning = "A"\n[rules]\n"(0010,00" = "X"\n', (":3",)),
        ('meaning = "A"\nextends = "own"\n', ("own",)),
        ('meaning = "A"\nextends = "basic+dates+full-dates"\n', ("contradict",)),
        ("meaning =", ("TOML",)),
        ('meaning = "A"\nrules = 3\n', ("rules",)),
        ('meaning = "A"\ncode = "121"\n', (":2", "code")),
        ('meaning = "A"\n[rules]\nRows = "hash"\n', (":3", "US")),
        ('meaning = "A"\n[rules]\nRows = { value = "abc" }\n', (":3", "US")),
        ('meaning = "A"\n[rules]\nStudyDate = { value = "hello" }\n', (":3", "DA")),
        ('meaning = "A"\n[rules]\nPatientName = "shift-date"\n', (":3", "PN")),
        ('meaning = "A"\n[rules]\nBitsAllocated = "pseudonym"\n', (":3", "US")),
        ('meaning = "A"\n[rules]\n"vr:ZZ" = "remove"\n', (":3", "ZZ")),
        ('meaning = "A"\n[rules]\nStudyInstanceUID = { value = "abc" }\n', (":3", "UI")),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        Profile.load(own(tmp_path, text))
    assert all(word in str(caught.value) for word in words)


def test_a_profile_that_builds_on_itself_is_refused(tmp_path: Path) -> None:
    path = own(tmp_path, "")
    Path(path).write_text(f'meaning = "A"\nextends = "{path}"\n', "utf-8")
    with pytest.raises(UsageError, match="itself"):
        Profile.load(path)


@pytest.mark.parametrize(
    "name", ["", "basics", "names", "../names", "dates", "basic+dates+full-dates", "basic+", "x.toml"]
)
def test_what_is_no_profile_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        Profile.load(name)


# --- what people see -------------------------------------------------------------------------------------


def test_everything_that_comes_with_convkit_can_be_listed_and_loaded() -> None:
    assert set(COLUMNS) | {"basic"} <= set(available())
    assert all(available().values())


@pytest.mark.parametrize(
    ("keyword", "words"),
    [
        ("PatientAge", ("PatientAge", "kept", "patient")),
        ("StudyDate", ("cleaned", "dates")),
        ("PatientName", ("emptied", "basic")),
        ("Modality", ("cleaned",)),
        ("(6002,3000)", ("removed",)),
        ("private", ("removed",)),
    ],
)
def test_a_profile_explains_itself(keyword: str, words: tuple[str, ...]) -> None:
    assert all(word in Profile.load("basic+dates+patient").explain(keyword) for word in words)


def test_an_unknown_word_is_explained_by_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        Profile.load("basic").explain("PatientAg")
    assert "PatientAge" in caught.value.hint


@pytest.mark.parametrize("path", sorted(folder().glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_profile_is_what_the_schema_makes_of_it(path: Path) -> None:
    text = path.read_text("utf-8")
    raw = tomllib.loads(text)
    assert ProfileFile.of(raw) == ProfileFile.of(checked(raw, text, path))
    assert set(ProfileFile._fields) == set(ProfileSchema.model_fields)


def test_a_shipped_profile_is_read_without_pydantic() -> None:
    code = (
        "import sys; from convkit.deid.profile import Profile; Profile.load('tcia'); print('pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "False\n"


def test_the_schema_describes_every_field() -> None:
    schema = ProfileSchema.model_json_schema()
    assert set(schema["properties"]) == set(ProfileSchema.model_fields)
    assert all("description" in field for field in schema["properties"].values())


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("PatientName", [0x00100010], [0x00100020]),
        ("(60xx,3000)", [0x60003000, 0x601E3000], [0x60013000, 0x60003001, 0x50003000]),
        ("(50xx,xxxx)", [0x50000000, 0x50FE1234], [0x50010000, 0x60000000]),
        ("private", [0x00090010, 0x00111000], [0x00100010]),
    ],
)
def test_a_selector_covers_what_it_says(text: str, inside: list[int], outside: list[int]) -> None:
    one = selector(text)
    assert all(map(one.covers, inside))
    assert not any(map(one.covers, outside))
