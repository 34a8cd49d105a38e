"""Volumes that are read as they are written: the same files as those of volumes that were loaded first."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from convkit.jobs import _conversion
from convkit.model import slabs
from convkit.model.unread import Unread
from convkit.series import load
from convkit.series.room import Room
from tests.builders import series, write
from tests.builders.files import truncate
from tests.builders.kinds import enhanced_mr
from tests.jobs.work import contents, convert_folder
from tests.quirks.siemens import v_mosaic

RECIPES: list[dict[str, Any]] = [
    {"dtype": "int16"},
    {"dtype": "uint16"},
    {"dtype": "uint16", "bits_stored": 12},
    {"dtype": "int16", "bits_stored": 12},
    {"dtype": "uint8"},
    {"dtype": "int8"},
    {"dtype": "uint32"},
    {"dtype": "int32", "slope": 2.5, "intercept": -3.25},
    {"dtype": "uint16", "bits_stored": 10, "syntax": "big"},
    {"dtype": "uint16", "bits_stored": 12, "junk": True},
    {"dtype": "int16", "bits_stored": 12, "junk": True},
    {"slope": (1, 2, 3, 4, 5)},
    {"syntax": "deflated"},
    {"syntax": "rle"},
]


@pytest.fixture(name="unread")
def _unread(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each volume that was loaded was left unread."""
    found: list[bool] = []

    def loaded(*given: Any, **options: Any) -> Any:
        volume = load.load(*given, **options)
        found.append(isinstance(volume.array, Unread))
        return volume

    monkeypatch.setattr(_conversion, "load", loaded)
    return found


def both(source: Path, tmp_path: Path, **options: Any) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What the short way writes, and what the long one does."""
    short = convert_folder(source, tmp_path / "short", **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "is_plain", lambda *_: False)
        long = convert_folder(source, tmp_path / "long", **options)
    told = [[(o.status, o.notes, o.facts, o.outputs) for o in run.report.outcomes] for run in (short, long)]
    assert told[0] == told[1]
    return contents(short.folder), contents(long.folder)


@pytest.mark.parametrize("recipe", RECIPES, ids=str)
@pytest.mark.parametrize("to", ["nii", "nii.gz"])
def test_every_kind_of_samples(recipe: dict[str, Any], to: str, tmp_path: Path, unread: list[bool]) -> None:
    write(series(**recipe), tmp_path / "in", shuffle=True)
    short, long = both(tmp_path / "in", tmp_path, to=to)
    assert short == long
    assert short
    is_plain = not isinstance(recipe.get("slope"), tuple) and recipe.get("syntax") not in {"deflated", "rle"}
    assert unread[0] is is_plain
    assert not any(unread[1:])  # the long way; and where junk was met, once more


KINDS: dict[str, Callable[[], Sequence[Dataset]]] = {
    "mosaics": lambda: [
        v_mosaic(None, None, 7, InstanceNumber=n, SOPInstanceUID=f"2.25.{n}", AcquisitionNumber=n) for n in range(1, 5)
    ],
    "enhanced": lambda: [enhanced_mr(9)],
    "three-dimensional": lambda: series(modality="MR", MRAcquisitionType="3D"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "options", [{}, {"orient": "RAS"}, {"orient": "LPS"}, {"values": "stored"}, {"jobs": 2}], ids=str
)
def test_every_kind_of_object(kind: str, options: dict[str, Any], tmp_path: Path, unread: list[bool]) -> None:
    write(KINDS[kind](), tmp_path / "in", shuffle=True)
    short, long = both(tmp_path / "in", tmp_path, **options)
    assert short == long
    assert short
    if options.get("jobs") != 2:
        assert unread[0]


@pytest.mark.parametrize(
    "options", [{"values": "rescaled"}, {"dtype": "float32"}, {"to": "nrrd"}, {"to": "mha"}], ids=str
)
def test_what_has_to_know_all_voxels_loads_them(options: dict[str, Any], tmp_path: Path, unread: list[bool]) -> None:
    write(series(slope=2.5), tmp_path / "in")
    convert_folder(tmp_path / "in", tmp_path / "out", **options)
    assert unread == [False]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 40), st.integers(1, 40)),
    most=st.integers(1, 8000),
    threads=st.sampled_from([1, 2, 3]),
)
def test_parts_of_any_size_make_the_same_file(
    size: tuple[int, int, int], most: int, threads: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    write(series(slices=size[0], rows=size[1], columns=size[2]), folder / "in")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slabs, "SLAB_BYTES", most)
        patch.setattr("convkit.writers._voxels.SLAB_BYTES", most)
        patch.setattr("convkit.engine.run.LocalRunner.threads_for", lambda *_: threads)
        short, long = both(folder / "in", folder)
    assert short == long


@pytest.mark.parametrize("threads", [1, 2])
def test_a_file_that_ends_too_soon_leaves_nothing_behind(
    threads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convkit.engine.run.LocalRunner.threads_for", lambda *_: threads)
    paths = write(series(slices=9), tmp_path / "in")
    # Cut when its header has been read: before, it is refused by its length.
    report = convert_folder(
        tmp_path / "in", tmp_path / "out", progress=lambda step: step.what == "headers" and truncate(paths[5], 20)
    ).report
    assert [o.notes[0].code for o in report.outcomes] == ["input.changed"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".convkit"]


def test_junk_in_the_last_slice_is_met_when_most_is_written(tmp_path: Path, unread: list[bool]) -> None:
    datasets = series(dtype="uint16", bits_stored=12, slices=9)
    last = datasets[-1]
    last.PixelData = (np.frombuffer(last.PixelData, "<u2") | 0x8000).tobytes()
    write(datasets, tmp_path / "in")
    run = convert_folder(tmp_path / "in", tmp_path / "out")
    assert unread == [True, False]
    assert "pixels.junk-bits" in run.codes
    assert int(run.image.values.max()) < 1 << 12


def test_what_was_read_in_vain_is_not_held_while_the_volume_is_loaded(
    tmp_path: Path, unread: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[Any]] = []
    is_alone: list[bool] = []

    def empty(self: Room, shape: Sequence[int], dtype: Any) -> Any:
        is_alone.append(not any(one() is not None for one in made))
        array = np.empty(shape, dtype)
        made.append(weakref.ref(array))
        return array

    monkeypatch.setattr(Room, "empty", empty)
    junk = {"dtype": "uint16", "bits_stored": 12, "junk": True}
    write(series(modality="MR", MRAcquisitionType="3D", plane="sagittal", **junk), tmp_path / "in")
    convert_folder(tmp_path / "in", tmp_path / "out")
    assert unread == [True, False]
    assert is_alone == [True, True]


def test_large_pictures_are_held(tmp_path: Path, unread: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    write(series(rows=16, columns=16), tmp_path / "in")
    for most in (511, 512):
        monkeypatch.setattr("convkit.series.unread._MOST_AT_ONCE_BYTES", most)
        convert_folder(tmp_path / "in", tmp_path / str(most))
    assert unread == [False, True]
    assert contents(tmp_path / "511") == contents(tmp_path / "512")


@pytest.mark.parametrize(("most", "size", "count"), [(None, 10, 99), (35, 10, 3), (5, 10, 1)])
def test_as_many_read_at_once_as_there_is_room_for(most: int | None, size: int, count: int) -> None:
    assert min(99, Room(most).shared_by(size)) == count
