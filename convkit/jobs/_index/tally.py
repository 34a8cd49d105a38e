"""What a run tells of an index: counts, and a few examples of each problem; never more than a line a series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from convkit.engine.outcome import ExitCode
from convkit.model.notes import CODES, Note, Severity

EXAMPLES = 1000
"""Paths that are kept of each problem."""


@dataclass(frozen=True, slots=True)
class Index:
    """A table of instances that was saved.

    Attributes
    ----------
    path : Path, or str for a URL
    files : int
        Files below the sources, each a row unless an expression left it out.
    read : int
        Of these the ones that were opened; the others are known from an earlier run.
    gone : int
        Rows of the older table whose files are no longer there or have changed.
    instances, series, studies, patients : int
    modalities : dict of str to int
        Number of series by modality.
    problems : dict of str to int
        Number of files by the code of what is wrong with them.
    examples : dict of str to tuple of str
        Some of their paths.
    unfitting : int
        Instances with a value that does not fit its column.
    notes : tuple of Note
        What there is to know of the run.
    """

    path: Path | str
    files: int
    read: int = 0
    gone: int = 0
    instances: int = 0
    series: int = 0
    studies: int = 0
    patients: int = 0
    modalities: dict[str, int] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)
    examples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unfitting: int = 0
    notes: tuple[Note, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """3 where there is no DICOM, 4 where some of it is unreadable, 5 where all of it is."""
        errors = any(is_unreadable(code) for code in self.problems) or any(
            one.severity is Severity.ERROR for one in self.notes
        )
        if not self.instances:
            return ExitCode.ALL_FAILED if errors else ExitCode.NOTHING_TO_DO
        return ExitCode.SOME_FAILED if errors else ExitCode.OK


def is_unreadable(code: str) -> bool:
    """True for what is wrong with a file that should have been read, and was not."""
    return code.startswith(("input.", "engine.")) and CODES[code].severity is Severity.ERROR


class Tally:
    """Counts rows as they go by."""

    COLUMNS = ("patient", "study", "series", "modality", "path", "problems", "unfitting")

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], str] = {}
        self._patients: set[str] = set()
        self._codes: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}
        self._instances = 0
        self._unfitting = 0

    def add(self, columns: Sequence[Sequence[object]], start: int, stop: int) -> None:
        """Count the rows of a piece, given by the columns of `COLUMNS`."""
        for patient, study, series, modality, path, problems, unfitting in zip(
            *(column[start:stop] for column in columns), strict=True
        ):
            if series is not None:
                self._instances += 1
                self._series.setdefault((str(study), str(series)), str(modality or ""))
                self._patients.add(str(patient))
            if unfitting:
                self._unfitting += 1
            if problems:
                for code in problems:
                    self._codes[code] += 1
                    examples = self._examples.setdefault(code, [])
                    if len(examples) < EXAMPLES:
                        examples.append(str(path))

    def index(self, path: Path, *, files: int, read: int, gone: int, notes: tuple[Note, ...]) -> Index:
        """All that was counted."""
        return Index(
            path,
            files,
            read,
            gone,
            self._instances,
            len(self._series),
            len({study for study, _ in self._series}),
            len(self._patients),
            dict(sorted(Counter(name or "no modality" for name in self._series.values()).items())),
            dict(sorted(self._codes.items())),
            {code: tuple(paths) for code, paths in sorted(self._examples.items())},
            self._unfitting,
            notes,
        )
