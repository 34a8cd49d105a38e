"""Jobs, end to end: DICOM files in, files of other formats out."""
