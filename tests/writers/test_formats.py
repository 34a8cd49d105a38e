"""Every writer against every reference volume, read back by an independent reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 (the name its own documentation uses)
from hypothesis import given
from hypothesis import strategies as st

from convkit.model.geometry import Turn, turn_affine
from convkit.model.volume import Volume
from convkit.writers import WRITERS, SidecarKind, WriteOptions, writer_for

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

POSITION_MM = 1e-4
"""NIfTI-1 keeps the affine as float32: 24 bits of up to some hundred mm."""

SLOPE_RELATIVE = 1e-6
"""NIfTI-1 keeps slope and intercept as float32."""

ORIENTS = ("native", "RAS", "LPI", "SAR", "IPL")


@dataclass
class Image:
    """What a reader found: (x, y, z, volume[, 3]), and (x, y, z, 1) to LPS mm or None where unplaced."""

    array: np.ndarray
    affine_lps: np.ndarray | None
    spacing: tuple[float, ...]
    step: float | None = None


def read_nifti(path: Path) -> Image:
    image = nibabel.load(path)
    raw = np.asanyarray(image.dataobj)
    if raw.dtype.names:
        raw = np.stack([raw[c] for c in "RGB"], axis=-1)
        array = raw if image.ndim == 4 else raw[..., None, :]
    else:
        array = raw if image.ndim == 4 else raw[..., None]
    placed = image.header["sform_code"] > 0
    zooms = image.header.get_zooms()
    return Image(
        array,
        LPS_TO_RAS @ image.affine if placed else None,
        tuple(map(float, zooms[:3])),
        float(zooms[3]) if image.ndim == 4 else None,
    )


def read_itk(path: Path) -> Image:
    image = sitk.ReadImage(str(path))
    n, parts = image.GetDimension(), image.GetNumberOfComponentsPerPixel()
    array = np.asarray(sitk.GetArrayFromImage(image))
    array = array.transpose((*range(n)[::-1], *((n,) if parts > 1 else ())))  # x, y, z[, volume][, part]
    is_list = n == 3 and "_series" in path.name  # SimpleITK shows the volumes of a NRRD as parts of a voxel
    if n == 3 and not is_list:
        array = array[:, :, :, None]
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (n, n))[:3, :3] * np.array(image.GetSpacing()[:3])
    affine[:3, 3] = image.GetOrigin()[:3]
    return Image(array, affine, image.GetSpacing()[:3], image.GetSpacing()[3] if n == 4 else None)


def read_npz(path: Path) -> Image:
    with np.load(path, allow_pickle=False) as file:
        array, affine = file["array"], file["affine_lps"]
        assert np.array_equal(file["affine_ras"], LPS_TO_RAS @ affine)
        spacing = tuple(file["spacing"][::-1])
        placed = bool(file["is_placed"])
        assert (file["slope"], file["intercept"]) == (1, 0)
    return Image(xyz(array), affine[:, [2, 1, 0, 3]] if placed else None, spacing)


def read_npy(path: Path) -> Image:
    sidecar = json.loads(path.with_name(f"{path.name}.json").read_text())
    affine = np.array(sidecar["Convkit"]["AffineLPS"])[:, [2, 1, 0, 3]]
    return Image(xyz(np.load(path, allow_pickle=False)), affine, tuple(np.linalg.norm(affine[:3, :3], axis=0)))


def xyz(array: np.ndarray) -> np.ndarray:
    return array.transpose((3, 2, 1, 0, *range(4, array.ndim)))


READERS: dict[str, Callable[[Path], Image]] = {
    "nii.gz": read_nifti,
    "nii": read_nifti,
    "nrrd": read_itk,
    "mha": read_itk,
    "npz": read_npz,
    "npy": read_npy,
}


@pytest.fixture(params=WRITERS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def write(name: str, volume: Volume, folder: Path, **options: str) -> tuple[Path, ...]:
    stem = folder / ("1.2_series" if volume.shape[0] > 1 else "1.2_foo")
    return writer_for(name).write(volume, stem, WriteOptions(**options))


def assert_same_voxels(found: Image, volume: Volume) -> None:
    """Every voxel, put into space by the file's own affine, is the volume's value at that place."""
    expected = xyz(np.asarray(volume))
    index = np.indices(found.array.shape[:3]).reshape(3, -1)
    world = found.affine_lps[:3, :3] @ index + found.affine_lps[:3, 3:]
    inverse = np.linalg.inv(volume.affine_lps)
    back = inverse[:3, :3] @ world + inverse[:3, 3:]
    source = np.rint(back).astype(int)
    # Where the volume has only one voxel along an axis the inverse is still defined by its step.
    positions = volume.affine_lps[:3, :3] @ source + volume.affine_lps[:3, 3:]
    assert np.abs(positions - world).max() < POSITION_MM
    assert sorted(map(tuple, source.T.tolist())) == sorted(np.ndindex(*volume.shape[1:4]))
    wanted = expected[source[2], source[1], source[0]]
    assert_same_values(found.array[tuple(index)], wanted)


def assert_same_values(found: np.ndarray, wanted: np.ndarray) -> None:
    if wanted.dtype.kind == "f":
        error = np.abs(found.astype(float) - wanted.astype(float)).max()
        assert error <= SLOPE_RELATIVE * np.abs(wanted.astype(float)).max()
    else:
        assert np.array_equal(found, wanted)


def test_every_voxel_is_where_it_was(name: str, reference: Volume, tmp_path: Path) -> None:
    found = READERS[name](write(name, reference, tmp_path)[0])
    np.testing.assert_allclose(sorted(found.spacing), sorted(reference.spacing), rtol=1e-6)
    if reference.is_placed:
        assert_same_voxels(found, reference)
    else:
        wanted = xyz(np.asarray(reference))
        assert_same_values(found.array, wanted[:, ::-1] if name.startswith("nii") else wanted)


@pytest.mark.parametrize("orient", ORIENTS)
@pytest.mark.parametrize("kind", ["sagittal", "oblique", "sheared", "series", "colour", "3d-sagittal"])
def test_turned_files_hold_the_same_voxels(
    name: str, kind: str, orient: str, volume_of: Callable[[str], Volume], tmp_path: Path
) -> None:
    volume = volume_of(kind)
    found = READERS[name](write(name, volume, tmp_path, orient=orient)[0])
    assert_same_voxels(found, volume)
    if orient != "native":
        letters = nibabel.aff2axcodes(LPS_TO_RAS @ found.affine_lps)
        assert "".join(letters) == orient


def test_formats_without_slope_hold_the_real_type(reference: Volume, tmp_path: Path) -> None:
    for name in ("npy", "npz", "mha", "nrrd"):
        found = READERS[name](write(name, reference, tmp_path / name)[0])
        assert found.array.dtype == np.asarray(reference).dtype.newbyteorder("=")
        assert found.array.size == np.asarray(reference).size
        assert np.array_equal(np.sort(found.array, axis=None), np.sort(np.asarray(reference), axis=None))


def test_two_writes_give_the_same_bytes(name: str, reference: Volume, tmp_path: Path) -> None:
    one, two = write(name, reference, tmp_path / "one"), write(name, reference, tmp_path / "two")
    assert [p.name for p in one] == [p.name for p in two]
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]


def test_bytes_do_not_depend_on_strides(name: str, volume_of: Callable[[str], Volume], tmp_path: Path) -> None:
    view = volume_of("negative-strides")
    plain = Volume(
        np.ascontiguousarray(view.array),
        view.affine_lps,
        units=view.units,
        facts=view.facts,
        sources=view.sources,
    )
    one, two = write(name, view, tmp_path / "one"), write(name, plain, tmp_path / "two")
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]


def test_nothing_but_the_returned_files_is_left(name: str, reference: Volume, tmp_path: Path) -> None:
    paths = write(name, reference, tmp_path / "deep" / "down")
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(paths)


def test_dots_in_the_stem_are_kept(name: str, make: Callable[..., Volume], tmp_path: Path) -> None:
    stem = tmp_path / "1.2.840.10008_t1.mpr"
    paths = writer_for(name).write(make(), stem, WriteOptions())
    assert [p.name for p in paths] == [f"{stem.name}.{name}", f"{stem.name}{WRITERS[name].sidecar_suffix}"]


def test_no_sidecar_where_none_is_wanted(name: str, make: Callable[..., Volume], tmp_path: Path) -> None:
    assert len(writer_for(name).write(make(), tmp_path / "a", WriteOptions(sidecar=SidecarKind.NONE))) == 1


def test_the_mask_lies_on_the_image(name: str, volume_of: Callable[[str], Volume], tmp_path: Path) -> None:
    volume = volume_of("resampled")
    image, _, mask = write(name, volume, tmp_path, orient="native")
    assert mask.name == f"1.2_foo_invented.{name}"
    if name == "npy":
        found = np.load(mask)
        assert np.array_equal(found, volume.invented)
    else:
        found = READERS[name](mask).array
        whole = READERS[name](image).array
        # The builder numbers the voxels from -37, and marks every seventh.
        assert np.array_equal(found, (whole.astype(int) + 37) % 7 == 0)
    assert found.dtype == np.uint8


def test_a_volume_without_a_place_is_not_turned(name: str, volume_of: Callable[[str], Volume], tmp_path: Path) -> None:
    volume = volume_of("nowhere")
    turned = write(name, volume, tmp_path / "turned", orient="SAR")
    native = write(name, volume, tmp_path / "native")
    assert READERS[name](turned[0]).array.shape == READERS[name](native[0]).array.shape
    notes = json.loads(turned[1].read_text())["Convkit"]["Notes"]
    assert [n["code"] for n in notes] == ["output.not-carried"]


@given(
    axes=st.permutations(range(3)),
    flips=st.tuples(*[st.booleans()] * 3),
    angles=st.tuples(*[st.floats(-3, 3)] * 3),
    sizes=st.tuples(*[st.integers(1, 5)] * 3),
)
def test_a_turn_moves_no_voxel_in_space(axes, flips, angles, sizes, tmp_path_factory) -> None:
    affine = np.eye(4)
    affine[:3, :3] = rotation(angles) * (2.5, 0.7, 0.8)
    affine[:3, 3] = (-100, 55, 12.25)
    array = np.arange(np.prod(sizes), dtype=np.int16).reshape(1, *sizes)
    turn = Turn(tuple(axes), flips)
    volume = Volume(array, affine)
    turned = volume.turned(turn)
    assert np.allclose(turned.affine_lps, turn_affine(affine, sizes, turn))
    folder = tmp_path_factory.mktemp("turn")
    for name in ("nii", "mha"):
        path = writer_for(name).write(turned, folder / "1.2_foo", WriteOptions(sidecar=SidecarKind.NONE))[0]
        assert_same_voxels(READERS[name](path), volume)


def rotation(angles: tuple[float, float, float]) -> np.ndarray:
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        c, s = np.cos(angle), np.sin(angle)
        one = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
        matrix = matrix @ np.roll(one, (axis, axis), (0, 1))
    return matrix
