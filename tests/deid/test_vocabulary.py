"""Words that may stay: those of the lists, those made of medical parts, and no names of people."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from convkit.deid.vocabulary import Vocabulary, folded, words_of
from convkit.errors import InputError

VOCABULARY = Vocabulary.load()


CLINICAL = """
    chest abdomen mprage flair haste propeller dixon vibe trufi swi dwi adc epi bold reformat kernel thorax axial
    Kniegelenk Halswirbelsäule Sprunggelenk Schädel poumon cérébral rachis rodilla cráneo cabeça joelho ginocchio torace
    schedel wervelkolom portalvenös gadolinium fluorodeoxyglucose appearance significant parkinson hodgkin crohn
    hepatosplenomegaly cholecystectomy bronchiectasis spondylolisthesis Gastroskopie Hemikolektomie artériographie
    knees lesions мрт 頭部 흉부"""


@pytest.mark.parametrize("word", words_of(CLINICAL))
def test_clinical_words_are_known(word: str) -> None:
    assert VOCABULARY.knows(folded(word))


PEOPLE = """
    smith johnson williams garcia rodriguez nguyen kowalski müller schmidt dubois rossi ferrari silva jansen ivanov
    papadopoulos yamamoto takahashi fernandez peterson anderson thompson hernandez gonzalez kumar sharma patel
    mary john robert patricia jennifer michael elizabeth sabrina monday april october berlin london boston texas
    tomic politis paloma spinelli whitehead armstrong иванов 山田 홍길동"""


@pytest.mark.parametrize("word", words_of(PEOPLE))
def test_names_of_people_and_places_and_months_are_not(word: str) -> None:
    assert not VOCABULARY.knows(folded(word))


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Łódź", "lodz"), ("Ölçer", "olcer"), ("STRAẞE", "strasse"), ("Ærø", "aero"), ("Ｔ１", "t1"), ("İpek", "ipek")],
)
def test_folding_drops_case_and_marks(text: str, plain: str) -> None:
    assert folded(text) == plain


def test_umlauts_may_be_written_as_two_letters() -> None:
    assert VOCABULARY.knows("schadel")
    assert VOCABULARY.knows("schaedel")


def test_words_that_are_names_too_are_told() -> None:
    assert all(map(VOCABULARY.is_name_too, ["long", "bright", "crohn"]))
    assert not VOCABULARY.is_name_too("abdomen")


def test_the_longest_phrase_at_a_place_counts() -> None:
    words = words_of("vein of Labbé seen")
    assert VOCABULARY.phrase_at(words, 0) == 3
    assert VOCABULARY.phrase_at(words, 1) == 0


def test_own_lists_add_words_and_phrases(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("# ours\nZyxprep  # a sequence\nSmithers protocol\n\n", "utf-8")
    own = Vocabulary.load([path])
    assert own.knows("zyxprep")
    assert not own.knows("smithers")
    assert own.phrase_at(["smithers", "protocol"], 0) == 2
    assert not VOCABULARY.knows("zyxprep")


def test_a_word_of_an_own_list_is_no_name(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("long\n", "utf-8")
    assert not Vocabulary.load([path]).is_name_too("long")


def test_an_own_list_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        Vocabulary.load([tmp_path / "none.txt"])


def test_a_vocabulary_can_be_sent_to_another_process(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("zyxprep\nzyx yxz\n", "utf-8")
    copy = pickle.loads(pickle.dumps(Vocabulary.load([path])))
    assert copy.knows("zyxprep")
    assert copy.phrase_at(["zyx", "yxz"], 0) == 2


def test_lists_are_read_when_they_are_used_first() -> None:
    code = "import convkit.deid.text, convkit.deid.vocabulary as v; print(v._shipped.cache_info().currsize)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.strip() == b"0"
