"""The catalogue of devices: what fits, what is blanked, and mistakes by line."""

from __future__ import annotations

import pytest

from convkit.deid.pixels.devices import read_devices, shipped
from convkit.deid.pixels.facts import facts_of
from convkit.errors import UsageError
from tests.deid.pixels.trees import image, tree_of

_GOOD = """
[[device]]
name = "Own"
manufacturer = "^Builder"
model = "one|two"
modality = ["US"]
rows = 256
boxes = [[0, 0, 20, 0], [-30, 5, 0, 50]]
"""


def _written(folder, text):
    path = folder / "devices.toml"
    path.write_text(text, "utf-8")
    return str(path)


def test_boxes_count_from_the_far_edges_where_they_are_negative(tmp_path):
    (device,) = read_devices(_written(tmp_path, _GOOD))
    assert device.blanked(256, 320) == ((0, 0, 20, 320), (226, 5, 256, 50))


@pytest.mark.parametrize(
    ("header", "fits"), [({}, True), ({"Modality": "CR"}, False), ({"ManufacturerModelName": "Three"}, False)]
)
def test_a_device_fits_where_all_of_its_lines_do(tmp_path, header, fits):
    (device,) = read_devices(_written(tmp_path, _GOOD))
    tree = tree_of(image(**({"Modality": "US"} | header)), tmp_path)
    assert device.fits(facts_of(tree)) == fits


def test_keep_blanks_what_is_outside(tmp_path):
    text = _GOOD.replace("boxes = [[0, 0, 20, 0], [-30, 5, 0, 50]]", "keep = true\nboxes = [[10, 0, 0, 0]]")
    (device,) = read_devices(_written(tmp_path, text))
    assert device.blanked(256, 320) == ((0, 0, 10, 320),)


def test_the_shipped_catalogue_is_sound():
    assert all(device.boxes for device in shipped())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('model = "one|two"', 'modell = "one"', "Line 5: modell: there is no such field"),
        ('model = "one|two"', 'model = "(one"', "Line 5: model: it is no regular expression"),
        ("rows = 256", "rows = -1", "Line 7: rows"),
        ("boxes = [[0, 0, 20, 0], [-30, 5, 0, 50]]", "boxes = [[0, 0, 20]]", "Line 8: boxes"),
        ('name = "Own"\n', "", "Line 2: name"),
        ("[[device]]", "[[devise]]", "Line 2: devise"),
        ("rows = 256", "rows = ", "no TOML"),
    ],
)
def test_a_mistake_is_named_by_line_and_field(tmp_path, old, new, said):
    with pytest.raises(UsageError) as error:
        read_devices(_written(tmp_path, _GOOD.replace(old, new)))
    assert said in error.value.what


def test_an_unknown_field_is_answered_with_the_nearest_one(tmp_path):
    with pytest.raises(UsageError) as error:
        read_devices(_written(tmp_path, _GOOD.replace("model =", "modell =")))
    assert error.value.hint == "Did you mean model?"
