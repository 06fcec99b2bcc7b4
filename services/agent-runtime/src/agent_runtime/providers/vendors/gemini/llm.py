"""Streaming generation with function calls."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any, Literal

from agent_runtime.providers import failures
from agent_runtime.providers.capabilities import LlmCapabilities
from agent_runtime.providers.failures import BEGUN, Begun
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.ports import LlmDone, LlmEvent, LlmRequest, TextDelta, ToolCallRequest
from agent_runtime.providers.vendors.gemini.client import VENDOR, GeminiClient
from agent_runtime.providers.vendors.gemini.contents import config_of, contents_of

_FILTERED = frozenset({"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"})


class GeminiLlm:
    """Gemini's language models."""

    name = VENDOR
    capabilities = LlmCapabilities()

    def __init__(self, api_key: str, base_url: str, model: str, pool: HttpPool) -> None:
        self._client = GeminiClient(api_key, base_url, pool)
        self.model = model

    def warm(self) -> None:
        """Import the SDK; blocking, from a thread."""
        self._client.sdk()

    def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """See `LlmProvider`."""
        return failures.watched(
            self._events(request), "llm", self.name, self._client.deadlines, prepare=self._client.ready, on_begin=request.on_begin
        )

    async def _events(self, request: LlmRequest) -> AsyncGenerator[LlmEvent | Begun, None]:
        model = request.model or self.model
        await self._client.ready()
        calls: list[LlmEvent] = []
        outcome = _Outcome()
        chunks = self._client.chunks(model=model, contents=contents_of(request), config=config_of(request, model))
        async with aclosing(chunks):
            async for chunk in chunks:
                outcome.see(chunk)
                for event in _read(chunk, len(calls)):
                    if isinstance(event, ToolCallRequest):
                        calls.append(event)
                        yield BEGUN
                    else:
                        yield event
        for call in calls:
            yield call
        yield outcome.done(bool(calls))


def _read(chunk: Any, known_calls: int) -> Iterator[LlmEvent]:
    content = chunk.candidates[0].content if chunk.candidates else None
    for part in (content.parts if content is not None else None) or ():
        if part.function_call is not None:
            call = part.function_call
            yield ToolCallRequest(
                id=call.id or f"call_{known_calls}",
                name=call.name or "",
                arguments_json=json.dumps(call.args or {}, ensure_ascii=False),
                vendor_state=part.thought_signature,
            )
            known_calls += 1
        elif part.text and not part.thought:
            yield TextDelta(part.text)


class _Outcome:
    """Finish reason and usage, which Gemini repeats on every chunk."""

    def __init__(self) -> None:
        self._reason = "STOP"
        self._usage = (0, 0)

    def see(self, chunk: Any) -> None:
        """Take what a chunk says."""
        if chunk.candidates and chunk.candidates[0].finish_reason:
            self._reason = str(chunk.candidates[0].finish_reason.value)
        usage = chunk.usage_metadata
        if usage is not None:
            written = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
            self._usage = (usage.prompt_token_count or 0, written)

    def done(self, has_calls: bool) -> LlmDone:
        """The end in our words."""
        reason: Literal["stop", "tool_calls", "length", "content_filter"] = "tool_calls" if has_calls else "stop"
        if self._reason == "MAX_TOKENS":
            reason = "length"
        elif self._reason in _FILTERED:
            reason = "content_filter"
        return LlmDone(reason, *self._usage)
