"""The Responses API: the same models with the answer as typed events. Source: platform.openai.com/docs/api-reference/responses-streaming.

Spoken directly: the SDK builds validators for its 50 kinds of event when the first one arrives, which stops the event loop for a second.
Nothing is stored at the vendor: the journal owns the history, and a call may go on with another vendor.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from callstage_domain.errors import DependencyError, Phase

from agent_runtime.providers import failures
from agent_runtime.providers.failures import BEGUN, Begun
from agent_runtime.providers.http_stream import lines, posted
from agent_runtime.providers.ports import LlmDone, LlmEvent, LlmRequest, Message, TextDelta, ToolCallRequest
from agent_runtime.providers.vendors.openai.client import OpenAiClient
from agent_runtime.providers.vendors.openai.messages import FinishReason, chat_options, json_object

_DATA: Final = b"data:"
_DONE: Final = b"[DONE]"
_INCOMPLETE: Final[dict[str, FinishReason]] = {"max_output_tokens": "length", "content_filter": "content_filter"}
_ERROR_STATUS: Final = {"rate_limit_exceeded": 429, "invalid_prompt": 400, "invalid_api_key": 401}


async def response_events(client: OpenAiClient, request: LlmRequest, model: str) -> AsyncGenerator[LlmEvent | Begun | None, None]:
    """Text as it comes, complete tool calls, then one LlmDone; None and BEGUN for signs of life. Raises DependencyError."""
    body = {**response_body(request, model), **request.options, "stream": True}
    assembly = _Assembly(client.vendor)
    async with aclosing(posted(client.pool, client.vendor, client.call("responses", body))) as chunks:
        async for line in lines(chunks):
            data = line.removeprefix(_DATA).strip()
            if line.startswith(_DATA) and data != _DONE:
                text = assembly.add(data)
                yield TextDelta(text) if text else BEGUN if assembly.has_calls else None
    for event in assembly.finish():
        yield event


def response_body(request: LlmRequest, model: str) -> dict[str, Any]:
    """Parameters of one response, without the agent's own options."""
    options = chat_options(request, model)
    body: dict[str, Any] = {
        "model": model,
        "input": [item for message in request.messages for item in _items(message)] or [{"role": "system", "content": ""}],
        "max_output_tokens": options.pop("max_completion_tokens"),
        "store": False,
    }
    if request.system:
        body["instructions"] = request.system
    if request.tools:
        body["tools"] = [
            {"type": "function", "name": tool.name, "description": tool.description, "parameters": tool.parameters, "strict": False}
            for tool in request.tools
        ]
    if "reasoning_effort" in options:
        body["reasoning"] = {"effort": options.pop("reasoning_effort")}
    return {**body, **options}


def _items(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        return [{"type": "function_call_output", "call_id": message.tool_call_id, "output": message.content}]
    said = [{"role": message.role, "content": message.content}] if message.content or not message.tool_calls else []
    calls = [
        {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": json_object(call.arguments_json)} for call in message.tool_calls
    ]
    return [*said, *calls]


@dataclass(slots=True)
class _Call:
    """One function call while its arguments arrive."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])


class _Assembly:
    """Collects what is not text, by the index of the output item."""

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._calls: dict[int, _Call] = {}
        self._done: LlmDone | None = None
        self._phase: Phase = "first_byte"

    @property
    def has_calls(self) -> bool:
        """True: the model has begun to call a tool."""
        return bool(self._calls)

    def add(self, data: bytes) -> str:
        """One event's JSON; its text, "" when it has none. Raises DependencyError for an event that reports a failure or cannot be read."""
        try:
            text = self._read(orjson.loads(data))
        except (ValueError, KeyError, TypeError, AttributeError) as err:
            raise failures.malformed(self._vendor, self._phase) from err
        self._phase = "stream"
        return text

    def finish(self) -> list[LlmEvent]:
        """Complete calls in their order, then the end."""
        if self._done is None:
            raise failures.disconnected(self._vendor, "stream")
        calls: list[LlmEvent] = [
            ToolCallRequest(id=call.id or f"call_{index}", name=call.name, arguments_json="".join(call.arguments) or "{}")
            for index, call in sorted(self._calls.items())
            if call.name
        ]
        is_tools = bool(calls) and self._done.finish_reason == "stop"
        return [*calls, LlmDone("tool_calls" if is_tools else self._done.finish_reason, self._done.input_tokens, self._done.output_tokens)]

    def _read(self, event: dict[str, Any]) -> str:
        match event["type"]:
            case "response.output_text.delta" | "response.refusal.delta":
                return str(event["delta"])
            case "response.output_item.added" | "response.output_item.done":
                item = event["item"]
                if item["type"] == "function_call":
                    self._calls[event["output_index"]] = _Call(item["call_id"], item["name"], [item.get("arguments") or ""])
            case "response.function_call_arguments.delta":
                self._call(event).arguments.append(event["delta"])
            case "response.function_call_arguments.done":
                self._call(event).arguments = [event["arguments"]]
            case "response.completed":
                self._end(event["response"], "stop")
            case "response.incomplete":
                self._end(event["response"], _INCOMPLETE.get(event["response"]["incomplete_details"]["reason"], "length"))
            case "response.failed":
                raise self._failure(event["response"].get("error"))
            case "error":
                raise self._failure(event.get("error") or event)
            case _:
                pass
        return ""

    def _call(self, event: dict[str, Any]) -> _Call:
        return self._calls.setdefault(event["output_index"], _Call())

    def _end(self, response: dict[str, Any], reason: FinishReason) -> None:
        usage = response.get("usage") or {}
        self._done = LlmDone(reason, int(usage.get("input_tokens") or 0), int(usage.get("output_tokens") or 0))

    def _failure(self, error: dict[str, Any] | None) -> DependencyError:
        status = _ERROR_STATUS.get(str((error or {}).get("code")))
        return failures.by_status(self._vendor, status) if status is not None else failures.failed(self._vendor, self._phase)
