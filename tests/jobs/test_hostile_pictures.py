"""Pictures from files, states, labels and options made to break: each costs only itself, and says so in our words."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from functools import partial
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from struct import pack, unpack
from typing import Any, BinaryIO

import numpy as np
import pytest
from pydicom import Dataset, dcmwrite
from pydicom.datadict import DicomDictionary

import convkit
from convkit import ConvkitError, Report, Status, UsageError
from convkit.writers import PICTURE_WRITERS, PictureOptions
from convkit.writers.png import encode_png
from tests.builders import enhanced_mr, instance, multi_frame_us, palette, rgb, series, write, write_as
from tests.builders.presentations import annotation, area, graphic, layer, state, window
from tests.builders.segmentations import binary, disc
from tests.cli.command import convkit as command
from tests.jobs.test_preview import GREY, Previewed, preview_folder
from tests.jobs.work import codes, contents, digests

GOOD = 5
"""Pictures of the sound series beside a hostile one."""


def with_value(content: bytes, tag: int, vr: bytes, value: bytes) -> bytes:
    """The value of an element with a short length replaced."""
    at = content.index(pack("<HH2s", tag >> 16, tag & 0xFFFF, vr))
    (length,) = unpack("<H", content[at + 6 : at + 8])
    return content[: at + 6] + pack("<H", len(value)) + value + content[at + 8 + length :]


def us(*numbers: int) -> bytes:
    return pack(f"<{len(numbers)}H", *numbers)


def is_calm(report: Report) -> bool:
    """True where every trouble has a cause of its own: nothing unexpected, no dead worker."""
    return not {code for code in codes(report) if code.startswith("engine.")}


def code_of(call: Callable[[], object]) -> str:
    """Code of our own error that a call ends with, empty where it ends well; any other error passes through."""
    try:
        call()
    except ConvkitError as err:
        return err.code
    return ""


UNNAMED = ("engine.", "convkit.")
"""How codes begin that nothing should end with."""


# --- headers ---------------------------------------------------------------------------------------------

FRAMES, ROWS, COLUMNS, SAMPLES = 0x00280008, 0x00280010, 0x00280011, 0x00280002
PHOTOMETRIC, SPACING, ASPECT = 0x00280004, 0x00280030, 0x00280034
ALLOCATED, STORED, HIGH = 0x00280100, 0x00280101, 0x00280102
SLOPE, INTERCEPT, CENTER, WIDTH = 0x00281053, 0x00281052, 0x00281050, 0x00281051

Values = tuple[tuple[int, bytes, bytes], ...]

HOSTILE: dict[str, Values] = {
    "two thousand million frames": ((FRAMES, b"IS", b"2147483647"),),
    "a million frames": ((FRAMES, b"IS", b"1000000 "),),
    "more frames than fit an integer": ((FRAMES, b"IS", b"99999999999 "),),
    "negative frames": ((FRAMES, b"IS", b"-1"),),
    "no frames": ((FRAMES, b"IS", b"0 "),),
    "words for frames": ((FRAMES, b"IS", b"many"),),
    "huge frames": ((ROWS, b"US", us(65535)), (COLUMNS, b"US", us(65535)), (FRAMES, b"IS", b"1000")),
    "no rows": ((ROWS, b"US", us(0)),),
    "half a number of rows": ((ROWS, b"US", b"\6"),),
    "huge columns": ((COLUMNS, b"US", us(65535)),),
    "four samples": ((SAMPLES, b"US", us(4)),),
    "17 bits": ((ALLOCATED, b"US", us(17)),),
    "no bits stored": ((STORED, b"US", us(0)),),
    "too many bits stored": ((STORED, b"US", us(65535)),),
    "high bit beyond the sample": ((HIGH, b"US", us(99)),),
    "grey said to be HSV": ((PHOTOMETRIC, b"CS", b"HSV "),),
    "grey said to be a palette": ((PHOTOMETRIC, b"CS", b"PALETTE COLOR "),),
    "slope that is no number": ((SLOPE, b"DS", b"nan "),),
    "endless slope": ((SLOPE, b"DS", b"1e400 "),),
    "slope and intercept at the edge": ((SLOPE, b"DS", b"1e308 "), (INTERCEPT, b"DS", b"-1e308")),
    "window that is no number": ((CENTER, b"DS", b"nan "), (WIDTH, b"DS", b"inf ")),
    "window of 60000 digits": ((CENTER, b"DS", b"9" * 60000),),
    "window without width": ((WIDTH, b"DS", b"0 "),),
    "negative window": ((WIDTH, b"DS", b"-400"),),
    "pixels a million times as long as wide": ((SPACING, b"DS", b"1e6\\1 "),),
    "pixels of no size": ((SPACING, b"DS", b"0\\0 "),),
    "endless pixels": ((SPACING, b"DS", b"inf\\nan "),),
    "aspect of nothing": ((ASPECT, b"IS", b"0\\0 "),),
}


def image_to_spoil(number: int) -> bytes:
    """An image that has every attribute of `HOSTILE`, as the bytes of a file."""
    dataset = instance(
        series=100 + number, NumberOfFrames=1, PixelAspectRatio=[1, 1], WindowCenter=40, WindowWidth=400, pixels=GREY
    )
    dataset.SOPInstanceUID = f"2.25.7{number:06d}"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return as_bytes(dataset)


def as_bytes(dataset: Dataset) -> bytes:
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for each hostile header, beside a sound series."""
    folder = tmp_path_factory.mktemp("hostile")
    for number, (name, values) in enumerate(HOSTILE.items()):
        content = image_to_spoil(number)
        for tag, vr, value in values:
            content = with_value(content, tag, vr, value)
        (folder / f"{name}.dcm").write_bytes(content)
    write(series(slices=GOOD, rows=6, columns=7), folder / "good")
    return folder


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bits": 16, "overlay": True, "scale_bar": True, "window": "full"},
        {"to": "gif", "window": "p1-99"},
        {"to": "jpg", "size": 200, "aspect": False},
        {"view": "three"},
        {"view": "mip", "irregular": "split"},
    ],
    ids=str,
)
def test_hostile_headers_cost_only_themselves(hostile: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    run = preview_folder(hostile, tmp_path / "out", **options)
    good = [o for o in run.report.outcomes if o.item.startswith("series 001")]
    assert is_calm(run.report)
    assert run.report.exit_code == 4
    is_one = options.get("to") == "gif" or "view" in options
    assert [len(o.outputs) for o in good if o.status is Status.DONE] == [1 if is_one else GOOD]
    assert not [name for name in contents(run.folder) if name.endswith(".part")]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_is_an_image_or_our_own_error(hostile: Path, name: str) -> None:
    for answer in (convkit.render, convkit.values, convkit.stored):
        assert not code_of(partial(answer, hostile / f"{name}.dcm")).startswith(UNNAMED)


def test_damaged_files_raise_nothing_but_our_own_errors(tmp_path: Path) -> None:
    rng = random.Random(1)
    sound = [
        as_bytes(dataset)
        for dataset in (instance(), rgb(), palette(), enhanced_mr(), multi_frame_us(), instance(syntax="rle"))
    ]
    path = tmp_path / "x.dcm"
    for _ in range(600):
        path.write_bytes(damaged(rng.choice(sound), rng))
        for answer in (convkit.render, convkit.values, convkit.stored):
            assert not code_of(partial(answer, path)).startswith(UNNAMED)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, left out, doubled, or the end cut off."""
    spoilt = bytearray(content)
    at = rng.randrange(132, len(spoilt))
    kind = rng.randrange(4)
    if kind == 0:
        return bytes(spoilt[:at])
    if kind == 1:
        return bytes(spoilt[:at] + spoilt[at + rng.choice((1, 2, 8, 100)) :])
    if kind == 2:
        return bytes(spoilt[:at] + spoilt[at : at + rng.choice((2, 8, 100))] + spoilt[at:])
    for _ in range(rng.choice((1, 2, 20))):
        spoilt[rng.randrange(132, len(spoilt))] = rng.choice((0, 1, 32, 49, 255, rng.randrange(256)))
    return bytes(spoilt)


# --- what is laid over -----------------------------------------------------------------------------------


def on_layer(kind: str, points: list[tuple[float, float]]) -> dict[str, Any]:
    shape = graphic(kind, points, filled="Y")
    return {"GraphicLayerSequence": [layer("L", 1)], "GraphicAnnotationSequence": [annotation("L", shape)]}


STATES: dict[str, dict[str, Any]] = {
    "turned by 45 degrees": {"ImageRotation": 45},
    "shutter outside": {
        "ShutterShape": "RECTANGULAR",
        "ShutterLeftVerticalEdge": 9000,
        "ShutterRightVerticalEdge": -9000,
        "ShutterUpperHorizontalEdge": 9000,
        "ShutterLowerHorizontalEdge": 9001,
    },
    "shutter of one corner": {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 1]},
    "shutter of a negative radius": {
        "ShutterShape": "CIRCULAR",
        "CenterOfCircularShutter": [1, 1],
        "RadiusOfCircularShutter": -5,
    },
    "area upside down": {"DisplayedAreaSelectionSequence": [area(7, 6, 1, 1)]},
    "area without end": {"DisplayedAreaSelectionSequence": [area(-(2**31), -(2**31), 2**31 - 1, 2**31 - 1)]},
    "aspect of nothing": {"DisplayedAreaSelectionSequence": [area(1, 1, 7, 6, PresentationPixelAspectRatio=[0, 0])]},
    "window without width": {"SoftcopyVOILUTSequence": [window(1, 0)]},
    "polygon of one point": on_layer("POLYLINE", [(1, 1)]),
    "ellipse of nothing": on_layer("ELLIPSE", [(1, 1)] * 4),
    "circle beyond the world": on_layer("CIRCLE", [(1, 1), (1e9, 1e9)]),
    "points that are no numbers": on_layer("INTERPOLATED", [(float("nan"), float("inf"))] * 4),
    "shape that does not exist": on_layer("HEART", [(1, 1), (2, 2)]),
}


@pytest.mark.parametrize("name", STATES)
def test_a_nonsensical_presentation_state_is_applied_in_part_or_refused(tmp_path: Path, name: str) -> None:
    image = instance(pixels=GREY)
    path = write_as(state([image], **STATES[name]), tmp_path / "state.dcm")
    assert not code_of(partial(convkit.render, image, presentation=path)).startswith(UNNAMED)


def test_a_damaged_segmentation_is_answered_in_our_words(tmp_path: Path) -> None:
    images = series(slices=3, rows=20, columns=20)
    write(images, tmp_path / "in")
    sound = as_bytes(binary(images, {1: disc(3, 20, 20, (10, 10), 5)}))
    rng = random.Random(2)
    for place in range(60):
        (tmp_path / "in" / "seg.dcm").write_bytes(damaged(sound, rng))
        run = preview_folder(tmp_path / "in", tmp_path / f"out{place}", overlay=True)
        assert is_calm(run.report)


def test_a_damaged_label_image_is_refused_before_any_picture(tmp_path: Path) -> None:
    write([instance()], tmp_path / "in")
    for content in (b"", b"\x1f\x8b" + b"x" * 100, b"\x5c\x01\0\0" + bytes(344), b"NRRD0004\ndimension: -1\n\n"):
        for suffix in (".nii", ".nii.gz", ".nrrd", ".mha"):
            path = tmp_path / f"labels{suffix}"
            path.write_bytes(content)
            with pytest.raises(ConvkitError):
                convkit.preview(tmp_path / "in", tmp_path / "out", labels=path, jobs=1)
    assert not (tmp_path / "out").exists()


# --- options ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"to": "gif", "bits": 16},
        {"to": "bmp"},
        {"bits": 12},
        {"size": 0},
        {"size": 65536},
        {"quality": 101},
        {"slices": 0},
        {"slices": "²"},
        {"slices": 2.5},
        {"window": ""},
        {"window": "40/0"},
        {"window": "nan/1"},
        {"window": "9" * 400 + "/1"},
        {"window": "p99-1"},
        {"window": "file:0"},
        {"view": "AXIAL "},
        {"view": "axial", "filename": "{picture}x"},
        {"view": "axial", "filename": "{picture}"},
        {"filename": "{PatientName}"},
        {"filename": "{nix}"},
        {"filename": "{"},
        {"filename": "{picture:>99999}"},
        {"filename": "{picture.__class__}"},
        {"where": "__import__('os')"},
        {"labels": "missing.nii.gz"},
        {"presentation": "missing.dcm"},
    ],
    ids=lambda options: str(options)[:60],
)
def test_a_wrong_option_ends_the_run_before_anything_is_written(tmp_path: Path, options: dict[str, Any]) -> None:
    write([instance()], tmp_path / "in")
    with pytest.raises(ConvkitError) as caught:
        convkit.preview(tmp_path / "in", tmp_path / "out", jobs=1, **options)
    assert isinstance(caught.value, UsageError) or caught.value.code.startswith(("values.", "input."))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["../../x{picture}", "/x/{picture}", "~/{picture}", "a/../../{picture}", ".convkit/x"])
def test_no_template_leads_out_of_the_destination_or_into_the_journal(tmp_path: Path, name: str) -> None:
    write([instance()], tmp_path / "in")
    preview_folder(tmp_path / "in", tmp_path / "out", filename=name)
    outside = {p.name for p in tmp_path.iterdir()}
    assert outside == {"in", "out"}
    assert {p.name for p in (tmp_path / "out" / ".convkit").iterdir()} <= {"journal.sqlite", "lock"}
    assert len(contents(tmp_path / "out")) == 1


# --- destinations ----------------------------------------------------------------------------------------


def test_a_link_to_an_input_in_the_place_of_a_picture_is_never_written_through(tmp_path: Path) -> None:
    (path,) = write([instance()], tmp_path / "in")
    before = digests(tmp_path / "in")
    planned = Previewed(convkit.preview(tmp_path / "in", tmp_path / "out", jobs=1, dry_run=True), tmp_path / "out")
    name = planned.report.outcomes[0].outputs[0]
    (tmp_path / "out" / name).parent.mkdir(parents=True)
    (tmp_path / "out" / name).symlink_to(path)
    for exists in ("skip", "overwrite"):
        run = preview_folder(tmp_path / "in", tmp_path / "out", exists=exists)
        assert run.codes == {"output.inside-source"}
        assert run.report.exit_code == 5
    assert digests(tmp_path / "in") == before


def test_the_sources_may_be_the_destination(tmp_path: Path) -> None:
    write(series(slices=3), tmp_path / "in")
    before = digests(tmp_path / "in")
    for _ in range(2):
        assert preview_folder(tmp_path / "in", tmp_path / "in").report.exit_code == 0
    assert {name: digest for name, digest in digests(tmp_path / "in").items() if name in before} == before


def test_a_folder_in_the_place_of_a_picture_costs_only_that_picture(tmp_path: Path) -> None:
    write(series(slices=3), tmp_path / "in")
    names = convkit.preview(tmp_path / "in", tmp_path / "out", jobs=1, dry_run=True).outcomes[0].outputs
    (tmp_path / "out" / names[1]).mkdir(parents=True)
    run = preview_folder(tmp_path / "in", tmp_path / "out", exists="overwrite")
    assert run.report.exit_code == 4
    assert set(contents(run.folder)) == {names[0], names[2]}


# --- runs ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise that takes a while."""
    folder = tmp_path_factory.mktemp("many") / "in"
    noise = np.random.default_rng(1)
    write((instance(number=n, pixels=noise.integers(0, 999, (256, 256), np.int16)) for n in range(1, 81)), folder)
    return folder


def test_any_number_of_jobs_makes_the_same_bytes(many: Path, tmp_path: Path) -> None:
    runs = [preview_folder(many, tmp_path / str(jobs), jobs=jobs, gallery=True) for jobs in (1, 3)]
    assert contents(runs[0].folder) == contents(runs[1].folder)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("to", ["png", "gif"])
def test_a_killed_run_goes_on_to_the_same_bytes(many: Path, tmp_path: Path, to: str) -> None:
    whole = preview_folder(many, tmp_path / "whole", to=to, gallery=True)
    target = tmp_path / "killed"
    arguments = [sys.executable, "-m", "convkit", "preview", str(many), "-o", str(target), "--to", to, "-j", "2", "-qq"]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(target.rglob(f"*.{to}*")):
        time.sleep(0.002)
    process.kill()
    process.wait()
    time.sleep(2.5)  # workers see within GRACE_S that the parent is gone
    assert command("preview", many, "-o", target, "--to", to, "-qq").returncode == 0
    assert contents(target) == contents(whole.folder)


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked with the deadly writer on Linux alone")
def test_a_worker_that_dies_while_it_writes_leaves_no_temporary_file(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadly(file: BinaryIO, pictures: Iterator[Any], options: PictureOptions) -> None:
        if b"0002." in os.fsencode(file.name):
            file.write(bytes(1 << 20))
            os.kill(os.getpid(), signal.SIGKILL)
        encode_png(file, pictures, options)

    deadly_writers = PICTURE_WRITERS | {"png": replace(PICTURE_WRITERS["png"], encode_to=deadly)}
    monkeypatch.setattr("convkit.jobs._pictures.tasks.PICTURE_WRITERS", deadly_writers)
    # A thread that another test has left, as that of a server, would have workers spawned, without the deadly writer.
    monkeypatch.setattr("convkit.engine._pool._start_method", lambda: "fork")
    run = preview_folder(many, tmp_path / "out", jobs=2)
    assert "engine.worker-died" in run.codes
    assert not list((tmp_path / "out").rglob("*.part"))


def test_a_zero_byte_in_a_path_is_said(tmp_path: Path) -> None:
    (path,) = write([instance()], tmp_path / "in")
    assert code_of(lambda: convkit.preview(path, "a\0b")) == "usage.error"
    assert code_of(lambda: convkit.preview("a\0b", tmp_path)) == "input.unreadable"
    assert code_of(lambda: convkit.stored("a\0b")) == "input.unreadable"
    assert code_of(lambda: convkit.render("a\0b")) == "input.unreadable"


# --- secrets ---------------------------------------------------------------------------------------------

SECRET = b"ZQX"
_TEXTS = {"PN", "LO", "SH", "ST", "LT", "UT", "UC", "CS", "AE", "UR"}
_NEEDED = {
    "Modality",
    "SeriesDescription",
    "SpecificCharacterSet",
    "PhotometricInterpretation",
    "ImageType",
    "PatientPosition",
    "BurnedInAnnotation",
}


def with_secrets(dataset: Dataset) -> Dataset:
    """Every text attribute that the standard knows, a private block, and the preamble hold a secret."""
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        if vr in _TEXTS and keyword and keyword not in _NEEDED and tag >> 16 not in {0x0000, 0x0002, 0x0004}:
            dataset.add_new(tag, vr, "ZQX")
    block = dataset.private_block(0x11, "ZQX", create=True)
    block.add_new(1, "LO", "ZQX")
    block.add_new(2, "UN", b"ZQX ")
    dataset.preamble = (b"ZQX " * 32)[:128]
    return dataset


@pytest.mark.parametrize("options", [(), ("--to", "jpg"), ("--to", "gif"), ("--view", "three", "--overlay")], ids=str)
def test_nothing_of_the_header_is_in_pictures_names_page_journal_log_or_answers(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    good = [with_secrets(d) for d in (*series(slices=3), rgb(series=2), multi_frame_us(series=3))]
    paths = write(good, tmp_path / "in")
    for place, end in enumerate(range(300, 3000, 300)):
        (tmp_path / "in" / f"cut{place}").write_bytes(paths[0].read_bytes()[:end])
    spoilt = as_bytes(with_secrets(instance(series=4, NumberOfFrames=1, WindowCenter=1, WindowWidth=9)))
    for place, (tag, vr) in enumerate(((FRAMES, b"IS"), (SLOPE, b"DS"), (WIDTH, b"DS"), (PHOTOMETRIC, b"CS"))):
        (tmp_path / "in" / f"bad{place}").write_bytes(with_value(spoilt, tag, vr, b"ZQX "))
    for style in ((), ("--json",)):
        done = command(
            "preview", tmp_path / "in", "-o", tmp_path / "out", "-vv", "--log", tmp_path / "log", *options, *style
        )
        assert done.returncode == 4
        assert "ZQX" not in done.stdout + done.stderr
    written = [p for p in [*(tmp_path / "out").rglob("*"), tmp_path / "log"] if p.is_file()]
    assert len(written) > 3
    assert not [p for p in written if SECRET in p.read_bytes() or "ZQX" in str(p.relative_to(tmp_path))]


# --- in memory -------------------------------------------------------------------------------------------


def test_data_sets_are_left_as_they_were() -> None:
    for dataset in (instance(), rgb(), palette(), enhanced_mr(), multi_frame_us(), instance(syntax="rle")):
        before = deepcopy(dataset)
        for answer in (convkit.render, convkit.stored):
            answer(dataset)
        assert dataset == before
        assert dataset.file_meta == before.file_meta


@pytest.mark.parametrize(
    "source", [None, 5, b"x", [], {}, object(), "", np.zeros((3, 3))], ids=lambda s: type(s).__name__
)
@pytest.mark.parametrize("answer", [convkit.render, convkit.values, convkit.stored], ids=lambda f: f.__name__)
def test_what_is_no_image_is_answered_in_our_words(answer: Callable[[Any], object], source: Any) -> None:
    with pytest.raises(ConvkitError):
        answer(source)


def digest_of(path: str) -> str:
    return hashlib.sha256(convkit.render(path).tobytes()).hexdigest()


@pytest.fixture
def compressed(tmp_path: Path) -> list[str]:
    """Images that need the codec process."""
    noise = np.random.default_rng(1)
    pixels = [noise.integers(0, 999, (64, 64), np.int16) for _ in range(12)]
    images = [instance(number=n, pixels=array, syntax="rle") for n, array in enumerate(pixels, 1)]
    return [str(path) for path in write(images, tmp_path / "rle")]


def test_threads_may_render_at_once(compressed: list[str]) -> None:
    alone = [digest_of(path) for path in compressed]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(digest_of, compressed * 5)) == alone * 5


@pytest.mark.skipif(os.name != "posix", reason="fork is POSIX")
def test_forked_processes_may_render_after_the_parent_has(compressed: list[str]) -> None:
    alone = [digest_of(path) for path in compressed]
    with get_context("fork").Pool(2) as pool:
        assert pool.map(digest_of, compressed) == alone
    assert [digest_of(path) for path in compressed] == alone
