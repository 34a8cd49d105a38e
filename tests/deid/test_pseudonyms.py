"""Pseudonyms: the same for the same key anywhere, valid where they stand, and silent about their secret."""

from __future__ import annotations

import stat
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from convkit.deid.pseudonyms import FEWEST_DAYS, MOST_DAYS, Key
from convkit.errors import InputError, OutputError

KEY = Key(bytes(range(32)))
OTHER = Key(bytes(range(1, 33)))

uids = st.lists(st.integers(0, 10**9).map(str), min_size=2, max_size=6).map(lambda parts: "1.2.826." + ".".join(parts))


def test_answers_do_not_change_from_version_to_version() -> None:
    assert KEY.uid("1.2.3.4") == "2.25.157910775163532840139164575295901172260"
    assert KEY.code("patient", "4711") == "RWKNHMNZPKYL"
    assert KEY.days("4711") == -2398


@given(uids)
def test_a_new_uid_is_valid_another_and_always_the_same(original: str) -> None:
    new = KEY.uid(original)
    assert UID(new).is_valid
    assert new != original
    assert new == Key(KEY.secret).uid(original)
    assert new != OTHER.uid(original)
    assert uuid.UUID(int=int(new.removeprefix("2.25."))).version == 8


@given(uids, st.sampled_from(["1.2.826.0.1.3680043.10", "1.3.6.1.4.1.14519.5.2.1.1.1", "1." + "2" * 40]))
def test_an_own_root_is_kept(original: str, root: str) -> None:
    new = KEY.uid(original, root)
    assert new.startswith(root + ".")
    assert UID(new).is_valid


@pytest.mark.parametrize("known", ["", CTImageStorage, ExplicitVRLittleEndian, "1.2.840.10008.1.4.1.1"])
def test_what_the_standard_has_registered_stays(known: str) -> None:
    assert KEY.uid(known) == known


@given(st.text(), st.text())
def test_codes_of_two_originals_or_purposes_have_nothing_in_common(one: str, other: str) -> None:
    assert (KEY.code("patient", one) == KEY.code("patient", other)) == (one == other)
    assert KEY.code("patient", one) != KEY.code("study", one)


@given(st.text())
def test_dates_move_into_the_past_by_one_to_ten_years(patient: str) -> None:
    assert -MOST_DAYS <= KEY.days(patient) <= -FEWEST_DAYS
    assert isinstance(KEY.days(patient), int)


def test_another_process_gives_the_same_answer() -> None:
    program = "from convkit.deid.pseudonyms import Key; print(Key(bytes(range(32))).uid('1.2.3'))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == KEY.uid("1.2.3")


def test_a_missing_key_is_made_for_its_owner_alone_and_read_again(tmp_path: Path) -> None:
    first = Key.of_file(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert Key.of_file(tmp_path / "key") == first
    assert len(first.secret) == 32
    assert Key.of_file(tmp_path / "other") != first


@pytest.mark.parametrize("content", [b"", b"short", b"00" * 15, b"0" * 33, b"zz" * 32, b"\xff" * 64])
def test_what_is_no_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(InputError) as caught:
        Key.of_file(tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == content
    assert content.decode("latin-1") not in str(caught.value) or not content


def test_a_key_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        Key.of_file(tmp_path / "no" / "key")


def test_the_secret_is_in_no_text() -> None:
    assert KEY.secret.hex() not in repr(KEY)
    assert str(KEY.secret) not in f"{KEY} {KEY!r}"
