"""Preload tools: run once at the beginning of a call, in parallel, while the greeting plays (rules P1 to P4)."""

import asyncio
from typing import Any

from callstage_kit.tasks import TaskScope

from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.providers.ports import ToolCallRequest
from agent_runtime.stages.engine import tool_of
from agent_runtime.stages.entries import Preloaded
from agent_runtime.tools.dispatcher import PRELOAD_TIMEOUT_S, ToolDispatcher


class Preload:
    """One call."""

    def __init__(self, record: ConversationRecord, dispatcher: ToolDispatcher, transcript: Transcript, scope: TaskScope) -> None:
        self._record = record
        self._dispatcher = dispatcher
        self._transcript = transcript
        self._scope = scope
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends_at = 0.0

    def start(self, lookup_done: asyncio.Event, lookup_wait_s: float) -> None:
        """Start what has not run in this call yet."""
        record = self._record
        names = [name for name in record.snapshot.preload_tools if name not in record.state.preloaded]
        self._ends_at = asyncio.get_running_loop().time() + PRELOAD_TIMEOUT_S + lookup_wait_s
        self._tasks = {self._scope.start(self._run(name, lookup_done, lookup_wait_s), name="preload") for name in names}

    @property
    def is_done(self) -> bool:
        """True when nothing of it runs any more."""
        return all(task.done() for task in self._tasks)

    async def ready(self) -> None:
        """Wait for the results as long as the budget lasts; what comes later is not used."""
        running = {task for task in self._tasks if not task.done()}
        if not running:
            return
        left_s = self._ends_at - asyncio.get_running_loop().time()
        if left_s > 0:
            await asyncio.wait(running, timeout=left_s)

    async def _run(self, name: str, lookup_done: asyncio.Event, lookup_wait_s: float) -> None:
        record = self._record
        tool = tool_of(record.snapshot, name)
        if tool is None:
            return
        try:
            async with asyncio.timeout(lookup_wait_s):
                await lookup_done.wait()
        except TimeoutError:
            pass
        variables = record.state.variables
        args = {**variables.metadata, **variables.lookup, **variables.request}
        call = ToolCallRequest(id=f"preload-{name}", name=name, arguments_json="{}")
        run = await self._dispatcher.run(record.info, tool, call, variables.for_tools(), stage="", preload_args=args)
        self._transcript.tool(run.event)
        if run.outcome.status != "ok":
            return
        data: dict[str, Any] = {key: value for key, value in run.data.items() if isinstance(value, (dict, list)) and not key.startswith("_")}
        record.add(Preloaded(tool=name, variables=run.outcome.fields, data=data, session=run.outcome.session))
        self._transcript.variables(record.state.variables.merged())
