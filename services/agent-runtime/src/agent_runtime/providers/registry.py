"""Which providers a conversation uses: the agent's choice, the tenant's own key, the platform's key, the offline engines."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Protocol, Self

import structlog
from callstage_contracts.buckets import ProviderKey, provider_aad
from callstage_domain.agent import AgentSnapshot, FallbackChoice
from callstage_domain.errors import CallerError, DependencyError, InvariantBroken
from callstage_kit.crypto import SecretBox
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.tasks import in_thread

from agent_runtime.providers.breaker import Breaker
from agent_runtime.providers.capabilities import speaks
from agent_runtime.providers.failures import Deadlines, ProviderKind
from agent_runtime.providers.fallback import Chain, Choice, Link, LlmChain, SttChain, TtsChain
from agent_runtime.providers.hedging import HedgePolicy
from agent_runtime.providers.http_pool import HttpPool, Line
from agent_runtime.providers.ports import LlmProvider, ProviderSet, SttProvider, TtsProvider
from agent_runtime.providers.settings import ProviderSettings
from agent_runtime.providers.usage import UsageMeter
from agent_runtime.providers.vendor import Making, Vendor
from agent_runtime.providers.vendors.anthropic.vendor import ANTHROPIC
from agent_runtime.providers.vendors.deepgram.vendor import DEEPGRAM
from agent_runtime.providers.vendors.elevenlabs.vendor import ELEVENLABS
from agent_runtime.providers.vendors.gemini.vendor import GEMINI
from agent_runtime.providers.vendors.groq import GROQ
from agent_runtime.providers.vendors.offline.brain import OfflineBrain
from agent_runtime.providers.vendors.offline.moonshine_pool import MoonshinePool
from agent_runtime.providers.vendors.offline.stt_moonshine import MoonshineStt
from agent_runtime.providers.vendors.offline.tts_espeak import EspeakTts
from agent_runtime.providers.vendors.offline.tts_flite import FliteTts, OfflineTts, flite_path
from agent_runtime.providers.vendors.openai.vendor import OPENAI

_log = structlog.get_logger(__name__)

VENDORS: Final[tuple[Vendor, ...]] = (
    DEEPGRAM,
    OPENAI,
    GROQ,
    GEMINI,
    ANTHROPIC,
    ELEVENLABS,
)
OFFLINE: Final = "offline"
MISSING: Final = "provider_missing"
_PREFERRED: Final[dict[ProviderKind, tuple[str, ...]]] = {
    "stt": ("deepgram", "openai", "elevenlabs"),
    "llm": ("openai", "groq", "gemini", "anthropic"),
    "tts": ("elevenlabs", "openai", "deepgram", "gemini"),
}
"""Which vendor is asked first when an agent has no wish; others follow in the order of `VENDORS`."""
_LOCAL: Final[dict[ProviderKind, tuple[str, ...]]] = {
    "stt": (OFFLINE, "moonshine"),
    "llm": (OFFLINE, "offline-brain"),
    "tts": (OFFLINE, "espeak", "flite"),
}
_MAX_LINKS: Final = 1024
LinkKey = tuple[str, str, str, str]
"""Kind, name, identity of the key, address: what shares a breaker."""


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

    vendor: Vendor
    identity: str
    base_url: str
    open_key: Callable[[], str]
    is_tenants_address: bool = False


class ProviderRegistry:
    """Makes providers when they are first needed and keeps them for all calls of the process; entered = may be used, left = connections closed."""

    def __init__(
        self,
        settings: ProviderSettings,
        tenant_keys: KeyLookup | None = None,
        secret_box: SecretBox | None = None,
        vendors: Sequence[Vendor] = VENDORS,
    ) -> None:
        self._settings = settings
        self._tenant_keys = tenant_keys
        self._secret_box = secret_box
        self._vendors = {vendor.name: vendor for vendor in vendors}
        deadlines = Deadlines(
            settings.provider_connect_timeout_s,
            settings.provider_first_byte_timeout_s,
            settings.provider_gap_timeout_s,
            settings.provider_total_timeout_s,
        )
        self._deadlines = deadlines
        self._http = HttpPool(deadlines, settings.provider_connections)
        self._egress = EgressPolicy.from_setting(settings.egress_allow)
        self._tenants_http = HttpPool(deadlines, settings.provider_connections, self._egress)
        self._moonshine = MoonshinePool(settings.offline_stt_workers)
        self._links: OrderedDict[LinkKey, Link[Any]] = OrderedDict()
        self._unreadable: set[str] = set()
        self._passed_over: set[tuple[str, str, str]] = set()
        self._hedges: dict[str, HedgePolicy | None] = {
            "llm": _hedge(settings.llm_hedge_floor_s, settings.llm_hedge_ceiling_s),
            "tts": _hedge(settings.tts_hedge_floor_s, settings.tts_hedge_ceiling_s),
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        await self._moonshine.close()
        await self._http.close()
        await self._tenants_http.close()

    def resolve(self, snapshot: AgentSnapshot) -> ProviderSet:
        """Providers of one conversation. Raises CallerError(provider_missing) for a choice that is unknown or has no key."""
        chosen, tenant = snapshot.settings, str(snapshot.tenant_id)
        meter = UsageMeter()
        language = chosen.language
        realtime = self._realtime(chosen.realtime.provider, tenant) if snapshot.channel == "voice" else None
        # The fixed phrases of a call and the model's own answers are to sound alike.
        voice = chosen.tts.provider or (realtime.provider.name if realtime is not None and self._can_speak(realtime.provider.name, tenant) else None)
        return ProviderSet(
            stt=SttChain(self.links("stt", tenant, chosen.stt.provider, chosen.stt.fallbacks, language), meter=meter),
            llm=LlmChain(self.links("llm", tenant, chosen.llm.provider, chosen.llm.fallbacks, language), meter=meter, hedge=self._hedges["llm"]),
            tts=TtsChain(self.links("tts", tenant, voice, chosen.tts.fallbacks, language), meter=meter, hedge=self._hedges["tts"]),
            usage=meter,
            realtime=realtime,
        )

    def _realtime(self, choice: str | None, tenant_id: str) -> Link[Any] | None:
        """The speech-to-speech model of an agent that names one. Raises CallerError(provider_missing)."""
        if choice is None:
            return None
        if choice not in self.order("realtime"):
            raise _missing("realtime", choice, "is not known here")
        credential = self._tenant_credential(choice, tenant_id) or self._platform_credential(choice)
        if credential is None:
            raise _missing("realtime", choice, "has no API key")
        return self._cloud("realtime", credential)

    def _can_speak(self, vendor: str, tenant_id: str) -> bool:
        return any(credential.vendor.name == vendor for credential in self._credentials("tts", tenant_id))

    async def warm_up(self) -> None:
        """Import SDKs and load the engines that calls without a choice of their own will use. A part that fails is left to the first call."""
        for kind in _PREFERRED:
            try:
                links = self.links(kind, "")
            except CallerError:
                continue
            for link in links:
                await self._warm(link, is_first=link is links[0])

    def order(self, kind: ProviderKind) -> tuple[str, ...]:
        """Names of the vendors that have such a provider, most preferred first."""
        preferred = [name for name in _PREFERRED.get(kind, ()) if name in self._vendors]
        return (*preferred, *(name for name, vendor in self._vendors.items() if vendor.factory(kind) is not None and name not in preferred))

    def known(self, kind: ProviderKind, tenant_id: str) -> dict[str, Link[Any] | None]:
        """Every provider of that kind by name, the offline ones last; None: it has no key (of the tenant or the platform), or is not installed."""
        found: dict[str, Link[Any] | None] = {}
        credentials = {credential.vendor.name: credential for credential in self._credentials(kind, tenant_id)}
        for name in self.order(kind):
            found[name] = self._cloud(kind, credentials[name]) if name in credentials else None
        for name in _LOCAL.get(kind, ()):
            found[name] = None if name == "flite" and flite_path() is None else self._local(kind, name)
        return found

    def making(self, vendor: str, tenant_id: str) -> tuple[Vendor, Making, bool] | None:
        """A vendor with the key that the tenant's calls use, and whether that is its own; None: there is no key, or no such vendor."""
        if vendor not in self._vendors:
            return None
        own = self._tenant_credential(vendor, tenant_id)
        credential = own or self._platform_credential(vendor)
        return None if credential is None else (credential.vendor, self._making(credential), own is not None)

    def health(self) -> dict[str, dict[str, dict[str, Any]]]:
        """By kind and provider name, for the platform's own keys: `is_configured`, `is_resting` (breaker open), `last_error` code (rule A5)."""
        report: dict[str, dict[str, dict[str, Any]]] = {}
        for kind in _PREFERRED:
            report[kind] = {}
            for name in (*self.order(kind), OFFLINE):
                credential = self._platform_credential(name) if name != OFFLINE else None
                link = self._links.get(_key(kind, credential) if credential else (kind, name, "", ""))
                report[kind][name] = {
                    "is_configured": name == OFFLINE or credential is not None,
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

    def links(
        self,
        kind: ProviderKind,
        tenant_id: str,
        choice: str | None = None,
        fallbacks: Sequence[FallbackChoice] | None = None,
        language: str = "",
    ) -> list[Link[Any]]:
        """The providers of one kind, the preferred one first. `fallbacks` None: every other one with a key follows, then the offline engine.

        Raises CallerError(provider_missing) when the choice is unknown or has no key; fallbacks without a key are passed over.
        """
        if fallbacks is None:
            return self._automatic(kind, tenant_id, choice, language)
        chosen = [self._automatic(kind, tenant_id, choice, language)[0]]
        for wish in fallbacks:
            try:
                link = self._automatic(kind, tenant_id, wish.provider, language)[0]
            except CallerError as err:
                self._pass_over(tenant_id, kind, wish.provider, err)
                continue
            chosen.append(replace(link, choice=Choice(wish.model, wish.voice, wish.options)))
        return chosen

    def _pass_over(self, tenant_id: str, kind: ProviderKind, provider: str, error: CallerError) -> None:
        """Said once, not with every call."""
        if (tenant_id, kind, provider) not in self._passed_over and len(self._passed_over) < _MAX_LINKS:
            self._passed_over.add((tenant_id, kind, provider))
            _log.warning("fallback_passed_over", tenant_id=tenant_id, kind=kind, provider=provider, error=error.message)

    def _automatic(self, kind: ProviderKind, tenant_id: str, choice: str | None, language: str) -> list[Link[Any]]:
        if choice is not None and choice in _LOCAL.get(kind, ()):
            return [self._local(kind, choice)]
        credentials = self._credentials(kind, tenant_id)
        preferred = choice or self._default(kind, tenant_id)
        if preferred in _LOCAL.get(kind, ()):
            return [self._local(kind, preferred)]
        if preferred is not None:
            if preferred not in self.order(kind):
                raise _missing(kind, preferred, "is not known here")
            if not any(credential.vendor.name == preferred for credential in credentials):
                raise _missing(kind, preferred, "has no API key")
            credentials.sort(key=lambda credential: credential.vendor.name != preferred)
        links = [self._cloud(kind, credential) for credential in credentials]
        if self._settings.offline_fallback:
            links.append(self._local(kind, OFFLINE))
        links = _speaking(links, language, is_chosen=preferred is not None)
        if not links:
            raise _missing(kind, kind, "has no provider: set a key or CALLSTAGE_OFFLINE_FALLBACK")
        return links

    def _default(self, kind: ProviderKind, tenant_id: str) -> str | None:
        """The installation's default, unless the tenant brought a key of its own."""
        if any(self._tenant_credential(vendor, tenant_id) is not None for vendor in self.order(kind)):
            return None
        return {"stt": self._settings.default_stt, "llm": self._settings.default_llm, "tts": self._settings.default_tts}[kind]

    def _credentials(self, kind: ProviderKind, tenant_id: str) -> list[Credential]:
        """The tenant's keys in order, then the platform's; one per vendor."""
        own = [self._tenant_credential(vendor, tenant_id) for vendor in self.order(kind)]
        found = {credential.vendor.name: credential for credential in own if credential is not None}
        for vendor in self.order(kind):
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
        credential = Credential(self._vendors[vendor], sealed, url, lambda: box.open(sealed, aad), is_tenants_address=bool(record.base_url))
        try:
            if not any(identity == sealed for _, _, identity, _ in self._links):
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
        return Credential(self._vendors[vendor], "platform", self._base_url(vendor), key.get_secret_value)

    def _base_url(self, vendor: str) -> str:
        return str(getattr(self._settings, f"{vendor}_base_url", self._vendors[vendor].base_url))

    def _making(self, credential: Credential) -> Making:
        http, egress = (self._tenants_http, self._egress) if credential.is_tenants_address else (self._http, None)
        return Making(self._settings, credential.open_key(), credential.base_url, http, self._deadlines, egress)

    def _cloud(self, kind: ProviderKind, credential: Credential) -> Link[Any]:
        factory = credential.vendor.factory(kind)
        if factory is None:
            raise _missing(kind, credential.vendor.name, "does not exist")
        pool = self._tenants_http if credential.is_tenants_address else self._http
        return self._link(_key(kind, credential), lambda: factory(self._making(credential)), Line(pool, credential.base_url))

    def _local(self, kind: ProviderKind, name: str) -> Link[Any]:
        if name == "flite" and flite_path() is None:
            raise _missing(kind, name, "is not installed")
        return self._link((kind, name, "", ""), lambda: self._new_local(kind, name))

    def _link(self, key: LinkKey, make: Callable[[], Any], line: Line | None = None) -> Link[Any]:
        link = self._links.get(key)
        if link is None:
            settings = self._settings
            breaker = Breaker(limit=settings.provider_breaker_failures, rest_s=settings.provider_breaker_rest_s)
            link = self._links[key] = Link(make(), breaker, line=line)
            while len(self._links) > _MAX_LINKS:
                self._links.popitem(last=False)
        self._links.move_to_end(key)
        return link

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


def _speaking(links: list[Link[Any]], language: str, *, is_chosen: bool) -> list[Link[Any]]:
    """Those that can do with the agent's language: what another one makes of it is worse than an apology. All of them, when none can.

    `is_chosen`: the first was wished for, and stays.
    """
    if not language:
        return links
    able = [link for link in links if speaks(link.provider.capabilities.languages, language)]
    return [*links[:1], *(link for link in able if link is not links[0])] if is_chosen else able or links


def _key(kind: ProviderKind, credential: Credential) -> LinkKey:
    return (kind, credential.vendor.name, credential.identity, credential.base_url)


def _hedge(floor_s: float, ceiling_s: float) -> HedgePolicy | None:
    return HedgePolicy(floor_s, ceiling_s) if ceiling_s > 0 else None


def _missing(kind: ProviderKind, name: str, why: str) -> CallerError:
    return CallerError(f"the {kind} provider '{name}' {why}", code=MISSING, details={"field": f"{kind}.provider", "provider": name})


__all__ = ["Chain", "KeyLookup", "ProviderRegistry"]
