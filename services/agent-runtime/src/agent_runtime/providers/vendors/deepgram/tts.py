"""Deepgram Aura text-to-speech over HTTP streaming. Source: developers.deepgram.com/reference/text-to-speech/speak-request."""

from collections.abc import AsyncGenerator
from typing import Any, Final, Literal

from callstage_domain.audio import AudioFormat

from agent_runtime.providers import failures
from agent_runtime.providers.audio_conversion import whole_samples
from agent_runtime.providers.capabilities import TtsCapabilities
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.http_stream import HttpCall, fetched, posted
from agent_runtime.providers.ports import TtsRequest, Voice
from agent_runtime.providers.vendors.deepgram.nova import VENDOR

_ENCODING: Final = {
    AudioFormat.PCMU_8K: "mulaw",
    AudioFormat.PCM16_8K: "linear16",
    AudioFormat.PCM16_16K: "linear16",
    AudioFormat.PCM16_24K: "linear16",
}
_SCHEMES: Final = {"wss": "https", "ws": "http"}
_SPEED_RANGE: Final = (0.7, 1.5)
_NORMAL_SPEED: Final = 1.0
_MAX_VOICES: Final = 300
_VOICE_BY_LANGUAGE: Final = {
    "en": "aura-2-thalia-en",
    "es": "aura-2-celeste-es",
    "de": "aura-2-viktoria-de",
    "fr": "aura-2-agathe-fr",
    "nl": "aura-2-rhea-nl",
    "it": "aura-2-livia-it",
    "ja": "aura-2-izanami-ja",
}


def http_url(base_url: str) -> str:
    """The address for requests: it may be given as one for sockets."""
    scheme, _, rest = base_url.rstrip("/").partition("://")
    return f"{_SCHEMES.get(scheme, scheme)}://{rest}"


class DeepgramTts:
    """Aura's voices. A voice is a model and speaks one language; without a choice, the language of the agent decides."""

    name = VENDOR
    formats: tuple[AudioFormat, ...] = tuple(_ENCODING)
    capabilities = TtsCapabilities(formats, speed_range=_SPEED_RANGE, languages=tuple(_VOICE_BY_LANGUAGE))

    def __init__(self, api_key: str, base_url: str, voice: str, pool: HttpPool) -> None:
        self._base_url = http_url(base_url)
        self._headers = {"authorization": f"Token {api_key}"}
        self._voice = self.model = voice
        self._pool = pool

    def warm(self) -> None:
        """Make the connection pool; blocking, from a thread."""
        _ = self._pool.client

    def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        """See `TtsProvider`."""
        call = HttpCall(f"{self._base_url}/v1/speak", self._headers, {"text": request.text}, self._query(request))
        chunks = whole_samples(posted(self._pool, self.name, call), request.audio_format)
        return failures.watched(chunks, "tts", self.name, self._pool.deadlines, prepare=self._pool.ready)

    async def voices(self) -> list[Voice]:
        """Every Aura voice that the vendor lists. Raises DependencyError."""
        answer = await fetched(self._pool, "tts", self.name, f"{self._base_url}/v1/models", self._headers)
        try:
            return [_voice(entry) for entry in answer["tts"][:_MAX_VOICES]]
        except (KeyError, TypeError, AttributeError) as err:
            raise failures.counted("tts", failures.malformed(self.name, "first_byte")) from err

    def _query(self, request: TtsRequest) -> dict[str, str]:
        audio_format = request.audio_format
        query: dict[str, Any] = {
            "model": request.voice or request.model or self._default_voice(request.language),
            "encoding": _ENCODING[audio_format],
            "sample_rate": audio_format.rate_hz,
            # Linear audio comes with a WAV header otherwise.
            "container": "none",
        }
        if request.speed != _NORMAL_SPEED:
            query["speed"] = self.capabilities.speed(request.speed)
        query |= request.options
        return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in query.items() if value is not None}

    def _default_voice(self, language: str) -> str:
        spoken = language.split("-")[0].lower()
        return self._voice if self._voice.endswith(f"-{spoken}") else _VOICE_BY_LANGUAGE.get(spoken, self._voice)


def _voice(entry: dict[str, Any]) -> Voice:
    tags = (entry.get("metadata") or {}).get("tags") or ()
    gender: Literal["female", "male", "neutral"] = "female" if "feminine" in tags else "male" if "masculine" in tags else "neutral"
    languages = entry.get("languages") or ["en"]
    return Voice(id=str(entry["canonical_name"]), name=str(entry["name"]).capitalize(), language=str(languages[-1]), gender=gender)
