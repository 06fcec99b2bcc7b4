"""Gemini's text-to-speech wire: `streamGenerateContent` with audio parts."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import Any

from aiohttp import web

from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.server import FakeServer
from callstage_testing.fakes.tones import tone_speech

_RATE_HZ = 24000
_CHUNK_S = 0.2
_MIME = "audio/L16;codec=pcm;rate=24000"


class FakeGeminiSpeech(FakeServer):
    """Speaks tone bursts, 60 ms per character. `speed` is how many seconds of audio leave per second. Moments: `first_byte`, `done`."""

    def __init__(self, *, api_key: str = "gm-test", first_byte_s: float = 0.0, speed: float = 50.0, port: int = 0) -> None:
        super().__init__(port=port)
        self.api_key = api_key
        self.first_byte_s = first_byte_s
        self.speed = speed
        self.is_silent = False
        """True: end without a sound, with the finish reason OTHER."""

    @property
    def url(self) -> str:
        """The value for `GEMINI_BASE_URL`."""
        return self.base_url

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1beta/models/{call}", self._generate), web.get("/v1beta/models", self._models)]

    def error_body(self, status: int, message: str) -> Any:
        kinds = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED"}
        return {"error": {"code": status, "message": message, "status": kinds.get(status, "INTERNAL")}}

    def authorise(self, exchange: Exchange) -> web.StreamResponse | None:
        return None if exchange.headers.get("x-goog-api-key") == self.api_key else self.refuse(401, "API key not valid.")

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"models": [{"name": "models/gemini-3.8-flash-lite-tts"}]})

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        exchange = self.exchange_of(request)
        body: dict[str, Any] = exchange.json
        config: dict[str, Any] = body.get("generationConfig", {})
        if config.get("responseModalities") != ["AUDIO"] or "speechConfig" not in config:
            return self.refuse(400, "The requested combination of response modalities is not supported by the model.")
        text = "".join(part["text"] for content in body["contents"] for part in content["parts"])
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        audio = b"" if self.is_silent else tone_speech(text, _RATE_HZ)
        step = round(_RATE_HZ * _CHUNK_S) * 2
        due = exchange.received_at + self.first_byte_s
        for sent, start in enumerate(range(0, len(audio), step)):
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += _CHUNK_S / self.speed
            if await self.damage(request, exchange.fault, sent):
                return response
            broken = exchange.fault is not None and exchange.fault.malformed_after is not None and sent >= exchange.fault.malformed_after
            data = base64.b64encode(audio[start : start + step]).decode()
            await response.write(b'data: {"candid\r\n\r\n' if broken else _line([{"inlineData": {"mimeType": _MIME, "data": data}}]))
            if sent == 0:
                exchange.note("first_byte")
        await response.write(_line([], finishReason="OTHER" if self.is_silent else "STOP"))
        exchange.note("done")
        await response.write_eof()
        return response


def _line(parts: list[dict[str, Any]], **fields: Any) -> bytes:
    candidate = {"content": {"role": "model", "parts": parts}, **fields}
    return b"data: " + json.dumps({"candidates": [candidate]}).encode() + b"\r\n\r\n"
