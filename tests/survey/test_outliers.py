"""Series that differ from their group, and series that are alike."""

from __future__ import annotations

from typing import Any

import pytest

from convkit.survey.likeness import Trace, is_aside, likenesses
from convkit.survey.outliers import Member, outliers


def member(number: int, modality: str = "CT", protocol: str = "Chest", part: str = "CHEST", **values: Any) -> Member:
    return Member(f"s/{number}", modality, protocol, part, "", values)


def trace(number: int, **changes: Any) -> Trace:
    return Trace(f"s/{number}", ("ORIGINAL", "PRIMARY"), "1.2", "T1", 1, 100, None)._replace(**changes)


def test_a_number_far_from_the_median_is_an_outlier() -> None:
    found = outliers([*(member(n, spacing=1 + n / 100) for n in range(9)), member(9, spacing=5.0)])
    assert [(one.series, one.attribute, one.value) for one in found] == [("s/9", "spacing", "5")]
    assert found[0].group == "CT, Chest, 10 series"


def test_a_number_that_nearly_all_others_share() -> None:
    found = outliers([*(member(n, kvp=120.0) for n in range(9)), member(9, kvp=100.0)])
    assert [(one.series, one.usual, one.why) for one in found] == [("s/9", "120", "9 of 10 have the usual value")]


def test_a_kernel_that_nearly_all_others_share() -> None:
    found = outliers([*(member(n, kernel="B30f") for n in range(4)), member(4, kernel="B70f")])
    assert [(one.series, one.value, one.usual) for one in found] == [("s/4", "B70f", "B30f")]


def test_two_kernels_of_like_frequency_are_both_usual() -> None:
    assert outliers([member(n, kernel="soft" if n % 2 else "sharp") for n in range(10)]) == ()


def test_rounding_is_no_difference() -> None:
    assert outliers([member(n, spacing=0.7 + n % 2 * 0.0001) for n in range(10)]) == ()


def test_a_small_group_has_no_outliers() -> None:
    assert outliers([*(member(n, kvp=120.0) for n in range(3)), member(3, kvp=80.0)]) == ()


def test_rare_protocols_are_compared_by_body_part() -> None:
    members = [member(n, protocol=f"protocol {n}", kvp=120.0) for n in range(5)]
    found = outliers([*members, member(5, protocol="", kvp=80.0)])
    assert [(one.series, one.group) for one in found] == [("s/5", "CT, Chest, 6 series")]


def test_kinds_of_sequences_are_apart_within_a_protocol() -> None:
    diffusion = [member(n, "MR", "Brain", te=90.0)._replace(way="EP 2D diffusion") for n in range(6)]
    functional = member(7, "MR", "Brain", te=30.0)._replace(way="EP 2D functional")
    assert outliers([*diffusion, functional]) == ()
    odd = diffusion[0]._replace(series="s/9", values={"te": 50.0})
    assert [one.group for one in outliers([*diffusion, odd])] == ["MR, Brain, EP 2D diffusion, 7 series"]


def test_magnetic_resonance_of_unknown_sequence_is_compared_within_its_protocol_alone() -> None:
    members = [member(n, "MR", f"p{n}", "HEAD", te=90.0) for n in range(6)]
    assert outliers([*members, member(7, "MR", "p7", "HEAD", te=3.0)]) == ()
    members = [member(n, "MR", "p", "HEAD", te=90.0) for n in range(6)]
    assert len(outliers([*members, member(7, "MR", "p", "HEAD", te=3.0)])) == 1


def test_modalities_are_apart() -> None:
    members = [member(n, kvp=120.0) for n in range(5)]
    assert outliers([*members, member(9, modality="DX", kvp=60.0)]) == ()


def test_missing_values_are_no_outliers() -> None:
    assert outliers([*(member(n, kvp=120.0) for n in range(5)), member(9, kvp=None), member(10)]) == ()


def test_numbers_and_texts_in_one_attribute_are_compared_as_texts() -> None:
    found = outliers([*(member(n, spacing=1.0) for n in range(5)), member(9, spacing="1\\2")])
    assert [one.series for one in found] == ["s/9"]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, "localizer"),
        ({"description": "3-plane Localizer"}, "localizer"),
        ({"description": "Topogram 0.6 T20f"}, "localizer"),
        ({"description": "CT SCOUT AP"}, "localizer"),
        ({"orientations": 3, "images": 9}, "localizer"),
        ({"sop_class": "1.2.840.10008.5.1.4.1.1.7"}, "secondary capture"),
        ({"sop_class": "1.2.840.10008.5.1.4.1.1.7.4"}, "secondary capture"),
        ({"image_type": ("DERIVED", "PRIMARY")}, "derived"),
        ({"image_type": ("ORIGINAL", "SECONDARY")}, "derived"),
    ],
)
def test_kinds(changes: dict[str, Any], kind: str) -> None:
    (found,) = likenesses([trace(1, **changes)])
    assert (found.kind, found.series) == (kind, ("s/1",))


@pytest.mark.parametrize("changes", [{}, {"orientations": 3, "images": 300}, {"description": "scouting for talent no"}])
def test_series_like_any_other(changes: dict[str, Any]) -> None:
    assert likenesses([trace(1, **changes)]) == ()


def test_near_duplicates_share_a_signature() -> None:
    found = likenesses([trace(1, signature="a"), trace(2, signature="a"), trace(3, signature="b"), trace(4)])
    assert [(one.kind, one.series) for one in found] == [("near-duplicates", ("s/1", "s/2"))]


def test_exact_duplicates_are_counted_and_are_no_kind() -> None:
    found = likenesses([trace(1, doubles=3), trace(2)])
    assert [(one.kind, one.series) for one in found] == [("exact duplicates", ("s/1",))]
    assert found[0].why == "3 files are there more than once, byte for byte; each counts once"
    assert not is_aside(trace(1, doubles=3))
    assert is_aside(trace(1, image_type=("DERIVED",)))


def test_unknown_signatures_are_not_the_same() -> None:
    assert likenesses([trace(1), trace(2)]) == ()
