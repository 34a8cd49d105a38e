"""The demonstration: ``python -m convkit.demo``. It uses convkit as a stranger would, and proves the result.

Real DICOM comes from the installed pydicom and nibabel, phantoms are made here; nothing is downloaded. No other room
imports this one.
"""
