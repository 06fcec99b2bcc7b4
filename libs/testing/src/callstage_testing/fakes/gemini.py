"""Gemini's REST wire for language models: streamGenerateContent over SSE, and the list of models."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.server import FakeServer


class FakeGemini(FakeServer):
    """`parts` are sent one per SSE chunk, `pause_s` apart, then the finish reason with the usage."""

    def __init__(self, *, api_key: str = "gm-test", port: int = 0) -> None:
        super().__init__(port=port)
        self.api_key = api_key
        self.parts: list[dict[str, Any]] = [{"text": "Good "}, {"text": "morning."}]
        self.pause_s = 0.0
        self.first_after_s = 0.0

    @property
    def url(self) -> str:
        """The value for `GEMINI_BASE_URL`."""
        return self.base_url

    def routes(self) -> list[web.RouteDef]:
        generate = [web.post(f"/{version}/models/{{call}}", self._generate) for version in ("v1", "v1beta")]
        return [*generate, web.get("/v1beta/models", self._models)]

    def error_body(self, status: int, message: str) -> Any:
        return {"error": {"code": status, "message": message, "status": "FAILED"}}

    def authorise(self, exchange: Exchange) -> web.StreamResponse | None:
        return None if exchange.headers.get("x-goog-api-key") == self.api_key else self.refuse(401, "API key not valid.")

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        exchange = self.exchange_of(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        chunks: list[dict[str, Any]] = [{"candidates": [{"content": {"role": "model", "parts": [part]}}]} for part in self.parts]
        chunks.append({"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 4}})
        for sent, chunk in enumerate(chunks):
            await asyncio.sleep(self.pause_s if sent else self.first_after_s)
            if await self.damage(request, exchange.fault, sent):
                return response
            broken = exchange.fault is not None and exchange.fault.malformed_after is not None and sent >= exchange.fault.malformed_after
            await response.write(b'data: {"candid\r\n\r\n' if broken else b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n")
        await response.write_eof()
        return response

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"models": [{"name": "models/gemini-3.5-flash"}]})
