"""Numbers to pictures: windows, planes, drawing. Sees arrays and what a header means, never a DICOM data set."""
