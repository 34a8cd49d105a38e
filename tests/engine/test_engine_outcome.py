"""Outcomes, the report, and the table of exit codes."""

from __future__ import annotations

import json
import pickle

import pytest

from convkit.engine.outcome import ExitCode, Outcome, Report, Status, failure, kind_of, note_of
from convkit.errors import ConvkitError, EngineError, GeometryError, OutputError
from convkit.model.notes import Severity, note

DONE, RESUMED, KEPT = Status.DONE, Status.RESUMED, Status.KEPT
SKIPPED, REFUSED, FAILED = Status.SKIPPED, Status.REFUSED, Status.FAILED


def report(*statuses: Status, notes: tuple = (), **options: bool) -> Report:
    outcomes = tuple(Outcome(f"series {number}", status, notes=notes) for number, status in enumerate(statuses))
    return Report(outcomes, **options)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((), 3),
        ((SKIPPED,), 3),
        ((SKIPPED, SKIPPED), 3),
        ((DONE,), 0),
        ((DONE, SKIPPED), 0),
        ((RESUMED, RESUMED), 0),
        ((KEPT,), 0),
        ((KEPT, SKIPPED), 0),
        ((DONE, FAILED), 4),
        ((DONE, REFUSED), 4),
        ((RESUMED, FAILED), 4),
        ((KEPT, REFUSED), 4),
        ((FAILED,), 5),
        ((REFUSED,), 5),
        ((REFUSED, FAILED), 5),
        ((SKIPPED, FAILED), 5),
    ],
)
def test_exit_code_follows_from_the_statuses(statuses: tuple[Status, ...], expected: int) -> None:
    assert report(*statuses).exit_code == expected
    assert report(*reversed(statuses)).exit_code == expected
    assert report(*statuses, interrupted=True).exit_code == ExitCode.INTERRUPTED == 130


@pytest.mark.parametrize(
    ("code", "strict", "expected"),
    [
        ("geometry.tilted", False, 0),
        ("geometry.tilted", True, 6),
        ("pixels.error", True, 6),
        ("pixels.junk-bits", True, 0),
    ],
)
def test_strict_minds_warnings_and_worse(code: str, strict: bool, expected: int) -> None:
    assert report(DONE, notes=(note(code),), strict=strict).exit_code == expected
    assert Report((Outcome("a", DONE),), notes=(note(code),), strict=strict).exit_code == expected


def test_failures_and_nothing_to_do_come_before_strict() -> None:
    warnings = (note("geometry.tilted"),)
    assert report(DONE, FAILED, notes=warnings, strict=True).exit_code == 4
    assert report(SKIPPED, notes=warnings, strict=True).exit_code == 3


def test_report_is_ok_unless_refused_failed_or_interrupted() -> None:
    assert report(DONE, SKIPPED, KEPT, RESUMED).ok
    assert not report(DONE, REFUSED).ok
    assert not report(DONE, FAILED).ok
    assert not report(DONE, interrupted=True).ok


def test_counts_name_every_status() -> None:
    assert report(DONE, DONE, FAILED).counts == {
        DONE: 2,
        Status.PLANNED: 0,
        RESUMED: 0,
        KEPT: 0,
        SKIPPED: 0,
        REFUSED: 0,
        FAILED: 1,
    }


def test_report_survives_json_and_pickle() -> None:
    outcome = Outcome("series 1", DONE, ("a.nii.gz",), (note("geometry.tilted"),), {"shape": [1, 2]})
    whole = Report((outcome,), notes=(note("engine.journal-reset"),), strict=True)
    assert pickle.loads(pickle.dumps(whole)) == whole
    told = json.loads(json.dumps(whole.to_json()))
    assert told["exit_code"] == 6
    assert told["counts"]["done"] == 1
    assert told["outcomes"][0]["facts"] == {"shape": [1, 2]}
    assert told["outcomes"][0]["notes"][0]["code"] == "geometry.tilted"


def test_outcomes_can_be_members_of_a_set() -> None:
    assert len({Outcome("a", DONE, facts={"n": 1}), Outcome("a", DONE, facts={"n": 1})}) == 1


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (GeometryError("x", "s", "h", "geometry.missing-slice"), REFUSED, "geometry.missing-slice"),
        (OutputError("x"), FAILED, "output.error"),
        (EngineError("x"), FAILED, "engine.error"),
        (ConvkitError("x", code="unheard.of"), FAILED, "unheard.of"),
        (KeyError("DOE^JANE"), FAILED, "engine.unexpected"),
    ],
)
def test_errors_become_coded_outcomes(error: Exception, status: Status, code: str) -> None:
    outcome = failure("series 1", error)
    assert (outcome.item, outcome.status) == ("series 1", status)
    assert [each.code for each in outcome.notes] == [code]
    assert outcome.notes[0].severity is Severity.ERROR


def test_note_keeps_the_words_of_our_errors() -> None:
    told = note_of(GeometryError("what", "where", "hint", "geometry.missing-slice"))
    assert (told.text, told.where, told.hint) == ("what", "where", "hint")


def test_note_of_an_unexpected_error_tells_type_and_line_only() -> None:
    with pytest.raises(KeyError) as caught:
        {}["DOE^JANE"]
    text = note_of(caught.value).text
    assert "KeyError" in text
    assert f"{__name__}:" in text
    assert "DOE" not in text


def test_kind_of_an_operating_system_error_names_its_symbol() -> None:
    assert kind_of(FileNotFoundError(2, "No such file", "/data/DOE^JANE.dcm")) == "FileNotFoundError (ENOENT)"
