"""Frozen types and pure geometry. Nothing here opens a path or sees a DICOM data set."""
