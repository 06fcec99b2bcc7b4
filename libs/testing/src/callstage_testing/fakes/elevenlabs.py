"""ElevenLabs' wire: text-to-speech by HTTP streaming and the stream-input WebSocket, realtime transcription, the voice list."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from aiohttp import WSMsgType, web

from callstage_testing.fakes.elevenlabs_scribe import ScribeSession, scribe_problem
from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.server import FakeServer
from callstage_testing.fakes.speech_conversation import converse
from callstage_testing.fakes.tones import SECONDS_PER_CHARACTER, speech_bytes

_CHUNK_S = 0.2
_TRIGGER_CHARACTERS = (120, 160, 250, 290)
_SENTENCE_ENDS = (".", "!", "?")


def parse_format(name: str) -> tuple[str, int] | None:
    """`pcm_16000` → (`pcm`, 16000); None for what this fake cannot make."""
    kind, _, rate = name.partition("_")
    return (kind, int(rate)) if kind in ("pcm", "ulaw", "alaw") and rate.isdigit() else None


class FakeElevenLabs(FakeServer):
    """Speaks tone bursts, 60 ms per character. `speed` is how many seconds of audio leave per second.

    Moments noted: `text` (a piece to speak is complete), `first_byte` (of that piece), `done`; of transcriptions `speech_started`,
    `commit`, `final` (a committed transcript left, `final_delay_s` after its commit), `close`.
    """

    def __init__(
        self,
        *,
        api_key: str = "el-test",
        first_byte_s: float = 0.0,
        speed: float = 50.0,
        voices: tuple[str, ...] = ("Rachel", "Adam"),
        transcripts: Sequence[str] = ("hello there",),
        final_delay_s: float = 0.0,
        interim_every_s: float = 0.3,
        requires_speech: bool = True,
        answers_silence: bool = True,
        speech_rms: float = 300.0,
        port: int = 0,
    ) -> None:
        super().__init__(port=port)
        self.api_key = api_key
        self.first_byte_s = first_byte_s
        self.speed = speed
        self.voices = voices
        self.times_restart = False
        """True: `with-timestamps` counts each chunk's times from the start of the chunk, not of the text."""
        self.transcripts = list(transcripts)
        self.final_delay_s = final_delay_s
        self.interim_every_s = interim_every_s
        self.requires_speech = requires_speech
        self.answers_silence = answers_silence
        self.speech_rms = speech_rms

    @property
    def url(self) -> str:
        """The value for `ELEVENLABS_BASE_URL`."""
        return self.base_url

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/text-to-speech/{voice}/stream", self._stream),
            web.post("/v1/text-to-speech/{voice}/stream/with-timestamps", self._stream),
            web.post("/v1/text-to-speech/{voice}", self._stream),
            web.get("/v1/text-to-speech/{voice}/stream-input", self._stream_input),
            web.get("/v1/voices", self._voices),
            web.get("/v1/models", self._models),
            web.get("/v1/speech-to-text/realtime", self._transcribe),
        ]

    def error_body(self, status: int, message: str) -> Any:
        codes = {401: "invalid_api_key", 429: "too_many_concurrent_requests", 404: "voice_not_found"}
        return {"detail": {"status": codes.get(status, "error"), "message": message}}

    def authorise(self, exchange: Exchange) -> web.StreamResponse | None:
        # The stream-input socket may also carry the key in its first message, which a browser client needs.
        if exchange.headers.get("xi-api-key") == self.api_key or (exchange.path.endswith("/stream-input") and "xi-api-key" not in exchange.headers):
            return None
        return self.refuse(401, "Invalid API key")

    async def _voices(self, _: web.Request) -> web.Response:
        voices = [{"voice_id": name.lower(), "name": name, "category": "premade", "labels": {}} for name in self.voices]
        return web.json_response({"voices": voices})

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response([{"model_id": "eleven_flash_v2_5", "can_do_text_to_speech": True}])

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        exchange = self.exchange_of(request)
        audio_format = parse_format(exchange.query.get("output_format", "mp3_44100_128"))
        if audio_format is None:
            return self.refuse(400, "This fake makes pcm_*, ulaw_8000 and alaw_8000 only.")
        try:
            text = str(exchange.json["text"])
        except (ValueError, KeyError, TypeError):
            return self.refuse(422, "text is required")
        exchange.note("text", text)
        is_timed = exchange.path.endswith("/with-timestamps")
        kind = "application/json" if is_timed else "audio/pcm" if audio_format[0] == "pcm" else "audio/basic"
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        due = exchange.received_at + self.first_byte_s
        for sent, piece in enumerate(_pieces(text, *audio_format)):
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += _CHUNK_S / self.speed
            if await self.damage(request, exchange.fault, sent):
                return response
            broken = exchange.fault is not None and exchange.fault.malformed_after is not None and sent >= exchange.fault.malformed_after
            timed = b'{"audio_base64": "@@\n' if broken else _timed_line(piece, text, sent, times_restart=self.times_restart)
            if sent == 0:
                exchange.note("first_byte")
            await response.write(timed if is_timed else piece)
        exchange.note("done")
        await response.write_eof()
        return response

    async def _stream_input(self, request: web.Request) -> web.StreamResponse:
        exchange = self.exchange_of(request)
        audio_format = parse_format(exchange.query.get("output_format", "mp3_44100_128"))
        if audio_format is None:
            return self.refuse(400, "This fake makes pcm_*, ulaw_8000 and alaw_8000 only.")
        socket = web.WebSocketResponse(max_msg_size=1024 * 1024)
        await socket.prepare(request)
        self.track(socket)
        try:
            await _InputSession(self, request, socket, exchange, audio_format).run()
        finally:
            self.untrack(socket)
        return socket

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        """Every connection says the transcripts from the first one on."""
        problem = scribe_problem(request.query)
        if problem is not None:
            return self.refuse(400, problem)
        session = ScribeSession(
            request.query,
            itertools.cycle(self.transcripts),
            interim_every_s=self.interim_every_s,
            requires_speech=self.requires_speech,
            speech_rms=self.speech_rms,
            answers_silence=self.answers_silence,
        )
        return await converse(self, request, session, self.final_delay_s)


class _InputSession:
    """One stream-input connection: collects text, speaks it in order, one piece after the other."""

    def __init__(self, fake: FakeElevenLabs, request: web.Request, socket: web.WebSocketResponse, exchange: Exchange, audio: tuple[str, int]) -> None:
        self._fake = fake
        self._request = request
        self._socket = socket
        self._exchange = exchange
        self._encoding, self._rate_hz = audio
        self._idle_s = float(exchange.query.get("inactivity_timeout", "20"))
        self._auto = exchange.query.get("auto_mode") == "true"
        self._buffer = ""
        self._spoken = 0
        self._sent = 0
        self._outbox: deque[tuple[float, str, str]] = deque()
        self._free_at = 0.0
        self._authorised = exchange.headers.get("xi-api-key") == fake.api_key
        self._ending = False

    async def run(self) -> None:
        heard_at = time.monotonic()
        while not self._socket.closed:
            if not await self._flush_due():
                return
            if self._ending and not self._outbox:
                await self._socket.send_str('{"audio":null,"isFinal":true,"normalizedAlignment":null,"alignment":null}')
                self._exchange.note("done")
                await self._socket.close(code=1000)
                return
            now = time.monotonic()
            idle_left_s = self._idle_s - (now - heard_at)
            if idle_left_s <= 0 and not self._outbox:
                await self._fail("input_timeout_exceeded", f"This connection was closed after {self._idle_s:g} seconds of inactivity.")
                return
            wait_s = self._outbox[0][0] - now if self._outbox else idle_left_s
            try:
                received = await self._socket.receive(timeout=max(0.0005, wait_s))
            except TimeoutError:
                continue
            heard_at = time.monotonic()
            if received.type is not WSMsgType.TEXT:
                self._exchange.outcome = "done" if self._ending else "client_gone"
                return
            if not await self._hear(received.data):
                return

    async def _hear(self, data: str) -> bool:
        try:
            message: dict[str, Any] = json.loads(data)
            text = str(message["text"])
        except (ValueError, KeyError, TypeError):
            await self._fail("invalid_message", "Received an invalid message; 'text' is required.")
            return False
        self._exchange.messages.append(message)
        self._authorised = self._authorised or message.get("xi_api_key") == self._fake.api_key
        if not self._authorised:
            await self._fail("invalid_api_key", "Invalid API key")
            return False
        if text == "":
            self._speak(self._buffer)
            self._ending = True
            return True
        self._buffer += text if text != " " or self._buffer else ""
        limit = _TRIGGER_CHARACTERS[min(self._spoken, len(_TRIGGER_CHARACTERS) - 1)]
        complete = self._auto and self._buffer.rstrip().endswith(_SENTENCE_ENDS)
        if message.get("flush") or complete or len(self._buffer) >= limit:
            self._speak(self._buffer)
        return True

    def _speak(self, text: str) -> None:
        self._buffer = ""
        if not text.strip():
            return
        self._spoken += 1
        asked_at = self._exchange.note("text", text)
        due = max(asked_at + self._fake.first_byte_s, self._free_at)
        for index, piece in enumerate(_pieces(text.strip(), self._encoding, self._rate_hz)):
            characters = text.strip() if index == 0 else ""
            self._outbox.append((due, _audio_message(piece, characters), "first_byte" if index == 0 else ""))
            due += _CHUNK_S / self._fake.speed
        self._free_at = due

    async def _flush_due(self) -> bool:
        while self._outbox and self._outbox[0][0] <= time.monotonic():
            _, message, moment = self._outbox.popleft()
            fault = self._exchange.fault
            if await self._fake.damage(self._request, fault, self._sent):
                return False
            if fault is not None and fault.malformed_after is not None and self._sent >= fault.malformed_after:
                message = '{"audio":"@@not base64@@","isFinal":'
            if moment:
                # Noted before it leaves: whoever gets it may be quicker than the next line here.
                self._exchange.note(moment)
            await self._socket.send_str(message)
            self._sent += 1
        return True

    async def _fail(self, error: str, message: str) -> None:
        await self._socket.send_str(json.dumps({"message": message, "error": error, "code": 1008}))
        await self._socket.close(code=1008, message=message.encode()[:120])


def _pieces(text: str, encoding: str, rate_hz: int) -> list[bytes]:
    audio = speech_bytes(text, encoding, rate_hz)
    step = round(rate_hz * _CHUNK_S) * (2 if encoding == "pcm" else 1)
    return [audio[start : start + step] for start in range(0, len(audio), step)]


def _timed_line(piece: bytes, text: str, sent: int, *, times_restart: bool) -> bytes:
    """One line of `with-timestamps`: a chunk of audio with the characters that begin in it."""
    starts = [index * SECONDS_PER_CHARACTER for index in range(len(text))]
    inside = [index for index, start in enumerate(starts) if int(start / _CHUNK_S + 1e-9) == sent]
    offset = sent * _CHUNK_S if times_restart else 0.0
    alignment = {
        "characters": [text[index] for index in inside],
        "character_start_times_seconds": [round(starts[index] - offset, 3) for index in inside],
        "character_end_times_seconds": [round(starts[index] + SECONDS_PER_CHARACTER - offset, 3) for index in inside],
    }
    body = {"audio_base64": base64.b64encode(piece).decode(), "alignment": alignment if inside else None, "normalized_alignment": None}
    return json.dumps(body).encode() + b"\n"


def _audio_message(piece: bytes, characters: str) -> str:
    """The whole alignment of a piece of text goes with its first audio."""
    each_ms = round(SECONDS_PER_CHARACTER * 1000)
    starts = [index * each_ms for index in range(len(characters))]
    alignment = {"charStartTimesMs": starts, "charDurationsMs": [each_ms] * len(starts), "chars": list(characters)} if characters else None
    body = {"audio": base64.b64encode(piece).decode(), "isFinal": None, "normalizedAlignment": alignment, "alignment": alignment}
    return json.dumps(body)
