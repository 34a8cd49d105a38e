"""What a reader has to know first: the sentences at the top of the page, and the list of what to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from convkit.model.notes import CODES, Severity
from convkit.survey import _wording as words
from convkit.survey.findings import Attribute, Findings, Histogram, Intensities, Nature, Overview, Tally

_NOUNS = {
    "patients": ("patient", "patients"),
    "studies": ("study", "studies"),
    "series": ("series", "series"),
    "volumes": ("volume", "volumes"),
    "instances": ("instance", "instances"),
}

MUCH_MISSING = 0.2
"""An attribute that lacks this share of its values is told at the top: who uses it loses a fifth of the rows."""

MUCH_CLIPPED = 0.01
"""Of the pixels at the greatest value that can be stored: beyond it, more than noise was cut off."""

NO_IMAGES = "input.not-dicom"
"""The problem of files that nobody looks for here: told last."""

_LIKENESS = {
    "exact duplicates": ("series with exact duplicates", "series with exact duplicates"),
    "near-duplicates": ("group of near-duplicates", "groups of near-duplicates"),
    "localizer": ("likely localizer", "likely localizers"),
    "derived": ("derived series", "derived series"),
    "secondary capture": ("secondary capture", "secondary captures"),
}


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing to look at first.

    Attributes
    ----------
    text, more : str
        What it is, in a few words; and what there is to add.
    place : str
        Where in the page it is told, without ``#``.
    severity : str
        ``error``, ``warning`` or ``info``.
    """

    text: str
    more: str
    place: str
    severity: str


def severity(code: str) -> str:
    """How much a problem matters; that of an unknown code is that of a warning."""
    known = CODES.get(code)
    return str(known.severity if known else Severity.WARNING)


def key_figures(overview: Overview) -> list[tuple[str, str]]:
    """Name and number, as they stand in large letters at the top."""
    return [
        ("size", words.size(count)) if name == "bytes" else (_NOUNS.get(name, (name, name))[count != 1], f"{count:,}")
        for name, count in overview.counts
    ]


def sentences(findings: Findings) -> list[str]:
    """What there is, in up to three sentences."""
    found = [_amounts(findings.overview), _modalities(findings.overview), _state(findings)]
    return [sentence for sentence in found if sentence]


def _amounts(overview: Overview) -> str:
    counts = dict(overview.counts)
    if not any(counts.values()):
        return "There is nothing to tell: no series was found."
    parts = [words.counted(counts[name], *_NOUNS[name]) for name in ("series", "patients") if counts.get(name)]
    if counts.get("patients") and overview.nameless:
        parts[-1] += f" ({overview.nameless:,} of them without an ID or with a placeholder)"
    studies = [words.counted(counts["studies"], *_NOUNS["studies"])] if counts.get("studies") else []
    within = [words.counted(counts["instances"], *_NOUNS["instances"])] if counts.get("instances") else []
    within += [words.size(counts["bytes"])] if counts.get("bytes") else []
    beginning = " of ".join(parts) + (f" in {studies[0]}" if studies else "")
    return (beginning or "No series") + (f" ({', '.join(within)})" if within else "") + _days(overview) + "."


def _days(overview: Overview) -> str:
    if overview.has_untold_days:
        return ", years not told (the first or the last is of too few patients)"
    if not overview.first_day:
        return ""
    if overview.first_day == overview.last_day or not overview.last_day:
        return f", of {overview.first_day}"
    return f", from {overview.first_day} to {overview.last_day}"


def _modalities(overview: Overview) -> str:
    tally = next((tally for tally in overview.tallies if tally.title.casefold() in {"modality", "modalities"}), None)
    if tally is None:
        return ""
    if not tally.counts or tally.untold != 0:
        return f"Modalities: {listed(tally, 6)}."
    return f"{words.counted(len(tally.counts) + tally.rest, 'modality', 'modalities')}: {listed(tally, 6)}."


def listed(tally: Tally, most: int) -> str:
    """The first values with their counts, in a line."""
    parts = [f"{words.shortened(value, 40) or '(empty)'} {count:,}" for value, count in tally.counts[:most]]
    more = len(tally.counts[most:]) + tally.rest
    if more:
        parts.append(
            f"{more:,} more" if parts else f"{words.counted(more, 'value')}, none of enough patients to be told"
        )
    if tally.untold != 0:
        parts.append("others not told" if parts else "values not told")
    return ", ".join(parts)


def _state(findings: Findings) -> str:
    parts = []
    if findings.overview.problems or findings.overview.troubled:
        parts.append(_troubled(findings))
    elif findings.least > 1:
        parts.append(f"problems of fewer than {findings.least} patients are not told")
    if findings.outliers:
        differ = len({outlier.series for outlier in findings.outliers})
        parts.append(
            f"{differ:,} series {'differs' if differ == 1 else 'differ'} from {'its' if differ == 1 else 'their'} group"
        )
    lacking = sum(lacking_share(attribute) > 0 for attribute in findings.attributes)
    if lacking:
        parts.append(f"{lacking:,} of {words.counted(len(findings.attributes), 'attribute')} have missing values")
    return ("; ".join(parts)[:1].upper() + "; ".join(parts)[1:] + ".") if parts else ""


def _troubled(findings: Findings) -> str:
    """Series with problems, where it is known how many; else kinds of problems."""
    troubled = findings.overview.troubled
    if troubled:
        return f"{troubled:,} series {'has' if troubled == 1 else 'have'} problems"
    kinds = len({problem.code for problem in findings.overview.problems if severity(problem.code) != Severity.INFO})
    return f"{words.counted(kinds, 'kind')} of problems" if kinds else "no problems, only remarks"


# ---- what to look at first


def concerns(findings: Findings, place_of: dict[str, str]) -> list[Concern]:
    """What to look at first, worst first.

    Parameters
    ----------
    findings : Findings
    place_of : dict of str to str
        Where in the page an attribute is told, by its name.
    """
    found = [
        *_problems(findings), *_outliers(findings), *_missing(findings.attributes, place_of),
        *_clipped(findings.pixels), *_likenesses(findings),
    ]  # fmt: skip
    order = list(Severity.__members__.values())
    return sorted(found, key=lambda c: (c.more.endswith(NO_IMAGES), -order.index(Severity(c.severity))))


def _problems(findings: Findings) -> Iterator[Concern]:
    for problem in findings.overview.problems:
        if severity(problem.code) != Severity.INFO:
            yield Concern(problem.meaning, f"{problem.count:,} × {problem.code}", "problems", severity(problem.code))


def _outliers(findings: Findings) -> Iterator[Concern]:
    if findings.outliers:
        differ = len({outlier.series for outlier in findings.outliers})
        by = Counter(outlier.attribute for outlier in findings.outliers).most_common(4)
        in_what = ", ".join(f"{words.shortened(name, 40)} {count:,}" for name, count in by)
        text = f"{differ:,} series {'differs' if differ == 1 else 'differ'} from the others of the group."
        yield Concern(text, in_what, "outliers", "warning")


def _missing(attributes: Sequence[Attribute], place_of: dict[str, str]) -> Iterator[Concern]:
    lacking = [(lacking_share(one), one) for one in attributes if one.missing < one.rows]
    partly = sorted((pair for pair in lacking if pair[0] >= MUCH_MISSING), key=lambda pair: -pair[0])
    if partly:
        names = ", ".join(f"{words.shortened(one.name, 40)} {words.share(part)}" for part, one in partly[:4])
        more = f", and {len(partly) - 4:,} more" if len(partly) > 4 else ""
        lacks = "lacks" if len(partly) == 1 else "lack"
        text = f"{words.counted(len(partly), 'attribute')} {lacks} many values where there can be one."
        yield Concern(text, names + more, "attributes", "warning")
    unreadable = [one for one in attributes if one.unparsable]
    if unreadable:
        names = ", ".join(f"{words.shortened(one.name, 40)} {one.unparsable:,}" for one in unreadable[:6])
        place = place_of.get(unreadable[0].name, "attributes") if len(unreadable) == 1 else "attributes"
        has = "attribute has" if len(unreadable) == 1 else "attributes have"
        yield Concern(f"{len(unreadable):,} {has} values that cannot be read.", names, place, "warning")


def lacking_share(attribute: Attribute) -> float:
    """Share of the rows that lack a value, of those that could have one."""
    expected = attribute.rows if attribute.expected is None else attribute.expected
    return max(0, expected - (attribute.rows - attribute.missing)) / expected if expected else 0.0


def _clipped(pixels: Sequence[Intensities]) -> Iterator[Concern]:
    for found in pixels:
        if found.high_share > MUCH_CLIPPED:  # the least value is the background of most images
            text = f"{words.shortened(found.title, 60)}: pixels lie at the greatest value that can be stored."
            more = words.share(found.high_share)
            yield Concern(text, more, "pixels", "info")


def _likenesses(findings: Findings) -> Iterator[Concern]:
    """Groups of near-duplicates, and series of the other kinds, in one line."""
    counts: Counter[str] = Counter()
    for likeness in findings.likenesses:
        counts[likeness.kind] += 1 if likeness.kind == "near-duplicates" else len(likeness.series)
    if counts:
        parts = [words.counted(count, *_LIKENESS.get(kind, (kind, kind))) for kind, count in counts.items()]
        text = "Not all series are what one looks for, or only once there."
        yield Concern(text, words.shortened(", ".join(parts), 200), "alike", "info")


def in_a_line(attribute: Attribute) -> str:
    """The distribution of an attribute in a few words."""
    if attribute.nature is Nature.NUMBER and attribute.statistics:
        return _of_numbers(attribute)
    if attribute.nature is Nature.DATE and attribute.histogram is not None:
        return _of_days(attribute.histogram) + (", others not told" if untold_rows(attribute) else "")
    if attribute.nature is Nature.DATE and attribute.missing < attribute.rows:
        return "values not told"
    if attribute.tally is not None and (attribute.tally.counts or attribute.tally.rest or attribute.tally.untold != 0):
        return listed(attribute.tally, 3)
    return words.NOTHING


def untold_rows(attribute: Attribute) -> int:
    """Rows neither in the histogram nor told as missing: bins of too few people, and so few without a value."""
    found = attribute.histogram
    if found is None:
        return 0
    return attribute.rows - attribute.missing - sum(found.counts) - found.below - found.above


def _of_numbers(attribute: Attribute) -> str:
    known = {name: words.number(value) for name, value in attribute.statistics if value is not None}
    if attribute.distinct == 1 and "50%" in known:
        return f"always {known['50%']}"
    parts = [f"median {known['50%']}"] if "50%" in known else []
    if "min" in known and "max" in known:
        parts.append(f"{known['min']} to {known['max']}")
    return ", ".join(parts) or words.NOTHING


def _of_days(found: Histogram) -> str:
    """From the first to the last day, month or year that is not empty."""
    filled = [place for place, count in enumerate(found.counts) if count]
    if not filled:
        return words.NOTHING
    write = words.days_between(found.edges)
    first, last = write(found.edges[filled[0]]), write(found.edges[filled[-1] + 1] - 1)
    return first if first == last else f"{first} to {last}"
