"""What an embed token allows, and what becomes of its conversations when it allows it no longer (rules E1, E5, E6)."""

from collections.abc import Callable, Iterable
from typing import Final, Protocol

import structlog
from callstage_contracts.buckets import EmbedToken
from callstage_domain.call import EndedReason

from media_gateway.calls.directory import Directory
from media_gateway.calls.embed_visit import EmbedVisit
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.outcome import Outcome

_log = structlog.get_logger(__name__)
SESSION_TTL_S: Final = 3600


class Conversation(Protocol):
    """A running call or chat."""

    @property
    def facts(self) -> CallFacts: ...

    def end(self, outcome: Outcome) -> None: ...


def allows_origin(record: EmbedToken, origin: str) -> bool:
    """Exact; an empty list allows every page (rule E1)."""
    return not record.allowed_origins or origin in record.allowed_origins


def refusal(directory: Directory, visit: EmbedVisit, origin: str) -> str:
    """Why somebody who connects from `origin` with this visit may not; empty: he may."""
    return "the session token belongs to another page" if origin != visit.origin else _why_not(directory.embed_token(visit.token), visit)


def _why_not(record: EmbedToken | None, visit: EmbedVisit) -> str:
    """What was allowed when the session was opened is looked at again: tokens are narrowed while visitors are there."""
    if record is None or not record.is_active:
        return "the embed token is not valid any more"
    if not allows_origin(record, visit.origin):
        return "this page may not use the embed token any more"
    return "the visitor has to be known" if record.require_authentication and not visit.email else ""


def end_withdrawn(*running: Callable[[], Iterable[Conversation]]) -> Callable[[str, EmbedToken | None], None]:
    """A listener for the bucket of embed tokens: conversations that a token allows no longer end at once, as do those of an agent it left."""

    def on_change(token: str, record: EmbedToken | None) -> None:
        for conversations in running:
            for conversation in conversations():
                if why := _why_ended(conversation.facts, token, record):
                    _log.info("embed_session_withdrawn", call_id=conversation.facts.call_id, reason=why)
                    conversation.end(Outcome(EndedReason.BLOCKED, close_code=4001, close_reason=why))

    return on_change


def _why_ended(facts: CallFacts, token: str, record: EmbedToken | None) -> str:
    """Empty: the conversation goes on."""
    if facts.embed is None or facts.embed.token != token:
        return ""
    has_moved = record is not None and record.agent_id != facts.agent_id
    return _why_not(record, facts.embed) or ("the page has another agent now" if has_moved else "")
