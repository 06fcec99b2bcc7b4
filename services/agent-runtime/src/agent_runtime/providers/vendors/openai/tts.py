"""Speech as a stream of 24 kHz PCM."""

from collections.abc import AsyncGenerator
from typing import Any, Final

from callstage_domain.audio import AudioFormat
from callstage_domain.errors import Phase

from agent_runtime.providers.audio_conversion import whole_samples
from agent_runtime.providers.capabilities import TtsCapabilities
from agent_runtime.providers.failures import watched
from agent_runtime.providers.ports import TtsRequest, Voice
from agent_runtime.providers.vendors.openai.client import OpenAiClient

_VOICES: Final = ("alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse", "marin", "cedar")
_MALE: Final = frozenset({"ash", "ballad", "echo", "fable", "onyx", "verse", "cedar"})
_NORMAL_SPEED: Final = 1.0


class OpenAiTts:
    """OpenAI's voices; they speak any language."""

    formats: tuple[AudioFormat, ...] = (AudioFormat.PCM16_24K,)
    capabilities = TtsCapabilities(formats, speed_range=(0.25, 4.0))

    def __init__(self, client: OpenAiClient, model: str, voice: str) -> None:
        self._client = client
        self.model = model
        self._voice = voice

    @property
    def name(self) -> str:
        """The vendor's name."""
        return self._client.vendor

    def warm(self) -> None:
        """Import the SDK; blocking, from a thread."""
        self._client.sdk()

    def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        """See `TtsProvider`."""
        chunks = whole_samples(self._chunks(request), AudioFormat.PCM16_24K)
        return watched(chunks, "tts", self.name, self._client.deadlines, prepare=self._client.ready)

    async def voices(self) -> list[Voice]:
        """The built-in voices; there is no list to ask for."""
        return [Voice(id=name, name=name.capitalize(), language="multi", gender="male" if name in _MALE else "female") for name in _VOICES]

    async def _chunks(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        extra: dict[str, Any] = dict(request.options)
        if request.speed != _NORMAL_SPEED:
            extra["speed"] = self.capabilities.speed(request.speed)
        sdk = await self._client.ready()
        phase: Phase = "first_byte"
        with self._client.failures(phase):
            manager = sdk.audio.speech.with_streaming_response.create(
                model=request.model or self.model, voice=request.voice or self._voice, input=request.text, response_format="pcm", extra_body=extra
            )
            response = await manager.__aenter__()
        try:
            chunks = aiter(response.iter_bytes())
            while True:
                with self._client.failures(phase):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                phase = "stream"
                yield chunk
        finally:
            await manager.__aexit__(None, None, None)
