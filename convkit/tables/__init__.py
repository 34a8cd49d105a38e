"""Rows of plain values to text, CSV, JSON Lines and Parquet. No DICOM here."""

from __future__ import annotations

from convkit.tables.save import save_rows, to_arrow
from convkit.tables.text import text_table

__all__ = ["save_rows", "text_table", "to_arrow"]
