"""read: volumes into memory, one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit import errors
from convkit.engine.run import runner_of
from convkit.errors import InputError, MultipleVolumesError
from convkit.jobs._choices import checked_dtype, chosen, keywords_of
from convkit.jobs._names import short_hash
from convkit.jobs._pictures.grey_volume import windowed
from convkit.jobs._sources import Source, checked_path, flat
from convkit.jobs._where import where as checked_where
from convkit.jobs.collection import collect
from convkit.model import volume as model
from convkit.model.notes import Note, Severity
from convkit.quirks import PhilipsValues, ValueChoices
from convkit.series.choices import Irregular, Tilt, Values
from convkit.series.group import Series
from convkit.series.leads import leads_of
from convkit.series.load import load
from convkit.series.options import LoadOptions, StackOptions
from convkit.series.plan import plan_series
from convkit.series.stack import Planned, Refusal, Stack
from convkit.writers import (
    NATIVE,
    SidecarKind,
    WriteOptions,
    fsl_directions,
    has_directions,
    native_layout,
    sidecar_content,
    stem_of,
    writer_for_path,
)

_LISTED_VOLUMES = 10


class Volume(model.Volume):
    """A volume, and the doors that lead out of it; see `convkit.model.volume.Volume` for its attributes."""

    __slots__ = ()

    def save(self, path: Source, *, orient: str = NATIVE, sidecar: str = "bids") -> Path:
        """Write the volume; the suffix decides the format (``.nii.gz .nii .nrrd .mha .npy .npz``).

        Raises
        ------
        UsageError
            The suffix is not known.
        OutputError
            The file cannot be written.
        """
        target = Path(checked_path(path, "path"))
        writer = writer_for_path(target)
        return writer.write(self, stem_of(target), WriteOptions(orient, chosen(SidecarKind, sidecar, "sidecar")))[0]

    def to_nifti(self) -> Any:
        """The volume as a nibabel image, in the voxel order of the files that `save` writes."""
        return import_module("convkit.writers.nifti_image").to_nifti(self)

    def sidecar(self) -> dict[str, Any]:
        """What the sidecar beside a NIfTI file of the volume holds; use it with `to_nifti`.

        `facts` are in the axes of `array`: rows and columns as DICOM has them. A NIfTI file has its rows reversed, and
        with them the sign of PhaseEncodingDirection, and where slices are turned the order of SliceTiming.
        """
        return sidecar_content(native_layout(self))

    def gradient_table(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """b-values and gradient directions for the image that `to_nifti` makes, as `.bval` and `.bvec` hold them.

        Returns
        -------
        b_values : (volumes,) float64
            s/mm²; empty where the volume is not diffusion-weighted.
        directions : (3, volumes) float64
            Components along i, j and k by FSL's convention, unit length or zero.

        Raises
        ------
        GeometryError
            The directions cannot be told in image axes; the notes say why.
        """
        if not self.gradients:
            return np.empty(0), np.empty((3, 0))
        laid = native_layout(self)
        if not has_directions(laid):
            raise errors.GeometryError("The gradient directions cannot be told in image axes.", "", "See the notes.")
        return np.array([g.b_value for g in laid.gradients]), fsl_directions(laid)

    def window(self, window: str = "auto", *, bits: int = 8) -> NDArray[np.unsignedinteger]:
        """Grey levels of all voxels: ``vol.window("lung")``, ``vol.window("40/400")``.

        Parameters
        ----------
        window : str
            As in `convkit.preview`; ``auto`` takes what suits the modality.
        bits : int
            1 to 16.

        Returns
        -------
        levels : array of the shape of `array`, uint8 up to 8 bits, else uint16
            0 is black.

        Raises
        ------
        UsageError
            The window is not understood.
        UnsupportedError
            The volume is in colour.
        """
        return windowed(self, window, bits=bits)

    def to_sitk(self) -> Any:
        """The volume as a SimpleITK image of real values."""
        return import_module("convkit.writers.itk").to_sitk(self)


def read_all(  # noqa: PLR0913 (one parameter an option of the command)
    *sources: Source | Iterable[Source],
    values: str = "auto",
    dtype: str = "auto",
    irregular: str = "error",
    tilt: str = "keep",
    philips: str = "precise",
    keep: Sequence[str] = (),
    where: str | None = None,
) -> Iterator[Volume]:
    """Yield every volume below the sources, one in memory at a time.

    What is no volume is left out; `scan` and `convert` report it.

    Parameters
    ----------
    *sources : path or several
    values, dtype, irregular, tilt, philips, keep, where
        As in `convert`.

    Raises
    ------
    InputError
        A source does not exist, or the pixels of a volume cannot be read.
    """
    options, stack = _options(values, dtype, keep, irregular, tilt, philips)
    for series, planned in _planned(flat(sources), stack, options, where):
        if isinstance(planned, Stack):
            yield _public(load(planned, leads_of(series, planned), options))


def read(  # noqa: PLR0913 (one parameter an option of the command)
    *sources: Source | Iterable[Source],
    values: str = "auto",
    dtype: str = "auto",
    irregular: str = "error",
    tilt: str = "keep",
    philips: str = "precise",
    keep: Sequence[str] = (),
    where: str | None = None,
) -> Volume:
    """The only volume below the sources.

    Parameters
    ----------
    *sources : path or several
    values, dtype, irregular, tilt, philips, keep, where
        As in `convert`.

    Raises
    ------
    MultipleVolumesError
        There are several; the message lists them.
    GeometryError, PixelError, UnsupportedError, InputError
        There is none, for the reason that the error's code names.
    """
    options, stacking = _options(values, dtype, keep, irregular, tilt, philips)
    found = list(_planned(flat(sources), stacking, options, where))
    stacks = [(series, p) for series, p in found if isinstance(p, Stack)]
    refusals = [p for _, p in found if isinstance(p, Refusal)]
    if refusals and not stacks:
        raise error_of(refusals[0].reason)
    if not stacks:
        raise InputError("There is no volume.", ", ".join(map(str, flat(sources))), "convkit scan says what there is.")
    if len(found) > 1:
        shown = [_described(series, stack) for series, stack in stacks[:_LISTED_VOLUMES]]
        more = [f"and {len(stacks) - len(shown)} more"] if len(stacks) > len(shown) else []
        refused = [f"and {len(refusals)} that cannot be read: {refusals[0].reason.text}"] if refusals else []
        text = "; ".join([*shown, *more, *refused])
        raise MultipleVolumesError(
            f"There are {len(stacks)} volumes: {text}.", "", "Use read_all, or choose one with where."
        )
    series, stack = stacks[0]
    return _public(load(stack, leads_of(series, stack), options))


def _options(  # noqa: PLR0913, PLR0917 (what the two public functions share)
    values: str, dtype: str, keep: Sequence[str], irregular: str, tilt: str, philips: str
) -> tuple[LoadOptions, StackOptions]:
    choices = ValueChoices(chosen(PhilipsValues, philips, "philips"))
    load_options = LoadOptions(chosen(Values, values, "values"), checked_dtype(dtype), keywords_of(keep), choices)
    return load_options, StackOptions(chosen(Irregular, irregular, "irregular"), chosen(Tilt, tilt, "tilt"), choices)


def _planned(
    sources: list[Source], stack: StackOptions, options: LoadOptions, where: str | None
) -> Iterator[tuple[Series, Planned | Refusal]]:
    selection = checked_where(where) if where else None
    with runner_of(1) as runner:
        collection = collect(sources, runner, selection, options.keep)
    for series in collection:
        for _, reason in series.others:
            if reason.severity is Severity.ERROR:
                yield series, Refusal((), reason)
                break
        yield from ((series, p) for p in plan_series(series, stack))
    if not collection.series and collection.problems:
        raise error_of(collection.problems[0])


def _described(series: Series, stack: Stack) -> str:
    number = series.first.integer("SeriesNumber")
    layout = stack.first.pixels.layout
    size = f" {stack.volumes} x {stack.slices} x {layout.rows} x {layout.columns}"
    return f"series {number} [{short_hash(series.series_instance_uid)}]{stack.split.label}{size}"


_CLASSES: dict[str, type[errors.ConvkitError]] = {
    "geometry": errors.GeometryError,
    "pixels": errors.PixelError,
    "object": errors.UnsupportedError,
    "header": errors.MissingAttributeError,
    "values": errors.ValueRangeError,
}


def error_of(reason: Note) -> errors.ConvkitError:
    """The exception that says what a note says."""
    kind = (
        errors.NotDicomError
        if reason.code == "input.not-dicom"
        else _CLASSES.get(reason.code.partition(".")[0], InputError)
    )
    return kind(reason.text, reason.where, reason.hint, reason.code)


def _public(volume: model.Volume) -> Volume:
    return Volume(**{f.name: getattr(volume, f.name) for f in fields(model.Volume)})
