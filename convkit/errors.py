"""The exception tree: every error says what, where, and what to do about it.

Messages name tags, keywords and paths, never the value of an attribute: a value may identify a person.
Arguments are positional and all reach `Exception.__init__`, so that every error survives pickling between
processes.
"""

from __future__ import annotations

from typing import ClassVar


class ConvkitError(Exception):
    """Base of all errors that convkit raises on purpose.

    Parameters
    ----------
    what : str
        What is wrong: the tag and keyword, what was expected, what was found.
    where : str
        Path or series, or empty.
    hint : str
        What the user can do, or empty.
    code : str
        Stable problem code such as ``geometry.missing-slice``; empty takes the class's own.
    """

    default_code: ClassVar[str] = "convkit.error"

    def __init__(self, what: str, where: str = "", hint: str = "", code: str = "") -> None:
        super().__init__(what, where, hint, code)
        self.what = what
        self.where = where
        self.hint = hint
        self.code = code or self.default_code

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{place}{self.what}{hint}"


class UsageError(ConvkitError):
    """A wrong option, argument, expression or template."""

    default_code = "usage.error"


class InputError(ConvkitError):
    """The input cannot be used."""

    default_code = "input.error"


class NotDicomError(InputError):
    """The file is not DICOM, or cannot be read at all."""

    default_code = "input.not-dicom"


class MissingAttributeError(InputError):
    """An attribute that is needed is absent or has no usable value."""

    default_code = "header.missing-attribute"


class UnsupportedError(InputError):
    """The object is sound DICOM, but of a kind that is not handled."""

    default_code = "object.unsupported"


class PixelError(InputError):
    """The pixel data are truncated, contradictory, or cannot be decoded."""

    default_code = "pixels.error"


class GeometryError(InputError):
    """The slices do not form a volume."""

    default_code = "geometry.error"


class ValueRangeError(InputError):
    """The values do not fit where they were asked to go."""

    default_code = "values.error"


class MultipleVolumesError(InputError):
    """One volume was asked for, and there are several."""

    default_code = "input.multiple-volumes"


class OutputError(ConvkitError):
    """The destination cannot be written."""

    default_code = "output.error"


class EngineError(ConvkitError):
    """A worker process died or the journal is unusable."""

    default_code = "engine.error"


class MissingExtraError(ConvkitError):
    """An optional library is absent; the hint names the extra that installs it."""

    default_code = "install.missing-extra"


def install(extra: str) -> str:
    """The hint how to install an extra: from the source, because on PyPI the name is that of another project."""
    return f"Install the extra {extra!r}: pip install '.[{extra}]', where the source of convkit is."
