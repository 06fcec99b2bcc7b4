"""A visitor of a web page: which token the page has, where it stands, and whom it vouched for (rules E3 to E6)."""

from dataclasses import dataclass
from typing import Any, Final

from callstage_contracts.buckets import EmbedToken

CHANNEL: Final = "embed"
"""Of the signed token."""


@dataclass(frozen=True, slots=True)
class EmbedVisit:
    """Claims of a session token. `origin` is the page's, empty when it was no browser that asked; `email` is vouched for."""

    token: str
    origin: str
    email: str = ""

    def claims(self, record: EmbedToken) -> dict[str, Any]:
        """For the signature; the agent is looked up again when the visitor connects."""
        return {"channel": CHANNEL, "tenant_id": record.tenant_id, "embed_token": self.token, "origin": self.origin, "email": self.email}

    @classmethod
    def of(cls, claims: dict[str, Any]) -> "EmbedVisit | None":
        """None: the token is of another kind."""
        if claims.get("channel") != CHANNEL:
            return None
        return cls(str(claims.get("embed_token") or ""), str(claims.get("origin") or ""), str(claims.get("email") or ""))
