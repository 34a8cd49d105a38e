"""What a plain search passes over."""

from __future__ import annotations

import pytest

from convkit.audit._disguises import disguises


@pytest.mark.parametrize(
    "raw",
    [
        b"S M I T H",
        b"S.M.I.T.H",
        b"s-m-i-t-h",
        b"S. M. I. T. H.",
        b"name: S  M  I  T  H",
        "S M I T H".encode("utf-16-le"),
    ],
)
def test_letters_one_by_one_are_put_together(raw: bytes) -> None:
    assert "smith" in [found.text.lower() for found in disguises(raw).words]


def test_words_of_single_letters_are_told_apart() -> None:
    assert {"SMITH", "JOHN"} <= {found.text for found in disguises(b"S M I T H   J O H N").words}


def test_letters_with_accents_are_letters() -> None:
    assert disguises("M ü l l e r".encode()).words[0].text.encode("latin-1").decode() == "Müller"


@pytest.mark.parametrize("raw", [b"312 112 59 12", b"(312) 112-5912", b"31/21/12/59/12", b"312-1125912"])
def test_digits_are_put_together_whatever_groups_them(raw: bytes) -> None:
    assert "3121125912" in [found.text for found in disguises(raw).numbers]


@pytest.mark.parametrize("raw", [b"A\\P\\L\\R\\H\\F", b"T1 AX 3 MM", b"AXIAL", b"1 2"])
def test_ordinary_values_hide_nothing(raw: bytes) -> None:
    assert (disguises(raw).words, disguises(raw).numbers) == ((), ())
