"""Deepgram's text-to-speech wire (`/v1/speak`) and its list of models, as part of a fake Deepgram."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiohttp import web

from callstage_testing.fakes.server import FakeServer
from callstage_testing.fakes.tones import speech_bytes

_ENCODINGS = {"linear16": "pcm", "mulaw": "ulaw", "alaw": "alaw"}
_RATES = {"linear16": (8000, 16000, 24000, 32000, 48000), "mulaw": (8000, 16000), "alaw": (8000, 16000)}
_CHUNK_S = 0.2
_MAX_CHARACTERS = 2000
_WAV_HEADER_BYTES = 44


class DeepgramSpeech:
    """Speaks tone bursts, 60 ms per character. `speed` is how many seconds of audio leave per second. Moments: `first_byte`, `done`."""

    def __init__(self, server: FakeServer, *, first_byte_s: float = 0.0, speed: float = 50.0) -> None:
        self.first_byte_s = first_byte_s
        self.speed = speed
        self.voices = ("aura-2-thalia-en", "aura-2-apollo-en", "aura-2-celeste-es")
        self._server = server

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/speak", self._speak), web.get("/v1/models", self._models)]

    def _problem(self, query: dict[str, str], body: dict[str, Any]) -> str | None:
        encoding, rate = query.get("encoding", ""), query.get("sample_rate", "")
        if not query.get("model", "").startswith("aura-"):
            return "No such model/version combination found."
        if encoding not in _ENCODINGS or not rate.isdigit() or int(rate) not in _RATES[encoding]:
            return "Unsupported audio format: encoding and sample_rate do not go together."
        if not isinstance(body.get("text"), str) or not body["text"] or len(body["text"]) > _MAX_CHARACTERS:
            return f"Failed to parse: text must have 1 to {_MAX_CHARACTERS} characters."
        return None

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        exchange = self._server.exchange_of(request)
        query, body = dict(exchange.query), exchange.json
        problem = self._problem(query, body)
        if problem is not None:
            return self._server.refuse(400, problem)
        encoding, rate_hz = query["encoding"], int(query["sample_rate"])
        response = web.StreamResponse(headers={"Content-Type": f"audio/{encoding}", "dg-char-count": str(len(body["text"]))})
        await response.prepare(request)
        if query.get("container", "wav") == "wav":
            await response.write(b"RIFF" + bytes(_WAV_HEADER_BYTES - 4))
        audio = speech_bytes(body["text"], _ENCODINGS[encoding], rate_hz)
        step = round(rate_hz * _CHUNK_S) * (2 if encoding == "linear16" else 1)
        due = exchange.received_at + self.first_byte_s
        for sent, start in enumerate(range(0, len(audio), step)):
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += _CHUNK_S / self.speed
            if await self._server.damage(request, exchange.fault, sent):
                return response
            await response.write(audio[start : start + step])
            if sent == 0:
                exchange.note("first_byte")
        exchange.note("done")
        await response.write_eof()
        return response

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"stt": [], "tts": [self._model(voice) for voice in self.voices]})

    @staticmethod
    def _model(voice: str) -> dict[str, Any]:
        _, _, name, language = voice.split("-")
        tags = ["masculine" if name == "apollo" else "feminine", "Clear"]
        return {
            "name": name,
            "canonical_name": voice,
            "architecture": "aura-2",
            "languages": [language, f"{language}-US"],
            "version": "2025-04-07.0",
            "uuid": "00000000-0000-4000-8000-000000000000",
            "metadata": {"accent": "American", "tags": tags},
        }
