"""Two columns: the same numbers as pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convkit.survey.columns import People, Table, categories, numbers
from convkit.survey.pairs import association, co_occurrence, correlations_of, crosstab, pairs_of, ranks_of

NUMBER = st.one_of(st.none(), st.integers(-4, 4), st.floats(-1e6, 1e6).map(lambda x: round(x, 3)))
ROWS = st.lists(st.tuples(NUMBER, NUMBER, NUMBER), max_size=40)
TEXT = st.one_of(st.none(), st.sampled_from("abcd"))


quickly = settings(deadline=None, max_examples=50)


def alone(rows: int, least: int = 0) -> People:
    return People(np.arange(rows), least)


def agree(found: Any, expected: pd.DataFrame, values: pd.DataFrame) -> None:
    for i, row in enumerate(found):
        for j, value in enumerate(row):
            other = expected.iat[i, j]
            if value is None:
                both = values.iloc[:, [i, j]].dropna()
                # pandas makes numbers of rounding errors where a column does not vary.
                assert np.isnan(other) or (both.nunique() < 2).any()
            else:
                assert value == pytest.approx(other, abs=1e-6)


@quickly
@given(ROWS)
def test_correlations_are_those_of_pandas(rows: list[tuple[Any, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=list("xyz"), dtype="float64")
    found = correlations_of([numbers(name, frame[name].tolist()) for name in frame], alone(len(rows)))
    agree(found.pearson, frame.corr(method="pearson"), frame)
    agree(found.spearman, frame.corr(method="spearman"), frame)
    there = frame.notna().astype(int)
    assert np.array_equal(np.array(found.counts), (there.T @ there).to_numpy())


@quickly
@given(st.lists(st.one_of(st.integers(-3, 3), st.floats(-10, 10)), max_size=40))
def test_ranks_are_those_of_pandas(values: list[float]) -> None:
    array = np.array(values, np.float64)
    np.testing.assert_array_equal(ranks_of(array), pd.Series(array).rank().to_numpy())


@pytest.mark.parametrize("cells", [[0.1] * 7, [5], [], [None, None], [1e8 + 0.1] * 3])
def test_what_does_not_vary_has_no_correlation(cells: list[Any]) -> None:
    found = correlations_of([numbers("x", cells), numbers("y", list(range(len(cells))))], alone(len(cells)))
    assert found.pearson[0][1] is None
    assert found.spearman[0][1] is None


def test_large_numbers_do_not_overflow() -> None:
    found = correlations_of([numbers("x", [1e200, 2e200, 3e200]), numbers("y", [1e-200, 2e-200, 3e-200])], alone(3))
    assert found.pearson[0][1] == pytest.approx(1)


@quickly
@given(st.lists(st.tuples(TEXT, TEXT), max_size=60))
def test_co_occurrences_are_those_of_pandas(rows: list[tuple[str | None, str | None]]) -> None:
    frame = pd.DataFrame(rows, columns=["x", "y"], dtype="object")
    found = co_occurrence(categories("x", frame["x"].tolist()), categories("y", frame["y"].tolist()), alone(len(rows)))
    both = frame.dropna()
    expected = pd.crosstab(both["y"], both["x"])
    for row, counts in zip(found.rows, found.counts, strict=True):
        for column, count in zip(found.columns, counts, strict=True):
            is_there = row in expected.index and column in expected.columns
            assert count == (expected.loc[row, column] if is_there else 0)
    assert sum(map(sum, found.counts)) == len(both)


def test_findings_that_occur_together() -> None:
    cells = [["nodule", "effusion"], ["nodule"], None, ["effusion", "nodule"], ["mass"]]
    column = categories("finding", cells, is_label=True)
    found = co_occurrence(column, column, alone(5))
    at = {
        (r, c): n
        for r, ns in zip(found.rows, found.counts, strict=True)
        for c, n in zip(found.columns, ns, strict=True)
    }
    assert at["nodule", "nodule"] == 3
    assert at["nodule", "effusion"] == at["effusion", "nodule"] == 2
    assert at["mass", "nodule"] == 0


@quickly
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 8)), min_size=1, max_size=60),
    st.integers(2, 5),
)
def test_cells_of_few_people_are_hidden_and_do_not_follow_from_sums(rows: list[Any], least: int) -> None:
    frame = pd.DataFrame(rows, columns=["x", "y", "p"])
    x, y = (categories(name, frame[name].tolist()) for name in "xy")
    found = co_occurrence(x, y, People(frame["p"].to_numpy(), least))
    persons = frame.groupby(["y", "x"])["p"].nunique()
    counts = np.array([[np.nan if n is None else n for n in row] for row in found.counts])
    for i, row in enumerate(found.rows):
        for j, column in enumerate(found.columns):
            if counts[i, j] > 0:
                assert persons[row, column] >= least
    if counts.size:
        truth = np.array(
            [[crosstab(x, y)[y.labels.index(r), x.labels.index(c)] for c in found.columns] for r in found.rows]
        )
        for hidden, shown in ((np.isnan(counts), truth), (np.isnan(counts).T, truth.T)):
            for line, values in zip(hidden, shown, strict=True):
                assert line.sum() != 1 or not (values[~line] > 0).any()


def test_association() -> None:
    assert association(np.array([[50, 0], [0, 50]])) == pytest.approx(1, abs=0.02)
    assert association(np.array([[25, 25], [25, 25]])) == 0
    assert association(np.zeros((0, 3), int)) == association(np.array([[5, 3]])) == 0


def test_scatter_plots_are_of_what_goes_together() -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=4000)
    columns = (
        numbers("x", x.tolist()),
        numbers("noise", random.normal(size=4000).tolist()),
        numbers("y", (2 * x + random.normal(size=4000) / 9).tolist()),
        numbers("constant", [1.0] * 4000),
    )
    first = pairs_of(Table(columns, alone(4000))).scatters[0]
    assert {first.x, first.y} == {"x", "y"}
    assert first.rows == 4000
    assert 1000 <= len(first.points) <= 1500
    assert first.pearson == pytest.approx(pd.Series(x).corr(pd.Series(columns[2].values)))
    assert pairs_of(Table(columns, alone(4000, least=5))).scatters == ()


def test_two_rows_make_no_scatter_plot() -> None:
    found = pairs_of(Table((numbers("x", [1, 2, 3]), numbers("y", [1, 2, 3])), alone(3)))
    assert found.scatters == ()
    assert found.correlations is not None


@pytest.mark.parametrize("rows", [0, 1])
def test_no_row_and_one_row(rows: int) -> None:
    table = Table((numbers("x", [1] * rows), numbers("y", [2] * rows), categories("c", ["a"] * rows)), alone(rows))
    found = pairs_of(table)
    assert found.scatters == found.co_occurrences == ()


def test_no_number_at_all() -> None:
    table = Table((categories("c", ["a", "b"] * 9), categories("d", ["x", "y"] * 9)), alone(18))
    found = pairs_of(table)
    assert found.correlations is None
    assert len(found.co_occurrences) == 1
