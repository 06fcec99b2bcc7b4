"""Times of the day."""

import re

from agent_runtime.conversation.normalise.language import Language
from agent_runtime.conversation.normalise.rewriting import Rule

_HALF = r"(?:\s?(?P<half>[ap])\.?\s?m\b\.?)"
_HOUR = r"(?P<hour>[01]?\d|2[0-4])"
_MINUTE = r"(?P<minute>[0-5]\d)"


def rules(language: Language) -> tuple[Rule, ...]:
    """With minutes, with a half of the day, with the sign of the language."""
    suffix = rf"(?:\s?(?:{language.clock_suffix})(?!\w)\.?)" if language.clock_suffix else r"(?:(?!))"
    patterns = [
        rf"(?<![\w:.,/]){_HOUR}:{_MINUTE}(?::[0-5]\d)?(?:{_HALF}|(?-i:{suffix}))?(?![\w:])",
        rf"(?<![\w:.,/]){_HOUR}(?:\.{_MINUTE})?{_HALF}(?!\w)",
    ]
    if "." in language.clock_separators:
        patterns.append(rf"(?<![\w:.,/]){_HOUR}\.{_MINUTE}{suffix}(?![\w:])")
    if "h" in language.clock_separators:
        patterns.append(rf"(?<![\w:.,/]){_HOUR}\s?h(?:\s?{_MINUTE})?(?!\w)")
    return tuple(Rule(re.compile(pattern, re.IGNORECASE), lambda found: _said(found, language)) for pattern in patterns)


def _said(found: re.Match[str], language: Language) -> str | None:
    parts = found.groupdict()
    half = f"{parts['half'].lower()}m" if parts.get("half") else ""
    hour = int(parts["hour"])
    if half and not 1 <= hour <= 12:
        half = ""
    said = clock(hour, int(parts.get("minute") or 0), half, language)
    # A point of `p.m.` that ends the sentence ends it still.
    return f"{said}." if found.group().endswith(".") and found.end() == len(found.string) else said


def clock(hour: int, minute: int, half: str, language: Language) -> str:
    """As it is read; `half` is am, pm or empty."""
    return language.say_clock(0 if hour == 24 else hour, minute, half)
