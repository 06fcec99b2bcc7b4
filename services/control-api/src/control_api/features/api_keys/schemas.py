"""Bodies of API keys."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from control_api.web.schema import Body, Reply

Scope = Literal["*", "read", "write", "admin", "calls", "platform"]


class ApiKeyCreate(Body):
    """A new key."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "API key"
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=10)] = Field(default_factory=lambda: list[Scope](("*",)))
    expires_at: datetime | None = None


class ApiKeyReply(Reply):
    """A key without its secret."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class ApiKeyCreated(ApiKeyReply):
    """The only reply that shows the secret."""

    api_key: str


class ApiKeyList(Reply):
    """Keys of the tenant, newest first."""

    api_keys: list[ApiKeyReply]
    next_cursor: str | None = None
