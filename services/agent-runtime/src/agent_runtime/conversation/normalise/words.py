"""Numbers and amounts in words, by num2words and CLDR (Babel). Every function is bounded: what is too long is read digit by digit."""

from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_decimal, get_currency_name
from babel.units import format_unit
from num2words import num2words

from agent_runtime.conversation.normalise.language import Language

MAX_DIGITS = 15
"""Beyond a thousand billions nobody follows words."""
_GROUP = 3


def cardinal(number: str, language: Language) -> str:
    """`number` is digits with at most one point, which is the decimal one; a sign is the caller's."""
    whole, _, decimals = number.partition(".")
    if len(whole) > MAX_DIGITS or len(decimals) > MAX_DIGITS:
        return digits(whole + decimals, language)
    words = _cardinal(int(whole or "0"), language.code)
    if not decimals:
        return words
    return f"{words} {language.point} {_decimals(decimals, language)}"


def _decimals(decimals: str, language: Language) -> str:
    if language.reads_decimals_as_number and len(decimals) == 2 and decimals[0] != "0":
        return _cardinal(int(decimals), language.code)
    return " ".join(_cardinal(int(digit), language.code) for digit in decimals)


@lru_cache(maxsize=4096)
def _cardinal(value: int, code: str) -> str:
    return str(num2words(value, lang=code))


@lru_cache(maxsize=2048)
def ordinal(value: int, code: str) -> str:
    """As num2words has it: masculine, nominative."""
    return str(num2words(value, lang=code, to="ordinal"))


@lru_cache(maxsize=1024)
def year(value: int, code: str) -> str:
    """As years are read."""
    return str(num2words(value, lang=code, to="year"))


def digits(text: str, language: Language) -> str:
    """Digit by digit, with a pause where the writer made one, or after three digits when there are more than five."""
    groups = [group for group in _groups(text) if group]
    if len(groups) == 1 and len(groups[0]) > _GROUP + 2:
        groups = thirds(groups[0])
    return ", ".join(" ".join(_cardinal(int(digit), language.code) for digit in group) for group in groups)


def thirds(text: str) -> list[str]:
    """Pieces of three; a single one at the end joins the piece before it."""
    pieces = [text[start : start + _GROUP] for start in range(0, len(text), _GROUP)]
    return [*pieces[:-2], pieces[-2] + pieces[-1]] if len(pieces) > 1 and len(pieces[-1]) == 1 else pieces


def _groups(text: str) -> list[str]:
    return "".join(char if char in "0123456789" else " " for char in text).split()


def counted(number: str, language: Language, *, is_feminine: bool = False) -> str:
    """The number before a noun of its own."""
    return language.one[is_feminine] if number in ("1", "1.0", "1.00") else cardinal(number, language)


@lru_cache(maxsize=2048)
def unit(number: str, name: str, code: str) -> str:
    """The noun of a CLDR unit in the form that goes with the number."""
    value = Decimal(number)
    text, shown = format_unit(value, name, length="long", locale=code), format_decimal(value, locale=code)
    return text.replace(shown, "", 1).replace("\xa0", " ").strip()


def money(number: str, currency: str, language: Language) -> str:
    """An amount with its hundredths."""
    whole, _, cents = number.partition(".")
    if len(whole) > MAX_DIGITS or len(cents) > 2:
        return f"{cardinal(number, language)} {currency_name(number, currency, language)}"
    hundredths = int((cents + "00")[:2])
    major = f"{counted(str(int(whole or '0')), language)} {currency_name(whole, currency, language)}"
    if not hundredths:
        return major
    minor = _minor(hundredths, currency, language)
    if int(whole or "0") == 0:
        return minor
    return f"{major}{language.cents_joint} {minor}"


def currency_name(number: str, currency: str, language: Language) -> str:
    """One or many of it."""
    known = language.currencies.get(currency)
    is_one = number in ("1", "1.0", "1.00")
    if known is not None:
        return known[0] if is_one else known[1]
    return get_currency_name(currency, count=1 if is_one else 2, locale=language.code)


def _minor(hundredths: int, currency: str, language: Language) -> str:
    known = language.currencies.get(currency)
    if known is None:
        return cardinal(str(hundredths), language)
    one, _, many = known[2].partition("|")
    return f"{counted(str(hundredths), language)} {one if hundredths == 1 or not many else many}"
