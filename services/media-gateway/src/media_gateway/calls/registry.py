"""The calls of this process."""

import asyncio
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Protocol

from callstage_kit.telemetry.metrics import ACTIVE_CALLS

from media_gateway.calls.facts import CallFacts
from media_gateway.calls.outcome import Outcome
from media_gateway.calls.wheel import Ticking
from media_gateway.legs.port import Leg


class RunningCall(Ticking, Protocol):
    """`calls.session.CallSession`, as others see it."""

    @property
    def facts(self) -> CallFacts: ...
    @property
    def leg(self) -> Leg: ...
    @property
    def is_quiet(self) -> bool:
        """True while neither side speaks."""
        ...

    @property
    def awaits_answer(self) -> bool:
        """True while the caller waits for the answer to a turn that is stored."""
        ...

    @property
    def may_change_runtime(self) -> bool:
        """True when its runtime is about to stop and another one is there."""
        ...

    def change_runtime(self) -> None:
        """Go on with another one."""
        ...

    def end(self, outcome: Outcome) -> None:
        """The first outcome counts."""
        ...

    def step_back(self) -> None:
        """Another socket has taken this call over."""
        ...

    def detach(self) -> None:
        """Let another gateway take the call over."""
        ...

    def shut_down(self) -> None:
        """The process leaves now."""
        ...


class CallRegistry:
    """One session per call id."""

    def __init__(self) -> None:
        self._sessions: dict[str, RunningCall] = {}
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        self._on_left: list[Callable[[CallFacts], None]] = []

    def on_left(self, listener: Callable[[CallFacts], None]) -> None:
        """Called whenever a call is not here any more."""
        self._on_left.append(listener)

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[RunningCall]:
        return iter(list(self._sessions.values()))

    async def emptied(self) -> None:
        """Wait until no call is left."""
        await self._is_empty.wait()

    def of_carrier_call(self, carrier_call_id: str) -> RunningCall | None:
        """By the carrier's own id."""
        return next((session for session in self._sessions.values() if session.facts.carrier_call_id == carrier_call_id), None)

    def of_tenant(self, tenant_id: str) -> int:
        """How many calls of a tenant run here."""
        return sum(session.facts.tenant_id == tenant_id for session in self._sessions.values())

    @contextmanager
    def entered(self, session: RunningCall) -> Generator[None]:
        """Listed while entered. A session of the same call that is still here has lost its carrier: it steps back."""
        facts = session.facts
        previous = self._sessions.get(facts.call_id)
        if previous is not None:
            previous.step_back()
        self._sessions[facts.call_id] = session
        self._is_empty.clear()
        ACTIVE_CALLS.labels(facts.channel).inc()
        try:
            yield
        finally:
            ACTIVE_CALLS.labels(facts.channel).dec()
            if self._sessions.get(facts.call_id) is session:
                del self._sessions[facts.call_id]
                for listener in self._on_left:
                    listener(facts)
            if not self._sessions:
                self._is_empty.set()
