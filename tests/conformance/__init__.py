"""Conversion of real data sets, held against reference output; see `docs/fidelity.md`."""
