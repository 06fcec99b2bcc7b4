"""Offline text-to-speech by the flite program, where it is installed: English only, more human than espeak-ng."""

import shutil
import subprocess
from collections.abc import AsyncGenerator
from typing import Final

from callstage_audio.errors import AudioFormatError
from callstage_audio.wav import read_wav
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import in_thread

from agent_runtime.providers import failures
from agent_runtime.providers.audio_conversion import encode, pieces
from agent_runtime.providers.capabilities import TtsCapabilities
from agent_runtime.providers.failures import Deadlines, watched
from agent_runtime.providers.ports import TtsRequest, Voice
from agent_runtime.providers.vendors.offline.tts_espeak import EspeakTts

VENDOR: Final = "flite"
_DEADLINES: Final = Deadlines()
_VOICES: Final = (
    Voice("slt", "SLT", "en-us", "female"),
    Voice("rms", "RMS", "en-us", "male"),
    Voice("awb", "AWB", "en-gb-scotland", "male"),
    Voice("kal16", "KAL", "en-us", "male"),
)
_NAMES: Final = frozenset(voice.id for voice in _VOICES)
_SPEED_RANGE: Final = (0.5, 2.0)
_PROCESS_LIMIT_S: Final = 10.0


def flite_path() -> str | None:
    """The program, None when it is not installed."""
    return shutil.which("flite")


class FliteTts:
    """One process of about 50 ms per sentence."""

    name = VENDOR
    formats: tuple[AudioFormat, ...] = EspeakTts.formats
    capabilities = TtsCapabilities(formats, speed_range=_SPEED_RANGE, languages=("en",), is_offline=True)

    def __init__(self, program: str) -> None:
        self._program = program

    def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        """See `TtsProvider`."""
        return watched(self._chunks(request), "tts", self.name, _DEADLINES)

    async def voices(self) -> list[Voice]:
        """The voices of Debian's package."""
        return list(_VOICES)

    async def _chunks(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        if not any(letter.isalnum() for letter in request.text):
            return
        wav = await self._run(request)
        for piece in pieces(await in_thread(_encode, wav, request.audio_format), request.audio_format):
            yield piece

    async def _run(self, request: TtsRequest) -> bytes:
        stretch = 1 / self.capabilities.speed(request.speed)
        voice = request.voice if request.voice in _NAMES else "slt"
        arguments = [self._program, "-voice", voice, "--setf", f"duration_stretch={stretch:.3f}", "-t", request.text, "-o", "/dev/stdout"]
        return await in_thread(_output_of, arguments)


def _output_of(arguments: list[str]) -> bytes:
    """In a thread: uvloop's own subprocesses run Python after the fork, where the recogniser's native threads are gone and its locks held."""
    try:
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROCESS_LIMIT_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as err:
        raise DependencyError(f"{VENDOR} cannot be started", vendor=VENDOR, code=failures.UNREACHABLE, retryable=False) from err
    if done.returncode != 0:
        raise failures.failed(VENDOR, "first_byte")
    return done.stdout


def _encode(wav: bytes, audio_format: AudioFormat) -> bytes:
    try:
        pcm16, rate_hz = read_wav(wav)
    except AudioFormatError as err:
        raise failures.malformed(VENDOR, "first_byte") from err
    return encode(pcm16, rate_hz, audio_format)


class OfflineTts:
    """flite for English where it is installed, espeak-ng for everything else and for voices that are its own."""

    name = "offline"
    formats: tuple[AudioFormat, ...] = EspeakTts.formats
    capabilities = EspeakTts.capabilities

    def __init__(self, flite: FliteTts | None, espeak: EspeakTts) -> None:
        self._flite = flite
        self._espeak = espeak

    def warm(self) -> None:
        """Load the library; blocking, from a thread."""
        self._espeak.warm()

    def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        """See `TtsProvider`."""
        is_english = request.language.lower().startswith("en")
        if self._flite is not None and is_english and (request.voice is None or request.voice in _NAMES):
            return self._flite.synthesise(request)
        return self._espeak.synthesise(request)

    async def voices(self) -> list[Voice]:
        """flite's first."""
        own = await self._flite.voices() if self._flite is not None else []
        return own + await self._espeak.voices()
