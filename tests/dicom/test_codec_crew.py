"""Threads that read compressed frames side by side: the same samples and errors, and no process is left."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import JPEG2000Lossless

from convkit.dicom import pixels
from convkit.dicom.codecs.isolation import CREW
from convkit.dicom.header import read_header
from convkit.errors import PixelError
from convkit.model.frame import Frame
from convkit.series.frames import frames_of
from tests.builders import instance, write

SLICES = 12


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Slices in JPEG 2000."""
    noise = np.random.default_rng(1).integers(0, 1000, (SLICES, 64, 64), np.int16)
    slices = [instance(number=place + 1, pixels=noise[place]) for place in range(SLICES)]
    found = [Path(path) for path in write(slices, tmp_path)]
    for path in found:
        dataset = dcmread(path)
        dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
        dataset.save_as(path)
    return found


def frames(paths: list[Path]) -> list[Frame]:
    return frames_of([read_header(str(path)) for path in paths])[0]


def read(paths: list[Path], threads: int) -> np.ndarray:
    found = frames(paths)
    layout = found[0].pixels.layout
    out = np.zeros((len(found), layout.rows, layout.columns), pixels.array_type(layout))
    pixels.read_into(found, out, threads=threads)
    return out


@pytest.mark.parametrize("threads", [2, 3, 5, 40])
def test_threads_read_the_same(threads: int, paths: list[Path]) -> None:
    assert np.array_equal(read(paths, threads), read(paths, 1))
    assert read(paths, 1).any()


def test_the_first_frame_that_cannot_be_read_is_told_by_any_number_of_threads(paths: list[Path]) -> None:
    told = []
    for broken in (7, 3, 4):
        content = bytearray(paths[broken].read_bytes())
        start = content.index(b"\xff\x4f\xff\x51")  # SOC, SIZ
        content[start + 4 : start + 60] = bytes(56)
        paths[broken].write_bytes(content)
    for threads in (1, 2, 3, 5):
        with pytest.raises(PixelError) as caught:
            read(paths, threads)
        told.append((caught.value.where, caught.value.what))
    assert set(told) == {(str(paths[3]), told[0][1])}


def test_no_process_of_a_thread_is_left(paths: list[Path]) -> None:
    read(paths, 4)
    assert not CREW._more
    assert CREW._free == [CREW._first]
    assert CREW._first.pid is not None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_a_fork_leaves_the_processes_to_its_parent(paths: list[Path]) -> None:
    expected = read(paths, 1)
    child = os.fork()
    if child == 0:
        is_same = False
        try:
            is_same = CREW._first.pid is None and np.array_equal(read(paths, 2), expected)
        finally:
            CREW.close()
            os._exit(0 if is_same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert np.array_equal(read(paths, 1), expected)
