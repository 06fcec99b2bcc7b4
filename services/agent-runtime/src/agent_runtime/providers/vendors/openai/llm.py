"""Streaming chat completions, and the choice between them and the Responses API.

Spoken directly, like the latter: the SDK takes longer over a request than everything else between a caller's last word and the vendor, and gives
the connection up when it has read the last event, so that each answer begins by connecting.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, cast

import orjson
from callstage_domain.errors import DependencyError, Phase

from agent_runtime.providers import failures
from agent_runtime.providers.capabilities import LlmCapabilities
from agent_runtime.providers.failures import BEGUN, Begun, watched
from agent_runtime.providers.http_stream import lines, posted
from agent_runtime.providers.ports import LlmDone, LlmEvent, LlmRequest, TextDelta, ToolCallRequest
from agent_runtime.providers.vendors.openai.client import OpenAiClient
from agent_runtime.providers.vendors.openai.messages import FinishReason, chat_messages, chat_options, chat_tools
from agent_runtime.providers.vendors.openai.responses import response_events

LlmApi = Literal["chat", "responses"]
_DATA: Final = b"data:"
_DONE: Final = b"[DONE]"
_END_S: Final = 0.05
_FINISH: dict[str, FinishReason] = {"length": "length", "content_filter": "content_filter", "tool_calls": "tool_calls", "function_call": "tool_calls"}


@dataclass(slots=True)
class _Fragments:
    """One tool call while its pieces arrive."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])


class OpenAiLlm:
    """The language model behind any OpenAI-compatible address. The option `api` (`chat`, `responses`) of a request replaces `api`."""

    capabilities = LlmCapabilities()

    def __init__(self, client: OpenAiClient, model: str, api: LlmApi = "chat") -> None:
        self._client = client
        self.model = model
        self._api: LlmApi = api

    @property
    def name(self) -> str:
        """The vendor's name."""
        return self._client.vendor

    def warm(self) -> None:
        """Make the connection pool; blocking, from a thread."""
        _ = self._client.pool.client

    def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """See `LlmProvider`."""
        options = dict(request.options)
        api = options.pop("api", self._api)
        asked = replace(request, options=options)
        client = self._client
        events = response_events(client, asked, request.model or self.model) if api == "responses" else self._events(asked)
        return watched(events, "llm", self.name, client.deadlines, prepare=client.pool.ready, on_begin=request.on_begin)

    async def _events(self, request: LlmRequest) -> AsyncGenerator[LlmEvent | Begun | None, None]:
        client, assembly = self._client, _Assembly(self._client.vendor)
        call = client.call("chat/completions", _body(request, request.model or self.model))
        async with aclosing(posted(client.pool, client.vendor, call)) as chunks:
            async for line in lines(chunks):
                data = line.removeprefix(_DATA).strip()
                if not line.startswith(_DATA):
                    continue
                if data == _DONE:
                    await _to_end(chunks)
                    break
                text = assembly.add(data)
                yield TextDelta(text) if text else BEGUN if assembly.has_calls else None
        for event in assembly.finish():
            yield event


def _body(request: LlmRequest, model: str) -> dict[str, Any]:
    body: dict[str, Any] = {"model": model, "messages": chat_messages(request), **chat_options(request, model)}
    if request.tools:
        body["tools"] = chat_tools(request.tools)
    return body | {"stream": True, "stream_options": {"include_usage": True}, **request.options}


async def _to_end(chunks: AsyncIterator[bytes]) -> None:
    """Behind the last event comes the end of the body. Only a connection that was read up to there is used again: the next turn need not connect."""
    try:
        async with asyncio.timeout(_END_S):
            async for _ in chunks:
                pass
    except (TimeoutError, DependencyError):
        # The answer is whole; what the connection is worth shows at the next one.
        return


class _Assembly:
    """Collects what is not text. Fragments of several calls interleave by index; the usage chunk has no choices."""

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._phase: Phase = "first_byte"
        self._calls: dict[int, _Fragments] = {}
        self._finish: FinishReason = "stop"
        self._usage: tuple[int, int] = (0, 0)

    @property
    def has_calls(self) -> bool:
        """True: the model has begun to call a tool."""
        return bool(self._calls)

    def add(self, data: bytes) -> str:
        """One chunk's JSON; its text, "" when it has none. Raises DependencyError for what reports a failure or cannot be read."""
        try:
            chunk = orjson.loads(data)
            if chunk.get("error"):
                raise failures.failed(self._vendor, self._phase)
            text = self._read(chunk)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as err:
            raise failures.malformed(self._vendor, self._phase) from err
        self._phase = "stream"
        return text

    def _read(self, chunk: dict[str, Any]) -> str:
        usage = chunk.get("usage")
        if usage is not None:
            self._usage = (int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0))
        choices = chunk.get("choices")
        if not choices:
            return ""
        choice = choices[0]
        if choice.get("finish_reason"):
            self._finish = _FINISH.get(choice["finish_reason"], "stop")
        delta = choice.get("delta") or {}
        for piece in delta.get("tool_calls") or ():
            call = self._calls.setdefault(int(piece.get("index")), _Fragments())
            call.id = piece.get("id") or call.id
            function = piece.get("function")
            if function is not None:
                call.name = function.get("name") or call.name
                call.arguments.append(function.get("arguments") or "")
        return cast(str, delta.get("content")) or ""

    def finish(self) -> list[LlmEvent]:
        """Complete calls in the order of their index, then the end."""
        events: list[LlmEvent] = [
            ToolCallRequest(id=call.id or f"call_{index}", name=call.name, arguments_json="".join(call.arguments) or "{}")
            for index, call in sorted(self._calls.items())
            if call.name
        ]
        reason: FinishReason = "tool_calls" if events and self._finish == "stop" else self._finish
        return [*events, LlmDone(reason, *self._usage)]
