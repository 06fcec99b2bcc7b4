"""ElevenLabs text-to-speech over HTTP streaming. Source: elevenlabs.io/docs/api-reference/text-to-speech/stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from typing import Any, Final, Literal

from callstage_domain.audio import AudioFormat
from callstage_domain.errors import Phase

from agent_runtime.providers import failures
from agent_runtime.providers.audio_conversion import whole_samples
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.ports import TtsRequest, Voice

_OUTPUT: Final = {AudioFormat.PCMU_8K: "ulaw_8000", AudioFormat.PCM16_16K: "pcm_16000", AudioFormat.PCM16_24K: "pcm_24000"}
_SPEED_RANGE: Final = (0.7, 1.2)
_NORMAL_SPEED: Final = 1.0
_MAX_VOICES: Final = 300
_OK: Final = 200
# Only these models take a language; the others refuse the field.
_LANGUAGE_MODELS: Final = ("eleven_flash_v2_5", "eleven_turbo_v2_5")


class ElevenLabsTts:
    """ElevenLabs' voices, µ-law for the phone line without resampling."""

    name = "elevenlabs"
    formats: tuple[AudioFormat, ...] = tuple(_OUTPUT)

    def __init__(self, api_key: str, base_url: str, model: str, voice: str, pool: HttpPool) -> None:
        self._headers = {"xi-api-key": api_key}
        self._base_url = base_url.rstrip("/")
        self._model = model
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
        client = await self._pool.ready()
        with self._failures("first_byte"):
            response = await client.get(f"{self._base_url}/v1/voices", headers=self._headers)
            if response.status_code != _OK:
                raise failures.counted("tts", failures.by_status(self.name, response.status_code))
            found: list[dict[str, Any]] = response.json()["voices"]
            return [_voice(entry) for entry in found[:_MAX_VOICES]]

    async def _chunks(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        url = f"{self._base_url}/v1/text-to-speech/{request.voice or self._voice}/stream"
        client = await self._pool.ready()
        call = client.stream("POST", url, params={"output_format": _OUTPUT[request.audio_format]}, headers=self._headers, json=self._body(request))
        phase: Phase = "first_byte"
        with self._failures(phase):
            response = await call.__aenter__()
        try:
            if response.status_code != _OK:
                raise failures.by_status(self.name, response.status_code)
            chunks = aiter(response.aiter_bytes())
            while True:
                with self._failures(phase):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                phase = "stream"
                yield chunk
        finally:
            await call.__aexit__(None, None, None)

    def _body(self, request: TtsRequest) -> dict[str, Any]:
        model = request.model or self._model
        body: dict[str, Any] = {"text": request.text, "model_id": model}
        if model in _LANGUAGE_MODELS:
            body["language_code"] = request.language.split("-")[0]
        settings: dict[str, Any] = dict(request.options)
        if request.speed != _NORMAL_SPEED:
            slowest, fastest = _SPEED_RANGE
            settings["speed"] = min(max(request.speed, slowest), fastest)
        if settings:
            body["voice_settings"] = settings
        return body

    @contextmanager
    def _failures(self, phase: Phase) -> Generator[None, None, None]:
        import httpx2

        try:
            yield
        except (httpx2.ConnectTimeout, httpx2.PoolTimeout) as err:
            raise failures.timed_out(self.name, "connect") from err
        except httpx2.TimeoutException as err:
            raise failures.timed_out(self.name, phase) from err
        except httpx2.ConnectError as err:
            raise failures.unreachable(self.name) from err
        except httpx2.TransportError as err:
            raise failures.disconnected(self.name, phase) from err
        except (ValueError, KeyError, TypeError) as err:
            raise failures.malformed(self.name, phase) from err


def _voice(entry: dict[str, Any]) -> Voice:
    labels: dict[str, Any] = entry.get("labels") or {}
    gender: Literal["female", "male", "neutral"] = "neutral"
    if labels.get("gender") in ("female", "male"):
        gender = labels["gender"]
    return Voice(id=str(entry["voice_id"]), name=str(entry["name"]), language=str(labels.get("language") or "multi"), gender=gender)
