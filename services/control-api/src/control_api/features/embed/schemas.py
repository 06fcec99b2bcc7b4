"""Bodies of embed tokens (rule E1)."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from control_api.features.embed.origins import OriginText
from control_api.web.schema import Body, Reply

Label = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
AgentName = Annotated[str, StringConstraints(min_length=1, max_length=63)]
Origins = Annotated[list[OriginText], Field(max_length=50, description="Exact origins such as https://shop.example.com; empty: all.")]

PREVIOUS = "Until then the shared secret before the rotation vouches for visitors, too; null: there is none."


class EmbedTokenCreate(Body):
    """A new token."""

    label: Label
    agent_id: AgentName
    allowed_origins: Origins = Field(default_factory=list[str])
    require_authentication: bool = Field(default=False, description="Only visitors whose identity the site vouches for.")


class EmbedTokenPatch(Body):
    """What is not sent stays."""

    label: Label | None = None
    agent_id: AgentName | None = None
    allowed_origins: Origins | None = None
    require_authentication: bool | None = None
    is_active: bool | None = None


class EmbedTokenReply(Reply):
    """A token, without its shared secret. The token itself is public: it stands in the page."""

    id: str
    token: str
    label: str
    agent_id: str
    allowed_origins: list[str]
    require_authentication: bool
    is_active: bool
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None = Field(description="When a visitor's conversation last began.")
    snippet: str = Field(description="HTML for the page, ready to paste.")
    script_url: str = Field(description="Address of the widget's script.")
    previous_expires_at: datetime | None = Field(description=PREVIOUS)


class EmbedTokenList(Reply):
    """Newest first."""

    embed_tokens: list[EmbedTokenReply]
    next_cursor: str | None


class EmbedSecret(Reply):
    """The key with which a site signs its visitors' identity (rule E4). It belongs on a server, never into a page."""

    shared_secret: str


class EmbedSecretRotate(Body):
    """Rotation: the secret before stays valid for that long, so that the site's server can be given the new one meanwhile."""

    overlap_s: Annotated[int, Field(ge=0, le=24 * 3600, description="0: the secret before ends at once.")] = 3600


class EmbedSecretRotated(EmbedSecret):
    """The new one."""

    previous_expires_at: datetime | None = Field(description=PREVIOUS)
