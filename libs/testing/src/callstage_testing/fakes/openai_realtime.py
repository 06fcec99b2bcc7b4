"""OpenAI's realtime conversations (`/v1/realtime?model=…`): the session as a state machine, and the server."""

from __future__ import annotations

import base64
import binascii
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web

from callstage_testing.fakes.deepgram_session import SpeechMeter
from callstage_testing.fakes.openai import FakeOpenAI
from callstage_testing.fakes.openai_chunks import Reply, tokens_of
from callstage_testing.fakes.realtime_conversation import RealtimeConversation, Timed, converse_realtime
from callstage_testing.fakes.tones import speech_bytes

RealtimeBrain = Callable[[dict[str, Any]], Reply]
"""Sees `instructions`, `tools` (names) and `messages` (role, content) of the moment; decides the answer."""
_ENCODINGS = {"audio/pcmu": ("mulaw", "ulaw", 8000), "audio/pcma": ("alaw", "alaw", 8000), "audio/pcm": ("linear16", "pcm", 24_000)}
_MIN_COMMIT_S = 0.1
_CHUNK_S = 0.2


class RealtimeSession:
    """Manual turns only: audio is committed, answers are asked for. Wrong messages get the vendor's own error events."""

    def __init__(self, brain: RealtimeBrain, texts: Iterator[str], *, first_audio_s: float, speed: float, transcript_s: float) -> None:
        self.events: list[str] = []
        self.withdrawn: set[str] = set()
        self.close_with: tuple[int, str] | None = None
        self.session: dict[str, Any] = {"type": "realtime", "instructions": "", "tools": [], "audio": {"input": {}, "output": {}}}
        self.items: list[dict[str, Any]] = []
        self._brain = brain
        self._texts = texts
        self._first_audio_s = first_audio_s
        self._speed = speed
        self._transcript_s = transcript_s
        self._numbers = itertools.count(1)
        self._meter: SpeechMeter | None = None
        self._buffered_s = 0.0
        self._spoken_s = 0.0
        self._running: dict[str, Any] | None = None
        self._audio_ms: dict[str, float] = {}

    def opening(self) -> list[Timed]:
        return [self._event("session.created", session={**self.session, "object": "realtime.session", "id": self._id("sess")})]

    def control(self, text: str) -> list[Timed]:
        event: dict[str, Any] = {}
        try:
            event = json.loads(text)
            match event["type"]:
                case "session.update":
                    return self._update(event["session"])
                case "input_audio_buffer.append":
                    return self._append(base64.b64decode(event["audio"], validate=True))
                case "input_audio_buffer.commit":
                    return self._commit()
                case "conversation.item.create":
                    return self._create(event)
                case "conversation.item.delete":
                    return self._delete(event)
                case "conversation.item.truncate":
                    return self._truncate(event)
                case "response.create":
                    return self._respond(event)
                case "response.cancel":
                    return self._cancel(event)
                case kind:
                    return [self._error(f"Invalid value: '{kind}'.", "invalid_value", event)]
        except (ValueError, KeyError, TypeError, binascii.Error):
            return [self._error("The server could not read the event.", "invalid_event", event)]

    def left(self, message: dict[str, Any]) -> None:
        """Only what has left is in the conversation: a cancelled answer keeps what was sent of it."""
        kind = message["type"]
        if kind == "response.output_audio.delta":
            rate = self._speaking()[2] * (2 if self._speaking()[1] == "pcm" else 1)
            self._audio_ms[message["item_id"]] = self._audio_ms.get(message["item_id"], 0.0) + len(base64.b64decode(message["delta"])) * 1000 / rate
        elif kind == "response.output_audio_transcript.delta":
            self._item(message["item_id"])["content"][0]["transcript"] += message["delta"]
        elif kind == "response.output_item.added":
            self.items.append(message["item"])
        elif kind == "response.done":
            self._running = None

    def _update(self, session: dict[str, Any]) -> list[Timed]:
        if session.get("type") != "realtime":
            return [self._error("Missing required parameter: 'session.type'.", "missing_required_parameter", {})]
        for side in ("input", "output"):
            given = (session.get("audio") or {}).get(side) or {}
            if "format" in given and given["format"]["type"] not in _ENCODINGS:
                return [self._error(f"Invalid value for 'session.audio.{side}.format.type'.", "invalid_value", {})]
            self.session["audio"][side] |= given
        if self._meter is None:
            encoding, _, rate = _ENCODINGS[self.session["audio"]["input"].get("format", {"type": "audio/pcm"})["type"]]
            self._meter = SpeechMeter(encoding, rate, 300.0)
        self.session |= {name: value for name, value in session.items() if name != "audio"}
        return [self._event("session.updated", session=self.session)]

    def _append(self, audio: bytes) -> list[Timed]:
        encoding, _, rate = _ENCODINGS[self.session["audio"]["input"]["format"]["type"]]
        self._buffered_s += len(audio) / (rate * (2 if encoding == "linear16" else 1))
        for is_speech in self._meter.windows(audio) if self._meter else ():
            if is_speech and self._spoken_s == 0.0:
                self.events.append("speech_started")
            self._spoken_s += 0.02 if is_speech else 0.0
        return []

    def _commit(self) -> list[Timed]:
        if self._buffered_s < _MIN_COMMIT_S:
            had = f"{self._buffered_s * 1000:.2f}ms"
            said = f"Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has {had} of audio."
            return [self._error(said, "input_audio_buffer_commit_empty", {})]
        self.events.append("commit")
        text = next(self._texts) if self._spoken_s > 0 else ""
        item = {"id": self._id("item"), "type": "message", "role": "user", "content": [{"type": "input_audio", "transcript": text}]}
        previous = self.items[-1]["id"] if self.items else None
        self.items.append(item)
        self._buffered_s = self._spoken_s = 0.0
        transcribed = "conversation.item.input_audio_transcription"
        return [
            self._event("input_audio_buffer.committed", item_id=item["id"], previous_item_id=previous),
            self._event("conversation.item.added", item=item, previous_item_id=previous),
            self._event(f"{transcribed}.delta", self._transcript_s, item_id=item["id"], content_index=0, delta=text),
            self._event(f"{transcribed}.completed", self._transcript_s, item_id=item["id"], content_index=0, transcript=text),
        ]

    def _create(self, event: dict[str, Any]) -> list[Timed]:
        item, previous = dict(event["item"]), event.get("previous_item_id")
        wanted = {"user": "input_text", "system": "input_text", "assistant": "output_text"}
        if item["type"] == "message" and any(part["type"] != wanted[item["role"]] for part in item["content"]):
            return [self._error(f"Invalid value: supported values are: '{wanted[item['role']]}'.", "invalid_value", event)]
        if previous not in (None, "root") and all(known["id"] != previous for known in self.items):
            return [self._error(f"Error adding item: the previous item with id '{previous}' does not exist.", "item_create_invalid_item_id", event)]
        at = len(self.items) if previous is None else 0
        at = next((index + 1 for index, known in enumerate(self.items) if known["id"] == previous), at)
        self.items.insert(at, {"id": self._id("item"), **item})
        return [self._event("conversation.item.added", item=self.items[at], previous_item_id=previous)]

    def _delete(self, event: dict[str, Any]) -> list[Timed]:
        kept = [item for item in self.items if item["id"] != event["item_id"]]
        if len(kept) == len(self.items):
            return [self._error("Error deleting item: the item does not exist.", "item_delete_invalid_item_id", event)]
        self.items = kept
        return [self._event("conversation.item.deleted", item_id=event["item_id"])]

    def _truncate(self, event: dict[str, Any]) -> list[Timed]:
        item, end_ms = self._item(event["item_id"]), event["audio_end_ms"]
        has_ms = self._audio_ms.get(event["item_id"], 0.0)
        if item.get("role") != "assistant" or end_ms > has_ms + 1:
            return [self._error(f"Audio content of {has_ms:.0f}ms is already shorter than {end_ms}ms", "invalid_value", event)]
        words = item["content"][0]["transcript"].split(" ")
        item["content"][0]["transcript"] = " ".join(words[: round(len(words) * end_ms / has_ms)]) if has_ms else ""
        self._audio_ms[item["id"]] = end_ms
        self.events.append(f"truncated {end_ms}")
        return [self._event("conversation.item.truncated", item_id=item["id"], content_index=0, audio_end_ms=end_ms)]

    def _respond(self, event: dict[str, Any]) -> list[Timed]:
        if self._running is not None:
            return [self._error("Conversation already has an active response in progress.", "conversation_already_has_active_response", event)]
        self.events.append("response")
        reply = self._brain(self.context())
        response = {"id": self._id("resp"), "object": "realtime.response", "status": "in_progress", "output": []}
        self._running = response
        group = str(response["id"])
        if reply.error is not None:
            error = {"type": "server_error", "code": {429: "rate_limit_exceeded"}.get(reply.error.status, "server_error")}
            done = {**response, "status": "failed", "status_details": {"type": "failed", "error": error}}
            return [self._event("response.created", response=response), self._event("response.done", group=group, response=done)]
        messages = [self._event("response.created", response=response)]
        output, at_s = [], self._first_audio_s if reply.ttft_s is None else reply.ttft_s
        if reply.text:
            spoken, at_s, item = self._speech(group, reply.text, at_s)
            messages += spoken
            output.append(item)
        for call in reply.tool_calls:
            arguments = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)
            item = {"id": self._id("item"), "type": "function_call", "call_id": call.call_id or self._id("call"), "name": call.name, "arguments": ""}
            whole = {**item, "arguments": arguments, "status": "completed"}
            about = {"response_id": group, "output_index": len(output)}
            messages += [
                self._event("response.output_item.added", at_s, group, item=item, **about),
                self._event("response.function_call_arguments.done", at_s, group, item_id=item["id"], call_id=item["call_id"], arguments=arguments),
                self._event("response.output_item.done", at_s, group, item=whole, **about),
            ]
            output.append(whole)
        usage = {"total_tokens": 130, "input_tokens": 100, "output_tokens": 30}
        done = {**response, "status": "completed", "output": output, "usage": usage}
        return [*messages, self._event("response.done", at_s, group, response=done)]

    def _speech(self, group: str, text: str, at_s: float) -> tuple[list[Timed], float, dict[str, Any]]:
        """The transcript runs a little ahead of the sound, which comes faster than it plays."""
        _, encoding, rate = self._speaking()
        audio = speech_bytes(text, encoding, rate)
        step = round(rate * _CHUNK_S) * (2 if encoding == "pcm" else 1)
        pieces, tokens = [audio[at : at + step] for at in range(0, len(audio), step)], tokens_of(text)
        item = {"id": self._id("item"), "type": "message", "role": "assistant", "content": [{"type": "output_audio", "transcript": ""}]}
        about = {"response_id": group, "item_id": item["id"], "output_index": 0, "content_index": 0}
        messages = [self._event("response.output_item.added", at_s, group, response_id=group, output_index=0, item=item)]
        told = 0
        for index, piece in enumerate(pieces):
            until = max(told, min(len(tokens), round(len(tokens) * (index + 2) / len(pieces))))
            if until > told:
                delta = "".join(tokens[told:until])
                messages.append(self._event("response.output_audio_transcript.delta", at_s, group, delta=delta, **about))
                told = until
            messages.append(self._event("response.output_audio.delta", at_s, group, delta=base64.b64encode(piece).decode(), **about))
            at_s += _CHUNK_S / self._speed
        messages += [
            self._event("response.output_audio.done", at_s, group, **about),
            self._event("response.output_audio_transcript.done", at_s, group, transcript=text, **about),
            self._event("response.output_item.done", at_s, group, response_id=group, output_index=0, item={**item, "status": "completed"}),
        ]
        return messages, at_s, item

    def _cancel(self, event: dict[str, Any]) -> list[Timed]:
        if self._running is None:
            return [self._error("Cancellation failed: no active response found", "response_cancel_not_active", event)]
        self.events.append("cancelled")
        self.withdrawn.add(str(self._running["id"]))
        return [self._event("response.done", response={**self._running, "status": "cancelled", "status_details": {"type": "cancelled"}})]

    def context(self) -> dict[str, Any]:
        """What the model sees."""
        return {
            "instructions": self.session["instructions"],
            "tools": [tool["name"] for tool in self.session["tools"]],
            "messages": [_message(item) for item in self.items],
        }

    def _speaking(self) -> tuple[str, str, int]:
        return _ENCODINGS[self.session["audio"]["output"].get("format", {"type": "audio/pcm"})["type"]]

    def _item(self, item_id: str) -> dict[str, Any]:
        found = next((item for item in self.items if item["id"] == item_id), None)
        if found is None:
            raise KeyError(item_id)
        return found

    def _event(self, kind: str, after_s: float = 0.0, group: str = "", **fields: Any) -> Timed:
        return Timed({"type": kind, "event_id": self._id("event"), **fields}, after_s, group)

    def _error(self, said: str, code: str, event: dict[str, Any]) -> Timed:
        about = {"type": "invalid_request_error", "code": code, "message": said, "param": None, "event_id": event.get("event_id")}
        return self._event("error", error=about)

    def _id(self, kind: str) -> str:
        return f"{kind}_fake{next(self._numbers):06d}"


def _message(item: dict[str, Any]) -> dict[str, Any]:
    if item["type"] == "function_call":
        return {"role": "call", "content": item["name"], "id": item["call_id"]}
    if item["type"] == "function_call_output":
        return {"role": "tool", "content": item["output"], "id": item["call_id"]}
    part = item["content"][0]
    return {"role": item["role"], "content": part.get("transcript", part.get("text", "")), "is_audio": "transcript" in part}


class FakeOpenAIRealtime(FakeOpenAI):
    """As `FakeOpenAI`, and conversations: `brain` decides what is answered, the caller says `transcripts` one after the other, over all connections.

    Moments of a conversation: `speech_started`, `commit`, `response`, `cancelled`, `truncated <ms>`, `close`.
    """

    def __init__(self, brain: RealtimeBrain, *, first_audio_s: float = 0.0, speed: float = 50.0, **options: Any) -> None:
        super().__init__(**options)
        self.brain = brain
        self.first_audio_s = first_audio_s
        self.speed = speed
        self.sessions: list[RealtimeSession] = []
        """Every conversation so far, the newest last."""
        self.open_sockets: list[RealtimeConversation] = []
        self._said = 0

    async def _realtime(self, request: web.Request) -> web.StreamResponse:
        if "model" not in request.query:
            return await super()._realtime(request)
        session = RealtimeSession(
            self.brain,
            self._texts(),
            first_audio_s=self.first_audio_s,
            speed=self.speed,
            transcript_s=self.final_delay_s,
        )
        self.sessions.append(session)
        return await converse_realtime(self, request, session, self.open_sockets)

    def _texts(self) -> Iterator[str]:
        while True:
            text = self.transcripts[self._said % len(self.transcripts)]
            self._said += 1
            yield text
