"""Streaming chat completions."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from callstage_domain.errors import Phase

from agent_runtime.providers.failures import watched
from agent_runtime.providers.ports import LlmDone, LlmEvent, LlmRequest, TextDelta, ToolCallRequest
from agent_runtime.providers.vendors.openai.client import OpenAiClient
from agent_runtime.providers.vendors.openai.messages import chat_messages, chat_options, chat_tools

FinishReason = Literal["stop", "tool_calls", "length", "content_filter"]
_FINISH: dict[str, FinishReason] = {"length": "length", "content_filter": "content_filter", "tool_calls": "tool_calls", "function_call": "tool_calls"}


@dataclass(slots=True)
class _Fragments:
    """One tool call while its pieces arrive."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])


class OpenAiLlm:
    """The language model behind any OpenAI-compatible address."""

    def __init__(self, client: OpenAiClient, model: str) -> None:
        self._client = client
        self._model = model

    @property
    def name(self) -> str:
        """The vendor's name."""
        return self._client.vendor

    def warm(self) -> None:
        """Import the SDK; blocking, from a thread."""
        self._client.sdk()

    def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """See `LlmProvider`."""
        return watched(self._events(request), "llm", self.name, self._client.deadlines, prepare=self._client.ready)

    async def _events(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        model = request.model or self._model
        body: dict[str, Any] = {"model": model, "messages": chat_messages(request), **chat_options(request, model)}
        if request.tools:
            body["tools"] = chat_tools(request.tools)
        sdk = await self._client.ready()
        with self._client.failures("first_byte"):
            stream = await sdk.chat.completions.create(
                **body, stream=True, stream_options={"include_usage": True}, extra_body=request.options or None
            )
        assembly = _Assembly()
        phase: Phase = "first_byte"
        try:
            chunks = aiter(stream)
            while True:
                with self._client.failures(phase):
                    chunk = await anext(chunks, None)
                    text = "" if chunk is None else assembly.add(chunk)
                if chunk is None:
                    break
                phase = "stream"
                if text:
                    yield TextDelta(text)
        finally:
            await stream.close()
        for event in assembly.finish():
            yield event


class _Assembly:
    """Collects what is not text. Fragments of several calls interleave by index; the usage chunk has no choices."""

    def __init__(self) -> None:
        self._calls: dict[int, _Fragments] = {}
        self._finish: FinishReason = "stop"
        self._usage: tuple[int, int] = (0, 0)

    def add(self, chunk: Any) -> str:
        """The chunk's text, "" when it has none."""
        if chunk.usage is not None:
            self._usage = (int(chunk.usage.prompt_tokens or 0), int(chunk.usage.completion_tokens or 0))
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        if choice.finish_reason:
            self._finish = _FINISH.get(choice.finish_reason, "stop")
        for delta in choice.delta.tool_calls or ():
            call = self._calls.setdefault(delta.index, _Fragments())
            call.id = delta.id or call.id
            if delta.function is not None:
                call.name = delta.function.name or call.name
                call.arguments.append(delta.function.arguments or "")
        return cast(str, choice.delta.content) or ""

    def finish(self) -> list[LlmEvent]:
        """Complete calls in the order of their index, then the end."""
        events: list[LlmEvent] = [
            ToolCallRequest(id=call.id or f"call_{index}", name=call.name, arguments_json="".join(call.arguments) or "{}")
            for index, call in sorted(self._calls.items())
            if call.name
        ]
        reason: FinishReason = "tool_calls" if events and self._finish == "stop" else self._finish
        return [*events, LlmDone(reason, *self._usage)]
