"""Stream tickets and resume tokens: signed facts of a call that travel through the carrier (rules C4, C5)."""

import secrets
import time
from typing import Any, Final

import structlog
from callstage_contracts import redis_keys
from callstage_domain.errors import DependencyError, Unauthorized
from callstage_domain.ids import CallId, SessionId
from callstage_kit.crypto import TokenSigner, sha256_hex

from media_gateway.calls.facts import CallFacts
from media_gateway.calls.shared_store import SharedStore

_log = structlog.get_logger(__name__)

RESUME_TTL_S: Final = 26 * 3600
"""Two hours more than the longest call an agent may have (rule A2: max_duration_s)."""
MAX_PARAMETER_CHARS: Final = 400
"""Twilio takes at most 500 characters of name and value together."""


class TicketOffice:
    """Issues and redeems. A ticket opens one stream once; a resume token stays valid for the whole call."""

    def __init__(self, signer: TokenSigner, store: SharedStore) -> None:
        self._signer = signer
        self._store = store
        self._used: dict[str, float] = {}

    def parameters(self, facts: CallFacts) -> dict[str, str]:
        """A fresh ticket as stream parameters: `ticket`, and `ticket_2` … when it is long."""
        claims = {**_claims(facts), "i": secrets.token_hex(8)}
        ticket = self._signer.sign("ticket", claims, ttl_s=redis_keys.TICKET_TTL_S)
        parts = [ticket[start : start + MAX_PARAMETER_CHARS] for start in range(0, len(ticket), MAX_PARAMETER_CHARS)]
        return {"ticket" if index == 0 else f"ticket_{index + 1}": part for index, part in enumerate(parts)}

    async def redeem(self, parameters: dict[str, str], carrier_call_id: str) -> CallFacts:
        """The facts. Raises Unauthorized when the ticket is missing, forged, expired, used, or of another call."""
        ticket = parameters.get("ticket", "")
        number = 2
        while (part := parameters.get(f"ticket_{number}")) is not None and number < 16:
            ticket += part
            number += 1
        claims = self._signer.verify("ticket", ticket)
        if claims.get("k") != fingerprint(carrier_call_id):
            raise Unauthorized("the ticket belongs to another call")
        if not await self._use(str(claims.get("i", ""))):
            raise Unauthorized("the ticket was used already")
        return _facts(claims, carrier_call_id)

    def resume_token(self, facts: CallFacts) -> str:
        """For the resume address."""
        return self._signer.sign("resume", _claims(facts), ttl_s=RESUME_TTL_S)

    def read_resume(self, token: str, carrier_call_id: str) -> CallFacts:
        """Raises Unauthorized when the token is forged, expired, or of another call."""
        claims = self._signer.verify("resume", token)
        if claims.get("k") != fingerprint(carrier_call_id):
            raise Unauthorized("the token belongs to another call")
        return _facts(claims, carrier_call_id)

    async def _use(self, ticket_id: str) -> bool:
        now_s = time.monotonic()
        self._used = {used: until_s for used, until_s in self._used.items() if until_s > now_s}
        if not ticket_id or ticket_id in self._used:
            return False
        self._used[ticket_id] = now_s + 2 * redis_keys.TICKET_TTL_S
        try:
            return await self._store.put_if_absent(redis_keys.ticket_used(ticket_id), "1", ttl_s=2 * redis_keys.TICKET_TTL_S) is None
        except DependencyError as err:
            # Calls must be answered without Redis (rule N4); this process still refuses what it has seen.
            _log.warning("ticket_use_not_shared", error=err.message)
            return True


def fingerprint(carrier_call_id: str) -> str:
    """Short stand-in for a carrier's call id, which can be long."""
    return sha256_hex(carrier_call_id)[:20]


def _claims(facts: CallFacts) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "c": facts.call_id,
        "s": facts.session_id,
        "t": facts.tenant_id,
        "a": facts.agent_id,
        "d": facts.deployment,
        "h": facts.channel,
        "f": facts.caller_phone,
        "o": facts.to_number,
        "b": facts.begun_at_ms,
        "k": fingerprint(facts.carrier_call_id),
    }
    if facts.lookup_until_ms:
        claims["l"] = facts.lookup_until_ms
    if facts.resume != "none":
        claims["r"] = facts.resume
    if facts.is_message:
        claims["m"] = 1
    if facts.variables:
        claims["v"] = facts.variables
    return claims


def _facts(claims: dict[str, Any], carrier_call_id: str) -> CallFacts:
    try:
        return CallFacts(
            call_id=CallId(claims["c"]),
            session_id=SessionId(claims["s"]),
            tenant_id=claims["t"],
            agent_id=claims["a"],
            deployment=claims["d"],
            channel=claims["h"],
            caller_phone=claims["f"],
            to_number=claims["o"],
            carrier_call_id=carrier_call_id,
            begun_at_ms=claims["b"],
            lookup_until_ms=claims.get("l", 0),
            resume=claims.get("r", "none"),
            is_message=bool(claims.get("m")),
            variables=claims.get("v", {}),
        )
    except KeyError as err:
        raise Unauthorized("the token was made by another release") from err
