"""All rules of a language, in the order in which they take their piece of the text."""

import re
from functools import lru_cache

from agent_runtime.conversation.normalise import abbreviations, addresses, amounts, clocks, codes, counts, dates, phones
from agent_runtime.conversation.normalise.languages import language_of
from agent_runtime.conversation.normalise.rewriting import Rule

_TIDY = (
    Rule(re.compile(r"^[\s,;:!?)\]}»”\-]+|^\.+(?!\d)\s*"), lambda _: ""),
    Rule(re.compile(r"\s+$"), lambda _: ""),
    Rule(re.compile(r"(?<=[.!?…:;,])\s*,(?=\s)"), lambda _: ""),
    Rule(re.compile(r"(?<=\S)\s+(?=[,.!?;:](?!\d))"), lambda _: ""),
    Rule(re.compile(r"(?<=\w)_+(?=\w)"), lambda _: " "),
    Rule(re.compile(r"\s{2,}|[\t\n\r\f\v\u00a0\u202f]"), lambda _: " "),
)


@lru_cache(maxsize=64)
def rules_of(tag: str) -> tuple[Rule, ...]:
    """By BCP-47 tag; empty for a language that is not put into words."""
    language = language_of(tag)
    if language is None:
        return ()
    parts = (addresses, dates, clocks, phones, amounts, codes, counts, abbreviations)
    return tuple(rule for part in parts for rule in part.rules(language))


def tidy() -> tuple[Rule, ...]:
    """No sign before the first word, single spaces."""
    return _TIDY
