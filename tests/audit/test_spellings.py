"""One value in its spellings and encodings."""

from __future__ import annotations

import pytest

from convkit.audit._spellings import patterns, spellings
from convkit.audit.finding import Kind


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Müller", "latin-1"),
        ("Müller", "utf-8"),
        ("Wałęsa", "iso8859_2"),
        ("Иванов", "iso8859_5"),
        ("Παπας", "iso8859_7"),
        ("山田", "shift_jis"),
        ("山田", "euc_jp"),
        ("김희중", "euc_kr"),
        ("王小东", "gb18030"),
        ("Gentry", "utf-16-le"),
        ("Gentry", "utf-16-be"),
    ],
)
def test_every_encoding_is_looked_for(text: str, encoding: str) -> None:
    assert text.encode(encoding).lower() in patterns([text])


def test_iso_2022_is_looked_for_without_its_escapes() -> None:
    assert b";3ed" in patterns(["山田"])  # ESC $ B, then JIS X 0208: 0x3B33 0x4544, in small letters


def test_json_html_and_url_escapes_are_looked_for() -> None:
    assert {b"ayll\\u00f3n", b"ayll&#243;n", b"ayll%c3%b3n", b"ayllon"} <= patterns(["Ayllón"])


def test_a_phone_is_known_by_its_digits_and_its_local_part() -> None:
    assert {"3121125912", "112-5912", "312-112-5912", "(312) 112-5912"} <= spellings("(312) 112-5912", Kind.PHONE)
