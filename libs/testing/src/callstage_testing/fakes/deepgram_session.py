"""One Deepgram listen session as a state machine: audio and control in, JSON messages out. No sockets, no clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from callstage_audio.g711 import alaw_to_pcm16, ulaw_to_pcm16

_REQUEST_ID = "6f4f3a52-5a3f-4c39-8f5f-1d2f6f9f0a01"

_DECODERS: dict[str, Callable[[bytes], bytes]] = {"linear16": bytes, "mulaw": ulaw_to_pcm16, "alaw": alaw_to_pcm16}


class SpeechMeter:
    """Cuts audio into 20 ms windows and says which of them hold speech, by energy."""

    def __init__(self, encoding: str, rate_hz: int, speech_rms: float) -> None:
        self._decode = _DECODERS[encoding]
        self._window_bytes = rate_hz // 50 * (2 if encoding == "linear16" else 1)
        self._floor = speech_rms * speech_rms
        self._rest = b""

    def windows(self, audio: bytes) -> Iterator[bool]:
        data = self._rest + audio
        whole = len(data) // self._window_bytes * self._window_bytes
        for start in range(0, whole, self._window_bytes):
            yield self._is_speech(data[start : start + self._window_bytes])
        self._rest = data[whole:]

    def _is_speech(self, window: bytes) -> bool:
        samples = np.frombuffer(self._decode(window), "<i2").astype(np.float32)
        return float(np.dot(samples, samples)) > self._floor * len(samples)


class ListenSession:
    """Feeds on audio (`hear`) and text frames (`control`); both return the messages to send, in order."""

    def __init__(self, query: Mapping[str, str], meter: SpeechMeter, texts: Iterator[str], *, interim_every_s: float, requires_speech: bool) -> None:
        self._meter = meter
        self._texts = texts
        self._interim_s = interim_every_s
        self._requires_speech = requires_speech
        self._wants_interim = query.get("interim_results") == "true"
        self._wants_vad = query.get("vad_events") == "true"
        endpointing = query.get("endpointing", "10")
        self._endpoint_s = None if endpointing in ("false", "0") else int(endpointing) / 1000
        self._utterance_end_s = int(query["utterance_end_ms"]) / 1000 if "utterance_end_ms" in query else None
        self._model = query.get("model", "general")
        self._position_s = 0.0
        self._spoken_s = 0.0
        self._quiet_s = 0.0
        self._segment_start_s = 0.0
        self._next_interim_s = 0.0
        self._utterance_ended = True
        self._text = ""
        self._events: list[str] = []
        self.closed = False

    def take_events(self) -> list[str]:
        events, self._events = self._events, []
        return events

    def hear(self, audio: bytes) -> list[dict[str, Any]]:
        if not audio:
            return self._close()
        messages: list[dict[str, Any]] = []
        for is_speech in self._meter.windows(audio):
            self._position_s += 0.02
            messages += self._speech_window() if is_speech else self._quiet_window()
        return messages

    def control(self, text: str) -> list[dict[str, Any]]:
        try:
            kind = json.loads(text)["type"]
        except (ValueError, KeyError, TypeError):
            return [{"type": "Error", "description": "Could not deserialize last text message", "message": "", "variant": ""}]
        if kind == "Finalize":
            self._events.append("finalize")
            return [self._final(speech_final=True, from_finalize=True)]
        if kind == "CloseStream":
            return self._close()
        if kind == "KeepAlive":
            return []
        return [{"type": "Error", "description": f"Unknown message type {kind}", "message": "", "variant": ""}]

    def _close(self) -> list[dict[str, Any]]:
        self.closed = True
        last = [self._final(speech_final=True, from_finalize=False)] if self._spoken_s > 0 else []
        metadata = {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": _REQUEST_ID,
            "sha256": "0" * 64,
            "created": "2026-11-01T00:00:00.000Z",
            "duration": round(self._position_s, 3),
            "channels": 1,
        }
        return [*last, metadata]

    def _speech_window(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        if self._spoken_s == 0.0:
            self._segment_start_s = self._position_s - 0.02
            self._next_interim_s = self._interim_s
            self._utterance_ended = False
            self._events.append("speech_started")
            if self._wants_vad:
                messages.append({"type": "SpeechStarted", "channel": [0], "timestamp": round(self._segment_start_s, 3)})
        self._spoken_s += 0.02
        self._quiet_s = 0.0
        if self._wants_interim and self._spoken_s >= self._next_interim_s:
            self._next_interim_s += self._interim_s
            messages.append(self._results(self._partial(), is_final=False))
        return messages

    def _quiet_window(self) -> list[dict[str, Any]]:
        self._quiet_s += 0.02
        messages: list[dict[str, Any]] = []
        if self._spoken_s > 0 and self._endpoint_s is not None and self._quiet_s >= self._endpoint_s - 1e-9:
            self._events.append("endpoint")
            messages.append(self._final(speech_final=True, from_finalize=False))
        if not self._utterance_ended and self._utterance_end_s is not None and self._quiet_s >= self._utterance_end_s - 1e-9:
            self._utterance_ended = True
            messages.append({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": round(self._position_s - self._quiet_s, 3)})
        return messages

    def _current(self) -> str:
        self._text = self._text or next(self._texts)
        return self._text

    def _partial(self) -> str:
        """As many words as would have been said by now, at 150 per minute; never all of them."""
        words = self._current().split(" ")
        return " ".join(words[: max(1, min(len(words) - 1, int(self._spoken_s * 2.5)))])

    def _final(self, *, speech_final: bool, from_finalize: bool) -> dict[str, Any]:
        text = self._current() if self._spoken_s > 0 or not self._requires_speech else ""
        message = self._results(text, is_final=True, speech_final=speech_final, from_finalize=from_finalize)
        self._text = ""
        self._spoken_s = 0.0
        return message

    def _results(self, text: str, *, is_final: bool, speech_final: bool = False, from_finalize: bool = False) -> dict[str, Any]:
        start, duration = self._segment_start_s, max(0.0, self._position_s - self._segment_start_s)
        words = text.split()
        each = duration / len(words) if words else 0.0
        return {
            "type": "Results",
            "channel_index": [0, 1],
            "duration": round(duration, 3),
            "start": round(start, 3),
            "is_final": is_final,
            "speech_final": speech_final,
            "from_finalize": from_finalize,
            "channel": {
                "alternatives": [
                    {
                        "transcript": text,
                        "confidence": 0.98 if text else 0.0,
                        "words": [
                            {
                                "word": word.strip(".,!?").lower(),
                                "punctuated_word": word,
                                "start": round(start + index * each, 3),
                                "end": round(start + (index + 1) * each, 3),
                                "confidence": 0.98,
                            }
                            for index, word in enumerate(words)
                        ],
                    }
                ]
            },
            "metadata": {
                "request_id": _REQUEST_ID,
                "model_info": {"name": self._model, "version": "fake", "arch": "fake"},
                "model_uuid": _REQUEST_ID,
            },
        }
