"""Cleaned text: clinical words stay, people go, and what is left reads well."""

from __future__ import annotations

import datetime as dt
import string
import time
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from convkit.deid._spellings import _TITLES, PLACEHOLDERS
from convkit.deid.own_values import Kind, OwnValues
from convkit.deid.text import Cleaner
from convkit.deid.vocabulary import Vocabulary, folded

VOCABULARY = Vocabulary.load()
NOBODY = Cleaner(OwnValues(), VOCABULARY)


def cleaner(*pairs: tuple[Kind, str]) -> Cleaner:
    return Cleaner(OwnValues.of(pairs), VOCABULARY)


def parts(table: str) -> list[str]:
    """What a table holds between bars and ends of lines."""
    return table.replace("\n", "|").split("|")


def named(*names: str) -> Cleaner:
    return cleaner(*((Kind.NAME, name) for name in names))


# --- what stays ------------------------------------------------------------------------------------------

CLEAN = [
    "",
    " ",
    "t1_mprage_sag_p2_iso",
    "ep2d_diff_mddw_30_p2_TRACEW",
    "t2_tse_sag_320_3mm",
    "AX_T2*_GRE",
    "DTI_64dir_b1000_AP",
    "CT ABD/PELVIS W/O & W CONTRAST",
    "2 CHAMBER LONG AXIS",
    "T1 VIBE DIXON OPP",
    "TR 500 TE 12, 2.5mm, 512x512x170, 2x2, 1/2, 0.984:1",
    "b 0 500 1000 1500; 50-400-800",
    "L4/L5 disc, C3/4, 3D, T2, B1000",
    "W600 L40, Br40d, 120 kV 200 mAs",
    "Hx: 67 y/o F w/ SOB, r/o PE; s/p lumpectomy 2015.",
    "Parkinson disease. Hodgkin lymphoma. Crohn's disease.",
    "Graves' disease; Baker cyst; Smith fracture; Hill-Sachs lesion; Wolff-Parkinson-White",
    "CT Abdomen/Pelvis mit KM portalvenös, Z.n. Hemikolektomie rechts",
    "IRM cérébrale sans et avec gadolinium, coupes axiales",
    "RM de columna lumbar sin contraste",
    "TC torace senza contrasto",
    "МРТ головного мозга",
    "頭部単純 造影",
    "MR HEAD; DR CHEST; MS PLAQUES",
    "90Y microspheres SIRT",
    "fMRI finger tapping, eyes open",
    "Image 1 of 20, series 3/12,  delay 1:30 ",
    "BrainAxialT1, kneeSag",
    "45 yo male, 89 yo female",
]


@pytest.mark.parametrize("text", CLEAN)
def test_a_text_without_a_person_is_not_touched(text: str) -> None:
    assert NOBODY.cleaned(text) == text


WORDS = ["T1", "t2", "AX", "SAG", "mprage", "flair", "CHEST", "contrast", "2.5mm", "b1000", "KNEE", "left", "3D", "FS"]


@given(st.lists(st.sampled_from(WORDS), max_size=8), st.sampled_from([" ", "_", " - ", "/", ", "]))
def test_any_protocol_of_known_words_is_not_touched(words: list[str], between: str) -> None:
    text = between.join(words)
    assert NOBODY.cleaned(text) == text


# --- whatever looks like somebody ------------------------------------------------------------------------


DATES = """20200629|2020-06-29|2020/06/29|2020.06.29|29.06.2020|29/06/2020|06/29/2020|6/29/20|29.06.20|29.6.2020
29-Jun-2020|29JUN2020|Jun-29-2020|2020-Jun-29|29.Juni.2020|2020年6月29日|20200629143321|06/2020|2020-06|June 29, 2020
29 June 2020|29th of June 2020|Jun 29 '20|29 juin 2020|29 de junio de 2020|29. Juni 2020|29 czerwca 2020|June 2020
2020-06-29T14:33:21|29.06.2020 14:33 Uhr|June 29|29 Jun"""


@pytest.mark.parametrize("date", parts(DATES))
@pytest.mark.parametrize("frame", ["CHEST {} AP", "CHEST AP {}", "{} CHEST AP", "CHEST ({}) AP", "CHEST AP, {}."])
def test_dates_go_in_any_spelling(date: str, frame: str) -> None:
    assert NOBODY.cleaned(frame.format(date)).rstrip(".") == "CHEST AP"


@given(
    st.dates(dt.date(1910, 1, 1), dt.date(2049, 12, 31)),
    st.sampled_from(parts("%Y%m%d|%Y-%m-%d|%d.%m.%Y|%m/%d/%Y|%d/%m/%Y|%d-%b-%Y|%d%b%Y|%Y/%m/%d|%d.%m.%y|%m/%d/%y")),
)
def test_dates_of_any_day_go(day: dt.date, form: str) -> None:
    assert NOBODY.cleaned(f"CHEST {day.strftime(form)} AP") == "CHEST AP"


@pytest.mark.parametrize(
    "item",
    [
        "MRN 79197907",
        "MRN: H-5596186",
        "MRN12345678",
        "Acc# A1234",
        "Accession No. 20-12345",
        "Patient ID: X123",
        "SSN 667-12-2254",
        "667-12-2254",
        "123456789",
        "P733374143",
        "ID: 47110",
        "call (108) 892-1761",
        "+49 89 1234567",
        "tel. 12345",
        "555.123.4567",
        "jane.doe@example.org",
        "email jane@host",
        "http://pacs.example.org/x?y=1",
        "www.example.com",
        "ws12.hospital.local",
        "192.168.1.10",
        "1.2.840.113619.2.55.3.604688",
        "12 Elm Street, Springfield, IL 62704",
        "564 Tyler Extension",
        "Hauptstraße 5, 10115 Berlin",
        "12 rue Victor Hugo",
        "P.O. Box 12",
        "IBAN DE89 3704 0044 0532 0130 00",
        "96-year-old",
        "age: 91",
        "093Y",
        "Dr. Bright",
        "Dr Young",
        "Prof. A. B. Long-Smith",
        "Mrs. Rose",
        "Frau Klein",
        "by Dr. Mark Bright",
        "Smithers",
        "Smithers, Jane",
        "JANE SMITHERS",
        "J. Smithers",
        "Smithers, J.",
        "O'Malley",
        "D'Souza",
        "McDonald",
        "DeLong",
        "Sabrina Long",
        "Maria de la Cruz",
        "Jan van der Berg",
        "Mercy General Hospital",
        "Иванов",
        "Παπαδόπουλος",
        "山田太郎",
        "홍길동",
        "Łukaszewicz",
        "Smithers12",
    ],
)
def test_what_looks_like_somebody_goes(item: str) -> None:
    assert NOBODY.cleaned(f"KNEE LEFT; {item}; T1 SAG") == "KNEE LEFT; T1 SAG"
    assert NOBODY.cleaned(f"KNEE LEFT {item}") == "KNEE LEFT"
    assert NOBODY.cleaned(f"KNEE LEFT ({item}) SAG") == "KNEE LEFT SAG"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Doe, Jane: CT HEAD", "CT HEAD"),
        ("CT HEAD - DOE", "CT HEAD"),
        ("CT [Doe] HEAD", "CT HEAD"),
        ("CT_DOE_HEAD", "CT_HEAD"),
        ("CT^DOE", "CT"),
        ('"Doe" CT', "CT"),
        ("CT HEAD, seen by Dr. Doe, MD. Normal.", "CT HEAD, seen. Normal."),
        ("Pain.\r\nDoe\r\nChest", "Pain.\r\nChest"),
        ("Doe", ""),
        ("(Doe)", ""),
        ("Normal chest. Doe.", "Normal chest."),
    ],
)
def test_what_is_left_reads_well(text: str, left: str) -> None:
    assert NOBODY.cleaned(text) == left


# --- values of the patient -------------------------------------------------------------------------------

NAME = "Gentrich^Ambra^C"


SPELLINGS = """GENTRICH|gentrich|Gentrich|Ambra|AMBRA|GentrichAmbra|AmbraGentrich|agentrich|GENTRICHA|gentrich_ambra
Gentrich^Ambra|Gentrich-Ambra|Gentrich's|G.E.N.T.R.I.C.H|xgentrichx|Ambra Gentrich|Gentrich, Ambra|A. Gentrich
Gentrich, A.|Gentrich A.C.|AMBRA C GENTRICH|Gentrich  Ambra|G e n t r i c h|Dr Gentrich|by Dr. Gentrich|MS. GENTRICH
Gentrich (Ambra)"""


@pytest.mark.parametrize("spelling", parts(SPELLINGS))
@pytest.mark.parametrize("frame", ["T1 AX {}", "{} T1 AX", "T1 {} AX", "T1 - {} - AX"])
def test_names_go_in_any_spelling(spelling: str, frame: str) -> None:
    assert named(NAME).cleaned(frame.format(spelling)).replace(" - ", " ") == "T1 AX"


@pytest.mark.parametrize("text", ["t1_gentrich_sag", "t1GentrichSag", "T1GENTRICH_SAG", "gentrich_t1_sag"])
def test_names_go_inside_of_protocol_words(text: str) -> None:
    left = named(NAME).cleaned(text)
    assert "gentrich" not in left.lower()
    assert "t1" in left.lower()
    assert "sag" in left.lower()


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("Müller^Jörg", "Mueller"),
        ("Mueller^Joerg", "MÜLLER Jörg"),
        ("Łukaszewicz^Małgorzata", "lukaszewicz malgorzata"),
        ("Núñez^José", "NUNEZ Jose"),
        ("O'Connor^Mary", "OCONNOR"),
        ("García López^Ana", "Garcia-Lopez"),
        ("Jean-Pierre^Luc", "jeanpierre"),
        ("Ivanova^Maria=Иванова^Мария", "ИВАНОВА"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "山田太郎"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "やまだ"),
        ("Hong^Gildong=洪^吉洞=홍^길동", "길동"),
        ("Παπαδόπουλος^Γιώργος", "ΠΑΠΑΔΟΠΟΥΛΟΣ"),
        ("Wu^Bo", "WU Bo"),
        ("Ng^Li", "ng_li"),
        ("van der Berg^Jan", "Jan van der Berg"),
        ("Long^April", "APRIL LONG"),
        ("Dixon^Rose", "DIXON"),
        ("Hand^Mark", "Hand"),
    ],
)
def test_names_go_in_other_scripts_and_without_marks(name: str, spelling: str) -> None:
    assert named(name).cleaned(f"CT HEAD {spelling}") == "CT HEAD"


def test_a_name_that_is_part_of_a_known_word_leaves_the_word() -> None:
    text = "challenge of hernia, chester"
    assert named("Allen^Hern").cleaned(text) == "challenge of hernia"


def test_a_placeholder_for_a_name_does_not_take_clinical_words() -> None:
    assert named("Phantom^Head", "Anonymous", "TEST^PATIENT").cleaned("HEAD PHANTOM test") == "HEAD PHANTOM test"
    assert named("Doe^Jane^^Dr^MD").cleaned("DR CHEST") == "DR CHEST"


@pytest.mark.parametrize(
    ("identifier", "spelling"),
    [
        ("MRN9756682", "9756682"),
        ("MRN9756682", "mrn 9756682"),
        ("H-5596186", "H5596186"),
        ("AB12C", "ab-12c"),
        ("0012345", "12345"),
        ("12345", "00012345"),
        ("4711", "4711"),
        ("XK-77", "XK77"),
    ],
)
def test_identifiers_go_with_and_without_what_is_around(identifier: str, spelling: str) -> None:
    assert cleaner((Kind.IDENTIFIER, identifier)).cleaned(f"CT HEAD {spelling}") == "CT HEAD"


def test_short_numbers_of_studies_do_not_take_measures() -> None:
    own = cleaner((Kind.IDENTIFIER, "1"), (Kind.IDENTIFIER, "100"), (Kind.IDENTIFIER, "2000"))
    text = "T1 100 mm TR 2000 TE=100, 2000 ms, b2000"
    assert own.cleaned(text) == text


def test_other_values_of_the_patient_go() -> None:
    own = cleaner(
        (Kind.PHONE, "+1 (587) 876-5585"),
        (Kind.INSTITUTION, "Heart Center Long Beach"),
        (Kind.ADDRESS, "Am Alten Markt 5^Köln^NRW^50667"),
        (Kind.DATE, "20200629"),
    )
    assert own.cleaned("CT 587 876 5585 HEAD") == "CT HEAD"
    assert own.cleaned("HEART CENTER LONG BEACH long axis heart") == "long axis heart"
    assert own.cleaned("CT Am alten Markt 5, 50667 Köln") == "CT"
    assert own.cleaned("CT 29.6. and 6/29 and 1/2") == "CT and 1/2" or own.cleaned("CT 29.6. HEAD 1/2") == "CT HEAD 1/2"


letters = st.text(string.ascii_lowercase, min_size=4, max_size=10)


@settings(max_examples=300)
@given(
    letters,
    letters,
    st.sampled_from(["{f} {g}", "{g} {f}", "{f}, {g}", "{f}^{g}", "{F}", "{f}_{g}", "{f}{g}", "Dr. {F}", "{G} {F}"]),
    st.sampled_from(["T1 AX {}", "{}: CT HEAD", "t2_{}_sag", "CHEST ({}) PA", "MRN 1234 {} knee", "{}"]),
)
def test_no_name_survives_in_any_order_and_case(family: str, given_name: str, form: str, frame: str) -> None:
    assume(not {family, given_name} & (PLACEHOLDERS | _TITLES))  # "undefined" is nobody
    assume(not (VOCABULARY.knows(family) and VOCABULARY.knows(given_name)))  # two known words are a known compound
    name = form.format(f=family, g=given_name, F=family.upper(), G=given_name.title())
    left = folded(named(f"{family}^{given_name}").cleaned(frame.format(name)))
    for value in (family, given_name):
        assume(value not in folded(frame))
        assert value not in left or any(value in word and VOCABULARY.knows(word) for word in left.split())


texts = st.lists(
    st.one_of(
        st.sampled_from(
            [*WORDS, "Dr.", "Gentrich", "Smithers", "2020-06-29", "(", ")", "MRN", "4711", ",", ":", "Long"]
        ),
        st.text(max_size=6),
    ),
    max_size=8,
)


@settings(max_examples=300)
@given(texts, st.sampled_from([" ", "", "_", "\n"]))
def test_cleaning_twice_changes_nothing(words: list[str], between: str) -> None:
    own = named(NAME)
    once = own.cleaned(between.join(words))
    assert own.cleaned(once) == once


@given(texts)
def test_cleaning_never_makes_a_text_longer(words: list[str]) -> None:
    assert len(NOBODY.cleaned(" ".join(words))) <= len(" ".join(words))


def test_values_alone_can_be_removed() -> None:
    assert named(NAME).without_own("Zyxscan GENTRICH 3000") == "Zyxscan 3000"
    assert named("Clark^Ann").without_own("Clarkson Scanner") == "Clarkson Scanner"


def test_own_lists_keep_their_words(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("zyxprep\nSmithers protocol\n", "utf-8")
    own = Cleaner(OwnValues(), Vocabulary.load([path]))
    assert own.cleaned("ZYXPREP t1, Smithers protocol") == "ZYXPREP t1, Smithers protocol"
    assert own.cleaned("Smithers knee") == "knee"


def test_hostile_texts_take_no_time() -> None:
    start = time.perf_counter()
    for piece in ("1-", "a.", "1 ", "(1", "aB", "12/", "Dr. ", "x@", "hepat", "\0", "A. ", "1 Long "):
        NOBODY.cleaned(piece * 2000)
    assert time.perf_counter() - start < 60.0


# --- the later lists -------------------------------------------------------------------------------------

LATER = """SPRENGEL SHOULDER|RISSER SIGN|KASHIN-BECK DISEASE|GARTNER DUCT|Anterior cruciate ligament|T2N1M0, pT3 N1
lisinopril 10 mg, atorvastatin, apixaban|Allergy: latex, codeine, sulfa, peanuts, hives|Hispanic or Latino, teacher
PTV_5000 PRV05 SCLAV TANG 3DCRT NTCP SeminalVes|AALScout ALGO1 HARDER DelRec PLD 1800|Chestwall_R
Wheelchair bound, gunshot wound, shortness of breath|Laceration of scalp, drowning, accidental poisoning
Becken tief eingestellt im Stehen|Oberbauch portalvenöse Phase|RM kręgosłupa lędźwiowego|Faza tętnicza|CT mozku nativně
КТ органов грудной клетки|腹部超音波|左膝関節|복부 초음파|胸部增强扫描|Toraks BT kontrastlı|αξονική θώρακος
MR hjärna utan kontrast|أشعة الصدر|צילום חזה|Temps portal|Torace due proiezioni|Seguimiento oncológico"""


@pytest.mark.parametrize("text", parts(LATER))
def test_words_of_many_fields_and_languages_stay(text: str) -> None:
    assert NOBODY.cleaned(text) == text


@pytest.mark.parametrize(
    "name", str.split("Ball Branch Caldwell Case Driver Gates Hoffman Krebs Izquierdo Simpson Singer Walls")
)
def test_a_word_that_is_a_frequent_name_goes_with_an_unknown_one(name: str) -> None:
    assert NOBODY.cleaned(f"Chest AP Sabrina {name}") == "Chest AP"


@pytest.mark.parametrize("name", str.split("Ball Caldwell Gates Morrison Wu Petra Slaughter Ortolani"))
@pytest.mark.parametrize("role", ["Tech: {}", "Radiologist {}", "Dr. {}"])
def test_a_word_that_is_a_frequent_name_goes_after_roles_and_titles(role: str, name: str) -> None:
    assert name not in NOBODY.cleaned(f"Chest AP. {role.format(name)}")


@pytest.mark.parametrize("text", ["Case 3", "Chest wall", "Branch duct", "ground glass", "Waters view", "store images"])
def test_a_word_that_is_a_frequent_name_stays_elsewhere(text: str) -> None:
    assert NOBODY.cleaned(text) == text
