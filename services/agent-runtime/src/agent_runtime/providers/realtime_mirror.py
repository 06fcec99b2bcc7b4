"""What a vendor's own conversation holds, and how it differs from the history that counts. Pure.

The journal is the truth: before an answer is asked for, the vendor's conversation is made to agree with it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from agent_runtime.providers.ports import Message

Kind = Literal["user", "assistant", "system", "call", "result"]
_LONG = 40
"""A history of so many items may have lost its beginning: what the vendor remembers from before it is not wrong, only old."""
_ALIKE = 0.6
"""Two transcripts of the same speech share at least so many words."""


@dataclass(slots=True, eq=False)
class Known:
    """One item of the vendor's conversation. `key`: of a tool call or its result. `is_open`: its text is not known yet."""

    id: str
    kind: Kind
    text: str = ""
    key: str = ""
    audio_ms: float = 0.0
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item of the history."""

    kind: Kind
    text: str
    key: str = ""
    name: str = ""


@dataclass(slots=True)
class Difference:
    """What to do: `sequence` is the conversation as it should be, of items that stay and items to be added."""

    sequence: list[Known | Wanted] = field(default_factory=list["Known | Wanted"])
    cut: list[tuple[Known, str]] = field(default_factory=list[tuple[Known, str]])
    """Items whose end was not heard, each with what was."""
    dropped: list[Known] = field(default_factory=list[Known])

    @property
    def added(self) -> list[Wanted]:
        """What is missing."""
        return [item for item in self.sequence if isinstance(item, Wanted)]

    @property
    def is_nothing(self) -> bool:
        """True: they agree."""
        return not self.cut and not self.dropped and not self.added


def wanted_of(messages: Sequence[Message]) -> list[Wanted]:
    """The history item by item."""
    items: list[Wanted] = []
    for message in messages:
        match message.role:
            case "tool":
                items.append(Wanted("result", message.content, message.tool_call_id, message.tool_name))
            case "assistant":
                if message.content.strip():
                    items.append(Wanted("assistant", message.content))
                items += [Wanted("call", call.arguments_json, call.id, call.name) for call in message.tool_calls]
            case _:
                items.append(Wanted(message.role, message.content))
    return items


def difference(known: Sequence[Known], wanted: Sequence[Wanted]) -> Difference:
    """How to get from the one to the other with the fewest surprises. What the caller is saying now (`is_open`) always stays."""
    found = Difference()
    at = 0
    is_old = len(wanted) >= _LONG
    for item in wanted:
        matched = _matched(known, at, item)
        if matched is None:
            found.sequence.append(item)
            continue
        for skipped in known[at : matched.end]:
            if skipped in matched.items:
                continue
            (found.sequence if skipped.is_open or is_old else found.dropped).append(skipped)
        is_old = False
        found.sequence += matched.items
        if matched.is_cut:
            found.cut.append((matched.items[0], item.text))
        at = matched.end
    for left in known[at:]:
        (found.sequence if left.is_open else found.dropped).append(left)
    return found


@dataclass(frozen=True, slots=True)
class _Match:
    items: list[Known]
    end: int
    is_cut: bool = False


def _matched(known: Sequence[Known], at: int, item: Wanted) -> _Match | None:
    if item.kind == "user":
        return _spoken(known, at, item.text)
    for index in range(at, len(known)):
        other = known[index]
        if other.kind != item.kind:
            continue
        if item.kind in ("call", "result"):
            # A tool that had not finished when it was asked about has another outcome now.
            if other.key == item.key and (item.kind == "call" or other.text == item.text):
                return _Match([other], index + 1)
            continue
        has, wants = words(other.text), words(item.text)
        if has == wants:
            return _Match([other], index + 1)
        if other.audio_ms > 0 and wants and has[: len(wants)] == wants:
            return _Match([other], index + 1, is_cut=True)
    return None


def _spoken(known: Sequence[Known], at: int, text: str) -> _Match | None:
    """A turn may have been spoken in several pieces, with unheard beginnings of answers between them."""
    wants = words(text)
    for start in range(at, len(known)):
        if known[start].kind != "user":
            continue
        run: list[Known] = []
        best: _Match | None = None
        likeness = 0.0
        for index in range(start, len(known)):
            if known[index].kind != "user":
                continue
            run.append(known[index])
            if (found := _likeness(words(" ".join(piece.text for piece in run)), wants)) > likeness:
                best, likeness = _Match(list(run), index + 1), found
        if best is not None and likeness >= _ALIKE:
            return best
    return None


def _likeness(has: list[str], wants: list[str]) -> float:
    """1.0: the same words; 0.0: none of them."""
    if has == wants:
        return 1.0
    return sum((Counter(has) & Counter(wants)).values()) / max(len(has), len(wants))


def words(text: str) -> list[str]:
    """Its words, whatever their case and punctuation."""
    bare = ("".join(letter for letter in word.casefold() if letter.isalnum()) for word in text.split())
    return [word for word in bare if word]
