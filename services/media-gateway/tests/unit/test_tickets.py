"""Proves C4 C5 N4: tickets work once, for one call, for a minute; resume tokens carry the same call; Redis may be away."""

import base64
import time
from typing import Any

import pytest
from callstage_domain.errors import DependencyError, Unauthorized
from callstage_domain.ids import CallId, SessionId
from callstage_kit.crypto import TokenSigner
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.states import CallStates
from media_gateway.calls.tickets import MAX_PARAMETER_CHARS, TicketOffice

SIGNER = TokenSigner.from_setting("k1:" + base64.b64encode(b"k" * 32).decode())
FACTS = CallFacts(
    call_id=CallId("c" * 36),
    session_id=SessionId("ses_1"),
    tenant_id="t1",
    agent_id="a1",
    deployment=3,
    channel="twilio",
    caller_phone="+1",
    to_number="+2",
    carrier_call_id="CA1",
    begun_at_ms=1,
    lookup_until_ms=5,
    variables={"name": "Anna", "long": "x" * 900},
)


class MemoryStore:
    """`SharedStore` in memory, or away."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.values: dict[str, str] = {}
        self.is_away = is_away

    def _check(self) -> None:
        if self.is_away:
            raise DependencyError("away", vendor="redis")

    async def get(self, key: str) -> str | None:
        self._check()
        return self.values.get(key)

    async def put(self, key: str, text: str, *, ttl_s: int) -> str | None:
        self._check()
        before, self.values[key] = self.values.get(key), text
        return before

    async def put_if_absent(self, key: str, text: str, *, ttl_s: int) -> str | None:
        self._check()
        if key in self.values:
            return self.values[key]
        self.values[key] = text
        return None


def office(store: Any) -> TicketOffice:
    return TicketOffice(SIGNER, store)


async def test_a_ticket_carries_the_call_and_works_once() -> None:
    tickets = office(MemoryStore())
    parameters = tickets.parameters(FACTS)
    assert len(parameters) > 1
    assert all(len(value) <= MAX_PARAMETER_CHARS for value in parameters.values())
    assert await tickets.redeem(parameters, "CA1") == FACTS
    with pytest.raises(Unauthorized):
        await tickets.redeem(parameters, "CA1")


async def test_another_gateway_sees_that_it_was_used() -> None:
    store = MemoryStore()
    parameters = office(store).parameters(FACTS)
    await office(store).redeem(parameters, "CA1")
    with pytest.raises(Unauthorized):
        await office(store).redeem(parameters, "CA1")


async def test_without_redis_it_still_works_once_per_process() -> None:
    tickets = office(MemoryStore(is_away=True))
    parameters = tickets.parameters(FACTS)
    assert await tickets.redeem(parameters, "CA1") == FACTS
    with pytest.raises(Unauthorized):
        await tickets.redeem(parameters, "CA1")


async def test_forged_foreign_and_old_tickets_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    tickets = office(MemoryStore())
    parameters = tickets.parameters(FACTS)
    for call_id, given in (
        ("CA2", parameters),
        ("CA1", {}),
        ("CA1", {"ticket": parameters["ticket"]}),
        ("CA1", {"ticket": tickets.resume_token(FACTS)}),
    ):
        with pytest.raises(Unauthorized):
            await tickets.redeem(given, call_id)
    later = time.time() + 120
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(Unauthorized, match="expired"):
        await tickets.redeem(parameters, "CA1")


def test_a_resume_token_is_bound_to_the_call() -> None:
    tickets = office(MemoryStore())
    token = tickets.resume_token(FACTS)
    assert tickets.read_resume(token, "CA1") == FACTS
    with pytest.raises(Unauthorized):
        tickets.read_resume(token, "CA2")
    with pytest.raises(Unauthorized):
        tickets.read_resume(tickets.parameters(FACTS)["ticket"], "CA1")


async def test_states_outlive_redis_for_the_calls_of_this_process_only() -> None:
    store: Any = MemoryStore()
    states = CallStates(store)
    assert await states.get("c1") is None
    assert await states.set("c1", "running") is None
    assert await states.set("c1", "ended") == "running"
    store.is_away = True
    assert await states.set("c2", "detached") is None
    assert await states.get("c2") == "detached"
    assert await states.get("of-another-gateway") == "ended"
