"""Claude over the documented Messages stream. Source: platform.claude.com/docs/en/build-with-claude/streaming.

Spoken directly: the SDK costs 1.6 s of import and 2 MB for one POST whose events are nine lines of grammar.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from agent_runtime.providers.capabilities import LlmCapabilities
from agent_runtime.providers.failures import BEGUN, Begun, disconnected, watched
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.http_stream import HttpCall, lines, posted
from agent_runtime.providers.ports import LlmEvent, LlmRequest, TextDelta
from agent_runtime.providers.vendors.anthropic.events import VENDOR, Assembly
from agent_runtime.providers.vendors.anthropic.messages import body_of

_API_VERSION: Final = "2026-10-21"
_DATA: Final = b"data:"


def headers_of(api_key: str) -> dict[str, str]:
    """Of every request."""
    return {"authorization": f"Bearer {api_key}", "anthropic-version": _API_VERSION}


class AnthropicLlm:
    """Claude."""

    name = VENDOR
    capabilities = LlmCapabilities()

    def __init__(self, api_key: str, base_url: str, model: str, pool: HttpPool) -> None:
        self._headers = headers_of(api_key)
        self._url = f"{base_url.rstrip('/')}/v1/messages"
        self.model = model
        self._pool = pool

    def warm(self) -> None:
        """Make the connection pool; blocking, from a thread."""
        _ = self._pool.client

    def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """See `LlmProvider`."""
        return watched(self._events(request), "llm", self.name, self._pool.deadlines, prepare=self._pool.ready, on_begin=request.on_begin)

    async def _events(self, request: LlmRequest) -> AsyncGenerator[LlmEvent | Begun | None, None]:
        call = HttpCall(self._url, self._headers, body_of(request, request.model or self.model))
        assembly = Assembly()
        async with aclosing(posted(self._pool, self.name, call)) as chunks:
            async for line in lines(chunks):
                # The `event:` lines repeat the type that stands in the data.
                if line.startswith(_DATA):
                    text = assembly.add(line.removeprefix(_DATA))
                    if text is not None:
                        yield TextDelta(text) if text else BEGUN if assembly.has_calls else None
        if not assembly.is_complete:
            raise disconnected(self.name, "stream")
        for event in assembly.finish():
            yield event
