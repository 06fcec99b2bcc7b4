"""Deepgram's turn-based socket (`/v2/listen`, Flux) as a state machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from callstage_testing.fakes.deepgram_session import SpeechMeter
from callstage_testing.fakes.speech_conversation import Outgoing, Utterances

_REQUEST_ID = "6f4f3a52-5a3f-4c39-8f5f-1d2f6f9f0a02"
_ENCODINGS = ("linear16", "mulaw", "alaw")
_WINDOW_S = 0.02
_UPDATE_S = 0.24
_START_S = 0.1
_EAGER_S = 0.12
_SENTENCE_ENDS = (".", "!", "?")
_PARAMETERS = (
    "model",
    "encoding",
    "sample_rate",
    "eager_eot_threshold",
    "eot_threshold",
    "eot_timeout_ms",
    "keyterm",
    "language_hint",
    "mip_opt_out",
    "numerals",
    "profanity_filter",
    "redact",
    "tag",
)


def flux_problem(query: Mapping[str, str]) -> str | None:
    """What is wrong with the query of a connection."""
    unknown = [name for name in query if name not in _PARAMETERS]
    if unknown:
        return f"Invalid query string: unknown parameter {unknown[0]}"
    if not query.get("model", "").startswith("flux-"):
        return "Invalid query string: model must be a Flux model"
    if query.get("encoding") not in _ENCODINGS:
        return f"Invalid query string: encoding must be one of {', '.join(_ENCODINGS)}"
    return None if query.get("sample_rate", "").isdigit() else "Invalid query string: sample_rate is required with encoding"


class FluxSession:
    """Ends a turn after `end_of_turn_s` of silence when the text is a whole sentence, else after `eot_timeout_ms`, or when told to."""

    def __init__(self, query: Mapping[str, str], texts: Iterator[str], *, speech_rms: float, end_of_turn_s: float) -> None:
        self.events: list[str] = []
        self.closed = False
        self._said = Utterances(texts)
        self._meter = SpeechMeter(query["encoding"], int(query["sample_rate"]), speech_rms)
        self._end_s = end_of_turn_s if float(query.get("eot_threshold", "0.7")) < 1.0 else None
        self._timeout_s = int(query.get("eot_timeout_ms", "5000")) / 1000
        self._is_eager = "eager_eot_threshold" in query
        self._sequence = 0
        self._turn = 0
        self._position_s = 0.0
        self._window_start_s = 0.0
        self._reported_s = 0.0
        self._spoken_s = 0.0
        self._last_speech_s = 0.0
        self._has_started = False
        self._awaits_end = False

    def opening(self) -> list[Outgoing]:
        return [self._numbered({"type": "Connected", "request_id": _REQUEST_ID})]

    def hear(self, audio: bytes) -> list[Outgoing]:
        messages: list[Outgoing] = []
        for is_speech in self._meter.windows(audio):
            self._position_s += _WINDOW_S
            messages += self._speech() if is_speech else self._silence()
            if self._position_s - self._reported_s >= _UPDATE_S - 1e-9:
                messages.append(self._info("Update"))
        return messages

    def control(self, text: str) -> list[Outgoing]:
        try:
            kind = json.loads(text)["type"]
        except (ValueError, KeyError, TypeError):
            kind = None
        if kind == "ForceEndTurn":
            self.events.append("force_end_turn")
            return [self._end("manual")] if self._has_started else []
        if kind == "CloseStream":
            self.closed = True
            return [self._end("manual")] if self._has_started else []
        return [self._numbered({"type": "Error", "code": "UNPARSABLE_CLIENT_MESSAGE", "description": "The message could not be read."})]

    def _speech(self) -> list[Outgoing]:
        self._spoken_s += _WINDOW_S
        self._last_speech_s = self._position_s
        if not self._has_started and self._spoken_s >= _START_S - 1e-9:
            self._has_started = True
            self.events.append("speech_started")
            return [self._info("StartOfTurn")]
        if self._awaits_end:
            self._awaits_end = False
            return [self._info("TurnResumed")]
        return []

    def _silence(self) -> list[Outgoing]:
        quiet_s = self._position_s - self._last_speech_s + 1e-9
        if not self._has_started:
            return []
        is_sentence = self._said.text.endswith(_SENTENCE_ENDS)
        if self._end_s is not None and is_sentence and quiet_s >= self._end_s:
            return [self._end("model")]
        if quiet_s >= self._timeout_s:
            return [self._end("timeout")]
        if self._is_eager and is_sentence and not self._awaits_end and quiet_s >= _EAGER_S:
            self._awaits_end = True
            return [self._info("EagerEndOfTurn")]
        return []

    def _end(self, trigger: str) -> Outgoing:
        self.events.append("end_of_turn")
        text = self._text()
        info = self._info("EndOfTurn", trigger=trigger)
        self._said.take()
        self._turn += 1
        self._has_started = self._awaits_end = False
        self._spoken_s = 0.0
        self._window_start_s = self._position_s
        return Outgoing(info.message, text)

    def _text(self) -> str:
        if not self._has_started:
            return ""
        return self._said.text if self._position_s - self._last_speech_s >= _EAGER_S - 1e-9 else self._said.partial(self._spoken_s)

    def _info(self, event: str, **more: Any) -> Outgoing:
        self._reported_s = self._position_s
        words = self._text().split()
        each = (self._last_speech_s - self._window_start_s) / len(words) if words else 0.0
        return self._numbered(
            {
                "type": "TurnInfo",
                "request_id": _REQUEST_ID,
                "event": event,
                "turn_index": self._turn,
                "audio_window_start": round(self._window_start_s, 3),
                "audio_window_end": round(self._position_s, 3),
                "transcript": " ".join(words),
                "words": [
                    {
                        "word": word,
                        "confidence": 0.98,
                        "start": round(self._window_start_s + index * each, 3),
                        "end": round(self._window_start_s + (index + 1) * each, 3),
                    }
                    for index, word in enumerate(words)
                ],
                "end_of_turn_confidence": 0.9 if event in ("EndOfTurn", "EagerEndOfTurn") else 0.1,
                **more,
            }
        )

    def _numbered(self, message: dict[str, Any]) -> Outgoing:
        self._sequence += 1
        return Outgoing({**message, "sequence_id": self._sequence - 1})
