"""The columns of the tables of a scan, level by level: the schema that the reference documents and Parquet carries."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from convkit.dicom.columns import shown
from convkit.errors import UsageError
from convkit.model.table import Column, Kind


class Level(StrEnum):
    """What a row of a table stands for."""

    VOLUME = "volume"
    SERIES = "series"
    STUDY = "study"
    INSTANCE = "instance"


HEADER = "header"
PATH = "path"
MODIFIED = "modified_ns"
UNFITTING = "unfitting"

_TEXT, _INTEGER, _NUMBER = Kind.TEXT, Kind.INTEGER, Kind.NUMBER

_PATIENT = Column("patient", _TEXT, meaning="short hash of the Patient ID; under a profile its pseudonym")
_STUDY = Column("study", _TEXT, meaning="short hash of the Study Instance UID")
_SERIES = Column("series", _TEXT, meaning="short hash of the Series Instance UID")
_BYTES = Column("bytes", _INTEGER, unit="bytes", meaning="size of the files")
_INSTANCES = Column("instances", _INTEGER, meaning="number of files")
_PROBLEMS = Column("problems", _TEXT, is_list=True, meaning="codes of what is wrong or worth knowing")
_ROWS = Column("rows", _INTEGER, meaning="Rows: height of a picture in pixels")
_COLUMNS = Column("columns", _INTEGER, meaning="Columns: width of a picture in pixels")

_IDENTITY = (
    _PATIENT,
    _STUDY,
    _SERIES,
    Column("number", _INTEGER, meaning="Series Number"),
    Column("modality", _TEXT, meaning="Modality"),
    Column("description", _TEXT, meaning="Series Description"),
)

COLUMNS: dict[Level, tuple[Column, ...]] = {
    Level.VOLUME: (
        *_IDENTITY,
        Column("split", _TEXT, meaning="what tells volumes of one series apart"),
        Column("volumes", _INTEGER, meaning="volumes in time, echoes or directions that are one file"),
        Column("slices", _INTEGER, meaning="slices of each"),
        _ROWS,
        _COLUMNS,
        Column("spacing", _NUMBER, is_list=True, unit="mm", meaning="between slices, rows and columns"),
        _INSTANCES,
        _BYTES,
        _PROBLEMS,
    ),
    Level.SERIES: (
        *_IDENTITY,
        Column("volumes", _INTEGER, meaning="volumes that the series makes"),
        _INSTANCES,
        _BYTES,
        _PROBLEMS,
    ),
    Level.STUDY: (
        _PATIENT,
        _STUDY,
        Column("modalities", _TEXT, is_list=True, meaning="Modality of its series"),
        Column("series", _INTEGER, meaning="number of series"),
        Column("volumes", _INTEGER, meaning="number of volumes"),
        _INSTANCES,
        _BYTES,
        _PROBLEMS,
    ),
    Level.INSTANCE: (
        *_IDENTITY,
        Column("instance_number", _INTEGER, meaning="Instance Number"),
        Column("sop_class", _TEXT, meaning="SOP Class UID"),
        Column("transfer_syntax", _TEXT, meaning="Transfer Syntax UID"),
        Column("frames", _INTEGER, meaning="Number of Frames; 1 where the header has none"),
        _ROWS,
        _COLUMNS,
        Column("bytes", _INTEGER, unit="bytes", meaning="size of the file"),
        Column(MODIFIED, _INTEGER, unit="ns since 1970", meaning="time of change of the file; not under a profile"),
        Column(PATH, _TEXT, meaning="of the file, absolute; under a profile that of the copy that deid makes"),
        _PROBLEMS,
    ),
}
"""Columns that every table of a level has."""

MORE = (
    Column(UNFITTING, _TEXT, is_list=True, meaning="values that do not fit their column, as Keyword=value"),
    Column(HEADER, Kind.BINARY, meaning="what convkit keeps of the header, for the table as a source"),
)
"""What follows the columns that were asked for: the first where any value does not fit, the second in a saved index."""


def schema(level: Level, asked: Sequence[str], *, is_redacted: bool = False) -> tuple[Column, ...]:
    """The columns of a table without those of `MORE`.

    Raises
    ------
    UsageError
        A column is not known, or has the name of one that is always there.
    """
    own = [c for c in COLUMNS[level] if not (is_redacted and c.name == MODIFIED)]
    taken = {column.name for column in (*own, *MORE)}
    more = [shown(text).column for text in dict.fromkeys(asked)]
    for column in more:
        if column.name in taken:
            raise UsageError(f"The table has a column {column.name} of its own.", "--columns")
    return (*own, *more)
