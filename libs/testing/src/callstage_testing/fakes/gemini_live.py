"""Gemini's live wire (`BidiGenerateContent`): the session as a state machine, and the server."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aiohttp import web

from callstage_testing.fakes.deepgram_session import SpeechMeter
from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.openai_chunks import Reply, tokens_of
from callstage_testing.fakes.realtime_conversation import RealtimeConversation, Timed, converse_realtime
from callstage_testing.fakes.server import FakeServer
from callstage_testing.fakes.tones import speech_bytes

LiveBrain = Callable[[dict[str, Any]], Reply]
"""Sees `instructions`, `tools` (names) and `messages` (role, content) of the moment; decides the answer. An empty one: the model keeps silent."""
_RATE_HZ = 24_000
_CHUNK_S = 0.2
_CHANGES = "models/gemini-3.8"
_URL_ALPHABET = str.maketrans("-_", "+/")


class LiveSession:
    """Turns are told by the client. As with the vendor, an answer begins with the end of an activity, and a new activity interrupts it."""

    def __init__(self, fake: FakeGeminiLive, texts: Iterator[str]) -> None:
        self.events: list[str] = []
        self.withdrawn: set[str] = set()
        self.close_with: tuple[int, str] | None = None
        self.setup: dict[str, Any] = {}
        self.messages: list[dict[str, Any]] = []
        self._fake = fake
        self._texts = texts
        self._numbers = itertools.count(1)
        self._meter = SpeechMeter("linear16", 16_000, 300.0)
        self._is_open = False
        self._spoken_s = 0.0
        self._running = ""
        self._answer: dict[str, Any] | None = None
        self._pending: set[str] = set()
        self._awaits_history = False

    def opening(self) -> list[Timed]:
        return []

    def control(self, text: str) -> list[Timed]:
        body = json.loads(text)
        if not self.setup:
            return self._set_up(body)
        if (live := body.get("realtimeInput") or body.get("realtime_input")) is not None:
            return self._live(live)
        if (content := body.get("clientContent") or body.get("client_content")) is not None:
            return self._content(content)
        if (response := body.get("toolResponse") or body.get("tool_response")) is not None:
            return self._results(response.get("functionResponses") or response.get("function_responses"))
        if (update := body.get("contextUpdate") or body.get("context_update")) is not None and self._can_change:
            return self._update(update)
        return self._close(1007, "Request contains an invalid argument.")

    def left(self, message: dict[str, Any]) -> None:
        """Only what has left is remembered: an interrupted answer keeps what was sent of it."""
        content = message.get("serverContent") or {}
        if "modelTurn" in content and self._answer is None:
            self._answer = {"role": "model", "content": ""}
            self.messages.append(self._answer)
        if (told := content.get("outputTranscription")) and self._answer is not None:
            self._answer["content"] += told["text"]
        if "toolCall" in message:
            self._running, self._answer = "", None
            for call in message["toolCall"]["functionCalls"]:
                self._pending.add(call["id"])
                self.messages.append({"role": "call", "content": call["name"], "id": call["id"]})
        if content.get("turnComplete"):
            self._running, self._answer = "", None

    def context(self) -> dict[str, Any]:
        """What the model sees."""
        instruction = self.setup.get("systemInstruction") or {"parts": [{"text": ""}]}
        declared = [tool["name"] for part in self.setup.get("tools") or () for tool in part["functionDeclarations"]]
        return {"instructions": instruction["parts"][0]["text"], "tools": declared, "messages": self.messages}

    @property
    def _can_change(self) -> bool:
        return str(self.setup["model"]).startswith(_CHANGES)

    def _set_up(self, body: dict[str, Any]) -> list[Timed]:
        setup = body.get("setup")
        if setup is None or not str(setup.get("model", "")).startswith("models/"):
            return self._close(1007, "setup must be the first message and only the first.")
        self.setup = setup
        handle = (setup.get("sessionResumption") or {}).get("handle")
        if handle:
            if handle not in self._fake.handles:
                return self._close(1007, "Invalid session resumption handle.")
            self.messages = [*self._fake.handles[handle]]
            self.events.append("resumed")
        self._awaits_history = bool((setup.get("historyConfig") or {}).get("initialHistoryInClientContent"))
        return [Timed({"setupComplete": {}})]

    def _live(self, live: dict[str, Any]) -> list[Timed]:
        if self._awaits_history:
            return self._close(1007, "Initial history is not complete.")
        if "activityStart" in live or "activity_start" in live:
            self.events.append("activity_start")
            self._is_open, self._spoken_s = True, 0.0
            return self._interrupted()
        if "activityEnd" in live or "activity_end" in live:
            return self._activity_ended()
        if "text" in live:
            self.messages.append({"role": "user", "content": live["text"]})
            return [*self._interrupted(), *self._generate()]
        # The SDK writes the alphabet of addresses, others the usual one; the vendor reads both.
        audio = base64.b64decode(live["audio"]["data"].translate(_URL_ALPHABET))
        if self._is_open:
            self._spoken_s += sum(0.02 for is_speech in self._meter.windows(audio) if is_speech)
        return []

    def _activity_ended(self) -> list[Timed]:
        self.events.append("activity_end")
        self._is_open = False
        text = next(self._texts) if self._spoken_s > 0 else ""
        self.messages.append({"role": "user", "content": text, "is_audio": True})
        delay_s = self._fake.final_delay_s
        half = len(text) // 2
        heard = [Timed({"serverContent": {"inputTranscription": {"text": part}}}, delay_s) for part in (text[:half], text[half:]) if part]
        return [*heard, *self._generate()]

    def _content(self, content: dict[str, Any]) -> list[Timed]:
        turns, is_complete = content.get("turns") or [], content.get("turnComplete", content.get("turn_complete", False))
        if not self._awaits_history and not self._can_change:
            return self._close(1007, "Request contains an invalid argument.")
        self.messages += [{"role": turn["role"], "content": turn["parts"][0]["text"]} for turn in turns]
        if not is_complete:
            return []
        if self._awaits_history:
            self._awaits_history = False
            return []
        return [*self._interrupted(), *self._generate()]

    def _results(self, responses: list[dict[str, Any]]) -> list[Timed]:
        for response in responses:
            if response["id"] not in self._pending:
                return self._close(1007, "Function response does not match a function call.")
            self._pending.discard(response["id"])
            self.messages.append({"role": "tool", "content": json.dumps(response["response"]), "id": response["id"]})
        return [] if self._pending else self._generate()

    def _update(self, update: dict[str, Any]) -> list[Timed]:
        self.events.append("context_update")
        if "systemInstruction" in update:
            self.setup["systemInstruction"] = update["systemInstruction"]
        if "tools" in update:
            self.setup["tools"] = update["tools"]["tools"]
        return []

    def _generate(self) -> list[Timed]:
        self.events.append("generation")
        reply = self._fake.brain(self.context())
        group = self._running = f"generation{next(self._numbers)}"
        if reply.error is not None:
            return self._close(1011, "Resource has been exhausted (e.g. check quota).")
        messages: list[Timed] = []
        at_s = self._fake.first_audio_s if reply.ttft_s is None else reply.ttft_s
        audio = speech_bytes(reply.text, "pcm", _RATE_HZ)
        step = round(_RATE_HZ * _CHUNK_S) * 2
        pieces, tokens = [audio[at : at + step] for at in range(0, len(audio), step)], tokens_of(reply.text)
        told = 0
        for index, piece in enumerate(pieces):
            part = {"inlineData": {"mimeType": f"audio/pcm;rate={_RATE_HZ}", "data": base64.b64encode(piece).decode()}}
            messages.append(Timed({"serverContent": {"modelTurn": {"role": "model", "parts": [part]}}}, at_s, group))
            # The transcript comes behind the sound, and its last piece behind all of it.
            until = len(tokens) if index == len(pieces) - 1 else len(tokens) * index // len(pieces)
            if until > told:
                messages.append(Timed({"serverContent": {"outputTranscription": {"text": "".join(tokens[told:until])}}}, at_s, group))
                told = until
            at_s += _CHUNK_S / self._fake.speed
        if reply.tool_calls:
            calls = [
                {"id": call.call_id or f"call_{group}_{index}", "name": call.name, "args": call.arguments}
                for index, call in enumerate(reply.tool_calls)
            ]
            return [*messages, Timed({"toolCall": {"functionCalls": calls}, "usageMetadata": self._usage()}, at_s, group)]
        return [
            *messages,
            Timed({"serverContent": {"generationComplete": True}}, at_s, group),
            Timed({"serverContent": {"turnComplete": True}, "usageMetadata": self._usage()}, at_s, group),
            Timed({"sessionResumptionUpdate": {"newHandle": self._handle(group), "resumable": True}}, at_s, group),
        ]

    def _handle(self, group: str) -> str:
        """Filled when it is used: what the session held by then."""
        handle = f"handle-{id(self)}-{group}"
        self._fake.handles[handle] = self.messages
        return handle

    def _interrupted(self) -> list[Timed]:
        revoked = [{"toolCallCancellation": {"ids": sorted(self._pending)}}] if self._pending else []
        self._pending.clear()
        if not self._running:
            return [Timed(message) for message in revoked]
        self.events.append("interrupted")
        self.withdrawn.add(self._running)
        self._running, self._answer = "", None
        ends = [{"serverContent": {"interrupted": True}}, {"serverContent": {"turnComplete": True}}]
        return [Timed(message) for message in (*revoked, *ends)]

    def _close(self, code: int, reason: str) -> list[Timed]:
        self.close_with = (code, reason)
        return []

    @staticmethod
    def _usage() -> dict[str, int]:
        return {"promptTokenCount": 100, "responseTokenCount": 30, "totalTokenCount": 130}


class FakeGeminiLive(FakeServer):
    """`brain` decides what is answered; the caller says `transcripts` one after the other, over all connections.

    `speed`: seconds of sound that leave in a second.

    Moments: `activity_start`, `activity_end`, `generation`, `interrupted`, `context_update`, `resumed`, `close`.
    """

    def __init__(
        self,
        brain: LiveBrain,
        *,
        api_key: str = "gm-test",
        transcripts: Sequence[str] = ("hello there",),
        final_delay_s: float = 0.0,
        first_audio_s: float = 0.0,
        speed: float = 50.0,
        port: int = 0,
    ) -> None:
        super().__init__(port=port)
        self.brain = brain
        self.api_key = api_key
        self.transcripts = list(transcripts)
        self.final_delay_s = final_delay_s
        self.first_audio_s = first_audio_s
        self.speed = speed
        self.handles: dict[str, list[dict[str, Any]]] = {}
        self.sessions: list[LiveSession] = []
        """Every session so far, the newest last."""
        self.open_sockets: list[RealtimeConversation] = []
        self._said = 0

    @property
    def url(self) -> str:
        """The value for `GEMINI_BASE_URL`."""
        return self.base_url

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/ws/google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContent", self._live)]

    def error_body(self, status: int, message: str) -> Any:
        kinds = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED"}
        return {"error": {"code": status, "message": message, "status": kinds.get(status, "INTERNAL")}}

    def authorise(self, exchange: Exchange) -> web.StreamResponse | None:
        given = exchange.headers.get("x-goog-api-key") or exchange.query.get("key")
        return None if given == self.api_key else self.refuse(401, "API key not valid.")

    async def _live(self, request: web.Request) -> web.StreamResponse:
        session = LiveSession(self, self._texts())
        self.sessions.append(session)
        return await converse_realtime(self, request, session, self.open_sockets)

    def _texts(self) -> Iterator[str]:
        while True:
            text = self.transcripts[self._said % len(self.transcripts)]
            self._said += 1
            yield text
