"""Days of the calendar."""

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from babel.dates import get_day_names, get_month_names

from agent_runtime.conversation.normalise.clocks import clock
from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.numerals import word_before
from agent_runtime.conversation.normalise.rewriting import Rule
from agent_runtime.conversation.normalise.words import year as year_in_words

_LEAP_YEAR = 2000
_CENTURY_ENDS = 70
"""Two digits below are of this century."""


@lru_cache(maxsize=16)
def months(code: str) -> dict[str, int]:
    """Names and short names without their point, in lower case."""
    names: dict[str, int] = {}
    for width in ("abbreviated", "wide"):
        names.update({str(name).rstrip(".").lower(): number for number, name in get_month_names(width, locale=code).items()})
    return names | ({"sept": 9} if code == "en" else {})


@lru_cache(maxsize=16)
def weekdays(code: str) -> dict[str, int]:
    """As `months`."""
    names: dict[str, int] = {}
    for width in ("abbreviated", "wide"):
        names.update({str(name).rstrip(".").lower(): number for number, name in get_day_names(width, locale=code).items()})
    return names


def _weekday(name: str, language: Language) -> str:
    return str(get_day_names("wide", locale=language.code)[weekdays(language.code)[name.lower()]])


def _any_of(names: Iterable[str], language: Language) -> str:
    """English months are written large, and `may` is another word."""
    found = "|".join(re.escape(name.capitalize() if language.code == "en" else name) for name in sorted(names, key=len, reverse=True))
    return found if language.code == "en" else f"(?i:{found})"


def rules(language: Language) -> tuple[Rule, ...]:
    """All ways to write a day."""
    month = rf"(?P<month>{_any_of(months(language.code), language)})(?![^\W\d_])\.?"
    day_name = rf"(?:{_any_of(weekdays(language.code), language)})"
    joint = rf"(?:(?:{language.date_joint})\s)?" if language.date_joint else ""
    year = rf"(?:,?\s{joint}(?P<year>\d{{4}})(?!\d|[.,]\d))?"
    found = [
        Rule(
            re.compile(
                r"(?<![\w-])(?P<year>\d{4})-(?P<number>\d{2})-(?P<day>\d{2})"
                r"(?:T(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?(?![\w-])"
            ),
            lambda match: _iso(match, language),
        ),
        Rule(
            re.compile(r"(?<![\w./-])(?P<a>\d{1,2})(?P<sign>[./-])(?P<b>\d{1,2})(?P=sign)(?P<year>\d{4}|\d{2})(?![\w/-]|\.\d)"),
            lambda match: _numeric(match, language),
        ),
        Rule(
            re.compile(rf"(?<![\w.,/-])(?P<day>\d{{1,2}})(?:{language.day_suffix})?\s{{0,2}}{joint}{month}{year}"),
            lambda match: _named(match, language),
        ),
    ]
    found.append(
        Rule(
            re.compile(rf"(?<!\w)(?P<first>{day_name})\.?\s?[-–—]\s?(?P<last>{day_name})(?!\w)\.?"),
            lambda match: f"{_weekday(match['first'], language)} {language.range_to} {_weekday(match['last'], language)}",
        )
    )
    if language.month_is_first or language.code == "en":
        day = rf"(?P<day>\d{{1,2}})(?:{language.day_suffix})?(?![\w:]|[.,/]\d)"
        found.append(Rule(re.compile(rf"(?<!\w){month}\s{day}{year}"), lambda match: _named(match, language)))
    if language.code == "de":
        found.append(
            Rule(re.compile(r"(?<![\w./-])(?P<day>\d{1,2})\.(?P<number>\d{1,2})\.(?![\d\w])"), lambda match: _said(match, language, match["number"]))
        )
    return tuple(found)


def _iso(found: re.Match[str], language: Language) -> str:
    day = _said(found, language, found["number"])
    if day is None:
        # No such day: nothing else it could be, either.
        return found.group()
    if found["hour"] is None:
        return day
    return f"{day}, {clock(int(found['hour']), int(found['minute']), '', language)}"


def _numeric(found: re.Match[str], language: Language) -> str | None:
    first, second = found["a"], found["b"]
    month_first = language.month_is_first and found["sign"] != "."
    day, month = (second, first) if month_first else (first, second)
    if int(month) > 12:
        day, month = month, day
    return day_in_words(day, int(month), found["year"], language, word_before(found))


def _named(found: re.Match[str], language: Language) -> str | None:
    number = months(language.code)[found["month"].lower()]
    said = _said(found, language, str(number))
    # The point of a short month that ends the sentence ends it still.
    is_last = found.end() == len(found.string) and found.group().endswith(".")
    return f"{said}." if said and is_last else said


def _said(found: re.Match[str], language: Language, month: str) -> str | None:
    return day_in_words(found["day"], int(month), found.groupdict().get("year"), language, word_before(found))


def day_in_words(day: str, month: int, year: str | None, language: Language, before: str) -> str | None:
    """None when there is no such day."""
    whole_year = int(year) if year else None
    if year and len(year) == 2:
        whole_year = int(year) + (2000 if int(year) < _CENTURY_ENDS else 1900)
    try:
        date(whole_year or _LEAP_YEAR, month, int(day))
    except ValueError:
        return None
    name = str(get_month_names("wide", locale=language.code)[month])
    return language.say_date(int(day), name, year_in_words(whole_year, language.code) if whole_year else "", before)
