"""The sidecar: facts about a volume as JSON, and what convkit did to it.

It is made from the volume in the order in which it is written; it adds nothing that is not on the volume, and
the volume's facts come from an allow-list.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from convkit._version import __version__
from convkit.model.volume import FILE_AXES

if TYPE_CHECKING:
    from convkit.model.volume import Volume
    from convkit.writers._write_options import SidecarKind


def sidecar_json(volume: Volume, kind: SidecarKind, *, with_affine: bool = False) -> bytes:
    """The sidecar of a volume: facts in their order, then one object ``Convkit``.

    Parameters
    ----------
    volume : Volume
        In file order.
    kind : SidecarKind
        ``bids`` and ``full`` hold the same so far.
    with_affine : bool
        Also say where the voxels lie, for formats that cannot: ``AffineLPS`` maps array index (slice, row,
        column, 1) to LPS position in mm.

    Returns
    -------
    text : bytes
        JSON, UTF-8, indented by 2, ends with a newline. Numbers that JSON does not know (NaN) are null.
    """
    del kind
    content = sidecar_content(volume, with_affine=with_affine)
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def sidecar_content(volume: Volume, *, with_affine: bool = False) -> dict[str, Any]:
    """The sidecar of a volume in file order, in types that JSON knows."""
    content: dict[str, Any] = to_plain({**volume.facts, "Convkit": _own(volume, with_affine=with_affine)})
    return content


def to_plain(value: Any) -> Any:
    """The value in types that JSON knows: mappings as dict, sequences as list, NaN and infinity as None."""
    if isinstance(value, Mapping):
        return {str(key): to_plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(held) for held in value]
    if isinstance(value, np.ndarray | np.generic):
        return to_plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _sources(slices: tuple[str, ...]) -> tuple[str, ...]:
    """SOP Instance UID behind each slice of a volume; one alone where one object holds them all."""
    return slices[:1] if len(set(slices)) == 1 else slices


def _diffusion(volume: Volume) -> dict[str, Any]:
    """The weighting of each volume in the patient's frame, whatever the order of the voxels."""
    return {
        "Sources": sorted({g.source for g in volume.gradients}),
        "BValues": [g.b_value for g in volume.gradients],
        "DirectionsLPS": [g.direction_lps for g in volume.gradients],
    }


def _own(volume: Volume, *, with_affine: bool) -> dict[str, Any]:
    own: dict[str, Any] = {
        "Version": __version__,
        "Notes": [n.at("").to_json() for n in volume.notes],  # paths of inputs may hold names
        "Units": volume.units,
        "ValueMapping": volume.mapping.to_json(),
        "Split": {"Label": volume.split.label, "Reasons": volume.split.reasons},
    }
    if volume.gradients:
        own["Diffusion"] = _diffusion(volume)
    if volume.resampled is not None:
        own["Resampled"] = volume.resampled
    if with_affine:
        own["AffineLPS"] = volume.affine_lps
    own["SourceAxis"] = FILE_AXES[volume.source_axis]
    sources = [_sources(slices) for slices in volume.sources]
    own["Sources"] = sources[0] if len(sources) == 1 else sources
    return own
