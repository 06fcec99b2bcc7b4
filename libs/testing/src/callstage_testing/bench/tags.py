"""How a turn is found again in the vendors' records: a word that travels from the transcript into the answer and its speech."""

from __future__ import annotations

import re

_LETTERS = "abcdefghijklmnop"
_TAG = re.compile(r"\bzq([a-p]{5})\b")
_CALLER = re.compile(r"\+1202555(\d{4})")
TURNS_PER_CONNECTION = 64


def tag_of(connection: int, turn: int) -> str:
    """A word without digits (those would be spelt out) that no language has."""
    number = connection * TURNS_PER_CONNECTION + turn % TURNS_PER_CONNECTION
    return "zq" + "".join(_LETTERS[(number >> shift) & 15] for shift in (16, 12, 8, 4, 0))


def find_tags(text: str) -> list[str]:
    """All tags in the order they stand."""
    return [found.group(0) for found in _TAG.finditer(text)]


def caller_number(index: int) -> str:
    """E.164 of the caller with that index in its rung, 0–7999."""
    return f"+1202555{1000 + index:04d}"


def find_caller(text: str) -> str | None:
    """The first caller's number in a text."""
    found = _CALLER.search(text)
    return found.group(0) if found else None
