"""ElevenLabs' realtime transcription wire, without sockets. Source: elevenlabs.io/docs/api-reference/speech-to-text/v-1-speech-to-text-realtime."""

from base64 import b64encode
from collections import deque
from typing import Any, Final

import orjson
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError

from agent_runtime.providers import failures
from agent_runtime.providers.dialogue import NOTHING, Reply
from agent_runtime.providers.ports import SttRequest, Transcript
from agent_runtime.providers.speech_dialogue import SETTLED, SpeechReply, language_code, socket_url

VENDOR: Final = "elevenlabs"
FORMATS: Final = (AudioFormat.PCMU_8K, AudioFormat.PCM16_16K, AudioFormat.PCM16_24K, AudioFormat.PCM16_8K)

_ENCODING: Final = {
    AudioFormat.PCMU_8K: "ulaw_8000",
    AudioFormat.PCM16_8K: "pcm_8000",
    AudioFormat.PCM16_16K: "pcm_16000",
    AudioFormat.PCM16_24K: "pcm_24000",
}
_MIN_COMMIT_MS: Final = 300.0
"""Commits with less new audio are throttled; the audio stays in the vendor's buffer."""
_STATUS: Final = {
    "auth_error": 401,
    "quota_exceeded": 402,
    "unaccepted_terms": 403,
    "unaccepted_terms_error": 403,
    "rate_limited": 429,
    "queue_overflow": 429,
    "resource_exhausted": 503,
    "input_error": 400,
    "invalid_request": 400,
    "chunk_size_exceeded": 400,
}
_ENDINGS: Final = ("session_time_limit_exceeded", "insufficient_audio_activity")
_FAILURES: Final = ("error", "transcriber_error")


def realtime_url(base_url: str, model: str, request: SttRequest) -> str:
    """Address of one recognition. The agent's options add to or replace the query; when to commit is not theirs to say."""
    query: dict[str, Any] = {
        "model_id": model,
        "audio_format": _ENCODING[request.audio_format],
        "language_code": language_code(request.language),
        **request.options,
        "commit_strategy": "manual",
    }
    return socket_url(base_url, "/v1/speech-to-text/realtime", query)


class ScribeDialogue:
    """See `SpeechDialogue`."""

    vendor = VENDOR
    opening: tuple[str, ...] = ()
    goodbye = None

    def __init__(self, audio_format: AudioFormat, answer_s: float) -> None:
        self.is_ready = False
        self.due_s: float | None = None
        self._rate_hz = audio_format.rate_hz
        self._answer_s = answer_s
        self._committed_ms = 0.0
        self._unanswered: deque[float] = deque()
        """Of each commit without its text: the audio up to it, in ms."""
        self._has_interim = False
        self._was_silent = False

    def audio(self, audio: bytes) -> str:
        """See `SpeechDialogue`."""
        return self._chunk(b64encode(audio).decode(), "false")

    def finalize(self, now_s: float, heard_ms: float, quiet_ms: float) -> SpeechReply:
        """Commit what was heard since the last commit."""
        if heard_ms - self._committed_ms < _MIN_COMMIT_MS:
            return NOTHING if self._unanswered else Reply(events=(SETTLED,))
        self._committed_ms = heard_ms
        self._unanswered.append(heard_ms)
        self.due_s = now_s + self._answer_s
        return Reply((self._chunk("", "true"),))

    def read(self, message: str | bytes, now_s: float) -> SpeechReply:
        """See `SpeechDialogue`."""
        try:
            event: dict[str, Any] = orjson.loads(message)
            return self._event(str(event["message_type"]), event, now_s)
        except (ValueError, KeyError, TypeError) as err:
            raise failures.malformed(VENDOR, "stream") from err

    def elapsed(self, now_s: float) -> SpeechReply:
        """One commit of silence without an answer is forgiven: the documentation does not promise one."""
        self.due_s = None
        if self._has_interim or self._was_silent:
            raise failures.timed_out(VENDOR, "stream")
        self._was_silent = True
        self._unanswered.clear()
        return Reply(events=(SETTLED,))

    def _event(self, kind: str, event: dict[str, Any], now_s: float) -> SpeechReply:
        self._was_silent = False
        match kind:
            case "session_started":
                self.is_ready = True
            case "partial_transcript":
                text = str(event["text"]).strip()
                self._has_interim = bool(text)
                self._postpone(now_s)
                return Reply(events=(Transcript(text, is_final=False),)) if text else NOTHING
            case "committed_transcript":
                return self._committed(str(event["text"]).strip(), now_s)
            case "commit_throttled":
                return self._committed("", now_s)
            case _ if (failure := _failure(kind)) is not None:
                raise failure
            case _:
                pass
        return NOTHING

    def _committed(self, text: str, now_s: float) -> SpeechReply:
        self._has_interim = False
        is_asked_for = bool(self._unanswered)
        until_ms = self._unanswered.popleft() if is_asked_for else None
        self._postpone(now_s)
        answers = is_asked_for and not self._unanswered
        return Reply(events=(Transcript(text, is_final=True, answers_finalize=answers, until_ms=until_ms),)) if text or answers else NOTHING

    def _postpone(self, now_s: float) -> None:
        self.due_s = now_s + self._answer_s if self._unanswered else None

    def _chunk(self, audio: str, commit: str) -> str:
        return f'{{"message_type":"input_audio_chunk","audio_base_64":"{audio}","commit":{commit},"sample_rate":{self._rate_hz}}}'


def _failure(kind: str) -> DependencyError | None:
    if kind in _STATUS:
        return failures.by_status(VENDOR, _STATUS[kind])
    if kind in _ENDINGS:
        return failures.disconnected(VENDOR, "stream")
    return failures.failed(VENDOR, "stream") if kind in _FAILURES else None
