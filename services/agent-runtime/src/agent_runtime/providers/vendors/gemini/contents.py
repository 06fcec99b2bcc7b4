"""History and tools as Gemini wants them. Pure, but for the SDK's types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from agent_runtime.providers.ports import LlmRequest, Message, ToolCallRequest

if TYPE_CHECKING:
    from google.genai import types

# Gemini needs a user turn to answer to; a greeting has none.
_OPENING = "(The conversation starts now. Speak first.)"


def contents_of(request: LlmRequest) -> list[types.Content]:
    """The history. Gemini knows only `user` and `model`; tool results of one turn must stand in one content."""
    from google.genai import types

    contents: list[types.Content] = []
    for message in request.messages:
        role, parts = _role_and_parts(message)
        previous = contents[-1] if contents else None
        if previous is not None and previous.role == role and previous.parts is not None:
            previous.parts.extend(parts)
        else:
            contents.append(types.Content(role=role, parts=parts))
    if not contents or contents[0].role != "user":
        contents.insert(0, types.Content(role="user", parts=[types.Part(text=_OPENING)]))
    return contents


def _role_and_parts(message: Message) -> tuple[str, list[types.Part]]:
    from google.genai import types

    if message.role == "tool":
        answer = types.FunctionResponse(id=message.tool_call_id or None, name=message.tool_name, response=_as_object(message.content))
        return "user", [types.Part(function_response=answer)]
    if message.role == "assistant":
        parts = [types.Part(text=message.content)] if message.content else []
        return "model", [*parts, *(_call_part(call) for call in message.tool_calls)] or [types.Part(text=" ")]
    text = f"[{message.content}]" if message.role == "system" else message.content
    return "user", [types.Part(text=text or " ")]


def _call_part(call: ToolCallRequest) -> types.Part:
    from google.genai import types

    try:
        arguments: Any = json.loads(call.arguments_json)
    except ValueError:
        arguments = {}
    function_call = types.FunctionCall(id=call.id or None, name=call.name, args=arguments if isinstance(arguments, dict) else {})
    return types.Part(function_call=function_call, thought_signature=call.vendor_state)


def _as_object(content: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        return {"output": content}
    return value if isinstance(value, dict) else {"output": value}


def config_of(request: LlmRequest, model: str) -> types.GenerateContentConfig:
    """Everything but the history. Models before Gemini 3 know a token budget instead of a thinking level."""
    from google.genai import types

    if model.startswith(("gemini-1", "gemini-2.0")):
        thinking = None
    elif model.startswith("gemini-2"):
        thinking = types.ThinkingConfig(thinking_budget={"minimal": 0, "low": 1024, "medium": 8192, "high": 24_576}[request.thinking_level])
    else:
        thinking = types.ThinkingConfig(thinking_level=types.ThinkingLevel(request.thinking_level.upper()))
    declarations = [
        types.FunctionDeclaration(name=tool.name, description=tool.description, parameters_json_schema=tool.parameters) for tool in request.tools
    ]
    return types.GenerateContentConfig(
        system_instruction=request.system or None,
        temperature=request.temperature,
        max_output_tokens=request.max_tokens,
        tools=[types.Tool(function_declarations=declarations)] if declarations else None,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        thinking_config=thinking,
        **request.options,
    )
