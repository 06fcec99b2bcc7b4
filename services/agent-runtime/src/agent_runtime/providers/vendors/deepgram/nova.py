"""Deepgram Nova's wire, without sockets. Source: developers.deepgram.com/reference/speech-to-text/listen-streaming."""

from typing import Any, Final

import orjson
from callstage_domain.audio import AudioFormat

from agent_runtime.providers import failures
from agent_runtime.providers.dialogue import NOTHING, Reply
from agent_runtime.providers.ports import SttRequest, Transcript
from agent_runtime.providers.speech_dialogue import SETTLED, SpeechReply, socket_url

VENDOR: Final = "deepgram"
FORMATS: Final = (AudioFormat.PCMU_8K, AudioFormat.PCM16_16K)

_FINALIZE: Final = '{"type":"Finalize"}'
_KEEP_ALIVE: Final = '{"type":"KeepAlive"}'
_CLOSE_STREAM: Final = '{"type":"CloseStream"}'
_KEEP_ALIVE_S: Final = 4.0
"""Deepgram closes a socket without audio after ten seconds."""
_DEAF_MS: Final = 2000.0
"""That much audio without any answer at all: the vendor is stalled, not merely hearing silence (it reports on silence too)."""
_ENCODING: Final = {AudioFormat.PCMU_8K: "mulaw", AudioFormat.PCM16_8K: "linear16", AudioFormat.PCM16_16K: "linear16"}


def listen_url(base_url: str, model: str, request: SttRequest) -> str:
    """Address of one recognition. The agent's options add to or replace the query."""
    query: dict[str, Any] = {
        "model": model,
        "language": request.language,
        "encoding": _ENCODING[request.audio_format],
        "sample_rate": request.audio_format.rate_hz,
        "channels": 1,
        "interim_results": True,
        "punctuate": True,
        "smart_format": True,
        # Settles pieces early, so that the text is there when the platform's own voice activity detection (200 ms) decides on the end of the turn.
        "endpointing": 100,
        **request.options,
    }
    return socket_url(base_url, "/v1/listen", query)


class NovaDialogue:
    """See `SpeechDialogue`."""

    vendor = VENDOR
    opening: tuple[str, ...] = ()
    goodbye = _CLOSE_STREAM
    is_ready = True

    def __init__(self, audio_format: AudioFormat, now_s: float, answer_s: float, *, keep_alive_s: float = _KEEP_ALIVE_S) -> None:
        self._format = audio_format
        self._answer_s = answer_s
        self._keep_alive_s = keep_alive_s
        self._alive_by_s = now_s + keep_alive_s
        self._answer_by_s: float | None = None
        self._finalizes = 0
        self._sent_bytes = 0
        self._bytes_at_look = 0
        self._heard_ms = 0.0
        self._answered_ms = 0.0
        self._settled_ms = 0.0
        self._has_interim = False

    @property
    def due_s(self) -> float | None:
        """See `SpeechDialogue`."""
        return self._alive_by_s if self._answer_by_s is None else min(self._alive_by_s, self._answer_by_s)

    def audio(self, audio: bytes) -> bytes:
        """See `SpeechDialogue`."""
        self._sent_bytes += len(audio)
        return audio

    def finalize(self, now_s: float, heard_ms: float, quiet_ms: float) -> SpeechReply:
        """Ask; answered here and now when the vendor has settled all the speech already."""
        self._heard_ms = heard_ms
        if not self._finalizes and not self._has_interim and self._settled_ms > 0 and self._settled_ms >= heard_ms - quiet_ms:
            return Reply(events=(SETTLED,))
        self._finalizes += 1
        self._answer_by_s = now_s + self._answer_s
        return Reply((_FINALIZE,))

    def read(self, message: str | bytes, now_s: float) -> SpeechReply:
        """See `SpeechDialogue`."""
        self._answered_ms = self._format.duration_ms(self._sent_bytes)
        transcript = read_message(message)
        if transcript is not None:
            if transcript.answers_finalize:
                self._finalizes = max(0, self._finalizes - 1)
            self._has_interim = not transcript.is_final
            if transcript.is_final and transcript.until_ms is not None:
                self._settled_ms = transcript.until_ms
        self._answer_by_s = now_s + self._answer_s if self._finalizes else None
        return NOTHING if transcript is None else Reply(events=(transcript,))

    def elapsed(self, now_s: float) -> SpeechReply:
        """Deepgram leaves a `Finalize` unanswered when it holds nothing to settle; a stalled Deepgram does too."""
        if self._answer_by_s is not None and self._answer_by_s <= now_s:
            if max(self._heard_ms, self._format.duration_ms(self._sent_bytes)) - self._answered_ms >= _DEAF_MS:
                raise failures.timed_out(VENDOR, "stream")
            self._finalizes, self._answer_by_s = 0, None
            return Reply(events=(SETTLED,))
        self._alive_by_s = now_s + self._keep_alive_s
        is_idle, self._bytes_at_look = self._sent_bytes == self._bytes_at_look, self._sent_bytes
        return Reply((_KEEP_ALIVE,)) if is_idle else NOTHING


def read_message(text: str | bytes) -> Transcript | None:
    """One server message; None for those that hold no text. Raises DependencyError for an error message and for what is no JSON."""
    try:
        message = orjson.loads(text)
        kind = message["type"]
        if kind != "Results":
            found = None
        else:
            found = Transcript(
                text=str(message["channel"]["alternatives"][0]["transcript"]),
                is_final=bool(message["is_final"]),
                answers_finalize=bool(message.get("from_finalize")),
                until_ms=(float(message.get("start", 0.0)) + float(message.get("duration", 0.0))) * 1000,
            )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as err:
        raise failures.malformed(VENDOR, "stream") from err
    if kind == "Error":
        raise failures.failed(VENDOR, "stream")
    return found if found is not None and (found.text or found.answers_finalize) else None
