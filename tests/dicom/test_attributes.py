"""The table of kept attributes: core, extra, private."""

from __future__ import annotations

import pickle

import pytest
from pydicom.datadict import dictionary_VR, keyword_for_tag

from convkit.dicom.attributes import CORE, is_keyword, nearest_hint, swapped, table_of
from convkit.errors import UsageError


@pytest.mark.parametrize("attribute", [a for a in CORE if not a.creator], ids=lambda a: a.keyword)
def test_core_row_agrees_with_the_data_dictionary(attribute) -> None:
    assert keyword_for_tag(attribute.tag) == attribute.keyword
    assert attribute.vr in dictionary_VR(attribute.tag).split(" or ")


def test_core_has_each_keyword_and_tag_once() -> None:
    assert len({a.keyword for a in CORE}) == len({(a.tag, a.creator) for a in CORE}) == len(CORE)


def test_extra_keyword_gets_a_place_of_its_own() -> None:
    table = table_of(("PatientName", "WindowCenter"))
    assert table.attributes[table.places["WindowCenter"]].vr == "DS"
    assert len(set(table.places.values())) == len(table.attributes)
    assert len(table.attributes) == len(CORE) + 2


def test_core_or_repeated_keyword_adds_nothing() -> None:
    assert table_of(("Rows",)).attributes == table_of().attributes
    assert len(table_of(("PatientName", "PatientName")).attributes) == len(CORE) + 1


def test_private_elements_are_known_once_their_creator_was_met() -> None:
    table = table_of()
    place = table.places["GEImageComponent"]
    met = table.start.after(swapped(0x00430027), b"GEMS_PARM_01 ")
    assert met.slots[swapped(0x0043272F)][0] == place
    assert swapped(0x0043272F) not in table.start.slots
    assert table.start.after(swapped(0x00430027), b"GEMS_PARM_01 ") is met


def test_unknown_creator_teaches_nothing() -> None:
    start = table_of().start
    assert start.after(swapped(0x00430010), b"SOMEBODY ELSE") is start


@pytest.mark.parametrize(("word", "nearest"), [("PatientNam", "PatientName"), ("windowcenter", "WindowCenter")])
def test_unknown_keyword_is_refused_with_the_nearest_one(word: str, nearest: str) -> None:
    with pytest.raises(UsageError) as caught:
        table_of((word,))
    assert nearest in caught.value.hint


def test_word_far_from_all_gets_no_hint() -> None:
    assert nearest_hint("qqqqqqqqqqqq") == ""


def test_hint_knows_further_words() -> None:
    assert "split" in nearest_hint("splti", ("split",))


@pytest.mark.parametrize(("word", "known"), [("Rows", True), ("PatientName", True), ("Nonsense", False), ("", False)])
def test_is_keyword(word: str, known: bool) -> None:
    assert is_keyword(word) is known


def test_table_survives_pickling_as_the_same_object() -> None:
    table = table_of(("PatientName",))
    assert pickle.loads(pickle.dumps(table)) is table
