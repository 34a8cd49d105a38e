"""The words of a text: which may stay alone, and which go because of what stands beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from itertools import pairwise

from convkit.deid._spellings import INSTITUTION_WORDS, PARTICLES
from convkit.deid._text_patterns import Cut, followed_by_unit
from convkit.deid.late import late
from convkit.deid.vocabulary import Vocabulary, folded, word_set

_CACHED = 1 << 16

_MOST_DIGITS = 5
"""Digits of a number that may have a meaning, such as 12000 ms; longer ones are numbers of identifiers, or dates."""

_MOST_PIECES = 5
"""Letters and numbers by turns in a word of a protocol, as in 2x2x2; more are a code."""

_MOST_GLUED = 2
"""Unknown letters that may stand beside digits: b1000, p2, TR500."""

_LONGEST_SHOUTED = 3
"""Letters of a title in capitals that is a modality or a disease: DR, MR, SR, MS."""

_TITLES = word_set(
    "dr doctor prof professor mrs ms miss mr mister frau herr hr fr mme mlle monsieur madame sr sra srta senor senora"
    " dott dottore dottssa dottoressa sig sigra dhr mevr"
)
"""After these a name follows, whatever word it is."""

_BEFORE_TITLES = word_set("by under per from with von durch par por da dr prof")
"""Words that lead to a title and go with it."""

ROLES = word_set(
    "by tech technologist technician radiologist physician surgeon operator nurse attending referring resident fellow"
    " radiographer sonographer reader dr"
)
"""After these goes a word that may be a name, where it is written with a capital letter."""

_NO_NAMES = word_set(
    "a an and are as at be by can could for from had has have he in is may not of on or shall she should that the this"
    " to was were who will with would und der die das le la el et y e"
)
"""Words that follow a title without being a name: "the doctor will"."""

_DEGREES = word_set("md do phd rn np pa jr ii iii iv esq bsc msc frcr facr mba mph bs ba ra rt")
"""Words after a name and a comma that go with it."""

_NEVER_BEFORE = word_set("e i y la le el les")
"""Small words of names that are letters or articles too often."""

_STREET_ENDINGS = word_set(
    "alley annex arcade ave avenue bayou beach bend bluff bluffs blvd bottom boulevard branch bridge brook brooks"
    " burg burgs bypass camp canyon cape causeway center centers circle circles cliff cliffs close club common"
    " commons corner corners course court courts cove coves creek crescent crest crossing crossroad crossroads curve"
    " dale dam divide drive drives estate estates expressway extension extensions fall falls ferry field fields flat"
    " flats ford fords forest forge forges fork forks fort freeway garden gardens gate gateway glen glens green"
    " greens grove groves harbor harbors haven heights highway hill hills hollow inlet island islands isle junction"
    " junctions key keys knoll knolls lake lakes land landing lane light lights loaf lock locks lodge loop mall"
    " manor manors meadow meadows mews mill mills mission motorway mount mountain mountains neck orchard oval"
    " overpass park parks parkway parkways pass passage path pike pine pines place plain plains plaza point points"
    " port ports prairie radial ramp ranch rapid rapids rest ridge ridges rise river road roads route row rue run"
    " shoal shoals shore shores skyway spring springs spur spurs square squares station stravenue stream street"
    " streets summit terrace throughway trace track trafficway trail trailer tunnel turnpike underpass union unions"
    " vale valley valleys via viaduct village villages ville vista walk walks wall way ways well wells yard"
)
"""Kinds of streets (USPS Publication 28, appendix C1, and British ones)."""

_MOST_STREET_WORDS = 3

_MOST_BEFORE_NAME = 5
"""Titles, initials and small words between a title and the first whole word of a name."""

_ZIP_DIGITS = 5

_MOST_INITIALS = 3
"""Letters by which people sign: ``Tech: KJB``."""

_FIRST_NAMES_TOO = word_set(
    "alba allegra amelia amira art carina christian frank gene iris ivory leonardo mai mark max may mei min olive pearl"
    " ray rich robin rod rosa rose sierra sola terra vale vera victor vida violet will"
)
"""Words that may be a first name; of other words that are names too, it is the second one."""

_ELEMENTS = "Ac|At|Ba|Br|C|Cr|Cs|Cu|Er|F|Fe|Ga|Ho|I|In|K|Kr|Lu|Mo|N|Na|O|P|Ra|Rb|Re|Rh|Se|Sm|Sr|Tb|Tc|Th|Tl|U|Xe|Y|Zr"
_FIXED = late(
    r"(?<![\w.])\d{1,5}\.\d{1,17}(?![\w.])"  # decimal numbers: 3.000000
    rf"|(?<![^\W_])(?:{_ELEMENTS})[ \-^]?\d{{1,3}}m?(?![^\W_])"  # isotopes: Tc-99m, 177Lu
    rf"|(?<!\w)\^?\d{{2,3}}m?[ \-^]{{0,2}}(?:{_ELEMENTS})(?![^\W_])"
    r"|(?<!\w)(?:a[. ]{1,2}p|p[. ]{1,2}a)\b\.?"  # views: a.p.
)
"""What stays whatever stands beside it."""

RUN = late(r"[^\W_]+")
_UNSPACED = "\u1100-\u11ff\u3040-\u9fff\uac00-\ud7a3"  # Chinese, Japanese, Korean
_PIECE = late(rf"\d+|[{_UNSPACED}]+|[^\W\d_{_UNSPACED}]+")
_CASE_CHANGE = late(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CASE_CHANGE_LATE = late(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z][A-Z])(?=[a-z])")
_NAME_GAP = late(r"[ ,.'’^\-]{1,2}")
_TITLE_GAP = late(r"\.?:?[ \t^]?")


class State(Enum):
    """What becomes of a word."""

    KEPT = 0
    UNKNOWN = 1
    CUT = 2


class Word:
    """A run of letters and digits of a text, or a piece of one.

    Attributes
    ----------
    start, end : int
    text, folded : str
    state : State
    is_fixed : bool
        Part of a phrase: it stays whatever stands beside it.
    """

    __slots__ = ("end", "folded", "is_fixed", "start", "state", "text")

    def __init__(self, start: int, text: str, state: State) -> None:
        self.start = start
        self.end = start + len(text)
        self.text = text
        self.folded = folded(text)
        self.state = state
        self.is_fixed = False


@lru_cache(_CACHED)
def is_plain(run: str, vocabulary: Vocabulary) -> bool:
    """True where a run stays, and says nothing about the next one."""
    if folded(run) in _TITLES or folded(run) in ROLES:
        return False
    return all(is_known for _, _, is_known in pieces(run, vocabulary))


@lru_cache(_CACHED)
def pieces(run: str, vocabulary: Vocabulary) -> tuple[tuple[int, int, bool], ...]:
    """The pieces of a run of letters and digits: start, end, and whether each may stay.

    A run is one piece where it is a word or a number; else it is taken apart at digits and changes of case.
    """
    if vocabulary.knows(folded(run)):
        return ((0, len(run), True),)
    if run.isdigit():
        return ((0, len(run), len(run) <= _MOST_DIGITS),)
    parts = [part for match in _PIECE.finditer(run) for part in _by_case(match, vocabulary)]
    letters = [folded(run[start:end]) for start, end in parts if not run[start].isdigit()]
    is_code = len(parts) > _MOST_PIECES and len(set(letters)) > 1 and not all(map(vocabulary.holds, letters))
    if is_code or len(parts) == 1:
        return ((0, len(run), False),)
    return tuple(_judged(run, parts, vocabulary))


def settle(text: str, words: list[Word], vocabulary: Vocabulary) -> None:
    """Decide on each word of a text by those beside it."""
    _keep_fixed(text, words)
    _keep_phrases(words, vocabulary)
    _cut_after_titles(text, words, vocabulary)
    _cut_streets(text, words, vocabulary)
    for order in (range(len(words)), reversed(range(len(words)))):
        for earlier, later in pairwise(order):
            word, beside = words[later], words[earlier]
            may_go = word.state is State.KEPT and beside.state is not State.KEPT and not word.is_fixed
            if may_go and _belongs(word, beside, text, vocabulary):
                word.state = beside.state


def _by_case(match: re.Match[str], vocabulary: Vocabulary) -> Iterator[Cut]:
    """Yield the places of words that only capital letters part: ``BrainAxial``, ``PEres``; ``DeLong`` is one word."""
    text = match[0]
    if text.isdigit() or text.isupper() or text.islower() or vocabulary.knows(folded(text)):
        yield match.span()
        return
    for places in _partings(text):
        words = [folded(text[start:end]) for start, end in pairwise(places)]
        if words[0] not in PARTICLES and all(map(vocabulary.knows, words)):
            break
    else:
        places = _partings(text)[0]
        if folded(text[: places[1]]) in PARTICLES:
            places = [0, len(text)]
    for start, end in pairwise(places):
        yield match.start() + start, match.start() + end


def _partings(text: str) -> list[list[int]]:
    """Where changes of case may part a word: ``ABCdef`` is ``AB|Cdef`` or ``ABC|def``."""
    return [
        [0, *(found.start() for found in change.finditer(text)), len(text)]
        for change in (_CASE_CHANGE, _CASE_CHANGE_LATE)
    ]


def _judged(run: str, parts: list[Cut], vocabulary: Vocabulary) -> Iterator[tuple[int, int, bool]]:
    """Yield each piece and whether it stays; digits and single letters share the lot of what is before them."""
    has_digits = any(map(str.isdigit, run))
    knowns = [
        run[start].isdigit() or (has_digits and end - start <= _MOST_GLUED) or vocabulary.knows(folded(run[start:end]))
        for start, end in parts
    ]
    stays = knowns[1]
    for number, (start, end) in enumerate(parts):
        if run[start].isdigit():
            yield start, end, stays and end - start <= _MOST_DIGITS
        else:
            stays = knowns[number] and (stays or not number or end - start > 1)
            yield start, end, stays


def _keep_fixed(text: str, words: list[Word]) -> None:
    """Keep numbers and signs that have one meaning only."""
    for match in _FIXED.finditer(text):
        for word in words:
            if match.start() <= word.start and word.end <= match.end() and word.state is not State.CUT:
                word.state = State.KEPT
                word.is_fixed = True


def _keep_phrases(words: list[Word], vocabulary: Vocabulary) -> None:
    """Keep the words of known phrases, whether or not each of them is known alone."""
    texts = [word.folded if word.state is not State.CUT else "" for word in words]
    for start in range(len(words)):
        for word in words[start : start + vocabulary.phrase_at(texts, start)]:
            word.state = State.KEPT
            word.is_fixed = True


def _cut_after_titles(text: str, words: list[Word], vocabulary: Vocabulary) -> None:
    """Cut what follows titles and roles, be it a word of the vocabulary or not; a title goes with its name."""
    for place, word in enumerate(words[:-1]):
        following = words[place + 1]
        gap = text[word.end : following.start]
        if word.is_fixed or not _TITLE_GAP.fullmatch(gap):
            continue
        if _is_title(word, gap):
            if _cut_name(text, words, place + 1, vocabulary):
                word.state = State.CUT
                if place and words[place - 1].folded in _BEFORE_TITLES:
                    words[place - 1].state = State.CUT
        elif word.folded in ROLES and not following.is_fixed and following.text[0].isupper():
            is_signed = ":" in gap and following.text.isupper() and len(following.text) <= _MOST_INITIALS
            if vocabulary.is_name_too(following.folded) or is_signed:
                following.state = State.UNKNOWN
            if word.folded == "dr" and following.state is not State.KEPT:
                word.state = State.CUT


def _cut_streets(text: str, words: list[Word], vocabulary: Vocabulary) -> None:
    """Cut addresses whose names of streets nobody knows: a number, one to three words, and a kind of street."""
    for place, word in enumerate(words):
        if word.folded not in _STREET_ENDINGS or not word.text[0].isupper():
            continue
        first = place - 1
        while first >= 0 and place - first <= _MOST_STREET_WORDS and not words[first].text.isdigit():
            first -= 1
        names = words[first + 1 : place]
        if first < 0 or not names or not words[first].text.isdigit() or words[first].state is State.CUT:
            continue
        is_name = any(one.state is not State.KEPT or vocabulary.is_name_too(one.folded) for one in names)
        is_spaced = all(
            text[left.end : right.start] in {" ", ". "} for left, right in pairwise(words[first : place + 1])
        )
        if is_name and is_spaced:
            for one in words[first : place + 1]:
                one.state = State.CUT
            if first and words[first - 1].folded == "at":
                words[first - 1].state = State.CUT


def _is_title(word: Word, gap: str) -> bool:
    """True for a title as one writes it."""
    if word.folded not in _TITLES:
        return False
    return gap.startswith(".") or not word.text.isupper() or len(word.text) > _LONGEST_SHOUTED


def _is_initial(word: Word) -> bool:
    return len(word.text) == 1 and word.text.isupper()


def _cut_name(text: str, words: list[Word], first: int, vocabulary: Vocabulary) -> bool:
    """Cut the name that starts at a place: initials, one word of any kind, and more that may be names."""
    place = first
    last = min(len(words) - 1, first + _MOST_BEFORE_NAME)
    while place < last and (_is_initial(words[place]) or _leads_on(words[place], words[place + 1])):
        place += 1
    name = words[place]
    if (place == first and name.folded in _NO_NAMES) or name.text[0].isdigit():
        return False
    for word in words[first : place + 1]:
        word.state = State.UNKNOWN
    for before, word in pairwise(words[place : place + 3]):
        may_be_name = word.state is not State.KEPT or vocabulary.is_name_too(word.folded) or _is_initial(word)
        if not may_be_name or not word.text[0].isupper() or not _NAME_GAP.fullmatch(text[before.end : word.start]):
            break
        word.state = State.UNKNOWN
    return True


def _leads_on(word: Word, following: Word) -> bool:
    """True for a title, and for a small word before a name; "Dr Li reviewed" has the name there already."""
    is_name = word.text[0].isupper() and not following.text[0].isupper()
    return word.folded in _TITLES or (word.folded in PARTICLES and not is_name)


def _belongs(word: Word, beside: Word, text: str, vocabulary: Vocabulary) -> bool:
    """True where a word that may stay alone goes with a word beside it that goes."""
    is_after = word.start > beside.start
    gap = text[beside.end : word.start] if is_after else text[word.end : beside.start]
    is_dotted = text[word.end : word.end + 1] == "."
    if len(word.text) == 1 and word.text.isalpha():
        if is_after:
            return gap in {"'", "’", "-", "."} or (is_dotted and gap in {" ", ", "})
        return gap in {"'", "’", ".", ". "}
    if len(word.text) == _ZIP_DIGITS and word.text.isdigit():
        return gap in {" ", ", "} and beside.text[0].isupper() and not (is_after and followed_by_unit(text, word.end))
    if beside.state is not State.UNKNOWN or beside.text.isdigit() or not _NAME_GAP.fullmatch(gap):
        return False
    if word.folded in INSTITUTION_WORDS and gap in {" ", ", "}:
        return True
    if word.folded in _DEGREES and is_after and "," in gap:
        return True
    if word.folded in PARTICLES:
        is_sure = word.folded not in _NEVER_BEFORE or text[: word.start].rstrip().lower().endswith(("de", "van", "von"))
        return not is_after and is_sure
    if not is_after and word.folded not in _FIRST_NAMES_TOO and not {",", "^", "-"} & set(gap):
        return False
    if word.text.isupper() and len(word.text) <= _LONGEST_SHOUTED and not beside.text.isupper():
        return False  # a view or a modality: PA
    is_written_alike = word.text[0].isupper() or beside.text.islower()
    return is_written_alike and vocabulary.is_name_too(word.folded)
