"""What passes under which policy."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

from convkit.deid.pixels import Kind, PixelMode, PixelPolicy, judged
from convkit.deid.pixels.box import Box
from convkit.deid.pixels.readers import Word
from convkit.errors import MissingExtraError
from tests.builders.burned import anatomy, burned
from tests.deid.pixels.test_risk import region
from tests.deid.pixels.trees import applied, image, inside, tree_of

REFUSE, REGIONS = PixelPolicy(PixelMode.REFUSE), PixelPolicy(PixelMode.REGIONS)
ALLOW, OCR = PixelPolicy(PixelMode.ALLOW), PixelPolicy(PixelMode.OCR)
_STORAGE = "1.2.840.10008.5.1.4.1.1."


class _Reads:
    """A reader that finds the same words as long as their place is not of one colour."""

    name = "fixed"

    def __init__(self, *words: Word, is_stubborn: bool = False, is_thorough: bool = True) -> None:
        self.is_thorough = is_thorough
        self._words = words
        self._is_stubborn = is_stubborn
        self.asked = 0

    def words(self, picture):
        self.asked += 1
        places = ((w, picture[w.box.top : w.box.bottom, w.box.left : w.box.right]) for w in self._words)
        return [word for word, place in places if self._is_stubborn or place.min() != place.max()]


NAME = Word(Box(3, 3, 18, 90), "DOE, JANE", 0.99)


def _text_image(**header):
    return image(burned(anatomy()).pixels, **header)


@pytest.mark.parametrize(
    ("policy", "header", "kind"),
    [
        (REFUSE, {}, Kind.REFUSED),
        (REFUSE, {"Modality": "CT"}, Kind.COPIED),
        (ALLOW, {"Modality": "US"}, Kind.COPIED),
        (REGIONS, {"Modality": "US"}, Kind.REFUSED),
        (REGIONS, {"Modality": "CT"}, Kind.COPIED),
        (ALLOW, {"SOPClassUID": _STORAGE + "104.1"}, Kind.COPIED),
        (OCR, {"SOPClassUID": _STORAGE + "104.1"}, Kind.REFUSED),
        (REGIONS, {"SOPClassUID": _STORAGE + "104.1"}, Kind.REFUSED),
        (OCR, {"SOPClassUID": _STORAGE + "66.4", "Modality": "SEG"}, Kind.COPIED),
    ],
)
def test_the_policy_decides_by_the_risk(tmp_path, policy, header, kind):
    verdict = judged(tree_of(image(**header), tmp_path), policy)
    assert verdict.kind == kind
    assert not verdict.looked


def test_all_outside_of_ultrasound_regions_is_blank(tmp_path):
    dataset = image(Modality="US", SequenceOfUltrasoundRegions=Sequence([region(40, 30, 239, 299)]))
    tree = tree_of(dataset, tmp_path)
    after = applied(tree, judged(tree, REGIONS), tmp_path).pixel_array
    kept = inside([Box(40, 30, 240, 300)], after.shape)
    assert (after[kept] == dataset.pixel_array[kept]).all()
    assert not after[~kept].any()


@pytest.mark.parametrize(
    ("word", "is_blank"), [(Box(3, 3, 18, 90), True), (Box(100, 100, 118, 200), False), (None, False)]
)
def test_one_word_outside_of_ultrasound_regions_takes_all_that_is_there(tmp_path, word, is_blank):
    dataset = image(Modality="US", SequenceOfUltrasoundRegions=Sequence([region(40, 30, 239, 299)]))
    dataset.PixelData = _text_image().PixelData
    tree = tree_of(dataset, tmp_path)
    words = [Word(word, "DOE, JANE", 0.99)] if word else []
    after = applied(tree, judged(tree, OCR, read_with=lambda: _Reads(*words)), tmp_path).pixel_array
    outside = ~inside([Box(40, 30, 240, 300)], after.shape)
    assert after[outside].any() != is_blank
    assert (after[outside] == dataset.pixel_array[outside]).all() != is_blank


def test_a_picture_without_room_for_a_word_is_not_read(tmp_path):
    tiny = image(np.arange(100, dtype=np.int16).reshape(10, 10), Modality="US")
    reads = _Reads(Word(Box(0, 0, 9, 9), "DOE, JANE", 0.99))
    verdict = judged(tree_of(tiny, tmp_path), OCR, read_with=lambda: reads)
    assert (verdict.kind, reads.asked) == (Kind.COPIED, 0)


def test_a_region_that_covers_next_to_nothing_is_not_believed(tmp_path):
    dataset = image(Modality="US", SequenceOfUltrasoundRegions=Sequence([region(0, 0, 9, 9)]))
    assert judged(tree_of(dataset, tmp_path), REGIONS).kind == Kind.REFUSED


def test_found_text_is_blank_and_the_rest_is_not(tmp_path):
    dataset = _text_image()
    tree = tree_of(dataset, tmp_path)
    verdict = judged(tree, OCR, read_with=lambda: _Reads(NAME))
    after = applied(tree, verdict, tmp_path).pixel_array
    mask = inside(verdict.boxes, after.shape)
    assert (after[~mask] == dataset.pixel_array[~mask]).all()
    assert mask[3:18, 3:90].all()
    assert not after[mask].any()
    assert verdict.looked


def test_a_reader_that_misses_much_proves_nothing(tmp_path):
    tree = tree_of(_text_image(), tmp_path)
    verdict = judged(tree, OCR, read_with=lambda: _Reads(NAME, is_thorough=False))
    assert (verdict.kind, verdict.looked) == (Kind.CHANGED, False)


def test_text_that_is_still_found_is_refused(tmp_path):
    words = [Word(Box(3, 3, 18, 90), "DOE, JANE", 0.99), Word(Box(100, 3, 118, 90), "DOE, JANE", 0.99)]
    reads = _Reads(*words, is_stubborn=True)

    def moves():  # what is blanked comes up elsewhere
        reads._words = tuple(w._replace(box=w.box.moved(2, 31)) for w in reads._words)
        return reads

    verdict = judged(tree_of(_text_image(), tmp_path), OCR, read_with=moves)
    assert (verdict.kind, verdict.code) == (Kind.REFUSED, "still-text")


def test_an_image_that_is_said_to_be_burned_and_seems_not_is_refused(tmp_path):
    tree = tree_of(_text_image(BurnedInAnnotation="YES"), tmp_path)
    assert judged(tree, OCR, read_with=_Reads).kind == Kind.REFUSED


def test_marks_of_side_and_scale_stay(tmp_path):
    marks = [Word(Box(3, 3, 18, 20), "L", 0.99), Word(Box(100, 3, 118, 60), "MI 1.2", 0.99)]
    verdict = judged(tree_of(_text_image(), tmp_path), OCR, read_with=lambda: _Reads(*marks))
    assert verdict.kind == Kind.COPIED
    assert verdict.looked


def test_a_mark_beside_a_name_goes_with_it(tmp_path):
    mark = Word(Box(3, 62, 18, 90), "62", 0.99)
    name = Word(Box(3, 3, 18, 58), "DOE", 0.99)
    verdict = judged(tree_of(_text_image(), tmp_path), OCR, read_with=lambda: _Reads(name, mark))
    assert any(box.holds(mark.box) for box in verdict.boxes)


def test_a_plain_slice_without_edges_is_not_even_read(tmp_path):
    reads = _Reads(NAME)
    header = {"Modality": "MR", "ImageType": ["ORIGINAL", "PRIMARY", "M"]}
    verdict = judged(tree_of(image(anatomy(bits=12), **header), tmp_path), OCR, read_with=lambda: reads)
    assert (verdict.kind, verdict.looked, reads.asked) == (Kind.COPIED, True, 0)


def test_a_missing_reader_is_said_with_the_extra(tmp_path):
    def missing():
        raise MissingExtraError("Nothing reads text.", "--pixels ocr", "pip install convkit[ocr]")

    with pytest.raises(MissingExtraError):
        judged(tree_of(_text_image(), tmp_path), OCR, read_with=missing)


@pytest.mark.parametrize(("is_blanked", "kind"), [(False, Kind.REFUSED), (True, Kind.CHANGED)])
def test_pixels_that_cannot_be_decoded_are_refused_or_all_blank(tmp_path, is_blanked, kind):
    dataset = image(Modality="OT", syntax="jpeg2000")
    dataset.PixelData = encapsulate([b"\xff\x4f\xff\x51" + bytes(96)])
    tree = tree_of(dataset, tmp_path)
    verdict = judged(tree, PixelPolicy(PixelMode.OCR, blank_unreadable=is_blanked), read_with=_Reads)
    assert (verdict.kind, verdict.code) == (kind, "unreadable")
    if is_blanked:
        assert not applied(tree, verdict, tmp_path).pixel_array.any()


def test_the_tree_is_left_as_it_is(tmp_path):
    tree = tree_of(_text_image(), tmp_path)
    before = [(e.tag, e.value) for e in tree.elements]
    judged(tree, OCR, read_with=lambda: _Reads(NAME))
    assert [(e.tag, e.value) for e in tree.elements] == before
