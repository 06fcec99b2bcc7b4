"""Deepgram Flux's wire, without sockets. Source: developers.deepgram.com/docs/flux/state and /docs/flux/force-end-turn.

Flux decides itself when a turn is over. When the caller has fallen silent and it is not sure within `patience_s`, the turn is ended for it,
so that its text is there when the agent's own silence threshold is reached.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson
from callstage_domain.audio import AudioFormat

from agent_runtime.providers import failures
from agent_runtime.providers.dialogue import NOTHING, Reply
from agent_runtime.providers.ports import SttRequest, Transcript
from agent_runtime.providers.speech_dialogue import SETTLED, SpeechReply, language_code, socket_url

VENDOR: Final = "deepgram"
FORMATS: Final = (AudioFormat.PCMU_8K, AudioFormat.PCM16_16K, AudioFormat.PCM16_24K, AudioFormat.PCM16_8K)
FLUX: Final = "flux"

_FORCE_END_TURN: Final = '{"type":"ForceEndTurn"}'
_CLOSE_STREAM: Final = '{"type":"CloseStream"}'
_WENT_ON_MS: Final = 200.0
"""Words that end so much after the silence began are new ones, not an imprecise end of the last one."""
_ROUNDING_MS: Final = 1.0
_EAGER_THRESHOLD: Final = 0.5
"""Confidence at which Flux tells that a turn may be over; 0.7 ends it."""


def is_flux(model: str) -> bool:
    """Whether the model speaks this wire."""
    return model.startswith(FLUX)


def turns_url(base_url: str, model: str, request: SttRequest) -> str:
    """Address of one recognition. `flux` alone is the English model for English, else the multilingual one. Options add to or replace the query."""
    language = language_code(request.language)
    if model == FLUX:
        model = "flux-general-en" if language in (None, "en") else "flux-general-multi"
    query: dict[str, Any] = {
        "model": model,
        "encoding": "mulaw" if request.audio_format is AudioFormat.PCMU_8K else "linear16",
        "sample_rate": request.audio_format.rate_hz,
        "language_hint": language if model.endswith("-multi") else None,
        "eager_eot_threshold": _eager_threshold(request.options),
        **request.options,
    }
    return socket_url(base_url, "/v2/listen", query)


def _eager_threshold(options: dict[str, Any]) -> float:
    """Flux refuses one that lies above the threshold for the end itself."""
    try:
        return min(_EAGER_THRESHOLD, float(options.get("eot_threshold", _EAGER_THRESHOLD)))
    except (TypeError, ValueError):
        return _EAGER_THRESHOLD


@dataclass(frozen=True, slots=True)
class TurnInfo:
    """One event of a turn. Times are ms of the stream's audio."""

    event: str
    text: str
    until_ms: float
    last_word_ms: float
    is_forced: bool


class FluxDialogue:
    """See `SpeechDialogue`."""

    vendor = VENDOR
    opening: tuple[str, ...] = ()
    goodbye = _CLOSE_STREAM

    def __init__(self, patience_s: float, answer_s: float) -> None:
        self.is_ready = False
        self.due_s: float | None = None
        self._patience_s = patience_s
        self._answer_s = answer_s
        self._is_speaking = False
        self._text = ""
        self._until_ms = 0.0
        self._speech_end_ms: float | None = None
        """Audio that an open finalize waits for; None: none is open."""
        self._is_forced = False
        self._is_alive = self._was_silent = False
        self._ended_itself = False

    def audio(self, audio: bytes) -> bytes:
        """See `SpeechDialogue`."""
        return audio

    def finalize(self, now_s: float, heard_ms: float, quiet_ms: float) -> SpeechReply:
        """Wait for the end of the turn; nothing to wait for when Flux has heard all the speech and no turn is open."""
        self._speech_end_ms = heard_ms - quiet_ms
        self._is_forced = self._is_alive = False
        self.due_s = now_s + self._patience_s
        return self._if_settled()

    def read(self, message: str | bytes, now_s: float) -> SpeechReply:
        """See `SpeechDialogue`."""
        try:
            event: dict[str, Any] = orjson.loads(message)
            kind = event["type"]
            info = _turn_info(event) if kind == "TurnInfo" else None
        except (ValueError, KeyError, TypeError, AttributeError) as err:
            raise failures.malformed(VENDOR, "stream") from err
        self._is_alive, self._was_silent = True, False
        if kind == "Error":
            raise failures.failed(VENDOR, "stream")
        if kind == "Connected":
            self.is_ready = True
        if info is None:
            return NOTHING
        self._until_ms = info.until_ms
        return self._ended(info) if info.event == "EndOfTurn" else self._goes_on(info)

    def elapsed(self, now_s: float) -> SpeechReply:
        """First end the turn for Flux, which says nothing when there is none. It reports on silence too: hearing nothing at all is a stall,
        forgiven once while nobody spoke."""
        if not self._is_forced:
            self._is_forced = True
            self.due_s = now_s + self._answer_s
            return Reply((_FORCE_END_TURN,))
        self._close_finalize()
        if not self._is_alive and (self._is_speaking or self._was_silent):
            raise failures.timed_out(VENDOR, "stream")
        self._was_silent = not self._is_alive
        return Reply(events=(SETTLED,))

    def _goes_on(self, info: TurnInfo) -> SpeechReply:
        self._is_speaking = bool(info.text) or info.event in ("StartOfTurn", "TurnResumed")
        speech_end_ms = self._speech_end_ms
        if speech_end_ms is not None and not self._is_forced and info.last_word_ms > speech_end_ms + _WENT_ON_MS:
            # The caller went on: ending the turn now would cut a word, and the next silence asks again.
            self._close_finalize()
        is_likely_end = info.event == "EagerEndOfTurn"
        if not info.text or (info.text == self._text and not is_likely_end and info.event != "TurnResumed"):
            return self._if_settled()
        self._text = info.text
        return Reply(events=(Transcript(info.text, is_final=False, is_likely_end=is_likely_end, until_ms=info.until_ms),))

    def _ended(self, info: TurnInfo) -> SpeechReply:
        self._is_speaking, self._text = False, ""
        answers = self._speech_end_ms is not None and (info.is_forced or self._has_heard(self._speech_end_ms))
        self._ended_itself = not info.is_forced and not answers
        if answers:
            self._close_finalize()
        final = Transcript(info.text, is_final=True, answers_finalize=answers, ends_turn=not info.is_forced, until_ms=info.until_ms)
        return Reply(events=(final,))

    def _if_settled(self) -> SpeechReply:
        if self._speech_end_ms is None or self._is_speaking or not self._has_heard(self._speech_end_ms):
            return NOTHING
        self._close_finalize()
        ends_turn, self._ended_itself = self._ended_itself, False
        return Reply(events=(Transcript("", is_final=True, answers_finalize=True, ends_turn=ends_turn),))

    def _has_heard(self, audio_ms: float) -> bool:
        return self._until_ms > 0 and self._until_ms + _ROUNDING_MS >= audio_ms

    def _close_finalize(self) -> None:
        self._speech_end_ms = self.due_s = None


def _turn_info(event: dict[str, Any]) -> TurnInfo:
    words: list[dict[str, Any]] = event.get("words") or []
    return TurnInfo(
        event=str(event["event"]),
        text=str(event["transcript"]).strip(),
        until_ms=float(event["audio_window_end"]) * 1000,
        last_word_ms=float(words[-1].get("end") or 0.0) * 1000 if words else 0.0,
        is_forced=event.get("trigger") == "manual",
    )
