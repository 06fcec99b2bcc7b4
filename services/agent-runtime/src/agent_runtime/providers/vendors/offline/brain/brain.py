"""A language model's stand-in that needs no network: deterministic, and honest about what it is."""

import itertools
import json
import re
from collections.abc import AsyncGenerator, Callable
from datetime import date
from typing import Any, Final

from callstage_domain.builtin_tools import END_CALL
from callstage_kit.tasks import in_thread

from agent_runtime.providers.capabilities import LlmCapabilities
from agent_runtime.providers.continuation import is_continued
from agent_runtime.providers.ports import LlmDone, LlmEvent, LlmRequest, Message, TextDelta, ToolCallRequest
from agent_runtime.providers.vendors.offline.brain.dialogue import ANYTHING_ELSE, GOODBYE, Dialogue, Reply
from agent_runtime.providers.vendors.offline.brain.knowledge import Prompt, read_prompt, spoken_note
from agent_runtime.providers.vendors.offline.brain.results import read_result

_GROUP_WORDS: Final = 3
_NOTE: Final = re.compile(r"^\s*\[.*\]\s*$", re.DOTALL)
_SILENCE: Final = re.compile(r"\b(silent|silence|no response|not said anything|still there)\b", re.IGNORECASE)


def decide(request: LlmRequest, today: date) -> Reply:
    """What to say and which tool to call. Pure; `today` counts only when the system prompt does not name the day."""
    prompt = read_prompt(request.system)
    messages = [message for message in request.messages if not (message.role == "user" and _NOTE.match(message.content))]
    if is_continued(request):
        # Asked to go on with an answer that was cut off: the same answer once more, whoever asks drops what was said of it.
        messages = messages[:-2]
    if prompt.is_opening or not any(message.role in ("user", "tool") for message in messages):
        return Reply(_greeting(prompt))
    start = _boundary(messages)
    known, calls = _known_values(messages)
    dialogue = Dialogue(prompt, request.tools, prompt.today or today, known)
    opening_words = _cross(dialogue, prompt, request, messages, start, calls)
    tail = messages[start + 1 :]
    for message in tail[:-1]:
        _replay(dialogue, message)
    last = tail[-1] if tail else None
    if last is None:
        return opening_words
    if last.role == "user":
        reply = dialogue.hear_caller(last.content)
        return Reply(f"{prompt.handover} {reply.text}".strip(), reply.tool, reply.arguments) if prompt.handover and not reply.tool else reply
    _replay(dialogue, last)
    return Reply(dialogue.pending() or ANYTHING_ELSE)


def _boundary(messages: list[Message]) -> int:
    """Index of the last tool result or system note, -1 when there is none: what came before is settled."""
    return next((index for index in range(len(messages) - 1, -1, -1) if messages[index].role in ("tool", "system")), -1)


def _known_values(messages: list[Message]) -> tuple[dict[str, Any], dict[str, tuple[str, dict[str, Any]]]]:
    """Scalars that tools were called with or gave back; and each call by its id."""
    known: dict[str, Any] = {}
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    for message in messages:
        for call in message.tool_calls:
            try:
                arguments: Any = json.loads(call.arguments_json)
            except ValueError:
                arguments = {}
            if isinstance(arguments, dict):
                calls[call.id] = (call.name, arguments)
        if message.role == "tool":
            _, arguments = calls.get(message.tool_call_id, ("", {}))
            outcome = read_result(message.content)
            # What belongs to one order or question must be asked again for the next call of the same tool.
            known = {key: value for key, value in known.items() if key not in arguments or "name" in key or "phone" in key or "email" in key}
            if not outcome.is_error:
                known |= {key: value for key, value in {**outcome.values, **arguments}.items() if isinstance(value, (str, int, float))}
    return known, calls


def _cross(
    dialogue: Dialogue, prompt: Prompt, request: LlmRequest, messages: list[Message], start: int, calls: dict[str, tuple[str, dict[str, Any]]]
) -> Reply:
    """Enter the part of the conversation after the last result or note; the reply to it, should nothing have followed."""
    if start < 0:
        return Reply(_greeting(prompt))
    marker = messages[start]
    if marker.role == "system":
        if _SILENCE.search(marker.content):
            return Reply(f"Are you still there? {_last_question(messages[:start])}".strip())
        told = spoken_note(marker.content)
        dialogue.begin_stage(told)
        return Reply(f"{told} {dialogue.pending() or 'How can I help you?'}".strip())
    name, arguments = calls.get(marker.tool_call_id, (marker.tool_name, {}))
    outcome = read_result(marker.content)
    if outcome.is_error:
        dialogue.reopen(name, arguments, outcome.text)
        text = f"I am sorry, that did not work. {outcome.text}".strip()
        return Reply(f"{text} {dialogue.pending() or ANYTHING_ELSE}")
    if name == END_CALL:
        return Reply(GOODBYE)
    moved = bool(prompt.handover) or not any(tool.name == name for tool in request.tools)
    told = prompt.handover or outcome.text
    if moved and request.tools:
        dialogue.begin_stage(told)
    return Reply(f"{told} {dialogue.pending() or ANYTHING_ELSE}".strip())


def _last_question(messages: list[Message]) -> str:
    said = next((message.content for message in reversed(messages) if message.role == "assistant" and message.content), "")
    found = re.findall(r"[^.!?]+\?", said)
    return found[-1].strip() if found else ""


def _replay(dialogue: Dialogue, message: Message) -> None:
    if message.role == "user":
        dialogue.hear_caller(message.content)
    elif message.role == "assistant" and message.content:
        dialogue.hear_assistant(message.content)


def _greeting(prompt: Prompt) -> str:
    who = f"this is {prompt.name}" if prompt.name else "this is the offline demo brain"
    where = f" from {prompt.company}" if prompt.company and prompt.company != prompt.name else ""
    return f"Hello, {who}{where}. How can I help you?"


class OfflineBrain:
    """Slot filling over whatever prompts and tools a request has. English."""

    name = "offline-brain"
    capabilities = LlmCapabilities(thinking=False, continues_text=False, languages=("en",), is_offline=True)

    def __init__(self, today: Callable[[], date] = date.today) -> None:
        self._today = today
        self._calls = itertools.count(1)

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """See `LlmProvider`. One to four milliseconds of work, so in a thread."""
        reply = await in_thread(decide, request, self._today())
        words = reply.text.split(" ") if reply.text else []
        for start in range(0, len(words), _GROUP_WORDS):
            yield TextDelta(("" if start == 0 else " ") + " ".join(words[start : start + _GROUP_WORDS]))
        if reply.tool:
            used = {call.id for message in request.messages for call in message.tool_calls}
            yield ToolCallRequest(id=self._fresh_id(used), name=reply.tool, arguments_json=json.dumps(reply.arguments, ensure_ascii=False))
        yield LlmDone("tool_calls" if reply.tool else "stop", len(request.system.split()), len(words))

    def _fresh_id(self, used: set[str]) -> str:
        """A call id that the history does not have: another process may have counted before."""
        return next(call_id for number in self._calls if (call_id := f"call_offline_{number}") not in used)
