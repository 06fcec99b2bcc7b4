"""A written sentence as it is read aloud: no markdown, no emoji; numbers, money, dates and phone numbers in words (rule S7)."""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache

from markdown_it import MarkdownIt
from num2words import num2words

LANGUAGES = ("en", "es", "fr", "de")
"""Numbers are put into words in these; other languages keep their digits, which every voice can read."""

_EMOJI = re.compile("[\U0001f000-\U0001faff\U00002600-\U000027bf\U00002b00-\U00002bff\U0000fe0f\U0000200d\U000020e3\U000e0020-\U000e007f]+")
_MARKDOWN = re.compile(r"[*_`#\[\]|~>]|^\s*(?:[-+]|\d+[.)])\s", re.MULTILINE)
_LEFTOVER = re.compile(r"[*`]+|__+|~~+")
"""Signs that markdown did not take as markup, as in a sentence cut out of its bold paragraph."""
_SPACE = re.compile(r"\s+")
_PHONE = re.compile(r"(?<![\w.])(?:\+\d[\d\s().-]{6,18}\d|\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4})(?![\w])")
_LONG_NUMBER = re.compile(r"(?<![\w.,])\d{7,}(?![\w]|[.,]\d)")
_DATE = re.compile(r"(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?![\w-])")
_CLOCK = re.compile(r"(?<![\w:])([01]?\d|2[0-3]):([0-5]\d)(?![\w:])")
_AMOUNT = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_MONEY = re.compile(rf"([$€£])\s?({_AMOUNT})(?![\w]|[.,]\d)|(?<![\w.,])({_AMOUNT})\s?([€£$]|EUR|USD|GBP)(?!\w)")
_PERCENT = re.compile(r"(?<![\w.,])(\d+(?:[.,]\d+)?)\s?%")
_NUMBER = re.compile(r"(?<![\w.,/:-])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w/:-]|[.,]\d)")
_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP"}
_PERCENT_WORD = {"en": "percent", "es": "por ciento", "fr": "pour cent", "de": "Prozent"}
_MONTHS = {
    "en": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    "es": ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
    "fr": ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
    "de": ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"],
}
_markdown = MarkdownIt("commonmark")


def spoken(text: str, language: str) -> str:
    """The sentence for text-to-speech; may be empty when nothing of it can be said."""
    if _MARKDOWN.search(text):
        text = _LEFTOVER.sub("", plain(text))
    text = _EMOJI.sub("", text)
    short = language.replace("_", "-").split("-")[0].lower()
    if short in LANGUAGES and any(char.isdigit() for char in text):
        text = _numbers(text, short)
    return _SPACE.sub(" ", text).strip()


def plain(text: str) -> str:
    """Markdown without its signs; links keep their text only."""
    pieces: list[str] = []
    for token in _markdown.parse(text):
        pieces.extend(_inline(child.type, child.content) for child in token.children or ())
        if token.type in ("fence", "code_block"):
            pieces.append(token.content)
        if token.block and token.nesting == -1:
            pieces.append(" ")
    return "".join(pieces).strip()


def _inline(kind: str, content: str) -> str:
    if kind in ("text", "code_inline"):
        return content
    return " " if kind in ("softbreak", "hardbreak") else ""


def _numbers(text: str, language: str) -> str:
    steps: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
        (_DATE, lambda found: _date(found, language)),
        (_PHONE, lambda found: _digits(found.group(0), language)),
        (_MONEY, lambda found: _money(found, language)),
        (_PERCENT, lambda found: f"{_words(found.group(1).replace(',', '.'), language)} {_PERCENT_WORD[language]}"),
        (_CLOCK, lambda found: _clock(found, language)),
        (_LONG_NUMBER, lambda found: _digits(found.group(0), language)),
        (_NUMBER, lambda found: _words(found.group(0).replace(",", ""), language)),
    )
    for pattern, say in steps:
        text = pattern.sub(say, text)
    return text


@lru_cache(maxsize=2048)
def _words(number: str, language: str) -> str:
    value = float(number) if "." in number else int(number)
    return str(num2words(value, lang=language))


def _digits(text: str, language: str) -> str:
    """Digit by digit, with a pause where the writer made one, or after three digits."""
    plus = {"en": "plus ", "es": "más ", "fr": "plus ", "de": "plus "}[language] if text.startswith("+") else ""
    groups = [group for group in re.split(r"\D+", text) if group]
    if len(groups) == 1:
        groups = re.findall(r"\d{1,3}", groups[0])
    return plus + ", ".join(" ".join(_words(digit, language) for digit in group) for group in groups)


def _money(found: re.Match[str], language: str) -> str:
    sign, amount = found.group(1) or found.group(4), found.group(2) or found.group(3)
    number = amount.replace(",", "") if re.search(r",\d{3}", amount) else amount.replace(",", ".")
    whole, _, cents = number.partition(".")
    currency = _CURRENCIES.get(sign, sign)
    try:
        if not int(cents or 0):
            return str(num2words(float(whole), to="currency", lang=language, currency=currency, separator="|", cents=False)).split("|")[0]
        value = float(f"{whole}.{cents.ljust(2, '0')}")
        joint = {"en": " and", "es": " con", "fr": " et", "de": " und"}[language]
        return str(num2words(value, to="currency", lang=language, currency=currency, separator=joint))
    except NotImplementedError:
        return f"{_words(number, language)} {currency}"


def _date(found: re.Match[str], language: str) -> str:
    try:
        day = date(int(found.group(1)), int(found.group(2)), int(found.group(3)))
    except ValueError:
        return found.group(0)
    month = _MONTHS[language][day.month - 1]
    year = str(num2words(day.year, to="year", lang=language))
    if language == "en":
        return f"{month} {num2words(day.day, to='ordinal', lang='en')}, {year}"
    if language == "de":
        return f"{num2words(day.day, to='ordinal', lang='de')}r {month} {year}"
    joint = " de " if language == "es" else " "
    number = "premier" if language == "fr" and day.day == 1 else _words(str(day.day), language)
    return f"{number}{joint}{month}{joint}{year}"


def _clock(found: re.Match[str], language: str) -> str:
    hour, minute = int(found.group(1)), int(found.group(2))
    spoken_minute = _words(str(minute), language)
    if language == "en":
        has_half = re.match(r"\s*[ap]\.?m", found.string[found.end() :], re.IGNORECASE) is not None
        whole = "" if has_half else " o'clock" if 0 < hour <= 12 else " hundred"
        tail = f" oh {spoken_minute}" if 0 < minute < 10 else f" {spoken_minute}" if minute else whole
        return _words(str(hour), language) + tail
    joint = {"es": " y ", "fr": " heures ", "de": " Uhr "}[language]
    if minute:
        return f"{_words(str(hour), language)}{joint}{spoken_minute}"
    return _words(str(hour), language) + {"es": " en punto", "fr": " heures", "de": " Uhr"}[language]
