"""Chat completion bodies and stream chunks, exactly as OpenAI writes them. No sockets here."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from callstage_testing.fakes.faults import Fault

_CREATED = 1_790_000_000
_numbers = itertools.count(1)
_TOKEN = re.compile(r"\s*\S{1,6}|\s+")
_SENTENCE_END = re.compile(r"[.!?]$")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """`arguments` as the model would write them: usually valid JSON, but any text is sent as it stands."""

    name: str
    arguments: dict[str, Any] | str
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class ApiError:
    status: int
    message: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model answers. `ttft_s` counts from the arrival of the request."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    ttft_s: float | None = None
    tokens_per_s: float | None = None
    error: ApiError | None = None
    finish_reason: str | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    line: bytes
    """One SSE event, with its blank line."""
    is_token: bool = False
    ends_sentence: bool = False


def tokens_of(text: str) -> list[str]:
    """Pieces of at most six letters with their leading space; joined they give `text` again."""
    return _TOKEN.findall(text)


def _arguments(call: ToolCall) -> str:
    return call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)


def _finish(reply: Reply) -> str:
    return reply.finish_reason or ("tool_calls" if reply.tool_calls else "stop")


def _usage(body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    prompt = sum(len(str(message.get("content") or "")) for message in body["messages"]) // 4 + 1
    written = len(tokens_of(reply.text)) + sum(len(_arguments(call)) // 4 + 1 for call in reply.tool_calls)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": written,
        "total_tokens": prompt + written,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def complete(body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    """The body of a request without `stream`."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.tool_calls:
        message["tool_calls"] = [
            {"id": call.call_id or f"call_{next(_numbers):06d}", "type": "function", "function": {"name": call.name, "arguments": _arguments(call)}}
            for call in reply.tool_calls
        ]
    return {
        "id": f"chatcmpl-{next(_numbers):08d}",
        "object": "chat.completion",
        "created": _CREATED,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(reply)}],
        "usage": _usage(body, reply),
    }


def stream_chunks(body: dict[str, Any], reply: Reply) -> Iterator[Chunk]:
    """Role chunk, content deltas, interleaved tool-call fragments, finish reason, usage (when asked), `[DONE]`."""
    head = {"id": f"chatcmpl-{next(_numbers):08d}", "object": "chat.completion.chunk", "created": _CREATED, "model": body["model"]}
    wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    tail: dict[str, Any] = {"usage": None} if wants_usage else {}

    def line(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return b"data: " + json.dumps({**head, "choices": [choice], **tail}).encode() + b"\n\n"

    yield Chunk(line({"role": "assistant", "content": "" if reply.text else None, "refusal": None}))
    for token in tokens_of(reply.text):
        yield Chunk(line({"content": token}), is_token=True, ends_sentence=_SENTENCE_END.search(token) is not None)
    for delta in _tool_deltas(reply.tool_calls):
        yield Chunk(line({"tool_calls": [delta]}), is_token=True)
    yield Chunk(line({}, _finish(reply)))
    if wants_usage:
        yield Chunk(b"data: " + json.dumps({**head, "choices": [], "usage": _usage(body, reply)}).encode() + b"\n\n")
    yield Chunk(b"data: [DONE]\n\n")


def _tool_deltas(calls: tuple[ToolCall, ...]) -> Iterator[dict[str, Any]]:
    """Openings of all calls first, then their argument fragments in turn: a client must sort by `index`."""
    fragments: list[list[str]] = []
    for index, call in enumerate(calls):
        text = _arguments(call)
        fragments.append([text[start : start + 8] for start in range(0, len(text), 8)])
        yield {
            "index": index,
            "id": call.call_id or f"call_{next(_numbers):06d}",
            "type": "function",
            "function": {"name": call.name, "arguments": ""},
        }
    for row in itertools.zip_longest(*fragments):
        for index, fragment in enumerate(row):
            if fragment is not None:
                yield {"index": index, "function": {"arguments": fragment}}
