"""Proves C5 (journal) and K5 (order of lines): what can wait does not stand between the caller and the model, and is not lost."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest
from agent_runtime.call_info import CallInfo
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.journal.store import JournalStore
from agent_runtime.journal.writer import JournalWriter
from agent_runtime.providers.breaker import Breaker
from agent_runtime.providers.hedging import HedgePolicy, Pace, Race, Runner
from agent_runtime.stages.entries import Overheard, UserSaid
from callstage_contracts.events import Event, TurnCompleted
from callstage_domain.agent import AgentSettings, AgentSnapshot
from callstage_domain.ids import AgentId, TenantId
from callstage_testing.virtual_time import in_virtual_time

INFO = CallInfo(call_id="call", session_id="session", tenant_id="tenant", agent_id="agent", deployment=1)


class Store:
    """Remembers each write, with its time."""

    def __init__(self) -> None:
        self.writes: list[tuple[float, int]] = []

    async def append(self, session_id: str, tenant_id: str, token: int, entries: list[bytes]) -> bool:
        self.writes.append((asyncio.get_running_loop().time(), len(entries)))
        return True


def writer(store: Store) -> JournalWriter:
    return JournalWriter(cast("JournalStore", store), "session", "tenant", 1, lambda: None)


@in_virtual_time
async def test_entries_that_nobody_waits_for_are_written_together_and_soon() -> None:
    store = Store()
    async with writer(store) as journal:
        began = asyncio.get_running_loop().time()
        journal.append(Overheard(text="one"))
        await asyncio.sleep(0.003)
        journal.append(UserSaid(text="one", said=1))
        assert store.writes == []
        await asyncio.sleep(0.02)
        assert [(pytest.approx(at - began, abs=0.001), count) for at, count in store.writes] == [(0.01, 2)]
        journal.append(Overheard(text="two"))
        await asyncio.sleep(0.02)
    assert [count for _, count in store.writes] == [2, 1]


@in_virtual_time
async def test_who_waits_for_the_store_does_not_wait_for_more_entries() -> None:
    store = Store()
    async with writer(store) as journal:
        began = asyncio.get_running_loop().time()
        journal.append(UserSaid(text="one", said=1))
        await journal.flush()
        assert store.writes == [(pytest.approx(began), 1)]
        journal.append(Overheard(text="two"))
    assert [count for _, count in store.writes] == [1, 1], "what is left is written at the end"


class Told:
    """Everything that is told, in its order."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def publish(self, event: Event) -> None:
        self.told.append(f"line {event.role}" if isinstance(event, TurnCompleted) else type(event).__name__)

    def caption(self, tenant_id: str, call_id: str, payload: dict[str, Any]) -> None:
        self.told.append(f"caption {payload['role']}")


def transcript(told: Told) -> Transcript:
    snapshot = AgentSnapshot(
        agent_id=AgentId("agent"),
        tenant_id=TenantId("tenant"),
        deployment=1,
        channel="voice",
        settings=AgentSettings(display_name="Ann"),
        stages=(),
        first_stage="main",
    )
    return Transcript(INFO, snapshot, told, told, None, {})


def test_a_line_that_is_told_later_still_comes_first() -> None:
    told = Told()
    lines = transcript(told)
    lines.user_later("hello", turn=0, stage="main", started_ms=0, ended_ms=1)
    assert told.told == []
    lines.sentence("Good morning.")
    lines.settle()
    assert told.told == ["caption user", "line user", "caption assistant"]
    lines.user_later("one", turn=1, stage="main", started_ms=0, ended_ms=1)
    lines.user_later("two", turn=2, stage="main", started_ms=0, ended_ms=1)
    lines.stage("next", "main", None)
    assert told.told[3:] == ["caption user", "line user", "caption user", "line user", "StageEntered"]


async def spoken() -> AsyncGenerator[int, None]:
    yield len(asyncio.all_tasks())
    yield 2


@pytest.mark.parametrize("may_hedge", [False, True], ids=["alone", "hedged"])
async def test_a_provider_that_nobody_can_overtake_is_asked_without_a_task(may_hedge: bool) -> None:
    before = len(asyncio.all_tasks())
    runners = [Runner(Breaker(), Pace(), lambda _: spoken(), may_hedge) for _ in range(2)]
    race = Race(iter(runners), HedgePolicy(1.0, 1.0))
    try:
        assert await race.run() is runners[0]
        assert [item async for item in race.items()] == [before + may_hedge, 2]
    finally:
        await race.close()
