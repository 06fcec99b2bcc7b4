"""Voices to choose from, and how they sound (rule A5)."""

import asyncio
import time
from collections import OrderedDict, deque
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from callstage_audio.wav import write_wav
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import CallerError, DependencyError, LimitExceeded
from callstage_kit.tasks import all_of

from agent_runtime.providers.fallback import Link, TtsChain
from agent_runtime.providers.ports import TtsProvider, TtsRequest, Voice
from agent_runtime.providers.registry import MISSING, ProviderRegistry

MAX_PREVIEW_CHARS: Final = 300
_FORMAT: Final = AudioFormat.PCM16_24K
_MAX_AUDIO_MS: Final = 40_000.0
_LIMIT_S: Final = 15.0
_VOICES_KEPT_S: Final = 300.0
_MAX_LISTS: Final = 512
_CACHE_BYTES: Final = 32 << 20
_WINDOW_S: Final = 60.0
_PER_WINDOW: Final = 30
_AT_ONCE: Final = 4
_MAX_TENANTS: Final = 10_000
_PREVIEW: Final = {
    "en": "Hello, thank you for calling. This is how I sound on the phone. How can I help you today?",
    "es": "Hola, gracias por llamar. Así sueno por teléfono. ¿En qué puedo ayudarle hoy?",
    "fr": "Bonjour et merci de votre appel. Voilà ma voix au téléphone. Comment puis-je vous aider ?",
    "de": "Guten Tag und danke für Ihren Anruf. So klinge ich am Telefon. Wie kann ich Ihnen helfen?",
    "nl": "Hallo, bedankt voor uw telefoontje. Zo klink ik aan de telefoon. Waarmee kan ik u helpen?",
    "pt": "Olá, obrigado por ligar. É assim que soo ao telefone. Como posso ajudar?",
    "it": "Salve, grazie per la chiamata. Ecco la mia voce al telefono. Come posso aiutarla?",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What is to be heard."""

    provider: str
    voice: str | None = None
    language: str = "en"
    text: str = ""
    speed: float = 1.0
    model: str | None = None

    @property
    def spoken(self) -> str:
        """The text, or a sentence of ours in that language."""
        return self.text.strip() or _PREVIEW.get(self.language.partition("-")[0].lower(), _PREVIEW["en"])


class VoiceDesk:
    """For all tenants of this process. Lists are kept for five minutes, sounds as long as there is room."""

    def __init__(self, registry: ProviderRegistry) -> None:
        self._registry = registry
        self._lists: OrderedDict[int, tuple[float, Link[TtsProvider], list[Voice]]] = OrderedDict()
        # The link stands beside the sound, so that its id is nobody else's as long as the sound is kept.
        self._sounds: OrderedDict[tuple[object, ...], tuple[Link[TtsProvider], bytes]] = OrderedDict()
        self._size = 0
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()
        self._running: dict[str, int] = {}

    async def voices(self, tenant_id: str, provider: str | None = None) -> tuple[dict[str, list[Voice]], dict[str, str]]:
        """By provider; and the providers that could not say, with the code of the failure. Without a key a provider is in neither."""
        known = self._registry.known("tts", tenant_id)
        wanted = {name: link for name, link in known.items() if link is not None and provider in (None, name)}
        found = await all_of(*(self._listed(link) for link in wanted.values())) if wanted else []
        voices = {name: list(answer) for name, answer in zip(wanted, found, strict=True) if not isinstance(answer, str)}
        return voices, {name: answer for name, answer in zip(wanted, found, strict=True) if isinstance(answer, str)}

    async def preview(self, tenant_id: str, wish: Preview) -> bytes:
        """A WAV file. Raises CallerError for what cannot be spoken, LimitExceeded, DependencyError."""
        if len(wish.spoken) > MAX_PREVIEW_CHARS:
            raise CallerError(f"a preview may have {MAX_PREVIEW_CHARS} characters", details={"field": "text"})
        link = self._registry.known("tts", tenant_id).get(wish.provider)
        if link is None:
            raise CallerError(f"the voice provider '{wish.provider}' is not known or has no key", code=MISSING, details={"field": "provider"})
        key = (id(link), wish.voice, wish.language, wish.spoken, wish.speed, wish.model)
        kept = self._sounds.get(key)
        if kept is not None:
            self._sounds.move_to_end(key)
            return kept[1]
        self._count(tenant_id)
        self._running[tenant_id] = self._running.get(tenant_id, 0) + 1
        try:
            sound = await _spoken(link, wish)
        finally:
            self._running[tenant_id] -= 1
            if not self._running[tenant_id]:
                del self._running[tenant_id]
        self._keep(key, link, sound)
        return sound

    async def _listed(self, link: Link[TtsProvider]) -> list[Voice] | str:
        kept = self._lists.get(id(link))
        if kept is not None and kept[1] is link and time.monotonic() - kept[0] < _VOICES_KEPT_S:
            return kept[2]
        try:
            async with asyncio.timeout(_LIMIT_S):
                voices = await link.provider.voices()
        except DependencyError as err:
            return err.code
        except TimeoutError:
            return "provider_timeout"
        self._lists[id(link)] = (time.monotonic(), link, voices)
        while len(self._lists) > _MAX_LISTS:
            self._lists.popitem(last=False)
        return voices

    def _count(self, tenant_id: str) -> None:
        now = time.monotonic()
        moments = self._asked.setdefault(tenant_id, deque())
        self._asked.move_to_end(tenant_id)
        while len(self._asked) > _MAX_TENANTS:
            self._asked.popitem(last=False)
        while moments and now - moments[0] > _WINDOW_S:
            moments.popleft()
        if len(moments) >= _PER_WINDOW or self._running.get(tenant_id, 0) >= _AT_ONCE:
            wait_s = max(1, int(_WINDOW_S - (now - moments[0])) + 1) if len(moments) >= _PER_WINDOW else 1
            raise LimitExceeded("too many previews; try again later", details={"retry_after_s": wait_s})
        moments.append(now)

    def _keep(self, key: tuple[object, ...], link: Link[TtsProvider], sound: bytes) -> None:
        if key in self._sounds:
            # Somebody asked for the same at the same time.
            return
        self._sounds[key] = (link, sound)
        self._size += len(sound)
        while self._size > _CACHE_BYTES and self._sounds:
            _, (_, dropped) = self._sounds.popitem(last=False)
            self._size -= len(dropped)


async def _spoken(link: Link[TtsProvider], wish: Preview) -> bytes:
    """By that provider alone: another voice would be no preview."""
    request = TtsRequest(wish.spoken, _FORMAT, wish.language, wish.voice, wish.speed, wish.model)
    pieces: list[bytes] = []
    size, most = 0, _FORMAT.size_bytes(_MAX_AUDIO_MS)
    try:
        async with asyncio.timeout(_LIMIT_S), aclosing(TtsChain([link]).synthesise(request)) as chunks:
            async for chunk in chunks:
                pieces.append(chunk)
                size += len(chunk)
                if size >= most:
                    break
    except TimeoutError as err:
        raise DependencyError("the preview took too long", vendor=link.provider.name, phase="stream", code="provider_timeout") from err
    return write_wav(b"".join(pieces), _FORMAT.rate_hz)
