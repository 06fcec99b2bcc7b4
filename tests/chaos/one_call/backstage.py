"""What the processes share and what outlives them: the journals, the sandbox with its ledger, the records."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from agent_runtime.journal.fold import fold
from agent_runtime.journal.store import OpenedJournal
from agent_runtime.stages.engine import first_state
from agent_runtime.stages.entries import Entry, parse_entry
from agent_runtime.stages.state import ConversationState
from callstage_contracts.events import Event
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2
from callstage_kit.tasks import TaskScope

from tests.chaos.one_call.script import TOOL_SECONDS, TOOL_SESSION, snapshot


class Journals:
    """`JournalStore` in memory, by the same rules; `test_journal_rules` holds both against each other."""

    def __init__(self) -> None:
        self.entries: dict[str, list[bytes]] = {}
        self._fences: dict[str, int] = {}
        self._owners: dict[str, str] = {}

    async def owner(self, session_id: str) -> str | None:
        """See `JournalStore`."""
        return self._owners.get(session_id)

    async def open(self, session_id: str, tenant_id: str) -> OpenedJournal:
        """See `JournalStore`."""
        owner = self._owners.get(session_id)
        token = self._fences[session_id] = self._fences.get(session_id, 0) + 1
        self._owners.setdefault(session_id, tenant_id)
        stored = self.entries.get(session_id, []) if owner in (None, tenant_id) else []
        return OpenedJournal(token, [parse_entry(entry) for entry in stored], owner)

    async def append(self, session_id: str, tenant_id: str, token: int, entries: list[bytes]) -> bool:
        """See `JournalStore`."""
        if self._fences.get(session_id, 0) > token:
            return False
        self._fences[session_id] = token
        self._owners[session_id] = tenant_id
        self.entries.setdefault(session_id, []).extend(entries)
        return True

    async def peek(self, session_id: str, *, only_last: bool = False) -> list[Entry]:
        """See `JournalStore`."""
        stored = self.entries.get(session_id, [])
        return [parse_entry(entry) for entry in (stored[-1:] if only_last else stored)]

    def state(self, session_id: str) -> ConversationState:
        """As a process that opened it now would see it."""
        return fold(first_state(snapshot()), [parse_entry(entry) for entry in self.entries.get(session_id, [])])


class WatchedJournals:
    """The way of one runtime process to the journals: `on_write(is_done)` is called before and after each write; a dead process reaches nothing."""

    def __init__(self, journals: Journals, on_write: Callable[[bool], None]) -> None:
        self._journals = journals
        self._on_write = on_write
        self.is_cut = False

    def of_channel(self, channel: str) -> "WatchedJournals":
        """See `JournalStore`."""
        return self

    async def owner(self, session_id: str) -> str | None:
        """See `JournalStore`."""
        await self._reach()
        return await self._journals.owner(session_id)

    async def open(self, session_id: str, tenant_id: str) -> OpenedJournal:
        """See `JournalStore`."""
        await self._reach()
        return await self._journals.open(session_id, tenant_id)

    async def append(self, session_id: str, tenant_id: str, token: int, entries: list[bytes]) -> bool:
        """See `JournalStore`."""
        await self._reach()
        self._on_write(False)
        await self._reach()
        is_stored = await self._journals.append(session_id, tenant_id, token, entries)
        self._on_write(True)
        await self._reach()
        return is_stored

    async def peek(self, session_id: str, *, only_last: bool = False) -> list[Entry]:
        """See `JournalStore`."""
        await self._reach()
        return await self._journals.peek(session_id, only_last=only_last)

    async def _reach(self) -> None:
        if self.is_cut:
            await asyncio.Event().wait()


class Sandbox:
    """Runs each key once, whoever asks, and to its end, whoever dies."""

    def __init__(self, scope: TaskScope) -> None:
        self.effects: list[str] = []
        self._scope = scope
        self._ledger: dict[str, asyncio.Task[sandbox_pb2.RunToolReply]] = {}

    async def run(self, request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
        """As `ToolService.RunTool`."""
        task = self._ledger.get(request.run_key)
        if task is None:
            task = self._ledger[request.run_key] = self._scope.start(self._take_effect(request), name="tool")
        return await asyncio.shield(task)

    async def _take_effect(self, request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
        self.effects.append(request.tool)
        await asyncio.sleep(TOOL_SECONDS[request.tool])
        session = json.loads(request.session_json or "{}") | TOOL_SESSION.get(request.tool, {})
        return sandbox_pb2.RunToolReply(status=sandbox_pb2.RUN_STATUS_OK, result_json='{"done": true}', session_json=json.dumps(session))


class SandboxStub:
    """One process's way to the sandbox."""

    def __init__(self, sandbox: Sandbox, is_dead: Callable[[], bool]) -> None:
        self._sandbox = sandbox
        self._is_dead = is_dead

    async def RunTool(self, request: sandbox_pb2.RunToolRequest, timeout: float | None = None) -> sandbox_pb2.RunToolReply:  # noqa: N802
        """See `ToolServiceStub`."""
        if self._is_dead():
            await asyncio.Event().wait()
        return await self._sandbox.run(request)


class Records:
    """Events of all processes; a dead one publishes nothing."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def of(self, is_dead: Callable[[], bool]) -> "RecordsOf":
        """For one process."""
        return RecordsOf(self, is_dead)


class RecordsOf:
    """Implements `EventSink`, `CaptionSink` and the gateway's publisher."""

    def __init__(self, records: Records, is_dead: Callable[[], bool]) -> None:
        self._records = records
        self._is_dead = is_dead

    def publish(self, event: Event) -> None:
        """Store."""
        if not self._is_dead():
            self._records.events.append(event)

    def caption(self, tenant_id: str, call_id: str, payload: dict[str, Any]) -> None:
        """Nobody listens in."""
