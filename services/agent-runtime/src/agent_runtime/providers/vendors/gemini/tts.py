"""Speech from a Gemini text-to-speech model. Source: ai.google.dev/gemini-api/docs/speech-generation.

Spoken directly: the SDK writes and reads every chunk of audio twice more as JSON, and does not let go of the connection when its stream is closed.
"""

import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final, Literal
from urllib.parse import quote

import orjson
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import Phase

from agent_runtime.providers import failures
from agent_runtime.providers.audio_conversion import whole_samples
from agent_runtime.providers.capabilities import TtsCapabilities
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.http_stream import HttpCall, lines, posted
from agent_runtime.providers.ports import TtsRequest, Voice
from agent_runtime.providers.vendors.gemini.client import VENDOR

_API_VERSION: Final = "v1beta"
"""Where the speech models and the preview ones are served."""
_DATA: Final = b"data:"
# fmt: off
_FEMALE: Final = (
    "Zephyr", "Kore", "Leda", "Aoede", "Callirrhoe", "Autonoe", "Despina", "Erinome",
    "Laomedeia", "Achernar", "Gacrux", "Pulcherrima", "Vindemiatrix", "Sulafat",
)
_MALE: Final = (
    "Puck", "Charon", "Fenrir", "Orus", "Enceladus", "Iapetus", "Umbriel", "Algieba",
    "Algenib", "Rasalgethi", "Alnilam", "Schedar", "Achird", "Zubenelgenubi", "Sadachbia", "Sadaltager",
)
# fmt: on


class GeminiTts:
    """Gemini's voices; they speak the language of the text. There is no speed to set: the models take it from the style alone.

    An agent's options go into the `generationConfig`.
    """

    name = VENDOR
    formats: tuple[AudioFormat, ...] = (AudioFormat.PCM16_24K,)
    capabilities = TtsCapabilities(formats)

    def __init__(self, api_key: str, base_url: str, model: str, voice: str, pool: HttpPool) -> None:
        self._headers = {"x-goog-api-key": api_key}
        self._base_url = base_url.rstrip("/")
        self.model = model
        self._voice = voice
        self._pool = pool

    def warm(self) -> None:
        """Make the connection pool; blocking, from a thread."""
        _ = self._pool.client

    def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        """See `TtsProvider`."""
        chunks = whole_samples(self._chunks(request), AudioFormat.PCM16_24K)
        return failures.watched(chunks, "tts", self.name, self._pool.deadlines, prepare=self._pool.ready)

    async def voices(self) -> list[Voice]:
        """The prebuilt voices; there is no list of them to ask for."""
        genders: tuple[tuple[Literal["female", "male"], tuple[str, ...]], ...] = (("female", _FEMALE), ("male", _MALE))
        return [Voice(id=name, name=name, language="multi", gender=gender) for gender, names in genders for name in names]

    async def _chunks(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        phase: Phase = "first_byte"
        async with aclosing(posted(self._pool, self.name, self._call(request))) as chunks:
            async for line in lines(chunks):
                if not line.startswith(_DATA):
                    continue
                try:
                    audio = _audio(orjson.loads(line.removeprefix(_DATA)))
                except (ValueError, KeyError, TypeError, AttributeError) as err:
                    raise failures.malformed(self.name, phase) from err
                if audio:
                    phase = "stream"
                    yield audio
        if phase == "first_byte":
            # The models sometimes end a stream without a sound, with a reason that says nothing (OTHER).
            raise failures.failed(self.name, phase)

    def _call(self, request: TtsRequest) -> HttpCall:
        voice = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": request.voice or self._voice}}}
        body = {
            "contents": [{"role": "user", "parts": [{"text": request.text}]}],
            "generationConfig": {"responseModalities": ["AUDIO"], "speechConfig": voice, **request.options},
        }
        url = f"{self._base_url}/{_API_VERSION}/models/{quote(request.model or self.model, safe='')}:streamGenerateContent"
        return HttpCall(url, self._headers, body, {"alt": "sse"})


def _audio(chunk: dict[str, Any]) -> bytes:
    parts = [part for candidate in chunk.get("candidates") or () for part in (candidate.get("content") or {}).get("parts") or ()]
    return b"".join(base64.b64decode(part["inlineData"]["data"]) for part in parts if "inlineData" in part)
