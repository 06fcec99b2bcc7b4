"""ElevenLabs' realtime transcription (`/v1/speech-to-text/realtime`, manual commits) as a state machine."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any

from callstage_testing.fakes.deepgram_session import SpeechMeter
from callstage_testing.fakes.speech_conversation import Outgoing, Utterances

_MIN_COMMIT_S = 0.3
_WINDOW_S = 0.02


def scribe_problem(query: Mapping[str, str]) -> str | None:
    """What is wrong with the query of a connection."""
    encoding, _, rate = query.get("audio_format", "pcm_16000").partition("_")
    if encoding not in ("pcm", "ulaw") or not rate.isdigit():
        return "audio_format must be one of pcm_8000 … pcm_48000, ulaw_8000"
    if not query.get("model_id", "").endswith("_realtime"):
        return "model_id must be a realtime model"
    return None if query.get("commit_strategy", "manual") == "manual" else "this fake commits manually only"


class ScribeSession:
    """Partial texts while it hears speech, a committed one for every commit."""

    def __init__(
        self,
        query: Mapping[str, str],
        texts: Iterator[str],
        *,
        interim_every_s: float,
        requires_speech: bool,
        speech_rms: float,
        answers_silence: bool,
    ) -> None:
        self.events: list[str] = []
        self.closed = False
        self._query = query
        self._said = Utterances(texts)
        self._interim_s = interim_every_s
        self._requires_speech = requires_speech
        self._answers_silence = answers_silence
        encoding, _, rate = query.get("audio_format", "pcm_16000").partition("_")
        self._rate_hz = int(rate)
        self._bytes_per_s = self._rate_hz * (2 if encoding == "pcm" else 1)
        self._meter = SpeechMeter("linear16" if encoding == "pcm" else "mulaw", self._rate_hz, speech_rms)
        self._new_s = 0.0
        self._spoken_s = 0.0

    def opening(self) -> list[Outgoing]:
        config = {
            "sample_rate": self._rate_hz,
            "audio_format": self._query.get("audio_format", "pcm_16000"),
            "language_code": self._query.get("language_code"),
            "model_id": self._query["model_id"],
            "commit_strategy": "manual",
        }
        return [_message("session_started", session_id="0b0a72b57fd743ebbed6555d44836cf2", config=config)]

    def hear(self, audio: bytes) -> list[Outgoing]:
        return [_message("input_error", error="Binary messages are not supported.")]

    def control(self, text: str) -> list[Outgoing]:
        try:
            chunk = json.loads(text)
            if chunk["message_type"] != "input_audio_chunk":
                return [_message("input_error", error="Unknown message_type.")]
            audio = base64.b64decode(chunk["audio_base_64"], validate=True)
            commit = bool(chunk.get("commit"))
        except (ValueError, KeyError, TypeError, binascii.Error):
            return [_message("input_error", error="The message could not be read.")]
        messages = self._hear(audio)
        return [*messages, *self._commit()] if commit else messages

    def _hear(self, audio: bytes) -> list[Outgoing]:
        self._new_s += len(audio) / self._bytes_per_s
        messages: list[Outgoing] = []
        for is_speech in self._meter.windows(audio):
            if not is_speech:
                continue
            if self._spoken_s == 0.0:
                self.events.append("speech_started")
            before, self._spoken_s = self._spoken_s, self._spoken_s + _WINDOW_S
            if int(before / self._interim_s) != int(self._spoken_s / self._interim_s):
                messages.append(_message("partial_transcript", text=self._said.partial(self._spoken_s)))
        return messages

    def _commit(self) -> list[Outgoing]:
        if self._new_s < _MIN_COMMIT_S:
            return [_message("commit_throttled", error=f"Commit request ignored: only {self._new_s:.2f}s of uncommitted audio.")]
        self.events.append("commit")
        is_speech = self._spoken_s > 0 or not self._requires_speech
        text = self._said.take() if is_speech else ""
        self._new_s = self._spoken_s = 0.0
        if not is_speech and not self._answers_silence:
            return []
        return [Outgoing(_message("committed_transcript", text=text).message, text)]


def _message(kind: str, **fields: Any) -> Outgoing:
    return Outgoing({"message_type": kind, **fields})
