"""What looks like a date, a telephone, an address, a number of an identifier, whoever it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from convkit.deid.late import late
from convkit.deid.vocabulary import folded, word_set

Cut = tuple[int, int]

_MONTHS = word_set(
    "january jan januar janvier janv enero ene gennaio gen janeiro januari jänner styczeń stycznia"
    " february feb februar février fevrier fév févr febrero febbraio febr fevereiro fev februari luty lutego"
    " march mar märz maerz mrz mars marzo março maart mrt marzec marca"
    " april apr avril avr abril abr aprile kwiecień kwietnia"
    " may mai mayo maggio mag maio mei maj maja"
    " june jun juni juin junio giugno giu junho czerwiec czerwca"
    " july jul juli juillet juil julio luglio lug julho lipiec lipca"
    " august aug août aout agosto ago augustus sierpień sierpnia"
    " september sept sep septembre septiembre settembre set setembro wrzesień września"
    " october oct oktober okt octobre octubre ottobre ott outubro out październik października"
    " november nov novembre noviembre novembro listopad listopada"
    " december dec dezember dez décembre decembre déc diciembre dic dicembre dezembro grudzień grudnia"
)
_MONTH_WORDS = frozenset({*_MONTHS, *map(folded, _MONTHS)})


def _any_of(words: Iterable[str]) -> str:
    """A pattern of words, the longest first."""
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


_MONTH = rf"(?:{_any_of(_MONTH_WORDS)})(?![^\W\d_])\.?"
# After a number these are months only if a year follows: 3 sets, 2 mag, 1 out.
_UNCLEAR = word_set("set mag out mai mar mars gen ago sep dec dic oct may mart march marca mayo maio maja")
_CLEAR_MONTH = rf"(?:{_any_of(_MONTH_WORDS - _UNCLEAR)})(?![^\W\d_])\.?"

_LONG_MONTH = rf"(?:{_any_of(w for w in _MONTH_WORDS if len(w) > 3 and w not in _UNCLEAR)})(?![^\W\d_])"

_NO_LETTER = r"(?<![^\W\d_])"
_DAY, _MON, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:1[89]|20)\d\d"
_DAY2, _MON2 = r"(?:0[1-9]|[12]\d|3[01])", r"(?:0[1-9]|1[0-2])"
_DAY_OF = rf"{_DAY}(?:st|nd|rd|th|er|\.)?[-./_, ]*(?:(?:of|de|di)\s+)?"
_CLOCK = (
    r"(?:[01]?\d|2[0-3])[:.h][0-5]\d(?:[:.][0-5]\d(?:[.,]\d+)?)?(?:\s?(?:[ap]\.?m\b\.?|uhr|hrs?\b|h\b))?"
    r"(?:Z|[+-]\d\d:?\d\d)?"
)
_DATE = "|".join(
    (
        rf"{_YEAR}([-./_ ]){_MON}\1{_DAY}(?!\d)",
        rf"{_YEAR}{_MON2}{_DAY2}(?!\d)",
        rf"(?:{_DAY}([-./_ ]){_MON}\2|{_MON}([-./_]){_DAY}\3)\s?{_YEAR}(?!\d)",
        rf"(?:{_DAY}([./-]){_MON}\4|{_MON}([./-]){_DAY}\5)'?\d\d(?![\d.]\d|\d|[^\W\d_])",
        rf"{_DAY2}\.{_MON2}\.(?!\d)",
        r"(?:0[1-9]/(?:0[1-9]|1\d|2\d|3[01])|(?:1\d|2\d|3[01])/0[1-9])(?![\d/]|\s?%)",
        rf"{_DAY_OF}{_MONTH}[-./_,' ]*(?:(?:of|de|del|di)\s+)?(?:{_YEAR}|\d\d)(?![\d.,]*\d|[^\W_])",
        rf"{_DAY_OF}{_CLEAR_MONTH}(?!\d)",
        rf"{_NO_LETTER}{_MONTH}[-./_ ]*{_DAY}(?:st|nd|rd|th)?[-./_,' ]+(?:{_YEAR}|'?\d\d)(?![\w.]*\d|[^\W_])",
        rf"{_NO_LETTER}{_LONG_MONTH}[-./_ ]*{_DAY}(?:st|nd|rd|th)?(?![\d.]*\d|[^\W_])",
        rf"{_NO_LETTER}{_MONTH}[-./_,' ]*(?:(?:of|de|del|di)\s+)?{_YEAR}(?!\d)",
        rf"{_YEAR}[-./_ ]*{_MONTH}(?:[-./_ ]*{_DAY})?(?!\d)",
        rf"(?:{_MON2}[-./]{_YEAR}|{_YEAR}[-/]{_MON2})(?![\d\-/])",
        rf"{_YEAR}年\s?{_MON}月(?:\s?{_DAY}日)?|{_YEAR}년\s?{_MON}월(?:\s?{_DAY}일)?",
    )
)
_DATES = late(
    rf"(?:(?<![^\W\d_])(?:on|of|in|from|until|dated|since|seit|vom|am|im|bis|le|du|del|il|dal|el|op"
    rf"|dob|born|geb(?:oren)?\.?(?:\s+am)?|fecha|date(?:\s+of\s+birth)?)[\s:]+)?"
    rf"(?:{_CLOCK},?[\sT]+)?(?<![\d])(?<!\d[.,])(?:{_DATE})(?:(?:,?\s*(?:at|um|à|@)?\s*|T){_CLOCK})?",
    re.IGNORECASE,
)
_TIMES = late(
    r"(?<![\w:.])(?:(?:at|um)\s+)?(?:(?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?"
    r"|(?:0?\d|1\d|2[0-3]):[0-5]\d\s?(?:[ap]\.?m\b\.?|uhr|hrs?\b)|(?<=[atum] )(?:[01]?\d|2[0-3]):[0-5]\d)(?![\d:])",
    re.IGNORECASE,
)

_TOP = word_set(
    "com org net edu gov mil int info biz local lan intern internal hospital health clinic de at ch fr uk us ca au"
    " nz ie es pt it nl be pl cz se dk no fi gr tr ru ua jp kr cn br mx ar cl za il eu io ai app dev me tv cc co"
)
_CALL = (
    r"(?:(?<![^\W\d_])(?:please\s+)?(?:call(?:back|ed)?|tel(?:ephone|efon|éfono|efono)?|phone|ph|fax|mobile|cell|pager"
    r"|ring|contact)\b[\s.:]*(?:no\.?|nr\.?|number|at|on|to)?[\s:]*)"
)
_WRITE = r"(?:(?<![^\W\d_])(?:e-?mail|mail|contact|write|website|web|url|see)(?:ed)?\b[\s:]*(?:to|at)?[\s:]*)"
_MAILS = late(
    rf"{_WRITE}?(?:mailto:)?[^\s@<>()\[\],;:\"']*[^\s@<>()\[\],;:\"'.]\s?@\s?[\w\-]+(?:\s?\.\s?[\w\-]+)*"
    rf"|{_WRITE}?[\w.+\-]+\s?[\[(]at[\])]\s?[\w\-]+(?:\s?(?:\.|[\[(]dot[\])])\s?[\w\-]+)+",
    re.IGNORECASE,
)
_HOSTS = late(
    rf"{_WRITE}?(?:[a-z][a-z0-9+.\-]*://[^\s()\[\]<>\"]+|\bwww\d?\.[^\s()\[\]<>\"]+"
    rf"|(?<![\w.\-])(?=[\w\-.]*[a-z]{{2}})(?:[\w\-]+\.)+(?:{_any_of(_TOP)})(?![\w\-])(?:[:/]\S*)?)"
    r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])(?::\d+)?|(?<![\d.])[0-2](?:\.\d+){5,}"
    r"|\b(?:[0-9a-f]{2}[:\-]){5}[0-9a-f]{2}\b|\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b",
    re.IGNORECASE,
)
_PHONES = late(
    rf"{_CALL}[+(]?\d[\d\s().\-/]*\d(?:\s?(?:x|ext\.?)\s?\d+)?"
    r"|(?<![\w.])\+\d[\d\s().\-/]{5,}\d(?:\s?(?:x|ext\.?)\s?\d+)?"
    r"|(?<![\w.])(?:00?[1-9]\d{1,4}|\(\d{2,5}\))[\s.\-/]*\d{2,}(?:[\s.\-/]\d{2,}){0,4}(?:\s?(?:x|ext\.?)\s?\d+)?(?![\w.]\d)"
    r"|(?<![\w.])(?:1[.\-\s])?\d{3}[.\-]\d{3}[.\-]\d{4}(?:\s?(?:x|ext\.?)\s?\d+)?(?!\d)"
    r"|(?<![\w.])[2-9]\d\d-\d{3}[1-9](?![\w\-])",
    re.IGNORECASE,
)
_NUMBERED = r"(?:[ ._\-]?(?:no|nr|num(?:ber)?|id|nummer|#|№|n°)\b\.?)"
_IDENTIFIERS = late(
    rf"(?<![^\W\d_])(?:m\.?r\.?n\.?|s\.?s\.?n\.?|social\s+security|acc(?:ession)?|(?:pat(?:ient(?:en)?)?|medical\s+record|chart"
    rf"|record|case|fall|visit|encounter|order|hosp(?:ital)?|req(?:uest|uisition)?|member|group|insurance|insurer|policy"
    r"|account|acct|passport|licen[cs]e|plate|vehicle|serial|student|employee|badge|claim|health\s+card|study|exam)"
    rf"(?={_NUMBERED}|\s*[#:]\s*\S*\d{{3}}|\s+(?!(?:19|20)\d\d(?!\d))\S*\d{{4}})"
    rf"|pid|patid|nhs|dni|nif|nie|nip|ipp|pesel|bsn|ahv|iban|mbi|hicn?|case\s*#|id|ids|nr|no)(?![^\W\d_])"
    rf"{_NUMBERED}*\s*(?:is\b)?[\s:#=.\-]*(?=[\w./\-]*\d)"
    rf"(?:\d{{2,4}}(?: \d{{2,4}}){{2,4}}(?!\w)|[^\W_]+(?:[-./_][^\W_]+)*)",
    re.IGNORECASE,
)
_BARE_LABELS = late(r"(?<![^\W\d_])(?:nr|no|id|ids)(?![^\W\d_])", re.IGNORECASE)
_LONG_NUMBERS = late(
    r"(?<![^\W_])(?<!\d[.,])(?:[^\W\d_]{1,4}[-./])?[^\W_]*\d{6,}[^\W_]*(?:[-/][^\W_]*\d[^\W_]*)*"
    r"|(?<![\w.\-])(?:[^\W\d_]{1,4}-)?\d+(?:-\d+){2,}(?![\w.]|-\d)|(?<![\w.])\d{3}[ ]\d\d[ ]\d{4}(?![\w.])"
    r"|(?<![\w.])\d{3}[ ]\d{3}[ ]\d{3,4}(?![\w.])|(?<![\w.])\d{4}[ ]\d{4}[ ]\d{3,4}(?:[ ]\d{4})?(?![\w.])"
    r"|(?<![\w.])[12][ ]\d\d[ ]\d\d[ ]\d\d[ ]\d{3}[ ]\d{3}(?:[ ]\d\d)?(?![\w.])"
    r"|(?<![^\W_])[#№]\s?\d{3,}|(?<![^\W_])[A-Z]{2}\d\d(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?(?![^\W_])",
    re.IGNORECASE,
)
_MOST_COUNTED = 3
"""Digits of a number that counts something: "no 120"; after such a word, longer ones are identifiers."""

_RANGE = late(r"\d{1,3}0?(?:-\d{0,3}0)+")

_STREETS = word_set("street avenue road drive lane boulevard terrace parkway highway square crescent broadway")
_SHORT_STREETS = word_set("st ave av rd dr ln blvd ct pl hwy pkwy ter sq")
_CITY = (
    r"(?:[,\s]+(?:apt|apartment|suite|ste|unit|floor|fl|room|rm|#)\.?\s*\w+)?"
    r"(?:,?\s+[^\W\d_]+(?:[\s.\-]+[^\W\d_]+){0,3},?\s+(?-i:[A-Z]{2})\s+\d{5}(?:-\d{4})?"
    r"|,\s*[^\W\d_]+(?:[ \-][^\W\d_]+)?(?:,\s*(?-i:[A-Z]{2})\b)?)?(?:[,\s]+\d{5}(?:-\d{4})?\b)?"
)
_STATES = (
    r"(?-i:A[LKZR]|C[AOT]|D[CE]|FL|G[AU]|HI|I[DLNA]|K[SY]|LA|M[EDAINSOPT]|N[EVHJMYCD]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT"
    r"|V[TAI]|W[AVIY])"
)
"""States of the USA, without which TE 12000 would be one."""

_PLACE = r"(?:[,\s]+(?:[A-Z]{1,2}-)?\d{4,5}(?:\s[A-Z]{2})?\s+[^\W\d_]+(?:[ \-][^\W\d_]+)?)?"
_ADDRESSES = late(
    r"(?:(?<![^\W_])(?:(?:lives?|living|resid(?:es|ent|ing)|home|address)[\s:]+)?(?:(?:at|in|of)\s+)?)?"
    rf"(?<![\w.])\d{{1,5}}[a-z]?\s+(?:[^\W\d_][\w.'’\-]*\s+){{1,4}}?(?:(?:{_any_of(_STREETS)})\b"
    rf"|(?:{_any_of(_SHORT_STREETS)})\b\.?(?=,|\s*$|\s+(?:apt|suite|unit)\b))\.?{_CITY}"
    r"|(?<![^\W_])(?:[^\W\d_]+-)*[^\W\d_]{2,}[ \-]?"
    r"(?:stra(?:ß|ss)e|str\.|gasse|allee|platz|ufer|laan|straat|plein|gade|gatan|vägen|vej|veien)"
    rf"\s*\d+\s?[a-z]?\b{_PLACE}"
    r"|(?<![^\W_])(?:rue|calle|avenida|avda\.?|via|viale|piazza|rua|ulica|ul\.|plaza|paseo|boulevard|chemin)\s+"
    rf"(?:[^\W\d_][\w.'’\-]*\s+){{0,3}}?[^\W\d_][\w.'’\-]*,?\s+\d{{1,4}}\s?[a-z]?\b{_PLACE}"
    r"|(?<![\w.])\d{1,4},?\s*(?:bis,?\s+)?(?:rue|avenue|boulevard|chemin|place|impasse|quai|allée)\s+"
    rf"(?:[^\W\d_][\w.'’\-]*\s*){{1,4}}{_PLACE}"
    rf"|p\.?\s?o\.?\s?box\s*\d+|postfach\s*\d+|(?<![^\W_]){_STATES}\s+\d{{5}}(?:-\d{{4}})?(?!\w)",
    re.IGNORECASE,
)
_OLD = r"(?:9\d|1[0-4]\d)"
_AGES = late(
    r"(?<![\w.\-^])(?<!tc )(?<!technetium )"
    r"(?!99m(?:[\s\-^]?tc|[\s\-^]tech|[\s\-^](?:mdp|mibi|maa|dtpa|dmsa|hmpao|ecd)\b))"
    rf"(?:{_OLD}(?:\.\d+)?[\s\-]*(?:y\s?/?\s?o\b"
    r"|yr?s?\b(?![\s\-]?(?:microsph|sirt|dota|tare|spect|pet|radio|glass|resin|ibri))"
    r"|years?\b|jahre?n?\b|ans\b|años\b|anos\b|anni\b|jaar\b|j\.|jährige?r?\b)"
    r"(?:[\s\-]*(?:old|of\s+age|alt))?(?:\s*(?:male|female|man|woman|[mf]\b))?"
    rf"|0{_OLD}y\b|(?:aged?|alter|âge|edad|età|leeftijd)[\s:=]*{_OLD}(?:\s?(?:y\w*))?(?![\w.])|{_OLD}\s?/?\s?[mf]\b"
    r"|ninety(?:[\s\-](?:one|two|three|four|five|six|seven|eight|nine))?[\s\-]years?(?:[\s\-]old)?)",
    re.IGNORECASE,
)
_PARTIAL = late(r"(?<![\w./\-])(\d{1,2})([./\-])(\d{1,2})(\.?)(?![\w/\-]|\.\d)")
_DIGITS_OF_A_DAY = 4

_UNIT = late(
    r"\s?(?:[mcµun]?m|m?s(?:ec)?|[mk]?hz|[mk]?v|m?as?|[kmg]?b|%|[mcdµ]?l|cc|[kmµn]?g|[mkgt]?bq|m?ci|t|deg|°|years?|mins?"
    r"|x|fold)(?![^\W_])",
    re.IGNORECASE,
)


# What a text must hold for a pattern to be tried: most descriptions hold nothing of it, and are done in microseconds.
_MAY_BE_DATE = late(
    r"\d{8}|\d{1,4}[-./_ ]\d{1,2}[-./_ ]\s?'?\d\d|\d\d\.\d\d\.|\d\d/\d\d|\d\d[-./]\d{4}|\d{4}[-/]\d\d|[年년]"
)
_MAY_BE_HOST = late(
    r"[^\W_][.][A-Za-z]|://|www|\d\.\d+\.\d+\.\d|[0-9A-Fa-f]{2}[:\-][0-9A-Fa-f]{2}[:\-]|[0-9A-Fa-f]{8}-"
)
_MAY_BE_AGE = late(r"9\d|1[0-4]\d|inety|INETY")
_MAY_BE_NUMBER = late(
    r"[A-Z]{2}\d\d [A-Z0-9]{4} |\d{6}|\d-\d+-\d|\d{3} \d\d\d? \d{3}|\d{4} \d{4} \d{3}|\d \d\d \d\d \d\d \d{3}"
    r"|[#№]"
)
_MAY_BE_IDENTIFIER = late(r"\d{3}|\b(?:mrn|ssn|pid|case|id)\b|#", re.IGNORECASE)
_MAY_BE_PHONE = late(r"(?:\d[\s().+/\-]*){6}|call|tel|phone|fax|ext", re.IGNORECASE)
_STREET_WORDS = (_STREETS | _SHORT_STREETS - {"ct"}) | word_set(
    "str rue calle avenida avda via viale piazza rua ulica ul plaza paseo chemin place platz impasse quai box postfach"
    " allee allée ufer vej"
)
_STREET_ENDINGS = (
    *(
        "straße",
        "strasse",
        "str.",
        "gasse",
        "platz",
        "ufer",
        "laan",
        "straat",
        "plein",
        "gade",
        "gatan",
        "vägen",
        "vej",
    ),
    *("veien", "allee", " ct,"),
)
_DIGIT = late(r"\d")
_ZIP = late(r"[A-Z]{2}\s+\d{5}(?!\d)")
_WORDS = late(r"[^\W\d_]+")


def pattern_cuts(text: str) -> Iterator[Cut]:
    """Yield the places of all that looks like what identifies, by its form alone."""
    if "@" in text or "(at)" in text or "[at]" in text:
        yield from _found(_MAILS, text)
    if _MAY_BE_HOST.search(text):
        yield from _found(_HOSTS, text)
    if _MAY_BE_AGE.search(text):
        yield from _found(_AGES, text)
    if _DIGIT.search(text):
        yield from _numbered(text)


def _numbered(text: str) -> Iterator[Cut]:
    small = text.lower()
    words = _WORDS.findall(small)
    if _MAY_BE_DATE.search(text) or not _MONTH_WORDS.isdisjoint(words):
        yield from _found(_DATES, text)
    if ":" in text:
        yield from _found(_TIMES, text)
    if _MAY_BE_PHONE.search(text):
        yield from _found(_PHONES, text)
    is_street = not _STREET_WORDS.isdisjoint(words) or any(ending in small for ending in _STREET_ENDINGS)
    if is_street or _ZIP.search(text):
        yield from _found(_ADDRESSES, text)
    if _MAY_BE_IDENTIFIER.search(text):
        yield from (match.span() for match in _IDENTIFIERS.finditer(text) if _is_identifier(match[0]))
    if _MAY_BE_NUMBER.search(text):
        yield from (match.span() for match in _LONG_NUMBERS.finditer(text) if _is_long(match[0]))


def _is_identifier(labelled: str) -> bool:
    """True for a number after a word such as MRN; after words that count as well (no 5) only for a long one."""
    if _BARE_LABELS.match(labelled) is None:
        return True
    most = _MOST_COUNTED if any(map(labelled.__contains__, ".:#")) else _MOST_COUNTED + 1
    return sum(map(str.isdigit, labelled)) > most


def _is_long(number: str) -> bool:
    """True for a number of six digits in a row, or of seven in groups that are no range such as 0-500-1000."""
    digits = sum(map(str.isdigit, number))
    is_long = digits > _MOST_COUNTED + 3 or (digits > _MOST_COUNTED + 2 and "-" not in number) or number[0] in "#№"
    return is_long and not _RANGE.fullmatch(number)


def day_cuts(text: str, days: frozenset[tuple[int, int]]) -> Iterator[Cut]:
    """Yield the places of days without a year that are those of a patient: 29.6. of 2020-06-29."""
    for match in _PARTIAL.finditer(text):
        first, second = int(match[1]), int(match[3])
        is_short = len(match[1]) + len(match[3]) < _DIGITS_OF_A_DAY
        if match[2] == "." and not match[4] and (is_short or followed_by_unit(text, match.end())):
            continue  # a decimal number: 1.25 mm, 22.8
        is_sure = max(first, second) > 12 or match[1].startswith("0") or match[3].startswith("0")
        if is_sure and ((first, second) in days or (second, first) in days):
            yield match.span()


def followed_by_unit(text: str, end: int) -> bool:
    """True where a unit stands behind a number."""
    return _UNIT.match(text, end) is not None


def _found(pattern: re.Pattern[str], text: str) -> Iterator[Cut]:
    return (match.span() for match in pattern.finditer(text))
