"""Telephone numbers: digit by digit, with a pause between the groups."""

import re

import phonenumbers

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.numerals import follows_code_word
from agent_runtime.conversation.normalise.rewriting import Rule
from agent_runtime.conversation.normalise.words import digits

_INTERNATIONAL = r"(?<![\w.])\+\d[\d\s().\-/\u00a0]{5,22}\d(?!\w)"
_AMERICAN = r"(?<![\w.,+])(?:1[\s.-])?\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}(?!\w)"
_TRUNK = r"(?<![\w.,+/])\(?0\d{1,5}\)?[\s/.-]\d[\d\s/.\-]{3,16}\d(?!\w)"
_NINE = r"(?<![\w.,+])[2-9]\d{2}(?:[\s.]\d{3}[\s.]\d{3}|(?:[\s.]\d{2}){3})(?!\w|[.,]\d)"
_SEVEN = r"(?<![\w.,+$€£])(?<!\d\s)[2-9]\d{2}\s\d{4}(?!\w|[.,]\d|\s\d)"
_LOCAL = r"(?<![\w.,+-])(?!\d{4}-\d\d-\d\d(?!\d))\d{2,5}(?:-\d{2,5}){1,4}(?![\w-]|[.,]\d)"
_FEWEST, _MOST = 7, 15
"""Digits of a telephone number (E.164)."""


def rules(language: Language) -> tuple[Rule, ...]:
    """From the surest way to write one to the least sure."""
    patterns = [_INTERNATIONAL, _AMERICAN, _TRUNK, *([_NINE] if language.code in ("es", "pt") else [_SEVEN] if language.code == "en" else [])]
    found = [Rule(re.compile(pattern), lambda match: _said(match.group(), language)) for pattern in patterns]
    return (*found, Rule(re.compile(_LOCAL), lambda match: _local(match, language)))


def _said(text: str, language: Language) -> str | None:
    count = sum(char.isdecimal() for char in text)
    if not _FEWEST <= count <= _MOST:
        return None
    if text.startswith("+"):
        return f"{language.plus} {digits(_grouped(text), language)}"
    return digits(text, language)


def _grouped(text: str) -> str:
    """The groups of its country when the writer made none."""
    if not text[1:].isdecimal():
        return text
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _local(found: re.Match[str], language: Language) -> str | None:
    groups = found.group().split("-")
    is_range = len(groups) == 2 and (len(groups[0]) == len(groups[1]) or len(groups[0]) + len(groups[1]) < _FEWEST)
    return None if is_range and not follows_code_word(found, language) else digits(found.group(), language)
