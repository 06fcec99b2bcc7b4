"""Streaming generation with function calls."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from callstage_domain.errors import Phase
from callstage_kit.tasks import in_thread

from agent_runtime.providers import failures
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.lazy_imports import load
from agent_runtime.providers.ports import LlmDone, LlmEvent, LlmRequest, TextDelta, ToolCallRequest
from agent_runtime.providers.vendors.gemini.contents import config_of, contents_of

if TYPE_CHECKING:
    from google.genai import Client

_FILTERED = frozenset({"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"})


class GeminiLlm:
    """Gemini through google-genai, which takes 750 ms to import and so is imported late."""

    name = "gemini"

    def __init__(self, api_key: str, base_url: str, model: str, pool: HttpPool) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._model = model
        self._pool = pool
        self._client: Client | None = None
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Import the SDK; blocking, from a thread."""
        self._sdk()

    def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """See `LlmProvider`."""
        return failures.watched(self._events(request), "llm", self.name, self._pool.deadlines, prepare=self._ready)

    async def _ready(self) -> Client:
        return self._client or await in_thread(self._sdk)

    def _sdk(self) -> Client:
        with self._lock:
            if self._client is None:
                load("google.genai", "google.genai.types")
                from google.genai import Client, types

                deadline_ms = int((self._pool.deadlines.connect_s + self._pool.deadlines.first_byte_s) * 1000)
                options = types.HttpOptions(base_url=self._base_url, timeout=deadline_ms, httpx_async_client=self._pool.client)
                self._client = Client(api_key=self._api_key, http_options=options)
            return self._client

    @contextmanager
    def _failures(self, phase: Phase) -> Generator[None, None, None]:
        import httpx2
        from google.genai import errors

        try:
            yield
        except errors.APIError as err:
            raise failures.by_status(self.name, int(err.code or 500)) from err
        except (httpx2.ConnectTimeout, httpx2.PoolTimeout) as err:
            raise failures.timed_out(self.name, "connect") from err
        except httpx2.TimeoutException as err:
            raise failures.timed_out(self.name, phase) from err
        except httpx2.ConnectError as err:
            raise failures.unreachable(self.name) from err
        except httpx2.TransportError as err:
            raise failures.disconnected(self.name, phase) from err
        except (ValueError, AttributeError, TypeError) as err:
            # google-genai raises ValueError for JSON and for pydantic failures alike.
            raise failures.malformed(self.name, phase) from err

    async def _events(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        model = request.model or self._model
        sdk = await self._ready()
        phase: Phase = "first_byte"
        with self._failures(phase):
            stream: Any = await sdk.aio.models.generate_content_stream(model=model, contents=contents_of(request), config=config_of(request, model))
        calls: list[LlmEvent] = []
        outcome = _Outcome()
        try:
            while True:
                with self._failures(phase):
                    chunk: Any = await anext(stream, None)
                if chunk is None:
                    break
                phase = "stream"
                outcome.see(chunk)
                for event in _read(chunk, len(calls)):
                    if isinstance(event, ToolCallRequest):
                        calls.append(event)
                    else:
                        yield event
        finally:
            await stream.aclose()
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
