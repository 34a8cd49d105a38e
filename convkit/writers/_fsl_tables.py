"""b-values and gradient directions in FSL's form: ``.bval`` and ``.bvec``, in the axes of the image as it is stored.

FSL's convention: components along the image axes i, j, k; where the affine has a positive determinant
(neurological storage) the first component is negated. A volume without weighting has a zero vector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from convkit.model.notes import Note, note
from convkit.writers.volume_formats import BVAL, BVEC

if TYPE_CHECKING:
    from convkit.model.volume import Volume


def fsl_tables(volume: Volume) -> tuple[dict[str, bytes], tuple[Note, ...]]:
    """Content of the tables by the ending of their names, and a note where a table is left out.

    Parameters
    ----------
    volume : Volume
        In file order.
    """
    if not volume.gradients:
        return {}, ()
    if has_directions(volume):
        return {BVAL: bval_text(volume), BVEC: bvec_text(volume)}, ()
    is_told = any(n.code == "diffusion.missing-direction" for n in volume.notes)
    return {BVAL: bval_text(volume)}, () if is_told else (note("diffusion.sheared"),)


def bval_text(volume: Volume) -> bytes:
    """One line: the b-value of each volume, s/mm²."""
    return (" ".join(f"{g.b_value:.6g}" for g in volume.gradients) + "\n").encode()


def bvec_text(volume: Volume) -> bytes:
    """Three lines: the components of each volume's direction along i, j and k."""
    table = fsl_directions(volume)
    return ("\n".join(" ".join(f"{x:.6g}" for x in row) for row in table) + "\n").encode()


def has_directions(volume: Volume) -> bool:
    """True where the directions can be told in image axes: all are known or none is, and the axes are perpendicular."""
    weighted = [g for g in volume.gradients if g.is_weighted]
    known = sum(g.direction_lps is not None for g in weighted)
    return known in {0, len(weighted)} and not volume.is_sheared and volume.is_placed


def fsl_directions(volume: Volume) -> NDArray[np.float64]:
    """Directions in image axes, (3, volumes) float64, unit length or zero.

    Parameters
    ----------
    volume : Volume
        In file order.
    """
    # Columns of the affine are (slice, row, column); FSL wants (i, j, k) = (column, row, slice).
    axes = volume.affine_lps[:3, [2, 1, 0]]
    axes = axes / np.linalg.norm(axes, axis=0)
    given = [g.direction_lps if g.b_value > 0 else None for g in volume.gradients]
    table = axes.T @ np.array([d or (0.0, 0.0, 0.0) for d in given], dtype=np.float64).T
    lengths = np.linalg.norm(table, axis=0)
    table = np.divide(table, lengths, out=np.zeros_like(table), where=lengths > 0)
    if np.linalg.det(axes) > 0:  # the same in LPS and RAS: two axes change their sign
        table[0] = -table[0]
    return np.asarray(np.round(table, 9) + 0.0, dtype=np.float64)  # no -0
