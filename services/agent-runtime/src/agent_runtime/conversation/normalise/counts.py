"""Plain numbers: fractions, ordinals, years, ranges, signs."""

import re
import unicodedata
from fractions import Fraction

from agent_runtime.conversation.normalise.dates import day_in_words, months
from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.numerals import AFTER, BEFORE, amount, follows_code_word, is_before_word, value, word_before
from agent_runtime.conversation.normalise.rewriting import Rule
from agent_runtime.conversation.normalise.words import cardinal, digits, year

_DUE = frozenset(["on", "by", "until", "since", "due", "before", "after", "el", "le", "la", "am", "bis", "vor", "nach", "seit", "op"])
"""Before a day that is written without its year."""
_YEARS = range(1100, 2100)
_SHORT_NUMBERS = ("911", "112", "999", "110", "988", "061")
_CALL = "call dial ring text llame llama al marque appelez le composez wählen unter anrufen rufen chiamare chiami ligue bel"
_CALL_WORDS = frozenset(_CALL.split())
"""Before the number of the police."""
_TWO_DIGITS = 10
_LONG = 7
"""From so many ungrouped digits on nobody follows a number."""


def rules(language: Language) -> tuple[Rule, ...]:
    """From the special to the plain."""
    return (
        Rule(re.compile(r"(?<![\w.,/])(?P<whole>\d{1,3})?\s?(?P<sign>[½¼¾⅓⅔⅛⅜⅝⅞⅕⅖⅗⅘⅙⅚])"), lambda found: _mixed(found, language)),
        Rule(
            re.compile(r"(?<![\w.,/:-])(?:(?P<whole>\d{1,3})\s)?(?P<above>\d{1,3})/(?P<below>\d{1,3})(?![\w/-]|[.,]\d)"),
            lambda f: _slashed(f, language),
        ),
        Rule(
            re.compile(rf"{BEFORE}(?P<number>\d{{1,4}})(?P<suffix>{language.ordinal})(?!\w)"),
            lambda found: language.say_ordinal(int(found["number"]), found["suffix"], word_before(found)) if int(found["number"]) else None,
        ),
        Rule(re.compile(r"(?:(?<=[\s(])|^)[-−](?=[\d$€£])"), lambda _: f"{language.minus} "),
        Rule(re.compile(r"(?:(?<=[\d%°€$£hmM])|(?<=[mM]\.))(?:\s?[–—]\s?|-|\s-\s)(?=[$€£]?\d)"), lambda _: f" {language.range_to} "),
        Rule(re.compile(r"(?<=[\d€$£%])\s?/\s?(?=[^\W\d_])"), lambda _: f" {language.per} "),
        Rule(re.compile(r"(?P<star>\*?)(?P<number>\d{1,12})#(?!\w)"), lambda found: _keys(found, language)),
        Rule(re.compile(r"(?<=\d)\s?[×xX*]\s?(?=\d)"), lambda _: f" {language.times} "),
        Rule(re.compile(r"(?<=\d)\s?\+\s?(?=\d)"), lambda _: f" {language.plus} "),
        Rule(re.compile(r"(?:(?<=\s)|^)\+(?=\d)"), lambda _: f"{language.plus} "),
        Rule(re.compile(r"(?<=\d)\+(?!\w)"), lambda _: f" {language.plus}"),
        Rule(re.compile(r"(?<=\s)#(?=[\s.,;!?]|$)"), lambda _: language.hash),
        Rule(re.compile(r"(?<=\s)\*(?=[\s.,;!?]|$)"), lambda _: language.star),
        Rule(re.compile(r"(?<![\w)])\*(?=\d)"), lambda _: ""),
        Rule(re.compile(r"[~≈]\s?(?=[$€£]?\d)"), lambda _: f"{language.about} "),
        Rule(
            re.compile(rf"{BEFORE}{amount(language)}{AFTER}|(?<=\d[xX×*]){amount(language)}{AFTER}"),
            lambda f: _number(f, language),
        ),
        Rule(re.compile(rf"{BEFORE}\d{{1,3}}(?=\s?[xX×*]\s?\d)"), lambda found: cardinal(found.group(), language)),
        Rule(re.compile(r"(?<![\w.,])\d{16,}(?!\w)"), lambda found: digits(found.group(), language)),
    )


def _mixed(found: re.Match[str], language: Language) -> str | None:
    part = Fraction(unicodedata.numeric(found["sign"])).limit_denominator(10)
    return _with_whole(found["whole"], part.numerator, part.denominator, language)


def _with_whole(whole: str | None, above: int, below: int, language: Language) -> str | None:
    said = language.fractions.get((above, below))
    if said is None:
        said = f"{cardinal(str(above), language)} {language.out_of} {cardinal(str(below), language)}"
    if whole is None:
        return said
    if language.code == "de" and (above, below) == (1, 2):
        return f"{'ein' if whole == '1' else cardinal(whole, language)}{said}"
    return f"{cardinal(whole, language)} {language.and_} {said}"


def _slashed(found: re.Match[str], language: Language) -> str | None:
    above, below = int(found["above"]), int(found["below"])
    if found["whole"] is not None or (above, below) in language.fractions:
        return _with_whole(found["whole"], above, below, language) if below else None
    if word_before(found) in _DUE:
        day, month = (found["below"], above) if language.month_is_first else (found["above"], below)
        said = day_in_words(day, month, None, language, word_before(found)) if 1 <= month <= 12 else None
        if said is not None:
            return said
    numbers = cardinal(str(above), language), cardinal(str(below), language)
    is_pair = above > below or (above == below and above >= _TWO_DIGITS)
    return " ".join(numbers) if is_pair else f"{numbers[0]} {language.out_of} {numbers[1]}"


def _keys(found: re.Match[str], language: Language) -> str:
    """What is to be pressed on the phone."""
    pieces = [language.star if found["star"] else "", *(cardinal(digit, language) for digit in found["number"]), language.hash]
    return " ".join(piece for piece in pieces if piece)


def _number(found: re.Match[str], language: Language) -> str | None:
    text = found.group()
    if text.isdecimal():
        is_code = len(text) >= 3 and follows_code_word(found, language)
        is_short_call = text in _SHORT_NUMBERS and word_before(found) in _CALL_WORDS
        if is_code or is_short_call or len(text) >= _LONG or (text[0] == "0" and len(text) > 1):
            return digits(text, language)
        if len(text) == 4 and int(text) in _YEARS and _follows_year_word(found, language):
            return year(int(text), language.code)
        if language.has_gender and _takes_gender(int(text), language.code) and is_before_word(found):
            return None
    return cardinal(value(text, language), language)


def _follows_year_word(found: re.Match[str], language: Language) -> bool:
    word = word_before(found)
    return word in months(language.code) or word in language.year_words.split("|")


def _takes_gender(number: int, code: str) -> bool:
    without = (11, 71, 91) if code == "fr" else (11,)
    return number == 1 or (code != "de" and number % 10 == 1 and number % 100 not in without)
