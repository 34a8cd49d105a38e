"""Many byte strings at once: every occurrence is found, whatever the case and wherever the data are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.audit import _search
from convkit.audit._search import Hit, Search

TEXT = st.binary(min_size=0, max_size=300)


def test_every_pattern_is_found_whatever_the_case() -> None:
    search = Search([(b"Gentry", 0), (b"MRN9756682", 1)])
    assert list(search.hits(b"xx GENTRY and gentry, mrn9756682")) == [Hit(3, 9, 0), Hit(14, 20, 0), Hit(22, 32, 1)]


def test_patterns_below_four_bytes_are_left_out() -> None:
    assert list(Search([(b"abc", 0)]).hits(b"abcabc")) == []


def test_a_search_for_nothing_finds_nothing() -> None:
    assert list(Search([]).hits(b"abc" * 100)) == []


@pytest.mark.parametrize("offset", range(-8, 3))
def test_a_pattern_across_the_end_of_a_chunk_is_found(offset: int) -> None:
    data = bytearray(_search._CHUNK * 2)
    start = _search._CHUNK + offset
    data[start : start + 7] = b"Ayllon!"
    assert list(Search([(b"ayllon!", 5)]).hits(bytes(data))) == [Hit(start, start + 7, 5)]


@given(before=TEXT, pattern=st.binary(min_size=4, max_size=20), after=TEXT)
def test_whatever_was_put_in_is_found(before: bytes, pattern: bytes, after: bytes) -> None:
    hits = Search([(pattern, 0)]).hits(before + pattern + after)
    assert Hit(len(before), len(before) + len(pattern), 0) in hits
