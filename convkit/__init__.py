"""convkit: DICOM series to research-ready volumes, or a coded reason why not.

>>> import convkit as ck
>>> vol = ck.read("incoming/series7")          # exactly one volume
>>> report = ck.convert("incoming/", "out/")   # every volume, to NIfTI

Names are imported on first use, so that ``import convkit`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from convkit._version import __version__

if TYPE_CHECKING:
    from convkit.deid.deidentifier import Deidentifier
    from convkit.deid.profile import Profile
    from convkit.deid.pseudonyms import Key
    from convkit.engine.outcome import ExitCode, Outcome, Report, Status
    from convkit.errors import (
        ConvkitError,
        EngineError,
        GeometryError,
        InputError,
        MissingAttributeError,
        MissingExtraError,
        MultipleVolumesError,
        NotDicomError,
        OutputError,
        PixelError,
        UnsupportedError,
        UsageError,
        ValueRangeError,
    )
    from convkit.jobs._index.tally import Index
    from convkit.jobs._sources import Step
    from convkit.jobs.check import CheckReport, check
    from convkit.jobs.collection import Collection
    from convkit.jobs.convert import convert
    from convkit.jobs.deid import deidentify
    from convkit.jobs.index import scan
    from convkit.jobs.pixels import stored
    from convkit.jobs.preview import preview
    from convkit.jobs.read import Volume, read, read_all
    from convkit.jobs.render import render, values
    from convkit.jobs.report import DataReport, report
    from convkit.jobs.save_index import save_index
    from convkit.jobs.sort import sort
    from convkit.model.notes import Note, Severity

_HOMES = {
    "convkit.deid.deidentifier": ("Deidentifier",),
    "convkit.deid.profile": ("Profile",),
    "convkit.deid.pseudonyms": ("Key",),
    "convkit.engine.outcome": ("ExitCode", "Outcome", "Report", "Status"),
    "convkit.errors": (
        "ConvkitError",
        "EngineError",
        "GeometryError",
        "InputError",
        "MissingAttributeError",
        "MissingExtraError",
        "MultipleVolumesError",
        "NotDicomError",
        "OutputError",
        "PixelError",
        "UnsupportedError",
        "UsageError",
        "ValueRangeError",
    ),
    "convkit.jobs.check": ("CheckReport", "check"),
    "convkit.jobs.convert": ("convert",),
    "convkit.jobs.deid": ("deidentify",),
    "convkit.jobs.collection": ("Collection",),
    "convkit.jobs.index": ("scan",),
    "convkit.jobs.preview": ("preview",),
    "convkit.jobs.render": ("render", "values"),
    "convkit.jobs.report": ("DataReport", "report"),
    "convkit.jobs.pixels": ("stored",),
    "convkit.jobs.read": ("Volume", "read", "read_all"),
    "convkit.jobs._index.tally": ("Index",),
    "convkit.jobs.save_index": ("save_index",),
    "convkit.jobs.sort": ("sort",),
    "convkit.jobs._sources": ("Step",),
    "convkit.model.notes": ("Note", "Severity"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "CheckReport",
    "Collection",
    "ConvkitError",
    "DataReport",
    "Deidentifier",
    "EngineError",
    "ExitCode",
    "GeometryError",
    "Index",
    "InputError",
    "Key",
    "MissingAttributeError",
    "MissingExtraError",
    "MultipleVolumesError",
    "NotDicomError",
    "Note",
    "Outcome",
    "OutputError",
    "PixelError",
    "Profile",
    "Report",
    "Severity",
    "Status",
    "Step",
    "UnsupportedError",
    "UsageError",
    "ValueRangeError",
    "Volume",
    "__version__",
    "check",
    "convert",
    "deidentify",
    "preview",
    "read",
    "read_all",
    "render",
    "report",
    "save_index",
    "scan",
    "sort",
    "stored",
    "values",
]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'convkit' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return __all__
