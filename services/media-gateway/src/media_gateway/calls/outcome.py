"""How a call can end, and what the carrier is told then."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

import structlog
from callstage_contracts.events import CallEnded
from callstage_domain.call import EndedReason
from callstage_domain.route import NumberRoute
from callstage_kit.nats.event_publisher import EventPublisher
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import count_call

from media_gateway.calls.directory import Directory
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.instead import Instead, fallback, transfer
from media_gateway.calls.states import CallState, CallStates

_log = structlog.get_logger(__name__)

TAKEOVER_GRACE_S: Final = 15.0
"""A carrier asks the resume address within a second or two; after this time nobody is on the line any more."""

_BROWSER_CODES: Final[dict[str, tuple[int, str]]] = {
    "model_not_allowed": (4003, "the agent uses a model above your plan"),
    "provider_missing": (4004, "a provider of the agent is missing or inactive"),
    "provider_failed": (4004, "a provider of the agent does not work at the moment"),
    "not_deployed": (4005, "the agent was not found or is not deployed"),
    "overload": (1013, "all lines are busy, try again later"),
}
_UNAVAILABLE: Final = (1011, "the agent is not available at the moment")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Not `is_final`: the call itself goes on, on another socket. `then` is what the resume address answers."""

    reason: EndedReason
    is_final: bool = True
    then: CallState | Instead = "ended"
    close_code: int = 1000
    close_reason: str = ""


class Outcomes:
    """Chooses what comes after the agent."""

    def __init__(self, directory: Directory, states: CallStates, publisher: EventPublisher, scope: TaskScope, default_country: str) -> None:
        self._directory = directory
        self._states = states
        self._publisher = publisher
        self._scope = scope
        self._default_country = default_country

    def failed(self, facts: CallFacts, reason: EndedReason, code: str) -> Outcome:
        """The number's fallback route (rule N5); for a browser the code that says why (rule WS5)."""
        close_code, close_reason = _BROWSER_CODES.get(code, _UNAVAILABLE)
        return Outcome(
            reason,
            then=fallback(self._route(facts), self.country(facts.tenant_id), reason),
            close_code=close_code if facts.channel in ("browser", "embed", "chat") else 1000,
            close_reason=close_reason,
        )

    def broken_off(self, facts: CallFacts, reason: EndedReason) -> Outcome:
        """The agent has said itself that it cannot go on: the number's fallback route when there is one (rule N5)."""
        route = self._route(facts)
        if route is None or route.fallback is None:
            return Outcome(reason, then="ended")
        return Outcome(reason, then=fallback(route, self.country(facts.tenant_id), reason))

    def transfer(self, facts: CallFacts) -> Instead:
        """The number's transfer target (rule X1)."""
        return transfer(self._route(facts), self.country(facts.tenant_id))

    def country(self, tenant_id: str) -> str:
        """Where national numbers are read."""
        tenant = self._directory.tenant(tenant_id)
        return tenant.country if tenant is not None else self._default_country

    def expect_takeover(self, facts: CallFacts, reason: EndedReason) -> None:
        """The socket is gone without a word: when nobody takes the call over, it is over."""
        if reason is not EndedReason.GATEWAY_LOST:
            self._scope.start(self._close_unless_taken(facts, reason), name="expect_takeover")

    async def _close_unless_taken(self, facts: CallFacts, reason: EndedReason) -> None:
        await asyncio.sleep(TAKEOVER_GRACE_S)
        if await self._states.get(facts.call_id) == "detached":
            await self.close_lost(facts, reason)

    async def close_lost(self, facts: CallFacts, reason: EndedReason) -> None:
        """Write the last word on a call that no gateway holds any more; only the first to do so is heard."""
        if await self._states.set(facts.call_id, "ended") == "ended":
            return
        count_call(facts.channel, reason)
        duration_ms = max(0, int(time.time() * 1000) - facts.begun_at_ms)
        self._publisher.publish(CallEnded(tenant_id=facts.tenant_id, call_id=facts.call_id, reason=reason, duration_ms=duration_ms))
        _log.info("lost_call_closed", call_id=facts.call_id, reason=reason)

    def _route(self, facts: CallFacts) -> NumberRoute | None:
        route = self._directory.route(facts.to_number)
        return route if route is not None and route.tenant_id == facts.tenant_id else None
