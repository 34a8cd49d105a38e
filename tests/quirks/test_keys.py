"""The allow-list of the sidecar keys that vendors' rules fill."""

from __future__ import annotations

import re
from pathlib import Path

import convkit.quirks
from convkit.quirks import VENDOR_KEYS, without_texts
from convkit.quirks._keys import WORDS_OF_OURS

_KEY = re.compile(r'"([A-Z][a-z][A-Za-z0-9]+)":|\["([A-Z][a-z][A-Za-z0-9]+)"\]\s*=[^=]')


def written_keys() -> set[str]:
    """Keys that the sources of the facts quirks write."""
    folder = Path(convkit.quirks.__file__).parent
    texts = [t for p in folder.glob("*.py") if "FactsQuirk(" in (t := p.read_text(encoding="utf-8"))]
    return {a or b for text in texts for a, b in _KEY.findall(text)}


def test_every_key_that_a_quirk_writes_is_in_the_list() -> None:
    assert len(written_keys()) > 30
    assert written_keys() <= VENDOR_KEYS


def test_nothing_that_tells_of_a_person_is_in_the_list() -> None:
    telling = re.compile(r"Patient|Institution|Station|Serial|Operator|Date|Comment")
    assert {key for key in VENDOR_KEYS if telling.search(key)} == {"ImageOrientationPatientDICOM"}


def test_only_numbers_and_words_of_convkit_stay_without_texts() -> None:
    assert WORDS_OF_OURS < VENDOR_KEYS
    facts = {"PhaseEncodingDirection": "j-", "ShimSetting": [1, 2], "CoilString": "HEA", "ImageTypeText": ["A", "B"]}
    assert without_texts(facts) == {"PhaseEncodingDirection": "j-", "ShimSetting": [1, 2]}
