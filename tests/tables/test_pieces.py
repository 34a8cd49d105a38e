"""Tables that are made piece by piece: nothing is lost on the way, whatever the columns of a piece."""

from __future__ import annotations

import csv
import json
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convkit.errors import UsageError
from convkit.model.table import Column, Kind, named, widened
from convkit.tables.pieces import GROUP_ROWS, Piece, pieces_for
from convkit.tables.stored import StoredTable
from convkit.tables.unfinished import Unfinished, unfinished_path

COLUMNS = (
    Column("text", Kind.TEXT),
    Column("integer", Kind.INTEGER),
    Column("number", Kind.NUMBER),
    Column("date", Kind.DATE),
    Column("time", Kind.TIME),
    Column("many", Kind.NUMBER, is_list=True),
)
VALUES: list[list[Any]] = [
    ["a", "ü|,\n", None],
    [1, None, -(2**62)],
    [0.5, None, -1e300],
    [date(2020, 2, 29), None, date(1900, 1, 1)],
    [time(10, 11, 12, 5), None, time(0)],
    [[1.5, None], None, [2.0]],
]
SUFFIXES = [".csv", ".jsonl", ".parquet"]


def made(path: Path, pieces: list[tuple[tuple[Column, ...], list[list[Any]]]], columns: tuple[Column, ...]) -> Path:
    """A table of some pieces, each of which has travelled as bytes."""
    own = pieces_for(path)
    with own.sink(path, columns, {"level": "instance"}) as sink:
        for each in pieces:
            piece = own.decode(own.encode(Piece(*each)))
            sink.write(piece, 0, len(each[1][0]))
    return path


def read_back(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    pq = pytest.importorskip("pyarrow.parquet", reason="the extra tables is not installed")
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def test_parquet_has_the_values_in_their_types(tmp_path: Path) -> None:
    rows = read_back(made(tmp_path / "x.parquet", [(COLUMNS, VALUES)], COLUMNS))
    assert [[row[c.name] for row in rows] for c in COLUMNS] == VALUES


def test_text_has_the_values_in_words(tmp_path: Path) -> None:
    (first, second, _) = read_back(made(tmp_path / "x.jsonl", [(COLUMNS, VALUES)], COLUMNS))
    assert first == {
        "text": "a",
        "integer": 1,
        "number": 0.5,
        "date": "2020-02-29",
        "time": "10:11:12.000005",
        "many": [1.5, None],
    }
    assert second["text"] == "ü|,\n"
    (first, second, _) = read_back(made(tmp_path / "x.csv", [(COLUMNS, VALUES)], COLUMNS))
    assert (first["date"], first["many"], second["integer"]) == ("2020-02-29", "1.5|", "")
    assert second["text"] == "ü|,\n"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_columns_that_a_piece_lacks_are_empty_in_its_rows(suffix: str, tmp_path: Path) -> None:
    one, other = (COLUMNS[0], COLUMNS[1]), (COLUMNS[2], COLUMNS[0])
    path = made(tmp_path / f"x{suffix}", [(one, [["a"], [1]]), (other, [[2.5], ["b"]])], COLUMNS[:3])
    nothing = "" if suffix == ".csv" else None
    rows = read_back(path)
    assert [row["text"] for row in rows] == ["a", "b"]
    assert [row["number"] for row in rows] == [nothing, "2.5" if suffix == ".csv" else 2.5]
    assert [row["integer"] for row in rows] == ["1" if suffix == ".csv" else 1, nothing]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize(
    ("kinds", "values", "expected"),
    [
        ((Kind.INTEGER, Kind.NUMBER), ([1], [2.5]), [1, 2.5]),
        ((Kind.TEXT, Kind.TEXT), (["a"], ["b"]), ["a", "b"]),
    ],
)
def test_pieces_that_differ_in_a_type_get_one_that_holds_both(
    suffix: str, kinds: tuple[Kind, Kind], values: tuple[list[Any], list[Any]], expected: list[Any], tmp_path: Path
) -> None:
    columns = [Column("x", kind) for kind in kinds]
    wanted = tuple(named(columns).values())
    path = made(tmp_path / f"x{suffix}", [((c,), [v]) for c, v in zip(columns, values, strict=True)], wanted)
    assert [row["x"] for row in read_back(path)] == expected


def test_types_without_a_common_one_become_text(tmp_path: Path) -> None:
    columns = [Column("x", Kind.INTEGER, is_list=True), Column("x", Kind.TEXT)]
    assert widened(*columns) == Column("x", Kind.TEXT, is_list=True)
    path = made(tmp_path / "x.parquet", [((columns[0],), [[[1, 2]]]), ((columns[1],), [["b"]])], (widened(*columns),))
    assert [row["x"] for row in read_back(path)] == [["1", "2"], ["b"]]


def test_row_groups_are_cut_by_number_of_rows(tmp_path: Path) -> None:
    column = (Column("x", Kind.INTEGER),)
    count = GROUP_ROWS // 2 + 1
    path = made(tmp_path / "x.parquet", [(column, [list(range(count))])] * 3, column)
    stored = StoredTable(path)
    assert stored.groups == 2
    assert [row["x"] for row in read_back(path)] == list(range(count)) * 3
    assert stored.metadata == {"level": "instance"}
    assert stored.least("x") == [0, 0]


def test_many_columns_do_not_make_a_large_file(tmp_path: Path) -> None:
    columns = tuple(Column(f"c{n}", Kind.TEXT) for n in range(2000))
    pieces = [((columns[n],), [["value"] * 4]) for n in range(0, 2000, 20)]
    path = made(tmp_path / "x.parquet", pieces, columns)  # type: ignore[arg-type]
    assert path.stat().st_size < 400 * 2000


def test_a_table_that_fails_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        pieces_for(tmp_path / "x.xlsx")


# --- what is there of an unfinished table ----------------------------------------------------------------


def test_pieces_come_back_in_their_order(tmp_path: Path) -> None:
    path = unfinished_path(tmp_path / "x.parquet")
    with Unfinished(path, "a") as file:
        assert list(file.pieces()) == []
        spans = [file.append(data) for data in (b"one", b"", b"three" * 1000)]
        assert [file.read(span) for span in spans] == [b"one", b"", b"three" * 1000]
    with Unfinished(path, "a") as file:
        assert list(file.pieces()) == list(zip(spans, [b"one", b"", b"three" * 1000], strict=True))
        file.append(b"four")
        file.remove()
    assert not path.exists()


def test_file_without_a_piece_is_removed_and_none_with_one(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with Unfinished(path, "a"):
        assert path.exists()
    assert not path.exists()
    with Unfinished(path, "a") as file:
        file.append(b"one")
    with Unfinished(path, "a"):
        pass  # what fails before it has looked at the pieces
    with Unfinished(path, "a") as file:
        assert [piece for _, piece in file.pieces()] == [b"one"]


def test_pieces_of_something_else_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with Unfinished(path, "a") as file:
        file.append(b"one")
    with Unfinished(path, "b") as file:
        assert list(file.pieces()) == []


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5), st.data())
def test_a_file_cut_or_spoilt_anywhere_gives_the_pieces_before(pieces: list[bytes], data: st.DataObject) -> None:
    import tempfile  # noqa: PLC0415 (hypothesis and fixtures of folders do not go together)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        with Unfinished(path, "a") as file:
            start = path.stat().st_size or 19
            ends = [span.offset + span.length for span in map(file.append, pieces)]
        whole = path.read_bytes()
        place = data.draw(st.integers(start, len(whole) - 1))
        if data.draw(st.booleans()):
            path.write_bytes(whole[:place])
        else:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        kept = [piece for piece, end in zip(pieces, ends, strict=True) if end <= place]
        with Unfinished(path, "a") as file:
            assert [found for _, found in file.pieces()] == kept
            file.append(b"more")
        with Unfinished(path, "a") as file:
            assert [found for _, found in file.pieces()] == [*kept, b"more"]
