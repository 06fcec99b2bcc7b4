"""Streaming chat completions, and the choice between them and the Responses API."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from callstage_domain.errors import Phase

from agent_runtime.providers.capabilities import LlmCapabilities
from agent_runtime.providers.failures import BEGUN, Begun, watched
from agent_runtime.providers.ports import LlmDone, LlmEvent, LlmRequest, TextDelta, ToolCallRequest
from agent_runtime.providers.vendors.openai.client import OpenAiClient
from agent_runtime.providers.vendors.openai.messages import FinishReason, chat_messages, chat_options, chat_tools
from agent_runtime.providers.vendors.openai.responses import response_events

LlmApi = Literal["chat", "responses"]
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
        """Import the SDK, or make the connection pool; blocking, from a thread."""
        _ = self._client.sdk() if self._api == "chat" else self._client.pool.client

    def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """See `LlmProvider`."""
        options = dict(request.options)
        api = options.pop("api", self._api)
        asked = replace(request, options=options)
        if api == "responses":
            events = response_events(self._client, asked, request.model or self.model)
            return watched(events, "llm", self.name, self._client.deadlines, prepare=self._client.pool.ready, on_begin=request.on_begin)
        return watched(self._events(asked), "llm", self.name, self._client.deadlines, prepare=self._client.ready, on_begin=request.on_begin)

    async def _events(self, request: LlmRequest) -> AsyncGenerator[LlmEvent | Begun | None, None]:
        model = request.model or self.model
        body: dict[str, Any] = {"model": model, "messages": chat_messages(request), **chat_options(request, model)}
        if request.tools:
            body["tools"] = chat_tools(request.tools)
        body |= {"stream": True, "stream_options": {"include_usage": True}, **request.options}
        sdk = await self._client.ready()
        from openai import AsyncStream

        with self._client.failures("first_byte"):
            # The SDK's own `post`: `chat.completions.create` first walks the whole history by its type hints (3 ms for ten messages, more for longer
            # ones, before the model is even asked), and makes a pydantic model of each token.
            stream = await sdk.post(
                "/chat/completions",
                body=body,
                cast_to=object,
                stream=True,
                stream_cls=AsyncStream[object],
                options={"security": {"bearer_auth": True}},
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
                yield TextDelta(text) if text else BEGUN if assembly.has_calls else None
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

    @property
    def has_calls(self) -> bool:
        """True: the model has begun to call a tool."""
        return bool(self._calls)

    def add(self, chunk: Any) -> str:
        """The chunk's text, "" when it has none. Raises AttributeError or TypeError for what is no chunk."""
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
