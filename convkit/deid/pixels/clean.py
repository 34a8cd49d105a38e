"""Judges the pixels of one object under a policy: pass as they are, pass with boxes blank, or may not pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from convkit.deid.pixels.blank import all_blank, blanked
from convkit.deid.pixels.box import Box, on_picture, outside
from convkit.deid.pixels.devices import Device, shipped
from convkit.deid.pixels.facts import Facts, facts_of
from convkit.deid.pixels.image import Image, image_of
from convkit.deid.pixels.look import CLOSE, PLAIN, Extent, extent_of, look
from convkit.deid.pixels.readers import Reader, reader
from convkit.deid.pixels.risk import Level, Risk, risk_of
from convkit.dicom import syntaxes
from convkit.dicom.tree import Element, Tree
from convkit.errors import InputError, PixelError


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


def judged(tree: Tree, policy: PixelPolicy, *, read_with: Callable[[], Reader] = reader) -> PixelVerdict:
    """What becomes of the pixels of an object; the tree is left as it is.

    Parameters
    ----------
    tree : Tree
    policy : PixelPolicy
    read_with : callable
        Makes the reader of text; called under ``ocr`` alone, and only where there is something to read.

    Raises
    ------
    MissingExtraError
        Nothing that reads text is installed.
    """
    if policy.mode is PixelMode.ALLOW:
        return _copied(_UNSEEN)
    facts = facts_of(tree)
    risk = risk_of(facts, tree.transfer_syntax)
    if risk.code == "none":
        return _copied(risk)
    if risk.code == "document":
        return _refused(risk, risk.code, "Documents cannot be cleaned.")
    if policy.mode is PixelMode.REFUSE:
        return _copied(risk) if risk.level is Level.NONE else _refused(risk, risk.code, _at_risk(risk))
    if tree.transfer_syntax in syntaxes.VIDEO:
        return _refused(risk, "video", "Video cannot be cleaned.")
    if risk.code == "computed":
        return _copied(risk)
    try:
        return _cleaned(tree, facts, risk, policy, read_with)
    except InputError:
        return _unreadable(tree, risk, policy)


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


def _cleaned(
    tree: Tree, facts: Facts, risk: Risk, policy: PixelPolicy, read_with: Callable[[], Reader]
) -> PixelVerdict:
    known = _known(facts, policy)
    if policy.mode is PixelMode.REGIONS:
        if known.boxes or known.is_matched:
            image = image_of(tree)
            return _changed(tree, image, extent_of(image), known.boxes, risk)._replace(looked=known.is_catalogued)
        return _copied(risk) if risk.level is Level.NONE else _refused(risk, "no-region", _at_risk(risk))
    image = image_of(tree)
    extent = extent_of(image)
    asked: list[Reader] = []

    def asking() -> Reader:
        asked[:] = [read_with()]
        return asked[0]

    care = PLAIN if risk.level is Level.NONE else CLOSE
    found = look(image, extent, asking, care=care, known=known.boxes)
    if not found.is_clean:
        return _refused(risk, "still-text", "Text is still found where all that was found had been blanked.")
    if risk.code == "said-burned" and not (found.boxes or found.has_marks):
        return _refused(risk, risk.code, "BurnedInAnnotation is YES, and no text was found.")
    is_proof = all(one.is_thorough for one in asked)
    if not found.boxes:
        return _copied(risk)._replace(looked=is_proof)
    return _changed(tree, image, extent, found.boxes, risk)._replace(looked=is_proof)


def _unreadable(tree: Tree, risk: Risk, policy: PixelPolicy) -> PixelVerdict:
    """The verdict on pixels that nobody can look at; those of plain slices pass, as their header says what they are."""
    if risk.level is Level.NONE:
        return _copied(risk)
    refused = _refused(risk, "unreadable", "The pixels cannot be decoded, so nobody can tell what is in them.")
    if not policy.blank_unreadable:
        return refused
    try:
        made = all_blank(tree, image_of(tree))
    except InputError:
        return refused
    why = "The pixels cannot be decoded, and all of them were blanked."
    return PixelVerdict(Kind.CHANGED, "unreadable", why, risk, looked=True)._replace(**made._asdict())


# --- regions ---------------------------------------------------------------------------------------------


class _Known(NamedTuple):
    """What is to be blanked before anybody looks."""

    boxes: tuple[Box, ...]
    is_matched: bool
    is_catalogued: bool


def _known(facts: Facts, policy: PixelPolicy) -> _Known:
    rows, columns = facts.rows, facts.columns
    device = next((one for one in (*policy.devices, *shipped()) if one.fits(facts)), None)
    boxes = list(policy.boxes)
    boxes += device.blanked(rows, columns) if device else ()
    has_regions = _are_credible(facts)
    boxes += outside(facts.regions, rows, columns) if has_regions else ()
    is_catalogued = device is not None or bool(policy.boxes)
    return _Known(on_picture(boxes, rows, columns), is_catalogued or has_regions, is_catalogued)


_LEAST_SHARE = 0.1
"""Of the picture that regions must cover: less is a mistake of the device, and the picture would be lost."""


def _are_credible(facts: Facts) -> bool:
    inside = on_picture(facts.regions, facts.rows, facts.columns)
    return sum(box.height * box.width for box in inside) >= _LEAST_SHARE * facts.rows * facts.columns > 0


# --- verdicts --------------------------------------------------------------------------------------------


def _copied(risk: Risk) -> PixelVerdict:
    return PixelVerdict(Kind.COPIED, risk.code, f"The pixels are copied: {risk.why}.", risk)


def _refused(risk: Risk, code: str, why: str) -> PixelVerdict:
    return PixelVerdict(Kind.REFUSED, code, why, risk)


def _at_risk(risk: Risk) -> str:
    return f"The pixels may hold text that identifies: {risk.why}."


def _changed(tree: Tree, image: Image, extent: Extent, boxes: tuple[Box, ...], risk: Risk) -> PixelVerdict:
    if not boxes:
        return _copied(risk)._replace(looked=True)
    made = blanked(tree, image, boxes, extent)
    why = f"Text was blanked in {len(boxes)} places."
    return PixelVerdict(Kind.CHANGED, risk.code, why, risk, looked=True, boxes=boxes)._replace(**made._asdict())
