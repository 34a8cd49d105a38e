"""Instances to series: by Series Instance UID within a study, images apart from what is no image."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from convkit.dicom import objects
from convkit.dicom.header import Header
from convkit.model.frame import Frame
from convkit.model.notes import Note, note
from convkit.quirks import acquisition_of
from convkit.storage import files

MOST_GAPS = 3
"""Missing instance numbers for one that is there, up to which files are taken to be missing."""


@dataclass(frozen=True, slots=True)
class Series:
    """The instances of one series.

    Attributes
    ----------
    study_instance_uid, series_instance_uid : str
    images : tuple of Header
        Images, of one frame or many, each SOP Instance UID once, sorted by it.
    others : tuple of (Header, Note)
        What is not an image or is set aside, and why.
    notes : tuple of Note
        Doubles that were dropped, and conflicts.
    """

    study_instance_uid: str
    series_instance_uid: str
    images: tuple[Header, ...]
    others: tuple[tuple[Header, Note], ...]
    notes: tuple[Note, ...] = ()

    @property
    def first(self) -> Header:
        """A header that stands for the series."""
        return self.images[0] if self.images else self.others[0][0]

    def header_of(self, frame: Frame) -> Header:
        """The header of one of its frames."""
        return self.images[frame.instance].of_frame(frame.place)

    @property
    def redacted_uids(self) -> tuple[str, str]:
        """Study and Series Instance UID as they may leave."""
        if self.first.redaction is None:
            return self.study_instance_uid, self.series_instance_uid
        studies = (
            h.redacted.study_instance_uid for h in self.headers if h.study_instance_uid == self.study_instance_uid
        )
        series = (
            h.redacted.series_instance_uid for h in self.headers if h.series_instance_uid == self.series_instance_uid
        )
        return next(studies, ""), next(series, "")

    @property
    def headers(self) -> tuple[Header, ...]:
        """All headers, images first."""
        return (*self.images, *(header for header, _ in self.others))

    @property
    def instances(self) -> int:
        """Number of instances, images or not."""
        return len(self.images) + len(self.others)

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(h.size for h in self.headers)


def group(headers: Iterable[Header]) -> list[Series]:
    """Series of the headers, sorted by study, series number and UID; the order of the headers does not matter.

    A file without Series Instance UID becomes a series of its own that is set aside.
    """
    by_uid: dict[str, dict[str, list[Header]]] = defaultdict(lambda: defaultdict(list))
    for header in headers:
        uid = header.series_instance_uid
        by_uid[uid or f"\0{header.path}"][header.study_instance_uid].append(header)
    members = {(study, uid): m for uid, studies in by_uid.items() for study, m in _joined(studies).items()}
    found = [_series(study, uid, m) for (study, uid), m in members.items()]
    return sorted(_merged(found), key=_rank)


def _merged(found: Sequence[Series]) -> list[Series]:
    """Series of which several are one acquisition, put together under the UID of the first."""
    runs: dict[Hashable, list[Series]] = {}
    reasons: dict[Hashable, str] = {}
    for series in found:
        acquisition = acquisition_of(series.first) if series.images else None
        key = (series.study_instance_uid, acquisition) if acquisition else (series.series_instance_uid, id(series))
        runs.setdefault(key, []).append(series)
        reasons[key] = acquisition[1] if acquisition else ""
    return [run[0] if len(run) == 1 else _together(sorted(run, key=_rank), reasons[key]) for key, run in runs.items()]


def _together(run: Sequence[Series], why: str) -> Series:
    """Series of one acquisition as one."""
    merged = note("series.merged", f"{len(run)} series were put together: {why}.")
    numbers = {n for series in run if (n := series.first.integer("SeriesNumber")) is not None}
    lost = max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0
    gaps = (
        (note("series.number-gaps", f"{lost} series numbers are missing among those that were put together."),)
        if lost
        else ()
    )
    images, doubles = without_doubles([header for series in run for header in series.images])
    return Series(
        run[0].study_instance_uid,
        run[0].series_instance_uid,
        tuple(images),
        tuple(other for series in run for other in series.others),
        (*dict.fromkeys(n for series in run for n in series.notes), *doubles, merged, *gaps),
    )


def _joined(studies: dict[str, list[Header]]) -> dict[str, list[Header]]:
    """The members of a series by study; those without Study Instance UID join the only study that there is."""
    named = [study for study in studies if study]
    if len(named) == 1 and "" in studies:
        return {named[0]: [*studies[named[0]], *studies[""]]}
    return studies


def _rank(series: Series) -> tuple[str, int, str, str]:
    number = series.first.integer("SeriesNumber")
    return series.study_instance_uid, -1 if number is None else number, series.series_instance_uid, series.first.path


def _series(study: str, uid: str, members: list[Header]) -> Series:
    images: list[Header] = []
    others: list[tuple[Header, Note]] = []
    for header in sorted(members, key=lambda h: (h.sop_instance_uid, h.path)):
        reason = objects.not_convertible(header)
        if reason is None and uid.startswith("\0"):
            reason = note("header.no-series-uid", where=header.path)
        if reason is None:
            images.append(header)
        else:
            others.append((header, reason))
    kept, notes = without_doubles(images)
    notes += list(dict.fromkeys(said for header in kept for said in header.said))
    notes += _number_gaps([*kept, *(h for h, _ in others)])
    return Series(study, "" if uid.startswith("\0") else uid, tuple(kept), tuple(others), tuple(notes))


def _number_gaps(headers: Sequence[Header]) -> list[Note]:
    """A warning where Instance Number leaves gaps: evenly missing files, and missing ends, leave no other trace.

    A few gaps mean missing files; numbers that are mostly gaps are a numbering of their own (by slice and time, say).
    """
    numbers = {n for h in headers if (n := h.integer("InstanceNumber")) is not None}
    missing = max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0
    if not 0 < missing <= MOST_GAPS * len(numbers):
        return []
    shown = {n for h in headers if (n := h.redacted.integer("InstanceNumber")) is not None}
    if shown != numbers:
        return [note("series.number-gaps")]
    are = "is" if missing == 1 else "are"
    text = f"InstanceNumber runs from {min(numbers)} to {max(numbers)}, but {missing} of these numbers {are} missing."
    return [note("series.number-gaps", text)]


def without_doubles(images: Sequence[Header]) -> tuple[list[Header], list[Note]]:
    """Each SOP Instance UID once.

    Copies that are the same byte for byte are dropped with a note. Different files under one UID are all kept, with
    an error note: it cannot be known which one is right. Instances without UID are never doubles.
    """
    kept: list[Header] = []
    notes: list[Note] = []
    by_uid: dict[str, list[Header]] = {}
    for header in images:
        uid = header.sop_instance_uid
        twins = by_uid.setdefault(uid, []) if uid else []
        if any(same_bytes(header, twin) for twin in twins):
            notes.append(note("header.duplicate-file", where=header.path))
            continue
        if twins:
            notes.append(note("header.conflicting-instances", where=header.path))
        twins.append(header)
        kept.append(header)
    return kept, notes


def same_bytes(one: Header, other: Header) -> bool:
    """True where two files hold the same bytes."""
    if one.size != other.size:
        return False
    try:
        return files.is_same(one.path, other.path)
    except OSError:
        return False
