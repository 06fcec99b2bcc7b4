"""One SDK client per key over the shared connection pool, and the mapping of the SDK's errors."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from callstage_domain.errors import Phase
from callstage_kit.tasks import in_thread

from agent_runtime.providers import failures
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.http_stream import http_failures
from agent_runtime.providers.lazy_imports import load

if TYPE_CHECKING:
    import httpx2
    from google.genai import Client

VENDOR: Final = "gemini"

_opened: ContextVar[list[httpx2.Response] | None] = ContextVar("gemini_responses", default=None)
"""HTTP answers to what this task asks of the SDK now."""


async def _note_response(response: httpx2.Response) -> None:
    opened = _opened.get()
    if opened is not None:
        opened.append(response)


class GeminiClient:
    """Key, address and google-genai, which takes 750 ms to import and so is imported late. `sdk` may be called from a thread to warm it up."""

    def __init__(self, api_key: str, base_url: str, pool: HttpPool) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._pool = pool
        self._client: Client | None = None
        self._lock = threading.Lock()

    @property
    def deadlines(self) -> failures.Deadlines:
        """How long the vendor may take."""
        return self._pool.deadlines

    def sdk(self) -> Client:
        """The SDK client."""
        with self._lock:
            if self._client is None:
                load("google.genai", "google.genai.types")
                from google.genai import Client, types

                deadline_ms = int((self.deadlines.connect_s + self.deadlines.first_byte_s) * 1000)
                http = self._pool.client
                if _note_response not in http.event_hooks["response"]:
                    http.event_hooks = {**http.event_hooks, "response": [*http.event_hooks["response"], _note_response]}
                options = types.HttpOptions(base_url=self._base_url, timeout=deadline_ms, httpx_async_client=http)
                self._client = Client(api_key=self._api_key, http_options=options)
            return self._client

    async def ready(self) -> Client:
        """`sdk`, made in a thread if need be."""
        return self._client or await in_thread(self.sdk)

    async def chunks(self, **arguments: Any) -> AsyncGenerator[Any, None]:
        """Of `generate_content_stream`. Raises DependencyError.

        Closing it closes the connection: the SDK drops that into a reference cycle, for the garbage collector to find.
        """
        sdk = await self.ready()
        opened: list[httpx2.Response] = []
        stream: Any = None
        phase: Phase = "first_byte"
        try:
            while True:
                # The SDK makes its request when the first chunk is asked for.
                token = _opened.set(opened)
                try:
                    with self.failures(phase):
                        stream = stream or await sdk.aio.models.generate_content_stream(**arguments)
                        chunk = await anext(stream, None)
                finally:
                    _opened.reset(token)
                if chunk is None:
                    return
                phase = "stream"
                yield chunk
        finally:
            for response in opened:
                await response.aclose()
            if stream is not None:
                await stream.aclose()

    @contextmanager
    def failures(self, phase: Phase) -> Generator[None, None, None]:
        """Map what the SDK and its transport raise."""
        from google.genai import errors

        try:
            with http_failures(VENDOR, phase):
                yield
        except errors.APIError as err:
            raise failures.by_status(VENDOR, int(err.code or 500)) from err
        except (ValueError, AttributeError, TypeError) as err:
            # google-genai raises ValueError for JSON and for pydantic failures alike.
            raise failures.malformed(VENDOR, phase) from err
