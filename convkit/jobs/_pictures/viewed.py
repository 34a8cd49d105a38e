"""Pictures of volumes: axial planes, three planes side by side, a sheet of planes, projections; in patient space."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.jobs._pictures.choices import View
from convkit.jobs._pictures.image_file import ImageFile
from convkit.jobs._pictures.laid_over import Laid, laid_on_plane
from convkit.jobs._pictures.look import LEAST_WITH_MARKS, Look
from convkit.jobs._pictures.pieces import Viewed
from convkit.jobs._pictures.stored import FramePicture, window_text
from convkit.model.display import Display, Voi, Window
from convkit.model.labels import Plane
from convkit.model.notes import Note, note
from convkit.model.picture import Picture
from convkit.model.volume import MappingState, ValueMapping, Volume
from convkit.pictures import annotate, compose, resize
from convkit.pictures.planes import PlaneKind, Planes, across_the_body, planes_of
from convkit.pictures.voi import grey, image_values, real
from convkit.pictures.windows import Auto, Percentiles, chosen
from convkit.series.load import load
from convkit.series.options import LoadOptions

_THREE = (PlaneKind.AXIAL, PlaneKind.CORONAL, PlaneKind.SAGITTAL)

_SAMPLE_SLICES = 16
"""Slices that a window is measured on, evenly spread."""

SHEET_PIXELS = 2048
"""Longer side of a sheet of planes where no size was asked for: fits a screen, and a plane is still seen."""

_LEAST_TILE = 32
"""Pixels of the longer side of a plane on a sheet, at least."""


LaidOn = Callable[[Plane], Laid]
"""What is laid over a plane in space."""


class _Body(NamedTuple):
    """One volume in memory with all that its pictures need.

    Attributes
    ----------
    volume : Volume
    display : Display
        For the values of its array.
    voi : Voi
    look : Look
    laid : callable or None
        What is laid over a plane.
    seen : list of Laid
        What was, so far.
    """

    volume: Volume
    display: Display
    voi: Voi
    look: Look
    laid: LaidOn | None
    seen: list[Laid]

    def planes(self, kind: PlaneKind, place: int) -> Planes:
        """The planes of one of its time points."""
        return planes_of(
            self.volume.array[place],
            self.volume.affine_lps,
            kind,
            stack_axis=self.volume.source_axis,
            is_placed=self.volume.is_placed,
            padding=self.display.padding,
        )

    def picture(self, values: NDArray[Any], aspect: float) -> Picture:
        """Values of a plane as a picture."""
        if self.volume.is_colour:
            return Picture(np.ascontiguousarray(values, np.uint8), aspect)
        return Picture(grey(np.ascontiguousarray(values), self.display, self.voi, bits=self.look.bits), aspect)


def viewed_pictures(source: Viewed, look: Look, segmentations: Sequence[str]) -> Iterator[FramePicture]:
    """Yield the pictures of a volume: one a plane, or one for all."""
    volume = load(source.stack, source.leads, LoadOptions())
    space = source.leads.first.text("FrameOfReferenceUID")
    laid = partial(laid_on_plane, label_images=look.labels, segmentations=segmentations, space=space)
    is_laid = bool(look.labels or segmentations) and volume.is_placed
    display = _display(source, volume)
    yield from pictures_of(volume, display, look, planes=source.planes, laid=laid if is_laid else None)


def pictures_of(
    volume: Volume, display: Display, look: Look, *, planes: Sequence[int] = (), laid: LaidOn | None = None
) -> Iterator[FramePicture]:
    """Yield the pictures of a volume in memory.

    Parameters
    ----------
    volume : Volume
    display : Display
        For the values of its array.
    look : Look
    planes : sequence of int
        Which axial planes.
    laid : callable or None
        What is laid over a plane.
    """
    volume, display = _rising(volume, display)
    voi, doubts = _window(volume, display, look)
    body = _Body(volume, display, voi, look, laid, [])
    notes = (*(n for n in volume.notes if n.code not in _OF_FILES), *doubts, *_first_only(volume))
    window = "" if volume.is_colour else window_text(voi)
    for picture in _VIEWS[look.view](body, planes):
        doubts = tuple(dict.fromkeys(each for one in body.seen for each in one.notes))
        yield FramePicture(picture, window, (*notes, *doubts), is_laid_over=any(one.is_seen for one in body.seen))


def kind_across(volume: Volume) -> PlaneKind:
    """What is shown of a volume as planes across the body."""
    return across_the_body(volume.array.shape[1 + volume.source_axis], is_placed=volume.is_placed)


def _window(volume: Volume, display: Display, look: Look) -> tuple[Voi, tuple[Note, ...]]:
    """The window of all pictures of a volume.

    A projection holds the largest values alone, which a window for slices shows all white: it is measured on them.
    """
    if look.view is not View.MIP or not isinstance(look.window, Auto) or volume.is_colour:
        return chosen(look.window, display, lambda: _sample(volume, display))
    body = _Body(volume, display, Window(0, 1), look, None, [])
    return chosen(_OF_PROJECTIONS, display, lambda: [image_values(body.planes(k, 0).mip(), display) for k in _THREE])


_OF_PROJECTIONS = Percentiles(5, 99.9)


def _display(source: Viewed, volume: Volume) -> Display:
    """How the middle image of a volume is meant to be shown, for the values of the volume's array."""
    frames = source.stack.frames[0]
    middle = frames[len(frames) // 2]
    image = ImageFile.open(middle.pixels.path)
    found = image.valued(middle.place if middle.pixels.picture is None else 0)
    return display_in(volume, found)


def display_in(volume: Volume, display: Display) -> Display:
    """The display of an image of a volume, for values as the volume's array holds them."""
    slope, intercept = volume.mapping.pending
    is_stored = volume.mapping.state is MappingState.PENDING
    return replace(
        display,
        slope=slope,
        intercept=intercept,
        modality_table=display.modality_table if is_stored else None,
        padding=display.padding if is_stored else None,
    )


_OF_FILES = frozenset({"geometry.tilted"})
"""Notes that matter to a file with an affine: planes set tilted slices upright."""


def _rising(volume: Volume, display: Display) -> tuple[Volume, Display]:
    """The volume in values that can be interpolated, and whose largest is the largest real one.

    Stored values are not where a Modality LUT bends them, or a rescale turns them round.
    """
    if volume.is_colour or (display.modality_table is None and display.slope > 0):
        return volume, display
    applied = ValueMapping(state=MappingState.APPLIED)
    shown = replace(display, slope=1.0, intercept=0.0, modality_table=None, padding=None)
    return replace(volume, array=real(volume.array, display), mapping=applied), shown


def _sample(volume: Volume, display: Display) -> list[NDArray[Any]]:
    slices = volume.array.reshape(-1, *volume.shape[2:])
    count = min(_SAMPLE_SLICES, len(slices))
    return [image_values(slices[int((i + 0.5) * len(slices) / count)], display) for i in range(count)]


def _first_only(volume: Volume) -> tuple[Note, ...]:
    if volume.shape[0] == 1:
        return ()
    return (note("preview.first-volume", f"The first of {volume.shape[0]} volumes is shown."),)


# --- the views -------------------------------------------------------------------------------------------


def _axial(body: _Body, places: Sequence[int]) -> Iterator[Picture]:
    planes = body.planes(kind_across(body.volume), 0)
    for place in places:
        picture = _with_laid(body.look.sized(body.picture(planes.plane(place), planes.aspect)), planes, place, body)
        yield _annotated(picture, planes, body.look)


def _three(body: _Body, _places: Sequence[int]) -> Iterator[Picture]:
    yield _side_by_side(body, lambda planes: planes.plane(planes.count // 2), is_projection=False)


def _mip(body: _Body, _places: Sequence[int]) -> Iterator[Picture]:
    yield _side_by_side(body, lambda planes: planes.mip(), is_projection=True)


def _side_by_side(body: _Body, values_of: Callable[[Planes], NDArray[Any]], *, is_projection: bool) -> Picture:
    all_planes = [body.planes(kind, 0) for kind in _THREE]
    pictures = [body.picture(values_of(planes), planes.aspect) for planes in all_planes]
    widths = [planes.column_mm for planes in all_planes]
    scaled, mm = resize.to_one_scale(pictures, widths, _mm_per_pixel(all_planes, _least_size(all_planes, body.look)))
    if not is_projection:
        scaled = [
            _with_laid(picture, planes, planes.count // 2, body)
            for picture, planes in zip(scaled, all_planes, strict=True)
        ]
    if body.look.letters:
        scaled = [annotate.with_letters(p, planes.letters) for p, planes in zip(scaled, all_planes, strict=True)]
    if body.look.scale_bar:
        scaled[0] = annotate.with_scale_bar(scaled[0], mm)
    whole = compose.side_by_side(scaled, gap=_GAP)
    # The scale comes as near to the size as whole pixels let it.
    return whole if body.look.size is None else resize.fitted(whole, body.look.size)


def _least_size(all_planes: Sequence[Planes], look: Look) -> int | None:
    """The size that was asked for, or the one that pictures side by side must have for marks upon them."""
    if look.size is not None or not look.has_marks:
        return look.size
    finest = min(planes.column_mm for planes in all_planes)
    width = sum(planes.shape[2] * planes.column_mm for planes in all_planes) / finest
    least = LEAST_WITH_MARKS * len(all_planes)
    return least if width < least else None


def _mm_per_pixel(all_planes: Sequence[Planes], size: int | None) -> float | None:
    """The scale that makes the longer side of pictures side by side so long; None for that of the finest pixels."""
    if size is None:
        return None
    width = sum(planes.shape[2] * planes.column_mm for planes in all_planes)
    height = max(planes.shape[1] * planes.row_mm for planes in all_planes)
    gaps = _GAP * (len(all_planes) - 1)
    return max(width / max(size - gaps, 1), height / size)


_GAP = 4
"""Pixels between pictures side by side."""


def _mosaic(body: _Body, places: Sequence[int]) -> Iterator[Picture]:
    planes = body.planes(kind_across(body.volume), 0)
    height, width = planes.shape[1] * planes.row_mm, planes.shape[2] * planes.column_mm
    across = compose.near_square(len(places), height / width)
    size = _tile_size(planes, body.look, max(across * width, -(-len(places) // across) * height) / max(height, width))
    tiles = []
    for place in places:
        small = resize.fitted(body.picture(planes.plane(place), planes.aspect), size)
        tiles.append(_with_laid(small, planes, place, body))
    yield compose.mosaic(tiles, across)


def _tile_size(planes: Planes, look: Look, tiles: float) -> int:
    """Longer side of a plane on a sheet whose longer side holds so many; never enlarged unless a size was asked for."""
    if look.size:
        return max(1, int(look.size / tiles))
    return min(max(_LEAST_TILE, int(SHEET_PIXELS / tiles)), max(planes.shape[1:]))


_VIEWS: dict[View, Callable[[_Body, Sequence[int]], Iterator[Picture]]] = {
    View.AXIAL: _axial,
    View.THREE: _three,
    View.MOSAIC: _mosaic,
    View.MIP: _mip,
}


def _with_laid(picture: Picture, planes: Planes, place: int, body: _Body) -> Picture:
    """The picture with contours of label images and segmentations."""
    if body.laid is None:
        return picture
    found = body.laid(Plane.of_slice(planes.affine_lps, place, planes.shape[1], planes.shape[2]))
    body.seen.append(found)
    return found.on(picture)


def _annotated(picture: Picture, planes: Planes, look: Look) -> Picture:
    if look.letters:
        picture = annotate.with_letters(picture, planes.letters)
    if look.scale_bar and planes.is_placed:
        picture = annotate.with_scale_bar(picture, planes.column_mm * planes.shape[2] / picture.pixels.shape[1])
    return picture
