"""The data dictionary without the rest of pydicom says what pydicom says."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st
from pydicom.datadict import DicomDictionary, dictionary_VR, keyword_dict, keyword_for_tag

from convkit.dicom import dictionary

REPEATING = (0x60003000, 0x601E0010, 0x50023000, 0x00203101, 0x60013000, 0x50010010)


def test_every_attribute_is_that_of_pydicom() -> None:
    assert dict(dictionary.tags()) == dict(keyword_dict)
    for tag, row in DicomDictionary.items():
        assert dictionary.entry_of(tag) == row


@given(st.one_of(st.integers(0, 0xFFFFFFFF), st.sampled_from(REPEATING)))
def test_any_tag_is_known_or_unknown_as_there(tag: int) -> None:
    entry = dictionary.entry_of(tag)
    assert ("" if entry is None else entry.keyword) == keyword_for_tag(tag)
    if entry is not None:
        assert entry.vr == dictionary_VR(tag)


def test_asking_it_imports_nothing_else_of_pydicom() -> None:
    script = (
        "import sys\n"
        "from convkit.dicom import dictionary\n"
        "assert dictionary.entry_of(0x00100010).keyword == 'PatientName'\n"
        "print(any(name.startswith('pydicom') for name in sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert said.strip() == "False"
