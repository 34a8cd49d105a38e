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


LATER = """
    cruciate triquetrum bimalleolar autochthon digastric sternohyoid epicondyle laceration concussion poisoning
    sequela anaphylaxis staphylococcal wuchereria shortness navigator infiltrated hives conditional twisting
    injected wheelchair gunshot lie teacher Hispanic Caucasian latex peanuts shellfish sulfa codeine ibuprofen
    lisinopril apixaban seminalves sclav tang 3dcrt ntcp prv ticagrelor harder softer aalscout medcom resampled
    rescaled unaliased ijg delrec pld mbh dapi microvolt unary sprengel risser madelung ortolani Müllerian
    portalvenöse eingestellt lumbaal opératoire oncológico proiezioni lędźwiowego tętnicza mozku hjärnan aivojen
    böbrek органов брюшная коленный εγκεφάλου الصدر חזה 超音波 膝関節 초음파 슬관절 膝关节 头颅"""


@pytest.mark.parametrize("word", words_of(LATER))
def test_words_of_diseases_medicines_plans_and_languages_are_known(word: str) -> None:
    assert VOCABULARY.knows(word)


@pytest.mark.parametrize(
    "word", ["vonoprazan", "cefoperazone", "zanubrutinib", "tralokinumab", "azilsartan", "letermovir"]
)
def test_medicines_are_known_by_their_stems(word: str) -> None:
    assert VOCABULARY.knows(word) is (word != "letermovir")  # -vir ends surnames, too


@pytest.mark.parametrize(
    "word", ["cefalu", "statin", "sartan", "vladimir", "caine", "mccaine", "elvir", "parin", "kostatina"]
)
def test_names_that_end_like_medicines_are_not(word: str) -> None:
    assert not VOCABULARY.knows(word)


@pytest.mark.parametrize("word", ["t2n1m0", "pt3", "ct4an2bm1", "ypt0n0", "n1", "m1b", "rt2", "tisn0m0"])
def test_stages_of_tumours_are_known(word: str) -> None:
    assert VOCABULARY.knows(word)


@pytest.mark.parametrize("word", ["t2x9n1", "marta", "t1234567", "n12m0t3"])
def test_what_is_written_nearly_like_a_stage_is_not(word: str) -> None:
    assert not VOCABULARY.knows(word)


PEOPLE = """
    smith johnson williams garcia rodriguez nguyen kowalski müller schmidt dubois rossi ferrari silva jansen ivanov
    papadopoulos yamamoto takahashi fernandez peterson anderson thompson hernandez gonzalez kumar sharma patel
    mary john robert patricia jennifer michael elizabeth sabrina monday april october berlin london boston texas
    walker hunter mason carpenter potter porter oren udo stan rahim price rice harris sabrina kowalska petrova nováková
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


MARKED = """
    ball branch bruce caldwell case downs fitzpatrick friedman gates glass harrington hoffman holder house lutz mayo
    morrison nash pace short simpson wall walls waters wu colin omar tim krebs linke axel gerd karin petra blanco bravo
    cortes font galan izquierdo mas pons vara michel mallet driver street singer ortolani"""


@pytest.mark.parametrize("word", words_of(MARKED))
def test_frequent_names_among_the_words_are_told(word: str) -> None:
    assert not VOCABULARY.knows(word) or VOCABULARY.is_name_too(word)


@pytest.mark.parametrize(
    "word", words_of("in of and head brain colon contrast post left right bone couch alpha kopf mano")
)
def test_words_that_are_seldom_meant_as_a_name_are_not_told(word: str) -> None:
    assert VOCABULARY.knows(word)
    assert not VOCABULARY.is_name_too(word)


def test_a_compound_of_a_word_that_is_a_frequent_name_is_known() -> None:
    assert VOCABULARY.knows("chestwall")


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
