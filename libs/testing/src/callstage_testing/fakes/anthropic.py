"""Anthropic's Messages wire: SSE, and the refusals that a careless client meets."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web

from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.openai_chunks import Reply, ToolCall, tokens_of
from callstage_testing.fakes.server import FakeServer

_numbers = itertools.count(1)
_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_VERSIONS = ("2023-06-01", "2026-10-21")
_ID = re.compile(r"[a-zA-Z0-9_-]+")
_THINKING = ("adaptive", "between_tools", "disabled", "enabled")
_FINISH = {"length": "max_tokens", "content_filter": "refusal"}


class FakeAnthropic(FakeServer):
    """`reply` sees the decoded request and decides the answer; `stream_error` is sent as an `error` event after the first token.

    Moments noted per request: `first_token`, `done`.
    """

    def __init__(
        self,
        reply: Callable[[dict[str, Any]], Reply] | None = None,
        *,
        api_key: str = "sk-ant-test",
        ttft_s: float = 0.0,
        tokens_per_s: float = 2000.0,
        cached_tokens: int = 0,
        port: int = 0,
    ) -> None:
        super().__init__(port=port)
        self.reply = reply or (lambda _: Reply(text="Of course, I can help you with that. What is your order number?"))
        self.api_key = api_key
        self.ttft_s = ttft_s
        self.tokens_per_s = tokens_per_s
        self.cached_tokens = cached_tokens
        self.stream_error: str | None = None

    @property
    def url(self) -> str:
        """The value for `ANTHROPIC_BASE_URL`."""
        return self.base_url

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/messages", self._messages), web.get("/v1/models", self._models)]

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"data": [{"type": "model", "id": "claude-haiku-5-5"}], "has_more": False})

    def error_body(self, status: int, message: str) -> Any:
        return {"type": "error", "error": {"type": _KINDS.get(status, "api_error"), "message": message}, "request_id": "req_fake"}

    def authorise(self, exchange: Exchange) -> web.StreamResponse | None:
        known = exchange.headers.get("x-api-key") == self.api_key or exchange.headers.get("authorization") == f"Bearer {self.api_key}"
        return None if known else self.refuse(401, "invalid x-api-key")

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        exchange = self.exchange_of(request)
        body: dict[str, Any] = exchange.json
        is_known = exchange.headers.get("anthropic-version") in _VERSIONS
        problem = problem_of(body) if is_known else "anthropic-version: not a valid version"
        if problem is not None:
            return self.refuse(400, problem)
        if not body.get("stream"):
            return self.refuse(400, "This fake streams only.")
        reply = self.reply(body)
        if reply.error is not None:
            return self.refuse(reply.error.status, reply.error.message)
        exchange.fault = reply.fault or exchange.fault
        return await self._stream(request, body, reply)

    async def _stream(self, request: web.Request, body: dict[str, Any], reply: Reply) -> web.StreamResponse:
        exchange = self.exchange_of(request)
        fault = exchange.fault
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"})
        await response.prepare(request)
        due = exchange.received_at + (self.ttft_s if reply.ttft_s is None else reply.ttft_s)
        for sent, event in enumerate(message_events(body, reply, self.cached_tokens)):
            is_token = event["type"] == "content_block_delta"
            if is_token:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                due += 1.0 / (reply.tokens_per_s or self.tokens_per_s)
            if await self.damage(request, fault, sent):
                return response
            broken = fault is not None and fault.malformed_after is not None and sent >= fault.malformed_after
            await response.write(b'event: ping\ndata: {"type": "pi\n\n' if broken else _line(event))
            if is_token and exchange.at("first_token") is None:
                exchange.note("first_token")
                if self.stream_error is not None:
                    await response.write(_line({"type": "error", "error": {"type": self.stream_error, "message": "scripted"}}))
                    break
        exchange.note("done")
        await response.write_eof()
        return response


def message_events(body: dict[str, Any], reply: Reply, cached_tokens: int = 0) -> Iterator[dict[str, Any]]:
    """The events of one answer, in the vendor's order, with a ping in between."""
    prompt = len(json.dumps(body["messages"])) // 4 + 1
    usage = {"input_tokens": prompt, "cache_creation_input_tokens": 0, "cache_read_input_tokens": cached_tokens, "output_tokens": 1}
    head = {"id": f"msg_{next(_numbers):08d}", "type": "message", "role": "assistant", "model": body["model"], "content": [], "stop_reason": None}
    yield {"type": "message_start", "message": {**head, "stop_sequence": None, "usage": usage}}
    yield {"type": "ping"}
    index = 0
    if _thinks(body):
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}}
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}}
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "c2ln"}}
        yield {"type": "content_block_stop", "index": 0}
        index = 1
    if reply.text:
        yield {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
        for token in tokens_of(reply.text):
            yield {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": token}}
        yield {"type": "content_block_stop", "index": index}
        index += 1
    for number, call in enumerate(reply.tool_calls):
        yield from _tool_events(index + number, call)
    stop = _FINISH.get(reply.finish_reason or "") or ("tool_use" if reply.tool_calls else "end_turn")
    written = len(tokens_of(reply.text)) + 20 * len(reply.tool_calls)
    yield {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": written}}
    yield {"type": "message_stop"}


def _tool_events(index: int, call: ToolCall) -> Iterator[dict[str, Any]]:
    identity = call.call_id or f"toolu_{next(_numbers):06d}"
    yield {"type": "content_block_start", "index": index, "content_block": {"type": "tool_use", "id": identity, "name": call.name, "input": {}}}
    arguments = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)
    # A first empty fragment, and none but it for a call without arguments, as the real one sends them.
    for piece in ["", *(arguments[start : start + 8] for start in range(0, len(arguments), 8) if arguments != "{}")]:
        yield {"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": piece}}
    yield {"type": "content_block_stop", "index": index}


def problem_of(body: dict[str, Any]) -> str | None:
    """Why the real API would refuse this request, as far as a client of ours could get it wrong."""
    if not isinstance(body.get("max_tokens"), int) or "model" not in body:
        return "max_tokens: Field required"
    if "temperature" in body:
        return "temperature: this model takes none"
    if body.get("thinking", {"type": "disabled"})["type"] not in _THINKING:
        return "thinking.type: Input tag does not match"
    if any(tool["input_schema"].get("type") != "object" for tool in body.get("tools", ())):
        return "tools.0.input_schema.type: Field required"
    turns: list[dict[str, Any]] = body.get("messages") or []
    if not turns or turns[0]["role"] != "user" or turns[-1]["role"] != "user":
        return "messages: the conversation must start and end with a user message"
    if any(before["role"] == after["role"] for before, after in itertools.pairwise(turns)):
        return "messages: roles must alternate"
    return next((problem for turn in turns for problem in _block_problems(turn)), None) or _call_problem(turns)


def _block_problems(turn: dict[str, Any]) -> Iterator[str]:
    for place, block in enumerate(turn["content"]):
        if block["type"] == "text" and not block["text"].strip():
            yield "messages: text content blocks must contain non-whitespace text"
        if block["type"] == "tool_result" and any(earlier["type"] != "tool_result" for earlier in turn["content"][:place]):
            yield "messages: tool_result blocks must come first"
        if block["type"] == "tool_use" and (not _ID.fullmatch(block["id"]) or not isinstance(block["input"], dict)):
            yield "messages: tool_use.id should match pattern '^[a-zA-Z0-9_-]+$'"


def _call_problem(turns: list[dict[str, Any]]) -> str | None:
    seen: set[str] = set()
    for before, after in itertools.pairwise(turns):
        asked = {block["id"] for block in before["content"] if block["type"] == "tool_use"}
        answered = {block["tool_use_id"] for block in after["content"] if block["type"] == "tool_result"}
        if asked & seen:
            return "messages: `tool_use` ids must be unique"
        if asked != answered:
            return "messages: `tool_use` ids were found without `tool_result` blocks immediately after, or the other way round"
        seen |= asked
    return None


def _thinks(body: dict[str, Any]) -> bool:
    return body.get("thinking", {}).get("type") == "adaptive"


def _line(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
