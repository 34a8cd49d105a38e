"""Pictures of whole files against DCMTK's: the same file, the same window, at most one grey level apart.

Where it is more, a rule that reads the header says why, and what DCMTK does instead is worked out and found again in
its picture. No file is named.
"""

from __future__ import annotations

import tarfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PILImage
from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError
from pydicom.pixels import apply_modality_lut, apply_voi, apply_voi_lut

import convkit
from convkit import ConvkitError
from convkit.model.display import Display, Window
from convkit.pictures.voi import grey
from tests.builders import instance, palette, rgb, write, ybr_full
from tests.pictures.dcmtk import dcmtk_picture, needs_dcmtk
from tests.pictures.tables import table_item

Levels = NDArray[np.int64]


class Image(NamedTuple):
    """One frame of a file, and the window that both show."""

    path: Path
    header: Dataset
    frame: int = 0
    window: str = "auto"
    options: tuple[str, ...] = ()

    @property
    def is_grey(self) -> bool:
        return str(self.header.get("PhotometricInterpretation", "")).startswith("MONOCHROME")

    @property
    def frames(self) -> int:
        return int(self.header.get("NumberOfFrames") or 1)

    @property
    def syntax(self) -> str:
        return str(self.header.file_meta.get("TransferSyntaxUID", "")) if hasattr(self.header, "file_meta") else ""

    def ours(self, bits: int = 8) -> Levels:
        picture = convkit.render(self.path, window=self.window, frame=self.frame, aspect=False, bits=bits)
        return np.asarray(picture).astype(np.int64)

    def theirs(self, folder: Path, bits: int = 8) -> Levels | None:
        frame = ("+F", str(self.frame + 1)) if self.frames > 1 else ()
        return dcmtk_picture(self.path, folder, *frame, *self.options, bits=bits, syntax=self.syntax)

    def stored(self) -> NDArray[Any]:
        return convkit.stored(self.path, self.frame if self.frames > 1 else None)


# --- what DCMTK does otherwise ----------------------------------------------------------------------------


def _rescale(image: Image) -> tuple[float, float]:
    """Slope and intercept where DCMTK looks for them: at the top of the header."""
    return float(image.header.get("RescaleSlope") or 1), float(image.header.get("RescaleIntercept") or 0)


def _is_fractional(image: Image) -> bool:
    return any(number != int(number) for number in _rescale(image))


def _is_in_groups(image: Image) -> bool:
    """A rescale in the functional groups (PS3.3 C.7.6.16.2.9)."""
    groups = [*image.header.get("SharedFunctionalGroupsSequence", []), *_own_groups(image)]
    return any(_HAS_RESCALE in group for group in groups)


_HAS_RESCALE = "PixelValueTransformationSequence"


def _own_groups(image: Image) -> list[Dataset]:
    return list(image.header.get("PerFrameFunctionalGroupsSequence", []))[image.frame : image.frame + 1]


def _is_dose(image: Image) -> bool:
    return "DoseGridScaling" in image.header


def _is_padded(image: Image) -> bool:
    return "PixelPaddingValue" in image.header


REASONS: dict[str, Callable[[Image], bool]] = {
    "DCMTK cuts real values to whole numbers": _is_fractional,
    "DCMTK does not look for the rescale in functional groups": _is_in_groups,
    "DCMTK does not look for the scaling of a dose (PS3.3 C.8.8.3)": _is_dose,
    "DCMTK shows padding as if it were values": _is_padded,
}


def _grey_of_dcmtk(image: Image) -> Levels:
    """The grey levels that come of what DCMTK does."""
    slope, intercept = _rescale(image)
    return _windowed(image, np.trunc(image.stored() * np.float64(slope) + intercept))


def _grey_of_the_standard(image: Image) -> Levels:
    """The grey levels that PS3.3 C.11 gives; padding is black."""
    slope, intercept = _rescale(image)
    groups = [*image.header.get("SharedFunctionalGroupsSequence", []), *_own_groups(image)]
    for values in (group.PixelValueTransformationSequence[0] for group in groups if _HAS_RESCALE in group):
        slope, intercept = float(values.RescaleSlope), float(values.RescaleIntercept)
    if _is_dose(image):
        slope = float(image.header.DoseGridScaling)
    stored = image.stored()
    levels = _windowed(image, stored * np.float64(slope) + intercept)
    return np.where(stored == image.header.PixelPaddingValue, 0, levels) if _is_padded(image) else levels


def _windowed(image: Image, values: NDArray[np.float64]) -> Levels:
    """Values through a fixed window, or the first of the header."""
    inverse = image.header.PhotometricInterpretation == "MONOCHROME1"
    numbers = (
        image.window.split("/")
        if "/" in image.window
        else [np.ravel(image.header[k].value)[0] for k in ("WindowCenter", "WindowWidth")]
    )
    center, width = map(float, numbers)
    return grey(values, Display(is_inverse=inverse), Window(center, width)).astype(np.int64)


def _colours_of_dcmtk(image: Image) -> Levels:
    """RGB of YBR_FULL as DCMTK computes it: chrominance around 127.5, not 128, and every term cut off."""
    light, blue, red = np.moveaxis(image.stored().astype(np.int64), -1, 0)
    top = 255
    terms = {
        "red": np.trunc(1.4020 * red - 0.7010 * top),
        "green": np.trunc(0.3441 * blue) + np.trunc(0.7141 * red - 0.5291 * top),
        "blue": np.trunc(1.7720 * blue - 0.8859 * top),
    }
    sums = np.stack([light + terms["red"], light - terms["green"], light + terms["blue"]], axis=-1)
    return np.clip(sums, 0, top).astype(np.int64)


def verdict(image: Image, ours: Levels, theirs: Levels) -> str:
    """How near two pictures are, or the rules by which they differ.

    Raises
    ------
    AssertionError
        They differ by more than one level, and no rule says why.
    """
    assert ours.shape == theirs.shape, image.path
    apart = int(np.abs(ours - theirs).max())
    if apart <= 1:
        return ["equal", "within one level"][apart]
    if not image.is_grey:
        assert image.header.PhotometricInterpretation == "YBR_FULL", (image.path, apart)
        assert np.array_equal(_colours_of_dcmtk(image), theirs), (image.path, apart)
        assert apart <= 2, (image.path, apart)
        return "DCMTK cuts off the terms of YBR_FULL, and centres them at 127.5"
    reasons = [reason for reason, is_so in REASONS.items() if is_so(image)]
    assert reasons, (image.path, image.window, apart)
    assert np.abs(_grey_of_dcmtk(image) - theirs).max() <= 1, (image.path, image.window, apart, reasons)
    assert np.abs(_grey_of_the_standard(image) - ours).max() <= 1, (image.path, image.window, apart, reasons)
    return "; ".join(reasons)


# --- real files -------------------------------------------------------------------------------------------


def _header(path: Path) -> Dataset | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return dcmread(path, stop_before_pixels=True, force=True)
        except (InvalidDicomError, EOFError, OSError, ValueError, NotImplementedError):
            return None


def images_of(path: Path) -> Iterator[Image]:
    """Yield the images of a file to compare: its first frame by a fixed window, and its middle one by its own."""
    header = _header(path)
    if header is None or not header.get("Rows"):
        return
    image = Image(path, header)
    if not image.is_grey:
        yield image
        return
    try:
        values = convkit.values(path, 0)
    except ConvkitError:
        return
    ends = np.percentile(values, [2, 98])
    center, width = str(round(float(ends.mean()), 2)), str(max(round(float(np.ptp(ends)), 2), 2.0))
    yield image._replace(window=f"{center}/{width}", options=("+Ww", center, width, "+Wfl"))
    own = image._replace(window="file", frame=image.frames // 2)
    if header.get("WindowCenter") is not None and header.get("WindowWidth") is not None:
        yield own._replace(options=("+Wi", "1"))
    elif "VOILUTSequence" in header:
        yield own._replace(options=("+Wl", "1"))


def _kind(path: Path) -> tuple[str, ...]:
    """What makes files alike: a few of each kind are enough."""
    header = _header(path)
    if header is None:
        return ("",)
    keywords = ("PhotometricInterpretation", "BitsStored", "PixelRepresentation", "RescaleSlope", "SOPClassUID")
    return Image(path, header).syntax, *(str(header.get(keyword, "")) for keyword in keywords)


def spread(paths: list[Path], most: int) -> Iterator[Path]:
    """Yield the first files of each kind."""
    seen: Counter[tuple[str, ...]] = Counter()
    for path in paths:
        kind = _kind(path)
        seen[kind] += 1
        if seen[kind] <= most:
            yield path


def compared(paths: list[Path], folder: Path, bits: int = 8) -> Counter[str]:
    """Verdicts over all files that both can open."""
    found: Counter[str] = Counter()
    for image in (image for path in paths for image in images_of(path)):
        try:
            ours = image.ours(bits)
        except ConvkitError:
            continue
        theirs = image.theirs(folder, bits)
        if theirs is not None:
            found[verdict(image, ours, theirs)] += 1
    return found


@needs_dcmtk
def test_real_files_look_as_in_dcmtk(data_folder: Path, tmp_path: Path) -> None:
    paths = sorted(p for p in (data_folder / "decoding").rglob("*") if p.is_file() and p.suffix not in {".json", ".md"})
    found = compared(paths, tmp_path)
    assert found["equal"] + found["within one level"] >= 150
    assert set(found) >= {"equal", "within one level", "DCMTK shows padding as if it were values"}
    assert sum(found.values()) - found["equal"] - found["within one level"] <= 10


SMALL_SETS = [
    "enhanced_mixed",
    "siemens_12bit",
    "siemens_transfer_syntax",
    "ct_siemens_gantry_tilt",
]


@needs_dcmtk
@pytest.mark.parametrize("name", SMALL_SETS)
def test_files_of_scanners_look_as_in_dcmtk(name: str, data_folder: Path, tmp_path: Path) -> None:
    archive = data_folder / "conversion" / f"{name}.tar.xz"
    if not archive.is_file():
        pytest.skip(f"the set {name} is not there")
    with tarfile.open(archive) as file:
        file.extractall(tmp_path / "set", filter="data")
    paths = sorted(p for p in (tmp_path / "set" / name / "in").rglob("*") if p.is_file())
    found = compared(list(spread(paths, 3)), tmp_path)
    assert sum(found.values()) >= 2


# --- images of every kind ---------------------------------------------------------------------------------


def _signed() -> NDArray[np.int16]:
    return np.linspace(-2000, 3000, 4096).astype(np.int16).reshape(64, 64)


def _unsigned() -> NDArray[np.uint16]:
    return np.arange(4096, dtype=np.uint16).reshape(64, 64)


TWELVE_BITS = {"BitsStored": 12, "HighBit": 11}
CURVE = (np.arange(4096) ** 2 / 4095).astype(np.uint16)

GREY: dict[str, tuple[NDArray[Any], dict[str, Any]]] = {
    "HU": (_signed(), {"RescaleSlope": 1, "RescaleIntercept": -1024}),
    "12 bits": (_unsigned(), TWELVE_BITS),
    "8 bits": (np.arange(256, dtype=np.uint8).reshape(16, 16), {}),
    "MONOCHROME1": (_unsigned(), {"PhotometricInterpretation": "MONOCHROME1", **TWELVE_BITS}),
    "a slope that turns values round": (_unsigned(), {"RescaleSlope": -1, "RescaleIntercept": 4000, **TWELVE_BITS}),
    "a slope of a quarter": (_unsigned(), {"RescaleSlope": 0.25, "RescaleIntercept": 0, **TWELVE_BITS}),
    "a modality table": (_unsigned(), {"ModalityLUTSequence": [table_item(0, CURVE, 12)], **TWELVE_BITS}),
    "a modality table over negative values": (
        _signed(),
        {"ModalityLUTSequence": [table_item(-2000, np.arange(5001, dtype=np.uint16), 16)]},
    ),
    "shape INVERSE": (
        _unsigned(),
        {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE", **TWELVE_BITS},
    ),
    "padding": (_signed(), {"PixelPaddingValue": 3000}),
}


@needs_dcmtk
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", GREY)
@pytest.mark.parametrize(("center", "width"), [("300", "900"), ("1000.5", "2001")])
def test_grey_images_of_every_kind(kind: str, center: str, width: str, bits: int, tmp_path: Path) -> None:
    pixels, attributes = GREY[kind]
    (path,) = write([instance(pixels=pixels, Modality="OT", **attributes)], tmp_path)
    image = Image(path, dcmread(path), 0, f"{center}/{width}", ("+Ww", center, width, "+Wfl"))
    theirs = image.theirs(tmp_path, bits)
    assert theirs is not None
    ours = image.ours(bits)
    outside = ours if kind != "padding" else np.where(image.stored() == 3000, theirs, ours)
    if bits == 16 and kind == "a slope of a quarter":
        apart = 65535 / (float(width) - 1)  # what a real value cut to a whole number can make of it
        assert np.abs(outside - theirs).max() <= apart + 1
    else:
        assert np.abs(outside - theirs).max() <= 1
    assert kind != "padding" or (ours[image.stored() == 3000] == 0).all()


@needs_dcmtk
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("bits", [8, 16])
def test_windows_and_tables_of_the_file(photometric: str, bits: int, tmp_path: Path) -> None:
    attributes: dict[str, Any] = {
        "PhotometricInterpretation": photometric,
        "WindowCenter": [2000, 900],
        "WindowWidth": [4000, 301],
        "VOILUTSequence": [table_item(0, CURVE[::-1].copy(), 12)],
    }
    (path,) = write([instance(pixels=_unsigned(), Modality="OT", **attributes, **TWELVE_BITS)], tmp_path)
    for place, options in enumerate([("+Wi", "1"), ("+Wi", "2"), ("+Wl", "1")], start=1):
        image = Image(path, dcmread(path), 0, f"file:{place}", options)
        theirs = image.theirs(tmp_path, bits)
        assert theirs is not None
        if bits == 16 and place == 3:
            theirs = _with_full_white(theirs, is_inverse=photometric == "MONOCHROME1")
        assert np.abs(image.ours(bits) - theirs).max() <= 1


def _with_full_white(levels: Levels, *, is_inverse: bool) -> Levels:
    """Levels of a 12-bit table, of which DCMTK makes 16 bits by four zeros, so that its largest entry is no white."""
    top, reached = 65535, 4095 << 4
    upright = top - levels if is_inverse else levels
    spread_out = np.rint(upright / reached * top).astype(np.int64)
    return top - spread_out if is_inverse else spread_out


def _philips() -> Dataset:
    dataset = instance(pixels=_unsigned(), Modality="MR", Manufacturer="Philips", RescaleSlope=2, RescaleIntercept=0)
    dataset.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", 0.01)
    return dataset


def _of_the_real_world() -> Dataset:
    dataset = instance(pixels=_unsigned(), Modality="MR", RescaleSlope=2, RescaleIntercept=0)
    mapping, unit = Dataset(), Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "mm2/s", "UCUM", "mm2/s"
    mapping.MeasurementUnitsCodeSequence = [unit]
    mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 1e-6, 0.0
    mapping.RealWorldValueFirstValueMapped, mapping.RealWorldValueLastValueMapped = 0, 4095
    mapping["RealWorldValueFirstValueMapped"].VR = mapping["RealWorldValueLastValueMapped"].VR = "US"
    mapping.LUTLabel = "ADC"
    dataset.RealWorldValueMappingSequence = [mapping]
    return dataset


@needs_dcmtk
@pytest.mark.parametrize("build", [_philips, _of_the_real_world])
@pytest.mark.parametrize("window", ["file", "auto"])
def test_windows_of_a_file_are_over_rescaled_values(build: Callable[[], Dataset], window: str, tmp_path: Path) -> None:
    """PS3.3 C.11.2.1.2.1: whatever real values the vendor, or a Real World Value Mapping, has beside."""
    dataset = build()
    dataset.WindowCenter, dataset.WindowWidth = 4000, 6000
    (path,) = write([dataset], tmp_path)
    image = Image(path, dcmread(path), 0, window, ("+Wi", "1"))
    theirs = image.theirs(tmp_path)
    assert theirs is not None
    assert np.abs(image.ours() - theirs).max() <= 1


@pytest.mark.parametrize("build", [_philips, _of_the_real_world])
def test_values_are_those_of_a_volume_however_windows_are(build: Callable[[], Dataset], tmp_path: Path) -> None:
    (path,) = write([build()], tmp_path)
    volume = convkit.read(tmp_path, values="rescaled")
    assert np.allclose(convkit.values(path), volume.array[0, 0], rtol=1e-6)


@pytest.mark.parametrize("build", [_philips, _of_the_real_world])
@pytest.mark.parametrize("view", ["axial", "native"])
def test_views_of_a_volume_have_the_windows_of_their_files(
    build: Callable[[], Dataset], view: str, tmp_path: Path
) -> None:
    dataset = build()
    dataset.WindowCenter, dataset.WindowWidth = 4000, 6000
    dataset.PixelSpacing = [1, 1]
    write([dataset], tmp_path / "in")
    convkit.preview(tmp_path / "in", tmp_path / "out", view=view, window="file")
    (picture,) = (tmp_path / "out").rglob("*.png")
    expected = np.clip((np.arange(4096).reshape(64, 64) * 2 - 3999.5) / 5999 + 0.5, 0, 1) * 255
    assert np.abs(np.asarray(PILImage.open(picture)).astype(float) - expected).max() <= 1


def _deep_palette() -> Dataset:
    """Stored values of 16 bits, colours of 16 bits."""
    dataset = palette()
    pixels = np.arange(300, 342, dtype=np.uint16).reshape(6, 7)
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    for place, colour in enumerate(("Red", "Green", "Blue"), start=1):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [42, 300, 16])
        entries = (np.arange(42) * 1000 * place % 65536).astype("<u2")
        setattr(dataset, f"{colour}PaletteColorLookupTableData", entries.tobytes())
    return dataset


COLOUR: dict[str, Callable[[], Dataset]] = {
    "RGB": rgb,
    "RGB by plane": lambda: rgb(planar=1),
    "YBR_FULL": ybr_full,
    "palette": palette,
    "palette of 16 bits": _deep_palette,
}


@needs_dcmtk
@pytest.mark.parametrize("kind", COLOUR)
def test_colour_images_of_every_kind(kind: str, tmp_path: Path) -> None:
    (path,) = write([COLOUR[kind]()], tmp_path)
    image = Image(path, dcmread(path))
    theirs = image.theirs(tmp_path)
    assert theirs is not None
    found = verdict(image, image.ours(), theirs)
    assert found == "equal" or kind == "YBR_FULL"


@needs_dcmtk
def test_a_picture_two_levels_off_without_a_reason_would_be_found(tmp_path: Path) -> None:
    (path,) = write([instance(pixels=_signed(), Modality="OT")], tmp_path)
    image = Image(path, dcmread(path), 0, "300/900", ("+Ww", "300", "900", "+Wfl"))
    theirs = image.theirs(tmp_path)
    assert theirs is not None
    with pytest.raises(AssertionError):
        verdict(image, image.ours() + 2, theirs)


# --- against pydicom, which DCMTK has no LINEAR_EXACT for ----------------------------------------------------


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("center", "width"), [(0, 400), (40.5, 1.5), (-600, 1500), (1000, 1)])
@pytest.mark.parametrize(("slope", "intercept"), [(1, -1024), (0.5, 0), (3, 7)])
def test_functions_of_windows_are_those_of_pydicom(  # noqa: PLR0917 (one argument a parameter)
    function: str, center: float, width: float, slope: float, intercept: float, tmp_path: Path
) -> None:
    dataset = instance(
        pixels=_signed(),
        RescaleSlope=slope,
        RescaleIntercept=intercept,
        WindowCenter=center,
        WindowWidth=width,
        VOILUTFunction=function,
    )
    (path,) = write([dataset], tmp_path)
    with np.errstate(over="ignore"):  # of its exponential, where the level is black
        shown = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset)
    low, high = (end * slope + intercept for end in (-32768, 32767))  # pydicom scales to what the bits can hold
    expected = (shown - low) / (high - low) * 65535
    ours = np.asarray(convkit.render(path, window="file", aspect=False, bits=16)).astype(float)
    assert np.abs(ours - expected).max() <= 1


def test_a_table_is_that_of_pydicom(tmp_path: Path) -> None:
    dataset = instance(pixels=_unsigned(), Modality="OT", VOILUTSequence=[table_item(100, CURVE, 12)], **TWELVE_BITS)
    (path,) = write([dataset], tmp_path)
    expected = apply_voi(dataset.pixel_array, dataset) / 4095 * 255
    assert np.abs(np.asarray(convkit.render(path, window="file", aspect=False)) - expected).max() <= 1
