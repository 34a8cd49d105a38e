"""A volume as a SimpleITK image. Import it only where needed: SimpleITK takes 0.3 s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk  # noqa: N813 (the name its own documentation uses)

from convkit.writers._itk_space import itk_space

if TYPE_CHECKING:
    from convkit.model.volume import Volume


def to_sitk(volume: Volume) -> sitk.Image:
    """The volume as a SimpleITK image of real values, array order unchanged.

    Parameters
    ----------
    volume : Volume

    Returns
    -------
    image : SimpleITK.Image
        3-D, or 4-D with the volumes last; colour as vectors of three. Origin, spacing (mm) and direction in
        LPS; the direction is not orthogonal where the volume is sheared. Without a place in space: spacing
        only.

    Examples
    --------
    >>> to_sitk(volume).GetSpacing()        # doctest: +SKIP
    (0.7, 0.7, 1.25)
    """
    array = np.asarray(volume)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)  # SimpleITK knows no other
    space = itk_space(volume)
    image: Any = sitk.GetImageFromArray(array if len(array) > 1 else array[0], isVector=volume.is_colour)
    image.SetOrigin(space.origin)
    image.SetSpacing(space.spacing)
    image.SetDirection(space.direction.ravel().tolist())
    made: sitk.Image = image
    return made
