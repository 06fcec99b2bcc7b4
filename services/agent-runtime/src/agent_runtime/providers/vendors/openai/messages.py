"""History and tools as the chat completions API wants them. Pure."""

import json
import re
from typing import Any, Literal

from agent_runtime.providers.ports import LlmRequest, Message, ToolSpec

FinishReason = Literal["stop", "tool_calls", "length", "content_filter"]

_REASONING = re.compile(r"^(o\d|gpt-[5-9])")
_FIRST_REASONING = re.compile(r"^(o\d|gpt-5(-|$))")


def chat_messages(request: LlmRequest) -> list[dict[str, Any]]:
    """System prompt first, then the history; neighbours are not merged."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": request.system}] if request.system else []
    messages += [_message(message) for message in request.messages]
    return messages or [{"role": "system", "content": ""}]


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": message.content}
    if not message.tool_calls:
        return {"role": message.role, "content": message.content}
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": json_object(call.arguments_json)}}
        for call in message.tool_calls
    ]
    return {"role": "assistant", "content": message.content or None, "tool_calls": calls}


def json_object(arguments: str) -> str:
    """The arguments, or an empty object: a model's broken ones must not break the next request too."""
    try:
        return arguments if isinstance(json.loads(arguments), dict) else "{}"
    except ValueError:
        return "{}"


def chat_tools(tools: tuple[ToolSpec, ...]) -> list[dict[str, Any]]:
    """Function tools."""
    return [{"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters}} for tool in tools]


def chat_options(request: LlmRequest, model: str) -> dict[str, Any]:
    """Parameters of one completion. Reasoning models take an effort and no temperature; the agent's own options win."""
    options: dict[str, Any] = {"max_completion_tokens": request.max_tokens}
    if _REASONING.match(model):
        # Models since gpt-5.1 call the least effort "none", the ones before "minimal" (o-models: "low").
        least = "none" if not _FIRST_REASONING.match(model) else "low" if model.startswith("o") else "minimal"
        options["reasoning_effort"] = least if request.thinking_level == "minimal" else request.thinking_level
    else:
        options["temperature"] = request.temperature
    return options
