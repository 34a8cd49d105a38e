from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.errors import UsageError
from convkit.model.display import VoiFunction, Window
from convkit.pictures.window_choices import (
    Auto,
    Fixed,
    FromFile,
    FullRange,
    Percentiles,
    Preset,
    WindowChoice,
    parse_window,
)
from convkit.pictures.windows import PRESETS


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("auto", Auto()),
        (" AUTO ", Auto()),
        ("full", FullRange()),
        ("file", FromFile()),
        ("file:1", FromFile(0)),
        ("file:12", FromFile(11)),
        ("file:BONE", FromFile(None, "BONE")),
        ("File: Soft Tissue ", FromFile(None, "Soft Tissue")),
        ("lung", Preset("lung")),
        ("Soft Tissue", Preset("soft-tissue")),
        ("temporal_bone", Preset("temporal-bone")),
        ("40/400", Fixed(Window(40, 400))),
        ("-600/1500", Fixed(Window(-600, 1500))),
        ("40.5 / 1e3", Fixed(Window(40.5, 1000))),
        ("40/400/sigmoid", Fixed(Window(40, 400, VoiFunction.SIGMOID))),
        ("0.5/0.25/LINEAR_EXACT", Fixed(Window(0.5, 0.25, VoiFunction.LINEAR_EXACT))),
        ("0.5/0.25/exact", Fixed(Window(0.5, 0.25, VoiFunction.LINEAR_EXACT))),
        ("p1-99", Percentiles(1, 99)),
        ("P0.5-99.5", Percentiles(0.5, 99.5)),
        ("p0-p100", Percentiles(0, 100)),
    ],
)
def test_a_text_is_read_as_its_choice(text: str, choice: WindowChoice) -> None:
    assert parse_window(text) == choice


@given(
    st.one_of(
        st.sampled_from([Auto(), FullRange(), FromFile(), *map(Preset, PRESETS)]),
        st.builds(FromFile, st.integers(0, 99)),
        st.builds(FromFile, st.none(), st.from_regex(r"[A-Za-z][A-Za-z :/_-]{0,9}[A-Za-z]", fullmatch=True)),
        st.builds(
            lambda center, width, function: Fixed(Window(center, width, function)),
            st.floats(allow_nan=False, allow_infinity=False),
            st.floats(1, allow_infinity=False),
            st.sampled_from(list(VoiFunction)),
        ),
        st.builds(lambda low, gap: Percentiles(low / 64, low / 64 + gap), st.integers(0, 3000), st.integers(1, 50)),
    )
)
def test_what_is_written_is_read_back(choice: WindowChoice) -> None:
    assert parse_window(str(choice)) == choice


@pytest.mark.parametrize(
    ("text", "nearest"), [("lungs", "lung"), ("bones", "bone"), ("medistinum", "mediastinum"), ("aut", "auto")]
)
def test_a_slip_of_the_pen_gets_the_nearest_name(text: str, nearest: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_window(text)
    assert f"Did you mean {nearest}?" in caught.value.hint


@pytest.mark.parametrize("text", ["", "???", "40", "40,400", "file:", "file:0", "p1", "files:2", "p-1-99"])
def test_what_is_no_window_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        parse_window(text)


@pytest.mark.parametrize(
    "text",
    ["40/0", "40/0.5", "40/-400", "nan/400", "40/nan", "40/inf", "inf/1", "a/b", "1/2/3", "1/2/linear/4", "/", "40/",
     "0/0/sigmoid", "p99-1", "p1-1", "p1-101"],
)  # fmt: skip
def test_numbers_that_make_no_window_have_their_code(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_window(text)
    assert caught.value.code == "values.bad-window"


@given(st.text(max_size=20))
def test_no_text_whatever_ends_in_another_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        parse_window(text)
