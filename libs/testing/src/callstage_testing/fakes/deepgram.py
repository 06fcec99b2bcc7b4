"""Deepgram's live transcription sockets (`/v1/listen`, and `/v2/listen` of Flux); its voice is in `deepgram_speech`."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import WSMsgType, web

from callstage_testing.fakes.deepgram_flux import FluxSession, flux_problem
from callstage_testing.fakes.deepgram_session import ListenSession, SpeechMeter
from callstage_testing.fakes.deepgram_speech import DeepgramSpeech
from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.server import FakeServer
from callstage_testing.fakes.speech_conversation import converse

_ENCODINGS = ("linear16", "mulaw", "alaw")
_IDLE_LIMIT_S = 12.0
Script = Callable[[int], Sequence[str]]


class FakeDeepgram(FakeServer):
    """Says the scripted utterances, one for every stretch of speech that ends by `Finalize` or by its own endpoint.

    `transcripts` is the same list for every connection, or a function of the connection number (from 0). After its end the
    list starts again. With `shared=True` all connections consume one list (a reconnect goes on where it was).
    Moments noted: `speech_started`, `finalize`, `endpoint`, `final` (a final transcript left), `close`; of Flux `force_end_turn` and
    `end_of_turn`. Flux ends a turn itself `flux_end_of_turn_s` after a text that ends like a sentence.
    """

    def __init__(
        self,
        transcripts: Sequence[str] | Script = ("I would like to check my order.",),
        *,
        api_key: str = "dg-test",
        final_delay_s: float = 0.0,
        interim_every_s: float = 0.3,
        requires_speech: bool = True,
        shared: bool = False,
        speech_rms: float = 300.0,
        flux_end_of_turn_s: float = 0.26,
        port: int = 0,
    ) -> None:
        super().__init__(port=port)
        self.api_key = api_key
        self.final_delay_s = final_delay_s
        self.interim_every_s = interim_every_s
        self.requires_speech = requires_speech
        self.speech_rms = speech_rms
        self.flux_end_of_turn_s = flux_end_of_turn_s
        self.speech = DeepgramSpeech(self)
        self._script: Script = transcripts if callable(transcripts) else lambda _: transcripts
        self._shared = itertools.cycle(self._script(0)) if shared else None
        self._connections = itertools.count()

    @property
    def url(self) -> str:
        """The WebSocket base for `DEEPGRAM_BASE_URL`."""
        return self.ws_url

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/listen", self._listen),
            web.get("/v2/listen", self._turns),
            web.get("/v1/projects", self._projects),
            *self.speech.routes(),
        ]

    def error_body(self, status: int, message: str) -> Any:
        codes = {400: "Bad Request", 401: "INVALID_AUTH", 402: "ASR_PAYMENT_REQUIRED", 429: "TOO_MANY_REQUESTS"}
        return {"err_code": codes.get(status, "INTERNAL_SERVER_ERROR"), "err_msg": message, "request_id": "00000000-0000-4000-8000-000000000000"}

    def authorise(self, exchange: Exchange) -> web.StreamResponse | None:
        if exchange.headers.get("authorization", "").lower() == f"token {self.api_key}".lower():
            return None
        return self.refuse(401, "Invalid credentials.")

    async def _projects(self, _: web.Request) -> web.Response:
        return web.json_response({"projects": [{"project_id": "00000000-0000-4000-8000-000000000000", "name": "fake"}]})

    def _bad_query(self, query: dict[str, str]) -> str | None:
        if query.get("encoding") not in _ENCODINGS:
            return f"Invalid query string: encoding must be one of {', '.join(_ENCODINGS)}"
        rate = query.get("sample_rate", "")
        if not rate.isdigit() or not 8000 <= int(rate) <= 48000:
            return "Invalid query string: sample_rate is required with encoding"
        if query.get("channels", "1") != "1":
            return "Invalid query string: this fake hears one channel"
        return None

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        exchange = self.exchange_of(request)
        query = dict(exchange.query)
        problem = self._bad_query(query)
        if problem is not None:
            return self.refuse(400, problem)
        socket = web.WebSocketResponse(max_msg_size=4 * 1024 * 1024, heartbeat=None)
        await socket.prepare(request)
        self.track(socket)
        number = next(self._connections)
        texts = self._shared or itertools.cycle(self._script(number) or [""])
        meter = SpeechMeter(query["encoding"], int(query["sample_rate"]), self.speech_rms)
        session = ListenSession(query, meter, texts, interim_every_s=self.interim_every_s, requires_speech=self.requires_speech)
        try:
            await self._converse(request, socket, session, exchange)
        finally:
            self.untrack(socket)
        return socket

    async def _turns(self, request: web.Request) -> web.StreamResponse:
        problem = flux_problem(request.query)
        if problem is not None:
            return self.refuse(400, problem)
        texts = self._shared or itertools.cycle(self._script(next(self._connections)) or [""])
        session = FluxSession(request.query, texts, speech_rms=self.speech_rms, end_of_turn_s=self.flux_end_of_turn_s)
        return await converse(self, request, session, self.final_delay_s)

    async def _converse(self, request: web.Request, socket: web.WebSocketResponse, session: ListenSession, exchange: Exchange) -> None:
        sent = 0
        pending: list[tuple[float, dict[str, Any]]] = []
        heard_at = time.monotonic()
        while True:
            now = time.monotonic()
            while pending and pending[0][0] <= now:
                _, message = pending.pop(0)
                if await self.damage(request, exchange.fault, sent):
                    return
                await self._send(socket, exchange, message, sent)
                sent += 1
            wait_s = pending[0][0] - now if pending else _IDLE_LIMIT_S - (now - heard_at)
            if wait_s <= 0:
                await socket.close(code=1011, message=b"NET-0001")
                exchange.note("close", "idle")
                return
            try:
                received = await socket.receive(timeout=wait_s)
            except TimeoutError:
                continue
            heard_at = time.monotonic()
            if received.type is WSMsgType.BINARY:
                exchange.binary_bytes += len(received.data)
                messages = session.hear(received.data)
            elif received.type is WSMsgType.TEXT:
                messages = session.control(received.data)
                exchange.messages.append({"text": received.data})
            else:
                exchange.note("close", str(socket.close_code))
                return
            for name in session.take_events():
                exchange.note(name)
            for message in messages:
                delayed = message["type"] == "Results" and message["is_final"]
                pending.append((heard_at + (self.final_delay_s if delayed else 0.0), message))
            if session.closed:
                await self._finish(socket, exchange, pending, sent)
                return

    async def _send(self, socket: web.WebSocketResponse, exchange: Exchange, message: dict[str, Any], sent: int) -> None:
        fault = exchange.fault
        if fault is not None and fault.malformed_after is not None and sent >= fault.malformed_after:
            await socket.send_str('{"type":"Results","channel":')
            return
        if message["type"] == "Results" and message["is_final"]:
            # Noted before it leaves: whoever gets it may be quicker than the next line here.
            exchange.note("final", message["channel"]["alternatives"][0]["transcript"])
        await socket.send_str(json.dumps(message))

    async def _finish(self, socket: web.WebSocketResponse, exchange: Exchange, pending: list[tuple[float, dict[str, Any]]], sent: int) -> None:
        for due, message in pending:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._send(socket, exchange, message, sent)
            sent += 1
        exchange.note("close", "CloseStream")
        await socket.close(code=1000)
