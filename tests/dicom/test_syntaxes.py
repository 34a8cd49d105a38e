"""Every transfer syntax of the standard has a name, and is opened or refused with a reason."""

from __future__ import annotations

import pytest
from pydicom.uid import UID_dictionary

from convkit.dicom import syntaxes
from convkit.dicom.codecs.table import SCHEMES

KNOWN = sorted(str(uid) for uid, entry in UID_dictionary.items() if entry[1] == "Transfer Syntax")


@pytest.mark.parametrize("uid", KNOWN)
def test_each_syntax_of_the_dictionary_has_a_name(uid: str) -> None:
    assert uid in syntaxes.NAMES


def test_the_syntaxes_with_codecs_are_those_of_the_table() -> None:
    assert set(SCHEMES) == syntaxes.CODECS


@pytest.mark.parametrize("uid", [uid for uid in KNOWN if not syntaxes.is_decodable(uid)])
def test_a_refused_syntax_is_obsolete_video_or_elsewhere(uid: str) -> None:
    is_of_no_file = uid.startswith("1.2.840.10008.1.2.6.") or uid == "1.2.840.10008.1.20"
    assert syntaxes.why_not(uid) != "no codec is known for it" or is_of_no_file


def test_a_private_syntax_is_refused() -> None:
    assert not syntaxes.is_decodable("1.2.3")
    assert "not of the standard" in syntaxes.name("1.2.3")
