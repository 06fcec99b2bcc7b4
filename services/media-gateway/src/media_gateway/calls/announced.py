"""Calls between the carrier's webhook and their record: found again when the webhook is repeated or a status callback comes."""

import asyncio
from typing import Final

import structlog
from callstage_contracts import redis_keys
from callstage_domain.call import EndedReason
from callstage_domain.errors import DependencyError, Unauthorized
from callstage_kit.tasks import TaskScope

from media_gateway.calls.facts import CallFacts
from media_gateway.calls.outcome import Outcome, Outcomes
from media_gateway.calls.registry import CallRegistry
from media_gateway.calls.shared_store import SharedStore
from media_gateway.calls.states import CallStates
from media_gateway.calls.tickets import RESUME_TTL_S, TicketOffice, fingerprint

_log = structlog.get_logger(__name__)
_STREAM_WITHIN_S: Final = redis_keys.TICKET_TTL_S + 5
_OTHER_GATEWAY_GRACE_S: Final = 5.0
"""The gateway that has the call hears of its end by its socket; only a dead one does not."""


class AnnouncedCalls:
    """In Redis, under the carrier's own call id."""

    def __init__(
        self, store: SharedStore, tickets: TicketOffice, states: CallStates, outcomes: Outcomes, registry: CallRegistry, scope: TaskScope
    ) -> None:
        self._store = store
        self._tickets = tickets
        self._states = states
        self._outcomes = outcomes
        self._registry = registry
        self._scope = scope

    async def claim(self, facts: CallFacts) -> CallFacts | None:
        """Store a new call; when the carrier announced it before, the call as it was announced then."""
        key = redis_keys.carrier_call(fingerprint(facts.carrier_call_id))
        try:
            before = await self._store.put_if_absent(key, self._tickets.resume_token(facts), ttl_s=RESUME_TTL_S)
        except DependencyError as err:
            _log.warning("announced_call_not_stored", error=err.message)
            return None
        if before is None:
            self._scope.start(self._expect_stream(facts), name="expect_stream")
            return None
        return self._read(before, facts.carrier_call_id)

    async def ended(self, carrier_call_id: str, reason: EndedReason) -> None:
        """The carrier says that the call is over."""
        session = self._registry.of_carrier_call(carrier_call_id)
        if session is not None:
            session.end(Outcome(reason))
            return
        facts = await self.find(carrier_call_id)
        if facts is not None:
            self._scope.start(self._close_later(facts), name="close_later")

    async def find(self, carrier_call_id: str) -> CallFacts | None:
        """None when it is unknown or Redis is away."""
        session = self._registry.of_carrier_call(carrier_call_id)
        if session is not None:
            return session.facts
        try:
            stored = await self._store.get(redis_keys.carrier_call(fingerprint(carrier_call_id)))
        except DependencyError as err:
            _log.warning("announced_call_not_read", error=err.message)
            return None
        return self._read(stored, carrier_call_id) if stored is not None else None

    def _read(self, token: str, carrier_call_id: str) -> CallFacts | None:
        try:
            return self._tickets.read_resume(token, carrier_call_id)
        except Unauthorized:
            return None

    async def _expect_stream(self, facts: CallFacts) -> None:
        """A caller who hangs up before the stream opens leaves no other trace."""
        await asyncio.sleep(_STREAM_WITHIN_S)
        if await self._states.get(facts.call_id) is None:
            await self._outcomes.close_lost(facts, EndedReason.CALLER_HUNG_UP)

    async def _close_later(self, facts: CallFacts) -> None:
        await asyncio.sleep(_OTHER_GATEWAY_GRACE_S)
        state = await self._states.get(facts.call_id)
        if state in ("running", "detached"):
            await self._outcomes.close_lost(facts, EndedReason.GATEWAY_LOST)
        elif state is None:
            await self._outcomes.close_lost(facts, EndedReason.CALLER_HUNG_UP)
