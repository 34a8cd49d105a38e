"""Reads DICOM encoding: headers, values, pixels, folders of files. The lean reader first, pydicom for the rest."""
