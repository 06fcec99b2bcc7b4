"""ElevenLabs text-to-speech over HTTP streaming. Source: elevenlabs.io/docs/api-reference/text-to-speech/stream."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Final, Literal

import orjson
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import Phase

from agent_runtime.providers import failures
from agent_runtime.providers.audio_conversion import whole_samples
from agent_runtime.providers.capabilities import TtsCapabilities
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.http_stream import HttpCall, fetched, lines, posted
from agent_runtime.providers.ports import SpokenWord, TtsRequest, Voice
from agent_runtime.providers.vendors.elevenlabs.word_times import WordTimes

_OUTPUT: Final = {AudioFormat.PCMU_8K: "ulaw_8000", AudioFormat.PCM16_16K: "pcm_16000", AudioFormat.PCM16_24K: "pcm_24000"}
_SPEED_RANGE: Final = (0.7, 1.2)
_NORMAL_SPEED: Final = 1.0
_MAX_VOICES: Final = 300
# Only these models take a language; the others refuse the field.
_LANGUAGE_MODELS: Final = ("eleven_flash_v2_5", "eleven_turbo_v2_5")


class ElevenLabsTts:
    """ElevenLabs' voices, µ-law for the phone line without resampling."""

    name = "elevenlabs"
    formats: tuple[AudioFormat, ...] = tuple(_OUTPUT)
    capabilities = TtsCapabilities(formats, word_times=True, speed_range=_SPEED_RANGE)

    def __init__(self, api_key: str, base_url: str, model: str, voice: str, pool: HttpPool) -> None:
        self._headers = {"xi-api-key": api_key}
        self._base_url = base_url.rstrip("/")
        self.model = model
        self._voice = voice
        self._pool = pool

    def warm(self) -> None:
        """Make the connection pool; blocking, from a thread."""
        _ = self._pool.client

    def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        """See `TtsProvider`."""
        chunks = whole_samples(self._chunks(request), request.audio_format)
        return failures.watched(chunks, "tts", self.name, self._pool.deadlines, prepare=self._pool.ready)

    async def voices(self) -> list[Voice]:
        """The account's voices. Raises DependencyError."""
        answer = await fetched(self._pool, "tts", self.name, f"{self._base_url}/v1/voices", self._headers)
        try:
            return [_voice(entry) for entry in answer["voices"][:_MAX_VOICES]]
        except (KeyError, TypeError, AttributeError) as err:
            raise failures.counted("tts", failures.malformed(self.name, "first_byte")) from err

    def _chunks(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        ending = "stream" if request.on_words is None else "stream/with-timestamps"
        url = f"{self._base_url}/v1/text-to-speech/{request.voice or self._voice}/{ending}"
        call = HttpCall(url, self._headers, self._body(request), {"output_format": _OUTPUT[request.audio_format]})
        if request.on_words is None:
            return posted(self._pool, self.name, call)
        return self._timed_chunks(call, request.audio_format, request.on_words)

    async def _timed_chunks(
        self, call: HttpCall, audio_format: AudioFormat, on_words: Callable[[tuple[SpokenWord, ...]], None]
    ) -> AsyncGenerator[bytes, None]:
        """One JSON object a line. Source: elevenlabs.io/docs/api-reference/text-to-speech/stream-with-timestamps."""
        times, sent_bytes = WordTimes(), 0
        async with aclosing(posted(self._pool, self.name, call)) as chunks:
            async for line in lines(chunks):
                if not line.strip():
                    continue
                phase: Phase = "stream" if sent_bytes else "first_byte"
                try:
                    entry: dict[str, Any] = orjson.loads(line)
                    audio = base64.b64decode(entry["audio_base64"] or "")
                    words = times.add(entry.get("alignment"), audio_format.duration_ms(sent_bytes))
                except (ValueError, KeyError, TypeError, AttributeError, IndexError) as err:
                    raise failures.malformed(self.name, phase) from err
                if words:
                    on_words(words)
                sent_bytes += len(audio)
                if audio:
                    yield audio
        last = times.finish()
        if last:
            on_words(last)

    def _body(self, request: TtsRequest) -> dict[str, Any]:
        model = request.model or self.model
        body: dict[str, Any] = {"text": request.text, "model_id": model}
        if model in _LANGUAGE_MODELS:
            body["language_code"] = request.language.split("-")[0]
        settings: dict[str, Any] = dict(request.options)
        if request.speed != _NORMAL_SPEED:
            settings["speed"] = self.capabilities.speed(request.speed)
        if settings:
            body["voice_settings"] = settings
        return body


def _voice(entry: dict[str, Any]) -> Voice:
    labels: dict[str, Any] = entry.get("labels") or {}
    gender: Literal["female", "male", "neutral"] = "neutral"
    if labels.get("gender") in ("female", "male"):
        gender = labels["gender"]
    return Voice(id=str(entry["voice_id"]), name=str(entry["name"]), language=str(labels.get("language") or "multi"), gender=gender)
