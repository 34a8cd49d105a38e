"""What a report keeps of one series: the cells of its row, and what comparisons with others need."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from convkit.deid.pixels.facts import Facts
from convkit.deid.pixels.risk import Level as Risk
from convkit.deid.pixels.risk import risk_of
from convkit.dicom.columns import shown
from convkit.dicom.header import Header
from convkit.jobs._names import short_hash
from convkit.jobs._report.asked import Wanted
from convkit.jobs._report.defaults import OWN
from convkit.jobs._report.nameless import is_nameless
from convkit.jobs._report.ways import way_of
from convkit.jobs._rows import rows_of
from convkit.jobs._schema import UNFITTING, Level
from convkit.series.group import Series
from convkit.series.stack import Planned, Stack
from convkit.survey.likeness import Trace
from convkit.survey.outliers import Member, Value

PERSON_DIGITS = 16
"""Hexadecimal digits that tell persons apart while they are counted; they are not told."""

SAMPLED = (0.5, 0.3, 0.7, 0.15, 0.85)
"""Where in a volume frames are sampled, as shares of its slices; the first is for the thumbnail."""

_TIMES = ("AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime")
_MADE_BY = (
    "SOPClassUID",
    "ConvolutionKernel",
    "ImageType",
    "FrameType",
    "PhotometricInterpretation",
    "SamplesPerPixel",
    "EchoTime",
    "ScanOptions",
    "SequenceName",
    "ComplexImageComponent",
)
_COMPARED = (
    "PixelSpacing",
    "SliceThickness",
    "ConvolutionKernel",
    "RepetitionTime",
    "EchoTime",
    "MagneticFieldStrength",
    "KVP",
)


_ASSUMED_DISTANCES = frozenset({"geometry.assumed-tiles", "geometry.piled"})
"""What is said of a stack whose slices nobody has told the distance of."""


class Spot(NamedTuple):
    """A frame to be sampled.

    Attributes
    ----------
    path : str
    frame : int
    """

    path: str
    frame: int


class SeriesFacts(NamedTuple):
    """One series.

    Attributes
    ----------
    rank : tuple
        By which series are ordered, as in a `Collection`.
    study, series : str
        Short hashes.
    person : str
        Stands for the patient; empty where there is no Patient ID.
    is_nameless : bool
        The Patient ID is empty, or a placeholder.
    title : str
        Number and description.
    day : date or None
        Study Date.
    cells : mapping of column to cell
    unfit : tuple of str
        Columns whose value does not fit.
    joined : str
        The value by which labels are joined.
    row : mapping
        Row of the table of series: volumes, instances, bytes, problems, modality.
    matrix : str
        Of the largest volume.
    spacing : str
        Of it: from slice to slice, row to row, column to column; with a word where one of these was assumed.
    slices : int
        Of it; 0 where there is none.
    scanner : str
    tallies : mapping of name to counts of instances by value
        Transfer syntaxes, photometric interpretations (of images, under "" those that have none), SOP classes.
    member : Member
    trace : Trace
    spots : tuple of Spot
        Frames that may be sampled, the one for the thumbnail first.
    may_show_text : bool
        Text in the pixels is likely to tell who the patient is.
    volumes : int
        Of the largest stack: its time points, b-values, echoes.
    """

    rank: tuple[str, int, str, str]
    study: str
    series: str
    person: str
    is_nameless: bool
    title: str
    day: date | None
    cells: Mapping[str, Any]
    unfit: tuple[str, ...]
    joined: str
    row: Mapping[str, Any]
    matrix: str
    spacing: str
    slices: int
    scanner: str
    tallies: Mapping[str, Mapping[str, int]]
    member: Member
    trace: Trace
    spots: tuple[Spot, ...]
    may_show_text: bool
    volumes: int = 1

    @property
    def identifier(self) -> str:
        """As in `SeriesEntry.identifier`."""
        return f"{self.study}/{self.series}"


def facts_of(series: Series, planned: Sequence[Planned], wanted: Wanted) -> SeriesFacts:
    """What a report keeps of a series."""
    (row,) = rows_of(Level.SERIES, [series], lambda _: list(planned), wanted.keywords)
    stacks = [each for each in planned if isinstance(each, Stack)]
    largest = max(stacks, key=lambda stack: (stack.slices * stack.volumes, stack.slices), default=None)
    first, told = series.first, series.first.redacted
    own = _own_cells(row, largest)
    identifier = f"{row['study']}/{row['series']}"
    number = row["number"]
    matrix = _matrix(largest, told)
    return SeriesFacts(
        (
            series.study_instance_uid,
            -1 if first.integer("SeriesNumber") is None else first.integer("SeriesNumber") or 0,
            series.series_instance_uid,
            first.path,
        ),
        row["study"],
        row["series"],
        _person(first),
        is_nameless(first.text("PatientID")),
        " ".join(part for part in (str(number) if number is not None else "", row["description"]) if part),
        shown("StudyDate").cell(told, []),
        {name: own[name] if name in OWN else row.get(name) for name in wanted.columns},
        tuple(text.partition("=")[0] for text in row.get(UNFITTING, ())),
        _joined(row, first, wanted.on),
        {name: row[name] for name in ("modality", "volumes", "instances", "bytes", "problems")},
        matrix,
        _spacing(largest),
        0 if largest is None else largest.slices,
        " ".join(filter(None, (told.text("Manufacturer"), told.text("ManufacturerModelName")))),
        _tallies(series),
        Member(
            identifier,
            row["modality"],
            told.text("ProtocolName"),
            told.text("BodyPartExamined"),
            way_of(told, is_weighted=any(stack.is_weighted for stack in stacks)),
            _compared(told, own) | {"matrix": matrix or None},
        ),
        _trace(series, planned, largest, identifier),
        _spots(series, largest),
        any(_may_show_text(*kind) for kind in set(map(_kind_of_picture, series.headers))),
        1 if largest is None else largest.volumes,
    )


# --- cells -------------------------------------------------------------------------------------------------


def _own_cells(row: Mapping[str, Any], largest: Stack | None) -> dict[str, Any]:
    cells = {name: row.get(name) for name in OWN}
    cells["slices"] = None if largest is None else largest.slices
    step = None if largest is None else measured_step_mm(largest)
    cells["slice_spacing"] = None if step is None else round(step, 6)
    return cells


def measured_step_mm(stack: Stack) -> float | None:
    """From slice to slice by their positions; None where there is one slice, or where it had to be assumed."""
    is_assumed = any(one.code in _ASSUMED_DISTANCES for one in stack.notes)
    return _step_mm(stack) if stack.grid.is_placed and stack.slices > 1 and not is_assumed else None


def _step_mm(stack: Stack) -> float:
    return float(sum(c * c for c in stack.grid.step_lps) ** 0.5)


def _person(first: Header) -> str:
    if first.redaction is not None:
        return first.redaction.person
    patient = first.text("PatientID")
    return short_hash(patient, PERSON_DIGITS) if patient else ""


def _joined(row: Mapping[str, Any], first: Header, on: str) -> str:
    if not on:
        return ""
    if on in row:
        return str(row[on] or "").strip()
    cell = shown(on).cell(first, [])
    cells = cell if isinstance(cell, list) else [cell]
    return "\\".join(str(each).strip() for each in cells if each is not None)


def _matrix(largest: Stack | None, told: Header) -> str:
    if largest is not None:
        layout = largest.first.pixels.layout
        return f"{layout.rows} × {layout.columns}"
    rows, columns = told.integer("Rows"), told.integer("Columns")
    return f"{rows} × {columns}" if rows and columns else ""


def _spacing(largest: Stack | None) -> str:
    if largest is None:
        return ""
    grid, kind = largest.grid, largest.first.kind
    depth, plane = f"{_step_mm(largest):.3g}", f"{grid.row_spacing:.3g} × {grid.column_spacing:.3g}"
    is_depth_assumed = measured_step_mm(largest) is None
    if kind.spacing is None and is_depth_assumed and not kind.depth_mm:
        return f"{depth} × {plane} (assumed)"
    if is_depth_assumed:
        depth += " (thickness)" if kind.depth_mm and largest.slices == 1 else " (assumed)"
    return f"{depth} × {plane}{'' if kind.spacing else ' (assumed)'}"


def _tallies(series: Series) -> dict[str, dict[str, int]]:
    headers = series.headers
    without = sum(not header.text("PhotometricInterpretation") for header in series.images)
    return {
        "transfer syntax": dict(Counter(header.transfer_syntax for header in headers)),
        "photometric interpretation": dict(
            Counter(text for header in headers if (text := header.text("PhotometricInterpretation")))
        )
        | ({"": without} if without else {}),
        "SOP class": dict(Counter(header.sop_class_uid for header in headers)),
    }


# --- comparisons -------------------------------------------------------------------------------------------


def _compared(told: Header, own: Mapping[str, Any]) -> dict[str, Value]:
    cells: dict[str, Value] = {}
    for name in _COMPARED:
        cell = shown(name).cell(told, [])
        if isinstance(cell, list):
            cell = cell[0] if len(set(cell)) == 1 else "\\".join(map(str, cell))
        cells[name] = cell
    return cells | {"slice_spacing": own["slice_spacing"]}


def _trace(series: Series, planned: Sequence[Planned], largest: Stack | None, identifier: str) -> Trace:
    told = series.first.redacted
    frames = [frame for one in planned for frame in (one.all_frames if isinstance(one, Stack) else one.frames)]
    kinds = {id(frame.kind): frame.kind for frame in frames}.values()
    turned = {tuple(round(c, 1) + 0.0 for c in kind.orientation) for kind in kinds if kind.orientation}
    return Trace(
        identifier,
        tuple(value.upper() for value in told.texts("ImageType")),
        told.sop_class_uid,
        f"{told.text('SeriesDescription')} {told.text('ProtocolName')}",
        len(turned),
        len(frames),
        _signature(series, largest, len(frames)),
        sum(one.code == "header.duplicate-file" for one in series.notes),
    )


def _signature(series: Series, largest: Stack | None, images: int) -> Hashable | None:
    """What makes a series the same as another one; None where place, time or patient are not known.

    Short, because the frames of a million files are not held for it.
    """
    first = series.first
    person = _person(first)
    times = sorted(filter(None, ("".join(header.text(name) for name in _TIMES) for header in series.images)))
    if not person or largest is None or not largest.grid.is_placed or not times:
        return None
    grid = largest.grid
    numbers = (*grid.origin_lps, *grid.step_lps, grid.row_spacing, grid.column_spacing)
    made = tuple(first.raw(name) for name in _MADE_BY)
    place = tuple(round(float(number), 2) + 0.0 for number in numbers)
    whole = (person, first.text("Modality"), _matrix(largest, first), largest.slices, images, times[0], place, made)
    return hashlib.sha256(repr(whole).encode()).hexdigest()[:PERSON_DIGITS]


# --- pictures ----------------------------------------------------------------------------------------------


def _spots(series: Series, largest: Stack | None) -> tuple[Spot, ...]:
    if largest is not None:
        frames = largest.frames[len(largest.frames) // 2]
        chosen = dict.fromkeys(min(int(share * len(frames)), len(frames) - 1) for share in SAMPLED)
        spots = [_spot(series.images[frames[place].instance], frames[place].place) for place in chosen]
    else:
        images = series.images
        chosen = dict.fromkeys(min(int(share * len(images)), len(images) - 1) for share in SAMPLED) if images else {}
        spots = [_spot(images[place], images[place].frames // 2) for place in chosen]
    return tuple(dict.fromkeys(spots))


def _spot(header: Header, place: int) -> Spot:
    """Where a frame lies in its file; the tiles of a mosaic are one."""
    return Spot(header.path, place if (header.integer("NumberOfFrames") or 1) > 1 else 0)


class _Kind(NamedTuple):
    """What tells how likely text in the pixels is."""

    sop_class: str
    syntax: str
    texts: tuple[bytes | None, ...]
    is_known: bool


_TELLING = ("Modality", "BurnedInAnnotation", "ConversionType", "ImageType", "Manufacturer", "ManufacturerModelName")


def _kind_of_picture(header: Header) -> _Kind:
    is_known = header.redaction is not None and header.redaction.may_show_text
    return _Kind(header.sop_class_uid, header.transfer_syntax, tuple(map(header.raw, _TELLING)), is_known)


@lru_cache(maxsize=4096)
def _may_show_text(sop_class: str, syntax: str, texts: tuple[bytes | None, ...], is_known: bool) -> bool:  # noqa: FBT001 (a field)
    """True where text in the pixels is likely, so that a thumbnail might name somebody.

    Where it is only possible, as in X-rays, a thumbnail is too small for it to be read.
    """
    if is_known:
        return True
    modality, burned_in, conversion, image_type, maker, model = (
        (raw or b"").decode("latin-1").strip(" \0") for raw in texts
    )
    facts = Facts(
        sop_class=sop_class,
        modality=modality.upper(),
        burned_in=burned_in.upper(),
        conversion_type=conversion.upper(),
        recognizable_features="",
        lossy="",
        image_type=tuple(value.strip().upper() for value in image_type.split("\\")),
        manufacturer=maker,
        model=model,
        software=(),
        rows=0,
        columns=0,
        frames=0,
        regions=(),
        has_pixels=True,
        has_capture_device=False,
    )
    return risk_of(facts, syntax).level >= Risk.LIKELY
