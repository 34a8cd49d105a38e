"""Rows of plain values to text, CSV, JSON Lines and Parquet. No DICOM here."""

from __future__ import annotations

from convkit.tables.pieces import plain
from convkit.tables.save import save_rows, to_arrow, to_pandas
from convkit.tables.text import text_table

__all__ = ["plain", "save_rows", "text_table", "to_arrow", "to_pandas"]
