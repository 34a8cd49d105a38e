"""Pixels that somebody has to look at: regions that a catalogue or the header knows, and text that is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from convkit.deid.pixels.blank import all_blank, blanked
from convkit.deid.pixels.box import Box, on_picture, outside
from convkit.deid.pixels.devices import shipped
from convkit.deid.pixels.facts import Facts
from convkit.deid.pixels.image import Image, image_of
from convkit.deid.pixels.judge import Kind, PixelMode, PixelPolicy, PixelVerdict, at_risk, copied, refused
from convkit.deid.pixels.look import CLOSE, PLAIN, Extent, extent_of, look
from convkit.deid.pixels.readers import Reader, reader
from convkit.deid.pixels.risk import Level, Risk
from convkit.dicom.tree import Tree
from convkit.errors import InputError


def cleaned(
    tree: Tree, facts: Facts, risk: Risk, policy: PixelPolicy, read_with: Callable[[], Reader] | None = None
) -> PixelVerdict:
    """What becomes of pixels at risk under ``regions`` and ``ocr``; see `judged`."""
    try:
        return _looked_at(tree, facts, risk, policy, read_with or reader)
    except InputError:
        return _unreadable(tree, risk, policy)


def _looked_at(
    tree: Tree, facts: Facts, risk: Risk, policy: PixelPolicy, read_with: Callable[[], Reader]
) -> PixelVerdict:
    known = _known(facts, policy)
    if policy.mode is PixelMode.REGIONS:
        if known.boxes or known.is_matched:
            image = image_of(tree)
            return _changed(tree, image, extent_of(image), known.boxes, risk)._replace(looked=known.is_catalogued)
        return copied(risk) if risk.level is Level.NONE else refused(risk, "no-region", at_risk(risk))
    image = image_of(tree)
    extent = extent_of(image)
    asked: list[Reader] = []

    def asking() -> Reader:
        asked[:] = [read_with()]
        return asked[0]

    care = PLAIN if risk.level is Level.NONE else CLOSE
    found = look(image, extent, asking, care=care, known=known.sure)
    if any(box.meets(other) for box in found.boxes for other in known.outside):
        # What stands outside of the picture proper is there to be read: where one word is found, all of it goes.
        found = look(image, extent, asking, care=care, known=(*known.boxes, *found.boxes))
    if not found.is_clean:
        return refused(risk, "still-text", "Text is still found where all that was found had been blanked.")
    if risk.code == "said-burned" and not (found.boxes or found.has_marks):
        return refused(risk, risk.code, "BurnedInAnnotation is YES, and no text was found.")
    is_proof = all(one.is_thorough for one in asked)
    if not found.boxes:
        return copied(risk)._replace(looked=is_proof)
    return _changed(tree, image, extent, found.boxes, risk)._replace(looked=is_proof)


def _unreadable(tree: Tree, risk: Risk, policy: PixelPolicy) -> PixelVerdict:
    """The verdict on pixels that nobody can look at; those of plain slices pass, as their header says what they are."""
    if risk.level is Level.NONE:
        return copied(risk)
    refusal = refused(risk, "unreadable", "The pixels cannot be decoded, so nobody can tell what is in them.")
    if not policy.blank_unreadable:
        return refusal
    try:
        made = all_blank(tree, image_of(tree))
    except InputError:
        return refusal
    why = "The pixels cannot be decoded, and all of them were blanked."
    return PixelVerdict(Kind.CHANGED, "unreadable", why, risk, looked=True)._replace(**made._asdict())


# --- regions ---------------------------------------------------------------------------------------------


class _Known(NamedTuple):
    """What is to be blanked before anybody looks."""

    sure: tuple[Box, ...]
    outside: tuple[Box, ...]
    is_matched: bool
    is_catalogued: bool

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All of them."""
        return (*self.sure, *self.outside)


def _known(facts: Facts, policy: PixelPolicy) -> _Known:
    rows, columns = facts.rows, facts.columns
    device = next((one for one in (*policy.devices, *shipped()) if one.fits(facts)), None)
    boxes = list(policy.boxes)
    boxes += device.blanked(rows, columns) if device else ()
    has_regions = _are_credible(facts)
    beside = outside(facts.regions, rows, columns) if has_regions else ()
    is_catalogued = device is not None or bool(policy.boxes)
    sure = on_picture(boxes, rows, columns)
    return _Known(sure, on_picture(beside, rows, columns), is_catalogued or has_regions, is_catalogued)


_LEAST_SHARE = 0.1
"""Of the picture that regions must cover: less is a mistake of the device, and the picture would be lost."""


def _are_credible(facts: Facts) -> bool:
    inside = on_picture(facts.regions, facts.rows, facts.columns)
    return sum(box.height * box.width for box in inside) >= _LEAST_SHARE * facts.rows * facts.columns > 0


def _changed(tree: Tree, image: Image, extent: Extent, boxes: tuple[Box, ...], risk: Risk) -> PixelVerdict:
    if not boxes:
        return copied(risk)._replace(looked=True)
    made = blanked(tree, image, boxes, extent)
    why = f"Text was blanked in {len(boxes)} places."
    return PixelVerdict(Kind.CHANGED, risk.code, why, risk, looked=True, boxes=boxes)._replace(**made._asdict())
