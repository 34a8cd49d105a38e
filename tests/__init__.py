"""Tests of convkit; a package, so that `from tests.builders import ...` works from the repository root."""
