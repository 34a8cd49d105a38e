"""The sidecar, and the table of writers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 (the name its own documentation uses)

from convkit.errors import UsageError
from convkit.model.geometry import Turn
from convkit.model.volume import Volume, facts_after
from convkit.writers import WRITERS, SidecarKind, WriteOptions, stem_of, writer_for, writer_for_path
from convkit.writers.itk import to_sitk
from convkit.writers.sidecar import sidecar_json

Named = Callable[[str], Volume]


def content(volume: Volume) -> dict:
    return json.loads(sidecar_json(volume, SidecarKind.BIDS))


def test_facts_come_first_and_in_their_order(volume_of: Named) -> None:
    assert list(content(volume_of("axial"))) == ["Modality", "PhaseEncodingAxis", "EchoTime", "Convkit"]


def test_own_object_tells_what_was_done(volume_of: Named) -> None:
    own = content(volume_of("with-notes"))["Convkit"]
    assert list(own) == ["Version", "Notes", "Units", "ValueMapping", "Split", "SourceAxis", "Sources"]
    assert [n["code"] for n in own["Notes"]] == ["geometry.tilted"]
    assert own["Split"] == {"Label": "_echo-2", "Reasons": ["EchoTime differs"]}
    assert own["ValueMapping"]["State"] == "pending"
    assert own["SourceAxis"] == "k"
    assert own["Sources"] == [f"1.2.0.{s}" for s in range(4)]


def test_sources_of_several_volumes_are_nested(volume_of: Named) -> None:
    own = content(volume_of("series"))["Convkit"]
    assert [len(volume) for volume in own["Sources"]] == [4, 4, 4]


def test_resampling_is_told(volume_of: Named) -> None:
    assert content(volume_of("resampled"))["Convkit"]["Resampled"] == {"Kind": "slices"}


def test_values_that_json_does_not_know_become_plain(make: Callable[..., Volume]) -> None:
    facts = MappingProxyType(
        {
            "A": float("nan"),
            "B": (1, np.float64(2.5), np.array([3, 4])),
            "C": MappingProxyType({"d": np.inf}),
            "E": "é",
        }
    )
    text = sidecar_json(make(facts=facts), SidecarKind.FULL)
    assert text.endswith(b"}\n")
    assert "é".encode() in text
    found = json.loads(text)
    del found["Convkit"]
    assert found == {"A": None, "B": [1, 2.5, [3, 4]], "C": {"d": None}, "E": "é"}


@pytest.mark.parametrize(("axes", "expected"), [((0, 1, 2), "j"), ((0, 2, 1), "i"), ((1, 0, 2), "k"), ((2, 0, 1), "i")])
def test_phase_encoding_axis_follows_a_turn(axes: tuple[int, int, int], expected: str) -> None:
    facts = facts_after({"EchoTime": 1, "PhaseEncodingAxis": "j"}, Turn(axes, (True, True, False)))
    assert dict(facts) == {"EchoTime": 1, "PhaseEncodingAxis": expected}


def test_npz_tells_facts_and_sources(volume_of: Named, tmp_path: Path) -> None:
    volume = volume_of("series")
    path = writer_for("npz").write(volume, tmp_path / "a", WriteOptions())[0]
    with np.load(path) as file:
        assert json.loads(str(file["facts"])) == dict(volume.facts)
        assert file["sources"].tolist() == [list(s) for s in volume.sources]
        assert str(file["units"]) == "HU"


def test_sitk_image_is_the_one_in_the_file(reference: Volume, tmp_path: Path) -> None:
    image = to_sitk(reference)
    file = sitk.ReadImage(str(writer_for("mha").write(reference, tmp_path / "a", WriteOptions())[0]))
    assert np.array_equal(sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(file))
    for of in ("GetOrigin", "GetSpacing", "GetDirection"):
        np.testing.assert_allclose(getattr(image, of)(), getattr(file, of)(), rtol=1e-12, atol=1e-12)


def test_itk_names_the_orientation_as_the_header_does(volume_of: Named, tmp_path: Path) -> None:
    path = writer_for("mha").write(volume_of("axial"), tmp_path / "a", WriteOptions())[0]
    ours = path.read_bytes().split(b"ElementDataFile")[0]
    theirs = tmp_path / "b.mha"
    sitk.WriteImage(sitk.ReadImage(str(path)), str(theirs))
    line = next(x for x in theirs.read_bytes().splitlines() if x.startswith(b"AnatomicalOrientation"))
    assert line in ours.splitlines()


# --- the table ---------------------------------------------------------------------------------------------


def test_the_names_are_the_values_of_to() -> None:
    assert list(WRITERS) == ["nii.gz", "nii", "nrrd", "mha", "npy", "npz"]
    assert all(writer_for(name).name == name for name in WRITERS)


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_name_chooses_its_writer(name: str) -> None:
    path = Path("a.b") / f"1.2.{name}"
    assert writer_for_path(path).name == name
    assert stem_of(path) == Path("a.b/1.2")


@pytest.mark.parametrize(
    ("given", "suggested"), [("nifti", "nii"), ("nii.g", "nii.gz"), ("NRRD", "nrrd"), (".mha", "mha")]
)
def test_an_unknown_format_suggests_the_nearest(given: str, suggested: str) -> None:
    with pytest.raises(UsageError, match=f"Did you mean {suggested}[?]"):
        writer_for(given)


@pytest.mark.parametrize(("given", "suggested"), [("a.nii.gx", ".nii.gz"), ("a.1.nrd", ".nrrd"), ("a.NII", ".nii")])
def test_an_unknown_suffix_suggests_the_nearest(given: str, suggested: str) -> None:
    with pytest.raises(UsageError, match=f"Did you mean {suggested}[?]"):
        writer_for_path(Path(given))


@pytest.mark.parametrize("wrong", [{"orient": "RAX"}, {"orient": "RLS"}, {"orient": "ras"}, {"sidecar": "bid"}])
def test_wrong_options_are_usage_errors(wrong: dict) -> None:
    with pytest.raises(UsageError):
        WriteOptions(**wrong)


def test_importing_the_room_is_light() -> None:
    script = (
        "import sys, convkit.writers\n"
        "print([m for m in ('nibabel', 'SimpleITK', 'isal', 'zipfile_', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "[]"
