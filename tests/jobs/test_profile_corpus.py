"""convert, preview and scan under the profile of public archives, over public files with invented persons in them."""

from __future__ import annotations

import gzip
import json
import re
import struct
from collections import defaultdict
from functools import partial
from pathlib import Path

import nibabel as nib
import pytest

import convkit

pytestmark = pytest.mark.slow

_ENCODINGS = ("utf-8", "latin-1", "euc_kr", "shift_jis", "gb18030", "iso8859_5", "iso8859_2", "utf-16-le")
_LEAST_BYTES = 4
"""A shorter text stands somewhere by chance."""

_OUR_PAGE = re.compile(rb"<style>.*?</style>|<script>.*?</script>|base64,[A-Za-z0-9+/=]*", re.DOTALL)
"""The page's own style and script, and thumbnails: none of it is text of a header."""


class Corpus:
    """The originals, and what was planted in them."""

    def __init__(self, folder: Path) -> None:
        lines = (folder / "key.jsonl").read_text("utf-8").splitlines()
        self.source = folder / "in"
        self.records = {record["id"]: record for record in map(json.loads, lines)}
        needles = {text: kind for one in self.records.values() for text, kind in one["needles"]}
        # What moves by some days is the date of somebody else by chance; each instance is asked for its own.
        self.texts = [text for text, kind in needles.items() if kind not in {"dob", "date"}]
        self.uids = {one[level] for one in self.records.values() for level in ("study", "series", "sop")}

    def found_in(self, content: bytes) -> set[str]:
        """What was planted and stands in some bytes as words."""
        low = content.lower()
        found = {text for text in self.texts if any(_stands_in(low, text.lower(), name) for name in _ENCODINGS)}
        return found | {uid for uid in self.uids if uid.encode() in low}


def _stands_in(content: bytes, text: str, encoding: str) -> bool:
    try:
        wanted = text.encode(encoding)
    except UnicodeEncodeError:
        return False
    if len(wanted) < _LEAST_BYTES or wanted not in content:
        return False
    return not wanted.isalpha() or bool(re.search(rb"(?<![a-z])" + re.escape(wanted) + rb"(?![a-z])", content))


@pytest.fixture(name="corpus", scope="module")
def _corpus(data_folder: Path) -> Corpus:
    folder = data_folder / "deid" / "corpus"
    if not (folder / "key.jsonl").is_file():
        pytest.skip("needs the corpus")
    return Corpus(folder)


@pytest.fixture(name="key", scope="module")
def _key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "key"
    path.write_text("5b" * 32)  # with a new one each time, some UID would hold some planted number by chance
    return path


def texts_below(folder: Path) -> dict[str, bytes]:
    """Name to all that is no pixel of each file below a folder; what should hold pixels alone is held to it."""
    found: dict[str, bytes] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        content = path.read_bytes() if path.is_file() else b""
        if name.endswith(".nii.gz"):
            content = header_of_nifti(path, gzip.decompress(content))
        elif name.endswith(".png"):
            content = chunks_but_pixels(content)
        elif name.endswith(".html"):
            content = _OUR_PAGE.sub(b"", content)
        found[name] = name.encode() + b"\n" + content
    return found


def header_of_nifti(path: Path, content: bytes) -> bytes:
    image = nib.load(path)
    offset = int(image.dataobj.offset)  # type: ignore[attr-defined]
    count = 1
    for side in image.shape:  # type: ignore[attr-defined]
        count *= side
    assert len(content) == offset + count * image.get_data_dtype().itemsize  # type: ignore[attr-defined]
    return content[:offset]


def chunks_but_pixels(content: bytes) -> bytes:
    kept, here = [], 8
    while here < len(content):
        (length,) = struct.unpack_from(">I", content, here)
        if content[here + 4 : here + 8] != b"IDAT":
            kept.append(content[here : here + 12 + length])
        here += 12 + length
    assert {chunk[4:8] for chunk in kept} <= {b"IHDR", b"iCCP", b"IEND", b"gAMA", b"sRGB"}
    return b"".join(kept)


@pytest.mark.parametrize(
    "job",
    [
        partial(convkit.convert, sidecar="full", keep=["PatientName", "StudyDescription", "ImageComments", "StudyID"]),
        partial(convkit.preview),
        partial(convkit.preview, view="three"),
    ],
    ids=["convert", "preview", "preview of volumes"],
)
def test_nothing_that_was_planted_is_in_an_output(
    job: partial[convkit.Report], corpus: Corpus, key: Path, tmp_path: Path
) -> None:
    report = job(corpus.source, tmp_path, profile="tcia", key=key)
    assert len([one for one in report.outcomes if one.outputs]) > 50
    left = {name: found for name, content in texts_below(tmp_path).items() if (found := corpus.found_in(content))}
    assert left == {}


def test_nothing_that_was_planted_is_in_a_table(corpus: Corpus, key: Path, tmp_path: Path) -> None:
    columns = ["PatientName", "PatientBirthDate", "StudyDate", "StudyDescription", "InstitutionName", "ProtocolName"]
    columns += ["ReferringPhysicianName", "AccessionNumber", "ImageComments", "SOPInstanceUID", "OperatorsName"]
    found = convkit.scan(corpus.source, profile="tcia", key=key, columns=columns)
    for level in ("volume", "series", "study", "instance"):
        found.save(tmp_path / f"{level}.csv", level=level, columns=columns)
        assert corpus.found_in((tmp_path / f"{level}.csv").read_bytes()) == set()
    dates = defaultdict(set)
    for row in found.to_rows("instance", columns):
        told = {text for text, kind in corpus.records[row["instance_number"]]["needles"] if kind in {"dob", "date"}}
        dates[row["instance_number"]] = told & {str(value) for value in row.values()}
    assert len(dates) > 150
    assert not any(dates.values())
