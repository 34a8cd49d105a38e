"""What the user asked `convert` for, checked."""

from __future__ import annotations

from dataclasses import dataclass

from convkit.jobs._choices import Exists
from convkit.jobs._names import Template
from convkit.series.options import LoadOptions, StackOptions
from convkit.writers import WriteOptions


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """All options of the job, checked."""

    to: str
    stack: StackOptions
    load: LoadOptions
    write: WriteOptions
    exists: Exists
    memory: int | None
    name: Template
    dry_run: bool
    strict: bool
