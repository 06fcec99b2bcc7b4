"""Replacing pieces of a text without losing the places they came from."""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Say = Callable[[re.Match[str]], str | None]
"""What stands for the match; None: leave it alone."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Whatever matches `pattern` is said by `say`. Patterns look at the whole original text; what an earlier rule took is not taken again.

    Patterns repeat within bounds, or repeat one class of characters only: the time is linear in the text.
    """

    pattern: re.Pattern[str]
    say: Say


@dataclass(frozen=True, slots=True)
class _Piece:
    """`text` stands for the source up to `source_end`; a copy stands for it character by character."""

    text: str
    source_end: int
    is_copy: bool


class Rewritten:
    """A text and the places of its source. `source_until` never goes back when its argument grows."""

    __slots__ = ("_ends", "_pieces", "source", "text")

    def __init__(self, source: str, pieces: Sequence[_Piece]) -> None:
        self.source = source
        self.text = "".join(piece.text for piece in pieces)
        self._pieces = pieces
        self._ends: list[int] = []
        end = 0
        for piece in pieces:
            end += len(piece.text)
            self._ends.append(end)

    def source_until(self, characters: int) -> int:
        """How much of the source is complete when that many characters of the text are; a replacement counts when it is complete."""
        index = bisect_right(self._ends, characters)
        done = self._pieces[index - 1].source_end if index else 0
        if index < len(self._pieces) and self._pieces[index].is_copy:
            done += characters - (self._ends[index - 1] if index else 0)
        return done


def rewritten(text: str, rules: Sequence[Rule]) -> Rewritten:
    """Apply the rules; an earlier one wins over a later one."""
    is_taken = bytearray(len(text))
    found: list[tuple[int, int, str]] = []
    for rule in rules:
        position = 0
        while (match := rule.pattern.search(text, position)) is not None:
            start, end = match.span()
            blocked = is_taken.rfind(1, start, end)
            if blocked >= 0:
                position = blocked + 1
                continue
            position = max(end, start + 1)
            said = rule.say(match) if end > start else None
            if said is not None:
                found.append((start, end, said))
                is_taken[start:end] = b"\1" * (end - start)
    pieces: list[_Piece] = []
    position = 0
    for start, end, said in sorted(found):
        if start > position:
            pieces.append(_Piece(text[position:start], start, True))
        pieces.append(_Piece(said, end, False))
        position = end
    if position < len(text):
        pieces.append(_Piece(text[position:], len(text), True))
    return Rewritten(text, pieces)
