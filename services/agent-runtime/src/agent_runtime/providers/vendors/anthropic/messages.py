"""History, tools and thinking as the Messages API wants them. Pure.

The API refuses what other vendors forgive: roles must alternate and begin and end with `user`, text must not be blank, every tool_use
needs its tool_result in the very next message.
"""

import json
import re
from typing import Any, Final

from callstage_domain.agent import ThinkingLevel

from agent_runtime.providers.ports import LlmRequest, Message, ToolSpec

_OPENING: Final = "(The conversation starts now. Speak first.)"
_GO_ON: Final = "(Go on.)"
_NO_RESULT: Final = "Error: there is no result."

_MODEL: Final = re.compile(r"claude-(?P<family>[a-z]+)-(?P<major>\d+)(?:-(?P<minor>\d{1,2})(?!\d))?")
_FIRST_ADAPTIVE: Final = (4, 6)
_FIRST_THINKING_BY_ITSELF: Final = (5, 0)
_FIRST_NEVER_QUIET: Final = (5, 5)
_THINKING_ROOM: Final[dict[ThinkingLevel, int]] = {"minimal": 2048, "low": 2048, "medium": 8192, "high": 24_576}
"""Thinking counts against max_tokens, which is meant for what is said."""


def body_of(request: LlmRequest, model: str) -> dict[str, Any]:
    """Body of one streamed completion; the agent's own options win. No temperature: this version of the API refuses it."""
    body: dict[str, Any] = {"model": model, "max_tokens": request.max_tokens, "messages": turns_of(request.messages)}
    if request.system:
        # Tools and system come first in the vendor's cache, so this one mark covers both until the stage changes.
        body["system"] = [{"type": "text", "text": request.system, "cache_control": {"type": "ephemeral"}}]
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    thinking = thinking_of(model, request.thinking_level)
    if "output_config" in thinking:
        body["max_tokens"] += _THINKING_ROOM[request.thinking_level]
    return {**body, **thinking, **request.options, "stream": True}


def thinking_of(model: str, level: ThinkingLevel) -> dict[str, Any]:
    """How much the model may think; no field at all for models that need none or know only a token budget.

    A budget is never set: it obliges the caller to send thinking back unchanged, which a history cut to what was heard cannot promise.
    """
    found = _MODEL.search(model)
    if found is None:
        return {}
    version = int(found["major"]), int(found["minor"] or 0)
    if version < _FIRST_ADAPTIVE:
        return {}
    if level != "minimal":
        return {"thinking": {"type": "adaptive"}, "output_config": {"effort": level}}
    if version < _FIRST_THINKING_BY_ITSELF:
        return {}
    family = found["family"]
    if family in ("fable", "mythos") or (family == "opus" and version >= _FIRST_NEVER_QUIET):
        return {"output_config": {"effort": "low"}}
    if family == "sonnet" and version >= _FIRST_NEVER_QUIET:
        return {"thinking": {"type": "between_tools"}, "output_config": {"effort": "low"}}
    return {"thinking": {"type": "disabled"}}


def turns_of(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    """The history in alternating turns."""
    history = _History()
    for message in messages:
        history.add(message)
    return history.finish()


def _tool(tool: ToolSpec) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "input_schema": {"type": "object", **tool.parameters}}


class _History:
    """Turns so far, and the calls of the last one that wait for a result.

    Call ids are given anew by position: those of another vendor may repeat or hold signs that are refused here.
    """

    def __init__(self) -> None:
        self._turns: list[dict[str, Any]] = []
        self._waiting: list[tuple[str, str]] = []
        """Original and given id, oldest first."""
        self._calls = 0

    def add(self, message: Message) -> None:
        """The next message."""
        if message.role == "assistant":
            self._add_assistant(message)
        elif message.role == "tool":
            self._add_result(message)
        elif message.content.strip():
            self._put("user", _text(f"[{message.content}]" if message.role == "system" else message.content))

    def finish(self) -> list[dict[str, Any]]:
        """All turns; results stand first in theirs, calls last."""
        self._give_up_waiting()
        if not self._turns or self._turns[0]["role"] != "user":
            self._turns.insert(0, {"role": "user", "content": [_text(_OPENING)]})
        if self._turns[-1]["role"] != "user":
            self._put("user", _text(_GO_ON))
        for turn in self._turns:
            turn["content"].sort(key=_place)
        return self._turns

    def _add_assistant(self, message: Message) -> None:
        if self._turns and self._turns[-1]["role"] == "user":
            self._give_up_waiting()
        if message.content.strip():
            self._put("assistant", _text(message.content.rstrip()))
        for call in message.tool_calls:
            self._calls += 1
            given = f"call_{self._calls}"
            self._waiting.append((call.id, given))
            self._put("assistant", {"type": "tool_use", "id": given, "name": call.name, "input": _object(call.arguments_json)})

    def _add_result(self, message: Message) -> None:
        match = next((entry for entry in self._waiting if entry[0] == message.tool_call_id), None)
        if match is None:
            self._put("user", _text(f"[Result of {message.tool_name}: {message.content}]"))
        else:
            self._waiting.remove(match)
            self._put("user", {"type": "tool_result", "tool_use_id": match[1], "content": message.content or "{}"})

    def _give_up_waiting(self) -> None:
        for _, given in self._waiting:
            self._put("user", {"type": "tool_result", "tool_use_id": given, "content": _NO_RESULT, "is_error": True})
        self._waiting.clear()

    def _put(self, role: str, block: dict[str, Any]) -> None:
        if not self._turns or self._turns[-1]["role"] != role:
            self._turns.append({"role": role, "content": []})
        self._turns[-1]["content"].append(block)


def _place(block: dict[str, Any]) -> int:
    return {"tool_result": 0, "text": 1, "tool_use": 2}[block["type"]]


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _object(arguments: str) -> dict[str, Any]:
    """A model's broken arguments must not break the next request too."""
    try:
        value: Any = json.loads(arguments)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
