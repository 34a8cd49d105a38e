"""Instances to series."""

from __future__ import annotations

import random
from pathlib import Path

from convkit.dicom.attributes import table_of
from convkit.dicom.header import read_header
from convkit.series.group import group, same_bytes, without_doubles
from tests.builders import segmentation, series, structured_report, write
from tests.jobs.work import again
from tests.series.frames import headers_of, series_of


def test_series_are_told_apart_by_study_and_series_uid(tmp_path: Path) -> None:
    datasets = [*series(study=1, series=1), *series(study=1, series=2), *series(study=2, series=1)]
    found = group(headers_of(datasets, tmp_path))
    assert [(s.study_instance_uid, s.series_instance_uid, s.instances) for s in found] == [
        (d.StudyInstanceUID, d.SeriesInstanceUID, 5) for d in (datasets[0], datasets[5], datasets[10])
    ]


def test_series_are_sorted_by_number_not_by_uid(tmp_path: Path) -> None:
    datasets = [*series(series=1, SeriesNumber=30), *series(series=2, SeriesNumber=4)]
    assert [s.first.integer("SeriesNumber") for s in group(headers_of(datasets, tmp_path))] == [4, 30]


def test_order_of_headers_does_not_matter(tmp_path: Path) -> None:
    headers = headers_of([*series(series=1), *series(series=2), structured_report(series=3)], tmp_path)
    expected = group(headers)
    for seed in range(5):
        random.Random(seed).shuffle(headers)
        assert group(headers) == expected


def test_what_is_no_image_stands_apart_with_its_reason(tmp_path: Path) -> None:
    one = series_of(
        [*series(series=1), structured_report(series=1, number=8), segmentation(series=1, number=9)], tmp_path
    )
    assert len(one.images) == 5
    assert {reason.code for _, reason in one.others} == {"object.not-image", "object.multi-frame"}
    assert one.instances == 7


def test_size_is_that_of_all_files(tmp_path: Path) -> None:
    one = series_of([*series(), structured_report(number=8)], tmp_path)
    assert one.size == sum(p.stat().st_size for p in tmp_path.iterdir())


def test_equal_copies_are_dropped_with_a_note_each(tmp_path: Path) -> None:
    datasets = series()
    one = series_of([*datasets, datasets[1], datasets[1]], tmp_path)
    assert len(one.images) == 5
    assert [n.code for n in one.notes] == ["header.duplicate-file"] * 2


def test_different_files_of_one_uid_are_all_kept_with_a_note(tmp_path: Path) -> None:
    datasets = series()
    one = series_of([*datasets, again(datasets[1], WindowCenter=1), again(datasets[1], WindowCenter=2)], tmp_path)
    assert len(one.images) == 7
    assert [n.code for n in one.notes] == ["header.conflicting-instances"] * 2


def test_instances_without_uid_are_never_doubles(tmp_path: Path) -> None:
    datasets = series(SOPInstanceUID=None, meta=False)
    kept, notes = without_doubles(headers_of([*datasets, datasets[0]], tmp_path))
    assert (len(kept), notes) == (6, [])


def test_files_without_series_uid_are_set_aside_one_by_one(tmp_path: Path) -> None:
    found = group(headers_of(series(SeriesInstanceUID=None), tmp_path))
    assert len(found) == 5
    assert {reason.code for s in found for _, reason in s.others} == {"header.no-series-uid"}
    assert {s.series_instance_uid for s in found} == {""}


def test_same_bytes_compares_contents(tmp_path: Path) -> None:
    datasets = series()
    one, twin, other = headers_of([datasets[0], datasets[0], datasets[1]], tmp_path)
    assert same_bytes(one, twin)
    assert not same_bytes(one, other)


def test_file_that_vanished_is_not_the_same(tmp_path: Path) -> None:
    datasets = series()
    paths = write([datasets[0], datasets[0]], tmp_path)
    one, twin = (read_header(str(p), table_of()) for p in paths)
    paths[1].unlink()
    assert not same_bytes(one, twin)
