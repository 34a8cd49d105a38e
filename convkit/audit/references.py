"""What files must have in common: UIDs used once, references that resolve, series kept whole, intervals kept."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import PurePosixPath

from convkit.audit.dossier import Dossier
from convkit.audit.finding import Finding, Kind
from convkit.audit.instance import Instance

REFERENCE, DUPLICATE, INTERVAL, INVALID = (
    "check.reference",
    "check.duplicate-uid",
    "check.interval",
    "check.invalid",
)

_SERIES_OF_ITEM = re.compile(r"^(.*)\(0020,000E\)$")
_REFERENCED = "(0008,1155)"
_LEVELS = ("sop", "series", "study", "frame_of_reference")
_PLACES = {
    "sop": "(0008,0018)",
    "series": "(0020,000E)",
    "study": "(0020,000D)",
    "frame_of_reference": "(0020,0052)",
    "patient": "(0010,0020)",
}

Pair = tuple[Instance, Instance]


def set_findings(outputs: Sequence[Instance], dossier: Dossier, files: Iterable[str]) -> list[Finding]:
    """What is wrong among the outputs as a whole, and against their originals where these are known."""
    images = [output for output in outputs if not output.is_directory]
    pairs = _pairs(images, dossier)
    findings = [*_doubled(images, pairs), *_torn(images, pairs), *_directories(outputs, files)]
    if pairs:
        findings += [*_moved(pairs), *_broken(pairs), *_intervals(pairs, dossier), *_worse(pairs)]
    if not dossier.originals:
        findings += [*_dangling(images), *_damaged(images)]
    return findings


def _pairs(outputs: Sequence[Instance], dossier: Dossier) -> list[Pair]:
    """(original, output) of every output whose original is known and nobody else's."""
    matches = [(dossier.match(output), output) for output in outputs]
    counts = Counter(index for index, _ in matches if index is not None)
    return [(dossier.originals[i], output) for i, output in matches if i is not None and counts[i] == 1]


# --- within the outputs ----------------------------------------------------------------------------------


def _doubled(outputs: Sequence[Instance], pairs: Sequence[Pair]) -> Iterator[Finding]:
    """SOP Instance UIDs that several files have, unless the originals had them as well."""
    by_uid = _grouped((output.get("sop"), output) for output in outputs)
    original_uid = {output.path: original.get("sop") for original, output in pairs}
    for uid, several in by_uid.items():
        origins = {original_uid.get(output.path, output.path) for output in several}
        if len(several) > 1 and not (len(origins) == 1 and several[0].path in original_uid):
            for output in several:
                text = f"{len(several)} files have the same SOP Instance UID"
                yield Finding(output.path, _PLACES["sop"], DUPLICATE, Kind.UID, text, 1, uid)


def _torn(outputs: Sequence[Instance], pairs: Sequence[Pair]) -> Iterator[Finding]:
    """Series in several studies and studies of several patients, unless they were so before."""
    original_of = {output.path: original for original, output in pairs}
    for inner, outer, text in (
        ("series", "study", "The series lies in several studies"),
        ("study", "patient", "The study has several patients"),
    ):
        for uid, several in _grouped((output.get(inner), output) for output in outputs).items():
            now = {output.get(outer) for output in several}
            before = {original_of[o.path].get(outer) for o in several if o.path in original_of}
            if len(now) > max(1, len(before)):
                yield Finding(several[0].path, _PLACES[inner], REFERENCE, Kind.STRUCTURE, text, len(several), uid)


def _directories(outputs: Sequence[Instance], files: Iterable[str]) -> Iterator[Finding]:
    """Entries of a DICOMDIR whose file is not there, or is another one."""
    names = {name.casefold() for name in files}
    uids = {output.path.casefold(): output.get("sop") for output in outputs}
    for directory in outputs:
        folder = PurePosixPath(directory.path).parent
        for path, uid in directory.files:
            target = str(folder / path).casefold()
            if target not in names:
                text = "A record names a file that is not there"
                yield Finding(directory.path, "(0004,1500)", REFERENCE, Kind.STRUCTURE, text, 1, path)
            elif uid and uids.get(target, uid) != uid:
                text = "A record has another SOP Instance UID than its file"
                yield Finding(directory.path, "(0004,1511)", REFERENCE, Kind.UID, text, 1, uid)


def _dangling(outputs: Sequence[Instance]) -> Iterator[Finding]:
    """References to instances that are not there, of series that are: those were meant to be found."""
    known = {output.get("sop") for output in outputs}
    series = {output.get("series") for output in outputs} - {""}
    for output in outputs:
        for path, uids in output.uids.items():
            match = _SERIES_OF_ITEM.match(path)
            if not match or not match.group(1) or not set(uids) & series:
                continue
            for other, referenced in output.uids.items():
                if other.startswith(match.group(1)) and other.endswith(_REFERENCED) and not set(referenced) & known:
                    text = "The referenced instance is not among the files of its series"
                    yield Finding(output.path, other, REFERENCE, Kind.UID, text, 1, referenced[0])


def _damaged(outputs: Sequence[Instance]) -> Iterator[Finding]:
    """Faults that no sound writer makes; the rest is judged only against the original."""
    grave = re.compile(r"\(Type 1\) is missing|is missing$|differs from|Odd length|^\(0002|no UI in")
    for output in outputs:
        for text, count in output.faults.items():
            if grave.search(text):
                yield Finding(output.path, _place_in(text), INVALID, Kind.STRUCTURE, text, count)


# --- against the originals -------------------------------------------------------------------------------


def _moved(pairs: Sequence[Pair]) -> Iterator[Finding]:
    """Series, studies, patients and frames of reference that were taken apart or put together."""
    for level in ("series", "study", "frame_of_reference", "patient"):
        forward: dict[str, Counter[str]] = defaultdict(Counter)
        back: dict[str, Counter[str]] = defaultdict(Counter)
        for original, output in pairs:
            old, new = original.get(level), output.get(level)
            if old and new:
                forward[old][new] += 1
                back[new][old] += 1
        for original, output in pairs:
            old, new = original.get(level), output.get(level)
            if not (old and new):
                continue
            name = level.replace("_", " ")
            if forward[old].most_common(1)[0][0] != new:
                text = f"The {name} was taken apart"
                yield Finding(output.path, _PLACES[level], REFERENCE, Kind.STRUCTURE, text, 1, new)
            elif back[new].most_common(1)[0][0] != old:
                text = f"The {name} was put together with another"
                yield Finding(output.path, _PLACES[level], REFERENCE, Kind.STRUCTURE, text, 1, new)


def _broken(pairs: Sequence[Pair]) -> Iterator[Finding]:
    """References that led somewhere within the originals and now lead elsewhere; removed ones are no fault."""
    renamed: dict[str, Counter[str]] = defaultdict(Counter)
    for original, output in pairs:
        for level in _LEVELS:
            old, new = original.get(level), output.get(level)
            if old and new:
                renamed[old][new] += 1
    meant = {old: set(news) for old, news in renamed.items()}
    own = {path for level, path in _PLACES.items() if level != "frame_of_reference"}
    for original, output in pairs:
        for path, olds in original.uids.items():
            news = output.uids.get(path)
            if path in own or news is None or len(news) != len(olds):
                continue
            if any(old in meant and new not in meant[old] for old, new in zip(olds, news, strict=True)):
                text = "The reference leads to none of the outputs it led to before"
                yield Finding(output.path, path, REFERENCE, Kind.UID, text, 1, news[0])


def _intervals(pairs: Sequence[Pair], dossier: Dossier) -> Iterator[Finding]:
    """Dates of one patient that were not all moved by the same number of days."""
    subject_of = {id(original): subject for original, subject in zip(dossier.originals, dossier.subjects, strict=True)}
    shifts: dict[int, Counter[int]] = defaultdict(Counter)
    moved: list[tuple[int, str, str, int]] = []
    replaced: dict[int, set[str]] = defaultdict(set)
    for original, output in pairs:
        if output.longitudinal == "REMOVED":
            continue
        subject = subject_of[id(original)]
        for path, days, new in _shifts(original.dates, output.dates):
            shifts[subject][days] += 1
            replaced[subject].add(new)
            moved.append((subject, output.path, path, days))
    for subject, where, path, days in moved:
        usual = shifts[subject].most_common(1)[0][0]
        if days != usual and len(replaced[subject]) > 1:  # one date for all is a dummy, which no interval survives
            text = "The date was moved by another number of days than the others of this patient"
            yield Finding(where, path, INTERVAL, Kind.DATE, text, 1, f"{days - usual:+d} days")


def _shifts(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    for path, before in old.items():
        after = new.get(path)
        first, second = _day(before), _day(after or "")
        if after and first and second:
            yield path, (second - first).days, after


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def _worse(pairs: Sequence[Pair]) -> Iterator[Finding]:
    """Faults that an output has and its original had not."""
    for original, output in pairs:
        for text, count in output.faults.items():
            more = count - original.faults.get(text, 0)
            if more > 0:
                yield Finding(output.path, _place_in(text), INVALID, Kind.STRUCTURE, text, more)


def _place_in(text: str) -> str:
    """The tag path that a fault names."""
    found = re.search(r"\([0-9A-F]{4},[0-9A-F]{4}\)(?:\[\])?(?:/\([0-9A-F]{4},[0-9A-F]{4}\)(?:\[\])?)*", text)
    return found.group() if found else "file"


def _grouped(pairs: Iterable[tuple[str, Instance]]) -> dict[str, list[Instance]]:
    found: dict[str, list[Instance]] = {}
    for key, each in pairs:
        if key:
            found.setdefault(key, []).append(each)
    return found
