"""Offline text-to-speech by espeak-ng: robotic, but quick, in a hundred languages, from a wheel."""

from collections.abc import AsyncGenerator
from typing import Final, Literal

from callstage_domain.audio import AudioFormat
from callstage_kit.tasks import in_thread

from agent_runtime.providers.audio_conversion import encode, pieces
from agent_runtime.providers.capabilities import TtsCapabilities
from agent_runtime.providers.failures import Deadlines, watched
from agent_runtime.providers.ports import TtsRequest, Voice
from agent_runtime.providers.vendors.offline.espeak_library import VENDOR, espeak_library

_DEADLINES: Final = Deadlines()
_MAX_VOICES: Final = 300
_VARIANTS: Final[tuple[tuple[str, Literal["female", "male"]], ...]] = (("f3", "female"), ("m3", "male"))


class EspeakTts:
    """A voice is a language of espeak-ng, with a variant after `+` if wanted: `en-gb`, `en-us+f3`."""

    name = VENDOR
    formats: tuple[AudioFormat, ...] = (AudioFormat.PCMU_8K, AudioFormat.PCM16_8K, AudioFormat.PCM16_16K, AudioFormat.PCM16_24K)
    capabilities = TtsCapabilities(formats, speed_range=(0.5, 2.0), is_offline=True)

    def warm(self) -> None:
        """Load the library; blocking, from a thread."""
        espeak_library().speak("warm", "en-us", 1.0)

    def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        """See `TtsProvider`."""
        return watched(self._chunks(request), "tts", self.name, _DEADLINES)

    async def voices(self) -> list[Voice]:
        """Languages in their neutral voice, the main English ones with a female and a male variant."""
        voices: list[Voice] = []
        for known in await in_thread(lambda: espeak_library().voices()):
            voices.append(Voice(known.language, known.name, known.language))
            if known.language in ("en-us", "en-gb"):
                voices += [Voice(f"{known.language}+{variant}", f"{known.name}, {gender}", known.language, gender) for variant, gender in _VARIANTS]
        return sorted(voices, key=lambda voice: (not voice.id.startswith("en"), voice.id))[:_MAX_VOICES]

    async def _chunks(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        audio = await in_thread(_synthesise, request)
        for piece in pieces(audio, request.audio_format):
            yield piece


def _synthesise(request: TtsRequest) -> bytes:
    library = espeak_library()
    pcm16 = library.speak(request.text, request.voice or _voice_of(request.language), request.speed)
    return encode(pcm16, library.rate_hz, request.audio_format)


def _voice_of(language: str) -> str:
    lowered = language.lower().replace("_", "-")
    return "en-us" if lowered in ("en", "en-us") else lowered if lowered.startswith(("en-", "pt-", "zh-", "es-", "fr-")) else lowered.split("-")[0]
