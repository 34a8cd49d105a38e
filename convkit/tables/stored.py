"""A table of Parquet that is there already, read a row group and a few columns at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from convkit.tables._arrow import column_of, metadata_of, pyarrow, table_file


class StoredTable:
    """An open file.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    metadata : dict
        What was told of the whole table.
    columns : tuple of Column
    groups : int
        Number of row groups.

    Raises
    ------
    ValueError
        It is no Parquet, or damaged.
    MissingExtraError
        pyarrow is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._file = table_file(path)
        if self._file is None:
            raise ValueError("no Parquet")
        self.metadata = metadata_of(self._file)
        self.columns = tuple(map(column_of, self._file.schema_arrow))
        self.groups: int = self._file.num_row_groups

    def __len__(self) -> int:
        count: int = self._file.metadata.num_rows
        return count

    def group(self, number: int) -> Any:
        """A row group as a piece (see `tables.pieces.ArrowPieces`).

        Raises
        ------
        ValueError
            The file is damaged.
        """
        return self._read(number, None)

    def cells(self, number: int, names: Sequence[str]) -> list[list[Any]]:
        """The cells of some columns of a row group.

        Raises
        ------
        ValueError
            The file is damaged.
        """
        batch = self._read(number, list(names))
        return [batch.column(name).to_pylist() for name in names]

    def chosen(self, number: int, names: Sequence[str], places: Sequence[int]) -> list[list[Any]]:
        """The cells of some columns of a row group, of some of its rows.

        Raises
        ------
        ValueError
            The file is damaged.
        """
        batch = self._read(number, list(names)).take(pyarrow().array(places))
        return [batch.column(name).to_pylist() for name in names]

    def _read(self, number: int, names: list[str] | None) -> Any:
        pa = pyarrow()
        try:
            table = self._file.read_row_group(number, columns=names, use_threads=False)
        except (OSError, pa.ArrowException) as err:
            raise ValueError("damaged Parquet") from err
        table = table.combine_chunks()
        arrays = [c.chunk(0) if c.num_chunks else pa.nulls(0, c.type) for c in table.columns]
        return pa.RecordBatch.from_arrays(arrays, schema=table.schema)

    def least(self, name: str) -> list[Any]:
        """The least cell of a column in each row group, by the statistics of the file; None where they do not say."""
        place = self._file.schema_arrow.get_field_index(name)
        # The first columns of a row group have one leaf each; those before may be lists of one leaf as well.
        found = []
        for number in range(self.groups):
            statistics = self._file.metadata.row_group(number).column(place).statistics
            found.append(statistics.min if statistics is not None and statistics.has_min_max else None)
        return found

    def close(self) -> None:
        """Close the file."""
        self._file.close()
