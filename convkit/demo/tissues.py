"""What the phantoms are made of: shapes painted into arrays of tissue numbers, then values for each tissue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Triple = tuple[float, float, float]

_VESSELS = 260
_LUNG_DEPTH_MM = 60


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the voxels of a grid are.

    Attributes
    ----------
    x, y, z : (slices, rows, columns) float32
        LPS position of each voxel in mm: to the left, to the back, to the head.
    """

    x: Array
    y: Array
    z: Array

    @classmethod
    def of(cls, affine_lps: Array, shape: tuple[int, int, int]) -> Places:
        """The places of all voxels of a grid; the affine maps (slice, row, column, 1) to LPS mm."""
        index = np.ogrid[: shape[0], : shape[1], : shape[2]]
        x, y, z = (
            np.broadcast_to(
                sum(np.float32(affine_lps[axis, n]) * index[n] for n in range(3)) + np.float32(affine_lps[axis, 3]),
                shape,
            ).astype(np.float32)
            for axis in range(3)
        )
        return cls(x, y, z)

    def within(self, centre: Triple, radii: Triple) -> Array:
        """True inside an ellipsoid; an infinite radius makes a cylinder."""
        distance = ((self.x - centre[0]) / radii[0]) ** 2 + ((self.y - centre[1]) / radii[1]) ** 2
        return np.asarray(distance + ((self.z - centre[2]) / radii[2]) ** 2 <= 1)


_FOREVER = float("inf")
_THORAX_HU = {
    "air": -1000,
    "table": -250,
    "fat": -105,
    "muscle": 55,
    "mediastinum": 20,
    "lung": -865,
    "liver": 110,
    "stomach": 35,
    "gas": -960,
    "heart": 60,
    "blood": 190,
    "vessel": 60,
    "disc": 90,
    "marrow": 230,
    "cortex": 620,
    "canal": 25,
}


def thorax(places: Places, random: np.random.Generator) -> NDArray[np.int16]:
    """A chest with contrast in the blood, in Hounsfield Units without noise; z runs from 0 (belly) to 190 mm."""
    hu = np.full(places.x.shape, _THORAX_HU["air"], np.int16)

    def paint(tissue: str, where: Array) -> None:
        hu[where] = _THORAX_HU[tissue]

    bed = places.within((0, 0, 0), (190, 128, _FOREVER)) & ~places.within((0, 0, 0), (187, 124, _FOREVER))
    paint("table", bed & (places.y > 60))
    paint("fat", places.within((0, 0, 0), (168, 114, _FOREVER)))
    paint("muscle", places.within((0, 0, 0), (157, 102, _FOREVER)))
    cage = places.within((0, -2, 0), (147, 92, _FOREVER)) & ~places.within((0, -2, 0), (139, 85, _FOREVER))
    paint("cortex", cage & (np.cos((places.z + 0.55 * places.y) * (2 * np.pi / 30)) > 0.35))
    paint("mediastinum", places.within((0, -2, 0), (136, 82, _FOREVER)))
    lungs = places.within((-72, 0, 100), (58, 70, 135)) | places.within((76, 4, 108), (52, 68, 135))
    paint("lung", lungs)
    _paint_vessels(hu, places, random)
    paint("liver", places.within((-58, 0, -22), (86, 76, 78)))
    paint("stomach", places.within((70, 6, -30), (60, 62, 72)))
    paint("gas", places.within((62, -32, 8), (26, 16, 20)))
    paint("heart", places.within((24, -24, 72), (60, 46, 52)))
    paint("blood", places.within((44, -22, 66), (26, 22, 30)) | places.within((4, -28, 76), (24, 24, 30)))
    paint("blood", places.within((24, 46, 0), (12, 12, _FOREVER)) | places.within((6, -12, 150), (15, 15, 46)))
    paint("gas", places.within((0, 18, 185), (9, 8, 60)))
    _paint_spine(hu, places)
    paint("cortex", places.within((0, -87, 130), (22, 6, 90)))
    return hu


def _paint_vessels(hu: NDArray[np.int16], places: Places, random: np.random.Generator) -> None:
    """Vessels in the lungs: short ellipsoids that get thinner away from the hilum."""
    step = float(places.x[0, 0, 1] - places.x[0, 0, 0])
    for _ in range(_VESSELS):
        side = random.choice((-1, 1))
        away = random.random()
        centre = (side * (36 + 80 * away), random.normal(2, 12 + 25 * away), random.normal(100, 12 + 34 * away))
        radii = (3.0 + 10 * random.random() * (1 - away), 1.6 + 2.4 * (1 - away), 1.8 + 2.4 * (1 - away))
        rows = _near(places.y[0, :, 0], centre[1], radii[1] + step)
        columns = _near(places.x[0, 0, :], centre[0], radii[0] + step)
        block = Places(*(a[:, rows, columns] for a in (places.x, places.y, places.z)))
        part = hu[:, rows, columns]
        part[block.within(centre, radii) & (part == _THORAX_HU["lung"])] = _THORAX_HU["vessel"]


def _near(places: Array, centre: float, reach: float) -> slice:
    found = np.nonzero(np.abs(places - centre) <= reach)[0]
    return slice(int(found[0]), int(found[-1]) + 1) if found.size else slice(0, 0)


def _paint_spine(hu: NDArray[np.int16], places: Places) -> None:
    body = places.within((0, 62, 0), (21, 17, _FOREVER))
    is_disc = np.mod(places.z, 27) < 5
    hu[body] = _THORAX_HU["cortex"]
    hu[places.within((0, 62, 0), (18, 14, _FOREVER))] = _THORAX_HU["marrow"]
    hu[body & is_disc] = _THORAX_HU["disc"]
    arch = places.within((0, 86, 0), (26, 13, _FOREVER)) | places.within((0, 98, 0), (5, 13, _FOREVER))
    hu[arch & ~body & (np.mod(places.z, 27) > 7)] = _THORAX_HU["cortex"]
    hu[places.within((0, 86, 0), (11, 8, _FOREVER))] = _THORAX_HU["canal"]


HEAD_TISSUES = ("air", "scalp", "skull", "fluid", "grey", "white", "lesion")


def head(places: Places) -> NDArray[np.uint8]:
    """A head as places in `HEAD_TISSUES`; the centre is at (0, 0, 0)."""
    found = np.zeros(places.x.shape, np.uint8)
    folds = 1 + 0.025 * np.sin(places.x / 4.2) * np.sin(places.y / 5.1 + 1) * np.cos(places.z / 4.7)
    found[places.within((0, 0, 0), (84, 104, 98))] = HEAD_TISSUES.index("scalp")
    found[places.within((0, 0, 0), (78, 98, 92))] = HEAD_TISSUES.index("skull")
    found[places.within((0, 0, 0), (72, 92, 86))] = HEAD_TISSUES.index("fluid")
    folded = Places(places.x * folds, places.y * folds, places.z * folds)
    halves = np.abs(places.x) > 1.8
    found[folded.within((0, 0, 0), (68, 88, 82)) & halves] = HEAD_TISSUES.index("grey")
    found[folded.within((0, 0, 0), (60, 80, 74)) & halves] = HEAD_TISSUES.index("white")
    for side in (-1, 1):
        found[places.within((side * 14, -6, 12), (7, 32, 12))] = HEAD_TISSUES.index("fluid")
        found[places.within((side * 26, -4, -4), (10, 20, 13))] = HEAD_TISSUES.index("grey")
    found[places.within((38, 30, 24), (11, 13, 10))] = HEAD_TISSUES.index("lesion")
    return found
