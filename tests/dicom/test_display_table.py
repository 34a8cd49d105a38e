"""The table of readers of pictures: the core table and what says how an image is meant to be shown."""

from __future__ import annotations

import pickle

from convkit.dicom.attributes import CORE, display_table, table_of


def test_a_scan_keeps_nothing_of_it() -> None:
    assert table_of().attributes == CORE


def test_the_core_keeps_its_places() -> None:
    assert display_table().attributes[: len(CORE)] == CORE


def test_long_values_are_far() -> None:
    table = display_table()
    attribute = table.attributes[table.places["RedPaletteColorLookupTableData"]]
    assert attribute.is_far
    assert not table.attributes[table.places["RedPaletteColorLookupTableDescriptor"]].is_far


def test_tables_travel_by_the_names_of_what_was_added() -> None:
    for table in (display_table(), display_table(("PatientName",)), table_of(("WindowCenter",)), table_of()):
        packed = pickle.dumps(table)
        assert len(packed) < 300
        assert pickle.loads(packed) is table


def test_a_keyword_of_it_is_the_same_attribute_when_it_is_asked_for() -> None:
    keyword = "WindowCenter"
    assert table_of((keyword,)).attributes[-1] in display_table().attributes
    assert display_table((keyword,)).attributes == display_table().attributes
