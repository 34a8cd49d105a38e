"""No value that identifies a person in any stream, name, log or output."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from pydicom import Dataset

from tests.builders import countless_mosaic, cr, instance, mosaic, series, structured_report, truncate, write
from tests.cli.command import convkit
from tests.jobs.work import again

SECRETS = {
    "PatientName": "Zqxgeheim^Person",
    "PatientID": "ZQXID4711",
    "PatientBirthDate": "19370904",
    "AccessionNumber": "ZQXACC0815",
    "InstitutionName": "ZQX Klinik",
    "ReferringPhysicianName": "Zqxdoktor^Dr",
    "StudyDate": "19580712",
    "StudyDescription": "ZQX knee of Mr X",
    "OperatorsName": "Zqxtech",
    "StationName": "ZQXSTATION",
    "DeviceSerialNumber": "ZQXSERIAL",
    "PatientComments": "ZQX comment",
    "StudyID": "ZQXSTUDY",
}
TOLD = (re.compile("zqx"), re.compile(r"(?<![0-9a-f])1937"), re.compile(r"(?<![0-9a-f])1958"))
"""Parts of them; in the middle of a hash, four digits stand by chance."""


def secret(dataset: Dataset) -> Dataset:
    for keyword, value in SECRETS.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Good, damaged, doubled, contradictory, unreadable and foreign files of one very private person."""
    folder = tmp_path / "in"
    good = series(series=1)
    batch = [
        *good,
        *series(series=2, missing=(2,)),
        *series(series=3, duplicated=(2,)),
        *series(series=4, position=False),
        *series(series=5, tilt=0.5),
        *series(series=6, slices=2, RescaleSlope=0),
        *series(series=7, slices=2, Rows=None),
        mosaic(series=8),
        countless_mosaic(series=14),
        structured_report(series=9),
        cr(series=10),
        instance(series=11, SeriesInstanceUID=None),
        again(good[0], WindowCenter=5),
    ]
    paths = write(map(secret, batch), folder, shuffle=True)
    truncate(write([secret(d) for d in series(series=12)], folder)[1], -30)
    truncate(write([secret(d) for d in series(series=13)], folder)[1], 1000)
    (folder / "foreign.txt").write_text("x")
    assert paths
    return folder


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["-vv"],
        ["--json"],
        ["--dry-run"],
        ["--irregular", "split", "-v"],
        ["--irregular", "resample", "--tilt", "resample"],
        ["-w", 'PatientID == "ZQXID4711" and instances > 1'],
        ["-w", 'matches(PatientName, "(")'],
        ["--dtype", "uint8"],
        ["-j2", "-vv"],
    ],
    ids=" ".join,
)
def test_convert_tells_nothing(options: list[str], source: Path, tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    done = convkit("convert", source, "-o", tmp_path / "out", "--log", log, *(options or ["-j1"]))
    told = done.stdout + done.stderr + (log.read_text() if log.exists() else "")
    told += "\n".join(p.relative_to(tmp_path).as_posix() for p in (tmp_path / "out").rglob("*"))
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file() and not path.name.endswith(".nii.gz"):  # compressed noise may spell anything
            told += path.read_bytes().decode("latin-1")
        elif path.is_file():
            told += gzip.decompress(path.read_bytes()).decode("latin-1")
    asked = " ".join(options).lower()
    for value in TOLD:
        if not value.search(asked):
            assert not value.search(told.lower())
    if "zqx" in asked:
        assert "geheim" not in told.lower()


@pytest.mark.parametrize(
    "options", [[], ["--level", "study"], ["--level", "instance"], ["--json", "-vv"]], ids=" ".join
)
def test_scan_tells_nothing(options: list[str], source: Path, tmp_path: Path) -> None:
    done = convkit("scan", source, "-j1", *options)
    told = (done.stdout + done.stderr).lower()
    assert not [value for value in TOLD if value.search(told)]


@pytest.mark.parametrize("options", [[], ["-vv"], ["--json"]], ids=" ".join)
def test_sort_tells_nothing_but_the_files_themselves(options: list[str], source: Path, tmp_path: Path) -> None:
    done = convkit("sort", source, "-o", tmp_path / "out", "-j1", *options)
    names = "\n".join(p.relative_to(tmp_path).as_posix() for p in (tmp_path / "out").rglob("*"))
    told = (done.stdout + done.stderr + names).lower()
    assert not [value for value in TOLD if value.search(told)]
