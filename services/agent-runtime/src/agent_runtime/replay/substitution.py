"""One text after the other with everything personal replaced, the same thing always by the same."""

import random
import re
from collections.abc import Iterable
from typing import Final

from agent_runtime.replay.plain_words import BIGGER_NUMBERS, DIGITS

_PIECE: Final = re.compile(
    r"(?P<email>[\w.+%-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<keypad>\[keypad: [0-9*#]+\])"
    r"|(?P<token>[^\W_]+(?:['’][^\W_]+)*)"
)
_SHORT_NUMBER_DIGITS: Final = 2
"""Quantities and times of day stay; what is longer may be a phone number, a postcode, an order."""
_PHONE_DIGITS: Final = 7
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


class Substitution:
    """Of one recording. `kept` are words in lower case that stay, `personal` words in lower case that never do."""

    def __init__(self, kept: frozenset[str], personal: Iterable[str], rng: random.Random) -> None:
        self._personal = frozenset(personal)
        self._kept = kept - self._personal
        self._rng = rng
        self._words: dict[str, str] = {}
        self._emails: dict[str, str] = {}
        self._made: set[str] = set()
        self._digits = self._shuffled("0123456789")
        for series in (*DIGITS, *BIGGER_NUMBERS):
            for word, other in self._shuffled(series).items():
                self._words.setdefault(word, other)
        self._fixed = frozenset(self._words)

    @property
    def replaced(self) -> frozenset[str]:
        """All that was replaced and must not be found any more, in lower case: words and numbers by themselves, e-mail addresses whole."""
        words = {word for word in self._words if word not in self._fixed and len(word) > (_SHORT_NUMBER_DIGITS if word.isdigit() else 1)}
        return frozenset({*words, *self._emails})

    def text(self, text: str) -> str:
        """The text with the same length of words, the same punctuation and capitals."""
        return _PIECE.sub(self._piece, text)

    def keys(self, digits: str) -> str:
        """What was pressed on the keypad."""
        return "".join(self._digits.get(digit, digit) for digit in digits)

    def number(self, value: float) -> float:
        """A number of JSON; short ones stay."""
        text = repr(value)
        changed = "".join(self._token(part) if part.isdigit() else part for part in re.split(r"(\d+)", text))
        return type(value)(changed) if "e" not in text and "n" not in text else value

    def _piece(self, found: re.Match[str]) -> str:
        text = found[0]
        if found["email"]:
            return self._emails.setdefault(text.casefold(), f"person{len(self._emails) + 1}@example.com")
        if found["keypad"]:
            return f"[keypad: {self.keys(text.removeprefix('[keypad: ').removesuffix(']'))}]"
        return self._token(text)

    def _token(self, token: str) -> str:
        lower = token.casefold()
        if lower.isdigit() and len(lower) <= _SHORT_NUMBER_DIGITS and lower not in self._personal:
            return token
        if lower in self._kept and lower not in self._fixed:
            return token
        other = self._words.get(lower)
        if other is None:
            other = self._words[lower] = self._invented(lower)
        return _cased(token, other)

    def _invented(self, word: str) -> str:
        """Nobody else's, as long as there are enough words of that length."""
        made = word
        for _ in range(100):
            made = self._phone(len(word)) if word.isdigit() and len(word) >= _PHONE_DIGITS else self._spelled(word)
            if made != word and made not in self._kept and made not in self._personal and made not in self._made:
                break
        self._made.add(made)
        return made

    def _spelled(self, word: str) -> str:
        return "".join(self._letter(letter, index) for index, letter in enumerate(word))

    def _phone(self, digits: int) -> str:
        """555-01xx is nobody's number, with any area code."""
        area, last = (f"1{self._rng.randint(200, 999)}", 2) if digits == _PHONE_DIGITS + 4 else ("", digits - 5)
        return f"{area}55501{''.join(self._rng.choice('0123456789') for _ in range(last))}"

    def _letter(self, letter: str, index: int) -> str:
        if letter.isdigit():
            return self._rng.choice("123456789" if index == 0 and letter != "0" else "0123456789")
        if not letter.isalpha():
            return letter
        return self._rng.choice(_VOWELS if index % 2 else _CONSONANTS)

    def _shuffled(self, values: Iterable[str]) -> dict[str, str]:
        ordered = list(values)
        others = ordered[:]
        while any(one == other for one, other in zip(ordered, others, strict=True)):
            self._rng.shuffle(others)
        return dict(zip(ordered, others, strict=True))


def _cased(token: str, other: str) -> str:
    if token.isupper() and len(token) > 1:
        return other.upper()
    return other[:1].upper() + other[1:] if token[:1].isupper() else other
