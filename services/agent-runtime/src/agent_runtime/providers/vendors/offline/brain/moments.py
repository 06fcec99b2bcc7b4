"""Days and times as people say them, in English."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from agent_runtime.providers.vendors.offline.brain.numbers import find_numbers

_WEEKDAYS: Final = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTHS: Final = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
_RELATIVE: Final = {"today": 0, "tonight": 0, "tomorrow": 1}
_AFTER_NOON: Final = frozenset({"afternoon", "evening", "night", "pm", "p.m", "tonight"})
_BEFORE_NOON: Final = frozenset({"morning", "am", "a.m"})
_NAMED: Final = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}
_MORNING_FROM: Final = 8
"""`At seven` without more means the evening, `at eight` the morning: office and restaurant hours."""


@dataclass(frozen=True, slots=True)
class Said:
    """A moment in ISO form, and the tokens that said it."""

    value: str
    used: frozenset[int]


def find_date(words: Sequence[str], today: date) -> Said | None:
    """The first day named, as `YYYY-MM-DD`; a weekday is the next one, a day without a year lies in the future."""
    lowered = [word.lower() for word in words]
    for index, word in enumerate(lowered):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", word):
            return Said(word, frozenset({index}))
        if word in _RELATIVE:
            after = word == "tomorrow" and lowered[max(0, index - 2) : index] == ["day", "after"]
            used = {index, index - 1, index - 2} if after else {index}
            return Said((today + timedelta(days=_RELATIVE[word] + after)).isoformat(), frozenset(used))
        if word in _WEEKDAYS:
            ahead = (_WEEKDAYS.index(word) - today.weekday() - 1) % 7 + 1
            is_next = index > 0 and lowered[index - 1] == "next"
            used = {index, index - 1} if index > 0 and lowered[index - 1] in ("next", "this", "on") else {index}
            return Said((today + timedelta(days=ahead + (7 if is_next and ahead < 3 else 0))).isoformat(), frozenset(used))
        if word in _MONTHS and (said := _day_of_month(lowered, index, today)) is not None:
            return said
    return None


def _day_of_month(words: Sequence[str], month_index: int, today: date) -> Said | None:
    numbers = find_numbers(words)
    month = _MONTHS.index(words[month_index]) + 1
    gap = 2 if words[max(0, month_index - 1)] == "of" else 1
    for number in numbers:
        if number.end == month_index + 1 - gap or number.start == month_index + 1 + (words[month_index + 1 : month_index + 2] == ["the"]):
            year = next((int(other.value) for other in numbers if 1900 <= other.value <= 2200), 0)
            try:
                day = date(year or today.year, month, int(number.value))
                if not year and day < today:
                    day = day.replace(year=today.year + 1)
            except ValueError:
                return None
            used = {*range(number.start, number.end), month_index}
            used |= {index for other in numbers if int(other.value) == year for index in range(other.start, other.end)}
            return Said(day.isoformat(), frozenset(used | {month_index - 1} if gap == 2 else used))
    return None


def find_time(words: Sequence[str], *, is_asked: bool = False) -> Said | None:
    """The first time of day, as `HH:MM`. Unless a time was asked for, a bare number needs `at`, `o'clock`, am or pm, or a part of the day."""
    lowered = [word.lower().replace("'", "") for word in words]
    for index, word in enumerate(lowered):
        if word in _NAMED:
            return Said(_NAMED[word], frozenset({index}))
        clock = re.fullmatch(r"(\d{1,2})[:.]?(\d\d)?(am|pm)?", word)
        if clock and (clock[2] or clock[3]) and int(clock[1]) < 24 and int(clock[2] or 0) < 60:
            part = clock[3] or _part_of_day(lowered)
            return Said(_clock(int(clock[1]), int(clock[2] or 0), part, exact=len(clock[1]) == 2 and not part), _with_part(lowered, {index}))
    numbers = [number for number in find_numbers(lowered) if number.is_whole]
    for position, number in enumerate(numbers):
        if not 0 <= number.value < 24:
            continue
        before = lowered[number.start - 1] if number.start else ""
        after = lowered[number.end] if number.end < len(lowered) else ""
        follows_at = before in ("at", "around", "about", "past") or lowered[max(0, number.start - 2) : number.start] == ["quarter", "to"]
        is_clock = after in ("oclock", "am", "pm", "a.m", "p.m") or (after in ("in", "at") and _part_of_day(lowered[number.end :]) is not None)
        if not (follows_at or is_clock or is_asked):
            continue
        used = {*range(number.start, number.end)} | ({number.start - 1} if before in ("at", "around", "about") else set[int]())
        minute, hour = 0, int(number.value)
        following = numbers[position + 1] if position + 1 < len(numbers) else None
        if following is not None and following.start == number.end and following.value < 60:
            minute = int(following.value)
            used |= {*range(following.start, following.end)}
        minute, hour, used = _past_and_to(lowered, number.start, minute, hour, used)
        return Said(_clock(hour, minute, _part_of_day(lowered)), _with_part(lowered, used))
    return None


def _past_and_to(words: Sequence[str], start: int, minute: int, hour: int, used: set[int]) -> tuple[int, int, set[int]]:
    before = list(words[max(0, start - 2) : start])
    if before in (["half", "past"], ["quarter", "past"]):
        return (30 if before[0] == "half" else 15), hour, used | {start - 1, start - 2}
    if before == ["quarter", "to"]:
        return 45, (hour - 1) % 24, used | {start - 1, start - 2}
    return minute, hour, used


def _part_of_day(words: Sequence[str]) -> str | None:
    for word in words:
        if word in _AFTER_NOON:
            return "pm"
        if word in _BEFORE_NOON:
            return "am"
    return None


def _with_part(words: Sequence[str], used: set[int]) -> frozenset[int]:
    extra = {index for index, word in enumerate(words) if word in _AFTER_NOON or word in _BEFORE_NOON or word == "oclock"}
    glue = {index - offset for index in extra for offset in (1, 2) if index >= offset and words[index - offset] in ("in", "the", "at")}
    return frozenset(used | extra | glue)


def _clock(hour: int, minute: int, part: str | None, *, exact: bool = False) -> str:
    if part == "pm" and hour < 12:
        hour += 12
    elif part == "am" and hour == 12:
        hour = 0
    elif part is None and not exact and 0 < hour < _MORNING_FROM:
        hour += 12
    return f"{hour:02d}:{minute:02d}"
