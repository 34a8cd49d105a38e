"""Series that are nearly the same, and series that are likely not what one looks for: localizers, derived, captures."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from convkit.survey.findings import Likeness

MOST_OF_A_SCOUT = 30
"""Images that a localizer in several orientations has at most: three planes of ten."""

MOST = 200
"""Groups that are told."""

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
"""PS3.4 B.5, Secondary Capture Image Storage; its multi-frame kinds begin so."""

_SCOUT = re.compile(
    r"\b(locali[sz]er|scout|topogram|scanogram|surview|3[ -]?plane|survey|tri-?pilot|aahead)\b", re.IGNORECASE
)
"""How the makers call a localizer: Siemens, GE (scout), Siemens CT (topogram), Philips (survey, surview), Canon."""


class Trace(NamedTuple):
    """What tells the kind of a series.

    Attributes
    ----------
    series : str
        Identifier.
    image_type : tuple of str
        Upper case.
    sop_class : str
    description : str
        Series Description and Protocol Name.
    orientations, images : int
        Different orientations among its images; how many images it has.
    signature : hashable or None
        What makes it the same as another one: patient, geometry, times, how it was made. None where too little is
        known of it.
    doubles : int
        Files of it that are there more than once, byte for byte.
    """

    series: str
    image_type: tuple[str, ...]
    sop_class: str
    description: str
    orientations: int
    images: int
    signature: Hashable | None = None
    doubles: int = 0


def likenesses(traces: Sequence[Trace]) -> tuple[Likeness, ...]:
    """Duplicates and near-duplicates, then what is likely a localizer, a secondary capture, or derived."""
    return (*_doubles(traces), *_duplicates(traces), *_kinds(traces))


def is_aside(one: Trace) -> bool:
    """True for a localizer and the like, which have nothing to do with the others of their protocol."""
    return _kind(one) is not None


def _doubles(traces: Sequence[Trace]) -> Iterator[Likeness]:
    for one in sorted((one for one in traces if one.doubles), key=lambda one: (-one.doubles, one.series)):
        files = "1 file is" if one.doubles == 1 else f"{one.doubles} files are"
        yield Likeness(
            "exact duplicates", (one.series,), f"{files} there more than once, byte for byte; each counts once"
        )


def _duplicates(traces: Sequence[Trace]) -> Iterator[Likeness]:
    alike: dict[Hashable, list[str]] = defaultdict(list)
    for one in traces:
        if one.signature is not None:
            alike[one.signature].append(one.series)
    why = "the same patient, geometry, number and kind of images, time and way of acquisition"
    for series in sorted(each for each in alike.values() if len(each) > 1):
        yield Likeness("near-duplicates", tuple(sorted(series)), why)


def _kinds(traces: Sequence[Trace]) -> Iterator[Likeness]:
    found: dict[tuple[int, str, str], list[str]] = defaultdict(list)
    for one in traces:
        key = _kind(one)
        if key is not None:
            found[key].append(one.series)
    for (_, kind, why), series in sorted(found.items()):
        yield Likeness(kind, tuple(sorted(series)), why)


def _kind(one: Trace) -> tuple[int, str, str] | None:
    """Order, kind and reason; None for a series like any other."""
    if "LOCALIZER" in one.image_type:
        return 0, "localizer", "Image Type says so"
    if _SCOUT.search(one.description):
        return 0, "localizer", "its description says so"
    if one.orientations > 1 and one.images <= MOST_OF_A_SCOUT:
        return 0, "localizer", "few images in several orientations"
    if one.sop_class.startswith(_SECONDARY_CAPTURE):
        return 1, "secondary capture", "its SOP Class says so"
    # PS3.3 C.7.6.1.1.2: the first value is ORIGINAL or DERIVED, the second PRIMARY or SECONDARY.
    if one.image_type[:1] == ("DERIVED",):
        return 2, "derived", "Image Type says so"
    if one.image_type[1:2] == ("SECONDARY",):
        return 2, "derived", "Image Type says that it was made after the examination"
    return None
