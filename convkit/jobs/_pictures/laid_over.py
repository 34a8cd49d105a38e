"""What is laid over pictures: overlay planes, segmentations, label images, presentation states.

Files that many pictures need are read once a process and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from convkit.dicom.overlays import OverlayPlane, overlays_of, placed
from convkit.dicom.segment_masks import ImageFrame, masks_for, masks_on
from convkit.dicom.segmentation import Segmentation, segmentation_of
from convkit.dicom.segmentation import referenced_series as series_of_segmentation
from convkit.errors import ConvkitError, InputError
from convkit.jobs._pictures.image_file import ImageFile
from convkit.model.labels import LabelImage, LabelMask, Plane
from convkit.model.notes import Note, note
from convkit.model.picture import Picture
from convkit.model.presentation import PresentationState, PresentationView
from convkit.pictures.contour import outlines, resized_bitmap, resized_labels, with_bitmap, with_contours, with_masks
from convkit.series.label_image import label_image, labels_on
from convkit.storage.files import file_stamp

_KEPT = 8
"""Label images, segmentations and states that are kept; a run seldom has more, and each may be large."""


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """What is laid over one picture, on the matrix of its image.

    Attributes
    ----------
    bitmaps : tuple of (rows, columns) bool
        Overlay planes.
    labels : tuple of (rows, columns) integer
        Of label images.
    masks : tuple of LabelMask
        Of segmentations.
    notes : tuple of Note
    """

    bitmaps: tuple[NDArray[np.bool_], ...] = ()
    labels: tuple[NDArray[np.integer], ...] = ()
    masks: tuple[LabelMask, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def is_seen(self) -> bool:
        """True where a label lies on the picture."""
        return bool(self.masks) or any(labels.any() for labels in self.labels)

    def on(self, picture: Picture) -> Picture:
        """The picture, of whatever size it has by now, with all of it."""
        rows, columns = picture.pixels.shape[:2]
        for bitmap in self.bitmaps:
            picture = with_bitmap(picture, resized_bitmap(bitmap, rows, columns))
        for labels in self.labels:
            if labels.any():
                picture = with_contours(picture, resized_labels(labels, rows, columns))
        masks = [replace(one, mask=resized_bitmap(one.mask, rows, columns)) for one in self.masks]
        return with_masks(picture, masks) if masks else picture


NOTHING = Laid()


def laid_over(
    image: ImageFile, frame: int, *, is_overlay: bool, label_images: Sequence[str], segmentations: Sequence[str]
) -> Laid:
    """What is laid over the picture of a stored frame."""
    if not (is_overlay or label_images):
        return NOTHING
    bitmaps, notes = _bitmaps(image, frame) if is_overlay else ((), ())
    plane = image.plane(frame)
    shape = image.source.layout.rows, image.source.layout.columns
    space = image.header.text("FrameOfReferenceUID")
    here = ImageFrame(image.header.sop_instance_uid, frame, shape, plane, space)
    masks, doubts = _masks(segmentations, lambda one: masks_for(one, here))
    return Laid(bitmaps, labels_of(label_images, plane), masks, (*notes, *doubts))


def _masks(
    paths: Iterable[str], masks_of: Callable[[Segmentation], Iterable[LabelMask]]
) -> tuple[tuple[LabelMask, ...], tuple[Note, ...]]:
    """The masks of segmentations; one that cannot be used costs a note, never the picture."""
    masks: list[LabelMask] = []
    notes: list[Note] = []
    for path in paths:
        try:
            one = segmentation_of(path)
            masks += masks_of(one)
            notes += one.notes
        except ConvkitError as err:
            notes.append(note("preview.unusable-segmentation", f"A segmentation cannot be laid over: {err.what}"))
    return tuple(masks), tuple(notes)


def _bitmaps(image: ImageFile, frame: int) -> tuple[tuple[NDArray[np.bool_], ...], tuple[Note, ...]]:
    layout = image.source.layout
    found = overlays_of(image.origin, frame)
    bitmaps = tuple(_bitmap(plane, layout.rows, layout.columns) for plane in found.planes)
    return bitmaps, found.notes


def _bitmap(plane: OverlayPlane, rows: int, columns: int) -> NDArray[np.bool_]:
    """An overlay plane on the matrix of its image; of a region of interest only the outline, to see through it."""
    mask = placed(plane, rows, columns)
    return outlines(mask) if plane.is_roi else mask


def labels_of(paths: Iterable[str], plane: Plane | None) -> tuple[NDArray[np.integer], ...]:
    """The labels of each label image on a plane; none where the plane is not known."""
    if plane is None:
        return ()
    return tuple(labels_on(labels(path), plane) for path in paths)


def laid_on_plane(plane: Plane, *, label_images: Iterable[str], segmentations: Iterable[str], space: str) -> Laid:
    """What is laid over a plane of a volume.

    Parameters
    ----------
    plane : Plane
    label_images, segmentations : paths
    space : str
        Frame of Reference UID of the volume; only segmentations of the same are shown.
    """

    def masks_of(one: Segmentation) -> Iterable[LabelMask]:
        return masks_on(one, plane) if space in {"", one.frame_of_reference_uid} else ()

    masks, notes = _masks(segmentations, masks_of)
    return Laid(labels=labels_of(label_images, plane), masks=masks, notes=notes)


def labels(path: str) -> LabelImage:
    """A label image; kept.

    Raises
    ------
    InputError
        The file cannot be read, or holds no labels.
    """
    return _labels(path, *file_stamp(path))


@lru_cache(_KEPT)
def _labels(path: str, _size: int, _modified_ns: int) -> LabelImage:
    return label_image(path)


def presentation(path: str) -> PresentationState:
    """A presentation state; kept.

    Raises
    ------
    InputError
        The file is none, or of a kind that cannot be applied.
    """
    return _presentation(path, *file_stamp(path))


@lru_cache(_KEPT)
def _presentation(path: str, _size: int, _modified_ns: int) -> PresentationState:
    state: PresentationState = import_module("convkit.dicom.presentation").presentation_of(path)
    return state


def check(label_images: Iterable[str], states: Iterable[str]) -> None:
    """Open label images and presentation states once, to see that they can be.

    Raises
    ------
    InputError
        One cannot.
    """
    for path in label_images:
        labels(path)
    for path in states:
        presentation(path)


def state_of(paths: Iterable[str], sop_instance_uid: str, frame: int) -> PresentationView | None:
    """What the first state that references a frame says of it; None where none does."""
    for path in paths:
        state = presentation(path)
        if state.applies_to(sop_instance_uid, frame + 1):
            return state.view(sop_instance_uid, frame + 1)
    return None


def referenced_series(paths: Iterable[str]) -> tuple[dict[str, tuple[str, ...]], list[Note]]:
    """Series Instance UID to the segmentations of it, and a note for each segmentation that cannot be used."""
    found: dict[str, tuple[str, ...]] = {}
    notes: list[Note] = []
    for path in paths:
        try:
            uids = series_of_segmentation(path)
        except InputError as err:
            notes.append(_unused(path, err))
            continue
        for uid in uids:
            found[uid] = (*found.get(uid, ()), path)
        if not uids:
            notes.append(note("preview.unplaced-segmentation", where=path))
    return found, notes


def _unused(path: str, err: ConvkitError) -> Note:
    return note(err.code, err.what, where=err.where or path, hint=err.hint)
