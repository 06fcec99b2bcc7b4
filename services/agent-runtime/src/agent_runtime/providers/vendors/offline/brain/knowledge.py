"""What the system prompt says: who the agent is, facts to answer with, a handover to tell."""

import json
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from agent_runtime.providers.vendors.offline.brain.words import concepts, name_words, sentences

_INSTRUCTION: Final = re.compile(
    r"^(you\b|your (name|task|job|role|goal)|always|never|do not|don't|keep|ask|use|speak|be |if |when (the|a) |call |reply|answer|"
    r"spell|say |tell|find out|greet|begin|"
    r"collect|confirm|offer|help|make sure|then |first|after|before|only |once |write|the (caller|step|conversation)|today is|"
    r"structured|facts from|introduce|thank|work out|"
    r"place the|look up|check |remember|please|note|avoid|stay|respond|end |transfer|gather|repeat|wait)",
    re.IGNORECASE,
)
_NAME: Final = re.compile(r"\byour name is ([A-Z][\w'’-]*(?: [A-Z][\w'’-]*)*)", re.IGNORECASE)
_YOU_ARE: Final = re.compile(r"\byou are ([A-Z][\w'’-]*(?: [A-Z][\w'’-]*)*)\s*(?:,|\.|from|at|of)")
_COMPANY: Final = re.compile(r"\b(?:at|of|for|from) ((?:the )?[A-Z][\w&'’-]*(?: (?:[A-Z][\w&'’-]*|of|and|&))*)(?=[.,\n]|\s|$)")
_TODAY: Final = re.compile(r"\btoday is [A-Za-z]+,? (\d{4})-(\d\d)-(\d\d)", re.IGNORECASE)
_HANDOVER: Final = re.compile(r"^# Handover\n.*?telling this: (.*?)(?=\n\n# |\n\n|\Z)", re.DOTALL | re.MULTILINE)
_DATA: Final = re.compile(r"```json\n(.*?)\n```", re.DOTALL)
_ASK_FOR: Final = re.compile(
    r"^(ask|find out|collect|confirm|then|now|please ask|get|offer|help|tell|thank|say|greet|continue|move|go on|proceed)\b", re.IGNORECASE
)
_MIN_COVERAGE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence that can be said to the caller, and what it is about."""

    text: str
    about: frozenset[str]


@dataclass(frozen=True, slots=True)
class Prompt:
    """The system prompt as far as the brain understands it."""

    name: str
    company: str
    today: date | None
    is_opening: bool
    handover: str
    text: str
    facts: tuple[Fact, ...]

    def answer(self, question: str) -> tuple[str, float]:
        """The sentence that fits the question best and how much of the question it covers (0 to 1); "" when none fits."""
        asked = concepts(question)
        if not asked:
            return "", 0.0
        covered = [(len(fact.about.intersection(asked)) / len(asked), fact) for fact in self.facts]
        coverage, best = max(covered, key=lambda entry: (entry[0], -len(entry[1].text)), default=(0.0, None))
        return (best.text, coverage) if best is not None and coverage >= _MIN_COVERAGE else ("", coverage)


@lru_cache(maxsize=256)
def read_prompt(system: str) -> Prompt:
    """Understand a system prompt; the sections that the platform adds are known by their headings."""
    day = _TODAY.search(system)
    name = _NAME.search(system) or _YOU_ARE.search(system)
    company = _company(system, name[1] if name else "")
    handover = _HANDOVER.search(system)
    running_text = _DATA.sub("", _HANDOVER.sub("", system))
    facts = [Fact(text, frozenset(concepts(text))) for text in sentences(running_text) if not _INSTRUCTION.match(text) and len(text.split()) > 2]
    return Prompt(
        name=name[1] if name else "",
        company=company,
        today=date(int(day[1]), int(day[2]), int(day[3])) if day else None,
        is_opening="# Opening\n" in system,
        handover=_spoken_part(handover[1]) if handover else "",
        text=running_text,
        facts=(*facts, *_data_facts(system)),
    )


def _company(system: str, name: str) -> str:
    for sentence in sentences(system):
        if re.search(r"\b(you are|your name|you work|assistant|agent|receptionist)\b", sentence, re.IGNORECASE):
            found = _COMPANY.search(sentence)
            if found and found[1] != name:
                return found[1].strip()
    return ""


def _spoken_part(handover: str) -> str:
    """A handover without its instructions to the model: `3 pizzas cost 39 dollars. Ask for the name.` → the first sentence."""
    return " ".join(text for text in sentences(handover) if not _ASK_FOR.match(text))


def spoken_note(text: str) -> str:
    """What of a note in the history is meant for the caller's ears."""
    return _spoken_part(re.sub(r"^[\[(]|[\])]$", "", text.strip()))


def _data_facts(system: str) -> list[Fact]:
    """Scalars of the data block as sentences: `{"order": {"status": "shipped"}}` → The order status is shipped."""
    block = _DATA.search(system)
    if block is None:
        return []
    try:
        data: Any = json.loads(block[1])
    except ValueError:
        return []
    found: list[Fact] = []
    _collect(data, [], found)
    return found


def _collect(value: Any, path: list[str], found: list[Fact]) -> None:
    if isinstance(value, dict):
        members: dict[str, Any] = value
        for key, member in members.items():
            _collect(member, [*path, " ".join(name_words(key))], found)
    elif isinstance(value, list):
        entries: list[Any] = value
        for entry in entries[:20]:
            _collect(entry, path, found)
    elif value is not None and path and len(found) < 200:
        subject = " ".join(path[-2:])
        said = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        found.append(Fact(f"The {subject} is {said}.", frozenset(concepts(subject))))
