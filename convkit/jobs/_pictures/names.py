"""How pictures are named: the template, and where the number of a picture stands in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from convkit.errors import UsageError
from convkit.jobs._names import OWN_FIELDS, PICTURE_FIELDS, Template, template
from convkit.jobs._pictures.choices import View

DEFAULT_STEM = "{study}/{SeriesNumber:03d}_{SeriesDescription}{split}{view}"


class Names(NamedTuple):
    """How pictures are named.

    Attributes
    ----------
    template : Template
    suffix : str
    is_animated : bool
        One file for all pictures of a series or volume.
    joint : str or None
        What stands before the number of a plane; None where the template itself places the number, or there is none.
    """

    template: Template
    suffix: str
    is_animated: bool
    joint: str | None = None


def names_of(  # noqa: PLR0913 (what names depend on)
    text: str | None,
    view: View,
    suffix: str,
    *,
    is_animated: bool,
    phi_in_names: bool,
    keeps: Callable[[str], bool] | None = None,
) -> Names:
    """The checked template for a view.

    Raises
    ------
    UsageError
        See `convkit.jobs._names.template`.
    """
    has_many = not is_animated and view in {View.NATIVE, View.AXIAL}
    own = OWN_FIELDS | PICTURE_FIELDS
    given = text or (f"{DEFAULT_STEM}/{_PICTURE}" if has_many else DEFAULT_STEM)
    first = template(given, phi_in_names=phi_in_names, own=own, keeps=keeps)
    if has_many and "picture" not in first.fields:
        given = f"{given}_{_PICTURE}"
    joint = None
    if has_many and view is View.AXIAL:
        given, joint = _without_picture(given)
    checked = template(given, phi_in_names=phi_in_names, must_hold=("split", "view"), own=own, keeps=keeps)
    return Names(checked, suffix, is_animated, joint)


_PICTURE = "{picture}"


def _without_picture(text: str) -> tuple[str, str]:
    """The template before the number of the plane, and what joins them."""
    if not text.endswith(_PICTURE) or text.count(_PICTURE) > 1:
        raise UsageError("{picture} must be the end of the name of a plane.", "--filename")
    stem = text.removesuffix(_PICTURE)
    bare = stem.rstrip("/_-")
    if not bare:
        hint = "Name the volume as well, such as {series}/{picture}."
        raise UsageError("The number of a plane alone would be the same for all volumes.", "--filename", hint)
    return bare, stem[len(bare) :][-1:]
