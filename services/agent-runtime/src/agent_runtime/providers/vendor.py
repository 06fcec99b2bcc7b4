"""What a vendor's folder offers to the registry: one `Vendor` with a factory for each kind of provider it has."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from callstage_kit.egress_policy import EgressPolicy

from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.ports import LlmProvider, SttProvider, TtsProvider
from agent_runtime.providers.settings import ProviderSettings


@dataclass(frozen=True, slots=True)
class Making:
    """What a factory may use. `egress` is set for an address that a tenant chose: reach it through `http`, or check it by that policy."""

    settings: ProviderSettings
    api_key: str = field(repr=False)
    base_url: str
    http: HttpPool
    deadlines: Deadlines
    egress: EgressPolicy | None = None


@dataclass(frozen=True, slots=True)
class HealthQuestion:
    """A GET that costs nothing and that only a valid key is answered to."""

    url: str
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Vendor:
    """`name` is what agents, keys and settings (`<name>_api_key`, `<name>_base_url`) call it. `base_url` counts where there is no such setting."""

    name: str
    stt: Callable[[Making], SttProvider] | None = None
    llm: Callable[[Making], LlmProvider] | None = None
    tts: Callable[[Making], TtsProvider] | None = None
    realtime: Callable[[Making], Any] | None = None
    health: Callable[[Making], HealthQuestion] | None = None
    base_url: str = ""

    def factory(self, kind: str) -> Callable[[Making], Any] | None:
        """Of that kind of provider; None when the vendor has none."""
        return {"stt": self.stt, "llm": self.llm, "tts": self.tts, "realtime": self.realtime}[kind]
