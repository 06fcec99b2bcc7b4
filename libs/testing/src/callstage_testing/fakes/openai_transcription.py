"""OpenAI's realtime transcription session (`/v1/realtime?intent=transcription`) as a state machine."""

from __future__ import annotations

import base64
import binascii
import itertools
import json
from collections.abc import Iterator
from typing import Any

from callstage_testing.fakes.deepgram_session import SpeechMeter
from callstage_testing.fakes.speech_conversation import Outgoing, Utterances

_STREAMING_MODELS = ("gpt-live-transcribe", "gpt-realtime-whisper")
_ENCODINGS = {"audio/pcmu": ("mulaw", 8000), "audio/pcma": ("alaw", 8000), "audio/pcm": ("linear16", 24_000)}
_MIN_COMMIT_S = 0.1
_WINDOW_S = 0.02


class TranscriptionSession:
    """Streaming models send deltas while they hear speech, the others after the commit. Only manual commits: no turn detection."""

    def __init__(self, texts: Iterator[str], *, interim_every_s: float, requires_speech: bool, speech_rms: float) -> None:
        self.events: list[str] = []
        self.closed = False
        self._said = Utterances(texts)
        self._interim_s = interim_every_s
        self._requires_speech = requires_speech
        self._speech_rms = speech_rms
        self._numbers = itertools.count(1)
        self._model = ""
        self._rate = 0.0
        self._meter: SpeechMeter | None = None
        self._item = self._id("item")
        self._previous: str | None = None
        self._buffered_s = 0.0
        self._spoken_s = 0.0
        self._sent_words = 0

    def opening(self) -> list[Outgoing]:
        return [self._event("session.created", session={"type": "transcription", "object": "realtime.transcription_session", "id": self._id("sess")})]

    def hear(self, audio: bytes) -> list[Outgoing]:
        return [self._error("Binary messages are not supported.", "invalid_message")]

    def control(self, text: str) -> list[Outgoing]:
        try:
            event = json.loads(text)
            kind = event["type"]
            match kind:
                case "session.update":
                    return self._update(event["session"])
                case "input_audio_buffer.append":
                    return self._append(base64.b64decode(event["audio"], validate=True))
                case "input_audio_buffer.commit":
                    return self._commit()
                case "input_audio_buffer.clear":
                    self._buffered_s = self._spoken_s = 0.0
                    return [self._event("input_audio_buffer.cleared")]
                case _:
                    return [self._error(f"Invalid value: '{kind}'.", "invalid_value")]
        except (ValueError, KeyError, TypeError, binascii.Error):
            return [self._error("The server could not read the event.", "invalid_event")]

    def _update(self, session: dict[str, Any]) -> list[Outgoing]:
        if session["type"] != "transcription":
            return [self._error("Passing a realtime session update event to a transcription session is not allowed.", "invalid_parameter")]
        given = session["audio"]["input"]
        if given.get("turn_detection") is not None:
            return [self._error("Turn detection is not supported for this transcription model.", "invalid_parameter")]
        encoding, rate_hz = _ENCODINGS[given["format"]["type"]]
        self._model = given["transcription"]["model"]
        self._rate = rate_hz * (2.0 if encoding == "linear16" else 1.0)
        self._meter = SpeechMeter(encoding, rate_hz, self._speech_rms)
        return [self._event("session.updated", session={"object": "realtime.transcription_session", "id": self._id("sess"), **session})]

    def _append(self, audio: bytes) -> list[Outgoing]:
        if self._meter is None:
            return [self._error("The session has no transcription model.", "invalid_parameter")]
        self._buffered_s += len(audio) / self._rate
        messages: list[Outgoing] = []
        for is_speech in self._meter.windows(audio):
            if not is_speech:
                continue
            if self._spoken_s == 0.0:
                self.events.append("speech_started")
            before, self._spoken_s = self._spoken_s, self._spoken_s + _WINDOW_S
            if self._model in _STREAMING_MODELS and int(before / self._interim_s) != int(self._spoken_s / self._interim_s):
                messages += self._delta(self._said.partial(self._spoken_s))
        return messages

    def _commit(self) -> list[Outgoing]:
        if self._buffered_s < _MIN_COMMIT_S:
            had_ms = self._buffered_s * 1000
            too_small = f"buffer too small. Expected at least 100ms of audio, but buffer only has {had_ms:.2f}ms of audio."
            return [self._error(f"Error committing input audio buffer: {too_small}", "input_audio_buffer_commit_empty")]
        self.events.append("commit")
        text = self._said.take() if self._spoken_s > 0 or not self._requires_speech else ""
        item, seconds = self._item, self._buffered_s
        messages = [self._event("input_audio_buffer.committed", item_id=item, previous_item_id=self._previous), *self._delta(text)]
        done = self._event(
            "conversation.item.input_audio_transcription.completed",
            item_id=item,
            content_index=0,
            transcript=text,
            usage={"type": "duration", "seconds": round(seconds, 2)},
        )
        self._previous, self._item = item, self._id("item")
        self._buffered_s = self._spoken_s = 0.0
        self._sent_words = 0
        return [*messages, Outgoing(done.message, text)]

    def _delta(self, text: str) -> list[Outgoing]:
        """What of `text` was not sent yet for this item."""
        words = text.split()
        new = words[self._sent_words :]
        if not new:
            return []
        delta = (" " if self._sent_words else "") + " ".join(new)
        self._sent_words = len(words)
        return [self._event("conversation.item.input_audio_transcription.delta", item_id=self._item, content_index=0, delta=delta)]

    def _event(self, kind: str, **fields: Any) -> Outgoing:
        return Outgoing({"type": kind, "event_id": self._id("event"), **fields})

    def _error(self, message: str, code: str) -> Outgoing:
        return self._event("error", error={"type": "invalid_request_error", "code": code, "message": message, "param": None, "event_id": None})

    def _id(self, kind: str) -> str:
        return f"{kind}_fake{next(self._numbers):06d}"
