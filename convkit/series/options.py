"""Options of this room."""

from __future__ import annotations

from dataclasses import dataclass

from convkit.quirks import ValueChoices
from convkit.series.choices import Irregular, Tilt, Values


@dataclass(frozen=True, slots=True)
class StackOptions:
    """How slices become stacks.

    Attributes
    ----------
    irregular : Irregular
    tilt : Tilt
    choices : ValueChoices
        How vendors' rescales are meant.
    """

    irregular: Irregular = Irregular.ERROR
    tilt: Tilt = Tilt.KEEP
    choices: ValueChoices = ValueChoices()  # noqa: RUF009 (frozen)


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How stacks become volumes.

    Attributes
    ----------
    values : Values
    dtype : str
        ``auto`` or a name from `convkit.model.dtypes.DTYPES`.
    keep : tuple of str
        Further DICOM keywords for the sidecar.
    choices : ValueChoices
        How the vendors' rescales in the stacks are meant.
    """

    values: Values = Values.AUTO
    dtype: str = "auto"
    keep: tuple[str, ...] = ()
    choices: ValueChoices = ValueChoices()  # noqa: RUF009 (frozen)
