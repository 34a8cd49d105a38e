"""Names of the data types of voxels, for those who have no array yet."""

from __future__ import annotations

DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
"""Data types that every writer can carry."""
