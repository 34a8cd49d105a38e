"""Data sets to files, and files damaged on purpose."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from pydicom import Dataset, dcmwrite


def write(
    datasets: Iterable[Dataset],
    folder: str | Path,
    *,
    shuffle: bool = False,
    extension: str = ".dcm",
    seed: int = 0,
) -> list[Path]:
    """Write data sets below a folder; returns their paths in the order of the data sets.

    File names count up in that order, or in a shuffled one: then neither names nor directory order tell the
    order of the slices.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    datasets = list(datasets)
    start = len(list(folder.iterdir()))
    names = list(range(start, start + len(datasets)))
    if shuffle:
        random.Random(seed).shuffle(names)
    paths = [folder / f"i{name:05d}{extension}" for name in names]
    for dataset, path in sorted(zip(datasets, paths, strict=True), key=lambda pair: pair[1]):
        write_as(dataset, path)
    return paths


def write_as(dataset: Dataset, path: str | Path) -> Path:
    """Write one data set under a given name."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = getattr(dataset, "file_meta", None)
    if meta is None or dataset.preamble is None:
        implicit, little = dataset.original_encoding
        encoding = {} if meta is not None else {"implicit_vr": implicit, "little_endian": little}
        dcmwrite(path, dataset, enforce_file_format=False, **encoding)
    else:
        dcmwrite(path, dataset, enforce_file_format=True)
    return path


def truncate(path: str | Path, count: int) -> Path:
    """Cut a file to its first `count` bytes, or by -count bytes at its end."""
    path = Path(path)
    content = path.read_bytes()
    path.write_bytes(content[:count])
    return path
