"""Files that are in no series: what is wrong with them, which they are, and what may be told of their names.

Names of files are often names of people, so a page, which others get to see, tells their endings alone, and of these
those that everybody uses. Who runs the report is shown the paths.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

MOST_EXAMPLES = 200
"""Paths that are kept of each problem."""

_COMMON = (
    ".bak .bmp .bval .bvec .bz2 .cfg .csv .dat .db .dcm .dic .dicom .dll .doc .docx .exe .gif .gz .h5 .hdr .htm "
    ".html .img .ima .inf .ini .jpeg .jpg .js .json .jsonl .lnk .log .m4v .mat .md .mgz .mha .mhd .mov .mp4 .nii "
    ".npy .npz .nrrd .odt .parquet .pdf .pkl .png .ps .py .rar .raw .rtf .sh .sqlite .tar .tgz .tif .tiff .tmp "
    ".toml .tsv .txt .url .webp .xls .xlsx .xml .yaml .yml .zip .7z"
)
_ENDINGS = frozenset(_COMMON.split())


class Strays(NamedTuple):
    """The files of one problem.

    Attributes
    ----------
    files : int
        How many.
    endings : tuple of (str, int)
        What may be told of their names, the most frequent first.
    examples : tuple of str
        Paths of the first of them.
    """

    files: int
    endings: tuple[tuple[str, int], ...]
    examples: tuple[str, ...]


def ending(path: str) -> str:
    """What may be told of the name of a file.

    Examples
    --------
    >>> ending("in/a.JSON"), ending("in/IM1"), ending("scans.smith/IM1"), ending("a.smith")
    ('.json', 'no ending', 'no ending', 'another ending')
    """
    name = path.replace("\\", "/").rpartition("/")[2]
    stem, dot, last = name.rpartition(".")
    if not dot or not stem:
        return "no ending"
    return f".{last.lower()}" if f".{last.lower()}" in _ENDINGS else "another ending"


def strays_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Strays]:
    """Files by problem.

    Parameters
    ----------
    pairs : iterable of (code, path)
        A path may be empty, where it is not known.
    """
    by_code: dict[str, list[str]] = {}
    for code, path in pairs:
        by_code.setdefault(code, []).append(path)
    return {code: _strays(paths) for code, paths in sorted(by_code.items())}


def _strays(paths: list[str]) -> Strays:
    known = [path for path in paths if path]
    return Strays(len(paths), _by_count(Counter(map(ending, known))), tuple(sorted(known)[:MOST_EXAMPLES]))


def joined(one: Mapping[str, Strays], other: Mapping[str, Strays]) -> dict[str, Strays]:
    """The files of both."""
    return {code: _sum([part[code] for part in (one, other) if code in part]) for code in sorted({*one, *other})}


def _sum(parts: Sequence[Strays]) -> Strays:
    endings: Counter[str] = Counter()
    for part in parts:
        endings.update(dict(part.endings))
    examples = sorted(path for part in parts for path in part.examples)[:MOST_EXAMPLES]
    return Strays(sum(part.files for part in parts), _by_count(endings), tuple(examples))


def _by_count(endings: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(endings.items(), key=lambda item: (-item[1], item[0])))
