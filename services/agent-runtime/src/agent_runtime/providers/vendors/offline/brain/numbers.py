"""Numbers as people say them, in English."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_UNITS: Final = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS: Final = {
    word: value * 10 for value, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2)
}
_ORDINALS: Final = {
    word: value
    for value, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
        ],
        start=1,
    )
} | {"thirtieth": 30}
_SCALES: Final = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_AMOUNTS: Final = {"dozen": 12, "couple": 2, "pair": 2, "single": 1, "both": 2}
_DIGITS: Final = {**{word: str(value) for word, value in _UNITS.items() if value < 10}, "oh": "0", "o": "0", "nought": "0"}
# What a recogniser writes for a digit in a row of digits.
_HOMOPHONES: Final = {"to": "2", "too": "2", "for": "4", "won": "1", "ate": "8", "tree": "3", "sex": "6"}
_REPEATS: Final = {"double": 2, "triple": 3}


@dataclass(frozen=True, slots=True)
class Found:
    """A number at tokens[start:end]."""

    value: float
    start: int
    end: int

    @property
    def is_whole(self) -> bool:
        """True for 3, false for 3.5."""
        return self.value == int(self.value)


def is_number_word(word: str) -> bool:
    """True for `two`, `forty`, `12`."""
    lowered = word.lower()
    return lowered in _UNITS or lowered in _TENS or lowered.replace(".", "", 1).isdigit()


def find_numbers(words: Sequence[str]) -> list[Found]:
    """Every number, longest reading: `two hundred and five`, `twenty one`, `3.5`, `two point five`, `a dozen`, `third`."""
    lowered = [word.lower() for word in words]
    found: list[Found] = []
    index = 0
    while index < len(lowered):
        number = _number_at(lowered, index)
        if number is None:
            index += 1
        else:
            found.append(number)
            index = number.end
    return found


def _number_at(words: Sequence[str], start: int) -> Found | None:
    word = words[start]
    plain = word.rstrip("stndrh") if word[:1].isdigit() else word
    if plain.replace(".", "", 1).isdigit():
        return _scaled(words, start, float(plain), start + 1)
    if word in _AMOUNTS:
        return Found(_AMOUNTS[word], start, start + 1)
    if word in _ORDINALS:
        return Found(_ORDINALS[word], start, start + 1)
    if word == "half" and words[start + 1 : start + 3] == ["a", "dozen"]:
        return Found(6, start, start + 3)
    if word not in _UNITS and word not in _TENS:
        return None
    return _scaled(words, start, *_below_hundred(words, start))


def _below_hundred(words: Sequence[str], index: int) -> tuple[float, int]:
    if words[index] in _UNITS:
        return _UNITS[words[index]], index + 1
    value = _TENS[words[index]]
    following = words[index + 1] if index + 1 < len(words) else ""
    if 0 < _UNITS.get(following, 0) < 10:
        return value + _UNITS[following], index + 2
    if 0 < _ORDINALS.get(following, 0) < 10:
        return value + _ORDINALS[following], index + 2
    return value, index + 1


def _scaled(words: Sequence[str], start: int, value: float, index: int) -> Found:
    total = 0.0
    while index < len(words):
        word = words[index]
        if word in _SCALES:
            value *= _SCALES[word]
            if _SCALES[word] > 100:
                total, value = total + value, 0.0
            index += 1
        elif word == "and" and index > start and words[index - 1] in _SCALES and index + 1 < len(words) and is_number_word(words[index + 1]):
            index += 1
        elif (words[index - 1] in _SCALES or words[index - 1] == "and") and (word in _UNITS or word in _TENS):
            part, index = _below_hundred(words, index)
            value += part
        elif word == "point" and index + 1 < len(words) and words[index + 1] in _DIGITS:
            decimals = ""
            index += 1
            while index < len(words) and words[index] in _DIGITS:
                decimals += _DIGITS[words[index]]
                index += 1
            return Found(total + value + float(f"0.{decimals}"), start, index)
        else:
            break
    return Found(total + value, start, index)


def spelled_code(words: Sequence[str]) -> str:
    """Letters and digits of a spelled number or code, joined: `A B four double one` → `AB411`. Other words end it; "" when there is no digit."""
    runs: list[str] = [""]
    repeat = 1
    lowered = [word.lower() for word in words]
    for index, word in enumerate(lowered):
        piece = _code_piece(words[index], word)
        if not piece and word in _HOMOPHONES and index + 1 < len(lowered) and is_number_word(lowered[index + 1]):
            piece = _HOMOPHONES[word]
        if word in _REPEATS:
            repeat = _REPEATS[word]
        elif piece:
            runs[-1] += piece * repeat
            repeat = 1
        elif word not in ("dash", "and", "hyphen"):
            runs.append("")
    with_digits = [run for run in runs if any(letter.isdigit() for letter in run)]
    return max(with_digits, key=len, default="")


def _code_piece(original: str, word: str) -> str:
    if word in _DIGITS:
        return _DIGITS[word]
    if word in _UNITS:
        return str(_UNITS[word])
    if word in _TENS:
        return str(_TENS[word])
    if any(letter.isdigit() for letter in word):
        return original.replace(".", "").replace(":", "").upper()
    return original.upper() if len(word) == 1 and word not in ("a", "i") else original if original == "A" else ""
