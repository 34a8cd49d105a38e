"""Judges the pixels of one object under a policy: pass as they are, pass with boxes blank, or may not pass.

Most objects are judged by their header alone; `clean` looks at the pixels of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from convkit.deid.pixels.box import Box
from convkit.deid.pixels.facts import facts_of
from convkit.deid.pixels.risk import Level, Risk, risk_of
from convkit.dicom import syntaxes
from convkit.dicom.tree import Element, Tree
from convkit.errors import PixelError

if TYPE_CHECKING:
    from convkit.deid.pixels.devices import Device
    from convkit.deid.pixels.readers import Reader


class PixelMode(StrEnum):
    """What is done about text in pixels."""

    REFUSE = "refuse"
    REGIONS = "regions"
    OCR = "ocr"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class PixelPolicy:
    """What may pass.

    Attributes
    ----------
    mode : PixelMode
    devices : tuple of Device
        Of an own catalogue; they are asked before those that convkit knows.
    boxes : tuple of Box
        Blanked in every image; ``regions`` and ``ocr`` alone.
    blank_unreadable : bool
        True blanks all of an image at risk that no codec opens, False refuses it; under ``ocr`` alone.
    """

    mode: PixelMode = PixelMode.REFUSE
    devices: tuple[Device, ...] = ()
    boxes: tuple[Box, ...] = ()
    blank_unreadable: bool = False


class Kind(StrEnum):
    """What becomes of an object for its pixels."""

    COPIED = "copied"
    CHANGED = "changed"
    REFUSED = "refused"


class PixelVerdict(NamedTuple):
    """What becomes of the pixels of an object.

    Attributes
    ----------
    kind : Kind
    code : str
        Stable, such as ``ultrasound``.
    why : str
        A sentence without any value of the object.
    risk : Risk
    looked : bool
        True where the pixels were looked at, or a catalogue knows them: Burned In Annotation may be written as NO.
    boxes : tuple of Box
        What was blanked, in every frame.
    changes : mapping of int to Element or None
        Elements of the top level that take the place of those of the tree; None where one is to go.
    transfer_syntax : str or None
        Of the file to be written, where another one is needed.
    """

    kind: Kind
    code: str
    why: str
    risk: Risk
    looked: bool = False
    boxes: tuple[Box, ...] = ()
    changes: dict[int, Element | None] = {}  # noqa: RUF012 (never changed)
    transfer_syntax: str | None = None


def judged(tree: Tree, policy: PixelPolicy, *, read_with: Callable[[], Reader] | None = None) -> PixelVerdict:
    """What becomes of the pixels of an object; the tree is left as it is.

    Parameters
    ----------
    tree : Tree
    policy : PixelPolicy
    read_with : callable or None
        Makes the reader of text; called under ``ocr`` alone, and only where there is something to read. None takes
        the one that is installed.

    Raises
    ------
    MissingExtraError
        Nothing that reads text is installed.
    """
    if policy.mode is PixelMode.ALLOW:
        return copied(_UNSEEN)
    facts = facts_of(tree)
    risk = risk_of(facts, tree.transfer_syntax)
    if risk.code == "none":
        return copied(risk)
    if risk.code == "document":
        return refused(risk, risk.code, "Documents cannot be cleaned.")
    if policy.mode is PixelMode.REFUSE:
        return copied(risk) if risk.level is Level.NONE else refused(risk, risk.code, at_risk(risk))
    if tree.transfer_syntax in syntaxes.VIDEO:
        return refused(risk, "video", "Video cannot be cleaned.")
    if risk.code == "computed":
        return copied(risk)
    from convkit.deid.pixels.clean import cleaned  # noqa: PLC0415 (numpy and the rest: 0.15 s, for few objects)

    return cleaned(tree, facts, risk, policy, read_with)


def put(verdict: PixelVerdict, tree: Tree) -> None:
    """Give a tree the pixels that may pass in place of its own."""
    changes = verdict.changes
    kept = [element for element in tree.elements if element.tag not in changes]
    tree.elements = sorted((*kept, *filter(None, changes.values())), key=lambda element: element.tag)
    tree.transfer_syntax = verdict.transfer_syntax or tree.transfer_syntax


def put_judged(tree: Tree, policy: PixelPolicy) -> bool:
    """Give a tree the pixels that may pass; True where somebody has looked at them.

    Raises
    ------
    PixelError
        They may not pass.
    """
    verdict = judged(tree, policy)
    if verdict.kind is Kind.REFUSED:
        hint = "Choose pixels=ocr, or look at the image and choose pixels=allow for it alone."
        raise PixelError(verdict.why, tree.path, hint, "deid.pixels-at-risk")
    put(verdict, tree)
    return verdict.looked


_UNSEEN = Risk(Level.POSSIBLE, "unseen", "all pixels may pass, and nobody has looked")


def copied(risk: Risk) -> PixelVerdict:
    """The verdict on pixels that pass as they are."""
    return PixelVerdict(Kind.COPIED, risk.code, f"The pixels are copied: {risk.why}.", risk)


def refused(risk: Risk, code: str, why: str) -> PixelVerdict:
    """The verdict on pixels that may not pass."""
    return PixelVerdict(Kind.REFUSED, code, why, risk)


def at_risk(risk: Risk) -> str:
    """A sentence for pixels that nobody has looked at."""
    return f"The pixels may hold text that identifies: {risk.why}."
