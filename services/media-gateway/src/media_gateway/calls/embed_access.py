"""What an embed token allows, and what becomes of its conversations when it allows it no longer (rules E1, E6)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog
from callstage_contracts.buckets import EmbedToken
from callstage_domain.call import EndedReason

from media_gateway.calls.directory import Directory
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.outcome import Outcome

_log = structlog.get_logger(__name__)
SESSION_TTL_S: Final = 3600
CHANNEL: Final = "embed"
"""Of the signed token."""
_WITHDRAWN: Final = Outcome(EndedReason.BLOCKED, close_code=4001, close_reason="the embed token is not valid any more")


class Conversation(Protocol):
    """A running call or chat."""

    @property
    def facts(self) -> CallFacts: ...

    def end(self, outcome: Outcome) -> None: ...


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


def allows_origin(record: EmbedToken, origin: str) -> bool:
    """Exact; an empty list allows every page (rule E1)."""
    return not record.allowed_origins or origin in record.allowed_origins


def refusal(directory: Directory, visit: EmbedVisit, origin: str) -> str:
    """Why somebody who connects from `origin` with this visit may not; empty: he may."""
    record = directory.embed_token(visit.token)
    if record is None:
        return "the embed token is not valid any more"
    if origin != visit.origin or not allows_origin(record, origin):
        return "the session token belongs to another page"
    return ""


def end_withdrawn(*running: Callable[[], Iterable[Conversation]]) -> Callable[[str, EmbedToken | None], None]:
    """A listener for the bucket of embed tokens: conversations of one that was switched off, deleted or given to another agent end at once."""

    def on_change(token: str, record: EmbedToken | None) -> None:
        for conversations in running:
            for conversation in conversations():
                facts = conversation.facts
                if facts.embed_token == token and (record is None or not record.is_active or record.agent_id != facts.agent_id):
                    _log.info("embed_session_withdrawn", call_id=facts.call_id)
                    conversation.end(_WITHDRAWN)

    return on_change
