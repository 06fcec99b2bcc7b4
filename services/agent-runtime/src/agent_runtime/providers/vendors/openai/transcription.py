"""OpenAI's realtime transcription session, without sockets. Source: developers.openai.com/api/docs/guides/realtime-transcription.

Turn detection is off (the newest models refuse it): a finalize commits the audio, and every commit is answered by one item.
"""

from base64 import b64encode
from collections import deque
from typing import Any, Final

import orjson
from callstage_audio.resample import Resampler
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError

from agent_runtime.providers import failures
from agent_runtime.providers.dialogue import NOTHING, Reply
from agent_runtime.providers.ports import SttRequest, Transcript
from agent_runtime.providers.speech_dialogue import SETTLED, SpeechReply, language_code

VENDOR: Final = "openai"
FORMATS: Final = (AudioFormat.PCMU_8K, AudioFormat.PCM16_24K, AudioFormat.PCM16_16K)

_COMMIT: Final = '{"type":"input_audio_buffer.commit"}'
_MIN_COMMIT_MS: Final = 100.0
"""The vendor refuses to commit less; the audio stays in its buffer."""
_COMMIT_EMPTY: Final = "input_audio_buffer_commit_empty"
_STATUS: Final = {"invalid_api_key": 401, "insufficient_quota": 402, "rate_limit_exceeded": 429}
_LANGUAGE_LIST_MODELS: Final = ("gpt-live-transcribe", "gpt-transcribe")


class TranscriptionDialogue:
    """See `SpeechDialogue`."""

    vendor = VENDOR
    goodbye = None

    def __init__(self, model: str, request: SttRequest, answer_s: float) -> None:
        self.opening = (session_update(model, request),)
        self.is_ready = False
        self.due_s: float | None = None
        self._answer_s = answer_s
        self._resampler = Resampler(request.audio_format.rate_hz, 24_000) if request.audio_format is AudioFormat.PCM16_16K else None
        self._committed_ms = 0.0
        self._unanswered: deque[float] = deque()
        """Of each commit without its text: the audio up to it, in ms."""
        self._items: deque[str] = deque()
        self._interim: dict[str, str] = {}
        self._done: dict[str, str] = {}

    def audio(self, audio: bytes) -> str:
        """See `SpeechDialogue`."""
        data = audio if self._resampler is None else self._resampler.push(audio)
        return f'{{"type":"input_audio_buffer.append","audio":"{b64encode(data).decode()}"}}' if data else ""

    def finalize(self, now_s: float, heard_ms: float, quiet_ms: float) -> SpeechReply:
        """Commit what was heard since the last commit."""
        if heard_ms - self._committed_ms < _MIN_COMMIT_MS:
            return NOTHING if self._unanswered else Reply(events=(SETTLED,))
        self._committed_ms = heard_ms
        self._unanswered.append(heard_ms)
        self.due_s = now_s + self._answer_s
        return Reply((_COMMIT,))

    def read(self, message: str | bytes, now_s: float) -> SpeechReply:
        """See `SpeechDialogue`."""
        try:
            event: dict[str, Any] = orjson.loads(message)
            return self._event(str(event["type"]), event, now_s)
        except (ValueError, KeyError, TypeError, AttributeError) as err:
            raise failures.malformed(VENDOR, "stream") from err

    def elapsed(self, now_s: float) -> SpeechReply:
        """Every commit is answered, silence too: none is a stall."""
        raise failures.timed_out(VENDOR, "stream")

    def _event(self, kind: str, event: dict[str, Any], now_s: float) -> SpeechReply:
        match kind:
            case "session.updated":
                self.is_ready = True
            case "input_audio_buffer.committed":
                self._items.append(str(event["item_id"]))
                self._postpone(now_s)
            case "conversation.item.input_audio_transcription.delta":
                return self._delta(str(event["item_id"]), str(event.get("delta") or ""), now_s)
            case "conversation.item.input_audio_transcription.completed":
                return self._completed(str(event["item_id"]), str(event["transcript"]), now_s)
            case "conversation.item.input_audio_transcription.failed":
                raise failures.failed(VENDOR, "stream")
            case "error":
                return self._error(event["error"])
            case _:
                pass
        return NOTHING

    def _delta(self, item: str, text: str, now_s: float) -> SpeechReply:
        self._postpone(now_s)
        said = self._interim[item] = self._interim.get(item, "") + text
        return Reply(events=(Transcript(said.strip(), is_final=False),)) if said.strip() else NOTHING

    def _completed(self, item: str, text: str, now_s: float) -> SpeechReply:
        """Items may be completed in another order than they were spoken in; they are passed on in the order of the commits."""
        self._interim.pop(item, None)
        if item not in self._items:
            self._items.append(item)
        self._done[item] = text.strip()
        finals: list[Transcript] = []
        while self._items and self._items[0] in self._done:
            until_ms = self._unanswered.popleft() if self._unanswered else None
            said = self._done.pop(self._items.popleft())
            finals.append(Transcript(said, is_final=True, answers_finalize=not self._unanswered, until_ms=until_ms))
        self._postpone(now_s)
        return Reply(events=tuple(final for final in finals if final.text or final.answers_finalize))

    def _error(self, error: dict[str, Any]) -> SpeechReply:
        code, kind = error.get("code"), error.get("type")
        if code == _COMMIT_EMPTY:
            if self._unanswered:
                self._unanswered.pop()
            if self._unanswered:
                return NOTHING
            self.due_s = None
            return Reply(events=(SETTLED,))
        raise _failure(code, kind)

    def _postpone(self, now_s: float) -> None:
        self.due_s = now_s + self._answer_s if self._unanswered else None


def session_update(model: str, request: SttRequest) -> str:
    """The message that makes the session. The agent's options extend the transcription; `noise_reduction` is of the input."""
    options = dict(request.options)
    transcription: dict[str, Any] = {"model": model}
    language = language_code(request.language)
    if language is not None:
        transcription |= {"languages": [language]} if model.startswith(_LANGUAGE_LIST_MODELS) else {"language": language}
    audio_input: dict[str, Any] = {"format": _wire_format(request.audio_format), "turn_detection": None}
    if "noise_reduction" in options:
        audio_input["noise_reduction"] = options.pop("noise_reduction")
    audio_input["transcription"] = {name: value for name, value in (transcription | options).items() if value is not None}
    return orjson.dumps({"type": "session.update", "session": {"type": "transcription", "audio": {"input": audio_input}}}).decode()


def _wire_format(audio_format: AudioFormat) -> dict[str, Any]:
    return {"type": "audio/pcmu"} if audio_format is AudioFormat.PCMU_8K else {"type": "audio/pcm", "rate": 24_000}


def _failure(code: Any, kind: Any) -> DependencyError:
    if code in _STATUS:
        return failures.by_status(VENDOR, _STATUS[code])
    if code == "session_expired":
        return failures.disconnected(VENDOR, "stream")
    return failures.by_status(VENDOR, 400) if kind == "invalid_request_error" else failures.failed(VENDOR, "stream")
