"""The dialogue itself: one open tool, one question at a time. Pure; all state is read back from the history."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from callstage_domain.builtin_tools import END_CALL, LEAVE_VOICEMAIL, TRANSFER_TO_HUMAN

from agent_runtime.providers.ports import ToolSpec
from agent_runtime.providers.vendors.offline.brain import phrases
from agent_runtime.providers.vendors.offline.brain.answers import Hearing, read, thing_in
from agent_runtime.providers.vendors.offline.brain.choice import VERBS, abilities, business_tools, choose, deed, main_tool, tool_named
from agent_runtime.providers.vendors.offline.brain.knowledge import Prompt
from agent_runtime.providers.vendors.offline.brain.slots import Slot, slots_of
from agent_runtime.providers.vendors.offline.brain.words import concepts, name_words, normalised, sentences

ANNOUNCEMENT: Final = "Please leave a message after the tone, and we will call you back."
ANYTHING_ELSE: Final = "Is there anything else I can do for you?"
GOODBYE: Final = "Thank you for calling. Goodbye."
IDENTITY: Final = "I am the offline demo brain of Callstage, a simple rule-driven program and not a person."
_CONFIRM: Final = "?"
_MAX_MISSES: Final = 3
_OPEN_TEXT_WORDS: Final = 6


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say, and the tool to call with its arguments."""

    text: str
    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])


class Dialogue:
    """Replays the turns since the last tool result, then answers the newest one.

    `known` are values that earlier tools were called with or gave back; a parameter of the same name is not asked again.
    """

    def __init__(self, prompt: Prompt, tools: Sequence[ToolSpec], today: date, known: dict[str, Any]) -> None:
        self._prompt = prompt
        self._tools = tools
        self._slots = {tool.name: slots_of(tool) for tool in business_tools(tools)}
        self._today = today
        self._known = known
        self._tool: ToolSpec | None = None
        self._values: dict[str, Any] = {}
        self._asked = ""
        self._misses = 0
        self._last_said = ""

    def begin_stage(self, handover: str) -> None:
        """A new stage: its main tool is open from the start."""
        tool = main_tool(self._tools, handover, self._prompt.text)
        if tool is not None:
            self._open(tool)
            missing = self._missing()
            self._asked = missing.name if missing is not None else _CONFIRM

    def reopen(self, name: str, arguments: dict[str, Any], error: str) -> None:
        """A call failed: keep its arguments, but for the one that the error names."""
        tool = tool_named(self._tools, name)
        if tool is None or name not in self._slots:
            return
        spoken = normalised(error)
        blamed = [
            slot
            for slot in self._slots[name]
            if slot.name in arguments
            and (
                " ".join(name_words(slot.name)) in spoken
                or (len(str(arguments[slot.name])) > 1 and f" {normalised(str(arguments[slot.name]))} " in f" {spoken} ")
            )
        ]
        if blamed:
            self._open(tool)
            self._values = {key: value for key, value in arguments.items() if key != blamed[0].name}
            self._known = {key: value for key, value in self._known.items() if key != blamed[0].name}
            self._asked = blamed[0].name

    def hear_assistant(self, text: str) -> None:
        """The agent said this (it may have been cut): know which question the caller answers next."""
        self._last_said = text
        spoken = normalised(text)
        # Two tools may ask the same question: the open one comes first.
        for tool in sorted(business_tools(self._tools), key=lambda entry: self._tool is None or entry.name != self._tool.name):
            asked = next((slot.name for slot in self._slots[tool.name] if normalised(slot.question) in spoken), "")
            if not asked and normalised(_confirmation(tool)) in spoken:
                asked = _CONFIRM
            if asked:
                self._switch(tool)
                self._asked = asked
                return

    def hear_caller(self, text: str) -> Reply:
        """The caller's turn: the next state and what to answer."""
        reply = self._about_the_call(text) or self._about_the_matter(text)
        self._last_said = reply.text
        return reply

    def pending(self) -> str:
        """The open question, "" when there is none."""
        slot = self._asked_slot()
        if slot is not None:
            return slot.question
        return _confirmation(self._tool) if self._tool is not None and self._asked == _CONFIRM else ""

    def help(self) -> str:
        """What can be done here."""
        known = abilities(self._tools)
        return f"{known} What would you like?" if known else "How can I help you?"

    def _about_the_call(self, text: str) -> Reply | None:
        """Leave-taking, a person, who is speaking, say it again."""
        slot = self._asked_slot()
        if slot is not None and slot.kind == "text" and len(text.split()) > _OPEN_TEXT_WORDS:
            return None
        if phrases.says_goodbye(text) or (self._tool is None and self._declines_more(text)):
            return self._end()
        if phrases.asks_for_human(text):
            return self._transfer()
        if phrases.asks_identity(text):
            return Reply(_both(IDENTITY, self.pending() or self.help()))
        if phrases.asks_to_repeat(text) and self._last_said:
            return Reply(self.pending() or self._last_said)
        if phrases.asks_abilities(text):
            return Reply(_both(abilities(self._tools), self.pending() or "What can I do for you?"))
        if phrases.announces_question(text):
            return Reply("Of course. What would you like to know?")
        return None

    def _declines_more(self, text: str) -> bool:
        return phrases.is_no(text) and len(text.split()) <= 5 and ("anything else" in normalised(self._last_said) or "thank" in text.lower())

    def _end(self) -> Reply:
        if tool_named(self._tools, END_CALL) is None:
            return Reply(GOODBYE)
        return Reply(GOODBYE, END_CALL, {"reason": "caller_goodbye"})

    def _transfer(self) -> Reply:
        if tool_named(self._tools, TRANSFER_TO_HUMAN) is None and tool_named(self._tools, LEAVE_VOICEMAIL) is not None:
            arguments = {"reason": "The caller asked for a person.", "greeting": ANNOUNCEMENT}
            return Reply("I am sorry, nobody can take your call at the moment.", LEAVE_VOICEMAIL, arguments)
        if tool_named(self._tools, TRANSFER_TO_HUMAN) is None:
            return Reply(_both("I am sorry, I cannot connect you to a person from here.", self.pending() or self.help()))
        return Reply("", TRANSFER_TO_HUMAN, {"reason": "The caller asked for a person."})

    def _about_the_matter(self, text: str) -> Reply:
        if self._tool is not None:
            return self._in_tool(self._tool, text)
        question = next((part for part in sentences(text) if phrases.is_question(part)), text)
        answer, fact_coverage = self._prompt.answer(question)
        tool, tool_coverage = choose(self._tools, text)
        if answer and (tool is None or (phrases.is_question(question) and fact_coverage > tool_coverage)):
            return Reply(answer)
        tool = tool or self._only_tool_for(text)
        if tool is not None:
            self._open(tool)
            self._fill(text, "")
            return self._advance("Sure.")
        return self._small_talk(text)

    def _only_tool_for(self, text: str) -> ToolSpec | None:
        """With one tool there is little doubt what a wish, a yes or a fitting value is meant for."""
        ours = business_tools(self._tools)
        if len(ours) != 1 or phrases.is_question(text):
            return None
        hearing = Hearing(text, self._today)
        typed = [slot for slot in self._slots[ours[0].name] if slot.is_required and (slot.kind == "name" or not slot.is_word_like)]
        fits = any(read(slot, hearing, is_asked=False) is not None for slot in typed)
        agrees = phrases.is_yes(text) and "what would you like" in normalised(self._last_said)
        return ours[0] if fits or agrees or (phrases.is_wish(text) and concepts(text)) else None

    def _small_talk(self, text: str) -> Reply:
        if phrases.is_thanks(text):
            return Reply(f"You are welcome. {ANYTHING_ELSE}")
        if phrases.is_greeting(text):
            return Reply(_both("Hello.", self.help()))
        if phrases.is_yes(text):
            return Reply(self.help())
        if phrases.is_no(text):
            return Reply(f"All right. {ANYTHING_ELSE}")
        lead = "I am sorry, I do not know that." if phrases.is_question(text) else "I am sorry, I did not quite get that."
        return Reply(_both(lead, self.help()))

    def _in_tool(self, tool: ToolSpec, text: str) -> Reply:
        if self._asked == _CONFIRM:
            return self._confirmed(tool, text)
        slot = self._asked_slot()
        is_boolean = slot is not None and slot.kind == "boolean"
        if not is_boolean and phrases.cancels(text) and phrases.correction(text) is None:
            return self._drop("All right, I will leave that.")
        if self._corrects(text):
            return self._advance("All right, I have changed that.")
        if slot is not None and phrases.is_question(text) and (answered := self._answer_aside(slot, text)) is not None:
            return answered
        if self._fill(text, self._asked):
            self._misses = 0
            return self._advance(_thanks(slot))
        return self._missed(tool, slot, text)

    def _confirmed(self, tool: ToolSpec, text: str) -> Reply:
        if phrases.is_yes(text):
            return self._call(tool)
        if phrases.is_no(text):
            return self._drop("All right.")
        answer, _ = self._prompt.answer(text)
        other, _ = choose(self._tools, text)
        if other is not None and other.name != tool.name:
            self._open(other)
            self._fill(text, "")
            return self._advance("Sure.")
        return Reply(_both(answer or "Please say yes or no.", _confirmation(tool)))

    def _answer_aside(self, slot: Slot, text: str) -> Reply | None:
        """A question in place of an answer."""
        if not slot.is_word_like and read(slot, Hearing(text, self._today), is_asked=True) is not None:
            return None
        answer, _ = self._prompt.answer(text)
        return Reply(_both(answer or "I am sorry, I do not know that.", slot.question))

    def _corrects(self, text: str) -> bool:
        """`no, three`: the newest value that the words fit is replaced."""
        rest = phrases.correction(text)
        slots = {slot.name: slot for slot in self._own_slots()}
        if rest is None or not self._values:
            return False
        asked = self._asked_slot()
        mentioned = [name for name in self._values if set(name_words(name)) & set(normalised(text).split())]
        for name in [*mentioned, *reversed(list(self._values))]:
            slot = slots.get(name)
            if slot is None or (slot.is_word_like and slot.kind != "name" and asked is not None and name not in mentioned):
                continue
            if (
                asked is not None
                and not asked.is_word_like
                and read(asked, Hearing(rest, self._today), is_asked=True) is not None
                and name not in mentioned
            ):
                return False
            value = read(slot, Hearing(rest, self._today), is_asked=True)
            if value is not None and value != self._values[name]:
                self._values[name] = value
                return True
        return False

    def _fill(self, text: str, asked: str) -> bool:
        """Read the asked value and whatever else is said plainly. True when the asked one (or, unasked, any) was found."""
        hearing = Hearing(text, self._today)
        slots = [slot for slot in self._own_slots() if slot.name not in self._values or slot.name == asked]
        asked_slot = next((slot for slot in slots if slot.name == asked), None)
        found: dict[str, Any] = {}
        if asked_slot is not None and asked_slot.kind != "thing":
            value = read(asked_slot, hearing, is_asked=True)
            if value is None:
                return False
            found[asked] = value
        if asked_slot is None or asked_slot.kind not in ("text", "address", "list"):
            rank = {"email": 0, "phone": 1, "date": 2, "time": 3, "identifier": 4, "enum": 5, "integer": 6, "number": 6, "name": 7}
            for slot in sorted(slots, key=lambda entry: rank.get(entry.kind, 9)):
                if slot.name not in found and slot.kind in rank and not (asked_slot is not None and slot.kind == "name"):
                    value = read(slot, hearing, is_asked=False)
                    if value is not None:
                        found[slot.name] = value
        if asked_slot is not None and asked_slot.kind == "name" and len(found) == 1:
            found |= self._other_half(asked_slot, text)
        if asked_slot is not None and asked_slot.kind == "thing":
            value = read(asked_slot, hearing, is_asked=True)
            if value:
                found[asked] = value
        elif (thing := self._only_thing(slots, found)) is not None and (asked_slot is None or asked_slot.kind in ("integer", "number", "enum")):
            value = thing_in(hearing, self._tool_concepts())
            if value:
                found[thing.name] = value
        self._values |= found
        return asked in found if asked else bool(found)

    def _other_half(self, asked: Slot, text: str) -> dict[str, Any]:
        """A full name answers the questions for first and last name at once."""
        parts = name_words(asked.name)
        other = "last" if "first" in parts else "first" if "last" in parts else ""
        slot = next((entry for entry in self._own_slots() if other and entry.kind == "name" and other in name_words(entry.name)), None)
        if slot is None or slot.name in self._values:
            return {}
        both = (read(asked, Hearing(text, self._today), is_asked=True), read(slot, Hearing(text, self._today), is_asked=True))
        return {slot.name: both[1]} if both[1] is not None and both[0] != both[1] else {}

    @staticmethod
    def _only_thing(slots: list[Slot], found: dict[str, Any]) -> Slot | None:
        things = [slot for slot in slots if slot.kind == "thing" and slot.is_required and slot.name not in found]
        return things[0] if len(things) == 1 else None

    def _tool_concepts(self) -> frozenset[str]:
        if self._tool is None:
            return frozenset()
        return frozenset(concepts(f"{' '.join(name_words(self._tool.name))} {self._tool.description} {' '.join(VERBS)}"))

    def _missed(self, tool: ToolSpec, slot: Slot | None, text: str) -> Reply:
        other, _ = choose(self._tools, text)
        if other is not None and other.name != tool.name:
            self._open(other)
            self._fill(text, "")
            return self._advance("Sure.")
        answer, _ = self._prompt.answer(text)
        if answer and phrases.is_question(text):
            return Reply(_both(answer, self.pending()))
        self._misses += 1
        if slot is None or self._misses >= _MAX_MISSES:
            return self._give_up()
        return Reply(f"Sorry, {_after_sorry(slot.hint)} {slot.question}")

    def _give_up(self) -> Reply:
        if tool_named(self._tools, TRANSFER_TO_HUMAN) is not None:
            return Reply("I am sorry, I still did not understand.", TRANSFER_TO_HUMAN, {"reason": "The caller was not understood."})
        return self._drop("I am sorry, I still did not understand. Let us leave that.")

    def _drop(self, lead: str) -> Reply:
        self._tool, self._values, self._asked, self._misses = None, {}, "", 0
        return Reply(_both(lead, ANYTHING_ELSE))

    def _advance(self, lead: str) -> Reply:
        """Ask for the next missing value, or call."""
        tool = self._tool
        if tool is None:
            return Reply(self.help())
        missing = self._missing()
        if missing is None:
            return self._call(tool)
        self._asked, self._misses = missing.name, 0
        return Reply(_both(lead, missing.question))

    def _call(self, tool: ToolSpec) -> Reply:
        arguments = dict(self._values)
        self._tool, self._values, self._asked, self._misses = None, {}, "", 0
        return Reply("", tool.name, arguments)

    def _open(self, tool: ToolSpec) -> None:
        self._tool, self._asked, self._misses = tool, "", 0
        self._values = {slot.name: self._known[slot.name] for slot in self._slots[tool.name] if slot.name in self._known and slot.is_required}

    def _switch(self, tool: ToolSpec) -> None:
        if self._tool is None or self._tool.name != tool.name:
            self._open(tool)

    def _own_slots(self) -> list[Slot]:
        return self._slots.get(self._tool.name, []) if self._tool is not None else []

    def _asked_slot(self) -> Slot | None:
        return next((slot for slot in self._own_slots() if slot.name == self._asked), None)

    def _missing(self) -> Slot | None:
        return next((slot for slot in self._own_slots() if slot.is_required and slot.name not in self._values), None)


def _confirmation(tool: ToolSpec) -> str:
    return f"Shall I {deed(tool)}?"


def _both(first: str, second: str) -> str:
    return f"{first} {second}".strip()


def _thanks(slot: Slot | None) -> str:
    return "Thank you." if slot is not None and slot.kind in ("name", "phone", "email", "address", "identifier") else "All right."


def _after_sorry(hint: str) -> str:
    return hint if hint.startswith("I ") else hint[:1].lower() + hint[1:]
