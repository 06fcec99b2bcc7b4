"""Bodies of provider keys."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

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


class ProviderHealth(Reply):
    """Rule A5. `reachable` None: nothing to ask (an offline engine, or no key)."""

    provider: str
    configured: bool
    reachable: bool | None
    latency_ms: int | None = None
    error: str | None = None
    used_by: list[str]


class ProvidersHealth(Reply):
    """Every provider that is configured or used by an agent."""

    providers: list[ProviderHealth]
