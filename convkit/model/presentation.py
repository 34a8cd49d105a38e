"""A presentation state: how someone wanted images to be shown (PS3.3 A.33, PS3.4 N.2).

A state covers many images. `PresentationState.view` picks what holds for one frame; `PresentationView.over` puts its
grey levels in the place of what the image says, and `convkit.pictures.presentation` does the rest to the picture.
Coordinates are those of the standard: columns and rows from 1 for pixels, continuous (column, row) from 0 for graphics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from convkit.model.display import Display, LookupTable, Voi, VoiFunction, Window
from convkit.model.labels import Colour
from convkit.model.notes import Note

_T = TypeVar("_T")

WHITE = 0xFFFF
"""The greatest P-value of a shutter or a graphic layer, whatever the bits of the picture (PS3.3 C.10.7, C.7.6.15)."""

Point = tuple[float, float]
"""(column, row), continuous: the top left corner of the top left pixel is (0, 0) (PS3.3 C.10.5)."""

References = Mapping[str, frozenset[int]]
"""SOP Instance UID to the numbers of frames, from 1; no numbers stand for all frames."""


class Units(StrEnum):
    """What coordinates count (PS3.3 C.10.5, Graphic Annotation Units)."""

    PIXEL = "PIXEL"
    DISPLAY = "DISPLAY"


class GraphicKind(StrEnum):
    """Shape of a graphic (PS3.3 C.10.5.1.2)."""

    POINT = "POINT"
    POLYLINE = "POLYLINE"
    INTERPOLATED = "INTERPOLATED"
    CIRCLE = "CIRCLE"
    ELLIPSE = "ELLIPSE"


@dataclass(frozen=True, slots=True)
class Graphic:
    """One graphic object.

    Attributes
    ----------
    kind : GraphicKind
    points : tuple of Point
        CIRCLE: centre and a point on it. ELLIPSE: ends of the major axis, ends of the minor axis.
    units : Units
        PIXEL turns with the image, DISPLAY is a share of the displayed area after turning.
    is_filled : bool
    """

    kind: GraphicKind
    points: tuple[Point, ...]
    units: Units = Units.PIXEL
    is_filled: bool = False


@dataclass(frozen=True, slots=True)
class TextObject:
    """One text. It may say anything, names included.

    Attributes
    ----------
    text : str
        Lines are separated by newlines.
    box : two points or None
        Top left and bottom right corner.
    anchor : Point or None
    box_units, anchor_units : Units
    is_anchor_visible : bool
    alignment : str
        ``LEFT``, ``RIGHT`` or ``CENTER`` in the box.
    """

    text: str
    box: tuple[Point, Point] | None = None
    anchor: Point | None = None
    box_units: Units = Units.PIXEL
    anchor_units: Units = Units.PIXEL
    is_anchor_visible: bool = False
    alignment: str = "LEFT"


@dataclass(frozen=True, slots=True, eq=False)
class Bitmap:
    """A bitmap over the image: an overlay of the state.

    Attributes
    ----------
    mask : (rows, columns) bool, read-only
    row, column : int
        Of the image pixel under its first one, from 1.
    """

    mask: NDArray[np.bool_]
    row: int = 1
    column: int = 1

    def __post_init__(self) -> None:
        self.mask.flags.writeable = False


@dataclass(frozen=True, slots=True)
class Layer:
    """A graphic layer (PS3.3 C.10.7).

    Attributes
    ----------
    order : int
        Lower ones are drawn first.
    level : int
        Recommended grey as a P-value, 0 to `WHITE`; white where the state recommends none.
    colour : Colour or None
        Recommended colour.
    """

    order: int = 0
    level: int = WHITE
    colour: Colour | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """What is drawn together, in one layer.

    Attributes
    ----------
    layer : Layer
    graphics : tuple of Graphic
    texts : tuple of TextObject
    bitmaps : tuple of Bitmap
    """

    layer: Layer
    graphics: tuple[Graphic, ...] = ()
    texts: tuple[TextObject, ...] = ()
    bitmaps: tuple[Bitmap, ...] = ()


class Circle(NamedTuple):
    """A circular shutter: its centre, from 1, and its radius in pixels of a row."""

    row: float
    column: float
    radius: float


class Rectangle(NamedTuple):
    """Rows and columns of pixels, from 1, both ends included; they may lie outside of the image."""

    left: int
    upper: int
    right: int
    lower: int


@dataclass(frozen=True, slots=True, eq=False)
class Shutter:
    """What of the image is shown; all shapes together, so that the least remains (PS3.3 C.7.6.11, C.7.6.15).

    Attributes
    ----------
    rectangle : Rectangle or None
    circle : Circle or None
    polygon : tuple of (row, column), from 1
        Empty where there is none.
    bitmap : Bitmap or None
        True where the image is hidden.
    level : int
        P-value of what is hidden, 0 to `WHITE`.
    colour : Colour or None
        The same for a picture in colour.
    """

    rectangle: Rectangle | None = None
    circle: Circle | None = None
    polygon: tuple[tuple[float, float], ...] = ()
    bitmap: Bitmap | None = None
    level: int = 0
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """The displayed area (PS3.3 C.10.4).

    Attributes
    ----------
    rectangle : Rectangle
        Before turning and flipping.
    aspect : float or None
        Height of a pixel over its width, before turning.
    """

    rectangle: Rectangle
    aspect: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class GreyLevels:
    """From stored values to grey levels, all of it: nothing of the image's own is left (PS3.4 N.2.1).

    Attributes
    ----------
    slope, intercept : float
        1 and 0 where the state has no rescale, whatever the image has.
    modality_table : LookupTable or None
    units : str
    presentation_table : LookupTable or None
    is_inverse : bool
    """

    slope: float = 1.0
    intercept: float = 0.0
    modality_table: LookupTable | None = None
    units: str = ""
    presentation_table: LookupTable | None = None
    is_inverse: bool = False


class Scoped(NamedTuple, Generic[_T]):
    """Something that holds for some images.

    Attributes
    ----------
    item : anything
    references : References
        Empty where it holds for all images of the state.
    """

    item: _T
    references: References

    def covers(self, sop_instance_uid: str, frame_number: int) -> bool:
        """True where it holds for a frame, whose number counts from 1."""
        return not self.references or is_referenced(self.references, sop_instance_uid, frame_number)


def is_referenced(references: References, sop_instance_uid: str, frame_number: int) -> bool:
    """True where a frame, whose number counts from 1, is among the references."""
    frames = references.get(sop_instance_uid)
    return frames is not None and (not frames or frame_number in frames)


@dataclass(frozen=True, slots=True, eq=False)
class PresentationView:
    """What a state says of one frame.

    Attributes
    ----------
    levels : GreyLevels or None
        None for a state of colour images.
    voi : tuple of Voi
        Empty where all values are shown.
    area : Area or None
    rotation : int
        Degrees clockwise: 0, 90, 180 or 270; before the flip.
    is_flipped : bool
        Left to right.
    shutter : Shutter or None
    drawings : tuple of Drawing
        In the order in which they are drawn.
    palette : (entries, 3) uint8 or None
        Colours of grey levels, from black to white.
    notes : tuple of Note
        What of the state is not applied.
    """

    levels: GreyLevels | None = None
    voi: tuple[Voi, ...] = ()
    area: Area | None = None
    rotation: int = 0
    is_flipped: bool = False
    shutter: Shutter | None = None
    drawings: tuple[Drawing, ...] = ()
    palette: NDArray[np.uint8] | None = None
    notes: tuple[Note, ...] = ()

    @property
    def has_text(self) -> bool:
        """True where the state writes upon the image."""
        return any(drawing.texts for drawing in self.drawings)

    def over(self, display: Display) -> Display:
        """The display of an image as the state has it; padding, bits and modality stay those of the image."""
        aspect = (self.area.aspect if self.area else None) or display.aspect
        if self.levels is None:
            return replace(display, aspect=aspect)
        levels = self.levels
        low, high = _range(display)
        ends = (levels.slope * low + levels.intercept, levels.slope * high + levels.intercept)
        table = None if levels.modality_table is None else _signed(levels.modality_table, is_signed=low < 0)
        if table is not None:
            ends = 0.0, float(2**table.bits - 1)
        voi = tuple(_signed(v, is_signed=min(ends) < 0) if isinstance(v, LookupTable) else v for v in self.voi)
        return replace(
            display,
            slope=levels.slope,
            intercept=levels.intercept,
            modality_table=table,
            units=levels.units,
            voi=voi or (_identity(min(ends), max(ends)),),
            is_inverse=levels.is_inverse,
            presentation_table=levels.presentation_table,
            aspect=aspect,
        )


def _range(display: Display) -> tuple[int, int]:
    """Least and greatest stored value."""
    if display.is_signed:
        return -(1 << display.bits_stored - 1), (1 << display.bits_stored - 1) - 1
    return 0, (1 << display.bits_stored) - 1


def _identity(low: float, high: float) -> Window:
    """The window that shows every value there can be."""
    return Window((low + high) / 2, max(high - low, 1.0), VoiFunction.LINEAR_EXACT)


def _signed(table: LookupTable, *, is_signed: bool) -> LookupTable:
    """The table with the first input that it has for an image: only the image tells whether it is signed."""
    if not is_signed or table.first < 1 << 15:
        return table
    return replace(table, first=table.first - (1 << 16))


@dataclass(frozen=True, slots=True, eq=False)
class PresentationState:
    """A softcopy presentation state.

    Attributes
    ----------
    references : References
        Images that it is made for.
    levels : GreyLevels or None
        None for a state of colour images.
    vois : tuple of Scoped[tuple of Voi]
    areas : tuple of Scoped[Area]
    rotation, is_flipped, shutter, palette
        As in `PresentationView`.
    drawings : tuple of Scoped[Drawing]
        In the order of their layers.
    notes : tuple of Note
        What of the state is not applied.
    """

    references: References
    levels: GreyLevels | None = None
    vois: tuple[Scoped[tuple[Voi, ...]], ...] = ()
    areas: tuple[Scoped[Area], ...] = ()
    rotation: int = 0
    is_flipped: bool = False
    shutter: Shutter | None = None
    drawings: tuple[Scoped[Drawing], ...] = ()
    palette: NDArray[np.uint8] | None = None
    notes: tuple[Note, ...] = ()

    def applies_to(self, sop_instance_uid: str, frame_number: int = 1) -> bool:
        """True where the state is made for a frame, whose number counts from 1."""
        return is_referenced(self.references, sop_instance_uid, frame_number)

    def view(self, sop_instance_uid: str, frame_number: int = 1) -> PresentationView:
        """What the state says of a frame, whose number counts from 1."""
        voi = next((s.item for s in self.vois if s.covers(sop_instance_uid, frame_number)), ())
        area = next((s.item for s in self.areas if s.covers(sop_instance_uid, frame_number)), None)
        drawings = tuple(s.item for s in self.drawings if s.covers(sop_instance_uid, frame_number))
        return PresentationView(
            self.levels, voi, area, self.rotation, self.is_flipped, self.shutter, drawings, self.palette, self.notes
        )
