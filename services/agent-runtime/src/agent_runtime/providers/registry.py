"""Which providers a conversation uses: the agent's choice, the tenant's own key, the platform's key, the offline engines."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeVar, cast

import structlog
from callstage_contracts.buckets import ProviderKey, provider_aad
from callstage_domain.agent import AgentSnapshot
from callstage_domain.errors import CallerError, DependencyError, InvariantBroken
from callstage_kit.crypto import SecretBox
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.tasks import in_thread

from agent_runtime.providers.failures import Deadlines, ProviderKind
from agent_runtime.providers.fallback import Chain, Link, LlmChain, Named, SttChain, TtsChain
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.ports import LlmProvider, ProviderSet, SttProvider, TtsProvider
from agent_runtime.providers.settings import ProviderSettings
from agent_runtime.providers.vendors.anthropic.llm import AnthropicLlm
from agent_runtime.providers.vendors.deepgram.flux import DeepgramByModel
from agent_runtime.providers.vendors.deepgram.tts import DeepgramTts
from agent_runtime.providers.vendors.elevenlabs.stt import ElevenLabsStt
from agent_runtime.providers.vendors.elevenlabs.tts import ElevenLabsTts
from agent_runtime.providers.vendors.gemini.llm import GeminiLlm
from agent_runtime.providers.vendors.gemini.tts import GeminiTts
from agent_runtime.providers.vendors.groq import groq_llm
from agent_runtime.providers.vendors.offline.brain import OfflineBrain
from agent_runtime.providers.vendors.offline.moonshine_pool import MoonshinePool
from agent_runtime.providers.vendors.offline.stt_moonshine import MoonshineStt
from agent_runtime.providers.vendors.offline.tts_espeak import EspeakTts
from agent_runtime.providers.vendors.offline.tts_flite import FliteTts, OfflineTts, flite_path
from agent_runtime.providers.vendors.openai.client import OpenAiClient
from agent_runtime.providers.vendors.openai.llm import OpenAiLlm
from agent_runtime.providers.vendors.openai.stt import OpenAiStt
from agent_runtime.providers.vendors.openai.tts import OpenAiTts

_log = structlog.get_logger(__name__)
P = TypeVar("P", bound=Named)

OFFLINE: Final = "offline"
MISSING: Final = "provider_missing"
_ORDER: Final[dict[ProviderKind, tuple[str, ...]]] = {
    "stt": ("deepgram", "openai", "elevenlabs"),
    "llm": ("openai", "groq", "gemini", "anthropic"),
    "tts": ("elevenlabs", "openai", "deepgram", "gemini"),
}
_LOCAL: Final[dict[ProviderKind, tuple[str, ...]]] = {
    "stt": (OFFLINE, "moonshine"),
    "llm": (OFFLINE, "offline-brain"),
    "tts": (OFFLINE, "espeak", "flite"),
}
_MAX_LINKS: Final = 1024


class KeyLookup(Protocol):
    """The `provider_keys` bucket in memory (a `KvMirror`)."""

    def get(self, key: str, /) -> ProviderKey | None:
        """The tenant's key, None when it has none."""
        ...


@dataclass(frozen=True, slots=True)
class Credential:
    """A vendor's key and address. `identity` tells two keys apart without being one.

    `is_tenants_address`: a tenant chose the address, so it is reached only where the egress policy allows.
    """

    vendor: str
    identity: str
    base_url: str
    open_key: Callable[[], str]
    is_tenants_address: bool = False


class ProviderRegistry:
    """Makes providers when they are first needed and keeps them for all calls of the process; entered = may be used, left = connections closed."""

    def __init__(self, settings: ProviderSettings, tenant_keys: KeyLookup | None = None, secret_box: SecretBox | None = None) -> None:
        self._settings = settings
        self._tenant_keys = tenant_keys
        self._secret_box = secret_box
        deadlines = Deadlines(
            settings.provider_connect_timeout_s,
            settings.provider_first_byte_timeout_s,
            settings.provider_gap_timeout_s,
        )
        self._deadlines = deadlines
        self._http = HttpPool(deadlines, settings.provider_connections)
        self._egress = EgressPolicy.from_setting(settings.egress_allow)
        self._tenants_http = HttpPool(deadlines, settings.provider_connections, self._egress)
        self._moonshine = MoonshinePool(settings.offline_stt_workers)
        self._links: OrderedDict[tuple[str, str, str], Link[Any]] = OrderedDict()
        self._unreadable: set[str] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        await self._moonshine.close()
        await self._http.close()
        await self._tenants_http.close()

    def resolve(self, snapshot: AgentSnapshot) -> ProviderSet:
        """Providers of one conversation. Raises CallerError(provider_missing) for a choice that is unknown or has no key."""
        chosen, tenant = snapshot.settings, str(snapshot.tenant_id)
        return ProviderSet(
            stt=SttChain(cast("list[Link[SttProvider]]", self._chain("stt", chosen.stt.provider, tenant))),
            llm=LlmChain(cast("list[Link[LlmProvider]]", self._chain("llm", chosen.llm.provider, tenant))),
            tts=TtsChain(cast("list[Link[TtsProvider]]", self._chain("tts", chosen.tts.provider, tenant))),
        )

    async def warm_up(self) -> None:
        """Import SDKs and load the engines that calls without a choice of their own will use. A part that fails is left to the first call."""
        for kind in _ORDER:
            try:
                links = self._chain(kind, None, "")
            except CallerError:
                continue
            for link in links:
                await self._warm(link, is_first=link is links[0])

    def health(self) -> dict[str, dict[str, dict[str, Any]]]:
        """By kind and provider name, for the platform's own keys: `is_configured`, `is_resting` (breaker open), `last_error` code (rule A5)."""
        report: dict[str, dict[str, dict[str, Any]]] = {}
        for kind, vendors in _ORDER.items():
            report[kind] = {}
            for vendor in (*vendors, OFFLINE):
                credential = self._platform_credential(vendor)
                link = self._links.get((kind, vendor, credential.identity if credential else ""))
                report[kind][vendor] = {
                    "is_configured": vendor == OFFLINE or credential is not None,
                    "is_resting": link is not None and link.breaker.is_open,
                    "last_error": link.breaker.last_code if link is not None else None,
                }
        return report

    async def _warm(self, link: Link[Any], *, is_first: bool) -> None:
        provider = link.provider
        try:
            if isinstance(provider, MoonshineStt):
                # 200 MB that a platform with a Deepgram key need not hold.
                if is_first:
                    await self._moonshine.warm_up()
            elif hasattr(provider, "warm"):
                await in_thread(provider.warm)
        except (DependencyError, ImportError) as err:
            _log.warning("provider_not_warm", provider=provider.name, error=str(err))

    def _chain(self, kind: ProviderKind, choice: str | None, tenant_id: str) -> list[Link[Any]]:
        if choice is not None and choice in _LOCAL[kind]:
            return [self._local(kind, choice)]
        credentials = self._credentials(kind, tenant_id)
        preferred = choice or self._default(kind, tenant_id)
        if preferred in _LOCAL[kind]:
            return [self._local(kind, preferred)]
        if preferred is not None:
            if preferred not in _ORDER[kind]:
                raise _missing(kind, preferred, "is not known here")
            if not any(credential.vendor == preferred for credential in credentials):
                raise _missing(kind, preferred, "has no API key")
            credentials.sort(key=lambda credential: credential.vendor != preferred)
        links = [self._cloud(kind, credential) for credential in credentials]
        if self._settings.offline_fallback:
            links.append(self._local(kind, OFFLINE))
        if not links:
            raise _missing(kind, kind, "has no provider: set a key or CALLSTAGE_OFFLINE_FALLBACK")
        return links

    def _default(self, kind: ProviderKind, tenant_id: str) -> str | None:
        """The installation's default, unless the tenant brought a key of its own."""
        if any(self._tenant_credential(vendor, tenant_id) is not None for vendor in _ORDER[kind]):
            return None
        return {"stt": self._settings.default_stt, "llm": self._settings.default_llm, "tts": self._settings.default_tts}[kind]

    def _credentials(self, kind: ProviderKind, tenant_id: str) -> list[Credential]:
        """The tenant's keys in order, then the platform's; one per vendor."""
        own = [self._tenant_credential(vendor, tenant_id) for vendor in _ORDER[kind]]
        found = {credential.vendor: credential for credential in own if credential is not None}
        for vendor in _ORDER[kind]:
            credential = self._platform_credential(vendor)
            if credential is not None:
                found.setdefault(vendor, credential)
        return list(found.values())

    def _tenant_credential(self, vendor: str, tenant_id: str) -> Credential | None:
        box = self._secret_box
        record = self._tenant_keys.get(f"{tenant_id}.{vendor}") if self._tenant_keys is not None and tenant_id else None
        if record is None or box is None or record.api_key_sealed in self._unreadable:
            return None
        sealed, aad = record.api_key_sealed, provider_aad(tenant_id, vendor)
        url = record.base_url or self._base_url(vendor)
        credential = Credential(vendor, sealed, url, lambda: box.open(sealed, aad), is_tenants_address=bool(record.base_url))
        try:
            if not any(identity == sealed for _, _, identity in self._links):
                credential.open_key()
        except InvariantBroken:
            self._unreadable.add(sealed)
            _log.warning("provider_key_unreadable", tenant_id=tenant_id, provider=vendor)
            return None
        return credential

    def _platform_credential(self, vendor: str) -> Credential | None:
        key = getattr(self._settings, f"{vendor}_api_key", None)
        if key is None:
            return None
        return Credential(vendor, "platform", self._base_url(vendor), key.get_secret_value)

    def _base_url(self, vendor: str) -> str:
        return str(getattr(self._settings, f"{vendor}_base_url"))

    def _cloud(self, kind: ProviderKind, credential: Credential) -> Link[Any]:
        return self._link((kind, credential.vendor, credential.identity), lambda: self._new_cloud(kind, credential))

    def _local(self, kind: ProviderKind, name: str) -> Link[Any]:
        if name == "flite" and flite_path() is None:
            raise _missing(kind, name, "is not installed")
        return self._link((kind, name, ""), lambda: self._new_local(kind, name))

    def _link(self, key: tuple[str, str, str], make: Callable[[], Any]) -> Link[Any]:
        link = self._links.get(key)
        if link is None:
            link = self._links[key] = Link(make())
            while len(self._links) > _MAX_LINKS:
                self._links.popitem(last=False)
        self._links.move_to_end(key)
        return link

    def _new_cloud(self, kind: ProviderKind, credential: Credential) -> SttProvider | LlmProvider | TtsProvider:
        settings, key, url = self._settings, credential.open_key(), credential.base_url
        http, egress = (self._tenants_http, self._egress) if credential.is_tenants_address else (self._http, None)
        match kind, credential.vendor:
            case "stt", "openai":
                return OpenAiStt(key, url, settings.openai_stt_model, self._deadlines, egress)
            case "stt", "elevenlabs":
                return ElevenLabsStt(key, url, settings.elevenlabs_stt_model, self._deadlines, egress)
            case "stt", _:
                return DeepgramByModel(key, url, settings.deepgram_stt_model, self._deadlines, egress)
            case "llm", "groq":
                return groq_llm(key, url, settings.groq_llm_model, http)
            case "llm", "gemini":
                return GeminiLlm(key, url, settings.gemini_llm_model, http)
            case "llm", "anthropic":
                return AnthropicLlm(key, url, settings.anthropic_llm_model, http)
            case "llm", _:
                return OpenAiLlm(OpenAiClient("openai", key, url, http), settings.openai_llm_model, settings.openai_llm_api)
            case "tts", "elevenlabs":
                return ElevenLabsTts(key, url, settings.elevenlabs_tts_model, settings.elevenlabs_voice, http)
            case "tts", "deepgram":
                return DeepgramTts(key, url, settings.deepgram_tts_voice, http)
            case "tts", "gemini":
                return GeminiTts(key, url, settings.gemini_tts_model, settings.gemini_tts_voice, http)
            case _:
                return OpenAiTts(OpenAiClient("openai", key, url, http), settings.openai_tts_model, settings.openai_tts_voice)

    def _new_local(self, kind: ProviderKind, name: str) -> SttProvider | LlmProvider | TtsProvider:
        if kind == "stt":
            return MoonshineStt(self._moonshine, interim_s=self._settings.offline_stt_interim_s)
        if kind == "llm":
            return OfflineBrain()
        program = flite_path()
        flite = FliteTts(program) if program is not None else None
        if name == "flite" and flite is not None:
            return flite
        return EspeakTts() if name == "espeak" else OfflineTts(flite, EspeakTts())


def _missing(kind: ProviderKind, name: str, why: str) -> CallerError:
    return CallerError(f"the {kind} provider '{name}' {why}", code=MISSING, details={"field": f"{kind}.provider", "provider": name})


__all__ = ["Chain", "KeyLookup", "ProviderRegistry"]
