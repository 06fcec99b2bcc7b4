"""Bodies of provider keys."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from control_api.compile.urls import HttpUrlText
from control_api.web.schema import Body, Reply

ProviderName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class ProviderPut(Body):
    """The tenant's own key."""

    api_key: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    base_url: HttpUrlText | None = None


class ProviderReply(Reply):
    """Without the key."""

    provider: str
    base_url: str | None
    has_api_key: bool = True
    updated_at: datetime


class ProviderList(Reply):
    """Providers with a key of the tenant."""

    providers: list[ProviderReply]


class ProviderKind(Reply):
    """What a provider can do in one kind. `breaker`: `open` is left alone for a while after failures, `half_open` is tried by the next request."""

    kind: Literal["stt", "llm", "tts", "realtime"]
    configured: bool
    breaker: Literal["closed", "open", "half_open"] | None = None
    last_error: str | None = None
    model: str | None = None
    """The provider's default."""
    capabilities: dict[str, Any] = Field(default_factory=dict[str, Any])


class ProviderHealth(Reply):
    """Rule A5. `configured`: there is a key of the tenant or the platform, or the engine is installed.

    `reachable`: it answers now and accepts the key; None: nothing to ask (an offline engine, or no key).
    `kinds` is empty while no agent-runtime can be asked.
    """

    provider: str
    configured: bool
    reachable: bool | None
    latency_ms: int | None = None
    error: str | None = None
    used_by: list[str]
    key: Literal["tenant", "platform"] | None = None
    kinds: list[ProviderKind] = Field(default_factory=list[ProviderKind])


class ProvidersHealth(Reply):
    """Every provider that is configured or used by an agent."""

    providers: list[ProviderHealth]
