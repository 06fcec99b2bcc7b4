"""OpenAI's wire: chat completions (SSE and plain), responses (SSE), speech, transcriptions (files and realtime), models."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.openai_chunks import Reply, ToolCall, complete, stream_chunks
from callstage_testing.fakes.openai_responses import TOKEN_EVENTS, response_events
from callstage_testing.fakes.openai_transcription import TranscriptionSession
from callstage_testing.fakes.server import FakeServer
from callstage_testing.fakes.speech_conversation import converse
from callstage_testing.fakes.tones import tone_speech

__all__ = ["Brain", "FakeOpenAI", "Reply", "ToolCall", "fixed_brain"]

Brain = Callable[[dict[str, Any]], Reply]
_DEFAULT_TEXT = "Of course, I can help you with that. What is your order number?"
_SPEECH_RATE_HZ = 24000
_MAX_SPEECH_CHARACTERS = 4096


def fixed_brain(text: str = _DEFAULT_TEXT) -> Brain:
    """A model that always says the same."""

    def answer(_: dict[str, Any]) -> Reply:
        return Reply(text=text)

    return answer


class FakeOpenAI(FakeServer):
    """`reply` sees the decoded request and decides the answer; `ttft_s` and `tokens_per_s` are the pace unless the reply has its own.

    Moments noted per chat request: `first_token`, `first_sentence` (the token that ends it leaves), `done`; per realtime
    transcription: `speech_started`, `commit`, `final` (a completed transcript left, `final_delay_s` after its commit), `close`.
    """

    def __init__(
        self,
        reply: Brain | None = None,
        *,
        api_key: str = "sk-test",
        ttft_s: float = 0.0,
        tokens_per_s: float = 2000.0,
        speech_first_byte_s: float = 0.0,
        speech_speed: float = 50.0,
        transcripts: Sequence[str] = ("hello there",),
        final_delay_s: float = 0.0,
        interim_every_s: float = 0.3,
        requires_speech: bool = True,
        speech_rms: float = 300.0,
        models: Sequence[str] = ("gpt-5-mini", "gpt-4o-mini-tts", "gpt-transcribe"),
        port: int = 0,
    ) -> None:
        super().__init__(port=port)
        self.reply: Brain = reply or fixed_brain()
        self.api_key = api_key
        self.ttft_s = ttft_s
        self.tokens_per_s = tokens_per_s
        self.speech_first_byte_s = speech_first_byte_s
        self.speech_speed = speech_speed
        self.transcripts = list(transcripts)
        self.final_delay_s = final_delay_s
        self.interim_every_s = interim_every_s
        self.requires_speech = requires_speech
        self.speech_rms = speech_rms
        self.models = list(models)
        self._transcribed = 0

    @property
    def url(self) -> str:
        """The value for `OPENAI_BASE_URL`."""
        return f"{self.base_url}/v1"

    def routes(self) -> list[web.RouteDef]:
        routes: list[web.RouteDef] = []
        # Groq serves the same API below /openai/v1.
        for prefix in ("/v1", "/openai/v1"):
            routes += [
                web.get(f"{prefix}/realtime", self._realtime),
                web.post(f"{prefix}/chat/completions", self._chat),
                web.post(f"{prefix}/responses", self._responses),
                web.post(f"{prefix}/audio/speech", self._speech),
                web.post(f"{prefix}/audio/transcriptions", self._transcribe),
                web.get(f"{prefix}/models", self._models),
            ]
        return routes

    def error_body(self, status: int, message: str) -> Any:
        kinds = {401: "invalid_request_error", 429: "rate_limit_exceeded", 400: "invalid_request_error", 404: "invalid_request_error"}
        codes = {401: "invalid_api_key", 429: "rate_limit_exceeded", 404: "model_not_found"}
        return {"error": {"message": message, "type": kinds.get(status, "server_error"), "param": None, "code": codes.get(status)}}

    def authorise(self, exchange: Exchange) -> web.StreamResponse | None:
        if exchange.headers.get("authorization") == f"Bearer {self.api_key}":
            return None
        return self.refuse(401, "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.")

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        exchange = self.exchange_of(request)
        try:
            body: dict[str, Any] = exchange.json
        except ValueError:
            return self.refuse(400, "We could not parse the JSON body of your request.")
        if not body.get("messages") or "model" not in body:
            return self.refuse(400, "Missing required parameter: 'messages' or 'model'.")
        reply = self.reply(body)
        if reply.error is not None:
            return self.refuse(reply.error.status, reply.error.message)
        exchange.fault = reply.fault or exchange.fault
        if body.get("stream"):
            return await self._stream(request, body, reply)
        await asyncio.sleep(self._ttft(reply))
        return web.json_response(complete(body, reply))

    def _ttft(self, reply: Reply) -> float:
        return self.ttft_s if reply.ttft_s is None else reply.ttft_s

    async def _stream(self, request: web.Request, body: dict[str, Any], reply: Reply) -> web.StreamResponse:
        exchange = self.exchange_of(request)
        fault = exchange.fault
        pace_s = 1.0 / (reply.tokens_per_s or self.tokens_per_s)
        started = exchange.received_at
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"})
        await response.prepare(request)
        due = started + self._ttft(reply)
        for sent, chunk in enumerate(stream_chunks(body, reply)):
            if chunk.is_token:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                due += pace_s
            if await self.damage(request, fault, sent):
                return response
            broken = fault is not None and fault.malformed_after is not None and sent >= fault.malformed_after
            # Noted before it leaves: whoever gets it may be quicker than the next line here.
            if chunk.is_token and exchange.at("first_token") is None:
                exchange.note("first_token")
            if chunk.ends_sentence and exchange.at("first_sentence") is None:
                exchange.note("first_sentence")
            await response.write(b'data: {"id": "chatcmpl-\n\n' if broken else chunk.line)
        exchange.note("done")
        await response.write_eof()
        return response

    async def _responses(self, request: web.Request) -> web.StreamResponse:
        exchange = self.exchange_of(request)
        body: dict[str, Any] = exchange.json
        if not body.get("input") or "model" not in body or not body.get("stream"):
            return self.refuse(400, "Missing required parameter: 'input', 'model' or 'stream'.")
        if "messages" in body or "max_completion_tokens" in body or "reasoning_effort" in body:
            return self.refuse(400, "Unknown parameter: this belongs to chat completions.")
        reply = self.reply(body)
        if reply.error is not None:
            return self.refuse(reply.error.status, reply.error.message)
        fault = exchange.fault = reply.fault or exchange.fault
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"})
        await response.prepare(request)
        due = exchange.received_at + self._ttft(reply)
        for sent, event in enumerate(response_events(body, reply)):
            is_token = event["type"] in TOKEN_EVENTS
            if is_token:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                due += 1.0 / (reply.tokens_per_s or self.tokens_per_s)
            if await self.damage(request, fault, sent):
                return response
            broken = fault is not None and fault.malformed_after is not None and sent >= fault.malformed_after
            await response.write(b'data: {"type": "resp\n\n' if broken else f"event: {event['type']}\n".encode() + _event(event))
            if is_token and exchange.at("first_token") is None:
                exchange.note("first_token")
        exchange.note("done")
        await response.write_eof()
        return response

    async def _speech(self, request: web.Request) -> web.StreamResponse:
        exchange = self.exchange_of(request)
        body: dict[str, Any] = exchange.json
        text = str(body.get("input", ""))
        if not text or len(text) > _MAX_SPEECH_CHARACTERS:
            return self.refuse(400, f"Invalid 'input': expected 1 to {_MAX_SPEECH_CHARACTERS} characters.")
        if body.get("response_format", "mp3") != "pcm":
            return self.refuse(400, "This fake speaks response_format 'pcm' only.")
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        await response.prepare(request)
        audio = tone_speech(text, _SPEECH_RATE_HZ)
        step = _SPEECH_RATE_HZ * 2 // 10
        due = exchange.received_at + self.speech_first_byte_s
        for sent, start in enumerate(range(0, len(audio), step)):
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += 0.1 / self.speech_speed
            if await self.damage(request, exchange.fault, sent):
                return response
            await response.write(audio[start : start + step])
            if sent == 0:
                exchange.note("first_byte")
        exchange.note("done")
        await response.write_eof()
        return response

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if "file" not in form or "model" not in form:
            return self.refuse(400, "Missing required parameter: 'file' or 'model'.")
        text = self.transcripts[self._transcribed % len(self.transcripts)]
        self._transcribed += 1
        if form.get("response_format") == "text":
            return web.Response(text=text + "\n")
        if form.get("stream") == "true":
            return await self._stream_transcript(request, text)
        return web.json_response({"text": text, "usage": {"type": "duration", "seconds": 1}})

    async def _stream_transcript(self, request: web.Request, text: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        for word in text.split(" "):
            await response.write(_event({"type": "transcript.text.delta", "delta": word + " "}))
        await response.write(_event({"type": "transcript.text.done", "text": text}))
        await response.write_eof()
        return response

    async def _realtime(self, request: web.Request) -> web.StreamResponse:
        """Every connection says the transcripts from the first one on."""
        if request.query.get("intent") != "transcription":
            return self.refuse(400, "This fake speaks realtime transcription only: intent=transcription.")
        session = TranscriptionSession(
            itertools.cycle(self.transcripts),
            interim_every_s=self.interim_every_s,
            requires_speech=self.requires_speech,
            speech_rms=self.speech_rms,
        )
        return await converse(self, request, session, self.final_delay_s)

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"object": "list", "data": [{"id": name, "object": "model", "created": 1, "owned_by": "fake"} for name in self.models]}
        )


def _event(payload: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(payload).encode() + b"\n\n"
