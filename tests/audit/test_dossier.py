"""Whose file an output is, when it says nothing of itself."""

from __future__ import annotations

import io

from pydicom import Dataset

from convkit.audit._reader import read
from convkit.audit.dossier import Dossier, Tier, dossier_of
from convkit.audit.instance import instance_of
from convkit.audit.originals import original_of
from convkit.audit.scan import scan_bytes
from tests.audit.cleaning import cleaned, original


def _bytes(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _dossier() -> Dossier:
    other = {"PatientID": "X-777777", "PatientName": "Booth^Amber", "StudyInstanceUID": "2.25.99"}
    return dossier_of([original_of(_bytes(d), "x") for d in (original(1), original(2), original(9, **other))])


def _match(dossier: Dossier, copy: Dataset) -> int | None:
    return dossier.match(instance_of("x", read(_bytes(copy))))


def test_a_copy_is_known_by_its_number() -> None:
    assert _match(_dossier(), cleaned(original(2))) == 1


def test_a_copy_is_known_by_its_technique() -> None:
    copy = cleaned(original(2), InstanceNumber="77")
    copy.PixelData = b"\1\2" * 42
    assert _match(_dossier(), copy) == 1


def test_a_copy_is_known_by_the_values_that_are_left_in_it() -> None:
    copy = cleaned(original(2), InstanceNumber="77", ImagePositionPatient=[9, 9, 9], AccessionNumber="ACC12853358")
    copy.PixelData = b"\1\2" * 42
    copy.ImageComments = "Tomasa 1090 Nathan Fords"
    dossier = _dossier()
    assert _match(dossier, copy) is None
    assert {f.kind for f in scan_bytes(_bytes(copy), "x", dossier).findings} >= {"name", "address"}


def test_names_that_are_words_need_more_to_be_believed() -> None:
    tiers = {term.text: term.tier for term in _dossier().terms}
    assert tiers["Booth"] is Tier.CAPITALISED
    assert tiers["Tomasa"] is Tier.WORD
    assert tiers["H-1311074"] is Tier.STRONG


def test_nobody_elses_ordinary_name_is_a_finding_in_a_file() -> None:
    copy = cleaned(original(1), ImageComments="position Booth 3")
    assert scan_bytes(_bytes(copy), "x", _dossier()).findings == ()


def test_somebody_elses_whole_name_is_a_finding_in_any_file() -> None:
    copy = cleaned(original(1), ImageComments="Booth, Amber")
    assert {f.kind for f in scan_bytes(_bytes(copy), "x", _dossier()).findings} == {"name"}
