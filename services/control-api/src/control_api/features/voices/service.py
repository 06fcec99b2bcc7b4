"""Voices of the providers that a tenant can use, and how they sound (rule A5)."""

from dataclasses import dataclass

import structlog
from callstage_contracts.pb.runtime.v1 import provider_pb2
from callstage_domain.errors import DependencyError

from control_api.access.caller import Caller
from control_api.features.providers.runtime import LiveVoice, RuntimeClient
from control_api.features.voices.catalogue import NOTES, VOICES
from control_api.features.voices.schemas import PreviewRequest

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FoundVoices:
    """`notes`: by provider, what an editor has to know about its list."""

    voices: list[LiveVoice]
    notes: dict[str, str]


class VoiceService:
    """Asks agent-runtime; what is known without asking anybody stands in for providers that have no key yet, or do not answer."""

    def __init__(self, runtime: RuntimeClient) -> None:
        self._runtime = runtime

    async def find(self, caller: Caller, provider: str | None, language: str | None, gender: str | None) -> FoundVoices:
        """Voices of one provider or all, in one language or all."""
        voices, notes = await self._all(caller.tenant_id, provider)
        if language:
            spoken = language.partition("-")[0].lower()
            voices = [voice for voice in voices if voice.language == "multi" or voice.language.partition("-")[0].lower() == spoken]
        return FoundVoices([voice for voice in voices if gender in (None, voice.gender)], notes)

    async def preview(self, caller: Caller, body: PreviewRequest) -> bytes:
        """A WAV file. Raises CallerError, LimitExceeded or DependencyError."""
        return await self._runtime.preview(
            provider_pb2.PreviewVoiceRequest(
                tenant_id=caller.tenant_id,
                provider=body.provider,
                voice=body.voice or "",
                language=body.language,
                text=body.text,
                speed=body.speed,
                model=body.model or "",
            )
        )

    async def _all(self, tenant_id: str, provider: str | None) -> tuple[list[LiveVoice], dict[str, str]]:
        notes: dict[str, str] = {}
        live: list[LiveVoice] = []
        try:
            live, failed = await self._runtime.voices(tenant_id, provider)
            notes = {name: f"The provider's own list cannot be read now ({code})." for name, code in failed.items()}
        except DependencyError as err:
            _log.warning("voices_not_live", error=err.message)
        listed = {voice.provider for voice in live}
        known = [LiveVoice(voice.provider, voice.voice, voice.voice, voice.language, voice.gender) for voice in VOICES]
        others = [voice for voice in known if voice.provider not in listed and provider in (None, voice.provider)]
        for name, note in NOTES.items():
            if name not in listed and provider in (None, name):
                notes[name] = f"{notes[name]} {note}" if name in notes else note
        return live + others, notes
