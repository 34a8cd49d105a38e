"""The tables of a scan: a row a volume, series, study or instance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from convkit.dicom.columns import shown
from convkit.dicom.header import Header
from convkit.jobs._names import short_hash
from convkit.jobs._redaction import patient_of
from convkit.jobs._schema import MODIFIED, PATH, UNFITTING, Level
from convkit.model.frame import Frame
from convkit.model.notes import Note
from convkit.series.group import Series
from convkit.series.stack import Planned, Refusal, Stack

Row = dict[str, Any]
Columns = tuple[str, ...]
PlanOf = Callable[[Series], list[Planned]]


def rows_of(level: Level, found: Sequence[Series], plan_of: PlanOf, columns: Columns) -> list[Row]:
    """The rows of a table.

    Parameters
    ----------
    level : Level
    found : series, in the order of the rows
    plan_of : gives the volumes of a series; called only where a level needs them
    columns : DICOM keywords of further columns
    """
    return list(_ROWS[level](found, plan_of, columns))


def _volume_rows(found: Sequence[Series], plan_of: PlanOf, columns: Columns) -> Iterator[Row]:
    for series in found:
        planned = plan_of(series)
        loose: list[Stack] = []
        lost: list[Refusal] = []
        for one in planned:
            if isinstance(one, Stack) and not one.grid.is_placed:
                loose.append(one)
            elif isinstance(one, Refusal) and not one.frames:
                lost.append(one)
            else:
                yield _identity(series) | _volume(series, one) | _extra(series, columns)
        for code, count in Counter(p.reason.code for p in lost).items():
            row = _volume(series, lost[0]) | {"instances": count, "problems": [code]}
            yield _identity(series) | row | _extra(series, columns)
        if loose:  # pictures without a place in space, each a volume of its own, are one row
            yield (
                _identity(series)
                | _volume(series, loose[0])
                | {
                    "split": "" if len(loose) == 1 else "_img-*",
                    "volumes": len(loose),
                }
                | _extent(series, [p.first for p in loose])
                | _extra(series, columns)
            )
        yield from (_identity(series) | row | _extra(series, columns) for row in _others(series))


def _series_rows(found: Sequence[Series], plan_of: PlanOf, columns: Columns) -> Iterator[Row]:
    for series in found:
        planned = plan_of(series)
        volumes = [p for p in planned if isinstance(p, Stack)]
        yield (
            _identity(series)
            | {
                "volumes": len(volumes),
                "instances": series.instances,
                "bytes": series.size,
                "problems": _codes(
                    [n for p in planned for n in _notes(p)] + [n for _, n in series.others] + list(series.notes)
                ),
            }
            | _extra(series, columns)
        )


def _study_rows(found: Sequence[Series], plan_of: PlanOf, columns: Columns) -> Iterator[Row]:
    studies: dict[str, list[Series]] = {}
    for series in found:
        studies.setdefault(series.study_instance_uid, []).append(series)
    for members in studies.values():
        planned = [p for s in members for p in plan_of(s)]
        yield {
            "patient": patient_of(members[0].first),
            "study": short_hash(members[0].redacted_uids[0]),
            "modalities": sorted({s.first.redacted.text("Modality") for s in members} - {""}),
            "series": len(members),
            "volumes": sum(isinstance(p, Stack) for p in planned),
            "instances": sum(s.instances for s in members),
            "bytes": sum(s.size for s in members),
            "problems": _codes([n for p in planned for n in _notes(p)] + [n for s in members for _, n in s.others]),
        } | _extra(members[0], columns)


def _instance_rows(found: Sequence[Series], _plan_of: PlanOf, columns: Columns) -> Iterator[Row]:
    for series in found:
        for header, reason in [*((h, None) for h in series.images), *series.others]:
            yield instance_row(header, reason) | header_cells(header.redacted, columns)


def instance_row(header: Header, reason: Note | None) -> Row:
    """What a table of instances always says of one; `reason` why it is no image."""
    told = header.redacted
    row = {
        "patient": patient_of(header),
        "study": short_hash(told.study_instance_uid),
        "series": short_hash(told.series_instance_uid),
        "number": told.integer("SeriesNumber"),
        "modality": told.text("Modality"),
        "description": told.text("SeriesDescription"),
        "instance_number": told.integer("InstanceNumber"),
        "sop_class": told.sop_class_uid,
        "transfer_syntax": header.transfer_syntax,
        "frames": header.integer("NumberOfFrames") or 1,
        "rows": header.integer("Rows"),
        "columns": header.integer("Columns"),
        "bytes": header.size,
        MODIFIED: header.modified_ns,
        PATH: told.path,
        "problems": [reason.code] if reason else [],
    }
    if header.redaction is not None:
        del row[MODIFIED]  # when a file was made says when somebody was examined
    return row


_ROWS: dict[Level, Callable[[Sequence[Series], PlanOf, Columns], Iterator[Row]]] = {
    Level.VOLUME: _volume_rows,
    Level.SERIES: _series_rows,
    Level.STUDY: _study_rows,
    Level.INSTANCE: _instance_rows,
}


def _identity(series: Series) -> Row:
    first = series.first.redacted
    study, uid = series.redacted_uids
    return {
        "patient": patient_of(series.first),
        "study": short_hash(study),
        "series": short_hash(uid),
        "number": first.integer("SeriesNumber"),
        "modality": first.text("Modality"),
        "description": first.text("SeriesDescription"),
    }


def _volume(series: Series, planned: Planned) -> Row:
    row: Row = {
        "split": planned.split.label,
        "volumes": None,
        "slices": None,
        "rows": None,
        "columns": None,
        "spacing": None,
    }
    if isinstance(planned, Stack):
        layout = planned.first.pixels.layout
        step = planned.grid.step_lps
        depth = sum(c * c for c in step) ** 0.5
        row |= {
            "volumes": planned.volumes,
            "slices": planned.slices,
            "rows": layout.rows,
            "columns": layout.columns,
            "spacing": [round(v, 6) for v in (depth, planned.grid.row_spacing, planned.grid.column_spacing)],
        }
        frames = planned.all_frames
    else:
        frames = planned.frames
    row |= _extent(series, frames)
    return row | {"problems": _codes([*_notes(planned), *series.notes])}


def _extent(series: Series, frames: Iterable[Frame]) -> Row:
    """How many instances some frames are in, and their bytes: a mosaic holds many slices and is one file."""
    instances = dict.fromkeys(frame.instance for frame in frames)
    return {"instances": len(instances), "bytes": sum(series.images[each].size for each in instances)}


def _others(series: Series) -> Iterator[Row]:
    """A row for each reason why instances of a series are no volume."""
    reasons: dict[str, list[Header]] = {}
    for header, reason in series.others:
        reasons.setdefault(reason.code, []).append(header)
    for code, headers in reasons.items():
        yield {
            "split": "",
            "volumes": None,
            "slices": None,
            "rows": headers[0].integer("Rows"),
            "columns": headers[0].integer("Columns"),
            "spacing": None,
            "instances": len(headers),
            "bytes": sum(h.size for h in headers),
            "problems": [code],
        }


def _notes(planned: Planned) -> list[Note]:
    own = [planned.reason] if isinstance(planned, Refusal) else []
    return [*own, *planned.notes]


def _codes(notes: Iterable[Note]) -> list[str]:
    return list(dict.fromkeys(n.code for n in notes))


def _extra(series: Series, columns: Columns) -> Row:
    return header_cells(series.first.redacted, columns)


def header_cells(header: Header, columns: Columns) -> Row:
    """The cells of columns that were asked for, and what does not fit into them, where there is any."""
    unfitting: list[str] = []
    cells = {column: shown(column).cell(header, unfitting) for column in columns}
    return cells | {UNFITTING: unfitting} if unfitting else cells
