"""Stream events of OpenAI's Responses API, exactly as it writes them. No sockets here."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

from callstage_testing.fakes.openai_chunks import Reply, ToolCall, tokens_of

_CREATED = 1_790_000_000
_numbers = itertools.count(1)
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
TOKEN_EVENTS = ("response.output_text.delta", "response.function_call_arguments.delta")


def response_events(body: dict[str, Any], reply: Reply) -> Iterator[dict[str, Any]]:
    """Creation, a reasoning item, one message item with text deltas, one item per function call, and the end with the usage.

    A reply with the finish reason `failed` ends with `response.failed`, one with `error` with an `error` event.
    """
    sequence = itertools.count()

    def event(kind: str, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "sequence_number": next(sequence), **fields}

    identity = f"resp_{next(_numbers):08d}"
    yield event("response.created", response=_response(identity, body, "in_progress"))
    yield event("response.in_progress", response=_response(identity, body, "in_progress"))
    reasoning = {"id": f"rs_{identity}", "type": "reasoning", "summary": []}
    yield event("response.output_item.added", output_index=0, item=reasoning)
    yield event("response.output_item.done", output_index=0, item=reasoning)
    output: list[dict[str, Any]] = [reasoning]
    if reply.text:
        item = {"id": f"msg_{identity}", "type": "message", "status": "in_progress", "role": "assistant", "content": []}
        place = {"item_id": item["id"], "output_index": 1, "content_index": 0}
        part = {"type": "output_text", "text": reply.text, "annotations": []}
        yield event("response.output_item.added", output_index=1, item=item)
        yield event("response.content_part.added", **place, part={**part, "text": ""})
        for token in tokens_of(reply.text):
            yield event("response.output_text.delta", **place, delta=token, logprobs=[])
        yield event("response.output_text.done", **place, text=reply.text, logprobs=[])
        yield event("response.content_part.done", **place, part=part)
        output.append({**item, "status": "completed", "content": [part]})
        yield event("response.output_item.done", output_index=1, item=output[-1])
    for call in reply.tool_calls:
        steps = list(_call_events(call, len(output)))
        for kind, fields in steps:
            yield event(kind, **fields)
        output.append(steps[-1][1]["item"])
    if reply.finish_reason == "error":
        yield event("error", code="server_error", message="scripted failure", param=None)
        return
    yield _end(event, _response(identity, body, "completed", output=output, usage=_usage(body, reply)), reply)


def _end(event: Any, response: dict[str, Any], reply: Reply) -> dict[str, Any]:
    if reply.finish_reason == "failed":
        error = {"code": "rate_limit_exceeded", "message": "scripted failure"}
        return event("response.failed", response={**response, "status": "failed", "error": error})
    reason = _INCOMPLETE.get(reply.finish_reason or "")
    if reason is not None:
        return event("response.incomplete", response={**response, "status": "incomplete", "incomplete_details": {"reason": reason}})
    return event("response.completed", response=response)


def _call_events(call: ToolCall, index: int) -> Iterator[tuple[str, dict[str, Any]]]:
    arguments = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)
    identity = f"fc_{next(_numbers):06d}"
    item = {"id": identity, "type": "function_call", "status": "in_progress", "name": call.name, "call_id": call.call_id or f"call_{identity}"}
    place = {"item_id": identity, "output_index": index}
    yield "response.output_item.added", {"output_index": index, "item": {**item, "arguments": ""}}
    for start in range(0, len(arguments), 8):
        yield "response.function_call_arguments.delta", {**place, "delta": arguments[start : start + 8]}
    yield "response.function_call_arguments.done", {**place, "name": call.name, "arguments": arguments}
    yield "response.output_item.done", {"output_index": index, "item": {**item, "status": "completed", "arguments": arguments}}


def _response(identity: str, body: dict[str, Any], status: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "object": "response",
        "created_at": _CREATED,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "model": body["model"],
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": body.get("tools", []),
        "usage": None,
        **fields,
    }


def _usage(body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    read = len(json.dumps(body["input"])) // 4 + 1
    written = len(tokens_of(reply.text)) + 20 * len(reply.tool_calls)
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }
